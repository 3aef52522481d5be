#!/bin/sh
# `make bench`: builds the static release binary and the bench (examples/bench), and runs the one with the other.
# The tables go to standard output, everything else to standard error. It asserts nothing about time.
set -eu

cd -- "$(dirname -- "$0")/.."
set --
command -v musl-gcc >/dev/null || set -- "$@" musl-tools
command -v skopeo >/dev/null || set -- "$@" skopeo
[ -x /usr/bin/time ] || set -- "$@" time
[ $# -eq 0 ] || sh scripts/need.sh "$@" || true
static=x86_64-unknown-linux-musl
[ "$(uname -m)" = x86_64 ] || static=aarch64-unknown-linux-musl
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$static" ]; then
    rustup target add "$static" >&2
fi

binary=${CARGO_TARGET_DIR:-target}/bench/verify-registry-image
sh scripts/build-static.sh "$static" "$binary" >&2
cargo build --profile tool --locked --example bench >&2
"${CARGO_TARGET_DIR:-target}/tool/examples/bench" "$binary"
