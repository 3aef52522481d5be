//! Credentials that are not accepted: one try each, and never a no about the image.

use super::{docker_login, filled, filled_with, gate, gate_elsewhere, seen};
use crate::stand_in::{Auth, Lie, Options, Origin, Route};

#[test]
fn a_basic_login_that_is_refused_is_no_answer() {
    let (stand_in, _) = filled_with(Options { auth: Auth::Basic, ..Options::default() });
    let login = docker_login(&stand_in.host(Origin::Registry), "dop_v1_of-somebody-else");
    let gate = gate_elsewhere(&stand_in).file(".docker/config.json", login);
    insta::assert_snapshot!(seen(gate.secret("dop_v1_of-somebody-else"), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    ----- requests
    1 x GET Control at Registry -> 401
    1 x GET ManifestByTag at Registry -> 401
    1 x GET Ping at Registry -> 401
    ");
}

#[test]
fn a_token_that_the_token_server_refuses_is_no_answer() {
    let (stand_in, _) = filled();
    let gate = gate(&stand_in).token("dop_v1_of-somebody-else-altogether");
    insta::assert_snapshot!(seen(gate, &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
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
    1 x GET ApiGc at Api -> 401
    1 x GET ApiRegistries at Api -> 401
    1 x GET ApiTags at Api -> 401
    1 x GET Token at Api -> 401
    ");
}

#[test]
fn a_token_server_that_answers_404_says_nothing_of_the_image() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::Token, Lie::Answer(crate::stand_in::gateway_404()));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` answered 404 `not_found` `Your request could not be routed.`, which says nothing of the image
        reason     not-found-unclear
        next       A gateway or proxy answered: try again, and look at the answer that the message shows.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token server `[api]` answered 404 `not_found` `Your request could not be routed.`, which says nothing of the image
        reason     not-found-unclear
        next       A gateway or proxy answered: try again, and look at the answer that the message shows.
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
    1 x GET Token at Api -> 404
    ");
}

#[test]
fn a_registry_that_answers_403_for_an_image_of_ours_refused_the_credentials() {
    let (stand_in, _) = filled();
    let lie = Lie::oci_error(403, "DENIED", "requested access to the resource is denied");
    stand_in.lie(Route::Any.at(Origin::Registry), lie);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` refused the credentials: 403 `DENIED` `requested access to the resource is denied`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 403 `DENIED` `requested access to the resource is denied`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
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
    1 x GET ApiGc at Api -> 404
    1 x GET ApiRegistries at Api -> 200
    1 x GET ApiTags at Api -> 200
    1 x GET Control at Registry -> 403
    1 x GET ManifestByTag at Registry -> 403
    1 x GET Token at Api -> 200
    ");
}
