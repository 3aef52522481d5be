//! What the registry's no and the API's words mean together. Pure, and the same when done twice.

use crate::observation::{
    AnyFact, Control, Denial, Explanation, Fact, FactOf, Observation, Unavailable,
};
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

/// What to do where the API takes the token that the registry refused.
const NO_RIGHT_TO_PULL: &str = "The token is valid: DigitalOcean's API takes it and lists the repository. It has no \
     right to pull: give it the scope `registry:read`, or use a token that has it.";

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
    let is_unclear = |fact: &dyn AnyFact| {
        let reason = fact.unknown().map(|why| why.reason);
        matches!(reason, Some(Reason::CredentialsRefused | Reason::NotFoundBare))
    };
    // Bytes that are not their digest's are this program's own finding.
    let is_denied = |fact: &dyn AnyFact| {
        fact.denial().is_some_and(|denial| denial.reason != Reason::ContentDiffers)
    };
    observation.facts().into_iter().any(|(of, fact)| match of {
        FactOf::Control | FactOf::Repository | FactOf::Attestation => false,
        FactOf::Tag | FactOf::ImmutableTag => is_denied(fact) || is_unclear(fact),
        FactOf::Digest | FactOf::Manifest | FactOf::Config | FactOf::Blob | FactOf::Content => {
            is_unclear(fact)
        }
    })
}

/// Whether something is still open that another image of the run may settle: a 404 without a word, or a
/// control that was not denied in the registry's own words.
pub(crate) fn is_open(observation: &Observation) -> bool {
    matches!(observation.control, Control::Refused { is_told_apart: false, .. })
        || observation.facts().into_iter().any(|(of, fact)| match of {
            FactOf::Control | FactOf::Repository | FactOf::Attestation => false,
            FactOf::Tag
            | FactOf::Digest
            | FactOf::ImmutableTag
            | FactOf::Manifest
            | FactOf::Config
            | FactOf::Blob
            | FactOf::Content => is_bare_denial(fact),
        })
}

/// Whether it was answered with a 404 without a word.
fn is_bare_denial(fact: &dyn AnyFact) -> bool {
    fact.unknown().is_some_and(|why| why.reason == Reason::NotFoundBare)
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
    for (of, fact) in observation.facts_mut() {
        let reason = match of {
            FactOf::Repository => continue,
            FactOf::Control | FactOf::Tag | FactOf::ImmutableTag => Reason::TagMissing,
            FactOf::Digest | FactOf::Manifest | FactOf::Attestation => Reason::ManifestMissing,
            FactOf::Config | FactOf::Blob | FactOf::Content => Reason::BlobMissing,
        };
        if let Some(why) = fact.unknown().filter(|why| why.reason == Reason::NotFoundBare) {
            // A denial is reported with what was asked for.
            let said = why.said().to_owned();
            fact.deny(Denial { reason, said });
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
    let words = api_words(reason, explanation);
    for (of, fact) in observation.facts_mut() {
        let Some(why) = refusal(fact) else { continue };
        match of {
            FactOf::Control => why.hint = Some(CONTROL_REFUSED_TOO.to_owned()),
            FactOf::Repository | FactOf::Tag | FactOf::ImmutableTag => {
                let said = format!("{}; {words}", why.message);
                fact.deny(Denial { reason, said });
            }
            // Where these were asked for, the repository is there.
            FactOf::Digest
            | FactOf::Manifest
            | FactOf::Config
            | FactOf::Blob
            | FactOf::Content
            | FactOf::Attestation => {}
        }
    }
}

/// A token that the API takes and the registry refuses is valid, and lacks a right.
fn hint_at_the_scope(observation: &mut Observation) {
    for (of, fact) in observation.facts_mut() {
        let Some(why) = refusal(fact) else { continue };
        match of {
            FactOf::Control | FactOf::Repository | FactOf::Tag | FactOf::ImmutableTag => {
                why.hint = Some(NO_RIGHT_TO_PULL.to_owned());
            }
            // The manifest was served, so the right is not missing.
            FactOf::Digest
            | FactOf::Manifest
            | FactOf::Config
            | FactOf::Blob
            | FactOf::Content
            | FactOf::Attestation => {}
        }
    }
}

/// Why the credentials were refused, where they were.
fn refusal(fact: &mut dyn AnyFact) -> Option<&mut Unavailable> {
    fact.unknown_mut().filter(|why| why.reason.is_refusal())
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
        (Reason::RepositoryMissing, Some(true)) => {
            let message = format!(
                "the registry denies the repository ({}) and the API lists it",
                denial.said
            );
            let unclear = Unavailable::new(Reason::UnexpectedAnswer, message);
            Fact::Unknown(unclear.hint(LISTED_AND_DENIED))
        }
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
            Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message).hint(hint))
        }
    }
}

#[cfg(test)]
mod tests;
