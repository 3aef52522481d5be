#!/bin/sh
# Publishes the image that was gated under its version, in both registries: scripts/publish-image.sh VERSION (CircleCI)
# It copies what gated/record.json pins, and nothing else: only a green gate writes that record. It reads
# PUBLIC_IMAGE (registry/owner/name), IMAGE_REPOSITORY, DIGITALOCEAN_ACCESS_TOKEN, and the public registry's
# PUBLIC_REGISTRY_USER and PUBLIC_REGISTRY_TOKEN. It leaves the digest in published/digest.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/publish-image.sh VERSION" >&2; exit 2; }
version=$1
cd -- "$(dirname -- "$0")/.."
pinned=$(jq -er .image.pinned gated/record.json)
digest=$(jq -er .image.digest gated/record.json)
case $pinned in
"registry.digitalocean.com/$IMAGE_REPOSITORY@$digest") ;;
*) echo "publish-image: the record pins another image: $pinned" >&2; exit 1 ;;
esac

printf '%s' "$DIGITALOCEAN_ACCESS_TOKEN" |
    docker login registry.digitalocean.com --username docr --password-stdin
printf '%s' "$PUBLIC_REGISTRY_TOKEN" |
    docker login "${PUBLIC_IMAGE%%/*}" --username "$PUBLIC_REGISTRY_USER" --password-stdin
# Not in a pipe, whose exit code is the last one's: jq before 1.7 is content with nothing.
digest_of() {
    manifest=$(docker buildx imagetools inspect --format '{{json .Manifest}}' "$1") || return 1
    found=$(printf '%s\n' "$manifest" | jq -er .digest) || return 1
    [ -n "$found" ] || return 1
    printf '%s\n' "$found"
}
targets="registry.digitalocean.com/$IMAGE_REPOSITORY:$version $PUBLIC_IMAGE:$version"
log=$(mktemp)
trap 'rm -f -- "$log"' EXIT
# A version that is out is not replaced: by a rerun from the start, or by a tag that was moved. Only the registry's own
# word says that it is not out: a look-up that failed says nothing.
for target in $targets; do
    if there=$(digest_of "$target" 2>"$log"); then
        if [ "$there" != "$digest" ]; then
            echo "publish-image: $target is there already, as $there, and $digest was gated" >&2
            echo "hint: raise the version and tag anew; after a release that failed halfway, remove that tag first" >&2
            exit 1
        fi
    elif ! grep -qF -- "$target: not found" "$log"; then
        cat -- "$log" >&2
        echo "publish-image: could not find out whether $target is there already; nothing was published" >&2
        echo "hint: run the job again; if it persists, check the registry's credentials" >&2
        exit 1
    fi
done
for target in $targets; do
    # Of one index this makes a copy to the byte; that it did is looked at here, and by the gates that follow.
    docker buildx imagetools create --tag "$target" "$pinned"
    copied=$(digest_of "$target")
    if [ "$copied" != "$digest" ]; then
        echo "publish-image: $target is $copied, and $digest was gated" >&2
        exit 1
    fi
    echo "published $target@$digest"
done
mkdir -p published
printf '%s\n' "$digest" >published/digest
