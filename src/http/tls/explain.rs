//! Explains a failed handshake in our own words: what is wrong, and what to do.

use rustls::{AlertDescription, CertificateError as Certificate, Error, PeerIncompatible};

/// A clause that follows "TLS failed: ", and what to do.
type Said = (String, Option<&'static str>);

const CLOCK: &str = "Check this machine's clock.";
const RENEWED: &str =
    "Check this machine's clock first; if it is right, renew the server's certificate.";
const ISSUER: &str = "If a proxy of your own is in between, add its CA certificate through SSL_CERT_FILE; TLS is never weakened.";
const NAME: &str = "Check the host name and any proxy in between.";
const REMADE: &str = "Replace the server's certificate: no engine accepts it either.";
const OLD: &str = "The server, or a proxy in between, is too old; TLS is never weakened.";
const NOT_TLS: &str = "Check the port (does it serve plain `http`?) and any proxy in between.";
const REFUSED: &str = "The server ended the handshake: check its log and any proxy in between.";
const BROKEN: &str = "Check the server and any proxy in between: one of them breaks TLS.";

/// Explains why the handshake failed.
pub(crate) fn explain(error: &Error) -> Said {
    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls's enums are not closed")]
    let (said, hint) = match error {
        Error::InvalidCertificate(certificate) => return of_certificate(certificate),
        Error::PeerIncompatible(
            PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon
            | PeerIncompatible::NoSignatureSchemesInCommon,
        ) => ("it signs with an algorithm that is not accepted", OLD),
        Error::PeerIncompatible(_)
        | Error::AlertReceived(
            AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity,
        ) => ("it supports neither TLS 1.2 nor TLS 1.3 with a modern cipher", OLD),
        Error::NoApplicationProtocol
        | Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            ("it offers neither HTTP/2 nor HTTP/1.1", NOT_TLS)
        }
        Error::AlertReceived(
            AlertDescription::UnrecognisedName | AlertDescription::AccessDenied,
        ) => ("it does not know the host name", NAME),
        Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown,
        ) => (
            "it requires a client certificate",
            "Client certificates are not supported: let the registry accept a login or a token instead.",
        ),
        Error::AlertReceived(_) => ("it refused the handshake", REFUSED),
        Error::InvalidMessage(_) => ("its answer is not TLS", NOT_TLS),
        Error::NoCertificatesPresented => ("it sent no certificate", BROKEN),
        Error::UnsupportedNameType => ("its host name cannot be in a certificate", NAME),
        Error::DecryptError | Error::PeerSentOversizedRecord => {
            ("its answer could not be decrypted", BROKEN)
        }
        Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_) => ("it violates the TLS protocol", BROKEN),
        Error::FailedToGetCurrentTime => ("this machine's clock could not be read", CLOCK),
        Error::FailedToGetRandomBytes => (
            "this machine provides no random numbers",
            "Check that the job may use the system's random number generator.",
        ),
        _ => ("the handshake failed", BROKEN),
    };
    (said.to_owned(), Some(hint))
}

fn of_certificate(error: &Certificate) -> Said {
    #[expect(deprecated, reason = "an older verifier may still say it")]
    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls's enums are not closed")]
    let (said, hint) = match error {
        Certificate::Expired | Certificate::ExpiredContext { .. } => {
            ("its certificate has expired", RENEWED)
        }
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            ("its certificate is not valid yet", CLOCK)
        }
        // `BadSignature`: it names a trusted issuer that did not sign it.
        Certificate::UnknownIssuer | Certificate::BadSignature => {
            ("its certificate was not issued by an authority that this system trusts", ISSUER)
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            ("its certificate is for another host name", NAME)
        }
        Certificate::BadEncoding => ("its certificate cannot be read", REMADE),
        Certificate::Revoked => ("its certificate was revoked", REMADE),
        Certificate::UnhandledCriticalExtension => {
            ("its certificate has a critical extension that is not supported", REMADE)
        }
        Certificate::UnsupportedSignatureAlgorithm
        | Certificate::UnsupportedSignatureAlgorithmContext { .. }
        | Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            ("its certificate was signed with an algorithm that is not accepted", REMADE)
        }
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => {
            ("its certificate is not for a server", REMADE)
        }
        Certificate::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::CaUsedAsEndEntity) => (
                "its certificate is that of an authority, and this system does not trust it",
                "If it is the registry's self-signed certificate, add that very file through SSL_CERT_FILE.",
            ),
            Some(webpki::Error::UnsupportedCertVersion) => {
                ("its certificate is of a version before 3", REMADE)
            }
            Some(webpki::Error::NameConstraintViolation) => {
                ("the authority of its certificate may not issue one for this host name", REMADE)
            }
            Some(webpki::Error::EndEntityUsedAsCa | webpki::Error::PathLenConstraintViolated) => {
                ("its certificate was issued with one that may not issue any", REMADE)
            }
            Some(_) | None => ("its certificate violates the rules for certificates", REMADE),
        },
        _ => ("its certificate was not accepted", REMADE),
    };
    (said.to_owned(), Some(hint))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{InvalidMessage, OtherError, PeerMisbehaved};

    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a row for each failure")]
    fn every_failure_has_a_sentence_and_none_of_the_librarys_own_words() {
        let of_webpki = |error: webpki::Error| {
            Error::InvalidCertificate(Certificate::Other(OtherError(Arc::new(error))))
        };
        let errors = [
            Certificate::Expired.into(),
            Certificate::NotValidYet.into(),
            Certificate::UnknownIssuer.into(),
            Certificate::BadSignature.into(),
            Certificate::NotValidForName.into(),
            Certificate::BadEncoding.into(),
            Certificate::Revoked.into(),
            Certificate::UnhandledCriticalExtension.into(),
            Certificate::InvalidPurpose.into(),
            Certificate::ApplicationVerificationFailure.into(),
            of_webpki(webpki::Error::CaUsedAsEndEntity),
            of_webpki(webpki::Error::UnsupportedCertVersion),
            of_webpki(webpki::Error::NameConstraintViolation),
            of_webpki(webpki::Error::EndEntityUsedAsCa),
            of_webpki(webpki::Error::MaximumPathDepthExceeded),
            Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            Error::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::AlertReceived(AlertDescription::UnrecognisedName),
            Error::AlertReceived(AlertDescription::CertificateRequired),
            Error::AlertReceived(AlertDescription::NoApplicationProtocol),
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            Error::NoCertificatesPresented,
            Error::DecryptError,
            Error::FailedToGetCurrentTime,
            Error::General("OtherError(Some(..))".to_owned()),
        ];
        let rows = errors.map(|error| {
            let (said, hint) = explain(&error);
            assert!(hint.is_some(), "{said}");
            said
        });
        insta::assert_snapshot!(rows.join("\n"), @"
        its certificate has expired
        its certificate is not valid yet
        its certificate was not issued by an authority that this system trusts
        its certificate was not issued by an authority that this system trusts
        its certificate is for another host name
        its certificate cannot be read
        its certificate was revoked
        its certificate has a critical extension that is not supported
        its certificate is not for a server
        its certificate was not accepted
        its certificate is that of an authority, and this system does not trust it
        its certificate is of a version before 3
        the authority of its certificate may not issue one for this host name
        its certificate was issued with one that may not issue any
        its certificate violates the rules for certificates
        it supports neither TLS 1.2 nor TLS 1.3 with a modern cipher
        it violates the TLS protocol
        it refused the handshake
        it does not know the host name
        it requires a client certificate
        it offers neither HTTP/2 nor HTTP/1.1
        its answer is not TLS
        it sent no certificate
        its answer could not be decrypted
        this machine's clock could not be read
        the handshake failed
        ");
    }
}
