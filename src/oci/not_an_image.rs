//! What a manifest or a config honestly is, where it is not a container image.

/// Something that a registry may well hold, and that no container can be started from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnImage {
    /// An index that lists nothing.
    #[error("an index without entries")]
    EmptyIndex,
    /// An index that lists attestations only.
    #[error("an index without a runnable platform")]
    NothingRunnable,
    /// An artifact: a chart, a signature, an SBOM.
    #[error("an artifact of type `{0}`")]
    Artifact(String),
    /// An image manifest without layers.
    #[error("an image without layers")]
    NoLayers,
    /// A config that names no platform anything can run on.
    #[error("an image for no platform (`{0}`)")]
    NoPlatform(String),
    /// The config has the right digest and is not one.
    #[error("an image whose config cannot be read")]
    UnreadableConfig,
    /// The index lists it as something else than it is, so that an engine refuses it.
    #[error("an image that its index lists as {listed} while it is {served}")]
    Mislisted {
        /// The media type that the index says.
        listed: String,
        /// What is served.
        served: String,
    },
    /// The same layer is listed elsewhere with other unpacked content.
    #[error(
        "an image whose layer {number} (`{layer}`) is listed with two `diff_ids`, and one layer unpacks to one content"
    )]
    TwoContents {
        /// Its place, from 1.
        number: usize,
        /// Its digest, shortened.
        layer: String,
    },
}

impl NotAnImage {
    /// The same with every text of it changed by `change`: to mask what must not be shown.
    #[must_use]
    pub fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        match self {
            Self::Artifact(kind) => Self::Artifact(change(kind)),
            Self::NoPlatform(said) => Self::NoPlatform(change(said)),
            Self::Mislisted { listed, served } => {
                Self::Mislisted { listed: change(listed), served }
            }
            other @ (Self::EmptyIndex
            | Self::NothingRunnable
            | Self::NoLayers
            | Self::UnreadableConfig
            | Self::TwoContents { .. }) => other,
        }
    }
}
