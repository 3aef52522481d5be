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
        return Outcome::not_asked("no immutable tag is expected");
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
        push_steps(subject)
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
        this_commits_push(subject)
    );
    Finding::new(Reason::ImmutableTagDiffers, message)
        .compared(digest.to_string(), observed.to_string())
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::{COMMIT, Sample, absent, digest, unknown};
    use crate::observation::Fact;
    use crate::oci::{Algorithm, Digest};
    use crate::report::{CheckId, Outcome, Reason};
    use crate::request::ImmutableTag;

    const CHECK: CheckId = CheckId::ImmutableTag;

    fn with(fact: Fact<Digest>) -> Sample {
        let mut sample = Sample::single();
        let tag: crate::oci::Tag = format!("{COMMIT}-dev").parse().unwrap();
        sample.expectation().immutable_tag = Some(ImmutableTag::Named(tag.clone()));
        sample.observation.immutable = Some((tag, fact));
        sample
    }

    #[test]
    fn compares() {
        said!(with(Fact::Present(digest("top"))).said(CHECK), @"passed: `0123456789abcdef0123456789abcdef01234567-dev` names the same digest");
        said!(with(Fact::Present(digest("other"))).said(CHECK), @"
        failed immutable-tag-differs: `0123456789abcdef0123456789abcdef01234567-dev` names `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`, and `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: The moving tag is from another build.
        hint: Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/7
        hint: Push again, unless a newer commit has.
        ");
        let sha512 = Digest::of(Algorithm::Sha512, b"top");
        said!(with(Fact::Present(sha512)).said(CHECK), @"
        errored digest-not-comparable: a sha512 digest cannot be compared with a sha256 digest
        expected sha512:0faca7b34ab11b413bf93c247af67826de6dec8cb7ba09806a31bf7657fa3da768d49a93ca778a5c80838aa14890b31113182dbe0f0f9716ca4e461f45e8d23a
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the `sha256:` digest that the push printed.
        ");
    }

    #[test]
    fn fails_when_it_is_missing_even_where_the_moving_tag_could_not_be_read() {
        let mut sample = with(absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`"));
        said!(sample.said(CHECK), @"
        failed immutable-tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `0123456789abcdef0123456789abcdef01234567-dev`, which this commit's push should have set (404 `MANIFEST_UNKNOWN`)
        hint: Let the push job push the immutable tag beside the moving one.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
        sample.observation.resolved = unknown(Reason::ServerError);
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
        sample.observation.repository = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
        said!(sample.said(CHECK), @"skipped: there is no repository to look in");
    }

    #[test]
    fn by_the_images_own_label_proves_nothing_for_or_against() {
        let by_label = |fact: Fact<Digest>| {
            let mut sample = with(fact);
            sample.expectation().immutable_tag =
                Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
            sample.said(CHECK)
        };
        said!(by_label(Fact::Present(digest("top"))), @"
        passed: `0123456789abcdef0123456789abcdef01234567-dev` names the same digest
        note: `0123456789abcdef0123456789abcdef01234567-dev` is made from the image's own revision label because no commit was given: it does not prove the commit
        ");
        said!(by_label(Fact::Present(digest("other"))), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, names another image, `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`");
        said!(by_label(Fact::Present(Digest::of(Algorithm::Sha512, b"top"))), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, names a digest of another algorithm");
        said!(by_label(absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`")), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, is not in the registry (404 `MANIFEST_UNKNOWN`)");
        said!(by_label(unknown(Reason::ServerError)), @"skipped, to be told: `0123456789abcdef0123456789abcdef01234567-dev`, made from the image's own revision label because no commit was given, could not be read: an answer that is server-error");
    }

    #[test]
    fn is_errored_when_either_tag_is_unknown() {
        said!(with(unknown(Reason::RateLimited)).said(CHECK), @"
        errored rate-limited: an answer that is rate-limited
        hint: Wait a few minutes, or as long as the message says; verify several images in one run instead of one run each.
        ");
        let mut sample = with(Fact::Present(digest("top")));
        sample.observation.resolved = unknown(Reason::ServerError);
        said!(sample.said(CHECK), @"
        errored server-error: an answer that is server-error
        hint: Try again later; look at the provider's status page.
        ");
    }

    #[test]
    fn is_skipped_when_it_was_not_asked_for_or_could_not_be_named() {
        let mut sample = Sample::single();
        said!(sample.said(CHECK), @"skipped: no immutable tag is expected");
        sample.expectation().immutable_tag =
            Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
        sample.observation.immutable_skipped =
            Some("the image has no revision label to make the immutable tag from".into());
        said!(sample.said(CHECK), @"skipped, to be told: the image has no revision label to make the immutable tag from");
    }

    #[test]
    fn is_not_a_pass_when_nobody_looked() {
        let mut sample = with(Fact::Present(digest("top")));
        sample.observation.immutable = None;
        said!(sample.said(CHECK), @"
        errored unexpected-answer: the program did not look at this: the immutable tag
        hint: This is a bug in the program: please report it.
        ");
        sample.expectation().immutable_tag =
            Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
        sample.observation.images[0].config = unknown(Reason::TimedOut);
        said!(sample.said(CHECK), @"
        errored timed-out: an answer that is timed-out
        hint: Try again later, or give the run more time with `--deadline`.
        ");
    }

    #[test]
    fn passes_when_the_tag_that_was_asked_for_is_the_immutable_one() {
        let mut sample = Sample::single();
        let tag = sample.request.reference.tag.clone().unwrap();
        sample.expectation().immutable_tag = Some(ImmutableTag::Named(tag));
        said!(sample.said(CHECK), @"passed: `latest-dev` is itself the tag that never moves");
        assert_eq!(sample.facts().unwrap().immutable_tag.as_deref(), Some("latest-dev"));
    }
}
