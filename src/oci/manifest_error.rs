//! Why bytes are not a manifest that can be believed, in words, and what to do about it.

use crate::oci::MediaType;

/// The most layers or index entries that are read. Dockerd 20.10 stops at 125 layers (`max depth exceeded`);
/// containerd takes 200 and more.
pub(super) const MOST_ENTRIES: usize = 1000;

/// Why bytes are not a manifest that can be believed.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON of the shape that its media type promises.
    #[error("is not a valid manifest")]
    Json(#[source] serde_json::Error),
    /// The body's `mediaType` differs from the `Content-Type`.
    #[error("says mediaType `{body}` and was served as `{header}`")]
    MediaTypesDiffer {
        /// The body's field.
        body: String,
        /// The header's value.
        header: String,
    },
    /// The body has no `mediaType`, which Docker's own formats must have.
    #[error(
        "has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too"
    )]
    NoMediaType,
    /// The body's `mediaType` is the right one, and not to the letter.
    #[error(
        "says mediaType `{body}`, which is not `{meant}` to the letter: docker refuses it, and other engines may, too"
    )]
    MediaTypeSpelling {
        /// The body's field.
        body: String,
        /// What was expected.
        meant: MediaType,
    },
    /// The media type is none of the four.
    #[error("{}", said_of_media_type(.0))]
    MediaType(String),
    /// The body has fields of an image and of an index, or a field twice, or in another case.
    #[error("can be read in two ways: {0}")]
    Ambiguous(String),
    /// `schemaVersion` is not 2.
    #[error("has schema version {0}, not 2")]
    SchemaVersion(u64),
    /// More entries than any engine accepts.
    #[error("has {0} entries, more than {MOST_ENTRIES}")]
    TooMany(usize),
}

impl ManifestError {
    /// Whether the image is to blame, if the bytes are the ones that were pushed: not the answer's own contradiction, and
    /// not a bound of this program.
    pub fn is_of_image(&self) -> bool {
        match self {
            Self::Json(_)
            | Self::NoMediaType
            | Self::MediaTypeSpelling { .. }
            | Self::Ambiguous(_)
            | Self::SchemaVersion(_) => true,
            Self::MediaTypesDiffer { .. } | Self::MediaType(_) | Self::TooMany(_) => false,
        }
    }

    /// What to do about it, where the manifest itself and not the answer is to blame.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::MediaType(media_type)
                if media_type.starts_with("application/vnd.docker.distribution.manifest.v1+") =>
            {
                Some(OLD_FORMAT)
            }
            Self::NoMediaType | Self::MediaTypeSpelling { .. } => Some(MEDIA_TYPE),
            Self::MediaType(_)
            | Self::SchemaVersion(_)
            | Self::Json(_)
            | Self::MediaTypesDiffer { .. }
            | Self::Ambiguous(_)
            | Self::TooMany(_) => None,
        }
    }
}

/// What to do with a manifest of Docker's schema 1, which names no sizes and no config.
const OLD_FORMAT: &str = "This is Docker's manifest schema 1, which engines no longer pull: build and push \
     the image again with a current `docker`.";

const MEDIA_TYPE: &str = "Its bytes are the ones that were pushed: build and push the image again with a \
     current `docker buildx`, or correct what writes the manifest's `mediaType`.";

fn said_of_media_type(media_type: &str) -> String {
    if media_type.is_empty() {
        "has no media type, so nothing says that it is an image manifest".to_owned()
    } else {
        format!("has media type `{media_type}`, which is not an image manifest")
    }
}
