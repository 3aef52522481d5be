//! One shape of mistake for everything that was asked for: what is wrong and what to do next, both written where
//! the rule stands.
//!
//! A message reads after `error: `: lower case, values in backticks. A hint is an imperative.

use std::fmt;

use crate::secret::Redactor;

/// How much of an untrusted text is quoted.
const QUOTED: usize = 120;

/// Something that was asked for cannot be done as it was asked. Exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsageError {
    message: String,
    hint: Option<String>,
    orb_hint: Option<&'static str>,
}

impl UsageError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, orb_hint: None }
    }

    /// Adds what to do next; may have several lines.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Like [`hint`](Self::hint), where there may be nothing to advise.
    pub(super) fn maybe_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// What to do next in the orb, where its parameters fit together in another way than the options do.
    pub(super) fn orb_hint(self, hint: &'static str) -> Self {
        Self { orb_hint: Some(hint), ..self }
    }

    /// The same with more behind the message.
    pub(super) fn and(self, more: &str) -> Self {
        Self { message: self.message + more, ..self }
    }

    /// The same with another message.
    pub(super) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// What to do next, for whom the hints are meant.
    pub(super) fn hint_for(&self, is_orb: bool) -> Option<&str> {
        self.orb_hint.filter(|_| is_orb).or(self.hint.as_deref())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Untrusted text made safe to print: control characters removed, secrets masked, truncated. Displays in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown(String);

impl Shown {
    pub(crate) fn new(text: &str, redactor: &Redactor) -> Self {
        Self(redactor.line(text, QUOTED))
    }

    /// Without backticks.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// The hint where a word is not one of those that are known: the one that was probably meant, else all of them.
pub(super) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    otherwise: impl FnOnce() -> String,
) -> String {
    match nearest(word, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => otherwise(),
    }
}

/// The candidate that `word` was probably meant to be.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = |text: &str| text.to_lowercase().replace('_', "-");
    let word = folded(word);
    candidates
        .into_iter()
        .map(|candidate| {
            // Damerau–Levenshtein catches transposed letters, Jaro–Winkler truncated words.
            let folded = folded(candidate);
            let likeness = strsim::normalized_damerau_levenshtein(&word, &folded);
            (likeness.max(strsim::jaro_winkler(&word, &folded) - 0.2), candidate)
        })
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`: a list for a sentence, cut where it would be endless.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, redactor: &Redactor) -> String {
    const MOST: usize = 12;
    let names: Vec<String> =
        names.into_iter().map(|name| Shown::new(name, redactor).to_string()).collect();
    let more = names.len().saturating_sub(MOST);
    let shown = names.get(..MOST).unwrap_or(&names);
    match (shown, more) {
        (_, 1..) => format!("{} and {more} more", shown.join(", ")),
        ([names @ .., last], 0) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        (_, 0) => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_foreign_text_is_masked_before_it_is_cut() {
        let redactor = Redactor::default();
        redactor.hide(&Secret::new("dop_v1_0123456789abcdef"));
        let text = format!("{}dop_v1_0123456789abcdef", "x".repeat(110));
        assert_eq!(Shown::new(&text, &redactor).to_string(), format!("`{}***`", "x".repeat(110)));
        assert_eq!(Shown::new("a\u{1b}[0m\nb", &redactor).to_string(), "`a[0m b`");
    }

    #[test]
    fn the_word_that_was_meant_is_found() {
        let keys = ["tag", "immutable_tag", "branch", "expect_revision"];
        assert_eq!(nearest("tga", keys), Some("tag"));
        assert_eq!(nearest("immutable-tag", keys), Some("immutable_tag"));
        assert_eq!(nearest("expect_revison", keys), Some("expect_revision"));
        assert_eq!(nearest("zzz", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        let redactor = Redactor::default();
        let list = |names: &[&str]| listed(names.iter().copied(), &redactor);
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert!(list(&["x"; 20]).ends_with("`x` and 8 more"));
    }
}
