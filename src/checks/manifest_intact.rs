//! Manifest and config are what their digests say, and a container image.
//!
//! The hashing was done where the bytes came in. Here is decided what its results mean for the image.

use std::collections::BTreeMap;

use crate::observation::{Denial, Fact, PlatformObservation, Resolved};
use crate::oci::{Digest, ImageConfig, ImageManifest, Manifest, NotAnImage};
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::repository_exists;
use super::subject::{Content, gravest, no_image, not_an_image, unasked};
use super::wording::{clauses, cleaned, listed, noted, quoted, said};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    if let Fact::Absent(denial) = &subject.observation.resolved
        && denial.reason == Reason::ContentDiffers
    {
        return differs(std::iter::once(denial));
    }
    // Without a tag, this is the check that says whether anything is there.
    if subject.request.reference.tag.is_none()
        && let Fact::Absent(denial) = &subject.observation.resolved
    {
        return denied(subject, denial);
    }
    subject.with_resolved(|resolved| match &resolved.content {
        Ok(_) | Err(_) if !is_what_was_asked(subject, resolved) => {
            Outcome::Errored(another_digest(resolved))
        }
        Ok(manifest) => of_all_platforms(subject, resolved, manifest),
        Err(other) => {
            let tag = subject.request.reference.tag.as_ref();
            let what = tag.map_or_else(|| quoted(&resolved.digest), quoted);
            Outcome::Failed(not_an_image(&what, other))
        }
    })
}

/// Without a tag, the digest that was asked for is the only one that may come back.
fn is_what_was_asked(subject: &Subject<'_>, resolved: &Resolved) -> bool {
    let reference = &subject.request.reference;
    reference.tag.is_some() || reference.digest.as_ref() == Some(&resolved.digest)
}

fn another_digest(resolved: &Resolved) -> Finding {
    let reason = Reason::ManifestContradictory;
    let message = format!(
        "asked for a manifest by its digest, the registry sent another one: {}",
        quoted(&resolved.digest)
    );
    Finding::new(reason, message).hint(reason.advice())
}

fn denied(subject: &Subject<'_>, denial: &Denial) -> Outcome {
    match &subject.observation.repository {
        Fact::Absent(_) => return Outcome::skipped("there is no repository to look in"),
        Fact::Present(()) | Fact::Unknown(_) => {}
    }
    if matches!(denial.reason, Reason::RepositoryMissing | Reason::RegistryUnknown) {
        return Outcome::Failed(repository_exists::denied(subject, denial));
    }
    let digest = subject.request.reference.digest.as_ref().map_or_else(String::new, quoted);
    let name = quoted(&subject.request.reference.name());
    let reason = Reason::ManifestMissing;
    let message = format!("{name} has no manifest {digest} ({})", said(&denial.said));
    Outcome::Failed(Finding::new(reason, message).hint(reason.advice()))
}

/// Where the registry serves the tag and denies the digest that it names.
fn not_served(subject: &Subject<'_>, resolved: &Resolved, denial: &Denial) -> Outcome {
    let tag = subject.request.reference.tag.as_ref().map_or_else(String::new, quoted);
    if denial.reason == Reason::ContentDiffers {
        return differs(std::iter::once(denial));
    }
    // By its tag it was there a moment ago, whichever word the denial has for it.
    let is_missing = matches!(denial.reason, Reason::ManifestMissing | Reason::RepositoryMissing);
    let reason = if is_missing { Reason::DigestNotServed } else { denial.reason };
    let message = format!(
        "the registry serves {tag} and denies {}, the digest that it names ({})",
        quoted(&resolved.digest),
        said(&denial.said)
    );
    Outcome::Failed(Finding::new(reason, message).hint(reason.advice()))
}

/// What is stored with other bytes than its digest promises.
fn differs<'a>(denials: impl IntoIterator<Item = &'a Denial>) -> Outcome {
    let reason = Reason::ContentDiffers;
    let message = clauses(denials.into_iter().map(|denial| said(&denial.said)));
    Outcome::Failed(Finding::new(reason, message).hint(reason.advice()))
}

/// The images that list a layer with another `diff_id` than one before them, or than they themselves: a layer
/// unpacks to one content only, so that engines refuse one of the two.
fn with_two_contents<'a>(
    images: &[(&'a PlatformObservation, &'a ImageManifest, &'a ImageConfig)],
) -> Vec<(&'a PlatformObservation, NotAnImage)> {
    let mut known: BTreeMap<&Digest, &Digest> = BTreeMap::new();
    let mut found = Vec::new();
    for (image, manifest, config) in images {
        let layers = manifest.layers.iter().zip(&config.diff_ids);
        let other = layers.enumerate().find(|(_, (layer, unpacked))| {
            *known.entry(&layer.digest).or_insert(unpacked) != *unpacked
        });
        if let Some((place, (layer, _))) = other {
            let layer = layer.digest.short();
            found.push((*image, NotAnImage::TwoContents { number: place + 1, layer }));
        }
    }
    found
}

fn of_all_platforms(subject: &Subject<'_>, resolved: &Resolved, manifest: &Manifest) -> Outcome {
    let (mut sound, mut gone, mut differing) = (Vec::new(), Vec::new(), Vec::new());
    let mut unknown = Vec::new();
    let mut others: Vec<(&PlatformObservation, NotAnImage)> = Vec::new();
    for image in subject.images() {
        match Content::of(image) {
            Content::Image(manifest, config) => {
                sound.push((image, manifest, config));
            }
            Content::NotAnImage(other) => others.push((image, other)),
            Content::Differs(denial) => differing.push(denial),
            Content::Gone => gone.push(subject.name(image)),
            Content::Unknown(why) => unknown.push(why),
        }
    }
    if !differing.is_empty() {
        return differs(differing);
    }
    others.extend(with_two_contents(&sound));
    let sound = sound.len();
    if let [(image, other)] = others.as_slice() {
        return Outcome::Failed(not_an_image(&subject.name(image), other));
    }
    if !others.is_empty() {
        let all = others.iter().map(|(image, other)| {
            format!("{} is {}", subject.name(image), cleaned(&other.to_string()))
        });
        let message = format!("not container images that can be started: {}", clauses(all));
        let reason = Reason::NotAnImage;
        return Outcome::Failed(Finding::new(reason, message).hint(reason.advice()));
    }
    match &subject.observation.by_digest {
        Some(Fact::Absent(denial)) => return not_served(subject, resolved, denial),
        Some(Fact::Unknown(why)) => unknown.push(why),
        Some(Fact::Present(())) => {}
        None if subject.request.reference.tag.is_none() => {}
        None => return unasked("the manifest by its digest"),
    }
    if let Some(why) = gravest(unknown) {
        return Outcome::Errored(why.finding());
    }
    let gone = (!gone.is_empty()).then(|| {
        format!("there was nothing to hash for {}: manifest or config is not there", listed(gone))
    });
    if sound == 0 {
        return match gone {
            Some(gone) => Outcome::skipped(gone),
            None if subject.request.expectation.platforms.is_empty() => unasked("the image"),
            None => no_image(),
        };
    }
    let message = hashed(manifest, sound);
    Outcome::Passed { message, note: noted(gone) }
}

/// What was compared with its digest.
fn hashed(manifest: &Manifest, sound: usize) -> String {
    match manifest {
        Manifest::Image(_) => "manifest and config hash to their digests".to_owned(),
        Manifest::Index(_) if sound == 1 => {
            "index, manifest and config hash to their digests".to_owned()
        }
        Manifest::Index(_) => {
            format!("index, {sound} manifests and {sound} configs hash to their digests")
        }
    }
}

#[cfg(test)]
mod tests;
