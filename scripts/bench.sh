#!/bin/sh
# `make bench`: builds the static release binary and the bench (examples/bench), and runs the one with the other, beside
# crane, oras and skopeo (scripts/debian.sh). `sh scripts/bench.sh quick` measures little, to see that the
# bench works; `sh scripts/bench.sh fleets content` measures these parts alone.
# The tables go to standard output, everything else to standard error. It asserts nothing about time.
set -eu

cd -- "$(dirname -- "$0")/.."
missing=
command -v musl-gcc >/dev/null || missing="$missing musl-tools"
[ -x /usr/bin/time ] || missing="$missing time"
# shellcheck disable=SC2086 # several words are meant
[ -z "$missing" ] || sh scripts/need.sh $missing || true
static=x86_64-unknown-linux-musl
[ "$(uname -m)" = x86_64 ] || static=aarch64-unknown-linux-musl
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$static" ]; then
    rustup target add "$static" >&2
fi

binary=${CARGO_TARGET_DIR:-target}/bench/verify-registry-image
sh scripts/build-static.sh "$static" "$binary" >&2
cargo build --profile tool --locked --example bench >&2
sh scripts/debian.sh sid target/peers/root crane oras skopeo >&2 || echo "bench: crane, oras and skopeo could not be had" >&2
"${CARGO_TARGET_DIR:-target}/tool/examples/bench" "$binary" target/peers "$@"
