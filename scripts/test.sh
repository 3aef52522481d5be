#!/bin/sh
# `make test`: every part of the tests, whatever became of the part before.
#
# What is missing is installed: Debian's packages as root or with sudo (scripts/need.sh), the rest in target/tools
# (scripts/tools.sh). A part that cannot run here is no failure: the script says so, and again at the end, out of
# target/could-not-run.txt. Exit 1: a part failed. It reads nothing from standard input.
set -u

cd -- "$(dirname -- "$0")/.." || exit 1
exec </dev/null
mkdir -p target
left_out=target/could-not-run.txt
rm -f "$left_out"

could_not() {
    sh scripts/could-not-run.sh "$1"
}

# The tools that the parts below are missing, by the Debian package that has them: all at once, which is quicker; what
# comes of it is looked at part by part.
install() {
    set --
    have git || set -- "$@" git
    have docker-registry || set -- "$@" docker-registry
    have jq || set -- "$@" jq
    have strace || set -- "$@" strace
    have ruby || set -- "$@" ruby
    have skopeo || set -- "$@" skopeo
    have shellcheck || set -- "$@" shellcheck
    python3 -c 'import ensurepip, venv' 2>/dev/null || set -- "$@" python3-venv
    have musl-gcc || set -- "$@" musl-tools
    have aarch64-linux-gnu-gcc || set -- "$@" gcc-aarch64-linux-gnu
    # The compiler merely recommends its C library's headers, and recommended packages are not installed.
    [ "$(uname -m)" = aarch64 ] || [ -e /usr/aarch64-linux-gnu/include/stdlib.h ] || set -- "$@" libc6-dev-arm64-cross
    have qemu-aarch64-static || set -- "$@" qemu-user-static
    have dockerd || set -- "$@" docker.io
    have busybox || set -- "$@" busybox-static
    [ -r /etc/ssl/certs/ca-certificates.crt ] || set -- "$@" ca-certificates
    # Where one package is not to be had, the others are still wanted.
    if [ $# -gt 0 ] && ! sh scripts/need.sh "$@" && [ "$(id -u)" = 0 ]; then
        for package in "$@"; do
            sh scripts/need.sh "$package"
        done
    fi
    if have rustup; then
        for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
            [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || rustup target add "$target"
        done
    fi
}

have() { command -v "$1" >/dev/null; }

summary=
failed=0
# part NAME COMMAND...: runs it, and remembers how it went.
part() {
    name=$1
    shift
    printf '\n=== %s: %s\n' "$name" "$*"
    begun=$(date +%s)
    lines=$(wc -l 2>/dev/null <"$left_out" || echo 0)
    if "$@"; then
        result=passed
        [ "$(wc -l 2>/dev/null <"$left_out" || echo 0)" -eq "$lines" ] || result='passed, something left out'
    else
        result=FAILED
        failed=1
    fi
    summary="$summary$(printf '%6d s  %-20s %s' $(($(date +%s) - begun)) "$name" "$result")
"
}

# A second registry that is not ours. It is built without what makes its own build take minutes.
real_registry() {
    if bin=$(CARGO_PROFILE_RELEASE_LTO=off sh scripts/tool.sh container-registry 0.3.1 --features bin); then
        PATH=$bin:$PATH
    else
        could_not "the tests at the registry \`container-registry\`: it could not be built"
    fi
    cargo test --locked --test real
}

container() {
    for tool in dockerd busybox musl-gcc aarch64-linux-gnu-gcc bash; do
        if ! have "$tool"; then
            could_not "the container tests: \`$tool\` is not installed, and could not be"
            return 0
        fi
    done
    if ! python3 -c 'import yaml' 2>/dev/null; then
        could_not "the container tests: python3 has no PyYAML, and it could not be installed"
        return 0
    fi
    if [ "$(id -u)" != 0 ]; then
        could_not "the container tests: dockerd needs root"
        return 0
    fi
    for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
        if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
            could_not "the container tests: Rust's target $target is missing (\`rustup target add $target\`)"
            return 0
        fi
    done
    sh tests/container/run.sh
}

install
PATH=$(sh scripts/tools.sh --node --promtool --pulumi):$PATH
export PATH
# First: the program's tests use the packages that it installs.
part 'Pulumi example' sh examples/pulumi/test.sh
part 'Pulumi in Python' sh examples/pulumi-python/test.sh
part 'Pulumi in YAML' sh examples/pulumi-yaml/test.sh
part 'program' cargo test --locked
part 'real registry' real_registry
part 'orb' sh scripts/lint-orb.sh
part 'bill of materials' sh tests/bill/run.sh
part 'macOS' sh scripts/check-macos.sh
part 'elsewhere' sh examples/elsewhere/test.sh
part 'container' container
part 'shell scripts' sh scripts/lint-sh.sh

printf '\n=== summary\n%s' "$summary"
printf '\n=== what could not be run here\n'
if [ -s "$left_out" ]; then
    sort -u "$left_out"
else
    echo "nothing was left out"
fi
[ "$failed" -eq 0 ] || { echo; echo "make test: FAILED"; exit 1; }
echo
echo "make test: passed"
