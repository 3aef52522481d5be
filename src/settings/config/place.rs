//! Where something stands in a YAML text.
//!
//! The YAML crate gives places with its errors only, so a place is found by walking to it and failing there.
//! A walk through all of it finds what the typed form would hide, such as the first of two equal keys.

use std::collections::HashSet;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// A line and a column, both counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    /// The beginning of the file.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place of a byte of `text`.
    pub(super) fn of_byte(text: &[u8], index: usize) -> Self {
        let before = text.get(..index).unwrap_or(text);
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column =
            String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1;
        Self { line, column }
    }

    /// The last line of `text` that starts with `start`.
    pub(super) fn of_last_line(text: &str, start: &str) -> Self {
        let lines = text.lines().enumerate().filter(|(_, line)| line.starts_with(start));
        lines.last().map_or(Self::START, |(index, _)| Self { line: index + 1, column: 1 })
    }

    /// The character at this place.
    pub(super) fn character(self, text: &str) -> Option<char> {
        let line = text.split('\n').nth(self.line.checked_sub(1)?)?;
        line.chars().nth(self.column.checked_sub(1)?)
    }

    /// The place that an error names.
    pub(super) fn of_error(error: &serde_yaml::Error) -> Option<Self> {
        error.location().map(|location| Self { line: location.line(), column: location.column() })
    }
}

/// The place of the value at `path`; of the last key that is there, where the path leads nowhere.
pub(super) fn of_path(text: &str, path: &[&str]) -> Place {
    let walk = Walk { path };
    match walk.deserialize(serde_yaml::Deserializer::from_str(text)) {
        Err(error) => Place::of_error(&error).unwrap_or(Place::START),
        Ok(()) => match path.split_last() {
            Some((_, parent)) => of_path(text, parent),
            None => Place::START,
        },
    }
}

/// Walks along keys (or the numbers of a list), and fails at the end.
#[derive(Clone, Copy)]
struct Walk<'p> {
    path: &'p [&'p str],
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            // Any visitor that accepts nothing: the error carries the place of this very value.
            deserializer.deserialize_any(Nothing)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.path.split_first() else { return Ok(()) };
        while let Some(key) = map.next_key::<String>()? {
            if key == *first {
                map.next_value_seed(Self { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.path.split_first() else { return Ok(()) };
        let mut index = 0_usize;
        while first.parse() != Ok(index) {
            if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
            index += 1;
        }
        list.next_element_seed(Self { path: rest })?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

struct Nothing;

impl Visitor<'_> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}

/// Looks through a whole document for what its typed form would not show: a key that occurs a second
/// time, nothing at all (`~`, `null`), and tags of YAML's own.
pub(super) fn check(text: &str) -> Result<(), serde_yaml::Error> {
    Strict { depth: 0, in_services: false }.deserialize(serde_yaml::Deserializer::from_str(text))
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
    in_services: bool,
}

impl Strict {
    fn inside(self, key: &str) -> Self {
        let in_services = if self.depth == 0 { key == "services" } else { self.in_services };
        Self { depth: self.depth + 1, in_services }
    }

    /// `services: { worker: }` is a service with nothing but its name; an empty file is reported elsewhere.
    fn may_be_nothing(self) -> bool {
        self.depth == 0 || (self.in_services && self.depth == 2)
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! accept {
    ($($method:ident($type:ty);)*) => {
        $(fn $method<E: serde::de::Error>(self, _: $type) -> Result<(), E> {
            Ok(())
        })*
    };
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(inside) = map.next_key_seed(NewKey { of: self, seen: &mut seen })? {
            map.next_value_seed(inside)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self.inside(""))?.is_some() {}
        Ok(())
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let _: (IgnoredAny, _) = access.variant()?;
        Err(A::Error::custom("YAML tag (`!…`): this file has none"))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.may_be_nothing() {
            Ok(())
        } else {
            Err(E::custom("missing value: add one or remove the key"))
        }
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    accept! {
        visit_bool(bool);
        visit_i64(i64);
        visit_u64(u64);
        visit_i128(i128);
        visit_u128(u128);
        visit_f64(f64);
        visit_str(&str);
    }
}

/// A key that none before it is equal to.
struct NewKey<'s> {
    of: Strict,
    seen: &'s mut HashSet<String>,
}

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = Strict;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NewKey<'_> {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Strict, E> {
        if !self.seen.insert(key.to_owned()) {
            return Err(E::custom(format_args!("duplicate key `{key}`")));
        }
        Ok(self.of.inside(key))
    }
}

/// What serde calls a value's kind, in words of YAML.
pub(super) fn kind(found: &str) -> String {
    match found {
        "sequence" => "a list".to_owned(),
        "map" => "a mapping".to_owned(),
        "unit value" | "Option value" => "nothing".to_owned(),
        found => match found.strip_prefix("string \"").and_then(|text| text.strip_suffix('"')) {
            Some(text) => format!("the text `{text}`"),
            None => found.to_owned(),
        },
    }
}
