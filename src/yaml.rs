//! YAML that somebody else wrote, kept in bounds: the parser's time grows with the square of its brackets and of its
//! directives, it keeps 250 bytes of each value, and aliases (`*name`) make gigabytes of some kilobytes.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess as _, Visitor,
};

/// How many brackets may be open at once. Nobody's file has ten.
const MOST_DEPTH: usize = 64;

/// How many values a document may have, by the marks that begin one. A status file of all the services that a config has
/// room for has 40,000.
const MOST_VALUES: usize = 200_000;
/// How many lines may begin with `%`. Each is compared with all before it, and nobody's file has one.
const MOST_DIRECTIVES: usize = 64;

/// A document with its aliases written out may have so many times its own length.
const MOST_TIMES: usize = 4;
/// What a short one may have at least.
const ROOM: usize = 64 << 10;

/// Why a text is not given to the parser, or no more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutOfBounds {
    /// More brackets are open than anybody writes.
    #[error("values are nested too deeply: more than {MOST_DEPTH} brackets are open")]
    TooDeep {
        /// The byte of the bracket that is one too many.
        at: usize,
    },
    /// More values than anybody writes.
    #[error("too many values: more than {MOST_VALUES}")]
    TooMany,
    /// More directives than anybody writes.
    #[error("too many directives (`%`): more than {MOST_DIRECTIVES} lines begin with one")]
    Directives,
    /// Its aliases stand for much more than its text.
    #[error("too many values through aliases (`*name`)")]
    Aliases,
}

/// Why a document is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum YamlError {
    /// It is refused before anything is made of it.
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    /// It is not what was expected.
    #[error(transparent)]
    Yaml(#[from] serde_yaml::Error),
}

/// Reads a document that is within bounds.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    check(text)?;
    Ok(serde_yaml::from_str(text)?)
}

/// Whether a text may be given to the parser. One that is no YAML may.
pub(crate) fn check(text: &str) -> Result<(), OutOfBounds> {
    // Brackets in quotes and comments count, too: to know which those are is the parser's work.
    let mut open = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MOST_DEPTH {
            return Err(OutOfBounds::TooDeep { at });
        }
    }
    if values(text) > MOST_VALUES {
        return Err(OutOfBounds::TooMany);
    }
    if text.split(['\n', '\r']).filter(|line| line.starts_with('%')).count() > MOST_DIRECTIVES {
        return Err(OutOfBounds::Directives);
    }
    if text.contains('*') && text.contains('&') {
        let left = Cell::new(Some(text.len().max(ROOM / MOST_TIMES) * MOST_TIMES));
        let walked = Walk(&left).deserialize(serde_yaml::Deserializer::from_str(text));
        let repeats = walked.is_err_and(|error| error.to_string().contains("repetition limit"));
        if left.get().is_none() || repeats {
            return Err(OutOfBounds::Aliases);
        }
    }
    Ok(())
}

/// How many values a text may have at most: each begins a line, or stands behind one of these marks.
fn values(text: &str) -> usize {
    let bytes = text.as_bytes();
    let behind = bytes.iter().skip(1).map(Some).chain([None]);
    let is_mark = |(byte, next): &(&u8, Option<&u8>)| match byte {
        b'\n' | b'\r' | b'[' | b'{' | b',' => true,
        // In a flow, a `:` behind quotes or brackets needs no blank behind it.
        b':' | b'-' | b'?' => next.is_none_or(|next| !next.is_ascii_alphanumeric()),
        _ => false,
    };
    bytes.iter().zip(behind).filter(is_mark).count()
}

/// Goes through all of a document, keeps nothing, and stops when it has seen more than was `left`.
#[derive(Clone, Copy)]
struct Walk<'l>(&'l Cell<Option<usize>>);

impl Walk<'_> {
    fn spend<E: serde::de::Error>(self, bytes: usize) -> Result<(), E> {
        self.0.set(self.0.get().and_then(|left| left.checked_sub(bytes + 1)));
        if self.0.get().is_some() { Ok(()) } else { Err(E::custom("too long")) }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! spend {
    ($($method:ident($type:ty);)*) => {
        $(fn $method<E: serde::de::Error>(self, _: $type) -> Result<(), E> {
            self.spend(0)
        })*
    };
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.spend(0)?;
        while map.next_key_seed(self)?.is_some() {
            map.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.spend(0)?;
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let (IgnoredAny, variant) = access.variant()?;
        variant.newtype_variant_seed(self)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.spend(text.len())
    }

    spend! {
        visit_bool(bool);
        visit_i64(i64);
        visit_u64(u64);
        visit_i128(i128);
        visit_u128(u128);
        visit_f64(f64);
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.spend(0)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.spend(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
        (1..=count).map(line).collect()
    }

    #[test]
    fn brackets_are_counted_before_the_parser_sees_them() {
        for open in ["[", "{", "[{", "{a: [", "? {"] {
            let text = format!("x: {}", open.repeat(40_000));
            assert!(matches!(check(&text), Err(OutOfBounds::TooDeep { at: ..200 })), "{open}");
            // Whatever they stand in.
            assert!(check(&format!("x: it's\n# ' {text}")).is_err(), "{open}");
        }
        let nested = |depth: usize| format!("x: {}a{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(MOST_DEPTH)), Ok(()));
        assert_eq!(check(&nested(MOST_DEPTH + 1)), Err(OutOfBounds::TooDeep { at: 67 }));
        assert_eq!(check(&"x: [[a], {b: c}]\n".repeat(1_000)), Ok(()));
    }

    #[test]
    fn values_and_directives_are_counted_before_the_parser_sees_them() {
        for unit in ["a,", "\n", "- ", "? ", ": ", "[],", "{},", "a:\n", "\"a\":1,", "#\n", "\r"] {
            let text = format!("x: [{}", unit.repeat(MOST_VALUES + 1));
            assert_eq!(check(&text), Err(OutOfBounds::TooMany), "{unit}");
        }
        let line = "image.a: \"GREEN r:5000/a-b:c-d@sha256:0 since 2026-01-01T00:00:00Z\"\n";
        assert_eq!(check(&line.repeat(20_000)), Ok(()), "what the gate itself writes");
        let directives = "%TAG !a! x\n".repeat(MOST_DIRECTIVES);
        assert_eq!(check(&directives), Ok(()));
        assert_eq!(check(&format!("{directives}%TAG")), Err(OutOfBounds::Directives));
    }

    #[test]
    fn aliases_that_stand_for_much_more_than_the_text_are_refused() {
        let long = format!("a: &a {}\n", "x".repeat(30_000));
        let many = lines(100, |number| format!("b{number}: *a\n"));
        let list = format!("a: &a [{}]\n", "x,".repeat(10_000));
        let laugh = lines(9, |n| {
            format!("a{n}: &a{n} [*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0}]\n", n - 1)
        });
        for text in
            [format!("{long}{many}"), format!("{list}{many}"), format!("a0: &a0 x\n{laugh}")]
        {
            assert_eq!(check(&text), Err(OutOfBounds::Aliases), "{text:.40}");
        }
        // As people use them: a block that many services share.
        let shared = "node: &node { language: nodejs, base: alpine }\nservices:\n".to_owned();
        let services = lines(1_000, |n| format!("  service-{n}: {{ runtime: *node }}\n"));
        assert_eq!(check(&(shared + &services)), Ok(()));
        assert_eq!(check("notes: *none\nb: a & b\n"), Ok(()), "no YAML is somebody else's to tell");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[\\[\\]{}&*a:,!?|\"' \n-]{0,200}") {
            let _ = read::<serde_yaml::Value>(&text);
        }
    }
}
