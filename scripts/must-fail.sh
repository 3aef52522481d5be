#!/bin/sh
# Proves that the gate goes red: a tag that cannot exist must give exit code 1, which means "the registry said no".
# Any other code means that it did not look, and fails this.
set -eu

image=registry.digitalocean.com/$IMAGE_REPOSITORY:no-such-tag-$CIRCLE_SHA1
code=0
verify-registry-image "$image" || code=$?
if [ "$code" -ne 1 ]; then
    echo "must-fail: a missing tag gave exit code $code, and 1 was expected" >&2
    exit 1
fi
echo "a missing tag is red, as it must be"
