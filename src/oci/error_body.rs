//! The error document of the distribution specification: `{"errors":[{"code":…,"message":…}]}`.

use serde::Deserialize;

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
    /// Any other code, shown and not interpreted.
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
            other => Self::Other(other.chars().take(64).collect()),
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
            Self::Other(code) => code,
        }
    }
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
            errors: Vec<WireError>,
        }
        #[derive(Deserialize)]
        struct WireError {
            code: String,
            #[serde(default)]
            message: Option<String>,
        }
        let wire: Wire = serde_json::from_slice(body).ok()?;
        let first = wire.errors.into_iter().next()?;
        Some(Self {
            code: ErrorCode::parse(&first.code),
            message: first.message.unwrap_or_default(),
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
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>) {
            let _ = ErrorBody::parse(&body);
        }
    }
}
