//! The images that `BuildKit` made (`tests/support/buildkit`, by scripts/buildkit-images.sh), byte for byte.

use std::path::PathBuf;

use hyper::body::Bytes;
use serde_json::Value;

use super::store::{Store, digest_of};

/// A manifest or a blob, as a builder made it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// `sha256:…`.
    pub digest: String,
    /// The media type of its descriptor.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// Whether it is a manifest or an index, which a registry stores apart from blobs.
    pub is_manifest: bool,
}

/// The names of the images.
pub fn buildkit_images() -> Vec<String> {
    let images = list("index.json");
    let name = |image: &Value| {
        image["annotations"]["org.opencontainers.image.ref.name"].as_str().map(str::to_owned)
    };
    images.iter().filter_map(name).collect()
}

/// Everything that one of the images consists of, each after what it names: the last is its manifest or index.
pub fn buildkit_image(name: &str) -> Vec<Kept> {
    let images = list("index.json");
    let named = images.iter().find(|image| {
        image["annotations"]["org.opencontainers.image.ref.name"].as_str() == Some(name)
    });
    let mut parts = Vec::new();
    add(&mut parts, named.expect("the name of an image of tests/support/buildkit"));
    parts
}

fn add(parts: &mut Vec<Kept>, descriptor: &Value) {
    let text = |key: &str| descriptor[key].as_str().expect("a descriptor").to_owned();
    let (digest, media_type) = (text("digest"), text("mediaType"));
    let bytes = read(&format!("blobs/{}", digest.replacen(':', "/", 1)));
    assert_eq!(digest_of(&bytes), digest, "a kept blob was changed");
    let is_manifest = media_type.contains("image.index") || media_type.contains("manifest");
    if is_manifest {
        let manifest: Value = serde_json::from_slice(&bytes).expect("a manifest");
        let lists = ["manifests", "layers"].iter().filter_map(|key| manifest[*key].as_array());
        let config = manifest.get("config");
        for below in config.into_iter().chain(lists.flatten()) {
            add(parts, below);
        }
    }
    parts.push(Kept { digest, media_type, bytes, is_manifest });
}

fn list(file: &str) -> Vec<Value> {
    let index: Value = serde_json::from_slice(&read(file)).expect("an index");
    index["manifests"].as_array().cloned().unwrap_or_default()
}

fn read(file: &str) -> Bytes {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/buildkit");
    std::fs::read(folder.join(file)).expect("a file that is kept in the repository").into()
}

impl Store {
    /// Puts an image there as a push would.
    pub(super) fn put_kept(&mut self, repository: &str, tag: &str, parts: &[Kept]) {
        for part in parts {
            if part.is_manifest {
                self.put_manifest(repository, part.media_type.clone(), part.bytes.clone());
            } else {
                self.put_blob(repository, part.bytes.clone());
            }
        }
        let top = parts.last().expect("an image").digest.clone();
        self.repositories
            .entry(repository.to_owned())
            .or_default()
            .tags
            .insert(tag.to_owned(), top);
    }
}
