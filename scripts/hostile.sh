#!/bin/sh
# `make hostile`: builds the program and examples/hostile, and runs the one on the worst inputs that the other makes.
# Words narrow it to the inputs whose names hold one of them. The tables go to standard output, everything else to
# standard error. It asserts nothing about time.
set -eu

cd -- "$(dirname -- "$0")/.."
[ -x /usr/bin/time ] || sh scripts/need.sh time
cargo build --profile tool --locked --bin verify-registry-image --example hostile >&2
built=${CARGO_TARGET_DIR:-target}/tool
"$built/examples/hostile" "$built/verify-registry-image" "$@"
