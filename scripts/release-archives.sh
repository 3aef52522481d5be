#!/bin/sh
# Makes the release archives from dist/<amd64|arm64>: scripts/release-archives.sh VERSION
# They are dist/release/verify-registry-image-VERSION-TARGET.tar.gz, each with its .sha256 beside it. The same
# binaries give the same bytes: order, owner and time are fixed.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/release-archives.sh VERSION" >&2; exit 2; }
version=$1
cd -- "$(dirname -- "$0")/.."
mkdir -p dist/release
for arch in amd64 arm64; do
    case $arch in
    amd64) target=x86_64-unknown-linux-musl ;;
    arm64) target=aarch64-unknown-linux-musl ;;
    esac
    name=verify-registry-image-$version-$target.tar.gz
    tar --sort=name --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w --mtime=@0 -cf - \
        -C "dist/$arch" verify-registry-image -C ../.. LICENSE-APACHE LICENSE-MIT CHANGELOG.md |
        gzip -n9 >"dist/release/$name"
    (cd dist/release && sha256sum "$name" >"$name.sha256" && cat "$name.sha256")
done
