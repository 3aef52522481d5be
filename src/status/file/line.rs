//! Lines of a status file: found, read and replaced one by one, so that the others keep their bytes.

use std::collections::{HashMap, HashSet};

use crate::secret::printable;

/// One line, taken apart. The parts in order are the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The byte order mark, the key with its quotes, the colon and the white space behind it.
    head: &'a str,
    /// The key without its quotes; `None` for a line that is no `key: value`.
    key: Option<&'a str>,
    /// The value with its quotes.
    value: &'a str,
    /// White space and a comment behind the value.
    tail: &'a str,
    /// `\n`, `\r\n`, or nothing at the end of the file.
    end: &'a str,
}

impl<'a> Line<'a> {
    /// The lines of a text.
    pub(super) fn all(text: &'a str) -> impl Iterator<Item = Self> {
        text.split_inclusive('\n').map(Self::of)
    }

    fn of(line: &'a str) -> Self {
        let body = line.strip_suffix('\n').unwrap_or(line);
        let body = body.strip_suffix('\r').unwrap_or(body);
        let (_, end) = split(line, body.len());
        let other = Self { head: body, key: None, value: "", tail: "", end };
        let mark = if body.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let (_, text) = split(body, mark);
        let Some(colon) = text.find(':') else { return other };
        let (before, after) = split(text, colon);
        let Some(key) = key(before) else { return other };
        let behind = after.strip_prefix(':').unwrap_or(after);
        let value = behind.trim_start_matches([' ', '\t']);
        let (head, rest) = split(body, body.len() - value.len());
        let (value, tail) = split(rest, value_length(rest));
        Self { head, key: Some(key), value, tail, end }
    }

    /// The key, without quotes.
    pub(super) fn key(self) -> Option<&'a str> {
        self.key
    }

    /// The value, without quotes.
    pub(super) fn value(self) -> String {
        if let Some(inner) = between(self.value, '"') {
            // A value that is not a JSON string is taken literally: YAML has more escapes, which nobody writes here.
            serde_json::from_str(self.value).unwrap_or_else(|_| inner.to_owned())
        } else if let Some(inner) = between(self.value, '\'') {
            inner.replace("''", "'")
        } else {
            self.value.to_owned()
        }
    }

    /// Whether the line is blank.
    fn is_blank(self) -> bool {
        self.head.trim().is_empty() && self.value.is_empty()
    }

    /// Whether it goes on with the value of the line `above`, as YAML reads it.
    fn continues(self, above: Self) -> bool {
        let text = self.head.trim_start();
        if text.len() == self.head.len() {
            return false;
        }
        if above.value.starts_with(['|', '>']) {
            // Everything indented belongs to a block, comments too.
            return true;
        }
        let is_ended = above.is_quoted() || above.tail.trim_start().starts_with('#');
        let is_open = above.value.is_empty() || !is_ended && !is_pair(text);
        is_open && !text.starts_with('#')
    }

    /// Whether the value is a whole quoted text, which ends on its line.
    fn is_quoted(self) -> bool {
        ['"', '\''].iter().any(|quote| between(self.value, *quote).is_some())
    }

    fn push_onto(self, text: &mut String) {
        let Self { head, key: _, value, tail, end } = self;
        text.extend([head, value, tail, end]);
    }

    /// The same with another value.
    fn push_with(self, value: &str, quote: &str, text: &mut String) {
        let Self { head, key: _, value: _, tail, end } = self;
        let space = if head.ends_with(':') { " " } else { "" };
        let gap = if tail.starts_with('#') { " " } else { "" };
        text.extend([head, space, quote, &plain(value), quote, gap, tail, end]);
    }

    /// The quotes of the value.
    fn quote(self) -> &'static str {
        match self.value.chars().next() {
            Some('"') => "\"",
            Some('\'') => "'",
            Some(_) | None => "",
        }
    }
}

/// What becomes of the lines of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Each of them gets this value, or one is added at the end.
    Set(String),
    /// The same, in double quotes. [`Change::Set`] keeps the quotes of the old value.
    Quote(String),
    /// They are taken out.
    Remove,
}

/// `text` with the lines of some keys changed, in one pass over it: there can be thousands of services.
pub(super) fn changed(text: &str, changes: &[(String, Change)]) -> String {
    let of_key: HashMap<&str, usize> =
        changes.iter().enumerate().map(|(index, (key, _))| (key.as_str(), index)).collect();
    let mut found = vec![false; changes.len()];
    let mut new = String::with_capacity(text.len());
    // The line whose value is being replaced: what goes on with the old value leaves with it.
    let mut above: Option<Line<'_>> = None;
    for line in Line::all(text) {
        if let Some(changed) = above
            && !line.is_blank()
        {
            if line.continues(changed) {
                continue;
            }
            above = None;
        }
        let index = line.key().and_then(|key| of_key.get(key));
        let change = index.and_then(|index| {
            found.get_mut(*index).into_iter().for_each(|found| *found = true);
            changes.get(*index)
        });
        let Some((_, change)) = change else {
            line.push_onto(&mut new);
            continue;
        };
        above = Some(line);
        match change {
            Change::Set(value) => line.push_with(value, line.quote(), &mut new),
            Change::Quote(value) => line.push_with(value, "\"", &mut new),
            // The mark at a file's beginning is no part of its first line.
            Change::Remove if line.head.starts_with('\u{feff}') => new.push('\u{feff}'),
            Change::Remove => {}
        }
    }
    let end = if new.contains("\r\n") { "\r\n" } else { "\n" };
    for ((key, change), _) in changes.iter().zip(found).filter(|(_, found)| !found) {
        match change {
            Change::Set(value) => append(&mut new, &format!("{key}: {}", plain(value)), end),
            Change::Quote(value) => append(&mut new, &format!("{key}: \"{}\"", plain(value)), end),
            Change::Remove => {}
        }
    }
    new
}

/// The value of a key as a reader takes it, with what goes on below it, on one line. The last line of the key
/// counts.
pub(super) fn whole(text: &str, key: &str) -> Option<String> {
    wholes(text, &HashSet::from([key])).remove(key)
}

/// The same of several keys, in one pass over the text: there can be thousands of services.
pub(super) fn wholes<'t>(text: &'t str, keys: &HashSet<&str>) -> HashMap<&'t str, String> {
    let mut found: HashMap<&str, String> = HashMap::new();
    let mut open: Option<(&str, Line<'_>)> = None;
    for line in Line::all(text) {
        if let Some(key) = line.key().filter(|key| keys.contains(key)) {
            let is_block = line.value.starts_with(['|', '>']);
            found.insert(key, if is_block { String::new() } else { line.value() });
            open = Some((key, line));
        } else if let Some((key, above)) = open {
            if line.continues(above) {
                let value = found.entry(key).or_default();
                value.extend([" ", line.head.trim()]);
            } else if !line.is_blank() {
                open = None;
            }
        }
    }
    for value in found.values_mut() {
        printable(value).trim().clone_into(value);
    }
    found
}

/// The keys that have a list or a map below them: their value is more than one line can hold.
pub(super) fn nested(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut above: Option<(Line<'_>, &str)> = None;
    for line in Line::all(text) {
        if let Some((key_line, key)) = above
            && line.continues(key_line)
        {
            let text = line.head.trim();
            if text == "-"
                || text.starts_with(['[', '{'])
                || text.starts_with("- ")
                || is_pair(text)
            {
                found.push(key);
            }
        }
        if !line.is_blank() && !line.head.trim_start().starts_with('#') {
            above = line.key().filter(|_| line.value.is_empty()).map(|key| (line, key));
        }
    }
    found
}

/// Whether a line reads as `key: value`.
fn is_pair(text: &str) -> bool {
    text.contains(": ") || text.ends_with(':')
}

/// Adds a line with the line end that the text has, and without one where its last line has none.
fn append(text: &mut String, line: &str, end: &str) {
    let is_ended = text.is_empty() || text.ends_with('\n');
    if !is_ended {
        text.push_str(end);
    }
    text.push_str(line);
    if is_ended {
        text.push_str(end);
    }
}

/// A value that reads the same for YAML and for `grep` and `cut`: no escapes are needed in it.
fn plain(value: &str) -> String {
    printable(value).replace('"', "'").replace('\\', "/")
}

/// The key of what stands before a colon, without its quotes. Only keys at the line's start count.
fn key(before: &str) -> Option<&str> {
    let trimmed = before.trim_end_matches([' ', '\t']);
    let bare = between(trimmed, '"').or_else(|| between(trimmed, '\'')).unwrap_or(trimmed);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!bare.is_empty() && bare.chars().all(plain)).then_some(bare)
}

/// What stands between two `quote`s.
fn between(text: &str, quote: char) -> Option<&str> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote);
    inner.filter(|_| text.len() > 1)
}

/// How much of `rest` is the value; behind it come white space and a comment.
fn value_length(rest: &str) -> usize {
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    if let Some(quote) = quote
        && let Some(length) = quoted_length(rest, quote)
    {
        return length;
    }
    let comment = rest.find(" #").or_else(|| rest.find("\t#")).unwrap_or(rest.len());
    let comment = if rest.starts_with('#') { 0 } else { comment };
    rest.get(..comment).unwrap_or(rest).trim_end_matches([' ', '\t']).len()
}

/// The length of a quoted text at the start of `rest`, quotes included, when only a comment follows.
fn quoted_length(rest: &str, quote: char) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character == '\\' && quote == '"' {
            characters.next();
        } else if character == quote {
            if quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') {
                characters.next();
                continue;
            }
            let length = index + character.len_utf8();
            let (_, behind) = split(rest, length);
            let alone = behind.trim_start_matches([' ', '\t']);
            return (alone.is_empty() || (alone.starts_with('#') && alone != behind))
                .then_some(length);
        }
    }
    None
}

/// `text` in two; a place that is no character's start gives the whole text.
fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}
