#!/bin/sh
# Tries a binary on the machine that it was built for: scripts/try-binary.sh BINARY
# It must name itself, and answer "could not find out" where nothing listens. No packet leaves the machine.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/try-binary.sh BINARY" >&2; exit 2; }
told=$("$1" --version)
case $told in
"verify-registry-image "*) ;;
*) echo "try-binary: $1 names itself \`$told\`" >&2; exit 1 ;;
esac
code=0
# The port is reserved, and nothing listens on it.
"$1" --deadline 20s 127.0.0.1:1/my-registry/api:latest || code=$?
[ "$code" -eq 3 ] || { echo "try-binary: without a registry $1 ended with $code, and 3 was expected" >&2; exit 1; }
echo "$told runs here"
