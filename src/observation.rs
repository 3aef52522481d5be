//! What was learnt of one image, as plain values that every check looks at.
//!
//! A fact has three values, because "no" and "could not find out" are different answers. Texts in here
//! come from the registry and have been cleaned and masked.

mod every_fact;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::engines::{Met, Refusal};
use crate::oci::{
    Attestation, AttestationKind, Descriptor, Digest, ImageConfig, Listing, Manifest, NotAnImage,
    Platform, Provenance, Tag,
};
use crate::report::{CheckId, Finding, Reason};

pub use every_fact::{AnyFact, FactOf};

/// Something that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// It is there.
    Present(T),
    /// The registry denied it in its own words.
    Absent(Denial),
    /// It could not be found out.
    Unknown(Unavailable),
}

impl<T> Fact<T> {
    /// The value, where it is there.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent(_) | Self::Unknown(_) => None,
        }
    }

    /// The same fact with the value where it is.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Present(value) => Fact::Present(value),
            Self::Absent(denial) => Fact::Absent(denial.clone()),
            Self::Unknown(why) => Fact::Unknown(why.clone()),
        }
    }

    /// The same fact about a part of the value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Fact<U> {
        self.and_then(|value| Fact::Present(convert(value)))
    }

    /// What follows from the value, where it is there.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Present(value) => next(value),
            Self::Absent(denial) => Fact::Absent(denial),
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }
}

/// A no that can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What kind of no it is.
    pub reason: Reason,
    /// The registry's words, as in ``404 `MANIFEST_UNKNOWN` ``.
    pub said: String,
}

/// Why something could not be found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// What kind of trouble it is.
    pub reason: Reason,
    /// One sentence.
    pub message: String,
    /// What to do next, beyond the reason's own advice.
    pub hint: Option<String>,
    /// How long the server asked to wait before it is asked again (`Retry-After`), from when it said so.
    pub retry_after: Option<Duration>,
    /// The host that announced a success and broke off before it had sent all of it, where that is the trouble.
    pub host: Option<String>,
    /// The rows of the engines' table that the bytes meet, where they are the ones that were pushed.
    pub refusals: Box<[Refusal]>,
}

impl Unavailable {
    /// A sentence without a hint of its own.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            hint: None,
            retry_after: None,
            host: None,
            refusals: Box::default(),
        }
    }

    /// The same with this hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The message without what was asked for, which is before the first colon: `404 …` of `the manifest …: 404 …`.
    pub fn said(&self) -> &str {
        self.message.split_once(": ").map_or(self.message.as_str(), |(_, said)| said)
    }

    /// The finding of a check that needed the fact.
    pub fn finding(&self) -> Finding {
        let finding = Finding::new(self.reason, self.message.clone());
        finding.hint(self.hint.as_deref().unwrap_or(self.reason.advice()))
    }
}

/// What the registry said of a tag that cannot exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// It denied it, as it should.
    Denied,
    /// It did not affirm it, and gave no denial in its own words: a 4xx of another kind. That is as good where
    /// the same login was served a manifest of the repository, for it tells the two apart.
    Refused {
        /// What it answered.
        why: Unavailable,
        /// Whether a manifest was served to the same login in this run.
        is_told_apart: bool,
    },
    /// It affirmed it: nothing it says can be believed. Holds what it answered.
    Affirmed(String),
    /// It could not be asked.
    Unknown(Unavailable),
}

/// What the tag led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The digest, hashed here from the bytes that the registry sent.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// How old the answer was when it came, where a cache in between said so (`Age`).
    pub age: Option<Duration>,
    /// The manifest, or what else it is.
    pub content: Result<Manifest, NotAnImage>,
    /// The rows of the engines' table that its bytes meet.
    pub refusals: Vec<Refusal>,
    /// What the reader should know of how it came.
    pub note: Option<String>,
}

/// How the size of a blob was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Its last byte arrived, or its end or its length says that it has another size.
    Read,
    /// It was announced in this size, and is too large to be read to its end.
    Announced,
    /// More bytes than these arrived, and no more were read.
    Exceeded,
}

/// A blob of an image, and whether its last byte arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobObservation {
    /// `config`, or `layer 1 of 5`.
    pub role: String,
    /// What the manifest says of it.
    pub descriptor: Descriptor,
    /// Its size in bytes as the registry or its storage reports it.
    pub size: Fact<u64>,
    /// How that size was learnt.
    pub proof: Proof,
}

/// The image of one wanted platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformObservation {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The platform that the index lists it under; `None` for a single image, and where the index is silent.
    pub listed_as: Option<Platform>,
    /// What else the index says of it.
    pub listing: Listing,
    /// The rows of the engines' table that its manifest, its config and its index entry meet.
    pub refusals: Vec<Refusal>,
    /// Its manifest, if it is one.
    pub manifest: Fact<Result<crate::oci::ImageManifest, NotAnImage>>,
    /// Its config, verified against its digest.
    pub config: Fact<Result<ImageConfig, NotAnImage>>,
    /// The config and each layer. Empty where the manifest is not known.
    pub blobs: Vec<BlobObservation>,
    /// What a builder attested of it; `None` where nothing is attested, or nobody asked.
    pub attested: Option<Attested>,
}

/// What a builder attested of one platform's image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The statements of a known kind, without those that are known to be gone.
    pub statements: Fact<Vec<Attestation>>,
    /// The kinds of those that are listed and gone.
    pub gone: Vec<AttestationKind>,
    /// What its provenance says of the source; `None` where it has none, or nobody asked.
    pub provenance: Option<Fact<Provenance>>,
}

impl PlatformObservation {
    /// The platform: what its config says, else what the index lists it under.
    pub fn platform(&self) -> Option<&Platform> {
        match &self.config {
            Fact::Present(Ok(config)) => Some(&config.platform),
            Fact::Present(Err(_)) | Fact::Absent(_) | Fact::Unknown(_) => self.listed_as.as_ref(),
        }
    }

    /// The verified config.
    pub fn image_config(&self) -> Option<&ImageConfig> {
        self.config.present().and_then(|config| config.as_ref().ok())
    }
}

/// A layer that is to be read to its last byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerToRead {
    /// `layer 1 of 5`, with its platform where there are several.
    pub role: String,
    /// What the manifest says of it.
    pub descriptor: Descriptor,
}

/// A layer of which every byte arrived and hashes to its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerContent {
    /// How many bytes it has as it is stored.
    pub size: u64,
    /// What it unpacks to, or why engines cannot unpack it.
    pub unpacked: Result<Unpacked, String>,
    /// The rows of the engines' table that it meets by its packing and its archive.
    pub met: Met,
}

/// What a layer unpacks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// How many bytes.
    pub size: u64,
    /// What they hash to by SHA-256, by which configs name them.
    pub digest: Digest,
}

/// What DigitalOcean's API adds to the registry's no. It explains; it decides only whether a registry or
/// a repository exists at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The names of the registries that the token has; `None` when the API did not say.
    pub registries: Option<Vec<String>>,
    /// Whether the API knows the registry.
    pub knows_registry: Option<bool>,
    /// Whether the API knows the repository.
    pub knows_repository: Option<bool>,
    /// Tags like the one asked for, nearest first.
    pub near_tags: Vec<String>,
    /// Whether the API's index lists the very tag that the registry denied.
    pub lists_tag: bool,
    /// Whether the registry takes no pushes at present.
    pub read_only: bool,
    /// The status of a garbage collection that is under way.
    pub collecting: Option<String>,
    /// Whether the API refused the token.
    pub refused: bool,
    /// What kept the API from answering, where something did.
    pub trouble: Option<String>,
}

/// Everything that was learnt of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The negative control.
    pub control: Control,
    /// The repository.
    pub repository: Fact<()>,
    /// The tag, or the digest of a reference that has no tag.
    pub resolved: Fact<Resolved>,
    /// Whether the registry serves the tag's own manifest by its digest, too: that digest is what is handed
    /// on. `None` where it was not requested: without a tag, or without an image behind it.
    pub by_digest: Option<Fact<()>>,
    /// When `resolved` was answered. Everything after it goes by digest, so this is the moment a verdict is about.
    pub answered_at: Timestamp,
    /// When the run began: ages count to it.
    pub started_at: Timestamp,
    /// Every platform that the manifest offers and something can run on.
    pub offered: Vec<Platform>,
    /// The images that were looked at: of the wanted platforms, or of all.
    pub images: Vec<PlatformObservation>,
    /// The layers that were read to their last byte, by digest. `None` where none was to be read.
    pub content: Option<BTreeMap<Digest, Fact<LayerContent>>>,
    /// Why the layers were not asked for, where they were left out.
    pub layers_skipped: Option<String>,
    /// The immutable tag and the digest that it names, where one was asked for.
    pub immutable: Option<(Tag, Fact<Digest>)>,
    /// Why an immutable tag that was asked for could not even be named.
    pub immutable_skipped: Option<String>,
    /// What the API adds, where it was asked.
    pub explanation: Option<Explanation>,
    /// What the reader should know of how it was asked.
    pub notes: Vec<String>,
    /// How long the requests took that answer a check.
    pub took: BTreeMap<CheckId, Duration>,
}

impl Observation {
    /// The longest time for which a server asked to be left alone, among what could not be found out.
    pub fn retry_after(&self) -> Option<Duration> {
        let facts = self.facts();
        facts.into_iter().filter_map(|(_, fact)| fact.unknown()?.retry_after).max()
    }
}
