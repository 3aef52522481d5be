#!/bin/sh
# The bills of materials by two readers that are not ours: tests/bill/run.sh
# It installs their packages into target/tools (scripts/tools.sh). Exit 1: something was found. What cannot be run is said
# aloud, and a line of it goes to target/could-not-run.txt.
set -eu

cd -- "$(dirname -- "$0")/../.."
PATH=$(sh scripts/tools.sh --sbom):$PATH
export PATH
if ! python3 -c 'import cyclonedx.validation.json, jsonschema, lib4sbom' 2>/dev/null; then
    sh scripts/could-not-run.sh "the bills of materials: cyclonedx-python-lib and lib4sbom could not be installed"
    exit 0
fi
for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        sh scripts/could-not-run.sh "the bills of materials: Rust's target $target is missing (\`rustup target add $target\`)"
        exit 0
    fi
done
python3 tests/bill/test_bill.py
