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
    let is_by_label =
        matches!(subject.request.expectation.immutable_tag, Some(ImmutableTag::ByRevisionLabel(_)));
    if let Some((tag, fact)) = immutable.as_ref().filter(|_| is_by_label) {
        return by_label(subject, tag, fact);
    }
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
        ImmutableTag::Named(tag) | ImmutableTag::Fixed(tag) => subject.with_resolved(|_| {
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

/// What a tag that is made from the image's own label says: it names whatever image that is, or another build of the
/// same commit. It proves nothing, for or against.
fn by_label(subject: &Subject<'_>, tag: &Tag, fact: &Fact<Digest>) -> Outcome {
    const MADE: &str = "made from the image's own revision label because no commit was given";
    let tag = quoted(tag);
    let skipped = |said: String| Outcome::Skipped {
        message: format!("{tag}, {MADE}, {said}"),
        skip: Skip::Noteworthy,
    };
    match fact {
        Fact::Present(digest) => {
            subject.with_resolved(|resolved| match same(digest, &resolved.digest) {
                Some(true) => Outcome::Passed {
                    message: format!("{tag} names the same digest"),
                    note: Some(format!("{tag} is {MADE}: it does not prove the commit")),
                },
                Some(false) => skipped(format!("names another image, {}", quoted(digest))),
                None => skipped("names a digest of another algorithm".to_owned()),
            })
        }
        Fact::Absent(denial) => {
            skipped(format!("is not in the registry ({})", wording::said(&denial.said)))
        }
        Fact::Unknown(why) => {
            skipped(format!("could not be read: {}", wording::said(&why.message)))
        }
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
