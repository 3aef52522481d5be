use proptest::prelude::*;

use super::*;
use crate::circleci::CircleCi;
use crate::report::fixtures;
use crate::report::{CheckId, ImageReport, Outcome, Report, Verdict};

fn record(image: &ImageReport) -> Option<Record> {
    Record::of(image, &fixtures::report(vec![image.clone()]))
}

#[test]
fn the_published_schema_is_the_derived_one() {
    crate::document::assert_published::<Record>(
        "schema/record.json",
        "Deployment record of verify-registry-image",
        SCHEMA,
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the whole record in one view")]
fn a_verified_image_has_a_record() {
    insta::assert_snapshot!(record(&fixtures::verified()).unwrap().to_json(), @r#"
    {
      "schema_version": 1,
      "image": {
        "pinned": "registry.digitalocean.com/keepkey/support-email@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64",
        "pinned_with_tag": "registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64",
        "reference": "registry.digitalocean.com/keepkey/support-email:latest-dev",
        "registry_type": "DOCR",
        "server": "registry.digitalocean.com",
        "registry": "keepkey",
        "repository": "support-email",
        "tag": "latest-dev",
        "digest": "sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64",
        "media_type": "application/vnd.oci.image.index.v1+json",
        "is_index": true,
        "platforms": [
          {
            "platform": "linux/amd64",
            "os": "linux",
            "architecture": "amd64",
            "variant": null,
            "digest": "sha256:5861314d7fccb39c2192173240eab44fa35ca66426201ca2acd0630a6258dd51",
            "config_digest": "sha256:b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e8e343910",
            "size_bytes": 53412001,
            "layers": 5,
            "created": "2026-11-25T09:12:44Z",
            "revision": "0123456789abcdef0123456789abcdef01234567",
            "exposed_ports": [
              "5001/tcp"
            ]
          }
        ],
        "revision": {
          "commit": "0123456789abcdef0123456789abcdef01234567",
          "from": "label"
        },
        "attestations": []
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
        "repository": "keepkey/keepkey-support-email",
        "repository_url": "https://github.com/keepkey/keepkey-support-email",
        "revision": "0123456789abcdef0123456789abcdef01234567",
        "branch": "develop",
        "tag": null
      },
      "pipeline": {
        "job_url": "https://circleci.com/gh/keepkey/keepkey-support-email/42",
        "job": "verify-image",
        "job_number": 42,
        "workflow_id": "5034460f-c7c4-4c43-9457-de07e2029e7b",
        "pipeline_id": "b3b3c1f0-0000-4000-8000-000000000001"
      },
      "warnings": [],
      "verification": {
        "result": "VERIFIED",
        "verified_at": "2026-11-25T09:30:02Z",
        "tool": {
          "name": "verify-registry-image",
          "version": "0.1.0"
        },
        "immutable_tag": "0123456789abcdef0123456789abcdef01234567-dev",
        "content": {
          "how": "ranges",
          "bytes": 53404118
        },
        "checks": [
          {
            "id": "registry-honest",
            "status": "passed",
            "message": "the registry denies a tag that cannot exist",
            "note": null
          },
          {
            "id": "repository-exists",
            "status": "passed",
            "message": "the registry serves `keepkey/support-email`",
            "note": null
          },
          {
            "id": "tag-exists",
            "status": "passed",
            "message": "`latest-dev` names an index",
            "note": null
          },
          {
            "id": "manifest-intact",
            "status": "passed",
            "message": "the bytes of 1 manifest and 1 config match their digests",
            "note": null
          },
          {
            "id": "digest-expected",
            "status": "skipped",
            "message": "no digest is expected",
            "note": null
          },
          {
            "id": "revision-expected",
            "status": "passed",
            "message": "built from 0123456789ab",
            "note": null
          },
          {
            "id": "immutable-tag",
            "status": "passed",
            "message": "`0123456789abcdef0123456789abcdef01234567-dev` names the same digest",
            "note": null
          },
          {
            "id": "platform",
            "status": "passed",
            "message": "linux/amd64 has a manifest",
            "note": null
          },
          {
            "id": "layers-present",
            "status": "passed",
            "message": "the config and 5 layers can be had",
            "note": null
          },
          {
            "id": "content-intact",
            "status": "passed",
            "message": "every byte of 5 layers is what digest and config say",
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
            "status": "passed",
            "message": "all 4 expected facts hold",
            "note": null
          },
          {
            "id": "port",
            "status": "passed",
            "message": "exposes 5001/tcp",
            "note": null
          },
          {
            "id": "runtime",
            "status": "passed",
            "message": "nodejs (`NODE_VERSION`), alpine (`apk` in the history)",
            "note": null
          }
        ],
        "notes": []
      }
    }
    "#);
}

#[test]
fn no_other_verdict_has_one() {
    for image in
        [fixtures::missing(), fixtures::stale(), fixtures::undecided(), fixtures::refused()]
    {
        assert_eq!(record(&image), None, "{:?}", image.verdict());
    }
    // Nothing failed, and the layers were not looked at.
    let skipped = (CheckId::LayersPresent, Outcome::not_asked("not asked"));
    assert_eq!(record(&fixtures::image(fixtures::SUPPORT_EMAIL, &[skipped])), None);
    let mut without_tag = fixtures::verified();
    without_tag.request.reference =
        format!("registry.digitalocean.com/keepkey/a@{}", fixtures::digest("a")).parse().unwrap();
    assert_eq!(without_tag.verdict(), Verdict::Verified);
    assert_eq!(record(&without_tag), None);
}

#[test]
fn what_is_not_known_is_null_and_not_left_out() {
    let mut image = fixtures::image("r.example:5000/team/mail:1.0", &[]);
    image.request.service.is_configured = false;
    image.request.service.port = None;
    image.request.expectation.port = None;
    image.request.environment = None;
    let mut report = fixtures::report(vec![image.clone()]);
    report.circleci = CircleCi::default();
    let json = serde_json::to_value(Record::of(&image, &report).unwrap()).unwrap();
    for pointer in [
        "/service",
        "/environment",
        "/source",
        "/pipeline",
        "/image/registry",
        "/image/registry_type",
    ] {
        assert_eq!(json.pointer(pointer), Some(&serde_json::Value::Null), "{pointer}");
    }
    assert_eq!(json["image"]["server"], "r.example:5000");
    assert_eq!(json["image"]["repository"], "team/mail");
}

#[test]
fn a_job_that_is_known_by_one_word_is_in_the_record() {
    let url = "https://circleci.com/gh/keepkey/support-email/7";
    let circleci = CircleCi { build_url: Some(url.into()), ..CircleCi::default() };
    let image = fixtures::verified();
    let report = Report { circleci, ..fixtures::report(vec![image.clone()]) };
    let pipeline = Record::of(&image, &report).unwrap().pipeline.unwrap();
    assert_eq!(pipeline.job_url.as_deref(), Some(url));
}

#[test]
fn a_variant_that_is_not_the_usual_one_is_in_the_record() {
    let mut image = fixtures::verified();
    image.facts.as_mut().unwrap().platforms[0].platform = "linux/arm/v6".parse().unwrap();
    let platform = record(&image).unwrap().image.platforms.remove(0);
    assert_eq!(
        (platform.platform.as_str(), platform.variant.as_deref()),
        ("linux/arm/v6", Some("v6"))
    );
}

#[test]
fn a_port_of_the_command_line_is_declared_too() {
    let mut image = fixtures::verified();
    image.request.service.is_configured = false;
    image.request.service.port = None;
    let service = record(&image).unwrap().service.unwrap();
    assert_eq!((service.port, service.env["PORT"].as_str()), (Some(5001), "5001"));
}

#[test]
fn two_verifications_of_one_digest_agree_on_image_and_service() {
    let first = fixtures::verified();
    let mut second = first.clone();
    second.verified_at = fixtures::at(86_400);
    second.notes.push("another note".into());
    second.facts.as_mut().unwrap().immutable_tag = Some("other-tag".into());
    second.results[0].took = std::time::Duration::from_secs(9);
    let later = Report {
        started_at: fixtures::at(86_000),
        circleci: CircleCi::default(),
        ..fixtures::report(vec![])
    };
    let [first, second] = [record(&first).unwrap(), Record::of(&second, &later).unwrap()];
    assert_ne!(first, second);
    for part in ["image", "service"] {
        let bytes = |record: &Record| serde_json::to_value(record).unwrap()[part].to_string();
        assert_eq!(bytes(&first), bytes(&second));
    }
}

#[test]
fn a_pin_that_only_a_moving_tag_keeps_alive_is_warned_of() {
    let mut image = fixtures::verified();
    assert_eq!(record(&image).unwrap().warnings.len(), 0);
    image.facts.as_mut().unwrap().immutable_tag = None;
    insta::assert_snapshot!(record(&image).unwrap().warnings.join("\n"), @"only the tag `latest-dev` is known to name this digest: when it moves on, a garbage collection of untagged manifests deletes the pinned image; push an immutable tag beside it and name it as `immutable_tag` in the config");
    // A tag that is named after the commit does not move on.
    let mut by_commit = image.clone();
    by_commit.request.reference.tag = Some("sha-0123456".parse().unwrap());
    assert_eq!(record(&by_commit).unwrap().warnings.len(), 0);
    // The immutable tag itself was asked for.
    image.request.reference.tag = Some(format!("{}-dev", fixtures::COMMIT).parse().unwrap());
    assert_eq!(record(&image).unwrap().warnings.len(), 0);
}

#[test]
fn what_a_yes_did_not_prove_is_warned_of() {
    let mut image = fixtures::verified();
    image.facts.as_mut().unwrap().unproven = vec!["announced, not read: layer 2 of 2".to_owned()];
    assert_eq!(record(&image).unwrap().warnings, ["announced, not read: layer 2 of 2"]);
}

#[test]
fn no_field_is_named_like_a_secret() {
    fn names(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (name, value) in map {
                    found.push(name.to_lowercase());
                    names(value, found);
                }
            }
            serde_json::Value::Array(list) => list.iter().for_each(|value| names(value, found)),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    names(&serde_json::from_str(SCHEMA).unwrap(), &mut found);
    assert!(found.contains(&"exposed_ports".to_owned()));
    // What `pulumi config set` refuses without `--plaintext`.
    for word in ["pass", "pwd", "secret", "token"] {
        assert!(!found.iter().any(|name| name.contains(word)), "{word}");
    }
}

#[test]
fn a_record_is_recognised_and_nothing_else() {
    let text = record(&fixtures::verified()).unwrap().to_json();
    assert!(is_record(text.as_bytes()));
    let later = text.replace(r#""schema_version": 1"#, r#""schema_version": 7, "new": []"#);
    assert!(is_record(later.as_bytes()));
    let others = [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        r#"{"name":"package","version":"1.0.0"}"#.to_owned(),
        text.replace(r#""name": "verify-registry-image""#, r#""name": "other""#),
        text.get(..400).unwrap().to_owned(),
    ];
    for other in others {
        assert!(!is_record(other.as_bytes()), "{other}");
    }
}

proptest! {
    #[test]
    fn it_reads_back_whatever_the_registry_sent(texts in fixtures::texts()) {
        let images = fixtures::saying(&texts);
        let record = record(&images[0]).unwrap();
        let text = record.to_json();
        prop_assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        prop_assert!(is_record(text.as_bytes()));
        prop_assert!(text.chars().all(|c| c == '\n' || crate::secret::is_printable(c)));
    }
}
