//! The tag names the digest that was pushed.

use crate::observation::Resolved;
use crate::oci::{Digest, Manifest, Platform};
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
            Some(false) => Outcome::Failed(match Part::of(subject, resolved, expected) {
                Some(part) => of_a_part(subject, &part, expected, observed),
                None => differs(subject, expected, observed),
            }),
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

/// A part of the image whose digest was given for the image's own.
enum Part {
    /// The config: its digest is what docker calls the image's ID.
    Config,
    /// The config of one of several platforms.
    ConfigOf(String),
    /// What the index lists for a platform.
    Child(String),
    /// An attestation, or another entry that is no image.
    Attestation,
}

impl Part {
    /// The part of the image that has this digest, where one has.
    fn of(subject: &Subject<'_>, resolved: &Resolved, digest: &Digest) -> Option<Self> {
        let manifest = resolved.content.as_ref().ok()?;
        let index = match manifest {
            Manifest::Image(image) => {
                return (image.config.digest == *digest).then_some(Self::Config);
            }
            Manifest::Index(index) => index,
        };
        let named = |platform: Option<&Platform>| {
            platform.map_or_else(|| "one of its images".to_owned(), quoted)
        };
        let entry = index.entries.iter().find(|entry| entry.manifest.digest == *digest);
        if let Some(entry) = entry {
            return Some(if entry.is_attestation {
                Self::Attestation
            } else {
                Self::Child(named(entry.platform.as_ref()))
            });
        }
        for image in &subject.observation.images {
            let platform = image.listed_as.as_ref().or(image.platform());
            if image.digest == *digest {
                return Some(Self::Child(named(platform)));
            }
            if let Some(Ok(manifest)) = image.manifest.present()
                && manifest.config.digest == *digest
            {
                return Some(Self::ConfigOf(named(platform)));
            }
        }
        None
    }
}

/// Where a build reports the digest of the image that it pushed.
const WHERE: &str = "`containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or \
     after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`";

fn of_a_part(subject: &Subject<'_>, part: &Part, expected: &Digest, observed: &Digest) -> Finding {
    let tag = subject.request.reference.tag.as_ref();
    let what = tag.map_or_else(|| "the reference".to_owned(), quoted);
    let name = subject.request.reference.name();
    let alone = format!("To verify that platform alone, give `{name}@{expected}`.");
    let (is, hint) = match part {
        Part::Config => (
            "the digest of the image's config (the image ID), not of its manifest".to_owned(),
            format!("Expect the digest of the manifest: {WHERE}."),
        ),
        Part::ConfigOf(platform) => (
            format!("the digest of the config (the image ID) of {platform}, not of the index"),
            format!("Expect the digest of the index: {WHERE}."),
        ),
        Part::Child(platform) => (
            format!("the digest of the manifest for {platform}, not of the index that lists it"),
            format!("Expect the digest of the index: {WHERE}.\n{alone}"),
        ),
        Part::Attestation => (
            "the digest of an attestation beside the image, not of the index that lists both"
                .to_owned(),
            format!("Expect the digest of the index: {WHERE}."),
        ),
    };
    let message =
        format!("the expected {} is {is}: {what} names {}", quoted(expected), quoted(observed));
    Finding::new(Reason::DigestDiffers, message)
        .compared(expected.to_string(), observed.to_string())
        .hint(hint)
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
