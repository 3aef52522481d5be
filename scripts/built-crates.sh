#!/bin/sh
# The crates that Cargo built for a target, a line each with its version, out of the messages of `cargo build
# --message-format json` on standard input: scripts/built-crates.sh TARGET
# What macros and build scripts use is built for this machine, in another folder. Cargo leaves out the name of a package
# that is the name of its folder: that is this one. Exit 1: there is none.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/built-crates.sh TARGET" >&2; exit 2; }
crates=$(grep '^{"reason":"compiler-artifact"' | grep -F "/$1/release/" |
    sed -n -e 's/^[^#]*#\([^@"]*\)@\([^"]*\)".*/\1 \2/p' -e t \
        -e 's/^[^#]*#\([^"]*\)".*/verify-registry-image \1/p' | LC_ALL=C sort -u)
[ -n "$crates" ] || { echo "built-crates: no crate for $1 is in the messages: has Cargo changed them?" >&2; exit 1; }
printf '%s\n' "$crates"
