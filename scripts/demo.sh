#!/bin/sh
# `make demo`: builds the release binary and, beside it, the demo (examples/demo), and runs the one with the other.
# What it writes is in target/demo. It needs Rust and nothing else.
set -eu

cd -- "$(dirname -- "$0")/.."
target=${CARGO_TARGET_DIR:-target}

# Side by side: the end of the release build is the linker's, and keeps one core busy.
cargo build --quiet --locked --example demo &
story=$!
trap 'kill "$story" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cargo build --release --locked --bin verify-registry-image
wait "$story"
trap - EXIT

"$target/debug/examples/demo" "$target/release/verify-registry-image" "$target/demo"
