//! `--pulumi-config`: the records as a fragment of a Pulumi stack's configuration, `Pulumi.<stack>.yaml`.
//!
//! One flat emitter for one fragment: every string and key is double-quoted, so that `0123456`, `1e7` and
//! `no` are the same strings for every YAML reader. A library that leaves quotes out where its own rules
//! allow it is not enough: Pulumi's readers have other rules.

use std::fmt::Write as _;

use serde_yaml::Value;

use crate::output::older::{Older, begins};
use crate::output::record::Record;
use crate::output::row::{Content, Output};
use crate::request::config_key;
use crate::secret::is_printable;

/// The output.
pub(super) const OUTPUT: Output = Output {
    option: "pulumi-config",
    older: Older::Removed(|file| begins(file, is_ours), "a Pulumi configuration of ours"),
    content: Content::Fragment(|records| render(records).map_err(|error| error.to_string())),
};

/// The first line, by which an older fragment is known as ours.
const FIRST: &str =
    "# Written by verify-registry-image for verified images: merge it into Pulumi.<stack>.yaml.\n";

/// Why a record cannot be a stack's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PulumiConfigError {
    /// Pulumi takes a map whose only key is `secure` for a ciphertext.
    #[error(
        "Pulumi reserves a map with the one key `secure`, and `env` is one; declare another variable beside it"
    )]
    Reserved,
    /// The service's name has no letter to begin a key with.
    #[error("no configuration key can be made of the service's name `{0}`")]
    Key(String),
}

/// The fragment: a `config` map with a key for each record, its service's name in camel case, and the record below it.
///
/// # Errors
/// When Pulumi would read something else than what a record says.
pub fn render(records: &[Record]) -> Result<String, PulumiConfigError> {
    let mut out = format!("{FIRST}config:\n");
    for record in records {
        let name = record
            .service
            .as_ref()
            .map_or(record.image.repository.as_str(), |service| service.name.as_str());
        let key = config_key(name).ok_or_else(|| PulumiConfigError::Key(name.to_owned()))?;
        // A record is plain data: strings, numbers, booleans, lists and maps with text keys.
        let value = serde_yaml::to_value(record).unwrap_or_default();
        if has_reserved_map(&value) {
            return Err(PulumiConfigError::Reserved);
        }
        // Writing to a `String` cannot fail.
        let _ = write!(out, "  {}:", quoted(&key));
        put(&mut out, &value, 2);
    }
    Ok(out)
}

/// Whether a file is a fragment of ours.
pub fn is_ours(content: &[u8]) -> bool {
    content.starts_with(FIRST.as_bytes())
}

fn has_reserved_map(value: &Value) -> bool {
    match value {
        Value::Mapping(map) => {
            (map.len() == 1 && map.contains_key("secure")) || map.values().any(has_reserved_map)
        }
        Value::Sequence(list) => list.iter().any(has_reserved_map),
        Value::Tagged(tagged) => has_reserved_map(&tagged.value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Writes a value behind a key or a dash, and the newline behind it.
fn put(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str(" null\n"),
        Value::Bool(truth) => out.push_str(if *truth { " true\n" } else { " false\n" }),
        Value::Number(number) => {
            // Writing to a `String` cannot fail.
            let _ = writeln!(out, " {number}");
        }
        Value::String(text) => {
            let _ = writeln!(out, " {}", quoted(text));
        }
        Value::Sequence(list) if list.is_empty() => out.push_str(" []\n"),
        Value::Sequence(list) => {
            out.push('\n');
            for item in list {
                let _ = write!(out, "{}-", "  ".repeat(depth));
                put(out, item, depth + 1);
            }
        }
        Value::Mapping(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::Mapping(map) => {
            out.push('\n');
            for (key, value) in map {
                let key = key.as_str().unwrap_or_default();
                let _ = write!(out, "{}{}:", "  ".repeat(depth), quoted(key));
                put(out, value, depth + 1);
            }
        }
        Value::Tagged(tagged) => put(out, &tagged.value, depth),
    }
}

/// A double-quoted scalar (YAML 1.2, "Double-Quoted Style"; the escapes are those of YAML 1.1 too).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            visible if is_printable(visible) && visible != '\u{85}' => out.push(visible),
            hidden => {
                let code = u32::from(hidden);
                let _ = if code > 0xffff {
                    write!(out, "\\U{code:08x}")
                } else {
                    write!(out, "\\u{code:04x}")
                };
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
