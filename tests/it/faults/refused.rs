//! The credentials are refused.

use super::{IMAGE, logged_in, lying, other, with_image, with_requests};
use crate::stand_in::{Auth, Lie, Options, Route, bodies, verbatim};
use crate::support::Gate;

const WRONG: &str = "wrong-password-of-ci";

#[test]
fn basic_credentials_that_are_refused_are_exit_4() {
    let stand_in = other(Auth::Basic);
    insta::assert_snapshot!(with_requests(&stand_in, logged_in(&stand_in, WRONG).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`; the login is from `[folder]/.docker/config.json`
        reason     credentials-refused
        next       Run `docker login [registry]` again in an earlier step. If anyone may pull the image, run `docker logout [registry]`: an expired login gets in the way.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`; the login is from `[folder]/.docker/config.json`
        reason     credentials-refused
        next       Run `docker login [registry]` again in an earlier step. If anyone may pull the image, run `docker logout [registry]`: an expired login gets in the way.

      service    support-email
    ----- stderr
    ----- asked
    1 x Registry: GET Control -> 401
    1 x Registry: GET ManifestByTag -> 401
    1 x Registry: GET Ping -> 401
    ");
}

#[test]
fn a_token_server_that_refuses_the_password_is_exit_4() {
    let stand_in = with_image(Options::default());
    let gate = Gate::at(&stand_in).token("dop_v1_of-somebody-else-altogether").image(IMAGE);
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
      [checks of the manifest] errored: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET ApiGc -> 401
    1 x Api: GET ApiRegistries -> 401
    1 x Api: GET ApiTags -> 401
    1 x Api: GET Token -> 401
    ");
}

#[test]
fn a_404_of_the_token_server_says_nothing_of_the_image() {
    let stand_in = lying(Route::Token, Lie::Answer(verbatim(404, bodies::GATEWAY_404)));
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` answered 404 `not_found` `Your request could not be routed.`, which says nothing about the image
        reason     not-found-unclear
        next       A gateway or proxy answered: try again, and look at the answer that the message shows.
      [checks of the manifest] errored: the token server `[api]` answered 404 `not_found` `Your request could not be routed.`, which says nothing about the image
        reason     not-found-unclear
        next       A gateway or proxy answered: try again, and look at the answer that the message shows.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 404
    ");
}

#[test]
fn a_403_of_the_registry_is_exit_4() {
    let stand_in = with_image(Options::default());
    for route in [Route::ManifestByTag, Route::Control] {
        stand_in.lie(
            route,
            Lie::oci_error(403, "DENIED", "requested access to the resource is denied"),
        );
    }
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` refused the credentials: 403 `DENIED` `requested access to the resource is denied`
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 403 `DENIED` `requested access to the resource is denied`
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET ApiGc -> 404
    1 x Api: GET ApiRegistries -> 200
    1 x Api: GET ApiTags -> 200
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 403
    1 x Registry: GET ManifestByTag -> 403
    ");
}
