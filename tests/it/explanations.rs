//! What is said when the registry denied or refused something: DigitalOcean's API explains, and decides
//! only where the registry's own words leave it open.

use crate::stand_in::{Image, Lie, Origin, Route, StandIn, bodies, gateway_404, verbatim};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

/// A stand-in with one honest image.
fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in
}

fn missing_tag(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-test")
}

/// A 404 in words that are nobody's: no error body, no header of a registry, no page.
fn bare_404() -> Lie {
    Lie::raw(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
}

#[test]
fn a_missing_tag_is_red_with_near_tags_and_three_steps() {
    let stand_in = with_image();
    for tag in ["latest-tset", "latest-prod", "8f14e45-dev", "v1.2.3"] {
        stand_in.image(REPOSITORY, tag, Image::node_on_alpine());
    }
    let gate = missing_tag(&stand_in)
        .with_checks()
        .with_notes()
        .env("CIRCLE_BRANCH", "release/7")
        .env("CIRCLE_BUILD_URL", "https://circleci.com/gh/keepkey/support-email/4711");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-test
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-test

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-test` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       Is one of these meant? `latest-tset`, `latest-dev`, `latest-prod`, `8f14e45-dev`, `v1.2.3`
                   1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/4711
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `release/7`.
      passed     registry-honest, repository-exists
      skipped    manifest-intact, platform, layers-present, engines:
                 there is no manifest to look at
      not asked  digest-expected, revision-expected, immutable-tag, content-intact,
                 facts-expected, port, runtime

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    note: the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`
    ");
    // The token, the registries that it has, one page of tags, and what the registry is doing.
    let lines: Vec<_> =
        stand_in.asked_at(Origin::Api).iter().map(crate::stand_in::Entry::line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    Api: GET /v2/registry/auth?service=registry.digitalocean.com&scope=repository%3Akeepkey%2Fsupport-email%3Apull -> 200
    Api: GET /v2/registries -> 200
    Api: GET /v2/registries/keepkey/repositories/support-email/tags?per_page=200 -> 200
    Api: GET /v2/registries/keepkey/garbage-collection -> 404
    ");
}

#[test]
fn a_registry_that_the_token_does_not_have_is_red_with_the_ones_that_it_has() {
    let stand_in = with_image();
    let gate = Gate::at(&stand_in).image("keepkeys/support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkeys/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkeys/support-email:latest-dev

      repository-exists failed: the registry of `[registry]/keepkeys/support-email` is missing, or not visible with these credentials (the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`; the API does not list the registry among the token's)
        reason     registry-unknown
        next       This token has `keepkey`: compare the name, or use a token of the team that owns it.
      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
        reason     credentials-refused
        next       This has the reason that `repository-exists` has.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_repository_that_is_not_there_is_red() {
    let stand_in = with_image();
    let gate = Gate::at(&stand_in).image("keepkey/support-mail:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-mail:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-mail:latest-dev

      repository-exists failed: `[registry]/keepkey/support-mail` is missing, or not visible with these credentials (404 `NAME_UNKNOWN` `repository name not known to registry`; the API answers `repository not found`)
        reason     repository-missing
        next       Compare the name with the push job's: the first push creates a repository.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-mail
    ----- stderr
    ");
}

#[test]
fn a_read_only_registry_is_named_beside_the_missing_tag() {
    let stand_in = with_image();
    stand_in.is_read_only();
    insta::assert_snapshot!(missing_tag(&stand_in).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-test
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-test

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-test` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       Is `latest-dev` meant?
                   The registry is read-only at present: pushes fail, pulls work.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_garbage_collection_is_named_beside_the_missing_tag() {
    let stand_in = with_image();
    stand_in.collects_garbage("waiting for write JWTs to expire");
    insta::assert_snapshot!(missing_tag(&stand_in).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-test
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-test

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-test` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       Is `latest-dev` meant?
                   A garbage collection is under way (`waiting for write JWTs to expire`): pushes fail until it ends, pulls work.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_api_that_is_down_explains_nothing_and_changes_nothing() {
    let stand_in = with_image();
    for route in [Route::ApiRegistries, Route::ApiRegistry, Route::ApiTags, Route::ApiGc] {
        stand_in.lie(route, Lie::status(503));
    }
    insta::assert_snapshot!(missing_tag(&stand_in).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-test
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-test

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-test` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      repository-exists errored: the registry denied the tag (404 `MANIFEST_UNKNOWN` `manifest unknown`) and did not say whether it has the repository; the token's registries: `[api]`: 503
        reason     unexpected-answer
        next       This is beside the point: the registry denied the tag itself. Look at `tag-exists` first.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_api_that_refuses_the_token_explains_nothing_and_changes_nothing() {
    let stand_in = with_image();
    for route in [Route::ApiRegistries, Route::ApiRegistry, Route::ApiTags, Route::ApiGc] {
        stand_in.lie(route, Lie::Answer(verbatim(403, bodies::API_403)));
    }
    insta::assert_snapshot!(missing_tag(&stand_in).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-test
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-test

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-test` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      repository-exists errored: the registry denied the tag (404 `MANIFEST_UNKNOWN` `manifest unknown`) and did not say whether it has the repository; the API refused the token
        reason     unexpected-answer
        next       This is beside the point: the registry denied the tag itself. With the scope `registry:read`, DigitalOcean's API says whether it has the repository, and which tags are like this one.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_404_that_is_nobodys_word_is_undecided() {
    let stand_in = with_image();
    stand_in.lie(Route::Control.containing("latest-test"), bare_404());
    insta::assert_snapshot!(missing_tag(&stand_in).with_checks().snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-test
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-test

      repository-exists, tag-exists, manifest-intact, platform, layers-present, engines errored: the manifest of `latest-test`: `[registry]` answered 404 (no content type, no text)
        reason     not-found-bare
        next       Try again; if it persists, check by other means whether the image is there, and report the answer that the message shows.
      passed     registry-honest
      not asked  digest-expected, revision-expected, immutable-tag, content-intact,
                 facts-expected, port, runtime

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_404_without_words_is_a_no_where_the_same_registry_served_another_image() {
    let stand_in = with_image();
    stand_in.lie(Route::Control.containing("latest-test"), bare_404());
    let gate = missing_tag(&stand_in).image("keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-test [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) 2 images: 1 failed, 1 verified
      FAILED     [registry]/keepkey/support-email:latest-test  tag-missing (tag-exists)
      VERIFIED   [registry]/keepkey/support-email:latest-dev   sha256:72aa2829510e

    FAILED (RED) [registry]/keepkey/support-email:latest-test
      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-test` (`[registry]` answered 404 (no content type, no text))
        reason     tag-missing
        next       Is `latest-dev` meant?
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      service    support-email

    note: support-email: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
}

#[test]
fn a_404_without_words_is_the_same_no_whichever_image_was_asked_for_first() {
    let images = ["keepkey/support-email:latest-test", "keepkey/support-email:latest-dev"];
    for [first, second] in [images, [images[1], images[0]]] {
        let stand_in = with_image();
        stand_in.lie(Route::Control.containing("latest-test"), bare_404());
        let gate = Gate::at(&stand_in).image(first).image(second);
        let run = gate.args("--jobs 1").run();
        assert_eq!(run.code, Some(1), "{}", run.snapshot());
    }
}

#[test]
fn a_404_of_the_gateway_is_undecided_whoever_else_is_served() {
    let stand_in = with_image();
    stand_in.lie(Route::Control.containing("latest-test"), Lie::Answer(gateway_404()));
    let run = missing_tag(&stand_in).image("keepkey/support-email:latest-dev").run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
}
