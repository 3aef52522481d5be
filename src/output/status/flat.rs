//! Whether a status file may be changed line by line: whoever reads it as YAML finds there what was there before.
//!
//! The gate changes flat `key: value` lines. A file that is YAML and not flat where it matters (a list below
//! `notes`, a quoted value of two lines, `...` at the end) would come out broken, and is refused untouched. One
//! that is no YAML is read by `grep` and `cut`, and every line of it is its own.

use serde_yaml::{Mapping, Value};

use super::{IMAGE, line};

/// Why a status file is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFlat {
    /// Lines that end as they did on a Mac long ago: the whole file would be one line.
    #[error("it has line ends that are a carriage return alone")]
    CarriageReturn,
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
    let mut new = text.to_owned();
    for service in services {
        new = line::set(&new, &format!("{IMAGE}{service}"), "GREEN", true);
    }
    new = line::set(&new, "status", "GREEN", false);
    new = line::set(&new, "last_updated", "2000-01-01T00:00:00Z", false);
    new = line::set(&new, "notes", "a", true);
    compare(text, &new)
}

/// Whether `new` says of every key that is not the gate's what `old` says.
///
/// # Errors
/// When it does not.
pub fn compare(old: &str, new: &str) -> Result<(), NotFlat> {
    if old.replace("\r\n", "\n").contains('\r') {
        return Err(NotFlat::CarriageReturn);
    }
    let Some(before) = mapping(old) else { return Ok(()) };
    let after = mapping(new).ok_or(NotFlat::Broken)?;
    let keys = before.keys().chain(after.keys());
    for key in keys.filter(|key| !is_ours(key)) {
        if before.get(key) != after.get(key) {
            let name = key.as_str().map_or_else(|| "a key".to_owned(), crate::secret::printable);
            return Err(NotFlat::Changed(name));
        }
    }
    Ok(())
}

fn mapping(text: &str) -> Option<Mapping> {
    match crate::yaml::read(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Mapping(mapping)) => Some(mapping),
        Ok(_) | Err(_) => None,
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
        ] {
            assert_eq!(told(text), "flat", "{text}");
        }
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
        ];
        insta::assert_snapshot!(texts.map(told).join("\n"), @"
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it has line ends that are a carriage return alone
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed it would be broken
        it is YAML that is not flat: with the gate's lines changed, `health_check` would be another
        ");
    }
}
