#!/bin/sh
# Builds the release binary for one target: scripts/build-release.sh TARGET OUT [FLAG]...
# OUT is where the binary goes, and OUT.crates the crates that Cargo built for it, for scripts/bill-of-materials.py. The FLAGs
# are rustc's for this target. scripts/build-static.sh and scripts/build-macos.sh know compilers and flags, and call it.
#
# The same commit and the same compiler give the same bytes in any folder: every path of the machine is
# remapped, for rustc and for the C code of `ring` and `zstd-sys`. It installs nothing; it says what is missing.
set -eu

[ $# -ge 2 ] || { echo "usage: scripts/build-release.sh TARGET OUT [FLAG]..." >&2; exit 2; }
target=$1
out=$2
shift 2
workspace=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd -- "$workspace"
sysroot=$(rustc --print sysroot)
[ -d "$sysroot/lib/rustlib/$target" ] || {
    echo "build-release: the Rust target $target is missing; run \`rustup target add $target\`" >&2
    exit 2
}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target_dir=${CARGO_TARGET_DIR:-$workspace/target}
# The crates must be there before the flags are made: their folder carries the name of the host they came from.
cargo fetch --locked --target "$target"

# One flag a line; the separator is the one that Cargo reads, so that a path may hold spaces. The last match
# wins in rustc, so the general ones come first.
separator=$(printf '\037')
flags=
c_flags=
add() {
    flags="$flags${flags:+$separator}$1"
}
remap() {
    add "--remap-path-prefix=$1=$2"
    c_flags="$c_flags '-ffile-prefix-map=$1=$2'"
}
for flag; do
    add "$flag"
done
remap "$sysroot" /rust
remap "$cargo_home" /cargo
for crates in "$cargo_home"/registry/src/*; do
    remap "$crates" /crates
done
remap "$workspace" /src
remap "$target_dir" /target

export CARGO_ENCODED_RUSTFLAGS="$flags" CC_SHELL_ESCAPED_FLAGS=1
export "CFLAGS_$(echo "$target" | tr - _)=$c_flags"
mkdir -p -- "$target_dir" "$(dirname -- "$out")"
messages=$target_dir/$target.messages
CARGO_TARGET_DIR=$target_dir cargo build --release --locked --target "$target" --bin verify-registry-image \
    --message-format json-render-diagnostics >"$messages"

cp -- "$target_dir/$target/release/verify-registry-image" "$out"
sh scripts/built-crates.sh "$target" <"$messages" >"$out.crates"
# A binary is no text in this machine's language.
LC_ALL=C sh scripts/check-binary.sh "$out" "$workspace" "$cargo_home" "$target_dir" "$sysroot"
echo "built $out ($(wc -c <"$out" | tr -d ' ') bytes)"
