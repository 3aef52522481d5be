#!/bin/sh
# Builds the macOS binary for one target, on a Mac: scripts/build-macos.sh TARGET
# TARGET is aarch64-apple-darwin or x86_64-apple-darwin. The binary goes to dist/TARGET/verify-registry-image, and the
# crates that Cargo built for it beside it, for scripts/bill-of-materials.py. It links what every macOS from 11 on has,
# and nothing else. It installs nothing; Xcode's command line tools have the C compiler that `ring` and `zstd-sys` need.
set -eu

case ${1:-} in
aarch64-apple-darwin) machine=arm64 ;;
x86_64-apple-darwin) machine=x86_64 ;;
*) echo "usage: scripts/build-macos.sh aarch64-apple-darwin|x86_64-apple-darwin" >&2; exit 2 ;;
esac
[ $# -eq 1 ] || { echo "usage: scripts/build-macos.sh TARGET" >&2; exit 2; }
target=$1
[ "$(uname -s)" = Darwin ] || {
    echo "build-macos: this is no Mac; scripts/check-macos.sh tells elsewhere whether it compiles" >&2
    exit 2
}
workspace=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd -- "$workspace"
sysroot=$(rustc --print sysroot)
[ -d "$sysroot/lib/rustlib/$target" ] || {
    echo "build-macos: the Rust target $target is missing; run \`rustup target add $target\`" >&2
    exit 2
}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target_dir=${CARGO_TARGET_DIR:-$workspace/target}
# The crates must be there before the flags are made: their folder carries the name of the host they came from.
cargo fetch --locked --target "$target"

# As scripts/build-static.sh: no path of this machine, for the compiler and for the C code. The last match wins in rustc.
separator=$(printf '\037')
flags=
c_flags=
remap() {
    flags="$flags${flags:+$separator}--remap-path-prefix=$1=$2"
    c_flags="$c_flags '-ffile-prefix-map=$1=$2'"
}
remap "$sysroot" /rust
remap "$cargo_home" /cargo
for crates in "$cargo_home"/registry/src/*; do
    remap "$crates" /crates
done
remap "$workspace" /src
remap "$target_dir" /target
export MACOSX_DEPLOYMENT_TARGET=11.0 CARGO_ENCODED_RUSTFLAGS="$flags" CC_SHELL_ESCAPED_FLAGS=1
export "CFLAGS_$(echo "$target" | tr - _)=$c_flags"
folder=dist/$target
binary=$folder/verify-registry-image
mkdir -p -- "$target_dir" "$folder"
CARGO_TARGET_DIR=$target_dir cargo build --release --locked --target "$target" --bin verify-registry-image \
    --message-format json-render-diagnostics >"$target_dir/$target.messages"
cp -- "$target_dir/$target/release/verify-registry-image" "$binary"
sh scripts/built-crates.sh "$target" <"$target_dir/$target.messages" >"$binary.crates"
# A binary is no text in this machine's language.
LC_ALL=C sh scripts/check-binary.sh "$binary" "$workspace" "$cargo_home" "$target_dir" "$sysroot"

[ "$(lipo -archs "$binary")" = "$machine" ] || { echo "build-macos: $binary is not for $machine" >&2; exit 1; }
# The first line is the binary's own name.
if foreign=$(otool -L "$binary" | sed 1d | grep -v -e '^[[:space:]]*/usr/lib/' -e '^[[:space:]]*/System/Library/'); then
    printf 'build-macos: %s needs what macOS does not have:\n%s\n' "$binary" "$foreign" >&2
    exit 1
fi
# One for another machine runs only where Rosetta is installed.
if [ "$(uname -m)" = "$machine" ]; then
    sh scripts/try-binary.sh "$binary"
fi
echo "built $binary ($(wc -c <"$binary" | tr -d ' ') bytes)"
