//! The ids of the checks, which outputs, docs and tests share.

use std::fmt;

/// The checks, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckId {
    /// The registry denies a tag that cannot exist.
    RegistryHonest,
    /// The registry has the repository.
    RepositoryExists,
    /// The registry serves a manifest for the tag.
    TagExists,
    /// The manifest and config are what their digests say, and an image.
    ManifestIntact,
    /// It is the digest that was pushed.
    DigestExpected,
    /// It was built from the commit that is meant.
    RevisionExpected,
    /// The immutable tag names the same digest.
    ImmutableTag,
    /// Each wanted platform has a manifest.
    Platform,
    /// The config and each layer can be pulled.
    LayersPresent,
    /// Every byte of each layer is what digest and config say.
    ContentIntact,
    /// Every wanted engine pulls it.
    Engines,
    /// The image is what the service's `expect` says.
    FactsExpected,
    /// The image listens on the declared port.
    Port,
    /// The image is of the declared runtime.
    Runtime,
}

impl CheckId {
    /// Every check, in order.
    pub const ALL: [Self; 14] = [
        Self::RegistryHonest,
        Self::RepositoryExists,
        Self::TagExists,
        Self::ManifestIntact,
        Self::DigestExpected,
        Self::RevisionExpected,
        Self::ImmutableTag,
        Self::Platform,
        Self::LayersPresent,
        Self::ContentIntact,
        Self::Engines,
        Self::FactsExpected,
        Self::Port,
        Self::Runtime,
    ];

    /// The stable name, used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RegistryHonest => "registry-honest",
            Self::RepositoryExists => "repository-exists",
            Self::TagExists => "tag-exists",
            Self::ManifestIntact => "manifest-intact",
            Self::DigestExpected => "digest-expected",
            Self::RevisionExpected => "revision-expected",
            Self::ImmutableTag => "immutable-tag",
            Self::Platform => "platform",
            Self::LayersPresent => "layers-present",
            Self::ContentIntact => "content-intact",
            Self::Engines => "engines",
            Self::FactsExpected => "facts-expected",
            Self::Port => "port",
            Self::Runtime => "runtime",
        }
    }

    /// What it asks, as `--list-checks` and the README tell it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::RegistryHonest => "the registry denies a random tag that cannot exist",
            Self::RepositoryExists => "the registry serves the repository",
            Self::TagExists => "the registry serves a manifest for the tag",
            Self::ManifestIntact => {
                "manifest and config hash to their digests and are a container image"
            }
            Self::DigestExpected => "the tag names the digest that was pushed (`--expect-digest`)",
            Self::RevisionExpected => {
                "the image, or its provenance, says that it was built from this commit (`--expect-revision`)"
            }
            Self::ImmutableTag => {
                "the tag that never moves names the same digest (`immutable_tag`)"
            }
            Self::Platform => "each wanted platform has a manifest (`--platform`)",
            Self::LayersPresent => {
                "the config and every layer can be pulled, in the size that the manifest says"
            }
            Self::ContentIntact => {
                "every byte of every layer hashes to its digest, and unpacked to its `diff_id` (`--content`)"
            }
            Self::Engines => "every wanted engine pulls this image (`--engine`)",
            Self::FactsExpected => "the image says of itself what the config declares (`expect`)",
            Self::Port => "the image exposes the port, or sets `PORT` to it (`--port`)",
            Self::Runtime => "the image shows the declared language and base (`runtime`)",
        }
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` keeps width and alignment, as in `{check:<18}`.
        f.pad(self.as_str())
    }
}
