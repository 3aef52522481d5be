#!/bin/sh
# Notes what stands in the status folder before the gate, so that what the gate writes there can be told from it.
set -eu

case $ORB_STATUS_DIR in
/*) folder=$ORB_STATUS_DIR ;;
# So that no tool takes it for an option.
*) folder=./$ORB_STATUS_DIR ;;
esac
if [ -e "$folder" ] && [ ! -d "$folder" ]; then
    echo "error: the parameter \`status_dir\` names no folder: $ORB_STATUS_DIR" >&2
    exit 2
fi
# The first line is for busybox's grep, to which no line at all is every line. Where there is no folder, the gate makes it.
{
    echo noted
    [ ! -d "$folder" ] || (cd "$folder" && find . \( -name .git -o -name of-this-job \) -prune -o -type f -exec sha256sum {} +)
} >"${TMPDIR:-/tmp}/verify-registry-image-status"
