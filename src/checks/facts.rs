//! What was seen of the image, for the outputs: digests, sizes, platforms.

use crate::circleci::CircleCi;
use crate::observation::{Control, Fact, Observation, PlatformObservation};
use crate::oci::Manifest;
use crate::report::{CheckId, CheckResult, ImageFacts, PlatformFacts, has_passed};
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
    })
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
