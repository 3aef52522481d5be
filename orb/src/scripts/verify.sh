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
