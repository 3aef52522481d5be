#!/bin/sh
# Publishes dist/release as a GitHub release: scripts/publish-release.sh TAG (CircleCI).
# It reads GITHUB_TOKEN (contents: write), CIRCLE_PROJECT_USERNAME and CIRCLE_PROJECT_REPONAME. The token reaches
# curl on its standard input, not in its arguments. A release that exists already fails it: nothing is replaced.
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

release=$(jq -n --arg tag "$tag" '{tag_name: $tag, name: $tag, draft: true}' >dist/release.json &&
    github --data @dist/release.json "https://api.github.com/repos/$repository/releases")
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
