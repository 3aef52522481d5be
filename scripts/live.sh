#!/bin/sh
# `make live`: asks DigitalOcean itself, once, for one image of yours; it reads only.
#   IMAGE=registry.digitalocean.com/REG/REPO:TAG   an image that is there
#   DIGITALOCEAN_ACCESS_TOKEN                      a token that may read the registry
# Exit 0: the program answered as it should; 1: it did not; 2: nothing was asked.
set -eu

cd -- "$(dirname -- "$0")/.."
if [ -z "${IMAGE:-}" ] || [ -z "${DIGITALOCEAN_ACCESS_TOKEN:-}" ]; then
    echo "live: nothing was asked: IMAGE and DIGITALOCEAN_ACCESS_TOKEN are needed, as in" >&2
    echo "  IMAGE=registry.digitalocean.com/REG/REPO:TAG DIGITALOCEAN_ACCESS_TOKEN=… make live" >&2
    exit 2
fi
target=${CARGO_TARGET_DIR:-target}
cargo build --release --locked --bin verify-registry-image
cargo build --quiet --locked --example live
exec "$target/debug/examples/live" "$target/release/verify-registry-image" "$IMAGE"
