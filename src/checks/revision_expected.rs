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
            this_commits_push(subject)
        )
    };
    let mut labels: Vec<_> = others.iter().map(|(_, label)| cleaned(label)).collect();
    labels.dedup();
    Finding::new(Reason::RevisionDiffers, message).compared(expected, listed(labels)).hint(hint)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::{COMMIT, OTHER_COMMIT, Sample, absent, unknown};
    use crate::circleci::CircleCi;
    use crate::report::{CheckId, Outcome, Reason};
    use crate::request::RevisionRule;

    const CHECK: CheckId = CheckId::RevisionExpected;

    fn required(mut sample: Sample) -> Sample {
        sample.expectation().revision = RevisionRule::Required(COMMIT.parse().unwrap());
        sample
    }

    fn label(sample: &mut Sample, index: usize, revision: &str) {
        let labels = &mut sample.config(index).labels;
        labels.insert(crate::oci::ImageConfig::REVISION_LABEL.into(), revision.into());
    }

    #[test]
    fn passes_when_every_platform_is_of_the_commit() {
        let mut sample = required(Sample::index(&["linux/amd64", "linux/arm64"]));
        said!(sample.said(CHECK), @"passed: it says that it was built from `0123456789abcdef0123456789abcdef01234567`");
        label(&mut sample, 1, &COMMIT.to_uppercase());
        assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
    }

    #[test]
    fn fails_when_one_platform_is_of_another_commit() {
        let mut sample = required(Sample::index(&["linux/amd64", "linux/arm64"]));
        label(&mut sample, 1, OTHER_COMMIT);
        said!(sample.said(CHECK), @"
        failed revision-differs: `linux/arm64` says that it was built from `fedcba9876543210fedcba9876543210fedcba98`, not from `0123456789abcdef0123456789abcdef01234567`
        expected 0123456789abcdef0123456789abcdef01234567
        observed fedcba9876543210fedcba9876543210fedcba98
        hint: Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/7
        hint: If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
        sample.circleci = CircleCi::default();
        label(&mut sample, 0, "v1.2.3");
        said!(sample.said(CHECK), @"
        failed revision-differs: `linux/amd64` says that it was built from `v1.2.3`; `linux/arm64` says that it was built from `fedcba9876543210fedcba9876543210fedcba98`, not from `0123456789abcdef0123456789abcdef01234567`
        expected 0123456789abcdef0123456789abcdef01234567
        observed v1.2.3, fedcba9876543210fedcba9876543210fedcba98
        hint: Did this commit's push job run before this one?
        hint: If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
    }

    #[test]
    fn fails_when_the_label_is_shortened() {
        let mut sample = required(Sample::single());
        label(&mut sample, 0, &COMMIT[..7]);
        said!(sample.said(CHECK), @"
        failed revision-differs: the image says that it was built from `0123456`, not from `0123456789abcdef0123456789abcdef01234567`
        expected 0123456789abcdef0123456789abcdef01234567
        observed 0123456
        hint: The label holds only the start of the commit. Build with all of it: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
    }

    #[test]
    fn fails_without_a_label_that_is_required() {
        let mut sample = required(Sample::single());
        sample.config(0).labels.clear();
        said!(sample.said(CHECK), @"
        failed revision-label-missing: there is no label `org.opencontainers.image.revision` on the image, and it is required
        expected 0123456789abcdef0123456789abcdef01234567
        observed no label
        hint: Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
        ");
    }

    #[test]
    fn is_skipped_with_a_note_without_a_label_that_is_not_required() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.expectation().revision = RevisionRule::WhenLabelled(COMMIT.parse().unwrap());
        assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
        sample.config(1).labels.clear();
        said!(sample.said(CHECK), @"skipped, to be told: there is no label `org.opencontainers.image.revision` on `linux/arm64`, so no commit was compared; add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`");
        label(&mut sample, 0, OTHER_COMMIT);
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
    }

    #[test]
    fn is_skipped_or_errored_without_a_config_to_look_at() {
        said!(Sample::single().said(CHECK), @"skipped: no commit was expected");
        let mut sample = required(Sample::index(&["linux/amd64", "linux/arm64"]));
        sample.observation.images[0].config = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
        said!(sample.said(CHECK), @"skipped: there is no config to look at for `linux/amd64`");
        sample.observation.images[0].config = unknown(Reason::TimedOut);
        said!(sample.said(CHECK), @"
        errored timed-out: an answer that is timed-out
        hint: Try again later, or give the run more time with `--deadline`.
        ");
        label(&mut sample, 1, OTHER_COMMIT);
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)), "a proven no stands");
    }
}
