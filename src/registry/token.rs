//! The token server's answer: a bearer token (distribution "token authentication specification").

use serde::Deserialize;

pub(crate) use crate::http::words;
use crate::http::{self, Answer, guarded_words, is_redirect};
use crate::observation::Unavailable;
use crate::report::Reason;
use crate::secret::{Redactor, Secret};

/// The longest token that is used, because it has to fit into a header.
const LONGEST: usize = 16 << 10;

/// Reads the answer of the token server. Never quotes its body, which may hold a token whatever its status.
/// Accepts a token document with any success status, as engines do.
pub(crate) fn read(answer: &Answer, redactor: &Redactor) -> Result<Secret, Unavailable> {
    let host = &answer.host;
    match answer.status {
        status @ 200..300 => {
            let token = parse(&answer.body, redactor).map_err(|problem| {
                let kind = http::guarded_kind(answer, redactor);
                let message =
                    format!("the token server `{host}` answered {status} ({kind}) {problem}");
                Unavailable::new(Reason::UnexpectedAnswer, message)
            })?;
            redactor.hide_as_it_is(&token);
            Ok(token)
        }
        401 | 403 => Err(Unavailable::new(
            Reason::CredentialsRefused,
            format!(
                "the token server `{host}` refused the credentials: {}",
                guarded_words(answer, redactor)
            ),
        )),
        404 => Err(Unavailable::new(
            Reason::NotFoundUnclear,
            format!(
                "the token server `{host}` answered {}, which says nothing about the image",
                guarded_words(answer, redactor)
            ),
        )),
        status if is_redirect(status) => Err(Unavailable::new(
            Reason::RedirectRefused,
            format!(
                "the token server `{host}` answered with a redirect ({}), which is not followed",
                answer.status
            ),
        )),
        _ => Err(Unavailable::new(
            Reason::UnexpectedAnswer,
            format!("the token server `{host}` answered {}", guarded_words(answer, redactor)),
        )),
    }
}

/// A token document. The refresh token is read only to mask it.
#[derive(Deserialize)]
struct Wire {
    token: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<serde_json::Value>,
}

fn parse(body: &[u8], redactor: &Redactor) -> Result<Secret, &'static str> {
    let wire: Wire =
        serde_json::from_slice(body).map_err(|_| "with something that is not a token document")?;
    if let Some(refresh) = wire.refresh_token.as_ref().and_then(serde_json::Value::as_str) {
        redactor.hide_as_it_is(&Secret::new(refresh));
    }
    let nonempty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let token =
        nonempty(wire.token).or_else(|| nonempty(wire.access_token)).ok_or("without a token")?;
    if token.len() > LONGEST {
        return Err("with a token that is too long for a header");
    }
    // RFC 6750, `b64token`.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !token.bytes().all(allowed) {
        return Err("with a token that contains invalid characters");
    }
    Ok(Secret::new(&token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_body_is_judged() {
        let read = |body: &str| match parse(body.as_bytes(), &Redactor::default()) {
            Ok(token) => token.expose().to_owned(),
            Err(problem) => problem.to_owned(),
        };
        assert_eq!(read(r#"{"token":"a.b-c","expires_in":-1}"#), "a.b-c");
        assert_eq!(read(r#"{"access_token":"x"}"#), "x");
        assert_eq!(read(r#"{"token":"","access_token":"x"}"#), "x");
        assert_eq!(read("{}"), "without a token");
        assert_eq!(read(r#"{"token":null}"#), "without a token");
        assert_eq!(read(r#"{"token":7}"#), "with something that is not a token document");
        assert_eq!(read("<html>"), "with something that is not a token document");
        assert_eq!(read(r#"{"token":"a\nb"}"#), "with a token that contains invalid characters");
        let long = format!(r#"{{"token":"{}"}}"#, "a".repeat(LONGEST + 1));
        assert_eq!(read(&long), "with a token that is too long for a header");
    }
}
