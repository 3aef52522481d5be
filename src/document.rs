//! How every document of ours writes a time, a size, and JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use crate::secret::is_printable;

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
    // Our wire structs have string keys only, so that this cannot fail; an empty text would be seen.
    let mut json = serde_json::to_string_pretty(value).unwrap_or_default();
    if json.chars().all(|character| character == '\n' || is_printable(character)) {
        json.push('\n');
        return json;
    }
    let mut text = String::with_capacity(json.len() + 1);
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
    text.push('\n');
    text
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
