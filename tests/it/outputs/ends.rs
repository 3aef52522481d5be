//! Runs whose reader has gone, and runs that are ended from outside.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::repeated::config;
use super::{REPOSITORY, TAG, file_options, files_of, gate, older_record, with_image};
use crate::stand_in::{Lie, Route, StandIn};
use crate::support::Gate;

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
        "exec \"$@\" 2>/dev/full",
        // A pipe that nobody reads any more.
        "{ \"$@\"; echo $? >&3; } 3>code | :; read code <code; exit $code",
    ] {
        assert_eq!(codes(through), [Some(0), Some(1), Some(2)], "{through}");
    }
}

#[test]
fn standard_output_on_a_full_disk_is_an_output_that_could_not_be_written() {
    for through in ["exec \"$@\" >/dev/full", "exec \"$@\" >/dev/full 2>/dev/full"] {
        assert_eq!(codes(through), [Some(5), Some(1), Some(2)], "{through}");
    }
    let (stand_in, _) = with_image();
    let gate = gate(&stand_in).args("--record record.json --format json");
    insta::assert_snapshot!(gate.through("exec \"$@\" >/dev/full").snapshot(), @"
    $ exec verify-registry-image >/dev/full -q [registry]/keepkey/support-email:latest-dev --record record.json --format json
    exit code: 5
    ----- stdout
    ----- stderr
    error: could not write standard output: no storage space
    ");
}

#[test]
fn the_files_of_a_red_run_are_kept_where_standard_output_cannot_be_written() {
    let (stand_in, _) = with_image();
    stand_in.untag(REPOSITORY, TAG);
    let gate = gate(&stand_in).args("--junit junit.xml --html page.html");
    let run = gate.through("exec \"$@\" >/dev/full").run();
    assert_eq!((run.code, run.files.len()), (Some(1), 2), "{}", run.snapshot());
}

#[test]
fn a_mistyped_option_leaves_no_older_yes_behind() {
    let (stand_in, _) = with_image();
    for arguments in ["--prot 5", "--wait nonsense", "--port 5 --port 6"] {
        let run = after_a_green_run(&stand_in).args(arguments).run();
        assert_eq!(run.code, Some(2), "{}", run.snapshot());
        let left: Vec<_> = run.files.iter().filter(|(_, content)| content.is_some()).collect();
        assert!(left.is_empty() && run.files.len() == 5, "{arguments}: {left:?}");
    }
}

/// A run that waits for an answer, with every output, is ended by a signal.
#[track_caller]
fn ended_by(signal: Signal) -> String {
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

/// A gate in a folder that holds what a green run has left: every file but the reason of a failure.
fn after_a_green_run(stand_in: &StandIn) -> Gate<'_> {
    let written: Vec<_> =
        file_options().filter(|option| *option != "failure-reason-file").collect();
    let files = files_of(written.iter().copied());
    let green = gate(stand_in).args(&files).run();
    assert_eq!(green.code, Some(0), "{}", green.snapshot());
    assert_eq!(green.files.len(), written.len(), "{}", green.snapshot());
    stand_in.clear_log();
    green.files.iter().fold(gate(stand_in).args(&files), |gate, (name, content)| {
        gate.file(name, content.as_deref().expect("it was written"))
    })
}

#[test]
fn a_killed_run_leaves_no_green_page_and_no_green_junit() {
    let (stand_in, _) = with_image();
    let gate = after_a_green_run(&stand_in);
    stand_in.lie(Route::ManifestByTag, Lie::Hang);
    let running = gate.start();
    stand_in.wait_until(|log| log.iter().any(|entry| entry.route == Route::ManifestByTag));
    running.signal(Signal::KILL);
    insta::assert_snapshot!(running.finish().snapshot(), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit=junit --image-ref=image-ref --html=html --metrics=metrics --pulumi-config=pulumi-config --record=record
    exit code: a signal
    ----- stdout
    ----- stderr
    ----- html: removed
    ----- image-ref: removed
    ----- junit: removed
    ----- pulumi-config: removed
    ----- record: removed
    ");
}

#[test]
fn a_run_that_is_aborted_leaves_no_core_file_which_would_hold_the_token() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::Hang);
    let running = gate(&stand_in).through("ulimit -S -c hard; exec \"$@\"").start();
    stand_in.wait_until(|log| log.iter().any(|entry| entry.route == Route::ManifestByTag));
    let limits = running.limits();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let core: Vec<&str> = core.split_whitespace().skip(4).collect();
    running.signal(Signal::ABORT);
    let run = running.finish();
    assert_eq!((core, run.code, run.files.len()), (vec!["0", "0", "bytes"], None, 0));
}

#[test]
fn a_run_that_asks_nothing_leaves_no_older_yes() {
    let (stand_in, _) = with_image();
    let mistakes = ["--port 0", "no-such-service:tag", "--failure-reason-file missing/reason"];
    let mut told = String::new();
    for mistake in mistakes {
        let run = after_a_green_run(&stand_in).args(mistake).run();
        told.push_str(&run.snapshot());
    }
    // What is not ours stays, whatever is wrong.
    let theirs = after_a_green_run(&stand_in)
        .file("record", "{}")
        .file("junit", "<testsuites/>")
        .file("html", "<!doctype html>");
    told.push_str(&theirs.args("--port 0").run().snapshot());
    insta::assert_snapshot!(told, @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit=junit --image-ref=image-ref --html=html --metrics=metrics --pulumi-config=pulumi-config --record=record --port 0
    exit code: 2
    ----- stdout
    ----- stderr
    error: invalid port `0` for `--port`: expected a number from 1 to 65535
    ----- html: removed
    ----- image-ref: removed
    ----- junit: removed
    ----- pulumi-config: removed
    ----- record: removed
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit=junit --image-ref=image-ref --html=html --metrics=metrics --pulumi-config=pulumi-config --record=record no-such-service:tag
    exit code: 2
    ----- stdout
    ----- stderr
    error: `no-such-service:tag` names the service `no-such-service`, but there is no config file
      hint: write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`, or add `verify-registry-image.yml`
    ----- html: removed
    ----- image-ref: removed
    ----- junit: removed
    ----- pulumi-config: removed
    ----- record: removed
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit=junit --image-ref=image-ref --html=html --metrics=metrics --pulumi-config=pulumi-config --record=record --failure-reason-file missing/reason
    exit code: 2
    ----- stdout
    ----- stderr
    error: cannot write `missing/reason` (`--failure-reason-file`): its folder does not exist
      hint: make the folder first: `mkdir -p missing`
    ----- html: removed
    ----- image-ref: removed
    ----- junit: removed
    ----- pulumi-config: removed
    ----- record: removed
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit=junit --image-ref=image-ref --html=html --metrics=metrics --pulumi-config=pulumi-config --record=record --port 0
    exit code: 2
    ----- stdout
    ----- stderr
    error: invalid port `0` for `--port`: expected a number from 1 to 65535
    ----- image-ref: removed
    ----- pulumi-config: removed
    ");
    assert!(stand_in.log().is_empty(), "{:?}", stand_in.log());
}

#[test]
fn an_interrupted_run_ends_at_once_and_leaves_no_file() {
    insta::assert_snapshot!(ended_by(Signal::INT), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit junit.xml --record record.json --image-ref ref --failure-reason-file reason
    exit code: 130
    ----- stdout
    ----- stderr
    ----- record.json: removed
    ");
}

/// Another run holds the status folder's lock: this one waits for it, with the other files written.
#[test]
fn a_run_that_waits_to_write_ends_at_a_signal() {
    let (stand_in, _) = with_image();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let gate = Gate::at(&stand_in)
            .file("status/other.status", "status: GREEN\n")
            .file("verify-registry-image.yml", config(&stand_in, &["support-email"]))
            .args("--environment development --update-status --junit junit.xml");
        let folder = gate.folder().to_owned();
        let lock = std::fs::File::open(folder.join("status")).expect("a folder of our own");
        lock.lock().expect("nobody else holds it");
        let started = Instant::now();
        let running = gate.start();
        // The JUnit file is written before the lock is asked for.
        while !folder.join("junit.xml").exists() {
            assert!(started.elapsed() < Duration::from_secs(600), "the JUnit file never came");
            std::thread::yield_now();
        }
        running.signal(signal);
        let run = running.finish();
        assert_eq!(run.code, Some(code), "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.is_empty(), "it was ended before it had written: {}", run.stdout);
    }
}

#[test]
fn a_terminated_run_ends_at_once_and_leaves_no_file() {
    insta::assert_snapshot!(ended_by(Signal::TERM), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit junit.xml --record record.json --image-ref ref --failure-reason-file reason
    exit code: 143
    ----- stdout
    ----- stderr
    ----- record.json: removed
    ");
}
