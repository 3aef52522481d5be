//! Manifests: what a tag names. Either one image or an index of images.
//!
//! Stricter than most clients on purpose: a body that two programs could read in two ways is refused
//! (CVE-2021-41190), and a body that is honestly something other than an image is distinguished from it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::oci::attestation::EntryAnnotations;
use crate::oci::exact::{Exact, Fields};
use crate::oci::go::Text;
use crate::oci::lenient::{AnyText, Lenient};
use crate::oci::manifest_error::{MOST_ENTRIES, ManifestError};
use crate::oci::part::{PartPlatform, WebAddresses};
use crate::oci::top_level::TopLevelKeys;
use crate::oci::{Digest, MediaType, NotAnImage, Platform};

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
    /// Its `platform`, of a config's or a layer's descriptor: an index's entry has its own.
    pub platform: Option<Box<PartPlatform>>,
}

impl Descriptor {
    /// Whether it is a layer that hashes to the same once it is unpacked, by its media type. Of Docker's types
    /// that cannot be said: every engine looks at the bytes for their compression (measured).
    pub fn is_uncompressed_layer(&self) -> bool {
        self.media_type.starts_with("application/vnd.oci.image.layer.")
            && self.media_type.rsplit('.').next() == Some("tar")
    }

    /// Whether it is a layer of a type that a registry need not hold: one that may not be distributed, as the
    /// base layers of Windows are, kept where its `urls` say.
    pub fn is_kept_elsewhere(&self) -> bool {
        let is_foreign =
            self.media_type.starts_with("application/vnd.oci.image.layer.nondistributable.")
                || self.media_type.starts_with("application/vnd.docker.image.rootfs.foreign.");
        is_foreign && self.has_urls
    }

    /// Whether its type is that of an image config, OCI's or Docker's.
    pub fn is_image_config(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json"
        )
    }

    /// Whether its size and its digest cannot both be true: one of them says that it is empty.
    pub fn is_impossible(&self) -> bool {
        (self.size == 0) != self.digest.is_of_nothing()
    }
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
    /// Its annotations, as far as they are texts.
    pub annotations: BTreeMap<String, String>,
}

/// How an index lists an entry, as far as engines look at it in different ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// `os.features` of its platform.
    pub features: Vec<String>,
    /// The platform as it is written, where that is not the usual spelling.
    pub written: Option<String>,
}

impl Listing {
    /// The same with every text of it changed by `change`: to mask what must not be shown.
    #[must_use]
    pub fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        let Self { features, written } = self;
        Self { features: features.into_iter().map(&change).collect(), written: written.map(change) }
    }
}

/// One entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The entry's manifest.
    pub manifest: Descriptor,
    /// The platform, where the index says one.
    pub platform: Option<Platform>,
    /// What else the index says of the platform.
    pub listing: Listing,
    /// Whether it is an attestation (provenance, SBOM), another artifact, or listed under half a platform:
    /// nothing that an engine would pull.
    pub is_attestation: bool,
    /// The manifest that it is an attestation of, where it is `BuildKit`'s.
    pub attests: Option<Digest>,
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

/// What the bytes hold: an image or an index, or honestly something else.
pub type Classified = Result<Manifest, NotAnImage>;

impl Manifest {
    /// Reads manifest bytes that were served with `content_type`.
    ///
    /// The inner result says whether it is an image at all; the outer one whether it can be believed.
    pub fn parse(body: &[u8], content_type: &str) -> Result<Classified, ManifestError> {
        let header = MediaType::parse(content_type)
            .ok_or_else(|| ManifestError::MediaType(content_type.to_owned()))?;
        let keys: TopLevelKeys = serde_json::from_slice(body).map_err(ManifestError::Json)?;
        keys.check(header)?;
        if header.is_index() { parse_index(body, header) } else { parse_image(body, header) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescriptor<P> {
    media_type: Option<String>,
    digest: String,
    size: u64,
    #[serde(default)]
    urls: Lenient<WebAddresses>,
    #[serde(default)]
    annotations: Lenient<EntryAnnotations>,
    platform: Option<P>,
}

impl<P> Fields for WireDescriptor<P> {
    const NAMES: &'static [&'static str] =
        &["mediaType", "digest", "size", "urls", "annotations", "platform"];
}

type WireEntry = WireDescriptor<Exact<WirePlatform>>;
type WirePart = WireDescriptor<Lenient<PartPlatform>>;

#[derive(Deserialize)]
struct WirePlatform {
    architecture: Option<String>,
    os: Option<String>,
    variant: Option<String>,
    #[serde(rename = "os.version")]
    _os_version: Option<Text>,
    #[serde(rename = "os.features")]
    os_features: Option<Vec<Option<String>>>,
}

impl Fields for WirePlatform {
    const NAMES: &'static [&'static str] =
        &["architecture", "os", "variant", "os.version", "os.features"];
}

impl IndexEntry {
    /// What is served for the entry, or how its kind differs from what is listed.
    pub fn checked(&self, content: Classified) -> Classified {
        let listed = &self.manifest;
        let content = content?;
        let served = match &content {
            Manifest::Image(image) => image.media_type,
            Manifest::Index(index) => index.media_type,
        };
        // One that is listed under no manifest's type is what it is to some engines.
        let is_alike = MediaType::parse(&listed.media_type)
            .is_none_or(|listed| listed.is_index() == served.is_index());
        if is_alike {
            return Ok(content);
        }
        let (listed, served) = (format!("`{}`", listed.media_type), format!("`{served}`"));
        Err(NotAnImage::Mislisted { listed, served })
    }
}

impl<P> WireDescriptor<P> {
    fn checked(&self) -> Result<Descriptor, ManifestError> {
        use serde::de::Error as _;
        let digest = self.digest.parse().map_err(|error| {
            let said = format!("digest `{}` {error}", self.digest);
            ManifestError::Json(serde_json::Error::custom(said))
        })?;
        Ok(Descriptor {
            media_type: self.media_type.clone().unwrap_or_default(),
            digest,
            size: self.size,
            has_urls: self.urls.0.0,
            platform: None,
        })
    }
}

impl WirePart {
    fn part(self) -> Result<Descriptor, ManifestError> {
        let descriptor = self.checked()?;
        let platform = self.platform.map(|Lenient(platform)| platform);
        let platform = platform.filter(PartPlatform::is_of_a_machine).map(Box::new);
        Ok(Descriptor { platform, ..descriptor })
    }
}

fn parse_image(body: &[u8], header: MediaType) -> Result<Classified, ManifestError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        schema_version: u64,
        media_type: Option<String>,
        #[serde(default)]
        artifact_type: AnyText,
        config: Exact<WirePart>,
        /// To Go, which wrote most of them, `[]`, null and nothing are the same.
        #[serde(default)]
        layers: Option<Vec<Exact<WirePart>>>,
        #[serde(default)]
        annotations: Lenient<BTreeMap<String, String>>,
    }
    let wire: Wire = serde_json::from_slice(body).map_err(ManifestError::Json)?;
    check_head(wire.schema_version, wire.media_type.as_deref(), header)?;
    let layers = wire.layers.unwrap_or_default();
    if layers.len() > MOST_ENTRIES {
        return Err(ManifestError::TooMany(layers.len()));
    }
    let config = wire.config.0.part()?;
    let layers: Vec<_> =
        layers.into_iter().map(|layer| layer.0.part()).collect::<Result<_, _>>()?;
    let artifact_type = wire.artifact_type.0.filter(|kind| !kind.is_empty());
    let is_typed = config.is_image_config();
    // A config without a real type is what its bytes say, unless the manifest says otherwise.
    if !is_typed && (artifact_type.is_some() || !is_untyped_config(&config.media_type)) {
        let kind = artifact_type.unwrap_or(config.media_type);
        return Ok(Err(NotAnImage::Artifact(kind)));
    }
    let is_foreign =
        |layer: &&Descriptor| !is_image_layer(&layer.media_type) && !is_untyped(&layer.media_type);
    // One layer that an engine cannot unpack is enough for it to refuse all of them.
    if let Some(layer) = layers.iter().find(is_foreign) {
        return Ok(Err(NotAnImage::Artifact(layer.media_type.clone())));
    }
    if layers.is_empty() {
        return Ok(Err(NotAnImage::NoLayers));
    }
    let annotations = wire.annotations.0;
    Ok(Ok(Manifest::Image(ImageManifest { media_type: header, config, layers, annotations })))
}

fn parse_index(body: &[u8], header: MediaType) -> Result<Classified, ManifestError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        schema_version: u64,
        media_type: Option<String>,
        #[serde(default)]
        manifests: Option<Vec<Exact<WireEntry>>>,
    }
    let wire: Wire = serde_json::from_slice(body).map_err(ManifestError::Json)?;
    check_head(wire.schema_version, wire.media_type.as_deref(), header)?;
    let manifests = wire.manifests.unwrap_or_default();
    if manifests.len() > MOST_ENTRIES {
        return Err(ManifestError::TooMany(manifests.len()));
    }
    if manifests.is_empty() {
        return Ok(Err(NotAnImage::EmptyIndex));
    }
    let entries: Vec<_> =
        manifests.iter().map(|entry| index_entry(&entry.0)).collect::<Result<_, _>>()?;
    let runnable = |entry: &IndexEntry| {
        !entry.is_attestation && entry.platform.as_ref().is_none_or(Platform::is_runnable)
    };
    if !entries.iter().any(runnable) {
        return Ok(Err(NotAnImage::NothingRunnable));
    }
    Ok(Ok(Manifest::Index(ImageIndex { media_type: header, entries })))
}

fn index_entry(wire: &WireEntry) -> Result<IndexEntry, ManifestError> {
    use serde::de::Error as _;
    let manifest = wire.checked()?;
    let (mut platform, mut listing) = (None, Listing::default());
    match &wire.platform {
        None => {}
        Some(Exact(said)) => {
            let [os, architecture, variant] = [&said.os, &said.architecture, &said.variant]
                .map(|part| part.as_deref().unwrap_or_default());
            // Without an architecture it is the platform of no machine, and nobody pulls it.
            if architecture.is_empty() {
                let attests = None;
                let (platform, is_attestation) = (None, true);
                return Ok(IndexEntry { manifest, platform, listing, is_attestation, attests });
            }
            // Without `os` it is that of the machine that pulls.
            let of_machine = if os.is_empty() { "linux" } else { os };
            let platform_said =
                Platform::new(of_machine, architecture, variant).map_err(|error| {
                    let said = format!("platform `{os}/{architecture}` {error}");
                    ManifestError::Json(serde_json::Error::custom(said))
                })?;
            // To Go, `null` among texts is an empty one.
            let features =
                said.os_features.iter().flatten().map(|one| one.clone().unwrap_or_default());
            let features = features.collect();
            let written = written([os, architecture, variant], &platform_said);
            listing = Listing { features, written };
            platform = Some(platform_said);
        }
    }
    // What is listed under a platform that runs is pulled for it, whatever else is said of it.
    let is_attestation = match &platform {
        Some(platform) => !platform.is_runnable(),
        None => wire.annotations.0.is_attestation || is_foreign(&manifest.media_type),
    };
    let attests = wire.annotations.0.attests().filter(|_| is_attestation);
    Ok(IndexEntry { manifest, platform, listing, is_attestation, attests })
}

/// A platform as it is written, where an engine that compares texts would not find it.
fn written([os, architecture, variant]: [&str; 3], platform: &Platform) -> Option<String> {
    let is_usual_variant = variant == platform.variant()
        || matches!((architecture, variant), ("arm64", "v8") | ("arm", ""));
    let is_usual =
        os == platform.os() && architecture == platform.architecture() && is_usual_variant;
    let variant = if variant.is_empty() { String::new() } else { format!("/{variant}") };
    (!is_usual).then(|| format!("{os}/{architecture}{variant}"))
}

/// Whether a media type is no manifest's.
fn is_foreign(media_type: &str) -> bool {
    !media_type.is_empty() && MediaType::parse(media_type).is_none()
}

fn check_head(version: u64, body: Option<&str>, header: MediaType) -> Result<(), ManifestError> {
    if version != 2 {
        return Err(ManifestError::SchemaVersion(version));
    }
    let said = body.filter(|said| !said.is_empty());
    let header_text = header.as_str();
    match said {
        Some(said) if said == header_text => Ok(()),
        None if header.is_oci() => Ok(()),
        None => Err(ManifestError::NoMediaType),
        Some(said) if MediaType::parse(said) == Some(header) => {
            Err(ManifestError::MediaTypeSpelling { body: said.to_owned(), meant: header })
        }
        Some(said) => Err(ManifestError::MediaTypesDiffer {
            body: said.to_owned(),
            header: header_text.to_owned(),
        }),
    }
}

/// Whether it is what old registries and proxies wrote in the place of a config's type.
fn is_untyped_config(media_type: &str) -> bool {
    matches!(media_type, "" | "application/octet-stream" | "application/json" | "text/html")
}

fn is_image_layer(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    let is_layer = media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.");
    is_layer && !media_type.ends_with("+encrypted")
}

/// Whether a layer's media type says nothing, so that an engine looks at its bytes.
fn is_untyped(media_type: &str) -> bool {
    matches!(media_type, "" | "application/octet-stream")
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
    fn an_honest_artifact_is_not_called_a_broken_image() {
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
    fn an_empty_list_a_null_and_nothing_are_the_same_to_layers_and_to_entries() {
        let config = digest('a');
        let parse = |body: String, kind: &str| {
            Manifest::parse(body.as_bytes(), kind).unwrap().unwrap_err().to_string()
        };
        for (layers, manifests) in [
            (r#","layers":[]"#, r#","manifests":[]"#),
            (r#","layers":null"#, r#","manifests":null"#),
            ("", ""),
        ] {
            let image = format!(
                r#"{{"schemaVersion":2,"mediaType":"{IMAGE}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}}{layers}}}"#
            );
            assert_eq!(parse(image, IMAGE), "an image without layers", "{layers}");
            let index = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}"{manifests}}}"#);
            assert_eq!(parse(index, INDEX), "an index without entries", "{manifests}");
        }
    }

    #[test]
    fn an_entry_without_a_platform_is_an_artifact_by_its_mark_or_its_media_type() {
        let read = |fields: &str| {
            let body = format!(
                r#"{{"schemaVersion":2,"manifests":[{{{fields}"digest":"{}","size":1}}]}}"#,
                digest('c')
            );
            match Manifest::parse(body.as_bytes(), INDEX) {
                Ok(Ok(_)) => "an image".to_owned(),
                Ok(Err(other)) => other.to_string(),
                Err(ManifestError::Json(error)) => error.to_string(),
                Err(error) => error.to_string(),
            }
        };
        let mark =
            |kind: &str| format!(r#""annotations":{{"vnd.docker.reference.type":"{kind}"}},"#);
        let rows = [
            read(""),
            read(r#""mediaType":"","#),
            read(&format!(r#""mediaType":"{IMAGE}","#)),
            read(&mark("another-kind")),
            read(&mark("attestation-manifest")),
            read(r#""mediaType":"application/vnd.cncf.helm","#),
            // Said by half, it is no platform and not none.
            read(r#""platform":{"os":"linux","architecture":""},"#),
            read(r#""platform":{"os":"","architecture":"amd64"},"#),
        ];
        insta::assert_snapshot!(rows.join("\n"), @"
        an image
        an image
        an image
        an image
        an index without a runnable platform
        an index without a runnable platform
        an index without a runnable platform
        an image
        ");
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
            "has media type `text/html`, which is not an image manifest"
        );
        assert_eq!(
            error("{}", "application/vnd.docker.distribution.manifest.v1+json"),
            "has media type `application/vnd.docker.distribution.manifest.v1+json`, which is not an image manifest"
        );
        for body in ["", "null", "[]", "{}", "\u{feff}{}", "NaN", "{\"schemaVersion\":2"] {
            assert!(error(body, IMAGE).starts_with("is not a valid manifest: "), "{body}");
        }
        let bomb = "[".repeat(100_000);
        assert!(error(&bomb, IMAGE).starts_with("is not a valid manifest: "));
    }

    const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

    /// What an image or an index is read as, in a word.
    fn word(body: &str, content_type: &str) -> String {
        match Manifest::parse(body.as_bytes(), content_type) {
            Ok(Ok(Manifest::Image(_))) => "an image".to_owned(),
            Ok(Ok(Manifest::Index(index))) => {
                let runs = index.entries.iter().filter(|entry| !entry.is_attestation).count();
                format!("an index of {runs}")
            }
            Ok(Err(other)) => other.to_string(),
            Err(_) => error(body, content_type),
        }
    }

    /// An index of entries, each with these fields beside the usual ones.
    fn index(entries: &[&str]) -> String {
        let entries: Vec<_> = entries
            .iter()
            .map(|more| {
                format!(r#"{{"mediaType":"{IMAGE}","digest":"{}","size":1{more}}}"#, digest('c'))
            })
            .collect();
        format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","))
    }

    #[test]
    fn an_entry_with_half_a_platform_is_pulled_by_nobody() {
        let good = r#","platform":{"os":"linux","architecture":"amd64"}"#;
        for half in [
            r#"{"os":"","architecture":""}"#,
            r#"{"os":"linux"}"#,
            r#"{"os":"linux","architecture":null}"#,
            "{}",
        ] {
            let half = format!(r#","platform":{half}"#);
            assert_eq!(
                word(&index(&[&half]), INDEX),
                "an index without a runnable platform",
                "{half}"
            );
            assert_eq!(word(&index(&[&half, good]), INDEX), "an index of 1", "{half}");
        }
        // Without `os`, engines take that of their machine.
        let of_linux = r#","platform":{"architecture":"amd64"}"#;
        assert_eq!(word(&index(&["", r#","platform":null"#, of_linux]), INDEX), "an index of 3");
    }

    #[test]
    fn what_go_reads_into_a_type_has_that_type() {
        let told = |fields: &[&str]| {
            let one = |field: &&str| {
                let of_index = if field.contains("os.") {
                    let of = field.trim_start_matches(',');
                    index(&[&format!(
                        r#","platform":{{"os":"linux","architecture":"amd64",{of}}}"#
                    )])
                } else {
                    index(&[field])
                };
                let of_layer =
                    image(CONFIG, LAYER).replace(r#""size":3"#, &format!(r#""size":3{field}"#));
                let whole = image(CONFIG, LAYER).replacen(
                    '{',
                    &format!("{{{},", field.trim_start_matches(',')),
                    1,
                );
                let taken = [word(&of_index, INDEX), word(&of_layer, IMAGE), word(&whole, IMAGE)]
                    .map(|said| if said.starts_with("an ") { "taken" } else { "refused" });
                format!("{field}: {}", taken.join(" "))
            };
            fields.iter().map(one).collect::<Vec<_>>().join("\n")
        };
        // In an index's entry (or its platform), a layer's descriptor, the whole manifest.
        insta::assert_snapshot!(told(&[
            r#","annotations":{"a":"b","c":null}"#,
            r#","annotations":null"#,
            r#","annotations":{"a":1}"#,
            r#","annotations":[]"#,
            r#","urls":["https://a.example",null]"#,
            r#","urls":null"#,
            r#","urls":"https://a.example""#,
            r#","urls":[1]"#,
            r#","os.version":"10.0""#,
            r#","os.version":10"#,
            r#","os.features":["win32k"]"#,
            r#","os.features":"win32k""#,
        ]), @r#"
        ,"annotations":{"a":"b","c":null}: taken taken taken
        ,"annotations":null: taken taken taken
        ,"annotations":{"a":1}: taken taken taken
        ,"annotations":[]: taken taken taken
        ,"urls":["https://a.example",null]: taken taken taken
        ,"urls":null: taken taken taken
        ,"urls":"https://a.example": taken taken taken
        ,"urls":[1]: taken taken taken
        ,"os.version":"10.0": taken taken taken
        ,"os.version":10: refused taken taken
        ,"os.features":["win32k"]: taken taken taken
        ,"os.features":"win32k": refused taken taken
        "#);
    }

    #[test]
    fn a_media_type_is_said_to_the_letter_and_in_dockers_formats_at_all() {
        let said = |media_type: &str, served: &str| {
            let field = format!(r#""mediaType":"{IMAGE}","#);
            word(&image(CONFIG, LAYER).replacen(&field, media_type, 1), served)
        };
        let list = r#"{"schemaVersion":2,"manifests":[]}"#;
        let told = [
            said("", IMAGE),
            said(r#""mediaType":"","#, IMAGE),
            said(r#""mediaType":null,"#, IMAGE),
            said(&format!(r#""mediaType":"{}","#, IMAGE.to_uppercase()), IMAGE),
            said(&format!(r#""mediaType":"{IMAGE}; charset=utf-8","#), IMAGE),
            said(&format!(r#""mediaType":"{DOCKER}","#), DOCKER),
            said("", DOCKER),
            said(r#""mediaType":"","#, DOCKER),
            said(r#""mediaType":null,"#, DOCKER),
            said(&format!(r#""mediaType":"{DOCKER} ","#), DOCKER),
            word(list, "application/vnd.docker.distribution.manifest.list.v2+json"),
        ];
        insta::assert_snapshot!(told.join("\n"), @"
        an image
        an image
        an image
        says mediaType `APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON`, which is not `application/vnd.oci.image.manifest.v1+json` to the letter: docker refuses it, and other engines may, too
        says mediaType `application/vnd.oci.image.manifest.v1+json; charset=utf-8`, which is not `application/vnd.oci.image.manifest.v1+json` to the letter: docker refuses it, and other engines may, too
        an image
        has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too
        has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too
        has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too
        says mediaType `application/vnd.docker.distribution.manifest.v2+json `, which is not `application/vnd.docker.distribution.manifest.v2+json` to the letter: docker refuses it, and other engines may, too
        has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too
        ");
        for error in [
            ManifestError::NoMediaType,
            ManifestError::MediaType("application/vnd.docker.distribution.manifest.v1+json".into()),
        ] {
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn a_config_of_no_type_is_left_to_its_bytes_unless_the_manifest_is_of_an_artifact() {
        for kind in ["", "application/octet-stream", "application/json", "text/html"] {
            let docker = image(kind, LAYER).replacen(IMAGE, DOCKER, 1);
            assert_eq!(word(&docker, DOCKER), "an image", "{kind}");
            assert_eq!(word(&image(kind, LAYER), IMAGE), "an image", "{kind}");
            let artifact = image(kind, LAYER).replacen('{', r#"{"artifactType":"a/b","#, 1);
            assert_eq!(word(&artifact, IMAGE), "an artifact of type `a/b`");
        }
        let chart =
            image("application/vnd.cncf.helm.config.v1+json", LAYER).replacen(IMAGE, DOCKER, 1);
        assert_eq!(
            word(&chart, DOCKER),
            "an artifact of type `application/vnd.cncf.helm.config.v1+json`"
        );
    }

    #[test]
    fn one_layer_that_no_engine_unpacks_makes_it_something_else() {
        let with_second = |kind: &str| {
            let second = format!(
                r#""layers":[{{"mediaType":"{kind}","digest":"{}","size":3}},"#,
                digest('d')
            );
            image(CONFIG, LAYER).replacen(r#""layers":["#, &second, 1)
        };
        for kind in ["", "application/octet-stream", "application/vnd.oci.image.layer.v1.tar+zstd"]
        {
            assert_eq!(word(&with_second(kind), IMAGE), "an image", "{kind}");
        }
        let encrypted = format!("{LAYER}+encrypted");
        for kind in ["application/vnd.in-toto+json", encrypted.as_str()] {
            assert_eq!(word(&with_second(kind), IMAGE), format!("an artifact of type `{kind}`"));
        }
        assert_eq!(
            word(&image(CONFIG, &encrypted), IMAGE),
            format!("an artifact of type `{encrypted}`")
        );
    }

    #[test]
    fn another_spelling_of_a_platform_is_the_platform_and_is_kept() {
        let written = |os: &str, architecture: &str, variant: &str| {
            let entry = format!(
                r#","platform":{{"os":"{os}","architecture":"{architecture}","variant":"{variant}"}}"#
            );
            let read = Manifest::parse(index(&[&entry]).as_bytes(), INDEX).unwrap().unwrap();
            let Manifest::Index(ImageIndex { entries, .. }) = read else { panic!("an image") };
            let IndexEntry { platform, listing, .. } = &entries[0];
            format!("{} {:?}", platform.as_ref().unwrap(), listing.written)
        };
        let told = [
            written("linux", "amd64", ""),
            written("linux", "arm64", "v8"),
            written("linux", "arm", ""),
            written("linux", "arm", "v7"),
            written("Linux", "AMD64", ""),
            written("linux", "x86_64", ""),
            written("linux", "amd64", "v1"),
            written("linux", "arm64", "V8"),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        linux/amd64 None
        linux/arm64 None
        linux/arm/v7 None
        linux/arm/v7 None
        linux/amd64 Some("Linux/AMD64")
        linux/amd64 Some("linux/x86_64")
        linux/amd64 Some("linux/amd64/v1")
        linux/arm64 Some("linux/arm64/V8")
        "#);
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
        let many = vec![layer.as_str(); 1001].join(",");
        let layers = format!(r#"{{"schemaVersion":2,"config":{layer},"layers":[{many}]}}"#);
        assert_eq!(error(&layers, IMAGE), "has 1001 entries, more than 1000");
        let entries = format!(r#"{{"schemaVersion":2,"manifests":[{many}]}}"#);
        assert_eq!(error(&entries, INDEX), "has 1001 entries, more than 1000");
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>, text in "[{}\\[\\]\",:a-zA-Z0-9]{0,200}") {
            let _ = Manifest::parse(&body, IMAGE);
            let _ = Manifest::parse(text.as_bytes(), INDEX);
        }
    }
}
