//! One test a reason: what is said, and what was asked for it.

use std::fmt::Write as _;

use insta::assert_snapshot as shown;
use serde_json::json;

use super::{COMMIT, OTHER, block, gate, openapi, registry, said, world};
use crate::circleci::{CircleCi, Lie, World, job, pipeline, workflow};

/// A world with these jobs in its workflow.
fn jobs(jobs: &[serde_json::Value]) -> World {
    World { jobs: [(0, jobs.to_vec())].into(), ..world() }
}

#[test]
fn push_job_failed() {
    let failed = [job(8123, "push", "failed", &[]), job(8124, "gate", "not_run", &[8123])];
    shown!(said(jobs(&failed)), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-failed
      configured workflow `develop` runs on this branch; `gate` requires `push`
      builds     `push` failed after 2 min (contexts: none): https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/8123
      next       The job has no context that could hold DIGITALOCEAN_ACCESS_TOKEN. Add it, then run again with --start-pipeline
    ");
    let with_context = World { contexts: vec!["digitalocean".into()], ..jobs(&failed) };
    shown!(said(with_context), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-failed
      configured workflow `develop` runs on this branch; `gate` requires `push`
      builds     `push` failed after 2 min (contexts: digitalocean): https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/8123
      next       Read the job's log and fix what failed, then run again with --start-pipeline
    ");
}

#[test]
fn a_failing_circleci_is_named_and_changes_nothing_else() {
    let mut table = String::new();
    let cases: [(&str, &str, Lie); 14] = [
        ("401", "", Lie::status(401)),
        ("403", "", Lie::status(403)),
        ("404 of the project", "email", Lie::status(404)),
        ("404 of a later request", "/pipeline?", Lie::status(404)),
        ("429 for long", "", Lie::with_header(429, "retry-after", "120")),
        ("429 twice", "", Lie::with_header(429, "retry-after", "0")),
        ("500", "", Lie::status(500)),
        ("a page", "", Lie::page(200)),
        ("a page at 403", "", Lie::page(403)),
        ("no JSON", "", Lie::Answer(200, Vec::new(), "[]".into())),
        ("no items", "/pipeline?", Lie::Answer(200, Vec::new(), "{}".into())),
        ("a redirect elsewhere", "", Lie::with_header(302, "location", "http://localhost:9/x")),
        ("redirects without an end", "", Lie::with_header(307, "location", "/api/v2/again")),
        ("a redirect to nowhere", "", Lie::status(301)),
    ];
    for (name, part, lie) in cases {
        let (registry, circleci) = (registry(), CircleCi::start(world()));
        circleci.lie(part, 9, lie);
        let run = gate(&registry, &circleci).run();
        let block = block(&run);
        let lines: Vec<_> = block.lines().take(2).map(str::trim).collect();
        let requests = circleci.log().len();
        writeln!(table, "{name} ({requests}): {}", lines.join(" | ")).unwrap();
    }
    shown!(table, @"
    401 (1): pipeline   CIRCLE_TOKEN is refused or expired (401): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     token-refused
    403 (1): pipeline   CIRCLE_TOKEN may not read gh/keepkey/support-email (403): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     forbidden
    404 of the project (1): pipeline   gh/keepkey/support-email is not set up on CircleCI, or CIRCLE_TOKEN cannot see it (404): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     project-not-visible
    404 of a later request (2): pipeline   CircleCI could not be asked (404): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    429 for long (1): pipeline   CircleCI wants to be left alone for 120 s (429): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     rate-limited
    429 twice (2): pipeline   CircleCI wants to be left alone for 0 s (429): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     rate-limited
    500 (1): pipeline   CircleCI could not be asked (500): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    a page (1): pipeline   CircleCI could not be asked (an HTML page): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    a page at 403 (1): pipeline   CircleCI could not be asked (an HTML page): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    no JSON (1): pipeline   CircleCI could not be asked (no JSON): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    no items (2): pipeline   CircleCI could not be asked (no JSON): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    a redirect elsewhere (1): pipeline   CircleCI could not be asked (a redirect to localhost): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    redirects without an end (4): pipeline   CircleCI could not be asked (redirects without an end): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    a redirect to nowhere (1): pipeline   CircleCI could not be asked (a redirect to nowhere): https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     circleci-unavailable
    ");
}

#[test]
fn what_may_pass_by_itself_is_asked_again_once() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    circleci.lie("", 1, Lie::with_header(429, "retry-after", "0"));
    let run = gate(&registry, &circleci).run();
    assert!(block(&run).contains("push-job-absent"), "{}", run.stdout);
    assert_eq!(circleci.log().len(), 6);
}

#[test]
fn a_request_that_fails_later_leaves_the_pipeline_named() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    circleci.lie("/workflow", 9, Lie::status(500));
    let run = gate(&registry, &circleci).run();
    shown!(block(&run), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     circleci-unavailable
      builds     not known: CircleCI could not be asked (500)
      next       Run it again, or follow the link; the verdict above is the registry's
    ");
    // What only explains is left out where it cannot be had.
    let (registry, circleci) =
        (super::registry(), CircleCi::start(jobs(&[job(8123, "push", "failed", &[])])));
    circleci.lie("/job/8123", 9, Lie::status(500));
    let run = gate(&registry, &circleci).run();
    shown!(block(&run), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-failed
      configured workflow `develop` runs on this branch
      builds     `push` failed: https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/8123
      next       Read the job's log and fix what failed, then run again with --start-pipeline
    ");
}

#[test]
fn without_a_pipeline_of_the_branch_its_triggers_say_why() {
    let empty = |definitions: &[(u64, &'static str)], triggers: &[(bool, &'static str)]| World {
        pipelines: Vec::new(),
        definitions: definitions.to_vec(),
        triggers: triggers.to_vec(),
        default_branch: "main".into(),
        ..World::default()
    };
    let app: &[(u64, &'static str)] = &[(7, "github_oauth"), (8, "github_app")];
    let mut table = String::new();
    for world in [
        empty(&[(7, "github_oauth")], &[(true, "all-pushes")]),
        empty(&[], &[]),
        empty(app, &[(true, "all-pushes")]),
        empty(app, &[(false, "only-tags"), (true, "all-pushes")]),
        empty(app, &[(false, "default-branch-pushes")]),
        empty(app, &[(false, "default-branch-pushes"), (false, "all-pushes")]),
        World { pipelines: vec![pipeline(1, "created", COMMIT, "other")], ..World::default() },
    ] {
        let block = said(world);
        let lines: Vec<_> = block.lines().take(2).map(str::trim).collect();
        writeln!(table, "{}", lines.join(" | ")).unwrap();
    }
    shown!(table, @"
    pipeline   no pipeline has run on develop: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     no-pipeline
    pipeline   gh/keepkey/support-email has no pipeline definition: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     no-definition
    pipeline   every trigger of gh/keepkey/support-email is disabled: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     trigger-disabled
    pipeline   no trigger of gh/keepkey/support-email fires for a push to develop: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     trigger-excludes-branch
    pipeline   no trigger of gh/keepkey/support-email fires for a push to develop: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     trigger-excludes-branch
    pipeline   no pipeline has run on develop: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     no-pipeline
    pipeline   no pipeline has run on develop: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop | reason     no-pipeline
    ");
}

#[test]
fn pipeline_missing() {
    let old: Vec<_> = (1..=45).map(|n| pipeline(1200 + n, "created", OTHER, "develop")).collect();
    let circleci = CircleCi::start(World { pipelines: old, ..world() });
    let registry = registry();
    let run = gate(&registry, &circleci).run();
    openapi::assert_described(&circleci);
    shown!(block(&run), @"
    pipeline   none for 45c48cc on develop; the newest is #1240 of aaaaaaa: https://[circleci]/pipelines/github/keepkey/support-email/1240
      reason     pipeline-missing
      next       Was the commit pushed to the branch, as the last one of its push? If so, start a pipeline with --start-pipeline
    ");
    // Of three pages, two are read.
    shown!(circleci.asked().join("\n"), @"
    GET /api/v2/project/gh/keepkey/support-email
    GET /api/v2/project/gh/keepkey/support-email/pipeline?branch=develop
    GET /api/v2/project/gh/keepkey/support-email/pipeline?branch=develop&page-token=20
    ");
}

#[test]
fn a_pipeline_of_the_second_page_is_found_and_the_highest_number_counts() {
    let mut list: Vec<_> =
        (1..=25).map(|n| pipeline(1200 + n, "created", OTHER, "develop")).collect();
    list.push(pipeline(1100, "errored", COMMIT, "develop"));
    list.push(pipeline(1101, "pending", COMMIT, "develop"));
    list.push(pipeline(1099, "errored", COMMIT, "develop"));
    shown!(said(World { pipelines: list, ..world() }), @"
    pipeline   #1101 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1101
      reason     still-running
      next       Wait for it: `--wait 5m` asks the registry again until then
    ");
}

#[test]
fn pipelines_of_forks_tags_and_other_branches_do_not_count() {
    let mut fork = pipeline(1290, "errored", COMMIT, "develop");
    fork["vcs"]["origin_repository_url"] = json!("https://github.com/mallory/support-email");
    let mut tag = pipeline(1291, "errored", COMMIT, "develop");
    tag["vcs"]["tag"] = json!("v1");
    let other = pipeline(1292, "errored", COMMIT, "feature");
    let mut app = pipeline(1289, "pending", COMMIT, "develop");
    app["trigger_parameters"] =
        json!({ "github_app": { "commit_sha": COMMIT.to_uppercase(), "branch": "develop" } });
    app.as_object_mut().unwrap().remove("vcs");
    let mut unnamed = pipeline(1293, "errored", COMMIT, "develop");
    unnamed.as_object_mut().unwrap().remove("vcs");
    let list = vec![fork, tag, other, app, unnamed];
    let block = said(World { pipelines: list, ..World::default() });
    assert!(block.contains("#1289 of 45c48cc") && block.contains("still-running"), "{block}");
}

#[test]
fn errors_of_the_pipeline() {
    let errored = |kind: &str| {
        let mut errored = pipeline(1284, "errored", COMMIT, "develop");
        errored["errors"] =
            json!([{ "type": kind, "message": "Unexpected value \u{1b}[31m at line 3" }]);
        World { pipelines: vec![errored], ..World::default() }
    };
    shown!(said(errored("config")), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     config-broken
      builds     config: Unexpected value [31m at line 3
      next       Fix the configuration; `circleci config validate` shows the same mistake
    ");
    shown!(said(errored("plan")), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     pipeline-errored
      builds     plan: Unexpected value [31m at line 3
      next       Start another one with --start-pipeline
    ");
}

#[test]
fn workflows_that_did_not_come_to_jobs() {
    let setup = |status: &str| {
        let mut setup = workflow(2, "setup", status);
        setup["tag"] = json!("setup");
        setup
    };
    let state = |state: &str, workflows: Vec<serde_json::Value>| World {
        pipelines: vec![pipeline(1284, state, COMMIT, "develop")],
        workflows,
        ..World::default()
    };
    let mut table = String::new();
    for world in [
        state("setup", vec![setup("failed")]),
        state("setup", vec![setup("success")]),
        state("setup", vec![setup("running")]),
        state("created", vec![setup("success")]),
        state("created", vec![]),
        state("created", vec![workflow(2, "develop", "error")]),
        state("setup-pending", vec![]),
    ] {
        let block = said(world);
        let lines: Vec<_> = block.lines().skip(1).map(str::trim).collect();
        writeln!(table, "{}", lines.join(" | ")).unwrap();
    }
    shown!(table, @"
    reason     setup-failed | builds     setup workflow `setup` is `failed` | next       Fix the setup job, then run again with --start-pipeline: a setup workflow cannot be rerun
    reason     setup-not-continued | builds     setup workflow `setup` is `success` | next       Check that the setup job ends by continuing the pipeline, then run again with --start-pipeline
    reason     still-running | builds     setup workflow `setup` is `running` | next       Wait for it: `--wait 5m` asks the registry again until then
    reason     workflow-filtered | configured no workflow ran in this pipeline | builds     setup workflow `setup` is `success` | next       Compare the workflow's filters and its `when` with the branch and with the parameters of what starts it
    reason     workflow-filtered | configured no workflow ran in this pipeline | next       Compare the workflow's filters and its `when` with the branch and with the parameters of what starts it
    reason     workflow-errored | builds     workflow `develop` could not run | next       Look at the workflow's page for what is wrong, then run again with --start-pipeline
    reason     still-running | next       Wait for it: `--wait 5m` asks the registry again until then
    ");
}

#[test]
fn words_that_nobody_knows_yet_are_texts() {
    let jobs = vec![job(1, "push", "exploded", &[])];
    let world = World {
        pipelines: vec![pipeline(1284, "imagined", COMMIT, "develop")],
        workflows: vec![workflow(2, "develop", "daydreaming")],
        jobs: [(0, jobs)].into(),
        ..World::default()
    };
    let (registry, circleci) = (registry(), CircleCi::start(world));
    shown!(block(&gate(&registry, &circleci).run()), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-unknown
      configured workflow `develop` runs on this branch
      builds     `push` has the status `exploded`: https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/1
      next       Open the pipeline's page, or set `circleci.workflow` and `circleci.push_job` in the config file
    ");
}

#[test]
fn no_push_job() {
    let test = [job(8120, "test", "success", &[]), job(8124, "gate", "failed", &[8120])];
    shown!(said(jobs(&test)), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-absent
      configured no job is a push job: `test`, `gate`
      next       Add the push job to the workflow, or name it as `circleci.push_job` in the config file
    ");
    let compiled = "version: 2\njobs:\n  test:\n    docker:\n    - image: x\n  push:\n    steps: []\nworkflows:\n  push: {}\n";
    shown!(said(World { compiled: Some(compiled.into()), ..jobs(&test) }), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-filtered
      configured the configuration has the job `push`, which did not run
      next       Compare the job's filters with the branch, and let them include it
    ");
    let many: Vec<_> = (0..45).map(|n| job(9000 + n, "test", "success", &[])).collect();
    shown!(said(jobs(&many)), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-unknown
      next       Open the pipeline's page, or set `circleci.workflow` and `circleci.push_job` in the config file
    ");
}

#[test]
fn a_rerun_and_a_second_workflow_are_looked_at() {
    let world = World {
        workflows: vec![
            workflow(2, "develop", "failed"),
            workflow(9, "develop", "success"),
            workflow(4, "nightly", "failed"),
        ],
        jobs: [
            (2, vec![job(1, "push", "failed", &[])]),
            (9, vec![job(2, "push", "success", &[]), job(3, "gate", "success", &[2])]),
            (4, vec![job(4, "scan", "failed", &[])]),
        ]
        .into(),
        ..world()
    };
    let (registry, circleci) = (registry(), CircleCi::start(world));
    let run = gate(&registry, &circleci).run();
    openapi::assert_described(&circleci);
    shown!(block(&run), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-passed
      configured workflow `develop` runs on this branch; `gate` requires `push`
      builds     `push` succeeded: https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/00000009-0a1b-4c2d-8e3f-000000000000/jobs/2
      next       Compare the registry, repository and tag in the push job's log with the ones above
    ");
    assert!(circleci.asked().len() <= 8);
}

#[test]
fn a_job_between_gate_and_push_is_seen_through() {
    let chain = [
        job(1, "test", "failed", &[]),
        job(2, "approve", "on_hold", &[1]),
        job(3, "push-amd64", "blocked", &[2]),
        job(4, "scan", "blocked", &[3]),
        job(5, "verify", "blocked", &[4]),
    ];
    // A failed test outweighs an approval that waits for it.
    shown!(said(jobs(&chain)), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-blocked
      configured workflow `develop` runs on this branch; `verify` requires `push-amd64`
      builds     `push-amd64` waits for other jobs: `test` failed
      next       Fix `test`, then run again with --start-pipeline
    ");
    let own = [job(3, "push", "running", &[]), job(5, "gate", "running", &[])];
    shown!(said(jobs(&own)), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     gate-does-not-require-push
      configured workflow `develop` runs on this branch; `gate` does not require `push`
      builds     `push` is running: https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/3
      next       Add `push` to the gate's `requires`, so that the gate waits
    ");
}

#[test]
fn push_job_passed() {
    let mut world = jobs(&[job(1, "push", "success", &[]), job(2, "gate", "failed", &[1])]);
    world.pipelines.push(pipeline(1290, "created", OTHER, "develop"));
    world.tests = vec![json!({
        "classname": "keepkey/support-email", "name": "tag-exists", "file": "", "result": "failure",
        "run_time": 0.1, "message": "tag-missing: no tag", "source": "",
    })];
    shown!(said(world), @"
    pipeline   #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     push-job-passed
      configured workflow `develop` runs on this branch; `gate` requires `push`
      builds     `push` succeeded: https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/1; #1290 is a newer pipeline of develop; `gate` said then: tag-exists: tag-missing: no tag
      next       Compare the registry, repository and tag in the push job's log with the ones above
    ");
}
