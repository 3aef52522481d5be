//! An image config as it is written.

use serde::Deserialize;
use serde::de::Error as _;

use crate::oci::bounded::{AtMost, MapOfAtMost};
use crate::oci::exact::{Exact, Fields};
use crate::oci::go::{HealthTest, Kept, Object, Text, Texts, Time, Words};
use crate::oci::{Algorithm, Digest};

/// The most labels, variables, words of a command or steps of a history that are read of a config, each. Real ones
/// have some dozens; more would take many times the memory of the bytes that they are made of.
pub(super) const MOST: usize = 10_000;
/// The most exposed ports: `EXPOSE 1-65535` for TCP, UDP and SCTP.
const MOST_PORTS: usize = 3 * 65_535;
/// The most layers, as of a manifest.
const MOST_LAYERS: usize = 1_000;

#[derive(Deserialize)]
pub(super) struct Wire {
    pub(super) os: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) variant: Option<String>,
    #[serde(rename = "os.version")]
    _os_version: Option<Text>,
    #[serde(rename = "os.features")]
    pub(super) os_features: Option<Texts>,
    pub(super) created: Option<Time>,
    #[serde(rename = "author")]
    _author: Option<Text>,
    pub(super) config: Option<Exact<WireRun>>,
    pub(super) history: Option<AtMost<MOST, Option<Exact<WireHistory>>>>,
    pub(super) rootfs: Option<Exact<WireRootfs>>,
}

// Some builders hand a config on as it was typed.
impl Fields for Wire {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] = &[
        "os",
        "architecture",
        "variant",
        "os.version",
        "os.features",
        "created",
        "author",
        "config",
        "history",
        "rootfs",
    ];
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireRun {
    pub(super) labels: Option<MapOfAtMost<MOST, Option<String>>>,
    pub(super) env: Option<AtMost<MOST, Option<String>>>,
    pub(super) entrypoint: Option<Words<MOST>>,
    pub(super) cmd: Option<Words<MOST>>,
    pub(super) exposed_ports: Option<MapOfAtMost<MOST_PORTS, Option<Object>>>,
    pub(super) volumes: Option<MapOfAtMost<MOST, Option<Object>>>,
    pub(super) user: Option<Kept>,
    pub(super) working_dir: Option<Kept>,
    pub(super) stop_signal: Option<Kept>,
    pub(super) healthcheck: Option<HealthTest>,
    _args_escaped: Option<bool>,
}

impl Fields for WireRun {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] = &[
        "Labels",
        "Env",
        "Entrypoint",
        "Cmd",
        "ExposedPorts",
        "Volumes",
        "User",
        "WorkingDir",
        "StopSignal",
        "Healthcheck",
        "ArgsEscaped",
    ];
}

#[derive(Deserialize)]
pub(super) struct WireHistory {
    pub(super) created_by: Option<String>,
    pub(super) empty_layer: Option<bool>,
    #[serde(rename = "created")]
    _created: Option<Time>,
    #[serde(rename = "comment")]
    _comment: Option<Text>,
    #[serde(rename = "author")]
    _author: Option<Text>,
}

impl Fields for WireHistory {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] =
        &["created_by", "empty_layer", "created", "comment", "author"];
}

#[derive(Deserialize)]
pub(super) struct WireRootfs {
    pub(super) diff_ids: Option<AtMost<MOST_LAYERS, DiffId>>,
    #[serde(rename = "type")]
    _type: Option<Text>,
}

impl Fields for WireRootfs {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] = &["diff_ids", "type"];
}

/// Engines hash what they unpack with SHA-256.
pub(super) struct DiffId(pub(super) Digest);

impl<'de> Deserialize<'de> for DiffId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse::<Digest>() {
            Ok(digest) if digest.algorithm() == Algorithm::Sha256 => Ok(Self(digest)),
            Ok(_) | Err(_) => {
                Err(D::Error::custom(format!("diff_id `{text}` is not a SHA-256 digest")))
            }
        }
    }
}
