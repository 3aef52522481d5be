//! Which commit an image says it was built from, and what else builders attested of it.

use crate::oci::{AttestationKind, Digest, Platform};

/// The commit that an image was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltFrom {
    /// The commit, as the image says it.
    pub commit: String,
    /// Where it says so.
    pub from: RevisionSource,
}

/// Where an image says which commit it was built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevisionSource {
    /// The label `org.opencontainers.image.revision`.
    Label,
    /// The provenance of a platform that has no label.
    Provenance,
}

/// A statement that a builder attested of one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationFacts {
    /// What it is about.
    pub kind: AttestationKind,
    /// The digest of the statement, which is a blob of the repository.
    pub digest: Digest,
    /// The platform.
    pub platform: Platform,
}
