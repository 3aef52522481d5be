//! The harness itself: it shows everything, hides nothing but secrets, and ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rustix::process::Signal;

use super::Gate;
use crate::stand_in::StandIn;

fn shell(script: &str) -> Gate<'static> {
    Gate::of("sh", Duration::from_secs(60)).arg("-c").arg(script)
}

/// What a test would fail with.
fn complaint(gate: Gate<'_>) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| gate.run().code)).unwrap_err();
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn a_run_is_shown_whole() {
    let gate = shell(
        "cat; echo oops >&2; rm old; printf new > out/a; echo $HOME $X $PATH_OF_OURS; exit 3",
    )
    .file("old", "1")
    .file("out/kept", "2")
    .env("X", "from the test")
    .env("Y", "no more")
    .without_env("Y")
    .stdin("typed\n");
    insta::assert_snapshot!(gate.snapshot(), @r#"
    $ sh -c "cat; echo oops >&2; rm old; printf new > out/a; echo $HOME $X $PATH_OF_OURS; exit 3"
    exit code: 3
    ----- stdout
    typed
    [folder] from the test
    ----- stderr
    oops
    ----- old: removed
    ----- out/a
    new[no newline]
    "#);
}

#[test]
fn a_run_sees_nothing_of_the_environment_of_the_tests() {
    // `PWD`, `SHLVL`, `_` and `OLDPWD` are the shell's own.
    let run =
        shell("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD=").env("PATH", "/usr/bin:/bin");
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ sh -c "env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD="
    exit code: 0
    ----- stdout
    HOME=[folder]
    PATH=/usr/bin:/bin
    ----- stderr
    "#);
}

#[test]
fn a_leak_is_found_wherever_it_is() {
    let stand_in = StandIn::honest();
    for (script, place) in [
        ("echo $T", "standard output holds secret 1 (whole)"),
        ("echo x$T >&2", "standard error holds secret 1 (whole)"),
        ("echo $T > junit.xml", "junit.xml holds secret 1 (whole)"),
        ("echo $T | cut -c1-8", "standard output holds secret 1 (first 8)"),
    ] {
        let gate = shell(script).env("PATH", "/usr/bin:/bin").env("T", stand_in.token());
        assert_eq!(complaint(gate.secret(stand_in.token())), place);
    }
}

#[test]
fn a_run_that_does_not_end_is_ended() {
    let gate = Gate::of("sh", Duration::from_millis(50)).env("PATH", "/usr/bin:/bin");
    let said = complaint(gate.arg("-c").arg("exec sleep 1000"));
    assert_eq!(said, "still running after 50ms: -c exec sleep 1000");
}

#[test]
fn a_run_can_be_signalled() {
    let gate = shell("echo ready; exec sleep 1000").env("PATH", "/usr/bin:/bin");
    let running = gate.start();
    running.signal(Signal::TERM);
    assert_eq!(running.finish().code, None, "ended by the signal");
}
