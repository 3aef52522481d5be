#!/bin/sh
# tool.sh NAME VERSION [ARGUMENT...]: a cargo tool of exactly this version, in target/tools; prints the folder of its
# program. The arguments go to `cargo install`.
#
# It is built once and kept. Nothing is installed elsewhere, and nothing is asked.
set -eu

cd -- "$(dirname -- "$0")/.."
name=$1
version=$2
shift 2
root=$PWD/target/tools/$name-$version
if [ ! -x "$root/bin/$name" ]; then
    echo "building $name $version, once" >&2
    # Not what a release of the tool would be, but built in a fraction of the time.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo install --locked --quiet --root "$root" --target-dir target/tools/build "$@" "$name@$version" </dev/null >&2
fi
echo "$root/bin"
