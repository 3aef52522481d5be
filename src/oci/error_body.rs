//! The error document of the distribution specification: `{"errors":[{"code":…,"message":…}]}`.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A code of the distribution specification ("Error Codes"), and the ones that registries add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// `MANIFEST_UNKNOWN`: no such tag or manifest.
    ManifestUnknown,
    /// `NAME_UNKNOWN`: no such repository.
    NameUnknown,
    /// `NOT_FOUND`: what Harbor says for both.
    NotFound,
    /// `BLOB_UNKNOWN`: no such config or layer.
    BlobUnknown,
    /// `UNAUTHORIZED`: authentication required.
    Unauthorized,
    /// `DENIED`: not allowed.
    Denied,
    /// `TOOMANYREQUESTS`: rate limited.
    TooManyRequests,
    /// A code that the registry adds in the specification's form, as in `TAG_EXPIRED`.
    Own(String),
    /// Any other code, shown and not interpreted: another of the specification's, or one in another form.
    Other(String),
}

impl ErrorCode {
    fn parse(text: &str) -> Self {
        match text {
            "MANIFEST_UNKNOWN" => Self::ManifestUnknown,
            "NAME_UNKNOWN" => Self::NameUnknown,
            "NOT_FOUND" => Self::NotFound,
            "BLOB_UNKNOWN" => Self::BlobUnknown,
            "UNAUTHORIZED" => Self::Unauthorized,
            "DENIED" => Self::Denied,
            "TOOMANYREQUESTS" => Self::TooManyRequests,
            other => {
                let code = other.chars().take(64).collect();
                if is_own(other) { Self::Own(code) } else { Self::Other(code) }
            }
        }
    }

    /// The code as it is written on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::NotFound => "NOT_FOUND",
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Denied => "DENIED",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Own(code) | Self::Other(code) => code,
        }
    }
}

/// Whether a code has the specification's form, which no proxy writes, and is none of the codes by which the
/// specification says anything other than "not there".
fn is_own(code: &str) -> bool {
    let is_formed = !code.is_empty()
        && code.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    let is_others =
        code == "UNSUPPORTED" || code.ends_with("_INVALID") || code.starts_with("BLOB_UPLOAD_");
    is_formed && !is_others
}

/// The first error of an error document.
///
/// ```
/// use verify_registry_image::oci::{ErrorBody, ErrorCode};
///
/// let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}"#;
/// assert_eq!(ErrorBody::parse(body).unwrap().code, ErrorCode::ManifestUnknown);
/// assert!(ErrorBody::parse(b"<html>404</html>").is_none());
/// assert!(ErrorBody::parse(br#"{"errors":[]}"#).is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    /// What kind of error it is.
    pub code: ErrorCode,
    /// The registry's sentence, which may be empty and is not safe to print as it is.
    pub message: String,
}

impl ErrorBody {
    /// Reads an error document. `None` when `body` is something else.
    pub fn parse(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire {
            errors: Vec<Value>,
        }
        // A struct would be read from a list as well.
        let document: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let wire: Wire = serde_json::from_value(Value::Object(document)).ok()?;
        let first = wire.errors.iter().find_map(Value::as_object)?;
        let text = |name: &str| first.get(name).and_then(Value::as_str);
        Some(Self {
            code: ErrorCode::parse(text("code")?),
            message: text("message").unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn message_and_detail_may_be_missing() {
        let read = |body: &str| ErrorBody::parse(body.as_bytes());
        let bare = read(r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#).unwrap();
        assert_eq!((bare.code, bare.message.as_str()), (ErrorCode::NameUnknown, ""));
        let null = read(r#"{"errors":[{"code":"DENIED","message":null,"detail":[1]}]}"#).unwrap();
        assert_eq!(null.code, ErrorCode::Denied);
        assert!(read(r#"{"errors":[{"message":"no code"}]}"#).is_none());
        assert!(read(r#"{"id":"not_found","message":"repository not found"}"#).is_none());
        assert!(read("null").is_none());
        assert!(read(r#"[[{"code":"DENIED"}]]"#).is_none());
        assert!(read(r#"{"errors":[["DENIED"]]}"#).is_none());
    }

    #[test]
    fn a_registry_may_have_codes_of_its_own_in_the_specifications_form() {
        for own in ["TAG_EXPIRED", "MANIFEST_NOT_FOUND", "E404", "NOT_FOUND_2"] {
            assert_eq!(ErrorCode::parse(own), ErrorCode::Own(own.to_owned()));
        }
        let others = [
            "UNSUPPORTED",
            "NAME_INVALID",
            "MANIFEST_INVALID",
            "BLOB_UPLOAD_UNKNOWN",
            "not_found",
            "Tag_Expired",
            "TAG-EXPIRED",
            "TAG EXPIRED",
            "404 page",
            "",
        ];
        for other in others {
            assert_eq!(ErrorCode::parse(other), ErrorCode::Other(other.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>) {
            let _ = ErrorBody::parse(&body);
        }
    }
}
