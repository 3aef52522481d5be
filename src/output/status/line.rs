//! Lines of a status file: found, read and replaced one by one, so that the others keep their bytes.

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
            // What is no JSON string is taken as it stands: YAML has more escapes, which nobody writes here.
            serde_json::from_str(self.value).unwrap_or_else(|_| inner.to_owned())
        } else if let Some(inner) = between(self.value, '\'') {
            inner.replace("''", "'")
        } else {
            self.value.to_owned()
        }
    }

    /// Whether there is nothing to see on it.
    fn is_blank(self) -> bool {
        self.head.trim().is_empty() && self.value.is_empty()
    }

    /// Whether it goes on with the value of the line `above`, as YAML reads it.
    fn continues(self, above: Self) -> bool {
        let text = self.head.trim_start();
        if text.len() == self.head.len() {
            return false;
        }
        // Everything indented belongs to a block (`|`, `>`) and to a value that only begins below.
        let is_block = above.value.is_empty() || above.value.starts_with(['|', '>']);
        is_block || !(text.starts_with('#') || text.contains(": ") || text.ends_with(':'))
    }

    fn push_onto(self, text: &mut String) {
        let Self { head, key: _, value, tail, end } = self;
        for part in [head, value, tail, end] {
            text.push_str(part);
        }
    }
}

/// `text` with `key` set to `value`: every line that has the key is changed, or one is added at the end.
/// Where `quoted` is false, the quotes of the old value are kept.
pub(super) fn set(text: &str, key: &str, value: &str, quoted: bool) -> String {
    let value = plain(value);
    let mut new = String::with_capacity(text.len() + value.len());
    let mut found = false;
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
        if line.key() != Some(key) {
            line.push_onto(&mut new);
            continue;
        }
        found = true;
        above = Some(line);
        let quote = match line.value.chars().next() {
            _ if quoted => "\"",
            Some('"') => "\"",
            Some('\'') => "'",
            Some(_) | None => "",
        };
        let space = if line.head.ends_with(':') { " " } else { "" };
        let gap = if line.tail.starts_with('#') { " " } else { "" };
        let changed = format!("{space}{quote}{value}{quote}{gap}");
        Line { value: &changed, ..line }.push_onto(&mut new);
    }
    if !found {
        let quote = if quoted { "\"" } else { "" };
        append(&mut new, &format!("{key}: {quote}{value}{quote}"));
    }
    new
}

/// Adds a line with the line ends that the text has, and without one where its last line has none.
fn append(text: &mut String, line: &str) {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
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
