//! What came of the layers of an image that were read to their last byte.

pub(super) mod every_byte;
mod layer_reader;
mod progress;
mod windows;

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::session::Session;
use crate::observation::{Fact, LayerToRead, Observation};
use crate::report::CheckId;
use crate::request::ImageRequest;

/// Reads these layers of an image to their last byte.
pub(crate) async fn read_layers(
    session: &Session,
    request: &ImageRequest,
    layers: &[LayerToRead],
    observation: &mut Observation,
) {
    let Some(reading) = session.reading() else { return };
    let started = Instant::now();
    let mut content = BTreeMap::new();
    match session.repository(request) {
        Ok(repository) => {
            let name = request.reference.name();
            let read = reading.read(session.client(), &repository, &name, layers).await;
            for (digest, (fact, note)) in read {
                observation.notes.extend(note);
                content.insert(digest, fact);
            }
        }
        Err(why) => {
            let unknown =
                |layer: &LayerToRead| (layer.descriptor.digest.clone(), Fact::Unknown(why.clone()));
            content.extend(layers.iter().map(unknown));
        }
    }
    observation.content = Some(content);
    observation.took.insert(CheckId::ContentIntact, started.elapsed());
}
