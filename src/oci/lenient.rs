//! Values of which only one form is read, and every other passed over: what an engine makes of another form, its rules
//! say, and not every engine reads the field.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The most pairs that are kept of a mapping of texts.
const MOST_PAIRS: usize = 1_000;

/// A form of a value.
pub(super) trait Form: Default {
    /// What a text says.
    fn text(_: &str) -> Self {
        Self::default()
    }

    /// Adds an element of a list.
    fn element(&mut self, _: Leaf) {}

    /// Adds a field of an object.
    fn field(&mut self, _: &str, _: Leaf) {}
}

/// A value as far as it has this form; else as if it was not there.
#[derive(Debug, Default)]
pub(super) struct Lenient<T>(pub(super) T);

/// A text.
pub(super) type AnyText = Lenient<Option<String>>;

impl Form for Option<String> {
    fn text(text: &str) -> Self {
        Some(text.to_owned())
    }
}

impl Form for BTreeMap<String, String> {
    fn field(&mut self, name: &str, value: Leaf) {
        // Real manifests have a few. Of a hostile one no more are kept.
        if let Some(text) = value.text().filter(|_| self.len() < MOST_PAIRS) {
            self.insert(name.to_owned(), text);
        }
    }
}

impl<'de, T: Form> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData)).map(Self)
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Form> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let mut read = T::default();
        while let Some(leaf) = list.next_element()? {
            read.element(leaf);
        }
        Ok(read)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut read = T::default();
        while let Some((key, leaf)) = map.next_entry::<String, Leaf>()? {
            read.field(&key, leaf);
        }
        Ok(read)
    }
}

/// A value inside a list or an object.
pub(super) enum Leaf {
    /// A text.
    Text(String),
    /// A list, and how many elements it has.
    List(usize),
    /// Anything else.
    Other,
}

impl Leaf {
    /// The text, where it is one.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Leaf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfLeaf;
        impl<'de> Visitor<'de> for OfLeaf {
            type Value = Leaf;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Leaf, E> {
                Ok(Leaf::Text(text.to_owned()))
            }
            fn visit_unit<E: Error>(self) -> Result<Leaf, E> {
                Ok(Leaf::Other)
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<Leaf, E> {
                Ok(Leaf::Other)
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Leaf, E> {
                Ok(Leaf::Other)
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Leaf, E> {
                Ok(Leaf::Other)
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Leaf, E> {
                Ok(Leaf::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Leaf, A::Error> {
                let mut length = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    length += 1;
                }
                Ok(Leaf::List(length))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Leaf, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Leaf::Other)
            }
        }
        deserializer.deserialize_any(OfLeaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_other_form_is_passed_over() {
        let text = |document: &str| serde_json::from_str::<AnyText>(document).unwrap().0;
        assert_eq!(text(r#""a""#).as_deref(), Some("a"));
        for other in ["null", "true", "1", "-1", "1.5", "[1]", r#"{"a":["b",{}]}"#] {
            assert_eq!(text(other), None, "{other}");
        }
        assert!(serde_json::from_str::<AnyText>("[1").is_err());
    }
}
