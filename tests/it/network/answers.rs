//! The token endpoint and the API answer, and not with what was asked for.

use super::brief;
use crate::faults::{IMAGE, lying, requests, with_image, with_requests};
use crate::stand_in::{Answer, Lie, Options, Route, bodies, verbatim};
use crate::support::Gate;

const OWN_WORDS: &str = "requested access to the resource is denied";

#[test]
fn an_api_that_refuses_the_token_too_is_exit_4() {
    let table = [(401, bodies::API_401), (403, bodies::API_403)].map(|(status, body)| {
        let stand_in = with_image(Options::default());
        // The random tag as well: were it answered first, the token would count as one that had been good.
        for route in [Route::ManifestByTag, Route::Control] {
            stand_in.lie(route, Lie::oci_error(401, "UNAUTHORIZED", OWN_WORDS));
        }
        for route in [Route::ApiRegistries, Route::ApiTags, Route::ApiGc] {
            stand_in.lie(route, Lie::Answer(verbatim(status, body)));
        }
        let run = Gate::at(&stand_in).image(IMAGE).run();
        format!("{}{}\n", brief(&run), requests(&stand_in))
    });
    insta::assert_snapshot!(table.concat(), @"
    exit code: 4
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `requested access to the resource is denied`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
    1 x Api: GET ApiGc -> 401
    1 x Api: GET ApiRegistries -> 401
    1 x Api: GET ApiTags -> 401
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 401
    1 x Registry: GET ManifestByTag -> 401

    exit code: 4
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `requested access to the resource is denied`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
    1 x Api: GET ApiGc -> 403
    1 x Api: GET ApiRegistries -> 403
    1 x Api: GET ApiTags -> 403
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 401
    1 x Registry: GET ManifestByTag -> 401
    ");
}

#[test]
fn a_login_page_in_the_token_servers_place_is_undecided() {
    let stand_in = lying(Route::Token, Lie::html(200));
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` answered 200 (`text/html`) with something that is not a token document
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
      [checks of the manifest] errored: the token server `[api]` answered 200 (`text/html`) with something that is not a token document
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    ");
}

#[test]
fn a_login_page_in_the_apis_place_explains_nothing_and_hides_no_verdict() {
    let stand_in = with_image(Options::default());
    for route in [Route::ApiRegistries, Route::ApiTags, Route::ApiGc] {
        stand_in.lie(route, Lie::html(200));
    }
    let run = Gate::at(&stand_in).image("keepkey/support-email:never-pushed").run();
    insta::assert_snapshot!(brief(&run), @"
    exit code: 1
      tag-exists failed: `[registry]/keepkey/support-email` has no tag `never-pushed` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      repository-exists errored: the registry denied the tag (404 `MANIFEST_UNKNOWN` `manifest unknown`) and did not say whether it has the repository; the token's registries: the API answered 200 with something that it does not document
        reason     unexpected-answer
        next       This is beside the point: the registry denied the tag itself. Look at `tag-exists` first.
    ");
}

#[test]
fn a_success_without_content_is_undecided() {
    let table = [204, 206, 304].map(|status| {
        let told = |route: Route| {
            let stand_in = lying(route.clone(), Lie::Answer(Answer::new(status)));
            let run = Gate::at(&stand_in).image(IMAGE).run();
            format!("{route:?} {status}: {}", brief(&run))
        };
        [Route::Token, Route::ManifestByTag, Route::Storage].map(told).concat()
    });
    insta::assert_snapshot!(table.concat(), @"
    Token 204: exit code: 3
      [checks of the manifest] errored: the token server `[api]` answered 204 (no content type) with something that is not a token document
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    ManifestByTag 204: exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered 204 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    Storage 204: exit code: 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: the registry's storage `[storage]` answered 204 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    Token 206: exit code: 3
      [checks of the manifest] errored: the token server `[api]` answered 206 (no content type) with something that is not a token document
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    ManifestByTag 206: exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered 206 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    Storage 206: exit code: 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: the registry's storage `[storage]` answered 206 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    Token 304: exit code: 3
      [checks of the manifest] errored: the token server `[api]` answered 304 (no content type)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    ManifestByTag 304: exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered 304 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    Storage 304: exit code: 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: the registry's storage `[storage]` answered 304 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
    ");
}

#[test]
fn a_token_document_is_judged_and_never_quoted() {
    let long = format!(r#"{{"token":"SECRET{}"}}"#, "a".repeat(64 << 10));
    let bodies = [
        r"{}".to_owned(),
        r#"{"token":""}"#.to_owned(),
        r#"{"token":7,"note":"SECRET"}"#.to_owned(),
        r#"{"token":"SECRET\r\nx-injected: 1"}"#.to_owned(),
        r#"{"token":"SECRET\u001b[2J"}"#.to_owned(),
        r#"{"token":"SECRET"#.to_owned(),
        "[]".to_owned(),
        long,
    ];
    let table = bodies.map(|body| {
        let stand_in = lying(Route::Token, Lie::Body(body.clone().into()));
        let run = Gate::at(&stand_in).image(IMAGE).run();
        let shown = run.snapshot();
        assert!(!shown.contains("SECRET"), "{shown}");
        assert!(stand_in.asked(&Route::ManifestByTag).is_empty());
        let said = brief(&run);
        let said = said.lines().nth(1).unwrap_or_default().split("errored: ").nth(1);
        let body: String = body.chars().take(50).collect();
        format!("{body}\n    exit {:?}: {}\n", run.code.unwrap(), said.unwrap_or_default())
    });
    insta::assert_snapshot!(table.concat(), @r#"
    {}
        exit 3: the token server `[api]` answered 200 (`application/json`) without a token
    {"token":""}
        exit 3: the token server `[api]` answered 200 (`application/json`) without a token
    {"token":7,"note":"SECRET"}
        exit 3: the token server `[api]` answered 200 (`application/json`) with something that is not a token document
    {"token":"SECRET\r\nx-injected: 1"}
        exit 3: the token server `[api]` answered 200 (`application/json`) with a token that contains invalid characters
    {"token":"SECRET\u001b[2J"}
        exit 3: the token server `[api]` answered 200 (`application/json`) with a token that contains invalid characters
    {"token":"SECRET
        exit 3: the token server `[api]` answered 200 (`application/json`) with something that is not a token document
    []
        exit 3: the token server `[api]` answered 200 (`application/json`) with something that is not a token document
    {"token":"SECRETaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        exit 3: the token: `[api]`: the answer is larger than 65536 bytes
    "#);
}

#[test]
fn an_odd_lifetime_of_a_token_is_not_believed() {
    for lifetime in ["0", "-1", "1e18", "\"x\"", "null"] {
        let stand_in =
            with_image(Options { auth: crate::stand_in::Auth::Nothing, ..Options::default() });
        let body = format!(r#"{{"token":"short-lived","expires_in":{lifetime}}}"#);
        stand_in.lie(Route::Token, Lie::Body(body.into()));
        let run = Gate::at(&stand_in).image(IMAGE).run();
        assert_eq!(run.code, Some(0), "{lifetime}: {}", run.snapshot());
        assert_eq!(stand_in.asked(&Route::Token).len(), 1, "{lifetime}");
    }
}

#[test]
fn a_token_that_ends_during_the_run_is_fetched_once_more() {
    let expired = || Lie::oci_error(401, "UNAUTHORIZED", "token expired");
    let stand_in = lying(Route::Blob.first(1), expired());
    let run = Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert_eq!(stand_in.asked(&Route::Token).len(), 2, "one refresh");
    // A registry that goes on refusing is believed: no loop.
    let stand_in = lying(Route::Blob, expired());
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `token expired`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET ApiGc -> 404
    1 x Api: GET ApiRegistries -> 200
    1 x Api: GET ApiTags -> 200
    2 x Api: GET Token -> 200
    12 x Registry: GET Blob -> 401
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    ");
    assert_eq!(stand_in.asked(&Route::Token).len(), 2);
}
