//! The deployment record, version 1: what DevOps deploys from, written for a VERIFIED image only.
//!
//! Wire structs of their own, so that a change inside the program cannot change what others read.
//! `image` is what the registry serves and `service` is what the config declares; both hold neither a
//! clock nor a list of tags, so that two verifications of one digest give the same bytes there.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::output::older::Older;

mod build;
mod known;

pub(crate) use known::Known;

/// What may be in a record's place.
pub(super) const OLDER: Older =
    Older::Removed(|file| is_record(file), "a deployment record of ours");

/// The JSON Schema of a record, as it is published.
pub const SCHEMA: &str = include_str!("../../schema/record.json");

/// The version of the record that this program writes.
pub const SCHEMA_VERSION: u32 = 1;

/// The name by which a record says who wrote it.
const TOOL: &str = env!("CARGO_PKG_NAME");

/// One verified image, ready to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Record {
    /// The version of this format: 1. Fields may be added within a version, none removed or changed.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    pub schema_version: u32,
    /// The image as the registry serves it: observed, not declared.
    pub image: Image,
    /// What was declared of the service; null when nothing was.
    pub service: Option<Service>,
    /// The environment that the image is meant for; null when none was named.
    pub environment: Option<Environment>,
    /// The commit whose pipeline verified the image, as CircleCI names it; null outside CircleCI.
    pub source: Option<Source>,
    /// The job that verified the image, as CircleCI names it; null outside CircleCI.
    pub pipeline: Option<Pipeline>,
    /// What whoever deploys should know first. Empty when there is nothing.
    pub warnings: Vec<String>,
    /// How the image was verified.
    pub verification: Verification,
}

/// The image as the registry serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Image {
    /// What to deploy: `server/registry/repository@digest`. It never names another image.
    #[cfg_attr(
        test,
        schemars(regex(pattern = "^[^@]+/[^@]+@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"))
    )]
    pub pinned: String,
    /// The same with the tag, for people: `server/registry/repository:tag@digest`.
    pub pinned_with_tag: String,
    /// The reference that was verified, `server/registry/repository:tag`. What it names may change.
    pub reference: String,
    /// `DOCR` for DigitalOcean's registry, else null.
    pub registry_type: Option<RegistryType>,
    /// The registry's host, as in `registry.digitalocean.com`.
    pub server: String,
    /// DigitalOcean's name of the registry, as in `keepkey`; null on other servers, which have no such part.
    pub registry: Option<String>,
    /// The repository: below the registry on DigitalOcean (`support-email`), else below the server.
    pub repository: String,
    /// The tag that was verified.
    pub tag: String,
    /// The digest that the tag named: of the index, where it is one.
    #[cfg_attr(test, schemars(regex(pattern = "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$")))]
    pub digest: String,
    /// The media type of what the digest names.
    pub media_type: String,
    /// Whether the digest is that of an index, which holds one image a platform.
    pub is_index: bool,
    /// The platforms that were verified, in the order of the index.
    pub platforms: Vec<Platform>,
    /// The commit that every platform says it was built from; null where one is silent or names another.
    #[serde(default)]
    pub revision: Option<Revision>,
    /// What builders attested of the image. No signature was verified.
    #[serde(default)]
    pub attestations: Vec<Attestation>,
}

/// A kind of registry, in the words of DigitalOcean's App Platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RegistryType {
    /// DigitalOcean Container Registry.
    #[serde(rename = "DOCR")]
    Docr,
}

/// The image of one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Platform {
    /// `os/architecture[/variant]`, as in `linux/amd64`.
    pub platform: String,
    /// The operating system, as in `linux`.
    pub os: String,
    /// The processor architecture, as in `amd64`.
    pub architecture: String,
    /// The architecture's variant; null where it is the usual one.
    pub variant: Option<String>,
    /// The digest of this platform's own manifest.
    pub digest: String,
    /// The digest of its image config.
    pub config_digest: String,
    /// Config and layers together in bytes, compressed as they are in the registry.
    pub size_bytes: u64,
    /// How many layers it has.
    pub layers: u64,
    /// When it was built, as its config says; null when it does not.
    pub created: Option<String>,
    /// The commit that it was built from, as its label `org.opencontainers.image.revision` says; null without one.
    pub revision: Option<String>,
    /// The ports that its config exposes, as in `5001/tcp`.
    pub exposed_ports: Vec<String>,
}

/// What was declared of the service, in the config or on the command line. Nothing here was observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The TCP port that it listens on; null when none was declared.
    pub port: Option<u16>,
    /// Whether it is reachable from outside the cluster; null when that was not declared.
    pub ingress: Option<bool>,
    /// Its runtime.
    pub runtime: Runtime,
    /// Environment variables to deploy it with. `PORT` is the declared port unless it was declared otherwise.
    pub env: BTreeMap<String, String>,
}

/// The declared runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Runtime {
    /// The language, as in `nodejs`; null when it was not declared.
    pub language: Option<String>,
    /// The base image, as in `alpine`; null when it was not declared.
    pub base: Option<String>,
}

/// Where the image is meant to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Environment {
    /// The environment's name, as in `development`.
    pub name: String,
}

/// The commit whose pipeline verified the image. The check `revision-expected` says whether it is the image's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// The project, `organization/repository`.
    pub repository: Option<String>,
    /// The repository's page, without credentials.
    pub repository_url: Option<String>,
    /// The commit.
    pub revision: Option<String>,
    /// The branch; null in a pipeline of a tag.
    pub branch: Option<String>,
    /// The git tag; null in a pipeline of a branch.
    pub tag: Option<String>,
}

/// The job that verified the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pipeline {
    /// The job's page.
    pub job_url: Option<String>,
    /// The job's name.
    pub job: Option<String>,
    /// The job's number.
    pub job_number: Option<u64>,
    /// The workflow's id.
    pub workflow_id: Option<String>,
    /// The pipeline's id.
    pub pipeline_id: Option<String>,
}

/// How the image was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verification {
    /// Always `VERIFIED`: there is no record of anything else.
    pub result: RecordResult,
    /// When the registry answered for the tag (RFC 3339, UTC); everything after that was asked by digest.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub verified_at: String,
    /// What verified it.
    pub tool: Tool,
    /// The tag that never moves and named the same digest; null where none was checked.
    pub immutable_tag: Option<String>,
    /// How the layers were proven to be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// Every check, in order. None of them failed.
    pub checks: Vec<Check>,
    /// What else was noticed.
    pub notes: Vec<String>,
}

/// How the layers of an image were proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Content {
    /// By which means.
    pub how: ContentProof,
    /// How many bytes the layers have as they are stored, each layer once.
    pub bytes: u64,
}

/// The commit that an image was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Revision {
    /// The commit, as the image says it.
    pub commit: String,
    /// Where it says so.
    pub from: RevisionSource,
}

/// Where an image says which commit it was built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RevisionSource {
    /// The label `org.opencontainers.image.revision`.
    Label,
    /// The provenance that `BuildKit` attested of a platform without that label.
    Provenance,
}

/// A statement that a builder attested of one platform. No signature was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Attestation {
    /// What it is about: `provenance` or `sbom`.
    #[cfg_attr(test, schemars(extend("enum" = ["provenance", "sbom"])))]
    pub kind: String,
    /// The digest of the statement, which is a blob of the repository.
    pub digest: String,
    /// The platform, as in `linux/amd64`.
    pub platform: String,
}

/// By which means layers were proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ContentProof {
    /// The last byte of each was requested, which shows that it is there in its size.
    Ranges,
    /// Every byte was read and hashed, packed and unpacked.
    EveryByte,
}

/// The only result that a record can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RecordResult {
    /// The image is there, whole, and the one that was meant.
    #[serde(rename = "VERIFIED")]
    Verified,
}

/// What wrote a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tool {
    /// `verify-registry-image`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One check of a verified image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The check's stable name, as in `layers-present`.
    pub id: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What was seen, or why it was skipped.
    pub message: String,
    /// Something that the reader should know all the same.
    pub note: Option<String>,
}

/// How a check of a verified image can have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Yes.
    Passed,
    /// Not asked for, or nothing to look at.
    Skipped,
}

/// Whether a file holds a record of ours, of this or any other version. It is read as it comes: a record of an image
/// with many platforms is large.
pub fn is_record(file: impl Read) -> bool {
    Known::of(file).is_some()
}

#[cfg(test)]
mod tests;
