//! Where the token goes, what is asked at most, and what no run may do.

use super::{COMMIT, OTHER, block, gate, openapi, registry, world};
use crate::circleci::{CircleCi, Lie, TOKEN, World, job, pipeline, workflow};
use crate::stand_in::{Image, StandIn};
use crate::support::Gate;

#[test]
fn the_token_goes_to_one_origin_and_nowhere_else() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    let elsewhere = CircleCi::start(world());
    // Also where CircleCI itself sends it.
    let to = format!("{}/api/v2/project/gh/keepkey/support-email", elsewhere.origin());
    circleci.lie("", 1, Lie::with_header(307, "location", &to));
    let run = gate(&registry, &circleci).run();
    assert!(block(&run).contains("a redirect to 127.0.0.1"), "{}", run.stdout);
    assert_eq!(elsewhere.log().len(), 0);
    assert_eq!(circleci.log().len(), 1);
    // Nor does anybody else see it: DigitalOcean's servers and the docker helper.
    assert!(registry.log().iter().all(|entry| !entry.target.contains(TOKEN)));
    let names =
        registry.log().iter().flat_map(|entry| entry.header_names.clone()).collect::<Vec<_>>();
    assert!(!names.iter().any(|name| name == "circle-token"), "{names:?}");
}

#[test]
fn a_redirect_within_the_origin_is_followed_with_the_token() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    circleci.lie(
        "",
        1,
        Lie::with_header(307, "location", "/api/v2/project/gh/keepkey/support-email"),
    );
    let run = gate(&registry, &circleci).run();
    assert!(block(&run).contains("push-job-absent"), "{}", run.stdout);
    assert!(circleci.log().iter().all(|asked| asked.header("circle-token") == Some(TOKEN)));
}

#[test]
fn no_more_than_eight_requests_and_no_third_page() {
    let old: Vec<_> = (1..=65).map(|n| pipeline(1200 + n, "created", OTHER, "develop")).collect();
    let mut world = World { pipelines: old, page: 10, ..world() };
    world.pipelines.insert(15, pipeline(1284, "created", COMMIT, "develop"));
    world.workflows = vec![
        workflow(2, "develop", "failed"),
        workflow(3, "nightly", "failed"),
        workflow(4, "docs", "failed"),
    ];
    world.jobs = [(0, (0..35).map(|n| job(9000 + n, "test", "success", &[])).collect())].into();
    let (registry, circleci) = (registry(), CircleCi::start(world));
    circleci.lie("/workflow", 1, Lie::with_header(429, "retry-after", "0"));
    let run = gate(&registry, &circleci).run();
    assert!(block(&run).contains("push-job-unknown"), "{}", run.stdout);
    let asked = circleci.asked();
    assert_eq!(asked.len(), 8, "{asked:#?}");
    assert!(!asked.iter().any(|line| line.contains("page-token=20")), "{asked:#?}");
}

#[test]
fn nothing_is_asked_where_the_image_is_there_or_nothing_is_known_of_it() {
    let stand_in = StandIn::honest();
    stand_in.image("keepkey/support-email", "latest-dev", Image::node_on_alpine());
    let circleci = CircleCi::start(world());
    for (run, code) in [
        (gate(&stand_in, &circleci).arg("--format=json").run(), 0),
        (gate(&stand_in, &circleci).args("--format=json --port 9").run(), 1),
        (
            gate(&stand_in, &circleci)
                .args("--format=json")
                .token("dop_v1_wrong-token-of-nobody")
                .run(),
            4,
        ),
    ] {
        assert_eq!(run.code, Some(code), "{}", run.stdout);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["diagnosis"], serde_json::json!([]));
    }
    assert_eq!(circleci.log().len(), 0);
}

#[test]
fn a_hanging_circleci_ends_within_ten_seconds_and_the_verdict_stands() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    circleci.lie("", 9, Lie::Hang);
    let run = gate(&registry, &circleci).run();
    let block = block(&run);
    assert!(block.contains("could not be asked (no answer in time)"), "{block}");
    assert!(run.stderr.contains("asking CircleCI why the image is missing"), "{}", run.stderr);
}

#[test]
fn what_circleci_says_is_cleaned_and_its_links_are_not_shown() {
    let mut pipeline = pipeline(1284, "errored", COMMIT, "develop");
    let evil = format!("<b>\u{1b}[31m \u{202e}https://evil.example {TOKEN} {}", "x".repeat(400));
    pipeline["errors"] = serde_json::json!([{ "type": "other", "message": evil }]);
    pipeline["trigger"]["actor"]["login"] = serde_json::json!("a\nb");
    let (registry, circleci) =
        (registry(), CircleCi::start(World { pipelines: vec![pipeline], ..world() }));
    let run = gate(&registry, &circleci).args("--html page.html --junit junit.xml").run();
    let block = block(&run);
    assert!(block.contains(" by a b: ") && block.contains("<b>[31m "), "{block}");
    assert!(!block.contains("xxxxxxxxxx".repeat(20).as_str()), "{block}");
    assert!(!run.file("page.html").contains("href=\"https://evil"), "{block}");
}

#[test]
fn the_project_is_the_configs_then_the_checkouts() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    let project = |run: &crate::support::Run<'_>| {
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let of = &report["diagnosis"][0];
        format!("{} {}", of["project"], of["project_from"])
    };
    let at = |gate: Gate<'_>| project(&gate.arg("--format=json").run());
    assert_eq!(at(gate(&registry, &circleci)), "\"gh/keepkey/support-email\" \"remote\"");
    let info = "organization: {id: o-1}\nproject: {id: p-1, slug: circleci/a/b}\n";
    let with_info = || gate(&registry, &circleci).file(".circleci/info.yml", info);
    assert_eq!(at(with_info()), "\"circleci/o-1/p-1\" \"info.yml\"");
    let config = "circleci: { project: bb/a/b }\n";
    let with_config = with_info().file("verify-registry-image.yml", config);
    assert_eq!(at(with_config), "\"bb/a/b\" \"config\"");
    let odd = gate(&registry, &circleci)
        .file(".circleci/info.yml", "project: {slug: gh/..}\n")
        .arg("--format=json")
        .run();
    assert_eq!(project(&odd), "\"gh/keepkey/support-email\" \"remote\"");
    assert!(odd.stderr.contains("`.circleci/info.yml` is not used"), "{}", odd.stderr);
    openapi::assert_described(&circleci);
}

#[test]
fn without_token_or_project_nothing_is_asked() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    let run = gate(&registry, &circleci).env("CIRCLE_TOKEN", " \n").run();
    insta::assert_snapshot!(block(&run), @"
    pipeline   not asked, CIRCLE_TOKEN is not set: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop
      reason     no-token
      next       Set CIRCLE_TOKEN to a personal API token of CircleCI (User Settings > Personal API Tokens) and run it again
    ");
    let run = gate(&registry, &circleci).env("CIRCLE_TOKEN", "tök\u{1}en-of-nobody").run();
    assert!(block(&run).contains("no-token"), "{}", run.stdout);
    assert!(run.stderr.contains("`CIRCLE_TOKEN` counts as not set"), "{}", run.stderr);
    let run = gate(&registry, &circleci).file(".git/config", "").run();
    insta::assert_snapshot!(block(&run), @"
    pipeline   not asked, the CircleCI project is not known
      reason     no-project
      next       Add the project to the config file, as in `circleci: { project: gh/ORGANIZATION/REPOSITORY }`: Project Settings > Overview shows its slug
    ");
    assert_eq!(circleci.log().len(), 0);
    // The command line's own names of it count after it.
    let run = gate(&registry, &circleci)
        .without_env("CIRCLE_TOKEN")
        .env("CIRCLECI_CLI_TOKEN", TOKEN)
        .run();
    assert!(run.stderr.contains("the CircleCI token comes from the variable `CIRCLECI_CLI_TOKEN`"));
    assert!(!circleci.log().is_empty());
}

#[test]
fn its_address_is_an_origin_over_https_or_on_this_machine() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    let mut table = String::new();
    for odd in [
        "http://circleci.example",
        "https://circleci.example/api/v2",
        "https://u:p4ssw0rd@circleci.example",
        "circleci.example",
        "https://circleci.example?x=1",
    ] {
        let run = gate(&registry, &circleci).env("CIRCLECI_API_URL", odd).run();
        assert_eq!(run.code, Some(2));
        table.push_str(run.stderr.lines().next().unwrap_or_default());
        table.push('\n');
    }
    insta::assert_snapshot!(table, @"
    error: `CIRCLECI_API_URL` must be `https`, unless its host is this machine
    error: invalid `CIRCLECI_API_URL`: it has a path; expected a scheme, a host and a port
    error: invalid `CIRCLECI_API_URL`: it has a user name or a password; expected a scheme, a host and a port
    error: invalid `CIRCLECI_API_URL`: expected an address such as `https://circleci.com`
    error: invalid `CIRCLECI_API_URL`: it has a query; expected a scheme, a host and a port
    ");
    assert_eq!(registry.log().len() + circleci.log().len(), 0);
}

#[test]
fn each_question_but_the_first_is_left_with_its_link() {
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    let host = registry.host(crate::stand_in::Origin::Registry);
    let config = format!(
        "registry: {host}/keepkey\nenvironments:\n  development: {{ tag: latest-dev, branch: develop }}\n  \
         test: {{ tag: latest-test, branch: test }}\nservices:\n  support-email: {{}}\n  other: {{}}\n"
    );
    let run = gate(&registry, &circleci)
        .file("verify-registry-image.yml", config)
        .image("keepkey/other:latest-dev")
        .image("keepkey/other:latest-test")
        .arg("--format=json")
        .run();
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let diagnoses = report["diagnosis"].as_array().unwrap();
    let of: Vec<_> = diagnoses
        .iter()
        .map(|of| (of["images"].as_array().unwrap().len(), of["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(of, [(2, "push-job-absent"), (1, "not-asked")]);
    assert!(diagnoses[1]["url"].as_str().unwrap().ends_with("?branch=test"));
}
