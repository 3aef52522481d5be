//! Texts of others that would move a cursor, turn a line around, break a document, or fill a page.

use serde_json::json;

use super::{REPOSITORY, TAG, gate, with, with_image};
use crate::stand_in::{Answer, Image, Lie, Route, StandIn};
use crate::support::{Gate, Run};

/// An escape sequence, a title, a bell, a carriage return, a line of one's own, bidirectional and
/// invisible characters, what XML forbids, and a command of CircleCI's log.
const HOSTILE: &str = "\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}\r\nVERIFIED (GREEN)\u{0}\u{202e}desrever\u{2066}\u{200b}\u{fffe}\u{ffff}\u{9b}2J<b>&\"']]>";

/// Nothing in `text` but line feeds and what can be seen; and none of it was meant for a terminal.
#[track_caller]
fn assert_plain(place: &str, text: &str) {
    let odd = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
    };
    let found: Vec<_> = text.chars().filter(|character| odd(*character)).collect();
    assert!(found.is_empty(), "{place}: {found:?} in {text}");
}

/// Every output is plain, the JUnit file is a document, and so is JSON.
#[track_caller]
fn assert_outputs_plain(run: &Run<'_>) {
    assert_plain("standard output", &run.stdout);
    assert_plain("standard error", &run.stderr);
    for (path, content) in &run.files {
        assert_plain(path, content.as_deref().unwrap_or_default());
    }
    let junit = roxmltree::Document::parse(run.file("junit.xml")).unwrap();
    for node in junit.descendants() {
        assert_plain("junit.xml, read", node.text().unwrap_or_default().trim());
        for attribute in node.attributes() {
            assert_plain("an attribute of junit.xml", &attribute.value().replace('\n', " "));
        }
    }
    if let Some(Some(record)) = run.files.get("record.json") {
        let record: serde_json::Value = serde_json::from_str(record).unwrap();
        assert_plain("record.json, read", &record.to_string());
    }
}

fn every_output(stand_in: &StandIn) -> Gate<'_> {
    gate(stand_in).args("--junit junit.xml --failure-reason-file reason")
}

/// A run with every output and `-vv` beside the one in the snapshot: the order of its lines differs from
/// run to run.
#[track_caller]
fn snapshot(stand_in: &StandIn) -> String {
    assert_outputs_plain(&every_output(stand_in).args("-vv").run());
    gate(stand_in).args("--failure-reason-file reason").snapshot()
}

/// An image whose every text is hostile.
fn hostile_image() -> Image {
    Image::node_on_alpine()
        .revision(HOSTILE)
        .label(HOSTILE, HOSTILE)
        .env(HOSTILE, HOSTILE)
        .ports(&[HOSTILE])
        .config_field("created", json!(HOSTILE))
        .manifest_field("annotations", json!({ HOSTILE: HOSTILE }))
}

#[test]
fn labels_that_hold_control_characters_are_shown_without_them() {
    let (stand_in, _) = with(hostile_image());
    insta::assert_snapshot!(snapshot(&stand_in), @r#"
    $ verify-registry-image --deadline 5s --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: the image says that it was built from `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`, not from `1111111111111111111111111111111111111111`
        expected   1111111111111111111111111111111111111111
        observed   [31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>
        reason     revision-differs
        next       Did this commit's push job run before this one?
                   If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform, layers-present
      skipped    digest-expected: no digest was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      digest     sha256:f077db2c7525[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.7 KiB in 5 layers
                 created [31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>, exposes [31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>
      commit     [31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>
      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: revision-differs: the image says that it was built from 31mred0m0title  VERIFIED (GREEN)desrever2Jb'\'', not from 1111111111111111111111111111111111111111 (revision-expected)'
    "#);
    let run = every_output(&stand_in).run();
    assert_outputs_plain(&run);
    let junit = roxmltree::Document::parse(run.file("junit.xml")).unwrap();
    let failure = junit.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    insta::assert_snapshot!(failure.text().unwrap().replace(&stand_in.reference(""), ""), @r#"
    keepkey/support-email:latest-dev
    the image says that it was built from `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`, not from `1111111111111111111111111111111111111111`
    expected: 1111111111111111111111111111111111111111
    observed: [31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>
    reason: revision-differs: The image says that it was built from another commit: the tag was not moved, or the label is its base image's.
    next: Did this commit's push job run before this one?
    If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    "#);
}

#[test]
fn an_error_that_holds_control_characters_is_shown_without_them() {
    let (stand_in, _) = with_image();
    let answer = Answer::oci_error(404, "MANIFEST_UNKNOWN", HOSTILE, &json!({ HOSTILE: HOSTILE }))
        .header("warning", "299 - \"\u{202e}desrever\u{200b}\"");
    stand_in.lie(Route::ManifestByTag, Lie::Answer(answer));
    let tags = json!({ "tags": [{ "tag": HOSTILE }, { "tag": format!("latest-{HOSTILE}") }] });
    stand_in.lie(Route::ApiTags, Lie::Answer(Answer::json(200, &tags)));
    let registries = json!({ "registries": [{ "name": HOSTILE }, { "name": "keepkey" }] });
    stand_in.lie(Route::ApiRegistries, Lie::Answer(Answer::json(200, &registries)));
    let collection = json!({ "garbage_collection": { "status": HOSTILE } });
    stand_in.lie(Route::ApiGc, Lie::Answer(Answer::json(200, &collection)));
    insta::assert_snapshot!(snapshot(&stand_in), @r#"
    $ verify-registry-image --deadline 5s --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`)
        reason     tag-missing
        next       Is one of these meant? `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`, `latest-[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`
                   A garbage collection is under way (`[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`): pushes fail until it ends, pulls work.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      passed     registry-honest, repository-exists
      skipped    manifest-intact, revision-expected, platform, layers-present:
                 there is no manifest to look at
      skipped    digest-expected: no digest was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: tag-missing: [registry]/keepkey/support-email has no tag latest-dev (404 MANIFEST_UNKNOWN 31mred0m0title  VERIFIED (GREEN)desrever2Jb'\'') (tag-exists)'
    "#);
}

#[test]
fn a_page_that_holds_control_characters_is_shown_without_them() {
    let (stand_in, _) = with_image();
    let answer = Answer::new(404).header("content-type", "text/\u{202e}html").bytes(HOSTILE);
    stand_in.lie(Route::ManifestByTag, Lie::Answer(answer));
    insta::assert_snapshot!(snapshot(&stand_in), @r#"
    $ verify-registry-image --deadline 5s --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --failure-reason-file reason
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      repository-exists, tag-exists, manifest-intact, revision-expected, platform, layers-present errored: the manifest of `latest-dev`: `[registry]` answered 404 (no content type): `[31mred[0m]0;title  VERIFIED (GREEN)desrever2J<b>&"']]>`
        reason     not-found-bare
        next       Try again; if it stays, look whether the image is there by other means, and report the answer that the message shows.
      passed     registry-honest
      skipped    digest-expected: no digest was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- reason
    FAILURE_REASON='UNDECIDED [registry]/keepkey/support-email:latest-dev: not-found-bare: the manifest of latest-dev: [registry] answered 404 (no content type): 31mred0m0title  VERIFIED (GREEN)desrever2Jb'\'' (repository-exists)'
    "#);
}

#[test]
fn characters_that_xml_forbids_do_not_break_the_junit_file() {
    let (stand_in, _) = with(Image::node_on_alpine().revision("\u{fffe}abc\u{ffff}\u{1}]]>&<"));
    let run = Gate::at(&stand_in)
        .args("--junit junit.xml --record record.json")
        .image(&format!("{REPOSITORY}:{TAG}"))
        .run();
    assert_outputs_plain(&run);
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --junit junit.xml --record record.json [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:09a7bebbb736[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     abc]]>&<
      service    support-email

      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform, layers-present
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- junit.xml
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="verify-registry-image" tests="11" skipped="5" failures="0" errors="0" time="[seconds]">
        <testsuite name="[registry]/keepkey/support-email" tests="11" skipped="5" errors="0" failures="0" time="[seconds]" timestamp="[time]">
            <testcase name="registry-honest" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <system-out>the registry denied a tag that cannot exist</system-out>
            </testcase>
            <testcase name="repository-exists" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <system-out>the registry serves `[registry]/keepkey/support-email`</system-out>
            </testcase>
            <testcase name="tag-exists" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <system-out>`latest-dev` names `sha256:09a7bebbb736[..64]`</system-out>
            </testcase>
            <testcase name="manifest-intact" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <system-out>manifest and config hash to their digests</system-out>
            </testcase>
            <testcase name="digest-expected" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <skipped message="no digest was expected"/>
            </testcase>
            <testcase name="revision-expected" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <skipped message="no commit was expected"/>
            </testcase>
            <testcase name="immutable-tag" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <skipped message="no immutable tag was asked for"/>
            </testcase>
            <testcase name="platform" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <system-out>found `linux/amd64`</system-out>
            </testcase>
            <testcase name="layers-present" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <system-out>config and layers can be pulled (6 blobs)</system-out>
            </testcase>
            <testcase name="port" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <skipped message="no port was asked for"/>
            </testcase>
            <testcase name="runtime" classname="[registry]/keepkey/support-email" time="[seconds]" file=".circleci/config.yml">
                <skipped message="no runtime was declared"/>
            </testcase>
            <system-out>VERIFIED [registry]/keepkey/support-email:latest-dev
    digest: sha256:09a7bebbb736[..64]
    last answer at: [time]
    note: found, but not proven to be this commit&apos;s: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`</system-out>
        </testsuite>
    </testsuites>
    ----- record.json
    {
      "schema_version": 1,
      "image": {
        "pinned": "[registry]/keepkey/support-email@sha256:09a7bebbb736[..64]",
        "pinned_with_tag": "[registry]/keepkey/support-email:latest-dev@sha256:09a7bebbb736[..64]",
        "reference": "[registry]/keepkey/support-email:latest-dev",
        "registry_type": "DOCR",
        "server": "[registry]",
        "registry": "keepkey",
        "repository": "support-email",
        "tag": "latest-dev",
        "digest": "sha256:09a7bebbb736[..64]",
        "media_type": "application/vnd.oci.image.manifest.v1+json",
        "is_index": false,
        "platforms": [
          {
            "platform": "linux/amd64",
            "os": "linux",
            "architecture": "amd64",
            "variant": null,
            "digest": "sha256:09a7bebbb736[..64]",
            "config_digest": "sha256:44e2d6d4eb26[..64]",
            "size_bytes": 77895,
            "layers": 5,
            "created": "2026-11-03T08:15:30.123456789Z",
            "revision": "abc]]>&<",
            "exposed_ports": [
              "5001/tcp"
            ]
          }
        ]
      },
      "service": null,
      "environment": null,
      "source": null,
      "pipeline": null,
      "warnings": [
        "only the tag `latest-dev` is known to name this digest: when it moves on, a garbage collection of untagged manifests deletes the pinned image; push an immutable tag beside it and name it as `immutable_tag` in the config"
      ],
      "verification": {
        "result": "VERIFIED",
        "verified_at": "[time]",
        "tool": {
          "name": "verify-registry-image",
          "version": "0.1.0"
        },
        "immutable_tag": null,
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
            "message": "`latest-dev` names `sha256:09a7bebbb736[..64]`",
            "note": null
          },
          {
            "id": "manifest-intact",
            "status": "passed",
            "message": "manifest and config hash to their digests",
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
            "status": "skipped",
            "message": "no commit was expected",
            "note": null
          },
          {
            "id": "immutable-tag",
            "status": "skipped",
            "message": "no immutable tag was asked for",
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
            "id": "port",
            "status": "skipped",
            "message": "no port was asked for",
            "note": null
          },
          {
            "id": "runtime",
            "status": "skipped",
            "message": "no runtime was declared",
            "note": null
          }
        ],
        "notes": [
          "found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`"
        ]
      }
    }
    "#);
}
