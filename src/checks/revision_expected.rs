//! The image says that it was built from the commit that is meant, on every wanted platform.

use crate::circleci::page_of;
use crate::observation::{Fact, Unavailable};
use crate::oci::{ImageConfig, Provenance};
use crate::report::{Finding, Outcome, Reason, Skip};
use crate::request::{Revision, RevisionRule};

use super::Subject;
use super::next_steps::this_commits_push;
use super::subject::Found;
use super::wording::{clauses, cleaned, listed, quoted};

/// The line that a build needs. CircleCI sets the variable in every job.
const LABEL_LINE: &str = "--label org.opencontainers.image.revision=$CIRCLE_SHA1";

/// The label that names the repository.
const SOURCE_LABEL: &str = "org.opencontainers.image.source";

/// What `BuildKit` puts behind the commit where files were changed and not committed.
const DIRTY: &str = "-dirty";

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let (expected, is_required) = match &subject.request.expectation.revision {
        RevisionRule::Off => return Outcome::not_asked("no commit was expected"),
        RevisionRule::WhenLabelled(revision) => (revision, false),
        RevisionRule::Required(revision) => (revision, true),
    };
    // The repository that is built, where it is known and may be another one than the image's.
    let own = if is_required { None } else { subject.circleci.repository_page() };
    subject.with_images(|images| {
        let mut said = Said { own, ..Said::default() };
        for found in images {
            said.add(found, expected);
        }
        said.outcome(subject, expected, is_required)
    })
}

/// What the provenance of one platform comes to.
enum Attested<'a> {
    /// It names a commit.
    Commit(&'a str, &'a Provenance),
    /// There is none, or it names no commit.
    Nothing,
    /// It stands in the index and is gone, with the registry's words.
    Gone(&'a str),
    /// It could not be read.
    Unread(&'a Unavailable),
}

impl<'a> Attested<'a> {
    fn of(found: &Found<'a>) -> Self {
        let attested = found.image.attested.as_ref();
        match attested.and_then(|attested| attested.provenance.as_ref()) {
            None => Self::Nothing,
            Some(Fact::Present(said)) => match &said.revision {
                Some(commit) => Self::Commit(commit, said),
                None => Self::Nothing,
            },
            Some(Fact::Absent(denial)) => Self::Gone(&denial.said),
            Some(Fact::Unknown(why)) => Self::Unread(why),
        }
    }
}

/// What names another commit than the expected one.
struct Other<'a> {
    clause: String,
    commit: &'a str,
    /// Whether it is a label, which may be inherited.
    is_label: bool,
}

/// What all platforms say.
#[derive(Default)]
struct Said<'a> {
    /// The repository that is built: a commit of another one is no other commit.
    own: Option<String>,
    /// What names another commit.
    others: Vec<Other<'a>>,
    /// What contradicts a label, as clauses, with those commits.
    contradictions: Vec<(String, &'a str)>,
    /// The platforms that say nothing.
    silent: Vec<String>,
    /// Why one of those says nothing: the registry's words, or a commit of another repository.
    gone: Option<&'a str>,
    foreign: Option<&'a str>,
    /// The platforms that have no label and whose provenance could not be read, and why.
    unread: Vec<(String, &'a Unavailable)>,
    /// How many platforms say it by their label, and how many by their provenance alone.
    labelled: usize,
    attested: usize,
    /// How many have a provenance that says what their label says.
    agreed: usize,
    notes: Vec<String>,
}

impl<'a> Said<'a> {
    fn add(&mut self, found: &Found<'a>, expected: &Revision) {
        let name = &found.name;
        let provenance = Attested::of(found);
        let Some(label) = found.config.revision() else {
            match provenance {
                Attested::Commit(commit, _) if commit.eq_ignore_ascii_case(expected.as_str()) => {
                    self.attested += 1;
                }
                Attested::Commit(commit, said) if self.is_of_another_repository(said) => {
                    self.foreign = Some(commit);
                    self.silent.push(name.clone());
                }
                Attested::Commit(commit, _) => {
                    let clause = format!(
                        "the provenance of {name} says that it was built from {}",
                        quoted(commit)
                    );
                    self.others.push(Other { clause, commit, is_label: false });
                }
                Attested::Nothing => self.silent.push(name.clone()),
                Attested::Gone(said) => {
                    self.gone = Some(said);
                    self.silent.push(name.clone());
                }
                Attested::Unread(why) => self.unread.push((name.clone(), why)),
            }
            return;
        };
        // Git's own hex is lower-case; an upper-case label still names the same commit.
        if !label.eq_ignore_ascii_case(expected.as_str()) {
            let clause = format!("{name} says that it was built from {}", quoted(label));
            self.others.push(Other { clause, commit: label, is_label: true });
            return;
        }
        self.labelled += 1;
        match provenance {
            Attested::Commit(commit, said) => self.beside(found, label, commit, said),
            Attested::Unread(why) => {
                self.notes.push(format!("its provenance was not compared: {}", why.message));
            }
            Attested::Nothing | Attested::Gone(_) => {}
        }
    }

    /// What a provenance adds to a label that names the expected commit.
    fn beside(&mut self, found: &Found<'a>, label: &str, commit: &'a str, said: &Provenance) {
        let name = &found.name;
        let (plain, is_dirty) = match commit.strip_suffix(DIRTY) {
            Some(plain) => (plain, true),
            None => (commit, false),
        };
        let label_source = found.config.labels.get(SOURCE_LABEL);
        if plain.eq_ignore_ascii_case(label) {
            self.agreed += 1;
            if is_dirty {
                self.notes.push(format!(
                    "the provenance of {name} says that files were changed and not committed ({})",
                    quoted(commit)
                ));
            }
        } else if let (Some(theirs), Some(ours)) = (&said.source, label_source)
            && is_same_repository(theirs, ours)
        {
            let clause = format!(
                "{name} is labelled {}, and its provenance says {} of the same repository",
                quoted(label),
                quoted(commit)
            );
            self.contradictions.push((clause, commit));
        } else {
            let of = match (&said.source, label_source) {
                (Some(_), Some(_)) => "of another repository".to_owned(),
                (None, _) => "and not the repository that it is of".to_owned(),
                (Some(_), None) => format!(
                    "and nothing says whether it is of the same repository, because the image has no label {}",
                    quoted(SOURCE_LABEL)
                ),
            };
            self.notes.push(format!(
                "the provenance of {name} names another commit, {}, {of}",
                quoted(commit)
            ));
        }
    }

    /// Whether a provenance is of another repository than the one that is built.
    fn is_of_another_repository(&self, said: &Provenance) -> bool {
        let both = self.own.as_ref().zip(said.source.as_ref());
        both.is_some_and(|(own, theirs)| !is_same_repository(own, theirs))
    }

    fn outcome(self, subject: &Subject<'_>, expected: &Revision, is_required: bool) -> Outcome {
        if !self.others.is_empty() {
            return Outcome::Failed(differs(subject, expected, &self.others));
        }
        if !self.contradictions.is_empty() {
            return Outcome::Failed(contradicts(expected, &self.contradictions));
        }
        let is_silent = !self.silent.is_empty();
        if let Some((_, why)) = self.unread.first()
            && is_required
            && !is_silent
        {
            return Outcome::Errored(why.finding());
        }
        if !is_silent && self.unread.is_empty() {
            let message = self.says(expected);
            let note = (!self.notes.is_empty()).then(|| self.notes.join("; "));
            return Outcome::Passed { message, note };
        }
        self.without_a_commit(expected, is_required)
    }

    /// What follows where a platform names no commit.
    fn without_a_commit(self, expected: &Revision, is_required: bool) -> Outcome {
        let label = quoted(ImageConfig::REVISION_LABEL);
        let (silent, unread): (Vec<_>, Vec<_>) = self.unread.into_iter().unzip();
        let is_unread = self.silent.is_empty();
        let names = listed(if is_unread { silent } else { self.silent });
        let unread = unread.first().filter(|_| is_unread);
        let provenance = match (self.gone, self.foreign, unread) {
            (Some(said), _, _) => {
                format!(" (its attestation is gone: the registry answered {said})")
            }
            (None, Some(commit), _) => {
                format!(" (its provenance names {} of another repository)", quoted(commit))
            }
            (None, None, Some(why)) => {
                format!(" (its provenance could not be read: {})", why.message)
            }
            (None, None, None) => String::new(),
        };
        if is_required {
            let message =
                format!("there is no label {label} on {names}, and it is required{provenance}");
            return Outcome::Failed(
                Finding::new(Reason::RevisionLabelMissing, message)
                    .compared(expected.as_str(), "no label")
                    .hint(format!("Add to the build: `{LABEL_LINE}`")),
            );
        }
        Outcome::Skipped {
            message: format!(
                "there is no label {label} on {names}, so no commit was compared{provenance}; add to the build: `{LABEL_LINE}`"
            ),
            skip: Skip::Noteworthy,
        }
    }

    fn says(&self, expected: &Revision) -> String {
        let expected = quoted(expected);
        match (self.labelled, self.attested) {
            (0, _) => format!("its provenance says that it was built from {expected}"),
            (labelled, 0) if self.agreed == labelled => {
                format!("it says that it was built from {expected}, and so does its provenance")
            }
            (_, 0) => format!("it says that it was built from {expected}"),
            (_, _) => format!(
                "it says that it was built from {expected}: some platforms by their provenance alone"
            ),
        }
    }
}

/// Whether two addresses name one repository, however each is written.
fn is_same_repository(one: &str, other: &str) -> bool {
    let page = |address: &str| {
        let address = address.split(['#', '?']).next().unwrap_or_default();
        page_of(address.strip_prefix("git+").unwrap_or(address))
    };
    let both = page(one).zip(page(other));
    both.is_some_and(|(one, other)| one.eq_ignore_ascii_case(&other))
}

fn differs(subject: &Subject<'_>, expected: &Revision, others: &[Other<'_>]) -> Finding {
    let expected = expected.as_str();
    let says = others.iter().map(|other| other.clause.clone());
    let message = format!("{}, not from {}", clauses(says), quoted(expected));
    let is_start = |other: &Other<'_>| {
        let Other { commit, is_label, .. } = other;
        *is_label
            && commit.len() >= 7
            && expected.get(..commit.len()).is_some_and(|start| start.eq_ignore_ascii_case(commit))
    };
    let is_dirty = |other: &Other<'_>| {
        other.commit.strip_suffix(DIRTY).is_some_and(|commit| commit.eq_ignore_ascii_case(expected))
    };
    let hint = if others.iter().all(is_start) {
        format!(
            "The label holds only the start of the commit. Build with all of it: `{LABEL_LINE}`"
        )
    } else if others.iter().all(is_dirty) {
        format!(
            "Files were changed before the build and not committed: build from a clean checkout, or say which commit it \
             is with `{LABEL_LINE}`"
        )
    } else if others.iter().any(|other| other.is_label) {
        format!(
            "{}\nIf it did, the label may be the base image's, whose labels are inherited. Set it in the \
             build: `{LABEL_LINE}`",
            this_commits_push(subject)
        )
    } else {
        format!(
            "{}\nIf it did, another build has pushed this tag since, or the push went elsewhere.",
            this_commits_push(subject)
        )
    };
    let mut commits: Vec<_> = others.iter().map(|other| cleaned(other.commit)).collect();
    commits.dedup();
    Finding::new(Reason::RevisionDiffers, message).compared(expected, listed(commits)).hint(hint)
}

fn contradicts(expected: &Revision, contradictions: &[(String, &str)]) -> Finding {
    let message = clauses(contradictions.iter().map(|(clause, _)| clause.clone()));
    let mut commits: Vec<_> = contradictions.iter().map(|(_, commit)| cleaned(commit)).collect();
    commits.dedup();
    Finding::new(Reason::RevisionDiffers, message)
        .compared(expected.as_str(), listed(commits))
        .hint(
            "The label was set to another commit than the one that was checked out for the build: build that commit \
             itself, and set the label from it.",
        )
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
