//! `--start-pipeline`: once, where it may help, and never by accident.

use insta::assert_snapshot as shown;

use super::{OTHER, gate, openapi, registry, world};
use crate::circleci::{CircleCi, Lie, TOKEN, World, job, pipeline};
use crate::support::Run;

/// The line of a run that tried to start a pipeline, what the JSON says, and what was sent.
fn started(world: World, lie: Option<Lie>) -> String {
    let (registry, circleci) = (registry(), CircleCi::start(world));
    if let Some(lie) = lie {
        circleci.lie("POST", 9, lie);
    }
    let run = gate(&registry, &circleci).args("--start-pipeline --format json").run();
    openapi::assert_described(&circleci);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let start = &report["diagnosis"][0]["start"];
    let posts: Vec<_> = circleci
        .log()
        .into_iter()
        .filter(|asked| asked.method == "POST")
        .map(|asked| format!("{} {}", asked.target, asked.body))
        .collect();
    let message = start["message"].as_str().unwrap().to_owned();
    let message = run.redacted(&message);
    format!(
        "{} {} {}\n{message}\n{}",
        start["result"],
        start["reason"],
        start["status"],
        posts.join("\n")
    )
}

fn missing() -> World {
    World { pipelines: vec![pipeline(1283, "created", OTHER, "develop")], ..world() }
}

#[test]
fn it_starts_the_head_of_the_branch() {
    shown!(started(missing(), None), @r#"
    "started" null 201
    #1285 on develop: https://[circleci]/pipelines/github/keepkey/support-email/1285
    it runs the head of develop, which may be newer than 45c48cc
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "#);
}

#[test]
fn it_says_how_it_ended_in_every_case() {
    let ends = [
        started(World { start: 200, ..missing() }, None),
        started(missing(), Some(Lie::status(403))),
        started(missing(), Some(Lie::with_header(302, "location", "/x"))),
        started(missing(), Some(Lie::status(502))),
        started(missing(), Some(Lie::page(200))),
        started(missing(), Some(Lie::Close)),
    ];
    shown!(ends.join("\n"), @r#"
    "not-started" null 200
    CircleCI started nothing: Ignoring pipeline due to CI skip in the commit
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "failed" null 403
    failed (403): Something is wrong.
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "failed" null 302
    failed (302): a redirect
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "unknown" null 502
    not known whether it started (502); look before you start another: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "unknown" null 200
    not known whether it started (an HTML page); look before you start another: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "unknown" null null
    not known whether it started (the connection broke); look before you start another: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    "#);
}

#[test]
fn the_definition_is_the_configured_one_or_the_only_one() {
    let definitions =
        |list: &[(u64, &'static str)]| World { definitions: list.to_vec(), ..missing() };
    let ends = [
        started(definitions(&[]), None),
        started(definitions(&[(7, "github_app"), (8, "github_app")]), None),
        started(definitions(&[(7, "gitlab")]), None),
    ];
    shown!(ends.join("\n"), @r#"
    "started" null 201
    #1285 on develop: https://[circleci]/pipelines/github/keepkey/support-email/1285
    it runs the head of develop, which may be newer than 45c48cc
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"}}
    "refused" "several-definitions" null
    refused: several-definitions: set `circleci.definition` in the config file to one of `build-7` (00000007-0a1b-4c2d-8e3f-000000000000), `build-8` (00000008-0a1b-4c2d-8e3f-000000000000)

    "refused" "gitlab" null
    refused: gitlab: CircleCI's API starts no pipelines of GitLab projects
    "#);
}

#[test]
fn nothing_is_started_where_it_would_not_help() {
    let running = World { jobs: [(0, vec![job(1, "push", "running", &[])])].into(), ..world() };
    shown!(started(running, None), @r#"
    "refused" "still-running" null
    refused: still-running: it is running
    "#);
}

#[test]
fn a_server_may_know_the_older_address_alone() {
    shown!(started(World { knows_run: false, ..missing() }, None), @r#"
    "started" null 201
    #1285 on develop: https://[circleci]/pipelines/github/keepkey/support-email/1285
    it runs the head of develop, which may be newer than 45c48cc
    /api/v2/project/gh/keepkey/support-email/pipeline/run {"checkout":{"branch":"develop"},"config":{"branch":"develop"},"definition_id":"0000004d-0a1b-4c2d-8e3f-000000000000"}
    /api/v2/project/gh/keepkey/support-email/pipeline {"branch":"develop"}
    "#);
}

fn refused(run: &Run<'_>) -> String {
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    run.redacted(&run.stderr)
}

#[test]
fn a_file_of_the_checkout_starts_nobody_else_s_pipeline() {
    let (registry, circleci) = (registry(), CircleCi::start(missing()));
    let at = |config: &str| {
        gate(&registry, &circleci).file("verify-registry-image.yml", config).arg("--start-pipeline")
    };
    shown!(refused(&at("circleci: { project: gh/mallory/mail }\n").run()), @"
    error: `--start-pipeline`: the project is `gh/mallory/mail` (config), but the git remote `origin` is `gh/keepkey/support-email`
      hint: correct `circleci.project` in the config file, `.circleci/info.yml` or the remote
    ");
    shown!(refused(&at("circleci: { project: circleci/a/b }\n").run()), @"
    error: `--start-pipeline`: nothing but the checkout's own files says that the project is `circleci/a/b` (config)
      hint: if it is yours, say so: `--start-pipeline=circleci/a/b`
    ");
    let named = gate(&registry, &circleci)
        .file("verify-registry-image.yml", "circleci: { project: circleci/a/b }\n")
        .arg("--start-pipeline=circleci/a/c")
        .run();
    shown!(refused(&named), @"
    error: `--start-pipeline` names `circleci/a/c`, but the project is `circleci/a/b` (config)
      hint: name the project that the images are built in, or correct `circleci.project`
    ");
    let unnamed = gate(&registry, &circleci)
        .file(".git/config", "[remote \"origin\"]\nurl = git@git.example.org:a/b.git\n")
        .file("verify-registry-image.yml", "circleci: { project: gh/a/b }\n")
        .arg("--start-pipeline")
        .run();
    shown!(refused(&unnamed), @"
    error: `--start-pipeline`: nothing but the checkout's own files says that the project is `gh/a/b` (config)
      hint: if it is yours, say so: `--start-pipeline=gh/a/b`
    ");
    assert_eq!(circleci.log().len() + registry.log().len(), 0);
    let world = World { slug: "circleci/a/b".into(), ..missing() };
    let circleci = CircleCi::start(world);
    let run = gate(&registry, &circleci)
        .file("verify-registry-image.yml", "circleci: { project: circleci/a/b }\n")
        .arg("--start-pipeline=circleci/a/b")
        .run();
    assert_eq!(run.code, Some(1));
    let posts = circleci.asked().into_iter().filter(|line| line.starts_with("POST"));
    assert_eq!(posts.collect::<Vec<_>>(), ["POST /api/v2/project/circleci/a/b/pipeline/run"]);
}

#[test]
fn it_needs_diagnose_and_the_command_line() {
    let (registry, circleci) = (registry(), CircleCi::start(missing()));
    let alone =
        crate::support::Gate::at(&registry).image("keepkey/a:b").arg("--start-pipeline").run();
    shown!(refused(&alone), @"
    error: `--start-pipeline` needs `--diagnose`
      hint: add `--diagnose`: a pipeline is started only where it says that one may help
    ");
    let variable = |value: &str| {
        gate(&registry, &circleci).env("VERIFY_REGISTRY_IMAGE_START_PIPELINE", value).run()
    };
    for on in ["1", "true", "gh/keepkey/support-email", "yes"] {
        assert!(refused(&variable(on)).contains("cannot be given as a variable"));
    }
    for off in ["", "0", "false"] {
        assert_eq!(variable(off).code, Some(1), "{off}");
    }
    assert!(!circleci.asked().iter().any(|line| line.starts_with("POST")));
}

#[test]
fn a_deed_is_never_silent() {
    let (registry, circleci) = (registry(), CircleCi::start(missing()));
    let run = gate(&registry, &circleci).args("--start-pipeline -q").run();
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    shown!(run.redacted(&run.stderr), @"start #1285 on develop: https://[circleci]/pipelines/github/keepkey/support-email/1285; it runs the head of develop, which may be newer than 45c48cc");
    assert_eq!(
        circleci.log().iter().filter(|asked| asked.header("circle-token") != Some(TOKEN)).count(),
        0
    );
    assert!(run.stdout.contains("FAILED"));
}
