//! What the stand-in holds: blobs, manifests and tags, and what the API says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use hyper::body::Bytes;

use super::image::{Content, manifest_of};

/// What a push gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the manifest or index.
    pub digest: String,
    /// Its length in bytes.
    pub size: usize,
    /// The digest of the config; empty for an index.
    pub config: String,
    /// The digests of the layers, lowest first.
    pub layers: Vec<String>,
    /// The entries of an index.
    pub children: Vec<Self>,
}

/// A manifest, as it was pushed.
#[derive(Clone, Debug)]
pub(super) struct StoredManifest {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

/// A repository: DigitalOcean's registry and repository joined by a slash.
#[derive(Clone, Debug, Default)]
pub(super) struct Repository {
    pub(super) tags: BTreeMap<String, String>,
    pub(super) manifests: BTreeMap<String, StoredManifest>,
    pub(super) blobs: BTreeSet<String>,
}

/// What the API says, where it differs from what the registry holds.
#[derive(Clone, Debug, Default)]
pub(super) struct ApiState {
    /// The status of a garbage collection that is under way.
    pub(super) collecting: Option<String>,
    pub(super) read_only: bool,
    /// Tags that the index lists in place of the real ones, by repository.
    pub(super) tags: BTreeMap<String, Vec<(String, String)>>,
    /// Repositories that the index does not know.
    pub(super) hidden: BTreeSet<String>,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub(super) repositories: BTreeMap<String, Repository>,
    /// The bytes, as the object storage holds them.
    pub(super) blobs: BTreeMap<String, Bytes>,
    pub(super) uploads: BTreeMap<String, Vec<u8>>,
    pub(super) upload_count: u64,
    pub(super) api: ApiState,
}

impl Store {
    /// Puts a content into a repository, under a tag if there is one.
    pub(super) fn put(&mut self, repository: &str, tag: Option<&str>, content: &Content) -> Pushed {
        let pushed = self.put_parts(repository, content);
        if let Some(tag) = tag {
            let repository = self.repositories.entry(repository.to_owned()).or_default();
            repository.tags.insert(tag.to_owned(), pushed.digest.clone());
        }
        pushed
    }

    fn put_parts(&mut self, repository: &str, content: &Content) -> Pushed {
        let mut pushed = Pushed::default();
        match content {
            Content::Image(image) => {
                pushed.config = self.put_blob(repository, image.config_blob().bytes);
                for layer in image.layer_blobs() {
                    pushed.layers.push(self.put_blob(repository, layer.bytes));
                }
            }
            Content::Index(index) => {
                for entry in &index.entries {
                    pushed.children.push(self.put_parts(repository, &entry.content));
                }
            }
            Content::Raw(..) => {}
        }
        let (media_type, bytes) = manifest_of(content);
        pushed.size = bytes.len();
        pushed.digest = self.put_manifest(repository, media_type, bytes);
        pushed
    }

    pub(super) fn put_manifest(
        &mut self,
        repository: &str,
        media_type: String,
        bytes: Bytes,
    ) -> String {
        let digest = digest_of(&bytes);
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        repository.manifests.insert(digest.clone(), StoredManifest { media_type, bytes });
        digest
    }

    pub(super) fn put_blob(&mut self, repository: &str, bytes: Bytes) -> String {
        let digest = digest_of(&bytes);
        self.blobs.insert(digest.clone(), bytes);
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        repository.blobs.insert(digest.clone());
        digest
    }

    /// The manifest that a tag or a digest names.
    pub(super) fn manifest(&self, repository: &str, reference: &str) -> Option<&StoredManifest> {
        let repository = self.repositories.get(repository)?;
        let digest = repository.tags.get(reference).map_or(reference, String::as_str);
        repository.manifests.get(digest)
    }

    pub(super) fn has_tag(&self, repository: &str, tag: &str) -> bool {
        self.repositories.get(repository).is_some_and(|found| found.tags.contains_key(tag))
    }

    /// The tags that the API lists: the real ones, unless its index was told otherwise.
    pub(super) fn listed_tags(&self, repository: &str) -> Option<Vec<(String, String)>> {
        if self.api.hidden.contains(repository) {
            return None;
        }
        if let Some(tags) = self.api.tags.get(repository) {
            return Some(tags.clone());
        }
        let found = self.repositories.get(repository)?;
        Some(found.tags.iter().map(|(tag, digest)| (tag.clone(), digest.clone())).collect())
    }

    /// The sizes that a manifest's descriptors say, added up.
    pub(super) fn compressed_size(&self, repository: &str, digest: &str) -> u64 {
        self.referenced(repository, digest).iter().map(|(_, size)| size).sum()
    }

    /// The config and the layers of a manifest with their sizes.
    pub(super) fn referenced(&self, repository: &str, digest: &str) -> Vec<(String, u64)> {
        let Some(manifest) = self.manifest(repository, digest) else { return Vec::new() };
        let parsed = serde_json::from_slice(&manifest.bytes).unwrap_or_default();
        let parsed: &serde_json::Value = &parsed;
        let config = std::iter::once(&parsed["config"]);
        let layers = parsed["layers"].as_array().into_iter().flatten();
        config
            .chain(layers)
            .filter_map(|blob| Some((blob["digest"].as_str()?.to_owned(), blob["size"].as_u64()?)))
            .collect()
    }
}

/// `sha256:…` of some bytes.
pub fn digest_of(bytes: &[u8]) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut digest = String::from("sha256:");
    for byte in hash.as_ref() {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}
