//! `--wait`: asks again while the tag is absent or names another image, and through transient trouble.

use std::time::Duration;

use tokio::time::Instant;

use crate::checks;
use crate::observation::{Fact, Observation};
use crate::observe::{Round, World, observe as ask};
use crate::progress::Loudness;
use crate::report::{CheckId, CheckResult, Outcome, Reason};
use crate::request::ImageRequest;
use crate::settings::Settings;

/// How often a wait is told.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Asks for an image until it is there, or the wait, which is counted from `started`, is over.
pub(super) async fn observe(
    settings: &Settings,
    world: &World,
    request: &ImageRequest,
    started: Instant,
) -> Observation {
    let mut observation = ask(world, request, Round::First).await;
    let Some(wait) = settings.wait else { return observation };
    let mut told = None;
    let mut asked = 0;
    while let Some(why) = unfinished(settings, request, &observation) {
        let left = world.client().time_left();
        let next = pause(asked, started.elapsed(), wait);
        let Some(pause) = next.and_then(|next| obliging(next, &why, left)) else {
            return observation;
        };
        if told.is_none_or(|at: Instant| at.elapsed() >= TELL_EVERY) {
            told = Some(Instant::now());
            let so_far = started.elapsed().as_secs();
            let line = format!(
                "waiting for `{}`: {} ({so_far} s of {} s)",
                request.reference,
                why.said,
                wait.as_secs()
            );
            world.client().progress().say(Loudness::Normal, &line);
        }
        tokio::time::sleep(pause.min(left)).await;
        asked += 1;
        let is_over = started.elapsed() >= wait;
        let round = if is_over { Round::Last(&observation) } else { Round::Again(&observation) };
        let next = ask(world, request, round).await;
        if matches!(&next.resolved, Fact::Unknown(why) if why.reason == Reason::DeadlinePassed) {
            // The deadline left no time for another answer: the last one stands.
            return observation;
        }
        observation = next;
    }
    observation
}

/// How long to pause before asking again, after `asked` pauses: 2, 4, 8, then 15 seconds, and once more at
/// the wait's very end. `None`: the wait is over.
fn pause(asked: u32, elapsed: Duration, wait: Duration) -> Option<Duration> {
    let left = wait.checked_sub(elapsed).filter(|left| !left.is_zero())?;
    let next = match asked {
        0 => 2,
        1 => 4,
        2 => 8,
        _ => 15,
    };
    Some(Duration::from_secs(next).min(left))
}

/// The pause as the server wants it: a `Retry-After` makes it longer. `None`: nothing but what the server
/// will not answer before the deadline is missing, so that no pause helps (contract §9).
fn obliging(pause: Duration, why: &Unfinished, left: Duration) -> Option<Duration> {
    match why.retry_after {
        Some(asked) if asked < left => Some(pause.max(asked)),
        Some(_) if why.is_trouble => None,
        Some(_) | None => Some(pause),
    }
}

/// Why it is worth asking again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unfinished {
    /// The first check's sentence.
    said: String,
    /// Whether it is trouble, and not a no that may become a yes.
    is_trouble: bool,
    /// How long a server asked to wait.
    retry_after: Option<Duration>,
}

/// Why it is worth asking again; `None` when the answer will not change.
fn unfinished(
    settings: &Settings,
    request: &ImageRequest,
    observation: &Observation,
) -> Option<Unfinished> {
    let results = checks::verify(request, observation, &settings.circleci);
    // A repository before its first push may be refused as one that others own; the API said that it is
    // not there, and a refused control has the same reason.
    let is_explained = |result: &CheckResult| {
        result.check == CheckId::RegistryHonest
            && has_reason(result, Reason::CredentialsRefused)
            && results.iter().any(|result| has_reason(result, Reason::RepositoryMissing))
    };
    if results.iter().any(|result| ends_the_wait(result) && !is_explained(result)) {
        return None;
    }
    let denied = results.iter().find(|result| is_absent_or_another(result));
    let worth_it = denied.or_else(|| results.iter().find(|result| is_transient(result)))?;
    Some(Unfinished {
        said: worth_it.outcome.finding()?.message.clone(),
        is_trouble: denied.is_none(),
        retry_after: observation.retry_after(),
    })
}

fn has_reason(result: &CheckResult, reason: Reason) -> bool {
    result.outcome.finding().is_some_and(|finding| finding.reason == reason)
}

/// What no wait will change: refused credentials, an unknown registry, a peer that is not trusted.
fn ends_the_wait(result: &CheckResult) -> bool {
    let reason = result.outcome.finding().map(|finding| finding.reason);
    matches!(
        reason,
        Some(
            Reason::CredentialsRefused
                | Reason::RegistryUnknown
                | Reason::RegistryNotHonest
                | Reason::TokenServerNotTrusted
                | Reason::CredentialHelperFailed
                | Reason::TlsFailed
                | Reason::DeadlinePassed
        )
    )
}

/// Whether the tag is absent, or names another image than the one that is expected.
fn is_absent_or_another(result: &CheckResult) -> bool {
    let Outcome::Failed(finding) = &result.outcome else { return false };
    matches!(
        finding.reason,
        Reason::TagMissing
            | Reason::RepositoryMissing
            | Reason::DigestDiffers
            | Reason::RevisionDiffers
            | Reason::RevisionLabelMissing
            | Reason::ImmutableTagMissing
            | Reason::ImmutableTagDiffers
    )
}

fn is_transient(result: &CheckResult) -> bool {
    matches!(result.outcome, Outcome::Errored(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_of_a_wait_of_a_minute() {
        let wait = Duration::from_secs(60);
        let mut elapsed = Duration::ZERO;
        let mut pauses = Vec::new();
        while let Some(next) = pause(u32::try_from(pauses.len()).unwrap(), elapsed, wait) {
            pauses.push(next.as_secs());
            elapsed += next;
        }
        assert_eq!(pauses, [2, 4, 8, 15, 15, 15, 1]);
        assert_eq!(pause(0, wait, wait), None);
        assert_eq!(pause(9, wait * 2, wait), None);
    }

    #[test]
    fn the_servers_wait_makes_a_pause_longer_or_ends_it() {
        let seconds = Duration::from_secs;
        let pause = |asked: Option<u64>, is_trouble| {
            let retry_after = asked.map(seconds);
            let why = Unfinished { said: String::new(), is_trouble, retry_after };
            obliging(seconds(4), &why, seconds(60)).map(|pause| pause.as_secs())
        };
        assert_eq!(pause(None, true), Some(4));
        assert_eq!(pause(Some(1), true), Some(4));
        assert_eq!(pause(Some(30), true), Some(30));
        assert_eq!(pause(Some(30), false), Some(30));
        assert_eq!(pause(Some(60), true), None);
        // A tag that is absent may still come, whatever else the server does not want to be asked.
        assert_eq!(pause(Some(60), false), Some(4));
    }
}
