#!/bin/sh
# The gate. Every parameter arrives as a variable, and the program reads them itself; its exit code is the step's.
#
# The steps behind this one keep what lies in the two folders, of a red job too. So the program's own files of an
# earlier run (committed, or from a workspace) go: test results, page and kept status before it, records when it was
# red. Each goes by its name and content, and nothing of anybody else's.
set -eu

# The program's records in the folder, a line each. The path begins so that no tool takes it for an option.
records() {
    case $ORB_RECORD_DIR in
    '') return 0 ;;
    /*) folder=$ORB_RECORD_DIR ;;
    *) folder=./$ORB_RECORD_DIR ;;
    esac
    for file in "$folder/record.json" "$folder/pulumi-config.yaml" "$folder"/*/*.json; do
        if [ -f "$file" ] && grep -q '"pinned_with_tag":' <"$file"; then
            printf '%s\n' "$file"
        fi
    done
}

# The files in the status folder, a line each: sum, name.
statuses() {
    [ -z "$ORB_STATUS_DIR" ] || (CDPATH='' cd -- "$ORB_STATUS_DIR" && find . -type f -exec sha256sum {} +)
}

# A record of an earlier run is no yes of this one. One that this run wrote is of an image that it verified, and stays.
remove_older() {
    records | while IFS= read -r file; do
        # The program writes no link.
        [ -h "$file" ] || [ -n "$(find "$file" -mtime +3650)" ] || continue
        rm -f -- "$file" || exit 1
        echo "removed $file: it is of an earlier run, and this one is red" >&2
    done
}

# Beside the test results, and only what this run wrote: a status of before would say nothing of it.
keep_status() {
    statuses | while IFS= read -r line; do
        sum=${line%% *}
        file=${line#*  }
        case "
$before
" in
        *"
$sum  $file
"*) ;;
        *)
            target=$ORB_RESULTS_DIR/$STATUS/$file
            mkdir -p -- "${target%/*}" || exit 1
            cp -- "$ORB_STATUS_DIR/$file" "$target" || exit 1
            ;;
        esac
    done
}

# The exit code is the gate's, whatever fails here.
at_the_end() {
    code=$?
    trap - EXIT
    if [ "$code" -ne 0 ] && ! remove_older; then
        echo "warning: not every record of an earlier run could be removed from $ORB_RECORD_DIR" >&2
    fi
    if [ -n "$asked" ] && ! keep_status; then
        echo "warning: not every status file could be kept beside the test results" >&2
    fi
    exit "$code"
}
asked=
STATUS=status-of-this-run
trap at_the_end EXIT
if [ -n "$ORB_RESULTS_DIR" ]; then
    for name in verify-registry-image.xml report.html failure-reason.env; do
        [ ! -f "$ORB_RESULTS_DIR/$name" ] || rm -f -- "$ORB_RESULTS_DIR/$name"
    done
    # A folder that nobody but this script makes.
    rm -rf -- "${ORB_RESULTS_DIR:?}/$STATUS" || exit 2
fi
# The fragment holds one image, and this run's takes its place or none does. Any other record gets a date by which
# it is known at the end, whatever the clock and the contents: another gate of this job may have written it.
records | while IFS= read -r file; do
    case $file in
    */pulumi-config.yaml) rm -f -- "$file" ;;
    *) [ -h "$file" ] || touch -t 198001010000 "$file" ;;
    esac || exit 2
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

mkdir -p -- "$ORB_RESULTS_DIR" || exit 2
before=$(statuses) || exit 2
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
asked=1
verify-registry-image
