#!/bin/sh
# `make structures`: compares the structures of src/engines/structures.rs with those of the engines' own sources, as Debian
# has them for the suites that `make engines` takes the engines from. They are unpacked into target/structures; nothing is
# installed. Exit 1: a field or a type differs, and each difference is printed.
set -eu

cd -- "$(dirname -- "$0")/.."
ALONE=1 sh scripts/debian.sh sid target/structures/sid golang-github-docker-docker-dev golang-github-docker-distribution-dev \
    golang-github-moby-docker-image-spec-dev golang-github-opencontainers-image-spec-dev
ALONE=1 sh scripts/debian.sh trixie target/structures/trixie golang-github-opencontainers-image-spec-dev \
    golang-github-containers-image-dev
python3 scripts/structures.py src/engines/structures.rs target/structures
