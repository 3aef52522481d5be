//! What a registry's answers mean. Pure: an answer goes in, a fact comes out.
//!
//! What matters most is to tell a denial in the registry's own words from every other 404.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::engines;
use crate::http::{Answer, is_redirect};
use crate::observation::{Denial, Fact, Resolved, Unavailable};
use crate::oci::{Algorithm, Digest, ErrorBody, ErrorCode, Manifest, ManifestError, MediaType};
use crate::registry::token::words;
use crate::report::Reason;
use crate::secret::Redactor;

/// What is requested, in messages and for the codes that deny it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A tag's manifest: `MANIFEST_UNKNOWN`, `NAME_UNKNOWN` or `NOT_FOUND` deny it.
    Tag,
    /// A manifest by its digest: the same words deny it.
    Manifest,
    /// A blob: `BLOB_UNKNOWN` denies it, too.
    Blob,
}

/// What was sent for a digest.
#[derive(Debug)]
pub(crate) enum Sent<T> {
    /// An answer that decides by itself.
    Told(Fact<T>),
    /// Bytes that do not hash to the digest.
    Wrong(Wrong),
}

impl<T> Sent<T> {
    /// The same with the deciding answer changed.
    pub(crate) fn map(self, tell: impl FnOnce(Fact<T>) -> Fact<T>) -> Self {
        match self {
            Self::Told(fact) => Self::Told(tell(fact)),
            Self::Wrong(wrong) => Self::Wrong(wrong),
        }
    }
}

/// Bytes that contradict their digest.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The digest that they should have.
    pub(crate) digest: Digest,
    pub(crate) body: Vec<u8>,
    /// Whether they are of the requested kind, so that they may be what the registry holds.
    pub(crate) is_of_kind: bool,
    /// What to report after one such answer, which alone proves nothing.
    pub(crate) why: Unavailable,
}

/// Reads the answer to a request for a manifest. `expected` is the digest that was asked for, or that the
/// tag is expected to have; `by_digest` says which.
pub(crate) fn manifest(
    answer: Answer,
    what: &str,
    expected: Option<&Digest>,
    by_digest: bool,
    redactor: &Redactor,
) -> Sent<Resolved> {
    if answer.status != 200 {
        let kind = if by_digest { Kind::Manifest } else { Kind::Tag };
        return Sent::Told(not_ok(&answer, what, kind, redactor));
    }
    if let Some(why) = page(&answer, what, redactor).or_else(|| coded(&answer, what, redactor)) {
        return Sent::Told(Fact::Unknown(why));
    }
    let contradiction = |said: String| {
        let message = format!("{what}: `{}` sent {said}", answer.host);
        Unavailable::new(Reason::ManifestContradictory, message)
    };
    let other = |digest: &Digest, preposition: &str| {
        let hashed = Digest::of(digest.algorithm(), &answer.body);
        contradiction(format!("bytes that hash to `{hashed}` {preposition} the digest `{digest}`"))
    };
    // The digest that was asked for decides; a header only claims one.
    if let Some(asked) = expected.filter(|asked| by_digest && !asked.matches(&answer.body)) {
        let why = other(asked, "for");
        return Sent::Wrong(Wrong::of(asked.clone(), answer.body, is_manifest, why));
    }
    let header = match content_digest(&answer.headers, redactor) {
        Ok(header) => header,
        Err(problem) => return Sent::Told(Fact::Unknown(contradiction(problem))),
    };
    match header {
        Some(header) if !header.matches(&answer.body) => {
            let why = other(&header, "under");
            // The bytes that were asked for are right, and only the header is wrong.
            if by_digest {
                return Sent::Told(Fact::Unknown(why));
            }
            Sent::Wrong(Wrong::of(header, answer.body, is_manifest, why))
        }
        header => {
            let algorithm = expected.or(header.as_ref()).map(Digest::algorithm);
            let digest = Digest::of(algorithm.unwrap_or(Algorithm::Sha256), &answer.body);
            let is_proven = expected == Some(&digest) || header.is_some();
            Sent::Told(resolved(&answer, what, digest, is_proven, redactor))
        }
    }
}

impl Wrong {
    fn of(digest: Digest, body: Vec<u8>, is_kind: fn(&[u8]) -> bool, why: Unavailable) -> Self {
        let is_of_kind = is_kind(&body);
        Self { digest, body, is_of_kind, why }
    }
}

/// Why a body with a content coding is not accepted, whatever its bytes hash to.
fn coded(answer: &Answer, what: &str, redactor: &Redactor) -> Option<Unavailable> {
    let codings = answer.codings();
    if codings.is_empty() {
        return None;
    }
    let codings = redactor.line(&codings.join(", "), 60);
    let message = format!(
        "{what}: `{}` answered with `Content-Encoding: {codings}`, which engines decode or reject",
        answer.host
    );
    Some(Unavailable::new(Reason::ManifestContradictory, message))
}

/// Why a web page is not accepted.
fn page(answer: &Answer, what: &str, redactor: &Redactor) -> Option<Unavailable> {
    answer.is_html().then(|| {
        let said = words(answer, redactor);
        let message = format!("{what}: `{}` answered with a web page: {said}", answer.host);
        Unavailable::new(Reason::UnexpectedAnswer, message)
    })
}

/// Whether bytes are any manifest or index.
fn is_manifest(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Versioned {
        schema_version: u64,
    }
    serde_json::from_slice(body).is_ok_and(|Versioned { schema_version }| schema_version == 2)
}

/// Reads the bytes of a manifest, which hash to `digest`. `is_proven`: that is the digest that was requested or
/// announced.
fn resolved(
    answer: &Answer,
    what: &str,
    digest: Digest,
    is_proven: bool,
    redactor: &Redactor,
) -> Fact<Resolved> {
    let content_type = answer.header("content-type").unwrap_or_default();
    let refusals = || {
        MediaType::parse(content_type)
            .map_or_else(Vec::new, |media_type| engines::of_manifest(&answer.body, media_type))
    };
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
                refusals: refusals(),
                note: None,
            })
        }
        Err(error) => {
            let mut why = broken_manifest(answer, what, &error, redactor);
            // Without a requested or announced digest, nothing proves that these bytes were pushed.
            if is_proven && error.is_of_image() && is_like_a_manifest(&answer.body) {
                why.refusals = refusals().into();
            }
            Fact::Unknown(why)
        }
    }
}

/// Whether unreadable bytes are a manifest all the same, and not an error text in its place.
fn is_like_a_manifest(body: &[u8]) -> bool {
    // Another encoding of Unicode has zeros between the letters.
    let text = String::from_utf8_lossy(body).replace('\0', "");
    let has = |field: &str| text.contains(field);
    has("\"schemaVersion\"") && (has("\"layers\"") || has("\"manifests\""))
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

/// Quotes the beginning of a body that is not a manifest, which shows who really answered.
fn beginning(body: &[u8], redactor: &Redactor) -> String {
    let text = redactor.line(&String::from_utf8_lossy(body), 80);
    match text.trim() {
        "" => "; it is empty".to_owned(),
        text => format!("; it begins with `{text}`"),
    }
}

/// Reads `Docker-Content-Digest`. A missing header is fine; a malformed or doubled one is an error.
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

/// Reads any answer but a success from the registry's own host.
pub(crate) fn not_ok<T>(answer: &Answer, what: &str, kind: Kind, redactor: &Redactor) -> Fact<T> {
    let said = || format!("{what}: `{}` answered {}", answer.host, words(answer, redactor));
    match answer.status {
        404 => not_found(answer, what, kind, redactor),
        403 if answer.is_page() => {
            let message = format!("{}; a web page is not a refusal of credentials", said());
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
        412 if ErrorBody::parse(&answer.body).is_some() => {
            Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, said()).hint(POLICY))
        }
        _ => Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, said())),
    }
}

/// The hint for an image that a registry's policy blocks, as Harbor's policies do.
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
        // Some registries store tags as blobs, and answer `BLOB_UNKNOWN`.
        Some(ErrorCode::ManifestUnknown | ErrorCode::NotFound | ErrorCode::BlobUnknown) => {
            denial(missing)
        }
        Some(ErrorCode::Own(_)) if !is_gateways(answer) => denial(missing),
        // A 404 with another error code is not a denial.
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

/// The hint for a refusal by the storage, which never gets credentials of ours.
const NOT_TAKEN: &str = "No credentials are sent to the storage, so the token is not at fault: it did not \
     take the address that the registry had signed. Try again; if it persists, check any proxy in between, \
     then push the image again: some storages answer so where the bytes are gone.";

/// Reads any answer but a success from the storage that the registry redirected to.
pub(super) fn storage_not_ok<T>(answer: &Answer, what: &str, redactor: &Redactor) -> Fact<T> {
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
        401 | 403 => {
            Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message).hint(NOT_TAKEN))
        }
        _ => Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message)),
    }
}

mod blob;

pub(crate) use blob::{Extents, another, config, is_another, plain, ranged, whole};

#[cfg(test)]
mod tests;
