//! The rows of the tables that say what CircleCI may answer, or not answer, and have no test of their own elsewhere.

use std::fmt::Write as _;
use std::thread;

use insta::assert_snapshot as shown;
use serde_json::{Value, json};

use super::{COMMIT, OTHER, block, gate, openapi, registry, said, world};
use crate::circleci::{CircleCi, Lie, World, job, pipeline, workflow};
use crate::stand_in::StandIn;
use crate::support::Gate;

/// The most of a body that is read.
const MOST_BYTES: usize = 4 << 20;

/// The first two lines of the block: what became of it, and the code.
fn head(block: &str) -> String {
    block.lines().take(2).map(str::trim).collect::<Vec<_>>().join(" | ")
}

fn with_config<'a>(registry: &'a StandIn, circleci: &CircleCi, config: &str) -> Gate<'a> {
    gate(registry, circleci).file("verify-registry-image.yml", config)
}

/// The block of a run at a world whose config file says this of CircleCI.
fn configured(world: World, config: &str) -> String {
    let (registry, circleci) = (registry(), CircleCi::start(world));
    let run = with_config(&registry, &circleci, &format!("circleci: {config}\n")).run();
    openapi::assert_described(&circleci);
    block(&run)
}

/// What a run that starts pipelines said and sent: the result, its code and status, the message, and each POST.
fn started(gate: Gate<'_>, circleci: &CircleCi) -> String {
    let run = gate.arg("--format=json").run();
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let start = &report["diagnosis"][0]["start"];
    let log = circleci.log();
    let posts = log.iter().filter(|asked| asked.method == "POST");
    let posts = posts.map(|asked| format!("{} {}", asked.target, asked.body));
    let message = run.redacted(start["message"].as_str().unwrap());
    let head = format!("{} {} {}", start["result"], start["reason"], start["status"]);
    [head, message].into_iter().chain(posts).collect::<Vec<_>>().join("\n")
}

/// A project whose branch lacks the commit, so that a start is due.
fn missing() -> World {
    World { pipelines: vec![pipeline(1283, "created", OTHER, "develop")], ..world() }
}

#[test]
fn definitions_that_cannot_be_read_are_needed_for_a_project_that_names_no_repository() {
    let start = |slug: &str, config: &str, argument: &str| {
        let world = World { slug: slug.into(), ..missing() };
        let (registry, circleci) = (registry(), CircleCi::start(world));
        circleci.lie("pipeline-definitions", 9, Lie::status(500));
        started(with_config(&registry, &circleci, config).arg(argument), &circleci)
    };
    let of_app = "circleci: { project: circleci/a/b }\n";
    shown!(start("circleci/a/b", of_app, "--start-pipeline=circleci/a/b"), @r#"
    "refused" "definition-unknown" null
    refused: definition-unknown: the pipeline definitions could not be read: set `circleci.definition` in the config file
    "#);
    let of_repository = "circleci: { project: gh/keepkey/support-email }\n";
    shown!(start("gh/keepkey/support-email", of_repository, "--start-pipeline"), @r#"
    "started" null 201
    #1285 on develop: https://[circleci]/pipelines/github/keepkey/support-email/1285
    it runs the head of develop, which may be newer than 45c48cc
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"}}
    "#);
    // The configured one is not looked for.
    let definition =
        "circleci: { project: circleci/a/b, definition: 0000004d-0a1b-4c2d-8e3f-000000000000 }\n";
    shown!(start("circleci/a/b", definition, "--start-pipeline=circleci/a/b"), @r#"
    "started" null 201
    #1285 on develop: https://[circleci]/pipelines/circleci/a/b/1285
    it runs the head of develop, which may be newer than 45c48cc
    /api/v2/project/circleci/a/b/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "#);
}

#[test]
fn a_start_that_found_no_connection_was_not_sent() {
    let (registry, circleci) = (registry(), CircleCi::start(missing()));
    circleci.lie("pipeline-definitions", 1, Lie::Leave);
    shown!(started(gate(&registry, &circleci).arg("--start-pipeline"), &circleci), @r#"
    "failed" null null
    failed (no connection), nothing was sent: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop
    "#);
}

#[test]
fn of_a_body_over_4_mib_nothing_is_known() {
    let project = |size: usize| {
        let mut project = json!({ "id": "00000005-0a1b-4c2d-8e3f-000000000000", "slug": "gh/keepkey/support-email" });
        let rest = size - project.to_string().len() - r#","name":"""#.len();
        project["name"] = json!("x".repeat(rest));
        let body = project.to_string();
        assert_eq!(body.len(), size);
        Lie::Answer(200, Vec::new(), body)
    };
    let asked = |lie: Lie| {
        let (registry, circleci) = (registry(), CircleCi::start(world()));
        circleci.lie("GET /api/v2/project/gh/keepkey/support-email", 1, lie);
        (head(&block(&gate(&registry, &circleci).run())), circleci.log().len())
    };
    let (head, requests) = asked(project(MOST_BYTES));
    assert!(head.ends_with("push-job-absent") && requests > 1, "{head}");
    let (head, requests) = asked(project(MOST_BYTES + 1));
    assert_eq!(requests, 1);
    shown!(head, @"pipeline   CircleCI could not be asked (an answer over 4 MiB): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable");
    // What started is not known then, either.
    let (registry, circleci) = (registry(), CircleCi::start(missing()));
    circleci.lie("POST", 1, Lie::Answer(201, Vec::new(), " ".repeat(MOST_BYTES + 1)));
    shown!(started(gate(&registry, &circleci).arg("--start-pipeline"), &circleci), @r#"
    "unknown" null null
    not known whether it started (no JSON); look before you start another: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "#);
}

#[test]
fn what_may_pass_by_itself_is_asked_twice_and_no_more() {
    let cases = [
        ("408", Lie::status(408)),
        ("502", Lie::status(502)),
        ("503", Lie::status(503)),
        ("504", Lie::status(504)),
        ("the connection breaks", Lie::Close),
        ("429 without a header", Lie::status(429)),
    ];
    // Each waits for a second before it asks again: all at once.
    let cases = thread::scope(|scope| {
        let asked = |times: usize, lie: Lie| {
            let (registry, circleci) = (registry(), CircleCi::start(world()));
            circleci.lie("", times, lie);
            let head = head(&block(&gate(&registry, &circleci).run()));
            (head, circleci.log().len())
        };
        let cases = cases.map(|(name, lie)| {
            let again = lie.clone();
            let once = scope.spawn(move || asked(1, again));
            (name, once, scope.spawn(move || asked(9, lie)))
        });
        cases.map(|(name, once, always)| (name, once.join().unwrap(), always.join().unwrap()))
    });
    let mut table = String::new();
    for (name, (once, _), (always, requests)) in cases {
        assert!(once.ends_with("push-job-absent"), "{name}: {once}");
        writeln!(table, "{name} ({requests}): {always}").unwrap();
    }
    shown!(table, @"
    408 (2): pipeline   CircleCI could not be asked (408): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    502 (2): pipeline   CircleCI could not be asked (502): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    503 (2): pipeline   CircleCI could not be asked (503): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    504 (2): pipeline   CircleCI could not be asked (504): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    the connection breaks (2): pipeline   CircleCI could not be asked (no connection): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    429 without a header (2): pipeline   CircleCI wants to be left alone for a while (429): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     rate-limited
    ");
}

#[test]
fn a_circleci_that_is_not_there_gets_no_request() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    let gone = gate(&registry, &circleci).arg("--format=json");
    drop(circleci);
    let run = gone.run();
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let of = &report["diagnosis"][0];
    assert_eq!(
        (of["reason"].as_str(), of["requests"].as_u64()),
        (Some("circleci-unavailable"), Some(0))
    );
    assert!(
        of["message"]
            .as_str()
            .unwrap()
            .starts_with("CircleCI could not be asked (no connection): ")
    );
}

#[test]
fn a_date_to_come_back_at_is_counted_in_seconds() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    circleci.lie("", 9, Lie::with_header(429, "retry-after", "Fri, 01 Jan 2100 00:00:00 GMT"));
    let block = block(&gate(&registry, &circleci).run());
    let seconds = block.split("left alone for ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(seconds.parse::<u64>().unwrap() > 1_000_000, "{block}");
    assert_eq!(circleci.log().len(), 1);
}

#[test]
fn a_slug_that_was_guessed_from_the_remote_is_doubted_first() {
    let hidden = || World { slug: "gh/keepkey/hidden".into(), ..world() };
    let next = |block: &str| block.lines().last().unwrap().trim().to_owned();
    shown!(next(&said(hidden())), @"next       Set `circleci.project` in the config file: the slug was made of the git remote, and a project of the GitHub App has another one (Project Settings > Overview)");
    shown!(next(&configured(hidden(), "{ project: gh/keepkey/support-email }")), @"next       Compare the slug with Project Settings > Overview, and use a personal token of somebody who may see the project");
}

#[test]
fn a_configuration_that_could_not_be_read_or_run_is_known_by_the_pipelines_errors() {
    let mut table = String::new();
    for (state, kind, workflows) in [
        ("errored", "config-fetch", vec![]),
        ("created", "config", vec![]),
        ("created", "timeout", vec![]),
        // Something ran all the same.
        ("created", "config", vec![workflow(2, "develop", "failed")]),
    ] {
        let mut pipeline = pipeline(1284, state, COMMIT, "develop");
        pipeline["errors"] = json!([{ "type": kind, "message": "no such file" }]);
        let world = World { pipelines: vec![pipeline], workflows, ..World::default() };
        let block = said(world);
        let lines: Vec<_> = block.lines().skip(1).map(str::trim).collect();
        writeln!(table, "{state} {kind}: {}", lines.join(" | ")).unwrap();
    }
    shown!(table, @"
    errored config-fetch: reason     config-broken | builds     config-fetch: no such file | next       Fix the configuration; `circleci config validate` shows the same mistake
    created config: reason     config-broken | builds     config: no such file | next       Fix the configuration; `circleci config validate` shows the same mistake
    created timeout: reason     pipeline-errored | builds     timeout: no such file | next       Start another one with --start-pipeline
    created config: reason     push-job-absent | configured the workflow has no jobs | next       Add the push job to the workflow, or name it as `circleci.push_job` in the config file
    ");
}

#[test]
fn a_configured_workflow_that_is_not_among_all_of_them_did_not_run() {
    let of = |workflows: usize| {
        let number = |n: usize| u64::try_from(n).unwrap();
        let workflows =
            (0..workflows).map(|n| workflow(2 + number(n), "nightly", "success")).collect();
        configured(World { workflows, ..world() }, "{ workflow: develop }")
    };
    shown!(of(3), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     workflow-filtered
      configured workflow `develop` did not run in this pipeline
      next       Compare the workflow's filters and its `when` with the branch and with the parameters of what starts it
    ");
    // Of more than two pages, not all were seen.
    shown!(of(45), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-unknown
      next       Open the pipeline's page, or set `circleci.workflow` and `circleci.push_job` in the config file
    ");
}

#[test]
fn a_canceled_push_job_is_shown_with_the_pipeline_that_may_have_canceled_it() {
    let jobs = vec![job(1, "push", "canceled", &[]), job(2, "gate", "canceled", &[1])];
    let mut world = World { jobs: [(0, jobs)].into(), ..world() };
    shown!(said(world.clone()), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-canceled
      configured workflow `develop` runs on this branch; `gate` requires `push`
      builds     `push` was canceled after 2 min (contexts: none): https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/1
      next       If nobody canceled it on purpose, run again with --start-pipeline
    ");
    world.pipelines.push(pipeline(1290, "created", OTHER, "develop"));
    shown!(said(world), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-canceled
      configured workflow `develop` runs on this branch; `gate` requires `push`
      builds     `push` was canceled after 2 min (contexts: none): https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/1; #1290 is a newer pipeline of develop
      next       If nobody canceled it on purpose, run again with --start-pipeline
    ");
}

#[test]
fn a_push_job_that_did_not_run_although_nothing_is_before_it() {
    let jobs = vec![job(1, "push", "not_run", &[])];
    shown!(said(World { jobs: [(0, jobs)].into(), ..world() }), @r#"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-blocked
      configured workflow `develop` runs on this branch
      builds     `push` did not run
      next       Check whether "Only build pull requests" is on (Project Settings > Advanced), then run again with --start-pipeline
    "#);
}

#[test]
fn an_approval_that_has_not_come_yet_is_waited_for() {
    let mut approval = job(2, "approve", "blocked", &[1]);
    approval["type"] = json!("approval");
    let jobs = vec![job(1, "test", "running", &[]), approval, job(3, "push", "blocked", &[2])];
    shown!(said(World { jobs: [(0, jobs)].into(), ..world() }), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     on-hold
      configured workflow `develop` runs on this branch
      builds     `push` waits for other jobs: `approve` waits for other jobs
      next       Approve `approve` on the workflow's page
    ");
}

#[test]
fn the_job_of_this_very_run_is_not_what_is_waited_for() {
    let jobs = vec![job(1, "push", "success", &[]), job(2, "publish-and-gate", "running", &[1])];
    let of = |own: &str| {
        let world = World { jobs: [(0, jobs.clone())].into(), ..world() };
        let (registry, circleci) = (registry(), CircleCi::start(world));
        head(&block(&gate(&registry, &circleci).env("CIRCLE_WORKFLOW_JOB_ID", own).run()))
    };
    assert!(of("").ends_with("still-running"));
    assert!(of(&crate::circleci::uuid(2)).ends_with("push-job-passed"));
}
