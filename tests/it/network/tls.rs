//! TLS does not come about. Nothing that is wrong with a certificate is tried again, and nothing is sent
//! before a certificate is accepted.

use crate::faults::{IMAGE, with_image};
use crate::stand_in::{Certificate, Lie, Options, Origin, Route, StandIn};
use crate::support::{Gate, side_by_side};

fn with(certificate: Certificate) -> StandIn {
    with_image(Options { tls: Some(certificate), ..Options::default() })
}

/// One connection was made to the API, one to the registry at most, and no request was sent on either.
#[track_caller]
fn refused_at_once(certificate: Certificate) -> String {
    let stand_in = with(certificate);
    let shown = Gate::at(&stand_in).image(IMAGE).snapshot();
    assert_eq!((stand_in.connections(Origin::Api), stand_in.log().len()), (1, 0), "{shown}");
    assert!(stand_in.connections(Origin::Registry) <= 1, "{shown}");
    shown
}

#[test]
fn a_good_certificate_is_accepted() {
    let stand_in = with(Certificate::Good);
    let run = Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(stand_in.log().iter().all(|entry| entry.version == "HTTP/2.0"));
}

#[test]
fn an_expired_certificate_is_seen_at_once_and_nothing_is_sent() {
    insta::assert_snapshot!(refused_at_once(Certificate::Expired), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[api]`: TLS failed: its certificate has expired
        reason     tls-failed
        next       Check this machine's clock first; if it is right, renew the server's certificate.
      [checks of the manifest] errored: the token: `[api]`: TLS failed: its certificate has expired
        reason     tls-failed
        next       Check this machine's clock first; if it is right, renew the server's certificate.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_certificate_that_is_not_valid_yet_hints_at_the_clock() {
    insta::assert_snapshot!(refused_at_once(Certificate::NotYetValid), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[api]`: TLS failed: its certificate is not valid yet
        reason     tls-failed
        next       Check this machine's clock.
      [checks of the manifest] errored: the token: `[api]`: TLS failed: its certificate is not valid yet
        reason     tls-failed
        next       Check this machine's clock.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_certificate_for_another_host_is_seen_at_once_and_nothing_is_sent() {
    insta::assert_snapshot!(refused_at_once(Certificate::WrongHost), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[api]`: TLS failed: its certificate is for another host name
        reason     tls-failed
        next       Check the host name and any proxy in between.
      [checks of the manifest] errored: the token: `[api]`: TLS failed: its certificate is for another host name
        reason     tls-failed
        next       Check the host name and any proxy in between.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_foreign_authority_is_not_trusted_and_no_flag_trusts_it() {
    insta::assert_snapshot!(refused_at_once(Certificate::ForeignAuthority), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[api]`: TLS failed: its certificate was not issued by an authority that this system trusts
        reason     tls-failed
        next       If a proxy of your own is in between, add its CA certificate through SSL_CERT_FILE; TLS is never weakened.
      [checks of the manifest] errored: the token: `[api]`: TLS failed: its certificate was not issued by an authority that this system trusts
        reason     tls-failed
        next       If a proxy of your own is in between, add its CA certificate through SSL_CERT_FILE; TLS is never weakened.

      service    support-email
    ----- stderr
    ");
    let help = Gate::alone().args("--help").run().stdout;
    assert!(
        !help.contains("insecure") && !help.contains("skip-tls") && !help.contains("no-verify")
    );
}

/// What a run says of a server that answers the first bytes of a handshake with these.
fn said(answer: Lie) -> String {
    let stand_in = with(Certificate::Good);
    stand_in.lie(Route::Connection(Origin::Api), answer);
    let shown = super::brief(&Gate::at(&stand_in).image(IMAGE).run());
    format!("{shown}connections: {}", stand_in.connections(Origin::Api))
}

#[test]
fn a_server_that_speaks_only_tls_1_1_is_undecided() {
    // A record of version 3.2 with a `ServerHello` of version 3.2 and the suite 0x002f.
    let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    insta::assert_snapshot!(said(Lie::raw(&hello)), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: TLS failed: it supports neither TLS 1.2 nor TLS 1.3 with a modern cipher
        reason     tls-failed
        next       The server, or a proxy in between, is too old; TLS is never weakened.
    connections: 1
    ");
    // The alert `protocol_version`, which others send.
    insta::assert_snapshot!(said(Lie::raw(&[21, 3, 2, 0, 2, 2, 70])), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: TLS failed: it supports neither TLS 1.2 nor TLS 1.3 with a modern cipher
        reason     tls-failed
        next       The server, or a proxy in between, is too old; TLS is never weakened.
    connections: 1
    ");
}

#[test]
fn a_handshake_that_is_closed_is_tried_again() {
    // A close is seen as a reset where the hello had not been read yet: both are the same to the reader.
    let [closed, reset] = side_by_side([Lie::close(), Lie::reset()], said);
    let closed = closed.replace(
        "the connection was closed during the TLS handshake",
        "no connection (connection reset)",
    );
    insta::assert_snapshot!(closed, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: no connection (connection reset) (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    connections: 4
    ");
    insta::assert_snapshot!(reset, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: no connection (connection reset) (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    connections: 4
    ");
}

#[test]
fn a_handshake_that_is_answered_with_garbage_is_undecided() {
    insta::assert_snapshot!(said(Lie::raw(b"SSH-2.0-OpenSSH_9.2p1\r\n")), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: TLS failed: its answer is not TLS
        reason     tls-failed
        next       Check the port (does it serve plain `http`?) and any proxy in between.
    connections: 1
    ");
}

#[test]
fn a_plain_port_that_is_asked_in_tls_is_undecided() {
    let plain = with_image(Options::default());
    let secure = with(Certificate::Good);
    let gate = Gate::at(&secure)
        .env("DIGITALOCEAN_API_URL", format!("https://{}", plain.host(Origin::Api)))
        .redact(&plain.host(Origin::Api), "[api]")
        .image(IMAGE);
    insta::assert_snapshot!(super::brief(&gate.run()), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: TLS failed: its answer is not TLS
        reason     tls-failed
        next       Check the port (does it serve plain `http`?) and any proxy in between.
    ");
    assert!(plain.log().is_empty(), "no request was understood");
}

#[test]
fn without_ca_certificates_the_message_says_what_to_install() {
    let stand_in = with(Certificate::Good);
    let gate = Gate::at(&stand_in).image(IMAGE);
    let nothing = gate.folder().join("none").display().to_string();
    let gate =
        gate.file("empty.pem", "").env("SSL_CERT_FILE", "empty.pem").env("SSL_CERT_DIR", nothing);
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[api]`: found no CA certificates on this system, nor through SSL_CERT_FILE and SSL_CERT_DIR
        reason     tls-failed
        next       Install the package `ca-certificates`, or point SSL_CERT_FILE to a file of CA certificates.
      [checks of the manifest] errored: the token: `[api]`: found no CA certificates on this system, nor through SSL_CERT_FILE and SSL_CERT_DIR
        reason     tls-failed
        next       Install the package `ca-certificates`, or point SSL_CERT_FILE to a file of CA certificates.

      service    support-email
    ----- stderr
    ");
    assert_eq!(stand_in.connections(Origin::Api), 0);
}

/// What a run says at a registry with this certificate, which `SSL_CERT_FILE` names where it is self-signed.
fn verdict_with(certificate: Certificate) -> String {
    let stand_in = with(certificate);
    let run = Gate::at(&stand_in).image(IMAGE).run();
    let shown = super::brief(&run);
    let said = shown.lines().nth(1).and_then(|line| line.split("[api]`: ").nth(1));
    format!("{certificate:?}: exit {:?} {}", run.code.unwrap(), said.unwrap_or_default())
}

#[test]
fn the_self_signed_certificate_of_dockers_documentation_is_accepted_as_far_as_it_holds() {
    let rows = [
        Certificate::SelfSigned,
        Certificate::SelfSignedLeaf,
        Certificate::LeafAlone,
        Certificate::SelfSignedExpired,
        Certificate::SelfSignedWrongHost,
        Certificate::SelfSignedOther,
        Certificate::SelfSignedStolen,
    ]
    .map(verdict_with);
    insta::assert_snapshot!(rows.join("\n"), @"
    SelfSigned: exit 0 
    SelfSignedLeaf: exit 0 
    LeafAlone: exit 0 
    SelfSignedExpired: exit 3 TLS failed: its certificate has expired
    SelfSignedWrongHost: exit 3 TLS failed: its certificate is for another host name
    SelfSignedOther: exit 3 TLS failed: its certificate is that of an authority, and this system does not trust it
    SelfSignedStolen: exit 3 TLS failed: its certificate was not issued by an authority that this system trusts
    ");
}
