#!/bin/sh
# Tests the Pulumi program with the real Pulumi SDKs: the types (`tsc`), and what it registers (`setMocks`).
# Without node or the packages it says so and notes it in target/could-not-run.txt; it fails only when
# something that ran has failed.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root/examples/pulumi" || exit 1
PATH=$(sh "$root/scripts/tools.sh" --node):$PATH
export PATH

could_not_run() {
  sh "$root/scripts/could-not-run.sh" "$1"
}

for tool in node npm; do
  if ! command -v "$tool" >/dev/null; then
    could_not_run "examples/pulumi: its tests, because \`$tool\` is not installed (node 20 or newer, with npm)"
    exit 0
  fi
done
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$major" -lt 20 ]; then
  could_not_run "examples/pulumi: its tests, because node is older than 20 ($(node --version))"
  exit 0
fi

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# No package's own script is run: none is needed.
if ! npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >"$log" 2>&1; then
  cat "$log" >&2
  if grep -q 'EUSAGE\|EINTEGRITY' "$log"; then
    echo "error: examples/pulumi/package-lock.json does not fit its package.json" >&2
    exit 1
  fi
  could_not_run "examples/pulumi: its tests, because the packages could not be fetched"
  exit 0
fi

rm -rf bin
npx --no-install tsc || exit 1
# A folder is read in two ways by node 20 and 22; files are not.
node --test bin/tests/*.js || exit 1
could_not_run "examples/pulumi: Pulumi's engine, Kubernetes and DigitalOcean themselves (the SDKs' mocks stood in for them)"
