//! The image says that it was built from the commit that is meant, on every wanted platform.

use crate::oci::ImageConfig;
use crate::report::{Finding, Outcome, Reason, Skip};
use crate::request::{Revision, RevisionRule};

use super::Subject;
use super::next_steps::this_commits_push;
use super::wording::{clauses, cleaned, listed, quoted};

/// The line that a build needs. CircleCI sets the variable in every job.
const LABEL_LINE: &str = "--label org.opencontainers.image.revision=$CIRCLE_SHA1";

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let (expected, is_required) = match &subject.request.expectation.revision {
        RevisionRule::Off => return Outcome::not_asked("no commit was expected"),
        RevisionRule::WhenLabelled(revision) => (revision, false),
        RevisionRule::Required(revision) => (revision, true),
    };
    subject.with_configs(|configs| judge(subject, expected, is_required, configs))
}

fn judge(
    subject: &Subject<'_>,
    expected: &Revision,
    is_required: bool,
    configs: &[(String, &ImageConfig)],
) -> Outcome {
    let (mut others, mut unlabelled) = (Vec::new(), Vec::new());
    for (name, config) in configs {
        match config.revision() {
            None => unlabelled.push(name.clone()),
            // Git's own hex is lower-case; an upper-case label still names the same commit.
            Some(label) if label.eq_ignore_ascii_case(expected.as_str()) => {}
            Some(label) => others.push((name, label)),
        }
    }
    if !others.is_empty() {
        return Outcome::Failed(differs(subject, expected, &others));
    }
    if unlabelled.is_empty() {
        return Outcome::passed(format!("it says that it was built from {}", quoted(expected)));
    }
    let names = listed(unlabelled.iter().cloned());
    if is_required {
        let label = quoted(ImageConfig::REVISION_LABEL);
        let message = format!("there is no label {label} on {names}, and it is required");
        return Outcome::Failed(
            Finding::new(Reason::RevisionLabelMissing, message)
                .compared(expected.as_str(), "no label")
                .hint(format!("Add to the build: `{LABEL_LINE}`")),
        );
    }
    Outcome::Skipped {
        message: format!(
            "there is no label {} on {names}, so no commit was compared; add to the build: `{LABEL_LINE}`",
            quoted(ImageConfig::REVISION_LABEL)
        ),
        skip: Skip::Noteworthy,
    }
}

fn differs(subject: &Subject<'_>, expected: &Revision, others: &[(&String, &str)]) -> Finding {
    let expected = expected.as_str();
    let says = others
        .iter()
        .map(|(name, label)| format!("{name} says that it was built from {}", quoted(*label)));
    let message = format!("{}, not from {}", clauses(says), quoted(expected));
    let is_start = |label: &str| {
        label.len() >= 7
            && expected.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label))
    };
    let hint = if others.iter().all(|(_, label)| is_start(label)) {
        format!(
            "The label holds only the start of the commit. Build with all of it: `{LABEL_LINE}`"
        )
    } else {
        format!(
            "{}\nIf it did, the label may be the base image's, whose labels are inherited. Set it in the \
             build: `{LABEL_LINE}`",
            this_commits_push(subject.circleci)
        )
    };
    let mut labels: Vec<_> = others.iter().map(|(_, label)| cleaned(label)).collect();
    labels.dedup();
    Finding::new(Reason::RevisionDiffers, message).compared(expected, listed(labels)).hint(hint)
}
