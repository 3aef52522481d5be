//! The tag that never moves names the same digest as the tag that was asked for.
//!
//! It tells this commit's image from an older one under a moving tag, without any label.

use crate::observation::{Fact, Observation};
use crate::oci::{Digest, Tag};
use crate::report::{Finding, Outcome, Reason, Skip};
use crate::request::ImmutableTag;

use super::Subject;
use super::digest_expected::{not_comparable, same};
use super::next_steps::{push_steps, this_commits_push};
use super::subject::unasked;
use super::wording::{self, cleaned, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let Observation { immutable, immutable_skipped, repository, .. } = subject.observation;
    if let Some((tag, fact)) = immutable {
        return match (fact, repository) {
            (Fact::Present(digest), _) => compare(subject, tag, digest),
            (Fact::Absent(_), Fact::Absent(_)) => {
                Outcome::skipped("there is no repository to look in")
            }
            (Fact::Absent(denial), Fact::Present(()) | Fact::Unknown(_)) => {
                Outcome::Failed(missing(subject, tag, &denial.said))
            }
            (Fact::Unknown(why), _) => Outcome::Errored(why.finding()),
        };
    }
    if let Some(why) = immutable_skipped {
        return Outcome::Skipped { message: cleaned(why), skip: Skip::Noteworthy };
    }
    let Some(asked) = &subject.request.expectation.immutable_tag else {
        return Outcome::not_asked("no immutable tag was asked for");
    };
    match asked {
        ImmutableTag::Named(tag) => subject.with_resolved(|_| {
            if subject.request.reference.tag.as_ref() == Some(tag) {
                Outcome::passed(format!("{} is itself the tag that never moves", quoted(tag)))
            } else {
                unasked("the immutable tag")
            }
        }),
        // Its name comes from the configs; where they could not be read, that is the reason.
        ImmutableTag::ByRevisionLabel(_) => subject.with_configs(|_| unasked("the immutable tag")),
    }
}

/// The immutable tag that names the same digest, where that is so.
pub(super) fn agreed(subject: &Subject<'_>) -> Option<Tag> {
    match run(subject) {
        Outcome::Passed { .. } => {}
        Outcome::Failed(_) | Outcome::Errored(_) | Outcome::Skipped { .. } => return None,
    }
    match &subject.observation.immutable {
        Some((tag, _)) => Some(tag.clone()),
        // It passed because the tag that was asked for is the immutable one.
        None => subject.request.reference.tag.clone(),
    }
}

fn compare(subject: &Subject<'_>, tag: &Tag, digest: &Digest) -> Outcome {
    subject.with_resolved(|resolved| match same(digest, &resolved.digest) {
        Some(true) => Outcome::passed(format!("{} names the same digest", quoted(tag))),
        Some(false) => Outcome::Failed(differs(subject, tag, digest, &resolved.digest)),
        None => Outcome::Errored(not_comparable(digest, &resolved.digest)),
    })
}

fn missing(subject: &Subject<'_>, tag: &Tag, said: &str) -> Finding {
    let message = format!(
        "{} has no tag {}, which this commit's push should have set ({})",
        quoted(&subject.request.reference.name()),
        quoted(tag),
        wording::said(said)
    );
    let hint = format!(
        "Let the push job push the immutable tag beside the moving one.\n{}",
        push_steps(subject.circleci)
    );
    Finding::new(Reason::ImmutableTagMissing, message).hint(hint)
}

fn differs(subject: &Subject<'_>, tag: &Tag, digest: &Digest, observed: &Digest) -> Finding {
    let moving = subject.request.reference.tag.as_ref();
    let message = format!(
        "{} names {}, and {} names {}",
        quoted(tag),
        quoted(digest),
        moving.map_or_else(|| "the reference".to_owned(), quoted),
        quoted(observed)
    );
    let hint = format!(
        "The moving tag is from another build.\n{}\nPush again, unless a newer commit has.",
        this_commits_push(subject.circleci)
    );
    Finding::new(Reason::ImmutableTagDiffers, message)
        .compared(digest.to_string(), observed.to_string())
        .hint(hint)
}
