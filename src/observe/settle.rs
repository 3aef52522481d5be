//! What the registry's no and the API's words mean together. Pure, and the same when done twice.

use crate::observation::{Control, Denial, Explanation, Fact, Observation, Unavailable};
use crate::report::Reason;

/// What to do where the registry denies a repository that the API lists.
const LISTED_AND_DENIED: &str = "The API is an index that lags, so the repository may just have been deleted: \
     look in the control panel, and let the push job push again.";

/// What to do where the registry denied the tag and nobody could say more of the repository.
pub(super) const REPOSITORY_OPEN: &str =
    "This is beside the point: the registry denied the tag itself. Look at `tag-exists` first.";

/// The same, where a token with one scope more would get an answer.
const REPOSITORY_OPEN_TO_OTHERS: &str = "This is beside the point: the registry denied the tag itself. With the scope `registry:read`, \
     DigitalOcean's API says whether it has the repository, and which tags are like this one.";

/// What to do where the control was refused with everything else, and the API said why.
const CONTROL_REFUSED_TOO: &str = "This has the reason that `repository-exists` has.";

/// What the registry served in this run to the same login.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    /// A manifest of DigitalOcean's registry that the image is in.
    pub(super) registry: bool,
    /// A manifest of the image's repository.
    pub(super) repository: bool,
}

/// Whether the registry denied or refused anything that the API can explain. What it denies of an image that it
/// serves, it alone proves; and a refused control alone is no matter of the image.
pub(super) fn is_for_the_api(observation: &Observation) -> bool {
    // Bytes that are not their digest's are this program's own finding.
    fn is_denied<T>(fact: &Fact<T>) -> bool {
        matches!(fact, Fact::Absent(denial) if denial.reason != Reason::ContentDiffers)
    }
    let is_unclear =
        |why: &Unavailable| matches!(why.reason, Reason::CredentialsRefused | Reason::NotFoundBare);
    let tags_denied = is_denied(&observation.resolved)
        || observation.immutable.as_ref().is_some_and(|(_, fact)| is_denied(fact));
    tags_denied || unknowns(observation).any(is_unclear)
}

/// Why anything but the control is not known.
fn unknowns(observation: &Observation) -> impl Iterator<Item = &Unavailable> {
    fn of<T>(fact: &Fact<T>) -> Option<&Unavailable> {
        match fact {
            Fact::Unknown(why) => Some(why),
            Fact::Present(_) | Fact::Absent(_) => None,
        }
    }
    let of_images = observation.images.iter().flat_map(|image| {
        let blobs = image.blobs.iter().map(|blob| of(&blob.size));
        blobs.chain([of(&image.manifest), of(&image.config)])
    });
    let by_digest = observation.by_digest.as_ref().and_then(of);
    let immutable = observation.immutable.as_ref().and_then(|(_, fact)| of(fact));
    of_images.chain([of(&observation.resolved), by_digest, immutable]).flatten()
}

/// Whether something is still open that another image of the run may settle: a 404 without a word, or a
/// control that was not denied in the registry's own words.
pub(crate) fn is_open(observation: &Observation) -> bool {
    matches!(observation.control, Control::Refused { is_told_apart: false, .. })
        || unknowns(observation).any(|why| why.reason == Reason::NotFoundBare)
}

/// Draws the conclusions. `served` says what else the registry served in this run.
pub(super) fn settle(observation: &mut Observation, served: Served) {
    if let Control::Refused { is_told_apart, .. } = &mut observation.control {
        *is_told_apart |= served.repository;
    }
    let Some(explanation) = observation.explanation.clone() else { return };
    if served.registry && explanation.knows_registry == Some(true) {
        believe_bare_denials(observation);
    }
    if let Some(reason) = decided_by_the_api(&explanation) {
        settle_refusal(observation, reason, &explanation);
    } else if !explanation.refused && explanation.knows_repository == Some(true) {
        hint_at_the_scope(observation);
    }
    observation.repository = repository(observation, &explanation);
}

/// A 404 without a word counts as the registry's own: the third form of contract §5.
fn believe_bare_denials(observation: &mut Observation) {
    fn believe<T>(fact: &mut Fact<T>, reason: Reason) {
        if let Fact::Unknown(why) = fact
            && why.reason == Reason::NotFoundBare
        {
            // A denial is reported with what was asked for.
            let said = why.said().to_owned();
            *fact = Fact::Absent(Denial { reason, said });
        }
    }
    believe(&mut observation.resolved, Reason::TagMissing);
    if let Some((_, fact)) = &mut observation.immutable {
        believe(fact, Reason::TagMissing);
    }
    if let Some(fact) = &mut observation.by_digest {
        believe(fact, Reason::ManifestMissing);
    }
    if matches!(&observation.control, Control::Refused { why, .. } if why.reason == Reason::NotFoundBare)
    {
        observation.control = Control::Denied;
    }
    for image in &mut observation.images {
        believe(&mut image.manifest, Reason::ManifestMissing);
        believe(&mut image.config, Reason::BlobMissing);
        for blob in &mut image.blobs {
            believe(&mut blob.size, Reason::BlobMissing);
        }
    }
}

/// What the API decides: that there is no such registry, or no such repository.
fn decided_by_the_api(explanation: &Explanation) -> Option<Reason> {
    if explanation.refused {
        None
    } else if explanation.knows_registry == Some(false) {
        Some(Reason::RegistryUnknown)
    } else if explanation.knows_repository == Some(false) {
        Some(Reason::RepositoryMissing)
    } else {
        None
    }
}

/// Credentials that were refused for something that is not there are a no.
fn settle_refusal(observation: &mut Observation, reason: Reason, explanation: &Explanation) {
    fn settle<T>(fact: &mut Fact<T>, reason: Reason, words: &str) {
        if let Fact::Unknown(why) = fact
            && why.reason.is_refusal()
        {
            *fact = Fact::Absent(Denial { reason, said: format!("{}; {words}", why.message) });
        }
    }
    let words = api_words(reason, explanation);
    settle(&mut observation.resolved, reason, words);
    settle(&mut observation.repository, reason, words);
    if let Some((_, fact)) = &mut observation.immutable {
        settle(fact, reason, words);
    }
    if let Control::Unknown(why) | Control::Refused { why, .. } = &mut observation.control
        && why.reason.is_refusal()
    {
        why.hint = Some(CONTROL_REFUSED_TOO.to_owned());
    }
}

/// A token that the API takes and the registry refuses is valid, and lacks a right.
fn hint_at_the_scope(observation: &mut Observation) {
    fn hint<T>(fact: &mut Fact<T>) {
        if let Fact::Unknown(why) = fact {
            hint_of(why);
        }
    }
    fn hint_of(why: &mut Unavailable) {
        if why.reason.is_refusal() {
            let hint = "The token is valid: DigitalOcean's API takes it and lists the repository. It has no \
                        right to pull: give it the scope `registry:read`, or use a token that has it.";
            why.hint = Some(hint.to_owned());
        }
    }
    hint(&mut observation.resolved);
    hint(&mut observation.repository);
    if let Some((_, fact)) = &mut observation.immutable {
        hint(fact);
    }
    if let Control::Unknown(why) | Control::Refused { why, .. } = &mut observation.control {
        hint_of(why);
    }
}

fn api_words(reason: Reason, explanation: &Explanation) -> &'static str {
    if reason == Reason::RegistryUnknown
        && explanation.registries.as_ref().is_some_and(Vec::is_empty)
    {
        "the API lists no registry for this token"
    } else if reason == Reason::RegistryUnknown {
        "the API does not list the registry among the token's"
    } else {
        "the API answers `repository not found`"
    }
}

fn repository(observation: &Observation, explanation: &Explanation) -> Fact<()> {
    let served = observation.resolved.present().is_some()
        || observation.immutable.as_ref().is_some_and(|(_, fact)| fact.present().is_some());
    if served {
        return Fact::Present(());
    }
    let denial = match &observation.resolved {
        Fact::Absent(denial) => denial,
        Fact::Present(_) | Fact::Unknown(_) => return observation.repository.clone(),
    };
    if let Some(reason) = decided_by_the_api(explanation) {
        let words = api_words(reason, explanation);
        // A refusal that was settled already says what the API said.
        let said = if denial.said.ends_with(words) {
            denial.said.clone()
        } else {
            format!("{}; {words}", denial.said)
        };
        return Fact::Absent(Denial { reason, said });
    }
    match (denial.reason, explanation.knows_repository) {
        (Reason::RepositoryMissing, Some(true)) => Fact::Unknown(Unavailable {
            hint: Some(LISTED_AND_DENIED.to_owned()),
            ..Unavailable::new(
                Reason::UnexpectedAnswer,
                format!(
                    "the registry denies the repository ({}) and the API lists it",
                    denial.said
                ),
            )
        }),
        (Reason::RepositoryMissing, _) => Fact::Absent(denial.clone()),
        (_, Some(true)) => Fact::Present(()),
        (_, Some(false) | None) => {
            let (why, hint) = match (&explanation.trouble, explanation.refused) {
                (Some(trouble), _) => (trouble.as_str(), REPOSITORY_OPEN),
                (None, true) => ("the API refused the token", REPOSITORY_OPEN_TO_OTHERS),
                (None, false) => ("the API did not say either", REPOSITORY_OPEN),
            };
            let message = format!(
                "the registry denied the tag ({}) and did not say whether it has the repository; {why}",
                denial.said
            );
            let unclear = Unavailable::new(Reason::UnexpectedAnswer, message);
            Fact::Unknown(Unavailable { hint: Some(hint.to_owned()), ..unclear })
        }
    }
}

#[cfg(test)]
mod tests;
