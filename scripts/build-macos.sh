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
cd -- "$(dirname -- "$0")/.."
binary=dist/$target/verify-registry-image
MACOSX_DEPLOYMENT_TARGET=11.0 sh scripts/build-release.sh "$target" "$binary"

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
