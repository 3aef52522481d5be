use proptest::prelude::*;

use super::*;
use crate::report::Outcome;
use crate::report::fixtures;

/// What can stand on standard output.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, clippy::large_enum_variant, reason = "only its schema is looked at")]
enum Document {
    /// A run, whatever its verdict.
    Report(Report<'static>),
    /// Nothing was asked.
    Error(ErrorReport),
}

fn shown(report: &report::Report, unwritten: &[Unwritten]) -> String {
    let mut text = String::new();
    super::report(report, unwritten, |lines| {
        text.push_str(lines);
        Ok(())
    })
    .unwrap();
    text
}

#[test]
fn a_long_report_comes_in_pieces_of_whole_lines() {
    let mut images = vec![fixtures::verified(); 200];
    images[100].notes.push("\u{e000}\u{202e}".to_owned() + &"x".repeat(1 << 20));
    let report = fixtures::report(images);
    let mut pieces = Vec::new();
    super::report(&report, &[], |lines| {
        pieces.push(lines.to_owned());
        Ok(())
    })
    .unwrap();
    assert!(pieces.len() > 4);
    assert!(pieces.iter().all(|piece| piece.ends_with('\n')));
    let long = pieces.iter().filter(|piece| piece.len() > 100 << 10).count();
    assert_eq!(long, 1, "the line that is as long by itself");
    assert_eq!(pieces.concat(), indented(&Report::of(&report, &[])));
    // What cannot be written ends it.
    let mut asked = 0;
    let full = super::report(&report, &[], |_| {
        asked += 1;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    });
    assert_eq!((full.unwrap_err().kind(), asked), (io::ErrorKind::StorageFull, 1));
}

#[test]
fn the_published_schema_is_the_derived_one() {
    crate::document::assert_published::<Document>(
        "schema/report.json",
        "Report of verify-registry-image",
        SCHEMA,
    );
}

fn json(images: Vec<report::ImageReport>, unwritten: &[Unwritten]) -> serde_json::Value {
    serde_json::from_str(&shown(&fixtures::report(images), unwritten)).unwrap()
}

#[test]
fn only_a_verified_image_can_be_deployed_by_its_frozen_path() {
    let pinned = |image| json(vec![image], &[])["images"][0]["pinned"].clone();
    let facts = fixtures::facts("support-email");
    assert_eq!(
        pinned(fixtures::verified()),
        format!("registry.digitalocean.com/keepkey/support-email@{}", facts.digest)
    );
    let with_tag = json(vec![fixtures::verified()], &[])["images"][0]["pinned_with_tag"].clone();
    assert_eq!(
        with_tag,
        format!("registry.digitalocean.com/keepkey/support-email:latest-dev@{}", facts.digest)
    );
    for image in [fixtures::missing(), fixtures::stale(), fixtures::undecided()] {
        assert_eq!(pinned(image), serde_json::Value::Null);
    }
}

#[test]
fn exit_code_and_verdict_agree() {
    let unwritten = [Unwritten { path: "x".into(), message: "no space left".into() }];
    let both = |image: report::ImageReport, unwritten: &[Unwritten]| {
        let json = json(vec![image], unwritten);
        format!("{} {} {}", json["verdict"], json["exit_code"], json["images"][0]["reason"])
    };
    let told = [
        both(fixtures::verified(), &[]),
        both(fixtures::verified(), &unwritten),
        both(fixtures::stale(), &unwritten),
        both(fixtures::undecided(), &[]),
        both(fixtures::refused(), &[]),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    "VERIFIED" 0 null
    "VERIFIED" 5 null
    "FAILED" 1 "revision-differs"
    "UNDECIDED" 3 "server-error"
    "UNDECIDED" 4 "credentials-refused"
    "#);
}

#[test]
fn a_failed_check_has_every_field() {
    let report = json(vec![fixtures::missing()], &[]);
    let text = indented(&report["images"][0]["checks"][2]);
    insta::assert_snapshot!(text, @r#"
    {
      "expected": "latest-dev",
      "hint": "look whether the push job is in this workflow:\n  https://app.circleci.com/pipelines/workflows/w-1\nlook whether it failed\nstart a pipeline on `develop`",
      "id": "tag-exists",
      "message": "`support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)",
      "note": null,
      "observed": "latest-dev2, latest-prod",
      "reason": "tag-missing",
      "status": "failed",
      "took_ms": 21
    }
    "#);
}

#[test]
fn a_skipped_check_is_not_reported_as_passed_and_a_note_is_kept() {
    let mut image = fixtures::verified();
    image.results[0].outcome =
        Outcome::Passed { message: "seen".into(), note: Some("and this".into()) };
    let report = json(vec![image], &[]);
    let told = |at: usize| {
        let check = &report["images"][0]["checks"][at];
        format!("{} {} {}", check["status"], check["message"], check["note"])
    };
    assert_eq!(told(0), r#""passed" "seen" "and this""#);
    assert_eq!(told(4), r#""skipped" "no digest is expected" null"#);
}

#[test]
fn the_whole_report_of_a_run() {
    let mut report = json(vec![fixtures::stale()], &[]);
    report["images"][0]["checks"] = "left out here".into();
    report["images"][0]["platforms"] = "left out here".into();
    report["pipeline"] = "left out here".into();
    insta::assert_snapshot!(indented(&report), @r#"
    {
      "diagnosis": null,
      "exit_code": 1,
      "images": [
        {
          "attestations": [],
          "checks": "left out here",
          "content": {
            "bytes": 53404118,
            "how": "ranges"
          },
          "digest": "sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64",
          "engines": [],
          "environment": "development",
          "immutable_tag": null,
          "media_type": "application/vnd.oci.image.index.v1+json",
          "notes": [],
          "pinned": null,
          "pinned_with_tag": null,
          "platforms": "left out here",
          "reason": "revision-differs",
          "reference": "registry.digitalocean.com/keepkey/support-email:latest-dev",
          "revision": {
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "from": "label"
          },
          "service": "support-email",
          "verdict": "FAILED",
          "verified_at": "2026-11-25T09:30:02Z"
        }
      ],
      "notes": [
        "the token is from the variable `DIGITALOCEAN_ACCESS_TOKEN`"
      ],
      "pipeline": "left out here",
      "requests": 16,
      "retries": 0,
      "schema_version": 1,
      "source": {
        "branch": "develop",
        "repository": "keepkey/keepkey-support-email",
        "repository_url": "https://github.com/keepkey/keepkey-support-email",
        "revision": "0123456789abcdef0123456789abcdef01234567",
        "tag": null
      },
      "started_at": "2026-11-25T09:30:00Z",
      "took_ms": 412,
      "tool": {
        "name": "verify-registry-image",
        "version": "0.1.0"
      },
      "unwritten": [],
      "verdict": "FAILED"
    }
    "#);
}

#[test]
fn exit_two_is_json_too() {
    insta::assert_snapshot!(error("no \"image\" was named", Some("name one:\n  latest-dev")), @r#"
    {
      "schema_version": 1,
      "exit_code": 2,
      "error": {
        "message": "no \"image\" was named",
        "hint": "name one:\n  latest-dev"
      }
    }
    "#);
}

proptest! {
    #[test]
    fn it_reads_back_whatever_the_registry_sent(texts in fixtures::texts()) {
        let text = shown(&fixtures::report(fixtures::saying(&texts)), &[]);
        prop_assert!(text.chars().all(|c| c == '\n' || crate::secret::is_printable(c)), "{:?}", text);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&report["images"][1]["checks"][5]["message"], &texts[0]);
        prop_assert_eq!(&report["verdict"], "FAILED");
    }
}
