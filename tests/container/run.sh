#!/bin/sh
# Builds the image and runs it on a real engine: tests/container/run.sh [FILTER]
#
# It starts a dockerd of its own in a temporary folder, and stops it by its process id. It installs nothing; it says
# what is missing. Alpine is not pulled: a root file system made of busybox and this machine's CA bundle stands in for
# the base, and one without a CA bundle. WITH_ALPINE=1 builds the `circleci` stage too, which pulls Alpine.
# WITHOUT_ENGINE=1 skips it all, aloud, on a machine where no dockerd can run.
set -eu

cd -- "$(dirname -- "$0")/../.."
mkdir -p target
could_not() {
    sh scripts/could-not-run.sh "$1"
}
if [ -n "${WITHOUT_ENGINE:-}" ]; then
    could_not "the container tests: WITHOUT_ENGINE is set"
    exit 0
fi

missing=0
need() {
    if ! is_here "$1"; then
        echo "container: $2" >&2
        missing=1
    fi
}
is_here() {
    case $1 in
    /*) [ -r "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
    esac
}
bundle=/etc/ssl/certs/ca-certificates.crt
need dockerd "\`dockerd\` is missing; Debian has it as docker.io"
need busybox "\`busybox\` is missing; Debian has it as busybox-static"
need "$bundle" "$bundle is missing; Debian has it as ca-certificates"
need bash "\`bash\` is missing"
python3 -c 'import yaml' 2>/dev/null ||
    { echo "container: python3 with PyYAML is missing; Debian has it as python3-yaml" >&2; missing=1; }
[ "$(id -u)" -eq 0 ] || { echo "container: dockerd needs root" >&2; missing=1; }
# BuildKit is built into the client that Debian ships (20.10); later clients need the plugin buildx for it.
docker=
for candidate in "${DOCKER:-}" docker /usr/bin/docker; do
    if [ -z "$candidate" ] || ! command -v "$candidate" >/dev/null; then
        continue
    fi
    major=$("$candidate" version --format '{{.Client.Version}}' 2>/dev/null | cut -d. -f1)
    if "$candidate" buildx version >/dev/null 2>&1 || [ "${major:-99}" -lt 23 ]; then
        docker=$(command -v "$candidate")
        break
    fi
done
[ -n "$docker" ] || { echo "container: no docker client with BuildKit; Debian's docker.io has one" >&2; missing=1; }
[ "$missing" -eq 0 ] || exit 1

scripts/build-static.sh x86_64-unknown-linux-musl
scripts/build-static.sh aarch64-unknown-linux-musl
python3 scripts/bill-of-materials.py x86_64-unknown-linux-musl dist/amd64/verify-registry-image dist/amd64
python3 scripts/bill-of-materials.py aarch64-unknown-linux-musl dist/arm64/verify-registry-image dist/arm64
if command -v qemu-aarch64-static >/dev/null; then
    qemu-aarch64-static dist/arm64/verify-registry-image --version
else
    could_not "the arm64 binary: qemu-aarch64-static is missing (Debian has it as qemu-user-static)"
fi

folder=$(mktemp -d)
daemon=
stop() {
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    # The engine leaves mounts behind: the name of this machine's network, and its data folder where that was no
    # mount of its own before. The innermost come last in the kernel's list.
    sed -n "s|^[^ ]* \(${folder}[^ ]*\) .*|\1|p" /proc/self/mounts | sort -r | while IFS= read -r mount; do
        umount "$mount" || umount --lazy "$mount" || true
    done
    rm -rf -- "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export DOCKER_HOST="unix://$folder/socket" DOCKER_BUILDKIT=1 DOCKER_CONFIG="$folder/config"
mkdir -p "$DOCKER_CONFIG"
# Containers use this machine's own network, so the engine needs no bridge and touches no firewall.
dockerd --host "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
    --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    >"$folder/log" 2>&1 &
daemon=$!
attempts=0
until "$docker" info >/dev/null 2>&1; do
    attempts=$((attempts + 1))
    if [ "$attempts" -gt 120 ] || ! kill -0 "$daemon" 2>/dev/null; then
        echo "container: dockerd did not start; its last words:" >&2
        tail -n 20 "$folder/log" >&2
        exit 1
    fi
    sleep 0.5
done
echo "engine $("$docker" version --format '{{.Server.Version}}'), client $docker"

base=$folder/base
mkdir -p "$base/bin" "$base/tmp"
cp "$(command -v busybox)" "$base/bin/busybox"
for applet in $("$base/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$base/bin/$applet"
done
chmod 1777 "$base/tmp"
tar -C "$base" -c . | "$docker" import - base:without-ca >/dev/null
mkdir -p "$base/etc/ssl/certs"
cp "$bundle" "$base/etc/ssl/certs/ca-certificates.crt"
tar -C "$base" -c . | "$docker" import - base:with-ca >/dev/null
could_not "the image on Alpine itself: a busybox root with this machine's CA bundle stood in for the base"

revision=$(git rev-parse HEAD 2>/dev/null || echo 0000000000000000000000000000000000000000)
for kind in with-ca without-ca; do
    "$docker" build --quiet --target runtime --network host --build-arg "ALPINE=base:$kind" --build-arg BINARY=prebuilt \
        --build-arg "REVISION=$revision" --build-arg VERSION=tested --tag "gate:$kind" .
done
# The `build` stage needs Rust on Alpine; that its build context holds all that the program is built from is seen here.
printf 'FROM scratch\nCOPY . /\n' |
    "$docker" build --quiet --file - --output "type=local,dest=$folder/context" .
(cd "$folder/context" && CARGO_TARGET_DIR=$OLDPWD/target/context cargo check --locked --quiet --bin verify-registry-image)
(cd "$folder/context" && python3 scripts/bill-of-materials.py x86_64-unknown-linux-musl \
    "$OLDPWD/dist/amd64/verify-registry-image" "$folder/bill")
cmp "$folder/bill/verify-registry-image.cdx.json" dist/amd64/verify-registry-image.cdx.json
if [ -n "${WITH_ALPINE:-}" ]; then
    "$docker" build --network host --build-arg BINARY=prebuilt --tag gate:circleci .
    "$docker" run --rm --network host gate:circleci --version
else
    could_not "the \`circleci\` and \`build\` stages: they pull Alpine and Rust (WITH_ALPINE=1 builds the first)"
fi

CONTAINER_DOCKER=$docker CONTAINER_GATE=$PWD/dist/amd64/verify-registry-image CONTAINER_REVISION=$revision \
    cargo test --locked --test container -- "$@"
