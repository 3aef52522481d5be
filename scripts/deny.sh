#!/bin/sh
# `make deny`: the dependencies' licences, duplicates and sources by deny.toml, then their advisories, with cargo-deny.
#
# The advisories need the database at GitHub. Where it cannot be reached, that is said aloud, and a line of it goes to
# target/could-not-run.txt. Exit 1: something was found. With ADVISORIES=required, a database that cannot be reached is
# a failure too.
set -eu

cd -- "$(dirname -- "$0")/.."
mkdir -p target
PATH="$(sh scripts/tool.sh cargo-deny 0.20.2):$PATH"
found=0
cargo deny --locked check bans licenses sources </dev/null || found=1
if cargo deny --locked fetch db </dev/null >target/deny-fetch.log 2>&1; then
    cargo deny --locked check --disable-fetch advisories </dev/null || found=1
else
    tail -n 3 target/deny-fetch.log >&2
    sh scripts/could-not-run.sh "the dependencies' advisories: their database cannot be reached"
    [ "${ADVISORIES:-}" != required ] || found=1
fi
exit "$found"
