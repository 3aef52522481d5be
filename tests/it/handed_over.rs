//! What is handed over to DevOps: the record as documented, as published, and as the Pulumi example reads it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use verify_registry_image::output::pulumi_config;
use verify_registry_image::output::record::{Record, SCHEMA};

use crate::page::samples;

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn sample() -> Value {
    serde_json::from_str(&samples::record().to_json()).unwrap()
}

/// Every field that the schema knows, as `image.platforms[].digest`.
fn fields(schema: &Value, part: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(name) = part["$ref"].as_str() {
        let definition = schema.pointer(name.trim_start_matches('#')).unwrap();
        return fields(schema, definition, path, found);
    }
    for choice in part["anyOf"].as_array().into_iter().flatten() {
        fields(schema, choice, path, found);
    }
    if part["items"].is_object() {
        fields(schema, &part["items"], &format!("{path}[]"), found);
    }
    for (name, field) in part["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        found.insert(path.clone());
        fields(schema, field, &path, found);
    }
}

#[test]
fn every_field_of_a_record_is_documented_and_no_other() {
    let schema = schema();
    let mut published = BTreeSet::new();
    fields(&schema, &schema, "", &mut published);
    let page = file("docs/deployment-record.md");
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(field, _)| field.to_owned())
        .collect();
    assert!(published.len() > 50, "{published:?}");
    let undocumented: Vec<_> = published.difference(&documented).collect();
    let unpublished: Vec<_> = documented.difference(&published).collect();
    assert_eq!((undocumented, unpublished), (vec![], vec![]));
}

#[test]
fn a_validator_that_is_not_ours_takes_a_record_and_refuses_a_broken_one() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let record = sample();
    assert!(
        validator.is_valid(&record),
        "{:?}",
        validator.iter_errors(&record).collect::<Vec<_>>()
    );

    let broken = |change: fn(&mut Value)| {
        let mut record = sample();
        change(&mut record);
        !validator.is_valid(&record)
    };
    assert!(broken(|record| record["schema_version"] = 2.into()));
    assert!(broken(|record| record["verification"]["result"] = "FAILED".into()));
    assert!(broken(|record| record["service"]["port"] = "5001".into()));
    assert!(broken(|record| record["service"]["port"] = 65_536.into()));
    assert!(broken(|record| record["image"]["platforms"][0]["layers"] = (-1).into()));
    assert!(broken(|record| record["verification"]["checks"][0]["status"] = "failed".into()));
    for required in ["image", "verification", "schema_version", "warnings"] {
        let mut record = sample();
        record.as_object_mut().unwrap().remove(required);
        assert!(!validator.is_valid(&record), "{required}");
    }
    // What is not known is null.
    for unknown in ["service", "environment", "source", "pipeline"] {
        let mut record = sample();
        record[unknown] = Value::Null;
        assert!(validator.is_valid(&record), "{unknown}");
    }
}

#[test]
fn the_pulumi_example_is_tested_with_what_is_written_today() {
    let record = samples::record();
    for (name, fresh) in [
        ("record.json", record.to_json()),
        ("pulumi-config.yaml", pulumi_config::render(std::slice::from_ref(&record)).unwrap()),
    ] {
        assert!(
            file(&format!("examples/pulumi/tests/{name}")) == fresh,
            "write it anew: cargo run --example pages && cp target/pages/{name} examples/pulumi/tests/"
        );
    }
}

#[test]
fn two_verifications_of_one_digest_agree_in_image_and_service() {
    let record = |verified_at: &str, job: &str| {
        let mut report = samples::green();
        report.images[0].verified_at = verified_at.parse().unwrap();
        report.circleci.build_url = Some(format!("https://circleci.com/gh/keepkey/x/{job}"));
        report.circleci.revision = Some("0".repeat(40));
        Record::of(&report.images[0], &report).unwrap()
    };
    let (one, other) = (record("2026-03-02T17:58:05Z", "1"), record("2031-01-01T00:00:00Z", "2"));
    let bytes = |record: &Record| {
        (serde_json::to_vec(&record.image).unwrap(), serde_json::to_vec(&record.service).unwrap())
    };
    assert_eq!(bytes(&one), bytes(&other));
    assert_ne!(one.to_json(), other.to_json(), "the rest differs");
}
