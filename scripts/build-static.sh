#!/bin/sh
# Builds the static binary for one target: scripts/build-static.sh TARGET [OUT]
# TARGET is x86_64-unknown-linux-musl or aarch64-unknown-linux-musl; OUT is where the binary goes
# (default dist/<amd64|arm64>/verify-registry-image, where the Dockerfile's `prebuilt` stage looks for it). OUT.crates
# holds the crates that Cargo built for it, for scripts/bill-of-materials.py.
#
# The same commit and the same compiler give the same bytes in any folder: every path of the machine is
# remapped, for the compiler and for the C code of `ring` and `zstd-sys`. It installs nothing; it says what is missing.
set -eu

usage() {
    echo "usage: scripts/build-static.sh x86_64-unknown-linux-musl|aarch64-unknown-linux-musl [OUT]" >&2
    exit 2
}

missing() {
    echo "build-static: $1 is missing; $2" >&2
    exit 2
}

case $# in 1 | 2) ;; *) usage ;; esac
target=$1
case $target in
x86_64-unknown-linux-musl) arch=amd64 triple=x86_64_unknown_linux_musl ;;
aarch64-unknown-linux-musl) arch=arm64 triple=aarch64_unknown_linux_musl ;;
*) usage ;;
esac
workspace=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
out=${2:-$workspace/dist/$arch/verify-registry-image}

# `ring` and `zstd-sys` have C code. Where the C compiler's own target is musl (Alpine), it will do as it is.
native=$(cc -dumpmachine 2>/dev/null || echo none)
case $native:$target in
x86_64-*musl*:x86_64-* | aarch64-*musl*:aarch64-*) compiler=cc ;;
*:x86_64-*) compiler=musl-gcc hint="Debian has it as musl-tools" ;;
aarch64-*:aarch64-*) compiler=musl-gcc hint="Debian has it as musl-tools" ;;
*) compiler=aarch64-linux-gnu-gcc hint="Debian has it as gcc-aarch64-linux-gnu" ;;
esac
command -v "$compiler" >/dev/null || missing "\`$compiler\`" "${hint:-a C compiler is needed}"
sysroot=$(rustc --print sysroot)
[ -d "$sysroot/lib/rustlib/$target" ] || missing "the Rust target $target" "run \`rustup target add $target\`"

cd -- "$workspace"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target_dir=${CARGO_TARGET_DIR:-$workspace/target}
# The crates must be there before the flags are made: their folder carries the name of the host they came from.
cargo fetch --locked --target "$target"

# One flag a line; the separator is the one that Cargo reads, so that a path may hold spaces. The last match
# wins in rustc, so the general ones come first.
separator=$(printf '\037')
flags="-Clinker=rust-lld${separator}-Clinker-flavor=ld.lld${separator}-Clink-self-contained=yes"
# Without tables to unwind the stack by. The path is relative, because these flags become part of the binary's names.
flags="$flags${separator}-Clink-arg=--no-eh-frame-hdr${separator}-Clink-arg=-Tscripts/static.ld"
c_flags=
remap() {
    flags="$flags${separator}--remap-path-prefix=$1=$2"
    c_flags="$c_flags '-ffile-prefix-map=$1=$2'"
}
remap "$sysroot" /rust
remap "$cargo_home" /cargo
for crates in "$cargo_home"/registry/src/*; do
    remap "$crates" /crates
done
remap "$workspace" /src
remap "$target_dir" /target

export CARGO_ENCODED_RUSTFLAGS="$flags"
export "CC_$triple=$compiler" "CFLAGS_$triple=$c_flags" CC_SHELL_ESCAPED_FLAGS=1
mkdir -p -- "$target_dir" "$(dirname -- "$out")"
messages=$target_dir/$target.messages
CARGO_TARGET_DIR=$target_dir cargo build --release --locked --target "$target" --bin verify-registry-image \
    --message-format json-render-diagnostics >"$messages"

cp -- "$target_dir/$target/release/verify-registry-image" "$out"
sh "$workspace/scripts/built-crates.sh" "$target" <"$messages" >"$out.crates"
sh "$workspace/scripts/check-binary.sh" "$out" "$workspace" "$cargo_home" "$target_dir" "$sysroot"
echo "built $out ($(wc -c <"$out" | tr -d ' ') bytes)"
