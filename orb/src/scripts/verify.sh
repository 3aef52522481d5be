#!/bin/sh
# The gate. Every parameter arrives as a variable, and the program reads them itself; its exit code is the step's.
set -eu

# A red job keeps these, too: none may be of an earlier run, whatever ends this one.
mkdir -p -- "$ORB_RESULTS_DIR" || exit 2
for name in verify-registry-image.xml report.html failure-reason.env; do
    rm -f -- "$ORB_RESULTS_DIR/$name" || exit 2
done
if ! command -v verify-registry-image >/dev/null; then
    echo "error: verify-registry-image is not on PATH" >&2
    echo "hint: run this in the orb's executor, or put its command \`install\` before it" >&2
    exit 127
fi
# A program that does not know all of the variables below would pass over an expectation in silence.
version=$(verify-registry-image --version) || exit 2
case $version in
"verify-registry-image $ORB_SERIES."*) ;;
*)
    echo "error: this orb needs verify-registry-image $ORB_SERIES, and found: $version" >&2
    echo "hint: give the executor or the command \`install\` a version of that series" >&2
    exit 2
    ;;
esac

# PARAMETER VALUE: `(none)` is a parameter that was not given. One that was given and is empty, as an unset pipeline
# value is, must not ask a wider or a weaker question than the one that was meant.
given() {
    case $2 in
    "(none)") ;;
    *[![:space:]]*) printf '%s' "$2" ;;
    *)
        echo "error: the parameter \`$1\` is empty" >&2
        echo "hint: check that the value it is set from is set, or omit the parameter" >&2
        exit 2
        ;;
    esac
}
VERIFY_REGISTRY_IMAGE_IMAGES=$(given image "$VERIFY_REGISTRY_IMAGE_IMAGES")
VERIFY_REGISTRY_IMAGE_SERVICES=$(given services "$VERIFY_REGISTRY_IMAGE_SERVICES")
VERIFY_REGISTRY_IMAGE_ENVIRONMENT=$(given environment "$VERIFY_REGISTRY_IMAGE_ENVIRONMENT")
VERIFY_REGISTRY_IMAGE_CONFIG=$(given config "$VERIFY_REGISTRY_IMAGE_CONFIG")
VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST=$(given expect_digest "$VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST")
VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST_FILE=$(given digest_file "$VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST_FILE")
VERIFY_REGISTRY_IMAGE_EXPECT_REVISION=$(given revision "$VERIFY_REGISTRY_IMAGE_EXPECT_REVISION")
VERIFY_REGISTRY_IMAGE_PLATFORMS=$(given platforms "$VERIFY_REGISTRY_IMAGE_PLATFORMS")
VERIFY_REGISTRY_IMAGE_ENGINES=$(given engines "$VERIFY_REGISTRY_IMAGE_ENGINES")
VERIFY_REGISTRY_IMAGE_PORT=$(given port "$VERIFY_REGISTRY_IMAGE_PORT")
# The program names parameters in place of its options then.
export VERIFY_REGISTRY_IMAGE_ORB=1

if [ -n "$ORB_RECORD_DIR" ]; then
    if [ -n "$VERIFY_REGISTRY_IMAGE_IMAGES" ] && [ -z "$VERIFY_REGISTRY_IMAGE_ENVIRONMENT" ]; then
        mkdir -p -- "$ORB_RECORD_DIR" || exit 2
        export VERIFY_REGISTRY_IMAGE_RECORD="$ORB_RECORD_DIR/record.json"
    else
        export VERIFY_REGISTRY_IMAGE_RECORD_DIR="$ORB_RECORD_DIR"
    fi
fi
case $ORB_PULUMI_CONFIG in
1 | true)
    if [ -z "$ORB_RECORD_DIR" ]; then
        echo "error: \`pulumi_config\` is on, and \`record_dir\` names no folder to write it to" >&2
        exit 2
    fi
    mkdir -p -- "$ORB_RECORD_DIR" || exit 2
    export VERIFY_REGISTRY_IMAGE_PULUMI_CONFIG="$ORB_RECORD_DIR/pulumi-config.yaml"
    ;;
0 | false) ;;
*)
    echo "error: \`pulumi_config\` is neither true nor false" >&2
    exit 2
    ;;
esac
exec verify-registry-image
