//! What a registry's answers mean. Pure: an answer goes in, a fact comes out.
//!
//! The line that matters runs between a no in the registry's own words and every other 404.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::http::{Answer, is_redirect};
use crate::observation::{Denial, Fact, Resolved, Unavailable};
use crate::oci::{Algorithm, Digest, ErrorBody, ErrorCode, Manifest, ManifestError};
use crate::registry::token::words;
use crate::report::Reason;
use crate::secret::Redactor;

/// What is asked for, in messages and for the codes that deny it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A tag's manifest: `MANIFEST_UNKNOWN`, `NAME_UNKNOWN` or `NOT_FOUND` deny it.
    Tag,
    /// A manifest by its digest: the same words deny it.
    Manifest,
    /// A blob: `BLOB_UNKNOWN` denies it, too.
    Blob,
}

/// Reads the answer to a request for a manifest. `expected` is the digest that was asked for, or that the
/// tag is expected to have; `by_digest` says which.
pub(crate) fn manifest(
    answer: &Answer,
    what: &str,
    expected: Option<&Digest>,
    by_digest: bool,
    redactor: &Redactor,
) -> Fact<Resolved> {
    if answer.status != 200 {
        let kind = if by_digest { Kind::Manifest } else { Kind::Tag };
        return not_ok(answer, what, kind, redactor);
    }
    if answer.is_html() {
        let message = format!(
            "{what}: `{}` answered with a web page: {}",
            answer.host,
            words(answer, redactor)
        );
        return Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message));
    }
    let contradiction = |said: String| {
        let message = format!("{what}: `{}` {said}", answer.host);
        Fact::Unknown(Unavailable::new(Reason::ManifestContradictory, message))
    };
    if answer.is_unpacked() {
        return contradiction(format!("answered {UNPACKED}"));
    }
    let header = match content_digest(&answer.headers, redactor) {
        Ok(header) => header,
        Err(problem) => return contradiction(format!("sent {problem}")),
    };
    if let Some(header) = header.as_ref().filter(|header| !header.matches(&answer.body)) {
        let hashed = Digest::of(header.algorithm(), &answer.body);
        return contradiction(format!(
            "sent bytes that hash to `{hashed}` under the digest `{header}`"
        ));
    }
    let algorithm = expected.or(header.as_ref()).map_or(Algorithm::Sha256, Digest::algorithm);
    let digest = Digest::of(algorithm, &answer.body);
    if let Some(asked) = expected.filter(|asked| by_digest && **asked != digest) {
        return contradiction(format!(
            "sent bytes that hash to `{digest}` for the digest `{asked}`"
        ));
    }
    let content_type = answer.header("content-type").unwrap_or_default();
    match Manifest::parse(&answer.body, content_type) {
        Ok(content) => {
            let size = answer.body.len() as u64;
            let mask = |text| redactor.masked(text);
            Fact::Present(Resolved {
                digest,
                size,
                age: answer
                    .header("age")
                    .and_then(|age| age.trim().parse().ok())
                    .map(Duration::from_secs),
                content: content.map_err(|not| not.map_texts(mask)),
            })
        }
        Err(error) => Fact::Unknown(broken_manifest(answer, what, &error, redactor)),
    }
}

fn broken_manifest(
    answer: &Answer,
    what: &str,
    error: &ManifestError,
    redactor: &Redactor,
) -> Unavailable {
    let (reason, beginning) = match error {
        ManifestError::MediaTypesDiffer { .. } | ManifestError::Ambiguous(_) => {
            (Reason::ManifestContradictory, String::new())
        }
        ManifestError::TooMany(_) => (Reason::AnswerTooLarge, String::new()),
        ManifestError::NoMediaType | ManifestError::MediaTypeSpelling { .. } => {
            (Reason::UnexpectedAnswer, String::new())
        }
        ManifestError::Json(_) | ManifestError::MediaType(_) | ManifestError::SchemaVersion(_) => {
            (Reason::UnexpectedAnswer, beginning(&answer.body, redactor))
        }
    };
    let hint = error.hint().map(str::to_owned);
    let cause = std::error::Error::source(error)
        .map_or_else(String::new, |cause| format!(": {}", redactor.line(&cause.to_string(), 120)));
    let said = redactor.line(&error.to_string(), 300);
    let message = format!("{what}: what `{}` sent {said}{cause}{beginning}", answer.host);
    Unavailable { hint, ..Unavailable::new(reason, message) }
}

/// What a body that is no manifest begins with: it shows who really answered.
fn beginning(body: &[u8], redactor: &Redactor) -> String {
    let text = redactor.line(&String::from_utf8_lossy(body), 80);
    match text.trim() {
        "" => "; it is empty".to_owned(),
        text => format!("; it begins with `{text}`"),
    }
}

/// Reads `Docker-Content-Digest`. None at all is fine; one that is malformed, or two, is not.
fn content_digest(headers: &HeaderMap, redactor: &Redactor) -> Result<Option<Digest>, String> {
    let mut values = headers.get_all("docker-content-digest").iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("two `Docker-Content-Digest` headers".to_owned());
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    text.trim().parse().map(Some).map_err(|_| {
        format!("a malformed `Docker-Content-Digest` (`{}`)", redactor.line(text.trim(), 150))
    })
}

/// Reads the answer to a request for a whole blob, a config: its bytes, checked against its digest.
pub(crate) fn whole_blob(
    answer: Answer,
    what: &str,
    digest: &Digest,
    redirected: bool,
    redactor: &Redactor,
) -> Fact<Vec<u8>> {
    if answer.status != 200 {
        return if redirected {
            storage_not_ok(&answer, what, redactor)
        } else {
            not_ok(&answer, what, Kind::Blob, redactor)
        };
    }
    if answer.is_unpacked() {
        let message = format!("{what}: `{}` answered {UNPACKED}", answer.host);
        return Fact::Unknown(Unavailable::new(Reason::ManifestContradictory, message));
    }
    if digest.matches(&answer.body) {
        return Fact::Present(answer.body);
    }
    let hashed = Digest::of(digest.algorithm(), &answer.body);
    let message = if answer.is_html() {
        format!("{what}: `{}` answered with a web page: {}", answer.host, words(&answer, redactor))
    } else {
        format!(
            "{what}: `{}` sent bytes that hash to `{hashed}` for the digest `{digest}`",
            answer.host
        )
    };
    let reason =
        if answer.is_html() { Reason::UnexpectedAnswer } else { Reason::ManifestContradictory };
    Fact::Unknown(Unavailable::new(reason, message))
}

/// Reads the answer to a request for the last byte of a blob of `size` bytes: the size that it has. A 200
/// with an empty body says so of a blob that is empty; of any other it says nothing.
pub(crate) fn last_byte(
    answer: &Answer,
    what: &str,
    size: u64,
    redirected: bool,
    redactor: &Redactor,
) -> Fact<u64> {
    let unknown = |said: &str| {
        let message = format!("{what}: `{}` answered {said}", answer.host);
        Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message))
    };
    // Another size than the announced one is a no only where it is the blob's own.
    let told = |sent: u64| {
        if answer.is_unpacked() {
            unknown(UNPACKED)
        } else if sent != size && answer.is_coded() {
            unknown("with a coded body, whose length is not the layer's")
        } else if sent != size && answer.is_html() {
            unknown(&format!("{} with a web page", answer.status))
        } else {
            Fact::Present(sent)
        }
    };
    let range = answer.header("content-range").map(str::trim);
    let whole = range.and_then(|range| range.strip_prefix("bytes */")?.parse().ok());
    match answer.status {
        200 | 206 if answer.media_type().contains("html") => {
            unknown(&format!("{} with a web page", answer.status))
        }
        200 => match (
            answer.header("content-length").and_then(|text| text.parse().ok()),
            answer.body.len(),
        ) {
            (Some(0), 0) if size == 0 => Fact::Present(0),
            (Some(sent), 1..) => told(sent),
            (Some(_), 0) => unknown("200 without a byte"),
            (None, _) => unknown("200 without a `Content-Length`, which does not tell the size"),
        },
        206 => match range.and_then(last_and_size) {
            Some(_) if answer.body.is_empty() => unknown("206 without a byte"),
            Some((last, sent)) if sent == size && last + 1 != size => {
                unknown("206 with another range than the one that was asked for")
            }
            Some((_, sent)) => told(sent),
            None => unknown("206 without the size of the whole"),
        },
        // The blob ends before the byte that its manifest promises, or has none at all.
        416 => match whole {
            Some(sent) if sent < size || sent == 0 => Fact::Present(sent),
            Some(_) | None => unknown("416 to the range of the last byte"),
        },
        _ if redirected => storage_not_ok(answer, what, redactor),
        _ => not_ok(answer, what, Kind::Blob, redactor),
    }
}

/// What engines unpack before they hash it, whether they asked for it or not: the bytes that we hash are not theirs.
const UNPACKED: &str =
    "with `Content-Encoding: gzip`, which engines unpack before they compare the digest";

/// Reads `bytes 1233-1233/1234` (RFC 9110 §14.4): where the range ends, and the size of the whole.
fn last_and_size(range: &str) -> Option<(u64, u64)> {
    let rest = range.strip_prefix("bytes ")?;
    let (sent, size) = rest.split_once('/')?;
    let (first, last) = sent.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let size: u64 = size.parse().ok()?;
    (first <= last && last < size).then_some((last, size))
}

/// What any answer but the wanted one says, given by the registry's own host.
pub(crate) fn not_ok<T>(answer: &Answer, what: &str, kind: Kind, redactor: &Redactor) -> Fact<T> {
    let said = || format!("{what}: `{}` answered {}", answer.host, words(answer, redactor));
    match answer.status {
        404 => not_found(answer, what, kind, redactor),
        403 if answer.is_page() => {
            let message = format!("{}; a web page is no refusal of credentials", said());
            Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message))
        }
        401 | 403 => {
            let message = format!(
                "{what}: `{}` refused the credentials: {}",
                answer.host,
                words(answer, redactor)
            );
            Fact::Unknown(Unavailable::new(Reason::CredentialsRefused, message))
        }
        status if is_redirect(status) => {
            let message = format!("{}; a redirect is followed for configs and layers only", said());
            Fact::Unknown(Unavailable::new(Reason::RedirectRefused, message))
        }
        412 if ErrorBody::parse(&answer.body).is_some() => Fact::Unknown(Unavailable {
            hint: Some(POLICY.to_owned()),
            ..Unavailable::new(Reason::UnexpectedAnswer, said())
        }),
        _ => Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, said())),
    }
}

/// What to do when a registry's policy keeps an image from being pulled, as Harbor's do.
const POLICY: &str = "The registry's own policy keeps the image from being pulled: resolve what the message names \
     (findings of its scanner, a missing signature), or ask whoever runs the registry to change the policy.";

fn not_found<T>(answer: &Answer, what: &str, kind: Kind, redactor: &Redactor) -> Fact<T> {
    let denial = |reason: Reason| Fact::Absent(Denial { reason, said: words(answer, redactor) });
    let missing = match kind {
        Kind::Tag => Reason::TagMissing,
        Kind::Manifest => Reason::ManifestMissing,
        Kind::Blob => Reason::BlobMissing,
    };
    let message = format!("{what}: `{}` answered {}", answer.host, words(answer, redactor));
    let unclear = Unavailable::new(Reason::NotFoundUnclear, message);
    let body = ErrorBody::parse(&answer.body);
    match body.map(|body| body.code) {
        Some(ErrorCode::NameUnknown) => denial(Reason::RepositoryMissing),
        // Some registries keep tags as blobs, and say `BLOB_UNKNOWN`.
        Some(ErrorCode::ManifestUnknown | ErrorCode::NotFound | ErrorCode::BlobUnknown) => {
            denial(missing)
        }
        Some(ErrorCode::Own(_)) if !is_gateways(answer) => denial(missing),
        // A 404 that speaks of something else than "not found" is no denial.
        Some(ErrorCode::Unauthorized | ErrorCode::Denied | ErrorCode::TooManyRequests) => {
            Fact::Unknown(unclear)
        }
        Some(ErrorCode::Own(_) | ErrorCode::Other(_)) | None => {
            if answer.is_html() {
                Fact::Unknown(unclear)
            } else if answer.headers.contains_key("docker-distribution-api-version") {
                denial(missing)
            } else if is_gateways(answer) {
                Fact::Unknown(unclear)
            } else {
                Fact::Unknown(Unavailable { reason: Reason::NotFoundBare, ..unclear })
            }
        }
    }
}

/// Whether a 404 is known to come from something in front of the registry: DigitalOcean's edge gateway, or
/// the default page of an ingress.
fn is_gateways(answer: &Answer) -> bool {
    let body = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
    let by_header = answer
        .header("x-response-from")
        .is_some_and(|from| from.eq_ignore_ascii_case("edge-gateway"));
    // nginx and HAProxy, Google Cloud, Kong.
    let pages = ["default backend", "backend notfound", "no route matched"];
    by_header
        || body.contains("could not be routed")
        || pages.iter().any(|page| body.contains(page))
        || body.trim() == "404 page not found"
}

/// What to do when the storage refuses: no credentials of ours ever went there.
const NOT_TAKEN: &str = "No credentials are sent to the storage, so the token is not at fault: it did not \
     take the address that the registry had signed. Try again; if it stays, look at any proxy in between, \
     then push the image again: some storages answer so where the bytes are gone.";

/// What any answer but the wanted one says, given by the storage that the registry redirected to.
fn storage_not_ok<T>(answer: &Answer, what: &str, redactor: &Redactor) -> Fact<T> {
    let storage = format!("the registry's storage `{}`", answer.host);
    let message = format!("{what}: {storage} answered {}", words(answer, redactor));
    match answer.status {
        404 if answer.is_page() => {
            Fact::Unknown(Unavailable::new(Reason::NotFoundUnclear, message))
        }
        404 => {
            let said = format!("{storage} answered {}", words(answer, redactor));
            // Not `blob-missing`: the registry lists it, and only its storage does not have it.
            Fact::Absent(Denial { reason: Reason::BodyNeverCame, said })
        }
        401 | 403 => Fact::Unknown(Unavailable {
            hint: Some(NOT_TAKEN.to_owned()),
            ..Unavailable::new(Reason::UnexpectedAnswer, message)
        }),
        _ => Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message)),
    }
}

#[cfg(test)]
mod tests;
