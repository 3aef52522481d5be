#!/bin/sh
# Copies what this job wrote to a folder of its own below the results: `artifacts` is stored of a red job, too, and
# `workspace` is handed on by a green one. What an earlier job left in the same folders is no answer of this one: it is
# neither copied nor touched. The folders of the parameters may lie in each other, or be one.
set -eu

# A path that no tool takes for an option.
plain() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf './%s\n' "$1" ;;
    esac
}

results=$(plain "${ORB_RESULTS_DIR:?}")
mkdir -p "$results"
own=$(cd "$results" && pwd -P)/of-this-job
for folder in "$ORB_RECORD_DIR" "$ORB_STATUS_DIR"; do
    [ -n "$folder" ] || continue
    folder=$(plain "$folder")
    [ -d "$folder" ] || continue
    case $(cd "$folder" && pwd -P)/ in
    "$own"/*)
        echo "error: \`$folder\` is in the folder of the orb's own copies, $own: give the parameter another one" >&2
        exit 2
        ;;
    esac
done
# Nobody but this script writes there.
rm -rf "$own"
mkdir -p "$own/artifacts" "$own/workspace"

# FOLDER FILE TARGET
keep() {
    to=$3/$2
    mkdir -p "${to%/*}"
    cp "$1/$2" "$to"
}

# Whether a file is a record of this job.
is_record() {
    [ -f "$1" ] && grep -q '"pinned_with_tag":' <"$1" &&
        grep -qF "\"job_url\": \"${CIRCLE_BUILD_URL:-}\"" <"$1"
}

for name in verify-registry-image.xml report.html failure-reason.env; do
    [ ! -f "$results/$name" ] || keep "$results" "$name" "$own/artifacts"
done

if [ -n "$ORB_RECORD_DIR" ]; then
    folder=$(plain "$ORB_RECORD_DIR")
    for file in "$folder/record.json" "$folder/pulumi-config.yaml" "$folder"/*/*.json; do
        if is_record "$file"; then
            name=${file#"$folder"/}
            keep "$folder" "$name" "$own/artifacts/deployment-record"
            keep "$folder" "$name" "$own/workspace/$ORB_RECORD_DIR"
            echo "kept $name"
        fi
    done
fi

# Whether a file is of the gate, and none of the status.
is_other() {
    for result in verify-registry-image.xml report.html failure-reason.env; do
        # shellcheck disable=SC3013 # POSIX has it since 2024, and each of the shells that CircleCI uses has it.
        if [ "$1" -ef "$results/$result" ]; then return 0; fi
    done
    is_record "$1"
}

noted=${TMPDIR:-/tmp}/verify-registry-image-status
if [ -n "$ORB_STATUS_DIR" ] && [ -f "$noted" ]; then
    folder=$(plain "$ORB_STATUS_DIR")
    sums=
    if [ -d "$folder" ]; then
        sums=$(cd "$folder" && find . \( -name .git -o -name of-this-job \) -prune -o -type f -exec sha256sum {} +)
    fi
    # A line is a sum, two spaces, and the file. None is new where grep finds none.
    new=$(printf '%s\n' "$sums" | grep -vxF -f "$noted") || new=
    printf '%s\n' "$new" | while IFS= read -r line; do
        name=${line#*  ./}
        if [ -n "$line" ] && ! is_other "$folder/$name"; then
            keep "$folder" "$name" "$own/artifacts/status-of-this-run"
            echo "kept $name"
        fi
    done
    rm -f -- "$noted"
fi
