//! The registry cannot answer, at first or at all.

use super::{IMAGE, lying, requests, until_the_deadline, with_image, with_requests};
use crate::stand_in::{Answer, ClosedPort, Lie, Options, Origin, Route};
use crate::support::Gate;

fn too_many() -> Lie {
    let answer = Answer::oci_error(429, "TOOMANYREQUESTS", "too many", &serde_json::Value::Null);
    Lie::Answer(answer.header("retry-after", "1"))
}

fn unavailable() -> Lie {
    let answer = Answer::new(503)
        .header("content-type", "text/plain; charset=utf-8")
        .header("retry-after", "0");
    Lie::Answer(answer.bytes("upstream connect error\n"))
}

#[test]
fn a_429_on_everything_is_tried_four_times() {
    let stand_in = lying(Route::Any.at(Origin::Registry), too_many());
    insta::assert_snapshot!(Gate::at(&stand_in).image(IMAGE).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]`: 429, too many requests: `TOOMANYREQUESTS` `too many` (4 tries); it asks for a wait of 1 s
        reason     rate-limited
        next       Wait a few minutes, or as long as the message says; verify several images in one run instead of one run each.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: 429, too many requests: `TOOMANYREQUESTS` `too many` (4 tries); it asks for a wait of 1 s
        reason     rate-limited
        next       Wait a few minutes, or as long as the message says; verify several images in one run instead of one run each.

      service    support-email
    ----- stderr
    ");
    // Both at first; then one of them, for both.
    assert_eq!(stand_in.asked_at(Origin::Registry).len(), 5);
}

#[test]
fn a_429_once_is_green() {
    let stand_in = lying(Route::ManifestByTag.first(1), too_many());
    let run = Gate::at(&stand_in).args("-v").image(IMAGE).run();
    let shown = run.snapshot();
    let retry = shown.lines().find(|line| line.contains("retrying in")).unwrap_or_default();
    insta::assert_snapshot!(retry, @"the manifest of `latest-dev`: `[registry]`: 429, too many requests: `TOOMANYREQUESTS` `too many`; retrying in [duration] (try 2 of 4)");
    insta::assert_snapshot!(format!("exit code {:?}\n{}", run.code, requests(&stand_in)), @"
    exit code Some(0)
    1 x Api: GET Token -> 200
    6 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    1 x Registry: GET ManifestByTag -> 429
    1 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}

#[test]
fn a_503_on_everything_is_tried_four_times() {
    let stand_in = lying(Route::Any.at(Origin::Registry), unavailable());
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]`: 503, `upstream connect error` (4 tries)
        reason     server-error
        next       Try again later; look at the provider's status page.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: 503, `upstream connect error` (4 tries)
        reason     server-error
        next       Try again later; look at the provider's status page.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    4 x Registry: GET Control -> 503
    4 x Registry: GET ManifestByTag -> 503
    ");
}

#[test]
fn a_503_once_is_green() {
    let stand_in = lying(Route::ManifestByTag.first(1), unavailable());
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    6 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    1 x Registry: GET ManifestByTag -> 503
    1 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}

#[test]
fn a_500_is_tried_four_times() {
    let broken = Answer::oci_error(500, "UNKNOWN", "unknown error", &serde_json::Value::Null);
    let stand_in = lying(Route::ManifestByTag, Lie::Answer(broken.header("retry-after", "0")));
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @r#"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: 500, `{"errors":[{"code":"UNKNOWN","detail":null,"message":"unknown error"}]}` (4 tries)
        reason     server-error
        next       Try again later; look at the provider's status page.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 404
    4 x Registry: GET ManifestByTag -> 500
    "#);
}

#[test]
fn a_refused_connection_is_undecided() {
    let stand_in = with_image(Options::default());
    let closed = ClosedPort::new();
    let gate = Gate::at(&stand_in)
        .env("DIGITALOCEAN_REGISTRY_HOST", closed.host())
        .redact(&closed.host(), "[registry]")
        .arg(format!("{}/{IMAGE}", closed.host()));
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]`: connection refused (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: connection refused (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    ");
}

#[test]
fn a_host_without_an_address_is_undecided() {
    let stand_in = with_image(Options::default());
    let gate = Gate::at(&stand_in)
        .without_env("DIGITALOCEAN_REGISTRY_HOST")
        .arg("nosuch.invalid/keepkey/support-email:latest-dev");
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image nosuch.invalid/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) nosuch.invalid/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `nosuch.invalid`: its name could not be resolved (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
      [checks of the manifest] errored: the manifest of `latest-dev`: `nosuch.invalid`: its name could not be resolved (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.

      service    support-email
    ----- stderr
    ----- asked
    ");
}

#[test]
fn a_registry_that_never_answers_ends_with_the_deadline() {
    let shown = until_the_deadline(|deadline| {
        let stand_in = lying(Route::Any.at(Origin::Registry), Lie::Hang);
        let gate = Gate::at(&stand_in).redact(deadline, "--deadline [deadline]").args(deadline);
        let shown = with_requests(&stand_in, gate.image(IMAGE));
        (stand_in.asked(&Route::ManifestByTag).len() + stand_in.asked(&Route::Control).len() == 2)
            .then_some(shown)
    });
    insta::assert_snapshot!(shown, @"
    $ verify-registry-image --deadline [deadline] [registry]/keepkey/support-email:latest-dev
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
    1 x Registry: GET Control -> no answer
    1 x Registry: GET ManifestByTag -> no answer
    ");
}
