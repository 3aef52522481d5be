#!/bin/sh
# Tests the program in Pulumi YAML over the table of records that all programs share. Where something is missing it says so and
# notes it in target/could-not-run.txt; it fails only when something that ran has failed.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root/examples/pulumi-yaml" || exit 1
PATH=$(sh "$root/scripts/tools.sh" --pulumi):$PATH
export PATH

could_not_run() {
  sh "$root/scripts/could-not-run.sh" "$1"
}

if ! python3 -c 'import kubernetes_validate, yaml'; then
  could_not_run "examples/pulumi-yaml: its tests, because kubernetes-validate could not be installed"
  exit 0
fi
PYTHONDONTWRITEBYTECODE=1 python3 tests/test_program.py || exit 1
could_not_run "examples/pulumi-yaml: Pulumi's own evaluator, which comes with its CLI only (the tests' own stood in for it)"
