//! `--wait`: asks again while the tag is absent or names another image, and through transient trouble.

use std::time::Duration;

use tokio::time::Instant;

use crate::checks;
use crate::observation::Observation;
use crate::observe::{Moment, Prospect, Round, Session, observe as ask};
use crate::oci::ImageManifest;
use crate::progress::Loudness;
use crate::report::{CheckId, CheckResult, Outcome, Reason};
use crate::request::ImageRequest;
use crate::settings::Settings;

/// How often a wait prints where it is.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Asks for an image until it is there, or the wait, which is counted from `started`, is over.
pub(super) async fn observe(
    settings: &Settings,
    session: &Session,
    request: &ImageRequest,
    started: Instant,
) -> Observation {
    let Some(wait) = settings.wait else {
        return ask(session, session.client(), request, Round::Only).await;
    };
    let judge = |seen: &Observation| prospect(settings, request, seen);
    let first = Round::OfWait { moment: Moment::First, previous: None, judge: &judge };
    let mut observation = ask(session, session.client(), request, first).await;
    let (mut told, mut asked, mut is_over) = (None, 0, false);
    loop {
        let Some(why) = unfinished(settings, request, &observation) else {
            // What ends a wait is explained; the API may know that nothing is there yet.
            if !is_over && session.explain_at_last(request, &mut observation).await {
                continue;
            }
            return observation;
        };
        if is_over {
            return observation;
        }
        let left = session.client().time_left();
        let Some(pause) = obliging(pause(asked, started.elapsed(), wait), &why, left) else {
            return observation;
        };
        if told.is_none_or(|at: Instant| at.elapsed() >= TELL_EVERY) {
            told = Some(Instant::now());
            say(session, request, &why, started.elapsed(), wait);
        }
        tokio::time::sleep(pause.min(left)).await;
        asked += 1;
        is_over = started.elapsed() >= wait;
        let moment = if is_over { Moment::Last } else { Moment::Between };
        let round = Round::OfWait { moment, previous: Some(&observation), judge: &judge };
        let client = session.client().counting();
        let next = ask(session, &client, request, round).await;
        if !client.has_sent() {
            // The deadline left no time to ask once more: the earlier answer stands.
            return observation;
        }
        observation = next;
    }
}

fn say(
    session: &Session,
    request: &ImageRequest,
    why: &Unfinished,
    so_far: Duration,
    wait: Duration,
) {
    let line = format!(
        "waiting for `{}`: {} ({} s of {} s)",
        request.reference,
        why.said,
        so_far.as_secs(),
        wait.as_secs()
    );
    session.client().progress().say(Loudness::Normal, &line);
}

/// What a wait makes of an image that has been looked at in part.
fn prospect(settings: &Settings, request: &ImageRequest, seen: &Observation) -> Prospect {
    let results = checks::verify(request, seen, &settings.circleci);
    let is_another = |reason: Reason| {
        matches!(
            reason,
            Reason::DigestDiffers
                | Reason::RevisionDiffers
                | Reason::RevisionLabelMissing
                | Reason::ImmutableTagDiffers
        )
    };
    let awaited = results.iter().filter(|result| is_absent_or_another(result));
    let reasons: Vec<_> =
        awaited.filter_map(|result| Some(result.outcome.finding()?.reason)).collect();
    if reasons.is_empty() {
        Prospect::Open
    } else if reasons.into_iter().any(is_another) {
        Prospect::Another
    } else {
        Prospect::Incomplete
    }
}

/// How long to pause before asking again, after `asked` pauses: 2, 4, 8, then 15 seconds, and once more at
/// the wait's very end. Nothing, where the look before ended behind it.
fn pause(asked: u32, elapsed: Duration, wait: Duration) -> Duration {
    let left = wait.saturating_sub(elapsed);
    let next = match asked {
        0 => 2,
        1 => 4,
        2 => 8,
        _ => 15,
    };
    Duration::from_secs(next).min(left)
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
    if results.iter().any(|result| ends_the_wait(result) && !is_explained(result))
        || expects_an_image_id(request, observation)
    {
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

/// Whether the expected digest is that of a config that was read. What is a config is no manifest, so nothing that is
/// pushed later can have this digest.
fn expects_an_image_id(request: &ImageRequest, observation: &Observation) -> bool {
    let expected = request.expectation.digest.as_ref().or(request.reference.digest.as_ref());
    expected.is_some_and(|expected| {
        observation.images.iter().any(|image| {
            let has_id = |manifest: &ImageManifest| manifest.config.digest == *expected;
            image.config.present().is_some_and(Result::is_ok)
                && matches!(image.manifest.present(), Some(Ok(manifest)) if has_id(manifest))
        })
    })
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
        while elapsed < wait {
            let next = pause(u32::try_from(pauses.len()).unwrap(), elapsed, wait);
            pauses.push(next.as_secs());
            elapsed += next;
        }
        assert_eq!(pauses, [2, 4, 8, 15, 15, 15, 1]);
        assert_eq!(pause(0, wait, wait), Duration::ZERO);
        assert_eq!(pause(9, wait * 2, wait), Duration::ZERO);
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
