use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::report::fixtures;

/// Strings that some YAML reader takes for something else when they stand without quotes, or cannot read.
const TRAPS: [&str; 24] = [
    "0123456",
    "1234567",
    "1e7",
    "12:30",
    "no",
    "NO",
    "y",
    "on",
    "null",
    "~",
    "",
    "2025-03-24",
    "1.10",
    "0x1f",
    "- a",
    "a: b",
    "# a",
    "\"'\\",
    "a\nb\r\tc",
    "\u{0}\u{7f}\u{85}\u{2028}\u{feff}\u{202e}",
    "日本 ünï 🟢",
    " a ",
    "=",
    "<<",
];

fn record() -> Record {
    let image = fixtures::verified();
    Record::of(&image, &fixtures::report(vec![image.clone()])).unwrap()
}

/// A record in which everything that can be any text is one of the traps.
fn trapped() -> Record {
    let mut record = record();
    record.image.tag = "1234567".to_owned();
    record.warnings = TRAPS.map(str::to_owned).to_vec();
    let service = record.service.as_mut().unwrap();
    service.runtime.language = Some("1e7".to_owned());
    service.env = TRAPS.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect();
    record
}

fn wanted(record: &Record) -> serde_json::Value {
    serde_json::json!({ "config": { "supportEmail": record } })
}

#[test]
fn what_cannot_be_seen_is_written_as_an_escape_of_its_own_length() {
    assert_eq!(quoted("a\u{200b}b\u{e0001}c"), r#""a\u200bb\U000e0001c""#);
}

#[test]
fn a_fragment_is_the_record_with_every_string_quoted() {
    let mut record = record();
    record.verification.checks.truncate(1);
    record.image.platforms.clear();
    record.source = None;
    record.pipeline = None;
    insta::assert_snapshot!(render(std::slice::from_ref(&record)).unwrap(), @r#"
    # Written by verify-registry-image for verified images: merge it into Pulumi.<stack>.yaml.
    config:
      "supportEmail":
        "schema_version": 1
        "image":
          "pinned": "registry.digitalocean.com/keepkey/support-email@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64"
          "pinned_with_tag": "registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64"
          "reference": "registry.digitalocean.com/keepkey/support-email:latest-dev"
          "registry_type": "DOCR"
          "server": "registry.digitalocean.com"
          "registry": "keepkey"
          "repository": "support-email"
          "tag": "latest-dev"
          "digest": "sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64"
          "media_type": "application/vnd.oci.image.index.v1+json"
          "is_index": true
          "platforms": []
          "revision":
            "commit": "0123456789abcdef0123456789abcdef01234567"
            "from": "label"
          "attestations": []
        "service":
          "name": "support-email"
          "port": 5001
          "ingress": false
          "runtime":
            "language": "nodejs"
            "base": "alpine"
          "env":
            "NODE_ENV": "production"
            "PORT": "5001"
        "environment":
          "name": "development"
        "source": null
        "pipeline": null
        "warnings": []
        "verification":
          "result": "VERIFIED"
          "verified_at": "2026-11-25T09:30:02Z"
          "tool":
            "name": "verify-registry-image"
            "version": "0.1.0"
          "immutable_tag": "0123456789abcdef0123456789abcdef01234567-dev"
          "content":
            "how": "ranges"
            "bytes": 53404118
          "checks":
            -
              "id": "registry-honest"
              "status": "passed"
              "message": "the registry denies a tag that cannot exist"
              "note": null
          "notes": []
    "#);
}

#[test]
fn each_record_has_a_key_of_its_own() {
    let mut other = record();
    other.service.as_mut().unwrap().name = "support-web".to_owned();
    let text = render(&[record(), other.clone()]).unwrap();
    let read: serde_json::Value = serde_yaml::from_str(&text).unwrap();
    let wanted = serde_json::json!({ "supportEmail": record(), "supportWeb": other });
    assert_eq!(read, serde_json::json!({ "config": wanted }));
    assert_eq!(text.matches("config:").count(), 1, "{text}");
}

#[test]
fn every_string_is_quoted() {
    let text = render(&[trapped()]).unwrap();
    for line in text.lines().skip(2) {
        let value = line.trim_start().trim_start_matches("- ");
        let (key, value) = match value.split_once("\": ") {
            Some((key, value)) => (key, value),
            None => ("\"", value),
        };
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = is_number || ["null", "true", "false", "-", "[]", "{}"].contains(&value);
        assert!(key.starts_with('"') && (is_plain || value.starts_with('"')), "{line}");
    }
}

#[test]
fn our_own_yaml_reader_gets_the_record_back() {
    for record in [record(), trapped()] {
        let read: serde_json::Value =
            serde_yaml::from_str(&render(std::slice::from_ref(&record)).unwrap()).unwrap();
        assert_eq!(read, wanted(&record));
    }
}

/// `PyYAML` reads YAML 1.1, where `no` is false, `12:30` is 750 and `0123456` is octal.
#[test]
fn pyyaml_gets_the_record_back() {
    let program = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)";
    let has_yaml =
        Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status();
    if !has_yaml.is_ok_and(|status| status.success()) {
        return could_not_run(
            "the Pulumi configuration in PyYAML: python3 with `yaml` is not installed",
        );
    }
    for record in [record(), trapped()] {
        assert_eq!(read_by("python3", &["-c", program], &record), wanted(&record));
    }
}

#[test]
fn js_yaml_gets_the_record_back() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/pulumi/node_modules/js-yaml");
    if !std::path::Path::new(folder).is_dir() {
        return could_not_run(
            "the Pulumi configuration in js-yaml: run examples/pulumi/test.sh first",
        );
    }
    let program = format!(
        "console.log(JSON.stringify(require({folder:?}).load(require('fs').readFileSync(0, 'utf8'))))"
    );
    for record in [record(), trapped()] {
        assert_eq!(read_by("node", &["-e", &program], &record), wanted(&record));
    }
}

fn read_by(program: &str, arguments: &[&str], record: &Record) -> serde_json::Value {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(render(std::slice::from_ref(record)).unwrap().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} could not read it");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[expect(clippy::print_stderr, reason = "a test that could not run is not a test that passed")]
fn could_not_run(what: &str) {
    eprintln!("COULD NOT RUN: {what}");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target");
    let file = std::path::Path::new(folder).join("could-not-run.txt");
    let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
    writeln!(file, "{what}").unwrap();
}

#[test]
fn a_key_is_one_word_that_no_path_splits() {
    // The program in examples/pulumi/ is held to the same table.
    let keys = include_str!("../../../examples/pulumi/tests/keys.json");
    let keys: BTreeMap<String, String> = serde_json::from_str(keys).unwrap();
    for (name, key) in keys {
        assert_eq!(config_key(&name), Some(key), "{name}");
    }
    for name in ["", "-", "4ever", "ü"] {
        assert_eq!(config_key(name), None, "{name}");
    }
}

#[test]
fn a_map_that_pulumi_would_take_for_a_ciphertext_is_refused() {
    let mut record = record();
    let only = BTreeMap::from([("secure".to_owned(), "x".to_owned())]);
    record.service.as_mut().unwrap().env = only;
    assert_eq!(render(std::slice::from_ref(&record)), Err(PulumiConfigError::Reserved));
    let env = &mut record.service.as_mut().unwrap().env;
    env.insert("PORT".to_owned(), "5001".to_owned());
    assert!(render(std::slice::from_ref(&record)).is_ok());
}

#[test]
fn a_fragment_is_known_as_ours() {
    assert!(is_ours(render(&[record()]).unwrap().as_bytes()));
    assert!(!is_ours(b"config:\n  supportEmail: {}\n") && !is_ours(b""));
}

#[test]
fn no_field_of_a_record_is_named_like_a_secret() {
    // `pulumi config set` refuses such a key without `--secret`.
    let like_a_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["passwd", "pass", "password", "pwd", "secret", "token"]
            .iter()
            .any(|word| name.contains(word))
    };
    let mut value = serde_json::to_value(record()).unwrap();
    let mut names = Vec::new();
    let mut rest = vec![&mut value];
    while let Some(value) = rest.pop() {
        match value {
            serde_json::Value::Object(map) => {
                for (name, value) in map {
                    names.push(name.clone());
                    rest.push(value);
                }
            }
            serde_json::Value::Array(list) => rest.extend(list),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    assert!(names.len() > 50, "{names:?}");
    assert!(like_a_secret("pullSecret"));
    let found: Vec<_> = names.iter().filter(|name| like_a_secret(name)).collect();
    assert!(found.is_empty(), "{found:?}");
}
