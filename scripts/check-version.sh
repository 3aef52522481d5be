#!/bin/sh
# Compares the version that a built program tells with the one that is released: scripts/check-version.sh VERSION
# It runs the binary of this machine's architecture out of dist. Exit 1: it is another version, or does not run.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/check-version.sh VERSION" >&2; exit 2; }
cd -- "$(dirname -- "$0")/.."
case $(uname -m) in
x86_64) binary=dist/amd64/verify-registry-image ;;
aarch64 | arm64) binary=dist/arm64/verify-registry-image ;;
*) echo "check-version: no binary is built for $(uname -m)" >&2; exit 1 ;;
esac
told=$("$binary" --version) || { echo "check-version: $binary does not run here" >&2; exit 1; }
case $told in
"verify-registry-image $1" | "verify-registry-image $1 "*) echo "$binary is $told" ;;
*)
    echo "check-version: the release is $1, and the program tells \`$told\`" >&2
    echo "hint: set the version with \`make version VERSION=$1\`, then tag again" >&2
    exit 1
    ;;
esac
