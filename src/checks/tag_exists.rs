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
    hints.push(push_steps(subject.circleci));
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
    // The immutable tag was told of already.
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
