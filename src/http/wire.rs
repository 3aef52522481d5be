//! Builds the request that is sent: method, headers and body.

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};

use crate::http::message::{Extent, Request, Want};

pub(super) fn request(request: &Request<'_>) -> reqwest::Request {
    let method = if request.form.is_some() { Method::POST } else { Method::GET };
    let mut sent = reqwest::Request::new(method, request.url.clone());
    if let Some(form) = request.form {
        *sent.body_mut() = Some(form.expose().to_owned().into());
    }
    let headers = sent.headers_mut();
    if request.form.is_some() {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert("content-type", form);
    }
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
    if let Some(secret) = request.authorization {
        // A secret that is not a valid header value cannot be sent, so the server will ask for it.
        if let Ok(mut value) = HeaderValue::from_str(secret.expose()) {
            value.set_sensitive(true);
            headers.insert("authorization", value);
        }
    }
    sent
}
