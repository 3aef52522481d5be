//! JSON objects that every reader reads alike.
//!
//! Go's reader, which container engines use, takes `Digest` for `digest` and the last of two; others do not.
//! An object in which the two would differ says two things, and is refused wherever it stands. A field
//! that occurs only in another case may be read as Go reads it ([`Fields::IN_ANY_CASE`]).

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The fields of an object that are read.
pub(super) trait Fields {
    /// Their names.
    const NAMES: &'static [&'static str];
    /// Whether a field in another case is read as the field, as Go reads it, if it does not occur in its own case.
    const IN_ANY_CASE: bool = false;
}

/// An object that has none of its fields twice, and none in another case unless [`Fields::IN_ANY_CASE`].
#[derive(Debug, Default)]
pub(super) struct Exact<T>(pub(super) T);

/// The field that a key would be taken for by a reader that does not look at case.
pub(crate) fn taken_for(key: &str, names: &'static [&'static str]) -> Option<&'static str> {
    names.iter().find(|name| is_taken_for(key, name)).copied()
}

/// Whether such a reader takes a key for a field of this name.
pub(crate) fn is_taken_for(key: &str, name: &str) -> bool {
    if key.is_ascii() && name.is_ascii() {
        return key.eq_ignore_ascii_case(name);
    }
    folded(name).eq(folded(key))
}

/// Go's folding (encoding/json, `foldName`): letters, and the two others that fold to one.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|character| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    })
}

impl<'de, T: Fields + Deserialize<'de>> Deserialize<'de> for Exact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object(PhantomData))
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Fields + Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Exact<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Exact<T>, A::Error> {
        let checked =
            Checked { map, names: T::NAMES, in_any_case: T::IN_ANY_CASE, seen: Vec::new() };
        T::deserialize(MapAccessDeserializer::new(checked)).map(Exact)
    }
}

/// Looks at each key on its way.
struct Checked<A> {
    map: A,
    names: &'static [&'static str],
    in_any_case: bool,
    seen: Vec<&'static str>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(mut key) = self.map.next_key::<String>()? else { return Ok(None) };
        if let Some(field) = taken_for(&key, self.names) {
            if field != key && (!self.in_any_case || self.seen.contains(&field)) {
                // Whole: who shows it masks it first, and cuts it then.
                return Err(A::Error::custom(format!(
                    "it can be read in two ways: `{key}` may be taken for `{field}`"
                )));
            }
            if self.seen.contains(&field) {
                return Err(A::Error::custom(format!(
                    "it can be read in two ways: duplicate field `{field}`"
                )));
            }
            self.seen.push(field);
            field.clone_into(&mut key);
        }
        seed.deserialize(StringDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Blob {
        digest: Option<String>,
        sizeskilo: Option<u64>,
    }

    impl Fields for Blob {
        const NAMES: &'static [&'static str] = &["digest", "sizeskilo"];
    }

    fn read(text: &str) -> String {
        match serde_json::from_str::<Exact<Blob>>(text) {
            Ok(Exact(Blob { digest, sizeskilo })) => format!("{digest:?} {sizeskilo:?}"),
            Err(error) => error.to_string().escape_default().to_string(),
        }
    }

    #[test]
    fn what_two_readers_read_differently_is_refused() {
        let texts = [
            r#"{"digest":"a","sizeskilo":1,"other":[{"Digest":1}]}"#,
            r#"{"digest":null}"#,
            "{}",
            r#"{"digest":"a","Digest":"b"}"#,
            r#"{"DIGEST":"b"}"#,
            "{\"\u{17f}izes\u{212a}ilo\":1}",
            r#"{"digest":"a","digest":"a"}"#,
            r#"{"\u0064igest":"a","digest":"b"}"#,
            r#"["a",1]"#,
        ];
        insta::assert_snapshot!(texts.map(read).join("\n"), @r#"
        Some("a") Some(1)
        None None
        None None
        it can be read in two ways: `Digest` may be taken for `digest` at line 1 column 22
        it can be read in two ways: `DIGEST` may be taken for `digest` at line 1 column 9
        it can be read in two ways: `\u{17f}izes\u{212a}ilo` may be taken for `sizeskilo` at line 1 column 15
        it can be read in two ways: duplicate field `digest` at line 1 column 22
        it can be read in two ways: duplicate field `digest` at line 1 column 27
        invalid type: sequence, expected an object at line 1 column 0
        "#);
    }
}
