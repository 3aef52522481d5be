//! No connection comes about, or not at once.

use std::net::TcpStream;

use super::registry_at;
use super::servers::RawServer;
use crate::faults::{IMAGE, until_the_deadline, with_image, with_requests};
use crate::stand_in::{ClosedPort, Options, Origin};
use crate::support::Gate;

#[test]
fn an_api_whose_name_has_no_address_is_undecided() {
    let stand_in = with_image(Options::default());
    let closed = ClosedPort::new();
    let gate = registry_at(&stand_in, &closed.host())
        .env("DIGITALOCEAN_API_URL", "https://nosuch.invalid");
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `nosuch.invalid`: its name could not be resolved (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
      [checks of the manifest] errored: the token: `nosuch.invalid`: its name could not be resolved (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `https://nosuch.invalid` (`DIGITALOCEAN_API_URL`)
    ----- asked
    ");
}

#[test]
fn a_refused_connection_is_tried_four_times() {
    let stand_in = with_image(Options::default());
    let closed = ClosedPort::new();
    let gate = Gate::at(&stand_in)
        .env("DIGITALOCEAN_API_URL", format!("http://{}", closed.host()))
        .redact(&closed.host(), "[closed]")
        .args("-v")
        .image(IMAGE);
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image -v [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[closed]`: connection refused (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
      [checks of the manifest] errored: the token: `[closed]`: connection refused (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[closed]` (`DIGITALOCEAN_API_URL`)
    GET http://[closed]/v2/registry/auth -> connection refused ( [duration])
    the token: `[closed]`: connection refused; retrying in [duration] (try 2 of 4)
    GET http://[closed]/v2/registry/auth -> connection refused ( [duration])
    the token: `[closed]`: connection refused; retrying in [duration] (try 3 of 4)
    GET http://[closed]/v2/registry/auth -> connection refused ( [duration])
    the token: `[closed]`: connection refused; retrying in [duration] (try 4 of 4)
    GET http://[closed]/v2/registry/auth -> connection refused ( [duration])
    ----- asked
    ");
}

#[test]
fn a_registry_that_comes_up_during_the_run_is_green() {
    let stand_in = with_image(Options::default());
    let closed = ClosedPort::new();
    let running = registry_at(&stand_in, &closed.host()).args("-v").start();
    running.wait_for("connection refused; retrying in");
    let _server = RawServer::forwarding(closed.open(), stand_in.host(Origin::Registry));
    let run = running.finish();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}

/// A full queue of connections that nobody accepts drops what comes, as a firewall does.
#[test]
fn a_host_that_drops_every_packet_ends_with_the_deadline() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(async { socket.listen(0).unwrap() });
    let address = listener.local_addr().unwrap();
    let _queued = TcpStream::connect(address).unwrap();
    let shown = until_the_deadline(|deadline| {
        let stand_in = with_image(Options::default());
        let gate = registry_at(&stand_in, &address.to_string()).args(deadline);
        let shown = with_requests(&stand_in, gate.redact(deadline, "--deadline [deadline]"));
        shown
            .contains("the manifest of `latest-dev`: `[registry]` had not answered")
            .then_some(shown)
    });
    insta::assert_snapshot!(shown, @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --deadline [deadline]
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` had not answered when the run's deadline passed
        reason     deadline-passed
        next       Give the run more time with `--deadline`, or find out why the registry is slow.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` had not answered when the run's deadline passed
        reason     deadline-passed
        next       Give the run more time with `--deadline`, or find out why the registry is slow.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    ");
}
