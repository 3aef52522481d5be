#!/bin/sh
# Builds the gate's image for one architecture from dist/$ARCH, tries it, and pushes it by digest (CircleCI).
# It reads ARCH, IMAGE_REPOSITORY (registry/repository), CIRCLE_SHA1, CIRCLE_TAG and DIGITALOCEAN_ACCESS_TOKEN,
# and leaves the digest in pushed/$ARCH.
set -eu

repository=registry.digitalocean.com/$IMAGE_REPOSITORY
version=${CIRCLE_TAG:-$CIRCLE_SHA1}
# DigitalOcean wants the token as the password, and takes any user name.
printf '%s' "$DIGITALOCEAN_ACCESS_TOKEN" |
    docker login registry.digitalocean.com --username docr --password-stdin
# A builder in a container: that of the engine itself makes no attestations.
docker buildx create --use

build() {
    docker buildx build --platform "linux/$ARCH" \
        --build-arg BINARY=prebuilt \
        --build-arg "REVISION=$CIRCLE_SHA1" \
        --build-arg "VERSION=${version#v}" "$@" .
}

# An image that does not run here is not pushed.
build --provenance=false --load --tag gate:tried
docker run --rm gate:tried --version
# How it was built and what is in it, pushed beside it. The digest is then that of an index with the image in it.
build --provenance=mode=max --sbom=true \
    --output "type=image,name=$repository,push-by-digest=true,name-canonical=true,push=true" \
    --metadata-file "$ARCH.json"
mkdir -p pushed
jq -er '."containerimage.digest"' "$ARCH.json" >"pushed/$ARCH"
cat "pushed/$ARCH"
