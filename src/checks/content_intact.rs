//! Every byte of every layer of the wanted platforms arrives, hashes to its digest, and unpacks to what the config says.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::size;
use crate::observation::{
    BlobObservation, Fact, LayerContent, LayerToRead, Observation, PlatformObservation,
};
use crate::oci::{Descriptor, Digest};
use crate::report::{
    CheckId, CheckResult, ContentFacts, Finding, HowProven, Outcome, Reason, has_passed,
};
use crate::request::ImageRequest;

use super::Subject;
use super::subject::{Content, Gaps, no_image};
use super::wording::{clauses, cleaned, listed, quoted};
use crate::circleci::CircleCi;

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    if !subject.request.expectation.content {
        return Outcome::not_asked("only sizes were looked at; `--content` reads every byte");
    }
    subject.with_manifest(|_| match &subject.observation.content {
        None => Outcome::skipped("no layer was read, because the image is not well so far"),
        Some(content) => judge(subject, content),
    })
}

/// The layers that have to be read for the check to pass, each once.
pub fn layers_to_read(request: &ImageRequest, observation: &Observation) -> Vec<LayerToRead> {
    let subject = Subject { request, observation, circleci: &CircleCi::default() };
    let mut seen = BTreeSet::new();
    layers(&subject)
        .into_iter()
        .filter(|layer| !layer.is_elsewhere && seen.insert(&layer.descriptor.digest))
        .map(|layer| LayerToRead { role: layer.which, descriptor: layer.descriptor.clone() })
        .collect()
}

/// How it was proven that the layers are there, and how many bytes they have as they are stored.
pub(super) fn proven(subject: &Subject<'_>, results: &[CheckResult]) -> Option<ContentFacts> {
    let layers = layers(subject);
    // Of a layer that is kept elsewhere nothing was read.
    let all_held = layers.iter().all(|layer| !layer.is_elsewhere);
    let how = if all_held && has_passed(results, CheckId::ContentIntact) {
        HowProven::EveryByte
    } else if has_passed(results, CheckId::LayersPresent) {
        HowProven::Ranges
    } else {
        return None;
    };
    let held = layers.iter().filter(|layer| !layer.is_elsewhere);
    let sizes: BTreeMap<_, _> =
        held.map(|layer| (&layer.descriptor.digest, layer.descriptor.size)).collect();
    Some(ContentFacts { how, bytes: sizes.values().fold(0, |sum, size| size.saturating_add(sum)) })
}

/// A layer of a wanted platform.
struct Layer<'a> {
    /// `layer 2 of 3`, with its platform where there are several.
    which: String,
    descriptor: &'a Descriptor,
    /// What the config says that it unpacks to.
    diff_id: Option<&'a Digest>,
    /// Whether this registry need not hold it, and does not.
    is_elsewhere: bool,
}

fn layers<'a>(subject: &Subject<'a>) -> Vec<Layer<'a>> {
    let mut layers = Vec::new();
    for image in subject.images() {
        let Content::Image(manifest, config) = Content::of(image) else { continue };
        let of =
            subject.platform_name(image).map_or_else(String::new, |name| format!(" of {name}"));
        for (index, descriptor) in manifest.layers.iter().enumerate() {
            layers.push(Layer {
                which: format!("layer {} of {}{of}", index + 1, manifest.layers.len()),
                descriptor,
                diff_id: config.diff_ids.get(index),
                is_elsewhere: is_elsewhere(image, descriptor),
            });
        }
    }
    layers
}

/// Whether a layer is one that this registry need not hold and does not: `layers-present` fails on any other that is
/// absent.
fn is_elsewhere(image: &PlatformObservation, layer: &Descriptor) -> bool {
    let is_it =
        |blob: &BlobObservation| blob.descriptor == *layer && matches!(blob.size, Fact::Absent(_));
    layer.is_kept_elsewhere() && image.blobs.iter().any(is_it)
}

fn judge(subject: &Subject<'_>, content: &BTreeMap<Digest, Fact<LayerContent>>) -> Outcome {
    let layers = layers(subject);
    let (mut problems, mut gaps) = (Vec::new(), Gaps::default());
    for image in subject.images() {
        gaps.image(subject, image);
    }
    let mut told = BTreeSet::new();
    let mut sizes: BTreeMap<&Digest, (u64, u64)> = BTreeMap::new();
    for Layer { which, descriptor, diff_id, is_elsewhere } in &layers {
        if *is_elsewhere {
            continue;
        }
        match content.get(&descriptor.digest) {
            None => gaps.unlooked.push(which.clone()),
            Some(Fact::Unknown(why)) => gaps.unknown.push(why),
            Some(Fact::Absent(denial)) => {
                if told.insert((&descriptor.digest, None)) {
                    let said = cleaned(&denial.said);
                    let text = format!("{which} ({}): {said}", quoted(&descriptor.digest));
                    problems.push(Problem { reason: denial.reason, text, compared: None });
                }
            }
            Some(Fact::Present(read)) => match problem(which, descriptor, *diff_id, read) {
                Ok(unpacked) => drop(sizes.insert(&descriptor.digest, (read.size, unpacked))),
                Err(problem) => {
                    if told.insert((&descriptor.digest, *diff_id)) {
                        problems.push(problem);
                    }
                }
            },
        }
    }
    if !problems.is_empty() {
        return Outcome::Failed(finding(&problems));
    }
    if let Some(outcome) = gaps.outcome("no image to read") {
        return outcome;
    }
    if layers.is_empty() {
        return no_image();
    }
    let sum = |each: fn(&(u64, u64)) -> u64| {
        size(sizes.values().fold(0, |sum, sizes| each(sizes).saturating_add(sum)))
    };
    let message = format!(
        "every byte of the layers was read and hashes to what manifest and config say ({} blobs, {} packed, {} unpacked)",
        sizes.len(),
        sum(|(packed, _)| *packed),
        sum(|(_, unpacked)| *unpacked)
    );
    let elsewhere = layers.iter().filter(|layer| layer.is_elsewhere);
    let unread = listed(elsewhere.map(|layer| layer.which.clone()));
    let note = (!unread.is_empty()).then(|| {
        format!("not read, because this registry need not hold it and does not: {unread}")
    });
    Outcome::Passed { message, note }
}

/// A layer that is not what manifest or config say.
struct Problem {
    reason: Reason,
    text: String,
    /// The `diff_id` that was expected, and the one that was found.
    compared: Option<(String, String)>,
}

/// How many bytes a layer unpacks to, or what is wrong with it.
fn problem(
    which: &str,
    descriptor: &Descriptor,
    diff_id: Option<&Digest>,
    read: &LayerContent,
) -> Result<u64, Problem> {
    let digest = quoted(&descriptor.digest);
    let differs = |text: String, compared: Option<(String, String)>| {
        Err(Problem { reason: Reason::DiffIdDiffers, text, compared })
    };
    let unpacked = match &read.unpacked {
        Ok(unpacked) => unpacked,
        Err(why) => {
            let text = format!("{which} ({digest}) cannot be unpacked: {}", cleaned(why));
            return differs(text, None);
        }
    };
    let Some(diff_id) = diff_id else {
        return differs(format!("the config says nothing of {which} ({digest})"), None);
    };
    if unpacked.digest == *diff_id {
        return Ok(unpacked.size);
    }
    let found = unpacked.digest.to_string();
    let text = format!(
        "{which} ({digest}) unpacks to {} where the config says {}",
        quoted(&found),
        quoted(diff_id)
    );
    differs(text, Some((diff_id.to_string(), found)))
}

fn finding(problems: &[Problem]) -> Finding {
    let has = |reason: Reason| problems.iter().any(|problem| problem.reason == reason);
    let gravest =
        [Reason::LayerDiffers, Reason::DiffIdDiffers].into_iter().find(|reason| has(*reason));
    let reason = gravest.or(problems.first().map(|problem| problem.reason));
    let reason = reason.unwrap_or(Reason::LayerDiffers);
    let message = clauses(problems.iter().map(|problem| problem.text.clone()));
    let finding = Finding::new(reason, message).hint(reason.advice());
    match problems {
        [Problem { compared: Some((expected, observed)), .. }] => {
            finding.compared(expected.clone(), observed.clone())
        }
        _ => finding,
    }
}

#[cfg(test)]
mod tests;
