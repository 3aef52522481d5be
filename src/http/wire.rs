//! Builds the request that is sent: method, headers and body.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::http::message::{Extent, Request, Want};

pub(super) fn request(request: &Request<'_>) -> reqwest::Request {
    let form = request.form.map(|form| (form.expose(), "application/x-www-form-urlencoded"));
    let mut sent = with_body(&request.url, form);
    let headers = sent.headers_mut();
    if let Some(accept) = request.accept {
        headers.insert("accept", HeaderValue::from_static(accept));
    }
    if request.fresh {
        headers.insert("cache-control", HeaderValue::from_static("no-cache"));
    }
    match request.want {
        Want::Extent(Extent { size, is_ranged: true, most: _ }) => {
            let last = size.saturating_sub(1);
            // Cannot fail for digits. Without the header, the whole blob would be sent, and its length would do.
            if let Ok(range) = HeaderValue::from_str(&format!("bytes={last}-{last}")) {
                headers.insert("range", range);
            }
        }
        Want::Pour(pour) => {
            let missing = pour.headers().into_iter();
            headers.extend(missing.map(|(name, value)| (HeaderName::from_static(name), value)));
        }
        Want::Extent(_) | Want::All(_) => {}
    }
    if let Some(authorization) = request.authorization {
        let value = format!("{} {}", authorization.scheme(), authorization.credentials().expose());
        insert_secret(headers, HeaderName::from_static("authorization"), value);
    }
    sent
}

/// A GET, or the POST of a text of this media type.
pub(super) fn with_body(url: &Url, body: Option<(&str, &'static str)>) -> reqwest::Request {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut sent = reqwest::Request::new(method, url.clone());
    if let Some((text, media_type)) = body {
        *sent.body_mut() = Some(text.to_owned().into());
        sent.headers_mut().insert("content-type", HeaderValue::from_static(media_type));
    }
    sent
}

/// Adds a header that no log may show.
pub(super) fn insert_secret(headers: &mut HeaderMap, name: HeaderName, secret: String) {
    // A secret that is not a valid header value cannot be sent, so the server will ask for it.
    if let Ok(mut value) = HeaderValue::try_from(secret) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}
