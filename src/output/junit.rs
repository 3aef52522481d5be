//! `JUnit` XML: one suite an image, one case a check, for every verdict.
//!
//! Names stay the same from run to run, because CircleCI tells a test by them; tags and digests stand in
//! messages only, but where nothing else tells two images apart. A failed check is a `<failure>`, one that could not be answered an `<error>`.

use std::collections::HashMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};

use crate::circleci::Diagnosis;
use crate::document::instant;
use crate::output::older::{Older, beginning, holds};
use crate::output::row::{Content, Output};
use crate::report::{CheckResult, Finding, ImageReport, Outcome, Report, Verdict};
use crate::secret::{is_printable, printable};

/// The name of the whole document.
const NAME: &str = "verify-registry-image";

/// The name of the case that is added where no check speaks for the verdict.
const VERDICT_CASE: &str = "verdict";

/// How many bytes the suite of an image usually takes.
const OF_AN_IMAGE: usize = 8 << 10;

/// The output.
pub(super) const OUTPUT: Output = Output {
    option: "junit",
    older: Older::Replaced { is_ours, is_alike, what: "a JUnit document" },
    content: Content::Run(|report, context| {
        text(report, context.config_file).map(Some).map_err(|error| error.to_string())
    }),
};

/// The whole document. `file` is what every case names as its file.
///
/// # Errors
/// When the XML writer fails, which writing into memory does not.
pub fn text(report: &Report, file: &str) -> Result<String, quick_junit::SerializeError> {
    let Report { images, started_at, took, traffic: _, circleci: _, notes: _, diagnosis: _ } =
        report;
    let mut document = quick_junit::Report::new(NAME);
    document.set_time(*took);
    let timestamp = instant(*started_at);
    // Large enough at once: a text of megabytes that grows is copied, and takes the room of both for that time.
    let mut text = String::with_capacity(OF_AN_IMAGE.saturating_mul(images.len()));
    for (place, (image, class)) in images.iter().zip(classes(images)).enumerate() {
        let mut suite = suite(image, report.diagnosis_of(place), &class, file);
        suite.extra.insert(line("timestamp"), line(&timestamp));
        document.add_test_suite(suite);
        // One at a time: the cases of thousands of images take several times the room of their text.
        let (_, suite, _) = parts(&document)?;
        text.push_str(&suite);
        document.test_suites.clear();
    }
    let (head, _, tail) = parts(&document)?;
    text.insert_str(0, &head);
    text.push_str(&tail);
    Ok(text)
}

/// A document's text in three: what is before its suites, they, and what is behind them.
fn parts(
    document: &quick_junit::Report,
) -> Result<(String, String, String), quick_junit::SerializeError> {
    let mut head = document.to_string()?;
    let end = head.rfind("</testsuites>").unwrap_or(head.len());
    let tail = head.split_off(end);
    // In a tag, every other `>` is written as `&gt;`.
    let open = head.find("<testsuites").and_then(|at| Some(at + head.get(at..)?.find(">\n")? + 2));
    let suites = head.split_off(open.unwrap_or(head.len()));
    Ok((head, suites, tail))
}

/// Whether a file that begins so is a document of ours.
pub fn is_ours(head: &[u8]) -> bool {
    head.starts_with(b"<?xml") && holds(head, &format!("<testsuites name=\"{NAME}\""))
}

/// Whether a file that begins so may be somebody's JUnit document.
pub fn is_alike(head: &[u8]) -> bool {
    let head = beginning(head);
    [&b"<?xml"[..], b"<testsuite", b"<!--"].iter().any(|begin| head.starts_with(begin))
}

fn suite(image: &ImageReport, diagnosis: Option<&Diagnosis>, class: &str, file: &str) -> TestSuite {
    let ImageReport { results, .. } = image;
    let mut suite = TestSuite::new(line(class));
    suite.set_time(results.iter().map(|result| result.took).sum::<Duration>());
    let named = |name: &str, status, took| {
        let mut case = TestCase::new(line(name), status);
        case.set_classname(line(class)).set_time(took);
        case.extra.insert(line("file"), line(file));
        case
    };
    for result in results {
        let CheckResult { check, outcome, took } = result;
        let mut case = named(check.as_str(), status(image, result, diagnosis), *took);
        if let Outcome::Passed { message, note } = outcome {
            let note = note.as_ref().map(|note| format!("\nnote: {note}")).unwrap_or_default();
            case.set_system_out(block(&format!("{message}{note}")));
        }
        suite.add_test_case(case);
    }
    if image.verdict() != Verdict::Verified && image.deciding().is_none() {
        // A run that ends red has a red case, whatever led to it.
        let message = "a required check did not run";
        let status = found(NonSuccessKind::Error, VERDICT_CASE, message, message);
        suite.add_test_case(named(VERDICT_CASE, status, Duration::ZERO));
    }
    suite.set_system_out(block(&summary(image)));
    suite
}

fn status(
    image: &ImageReport,
    result: &CheckResult,
    diagnosis: Option<&Diagnosis>,
) -> TestCaseStatus {
    let explained = |kind, finding: &Finding| {
        let Finding { reason, message, expected, observed, hint } = finding;
        let next = hint.as_deref().unwrap_or(reason.advice());
        let mut lines = vec![image.request.reference.to_string(), message.clone()];
        lines.extend(expected.as_ref().map(|expected| format!("expected: {expected}")));
        lines.extend(observed.as_ref().map(|observed| format!("observed: {observed}")));
        lines.push(format!("reason: {reason}: {}", reason.meaning()));
        lines.push(format!("next: {next}"));
        let diagnosis = diagnosis.filter(|_| reason.is_about_the_push());
        let block = diagnosis.map(Diagnosis::lines).unwrap_or_default();
        for (number, (label, text)) in block.into_iter().enumerate() {
            let indent = if number == 0 { 2 } else { 4 };
            lines.push(format!("{:indent$}{label:<11}{text}", ""));
        }
        let text = lines.join("\n");
        found(kind, reason.as_str(), &format!("{reason}: {message}"), &text)
    };
    match &result.outcome {
        Outcome::Passed { message: _, note: _ } => TestCaseStatus::success(),
        Outcome::Failed(finding) => explained(NonSuccessKind::Failure, finding),
        Outcome::Errored(finding) => explained(NonSuccessKind::Error, finding),
        Outcome::Skipped { message, skip: _ } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(line(message));
            status
        }
    }
}

fn found(kind: NonSuccessKind, code: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(line(code)).set_message(line(message)).set_description(block(text));
    status
}

/// What stands below the cases: the verdict and what was seen.
fn summary(image: &ImageReport) -> String {
    let ImageReport { request, facts, notes, verified_at, .. } = image;
    let mut lines = vec![format!("{} {}", image.verdict().word(), request.reference)];
    lines.extend(facts.as_ref().map(|facts| format!("digest: {}", facts.digest)));
    lines.extend(request.environment.as_ref().map(|name| format!("environment: {name}")));
    lines.push(format!("tag answered at: {}", instant(*verified_at)));
    lines.extend(notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

/// The names of the images of one run: the repository, and only where that occurs twice what tells them apart: the
/// environment, then the tag, then the service, then the digest.
fn classes(images: &[ImageReport]) -> Vec<String> {
    let mut classes: Vec<String> =
        images.iter().map(|image| image.request.reference.name()).collect();
    let apart: [fn(&ImageReport) -> Option<String>; 4] = [
        |image| image.request.environment.clone(),
        |image| image.request.reference.tag.as_ref().map(ToString::to_string),
        |image| Some(image.request.service.name.clone()),
        |image| image.request.reference.digest.as_ref().map(ToString::to_string),
    ];
    for apart in apart {
        let mut count: HashMap<String, usize> = HashMap::new();
        for class in &classes {
            *count.entry(class.clone()).or_default() += 1;
        }
        for (class, image) in classes.iter_mut().zip(images) {
            let is_twice = count.get(class.as_str()).is_some_and(|count| *count > 1);
            if let Some(name) = apart(image).filter(|_| is_twice) {
                *class = format!("{class} ({name})");
            }
        }
    }
    classes
}

/// A text for an attribute: one line.
fn line(text: &str) -> XmlString {
    XmlString::new(printable(text))
}

/// A text for an element: its lines stay.
fn block(text: &str) -> XmlString {
    let kept = |character: char| character == '\n' || is_printable(character);
    XmlString::new(text.replace('\t', " ").chars().filter(|c| kept(*c)).collect::<String>())
}

#[cfg(test)]
mod tests;
