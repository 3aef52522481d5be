//! `--metrics`: read by Prometheus' own reader, and by the dashboard that comes with the project.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use regex_lite::Regex;

use crate::stand_in::{Image, Lie, Route, StandIn};
use crate::support::{Gate, Run, could_not_run};

const REPOSITORY: &str = "keepkey/support-email";

fn run<'a>(stand_in: &'a StandIn, tags: &[&str]) -> Run<'a> {
    let images = tags.iter().map(|tag| stand_in.reference(&format!("{REPOSITORY}:{tag}")));
    Gate::at(stand_in)
        .arg("--metrics=metrics.prom")
        .args(&images.collect::<Vec<_>>().join(" "))
        .run()
}

fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in
}

/// What Prometheus' own linter says. `None` where it is not on this machine.
fn promtool(metrics: &str) -> Option<String> {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some(format!("{}{}", output.status, String::from_utf8_lossy(&said)))
}

#[test]
fn the_metrics_of_each_verdict_are_what_prometheus_reads() {
    let stand_in = with_image();
    let verified_and_failed = run(&stand_in, &["latest-dev", "never-pushed"]);
    assert_eq!(verified_and_failed.code, Some(1), "{}", verified_and_failed.stderr);
    let metrics = verified_and_failed.file("metrics.prom").to_owned();
    assert!(metrics.contains("tag=\"latest-dev\",environment=\"\",service=\"support-email\"} 1\n"));
    assert!(
        metrics.contains("tag=\"never-pushed\",environment=\"\",service=\"support-email\"} 0\n")
    );
    assert!(metrics.ends_with("\nverify_registry_image_exit_code 1\n"), "{metrics}");

    let stand_in = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::Status(503));
    let undecided = run(&stand_in, &["latest-dev"]);
    assert_eq!(undecided.code, Some(3), "{}", undecided.stderr);
    let unknown = undecided.file("metrics.prom").to_owned();
    assert!(unknown.contains("service=\"support-email\"} -1\n"), "{unknown}");

    for metrics in [metrics, unknown] {
        let Some(said) = promtool(&metrics) else {
            let test = "the_metrics_of_each_verdict_are_what_prometheus_reads";
            return could_not_run(test, "`promtool` is not installed");
        };
        assert_eq!(said, "exit status: 0", "{metrics}");
    }
}

#[test]
fn a_file_of_somebody_else_stays() {
    let stand_in = with_image();
    let image = stand_in.reference(&format!("{REPOSITORY}:latest-dev"));
    let run = Gate::at(&stand_in)
        .file("metrics.prom", "# HELP other_metric Of another program.\n")
        .args(&format!("--metrics metrics.prom {image}"))
        .run();
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    insta::assert_snapshot!(run.stderr, @"
    error: `metrics.prom` (`--metrics`) already exists and is not a file of these metrics
      hint: name another path, or remove the file if nobody needs it
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn each_query_of_the_dashboard_names_a_metric_that_is_written() {
    let stand_in = with_image();
    let run = run(&stand_in, &["latest-dev"]);
    let name = Regex::new("verify_registry_image_[a-z_]+").unwrap();
    let names = |text: &str| -> BTreeSet<String> {
        name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
    };
    let written = names(run.file("metrics.prom"));
    let dashboard = include_str!("../../examples/grafana/dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
    let mut queries = 0;
    let mut used = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            assert!(!names(query).is_empty(), "{query}");
            used.extend(names(query));
            queries += 1;
        }
    }
    let rules = include_str!("../../examples/grafana/alerts.yml");
    used.extend(names(rules));
    assert!(queries >= 6, "{queries}");
    assert_eq!(used, written);
}
