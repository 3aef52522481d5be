//! The first lines over the statuses of jobs, of workflows, and the states of pipelines.

use std::fmt::Write as _;

use insta::assert_snapshot as shown;

use super::{COMMIT, said};
use crate::circleci::{World, job, pipeline, workflow};

fn reason(world: World) -> String {
    let block = said(world);
    let line = block.lines().nth(1).unwrap_or_default();
    line.trim().trim_start_matches("reason").trim().to_owned()
}

fn with(status: &str, before: &str, gate_waits: bool) -> World {
    let needs: &[u64] = if gate_waits { &[2] } else { &[] };
    let jobs = vec![
        job(1, "test", before, &[]),
        job(2, "push", status, &[1]),
        job(3, "gate", "blocked", needs),
    ];
    World {
        pipelines: vec![pipeline(1284, "created", COMMIT, "develop")],
        jobs: [(0, jobs)].into(),
        ..World::default()
    }
}

#[test]
fn the_status_of_the_push_job_decides() {
    let mut table = String::new();
    for status in [
        "success",
        "running",
        "not_run",
        "failed",
        "retried",
        "queued",
        "not_running",
        "infrastructure_fail",
        "timedout",
        "terminated-unknown",
        "blocked",
        "canceled",
        "unauthorized",
    ] {
        let reasons = [("success", true), ("failed", true), ("running", false)]
            .map(|(before, waits)| reason(with(status, before, waits)));
        writeln!(table, "{status:<20} {}", reasons.join(" ")).unwrap();
    }
    shown!(table, @"
    success              push-job-passed push-job-passed push-job-passed
    running              still-running still-running gate-does-not-require-push
    not_run              push-job-blocked push-job-blocked push-job-blocked
    failed               push-job-failed push-job-failed push-job-failed
    retried              push-job-unknown push-job-unknown push-job-unknown
    queued               still-running still-running gate-does-not-require-push
    not_running          still-running still-running gate-does-not-require-push
    infrastructure_fail  rerun-needed rerun-needed rerun-needed
    timedout             push-job-failed push-job-failed push-job-failed
    terminated-unknown   rerun-needed rerun-needed rerun-needed
    blocked              still-running push-job-blocked gate-does-not-require-push
    canceled             push-job-canceled push-job-canceled push-job-canceled
    unauthorized         job-unauthorized job-unauthorized job-unauthorized
    ");
}

#[test]
fn what_keeps_a_blocked_push_job_from_running_decides() {
    let mut table = String::new();
    for before in ["failed", "canceled", "unauthorized", "on_hold", "not_run", "running", "blocked"]
    {
        writeln!(table, "{before:<20} {}", reason(with("blocked", before, true))).unwrap();
    }
    shown!(table, @"
    failed               push-job-blocked
    canceled             push-job-blocked
    unauthorized         job-unauthorized
    on_hold              on-hold
    not_run              push-job-blocked
    running              still-running
    blocked              still-running
    ");
}

#[test]
fn the_state_of_the_pipeline_and_the_status_of_its_workflow_decide_before() {
    let mut table = String::new();
    for state in ["created", "errored", "setup-pending", "setup", "pending"] {
        for status in ["success", "failed", "error", "on_hold"] {
            let world = World {
                pipelines: vec![pipeline(1284, state, COMMIT, "develop")],
                workflows: vec![workflow(2, "develop", status)],
                ..World::default()
            };
            writeln!(table, "{state:<14} {status:<8} {}", reason(world)).unwrap();
        }
    }
    shown!(table, @"
    created        success  push-job-absent
    created        failed   push-job-absent
    created        error    workflow-errored
    created        on_hold  push-job-absent
    errored        success  pipeline-errored
    errored        failed   pipeline-errored
    errored        error    pipeline-errored
    errored        on_hold  pipeline-errored
    setup-pending  success  still-running
    setup-pending  failed   still-running
    setup-pending  error    still-running
    setup-pending  on_hold  still-running
    setup          success  push-job-absent
    setup          failed   push-job-absent
    setup          error    workflow-errored
    setup          on_hold  push-job-absent
    pending        success  still-running
    pending        failed   still-running
    pending        error    still-running
    pending        on_hold  still-running
    ");
}
