//! `--format json`: the versioned report on standard output, for every verdict, and the error of exit 2.
//!
//! Wire structs of their own. `.images[0].pinned` is a frozen path: it is the pinned reference of a
//! VERIFIED image and null for every other, so that a script cannot deploy what was not verified.

use std::io;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::document::{indented, instant, written};
use crate::exit::Exit;
use crate::file::Unwritten;
use crate::oci::Reference;
use crate::output::record::{Attestation, Content, Pipeline, Platform, Revision, Source, Tool};
use crate::report::{self, CheckResult, Finding, ImageFacts, Outcome, Verdict};
use crate::request::ImageRequest;

mod diagnosis;
mod engine;

pub use diagnosis::Diagnosis;
pub use engine::{EngineAnswer, EngineWord};

/// The JSON Schema of a report, as it is published.
pub const SCHEMA: &str = include_str!("../../schema/report.json");

/// The version of the report that this program writes.
pub const SCHEMA_VERSION: u32 = 1;

/// A whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report<'r> {
    /// The version of this format: 1. Fields may be added within a version, none removed or changed.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    pub schema_version: u32,
    /// The verdict of the worst image.
    pub verdict: VerdictWord,
    /// The exit code of the process.
    pub exit_code: u8,
    /// What wrote this.
    pub tool: Tool,
    /// When the run began (RFC 3339, UTC).
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How many requests were sent, retries and redirects included.
    pub requests: u64,
    /// How many of the requests were a second or later try.
    pub retries: u64,
    /// The images, in the order of asking.
    #[cfg_attr(test, schemars(with = "Vec<Image>"))]
    pub images: Images<'r>,
    /// Why images are missing, as CircleCI says; null without `--diagnose`, empty where nothing was due.
    pub diagnosis: Option<Vec<Diagnosis>>,
    /// The commit, as CircleCI names it; null outside CircleCI.
    pub source: Option<Source>,
    /// The job, as CircleCI names it; null outside CircleCI.
    pub pipeline: Option<Pipeline>,
    /// What concerns the run and not one image.
    pub notes: Vec<String>,
    /// The outputs that could not be written.
    pub unwritten: Vec<UnwrittenFile>,
}

/// The images of a run. The wire form of each is made when it is written: thousands of them take several times the room
/// of their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Images<'r>(&'r [report::ImageReport]);

impl Serialize for Images<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Image::of))
    }
}

/// The word for a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum VerdictWord {
    /// The image is there, whole, and the one that was meant.
    Verified,
    /// It is missing, broken, or another image.
    Failed,
    /// It could not be found out.
    Undecided,
}

impl From<Verdict> for VerdictWord {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Verified => Self::Verified,
            Verdict::Failed => Self::Failed,
            Verdict::Undecided | Verdict::Refused => Self::Undecided,
        }
    }
}

/// One image of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Image {
    /// The reference that was asked for.
    pub reference: String,
    /// The image's verdict.
    pub verdict: VerdictWord,
    /// The reason code of the first check that decided against it; null when VERIFIED.
    pub reason: Option<String>,
    /// `server/repository@digest`, to deploy; null unless VERIFIED.
    pub pinned: Option<String>,
    /// The same with the tag; null unless VERIFIED, and where the reference has no tag.
    pub pinned_with_tag: Option<String>,
    /// The service that it belongs to.
    pub service: String,
    /// The environment that it is meant for; null when none was named.
    pub environment: Option<String>,
    /// The digest that was seen; null when nothing was.
    pub digest: Option<String>,
    /// The media type of what was seen.
    pub media_type: Option<String>,
    /// The platforms that were looked at.
    pub platforms: Vec<Platform>,
    /// The tag that never moves and names the same digest; null where none was checked.
    pub immutable_tag: Option<String>,
    /// How the layers were proven to be there; null where they were not.
    pub content: Option<Content>,
    /// The commit that every platform says it was built from; null where one is silent or names another.
    pub revision: Option<Revision>,
    /// What builders attested of the image. No signature was verified.
    pub attestations: Vec<Attestation>,
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// What each container engine does with the image; empty where nothing was seen of it.
    pub engines: Vec<EngineAnswer>,
    /// What else was noticed.
    pub notes: Vec<String>,
    /// When the registry answered for the tag, or for the digest of a reference without one (RFC 3339, UTC).
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub verified_at: String,
}

/// One check of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The check's stable name, as in `layers-present`.
    pub id: String,
    /// How it ended.
    pub status: CheckStatus,
    /// The stable reason code of a check that failed or errored, else null.
    pub reason: Option<String>,
    /// One sentence.
    pub message: String,
    /// What was expected, where the check compares.
    pub expected: Option<String>,
    /// What was observed, where the check compares.
    pub observed: Option<String>,
    /// What to do next; may have several lines.
    pub hint: Option<String>,
    /// Something that the reader should know although it passed.
    pub note: Option<String>,
    /// How long its requests took, in milliseconds.
    pub took_ms: u64,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Yes.
    Passed,
    /// No.
    Failed,
    /// Could not find out.
    Errored,
    /// Not asked for, or nothing left to look at.
    Skipped,
}

/// An output that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnwrittenFile {
    /// Where it should have been written.
    pub path: String,
    /// Why it was not.
    pub message: String,
}

/// What stands on standard output instead of a report when nothing was asked (exit code 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorReport {
    /// The version of this format: 1.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    pub schema_version: u32,
    /// The exit code of the process: 2.
    #[cfg_attr(test, schemars(extend("const" = 2)))]
    pub exit_code: u8,
    /// What is wrong.
    pub error: ErrorText,
}

/// What is wrong with what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorText {
    /// What is wrong.
    pub message: String,
    /// What to do next; may have several lines.
    pub hint: Option<String>,
}

/// Passes the report as it is printed to `put`, in pieces of whole lines: indented JSON with a newline at the end.
///
/// # Errors
/// When `put` fails.
pub fn report(
    report: &report::Report,
    unwritten: &[Unwritten],
    put: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    written(&Report::of(report, unwritten), put)
}

/// The error of exit code 2 as it is printed.
pub fn error(message: &str, hint: Option<&str>) -> String {
    indented(&ErrorReport {
        schema_version: SCHEMA_VERSION,
        exit_code: Exit::Usage.code(),
        error: ErrorText { message: message.to_owned(), hint: hint.map(str::to_owned) },
    })
}

impl<'r> Report<'r> {
    /// The wire form of a run.
    pub fn of(report: &'r report::Report, unwritten: &[Unwritten]) -> Self {
        let report::Report { images, started_at, took, traffic, circleci, notes, diagnosis: _ } =
            report;
        let report::Traffic { requests, retries } = *traffic;
        Self {
            schema_version: SCHEMA_VERSION,
            verdict: report.verdict().into(),
            exit_code: Exit::of(report.verdict(), unwritten.is_empty()).code(),
            tool: Tool::this(),
            started_at: instant(*started_at),
            took_ms: milliseconds(*took),
            requests,
            retries,
            images: Images(images),
            diagnosis: Diagnosis::all(report),
            source: Source::of(circleci),
            pipeline: Pipeline::of(circleci),
            notes: notes.clone(),
            unwritten: unwritten.iter().map(UnwrittenFile::of).collect(),
        }
    }
}

impl Image {
    fn of(image: &report::ImageReport) -> Self {
        let verdict = image.verdict();
        let reason = image.deciding().map(|(_, finding)| finding.reason.to_string());
        let report::ImageReport {
            request,
            results,
            facts,
            evidence: _,
            engines,
            notes,
            verified_at,
        } = image;
        let ImageRequest {
            reference,
            registry_kind: _,
            expectation: _,
            service,
            environment,
            commit: _,
            pipeline: _,
            notes: _,
        } = request;
        let facts = facts.as_ref();
        let verified = facts.filter(|_| verdict == Verdict::Verified);
        let pinned = verified.and_then(|_| image.pinned());
        Self {
            reference: reference.to_string(),
            verdict: verdict.into(),
            reason,
            pinned_with_tag: verified.and_then(|facts| pinned_with_tag(reference, facts)),
            pinned,
            service: service.name.clone(),
            environment: environment.clone(),
            digest: facts.map(|facts| facts.digest.to_string()),
            media_type: facts.map(|facts| facts.media_type.to_string()),
            platforms: facts
                .map(|facts| facts.platforms.iter().map(Platform::of).collect())
                .unwrap_or_default(),
            immutable_tag: facts.and_then(|facts| facts.immutable_tag.clone()),
            content: facts.and_then(|facts| facts.content).map(Content::of),
            revision: facts.and_then(Revision::of),
            attestations: facts.map(Attestation::all).unwrap_or_default(),
            checks: results.iter().map(Check::of).collect(),
            engines: engines.iter().map(EngineAnswer::of).collect(),
            notes: notes.clone(),
            verified_at: instant(*verified_at),
        }
    }
}

impl Check {
    fn of(result: &CheckResult) -> Self {
        let CheckResult { check, outcome, took } = result;
        let blank = Self {
            id: check.to_string(),
            status: CheckStatus::Passed,
            reason: None,
            message: String::new(),
            expected: None,
            observed: None,
            hint: None,
            note: None,
            took_ms: milliseconds(*took),
        };
        match outcome {
            Outcome::Passed { message, note } => {
                Self { message: message.clone(), note: note.clone(), ..blank }
            }
            Outcome::Failed(finding) => blank.found(CheckStatus::Failed, finding),
            Outcome::Errored(finding) => blank.found(CheckStatus::Errored, finding),
            Outcome::Skipped { message, skip: _ } => {
                Self { status: CheckStatus::Skipped, message: message.clone(), ..blank }
            }
        }
    }

    fn found(self, status: CheckStatus, finding: &Finding) -> Self {
        let Finding { reason, message, expected, observed, hint } = finding.clone();
        let hint = Some(hint.unwrap_or_else(|| reason.advice().to_owned()));
        let reason = Some(reason.to_string());
        Self { status, reason, message, expected, observed, hint, ..self }
    }
}

impl UnwrittenFile {
    fn of(unwritten: &Unwritten) -> Self {
        let Unwritten { path, message } = unwritten;
        Self { path: path.display().to_string(), message: message.clone() }
    }
}

fn pinned_with_tag(reference: &Reference, facts: &ImageFacts) -> Option<String> {
    let tag = reference.tag.as_ref()?;
    Some(format!("{}:{tag}@{}", reference.name(), facts.digest))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
