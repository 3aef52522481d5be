//! The nouns of the OCI distribution and image specifications, as types that cannot be wrong.
//!
//! Everything here is a pure function of its arguments: no network, no clock, no environment. A value of
//! one of these types has been checked once, where it was parsed, and is not checked again.

mod attestation;
mod bounded;
mod config;
mod digest;
mod error_body;
mod exact;
mod go;
mod lenient;
mod manifest;
mod manifest_error;
mod media_type;
mod not_an_image;
mod part;
mod platform;
mod reference;
mod top_level;

pub use attestation::{Attestation, AttestationKind, Provenance, referring};
pub use config::{ConfigDocument, ConfigError, ImageConfig, Stated};
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use error_body::{ErrorBody, ErrorCode};
pub(crate) use exact::{is_taken_for, taken_for};
pub(crate) use go::{is_time, is_zone_too_large};
pub use manifest::{
    Classified, Descriptor, ImageIndex, ImageManifest, IndexEntry, Listing, Manifest,
};
pub use manifest_error::ManifestError;
pub use media_type::MediaType;
pub use not_an_image::NotAnImage;
pub use part::PartPlatform;
pub use platform::{Platform, PlatformError};
pub use reference::{Reference, ReferenceError, RegistryHost, Repository, Tag};
