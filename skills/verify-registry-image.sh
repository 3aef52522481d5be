#!/bin/sh
# Verifies that an image is in the registry: ./skills/verify-registry-image.sh TAG [--update-status] [--diagnose [--start-pipeline]]
#
# It runs the program verify-registry-image: the one on PATH, else the container image through docker (another image:
# GATE_IMAGE=...). Everything behind the command goes to the program, and its exit code comes back: 0 there,
# 1 missing or another image, 2 wrong settings, 3 could not find out, 4 the credentials were refused.
# --diagnose asks CircleCI why it is missing (CIRCLE_TOKEN: a personal token); --start-pipeline starts a pipeline where
# that may help.
set -eu

# TAG is not optional: `$TAG --update-status` with an unset TAG would verify, and mark GREEN, what the config names.
case $#:${1:-} in
1:--help | 1:-h | 1:--version | 1:-V | *:-) ;;
0:*)
    echo "usage: $0 TAG [--update-status] [--diagnose [--start-pipeline]]" >&2
    exit 2
    ;;
*:-*)
    echo "error: TAG is missing: the first argument is the option \`$1\`" >&2
    echo "hint: check that the variable TAG comes from is set; usage: $0 TAG [--update-status] [--diagnose [--start-pipeline]]" >&2
    exit 2
    ;;
*:*[![:space:]]*) ;;
*)
    echo "error: TAG is empty" >&2
    echo "hint: check that the variable it comes from is set; usage: $0 TAG [--update-status] [--diagnose [--start-pipeline]]" >&2
    exit 2
    ;;
esac
if command -v verify-registry-image >/dev/null; then
    exec verify-registry-image "$@"
fi
if ! command -v docker >/dev/null; then
    echo "error: neither verify-registry-image nor docker is on PATH" >&2
    echo "hint: install the program from a release archive, or start docker" >&2
    exit 2
fi

image=${GATE_IMAGE:-ghcr.io/OWNER/verify-registry-image:0.1.0}
here=$(pwd -P)
root=$(git rev-parse --show-toplevel 2>/dev/null) || root=$here
arguments=$#

# The variable that `--token-env` names, in each of its forms; and whether standard input is read.
token=${VERIFY_REGISTRY_IMAGE_TOKEN_ENV:-}
interactive=
diagnose=${VERIFY_REGISTRY_IMAGE_DIAGNOSE:-}
previous=
for word; do
    case $previous:$word in
    --token-env:*) token=$word ;;
    *:--token-env=*) token=${word#--token-env=} ;;
    *:-) interactive=1 ;;
    *:--diagnose) diagnose=1 ;;
    esac
    previous=$word
done
# Anything else is not the name of a variable; the program says so.
case $token in *[!A-Za-z0-9_]*) token= ;; esac

# Variables that an IMAGE names, as in `$TAG` and `${TAG}`.
named=$(printf '%s\n' "$@" | grep -o '[$]{\{0,1\}[A-Za-z_][A-Za-z0-9_]*' | sed 's/^[$]{*//') || named=

# CircleCI's token is nobody's business where nobody asks CircleCI.
circle=
case $diagnose in
'' | 0 | false) ;;
*) circle="CIRCLE_TOKEN CIRCLE_CLI_TOKEN CIRCLECI_CLI_TOKEN CIRCLE_WORKFLOW_JOB_ID" ;;
esac

# Variables go by name, so that no value stands in the arguments; docker leaves out those that are not set.
for name in DIGITALOCEAN_ACCESS_TOKEN DIGITALOCEAN_CONTEXT DIGITALOCEAN_API_URL DIGITALOCEAN_REGISTRY_HOST \
    HTTPS_PROXY NO_PROXY https_proxy no_proxy NO_COLOR CIRCLE_SHA1 CIRCLE_BRANCH CIRCLE_TAG CIRCLE_BUILD_URL \
    CIRCLE_WORKFLOW_ID CIRCLE_PIPELINE_ID CIRCLE_JOB CIRCLE_BUILD_NUM CIRCLE_NODE_INDEX CIRCLE_PROJECT_USERNAME \
    CIRCLE_PROJECT_REPONAME CIRCLE_REPOSITORY_URL CIRCLECI_API_URL $circle $token $named \
    $(env | sed -n 's/^\(VERIFY_REGISTRY_IMAGE_[A-Z_]*\)=.*/\1/p'); do
    set -- "$@" --env "$name"
done

# A field of `--mount`: one with a comma or a quote in it is quoted, as in CSV.
field() {
    case $2 in
    *[,\"]*) printf '"%s=%s"' "$1" "$(printf '%s' "$2" | sed 's/"/""/g')" ;;
    *) printf '%s=%s' "$1" "$2" ;;
    esac
}

# The token that `doctl auth init` stored, read-only, put where the program looks for it on Linux.
case $(uname -s) in
Darwin) config="$HOME/Library/Application Support/doctl/config.yaml" ;;
*) config=${XDG_CONFIG_HOME:-${HOME:-}/.config}/doctl/config.yaml ;;
esac
config=${DIGITALOCEAN_CONFIG:-$config}
if [ -n "${DIGITALOCEAN_CONFIG:-}" ] && [ ! -r "$config" ]; then
    echo "error: DIGITALOCEAN_CONFIG is \`$config\`, which cannot be read" >&2
    exit 2
fi
case $config in /*) ;; *) config=$here/$config ;; esac
if [ -r "$config" ]; then
    set -- "$@" --env XDG_CONFIG_HOME=/config \
        --mount "type=bind,$(field source "$config"),target=/config/doctl/config.yaml,readonly"
fi
# Files that variables name are brought along, read-only. The docker config of the home folder is not: its credential
# helpers are programs of this machine.
if [ -n "${DOCKER_CONFIG:-}" ] && [ -e "$DOCKER_CONFIG/config.json" ]; then
    logins=$DOCKER_CONFIG/config.json
    [ -r "$logins" ] || { echo "error: \`$logins\` cannot be read" >&2; exit 2; }
    logins=$(CDPATH='' cd -- "$DOCKER_CONFIG" && pwd -P)/config.json
    set -- "$@" --env DOCKER_CONFIG=/docker \
        --mount "type=bind,$(field source "$logins"),target=/docker/config.json,readonly"
fi
if [ -n "${SSL_CERT_FILE:-}" ]; then
    [ -r "$SSL_CERT_FILE" ] || { echo "error: SSL_CERT_FILE is \`$SSL_CERT_FILE\`, which cannot be read" >&2; exit 2; }
    case $SSL_CERT_FILE in /*) bundle=$SSL_CERT_FILE ;; *) bundle=$here/$SSL_CERT_FILE ;; esac
    set -- "$@" --env SSL_CERT_FILE=/certificates.pem \
        --mount "type=bind,$(field source "$bundle"),target=/certificates.pem,readonly"
fi
# A stand-in on this machine's loopback can be reached from its own network only.
if [ -n "${DIGITALOCEAN_API_URL:-}${CIRCLECI_API_URL:-}" ]; then
    set -- "$@" --network host
fi
if [ -n "$interactive" ]; then
    set -- "$@" --interactive
fi
set -- "$@" --rm --read-only --cap-drop ALL --security-opt no-new-privileges --user "$(id -u):$(id -g)" \
    --mount "type=bind,$(field source "$root"),$(field target "$root")" --workdir "$here" "$image"

# The caller's words stand first until here; they belong behind the image.
while [ "$arguments" -gt 0 ]; do
    word=$1
    shift
    set -- "$@" "$word"
    arguments=$((arguments - 1))
done
exec docker run "$@"
