//! What was seen of the image, for the outputs: digests, sizes, platforms.

use crate::circleci::CircleCi;
use crate::observation::{Control, Fact, Observation, PlatformObservation};
use crate::oci::{Attestation, Manifest};
use crate::report::{
    AttestationFacts, BuiltFrom, CheckId, CheckResult, ImageFacts, PlatformFacts, RevisionSource,
    has_passed,
};
use crate::request::ImageRequest;

use super::Subject;
use super::content_intact;
use super::immutable_tag;
use super::layers_present;
use super::subject::Content;
use super::wording::cleaned;

/// The most exposed ports that are kept of an image.
const MOST_PORTS: usize = 100;

/// What was seen of the image whose checks ended so; `None` where the tag led to no image, or nothing that was seen can
/// be believed.
pub fn facts(
    request: &ImageRequest,
    observation: &Observation,
    results: &[CheckResult],
) -> Option<ImageFacts> {
    match &observation.control {
        Control::Affirmed(_) => return None,
        Control::Denied | Control::Refused { .. } | Control::Unknown(_) => {}
    }
    let resolved = match &observation.resolved {
        Fact::Present(resolved) => resolved,
        Fact::Absent(_) | Fact::Unknown(_) => return None,
    };
    let media_type = match &resolved.content {
        Ok(Manifest::Image(image)) => image.media_type,
        Ok(Manifest::Index(index)) => index.media_type,
        Err(_) => return None,
    };
    let subject = Subject { request, observation, circleci: &CircleCi::default() };
    Some(ImageFacts {
        digest: resolved.digest.clone(),
        media_type,
        platforms: observation.images.iter().filter_map(platform_facts).collect(),
        immutable_tag: immutable_tag::agreed(&subject).map(|tag| tag.to_string()),
        unproven: layers_present::unproven(&subject, has_passed(results, CheckId::ContentIntact)),
        content: content_intact::proven(&subject, results),
        revision: revision(&subject),
        attestations: attestations(&subject),
    })
}

/// The commit that every platform says it was built from. One by a label is said by a label.
fn revision(subject: &Subject<'_>) -> Option<BuiltFrom> {
    let mut all: Option<BuiltFrom> = None;
    for image in subject.images() {
        let label = image.image_config()?.revision();
        let (commit, from) = if let Some(commit) = label {
            (commit, RevisionSource::Label)
        } else {
            let provenance = image.attested.as_ref()?.provenance.as_ref()?.present()?;
            (provenance.revision.as_deref()?, RevisionSource::Provenance)
        };
        match &mut all {
            None => all = Some(BuiltFrom { commit: cleaned(commit), from }),
            Some(known) if known.commit.eq_ignore_ascii_case(commit) => {
                if from == RevisionSource::Label {
                    known.from = from;
                }
            }
            Some(_) => return None,
        }
    }
    all
}

fn attestations(subject: &Subject<'_>) -> Vec<AttestationFacts> {
    let of = |image: &PlatformObservation| {
        let statements = image.attested.as_ref()?.statements.present()?;
        let platform = image.platform()?.clone();
        let facts = statements.iter().map(|Attestation { kind, digest, size: _ }| {
            AttestationFacts { kind: *kind, digest: digest.clone(), platform: platform.clone() }
        });
        Some(facts.collect::<Vec<_>>())
    };
    subject.images().filter_map(of).flatten().collect()
}

fn platform_facts(image: &PlatformObservation) -> Option<PlatformFacts> {
    let (manifest, config) = match Content::of(image) {
        Content::Image(manifest, config) => (manifest, config),
        Content::NotAnImage(_) | Content::Gone | Content::Differs(_) | Content::Unknown(_) => {
            return None;
        }
    };
    let layers = manifest.layers.iter().map(|layer| layer.size);
    Some(PlatformFacts {
        platform: config.platform.clone(),
        digest: image.digest.clone(),
        config_digest: manifest.config.digest.clone(),
        // A hostile manifest may claim any sizes.
        size_bytes: layers.fold(manifest.config.size, u64::saturating_add),
        layers: manifest.layers.len(),
        created: config.created.as_deref().map(cleaned),
        revision: config.revision().map(cleaned),
        exposed_ports: config
            .exposed_ports
            .iter()
            .take(MOST_PORTS)
            .map(|port| cleaned(port))
            .collect(),
    })
}
