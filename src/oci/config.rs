//! The image config: what an image says of itself (image-spec, "Image Configuration").

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::oci::exact::{Exact, Fields};
use crate::oci::{NotAnImage, Platform};

/// The parts of an image config that a check or an output looks at. All text is the image's own and
/// not safe to print as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageConfig {
    /// The platform that it runs on.
    pub platform: Platform,
    /// When it was built, as it is written.
    pub created: Option<String>,
    /// `config.Labels`.
    pub labels: BTreeMap<String, String>,
    /// `config.Env`, `NAME=value` each.
    pub env: Vec<String>,
    /// `config.Entrypoint`.
    pub entrypoint: Vec<String>,
    /// `config.Cmd`.
    pub cmd: Vec<String>,
    /// The keys of `config.ExposedPorts`, as in `5001/tcp`.
    pub exposed_ports: Vec<String>,
    /// `history[].created_by`, lowest first.
    pub history: Vec<String>,
    /// How many layers `rootfs.diff_ids` lists.
    pub layer_count: usize,
}

/// Why a document cannot be read as an image config, which an engine may still do.
#[derive(Debug, thiserror::Error)]
#[error("is not an image config that this program can read")]
pub struct ConfigError(#[from] serde_json::Error);

impl ImageConfig {
    /// The label that names the commit an image was built from.
    pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";

    /// Reads an image config. The inner result says whether anything can run from it.
    ///
    /// # Errors
    /// A document of another shape, or one that two readers would read differently.
    pub fn parse(body: &[u8]) -> Result<Result<Self, NotAnImage>, ConfigError> {
        let wire = match serde_json::from_slice::<Exact<Wire>>(body) {
            Ok(Exact(wire)) => wire,
            Err(error) if error.is_data() => return Err(error.into()),
            // No document at all is nothing that anybody can read.
            Err(_) => return Ok(Err(NotAnImage::UnreadableConfig)),
        };
        let os = wire.os.unwrap_or_default();
        let architecture = wire.architecture.unwrap_or_default();
        let variant = wire.variant.unwrap_or_default();
        let no_platform = || {
            let said: String = format!("{os}/{architecture}").chars().take(120).collect();
            NotAnImage::NoPlatform(said)
        };
        let Ok(platform) = Platform::new(&os, &architecture, &variant) else {
            return Ok(Err(no_platform()));
        };
        if !platform.is_runnable() {
            return Ok(Err(no_platform()));
        }
        let run = wire.config.unwrap_or_default().0;
        let labels = run.labels.unwrap_or_default().into_iter();
        Ok(Ok(Self {
            platform,
            created: wire.created,
            labels: labels.map(|(name, value)| (name, value.unwrap_or_default())).collect(),
            env: texts(run.env),
            entrypoint: texts(run.entrypoint),
            cmd: texts(run.cmd),
            exposed_ports: run.exposed_ports.unwrap_or_default().into_keys().collect(),
            history: wire
                .history
                .unwrap_or_default()
                .into_iter()
                .filter_map(|entry| entry?.0.created_by)
                .collect(),
            layer_count: wire
                .rootfs
                .and_then(|rootfs| rootfs.0.diff_ids)
                .map_or(0, |ids| ids.len()),
        }))
    }

    /// The commit that the image says it was built from.
    pub fn revision(&self) -> Option<&str> {
        self.labels.get(Self::REVISION_LABEL).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The same config with every text of it changed by `change`: to mask what must not be shown.
    #[must_use]
    pub fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        let Self {
            platform,
            created,
            labels,
            env,
            entrypoint,
            cmd,
            exposed_ports,
            history,
            layer_count,
        } = self;
        let list = |texts: Vec<String>| texts.into_iter().map(&change).collect();
        Self {
            platform,
            created: created.map(&change),
            labels: labels.into_iter().map(|(name, value)| (change(name), change(value))).collect(),
            env: list(env),
            entrypoint: list(entrypoint),
            cmd: list(cmd),
            exposed_ports: list(exposed_ports),
            history: list(history),
            layer_count,
        }
    }

    /// The value of an environment variable of the image.
    pub fn env_value(&self, name: &str) -> Option<&str> {
        // The last one wins, as it does for a container engine.
        self.env.iter().rev().find_map(|entry| {
            let (key, value) = entry.split_once('=')?;
            (key == name).then_some(value)
        })
    }
}

/// A list as Go reads it: a `null` in it is an empty text.
fn texts(list: Option<Vec<Option<String>>>) -> Vec<String> {
    list.unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect()
}

#[derive(Deserialize)]
struct Wire {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    created: Option<String>,
    config: Option<Exact<WireRun>>,
    history: Option<Vec<Option<Exact<WireHistory>>>>,
    rootfs: Option<Exact<WireRootfs>>,
}

// Some builders hand a config on as it was typed.
impl Fields for Wire {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] =
        &["os", "architecture", "variant", "created", "config", "history", "rootfs"];
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRun {
    labels: Option<BTreeMap<String, Option<String>>>,
    env: Option<Vec<Option<String>>>,
    entrypoint: Option<Vec<Option<String>>>,
    cmd: Option<Vec<Option<String>>>,
    exposed_ports: Option<BTreeMap<String, Empty>>,
}

impl Fields for WireRun {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] = &["Labels", "Env", "Entrypoint", "Cmd", "ExposedPorts"];
}

/// The value of a Go set: an empty object, or whatever else a builder wrote.
#[derive(Deserialize)]
#[serde(transparent)]
struct Empty(
    #[expect(dead_code, reason = "a place for the value, which says nothing")] serde_json::Value,
);

#[derive(Deserialize)]
struct WireHistory {
    created_by: Option<String>,
}

impl Fields for WireHistory {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] = &["created_by"];
}

#[derive(Deserialize)]
struct WireRootfs {
    diff_ids: Option<Vec<IgnoredAny>>,
}

impl Fields for WireRootfs {
    const IN_ANY_CASE: bool = true;
    const NAMES: &'static [&'static str] = &["diff_ids"];
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_node_image_is_read() {
        let body = br#"{"os":"linux","architecture":"amd64","created":"2026-11-01T10:00:00Z",
            "config":{"Labels":{"org.opencontainers.image.revision":"abc"},"Env":["PORT=1","PORT=5001","NODE_VERSION=20"],
            "Entrypoint":null,"Cmd":["node","x.js"],"ExposedPorts":{"5001/tcp":{}}},
            "history":[{"created_by":"apk add"},{"empty_layer":true}],"rootfs":{"type":"layers","diff_ids":["a","b"]}}"#;
        let config = ImageConfig::parse(body).unwrap().unwrap();
        assert_eq!(config.platform.to_string(), "linux/amd64");
        assert_eq!(config.revision(), Some("abc"));
        assert_eq!(config.env_value("PORT"), Some("5001"));
        assert_eq!(config.exposed_ports, ["5001/tcp"]);
        assert_eq!((config.history.len(), config.layer_count), (1, 2));
    }

    #[test]
    fn a_config_without_a_platform_is_no_image() {
        for body in ["{}", r#"{"os":"unknown","architecture":"unknown"}"#, r#"{"os":"linux"}"#] {
            let not = ImageConfig::parse(body.as_bytes()).unwrap().unwrap_err();
            assert!(matches!(not, NotAnImage::NoPlatform(_)), "{body}");
        }
        for body in ["[]", "null", r#"{"os":1}"#, r#"{"config":{"Entrypoint":"node x.js"}}"#] {
            assert!(ImageConfig::parse(body.as_bytes()).is_err(), "{body}");
        }
        for body in ["", "{", "<html>", r#"{"os":}"#] {
            let not = ImageConfig::parse(body.as_bytes()).unwrap().unwrap_err();
            assert_eq!(not, NotAnImage::UnreadableConfig, "{body}");
        }
    }

    #[test]
    fn a_null_is_read_as_an_engine_reads_it() {
        let body = br#"{"os":"linux","architecture":"amd64","config":{"Labels":{"a":null,"b":"c"},
            "Env":[null,"A=1"],"Entrypoint":null,"Cmd":["x",null],"ExposedPorts":null},
            "history":[null,{"created_by":null}],"rootfs":null}"#;
        let config = ImageConfig::parse(body).unwrap().unwrap();
        assert_eq!(
            config.labels.into_iter().collect::<Vec<_>>(),
            [("a".into(), String::new()), ("b".into(), "c".into())]
        );
        assert_eq!(
            (config.env, config.cmd),
            (vec![String::new(), "A=1".into()], vec!["x".into(), String::new()])
        );
        assert!(config.history.is_empty());
    }

    #[test]
    fn a_label_that_two_readers_read_differently_is_refused() {
        let body =
            |run: &str| format!(r#"{{"os":"linux","architecture":"amd64","config":{{{run}}}}}"#);
        for run in [
            r#""Labels":{"a":"1"},"labels":{"a":"2"}"#,
            r#""labels":{"a":"2"},"Labels":{"a":"1"}"#,
            r#""Labels":{"a":"1"},"Labels":{"a":"2"}"#,
            r#""Env":[],"env":["PORT=1"]"#,
        ] {
            let error = ImageConfig::parse(body(run).as_bytes()).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains("can be read in two ways"), "{run}: {cause}");
        }
        let alone =
            ImageConfig::parse(body(r#""cmd":["x"],"ENV":["A=1"]"#).as_bytes()).unwrap().unwrap();
        assert_eq!((alone.cmd, alone.env), (vec!["x".into()], vec!["A=1".into()]));
        // The names of labels are the image's own, and two of them may differ in case alone.
        let labels = r#""Labels":{"config":"1","Config":"2"}"#;
        assert_eq!(ImageConfig::parse(body(labels).as_bytes()).unwrap().unwrap().labels.len(), 2);
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>) {
            let _ = ImageConfig::parse(&body);
        }
    }
}
