//! `--metrics`: the run in Prometheus' text format, for the node exporter's textfile collector.
//!
//! One series an image. No digest is a label: each push would begin a new series.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use jiff::Timestamp;

use crate::exit::Exit;
use crate::output::older::{Older, begins};
use crate::output::row::{Content, Output};
use crate::report::{ImageFacts, ImageReport, Report, Verdict};
use crate::secret::printable;

/// The output. An older file stays until it is replaced: a collector reads it at any time.
pub(super) const OUTPUT: Output = Output {
    option: "metrics",
    older: Older::Ours(|file| begins(file, is_ours), "a file of these metrics"),
    content: Content::Ending(render),
};

/// How every file begins.
const FIRST: &str = "# HELP verify_registry_image_verdict ";

/// Whether a file that begins so is nothing, or metrics of ours.
pub fn is_ours(head: &[u8]) -> bool {
    head.is_empty() || head.starts_with(FIRST.as_bytes())
}

/// A metric: its name behind `verify_registry_image_`, and what it says.
struct Metric(&'static str, &'static str);

const VERDICT: Metric =
    Metric("verdict", "The answer: 1 VERIFIED, 0 FAILED, -1 UNDECIDED (could not find out).");
const ANSWERED: Metric =
    Metric("answered_timestamp_seconds", "When the registry answered for the tag, as Unix time.");
const BYTES: Metric =
    Metric("content_bytes", "Configs and layers of the platforms that were looked at.");
const DURATION: Metric = Metric("run_duration_seconds", "How long the run took.");
const REQUESTS: Metric = Metric("run_requests", "Requests sent, retries and redirects included.");
const EXIT: Metric = Metric("exit_code", "The exit code of the run.");

/// Writes the metrics of a report. `all_written`: whether every output was written, as far as is known.
pub fn render(report: &Report, all_written: bool, to: &mut dyn Write) -> fmt::Result {
    let series = series(report);
    for_each(&VERDICT, &series, to, |of| Some(number(of.verdict).to_string()))?;
    for_each(&ANSWERED, &series, to, |of| Some(seconds(of.answered?)))?;
    for_each(&BYTES, &series, to, |of| Some(of.bytes?.to_string()))?;
    one(&DURATION, to, format_args!("{:.3}", report.took.as_secs_f64()))?;
    one(&REQUESTS, to, report.traffic.requests)?;
    one(&EXIT, to, Exit::of(report.verdict(), all_written).code())
}

/// What is known of the images with the same labels: two digests of one repository are one series.
struct Series {
    verdict: Verdict,
    /// The earliest answer. `None` where one of them has none.
    answered: Option<Timestamp>,
    bytes: Option<u64>,
}

impl Series {
    fn of(image: &ImageReport) -> Self {
        let verdict = image.verdict();
        let is_answered = image.facts.is_some() || verdict == Verdict::Failed;
        let bytes = |facts: &ImageFacts| {
            let sizes = facts.platforms.iter().map(|platform| platform.size_bytes);
            sizes.reduce(u64::saturating_add)
        };
        Self {
            verdict,
            answered: is_answered.then_some(image.verified_at),
            bytes: image.facts.as_ref().and_then(bytes),
        }
    }

    fn and(self, other: &Self) -> Self {
        let both = |one: Option<u64>, two: Option<u64>| Some(one?.saturating_add(two?));
        Self {
            verdict: self.verdict.max(other.verdict),
            answered: self.answered.min(other.answered),
            bytes: both(self.bytes, other.bytes),
        }
    }
}

/// The series by their labels, in the order of asking.
fn series(report: &Report) -> Vec<(String, Series)> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut series: Vec<(String, Series)> = Vec::new();
    for image in &report.images {
        let (labels, new) = (labels(image), Series::of(image));
        let known = places.get(&labels).and_then(|place| series.get_mut(*place));
        if let Some((_, known)) = known {
            *known = new.and(known);
        } else {
            places.insert(labels.clone(), series.len());
            series.push((labels, new));
        }
    }
    series
}

fn labels(image: &ImageReport) -> String {
    let reference = &image.request.reference;
    let tag = reference.tag.as_ref().map(ToString::to_string).unwrap_or_default();
    let environment = image.request.environment.as_deref().unwrap_or_default();
    let pairs = [
        ("server", reference.registry.as_str()),
        ("repository", reference.repository.as_str()),
        ("tag", &tag),
        ("environment", environment),
        ("service", &image.request.service.name),
    ];
    let pairs = pairs.map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    pairs.join(",")
}

/// A label's value, as the text format has it.
fn escaped(value: &str) -> String {
    printable(value).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(verdict: Verdict) -> i8 {
    match verdict {
        Verdict::Verified => 1,
        Verdict::Failed => 0,
        Verdict::Undecided | Verdict::Refused => -1,
    }
}

fn seconds(at: Timestamp) -> String {
    at.as_second().to_string()
}

fn head(Metric(name, help): &Metric, to: &mut dyn Write) -> fmt::Result {
    writeln!(to, "# HELP verify_registry_image_{name} {help}")?;
    writeln!(to, "# TYPE verify_registry_image_{name} gauge")
}

fn one(metric: &Metric, to: &mut dyn Write, value: impl fmt::Display) -> fmt::Result {
    head(metric, to)?;
    writeln!(to, "verify_registry_image_{} {value}", metric.0)
}

fn for_each(
    metric: &Metric,
    series: &[(String, Series)],
    to: &mut dyn Write,
    value: impl Fn(&Series) -> Option<String>,
) -> fmt::Result {
    head(metric, to)?;
    for (labels, of) in series {
        if let Some(value) = value(of) {
            writeln!(to, "verify_registry_image_{}{{{labels}}} {value}", metric.0)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::fixtures;

    fn text(images: Vec<ImageReport>) -> String {
        let mut text = String::new();
        render(&fixtures::report(images), true, &mut text).unwrap();
        text
    }

    /// The lines that are no comments.
    fn values(text: &str) -> String {
        text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_metric_says_what_it_is() {
        insta::assert_snapshot!(text(vec![fixtures::verified()]), @r#"
    # HELP verify_registry_image_verdict The answer: 1 VERIFIED, 0 FAILED, -1 UNDECIDED (could not find out).
    # TYPE verify_registry_image_verdict gauge
    verify_registry_image_verdict{server="registry.digitalocean.com",repository="keepkey/support-email",tag="latest-dev",environment="development",service="support-email"} 1
    # HELP verify_registry_image_answered_timestamp_seconds When the registry answered for the tag, as Unix time.
    # TYPE verify_registry_image_answered_timestamp_seconds gauge
    verify_registry_image_answered_timestamp_seconds{server="registry.digitalocean.com",repository="keepkey/support-email",tag="latest-dev",environment="development",service="support-email"} 1795599002
    # HELP verify_registry_image_content_bytes Configs and layers of the platforms that were looked at.
    # TYPE verify_registry_image_content_bytes gauge
    verify_registry_image_content_bytes{server="registry.digitalocean.com",repository="keepkey/support-email",tag="latest-dev",environment="development",service="support-email"} 53412001
    # HELP verify_registry_image_run_duration_seconds How long the run took.
    # TYPE verify_registry_image_run_duration_seconds gauge
    verify_registry_image_run_duration_seconds 0.412
    # HELP verify_registry_image_run_requests Requests sent, retries and redirects included.
    # TYPE verify_registry_image_run_requests gauge
    verify_registry_image_run_requests 16
    # HELP verify_registry_image_exit_code The exit code of the run.
    # TYPE verify_registry_image_exit_code gauge
    verify_registry_image_exit_code 0
    "#);
    }

    /// The image with another tag.
    fn tagged(mut image: ImageReport, tag: &str) -> ImageReport {
        image.request = fixtures::request(&format!("registry.digitalocean.com/keepkey/api:{tag}"));
        image
    }

    #[test]
    fn each_verdict_has_its_number_and_an_undecided_one_without_answer_no_time() {
        let images = vec![
            tagged(fixtures::verified(), "yes"),
            tagged(fixtures::missing(), "no"),
            tagged(fixtures::undecided(), "unknown"),
        ];
        insta::assert_snapshot!(values(&text(images)), @r#"
    verify_registry_image_verdict{server="registry.digitalocean.com",repository="keepkey/api",tag="yes",environment="development",service="api"} 1
    verify_registry_image_verdict{server="registry.digitalocean.com",repository="keepkey/api",tag="no",environment="development",service="api"} 0
    verify_registry_image_verdict{server="registry.digitalocean.com",repository="keepkey/api",tag="unknown",environment="development",service="api"} -1
    verify_registry_image_answered_timestamp_seconds{server="registry.digitalocean.com",repository="keepkey/api",tag="yes",environment="development",service="api"} 1795599002
    verify_registry_image_answered_timestamp_seconds{server="registry.digitalocean.com",repository="keepkey/api",tag="no",environment="development",service="api"} 1795599002
    verify_registry_image_content_bytes{server="registry.digitalocean.com",repository="keepkey/api",tag="yes",environment="development",service="api"} 53412001
    verify_registry_image_run_duration_seconds 0.412
    verify_registry_image_run_requests 16
    verify_registry_image_exit_code 1
    "#);
    }

    #[test]
    fn images_with_the_same_labels_are_one_series_with_the_worse_verdict() {
        let tag = "latest-dev";
        let (verified, missing) =
            (tagged(fixtures::verified(), tag), tagged(fixtures::missing(), tag));
        for images in [[verified.clone(), missing.clone()], [missing, verified]] {
            let text = values(&text(images.to_vec()));
            let verdicts: Vec<&str> =
                text.lines().filter(|line| line.contains("_verdict{")).collect();
            assert_eq!(
                verdicts,
                [
                    r#"verify_registry_image_verdict{server="registry.digitalocean.com",repository="keepkey/api",tag="latest-dev",environment="development",service="api"} 0"#
                ]
            );
        }
    }

    #[test]
    fn an_output_that_could_not_be_written_is_in_the_exit_code() {
        let report = fixtures::report(vec![fixtures::verified()]);
        let code = |all_written| {
            let mut text = String::new();
            render(&report, all_written, &mut text).unwrap();
            text.lines().last().unwrap().to_owned()
        };
        insta::assert_snapshot!(code(true), @"verify_registry_image_exit_code 0");
        insta::assert_snapshot!(code(false), @"verify_registry_image_exit_code 5");
    }

    proptest! {
        #[test]
        fn every_line_is_a_comment_or_a_sample(name in fixtures::hostile()) {
            let mut image = fixtures::verified();
            image.request.environment = Some(name.clone());
            image.request.service.name = name;
            let text = text(vec![image]);
            prop_assert!(is_ours(text.as_bytes()));
            let sample = regex_lite::Regex::new(
                r#"^verify_registry_image_[a-z_]+(\{([a-z]+="([^"\\]|\\[\\"n])*",?)+\})? -?[0-9.]+$"#,
            ).unwrap();
            for line in text.lines() {
                prop_assert!(line.starts_with("# ") || sample.is_match(line), "{}", line);
            }
        }
    }
}
