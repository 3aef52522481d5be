#!/bin/sh
# `make record-demo`: records `make demo` in a terminal and draws docs/images/demo.svg, the README's moving picture.
# Needs Python 3 and what `make demo` needs. Look at the picture before you commit it.
set -eu

cd -- "$(dirname -- "$0")/.."
picture=docs/images/demo.svg
# Without the build before it, and without the long files that the demo prints after its four runs.
python3 scripts/record_demo.py "$picture" --from 'A registry as' --to '=== What was written' -- sh scripts/demo.sh
echo "$picture: $(wc -c <"$picture") bytes"
