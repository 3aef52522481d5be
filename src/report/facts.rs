//! What was seen of an image, as every output shows it.

use crate::oci::{Digest, MediaType, Platform};

use super::built_from::{AttestationFacts, BuiltFrom, RevisionSource};

/// One platform of a verified image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformFacts {
    /// The platform.
    pub platform: Platform,
    /// The digest of the platform's own manifest.
    pub digest: Digest,
    /// The digest of its image config.
    pub config_digest: Digest,
    /// Config and layers together, in bytes, compressed as they are in the registry.
    pub size_bytes: u64,
    /// How many layers it has.
    pub layers: usize,
    /// `created` of the config, as it is written there.
    pub created: Option<String>,
    /// The label `org.opencontainers.image.revision`.
    pub revision: Option<String>,
    /// The config's exposed ports, as in `5001/tcp`.
    pub exposed_ports: Vec<String>,
}

/// What was seen of the image. Present whenever the tag led to a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// The digest that the tag names: of the index, where it is one.
    pub digest: Digest,
    /// The manifest's media type.
    pub media_type: MediaType,
    /// The platforms that were looked at; empty where their manifests could not be read.
    pub platforms: Vec<PlatformFacts>,
    /// The immutable tag that names the same digest, where that was checked and true.
    pub immutable_tag: Option<String>,
    /// What a yes does not prove of it, a sentence each.
    pub unproven: Vec<String>,
    /// How its layers were proven to be there; `None` where they were not.
    pub content: Option<ContentFacts>,
    /// The commit that all platforms say they were built from; `None` where one is silent or names another.
    pub revision: Option<BuiltFrom>,
    /// What builders attested of it.
    pub attestations: Vec<AttestationFacts>,
}

impl ImageFacts {
    /// The commits that the image says it was built from, each once, and where that is said by a provenance alone.
    pub fn commits(&self) -> Vec<String> {
        if let Some(BuiltFrom { commit, from: RevisionSource::Provenance }) = &self.revision {
            return vec![format!("{commit} (by its provenance)")];
        }
        let mut commits = Vec::new();
        for commit in self.platforms.iter().filter_map(|platform| platform.revision.as_ref()) {
            if !commits.contains(commit) {
                commits.push(commit.clone());
            }
        }
        commits
    }
}

/// How the layers of an image were proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentFacts {
    /// By which means.
    pub how: HowProven,
    /// How many bytes the layers have as they are stored, each layer once.
    pub bytes: u64,
}

/// By which means layers were proven to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HowProven {
    /// The last byte of each was requested, which shows that it is there in its size.
    Ranges,
    /// Every byte was read and hashed, packed and unpacked.
    EveryByte,
}
