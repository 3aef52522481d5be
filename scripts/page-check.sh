#!/bin/sh
# `make page-check`: the report pages in a real Chromium: accessibility, no request, no script, screenshots.
# Needs Debian's `chromium`, node 20 or newer and npm; not part of `make test`. It leaves the screenshots to
# be looked at, which no program does as well.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
for tool in chromium node npm; do
  if ! command -v "$tool" >/dev/null; then
    echo "error: \`$tool\` is not installed" >&2
    echo "  on Debian: apt-get install chromium nodejs npm" >&2
    exit 2
  fi
done

# An old page of a sample that is gone would be looked at too.
rm -rf target/pages target/page-shots
cargo run --quiet --example pages -- target/pages
(cd scripts/page-check && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
node scripts/page-check/check.mjs "$(command -v chromium)" target/pages target/page-shots
