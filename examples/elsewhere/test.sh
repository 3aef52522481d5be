#!/bin/sh
# Checks the files of examples/elsewhere by their own schemas: GitHub's workflows and GitLab's pipelines by those that
# check-jsonschema brings, Kubernetes' objects by those of kubernetes-validate. Exit 1: something was found. What cannot be
# checked here is said aloud, and a line of it goes to target/could-not-run.txt.
set -eu

cd -- "$(dirname -- "$0")/../.."
PATH=$(sh scripts/tools.sh --pulumi):$PATH
export PATH

could_not_run() {
  sh scripts/could-not-run.sh "$1"
}
found=0
check() {
  echo "+ $*"
  "$@" || found=1
}

files=examples/elsewhere
if command -v check-jsonschema >/dev/null; then
  check check-jsonschema --builtin-schema vendor.github-workflows "$files/github-actions.yml"
  check check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "$files/gitlab-ci.yml"
else
  could_not_run "the schemas of GitHub's workflows and GitLab's pipelines: check-jsonschema could not be installed"
fi
if command -v kubernetes-validate >/dev/null; then
  for file in deployment verify-image; do
    check kubernetes-validate --strict --kubernetes-version 1.34 "$files/argo-cd/$file.yaml"
  done
else
  could_not_run "the schemas of Kubernetes: kubernetes-validate could not be installed"
fi
if command -v yamllint >/dev/null; then
  check yamllint --strict -d '{extends: default, rules: {document-start: disable, line-length: disable, truthy: {check-keys: false}, braces: {min-spaces-inside: 0, max-spaces-inside: 1}}}' "$files"
else
  could_not_run "yamllint over $files: it could not be installed"
fi
could_not_run "examples/elsewhere/argo-cd: kustomize and Argo CD themselves, and a schema of the kustomization (no package has them; a test compares the paths of its replacement)"
[ "$found" -eq 0 ] || { echo "elsewhere: something was found" >&2; exit 1; }
echo "elsewhere: nothing to find"
