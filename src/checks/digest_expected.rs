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
        this_commits_push(subject)
    );
    Finding::new(Reason::DigestDiffers, message)
        .compared(expected.to_string(), observed.to_string())
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::{Sample, absent, digest, unknown};
    use crate::observation::{Fact, Resolved};
    use crate::oci::{Algorithm, Digest};
    use crate::report::{CheckId, Outcome, Reason};

    fn with(expected: Option<Digest>, resolved: Option<Fact<Resolved>>) -> String {
        let mut sample = Sample::single();
        sample.expectation().digest = expected;
        if let Some(resolved) = resolved {
            sample.observation.resolved = resolved;
        }
        sample.said(CheckId::DigestExpected)
    }

    #[test]
    fn compares() {
        said!(with(Some(digest("top")), None), @"passed: it is `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`");
        said!(with(Some(digest("other")), None), @"
        failed digest-differs: `latest-dev` is there and names another image: expected `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`, observed `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Another job has pushed this tag since, or the push went elsewhere.
        hint: Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/7
        ");
        said!(with(Some(Digest::of(Algorithm::Sha512, b"top")), None), @"
        errored digest-not-comparable: a sha512 digest cannot be compared with a sha256 digest
        expected sha512:0faca7b34ab11b413bf93c247af67826de6dec8cb7ba09806a31bf7657fa3da768d49a93ca778a5c80838aa14890b31113182dbe0f0f9716ca4e461f45e8d23a
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the `sha256:` digest that the push printed.
        ");
    }

    #[test]
    fn a_digest_of_something_else_is_named_for_what_it_is() {
        let config = |sample: &Sample, place: usize| {
            let manifest = sample.observation.images[place].manifest.present().unwrap();
            manifest.as_ref().unwrap().config.digest.clone()
        };
        let mut sample = Sample::single();
        sample.expectation().digest = Some(config(&sample, 0));
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35` is the digest of the image's config (the image ID), not of its manifest: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the manifest: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        ");
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.expectation().digest = Some(sample.observation.images[1].digest.clone());
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636` is the digest of the manifest for `linux/arm64`, not of the index that lists it: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the index: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        hint: To verify that platform alone, give `registry.digitalocean.com/keepkey/support-email@sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636`.
        ");
        sample.expectation().digest = Some(config(&sample, 0));
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35` is the digest of the config (the image ID) of `linux/amd64`, not of the index: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the index: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        ");
        let Fact::Present(Resolved { content: Ok(crate::oci::Manifest::Index(index)), .. }) =
            &mut sample.observation.resolved
        else {
            panic!("an index")
        };
        index.entries[1].is_attestation = true;
        sample.expectation().digest = Some(sample.observation.images[1].digest.clone());
        said!(sample.said(CheckId::DigestExpected), @"
        failed digest-differs: the expected `sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636` is the digest of an attestation beside the image, not of the index that lists both: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
        expected sha256:447c61c23dd101e0d3dc01db266259740a14dadc3cab52701ea2cb4d3bc7b636
        observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
        hint: Expect the digest of the index: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.
        ");
    }

    #[test]
    fn a_digest_beside_the_tag_of_a_reference_is_expected() {
        let mut sample = Sample::single();
        sample.request.reference.digest = Some(digest("other"));
        assert!(matches!(sample.outcome(CheckId::DigestExpected), Outcome::Failed(_)));
    }

    #[test]
    fn is_skipped_or_errored_without_a_digest_to_compare() {
        said!(with(None, None), @"skipped: no digest was expected");
        let missing = absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`");
        said!(with(Some(digest("top")), Some(missing)), @"skipped: there is no manifest to look at");
        said!(with(Some(digest("top")), Some(unknown(Reason::TimedOut))), @"
        errored timed-out: an answer that is timed-out
        hint: Try again later, or give the run more time with `--deadline`.
        ");
    }
}
