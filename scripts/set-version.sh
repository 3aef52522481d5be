#!/bin/sh
# Sets the version of the program, its image and the orb everywhere: scripts/set-version.sh X.Y.Z (`make version VERSION=X.Y.Z`)
#
# It replaces the version of Cargo.toml in every tracked file that names it, but for the files below, which name the
# version of a measurement, of a test's own, or of the last release. CHANGELOG.md gets a heading to fill in. Look at the difference before you commit it.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/set-version.sh X.Y.Z" >&2; exit 2; }
new=$1
printf '%s\n' "$new" | grep -Eqx '(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}' ||
    { echo "set-version: \`$new\` is not a version like 1.2.3" >&2; exit 2; }
cd -- "$(dirname -- "$0")/.."
old=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
[ -n "$old" ] || { echo "set-version: Cargo.toml has no version" >&2; exit 1; }
[ "$old" != "$new" ] || { echo "the version is $new already"; exit 0; }

# edit FILE SED-ARGUMENTS...: in place, keeping the file's mode.
edit() {
    file=$1
    shift
    sed "$@" "$file" >"$file.new"
    cat "$file.new" >"$file"
    rm "$file.new"
}
escaped=$(printf '%s' "$old" | sed 's/\./\\./g')

# Other crates may have the same version.
edit Cargo.toml -e "s/^version = \"$escaped\"$/version = \"$new\"/"
edit Cargo.lock -e '/^name = "verify-registry-image"$/{n' -e "s/\"$escaped\"/\"$new\"/" -e '}'
# What this version can do is written by hand, below a heading of its own.
grep -q "^## $new - " CHANGELOG.md || edit CHANGELOG.md -e "s/^## $escaped - .*/## $new - unreleased\\
\\
- \\
\\
&/"
# The orb takes any program of its series, X.Y.
edit orb/src/commands/verify.yml -e "s/ORB_SERIES: \"${old%.*}\"/ORB_SERIES: \"${new%.*}\"/"
edit orb/orb.yml -e "s/ORB_SERIES: \"${old%.*}\"/ORB_SERIES: \"${new%.*}\"/"

list=$(mktemp)
trap 'rm -f -- "$list"' EXIT
git grep -lE "(^|[^0-9.])$escaped([^0-9.]|\$)" -- . ':!Cargo.toml' ':!Cargo.lock' ':!CHANGELOG.md' ':!fuzz' \
    ':!*package-lock.json' ':!Formula' ':!docs/decisions.md' ':!docs/performance.md' \
    ':!tests/orb/releases.rs' ':!tests/it/support/redaction.rs' >"$list" || true
while IFS= read -r file; do
    # Twice: a letter between two versions belongs to the first one only.
    edit "$file" -E -e "s/(^|[^0-9.])$escaped([^0-9.]|\$)/\\1$new\\2/g" -e "s/(^|[^0-9.])$escaped([^0-9.]|\$)/\\1$new\\2/g"
done <"$list"
echo "$old is now $new, in $(wc -l <"$list") files and Cargo.toml, Cargo.lock, CHANGELOG.md; write what changed into CHANGELOG.md"
