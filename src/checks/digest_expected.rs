//! The tag names the digest that was pushed.

use crate::oci::Digest;
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::next_steps::this_commits_push;
use super::wording::quoted;

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let reference = &subject.request.reference;
    // Beside a tag, the reference's own digest is what the tag is expected to name.
    let beside_tag = reference.digest.as_ref().filter(|_| reference.tag.is_some());
    let Some(expected) = subject.request.expectation.digest.as_ref().or(beside_tag) else {
        return Outcome::not_asked("no digest was expected");
    };
    subject.with_resolved(|resolved| {
        let observed = &resolved.digest;
        match same(expected, observed) {
            Some(true) => Outcome::passed(format!("it is {}", quoted(observed))),
            Some(false) => Outcome::Failed(differs(subject, expected, observed)),
            None => Outcome::Errored(not_comparable(expected, observed)),
        }
    })
}

/// Whether two digests are of the same content. `None` where they are of different algorithms, which
/// says nothing either way.
pub(super) fn same(left: &Digest, right: &Digest) -> Option<bool> {
    (left.algorithm() == right.algorithm()).then(|| left == right)
}

/// What to say where [`same`] has no answer.
pub(super) fn not_comparable(expected: &Digest, observed: &Digest) -> Finding {
    let reason = Reason::DigestNotComparable;
    let message = format!(
        "a {} digest cannot be compared with a {} digest",
        expected.algorithm().as_str(),
        observed.algorithm().as_str()
    );
    Finding::new(reason, message)
        .compared(expected.to_string(), observed.to_string())
        .hint(reason.advice())
}

fn differs(subject: &Subject<'_>, expected: &Digest, observed: &Digest) -> Finding {
    let tag = subject.request.reference.tag.as_ref();
    let what = tag.map_or_else(|| "the reference".to_owned(), quoted);
    let message = format!(
        "{what} is there and names another image: expected {}, observed {}",
        quoted(expected),
        quoted(observed)
    );
    let hint = format!(
        "Another job has pushed this tag since, or the push went elsewhere.\n{}",
        this_commits_push(subject.circleci)
    );
    Finding::new(Reason::DigestDiffers, message)
        .compared(expected.to_string(), observed.to_string())
        .hint(hint)
}
