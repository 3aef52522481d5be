//! Secrets, and the one place that takes them out of a text.
//!
//! [`Secret`] has no `Display` and a `Debug` that says nothing. [`Redactor`] knows every secret of the
//! run, in each form in which it can come back from a peer, and every output passes through it.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use names::has_secret_word;
use needles::{Needles, SHORT_ENDING};

mod address;
mod masking;
mod names;
mod needles;
mod token_like;

pub(crate) use masking::Masking;
pub(crate) use token_like::token_like;

pub(crate) use address::{password_of, split_user, without_user};

/// What stands in an output where a secret stood.
const MASK: &str = "***";

/// Shorter texts are not secrets that can be searched for: they would mask half of every output.
const SHORTEST: usize = SHORT_ENDING;

/// A token that a server hands out is longer than any word of a report: a server that hands out `sha256`
/// must not get a digest masked.
const SHORTEST_ISSUED: usize = 16;

/// How many bytes are kept of the secrets of addresses. A run whose 40,000 layers are all gone from a storage with
/// addresses as Amazon signs them has as many.
const MOST_OF_ADDRESSES: usize = 64 << 20;

/// A credential. It can be used and cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes the text in.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Masks the secrets of the run in any text, and makes the texts of others safe to show.
///
/// Clones share what they know, so that a token that is fetched during the run is masked everywhere.
///
/// ```
/// use verify_registry_image::secret::{Redactor, Secret};
///
/// let redactor = Redactor::default();
/// redactor.hide(&Secret::new("dop_v1_0123456789abcdef"));
/// assert_eq!(redactor.redact("token dop_v1_0123456789abcdef!"), "token ***!");
/// assert_eq!(redactor.line("a\u{1b}[31mred\nword", 80), "a[31mred word");
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Arc<Mutex<Needles>>,
}

impl Redactor {
    /// Adds a secret and the forms that it takes in headers, addresses and documents.
    pub fn hide(&self, secret: &Secret) {
        let text = secret.expose();
        if text.len() < SHORTEST {
            return;
        }
        let mut forms = vec![text.to_owned(), percent_encoded(text)];
        forms.extend(base64_forms(text));
        let quoted = format!("{text:?}");
        forms.push(quoted.trim_matches('"').to_owned());
        if let Ok(json) = serde_json::to_string(text) {
            forms.push(json.trim_matches('"').to_owned());
        }
        forms.push(
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;"),
        );
        let mut needles = self.needles.lock().unwrap_or_else(PoisonError::into_inner);
        for form in forms {
            needles.insert(form.into());
        }
    }

    /// Adds a secret in the one form in which it travels: a token that was issued for minutes, of which a
    /// run may have a thousand.
    pub fn hide_as_it_is(&self, secret: &Secret) {
        let Secret(text) = secret;
        if text.len() >= SHORTEST_ISSUED {
            let mut needles = self.needles.lock().unwrap_or_else(PoisonError::into_inner);
            needles.insert(Arc::clone(text));
        }
    }

    /// Adds a secret of an address that a server made up, and of which a run may see any number. False where there is no
    /// room for it: then nothing may be shown that can hold it.
    #[must_use]
    pub fn has_room_for(&self, secret: &Secret) -> bool {
        let Secret(text) = secret;
        let mut needles = self.needles.lock().unwrap_or_else(PoisonError::into_inner);
        text.len() < SHORTEST_ISSUED || needles.insert_within(Arc::clone(text), MOST_OF_ADDRESSES)
    }

    /// Whether `text` holds a secret.
    pub fn finds_in(&self, text: &str) -> bool {
        matches!(self.redact(text), Cow::Owned(_))
    }

    /// `text` with every secret masked.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let needles = self.needles.lock().unwrap_or_else(PoisonError::into_inner);
        let places = needles.find(text).places;
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(masked(text, &places))
    }

    /// Takes the beginning out of a text that goes on, and masks it. What stays is where a secret may begin whose end
    /// has not come. Also returns the length of the longest secret.
    fn redact_beginning(&self, text: &mut String) -> (String, usize) {
        let needles = self.needles.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = needles.longest();
        let mut places = needles.find(text).places;
        let mut end = text.len().saturating_sub(longest);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // All secrets that begin before `end` are whole. The one that goes beyond it stays.
        let beyond = places.iter().find(|place| place.start < end && end < place.end);
        end = beyond.map_or(end, |place| place.start);
        places.retain(|place| place.end <= end);
        let rest = text.split_off(end);
        let beginning = mem::replace(text, rest);
        (masked(&beginning, &places), longest)
    }

    /// Like [`redact`](Self::redact), but takes and returns an owned string.
    pub fn masked(&self, text: String) -> String {
        match self.redact(&text) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => text,
        }
    }

    /// An untrusted text as one line that is safe on a terminal, in XML and in a log: control
    /// and bidirectional characters removed, secrets masked, cut to `most` characters, in this order.
    pub fn line(&self, text: &str, most: usize) -> String {
        let clean = printable(text);
        let masked = self.redact(&clean);
        let mut line: String = masked.chars().take(most).collect();
        if masked.chars().nth(most).is_some() {
            line.push('…');
        }
        line
    }
}

/// `text` with these places masked.
fn masked(text: &str, places: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for place in places {
        masked.extend(text.get(done..place.start));
        masked.push_str(MASK);
        done = place.end;
    }
    masked.extend(text.get(done..));
    masked
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(***)")
    }
}

/// `text` on one line without the characters that move a terminal's cursor, reorder a line, are
/// invisible, or are forbidden in XML. White space becomes a space.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|character| {
            if matches!(character, '\n' | '\r' | '\t') {
                Some(' ')
            } else {
                is_printable(character).then_some(character)
            }
        })
        .collect()
}

/// Whether a character is safe to show and allowed in XML 1.0.
pub fn is_printable(character: char) -> bool {
    let code = u32::from(character);
    !character.is_control()
        && !matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{e0000}'..='\u{e007f}')
        && code & 0xfffe != 0xfffe
}

/// A text as one segment of an address's path, or one value of its query.
pub(crate) fn percent_encoded(text: &str) -> String {
    /// All but the characters that an address never encodes (RFC 3986 §2.3).
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The parts of a base64 text that stay the same whatever stands before and behind `text`.
fn base64_forms(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let padded = [&vec![0; before], text.as_bytes()].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&padded);
            let start = if before == 0 { 0 } else { before + 1 };
            let end = padded.len() / 3 * 4;
            forms.extend(encoded.get(start..end).map(str::to_owned));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn hiding(secret: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.hide(&Secret::new(secret));
        redactor
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new("dop_v1_0123456789abcdef");
        assert_eq!(
            format!("{secret:?} {:?}", hiding(secret.expose())),
            "Secret(***) Redactor(***)"
        );
    }

    #[test]
    fn a_secret_inside_a_longer_one_leaves_nothing_behind() {
        let redactor = hiding("foobar");
        redactor.hide(&Secret::new("foobarbaz"));
        assert_eq!(redactor.redact("foobarbaz foobar"), "*** ***");
    }

    #[test]
    fn an_issued_token_is_masked_whole_whatever_was_hidden_before() {
        let [short, long] = ["0123456789abcdef", "0123456789abcdefghij"];
        for tokens in [[short, long], [long, short]] {
            let redactor = Redactor::default();
            for token in tokens {
                redactor.hide_as_it_is(&Secret::new(token));
            }
            assert_eq!(redactor.redact(&format!("{short} {long}")), "*** ***", "{tokens:?}");
        }
        // One that could be a word is none.
        let redactor = Redactor::default();
        redactor.hide_as_it_is(&Secret::new("anonymous"));
        assert_eq!(redactor.redact("anonymous"), "anonymous");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(hiding("").redact("abc"), "abc");
        assert!(!hiding("").finds_in("abc"));
    }

    #[test]
    fn a_secret_that_a_control_character_splits_is_found_after_cleaning() {
        assert_eq!(hiding("dop_v1_abcdef").line("x dop_v1\u{1b}_abc\u{0}def y", 80), "x *** y");
    }

    #[test]
    fn cutting_happens_after_masking() {
        assert_eq!(hiding("dop_v1_abcdef").line("0123 dop_v1_abcdef", 8), "0123 ***");
        assert_eq!(Redactor::default().line("0123456789", 4), "0123…");
    }

    #[test]
    fn characters_that_deceive_are_removed() {
        assert_eq!(
            printable("a\u{202e}b\u{2066}c\u{200b}d\u{7f}e\u{fffe}f\u{85}g\r\nh"),
            "abcdefg  h"
        );
        assert_eq!(printable("🟢 ünï"), "🟢 ünï");
    }

    proptest! {
        #[test]
        fn every_form_of_a_secret_is_masked(secret in "[ -~]{12,60}", before in "[a-z]{0,5}", after in "[a-z]{0,5}") {
            let redactor = hiding(&secret);
            let whole = format!("{before}{secret}{after}");
            prop_assert!(!redactor.redact(&whole).contains(&secret));
            let encoded = STANDARD.encode(&whole);
            let left = redactor.redact(&encoded);
            prop_assert!(left.contains(MASK));
            // What may be left are the digits that its neighbours share with it.
            let neighbours = STANDARD.encode(&before).len() + STANDARD.encode(&after).len();
            prop_assert!(left.len() - MASK.len() <= neighbours + 4, "{left}");
            prop_assert!(redactor.finds_in(&percent_encoded(&whole)));
            let quoted = format!("{whole:?}");
            prop_assert!(redactor.finds_in(&quoted));
        }

        #[test]
        fn a_line_has_no_control_character(text: String) {
            prop_assert!(Redactor::default().line(&text, 500).chars().all(|c| !c.is_control()));
        }
    }
}
