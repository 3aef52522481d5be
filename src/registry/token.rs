//! The token server's answer: a bearer token (distribution "token authentication specification").

use serde::Deserialize;

use crate::http::{Answer, is_redirect};
use crate::observation::Unavailable;
use crate::oci::ErrorBody;
use crate::report::Reason;
use crate::secret::{Redactor, Secret};

/// The longest token that is sent on: it has to fit into a header.
const LONGEST: usize = 16 << 10;

/// Reads the answer of the token server. A body that holds a token is never quoted.
pub(crate) fn read(answer: &Answer, redactor: &Redactor) -> Result<Secret, Unavailable> {
    let host = &answer.host;
    match answer.status {
        200 => {
            let token = parse(&answer.body).map_err(|problem| {
                let kind = redactor.line(&answer.media_type(), 60);
                let message =
                    format!("the token server `{host}` answered 200 (`{kind}`) {problem}");
                Unavailable::new(Reason::UnexpectedAnswer, message)
            })?;
            redactor.hide_as_it_is(&token);
            Ok(token)
        }
        401 | 403 => Err(Unavailable::new(
            Reason::CredentialsRefused,
            format!(
                "the token server `{host}` refused the credentials: {}",
                words(answer, redactor)
            ),
        )),
        404 => Err(Unavailable::new(
            Reason::NotFoundUnclear,
            format!(
                "the token server `{host}` answered {}, which says nothing of the image",
                words(answer, redactor)
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
            format!("the token server `{host}` answered {}", words(answer, redactor)),
        )),
    }
}

/// Status, media type and the first words of an answer that is not a token.
pub(crate) fn words(answer: &Answer, redactor: &Redactor) -> String {
    if let Some(error) = ErrorBody::parse(&answer.body) {
        let code = redactor.line(error.code.as_str(), 60);
        let message = redactor.line(&error.message, 200);
        return match message.trim() {
            "" => format!("{} `{code}`", answer.status),
            message => format!("{} `{code}` `{message}`", answer.status),
        };
    }
    if let Ok(error) = serde_json::from_slice::<DigitalOceanError>(&answer.body) {
        let message = redactor.line(&error.message, 200);
        return format!("{} `{}` `{message}`", answer.status, redactor.line(&error.id, 60));
    }
    let kind = redactor.line(&answer.media_type(), 60);
    let kind = if kind.is_empty() { "no content type".to_owned() } else { format!("`{kind}`") };
    let shown = redactor.line(&String::from_utf8_lossy(&answer.body), 200);
    match shown.trim() {
        "" => format!("{} ({kind}, no text)", answer.status),
        shown => format!("{} ({kind}): `{shown}`", answer.status),
    }
}

/// DigitalOcean's API has error documents of its own shape, at its token endpoint too.
#[derive(Deserialize)]
struct DigitalOceanError {
    id: String,
    message: String,
}

fn parse(body: &[u8]) -> Result<Secret, &'static str> {
    #[derive(Deserialize)]
    struct Wire {
        token: Option<String>,
        access_token: Option<String>,
    }
    let wire: Wire =
        serde_json::from_slice(body).map_err(|_| "with something that is no token document")?;
    let nonempty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let token =
        nonempty(wire.token).or_else(|| nonempty(wire.access_token)).ok_or("without a token")?;
    if token.len() > LONGEST {
        return Err("with a token that is too long for a header");
    }
    // RFC 6750, `b64token`.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !token.bytes().all(allowed) {
        return Err("with a token that holds characters no token has");
    }
    Ok(Secret::new(&token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_body_is_judged() {
        let read = |body: &str| match parse(body.as_bytes()) {
            Ok(token) => token.expose().to_owned(),
            Err(problem) => problem.to_owned(),
        };
        assert_eq!(read(r#"{"token":"a.b-c","expires_in":-1}"#), "a.b-c");
        assert_eq!(read(r#"{"access_token":"x"}"#), "x");
        assert_eq!(read(r#"{"token":"","access_token":"x"}"#), "x");
        assert_eq!(read("{}"), "without a token");
        assert_eq!(read(r#"{"token":null}"#), "without a token");
        assert_eq!(read(r#"{"token":7}"#), "with something that is no token document");
        assert_eq!(read("<html>"), "with something that is no token document");
        assert_eq!(read(r#"{"token":"a\nb"}"#), "with a token that holds characters no token has");
        let long = format!(r#"{{"token":"{}"}}"#, "a".repeat(LONGEST + 1));
        assert_eq!(read(&long), "with a token that is too long for a header");
    }
}
