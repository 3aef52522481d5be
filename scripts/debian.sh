#!/bin/sh
# debian.sh SUITE FOLDER PACKAGE...: unpacks Debian's packages of a suite, with all that they depend on, into FOLDER.
# ALONE=1: without what they depend on, for packages that are read and not run.
#
# Nothing is installed. It does nothing where FOLDER was unpacked before (`rm -r FOLDER` for newer packages), and replaces
# nothing else: a folder that is there without its mark is refused. Exit 1: they cannot be had here, and standard error
# says why.
set -eu

suite=$1
mkdir -p "$(dirname -- "$2")"
folder=$(CDPATH='' cd -- "$(dirname -- "$2")" && pwd)/$(basename -- "$2")
shift 2
[ ! -e "$folder/unpacked" ] || exit 0
[ ! -e "$folder" ] || { echo "debian: $folder is there, and not of this script: remove it" >&2; exit 1; }
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "debian: \`$tool\` is missing; only Debian and its kin have the packages" >&2; exit 1; }
done

# The mirror of this machine's own Debian packages.
# shellcheck disable=SC2016 # apt expands it
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(COMPONENT)' 2>/dev/null |
    sed -n 's|^\([^ ]*/debian/\) Debian main$|\1|p' | head -n 1)
if [ -z "$mirror" ]; then
    mirror=$(sed -n 's|^URIs: *\([^ ]*/debian\)/*$|\1/|p; s|^deb .*\(http[^ ]*/debian\)/* .*|\1/|p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
fi
[ -n "$mirror" ] || { echo "debian: this machine's apt sources name no Debian mirror" >&2; exit 1; }

# An apt that knows nothing of this machine's packages, so that it brings every library.
apt=$folder.apt
rm -rf "${apt:?}"
mkdir -p "$apt/root" "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
CONF
APT_CONFIG=$apt/apt.conf
export APT_CONFIG
apt-get -qq update
if [ -n "${ALONE:-}" ]; then
    (cd "$apt/cache/archives" && apt-get -qq download base-files "$@")
else
    apt-get -qq -y --download-only install base-files "$@"
fi
# base-files first: it makes /bin and /lib links.
for package in "$apt"/cache/archives/base-files_*.deb "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$apt/root"
done
: >"$apt/root/unpacked"
mv "$apt/root" "$folder"
rm -rf "$apt"
