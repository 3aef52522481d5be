#!/bin/sh
# Makes the release archives from dist, where scripts/build-static.sh, scripts/build-macos.sh and scripts/bill-of-materials.py
# left the binaries and what they are made of: scripts/release-archives.sh VERSION
# They are dist/release/verify-registry-image-VERSION-TARGET.tar.gz, each with its .sha256 beside it. The same
# binaries give the same bytes: order, owner and time are fixed. A binary that is missing, or tells another version,
# leaves no archive.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/release-archives.sh VERSION" >&2; exit 2; }
version=$1
cd -- "$(dirname -- "$0")/.."
rm -rf -- dist/release
sh scripts/check-version.sh "$version"
folders='amd64 arm64 aarch64-apple-darwin x86_64-apple-darwin'
for folder in $folders; do
    for file in verify-registry-image verify-registry-image.cdx.json licenses/third-party.txt \
        licenses/rust-standard-library.html; do
        [ -s "dist/$folder/$file" ] || {
            echo "release-archives: dist/$folder/$file is not there, or empty" >&2
            exit 1
        }
    done
done

case $(uname -m) in
x86_64) here=amd64 ;;
*) here=arm64 ;;
esac
rm -rf -- dist/completions
mkdir -p dist/release dist/completions
for shell in bash fish zsh; do
    "dist/$here/verify-registry-image" --completions "$shell" >"dist/completions/verify-registry-image.$shell"
done
for folder in $folders; do
    case $folder in
    amd64) target=x86_64-unknown-linux-musl ;;
    arm64) target=aarch64-unknown-linux-musl ;;
    *) target=$folder ;;
    esac
    name=verify-registry-image-$version-$target.tar
    # A file, and no pipe: a shell without pipefail would pass over a tar that failed.
    tar --sort=name --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w --mtime=@0 -cf "dist/$name" \
        -C "dist/$folder" verify-registry-image verify-registry-image.cdx.json licenses \
        -C ../.. LICENSE-APACHE LICENSE-MIT CHANGELOG.md -C docs verify-registry-image.1 -C ../dist completions
    gzip -n9 "dist/$name"
    tar -tzf "dist/$name.gz" verify-registry-image >/dev/null
    mv -- "dist/$name.gz" dist/release/
    (cd dist/release && sha256sum "$name.gz" >"$name.gz.sha256" && cat "$name.gz.sha256")
done
