#!/bin/sh
# Copies the records and the status that this job wrote beside the test results, which are kept of a red job, too.
# What an earlier job left in the same folders is no answer of this one: it is neither copied nor touched.
set -eu

records=${ORB_RESULTS_DIR:?}/deployment-record
statuses=$ORB_RESULTS_DIR/status-of-this-run
# Nobody but this script makes these two.
rm -rf -- "$records" "$statuses"

# FOLDER FILE TARGET
keep() {
    to=$3/$2
    mkdir -p -- "${to%/*}"
    cp -- "$1/$2" "$to"
    echo "kept $2"
}

if [ -n "$ORB_RECORD_DIR" ] && [ -d "$ORB_RECORD_DIR" ]; then
    case $ORB_RECORD_DIR in
    /*) folder=$ORB_RECORD_DIR ;;
    # So that no tool takes it for an option.
    *) folder=./$ORB_RECORD_DIR ;;
    esac
    for file in "$folder/record.json" "$folder/pulumi-config.yaml" "$folder"/*/*.json; do
        if [ -f "$file" ] && grep -q '"pinned_with_tag":' <"$file" &&
            grep -qF "\"job_url\": \"${CIRCLE_BUILD_URL:-}\"" <"$file"; then
            keep "$folder" "${file#"$folder"/}" "$records"
        fi
    done
fi

noted=${TMPDIR:-/tmp}/verify-registry-image-status
if [ -n "$ORB_STATUS_DIR" ] && [ -f "$noted" ]; then
    sums=$(CDPATH='' cd -- "$ORB_STATUS_DIR" && find . -type f -exec sha256sum {} +)
    # A line is a sum, two spaces, and the file. None is new where grep finds none.
    new=$(printf '%s\n' "$sums" | grep -vxF -f "$noted") || new=
    printf '%s\n' "$new" | while IFS= read -r line; do
        [ -z "$line" ] || keep "$ORB_STATUS_DIR" "${line#*  ./}" "$statuses"
    done
    rm -f -- "$noted"
fi
