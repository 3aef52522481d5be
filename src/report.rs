//! What a run found out, and the one value that every output shows: the [`Verdict`].
//!
//! The exit code, the JUnit file, the record and the status are all drawn from a [`Report`], so that they
//! cannot disagree. Texts in it are cleaned and masked where they arrive.

use std::time::Duration;

use jiff::Timestamp;

use crate::circleci::{CircleCi, Diagnosis};
use crate::request::ImageRequest;
use crate::secret::Redactor;

mod built_from;
mod check_id;
mod engine_answer;
mod evidence;
mod facts;
mod reason;

#[cfg(test)]
pub(crate) mod fixtures;

pub use built_from::{AttestationFacts, BuiltFrom, RevisionSource};
pub use check_id::CheckId;
pub use engine_answer::{EngineAnswer, EngineWord};
pub use evidence::{Evidence, ProvenBy};
pub use facts::{ContentFacts, HowProven, ImageFacts, PlatformFacts};
pub use reason::Reason;

/// What a check that did not pass has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub reason: Reason,
    /// One sentence.
    pub message: String,
    /// What was expected, where the check compares.
    pub expected: Option<String>,
    /// What was observed, where the check compares.
    pub observed: Option<String>,
    /// What to do next; may have several lines.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that is a sentence only.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), expected: None, observed: None, hint: None }
    }

    /// Adds what was expected and what was observed.
    #[must_use]
    pub fn compared(mut self, expected: impl Into<String>, observed: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.observed = Some(observed.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// How one check ended.
///
/// `Failed` and `Errored` are different answers: the image is wrong, or we could not find out. `JUnit`
/// keeps the same two apart as `<failure>` and `<error>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Passed {
        /// What was seen.
        message: String,
        /// Something that the reader should know all the same.
        note: Option<String>,
    },
    /// No.
    Failed(Finding),
    /// Could not find out.
    Errored(Finding),
    /// Not asked for, or nothing left to look at.
    Skipped {
        /// Why.
        message: String,
        /// What kind of skip it is.
        skip: Skip,
    },
}

/// Why a check was skipped, as far as it matters to a reader who is in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Nobody asked for it.
    NotAsked,
    /// An earlier answer leaves nothing to look at.
    NothingLeft,
    /// The reader should be told even where skipped checks are left out.
    Noteworthy,
}

impl Outcome {
    /// A plain yes.
    pub fn passed(message: impl Into<String>) -> Self {
        Self::Passed { message: message.into(), note: None }
    }

    /// Nobody asked for it.
    pub fn not_asked(message: impl Into<String>) -> Self {
        Self::Skipped { message: message.into(), skip: Skip::NotAsked }
    }

    /// An earlier answer leaves nothing to look at.
    pub fn skipped(message: impl Into<String>) -> Self {
        Self::Skipped { message: message.into(), skip: Skip::NothingLeft }
    }

    /// The word used for it in every output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::Failed(_) => "failed",
            Self::Errored(_) => "errored",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// The finding of a check that failed or errored.
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Failed(finding) | Self::Errored(finding) => Some(finding),
            Self::Passed { .. } | Self::Skipped { .. } => None,
        }
    }
}

/// One check of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// Which check.
    pub check: CheckId,
    /// How it ended.
    pub outcome: Outcome,
    /// How long the requests took that answered it; zero for a check that needed none of its own.
    pub took: Duration,
}

/// Whether a check passed.
pub fn has_passed(results: &[CheckResult], check: CheckId) -> bool {
    let has = |result: &CheckResult| {
        result.check == check && matches!(result.outcome, Outcome::Passed { .. })
    };
    results.iter().any(has)
}

/// One image of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReport {
    /// What was asked.
    pub request: ImageRequest,
    /// Every check, in the order of [`CheckId::ALL`].
    pub results: Vec<CheckResult>,
    /// What was seen.
    pub facts: Option<ImageFacts>,
    /// Whether it is known to be the image that was meant.
    pub evidence: Evidence,
    /// What each engine does with it, as far as the rules say. Empty where nothing was seen of it.
    pub engines: Vec<EngineAnswer>,
    /// What the reader should know beside the checks.
    pub notes: Vec<String>,
    /// When the registry answered for the tag, or for the digest of a reference without one. Under `--wait`, when
    /// it last did.
    pub verified_at: Timestamp,
}

/// A finding, and the checks that share it: one cause often fails several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFinding<'a> {
    /// How the checks ended: failed or errored.
    pub outcome: &'a Outcome,
    /// The finding of that outcome.
    pub finding: &'a Finding,
    /// The checks, in order.
    pub checks: Vec<CheckId>,
}

impl SharedFinding<'_> {
    /// The names of the checks, separated by commas.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.checks.iter().map(|check| check.as_str()).collect();
        names.join(", ")
    }
}

/// The answer. It is always computed, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Yes.
    Verified,
    /// Could not find out.
    Undecided,
    /// Could not find out, because the credentials were refused.
    Refused,
    /// No.
    Failed,
}

impl Verdict {
    /// The word used for it in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Undecided | Self::Refused => "UNDECIDED",
            Self::Failed => "FAILED",
        }
    }
}

/// Why a reference is not written.
pub const MASKED_REFERENCE: &str =
    "the image's reference contains a secret of this run, and masked it would name no image";

impl ImageReport {
    /// `server/repository@digest`: what names this image and never another. `None` where nothing was seen of it.
    pub fn pinned(&self) -> Option<String> {
        let facts = self.facts.as_ref()?;
        Some(format!("{}@{}", self.request.reference.name(), facts.digest))
    }

    /// Whether a secret is part of the image's reference, in any form in which it is written: masked, it would name
    /// no image.
    pub fn names_a_secret(&self, redactor: &Redactor) -> bool {
        let pinned = self.pinned();
        pinned.is_some_and(|pinned| redactor.finds_in(&pinned))
            || redactor.finds_in(&self.request.reference.to_string())
    }

    /// What whoever deploys a verified image by its digest should know: a garbage collection deletes a manifest that no
    /// tag names any more.
    pub fn pin_warning(&self) -> Option<String> {
        let (tag, facts) = (self.request.reference.tag.as_ref()?, self.facts.as_ref()?);
        let is_kept = facts.immutable_tag.is_some() || !self.request.has_moving_tag();
        if self.verdict() != Verdict::Verified || is_kept {
            return None;
        }
        Some(format!(
            "only the tag `{tag}` is known to name this digest: when it moves on, a garbage collection of \
             untagged manifests deletes the pinned image; push an immutable tag beside it and name it as \
             `immutable_tag` in the config"
        ))
    }

    /// The image's verdict.
    ///
    /// A proven no outweighs what could not be asked; a yes needs the checks that carry it to have
    /// passed, so that a report in which nothing ran is not a pass.
    pub fn verdict(&self) -> Verdict {
        let mut worst = Verdict::Verified;
        for result in &self.results {
            worst = worst.max(match &result.outcome {
                Outcome::Passed { .. } | Outcome::Skipped { .. } => Verdict::Verified,
                Outcome::Failed(_) => Verdict::Failed,
                Outcome::Errored(finding) if finding.reason.is_refusal() => Verdict::Refused,
                Outcome::Errored(_) => Verdict::Undecided,
            });
        }
        if worst == Verdict::Verified && !self.is_carried() { Verdict::Undecided } else { worst }
    }

    /// Whether the checks that a yes stands on have all passed.
    fn is_carried(&self) -> bool {
        let passed = |check: CheckId| has_passed(&self.results, check);
        // A reference by digest alone has no tag; its manifest is found by `manifest-intact`.
        let found = passed(CheckId::TagExists) || self.request.reference.tag.is_none();
        found
            && passed(CheckId::RegistryHonest)
            && passed(CheckId::ManifestIntact)
            && passed(CheckId::LayersPresent)
            && (!self.request.expectation.content || passed(CheckId::ContentIntact))
            && passed(CheckId::Engines)
    }

    /// The first check that gave the image its verdict, and what it found. `None` when it is VERIFIED,
    /// and when no check spoke against it but one that carries a yes did not run.
    pub fn deciding(&self) -> Option<(CheckId, &Finding)> {
        let verdict = self.verdict();
        self.results.iter().find_map(|result| {
            let decides = match &result.outcome {
                Outcome::Passed { .. } | Outcome::Skipped { .. } => false,
                Outcome::Failed(_) => verdict == Verdict::Failed,
                Outcome::Errored(finding) if finding.reason.is_refusal() => {
                    verdict == Verdict::Refused
                }
                Outcome::Errored(_) => verdict == Verdict::Undecided,
            };
            if decides {
                result.outcome.finding().map(|finding| (result.check, finding))
            } else {
                None
            }
        })
    }

    /// What did not pass, failures first; checks with the same outcome share one entry.
    pub fn findings(&self) -> Vec<SharedFinding<'_>> {
        let mut findings: Vec<SharedFinding<'_>> = Vec::new();
        for CheckResult { check, outcome, took: _ } in &self.results {
            let Some(finding) = outcome.finding() else { continue };
            match findings.iter_mut().find(|known| known.outcome == outcome) {
                Some(known) => known.checks.push(*check),
                None => findings.push(SharedFinding { outcome, finding, checks: vec![*check] }),
            }
        }
        findings.sort_by_key(|finding| !matches!(finding.outcome, Outcome::Failed(_)));
        findings
    }

    /// The result of one check.
    pub fn result(&self, check: CheckId) -> Option<&CheckResult> {
        self.results.iter().find(|result| result.check == check)
    }
}

/// How much was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent, retries and redirects included.
    pub requests: u64,
    /// How many of them were a second or later try.
    pub retries: u64,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The images, in the order of asking. Never empty.
    pub images: Vec<ImageReport>,
    /// When the run began.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What it cost.
    pub traffic: Traffic,
    /// What CircleCI said of the job.
    pub circleci: CircleCi,
    /// What concerns the run and not one image: which credential was used, what was trimmed.
    pub notes: Vec<String>,
    /// Why images are missing, as CircleCI says: one a question. `None` without `--diagnose`.
    pub diagnosis: Option<Vec<Diagnosis>>,
}

impl Report {
    /// The run's verdict: that of its worst image.
    pub fn verdict(&self) -> Verdict {
        self.images.iter().map(ImageReport::verdict).max().unwrap_or(Verdict::Undecided)
    }

    /// What CircleCI said of the image at this place.
    pub fn diagnosis_of(&self, place: usize) -> Option<&Diagnosis> {
        self.diagnosis.as_ref()?.iter().find(|diagnosis| diagnosis.images.contains(&place))
    }

    /// When the last answer was in.
    pub fn ended_at(&self) -> Timestamp {
        let end = self.started_at.saturating_add(self.took).unwrap_or(self.started_at);
        self.images.iter().map(|image| image.verified_at).chain([end]).max().unwrap_or(end)
    }
}

#[cfg(test)]
mod tests;
