//! How every document of ours writes a time, a size, and JSON.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::mem;

use jiff::Timestamp;
use serde::Serialize;

use crate::secret::is_printable;

/// How many bytes of a long document are passed on at once.
const PIECE: usize = 64 << 10;

/// A time as every document has it: RFC 3339 in UTC, to the second.
pub fn instant(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A size in the unit that suits it, as every text for a person shows it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "B";
    for next in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Any of our wire structs as indented JSON with a newline at the end.
///
/// What is not safe on a terminal is escaped: such characters stand inside of strings only.
pub(crate) fn indented(value: &impl Serialize) -> String {
    let mut text = String::new();
    // Our wire structs have string keys only, so that this cannot fail; a text that is cut would be seen.
    let _ = written(value, |lines| {
        text.push_str(lines);
        Ok(())
    });
    text
}

/// Like [`indented`], but passes the text to `put` in pieces of whole lines, so that it is never held as a whole.
///
/// # Errors
/// When `put` fails.
pub(crate) fn written(
    value: &impl Serialize,
    put: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    let mut lines = Lines { held: Vec::new(), put };
    serde_json::to_writer_pretty(&mut lines, value)?;
    lines.held.push(b'\n');
    lines.flush()
}

/// Passes on what is written to it in pieces of whole lines.
struct Lines<F> {
    held: Vec<u8>,
    put: F,
}

impl<F: FnMut(&str) -> io::Result<()>> Write for Lines<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        // Only what has just come may hold the end of a line: a long one is not searched again and again.
        if self.held.len() >= PIECE && bytes.contains(&b'\n') {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    /// Passes on all lines that are whole.
    fn flush(&mut self) -> io::Result<()> {
        let end = self.held.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = self.held.split_off(end);
        let lines = String::from_utf8(mem::replace(&mut self.held, rest));
        (self.put)(&escaped(&lines.map_err(io::Error::other)?))
    }
}

/// JSON without what is not safe on a terminal.
fn escaped(json: &str) -> Cow<'_, str> {
    if json.chars().all(|character| character == '\n' || is_printable(character)) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || is_printable(character) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(text)
}

/// Asserts that a schema in `schema/` is the one that the wire structs derive.
#[cfg(test)]
pub(crate) fn assert_published<T: schemars::JsonSchema>(file: &str, title: &str, published: &str) {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), title.into());
    let derived = indented(&schema);
    if derived != published {
        let fresh = std::env::temp_dir().join(file.replace('/', "-"));
        #[expect(clippy::disallowed_methods, reason = "not an output of the program")]
        std::fs::write(&fresh, derived).unwrap();
        panic!(
            "`{file}` is not what the structs derive; look at it, then: cp {} {file}",
            fresh.display()
        );
    }
}
