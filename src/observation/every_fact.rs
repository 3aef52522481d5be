//! The one walk over every fact of an observation, whatever it is the fact of.

use crate::observation::{
    Attested, BlobObservation, Control, Denial, Fact, Observation, PlatformObservation, Unavailable,
};

/// What a fact of an observation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactOf {
    /// The negative control.
    Control,
    /// The repository.
    Repository,
    /// The tag, or the digest of a reference that has no tag.
    Tag,
    /// The tag's own manifest by its digest.
    Digest,
    /// The immutable tag.
    ImmutableTag,
    /// The manifest of one platform.
    Manifest,
    /// The config of one platform.
    Config,
    /// A config's or layer's bytes.
    Blob,
    /// Every byte of a layer.
    Content,
    /// What a builder attested of one platform.
    Attestation,
}

/// A fact, whatever it is the fact of.
pub trait AnyFact {
    /// The no, where it is one.
    fn denial(&self) -> Option<&Denial>;
    /// Why it could not be found out, where it could not.
    fn unknown(&self) -> Option<&Unavailable>;
    /// Like [`unknown`](Self::unknown).
    fn unknown_mut(&mut self) -> Option<&mut Unavailable>;
    /// Makes it a no.
    fn deny(&mut self, denial: Denial);
}

impl<T> AnyFact for Fact<T> {
    fn denial(&self) -> Option<&Denial> {
        match self {
            Self::Absent(denial) => Some(denial),
            Self::Present(_) | Self::Unknown(_) => None,
        }
    }

    fn unknown(&self) -> Option<&Unavailable> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Present(_) | Self::Absent(_) => None,
        }
    }

    fn unknown_mut(&mut self) -> Option<&mut Unavailable> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Present(_) | Self::Absent(_) => None,
        }
    }

    fn deny(&mut self, denial: Denial) {
        *self = Self::Absent(denial);
    }
}

impl AnyFact for Control {
    fn denial(&self) -> Option<&Denial> {
        None
    }

    fn unknown(&self) -> Option<&Unavailable> {
        match self {
            Self::Unknown(why) | Self::Refused { why, is_told_apart: _ } => Some(why),
            Self::Denied | Self::Affirmed(_) => None,
        }
    }

    fn unknown_mut(&mut self) -> Option<&mut Unavailable> {
        match self {
            Self::Unknown(why) | Self::Refused { why, is_told_apart: _ } => Some(why),
            Self::Denied | Self::Affirmed(_) => None,
        }
    }

    fn deny(&mut self, _: Denial) {
        *self = Self::Denied;
    }
}

/// Defines a walk over every fact, by `&` or by `&mut`. A new field of an observation has to be listed here, and
/// nowhere else.
macro_rules! every_fact {
    ($(#[$doc:meta])* $name:ident, & $($mutable:ident)?) => {
        $(#[$doc])*
        pub fn $name(& $($mutable)? self) -> Vec<(FactOf, & $($mutable)? dyn AnyFact)> {
            let Self {
                control,
                repository,
                resolved,
                by_digest,
                immutable,
                images,
                content,
                answered_at: _,
                started_at: _,
                offered: _,
                layers_skipped: _,
                immutable_skipped: _,
                explanation: _,
                notes: _,
                took: _,
            } = self;
            let mut facts: Vec<(FactOf, & $($mutable)? dyn AnyFact)> = vec![
                (FactOf::Control, control),
                (FactOf::Repository, repository),
                (FactOf::Tag, resolved),
            ];
            if let Some(by_digest) = by_digest {
                facts.push((FactOf::Digest, by_digest));
            }
            if let Some((_, immutable)) = immutable {
                facts.push((FactOf::ImmutableTag, immutable));
            }
            for PlatformObservation {
                    digest: _,
                    listed_as: _,
                    listing: _,
                    refusals: _,
                    manifest,
                    config,
                    blobs,
                    attested,
                } in images
                {
                facts.push((FactOf::Manifest, manifest));
                facts.push((FactOf::Config, config));
                for BlobObservation { role: _, descriptor: _, size, proof: _ } in blobs {
                    facts.push((FactOf::Blob, size));
                }
                if let Some(Attested { statements, gone: _, provenance }) = attested {
                    facts.push((FactOf::Attestation, statements));
                    if let Some(provenance) = provenance {
                        facts.push((FactOf::Attestation, provenance));
                    }
                }
            }
            if let Some(content) = content {
                for (_, layer) in content {
                    facts.push((FactOf::Content, layer));
                }
            }
            facts
        }
    };
}

impl Observation {
    every_fact!(
        /// Every fact of the observation, with what it is about.
        facts, &
    );
    every_fact!(
        /// Like [`facts`](Self::facts), to change them.
        facts_mut, &mut
    );
}
