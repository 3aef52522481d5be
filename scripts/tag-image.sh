#!/bin/sh
# Puts the images that were pushed by digest under the tag of the commit (CircleCI). The version's tag comes later,
# from scripts/publish-image.sh, when that image has been gated. It reads IMAGE_REPOSITORY, CIRCLE_SHA1,
# DIGITALOCEAN_ACCESS_TOKEN and pushed/*.
set -eu

repository=registry.digitalocean.com/$IMAGE_REPOSITORY
amd64=$(cat pushed/amd64)
arm64=$(cat pushed/arm64)
printf '%s' "$DIGITALOCEAN_ACCESS_TOKEN" |
    docker login registry.digitalocean.com --username docr --password-stdin
# Of several indexes this makes one, with what each of them lists: the image, and its attestations beside it.
docker buildx imagetools create --tag "$repository:$CIRCLE_SHA1" "$repository@$amd64" "$repository@$arm64"
