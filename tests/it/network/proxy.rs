//! Proxies, and where the API may be.

use super::brief;
use super::servers::{ConnectProxy, RawServer};
use crate::faults::{IMAGE, with_image};
use crate::stand_in::{Certificate, ClosedPort, Options, Origin, StandIn};
use crate::support::{Gate, side_by_side};

/// The name in the stand-in's certificate; no resolver knows it, so that only a proxy leads there.
const NAME: &str = "registry.example";

fn port(stand_in: &StandIn, origin: Origin) -> String {
    stand_in.host(origin).rsplit(':').next().expect("a port").to_owned()
}

/// A stand-in that is reached by its name only.
fn behind_a_proxy() -> StandIn {
    let tls = Some(Certificate::WrongHost);
    with_image(Options { tls, redirect_blobs: false, ..Options::default() })
}

fn through<'a>(stand_in: &'a StandIn, proxy: &str) -> Gate<'a> {
    let (api, registry) = (port(stand_in, Origin::Api), port(stand_in, Origin::Registry));
    let registry = format!("{NAME}:{registry}");
    Gate::at(stand_in)
        .env("DIGITALOCEAN_API_URL", format!("https://{NAME}:{api}"))
        .env("DIGITALOCEAN_REGISTRY_HOST", &registry)
        .env("HTTPS_PROXY", proxy)
        .redact(&registry, "[registry]")
        .redact(&format!("{NAME}:{api}"), "[api]")
        .arg(format!("{registry}/{IMAGE}"))
}

/// A proxy's request heads without what differs from run to run.
fn heads(proxy: &ConnectProxy) -> String {
    let digits = regex_lite::Regex::new(r":\d+").expect("a pattern");
    let mut heads: Vec<_> = proxy
        .heads()
        .iter()
        .map(|head| digits.replace_all(head.trim_end(), ":[port]").replace("\r\n", "\n"))
        .map(|head| head.replace(env!("CARGO_PKG_VERSION"), "[version]"))
        .collect();
    heads.dedup();
    heads.join("\n\n")
}

#[test]
fn through_a_proxy_the_token_goes_inside_tls_only() {
    let (stand_in, proxy) = (behind_a_proxy(), ConnectProxy::start());
    let run = through(&stand_in, &format!("http://{}", proxy.host())).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    insta::assert_snapshot!(heads(&proxy), @"
    CONNECT registry.example:[port] HTTP/1.1
    Host: registry.example:[port]
    user-agent: verify-registry-image/[version]
    ");
    assert_eq!(proxy.heads().len(), 2, "one tunnel a host");
    let tunnelled = proxy.tunnelled();
    let text = String::from_utf8_lossy(&tunnelled);
    assert!(tunnelled.len() > 500 && !text.contains("dop_v1") && !text.contains("Basic"));
    // What goes into a tunnel starts with a handshake of TLS.
    assert_eq!(tunnelled.get(..2), Some([22, 3].as_slice()));
}

#[test]
fn the_password_of_a_proxy_goes_to_the_proxy_and_is_not_printed() {
    const PASSWORD: &str = "hunter2-of-the-proxy";
    let (stand_in, proxy) = (behind_a_proxy(), ConnectProxy::start());
    let address = format!("http://ci:{PASSWORD}@{}", proxy.host());
    let run = through(&stand_in, &address).secret(PASSWORD).args("-vv").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    insta::assert_snapshot!(heads(&proxy), @"
    CONNECT registry.example:[port] HTTP/1.1
    Host: registry.example:[port]
    user-agent: verify-registry-image/[version]
    proxy-authorization: Basic Y2k6aHVudGVyMi1vZi10aGUtcHJveHk=
    ");
    assert!(
        stand_in
            .log()
            .iter()
            .all(|entry| !entry.header_names.contains(&"proxy-authorization".to_owned()))
    );
}

#[test]
fn no_proxy_is_honoured() {
    let (stand_in, proxy) = (behind_a_proxy(), ConnectProxy::start());
    let gate = through(&stand_in, &format!("http://{}", proxy.host()));
    let run = gate.env("NO_PROXY", NAME).run();
    insta::assert_snapshot!(brief(&run), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: its name could not be resolved (4 tries)
        reason     connection-failed
        next       Check the proxy first: HTTPS_PROXY is set, so the host is reached through it unless NO_PROXY names it.
    ");
    assert_eq!(proxy.heads().len(), 0);
    // This machine is never asked through a proxy.
    let here = with_image(Options { tls: Some(Certificate::Good), ..Options::default() });
    let gate = Gate::at(&here).env("HTTPS_PROXY", format!("http://{}", proxy.host()));
    assert_eq!(gate.image(IMAGE).run().code, Some(0));
    assert_eq!(proxy.heads().len(), 0);
}

#[test]
fn a_proxy_that_does_not_let_it_through_is_undecided() {
    let stand_in = behind_a_proxy();
    let told = |proxy: &str| {
        let run = through(&stand_in, &format!("http://{proxy}")).run();
        brief(&run)
    };
    let answers = [
        Some(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n".as_slice()),
        Some(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
        Some(b"not a proxy at all\r\n\r\n"),
        // Nobody listens.
        None,
    ];
    // Four for the token, and one for the registry meanwhile.
    let table = side_by_side(answers, |answer| {
        let Some(answer) = answer else { return told(&ClosedPort::new().host()) };
        let proxy = RawServer::sending(answer);
        format!("{}connections: {}\n", told(&proxy.host()), proxy.connections())
    })
    .concat();
    insta::assert_snapshot!(table, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the proxy refused to open a tunnel to it (proxy authorization required) (4 tries)
        reason     connection-failed
        next       Check the proxy first: HTTPS_PROXY is set, so the host is reached through it unless NO_PROXY names it.
    connections: 5
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the proxy refused to open a tunnel to it (4 tries)
        reason     connection-failed
        next       Check the proxy first: HTTPS_PROXY is set, so the host is reached through it unless NO_PROXY names it.
    connections: 5
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the proxy refused to open a tunnel to it (4 tries)
        reason     connection-failed
        next       Check the proxy first: HTTPS_PROXY is set, so the host is reached through it unless NO_PROXY names it.
    connections: 5
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: connection refused (4 tries)
        reason     connection-failed
        next       Check the proxy first: HTTPS_PROXY is set, so the host is reached through it unless NO_PROXY names it.
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn an_address_that_is_no_proxy_is_a_mistake() {
    let stand_in = behind_a_proxy();
    insta::assert_snapshot!(through(&stand_in, "socks5://proxy.example:1080").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: invalid `HTTPS_PROXY`: expected the address of an `http` or `https` proxy
      hint: write it as `http://HOST:PORT`, or unset it
    ");
}

#[test]
fn an_api_in_plain_http_elsewhere_is_a_mistake() {
    let gate = Gate::alone()
        .token("dop_v1_00000000000000000000")
        .env("DIGITALOCEAN_API_URL", "http://api.digitalocean.com")
        .arg(format!("registry.digitalocean.com/{IMAGE}"));
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image registry.digitalocean.com/keepkey/support-email:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: `DIGITALOCEAN_API_URL` must be `https`, unless its host is this machine
      hint: the token is sent there: plain `http` is allowed on this machine only
    ");
}
