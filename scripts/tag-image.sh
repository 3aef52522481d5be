#!/bin/sh
# Puts the images that were pushed by digest under the tag of the commit, and on a release under its version
# (CircleCI). It reads IMAGE_REPOSITORY, CIRCLE_SHA1, CIRCLE_TAG, DIGITALOCEAN_ACCESS_TOKEN and pushed/*.
set -eu

repository=registry.digitalocean.com/$IMAGE_REPOSITORY
amd64=$(cat pushed/amd64)
arm64=$(cat pushed/arm64)
printf '%s' "$DIGITALOCEAN_ACCESS_TOKEN" |
    docker login registry.digitalocean.com --username docr --password-stdin
set -- --tag "$repository:$CIRCLE_SHA1"
if [ -n "${CIRCLE_TAG:-}" ]; then
    set -- "$@" --tag "$repository:${CIRCLE_TAG#v}"
fi
docker buildx imagetools create "$@" "$repository@$amd64" "$repository@$arm64"
