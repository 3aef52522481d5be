//! What the answers to requests for a blob mean: whether it is there, and how long it is.
//!
//! A range requests the last byte alone, which no engine does. So a range can prove that a blob is there, but only
//! a plain request can prove that it is missing.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Kind, Sent, Wrong, coded, not_ok, page, storage_not_ok, words};
use crate::http::{Answer, Length, is_redirect};
use crate::observation::{Fact, Proof, Unavailable};
use crate::oci::{Descriptor, Digest};
use crate::registry::Poured;
use crate::report::Reason;
use crate::secret::Redactor;

/// How long a blob is, and how that was learnt.
pub(crate) type Extents = Fact<(u64, Proof)>;

/// Reads the answer to a request for the last byte of a blob of `size` bytes. `None` if it does not show that
/// the blob is there: then ask by a plain request.
pub(crate) fn ranged(
    answer: &Answer,
    what: &str,
    size: u64,
    redirected: bool,
    redactor: &Redactor,
) -> Option<Extents> {
    let there = |proof: Proof| Some(Fact::Present((size, proof)));
    if matches!(answer.status, 200 | 206)
        && let Some(why) = coded(answer, what, redactor)
    {
        return Some(Fact::Unknown(why));
    }
    match answer.status {
        206 if is_last_byte(answer, size) => there(Proof::Read),
        // The server ignored the range.
        200 => match answer.length {
            Length::Ended(length) | Length::Closed(length) if length == size => there(Proof::Read),
            Length::Announced(length) if length == size => there(Proof::Announced),
            Length::Beyond(length) if length < size => there(Proof::Announced),
            Length::Ended(_) | Length::Closed(_) | Length::Announced(_) | Length::Beyond(_) => None,
        },
        416 if size == 0 && answer.header("content-range").map(str::trim) == Some("bytes */0") => {
            there(Proof::Read)
        }
        status if matches!(status, 401 | 403) || is_redirect(status) => {
            Some(denied(answer, what, redirected, redactor))
        }
        _ => None,
    }
}

/// Reads the answer to a plain request for a blob that is announced with `size` bytes.
pub(crate) fn plain(
    answer: &Answer,
    what: &str,
    size: u64,
    redirected: bool,
    redactor: &Redactor,
) -> Extents {
    if answer.status != 200 {
        return denied(answer, what, redirected, redactor);
    }
    if let Some(why) = coded(answer, what, redactor) {
        return Fact::Unknown(why);
    }
    let (length, proof) = match answer.length {
        Length::Closed(length) if length < size => {
            let said = format!(
                "200 and closed the connection after {length} of {size} bytes, without a length that would \
                 show whether that is all of it"
            );
            return unknown(what, answer, &said);
        }
        Length::Announced(length) if length == size => (length, Proof::Announced),
        Length::Ended(length) | Length::Closed(length) | Length::Announced(length) => {
            (length, Proof::Read)
        }
        Length::Beyond(length) if length < size => (size, Proof::Announced),
        Length::Beyond(length) => (length, Proof::Exceeded),
    };
    let is_announced = length == size && proof != Proof::Exceeded;
    if !is_announced && answer.is_text() {
        // Only what is known by its type was told to the redactor, with the address that led there.
        let text = if answer.may_be_quoted() {
            words(answer, redactor)
        } else {
            format!("{} (`{}`)", answer.status, redactor.line(&answer.media_type(), 60))
        };
        return unknown(what, answer, &format!("with a text in its place: {text}"));
    }
    Fact::Present((length, proof))
}

/// Reads the answer to a request for a whole layer of `size` bytes.
pub(crate) fn whole(
    answer: &Answer,
    what: &str,
    size: u64,
    redirected: bool,
    redactor: &Redactor,
) -> Fact<Poured> {
    if !matches!(answer.status, 200 | 206) {
        return denied(answer, what, redirected, redactor);
    }
    if let Some(why) = coded(answer, what, redactor) {
        return Fact::Unknown(why);
    }
    let seen = match answer.length {
        Length::Ended(seen) | Length::Closed(seen) | Length::Announced(seen) => seen,
        Length::Beyond(least) => least.saturating_add(1),
    };
    let is_text = answer.is_text();
    if seen != size && is_text {
        return plain(answer, what, size, redirected, redactor).and_then(|(length, _)| {
            unknown(what, answer, &format!("with a text of {length} bytes in its place"))
        });
    }
    Fact::Present(Poured { host: answer.host.clone(), size: seen, is_text })
}

/// Whether the body has the right length and another digest. Compares only bodies that are short enough to be kept
/// whole.
pub(crate) fn is_another(answer: &Answer, descriptor: &Descriptor) -> bool {
    let (Length::Ended(length) | Length::Closed(length)) = answer.length else { return false };
    answer.status == 200
        && length > 0
        && length == descriptor.size
        && length == answer.body.len() as u64
        && answer.codings().is_empty()
        && !descriptor.digest.matches(&answer.body)
}

/// What [other bytes](is_another) prove: nothing, as with a manifest.
pub(crate) fn another(answer: &Answer, what: &str, descriptor: &Descriptor) -> Extents {
    let Descriptor { digest, size, .. } = descriptor;
    let message = format!(
        "{what}: `{}` sent {size} bytes that hash to `{}` for the digest `{digest}`",
        answer.host,
        Digest::of(digest.algorithm(), &answer.body)
    );
    Fact::Unknown(Unavailable::new(Reason::ManifestContradictory, message))
}

/// Reads the answer to a request for a whole config: its bytes, checked against its digest.
pub(crate) fn config(
    answer: Answer,
    what: &str,
    digest: &Digest,
    redirected: bool,
    redactor: &Redactor,
) -> Sent<Vec<u8>> {
    if answer.status != 200 {
        return Sent::Told(denied(&answer, what, redirected, redactor));
    }
    if let Some(why) = coded(&answer, what, redactor) {
        return Sent::Told(Fact::Unknown(why));
    }
    // Bytes that hash to the digest are the config, whatever their media type.
    if digest.matches(&answer.body) {
        return Sent::Told(Fact::Present(answer.body));
    }
    if let Some(why) = page(&answer, what, redactor) {
        return Sent::Told(Fact::Unknown(why));
    }
    let hashed = Digest::of(digest.algorithm(), &answer.body);
    let message = format!(
        "{what}: `{}` sent bytes that hash to `{hashed}` for the digest `{digest}`",
        answer.host
    );
    let why = Unavailable::new(Reason::ManifestContradictory, message);
    // Nothing shows whether the answer was cut.
    if answer.length == Length::Closed(0) {
        return Sent::Told(Fact::Unknown(why));
    }
    Sent::Wrong(Wrong::of(digest.clone(), answer.body, is_config, why))
}

/// Whether bytes are the config of any image.
fn is_config(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "rootfs")]
        _rootfs: IgnoredAny,
    }
    serde_json::from_slice::<Config>(body).is_ok()
}

/// Reads any answer but a success.
fn denied<T>(answer: &Answer, what: &str, redirected: bool, redactor: &Redactor) -> Fact<T> {
    if redirected {
        storage_not_ok(answer, what, redactor)
    } else {
        not_ok(answer, what, Kind::Blob, redactor)
    }
}

fn unknown<T>(what: &str, answer: &Answer, said: &str) -> Fact<T> {
    let message = format!("{what}: `{}` answered {said}", answer.host);
    Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message))
}

/// Whether `Content-Range` is `bytes 1233-1233/1234` for a blob of 1234 bytes (RFC 9110 §14.4), and the body is that
/// one byte. A longer range, or a body of another length, need not have brought the last byte.
fn is_last_byte(answer: &Answer, size: u64) -> bool {
    let range = answer.header("content-range").map(str::trim).and_then(range_and_size);
    let is_one_byte = matches!(answer.length, Length::Ended(1) | Length::Closed(1));
    is_one_byte && size.checked_sub(1).is_some_and(|last| range == Some((last, last, size)))
}

fn range_and_size(range: &str) -> Option<(u64, u64, u64)> {
    let rest = range.strip_prefix("bytes ")?;
    let (sent, size) = rest.split_once('/')?;
    let (first, last) = sent.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, size.parse().ok()?))
}

#[cfg(test)]
mod tests;
