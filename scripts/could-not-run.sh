#!/bin/sh
# Says what cannot be run here, and keeps it for the end of `make test`: scripts/could-not-run.sh TEXT
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/could-not-run.sh TEXT" >&2; exit 2; }
cd -- "$(dirname -- "$0")/.."
mkdir -p target
echo "COULD NOT RUN: $1" >&2
echo "$1" >>target/could-not-run.txt
