//! TLS as this program speaks it: rustls on ring, the system's CA certificates, nothing weakened.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Why there is no TLS at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsError {
    /// Without roots no certificate can be judged.
    #[error(
        "no CA certificates were found on this system, nor where SSL_CERT_FILE and SSL_CERT_DIR lead"
    )]
    NoRoots,
    /// The build lacks a protocol version.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// A configuration with the system's CA certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured),
/// for HTTP/2 and HTTP/1.1.
pub(crate) fn config() -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    // Single certificates that cannot be read are no reason to trust less in the others.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    with_roots(roots)
}

/// A configuration that trusts nobody: for plain `http` on this machine, where no handshake takes place.
pub(crate) fn unused() -> Result<ClientConfig, TlsError> {
    with_roots(RootCertStore::empty())
}

fn with_roots(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What is wrong with a handshake, for a person, and what to do about it.
pub(crate) fn explain(error: &rustls::Error) -> (String, Option<&'static str>) {
    use rustls::CertificateError as Certificate;
    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls's enums are not closed")]
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            Certificate::Expired | Certificate::ExpiredContext { .. } => (
                "its certificate has expired".to_owned(),
                Some(
                    "Look at this machine's clock first; else the server's certificate must be renewed.",
                ),
            ),
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => (
                "its certificate is not valid yet".to_owned(),
                Some("Look at this machine's clock."),
            ),
            // One that names a trusted issuer and was not signed by it, too.
            Certificate::UnknownIssuer | Certificate::BadSignature => (
                "its certificate was issued by nobody that this system trusts".to_owned(),
                Some(
                    "If a proxy of your own stands in between, add its CA certificate through SSL_CERT_FILE; TLS is never weakened.",
                ),
            ),
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => (
                "its certificate is for another host name".to_owned(),
                Some("Look at the host's name and at any proxy in between."),
            ),
            other => (format!("its certificate was not accepted: {other}"), None),
        },
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion) => (
            "it speaks neither 1.2 nor 1.3 with a cipher of today".to_owned(),
            Some("The server, or a proxy in between, is too old; TLS is never weakened."),
        ),
        rustls::Error::InvalidMessage(_) => (
            "what it sent is not TLS".to_owned(),
            Some(
                "Look at the host's port (does it speak plain `http`?) and at any proxy in between.",
            ),
        ),
        other => (other.to_string(), None),
    }
}
