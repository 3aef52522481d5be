#!/bin/sh
# Unpacks crane, oras and skopeo into target/peers: Debian's packages of its unstable suite, with the libraries that they
# are linked to. Nothing is installed. `rm -r target/peers` for newer ones.
set -eu

cd -- "$(dirname -- "$0")/.."
peers=$PWD/target/peers
[ ! -e "$peers/unpacked" ] || exit 0
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "peers: \`$tool\` is missing; only Debian and its kin have the packages" >&2; exit 1; }
done

# The mirror of this machine's own Debian packages.
mirror=$(sed -n 's|^URIs: *\([^ ]*/debian\)/*$|\1/|p; s|^deb .*\(http[^ ]*/debian\)/* .*|\1/|p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || { echo "peers: this machine's apt sources name no Debian mirror" >&2; exit 1; }

# An apt that knows nothing of this machine's packages, so that it brings every library.
apt=$peers/apt
rm -rf "${peers:?}"
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$apt/sources.list"
options="-qq -o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists=$apt/lists -o Dir::State::Status=$apt/status -o Dir::Cache=$apt/cache
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"
# shellcheck disable=SC2086 # the options are words
apt-get $options update
# shellcheck disable=SC2086
apt-get $options -y --download-only install base-files crane oras skopeo
# base-files first: it makes /lib a link.
for package in "$apt"/cache/archives/base-files_*.deb "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$peers/root"
done
rm -rf "$apt"
: >"$peers/unpacked"
