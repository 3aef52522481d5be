//! Manifests: what a tag names. Either one image or an index of images.
//!
//! Stricter than most clients on purpose: a body that two programs could read in two ways is refused
//! (CVE-2021-41190), and a body that is honestly something else than an image is told apart from it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::oci::exact::{Exact, Fields};
use crate::oci::top_level::TopLevelKeys;
use crate::oci::{Digest, MediaType, Platform};

/// The most layers or index entries that are read. Container engines stop at 127 layers.
const MOST_ENTRIES: usize = 1000;

/// A reference to content by digest and size (image-spec, "Descriptor").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The content's media type, as it is written.
    pub media_type: String,
    /// What the content hashes to.
    pub digest: Digest,
    /// The content's length in bytes.
    pub size: u64,
    /// Whether the descriptor names other places (`urls`) to fetch it from. They are never contacted.
    pub has_urls: bool,
}

/// An image for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageManifest {
    /// OCI's or Docker's spelling.
    pub media_type: MediaType,
    /// The image config.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
}

/// One entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The entry's manifest.
    pub manifest: Descriptor,
    /// The platform, where the index says one.
    pub platform: Option<Platform>,
    /// Whether it is an attestation (provenance, SBOM) or another artifact, and not an image.
    pub is_attestation: bool,
}

/// One tag for several platforms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageIndex {
    /// OCI's or Docker's spelling.
    pub media_type: MediaType,
    /// The entries, in order.
    pub entries: Vec<IndexEntry>,
}

/// What a tag names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// One image.
    Image(ImageManifest),
    /// An index (a manifest list).
    Index(ImageIndex),
}

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
        /// What the index says: a size, or a media type.
        listed: String,
        /// What is served.
        served: String,
    },
    /// The config speaks of another number of layers than the manifest.
    #[error("an image whose config lists {config} layers while its manifest lists {manifest}")]
    LayerCount {
        /// `rootfs.diff_ids` in the config.
        config: usize,
        /// `layers` in the manifest.
        manifest: usize,
    },
}

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
    /// Whether it is an image manifest of Docker's schema 1.
    pub fn is_schema_1(&self) -> bool {
        match self {
            Self::MediaType(media_type) => {
                media_type.starts_with("application/vnd.docker.distribution.manifest.v1+")
            }
            Self::SchemaVersion(_)
            | Self::Json(_)
            | Self::MediaTypesDiffer { .. }
            | Self::Ambiguous(_)
            | Self::TooMany(_) => false,
        }
    }
}

fn said_of_media_type(media_type: &str) -> String {
    if media_type.is_empty() {
        "has no media type, so nothing says that it is an image manifest".to_owned()
    } else {
        format!("has media type `{media_type}`, which is no image manifest")
    }
}

/// What the bytes hold: an image or an index, or honestly something else.
pub type Classified = Result<Manifest, NotAnImage>;

impl Manifest {
    /// Reads manifest bytes that were served with `content_type`.
    ///
    /// The inner result says whether it is an image at all; the outer one whether it can be believed.
    pub fn parse(body: &[u8], content_type: &str) -> Result<Classified, ManifestError> {
        let header = MediaType::parse(content_type)
            .ok_or_else(|| ManifestError::MediaType(shown(content_type)))?;
        let keys: TopLevelKeys = serde_json::from_slice(body).map_err(ManifestError::Json)?;
        keys.check(header)?;
        if header.is_index() { parse_index(body, header) } else { parse_image(body, header) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescriptor {
    media_type: Option<String>,
    digest: String,
    size: u64,
    #[serde(default)]
    urls: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    platform: Option<Exact<WirePlatform>>,
}

impl Fields for WireDescriptor {
    const NAMES: &'static [&'static str] =
        &["mediaType", "digest", "size", "urls", "annotations", "platform"];
}

#[derive(Deserialize)]
struct WirePlatform {
    architecture: String,
    os: String,
    #[serde(default)]
    variant: Option<String>,
}

impl Fields for WirePlatform {
    const NAMES: &'static [&'static str] = &["architecture", "os", "variant"];
}

impl IndexEntry {
    /// What is served for the entry (`content` of `size` bytes), or how it differs from what is listed. An
    /// engine reads an entry by the size and the media type that the index gives.
    pub fn checked(&self, size: u64, content: Classified) -> Classified {
        let listed = &self.manifest;
        let mislisted =
            |listed: String, served: String| Err(NotAnImage::Mislisted { listed, served });
        if listed.size != size {
            return mislisted(format!("{} bytes", listed.size), size.to_string());
        }
        let content = content?;
        let served = match &content {
            Manifest::Image(image) => image.media_type,
            Manifest::Index(index) => index.media_type,
        };
        let is_alike = listed.media_type.is_empty()
            || MediaType::parse(&listed.media_type)
                .is_some_and(|listed| listed.is_index() == served.is_index());
        if is_alike {
            Ok(content)
        } else {
            mislisted(format!("`{}`", shown(&listed.media_type)), format!("`{served}`"))
        }
    }
}

impl WireDescriptor {
    fn checked(&self) -> Result<Descriptor, ManifestError> {
        use serde::de::Error as _;
        let digest = self.digest.parse().map_err(|error| {
            let said = format!("digest `{}` {error}", shown(&self.digest));
            ManifestError::Json(serde_json::Error::custom(said))
        })?;
        Ok(Descriptor {
            media_type: self.media_type.clone().unwrap_or_default(),
            digest,
            size: self.size,
            has_urls: self.urls.as_ref().is_some_and(|urls| !urls.is_empty()),
        })
    }
}

fn parse_image(body: &[u8], header: MediaType) -> Result<Classified, ManifestError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        schema_version: u64,
        media_type: Option<String>,
        #[serde(default)]
        artifact_type: Option<String>,
        config: Exact<WireDescriptor>,
        layers: Vec<Exact<WireDescriptor>>,
    }
    let wire: Wire = serde_json::from_slice(body).map_err(ManifestError::Json)?;
    check_head(wire.schema_version, wire.media_type.as_deref(), header)?;
    if wire.layers.len() > MOST_ENTRIES {
        return Err(ManifestError::TooMany(wire.layers.len()));
    }
    let config = wire.config.0.checked()?;
    let layers: Vec<_> =
        wire.layers.iter().map(|layer| layer.0.checked()).collect::<Result<_, _>>()?;
    if !is_image_config(&config.media_type) {
        let kind = wire.artifact_type.filter(|kind| !kind.is_empty()).unwrap_or(config.media_type);
        return Ok(Err(NotAnImage::Artifact(shown(&kind))));
    }
    if let Some(first) = layers.first()
        && !layers.iter().any(|layer| is_image_layer(&layer.media_type))
    {
        return Ok(Err(NotAnImage::Artifact(shown(&first.media_type))));
    }
    if layers.is_empty() {
        return Ok(Err(NotAnImage::NoLayers));
    }
    Ok(Ok(Manifest::Image(ImageManifest { media_type: header, config, layers })))
}

fn parse_index(body: &[u8], header: MediaType) -> Result<Classified, ManifestError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        schema_version: u64,
        media_type: Option<String>,
        manifests: Vec<Exact<WireDescriptor>>,
    }
    let wire: Wire = serde_json::from_slice(body).map_err(ManifestError::Json)?;
    check_head(wire.schema_version, wire.media_type.as_deref(), header)?;
    if wire.manifests.len() > MOST_ENTRIES {
        return Err(ManifestError::TooMany(wire.manifests.len()));
    }
    if wire.manifests.is_empty() {
        return Ok(Err(NotAnImage::EmptyIndex));
    }
    let entries: Vec<_> =
        wire.manifests.iter().map(|entry| index_entry(&entry.0)).collect::<Result<_, _>>()?;
    let runnable = |entry: &IndexEntry| {
        !entry.is_attestation && entry.platform.as_ref().is_none_or(Platform::is_runnable)
    };
    if !entries.iter().any(runnable) {
        return Ok(Err(NotAnImage::NothingRunnable));
    }
    Ok(Ok(Manifest::Index(ImageIndex { media_type: header, entries })))
}

fn index_entry(wire: &WireDescriptor) -> Result<IndexEntry, ManifestError> {
    use serde::de::Error as _;
    let manifest = wire.checked()?;
    let platform = match &wire.platform {
        None => None,
        // Said, and nothing in it.
        Some(Exact(said)) if said.os.is_empty() && said.architecture.is_empty() => None,
        Some(Exact(said)) => {
            let variant = said.variant.as_deref().unwrap_or_default();
            let platform =
                Platform::new(&said.os, &said.architecture, variant).map_err(|error| {
                    let said = format!("a platform {error}");
                    ManifestError::Json(serde_json::Error::custom(said))
                })?;
            Some(platform)
        }
    };
    // What is listed under a platform that runs is pulled for it, whatever else is said of it.
    let is_attestation = match &platform {
        Some(platform) => !platform.is_runnable(),
        None => is_marked_as_attestation(wire) || is_foreign(&manifest.media_type),
    };
    Ok(IndexEntry { manifest, platform, is_attestation })
}

fn is_marked_as_attestation(wire: &WireDescriptor) -> bool {
    let kind = wire.annotations.as_ref().and_then(|all| all.get("vnd.docker.reference.type"));
    kind.is_some_and(|kind| kind == "attestation-manifest")
}

/// Whether a media type is no manifest's.
fn is_foreign(media_type: &str) -> bool {
    !media_type.is_empty() && MediaType::parse(media_type).is_none()
}

fn check_head(version: u64, body: Option<&str>, header: MediaType) -> Result<(), ManifestError> {
    if version != 2 {
        return Err(ManifestError::SchemaVersion(version));
    }
    match body {
        // Docker's manifests must carry the field, and some builders leave it out all the same.
        None | Some("") => Ok(()),
        Some(said) if MediaType::parse(said) == Some(header) => Ok(()),
        Some(said) => Err(ManifestError::MediaTypesDiffer {
            body: shown(said),
            header: header.as_str().to_owned(),
        }),
    }
}

fn is_image_config(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.config.v1+json"
            | "application/vnd.docker.container.image.v1+json"
    )
}

fn is_image_layer(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
}

/// A text of the registry's, cut to a length that fits a message. Cleaned where it is printed.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";

    fn digest(letter: char) -> String {
        format!("sha256:{}", letter.to_string().repeat(64))
    }

    fn image(config: &str, layer: &str) -> String {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{IMAGE}","config":{{"mediaType":"{config}","digest":"{}","size":2}},
            "layers":[{{"mediaType":"{layer}","digest":"{}","size":3}}]}}"#,
            digest('a'),
            digest('b')
        )
    }

    fn error(body: &str, content_type: &str) -> String {
        let error = Manifest::parse(body.as_bytes(), content_type).unwrap_err();
        match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }

    #[test]
    fn an_image_is_read() {
        let body = image(
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.oci.image.layer.v1.tar+gzip",
        );
        let read =
            Manifest::parse(body.as_bytes(), &format!("{IMAGE}; charset=utf-8")).unwrap().unwrap();
        let Manifest::Image(image) = read else { panic!("an index") };
        assert_eq!((image.config.size, image.layers.len()), (2, 1));
    }

    #[test]
    fn what_is_honestly_something_else_is_told_apart() {
        let parse = |body: &str, kind: &str| {
            Manifest::parse(body.as_bytes(), kind).unwrap().unwrap_err().to_string()
        };
        let chart = image(
            "application/vnd.cncf.helm.config.v1+json",
            "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        );
        assert_eq!(
            parse(&chart, IMAGE),
            "an artifact of type `application/vnd.cncf.helm.config.v1+json`"
        );
        let signature = image(
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.dev.cosign.simplesigning.v1+json",
        );
        assert_eq!(
            parse(&signature, IMAGE),
            "an artifact of type `application/vnd.dev.cosign.simplesigning.v1+json`"
        );
        assert_eq!(
            parse(r#"{"schemaVersion":2,"manifests":[]}"#, INDEX),
            "an index without entries"
        );
        let attestations = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{IMAGE}","digest":"{}","size":1,"platform":{{"architecture":"unknown","os":"unknown"}}}}]}}"#,
            digest('c')
        );
        assert_eq!(parse(&attestations, INDEX), "an index without a runnable platform");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let both = r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#;
        assert_eq!(
            error(both, INDEX),
            format!("can be read in two ways: it was served as `{INDEX}` and has a field `layers`")
        );
        assert_eq!(
            error(r#"{"schemaVersion":2,"Manifests":[],"manifests":[]}"#, INDEX),
            "can be read in two ways: it has a field `Manifests`"
        );
        assert_eq!(
            error(r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#, INDEX),
            "can be read in two ways: it has the field `manifests` twice"
        );
        assert_eq!(
            error(r#"{"schemaVersion":1,"manifests":[]}"#, INDEX),
            "has schema version 1, not 2"
        );
        assert_eq!(
            error(&format!(r#"{{"schemaVersion":2,"mediaType":"{IMAGE}","manifests":[]}}"#), INDEX),
            format!("says mediaType `{IMAGE}` and was served as `{INDEX}`")
        );
        assert_eq!(
            error("{}", "text/html"),
            "has media type `text/html`, which is no image manifest"
        );
        assert_eq!(
            error("{}", "application/vnd.docker.distribution.manifest.v1+json"),
            "has media type `application/vnd.docker.distribution.manifest.v1+json`, which is no image manifest"
        );
        for body in ["", "null", "[]", "{}", "\u{feff}{}", "NaN", "{\"schemaVersion\":2"] {
            assert!(error(body, IMAGE).starts_with("is not a valid manifest: "), "{body}");
        }
        let bomb = "[".repeat(100_000);
        assert!(error(&bomb, IMAGE).starts_with("is not a valid manifest: "));
    }

    #[test]
    fn descriptors_are_strict() {
        let traversal = image("application/vnd.oci.image.config.v1+json", "x")
            .replace(&digest('b'), "sha256:../../x");
        assert!(error(&traversal, IMAGE).contains("digest `sha256:../../x` holds a character"));
        let negative = image("application/vnd.oci.image.config.v1+json", "x")
            .replace("\"size\":3", "\"size\":-3");
        assert!(error(&negative, IMAGE).contains("invalid value: integer `-3`"));
        let layer = format!(r#"{{"mediaType":"x","digest":"{}","size":1}}"#, digest('d'));
        let many = format!(
            r#"{{"schemaVersion":2,"config":{layer},"layers":[{}]}}"#,
            vec![layer.as_str(); 1001].join(",")
        );
        assert_eq!(error(&many, IMAGE), "has 1001 entries, more than 1000");
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>, text in "[{}\\[\\]\",:a-zA-Z0-9]{0,200}") {
            let _ = Manifest::parse(&body, IMAGE);
            let _ = Manifest::parse(text.as_bytes(), INDEX);
        }
    }
}
