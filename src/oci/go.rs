//! Values as Go's reader takes them, which engines use: each checked for its type, and nothing of it kept.
//!
//! An engine that reads a document into its own types refuses all of it where one field has another type,
//! also a field that this program has no use for. `null` is nothing to Go, wherever it stands.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::oci::bounded::AtMost;

/// A text.
#[derive(Debug)]
pub(super) struct Text;

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfText;
        impl Visitor<'_> for OfText {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Text, E> {
                Ok(Text)
            }
        }
        // As bytes: Go reads a text with broken characters, too.
        deserializer.deserialize_bytes(OfText)
    }
}

/// A text that is kept; broken characters in it are replaced, as Go does.
#[derive(Debug)]
pub(super) struct Kept(pub(super) String);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfKept;
        impl Visitor<'_> for OfKept {
            type Value = Kept;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Kept, E> {
                Ok(Kept(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(OfKept)
    }
}

/// Whether a health check runs anything: its `Test` has a first word that is not `NONE`. Of another form it runs
/// nothing; whether an engine refuses that is decided elsewhere.
#[derive(Debug)]
pub(super) struct HealthTest(pub(super) bool);

impl<'de> Deserialize<'de> for HealthTest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any::deserialize(deserializer).map(|any| match any {
            Any::Object(Some(test)) => Self(!test.is_empty() && test != "NONE"),
            Any::Object(None) | Any::List(_) | Any::Text(_) | Any::Other => Self(false),
        })
    }
}

/// Any value, of which next to nothing is kept.
enum Any {
    /// An object: the first word of its `Test`.
    Object(Option<String>),
    /// A list: its first text.
    List(Option<String>),
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfAny;
        impl<'de> Visitor<'de> for OfAny {
            type Value = Any;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<Any, E> {
                Ok(Any::Other)
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Any, E> {
                Ok(Any::Other)
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Any, E> {
                Ok(Any::Other)
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Any, E> {
                Ok(Any::Other)
            }
            fn visit_unit<E: Error>(self) -> Result<Any, E> {
                Ok(Any::Other)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Any, E> {
                Ok(Any::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Any, A::Error> {
                let first = match list.next_element::<Any>()? {
                    Some(Any::Text(text)) => Some(text),
                    Some(Any::Object(_) | Any::List(_) | Any::Other) | None => None,
                };
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Any::List(first))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any, A::Error> {
                let mut test = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key.eq_ignore_ascii_case("test") {
                        test = match map.next_value::<Any>()? {
                            Any::List(first) => first,
                            Any::Object(_) | Any::Text(_) | Any::Other => None,
                        };
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Any::Object(test))
            }
        }
        deserializer.deserialize_any(OfAny)
    }
}

/// A list of texts, and how many there are.
#[derive(Debug)]
pub(super) struct Texts(pub(super) usize);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfTexts;
        impl<'de> Visitor<'de> for OfTexts {
            type Value = Texts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of strings")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut length = 0;
                while list.next_element::<Option<Text>>()?.is_some() {
                    length += 1;
                }
                Ok(Texts(length))
            }
        }
        deserializer.deserialize_seq(OfTexts)
    }
}

/// The words of a command: a list of texts, or one text alone (Docker's `StrSlice`). To Go, a `null` in it is empty.
#[derive(Debug, Default)]
pub(super) struct Words<const MOST: usize>(pub(super) Vec<String>);

impl<'de, const MOST: usize> Deserialize<'de> for Words<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfWords<const MOST: usize>;
        impl<'de, const MOST: usize> Visitor<'de> for OfWords<MOST> {
            type Value = Words<MOST>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Words<MOST>, E> {
                Ok(Words(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Words<MOST>, A::Error> {
                let list =
                    AtMost::<MOST, Option<String>>::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(Words(list.0.into_iter().map(Option::unwrap_or_default).collect()))
            }
        }
        deserializer.deserialize_any(OfWords)
    }
}

/// An object, whatever is in it: the value of a set.
#[derive(Debug)]
pub(super) struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Object)
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// A time with its zone (RFC 3339), as it is written.
#[derive(Debug)]
pub(super) struct Time(pub(super) String);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if is_time(&text) {
            Ok(Self(text))
        } else {
            // Whole: who shows it masks it first, and cuts it then.
            Err(D::Error::custom(format!("`{text}` is not an RFC 3339 time")))
        }
    }
}

/// Whether a text is a time as Go reads it: RFC 3339, where an hour may have one digit, a comma may begin the fraction, and
/// a zone may be 24 hours or have 60 minutes (measured).
pub(crate) fn is_time(text: &str) -> bool {
    let padded;
    let text = match (text.get(..11), text.get(11..), text.as_bytes().get(12)) {
        (Some(day), Some(hour), Some(b':')) => {
            padded = format!("{day}0{hour}");
            &padded
        }
        _ => text,
    };
    let number = |from: usize, to: usize, most: u32| {
        let digits = text.get(from..to)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|number| is_number && *number <= most)
    };
    let is_punctuated = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
        .iter()
        .all(|(place, mark)| text.as_bytes().get(*place) == Some(mark));
    let is_day = || {
        let year = i16::try_from(number(0, 4, 9999)?).ok()?;
        let month = i8::try_from(number(5, 7, 12)?).ok()?;
        let day = i8::try_from(number(8, 10, 31)?).ok()?;
        jiff::civil::Date::new(year, month, day).ok()
    };
    let is_hour = || Some((number(11, 13, 23)?, number(14, 16, 59)?, number(17, 19, 59)?));
    let Some(rest) = text.get(19..) else { return false };
    let zone = match rest.strip_prefix(['.', ',']) {
        None => rest,
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
    };
    let is_zone = || match zone.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', _, _, b':', _, _] => {
            let at = text.len() - 6;
            number(at + 1, at + 3, 24).is_some() && number(at + 4, at + 6, 60).is_some()
        }
        _ => false,
    };
    is_punctuated && is_day().is_some() && is_hour().is_some() && is_zone()
}

/// Whether the zone of a time is one that Go reads and does not write: of 24 hours or more.
pub(crate) fn is_zone_too_large(time: &str) -> bool {
    let minutes = || {
        let zone = time.get(time.len().checked_sub(6)?..)?.strip_prefix(['+', '-'])?;
        let (hours, minutes) = zone.split_once(':')?;
        Some(hours.parse::<u32>().ok()? * 60 + minutes.parse::<u32>().ok()?)
    };
    minutes().is_some_and(|minutes| minutes >= 24 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads<T: for<'de> Deserialize<'de>>(text: &str) -> bool {
        serde_json::from_str::<Option<T>>(text).is_ok()
    }

    #[test]
    fn each_type_takes_what_go_takes_and_nothing_else() {
        let takers = |text: &str| {
            [
                ("text", reads::<Text>(text)),
                ("texts", reads::<Texts>(text)),
                ("words", reads::<Words<2>>(text)),
                ("object", reads::<Object>(text)),
            ]
        };
        let told = [
            "null",
            r#""a""#,
            "1",
            "true",
            r#"["a",null]"#,
            "[1]",
            "[]",
            "{}",
            r#"{"a":"b","c":null}"#,
            r#"{"a":1}"#,
            r#"{"a":{"b":[1]},"c":null}"#,
            r#"{"a":[]}"#,
        ]
        .map(|text| {
            let taken = takers(text).into_iter().filter(|(_, takes)| *takes).map(|(name, _)| name);
            format!("{text}: {}", taken.collect::<Vec<_>>().join(" "))
        });
        insta::assert_snapshot!(told.join("\n"), @r#"
        null: text texts words object
        "a": text words
        1: 
        true: 
        ["a",null]: texts words
        [1]: 
        []: texts words
        {}: object
        {"a":"b","c":null}: object
        {"a":1}: object
        {"a":{"b":[1]},"c":null}: object
        {"a":[]}: object
        "#);
    }

    #[test]
    fn a_zone_of_a_day_is_too_large() {
        for (time, is_too_large) in [
            ("2026-11-01T10:00:00+24:00", true),
            ("2026-11-01T10:00:00-23:60", true),
            ("2026-11-01T10:00:00+01:60", false),
            ("2026-11-01T10:00:00+23:59", false),
            ("2026-11-01T10:00:00Z", false),
            ("+", false),
        ] {
            assert_eq!(is_zone_too_large(time), is_too_large, "{time}");
        }
    }

    #[test]
    fn a_time_is_one_of_rfc_3339_with_a_zone() {
        for good in [
            "2026-11-01T10:00:00Z",
            "2026-11-01T10:00:00.123456789Z",
            "0001-01-01T00:00:00Z",
            "1970-01-01T00:00:00+00:00",
            "2024-02-29T23:59:59.5-07:30",
            "2026-11-01T1:00:00Z",
            "2026-11-01T1:00:00,5+01:00",
            "2026-11-01T10:00:00,5Z",
            "2026-11-01T10:00:00+24:60",
        ] {
            assert!(is_time(good), "{good}");
        }
        for bad in [
            "",
            "2026-11-01",
            "2026-11-01T10:00:00",
            "2026-11-01 10:00:00Z",
            "2026-11-01t10:00:00z",
            "2026-02-30T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-11-01T24:00:00Z",
            "2026-11-01T10:00:60Z",
            "2026-11-01T10:00:00.Z",
            "2026-11-01T10:00:00,Z",
            "2026-11-01T10:00:00+0100",
            "2026-11-01T10:00:00+25:00",
            "2026-11-01T10:00:00+23:61",
            "2026-11-01T10:0:00Z",
            "2026-11-01T10:00:0Z",
            "2026-11-1T10:00:00Z",
            "2026-11-01T:00:00Z",
            "2026-11-0ä1:00:00Z",
            "2026-11-01T10:00:00Zä",
            "+026-11-01T10:00:00Z",
            "1700000000",
            "2026-11-01T10:00:00ä+1:00",
        ] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
