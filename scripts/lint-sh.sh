#!/bin/sh
# Every POSIX shell script of this project through shellcheck: scripts/lint-sh.sh
# A script is known by its first line, whatever its name. Without shellcheck: a line of target/could-not-run.txt.
set -eu

cd -- "$(dirname -- "$0")/.."
mkdir -p target
if ! command -v shellcheck >/dev/null && ! sh scripts/need.sh shellcheck; then
    sh scripts/could-not-run.sh "shellcheck over the scripts: it is not installed (Debian has it as shellcheck)"
    exit 0
fi

set --
list=$(mktemp)
trap 'rm -f -- "$list"' EXIT
find . -type d \( -name .git -o -name target -o -name node_modules \) -prune -o -type f -print | sort >"$list"
while IFS= read -r file; do
    case $(head -c 64 -- "$file" | tr -d '\000' | head -n 1) in
    '#!/bin/sh'*) set -- "$@" "$file" ;;
    esac
done <"$list"
[ $# -gt 0 ] || { echo "lint-sh: no script was found, which cannot be" >&2; exit 1; }
shellcheck -s sh "$@"
echo "lint-sh: nothing to find in $# scripts"
