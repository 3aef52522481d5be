//! TLS: rustls on ring with the system's CA certificates, and no option to weaken it.

mod exact;
mod explain;

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::{ClientConfig, RootCertStore};

pub(crate) use explain::explain;

/// Why TLS could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsError {
    /// Without roots no certificate can be judged.
    #[error("found no CA certificates on this system, nor through SSL_CERT_FILE and SSL_CERT_DIR")]
    NoRoots,
    /// The build lacks a protocol version.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// A configuration with the system's CA certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured),
/// for HTTP/2 and HTTP/1.1.
pub(crate) fn config() -> Result<ClientConfig, TlsError> {
    let certificates = rustls_native_certs::load_native_certs().certs;
    let mut roots = RootCertStore::empty();
    // Skips certificates that cannot be parsed.
    roots.add_parsable_certificates(certificates.iter().cloned());
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let setup = |error: &dyn std::error::Error| TlsError::Setup(error.to_string());
    let chains =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| setup(&error))?;
    let verifier = Arc::new(exact::Verifier::new(chains, certificates));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| setup(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(with_protocols(config))
}

/// A configuration that trusts no certificate, for plain `http` on this machine, which needs none.
pub(crate) fn unused() -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(with_protocols(config))
}

fn with_protocols(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}
