//! The registry says no, or something in front of it says something that only looks like a no.

use super::{filled, filled_with, gate, gate_elsewhere, seen};
use crate::stand_in::{Auth, Lie, Options, Origin, Route, StandIn};

fn not_found(code: &str, message: &str) -> (StandIn, Lie) {
    (filled().0, Lie::oci_error(404, code, message))
}

#[test]
fn a_tag_that_is_missing_at_an_open_registry_is_a_no() {
    let (stand_in, _) = filled_with(Options { auth: Auth::Nothing, ..Options::default() });
    stand_in.untag(super::REPOSITORY, super::TAG);
    insta::assert_snapshot!(seen(gate_elsewhere(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      passed     registry-honest, repository-exists
      skipped    manifest-intact, platform, layers-present:
                 there is no manifest to look at
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    ----- requests
    2 x GET Control at Registry -> 404
    1 x GET Ping at Registry -> 200
    1 x GET TagsList at Registry -> 200
    ");
}

#[test]
fn a_tag_that_is_missing_behind_a_bearer_token_is_a_no() {
    let (stand_in, _) = filled();
    stand_in.untag(super::REPOSITORY, super::TAG);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      passed     registry-honest, repository-exists
      skipped    manifest-intact, platform, layers-present:
                 there is no manifest to look at
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
    2 x GET Control at Registry -> 404
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_404_with_name_unknown_is_a_no_for_the_repository() {
    let (stand_in, lie) = not_found("NAME_UNKNOWN", "repository name not known to registry");
    stand_in.lie(Route::ManifestByTag, lie.clone());
    stand_in.lie(Route::Control, lie);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` is missing, or not visible with these credentials (404 `NAME_UNKNOWN` `repository name not known to registry`)
        reason     repository-missing
        next       Compare the name with the push job's: the first push creates a repository.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      repository-exists errored: the registry denies the repository (404 `NAME_UNKNOWN` `repository name not known to registry`) and the API lists it
        reason     unexpected-answer
        next       The API is an index that lags, so the repository may just have been deleted: look in the control panel, and let the push job push again.
      passed     registry-honest
      skipped    manifest-intact, platform, layers-present:
                 there is no manifest to look at
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email

    note: DigitalOcean's API lists the tag and the registry denies it: the API is an index that lags, so the registry's word counts
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET ApiGc at Api -> 404
    1 x GET ApiRegistries at Api -> 200
    1 x GET ApiTags at Api -> 200
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 404
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_404_with_harbors_not_found_is_a_no() {
    let (stand_in, lie) =
        not_found("NOT_FOUND", "artifact keepkey/support-email:latest-dev not found");
    stand_in.lie(Route::ManifestByTag, lie.clone());
    stand_in.lie(Route::Control, lie);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `NOT_FOUND` `artifact keepkey/support-email:latest-dev not found`)
        reason     tag-missing
        next       DigitalOcean's API still lists the tag and the registry no longer serves it: it was deleted, or its manifest was collected. Push it again.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      passed     registry-honest, repository-exists
      skipped    manifest-intact, platform, layers-present:
                 there is no manifest to look at
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email

    note: DigitalOcean's API lists the tag and the registry denies it: the API is an index that lags, so the registry's word counts
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET ApiGc at Api -> 404
    1 x GET ApiRegistries at Api -> 200
    1 x GET ApiTags at Api -> 200
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 404
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_404_that_is_a_web_page_is_no_answer() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::html(404));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` answered 404 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        reason     not-found-unclear
        next       A gateway or proxy answered: try again, and look at the answer that the message shows.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]` answered 404 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
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
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 404
    1 x GET Token at Api -> 200
    ");
}
