//! What is asked of an image: one check a question, each a plain function of what was observed.
//!
//! No check asks the network, and none knows how an answer came about. Each says what it answers when a
//! fact is present, absent or unknown. `verify` runs all of them and then applies the one rule that concerns
//! all of them: a registry that is not honest.

use std::time::Duration;

use crate::circleci::CircleCi;
use crate::observation::{Control, Observation};
use crate::report::{CheckId, CheckResult, Outcome};
use crate::request::ImageRequest;

mod content_intact;
mod digest_expected;
mod engines;
mod evidence;
mod facts;
mod facts_expected;
mod immutable_tag;
mod layers_present;
mod manifest_intact;
mod next_steps;
mod notes;
mod platform;
mod port;
mod registry_honest;
mod repository_exists;
mod revision_expected;
mod runtime;
mod subject;
mod tag_exists;
mod wording;

pub use content_intact::layers_to_read;
pub use engines::answers;
pub use evidence::evidence;
pub use facts::facts;
pub use notes::notes;
pub use subject::Subject;

/// One question about an image.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its stable name.
    pub id: CheckId,
    /// The answer.
    pub run: fn(&Subject<'_>) -> Outcome,
}

/// Every check, in the order of [`CheckId::ALL`].
pub const CHECKS: &[Check] = &[
    Check { id: CheckId::RegistryHonest, run: registry_honest::run },
    Check { id: CheckId::RepositoryExists, run: repository_exists::run },
    Check { id: CheckId::TagExists, run: tag_exists::run },
    Check { id: CheckId::ManifestIntact, run: manifest_intact::run },
    Check { id: CheckId::DigestExpected, run: digest_expected::run },
    Check { id: CheckId::RevisionExpected, run: revision_expected::run },
    Check { id: CheckId::ImmutableTag, run: immutable_tag::run },
    Check { id: CheckId::Platform, run: platform::run },
    Check { id: CheckId::LayersPresent, run: layers_present::run },
    Check { id: CheckId::ContentIntact, run: content_intact::run },
    Check { id: CheckId::Engines, run: engines::run },
    Check { id: CheckId::FactsExpected, run: facts_expected::run },
    Check { id: CheckId::Port, run: port::run },
    Check { id: CheckId::Runtime, run: runtime::run },
];

/// Runs every check.
pub fn verify(
    request: &ImageRequest,
    observation: &Observation,
    circleci: &CircleCi,
) -> Vec<CheckResult> {
    let subject = Subject { request, observation, circleci };
    CHECKS
        .iter()
        .map(|check| CheckResult {
            check: check.id,
            outcome: believed(&subject, (check.run)(&subject)),
            took: observation.took.get(&check.id).copied().unwrap_or(Duration::ZERO),
        })
        .collect()
}

/// The outcome that stands once it is known whether this registry can be believed.
fn believed(subject: &Subject<'_>, outcome: Outcome) -> Outcome {
    match &subject.observation.control {
        Control::Affirmed(said) => Outcome::Errored(registry_honest::disbelief(said)),
        Control::Denied | Control::Refused { .. } | Control::Unknown(_) => outcome,
    }
}

#[cfg(test)]
mod tests;
