//! The form of the config file. The comments are the texts of its JSON Schema.

use serde::Deserialize;

use super::expect::ExpectEntry;
use super::words::{
    EngineWord, Entries, Flag, Key, Name, PlatformWord, Port, RevisionWord, Text, Value, given,
};

/// What stands for the environment's tag in a service's.
pub(in crate::settings) const TAG_PLACE: &str = "{tag}";

// `deny_unknown_fields` everywhere: a misspelt rule must not be a rule less. The comments are the schema's texts.
/// What `verify-registry-image` knows of a repository's services and environments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a mapping with `registry`, `environments`, `services`, `circleci` and `status`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "verify-registry-image.yml"))]
pub(in crate::settings) struct Document {
    /// The registry that the services are in, as in `registry.digitalocean.com/keepkey`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub registry: Option<Text>,
    /// What is deployed where: each environment fixes a tag.
    pub environments: Entries<Name, EnvironmentEntry>,
    /// What is deployed.
    #[cfg_attr(test, schemars(with = "Entries<Name, Option<ServiceEntry>>"))]
    pub services: Entries<Name, ServiceEntry>,
    /// The CircleCI project that pushes the images, for `--diagnose` and the links of a RED run.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "CircleCiEntry"))]
    pub circleci: Option<CircleCiEntry>,
    /// Where the status of each environment is kept.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "StatusEntry"))]
    pub status: Option<StatusEntry>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `tag`, `immutable_tag`, `branch` and `expect_revision`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::settings) struct EnvironmentEntry {
    /// The tag that it deploys.
    pub tag: Text,
    /// A tag that never moves and must name the same digest, as in `{revision}-dev`.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub immutable_tag: Option<Text>,
    /// The branch that is deployed to it.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub branch: Option<Text>,
    /// Whether the image's revision label is compared with the commit.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "RevisionWord"))]
    pub expect_revision: Option<RevisionWord>,
}

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a mapping with `repository`, `tag`, `port`, `ingress`, `runtime`, `platforms`, `engines`, `env`, `expect` and `expect_revision`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::settings) struct ServiceEntry {
    /// Its repository below `registry`; its own name, unless given.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub repository: Option<Text>,
    /// Its tag where services share one repository, as in `api-{tag}`: `{tag}` is the environment's.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub tag: Option<Text>,
    /// The TCP port that it listens on.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Port"))]
    pub port: Option<Port>,
    /// Whether it is reached from outside the cluster. Handed on in the record.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Flag"))]
    pub ingress: Option<Flag>,
    /// What it runs on.
    pub runtime: RuntimeEntry,
    /// The platforms that must be there, as in `linux/amd64`.
    pub platforms: Vec<PlatformWord>,
    /// The engines that pull it: `docker`, `containerd`, `podman`. Without it: docker and containerd.
    pub engines: Vec<EngineWord>,
    /// Variables to deploy it with. Handed on in the record, so never a secret.
    pub env: Entries<Key, Value>,
    /// What the image must say of itself, or a container-structure-test file with a `metadataTest`, relative to this
    /// file.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "ExpectEntry"))]
    pub expect: Option<ExpectEntry>,
    /// Stands in place of the environment's.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "RevisionWord"))]
    pub expect_revision: Option<RevisionWord>,
}

/// A service's runtime. `nodejs` and `alpine` are checked, other values are handed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping with `language` and `base`")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::settings) struct RuntimeEntry {
    /// The language, as in `nodejs`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub language: Option<Text>,
    /// The base image, as in `alpine`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub base: Option<Text>,
}

/// CircleCI's project, and the names of its workflow and jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a mapping with `project`, `workflow`, `push_job`, `gate_job` and `definition`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::settings) struct CircleCiEntry {
    /// Its slug, as in `gh/keepkey/support-email`; found in the checkout, unless given.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub project: Option<Text>,
    /// The workflow that pushes; any, unless given.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub workflow: Option<Text>,
    /// The job that pushes; one with `push` or `publish` in its name, unless given.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub push_job: Option<Text>,
    /// The job that verifies; one with `gate` or `verify` in its name, unless given.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub gate_job: Option<Text>,
    /// The id of the pipeline definition that `--start-pipeline` uses, where the project has several.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub definition: Option<Text>,
}

/// The status files. Paths are relative to this file, without `..`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `directory`, `board` and `badges`")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::settings) struct StatusEntry {
    /// The folder of the `ENVIRONMENT.status` files.
    pub directory: Text,
    /// The Markdown file that the board is drawn in.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub board: Option<Text>,
    /// A folder for one shields.io endpoint file an environment.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub badges: Option<Text>,
}
