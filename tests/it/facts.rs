//! `expect`: what the image must say of itself.

use crate::stand_in::{Image, Index, Lie, Route, StandIn};
use crate::support::{Gate, Run};

const REPOSITORY: &str = "keepkey/support-email";

fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Index::of_two_platforms(&Image::node_on_alpine()));
    stand_in
}

fn gate<'a>(stand_in: &'a StandIn, expect: &str) -> Gate<'a> {
    let registry = stand_in.reference("keepkey");
    let config = format!(
        "registry: {registry}\nenvironments:\n  development: {{ tag: latest-dev }}\nservices:\n  support-email:\n    expect:{expect}\n"
    );
    Gate::at(stand_in)
        .file("verify-registry-image.yml", config)
        .args("--environment development --format json")
}

fn check(run: &Run<'_>) -> serde_json::Value {
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let checks = report["images"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == "facts-expected").unwrap().clone()
}

#[test]
fn each_fact_that_does_not_hold_is_named_with_what_to_write() {
    let stand_in = with_image();
    let expect = "\n      user: not-root\n      cmd: [node, server.js]\n      env: { NODE_VERSION: /^99/ }\n      max_size: 1GiB";
    let run = gate(&stand_in, expect).run();
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let check = check(&run);
    assert_eq!((&check["status"], &check["reason"]), (&"failed".into(), &"fact-differs".into()));
    insta::assert_snapshot!(check["message"].as_str().unwrap(), @r#"2 of 4 expected facts do not hold: variable `NODE_VERSION` of `linux/amd64` is `22.21.0`, expected `/^99/`; variable `NODE_VERSION` of `linux/arm64` is `22.21.0`, expected `/^99/`; the command of `linux/amd64` is `["node","dist/server.js"]`, expected `["node","server.js"]`; the command of `linux/arm64` is `["node","dist/server.js"]`, expected `["node","server.js"]`"#);
    insta::assert_snapshot!(check["hint"].as_str().unwrap(), @r#"
    Write `ENV NODE_VERSION="…"` in the Dockerfile.
    Write `CMD ["node","server.js"]` in the Dockerfile, as a list: the form without brackets starts a shell.
    "#);
}

#[test]
fn facts_that_hold_are_a_yes() {
    let stand_in = with_image();
    let run = gate(&stand_in, "\n      env: { NODE_VERSION: /./ }\n      max_age: 3650d").run();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!(check(&run)["message"], "all 2 expected facts hold");
}

/// As public projects have them: words of both spellings, a pattern with a hyphen, tests of other kinds.
const STRUCTURE_TEST: &str = r#"schemaVersion: 2.0.0
commandTests:
- name: run
  command: /kubegraph
  exitCode: 1
fileExistenceTests: []
metadataTest:
  envVars:
  - key: NODE_VERSION
    value: '^[\w-.]+$'
    isRegex: true
  unboundEnv:
  - key: DEBUG
  exposedPorts: ["5001"]
  unexposedPorts: []
  volumes: []
  workdir: ""
"#;

#[test]
fn the_metadata_test_of_a_structure_test_is_read_as_it_stands() {
    let stand_in = with_image();
    let run =
        gate(&stand_in, " structure-test.yaml").file("structure-test.yaml", STRUCTURE_TEST).run();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!(check(&run)["message"], "all 3 expected facts hold");
    assert!(run.stdout.contains("`structure-test.yaml` also has `commandTests`"), "{}", run.stdout);

    let other = STRUCTURE_TEST.replace("\"5001\"", "\"5002\"");
    let run = gate(&stand_in, " structure-test.yaml").file("structure-test.yaml", other).run();
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
}

#[test]
fn an_expectation_that_cannot_be_read_is_a_mistake() {
    let stand_in = with_image();
    let mut said = String::new();
    for expect in [
        " {}",
        " structure-test.yaml",
        " ../structure-test.yaml",
        " { users: node }",
        " { user: }",
        " { env: { A: \"/[/\" } }",
        " { labels: { a: // } }",
        " { max_age: soon }",
        " { max_size: 5 }",
        " { healthcheck: yes }",
        " [a]",
    ] {
        let run = gate(&stand_in, expect).run();
        assert_eq!(run.code, Some(2), "{expect}: {}", run.stdout);
        said.push_str(&run.stderr);
    }
    for test in [
        "schemaVersion: 2.0.0\n",
        "schemaVersion: 2.0.0\nmetadataTests: {}\n",
        "metadataTest: { user: a }\n",
    ] {
        let run = gate(&stand_in, " structure-test.yaml").file("structure-test.yaml", test).run();
        assert_eq!(run.code, Some(2), "{test}: {}", run.stdout);
        said.push_str(&run.stderr);
    }
    insta::assert_snapshot!(said, @"
    error: verify-registry-image.yml:6:13: `expect` expects nothing
      hint: write a fact, as in `user: not-root`, or remove it
    error: verify-registry-image.yml:6:13: the structure test `structure-test.yaml` does not exist
      hint: write the file's path relative to this file, or the facts themselves
    error: verify-registry-image.yml:6:13: the path `../structure-test.yaml` is not below this file's folder
      hint: write it relative to this file, without `..` and without a leading `/`
    error: verify-registry-image.yml:6:15: unknown key `users`
      hint: did you mean `user`?
    error: verify-registry-image.yml:6:21: missing value: add one or remove the key
    error: verify-registry-image.yml:6:25: invalid pattern `/[/`: found unclosed character class
    error: verify-registry-image.yml:6:28: empty pattern
    error: verify-registry-image.yml:6:24: invalid age `soon`: expected an age such as `24h` or `30d`, at most `3650d`
    error: verify-registry-image.yml:6:25: invalid size `5`: expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
    error: verify-registry-image.yml:6:28: invalid value `yes`: expected `true` or `false`
    error: verify-registry-image.yml:6:13: expected a mapping of facts, or a file, found a list
    error: verify-registry-image.yml:6:13: the structure test `structure-test.yaml` asks for nothing in a `metadataTest`
      hint: a registry can answer nothing else of it: write one, or remove `expect`
    error: verify-registry-image.yml:6:13: the structure test `structure-test.yaml` cannot be read: unknown field `metadataTests`, expected one of `schemaVersion`, `metadataTest`, `commandTests`, `fileExistenceTests`, `fileContentTests`, `licenseTests`, `globalEnvVars`, `containerRunOptions` at line 2 column 1
    error: verify-registry-image.yml:6:13: the structure test `structure-test.yaml` cannot be read: missing field `schemaVersion`
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn a_structure_test_is_no_output() {
    let stand_in = with_image();
    let run = gate(&stand_in, " structure-test.yaml")
        .file("structure-test.yaml", STRUCTURE_TEST)
        .args("--junit structure-test.yaml")
        .run();
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.files.is_empty(), "{}", run.snapshot());
    insta::assert_snapshot!(run.stderr, @"
    error: `structure-test.yaml` (`--junit`) is also a structure test, which this run reads
      hint: name another file for the output
    ");
}

#[test]
fn annotations_and_attestations_are_facts_beside_the_config() {
    let image = Image::node_on_alpine().manifest_field(
        "annotations",
        serde_json::json!({ "org.opencontainers.image.vendor": "KeepKey" }),
    );
    let provenance = ("https://slsa.dev/provenance/v1", serde_json::json!({}));
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Index::new().image(image).attested(0, &[provenance]));
    let expect = "\n      annotations: { org.opencontainers.image.vendor: /^Keep/ }\n      attestations: [provenance]";
    let run = gate(&stand_in, expect).run();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let expect = "\n      annotations: { org.opencontainers.image.vendor: Else }\n      attestations: [provenance, sbom]";
    let run = gate(&stand_in, expect).run();
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let check = check(&run);
    insta::assert_snapshot!(check["message"].as_str().unwrap(), @"2 of 3 expected facts do not hold: annotation `org.opencontainers.image.vendor` is `KeepKey`, expected `Else`; the attestation `sbom` is absent");
    insta::assert_snapshot!(check["hint"].as_str().unwrap(), @r#"
    Add to the build: `--annotation "org.opencontainers.image.vendor=Else"`
    Build with `docker buildx build --sbom=true --push`, which lists it in an index beside the image: a reference to one platform's own manifest does not lead to it.
    "#);
}

#[test]
fn an_attestation_that_cannot_be_asked_for_is_no_fact_that_fails() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let expect = "\n      attestations: [sbom]";
    assert_eq!(gate(&stand_in, expect).run().code, Some(1));
    let refused = Lie::status(503);
    let route = Route::Unknown.containing(&format!("/referrers/{}", pushed.digest));
    stand_in.lie(route, refused);
    let run = gate(&stand_in, expect).run();
    assert_eq!(run.code, Some(3), "{}", run.stdout);
    assert_eq!(check(&run)["status"], "errored");
}

#[test]
fn an_attestation_of_another_name_is_a_mistake_of_the_config() {
    let stand_in = with_image();
    let run = gate(&stand_in, "\n      attestations: [signature]").run();
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("expected `provenance` or `sbom`"), "{message}");
}

/// The index still lists the SBOM, and its bytes are gone or out of reach.
#[test]
fn an_attestation_whose_statement_is_lost_is_no_attestation() {
    let expect = "\n      attestations: [sbom]";
    let world = || {
        let stand_in = StandIn::honest();
        let sbom = ("https://spdx.dev/Document", serde_json::json!({}));
        let index = Index::new().image(Image::node_on_alpine()).attested(0, &[sbom]);
        stand_in.image(REPOSITORY, "latest-dev", index);
        stand_in
    };
    let attested = |run: &Run<'_>| -> serde_json::Value {
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        report["images"][0]["attestations"].clone()
    };
    let whole = world();
    let run = gate(&whole, expect).run();
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    let digest = attested(&run)[0]["digest"].as_str().unwrap().to_owned();

    let out_of_reach = world();
    out_of_reach.lie(Route::Blob.containing(&digest), Lie::status(503));
    let run = gate(&out_of_reach, expect).run();
    assert_eq!((run.code, &check(&run)["status"]), (Some(3), &"errored".into()), "{}", run.stdout);

    let lost = world();
    lost.forget_blob(REPOSITORY, &digest);
    let run = gate(&lost, expect).run();
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    insta::assert_snapshot!(check(&run)["message"].as_str().unwrap(), @"the expected fact does not hold: the attestation `sbom` is gone: it is listed beside the image, and the registry does not have it");
    assert_eq!(attested(&run), serde_json::json!([]));
}
