//! A badge of one environment: the file that a shields.io endpoint badge is drawn from.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::file;
use crate::secret::printable;

/// No badge is larger.
pub const MOST_BYTES: u64 = 64 << 10;

/// The endpoint's schema (shields.io, "Endpoint Badge"), which refuses every other field.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    schema_version: u8,
    label: String,
    message: &'a str,
    color: &'static str,
}

/// The badge of an environment with that status: GREEN, RED, or a word of the team's own. `None` is `unknown`.
pub fn render(environment: &str, status: Option<&str>) -> String {
    let word = printable(status.unwrap_or_default());
    let message = if word.trim().is_empty() { "unknown" } else { word.trim() };
    let color = match message.to_ascii_uppercase().as_str() {
        "GREEN" => "brightgreen",
        "YELLOW" => "yellow",
        "RED" => "red",
        _ => "lightgrey",
    };
    let label = label(environment);
    crate::document::indented(&Endpoint { schema_version: 1, label, message, color })
}

/// What stands on the left: it is about images in the registry, not about what runs in the environment.
fn label(environment: &str) -> String {
    format!("{} images", printable(environment))
}

/// The badge's file of an environment.
pub fn path(badges: &Path, environment: &str) -> PathBuf {
    badges.join(format!("{environment}.json"))
}

/// Whether a badge stands at a path.
pub(super) fn stands(path: &Path) -> bool {
    let content = file::read(path, MOST_BYTES).ok().flatten();
    content.is_some_and(|content| is_ours(&content))
}

/// The badges that this program drew, of environments that are not among the `known`: they would show their last
/// colour for ever.
pub(super) fn stale(badges: &Path, known: &HashSet<&str>) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(badges) {
        Ok(entries) => entries,
        // Git keeps no empty folder.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(environment) = name.strip_suffix(".json").map(str::to_owned) else { continue };
        if known.contains(environment.as_str()) {
            continue;
        }
        let content = file::read(&path, MOST_BYTES).ok().flatten().unwrap_or_default();
        if is_of(&content, &environment) {
            found.push((environment, path));
        }
    }
    found.sort();
    Ok(found)
}

/// A sentence about a badge that was removed.
pub(super) fn removed(environment: &str) -> String {
    let environment = printable(environment);
    format!("the badge of `{environment}` was removed: there is no `{environment}.status`")
}

/// Whether a file is the badge that this program draws of an environment: others have badges in such folders, too.
fn is_of(content: &[u8], environment: &str) -> bool {
    is_ours(content)
        && serde_json::from_slice::<serde_json::Value>(content).is_ok_and(|badge| {
            badge.get("label").and_then(|text| text.as_str()) == Some(&label(environment))
        })
}

/// Whether a file is a badge: what stands in its place is replaced.
pub fn is_ours(content: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(content).is_ok_and(|badge| {
        let text = |name: &str| badge.get(name).is_some_and(serde_json::Value::is_string);
        badge.get("schemaVersion").is_some() && text("label") && text("message")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_is_what_the_endpoint_takes() {
        insta::assert_snapshot!(render("development", Some("GREEN")), @r#"
        {
          "schemaVersion": 1,
          "label": "development images",
          "message": "GREEN",
          "color": "brightgreen"
        }
        "#);
        insta::assert_snapshot!(render("production", Some("RED")), @r#"
        {
          "schemaVersion": 1,
          "label": "production images",
          "message": "RED",
          "color": "red"
        }
        "#);
    }

    #[test]
    fn only_a_badge_is_replaced() {
        assert!(is_ours(render("a", None).as_bytes()));
        for theirs in ["", "{}", "[1]", "{\"label\": \"a\", \"message\": \"b\"}"] {
            assert!(!is_ours(theirs.as_bytes()), "{theirs}");
        }
    }

    #[test]
    fn any_status_gives_a_message_that_is_not_empty() {
        let fields = |status: Option<&str>| {
            let badge: serde_json::Value = serde_json::from_str(&render("a", status)).unwrap();
            format!("{} {}", badge["message"].as_str().unwrap(), badge["color"].as_str().unwrap())
        };
        assert_eq!(fields(None), "unknown lightgrey");
        assert_eq!(fields(Some(" \u{202e}")), "unknown lightgrey");
        assert_eq!(fields(Some("yellow")), "yellow yellow");
        assert_eq!(fields(Some("N/A")), "N/A lightgrey");
        // No other field: the endpoint refuses the whole badge for one.
        let badge: serde_json::Value = serde_json::from_str(&render("a", None)).unwrap();
        let names: Vec<_> = badge.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["color", "label", "message", "schemaVersion"]);
    }
}
