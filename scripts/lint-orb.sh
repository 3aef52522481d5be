#!/bin/sh
# Checks the orb, both pipeline files, every example's usage, the pipelines of the README and the scripts with other people's tools:
# CircleCI's schema, yamllint, shellcheck. The two Python tools are scripts/tools.sh's.
# What cannot be run here is said aloud, and a line of it goes to target/could-not-run.txt. Exit 1: something was
# found. With CI=true, a tool that is missing is a failure too; the placeholders, which only the owner can set, are not.
set -eu

cd -- "$(dirname -- "$0")/.."
mkdir -p target
could_not() {
    sh scripts/could-not-run.sh "$1"
}
found=0
# A tool that is not to be had.
missing() {
    could_not "$1"
    [ "${CI:-}" != true ] || found=1
}
check() {
    echo "+ $*"
    "$@" || found=1
}

PATH=$(sh scripts/tools.sh):$PATH
export PATH
usages=target/usages
rm -rf "$usages"
mkdir -p "$usages"
if command -v check-jsonschema >/dev/null; then
    python3 scripts/usages.py orb/orb.yml "$usages" README.md docs/circleci.md
    check check-jsonschema --builtin-schema vendor.circle-ci \
        orb/orb.yml .circleci/config.yml .circleci/test-deploy.yml "$usages"/*.yml
else
    missing "CircleCI's schema over the orb, the pipelines and the README's: check-jsonschema is not to be had"
fi
if command -v yamllint >/dev/null; then
    check yamllint --strict .circleci orb/src orb/orb.yml
else
    missing "yamllint over the orb and the pipelines: it is not to be had"
fi
if command -v shellcheck >/dev/null; then
    check shellcheck -s sh orb/src/scripts/*.sh scripts/*.sh skills/*.sh tests/container/*.sh
else
    missing "shellcheck over the scripts: it is not installed (Debian has it as shellcheck)"
fi
if grep -q OWNER orb/src/@orb.yml; then
    could_not "review rules RC006 and RC007 (the orb's addresses answer): OWNER is not set, see docs/circleci.md"
fi
[ "$found" -eq 0 ] || { echo "lint-orb: something was found" >&2; exit 1; }
echo "lint-orb: nothing to find"
