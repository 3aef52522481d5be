//! TLS that does not come about: one try, nothing sent, and a hint that names what is wrong.

use super::verdict;
use crate::faults::{filled_with, gate, seen};
use crate::stand_in::{Certificate, Lie, Options, Origin, Route, StandIn};

fn with_certificate(certificate: Certificate) -> StandIn {
    filled_with(Options { tls: Some(certificate), ..Options::default() }).0
}

/// What was said, how often it was tried, and that no request (so no token) was sent.
fn refused(stand_in: &StandIn) -> String {
    let said = verdict(gate(stand_in));
    assert!(stand_in.log().is_empty(), "{:?}", stand_in.log());
    format!("{said}\n    connections: {}", stand_in.connections(Origin::Api))
}

#[test]
fn a_sound_image_over_tls_is_verified_over_one_connection_a_host() {
    let stand_in = with_certificate(Certificate::Good);
    let run = seen(gate(&stand_in), &stand_in);
    assert!(run.contains("exit code: 0"), "{run}");
    let connections = Origin::ALL.map(|origin| stand_in.connections(origin));
    assert_eq!(connections, [1, 1, 1, 0]);
    assert!(stand_in.log().iter().all(|entry| entry.version == "HTTP/2.0"));
}

#[test]
fn an_expired_certificate_is_refused_at_the_first_try() {
    insta::assert_snapshot!(refused(&with_certificate(Certificate::Expired)), @"
    exit 3, tag-exists errored
        reason: tls-failed
        message: the token: `[api]`: no TLS: its certificate has expired
        hint: Look at this machine's clock first; if it is right, the server's certificate must be renewed.
        connections: 1
    ");
}

#[test]
fn a_certificate_of_the_future_is_refused_with_a_hint_at_the_clock() {
    insta::assert_snapshot!(refused(&with_certificate(Certificate::NotYetValid)), @"
    exit 3, tag-exists errored
        reason: tls-failed
        message: the token: `[api]`: no TLS: its certificate is not valid yet
        hint: Look at this machine's clock.
        connections: 1
    ");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    insta::assert_snapshot!(refused(&with_certificate(Certificate::WrongHost)), @"
    exit 3, tag-exists errored
        reason: tls-failed
        message: the token: `[api]`: no TLS: its certificate is for another host name
        hint: Look at the host's name and at any proxy in between.
        connections: 1
    ");
}

#[test]
fn a_certificate_of_a_foreign_authority_is_refused() {
    insta::assert_snapshot!(refused(&with_certificate(Certificate::ForeignAuthority)), @"
    exit 3, tag-exists errored
        reason: tls-failed
        message: the token: `[api]`: no TLS: its certificate was issued by nobody that this system trusts
        hint: If a proxy of your own stands in between, add its CA certificate through SSL_CERT_FILE; TLS is never weakened.
        connections: 1
    ");
}

#[test]
fn a_system_without_ca_certificates_is_named() {
    let stand_in = with_certificate(Certificate::Good);
    let gate =
        gate(&stand_in).env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/nonexistent");
    insta::assert_snapshot!(verdict(gate), @"
    exit 3, tag-exists errored
        reason: tls-failed
        message: the token: `[api]`: no CA certificates were found on this system
        hint: Install the package `ca-certificates`, or point SSL_CERT_FILE to a file of CA certificates.
    ");
    assert_eq!(stand_in.connections(Origin::Api), 0);
}

#[test]
fn a_server_that_speaks_no_tls_gets_no_request() {
    let stand_in = with_certificate(Certificate::Good);
    stand_in.lie(Route::Connection(Origin::Api), Lie::raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    insta::assert_snapshot!(refused(&stand_in), @"
    exit 3, tag-exists errored
        reason: tls-failed
        message: the token: `[api]`: no TLS: what it sent is not TLS
        hint: Look at the host's name and port, and at any proxy in between.
        connections: 1
    ");
}

#[test]
fn a_handshake_that_is_closed_is_tried_again_and_then_succeeds() {
    let stand_in = with_certificate(Certificate::Good);
    stand_in.lie(Route::Connection(Origin::Api).first(1), Lie::close());
    insta::assert_snapshot!(verdict(gate(&stand_in)), @"
    exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
    ");
    assert_eq!(stand_in.connections(Origin::Api), 2);
}

#[test]
fn no_option_weakens_tls() {
    let help = crate::support::Gate::alone().args("--help").run().stdout;
    for word in ["insecure", "skip-verify", "no-verify", "plain-http"] {
        assert!(help.len() > 1000 && !help.contains(word), "{word}: {help}");
    }
}
