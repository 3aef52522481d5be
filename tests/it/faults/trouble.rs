//! Trouble that may pass: what is tried again, how often, and what is told when it did not pass.

use super::{filled, filled_with, gate, seen};
use crate::stand_in::{Auth, ClosedPort, Lie, Options, Origin, Route};
use crate::support::Gate;

#[test]
fn a_429_on_everything_is_waited_for_as_asked_and_tried_four_times() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::too_many(Some("1")));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]`: 429, too many requests (4 tries); it asks to wait 1 s
        reason     rate-limited
        next       Try again in a few minutes, or when the message says; verify several images in one run instead of one run each.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]`: 429, too many requests (4 tries); it asks to wait 1 s
        reason     rate-limited
        next       Try again in a few minutes, or when the message says; verify several images in one run instead of one run each.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    4 x GET Control at Registry -> 429
    4 x GET ManifestByTag at Registry -> 429
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_429_that_is_over_a_second_later_costs_one_more_request() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::ManifestByTag.first(1), Lie::too_many(Some("1")));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform, layers-present
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    6 x GET Blob at Registry -> 307
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET ManifestByTag at Registry -> 429
    1 x GET Storage at Storage -> 200
    5 x GET Storage at Storage -> 206
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_503_on_everything_is_tried_four_times() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::status(503));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]`: 503 (4 tries)
        reason     server-error
        next       Try again later; look at the provider's status page.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]`: 503 (4 tries)
        reason     server-error
        next       Try again later; look at the provider's status page.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    4 x GET Control at Registry -> 503
    4 x GET ManifestByTag at Registry -> 503
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_503_that_is_over_a_second_later_costs_one_more_request() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::ManifestByTag.first(1), Lie::status(503));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform, layers-present
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    6 x GET Blob at Registry -> 307
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET ManifestByTag at Registry -> 503
    1 x GET Storage at Storage -> 200
    5 x GET Storage at Storage -> 206
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_500_that_outlasts_the_deadline_ends_with_it() {
    let (stand_in, _) = filled();
    let lie = Lie::oci_error(500, "UNKNOWN", "unknown error");
    stand_in.lie(Route::Any.at(Origin::Registry), lie);
    insta::assert_snapshot!(seen(gate(&stand_in).args("--deadline 2s"), &stand_in), @r#"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --deadline 2s
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]`: 500, `{"errors":[{"code":"UNKNOWN","detail":null,"message":"unknown error"}]}` (2 tries); the deadline comes before the next try in [duration]
        reason     server-error
        next       Try again later; look at the provider's status page.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]`: 500, `{"errors":[{"code":"UNKNOWN","detail":null,"message":"unknown error"}]}` (2 tries); the deadline comes before the next try in [duration]
        reason     server-error
        next       Try again later; look at the provider's status page.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    2 x GET Control at Registry -> 500
    2 x GET ManifestByTag at Registry -> 500
    1 x GET Token at Api -> 200
    "#);
}

#[test]
fn a_connection_that_is_refused_is_tried_again_and_no_answer() {
    let (stand_in, _) = filled();
    let closed = ClosedPort::new();
    let gate = Gate::at(&stand_in)
        .env("DIGITALOCEAN_REGISTRY_HOST", closed.host())
        .redact(&closed.host(), "[closed]")
        .arg(format!("{}/keepkey/support-email:latest-dev", closed.host()))
        .args("--deadline 2s");
    insta::assert_snapshot!(seen(gate, &stand_in), @"
    $ verify-registry-image [closed]/keepkey/support-email:latest-dev --deadline 2s
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [closed]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[closed]`: connection refused (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[closed]`: connection refused (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[closed]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_name_that_does_not_resolve_is_tried_again_and_no_answer() {
    let gate = Gate::alone().arg("nosuch.invalid/keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.args("--deadline 2s").snapshot(), @"
    $ verify-registry-image nosuch.invalid/keepkey/support-email:latest-dev --deadline 2s
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) nosuch.invalid/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the base address `/v2/`: `nosuch.invalid`: its name could not be resolved (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the base address `/v2/`: `nosuch.invalid`: its name could not be resolved (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_registry_that_accepts_and_never_answers_is_left_at_the_deadline() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::Hang);
    insta::assert_snapshot!(seen(gate(&stand_in).args("--deadline 2s"), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --deadline 2s
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` had not answered when the run's deadline passed
        reason     deadline-passed
        next       Give the run a longer --deadline, or find out why the registry is slow.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]` had not answered when the run's deadline passed
        reason     deadline-passed
        next       Give the run a longer --deadline, or find out why the registry is slow.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET Control at Registry -> no answer
    1 x GET ManifestByTag at Registry -> no answer
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_registry_that_has_no_use_for_head_is_never_asked_by_it() {
    for auth in [Auth::DigitalOcean, Auth::Nothing, Auth::Anonymous] {
        let (stand_in, _) = filled_with(Options { auth, ..Options::default() });
        stand_in.lie(Route::ManifestByTag.method("HEAD"), Lie::status(405));
        stand_in.lie(Route::Blob.method("HEAD"), Lie::status(403));
        let run = if auth == Auth::DigitalOcean {
            gate(&stand_in)
        } else {
            super::gate_elsewhere(&stand_in)
        }
        .run();
        assert_eq!(run.code, Some(0), "{}", run.snapshot());
        let other: Vec<_> =
            stand_in.log().into_iter().filter(|entry| entry.method != "GET").collect();
        assert!(other.is_empty() && !stand_in.log().is_empty(), "{other:?}");
    }
}
