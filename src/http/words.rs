//! Quotes unexpected answers in messages.

use serde::Deserialize;

use super::message::{Answer, Peer};
use crate::oci::ErrorBody;
use crate::secret::Redactor;

/// Words of a token server's message that are shorter than this are never masked as tokens.
const SHORTEST_TOKEN: usize = 18;

/// Status, media type and the first words of an answer.
pub(crate) fn words(answer: &Answer, redactor: &Redactor) -> String {
    if let Some((code, message)) = error(&answer.body) {
        return of_error(answer.status, &redactor.line(&code, 60), &redactor.line(&message, 200));
    }
    let kind = kind(answer, redactor);
    let shown = redactor.line(&String::from_utf8_lossy(&answer.body), 200);
    match shown.trim() {
        "" => format!("{} ({kind}, no text)", answer.status),
        shown => format!("{} ({kind}): `{shown}`", answer.status),
    }
}

/// Like [`words`], of a token server. Any field of its answer may hold a token, whatever the status: only an
/// error code that looks like one is quoted, and a message without the words that could be tokens.
pub(crate) fn guarded_words(answer: &Answer, redactor: &Redactor) -> String {
    match guarded_error(&answer.body, redactor) {
        Some((code, message)) => of_error(answer.status, &code, &message),
        None => format!("{} ({})", answer.status, guarded_kind(answer, redactor)),
    }
}

/// The media type of a token server's answer.
pub(crate) fn guarded_kind(answer: &Answer, redactor: &Redactor) -> String {
    without_tokens(&kind(answer, redactor))
}

/// The words of an answer with a transient status.
pub(super) fn of_trouble(peer: Peer<'_>, answer: &Answer, redactor: &Redactor) -> String {
    let status = match answer.status {
        429 => "429, too many requests".to_owned(),
        status => status.to_string(),
    };
    let error = match peer {
        Peer::TokenServer => guarded_error(&answer.body, redactor),
        Peer::Server | Peer::Redirected(_) => error(&answer.body)
            .map(|(code, message)| (redactor.line(&code, 60), redactor.line(&message, 200))),
    };
    // The API's text about its limit adds nothing to the status; a registry's text says whose limit it is.
    let has_sentence = ErrorBody::parse(&answer.body).is_some();
    match error {
        Some((code, message)) if answer.status == 429 && has_sentence => {
            format!("{status}: {}", said(&code, &message))
        }
        Some((code, message)) if peer == Peer::TokenServer && answer.status != 429 => {
            format!("{status} {}", said(&code, &message))
        }
        _ if answer.status == 429 || peer == Peer::TokenServer => status,
        _ => {
            let shown = redactor.line(&String::from_utf8_lossy(&answer.body), 200);
            match shown.trim() {
                "" => status,
                shown => format!("{status}, `{shown}`"),
            }
        }
    }
}

fn of_error(status: u16, code: &str, message: &str) -> String {
    format!("{status} {}", said(code, message))
}

fn said(code: &str, message: &str) -> String {
    match message.trim() {
        "" => format!("`{code}`"),
        message => format!("`{code}` `{message}`"),
    }
}

fn kind(answer: &Answer, redactor: &Redactor) -> String {
    let kind = redactor.line(&answer.media_type(), 60);
    if kind.is_empty() { "no content type".to_owned() } else { format!("`{kind}`") }
}

/// The code and message of an error document: the distribution specification's, or DigitalOcean's.
fn error(body: &[u8]) -> Option<(String, String)> {
    if let Some(error) = ErrorBody::parse(body) {
        return Some((error.code.as_str().to_owned(), error.message));
    }
    let error: DigitalOceanError = serde_json::from_slice(body).ok()?;
    Some((error.id, error.message))
}

/// DigitalOcean's API has error documents of its own shape, at its token endpoint too.
#[derive(Deserialize)]
struct DigitalOceanError {
    id: String,
    message: String,
}

fn guarded_error(body: &[u8], redactor: &Redactor) -> Option<(String, String)> {
    let (code, message) = error(body)?;
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b' ');
    let is_code = code.len() <= 40
        && code.bytes().all(is_letter)
        && (code.len() < SHORTEST_TOKEN || !code.bytes().any(|byte| byte.is_ascii_lowercase()));
    let code = if is_code { redactor.line(&code, 60) } else { "***".to_owned() };
    Some((code, redactor.line(&without_tokens(&message), 200)))
}

/// Masks every word of `text` that could be a token.
fn without_tokens(text: &str) -> String {
    let is_part = |character: char| {
        character.is_alphanumeric()
            || matches!(character, '-' | '.' | '_' | '~' | '+' | '/' | '=' | '%')
    };
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = is_part(first);
        let end = rest.find(|character| is_part(character) != is_word).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let has = |what: fn(&u8) -> bool| part.as_bytes().iter().any(what);
        let is_mixed =
            has(u8::is_ascii_digit) || has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
        let is_token = is_word && part.len() >= SHORTEST_TOKEN && is_mixed;
        masked.push_str(if is_token { "***" } else { part });
        rest = after;
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_servers_message_is_shown_without_the_words_that_could_be_tokens() {
        let table = [
            ("UNAUTHORIZED", "authentication required"),
            ("Unauthorized", "Unable to authenticate you"),
            ("ghs_Zq9xZq9xZq9xZq9x", ""),
            (
                "DENIED",
                "not with ghs_Zq9xZq9xZq9xZq9xZq9x, nor with eyJhbGciOiJFUzI1NiJ9.e30.c2ln!",
            ),
            (
                "DENIED",
                "requested access to the resource is denied: repository:keepkey/support-email:pull",
            ),
            ("DENIED", "token=a1b2c3d4e5f6a7b8c9 key=short1"),
        ]
        .map(|(code, message)| {
            let body = serde_json::json!({"errors": [{"code": code, "message": message}]});
            let (code, message) =
                guarded_error(body.to_string().as_bytes(), &Redactor::default()).unwrap();
            format!("{code}: {message}")
        });
        insta::assert_snapshot!(table.join("\n"), @"
        UNAUTHORIZED: authentication required
        Unauthorized: Unable to authenticate you
        ***: 
        DENIED: not with ***, nor with ***!
        DENIED: requested access to the resource is denied: repository:keepkey/support-email:pull
        DENIED: *** key=short1
        ");
    }
}
