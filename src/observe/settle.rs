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

/// Whether the registry denied or refused anything, so that the API is asked to explain.
pub(super) fn was_denied(observation: &Observation) -> bool {
    let mut denied = is_denied(&observation.resolved);
    denied |= matches!(&observation.control, Control::Unknown(why) if asks_the_api(why));
    denied |= observation.immutable.as_ref().is_some_and(|(_, fact)| is_denied(fact));
    for image in &observation.images {
        denied |= is_denied(&image.manifest) || is_denied(&image.config);
        denied |= image.blobs.iter().any(|blob| is_denied(&blob.size));
    }
    denied
}

fn is_denied<T>(fact: &Fact<T>) -> bool {
    match fact {
        Fact::Present(_) => false,
        // A platform that an index does not hold is this program's own finding; nobody denied anything.
        Fact::Absent(denial) => denial.reason != Reason::PlatformMissing,
        Fact::Unknown(why) => asks_the_api(why),
    }
}

fn asks_the_api(why: &Unavailable) -> bool {
    matches!(why.reason, Reason::CredentialsRefused | Reason::NotFoundBare)
}

/// Whether a 404 without a word is still open: it may be believed once another image of the registry was
/// served.
pub(crate) fn has_bare_denial(observation: &Observation) -> bool {
    fn is_bare<T>(fact: &Fact<T>) -> bool {
        matches!(fact, Fact::Unknown(why) if why.reason == Reason::NotFoundBare)
    }
    is_bare(&observation.resolved)
        || matches!(&observation.control, Control::Unknown(why) if why.reason == Reason::NotFoundBare)
        || observation.immutable.as_ref().is_some_and(|(_, fact)| is_bare(fact))
        || observation.images.iter().any(|image| {
            is_bare(&image.manifest)
                || is_bare(&image.config)
                || image.blobs.iter().any(|blob| is_bare(&blob.size))
        })
}

/// Draws the conclusions. `affirmed` says whether the registry served anything else in this run.
pub(super) fn settle(observation: &mut Observation, affirmed: bool) {
    let Some(explanation) = observation.explanation.clone() else { return };
    if affirmed && explanation.knows_registry == Some(true) {
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
            // What was asked for stands where the denial is told.
            let said = why.message.split_once(": ").map_or(why.message.as_str(), |(_, said)| said);
            *fact = Fact::Absent(Denial { reason, said: said.to_owned() });
        }
    }
    believe(&mut observation.resolved, Reason::TagMissing);
    if let Some((_, fact)) = &mut observation.immutable {
        believe(fact, Reason::TagMissing);
    }
    if matches!(&observation.control, Control::Unknown(why) if why.reason == Reason::NotFoundBare) {
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
    if let Control::Unknown(why) = &mut observation.control
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
    if let Control::Unknown(why) = &mut observation.control {
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
