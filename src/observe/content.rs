//! What is learnt of the images behind a manifest, and how much of it is read.

use std::time::Duration;

use crate::http::{MOST_CONTENT, MOST_SMALL};
use crate::observation::PlatformObservation;
use crate::oci::{Digest, Platform};

/// The most manifests behind one index that are requested. Docker's own official images have about twenty
/// images.
pub(super) const MOST_IMAGES: usize = 100;
/// The most bytes of those manifests together, and the most bytes of their configs together, by the sizes
/// that are announced. Honest ones have some kilobytes each.
pub(super) const MOST_BYTES: u64 = 16 << 20;

/// An attestation manifest: its digest and its size.
pub(super) type Named = (Digest, u64);

/// What was learnt of the images behind a manifest.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// See [`Observation::images`].
    pub(super) images: Vec<PlatformObservation>,
    /// See [`Observation::offered`].
    pub(super) offered: Vec<Platform>,
    /// How long the manifests behind an index took.
    pub(super) took_manifests: Duration,
    /// How long configs and layers took.
    pub(super) took_blobs: Duration,
    /// The attestation manifests that indexes list, each with the digest of the manifest that it is about.
    pub(super) attestations: Vec<(Digest, Named)>,
    /// What the reader should know of how they came.
    pub(super) notes: Vec<String>,
    /// How many manifests behind the index were asked for.
    asked: usize,
    /// How many bytes they announced together.
    bytes: u64,
}

impl Content {
    /// Whether one more manifest of this size may be asked for.
    pub(super) fn may_ask(&mut self, size: u64) -> bool {
        let bytes = self.bytes.saturating_add(size);
        let may = self.asked < MOST_IMAGES && bytes <= MOST_BYTES;
        if may {
            self.asked += 1;
            self.bytes = bytes;
        }
        may
    }
}

/// The most bytes to read of what is announced with this size. There is some room, so that the bytes themselves
/// show a wrong size.
pub(super) fn most_of(size: u64) -> usize {
    let size = usize::try_from(size).unwrap_or(MOST_CONTENT);
    size.saturating_add(MOST_SMALL).min(MOST_CONTENT)
}
