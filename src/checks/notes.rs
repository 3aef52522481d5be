//! What the reader should know of an image beside its checks.

use std::time::Duration;

use crate::circleci::CircleCi;
use crate::observation::{Control, Fact, Observation, PlatformObservation};
use crate::report::{CheckId, CheckResult, Evidence, has_passed};
use crate::request::{ImageRequest, ImmutableTag};

use super::Subject;
use super::layers_present;
use super::wording::{listed, quoted};

/// How old an answer for a tag may be without a note.
const MOST_AGE: Duration = Duration::from_secs(60);

/// What follows from the observation and the results taken together.
pub fn notes(
    request: &ImageRequest,
    observation: &Observation,
    results: &[CheckResult],
    evidence: &Evidence,
) -> Vec<String> {
    let stale_index = stale_index(observation);
    let left_out = platforms_left_out(request, observation);
    let stale_index = stale_index.into_iter().chain(from_a_cache(request, observation));
    let asked = request.notes.iter().chain(&observation.notes).cloned();
    let concluded = stale_index.chain(left_out).chain(not_proven(request, results, evidence));
    asked.chain(unproven(request, observation, results)).chain(concluded).collect()
}

/// A cache between here and the registry told what the tag names.
fn from_a_cache(request: &ImageRequest, observation: &Observation) -> Option<String> {
    let tag = request.reference.tag.as_ref()?;
    let age = observation.resolved.present()?.age.filter(|age| *age > MOST_AGE)?;
    Some(format!(
        "the answer for {} was {} s old: a cache in between gave it, and the tag may have moved since",
        quoted(tag),
        age.as_secs()
    ))
}

/// What a yes does not prove of the layers.
fn unproven(
    request: &ImageRequest,
    observation: &Observation,
    results: &[CheckResult],
) -> Vec<String> {
    if !has_passed(results, CheckId::LayersPresent) {
        return Vec::new();
    }
    let subject = Subject { request, observation, circleci: &CircleCi::default() };
    layers_present::unproven(&subject, has_passed(results, CheckId::ContentIntact))
}

/// DigitalOcean's API and the registry disagree.
fn stale_index(observation: &Observation) -> Option<String> {
    let lists_tag = observation.explanation.as_ref()?.lists_tag;
    let is_denied = match &observation.resolved {
        Fact::Absent(_) => true,
        Fact::Present(_) | Fact::Unknown(_) => false,
    };
    (lists_tag && is_denied).then(|| {
        "DigitalOcean's API lists the tag and the registry denies it: the API is an index that lags, \
         so the registry's word counts"
            .to_owned()
    })
}

/// Platforms that the image offers and nobody asked for.
fn platforms_left_out(request: &ImageRequest, observation: &Observation) -> Option<String> {
    let is_believed = match &observation.control {
        Control::Affirmed(_) => false,
        Control::Denied | Control::Refused { .. } | Control::Unknown(_) => true,
    };
    if request.expectation.platforms.is_empty() || !is_believed {
        return None;
    }
    let is_looked_at = |platform| {
        observation.images.iter().any(|image| {
            image.listed_as.as_ref() == Some(platform) || image.platform() == Some(platform)
        })
    };
    let left_out: Vec<_> =
        observation.offered.iter().filter(|platform| !is_looked_at(*platform)).collect();
    let looked_at: Vec<_> =
        observation.images.iter().filter_map(PlatformObservation::platform).collect();
    (!left_out.is_empty() && !looked_at.is_empty()).then(|| {
        format!(
            "only {} was looked at; the image offers {} too",
            listed(looked_at.iter().map(quoted)),
            listed(left_out.iter().map(quoted))
        )
    })
}

/// Everything is well, and nothing could tell this image from an older one under the same tag.
fn not_proven(
    request: &ImageRequest,
    results: &[CheckResult],
    evidence: &Evidence,
) -> Option<String> {
    let is_named = match evidence {
        Evidence::TagName => true,
        Evidence::None if request.has_moving_tag() => false,
        Evidence::None | Evidence::Proven(_) | Evidence::Contradicted => return None,
    };
    let passed = |check: CheckId| has_passed(results, check);
    let is_well = results.iter().all(|result| result.outcome.finding().is_none());
    let tag = request.reference.tag.as_ref()?;
    if !is_well || !passed(CheckId::TagExists) {
        return None;
    }
    let is_fixed = matches!(request.expectation.immutable_tag, Some(ImmutableTag::Fixed(_)));
    let remedy = if passed(CheckId::ImmutableTag) && is_fixed {
        "its immutable tag is the same for every commit: make it of the commit, as in \
         `immutable_tag: \"{revision}-dev\"`, or give `--expect-digest` or `--expect-revision`"
    } else if passed(CheckId::ImmutableTag) {
        "its immutable tag was made from its own label, because no commit was given: give one with \
         `--expect-revision=SHA`, or the digest with `--expect-digest`"
    } else {
        "give `--expect-digest`, `--expect-revision` or an `immutable_tag`"
    };
    Some(if is_named {
        // A name tells it from an older image under a moving tag, and is less than a label or a digest.
        format!(
            "found under {}, which is named after this commit; nothing in the image says that it was built \
             from it: {remedy}",
            quoted(tag)
        )
    } else {
        format!(
            "found, but not proven to be this commit's: {} can move, and nothing tells this image from \
             an older one; {remedy}",
            quoted(tag)
        )
    })
}
