#!/bin/sh
# Installs the static binary from a release archive, after its SHA-256 and its version were found to be those asked for.
set -eu

fail() {
    echo "error: $1" >&2
    exit 2
}

[ "$(uname -s)" = Linux ] || fail "the release archives are for Linux, and this is $(uname -s)"
case $(uname -m) in
x86_64)
    target=x86_64-unknown-linux-musl
    sha256=$ORB_SHA256_AMD64
    parameter=sha256_amd64
    ;;
aarch64 | arm64)
    target=aarch64-unknown-linux-musl
    sha256=$ORB_SHA256_ARM64
    parameter=sha256_arm64
    ;;
*) fail "there is no release archive for $(uname -m)" ;;
esac
[ -n "$sha256" ] || fail "the parameter \`$parameter\` is empty; the release page has its value"
# A checker of lines would skip one that it cannot read, and be content with another.
case $sha256 in
*[!0-9a-f]*) fail "the parameter \`$parameter\` is not a SHA-256; the release page has it, 64 hex digits in small letters" ;;
esac
[ ${#sha256} -eq 64 ] || fail "the parameter \`$parameter\` has ${#sha256} digits, and a SHA-256 has 64"

folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
url=$ORB_RELEASES/v$ORB_VERSION/verify-registry-image-$ORB_VERSION-$target.tar.gz
if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto '=https' --proto-redir '=https' --retry 3 \
        --output "$folder/archive.tar.gz" -- "$url" || fail "could not download $url"
elif command -v wget >/dev/null; then
    wget -q -O "$folder/archive.tar.gz" -- "$url" || fail "could not download $url"
else
    fail "neither curl nor wget is here"
fi
found=$(sha256sum <"$folder/archive.tar.gz" | cut -c1-64)
[ "$found" = "$sha256" ] || fail "the archive's SHA-256 is $found, and \`$parameter\` is $sha256"

tar -xzf "$folder/archive.tar.gz" -C "$folder" verify-registry-image
version=$("$folder/verify-registry-image" --version) || fail "the program in the archive does not run here"
case $version in
"verify-registry-image $ORB_VERSION" | "verify-registry-image $ORB_VERSION "*) ;;
*) fail "the archive holds another version: $version" ;;
esac

if [ -w "$ORB_INSTALL_DIR" ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    fail "\`$ORB_INSTALL_DIR\` is not writable, and sudo is not here"
fi
# Beside it, then renamed: an older program in its place is replaced whole, or not at all.
$as_root cp -- "$folder/verify-registry-image" "$ORB_INSTALL_DIR/.verify-registry-image.new"
$as_root chmod 0755 "$ORB_INSTALL_DIR/.verify-registry-image.new"
$as_root mv -f -- "$ORB_INSTALL_DIR/.verify-registry-image.new" "$ORB_INSTALL_DIR/verify-registry-image"
echo "installed $version in $ORB_INSTALL_DIR"
