//! Runs whose reader has gone, and runs that are ended from outside.

use super::{REPOSITORY, TAG, gate, older_record, with_image};
use crate::stand_in::{Lie, Route, StandIn};

/// The exit code of a run whose standard output or error takes nothing, by verdict.
fn codes(through: &str) -> [Option<i32>; 3] {
    let (stand_in, _) = with_image();
    let code = |stand_in: &StandIn, arguments: &str| {
        gate(stand_in).args(arguments).through(through).run().code
    };
    let verified = code(&stand_in, "");
    let usage = code(&stand_in, "--port 0");
    stand_in.untag(REPOSITORY, TAG);
    [verified, code(&stand_in, ""), usage]
}

#[test]
fn a_reader_that_has_gone_does_not_change_the_exit_code() {
    for through in [
        "exec \"$@\" >&-",
        "exec \"$@\" 2>&-",
        "exec \"$@\" >&- 2>&- <&-",
        "exec \"$@\" >/dev/full",
        "exec \"$@\" 2>/dev/full",
        "exec \"$@\" >/dev/full 2>/dev/full",
        // A pipe that nobody reads any more.
        "{ \"$@\"; echo $? >&3; } 3>code | :; read code <code; exit $code",
    ] {
        assert_eq!(codes(through), [Some(0), Some(1), Some(2)], "{through}");
    }
}

/// A run that waits for an answer, with every output, is ended by a signal.
#[track_caller]
fn ended_by(signal: &str) -> String {
    let (stand_in, _) = with_image();
    let record = older_record(&stand_in);
    stand_in.lie(Route::ManifestByTag, Lie::Hang);
    let running = gate(&stand_in)
        .args("--junit junit.xml --record record.json --image-ref ref --failure-reason-file reason")
        .file("record.json", record)
        .start();
    stand_in.wait_until(|log| log.iter().any(|entry| entry.route == Route::ManifestByTag));
    running.signal(signal);
    running.finish().snapshot()
}

#[test]
fn an_interrupted_run_ends_at_once_and_leaves_no_file() {
    insta::assert_snapshot!(ended_by("INT"), @"
    $ verify-registry-image -q --deadline 5s [registry]/keepkey/support-email:latest-dev --junit junit.xml --record record.json --image-ref ref --failure-reason-file reason
    exit code: 130
    ----- stdout
    ----- stderr
    ----- record.json: removed
    ");
}

#[test]
fn a_terminated_run_ends_at_once_and_leaves_no_file() {
    insta::assert_snapshot!(ended_by("TERM"), @"
    $ verify-registry-image -q --deadline 5s [registry]/keepkey/support-email:latest-dev --junit junit.xml --record record.json --image-ref ref --failure-reason-file reason
    exit code: 143
    ----- stdout
    ----- stderr
    ----- record.json: removed
    ");
}
