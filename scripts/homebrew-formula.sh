#!/bin/sh
# Writes a release into Homebrew's formula: scripts/homebrew-formula.sh VERSION
# The sums are those of dist/release/*.sha256, where scripts/release-archives.sh left them, or where they were downloaded to
# from the release's page. A sum that is missing or no sum leaves the formula as it is.
set -eu

[ $# -eq 1 ] || { echo "usage: scripts/homebrew-formula.sh VERSION" >&2; exit 2; }
version=$1
printf '%s\n' "$version" | grep -Eqx '[0-9]+\.[0-9]+\.[0-9]+' ||
    { echo "homebrew-formula: \`$version\` is not a version like 1.2.3" >&2; exit 2; }
cd -- "$(dirname -- "$0")/.."
formula=Formula/verify-registry-image.rb
new=$(mktemp)
trap 'rm -f -- "$new" "$new.next"' EXIT
sed -e "s|^  version \".*\"\$|  version \"$version\"|" \
    -e "s|/v[0-9.]*/verify-registry-image-[0-9.]*[0-9]-|/v$version/verify-registry-image-$version-|" "$formula" >"$new"
for target in aarch64-apple-darwin x86_64-apple-darwin aarch64-unknown-linux-musl x86_64-unknown-linux-musl; do
    file=dist/release/verify-registry-image-$version-$target.tar.gz.sha256
    [ -s "$file" ] || { echo "homebrew-formula: $file is not there, or empty" >&2; exit 1; }
    sum=$(cut -d ' ' -f 1 "$file")
    printf '%s\n' "$sum" | grep -Eqx '[0-9a-f]{64}' || { echo "homebrew-formula: $file holds no SHA-256" >&2; exit 1; }
    sed "s|sha256 \"[0-9a-f]*\" # $target\$|sha256 \"$sum\" # $target|" "$new" >"$new.next"
    grep -q "sha256 \"$sum\" # $target\$" "$new.next" || { echo "homebrew-formula: $formula has no $target" >&2; exit 1; }
    mv -- "$new.next" "$new"
done
cat "$new" >"$formula"
grep -A1 ' url ' "$formula"
