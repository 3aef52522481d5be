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
for tool in unshare chroot; do
    command -v "$tool" >/dev/null || { echo "engines: \`$tool\` is missing" >&2; exit 1; }
done

mkdir -p "$engines"
sh scripts/debian.sh sid "$engines/sid" ca-certificates docker.io containerd runc ||
    echo "COULD NOT RUN: docker and containerd 2.x: sid's packages could not be unpacked" >&2
sh scripts/debian.sh trixie "$engines/trixie" ca-certificates containerd runc podman skopeo crun ||
    echo "COULD NOT RUN: containerd 1.7, podman and skopeo: trixie's packages could not be unpacked" >&2

if [ -n "${TRY:-}" ]; then
    ENGINES=$engines TRY=$TRY \
        cargo test --locked --test engines -- --ignored --exact --nocapture ask::some_shapes_are_tried
    exit 0
fi
sh scripts/structures.sh
ENGINES=$engines N=$N SEED=$SEED TODAY=$(date -u +%Y-%m-%d) \
    cargo test --locked --test engines -- --ignored --exact --nocapture ask::every_engine_answers_every_image
