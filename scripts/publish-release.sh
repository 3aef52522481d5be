#!/bin/sh
# Publishes dist/release as a GitHub release: scripts/publish-release.sh TAG (CircleCI).
# Its text names the public image by the digest that was gated (public/record.json, which only a green gate writes),
# and the archives by their SHA-256. It reads GITHUB_TOKEN (contents: write), CIRCLE_PROJECT_USERNAME and
# CIRCLE_PROJECT_REPONAME. The token reaches curl on its standard input, not in its arguments. A release that exists
# already fails it: nothing is replaced.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/publish-release.sh TAG" >&2; exit 2; }
tag=$1
cd -- "$(dirname -- "$0")/.."
repository=$CIRCLE_PROJECT_USERNAME/$CIRCLE_PROJECT_REPONAME

github() {
    printf 'header = "Authorization: Bearer %s"\n' "$GITHUB_TOKEN" |
        curl --config - --fail-with-body --silent --show-error --proto '=https' \
            --header 'Accept: application/vnd.github+json' "$@"
}

pinned=$(jq -er .image.pinned_with_tag public/record.json)
sums=$(cat dist/release/*.sha256)
text=$(printf 'The image, verified in its registry after it was pushed:\n\n    %s\n\nThe archives, with their SHA-256:\n\n%s\n' \
    "$pinned" "$(printf '%s\n' "$sums" | sed 's/^/    /')")
jq -n --arg tag "$tag" --arg text "$text" '{tag_name: $tag, name: $tag, body: $text, draft: true}' >dist/release.json
release=$(github --data @dist/release.json "https://api.github.com/repos/$repository/releases")
id=$(printf '%s' "$release" | jq -er .id)
for file in dist/release/*; do
    github --header 'Content-Type: application/octet-stream' --data-binary "@$file" \
        "https://uploads.github.com/repos/$repository/releases/$id/assets?name=$(basename -- "$file")" >dist/asset.json
    jq -er .browser_download_url dist/asset.json
done
# Only now, with every file in it, does anyone see it.
github --request PATCH --data '{"draft": false}' \
    "https://api.github.com/repos/$repository/releases/$id" >dist/release.json
jq -er .html_url dist/release.json
