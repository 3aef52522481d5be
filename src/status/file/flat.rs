//! Whether a status file may be changed line by line: whoever reads it as YAML finds there what was there before.
//!
//! The gate changes flat `key: value` lines. A file that is YAML and not flat where it matters (a list below
//! `notes`, a quoted value of two lines, `...` at the end) would come out broken, and is refused untouched. One
//! that is no YAML is read by `grep` and `cut`, and every line of it is its own.

use std::collections::HashSet;

use serde_yaml::{Mapping, Value};

use super::IMAGE;
use super::line::{self, Change};
use crate::secret::printable;
use crate::status::conflict::{self, Conflict};
use crate::yaml::{self, OutOfBounds, YamlError};

/// Why a status file is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFlat {
    /// Two people changed it, and nobody has decided between them.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// Lines that end as they did on a Mac long ago: the whole file would be one line.
    #[error("it has line ends that are a carriage return alone")]
    CarriageReturn,
    /// It would take a YAML reader gigabytes.
    #[error("{}", OutOfBounds::TooMany)]
    TooMany,
    /// A key of the gate's has a list or a map, which its one line would replace.
    #[error("its `{0}` is a list or a map, and the gate would write one line over it")]
    Nested(String),
    /// It would not be YAML any more.
    #[error("it is YAML that is not flat: with the gate's lines changed it would be broken")]
    Broken,
    /// Another key would be lost, or would have another value.
    #[error("it is YAML that is not flat: with the gate's lines changed, `{0}` would be another")]
    Changed(String),
}

impl NotFlat {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::CarriageReturn => "end its lines with a line feed",
            Self::Conflict(_) => conflict::HINT,
            Self::TooMany => "keep in it what says how the environment is, and nothing else",
            Self::Nested(_) => "move it to a key of your own, such as `remarks`",
            Self::Broken | Self::Changed(_) => {
                "write each value of `status`, `last_updated`, `notes` and `image.` on the line of its key, \
                 as a plain or quoted text, and end the file without `...`"
            }
        }
    }
}

/// Whether the gate's keys, those of `services` among them, can be set in `text`.
///
/// # Errors
/// When something else in it would change.
pub fn prove<'s>(text: &str, services: impl IntoIterator<Item = &'s str>) -> Result<(), NotFlat> {
    let services: Vec<&str> = services.into_iter().collect();
    let lines = |light: &str| -> Vec<(String, Change)> {
        let of = |service: &&str| (format!("{IMAGE}{service}"), Change::Quote(light.to_owned()));
        services.iter().map(of).collect()
    };
    let mut changes = lines("GREEN");
    changes.push(("status".to_owned(), Change::Set("GREEN".to_owned())));
    changes.push(("last_updated".to_owned(), Change::Set("2000-01-01T00:00:00Z".to_owned())));
    changes.push(("notes".to_owned(), Change::Quote("a".to_owned())));
    let new = line::changed(text, &changes);
    compare(text, &new)?;
    // A service's own line can be all that keeps the rest from being what a reader of lines takes it for: it breaks the
    // file, or begins a quoted text. Once it is written, the next run would refuse what this one left.
    compare(&line::changed(text, &lines("RED")), &new)
}

/// Whether `new` says of every key that is not the gate's what `old` says, and nothing is lost of the gate's.
///
/// # Errors
/// When it does not.
pub fn compare(old: &str, new: &str) -> Result<(), NotFlat> {
    conflict::none_in(old)?;
    if old.replace("\r\n", "\n").contains('\r') {
        return Err(NotFlat::CarriageReturn);
    }
    let nested = line::nested(old);
    let keys: HashSet<&str> = nested.iter().copied().collect();
    let (before, after) = (line::wholes(old, &keys), line::wholes(new, &keys));
    if let Some(key) = nested.into_iter().find(|key| before.get(key) != after.get(key)) {
        return Err(NotFlat::Nested(printable(key)));
    }
    let Some(before) = mapping(old)? else { return Ok(()) };
    // Where every line of it was taken out, comments are left, or nothing.
    let is_empty = || matches!(serde_yaml::from_str(new), Ok(Value::Null));
    let after = mapping(new)?.or_else(|| is_empty().then(Mapping::new));
    for (key, value) in &before {
        let is_lost = after.as_ref().is_none_or(|after| after.get(key) != Some(value));
        if is_lost && matches!(value, Value::Sequence(_) | Value::Mapping(_)) && is_ours(key) {
            return Err(NotFlat::Nested(printable(key.as_str().unwrap_or_default())));
        }
    }
    let after = after.ok_or(NotFlat::Broken)?;
    let keys = before.keys().chain(after.keys());
    for key in keys.filter(|key| !is_ours(key)) {
        if before.get(key) != after.get(key) {
            let name = key.as_str().map_or_else(|| "a key".to_owned(), printable);
            return Err(NotFlat::Changed(name));
        }
    }
    Ok(())
}

fn mapping(text: &str) -> Result<Option<Mapping>, NotFlat> {
    match yaml::read(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Mapping(mapping)) => Ok(Some(mapping)),
        Err(YamlError::OutOfBounds(OutOfBounds::TooMany)) => Err(NotFlat::TooMany),
        Ok(_) | Err(_) => Ok(None),
    }
}

fn is_ours(key: &Value) -> bool {
    key.as_str().is_some_and(|key| {
        matches!(key, "status" | "last_updated" | "notes") || key.starts_with(IMAGE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match prove(text, ["a"]) {
            Ok(()) => "flat".to_owned(),
            Err(why) => format!("{why}"),
        }
    }

    #[test]
    fn what_teams_keep_is_flat() {
        for text in [
            "",
            "status: RED\nhealth_check: PASS\nnotes: a # b\n",
            "\u{feff}status: 'RED'\r\nowners:\r\n- a\r\n- b\r\nnotes: |\r\n  a\r\n\r\n  b\r\n",
            "notes: >\n  a: b\n# c\n---\nd",
            "notes: a: b\nno colon\nstatus: \"open\n",
            "status: GREEN\nstatus: RED\n",
            "notes:\n  a text below\n  of two lines\n",
            // So many directives are refused by a reader, and no YAML.
            &"%TAG !a! x\n".repeat(100),
            // What the gate does not change may be anything.
            "image.settings:\n  a: b\nowners:\n  - a\n",
        ] {
            assert_eq!(told(text), "flat", "{text}");
        }
    }

    #[test]
    fn a_file_of_more_values_than_anybody_writes_is_refused() {
        let lists = "owners:\n- [a, b]\n".repeat(60_000);
        assert_eq!(told(&lists), "too many values: more than 200000");
    }

    #[test]
    fn the_keys_of_a_large_file_are_looked_up_in_one_pass() {
        // As many keys with a list below them as have room: each was looked for in the whole file.
        let keys: Vec<_> = (0..40_000).map(|number| format!("k{number}:\n  - a\n")).collect();
        let text = keys.concat();
        let nested = line::nested(&text);
        assert_eq!(nested.len(), 40_000);
        let keys = nested.iter().copied().collect();
        let found = line::wholes(&text, &keys);
        assert_eq!(found.len(), 40_000);
        assert!(found.values().all(|value| value == "- a"));
        assert_eq!(line::whole(&text, "k7"), Some("- a".to_owned()));
    }

    #[test]
    fn what_would_come_out_as_something_else_is_refused() {
        let texts = [
            "notes:\n- a\n- b\nhealth_check: PASS\n",
            "notes: \"a\n  b: c\"\nhealth_check: PASS\n",
            "status: RED\n...\n",
            "status: RED\rhealth_check: PASS\r",
            "{status: RED, health_check: PASS}\n",
            "notes: &a b\nhealth_check: *a\n",
            "owner: &a b\nnotes: &a c\nhealth_check: *a\n",
            // Replaced, a list would be lost, however it is written.
            "status: RED\nnotes:\n  - a\n  - b\n",
            "notes:\n  # who\n  a: b\n",
            "notes: [a, b]\n",
            "no colon\nnotes:\n\n  - a\n",
            "image.a:\n  digest: b\n",
            // No YAML before the gate's own line is written, and YAML that is not flat behind it.
            "image.a: \0\nowner: \"a\nnotes: b\"\n",
            "owner: 'a\nimage.a: \"\0\"\n'\n",
            "image.a: \"b: \nstatus:notes: c\"\n",
        ];
        insta::assert_snapshot!(texts.map(told).join("\n"), @"
        its `notes` is a list or a map, and the gate would write one line over it
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it has line ends that are a carriage return alone
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed, `health_check` would be another
        its `notes` is a list or a map, and the gate would write one line over it
        its `notes` is a list or a map, and the gate would write one line over it
        its `notes` is a list or a map, and the gate would write one line over it
        its `notes` is a list or a map, and the gate would write one line over it
        its `image.a` is a list or a map, and the gate would write one line over it
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed, `owner` would be another
        it is YAML that is not flat: with the gate's lines changed, `status:notes` would be another
        ");
    }
}
