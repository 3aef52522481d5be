//! Indexes: one tag for several images, with attestations and whatever else a builder puts beside them.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::image::{Content, Image, manifest_of, merge};
use super::store::digest_of;

/// An index of images.
#[derive(Clone, Debug, Default)]
pub struct Index {
    pub(super) entries: Vec<IndexEntry>,
    docker: bool,
    extra: Vec<(String, Value)>,
}

#[derive(Clone, Debug)]
pub(super) struct IndexEntry {
    pub(super) content: Content,
    extra: Value,
}

impl Index {
    /// An index without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// What `docker buildx` pushes: the image for two platforms, each with its attestation.
    pub fn of_two_platforms(image: &Image) -> Self {
        Self::new()
            .image(image.clone().platform("linux/amd64"))
            .image(image.clone().platform("linux/arm64"))
            .attestation(0)
            .attestation(1)
    }

    /// With one more image, listed under its own platform.
    #[must_use]
    pub fn image(self, image: Image) -> Self {
        let extra = json!({ "platform": image.own_platform() });
        self.entry(image, extra)
    }

    /// With one more entry, and these fields in its descriptor (`platform`, `annotations`, `size`, …).
    #[must_use]
    pub fn entry(mut self, content: impl Into<Content>, extra: Value) -> Self {
        self.entries.push(IndexEntry { content: content.into(), extra });
        self
    }

    /// With an attestation of the entry at `place` that names no commit.
    #[must_use]
    pub fn attestation(self, place: usize) -> Self {
        self.attested(place, &[("https://slsa.dev/provenance/v0.2", json!({}))])
    }

    /// With the statements that `BuildKit` attests of the entry at `place`: predicate types and predicates.
    #[must_use]
    pub fn attested(self, place: usize, statements: &[(&str, Value)]) -> Self {
        let subject =
            self.entries.get(place).map(|entry| digest_of(&manifest_of(&entry.content).1));
        let image = attestation_of(subject.as_deref().unwrap_or_default(), statements);
        let extra = json!({
            "platform": { "architecture": "unknown", "os": "unknown" },
            "annotations": {
                "vnd.docker.reference.digest": subject,
                "vnd.docker.reference.type": "attestation-manifest",
            },
        });
        self.entry(image, extra)
    }

    /// In Docker's media type in place of OCI's.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// With a top-level field set.
    #[must_use]
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.extra.push((name.to_owned(), value));
        self
    }

    pub(super) fn media_type(&self) -> &'static str {
        if self.docker {
            "application/vnd.docker.distribution.manifest.list.v2+json"
        } else {
            "application/vnd.oci.image.index.v1+json"
        }
    }

    pub(super) fn manifest(&self) -> Bytes {
        let entries: Vec<_> = self.entries.iter().map(IndexEntry::descriptor).collect();
        let mut index = json!({
            "schemaVersion": 2,
            "mediaType": self.media_type(),
            "manifests": entries,
        });
        for (name, value) in &self.extra {
            index[name] = value.clone();
        }
        index.to_string().into()
    }
}

/// An attestation manifest of `BuildKit`'s about the manifest of this digest.
pub fn attestation_of(subject: &str, statements: &[(&str, Value)]) -> Image {
    let hex = subject.strip_prefix("sha256:").unwrap_or(subject);
    let image = Image::empty().platform("unknown/unknown");
    statements.iter().fold(image, |image, (kind, predicate)| {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": kind,
            "subject": [{ "name": "pkg:docker/keepkey/support-email", "digest": { "sha256": hex } }],
            "predicate": predicate,
        });
        image
            .layer(statement.to_string(), "")
            .last_layer_field("mediaType", json!("application/vnd.in-toto+json"))
            .last_layer_field("annotations", json!({ "in-toto.io/predicate-type": kind }))
    })
}

impl IndexEntry {
    fn descriptor(&self) -> Value {
        let (media_type, bytes) = manifest_of(&self.content);
        let mut descriptor =
            json!({ "mediaType": media_type, "digest": digest_of(&bytes), "size": bytes.len() });
        merge(&mut descriptor, &self.extra);
        descriptor
    }
}
