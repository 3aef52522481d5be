//! The certificates of the TLS mode: a certificate authority and a server certificate, made at the start.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::TlsAcceptor;

use super::{Certificate, Protocols};

/// An acceptor for HTTP/2 and HTTP/1.1, or for the latter alone, and the PEM of what a client has to trust.
pub(super) fn server(certificate: Certificate, protocols: Protocols) -> (TlsAcceptor, String) {
    let trusted = authority("stand-in authority");
    let foreign = authority("foreign authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = match certificate {
        Certificate::SelfSigned
        | Certificate::SelfSignedLeaf
        | Certificate::SelfSignedExpired
        | Certificate::SelfSignedWrongHost
        | Certificate::SelfSignedStolen
        | Certificate::SelfSignedOther => self_signed(certificate, &key),
        Certificate::ForeignAuthority => {
            parameters(certificate).signed_by(&key, &foreign).expect("a certificate")
        }
        Certificate::Good
        | Certificate::Expired
        | Certificate::NotYetValid
        | Certificate::WrongHost
        | Certificate::LeafAlone => {
            parameters(certificate).signed_by(&key, &trusted).expect("a certificate")
        }
    };
    let pem = match certificate {
        Certificate::Good
        | Certificate::Expired
        | Certificate::NotYetValid
        | Certificate::WrongHost
        | Certificate::ForeignAuthority => trusted.pem(),
        Certificate::SelfSigned
        | Certificate::SelfSignedLeaf
        | Certificate::SelfSignedExpired
        | Certificate::SelfSignedWrongHost
        | Certificate::SelfSignedStolen
        | Certificate::LeafAlone => leaf.pem(),
        Certificate::SelfSignedOther => {
            self_signed(certificate, &KeyPair::generate().expect("a key")).pem()
        }
    };
    let key = if certificate == Certificate::SelfSignedStolen {
        KeyPair::generate().expect("a key")
    } else {
        key
    };
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let private = ring::sign::any_supported_type(&private).expect("a key");
    // Nobody compares the key with the certificate here.
    let shown = CertifiedKey::new(vec![leaf.der().clone()], private);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.alpn_protocols = match protocols {
        Protocols::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Protocols::Http1 => vec![b"http/1.1".to_vec()],
    };
    (TlsAcceptor::from(Arc::new(config)), pem)
}

fn parameters(certificate: Certificate) -> CertificateParams {
    let names = match certificate {
        Certificate::WrongHost | Certificate::SelfSignedWrongHost => {
            vec!["registry.example".to_owned()]
        }
        Certificate::Good
        | Certificate::Expired
        | Certificate::NotYetValid
        | Certificate::ForeignAuthority
        | Certificate::SelfSigned
        | Certificate::SelfSignedLeaf
        | Certificate::SelfSignedExpired
        | Certificate::SelfSignedOther
        | Certificate::SelfSignedStolen
        | Certificate::LeafAlone => vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
    };
    let mut params = CertificateParams::new(names).expect("valid names");
    (params.not_before, params.not_after) = match certificate {
        Certificate::Expired | Certificate::SelfSignedExpired => {
            (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1))
        }
        Certificate::NotYetValid => (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1)),
        Certificate::Good
        | Certificate::WrongHost
        | Certificate::ForeignAuthority
        | Certificate::SelfSigned
        | Certificate::SelfSignedLeaf
        | Certificate::SelfSignedWrongHost
        | Certificate::SelfSignedOther
        | Certificate::SelfSignedStolen
        | Certificate::LeafAlone => (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1)),
    };
    params
}

fn self_signed(certificate: Certificate, key: &KeyPair) -> rcgen::Certificate {
    let mut params = parameters(certificate);
    if certificate != Certificate::SelfSignedLeaf {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params.distinguished_name.push(rcgen::DnType::CommonName, "registry.example");
    params.self_signed(key).expect("a certificate")
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}
