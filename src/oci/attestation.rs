//! Attestations: what a builder says of an image beside it in the registry (`BuildKit`, "Attestation storage"; in-toto,
//! "Statement"). Nobody signs them here: they say what a builder wrote, as a label does.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::oci::Digest;
use crate::oci::lenient::{AnyText, Form, Leaf};

/// The most statements that are read of an attestation manifest. `BuildKit` writes two.
const MOST_STATEMENTS: usize = 16;

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttestationKind {
    /// How the image was built (SLSA provenance).
    Provenance,
    /// What is in it (SPDX, `CycloneDX`).
    Sbom,
}

impl AttestationKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Provenance, Self::Sbom];

    /// The word for it in configs and outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
        }
    }

    fn of(predicate_type: &str) -> Option<Self> {
        if predicate_type.starts_with("https://slsa.dev/provenance/") {
            Some(Self::Provenance)
        } else if predicate_type.starts_with("https://spdx.dev/Document")
            || predicate_type.starts_with("https://cyclonedx.org/bom")
        {
            Some(Self::Sbom)
        } else {
            None
        }
    }
}

/// A statement of a known kind, as an attestation manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attestation {
    /// What it is about.
    pub kind: AttestationKind,
    /// What its bytes hash to: it is a blob of the same repository.
    pub digest: Digest,
    /// Their length.
    pub size: u64,
}

impl Attestation {
    /// The media type of a statement.
    pub const MEDIA_TYPE: &str = "application/vnd.in-toto+json";

    /// The statements of an attestation manifest.
    ///
    /// # Errors
    /// When the bytes are no manifest.
    pub fn listed(manifest: &[u8]) -> Result<Vec<Self>, serde_json::Error> {
        #[derive(Deserialize)]
        struct Wire {
            layers: Vec<Layer>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Layer {
            media_type: String,
            digest: String,
            size: u64,
            #[serde(default)]
            annotations: BTreeMap<String, String>,
        }
        let Wire { layers } = serde_json::from_slice(manifest)?;
        let statements = layers.into_iter().filter(|layer| layer.media_type == Self::MEDIA_TYPE);
        let known = statements.filter_map(|layer| {
            let kind = AttestationKind::of(layer.annotations.get("in-toto.io/predicate-type")?)?;
            Some(Self { kind, digest: layer.digest.parse().ok()?, size: layer.size })
        });
        Ok(known.take(MOST_STATEMENTS).collect())
    }
}

/// What a provenance statement says of the source that an image was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// What the statement is about, each as `algorithm:hex`.
    pub subjects: Vec<String>,
    /// The repository's address, as the builder wrote it.
    pub source: Option<String>,
    /// The commit. `BuildKit` puts `-dirty` behind it where files were changed and not committed.
    pub revision: Option<String>,
}

impl Provenance {
    /// Reads a statement of `BuildKit`'s, of SLSA v0.2 or v1.
    ///
    /// # Errors
    /// When the bytes are no statement, or hold another type in a place that is read.
    pub fn parse(statement: &[u8]) -> Result<Self, serde_json::Error> {
        let Statement { predicate_type, subject, predicate } = serde_json::from_slice(statement)?;
        let is_first = predicate_type.starts_with("https://slsa.dev/provenance/v0");
        let (vcs, config) = if is_first {
            let vcs = predicate.metadata.and_then(|metadata| metadata.buildkit);
            (vcs, predicate.invocation.and_then(|invocation| invocation.config_source))
        } else {
            let metadata = predicate.run_details.and_then(|details| details.metadata);
            let parameters = predicate.build_definition.and_then(|built| built.external_parameters);
            let config = parameters.and_then(|parameters| parameters.config_source);
            (metadata.and_then(|metadata| metadata.buildkit_metadata), config)
        };
        let Vcs { source, revision } = vcs.and_then(|metadata| metadata.vcs).unwrap_or_default();
        // A build of a git address has no tree of its own to ask, and names the commit that it fetched.
        let fetched = config.and_then(|config| Some((config.uri, config.digest?.sha1?)));
        let (source, revision) = match (revision, fetched) {
            (Some(revision), _) => (source, Some(revision)),
            (None, Some((uri, commit))) => (source.or(uri), Some(commit)),
            (None, None) => (source, None),
        };
        let subjects = subject.into_iter().flat_map(|subject| subject.digest);
        let subjects = subjects.map(|(algorithm, hex)| format!("{algorithm}:{hex}")).collect();
        Ok(Self { subjects, source, revision })
    }

    /// Whether it is about the manifest of this digest.
    pub fn is_about(&self, manifest: &Digest) -> bool {
        let manifest = manifest.to_string();
        self.subjects.contains(&manifest)
    }

    /// The same with every text of it changed by `change`: to mask what must not be shown.
    #[must_use]
    pub fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        let Self { subjects, source, revision } = self;
        Self { subjects, source: source.map(&change), revision: revision.map(change) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: String,
    #[serde(default)]
    subject: Vec<Subject>,
    #[serde(default)]
    predicate: Predicate,
}

#[derive(Deserialize)]
struct Subject {
    digest: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Predicate {
    metadata: Option<FirstMetadata>,
    invocation: Option<Sourced>,
    run_details: Option<RunDetails>,
    build_definition: Option<BuildDefinition>,
}

#[derive(Deserialize)]
struct FirstMetadata {
    #[serde(rename = "https://mobyproject.org/buildkit@v1#metadata")]
    buildkit: Option<BuildKit>,
}

#[derive(Deserialize)]
struct RunDetails {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    buildkit_metadata: Option<BuildKit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    external_parameters: Option<Sourced>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sourced {
    config_source: Option<ConfigSource>,
}

#[derive(Deserialize)]
struct ConfigSource {
    uri: Option<String>,
    digest: Option<Sha1>,
}

#[derive(Deserialize)]
struct Sha1 {
    sha1: Option<String>,
}

#[derive(Deserialize)]
struct BuildKit {
    vcs: Option<Vcs>,
}

#[derive(Default, Deserialize)]
struct Vcs {
    source: Option<String>,
    revision: Option<String>,
}

/// The attestation manifests that stand beside an image and not in its index (distribution-spec, "Listing Referrers").
///
/// # Errors
/// When the bytes are no index.
pub fn referring(index: &[u8]) -> Result<Vec<(Digest, u64)>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default)]
        manifests: Option<Vec<Referrer>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Referrer {
        #[serde(default)]
        digest: AnyText,
        #[serde(default)]
        size: Option<u64>,
        #[serde(default)]
        artifact_type: AnyText,
    }
    let Wire { manifests } = serde_json::from_slice(index)?;
    let manifests = manifests.unwrap_or_default();
    let is_attestation = |referrer: &Referrer| {
        let kind = referrer.artifact_type.0.as_deref();
        matches!(
            kind,
            Some(Attestation::MEDIA_TYPE | "application/vnd.docker.attestation.manifest.v1+json")
        )
    };
    let found = manifests.into_iter().filter(is_attestation);
    let named = |referrer: Referrer| Some((referrer.digest.0?.parse().ok()?, referrer.size?));
    Ok(found.filter_map(named).collect())
}

/// What the annotations of an index entry say of it.
#[derive(Default)]
pub(super) struct EntryAnnotations {
    /// Whether they call it an attestation.
    pub(super) is_attestation: bool,
    /// The digest of the manifest that it is about.
    pub(super) about: Option<String>,
}

impl Form for EntryAnnotations {
    fn field(&mut self, name: &str, value: Leaf) {
        match name {
            "vnd.docker.reference.type" => {
                self.is_attestation = value.text().as_deref() == Some("attestation-manifest");
            }
            "vnd.docker.reference.digest" => self.about = value.text(),
            _ => {}
        }
    }
}

impl EntryAnnotations {
    /// The manifest that an attestation is about.
    pub(super) fn attests(&self) -> Option<Digest> {
        self.about.as_ref().filter(|_| self.is_attestation)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATEMENT: &str = Attestation::MEDIA_TYPE;
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn told(statement: &str) -> String {
        match Provenance::parse(statement.as_bytes()) {
            Ok(Provenance { subjects, source, revision }) => format!(
                "{} | {} | {}",
                subjects.join(" "),
                source.as_deref().unwrap_or("-"),
                revision.as_deref().unwrap_or("-")
            ),
            Err(_) => "no statement".to_owned(),
        }
    }

    #[test]
    fn the_commit_stands_where_each_version_of_slsa_has_it() {
        let first = |predicate: &str| {
            told(&format!(
                r#"{{"predicateType":"https://slsa.dev/provenance/v0.2","subject":[{{"name":"x","digest":{{"sha256":"aa"}}}}],"predicate":{predicate}}}"#
            ))
        };
        let second = |predicate: &str| {
            told(&format!(
                r#"{{"predicateType":"https://slsa.dev/provenance/v1","predicate":{predicate}}}"#
            ))
        };
        let vcs =
            format!(r#"{{"vcs":{{"source":"https://github.com/k/s","revision":"{COMMIT}"}}}}"#);
        let git = format!(
            r#"{{"configSource":{{"uri":"https://github.com/k/s.git","digest":{{"sha1":"{COMMIT}"}}}}}}"#
        );
        let of_file = r#"{"configSource":{"uri":"https://h/x.tar","digest":{"sha256":"bb"}}}"#;
        let metadata = |vcs: &str| {
            format!(r#""metadata":{{"https://mobyproject.org/buildkit@v1#metadata":{vcs}}}"#)
        };
        let details =
            |vcs: &str| format!(r#""runDetails":{{"metadata":{{"buildkit_metadata":{vcs}}}}}"#);
        let rows = [
            first(&format!("{{{}}}", metadata(&vcs))),
            first(&format!(r#"{{"invocation":{git}}}"#)),
            first(&format!(r#"{{"invocation":{of_file}}}"#)),
            first(&format!(r#"{{{},"invocation":{git}}}"#, metadata("{}"))),
            second(&format!("{{{}}}", details(&vcs))),
            second(&format!(r#"{{"buildDefinition":{{"externalParameters":{git}}}}}"#)),
            // The place of one version is none of the other's.
            first(&format!("{{{}}}", details(&vcs))),
            second(&format!("{{{}}}", metadata(&vcs))),
            first("{}"),
            first("null"),
            first("[]"),
            first(
                r#"{"metadata":{"https://mobyproject.org/buildkit@v1#metadata":{"vcs":{"revision":5}}}}"#,
            ),
            told("{}"),
        ];
        insta::assert_snapshot!(rows.join("\n"), @"
        sha256:aa | https://github.com/k/s | 0123456789abcdef0123456789abcdef01234567
        sha256:aa | https://github.com/k/s.git | 0123456789abcdef0123456789abcdef01234567
        sha256:aa | - | -
        sha256:aa | https://github.com/k/s.git | 0123456789abcdef0123456789abcdef01234567
         | https://github.com/k/s | 0123456789abcdef0123456789abcdef01234567
         | https://github.com/k/s.git | 0123456789abcdef0123456789abcdef01234567
        sha256:aa | - | -
         | - | -
        sha256:aa | - | -
        no statement
        sha256:aa | - | -
        no statement
        no statement
        ");
    }

    #[test]
    fn only_in_toto_statements_of_a_known_kind_are_listed() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let layer = |media_type: &str, predicate: &str| {
            format!(
                r#"{{"mediaType":"{media_type}","digest":"{digest}","size":5,"annotations":{{"in-toto.io/predicate-type":"{predicate}"}}}}"#
            )
        };
        let listed = |layers: &[String]| {
            let manifest = format!(r#"{{"schemaVersion":2,"layers":[{}]}}"#, layers.join(","));
            let listed = Attestation::listed(manifest.as_bytes()).unwrap();
            listed.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>().join(" ")
        };
        let rows = [
            listed(&[layer(STATEMENT, "https://slsa.dev/provenance/v0.2")]),
            listed(&[layer(STATEMENT, "https://slsa.dev/provenance/v1")]),
            listed(&[layer(STATEMENT, "https://spdx.dev/Document")]),
            listed(&[layer(STATEMENT, "https://cyclonedx.org/bom/v1.6")]),
            listed(&[layer(STATEMENT, "https://example.org/else")]),
            listed(&[layer("application/json", "https://slsa.dev/provenance/v1")]),
            listed(&vec![layer(STATEMENT, "https://spdx.dev/Document"); MOST_STATEMENTS + 1]),
        ];
        assert_eq!(rows[..6], ["provenance", "provenance", "sbom", "sbom", "", ""]);
        assert_eq!(rows[6].split(' ').count(), MOST_STATEMENTS);
        assert!(Attestation::listed(b"[]").is_err());
    }

    #[test]
    fn a_statement_is_about_the_manifests_that_it_names() {
        let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let about = |subjects: &[&str]| {
            let subjects = subjects.iter().map(|subject| (*subject).to_owned()).collect();
            Provenance { subjects, source: None, revision: None }.is_about(&digest)
        };
        assert!(about(&["sha256:b", &digest.to_string()]));
        assert!(!about(&[]) && !about(&["sha256:b"]) && !about(&[&"a".repeat(64)]));
    }

    #[test]
    fn referrers_of_other_kinds_are_passed_over() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let index = format!(
            r#"{{"manifests":[{{"digest":"{digest}","size":1,"artifactType":"application/vnd.example"}},
            {{"digest":"{digest}","size":2,"artifactType":"application/vnd.docker.attestation.manifest.v1+json"}},
            {{"digest":"{digest}","size":3}},{{"digest":"{digest}","size":4,"artifactType":"{STATEMENT}"}}]}}"#
        );
        let found = referring(index.as_bytes()).unwrap();
        assert_eq!(found.iter().map(|(_, size)| *size).collect::<Vec<_>>(), [2, 4]);
        // What lists nothing refers to nothing, and an entry without a size is none.
        for nothing in ["{}", r#"{"manifests":null}"#, &index.replace("\"size\":4,", "")] {
            let found = referring(nothing.as_bytes()).unwrap();
            assert!(found.len() < 2, "{nothing}");
        }
        assert!(referring(br#"{"manifests":5}"#).is_err());
    }
}
