#!/bin/sh
# Marks a deployment as failed, with the gate's reason. It runs only in a job that is red already, and cannot make it green.
set -eu

reason="the job failed before the gate had a reason"
file=$ORB_RESULTS_DIR/failure-reason.env
if [ -r "$file" ]; then
    # One line, FAILURE_REASON='...', quoted for a shell. It is read as text, not run.
    found=$(sed -n "s/^FAILURE_REASON='\(.*\)'\$/\1/p" "$file" | sed "s/'\\\\''/'/g")
    reason=${found:-$reason}
fi
exec circleci run release update "$ORB_DEPLOY_NAME" --status=FAILED --failure-reason="$reason"
