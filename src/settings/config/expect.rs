//! What a service's image must say of itself: `expect` of the config file.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::words::{
    Age, AttestationWord, Entries, Flag, Key, RuleWord, Size, Text, UserWord, Value, given,
};

/// A service's `expect`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(untagged))]
pub(in crate::settings) enum ExpectEntry {
    /// A container-structure-test file, relative to the config.
    File(Text),
    /// The facts, each in a line.
    Facts(Box<FactsEntry>),
}

/// What the image must say of itself, on every wanted platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a mapping with `labels`, `env`, `user`, `entrypoint`, `cmd`, `workdir`, `volumes`, `stop_signal`, `healthcheck`, `max_age`, `max_size`, `annotations` and `attestations`, or a file"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::settings) struct FactsEntry {
    /// Labels, each with its value; `/…/` is a regular expression that must be found in it.
    pub labels: Entries<Text, RuleWord>,
    /// Variables that the image sets, each with its value; `/…/` is a regular expression that must be found in it.
    pub env: Entries<Key, RuleWord>,
    /// The user as the image writes it, or `not-root`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "UserWord"))]
    pub user: Option<UserWord>,
    /// The whole entry point; `[]`: none.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Vec<Value>"))]
    pub entrypoint: Option<Vec<Value>>,
    /// The whole command; `[]`: none.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Vec<Value>"))]
    pub cmd: Option<Vec<Value>>,
    /// The working directory.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub workdir: Option<Text>,
    /// Volumes that must be declared; `[]`: none may be.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Vec<Text>"))]
    pub volumes: Option<Vec<Text>>,
    /// The signal that stops it, as the image writes it.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub stop_signal: Option<Text>,
    /// Whether it has a health check.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Flag"))]
    pub healthcheck: Option<Flag>,
    /// The most time since it was built, as in `24h` or `30d`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Age"))]
    pub max_age: Option<Age>,
    /// The most bytes that all layers of a platform have together, as they are pulled, as in `400MiB`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Size"))]
    pub max_size: Option<Size>,
    /// Annotations of each platform's manifest, each with its value; `/…/` is a regular expression that must be found
    /// in it.
    pub annotations: Entries<Text, RuleWord>,
    /// What a builder must have attested of each platform.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Vec<AttestationWord>"))]
    pub attestations: Option<Vec<AttestationWord>>,
}

impl<'de> Deserialize<'de> for ExpectEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FileOrFacts;

        impl<'de> Visitor<'de> for FileOrFacts {
            type Value = ExpectEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of facts, or a file")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ExpectEntry, E> {
                let text = serde::de::value::StrDeserializer::new(text);
                Text::deserialize(text).map(ExpectEntry::File)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ExpectEntry, A::Error> {
                let facts = FactsEntry::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ExpectEntry::Facts(Box::new(facts)))
            }
        }

        deserializer.deserialize_any(FileOrFacts)
    }
}
