#!/bin/sh
# Tests the Pulumi program in Python with the real SDK: what it refuses, and what Pulumi would do, at an engine of the
# tests' own. Where something is missing it says so and notes it in target/could-not-run.txt; it fails only when something
# that ran has failed.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root/examples/pulumi-python" || exit 1
PATH=$(sh "$root/scripts/tools.sh" --node --pulumi):$PATH
export PATH

could_not_run() {
  sh "$root/scripts/could-not-run.sh" "$1"
}

if ! python3 -c 'import importlib.util as util, sys; sys.exit(not util.find_spec("pulumi_kubernetes"))'; then
  could_not_run "examples/pulumi-python: its tests, because Pulumi's packages could not be installed"
  exit 0
fi
[ -e "$root/examples/pulumi/bin/index.js" ] ||
  could_not_run "examples/pulumi-python: the plans of the program in TypeScript, which examples/pulumi/test.sh compiles"
for test in record plan; do
  PYTHONDONTWRITEBYTECODE=1 python3 "tests/test_$test.py" || exit 1
done
