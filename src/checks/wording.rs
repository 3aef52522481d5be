//! How messages show names, texts of others and lists: cleaned, in backticks, bounded.

use crate::secret::{is_printable, printable};

/// The most items that a message lists.
const MOST_ITEMS: usize = 5;

/// The most characters of a text that is not ours.
const MOST_CHARACTERS: usize = 120;

/// The most characters of what a registry and an API said: two answers, each with its request and 200
/// characters of its body.
const MOST_CHARACTERS_SAID: usize = 600;

/// A text that is not ours, fit for a message. What a reader could not see is written as `\u{202e}`: dropped,
/// it would make two values that differ look the same where they are compared.
pub(super) fn cleaned(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            visible if is_printable(visible) => shown.push(visible),
            hidden => shown.extend(hidden.escape_unicode()),
        }
    }
    cut(&shown, MOST_CHARACTERS)
}

/// What was answered. Its end counts as much as its beginning: there the API has its word.
pub(super) fn said(text: &str) -> String {
    cut(text, MOST_CHARACTERS_SAID)
}

fn cut(text: &str, most: usize) -> String {
    let clean = printable(text);
    let mut cut: String = clean.chars().take(most).collect();
    if clean.chars().nth(most).is_some() {
        cut.push('…');
        // What was quoted stays quoted.
        if cut.matches('`').count() % 2 == 1 {
            cut.push('`');
        }
    }
    cut
}

/// A name or value in backticks. Backticks inside it would end it early.
pub(super) fn quoted<T: ToString + ?Sized>(text: &T) -> String {
    format!("`{}`", cleaned(&text.to_string().replace('`', "'")))
}

/// `a, b and 3 more`.
pub(super) fn listed(items: impl IntoIterator<Item = String>) -> String {
    joined(items, ", ")
}

/// A note of clauses, if there is any.
pub(super) fn noted(parts: impl IntoIterator<Item = String>) -> Option<String> {
    Some(clauses(parts)).filter(|note| !note.is_empty())
}

/// The same for items that are clauses.
pub(super) fn clauses(items: impl IntoIterator<Item = String>) -> String {
    joined(items, "; ")
}

fn joined(items: impl IntoIterator<Item = String>, separator: &str) -> String {
    let mut items = items.into_iter();
    let shown: Vec<_> = items.by_ref().take(MOST_ITEMS).collect();
    let shown = shown.join(separator);
    match items.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_says_how_many_more() {
        let items = |count: usize| (1..=count).map(|number| number.to_string());
        assert_eq!(listed(items(0)), "");
        assert_eq!(listed(items(5)), "1, 2, 3, 4, 5");
        assert_eq!(clauses(items(8)), "1; 2; 3; 4; 5 and 3 more");
    }

    #[test]
    fn a_text_of_others_is_cleaned_cut_and_kept_inside_its_backticks() {
        assert_eq!(quoted("a\u{1b}[31m`b\nc"), "`a\\u{1b}[31m'b c`");
        assert_eq!(cleaned("5001/tc\u{200b}p"), "5001/tc\\u{200b}p");
        assert_eq!(cleaned(&"x".repeat(120)), "x".repeat(120));
        assert_eq!(cleaned(&"x".repeat(121)), format!("{}…", "x".repeat(120)));
        let quoted_and_cut = cleaned(&format!("404 `{0}` `{0}`", "x".repeat(100)));
        assert!(quoted_and_cut.ends_with("x…`"), "{quoted_and_cut}");
        assert_eq!(said(&"x".repeat(600)), "x".repeat(600));
        assert_eq!(said(&"x".repeat(601)), format!("{}…", "x".repeat(600)));
    }
}
