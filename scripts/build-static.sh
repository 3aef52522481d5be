#!/bin/sh
# Builds the static binary for one target: scripts/build-static.sh TARGET [OUT]
# TARGET is x86_64-unknown-linux-musl or aarch64-unknown-linux-musl; OUT is where the binary goes
# (default dist/<amd64|arm64>/verify-registry-image, where the Dockerfile's `prebuilt` stage looks for it).
# scripts/build-release.sh does the rest. It installs nothing; it says what is missing.
set -eu

usage() {
    echo "usage: scripts/build-static.sh x86_64-unknown-linux-musl|aarch64-unknown-linux-musl [OUT]" >&2
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
command -v "$compiler" >/dev/null || {
    echo "build-static: \`$compiler\` is missing; ${hint:-a C compiler is needed}" >&2
    exit 2
}

export "CC_$triple=$compiler"
# Without tables to unwind the stack by. The path is relative, because these flags become part of the binary's names.
sh "$workspace/scripts/build-release.sh" "$target" "$out" \
    -Clinker=rust-lld -Clinker-flavor=ld.lld -Clink-self-contained=yes \
    -Clink-arg=--no-eh-frame-hdr -Clink-arg=-Tscripts/static.ld
