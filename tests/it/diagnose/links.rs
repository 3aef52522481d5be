//! The link to the branch's pipelines in every red output, without a token and without a request; and the diagnosis in
//! every output.

use super::{COMMIT, OTHER, gate, registry, without_age, world};
use crate::circleci::{CircleCi, World, job};
use crate::stand_in::{Image, Origin, StandIn};
use crate::support::{Gate, Run};

const REMOTE: &str = "[remote \"origin\"]\nurl = https://github.com/keepkey/support-email.git\n";
const LINK: &str = "https://app.circleci.com/pipelines/github/keepkey/support-email?branch=develop";

#[test]
fn a_red_run_on_a_laptop_links_to_the_branch_s_pipelines() {
    let registry = registry();
    let run = Gate::at(&registry)
        .file(".git/config", REMOTE)
        .image("keepkey/support-email:latest-dev")
        .args("--html page.html --junit junit.xml")
        .run();
    let step = format!("3. Start a pipeline on `develop`: {LINK}");
    assert!(run.stdout.contains(&step), "{}", run.stdout);
    assert!(run.file("junit.xml").contains(&step));
    assert!(run.file("page.html").contains(LINK));
    let json = Gate::at(&registry)
        .file(".git/config", REMOTE)
        .image("keepkey/support-email:latest-dev")
        .arg("--format=json")
        .run();
    assert!(json.stdout.contains(&step));
    assert!(json.stdout.contains("\"diagnosis\": null"));
}

/// A registry in which each red of a push that did not happen can be had, and what asks for it: the image, options, and
/// the immutable tag of a config file.
fn reds() -> (StandIn, Vec<[String; 4]>) {
    let registry = StandIn::honest();
    let image = || Image::node_on_alpine().revision(OTHER);
    registry.image("keepkey/support-email", "latest-dev", image());
    registry.image("keepkey/support-email", "other-dev", image().label("another", "image"));
    let digest = format!("--expect-digest=sha256:{}", "0".repeat(64));
    let revision = format!("--expect-revision={COMMIT}");
    let there = "keepkey/support-email:latest-dev";
    let asked = [
        ["tag-missing", "keepkey/support-email:latest-prod", "", ""],
        ["repository-missing", "keepkey/no-such-service:latest-dev", "", ""],
        ["immutable-tag-missing", there, "", "no-such-tag"],
        ["immutable-tag-differs", there, "", "other-dev"],
        ["digest-differs", there, &digest, ""],
        ["revision-differs", there, &revision, ""],
    ];
    let asked = asked.map(|red| red.map(str::to_owned));
    (registry, asked.to_vec())
}

#[test]
fn every_red_of_a_push_links_to_the_branch_s_pipelines_in_every_output() {
    let (registry, asked) = reds();
    for [reason, image, option, immutable] in asked {
        let gate = || {
            let gate = Gate::at(&registry).file(".git/config", REMOTE).image(&image);
            let gate = if option.is_empty() { gate } else { gate.arg(&option) };
            if immutable.is_empty() {
                return gate;
            }
            let host = registry.host(Origin::Registry);
            let config = format!(
                "registry: {host}/keepkey\nenvironments:\n  development: {{ tag: latest-dev, immutable_tag: {immutable} }}\n\
                 services:\n  support-email: {{}}\n"
            );
            gate.file("verify-registry-image.yml", config)
        };
        let run = gate().args("--html page.html --junit junit.xml").run();
        assert_eq!(run.code, Some(1), "{reason}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(&format!("reason     {reason}")), "{reason}: {}", run.stdout);
        let json = gate().arg("--format=json").run();
        let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        let outputs = [
            ("standard output", run.stdout.clone()),
            ("JUnit", run.file("junit.xml").to_owned()),
            ("page", run.file("page.html").to_owned()),
            ("JSON", json.to_string()),
        ];
        for (output, text) in outputs {
            assert!(text.contains(LINK), "{reason} in {output}:\n{text}");
        }
        // Nobody can follow an address that is cut in two.
        assert!(run.stdout.lines().any(|line| line.trim_end().ends_with(LINK)), "{}", run.stdout);
        assert!(run.file("page.html").contains(&format!("href=\"{LINK}\"")), "{reason}");
    }
}

/// A project whose push job failed.
fn failed() -> CircleCi {
    let jobs = vec![job(8123, "push", "failed", &[]), job(8124, "gate", "not_run", &[8123])];
    CircleCi::start(World { jobs: [(0, jobs)].into(), ..world() })
}

/// A run with a config file that has an environment and status files.
fn configured<'a>(registry: &'a StandIn, circleci: &CircleCi) -> Gate<'a> {
    let host = registry.host(Origin::Registry);
    let config = format!(
        "registry: {host}/keepkey\nenvironments:\n  development: {{ tag: latest-dev, branch: develop }}\n\
         services:\n  support-email: {{}}\nstatus: {{ directory: status }}\n"
    );
    gate(registry, circleci).file("verify-registry-image.yml", config)
}

/// A text of a run without what differs from run to run.
fn shown(run: &Run<'_>, text: &str) -> String {
    without_age(&run.redacted(text))
}

#[test]
fn every_output_carries_the_diagnosis() {
    let (registry, circleci) = (registry(), failed());
    let run = configured(&registry, &circleci)
        .args("--update-status --html page.html --junit junit.xml --failure-reason-file why")
        .run();
    let shown = |file: &str| shown(&run, run.file(file));
    let status = shown("status/development.status");
    let notes = status.lines().find(|line| line.starts_with("notes:")).unwrap();
    insta::assert_snapshot!(notes, @r#"notes: "support-email: tag-missing: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`) | CircleCI #1284: push-job-failed https://[circleci]/pipelines/github/keepkey/support-email/1284""#);
    let junit = shown("junit.xml");
    let block = junit.split("  pipeline   ").nth(1).unwrap().split("</failure>").next().unwrap();
    insta::assert_snapshot!(block, @"
    #1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284
        reason     push-job-failed
        configured workflow `develop` runs on this branch; `gate` requires `push`
        builds     `push` failed after 2 min (contexts: none): https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/8123
        next       The job has no context that could hold DIGITALOCEAN_ACCESS_TOKEN. Add it, then run again with --start-pipeline
    ");
    assert_eq!(junit.matches("  pipeline   ").count(), 1);
    let page = shown("page.html");
    assert!(
        page.contains("push-job-failed")
            && page.contains("href=\"https://[circleci]/pipelines/github/")
    );
    assert!(!run.file("why").contains("CircleCI"));
}

#[test]
fn the_report_has_every_key_of_the_diagnosis() {
    let (registry, circleci) = (registry(), failed());
    let run = configured(&registry, &circleci).arg("--format=json").run();
    assert_eq!(run.stderr.matches("pipeline").count(), 0, "{}", run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    insta::assert_snapshot!(shown(&run, &report["diagnosis"].to_string()), @r##"[{"because":null,"branch":"develop","branch_from":"environment","builds":"`push` failed after 2 min (contexts: none): https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/8123","commit":"45c48cce2e2d7fbdea1afc51c7c6ad26a6d1e8b9","commit_from":"CIRCLE_SHA1","configured":"workflow `develop` runs on this branch; `gate` requires `push`","contexts":[],"errors":[],"gate_job":{"id":"00001fbc-0a1b-4c2d-8e3f-000000000000","name":"gate","number":null,"status":"not_run","url":null},"gate_requires_push":true,"images":["[registry]/keepkey/support-email:latest-dev"],"message":"#1284 of 45c48cc on develop, [age] ago by ana: https://[circleci]/pipelines/github/keepkey/support-email/1284","next":"The job has no context that could hold DIGITALOCEAN_ACCESS_TOKEN. Add it, then run again with --start-pipeline","pipeline":{"actor":"ana","commit":"45c48cce2e2d7fbdea1afc51c7c6ad26a6d1e8b9","created_at":"[time]","id":"[pipeline]","number":1284,"state":"created","url":"https://[circleci]/pipelines/github/keepkey/support-email/1284"},"project":"gh/keepkey/support-email","project_from":"remote","push_job":{"id":"00001fbb-0a1b-4c2d-8e3f-000000000000","name":"push","number":8123,"status":"failed","url":"https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]/jobs/8123"},"reason":"push-job-failed","requests":5,"start":null,"url":"https://[circleci]/pipelines/github/keepkey/support-email/1284","workflow":{"id":"[workflow]","name":"develop","status":"failed","url":"https://[circleci]/pipelines/github/keepkey/support-email/1284/workflows/[workflow]"}}]"##);
    let validator = jsonschema::validator_for(
        &serde_json::from_str(include_str!("../../../schema/report.json")).unwrap(),
    );
    assert!(validator.unwrap().is_valid(&report));
    assert!(report["requests"].as_u64().unwrap() > 0);
}
