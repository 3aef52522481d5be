#!/bin/sh
# Puts real names in the place of OWNER and NAMESPACE, once: scripts/set-placeholders.sh OWNER NAMESPACE
# OWNER is the owner of the GitHub repository (and of the public image beside it, at ghcr.io), NAMESPACE the CircleCI
# orb namespace, in small letters. This list is the one place that knows where they stand; a test compares it with the
# files.
set -eu

files='
.circleci/test-deploy.yml
Cargo.toml
Dockerfile
Formula/verify-registry-image.rb
README.md
docs/circleci.md
docs/usage.md
orb/src/@orb.yml
orb/src/commands/install.yml
examples/elsewhere/argo-cd/verify-image.yaml
examples/elsewhere/github-actions.yml
examples/elsewhere/gitlab-ci.yml
orb/src/examples/changed_services_of_a_monorepo.yml
orb/src/examples/deploy_marker.yml
orb/src/examples/everything_that_runs_in_a_cluster.yml
orb/src/examples/gate_develop_workflow.yml
orb/src/examples/many_images_in_shards.yml
orb/src/examples/many_services.yml
orb/src/examples/nightly_look_at_what_is_deployed.yml
orb/src/examples/notify_on_red.yml
orb/src/examples/promotion_by_tag.yml
orb/src/examples/prove_every_byte_before_production.yml
orb/src/examples/url_orb.yaml
orb/src/examples/verify_after_docker_publish.yml
orb/src/executors/default.yml
skills/verify-registry-image.sh
'

[ $# -eq 2 ] || { echo "usage: scripts/set-placeholders.sh OWNER NAMESPACE" >&2; exit 2; }
case $1 in *[!A-Za-z0-9-]* | '') echo "set-placeholders: \`$1\` is no GitHub owner" >&2; exit 2 ;; esac
case $2 in *[!a-z0-9_-]* | '') echo "set-placeholders: \`$2\` is no orb namespace" >&2; exit 2 ;; esac
cd -- "$(dirname -- "$0")/.."
image_owner=$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')
# With real addresses the two review rules that ask for them hold again: config.yml excludes them until then.
for file in .circleci/config.yml $files; do
    # An image's name has small letters only. The words in capitals that stand alone in comments stay; what the
    # README says of them goes.
    sed -e "s|ghcr.io/OWNER/|ghcr.io/$image_owner/|g" -e "s|/OWNER/|/$1/|g" -e "s|NAMESPACE/|$2/|g" \
        -e '/exclude: RC006,RC007/d' -e '/# Until OWNER is set/d' \
        -e '/^.OWNER. and .NAMESPACE. stand for names/,/^$/d' "$file" >"$file.new"
    cat "$file.new" >"$file"
    rm "$file.new"
done
make --silent orb-pack
echo "set; look at the difference, and commit it with orb/orb.yml"
