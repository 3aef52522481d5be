#!/bin/sh
# `make engines`: asks docker (both stores), containerd 1.7 and 2.x, podman and skopeo which images they pull, writes
# docs/engines.json and docs/engines.md, and compares the program's answers with theirs.
#
# TRY=FILE: asks for the shapes in a file that is written as tests/engines/shapes.txt is, and prints the answers.
# N is how many images are drawn beside the named ones, SEED from which seed. The engines are Debian's packages,
# unpacked into target/engines (`rm -r target/engines` for newer ones); nothing is installed. They run in mount
# namespaces of their own, ask a registry on loopback, and are stopped by their process ids.
set -eu

cd -- "$(dirname -- "$0")/.."
engines=$PWD/target/engines
N=${N:-400} SEED=${SEED:-1}

[ "$(id -u)" -eq 0 ] || { echo "engines: the engines need root" >&2; exit 1; }
for tool in apt-get dpkg-deb unshare chroot; do
    command -v "$tool" >/dev/null || { echo "engines: \`$tool\` is missing; only Debian and its kin have the packages" >&2; exit 1; }
done

# The mirror and the keyring of this machine's own Debian packages.
# shellcheck disable=SC2016 # apt expands it
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(COMPONENT)' 2>/dev/null |
    sed -n 's|^\([^ ]*/debian/\) Debian main$|\1|p' | head -n 1)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ -z "$mirror" ]; then
    mirror=$(sed -n 's|^URIs: *\([^ ]*/debian\)/*$|\1/|p; s|^deb .*\(http[^ ]*/debian\)/* .*|\1/|p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
fi

# unpack SUITE PACKAGE...: into $engines/SUITE, with an apt that knows nothing of this machine's packages.
unpack() {
    suite=$1
    shift
    [ ! -e "$engines/$suite/unpacked" ] || return 0
    [ -n "$mirror" ] || { echo "engines: this machine's apt sources name no Debian mirror" >&2; return 1; }
    rm -rf "${engines:?}/$suite"
    apt=$engines/apt-$suite
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$engines/$suite"
    : >"$apt/status"
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
    options="-qq -o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=/dev/null
        -o Dir::State::Lists=$apt/lists -o Dir::State::Status=$apt/status -o Dir::Cache=$apt/cache
        -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Languages=none
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"
    # shellcheck disable=SC2086 # the options are words
    apt-get $options update && apt-get $options -y --download-only install "$@" || return 1
    # base-files first: it makes /bin a link.
    for package in "$apt"/cache/archives/base-files_*.deb "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$engines/$suite" || return 1
    done
    rm -rf "$apt"
    : >"$engines/$suite/unpacked"
}

mkdir -p "$engines"
unpack sid base-files ca-certificates docker.io containerd runc ||
    echo "COULD NOT RUN: docker and containerd 2.x: sid's packages could not be unpacked" >&2
unpack trixie base-files ca-certificates containerd runc podman skopeo crun ||
    echo "COULD NOT RUN: containerd 1.7, podman and skopeo: trixie's packages could not be unpacked" >&2

if [ -n "${TRY:-}" ]; then
    ENGINES=$engines TRY=$TRY \
        cargo test --locked --test engines -- --ignored --exact --nocapture ask::some_shapes_are_tried
    exit 0
fi
cargo build --locked
ENGINES=$engines N=$N SEED=$SEED TODAY=$(date -u +%Y-%m-%d) \
    cargo test --locked --test engines -- --ignored --exact --nocapture ask::every_engine_answers_every_image
