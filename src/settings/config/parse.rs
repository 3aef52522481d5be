//! From the bytes of the config file to its document; each mistake has a line and a column.

use std::sync::Arc;

use super::document::Document;
use super::place::{self, Place, kind};
use crate::secret::Redactor;
use crate::settings::usage_error::{Shown, UsageError, did_you_mean};
use crate::yaml::{self, OutOfBounds};

/// The text and the document of a config file's bytes.
pub(super) fn parse(
    bytes: &[u8],
    redactor: &Redactor,
) -> Result<(Arc<str>, Document), (Place, UsageError)> {
    const PLAIN: &str = "save the file as plain UTF-8 text";
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let place = Place::of_byte(bytes, error.valid_up_to());
        (place, UsageError::new("not valid UTF-8").hint(PLAIN))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let control =
        |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if let Some(index) = text.find(control) {
        let place = Place::of_byte(text.as_bytes(), index);
        return Err((place, UsageError::new("control character").hint(PLAIN)));
    }
    if let Some(line) = text.lines().position(|line| redactor.finds_token_in(line)) {
        let error = UsageError::new("this line holds a secret").hint(
            "remove it and revoke it where it was issued: a committed file keeps its history",
        );
        return Err((Place { line: line + 1, column: 1 }, error));
    }
    let explain = |error: serde_yaml::Error| explain(&error, text, redactor);
    yaml::check(text).map_err(|error| {
        let place = match error {
            OutOfBounds::TooDeep { at } => Place::of_byte(text.as_bytes(), at),
            OutOfBounds::Aliases | OutOfBounds::TooMany | OutOfBounds::Directives => Place::START,
        };
        (place, UsageError::new(error.to_string()))
    })?;
    place::check(text).map_err(explain)?;
    let document: Document = serde_yaml::from_str(text).map_err(explain)?;
    if document == Document::default() {
        let error = UsageError::new("the file has no settings")
            .hint("`verify-registry-image --schema config` shows its form");
        return Err((Place::START, error));
    }
    Ok((text.into(), document))
}

/// The parser's error in this program's words.
fn explain(error: &serde_yaml::Error, text: &str, redactor: &Redactor) -> (Place, UsageError) {
    let message = error.to_string();
    let place = Place::of_error(error);
    if place.is_none() && message.contains("more than one document") {
        let error = UsageError::new("a second YAML document begins here")
            .hint("remove the line `---` and what follows it");
        return (Place::of_last_line(text, "---"), error);
    }
    // The crate puts the place behind the message and the path of keys before it; the place says both.
    let Place { line, column } = place.unwrap_or(Place::START);
    let message = message.replacen(&format!(" at line {line} column {column}"), "", 1);
    let message = match message.split_once(": ") {
        Some((path, rest)) if !path.contains([' ', '`']) => rest,
        Some(_) | None => &message,
    };
    let place = place.unwrap_or(Place::START);
    if place.character(text) == Some('\t') {
        return (place, UsageError::new("tab character").hint("indent with spaces"));
    }
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or("");
    let is_braced =
        line.split_once(':').is_some_and(|(_, value)| value.trim_start().starts_with("{revision"));
    let error = if is_braced {
        UsageError::new("a value that begins with `{` needs quotation marks")
            .hint("quote it, as in `\"{revision}-dev\"`")
    } else if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((key, known)) = rest.rsplit_once("`, expected ")
    {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let key = Shown::new(key, redactor);
        let all = || format!("expected one of: {}", known.join(", "));
        UsageError::new(format!("unknown key {key}")).hint(did_you_mean(
            key.as_str(),
            known.iter().copied(),
            all,
        ))
    } else if let Some(key) = message.strip_prefix("missing field `") {
        UsageError::new(format!("missing key `{}`", key.trim_end_matches('`')))
    } else if let Some(rest) = message.strip_prefix("invalid type: ")
        && let Some((found, expected)) = rest.rsplit_once(", expected ")
    {
        let found = redactor.line(&kind(found), 150);
        let expected = expected.replace("a sequence", "a list");
        UsageError::new(format!("expected {expected}, found {found}"))
    } else if message.starts_with("recursion limit") {
        UsageError::new("values are nested too deeply")
    } else {
        UsageError::new(redactor.line(message, 300))
    };
    (place, error)
}
