//! The image config: what an image says of itself (image-spec, "Image Configuration").

mod wire;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{Error as _, IgnoredAny};
use wire::{DiffId, MOST, Wire, WireHistory};

use crate::oci::bounded::AtMost;
use crate::oci::exact::Exact;
use crate::oci::go::{HealthTest, Kept, Texts, Time};
use crate::oci::{Digest, NotAnImage, Platform};

/// An image config, read under the platform that an index lists it under, if any.
///
/// What it says beside its platform is shared: an index may list one config a hundred times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageConfig {
    /// The platform that it runs on: its own word, and where it has none its index's.
    pub platform: Platform,
    stated: Arc<Stated>,
}

/// What an image config says, as far as a check or an output looks at it. All text is the image's own and not safe
/// to print as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
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
    /// `config.User`.
    pub user: String,
    /// `config.WorkingDir`.
    pub workdir: String,
    /// The keys of `config.Volumes`.
    pub volumes: Vec<String>,
    /// `config.StopSignal`.
    pub stop_signal: String,
    /// Whether `config.Healthcheck`, which only Docker's images have, runs anything.
    pub healthcheck: bool,
    /// `history[].created_by`, lowest first.
    pub history: Vec<String>,
    /// How many entries of the history say that they made a layer.
    pub steps: usize,
    /// Whether `os.features` lists anything.
    pub has_features: bool,
    /// `rootfs.diff_ids`: what each layer hashes to once it is unpacked, lowest first.
    pub diff_ids: Vec<Digest>,
}

/// A config as its bytes say it, before the platform of an index is taken into account.
#[derive(Clone, Debug)]
pub struct ConfigDocument {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    stated: Arc<Stated>,
}

/// Why a document cannot be read as an image config, which an engine may still do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It has another shape, or one that two readers would read differently.
    #[error("is not an image config that this program can read")]
    Json(#[from] serde_json::Error),
    /// It names no platform, and no index does.
    #[error(
        "names no platform (`os`, `architecture`): engines pull it all the same, and nothing says for which machine it is"
    )]
    NoPlatform,
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Json(_) => {
                "Its bytes are the ones that were pushed: look at what built the image."
            }
            Self::NoPlatform => {
                "Let the builder write the platform into the config, as `docker buildx build --platform \
                 linux/amd64` does, or list the image under its platform in an index."
            }
        }
    }
}

impl ImageConfig {
    /// The label that names the commit an image was built from.
    pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";

    /// A config of a platform that says this.
    pub fn new(platform: Platform, stated: Stated) -> Self {
        Self { platform, stated: Arc::new(stated) }
    }

    /// What it says beside its platform.
    pub fn stated(&self) -> &Arc<Stated> {
        &self.stated
    }
}

impl Deref for ImageConfig {
    type Target = Stated;

    fn deref(&self) -> &Stated {
        &self.stated
    }
}

impl ConfigDocument {
    /// Reads the bytes of an image config. The inner result says whether anything can run from it.
    ///
    /// # Errors
    /// A document of another shape, or one that two readers would read differently.
    pub fn parse(body: &[u8]) -> Result<Result<Self, NotAnImage>, ConfigError> {
        // No document at all is nothing that anybody can read. All of it is looked at first: a text that is read as bytes
        // may hold control characters, which no reader takes.
        if serde_json::from_slice::<IgnoredAny>(body).is_err() {
            return Ok(Err(NotAnImage::UnreadableConfig));
        }
        // Go reads broken characters, which this reader does not everywhere, and a document that is deeper.
        let Exact(wire) = serde_json::from_slice::<Exact<Wire>>(body)?;
        let run = wire.config.unwrap_or_default().0;
        let labels = run.labels.unwrap_or_default().0.into_iter();
        let history = wire.history.unwrap_or_default().0;
        let stated = Stated {
            created: wire.created.map(|Time(text)| text),
            labels: labels.map(|(name, value)| (name, value.unwrap_or_default())).collect(),
            env: texts(run.env),
            entrypoint: run.entrypoint.unwrap_or_default().0,
            cmd: run.cmd.unwrap_or_default().0,
            exposed_ports: run.exposed_ports.unwrap_or_default().0.into_keys().collect(),
            user: kept(run.user),
            workdir: kept(run.working_dir),
            volumes: run.volumes.unwrap_or_default().0.into_keys().collect(),
            stop_signal: kept(run.stop_signal),
            healthcheck: run.healthcheck.is_some_and(|HealthTest(runs)| runs),
            has_features: wire.os_features.is_some_and(|Texts(length)| length > 0),
            steps: history.iter().filter(|entry| makes_a_layer(entry.as_ref())).count(),
            history: history.into_iter().filter_map(|entry| entry?.0.created_by).collect(),
            diff_ids: wire
                .rootfs
                .and_then(|rootfs| rootfs.0.diff_ids)
                .unwrap_or_default()
                .0
                .into_iter()
                .map(|DiffId(digest)| digest)
                .collect(),
        };
        Ok(Ok(Self {
            os: wire.os,
            architecture: wire.architecture,
            variant: wire.variant,
            stated: Arc::new(stated),
        }))
    }

    /// The config where it stands behind an index entry of the platform `listed`, if behind any. The inner result says
    /// whether anything can run from it.
    ///
    /// # Errors
    /// A config without a platform.
    pub fn listed_as(
        &self,
        listed: Option<&Platform>,
    ) -> Result<Result<ImageConfig, NotAnImage>, ConfigError> {
        let platform = self.platform(listed)?;
        let stated = Arc::clone(&self.stated);
        Ok(platform.map(|platform| ImageConfig { platform, stated }))
    }

    /// The same config with every text of it changed by `change`: to mask what must not be shown.
    #[must_use]
    pub fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        let Self { os, architecture, variant, stated } = self;
        let Stated {
            created,
            labels,
            env,
            entrypoint,
            cmd,
            exposed_ports,
            user,
            workdir,
            volumes,
            stop_signal,
            healthcheck,
            history,
            steps,
            has_features,
            diff_ids,
        } = Arc::unwrap_or_clone(stated);
        let list = |texts: Vec<String>| texts.into_iter().map(&change).collect();
        let stated = Stated {
            created: created.map(&change),
            labels: labels.into_iter().map(|(name, value)| (change(name), change(value))).collect(),
            env: list(env),
            entrypoint: list(entrypoint),
            cmd: list(cmd),
            exposed_ports: list(exposed_ports),
            user: change(user),
            workdir: change(workdir),
            volumes: list(volumes),
            stop_signal: change(stop_signal),
            healthcheck,
            history: list(history),
            steps,
            has_features,
            diff_ids,
        };
        let [os, architecture, variant] = [os, architecture, variant].map(|text| text.map(&change));
        Self { os, architecture, variant, stated: Arc::new(stated) }
    }

    /// The platform, each part that is not said taken from the index.
    fn platform(
        &self,
        listed: Option<&Platform>,
    ) -> Result<Result<Platform, NotAnImage>, ConfigError> {
        let part = |said: &Option<String>, listed: Option<&str>| {
            let said = said.as_deref().filter(|said| !said.is_empty());
            said.or(listed).unwrap_or_default().to_owned()
        };
        let os = part(&self.os, listed.map(Platform::os));
        let architecture = part(&self.architecture, listed.map(Platform::architecture));
        let said = format!("{os}/{architecture}");
        if os == "unknown" || architecture == "unknown" {
            return Ok(Err(NotAnImage::NoPlatform(said)));
        }
        if os.is_empty() || architecture.is_empty() {
            return Err(ConfigError::NoPlatform);
        }
        let is_said = self.architecture.as_deref().is_some_and(|said| !said.is_empty());
        let listed_variant = listed.filter(|_| !is_said).map(Platform::variant);
        let variant = part(&self.variant, listed_variant);
        Platform::new(&os, &architecture, &variant)
            .map(Ok)
            .map_err(|error| serde_json::Error::custom(format!("platform `{said}` {error}")).into())
    }
}

impl Stated {
    /// The commit that the image says it was built from.
    pub fn revision(&self) -> Option<&str> {
        self.labels
            .get(ImageConfig::REVISION_LABEL)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
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
fn texts(list: Option<AtMost<MOST, Option<String>>>) -> Vec<String> {
    list.unwrap_or_default().0.into_iter().map(Option::unwrap_or_default).collect()
}

fn kept(text: Option<Kept>) -> String {
    text.map(|Kept(text)| text).unwrap_or_default()
}

/// To Go, an entry of the history that is null is one that says nothing.
fn makes_a_layer(entry: Option<&Exact<WireHistory>>) -> bool {
    entry.and_then(|entry| entry.0.empty_layer) != Some(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl std::ops::DerefMut for ImageConfig {
        fn deref_mut(&mut self) -> &mut Stated {
            Arc::make_mut(&mut self.stated)
        }
    }

    fn read(
        body: &[u8],
        listed: Option<&Platform>,
    ) -> Result<Result<ImageConfig, NotAnImage>, ConfigError> {
        match ConfigDocument::parse(body)? {
            Ok(document) => document.listed_as(listed),
            Err(not) => Ok(Err(not)),
        }
    }

    fn parse(body: &str) -> Result<Result<ImageConfig, NotAnImage>, ConfigError> {
        read(body.as_bytes(), None)
    }

    /// What a document is read as, in a word; the cause of an error behind it.
    fn word(body: &[u8], listed: Option<&str>) -> String {
        let listed = listed.map(|platform| platform.parse().unwrap());
        match read(body, listed.as_ref()) {
            Ok(Ok(config)) => config.platform.to_string(),
            Ok(Err(not)) => not.to_string(),
            Err(error) => std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), |cause| format!("unreadable: {cause}")),
        }
    }

    #[test]
    fn a_node_image_is_read() {
        let body = br#"{"os":"linux","architecture":"amd64","created":"2026-11-01T10:00:00Z",
            "config":{"Labels":{"org.opencontainers.image.revision":"abc"},"Env":["PORT=1","PORT=5001","NODE_VERSION=20"],
            "Entrypoint":null,"Cmd":["node","x.js"],"ExposedPorts":{"5001/tcp":{}}},
            "history":[{"created_by":"apk add"},{"empty_layer":true}],"rootfs":{"type":"layers","diff_ids":["a","b"]}}"#;
        let body = String::from_utf8_lossy(body)
            .replace(r#""a","b""#, &format!(r#""sha256:{0}","sha256:{0}""#, "a".repeat(64)));
        let config = parse(&body).unwrap().unwrap();
        assert_eq!(config.platform.to_string(), "linux/amd64");
        assert_eq!(config.revision(), Some("abc"));
        assert_eq!(config.env_value("PORT"), Some("5001"));
        assert_eq!(config.exposed_ports, ["5001/tcp"]);
        assert_eq!((config.history.len(), config.steps, config.diff_ids.len()), (1, 1, 2));
    }

    #[test]
    fn a_config_without_a_platform_is_no_image() {
        for body in [
            r#"{"os":"unknown","architecture":"unknown"}"#,
            r#"{"os":"unknown"}"#,
            r#"{"os":"linux","architecture":"unknown"}"#,
        ] {
            let not = parse(body).unwrap().unwrap_err();
            assert!(matches!(not, NotAnImage::NoPlatform(_)), "{body}");
        }
        for body in ["[]", "null", r#"{"os":1}"#, r#"{"config":{"Entrypoint":{}}}"#] {
            assert!(parse(body).is_err(), "{body}");
        }
        for body in ["", "{", "<html>", r#"{"os":}"#] {
            let not = parse(body).unwrap().unwrap_err();
            assert_eq!(not, NotAnImage::UnreadableConfig, "{body}");
        }
    }

    #[test]
    fn a_platform_that_is_not_said_is_the_one_of_the_index() {
        let told = [
            ("{}", None),
            (r#"{"os":"","architecture":""}"#, None),
            (r#"{"os":"linux"}"#, None),
            ("{}", Some("linux/arm/v6")),
            (r#"{"os":"linux","architecture":null}"#, Some("linux/arm64/v9")),
            (r#"{"architecture":"amd64"}"#, Some("linux/arm/v6")),
            (r#"{"os":"windows","architecture":"amd64"}"#, Some("linux/arm64")),
            (r#"{"os":"unknown"}"#, Some("linux/amd64")),
            (r#"{"os":"Linux","architecture":"AMD64"}"#, Some("linux/amd64")),
            (r#"{"os":"linux","architecture":"a b"}"#, None),
        ]
        .map(|(body, listed)| word(body.as_bytes(), listed));
        insta::assert_snapshot!(told.join("\n"), @"
        names no platform (`os`, `architecture`): engines pull it all the same, and nothing says for which machine it is
        names no platform (`os`, `architecture`): engines pull it all the same, and nothing says for which machine it is
        names no platform (`os`, `architecture`): engines pull it all the same, and nothing says for which machine it is
        linux/arm/v6
        linux/arm64/v9
        linux/amd64
        windows/amd64
        an image for no platform (`unknown/amd64`)
        linux/amd64
        unreadable: platform `linux/a b` holds an empty part or a character other than a-z, 0-9, `.`, `_` and `-`
        ");
    }

    /// Measured with dockerd, skopeo, podman and containerd.
    #[test]
    fn broken_characters_are_a_config_to_engines_and_a_broken_document_is_none() {
        let good = br#"{"os":"linux","architecture":"amd64","author":"x"}"#;
        let with = |text: &[u8]| {
            let (head, tail) = good.split_at(good.len() - 3);
            [head, text, &tail[1..]].concat()
        };
        let told = [
            with(b"y"),
            with(b"\xff"),
            with(br"\ud800"),
            [b"\xef\xbb\xbf", good.as_slice()].concat(),
            [good.as_slice(), b"x"].concat(),
            [good.as_slice(), b"\0"].concat(),
            with(b"\0"),
        ]
        .map(|body| word(&body, None));
        insta::assert_snapshot!(told.join("\n"), @"
        linux/amd64
        linux/amd64
        linux/amd64
        an image whose config cannot be read
        an image whose config cannot be read
        an image whose config cannot be read
        an image whose config cannot be read
        ");
    }

    /// A config with this field beside its platform.
    fn with_field(field: &str) -> String {
        let comma = if field.is_empty() { "" } else { "," };
        format!(r#"{{"os":"linux","architecture":"amd64"{comma}{field}}}"#)
    }

    #[test]
    fn what_go_reads_as_a_type_or_as_nothing_is_read() {
        let good = [
            "",
            r#""created":null"#,
            r#""created":"0001-01-01T00:00:00Z""#,
            r#""author":null,"os.version":"10.0""#,
            r#""os.features":["win32k",null]"#,
            r#""history":[{"created":"2026-11-01T10:00:00+01:00","empty_layer":null}]"#,
            r#""config":{"User":null,"Cmd":null,"Env":[null],"Volumes":{"/x":null},"ExposedPorts":{"1/tcp":{"a":1}}}"#,
            r#""config":{"OnBuild":null,"Shell":["sh"],"StopSignal":"9","Labels":{"a":null}}"#,
            r#""config":{"Shell":[1],"OnBuild":"x","ArgsEscaped":true}"#,
            r#""config":{"User":"\ud800","Cmd":"x","Entrypoint":"x","ArgsEscaped":null}"#,
            r#""config":null"#,
            r#""rootfs":{"type":null,"diff_ids":null}"#,
        ];
        for field in good {
            assert_eq!(word(with_field(field).as_bytes(), None), "linux/amd64", "{field}");
        }
    }

    #[test]
    fn what_has_another_type_than_gos_is_refused() {
        let bad = [
            r#""created":"""#,
            r#""created":1"#,
            r#""created":"2026-11-01""#,
            r#""author":1"#,
            r#""os.version":10"#,
            r#""os.features":"x""#,
            r#""Author":1"#,
            r#""history":[{"created":""}]"#,
            r#""history":[{"created_by":1}]"#,
            r#""history":[{"comment":[]}]"#,
            r#""history":[{"author":{}}]"#,
            r#""history":[{"empty_layer":"true"}]"#,
            r#""history":{}"#,
            r#""config":{"User":1000}"#,
            r#""config":{"WorkingDir":[]}"#,
            r#""config":{"StopSignal":9}"#,
            r#""config":{"Entrypoint":[1]}"#,
            r#""config":{"Env":{}}"#,
            r#""config":{"ArgsEscaped":"true"}"#,
            r#""config":{"ExposedPorts":["1/tcp"]}"#,
            r#""config":{"ExposedPorts":{"1/tcp":true}}"#,
            r#""config":{"Volumes":{"/x":[]}}"#,
            r#""config":{"user":1}"#,
            r#""config":{"Labels":{"a":1}}"#,
            r#""config":{"Labels":[]}"#,
            r#""config":[]"#,
            r#""rootfs":{"type":1}"#,
            r#""rootfs":{"diff_ids":["sha256:abc"]}"#,
            r#""rootfs":{"diff_ids":[null]}"#,
        ];
        for field in bad {
            assert!(parse(&with_field(field)).is_err(), "{field}");
        }
        for digest in
            ["sha256:".to_owned() + &"A".repeat(64), "sha512:".to_owned() + &"a".repeat(128)]
        {
            let field = format!(r#""rootfs":{{"diff_ids":["{digest}"]}}"#);
            assert!(parse(&with_field(&field)).is_err(), "{field}");
        }
    }

    #[test]
    fn a_null_is_read_as_an_engine_reads_it() {
        let body = br#"{"os":"linux","architecture":"amd64","config":{"Labels":{"a":null,"b":"c"},
            "Env":[null,"A=1"],"Entrypoint":null,"Cmd":["x",null],"ExposedPorts":null},
            "history":[null,{"created_by":null}],"rootfs":null}"#;
        let config = parse(std::str::from_utf8(body).unwrap()).unwrap().unwrap();
        assert_eq!(
            config.labels.clone().into_iter().collect::<Vec<_>>(),
            [("a".into(), String::new()), ("b".into(), "c".into())]
        );
        assert_eq!(
            (config.env.clone(), config.cmd.clone()),
            (vec![String::new(), "A=1".into()], vec!["x".into(), String::new()])
        );
        assert_eq!(config.history.len(), 0);
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
            let error = parse(&body(run)).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains("can be read in two ways"), "{run}: {cause}");
        }
        let alone = parse(&body(r#""cmd":["x"],"ENV":["A=1"]"#)).unwrap().unwrap();
        assert_eq!((alone.cmd.clone(), alone.env.clone()), (vec!["x".into()], vec!["A=1".into()]));
        // The names of labels are the image's own, and two of them may differ in case alone.
        let labels = r#""Labels":{"config":"1","Config":"2"}"#;
        assert_eq!(parse(&body(labels)).unwrap().unwrap().labels.len(), 2);
    }

    #[test]
    fn a_config_is_read_once_and_shared_by_every_platform_that_it_is_listed_under() {
        let document =
            ConfigDocument::parse(br#"{"config":{"Labels":{"a":"b"}}}"#).unwrap().unwrap();
        let listed = ["linux/amd64", "linux/arm64"].map(|platform| platform.parse().unwrap());
        let [one, other] =
            listed.map(|platform| document.listed_as(Some(&platform)).unwrap().unwrap());
        assert_ne!(one.platform, other.platform);
        assert!(Arc::ptr_eq(one.stated(), other.stated()));
        assert!(Arc::ptr_eq(one.stated(), &document.stated));
    }

    #[test]
    fn more_of_anything_than_a_config_has_is_not_read() {
        let many = |count: usize, entry: &dyn Fn(usize) -> String| {
            (0..count).map(entry).collect::<Vec<_>>().join(",")
        };
        let pair = |number: usize| format!(r#""{number}":"""#);
        let port = |number: usize| format!(r#""{number}/tcp":{{}}"#);
        let digest = |number: usize| format!(r#""sha256:{number:064}""#);
        let told = |count: usize| {
            [
                format!(r#"{{"config":{{"Labels":{{{}}}}}}}"#, many(count, &pair)),
                format!(r#"{{"config":{{"Env":[{}]}}}}"#, many(count, &|_| r#""""#.to_owned())),
                format!(r#"{{"config":{{"Cmd":[{}]}}}}"#, many(count, &|_| "null".to_owned())),
                format!(
                    r#"{{"config":{{"Entrypoint":[{}]}}}}"#,
                    many(count, &|_| "null".to_owned())
                ),
                format!(r#"{{"history":[{}]}}"#, many(count, &|_| "{}".to_owned())),
                format!(r#"{{"config":{{"ExposedPorts":{{{}}}}}}}"#, many(count * 20, &port)),
                format!(r#"{{"rootfs":{{"diff_ids":[{}]}}}}"#, many(count / 10, &digest)),
            ]
            .map(|body| ConfigDocument::parse(body.as_bytes()).is_ok())
        };
        assert_eq!(told(9_800), [true; 7]);
        assert_eq!(told(10_010), [false; 7]);
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>) {
            let _ = read(&body, None);
        }
    }
}
