#!/bin/sh
# `make fresh`: runs both commands of the README in a clean Debian root, where nobody has installed anything by hand:
#   scripts/fresh.sh [COMMAND]     COMMAND (default: `make demo && make test`) in a clone of HEAD; its exit code
#   scripts/fresh.sh --check       exit 0 if a clean root can be made here; else 1, and why on standard output
#
# The root holds what the README asks for: Rust, a C compiler, git. A step that was forgotten fails here and passes on
# a machine where the package lies about.
#   RUST   `stable` (the default: rustup's newest), `pinned` (the Dockerfile's), or several, the first one by default
#   KEEP   1: keep the root and use it again the next time; quicker, and no longer fresh
#   FRESH  the folder of root, downloaded crates and log (default target/fresh)
# It reads this machine's settings of the package clients (apt, pip, npm, cargo, certificates) and changes nothing
# outside its folder, but for the package mmdebstrap.
set -eu

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd -- "$project"

# Prints why a clean root cannot be made here; nothing where it can.
obstacle() {
    if ! grep -qs '^ID=debian$' /etc/os-release; then
        echo "this is not Debian"
    elif [ "$(id -u)" != 0 ]; then
        echo "it needs root, for mounts and a container engine inside: run it as root, or with sudo"
    elif ! command -v rustup >/dev/null; then
        echo "\`rustup\` is not installed, which fetches Rust's toolchain"
    elif ! unshare --mount --pid --fork true 2>/dev/null; then
        echo "mounts of its own are not permitted here (an unprivileged container?)"
    elif ! sh scripts/need.sh mmdebstrap >/dev/null 2>&1; then
        echo "\`mmdebstrap\` is not installed and could not be"
    fi
}
why=$(obstacle)
if [ "${1:-}" = --check ]; then
    [ -z "$why" ] || { echo "$why"; exit 1; }
    exit 0
fi
[ -z "$why" ] || { echo "fresh: no clean root can be made: $why" >&2; exit 1; }

command=${1:-make demo && make test}
base=${FRESH:-$project/target/fresh}
root=$base/root
log=$base/log
mkdir -p "$base/crates"
chmod 700 "$base"

# Becomes a shell in the root, whose mounts and processes end with it: call it in a subshell or in the background.
inside() {
    # shellcheck disable=SC2016 # the inner shell expands it
    exec unshare --mount --pid --fork --kill-child sh -euc '
        root=$1 crates=$2 command=$3
        mount --make-rprivate /
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/run"
        mount --bind "$crates" "$root/opt/rust/registry"
        bundle=/etc/ssl/certs/ca-certificates.crt
        exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 CI="${CI:-}" \
            PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            RUSTUP_HOME=/opt/rustup CARGO_HOME=/opt/rust \
            SSL_CERT_FILE=$bundle NODE_EXTRA_CA_CERTS=$bundle PIP_CERT=$bundle CURL_CA_BUNDLE=$bundle \
            ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
            ${no_proxy:+no_proxy="$no_proxy"} \
            bash -euo pipefail -c "$command"' - "$root" "$base/crates" "$1"
}

# This machine's settings of its package clients, and nothing else of it.
copy_settings() {
    for folder in apt.conf.d auth.conf.d; do
        [ ! -d "/etc/apt/$folder" ] || cp -a "/etc/apt/$folder/." "$root/etc/apt/$folder/"
    done
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        [ ! -e "$file" ] || cp -L "$file" "$root$file"
    done
    for file in .npmrc .config/pip/pip.conf .cargo/config.toml; do
        [ -e "$HOME/$file" ] || continue
        mkdir -p "$root/root/$(dirname "$file")"
        cp -L "$HOME/$file" "$root/root/$file"
    done
}

make_root() {
    rm -rf -- "$root"
    echo "fresh: making a clean Debian root in $root" >&2
    sources=/etc/apt/sources.list.d/debian.sources
    [ -e "$sources" ] || sources=/etc/apt/sources.list
    # shellcheck disable=SC1091 # the machine's own file
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mmdebstrap --quiet --variant=minbase --include=build-essential,git,ca-certificates "$suite" "$root" "$sources"
    copy_settings
    mkdir -p "$root/opt/rust/bin" "$root/opt/rust/registry" "$root/home/dev"
    cp -L "$(command -v rustup)" "$root/opt/rust/bin/rustup"
    for tool in cargo rustc rustdoc cargo-fmt cargo-clippy rustfmt clippy-driver; do
        ln -sf rustup "$root/opt/rust/bin/$tool"
    done
}

# The version that the Dockerfile pins, which a test compares with the pipeline's.
pinned=$(sed -n 's/^ARG RUST=.*:\([0-9.]*\)-.*/\1/p' Dockerfile)
[ -n "$pinned" ] || { echo "fresh: the Dockerfile pins no Rust" >&2; exit 1; }
toolchains=
for toolchain in ${RUST:-stable}; do
    [ "$toolchain" != pinned ] || toolchain=$pinned
    toolchains="$toolchains $toolchain"
done
toolchains=${toolchains# }

[ -z "$(git status --porcelain)" ] || echo "fresh: uncommitted changes are left out" >&2
if [ -z "${KEEP:-}" ] || [ ! -x "$root/opt/rust/bin/rustup" ]; then
    make_root
fi
(inside "rustup set profile minimal && rustup toolchain install --no-self-update $toolchains -c rustfmt -c clippy &&
    rustup default ${toolchains%% *}") >"$log" 2>&1 </dev/null || { cat "$log" >&2; exit 1; }
rm -rf -- "$root/home/dev/project"
git clone --quiet -- "$project" "$root/home/dev/project"

echo "fresh: $(inside 'rustc --version' </dev/null): $command" >&2
start=$(date +%s)
code=0
# A pipe would hide the exit code.
inside "cd /home/dev/project && $command" </dev/null >"$log" 2>&1 &
work=$!
# unshare ignores SIGTERM while it waits; what runs inside ends with it.
trap 'kill -KILL "$work" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tail --pid="$work" --lines=+1 --follow "$log"
wait "$work" || code=$?
trap - EXIT
echo "fresh: \`$command\` ended with $code after $(($(date +%s) - start)) s; its output is in $log" >&2
[ -n "${KEEP:-}" ] || rm -rf -- "$root"
exit "$code"
