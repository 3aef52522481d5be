#!/bin/sh
# Checks that a built binary holds nothing of where it was built: scripts/check-binary.sh BINARY [FOLDER]...
# No path of a file in one of the FOLDERs, no host of a package registry, and no dynamic loader.
set -eu

[ $# -ge 1 ] || { echo "usage: scripts/check-binary.sh BINARY [PATH]..." >&2; exit 2; }
binary=$1
shift
[ -s "$binary" ] || { echo "check-binary: $binary is not there, or empty" >&2; exit 1; }

found=0
refuse() {
    # A line a string: busybox's grep does not look behind a NUL.
    if tr '\000' '\n' <"$binary" | grep -aqF -e "$1"; then
        echo "check-binary: $binary holds $2: \`$1\`" >&2
        found=1
    fi
}

for folder in "$@"; do
    folder=${folder%/}
    # A folder with one of the names that stand in the place of the real ones says nothing of the machine.
    case $folder in /src | /target | /cargo | /rust | /crates) continue ;; esac
    # The folder's name alone can be part of a word: `/b` is in `/bin`. What leaks is the path of something in it.
    for entry in "$folder"/* "$folder"/.[!.]*; do
        [ ! -e "$entry" ] || refuse "$entry" "a path of the machine that built it"
    done
done
# Cargo names the folder of downloaded crates after their host: `<host>-<hash>`. The name is read from there.
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    [ -d "$crates" ] || continue
    name=$(basename -- "$crates")
    refuse "${name%-*}" "the host of a package registry"
done
refuse registry/src "a path of downloaded crates"
refuse /ld-musl "the name of a dynamic loader"
refuse /ld-linux "the name of a dynamic loader"
exit "$found"
