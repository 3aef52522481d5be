//! The certificates of the TLS mode: a certificate authority and a server certificate, made at the start.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::Certificate;

/// An acceptor for HTTP/2 and HTTP/1.1, and the PEM of the authority that a client has to trust.
pub(super) fn server(certificate: Certificate) -> (TlsAcceptor, String) {
    let trusted = authority("stand-in authority");
    let foreign = authority("foreign authority");
    let names = match certificate {
        Certificate::WrongHost => vec!["registry.example".to_owned()],
        Certificate::Good
        | Certificate::Expired
        | Certificate::NotYetValid
        | Certificate::ForeignAuthority => vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
    };
    let mut params = CertificateParams::new(names).expect("valid names");
    (params.not_before, params.not_after) = match certificate {
        Certificate::Expired => (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1)),
        Certificate::NotYetValid => (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1)),
        Certificate::Good | Certificate::WrongHost | Certificate::ForeignAuthority => {
            (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1))
        }
    };
    let issuer = if certificate == Certificate::ForeignAuthority { &foreign } else { &trusted };
    let key = KeyPair::generate().expect("a key");
    let leaf = params.signed_by(&key, issuer).expect("a certificate");
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("the key of the certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (TlsAcceptor::from(Arc::new(config)), trusted.pem())
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}
