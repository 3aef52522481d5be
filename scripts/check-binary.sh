#!/bin/sh
# Looks into a built binary for what must not be there: scripts/check-binary.sh BINARY [PATH]...
# None of the PATHs (where it was built), no host of a package registry, and no dynamic loader.
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

for path in "$@"; do
    refuse "$path" "a path of the machine that built it"
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
