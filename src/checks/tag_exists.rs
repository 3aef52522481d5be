//! The registry serves a manifest for the tag.

use crate::observation::{Denial, Fact};
use crate::oci::Tag;
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::next_steps::push_steps;
use super::repository_exists;
use super::wording::{listed, quoted, said};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let Some(tag) = &subject.request.reference.tag else {
        return Outcome::skipped("the reference names a digest and no tag");
    };
    match &subject.observation.resolved {
        Fact::Present(resolved) => {
            Outcome::passed(format!("{} names {}", quoted(tag), quoted(&resolved.digest)))
        }
        // The tag is there; what its manifest lacks, `manifest-intact` says.
        Fact::Absent(denial) if denial.reason == Reason::ContentDiffers => {
            Outcome::passed(format!("the registry serves {}", quoted(tag)))
        }
        Fact::Absent(denial) => denied(subject, tag, denial),
        Fact::Unknown(why) => Outcome::Errored(why.finding()),
    }
}

fn denied(subject: &Subject<'_>, tag: &Tag, denial: &Denial) -> Outcome {
    match &subject.observation.repository {
        Fact::Absent(_) => return Outcome::skipped("there is no repository to look in"),
        Fact::Present(()) | Fact::Unknown(_) => {}
    }
    if matches!(denial.reason, Reason::RepositoryMissing | Reason::RegistryUnknown) {
        return Outcome::Failed(repository_exists::denied(subject, denial));
    }
    let message = format!(
        "{} has no tag {} ({})",
        quoted(&subject.request.reference.name()),
        quoted(tag),
        said(&denial.said)
    );
    let mut hints = explained(subject, tag);
    hints.push(push_steps(subject));
    Outcome::Failed(Finding::new(Reason::TagMissing, message).hint(hints.join("\n")))
}

/// What else is known of a tag that is missing, a line each.
fn explained(subject: &Subject<'_>, tag: &Tag) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((immutable, Fact::Present(digest))) = &subject.observation.immutable
        && immutable != tag
    {
        let (immutable, digest) = (quoted(immutable), quoted(&digest.short()));
        lines.push(format!(
            "{immutable} is there ({digest}): the image was pushed, and {} was not set to it.",
            quoted(tag)
        ));
    }
    let Some(explanation) = &subject.observation.explanation else { return lines };
    if explanation.lists_tag {
        lines.push(
            "DigitalOcean's API still lists the tag and the registry no longer serves it: it was \
             deleted, or its manifest was collected. Push it again."
                .to_owned(),
        );
    }
    // The immutable tag was mentioned already.
    let named = subject.observation.immutable.as_ref().map(|(immutable, _)| immutable.as_str());
    let near: Vec<_> =
        explanation.near_tags.iter().filter(|near| named != Some(near.as_str())).collect();
    match near.as_slice() {
        [] => {}
        [one] => lines.push(format!("Is {} meant?", quoted(*one))),
        several => {
            let several = listed(several.iter().map(|near| quoted(*near)));
            lines.push(format!("Is one of these meant? {several}"));
        }
    }
    match (&explanation.collecting, explanation.read_only) {
        (Some(status), _) => lines.push(format!(
            "A garbage collection is under way ({}): pushes fail until it ends, pulls work.",
            quoted(status)
        )),
        (None, true) => {
            lines.push("The registry is read-only at present: pushes fail, pulls work.".to_owned());
        }
        (None, false) => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::{COMMIT, Sample, absent, digest, unknown};
    use crate::circleci::CircleCi;
    use crate::observation::Fact;
    use crate::report::{CheckId, Reason};

    #[test]
    fn passes_with_the_whole_digest() {
        said!(Sample::single().said(CheckId::TagExists), @"passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`");
    }

    #[test]
    fn fails_with_the_three_steps_and_the_pipelines_link() {
        said!(Sample::without_tag().said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_without_a_link_outside_of_circleci() {
        let mut sample = Sample::without_tag();
        sample.circleci = CircleCi::default();
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: 1. Is the push job in this workflow, and does this job require it?
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_with_all_that_the_api_adds() {
        let mut sample = Sample::without_tag();
        sample.explanation().near_tags = vec!["latest-prod".into(), "latest".into()];
        sample.explanation().lists_tag = true;
        sample.explanation().collecting = Some("waiting for write JWTs to expire".into());
        sample.explanation().read_only = true;
        sample.request.pipeline.branch = "feature/x".into();
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: DigitalOcean's API still lists the tag and the registry no longer serves it: it was deleted, or its manifest was collected. Push it again.
        hint: Is one of these meant? `latest-prod`, `latest`
        hint: A garbage collection is under way (`waiting for write JWTs to expire`): pushes fail until it ends, pulls work.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `feature/x`.
        ");
    }

    #[test]
    fn fails_and_names_a_read_only_registry() {
        let mut sample = Sample::without_tag();
        sample.explanation().read_only = true;
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: The registry is read-only at present: pushes fail, pulls work.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_and_says_that_the_immutable_tag_is_there() {
        let mut sample = Sample::without_tag();
        let immutable = format!("{COMMIT}-dev").parse().unwrap();
        sample.observation.immutable = Some((immutable, Fact::Present(digest("top"))));
        said!(sample.said(CheckId::TagExists), @"
        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: `0123456789abcdef0123456789abcdef01234567-dev` is there (`sha256:28720365c5e7`): the image was pushed, and `latest-dev` was not set to it.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
        said!(sample.said(CheckId::ImmutableTag), @"skipped: there is no manifest to look at");
    }

    #[test]
    fn is_skipped_without_a_repository_to_look_in() {
        let mut sample = Sample::without_tag();
        sample.observation.repository = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
        said!(sample.said(CheckId::TagExists), @"skipped: there is no repository to look in");
    }

    #[test]
    fn fails_itself_when_only_it_knows_that_the_repository_is_missing() {
        let mut sample = Sample::without_tag();
        sample.observation.repository = unknown(Reason::ServerError);
        sample.observation.resolved = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
        said!(sample.said(CheckId::TagExists), @"
        failed repository-missing: `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (404 `NAME_UNKNOWN`)
        hint: Compare the name with the push job's: the first push creates a repository.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn is_skipped_for_a_reference_by_digest() {
        said!(Sample::by_digest().said(CheckId::TagExists), @"skipped: the reference names a digest and no tag");
    }

    #[test]
    fn is_errored_when_it_is_unknown() {
        let mut sample = Sample::single();
        sample.observation.resolved = unknown(Reason::NotFoundUnclear);
        said!(sample.said(CheckId::TagExists), @"
        errored not-found-unclear: an answer that is not-found-unclear
        hint: A gateway or proxy answered: try again, and look at the answer that the message shows.
        ");
    }
}
