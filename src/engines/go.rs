//! Go's JSON reader, as far as it refuses: engines read each document into structures of their own, and refuse all of
//! it where one field has another type, also a field that nobody needs.
//!
//! Names are compared without their case, `null` is nothing wherever it is, a text may hold broken characters, and a
//! document may be ten thousand deep. Nothing that is read is kept.

mod reader;

use std::fmt::Write as _;

use reader::{Reader, unquoted};

use crate::oci::{is_time, taken_for};

/// A type of Go's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    /// `string`.
    Text,
    /// `int`, `int64` or `time.Duration`: a whole number.
    Int,
    /// `bool`.
    Bool,
    /// `time.Time`: RFC 3339 with a zone.
    Time,
    /// `[]byte`: a text in base64.
    Bytes,
    /// `uint8`: an element of such a list.
    Byte,
    /// `struct{}`: an object, whatever is in it.
    Empty,
    /// Docker's `StrSlice`: a text, or a list of texts.
    Words,
    /// A list.
    List(&'static Self),
    /// An object of any names.
    Map(&'static Self),
    /// An object of named fields.
    Object(&'static Structure),
}

/// The fields of a structure, by the names that JSON has for them. Others are ignored.
#[derive(Debug)]
pub(super) struct Structure {
    pub(super) names: &'static [&'static str],
    pub(super) types: &'static [Type],
}

/// A field of another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// Where it is, as in `config.Healthcheck.Interval`. Only names of structures: no text of the document.
    pub(super) path: String,
    /// What it has to be.
    pub(super) expected: &'static str,
    /// What it is.
    pub(super) found: &'static str,
}

/// A document that Go reads as JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'a>(&'a [u8]);

impl<'a> Json<'a> {
    /// `None`: Go does not read it as JSON, whatever its types.
    pub(super) fn read(document: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { bytes: document, at: 0 };
        reader.skip()?;
        reader.space();
        reader.peek().is_none().then_some(Self(document))
    }

    /// Its bytes.
    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Its first field that has another type than in `wanted`.
    pub(super) fn mismatch(self, wanted: &'static Structure) -> Option<Mismatch> {
        let mut walk =
            Walk { reader: Reader { bytes: self.0, at: 0 }, path: Vec::new(), found: None };
        walk.value(Type::Object(wanted));
        walk.found
    }
}

/// A step of a path.
enum Step {
    Field(&'static str),
    Place(usize),
    Any,
}

struct Walk<'a> {
    reader: Reader<'a>,
    path: Vec<Step>,
    found: Option<Mismatch>,
}

impl Walk<'_> {
    /// Walks one value. The document is known to be JSON.
    fn value(&mut self, wanted: Type) {
        self.reader.space();
        let start = self.reader.at;
        match (wanted, self.reader.peek()) {
            (_, Some(b'n')) | (Type::Empty, Some(b'{')) => {
                self.reader.skip();
            }
            (Type::List(of), Some(b'[')) => self.list(*of),
            (Type::Words, Some(b'[')) => self.list(Type::Text),
            // Go reads a list of numbers as bytes, too.
            (Type::Bytes, Some(b'[')) => self.list(Type::Byte),
            (Type::Map(of), Some(b'{')) => self.fields(|_| Some((Step::Any, *of))),
            (Type::Object(structure), Some(b'{')) => self.fields(|key| structure.field(key)),
            (_, first) => {
                self.reader.skip();
                let text = self.reader.bytes.get(start..self.reader.at).unwrap_or_default();
                if !wanted.takes(text) {
                    self.note(wanted, found(first));
                }
            }
        }
    }

    fn list(&mut self, of: Type) {
        let mut place = 0;
        self.reader.open();
        while !self.reader.closes(b']') {
            self.path.push(Step::Place(place));
            self.value(of);
            self.path.pop();
            place += 1;
        }
    }

    fn fields(&mut self, field: impl Fn(&str) -> Option<(Step, Type)>) {
        self.reader.open();
        while !self.reader.closes(b'}') {
            let key = self.reader.key();
            match field(&key) {
                Some((step, wanted)) => {
                    self.path.push(step);
                    self.value(wanted);
                    self.path.pop();
                }
                None => {
                    self.reader.skip();
                }
            }
        }
    }

    fn note(&mut self, wanted: Type, found: &'static str) {
        if self.found.is_some() {
            return;
        }
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.extend([".", name]),
                Step::Place(place) => {
                    let _ = write!(path, "[{place}]");
                }
                Step::Any => path.push_str("[…]"),
            }
        }
        if path.is_empty() {
            "the document".clone_into(&mut path);
        }
        self.found = Some(Mismatch { path, expected: wanted.word(), found });
    }
}

impl Structure {
    fn field(&self, key: &str) -> Option<(Step, Type)> {
        let name = taken_for(key, self.names)?;
        let place = self.names.iter().position(|known| *known == name)?;
        Some((Step::Field(name), *self.types.get(place)?))
    }
}

impl Type {
    /// Whether a value that is neither a list nor an object is one of this type.
    fn takes(self, text: &[u8]) -> bool {
        let is_text = text.first() == Some(&b'"');
        match self {
            Self::Text | Self::Words => is_text,
            Self::Int => std::str::from_utf8(text).is_ok_and(|text| text.parse::<i64>().is_ok()),
            Self::Byte => std::str::from_utf8(text).is_ok_and(|text| text.parse::<u8>().is_ok()),
            Self::Bool => matches!(text, b"true" | b"false"),
            Self::Time => is_text && is_time(&unquoted(text)),
            Self::Bytes => is_text && is_base64(&unquoted(text)),
            Self::Empty | Self::List(_) | Self::Map(_) | Self::Object(_) => false,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Int => "a whole number",
            Self::Byte => "a number from 0 to 255",
            Self::Bool => "true or false",
            Self::Time => "an RFC 3339 time",
            Self::Bytes => "a string in base64",
            Self::Empty | Self::Map(_) | Self::Object(_) => "an object",
            Self::Words => "a string or a list of strings",
            Self::List(_) => "a list",
        }
    }
}

fn found(first: Option<u8>) -> &'static str {
    match first {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(_) | None => "a number",
    }
}

/// Base64 as Go reads it: line ends in between are skipped, the padding is needed.
fn is_base64(text: &str) -> bool {
    let text = text.as_bytes().iter().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let text: Vec<u8> = text.copied().collect();
    let body = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(&text);
    text.len().is_multiple_of(4)
        && body.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

#[cfg(test)]
mod tests;
