#!/bin/sh
# Sets the Rust that the project builds with everywhere: scripts/set-rust.sh X.Y.Z (`make rust RUST=X.Y.Z`)
# The Dockerfile pins it; .circleci's jobs name the same, because CircleCI reads an image's name from nowhere else. A test
# compares them.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/set-rust.sh X.Y.Z" >&2; exit 2; }
printf '%s\n' "$1" | grep -Eqx '[0-9]+\.[0-9]+\.[0-9]+' ||
    { echo "set-rust: \`$1\` is not a version like 1.2.3" >&2; exit 2; }
cd -- "$(dirname -- "$0")/.."
for file in Dockerfile .circleci/config.yml .circleci/test-deploy.yml; do
    sed -e "s|^\(ARG RUST=.*/rust:\)[0-9.]*-|\1$1-|" -e "s|\(image: cimg/rust:\)[0-9.]*\$|\1$1|" "$file" >"$file.new"
    cat "$file.new" >"$file"
    rm "$file.new"
done
echo "Rust $1 in the Dockerfile and .circleci; check that the image exists for the Dockerfile's Alpine, and run \`make test\`"
