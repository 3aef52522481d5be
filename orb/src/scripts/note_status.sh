#!/bin/sh
# Notes what stands in the status folder before the gate, so that what the gate writes there can be told from it.
set -eu

CDPATH='' cd -- "$ORB_STATUS_DIR" || {
    echo "error: the parameter \`status_dir\` names no folder of this job: $ORB_STATUS_DIR" >&2
    exit 2
}
# The first line is for busybox's grep, to which no line at all is every line.
{ echo noted && find . -type f -exec sha256sum {} +; } >"${TMPDIR:-/tmp}/verify-registry-image-status"
