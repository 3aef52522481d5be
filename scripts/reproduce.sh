#!/bin/sh
# Shows that the binaries can be built again to the byte: scripts/reproduce.sh [TARGET]...
# The committed tree is built clean in two folders with paths of different length, the second one also under another
# Cargo home; the results and their bills of materials are compared, and the binaries looked into for build paths and package hosts. Without TARGET: both
# architectures. It takes minutes, and is not part of `make test`.
set -eu

cd -- "$(dirname -- "$0")/.."
[ $# -gt 0 ] || set -- x86_64-unknown-linux-musl aarch64-unknown-linux-musl
[ -z "$(git status --porcelain)" ] || echo "reproduce: there are uncommitted changes, which are left out" >&2

folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
cargo_home=${CARGO_HOME:-$HOME/.cargo}
first=$folder/a second="$folder/another folder, with a longer name"
mkdir -p "$first" "$second" "$folder/home"
git archive HEAD | tar -x -C "$first"
git archive HEAD | tar -x -C "$second"
# The same downloads under another path.
for entry in "$cargo_home"/* "$cargo_home"/.[!.]*; do
    [ ! -e "$entry" ] || ln -s -- "$entry" "$folder/home/$(basename -- "$entry")"
done

unset CARGO_TARGET_DIR
result=0
for target in "$@"; do
    sh "$first/scripts/build-static.sh" "$target" "$folder/first"
    CARGO_HOME=$folder/home sh "$second/scripts/build-static.sh" "$target" "$folder/second"
    python3 "$first/scripts/bill-of-materials.py" "$target" "$folder/first" "$folder/first bill"
    CARGO_HOME=$folder/home python3 "$second/scripts/bill-of-materials.py" "$target" "$folder/second" "$folder/second bill"
    diff -r -- "$folder/first bill" "$folder/second bill" || result=1
    # Each was looked into for its own paths; here for those of the other, and of both Cargo homes.
    for binary in "$folder/first" "$folder/second"; do
        sh scripts/check-binary.sh "$binary" "$folder" "$cargo_home" || result=1
    done
    if cmp -- "$folder/first" "$folder/second"; then
        echo "reproduce: $target is the same twice, $(sha256sum <"$folder/first" | cut -c1-64)"
    else
        echo "reproduce: $target differs" >&2
        result=1
    fi
done
exit "$result"
