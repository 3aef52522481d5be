//! What a run writes down: the record, the image's reference, the JUnit file, the failure's reason, the
//! page and the configuration for Pulumi.

use serde_json::Value;
use verify_registry_image::output::record::SCHEMA;

use crate::stand_in::{Image, Index, StandIn};
use crate::support::{Gate, Run};

const REPOSITORY: &str = "keepkey/support-email";
const COMMIT: &str = "1111111111111111111111111111111111111111";

fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine().revision(COMMIT);
    stand_in.image(REPOSITORY, "latest-dev", Index::of_two_platforms(&image));
    stand_in.image(REPOSITORY, &format!("{COMMIT}-dev"), Index::of_two_platforms(&image));
    stand_in
}

/// A run in a CircleCI job, with a config that declares everything.
fn gate(stand_in: &StandIn) -> Gate<'_> {
    let config = format!(
        r#"registry: {}
environments:
  development:
    tag: latest-dev
    immutable_tag: "{{revision}}-dev"
    branch: develop
    expect_revision: required
services:
  support-email:
    port: 5001
    ingress: false
    runtime: {{ language: nodejs, base: alpine }}
    platforms: [linux/amd64]
    env: {{ NODE_ENV: production }}
"#,
        stand_in.reference("keepkey")
    );
    Gate::at(stand_in)
        .file("verify-registry-image.yml", config)
        .args("--environment development")
        .env("CI", "true")
        .env("CIRCLECI", "true")
        .env("CIRCLE_SHA1", COMMIT)
        .env("CIRCLE_BRANCH", "develop")
        .env("CIRCLE_BUILD_URL", "https://circleci.com/gh/keepkey/support-email/4711")
        .env("CIRCLE_BUILD_NUM", "4711")
        .env("CIRCLE_WORKFLOW_ID", "5b3c0a7e-4f0d-4a53-9d26-7a1f9d0c2b11")
        .env("CIRCLE_PROJECT_USERNAME", "keepkey")
        .env("CIRCLE_PROJECT_REPONAME", "support-email")
        .env("CIRCLE_REPOSITORY_URL", "git@github.com:keepkey/support-email.git")
        .env("CIRCLE_JOB", "verify")
}

fn record(run: &Run<'_>) -> Value {
    serde_json::from_str(run.file("record.json")).expect("JSON")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a whole record")]
fn a_record_says_what_was_verified_declared_and_built() {
    let stand_in = with_image();
    let run = gate(&stand_in).args("--record record.json --image-ref ref -q").run();
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --environment development --record record.json --image-ref ref -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    ----- record.json
    {
      "schema_version": 1,
      "image": {
        "pinned": "[registry]/keepkey/support-email@sha256:bb78b84b42f9[..64]",
        "pinned_with_tag": "[registry]/keepkey/support-email:latest-dev@sha256:bb78b84b42f9[..64]",
        "reference": "[registry]/keepkey/support-email:latest-dev",
        "registry_type": "DOCR",
        "server": "[registry]",
        "registry": "keepkey",
        "repository": "support-email",
        "tag": "latest-dev",
        "digest": "sha256:bb78b84b42f9[..64]",
        "media_type": "application/vnd.oci.image.index.v1+json",
        "is_index": true,
        "platforms": [
          {
            "platform": "linux/amd64",
            "os": "linux",
            "architecture": "amd64",
            "variant": null,
            "digest": "sha256:03783fe6aa95[..64]",
            "config_digest": "sha256:548e2972e7fe[..64]",
            "size_bytes": 77915,
            "layers": 5,
            "created": "2026-11-03T08:15:30.123456789Z",
            "revision": "1111111111111111111111111111111111111111",
            "exposed_ports": [
              "5001/tcp"
            ]
          }
        ],
        "revision": {
          "commit": "1111111111111111111111111111111111111111",
          "from": "label"
        },
        "attestations": [
          {
            "kind": "provenance",
            "digest": "sha256:9d9c3cf279ef[..64]",
            "platform": "linux/amd64"
          }
        ]
      },
      "service": {
        "name": "support-email",
        "port": 5001,
        "ingress": false,
        "runtime": {
          "language": "nodejs",
          "base": "alpine"
        },
        "env": {
          "NODE_ENV": "production",
          "PORT": "5001"
        }
      },
      "environment": {
        "name": "development"
      },
      "source": {
        "repository": "keepkey/support-email",
        "repository_url": "https://github.com/keepkey/support-email",
        "revision": "1111111111111111111111111111111111111111",
        "branch": "develop",
        "tag": null
      },
      "pipeline": {
        "job_url": "https://circleci.com/gh/keepkey/support-email/4711",
        "job": "verify",
        "job_number": 4711,
        "workflow_id": "5b3c0a7e-4f0d-4a53-9d26-7a1f9d0c2b11",
        "pipeline_id": null
      },
      "warnings": [],
      "verification": {
        "result": "VERIFIED",
        "verified_at": "[time]",
        "tool": {
          "name": "verify-registry-image",
          "version": "[version]"
        },
        "immutable_tag": "1111111111111111111111111111111111111111-dev",
        "content": {
          "how": "ranges",
          "bytes": 76473
        },
        "checks": [
          {
            "id": "registry-honest",
            "status": "passed",
            "message": "the registry denied a tag that cannot exist",
            "note": null
          },
          {
            "id": "repository-exists",
            "status": "passed",
            "message": "the registry serves `[registry]/keepkey/support-email`",
            "note": null
          },
          {
            "id": "tag-exists",
            "status": "passed",
            "message": "`latest-dev` names `sha256:bb78b84b42f9[..64]`",
            "note": null
          },
          {
            "id": "manifest-intact",
            "status": "passed",
            "message": "index, manifest and config hash to their digests",
            "note": null
          },
          {
            "id": "digest-expected",
            "status": "skipped",
            "message": "no digest was expected",
            "note": null
          },
          {
            "id": "revision-expected",
            "status": "passed",
            "message": "it says that it was built from `1111111111111111111111111111111111111111`",
            "note": null
          },
          {
            "id": "immutable-tag",
            "status": "passed",
            "message": "`1111111111111111111111111111111111111111-dev` names the same digest",
            "note": null
          },
          {
            "id": "platform",
            "status": "passed",
            "message": "found `linux/amd64`",
            "note": null
          },
          {
            "id": "layers-present",
            "status": "passed",
            "message": "config and layers can be pulled (6 blobs)",
            "note": null
          },
          {
            "id": "content-intact",
            "status": "skipped",
            "message": "only sizes were looked at; `--content` reads every byte",
            "note": null
          },
          {
            "id": "engines",
            "status": "passed",
            "message": "docker and containerd pull it: no rule of the measured table says otherwise",
            "note": null
          },
          {
            "id": "facts-expected",
            "status": "skipped",
            "message": "no facts of the image are declared",
            "note": null
          },
          {
            "id": "port",
            "status": "passed",
            "message": "the image names `5001/tcp`",
            "note": null
          },
          {
            "id": "runtime",
            "status": "passed",
            "message": "it shows `nodejs` (`NODE_VERSION` is set), `alpine` (its history has `alpine`)",
            "note": null
          }
        ],
        "notes": [
          "only `linux/amd64` was looked at; the image offers `linux/arm64` too"
        ]
      }
    }
    ----- ref
    [registry]/keepkey/support-email@sha256:bb78b84b42f9[..64][no newline]
    "#);
}

#[test]
fn a_validator_that_is_not_ours_takes_the_record_of_a_run() {
    let stand_in = with_image();
    let printed = Gate::alone().args("--schema record").run();
    let schema: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let full = record(&gate(&stand_in).args("--record record.json").run());
    let bare = Gate::at(&stand_in).image("keepkey/support-email:latest-dev");
    let bare = record(&bare.args("--record record.json").run());
    for record in [full, bare] {
        let errors: Vec<_> =
            validator.iter_errors(&record).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn two_runs_agree_to_the_byte_in_image_and_service() {
    let stand_in = with_image();
    let part = |run: &Run<'_>| {
        let text = run.file("record.json");
        let from = text.find("  \"image\": {").expect("an image");
        let to = text.find("  \"environment\": ").expect("an environment");
        text.get(from..to).expect("a part").to_owned()
    };
    let one = gate(&stand_in).args("--record record.json").run();
    stand_in.image(REPOSITORY, "another-tag", Image::empty());
    let other = gate(&stand_in)
        .env("CIRCLE_BUILD_URL", "https://circleci.com/gh/keepkey/support-email/9999")
        .args("--record record.json")
        .run();
    assert_eq!(part(&one), part(&other));
    assert!(part(&one).contains("\"service\": {"));
    assert_ne!(one.file("record.json"), other.file("record.json"), "the rest differs");
}

#[test]
fn an_older_record_is_gone_when_the_image_is_not_verified() {
    let stand_in = with_image();
    let good = gate(&stand_in).args("--record record.json --image-ref ref").run();
    let older = |path: &str| good.file(path).to_owned();
    stand_in.untag(REPOSITORY, "latest-dev");
    let run = gate(&stand_in)
        .file("record.json", older("record.json"))
        .file("ref", older("ref"))
        .args("--record record.json --image-ref ref")
        .args("--failure-reason-file reason")
        .run();
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image --environment development --record record.json --image-ref ref --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       `1111111111111111111111111111111111111111-dev` is there (`sha256:bb78b84b42f9`): the image was pushed, and `latest-dev` was not set to it.
                   1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/4711
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected, immutable-tag, port, runtime: there is no manifest to look at

      service    support-email in development

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: tag-missing: [registry]/keepkey/support-email has no tag latest-dev (404 MANIFEST_UNKNOWN manifest unknown) (tag-exists)'
    ----- record.json: removed
    ----- ref: removed
    ");
}

#[test]
fn a_file_that_is_not_a_record_stays() {
    let stand_in = with_image();
    let gate = gate(&stand_in).file("record.json", "{}").args("--record record.json");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --environment development --record record.json
    exit code: 2
    ----- stdout
    ----- stderr
    error: `record.json` (`--record`) already exists and is not a deployment record of ours
      hint: name another path, or remove the file if nobody needs it
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn an_older_reason_is_gone_when_the_image_is_verified() {
    let stand_in = with_image();
    let run = gate(&stand_in)
        .file("reason", "FAILURE_REASON='yesterday'\n")
        .args("--failure-reason-file reason -q")
        .run();
    assert_eq!((run.code, run.files.get("reason")), (Some(0), Some(&None)), "{}", run.snapshot());
}

fn with_junit(stand_in: &StandIn) -> Run<'_> {
    gate(stand_in).args("--junit results/junit.xml -q").file("results/.keep", "").run()
}

#[test]
fn the_junit_file_has_a_case_for_each_check() {
    insta::assert_snapshot!(with_junit(&with_image()).snapshot(), @r#"
    $ verify-registry-image --environment development --junit results/junit.xml -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    ----- results/junit.xml
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="verify-registry-image" tests="14" skipped="3" failures="0" errors="0" time="[seconds]">
        <testsuite name="[registry]/keepkey/support-email" tests="14" skipped="3" errors="0" failures="0" time="[seconds]" timestamp="[time]">
            <testcase name="registry-honest" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>the registry denied a tag that cannot exist</system-out>
            </testcase>
            <testcase name="repository-exists" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>the registry serves `[registry]/keepkey/support-email`</system-out>
            </testcase>
            <testcase name="tag-exists" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>`latest-dev` names `sha256:bb78b84b42f9[..64]`</system-out>
            </testcase>
            <testcase name="manifest-intact" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>index, manifest and config hash to their digests</system-out>
            </testcase>
            <testcase name="digest-expected" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <skipped message="no digest was expected"/>
            </testcase>
            <testcase name="revision-expected" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>it says that it was built from `1111111111111111111111111111111111111111`</system-out>
            </testcase>
            <testcase name="immutable-tag" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>`1111111111111111111111111111111111111111-dev` names the same digest</system-out>
            </testcase>
            <testcase name="platform" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>found `linux/amd64`</system-out>
            </testcase>
            <testcase name="layers-present" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>config and layers can be pulled (6 blobs)</system-out>
            </testcase>
            <testcase name="content-intact" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <skipped message="only sizes were looked at; `--content` reads every byte"/>
            </testcase>
            <testcase name="engines" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>docker and containerd pull it: no rule of the measured table says otherwise</system-out>
            </testcase>
            <testcase name="facts-expected" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <skipped message="no facts of the image are declared"/>
            </testcase>
            <testcase name="port" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>the image names `5001/tcp`</system-out>
            </testcase>
            <testcase name="runtime" classname="[registry]/keepkey/support-email" time="[seconds]" file="verify-registry-image.yml">
                <system-out>it shows `nodejs` (`NODE_VERSION` is set), `alpine` (its history has `alpine`)</system-out>
            </testcase>
            <system-out>VERIFIED [registry]/keepkey/support-email:latest-dev
    digest: sha256:bb78b84b42f9[..64]
    environment: development
    tag answered at: [time]
    note: only `linux/amd64` was looked at; the image offers `linux/arm64` too</system-out>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn a_page_and_the_configuration_for_pulumi() {
    let stand_in = with_image();
    let run = gate(&stand_in)
        .args("--html page.html --pulumi-config Pulumi.dev.yaml --record record.json -q")
        .run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let page = run.file("page.html");
    assert!(page.starts_with("<!doctype html>") && page.contains("VERIFIED"), "{page}");
    let config: Value = serde_yaml::from_str(run.file("Pulumi.dev.yaml")).expect("YAML");
    assert_eq!(config["config"]["supportEmail"], record(&run), "Pulumi is given the record");
}

#[test]
fn a_configuration_for_pulumi_has_the_verified_services_and_no_other() {
    let stand_in = with_image();
    stand_in.image("keepkey/support-web", "latest-dev", Image::node_on_alpine());
    let services = |tag: &str| {
        let images = ["support-email", "support-web", "support-chat"]
            .map(|name| stand_in.reference(&format!("keepkey/{name}:{tag}")));
        Gate::at(&stand_in).args(&images.join(" ")).args("--pulumi-config p.yaml -q")
    };
    // Of `support-chat` nothing was pushed.
    let run = services("latest-dev").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    let fragment: Value = serde_yaml::from_str(run.file("p.yaml")).expect("YAML");
    let fragment = fragment["config"].as_object().unwrap();
    assert_eq!(fragment.keys().collect::<Vec<_>>(), ["supportEmail", "supportWeb"]);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(fragment.values().all(|record| validator.is_valid(record)), "{fragment:?}");
    // The older fragment goes before anything is requested, and without a yes there is no other.
    let run = services("never-pushed").file("p.yaml", run.file("p.yaml")).run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert_eq!(run.files.get("p.yaml"), Some(&None), "{}", run.snapshot());
}
