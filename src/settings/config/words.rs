//! The leaves of the config file. Every one is read from the text as it stands in the file, so that
//! `1.10` stays `1.10` and no word of YAML 1.1 becomes a boolean. That a value is present at all, and not
//! `~` or `null`, has been seen by [`place`](super::place).

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::engines::Engine;
use crate::oci::{AttestationKind, Platform};
use crate::request::{Pattern, TextRule, UserRule};
use crate::secret::is_printable;
use crate::settings::variable_name::is_variable_name;
use crate::settings::{duration, size};

/// A text, literally as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

/// A TCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port(pub(crate) u16);

/// `true` or `false`, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

/// A platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlatformWord(pub(crate) Platform);

/// A container engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EngineWord(pub(crate) Engine);

/// The name of a service or an environment. It becomes a file's name and a key of the status file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) String);

/// The name of a variable that is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) String);

/// The value of such a variable. It may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value(pub(crate) String);

/// What a text must be: itself, or `/…/`, which must be found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleWord(pub(crate) TextRule);

/// `not-root`, or a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserWord(pub(crate) UserRule);

/// A kind of attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttestationWord(pub(crate) AttestationKind);

/// The age of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Age(pub(crate) Duration);

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// When the revision label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RevisionWord {
    /// Never.
    Off,
    /// When the image has the label.
    WhenLabelled,
    /// Always; an image without the label fails.
    Required,
}

/// A mapping in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entries<K, V>(pub(crate) Vec<(K, V)>);

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A value that is present if its key is. An `Option` of serde's would take `key: ~` for no key.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a scalar from its text. The visitor makes the value, so that a mistake has the value's place.
struct Leaf<T> {
    what: &'static str,
    read: fn(&str) -> Result<T, String>,
}

impl<T> Visitor<'_> for Leaf<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }
}

macro_rules! leaves {
    ($($type:ident: $what:literal, $read:expr;)*) => {
        $(impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Leaf { what: $what, read: $read })
            }
        })*
    };
}

leaves! {
    Text: "a text", |text| match text {
        "" => Err("empty value".into()),
        text => printable(text).map(Self),
    };
    Value: "the value of a variable", |text| printable(text).map(Self);
    Port: "a port", |text| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let port = text.parse().ok().filter(|port| is_plain && *port > 0);
        port.map(Self).ok_or_else(|| format!("invalid port `{text}`: expected a number from 1 to 65535"))
    };
    Flag: "`true` or `false`", |text| match text {
        "true" => Ok(Self(true)),
        "false" => Ok(Self(false)),
        other => Err(format!("invalid value `{other}`: expected `true` or `false`")),
    };
    PlatformWord: "a platform", |text| {
        text.parse().map(Self).map_err(|error| format!("invalid platform `{text}`: it {error}"))
    };
    EngineWord: "`docker`, `containerd` or `podman`", |text| {
        let engine = Engine::ALL.into_iter().find(|engine| engine.as_str() == text);
        engine.map(Self).ok_or_else(|| {
            format!("invalid engine `{text}`: expected `docker`, `containerd` or `podman`")
        })
    };
    Name: "a name", |text| if is_name(text) { Ok(Self(text.to_owned())) } else {
        Err(format!(
            "invalid name `{text}`: use at most 100 letters, digits, `_`, `.` and `-`, starting with a letter or digit"
        ))
    };
    Key: "the name of a variable", |text| if is_variable_name(text) { Ok(Self(text.to_owned())) } else {
        Err(format!("`{text}` is not the name of a variable"))
    };
    RuleWord: "a text or `/PATTERN/`", |text| {
        let pattern = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        match pattern {
            Some("") => Err("empty pattern".into()),
            Some(pattern) => match Pattern::new(pattern) {
                Ok(pattern) => Ok(Self(TextRule::Has(pattern))),
                Err(why) => Err(format!("invalid pattern `{text}`: {why}")),
            },
            None => printable(text).map(|text| Self(TextRule::Is(text))),
        }
    };
    UserWord: "`not-root` or a user", |text| match text {
        "" => Err("empty value".into()),
        "not-root" => Ok(Self(UserRule::NotRoot)),
        user => printable(user).map(|user| Self(UserRule::Is(user))),
    };
    AttestationWord: "`provenance` or `sbom`", |text| {
        let kind = AttestationKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        kind.map(Self).ok_or_else(|| {
            format!("invalid attestation `{text}`: expected `provenance` or `sbom`")
        })
    };
    Age: "an age", |text| {
        duration::parse_age(text).map(Self).map_err(|why| format!("invalid age `{text}`: {why}"))
    };
    Size: "a size", |text| {
        size::parse(text).map(Self).map_err(|why| format!("invalid size `{text}`: {why}"))
    };
    RevisionWord: "`off`, `when-labelled` or `required`", |text| match text {
        "off" => Ok(Self::Off),
        "when-labelled" => Ok(Self::WhenLabelled),
        "required" => Ok(Self::Required),
        other => Err(format!("invalid value `{other}`: expected `off`, `when-labelled` or `required`")),
    };
}

fn printable(text: &str) -> Result<String, String> {
    if text.chars().all(is_printable) {
        Ok(text.to_owned())
    } else {
        Err("value with a line break, a control character or an invisible character".into())
    }
}

/// Whether a text can name a service or an environment.
fn is_name(text: &str) -> bool {
    text.len() <= 100 && is_plain(text)
}

/// Whether a text stays in its folder as part of a file's name, and on its line in a file.
pub(in crate::settings) fn is_plain(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Entries<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for InOrder<K, V> {
            type Value = Entries<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// The leaves in the JSON Schema of the file, which editors read.
#[cfg(test)]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{
        Age, AttestationWord, EngineWord, Entries, Flag, PlatformWord, Port, RevisionWord,
        RuleWord, Size, Text, UserWord, Value,
    };

    macro_rules! schemas {
        ($($type:ident: $schema:tt;)*) => {
            $(impl JsonSchema for $type {
                fn schema_name() -> Cow<'static, str> {
                    stringify!($type).into()
                }

                fn inline_schema() -> bool {
                    true
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($schema)
                }
            })*
        };
    }

    schemas! {
        Text: { "type": "string", "minLength": 1 };
        Value: { "type": ["string", "number", "boolean"] };
        Port: { "type": "integer", "minimum": 1, "maximum": 65535 };
        Flag: { "type": "boolean" };
        EngineWord: { "type": "string", "enum": ["docker", "containerd", "podman"] };
        PlatformWord: { "type": "string", "pattern": "^[^/]+/[^/]+(/[^/]+)?$" };
        RuleWord: { "type": ["string", "number", "boolean"] };
        UserWord: { "type": ["string", "integer"] };
        AttestationWord: { "type": "string", "enum": ["provenance", "sbom"] };
        Age: { "type": "string", "pattern": "^([0-9.]+(h|m|s|ms))+$|^[0-9]+d$" };
        Size: { "type": "string", "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB|KB|MB|GB)$" };
        RevisionWord: { "enum": ["off", "when-labelled", "required"] };
    }

    impl<K, V: JsonSchema> JsonSchema for Entries<K, V> {
        fn schema_name() -> Cow<'static, str> {
            format!("EntriesOf{}", V::schema_name()).into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let value = generator.subschema_for::<V>();
            json_schema!({ "type": "object", "additionalProperties": value })
        }
    }
}
