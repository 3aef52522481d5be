//! The stand-in itself, asked over real HTTP: it behaves as the service does, and it lies as it is told.
//!
//! A test that trusts a wrong double proves nothing; what is known of the service is in here.

mod browser;
mod lies;
mod push;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use browser::{Browser, OCI_IMAGE, OCI_INDEX, REPOSITORY, basic};
use serde_json::{Value, json};

use crate::stand_in::{
    self, Auth, Image, Index, Options, Origin, Pushed, Route, StandIn, bodies, longest_sequence,
};

fn with_image() -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    (stand_in, pushed)
}

#[tokio::test]
async fn the_registry_sends_a_client_without_a_token_to_the_api() {
    let (stand_in, _) = with_image();
    let browser = Browser::new(&stand_in);
    let registry = stand_in.url(Origin::Registry);
    let got = browser.get(&format!("{registry}/v2/"), &[]).await;
    assert_eq!((got.status, got.header("docker-distribution-api-version")), (401, "registry/2.0"));
    let realm = format!("{}/v2/registry/auth", stand_in.url(Origin::Api));
    let challenge = format!("Bearer realm=\"{realm}\",service=\"registry.digitalocean.com\"");
    assert_eq!(got.header("www-authenticate"), challenge);

    let manifest = format!("{registry}/v2/{REPOSITORY}/manifests/latest-dev");
    let got = browser.get(&manifest, &[("authorization", "Bearer wrong")]).await;
    let scope = format!(",scope=\"repository:{REPOSITORY}:pull\",error=\"invalid_token\"");
    assert_eq!(got.header("www-authenticate"), format!("{challenge}{scope}"));
    assert_eq!(got.json()["errors"][0]["code"], "UNAUTHORIZED");
}

#[tokio::test]
async fn the_token_endpoint_answers_as_digitaloceans_does() {
    let (stand_in, _) = with_image();
    let browser = Browser::new(&stand_in);
    let scope = format!("repository:{REPOSITORY}:pull");
    let url = format!("{}/v2/registry/auth", stand_in.url(Origin::Api));

    let wrong = browser.token(&stand_in, &scope, &basic("t", "wrong")).await;
    assert_eq!((wrong.status, wrong.text()), (401, bodies::TOKEN_401));
    let anonymous = browser.get(&url, &[]).await;
    assert_eq!((anonymous.status, anonymous.text()), (401, bodies::TOKEN_401));
    let post = browser.send("POST", &url, &[], b"grant_type=password").await.unwrap();
    assert_eq!(post.status, 405);
    let good = basic("docr", stand_in.token());
    let bare = browser.token(&stand_in, "repository:support-email:pull", &good).await;
    assert_eq!(bare.status, 400);
    let email = basic("somebody@example.com", stand_in.token());
    assert_eq!(browser.token(&stand_in, &scope, &email).await.status, 200);
}

#[tokio::test]
async fn a_token_is_a_signed_jwt_that_says_what_it_allows() {
    let (stand_in, _) = with_image();
    let browser = Browser::new(&stand_in);
    let scope = format!("repository:{REPOSITORY}:pull,push");
    let bearer = browser.bearer(&stand_in, &scope).await;
    let parts: Vec<_> = bearer
        .trim_start_matches("Bearer ")
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("three parts") };
    let header: Value = serde_json::from_slice(header).unwrap();
    let claims: Value = serde_json::from_slice(claims).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("JWT")));
    let certificate = header["x5c"][0].as_str().unwrap();
    let pem = stand_in.token_certificate_pem().replace(['\n', '\r'], "");
    assert!(pem.contains(certificate), "the certificate that the registry is given");
    assert_eq!(signature.len(), 64);
    assert_eq!(claims["iss"], stand_in::ISSUER);
    assert_eq!(
        (&claims["aud"], &claims["sub"]),
        (&json!("registry.digitalocean.com"), &json!("t"))
    );
    // It is not writable, so the push that was asked for is not granted.
    let access = json!([{ "type": "repository", "name": REPOSITORY, "actions": ["pull"] }]);
    assert_eq!(claims["access"], access);
    let time = |name: &str| claims[name].as_u64().unwrap();
    assert!(time("nbf") < time("iat") && time("exp") == time("iat") + 300);
}

#[tokio::test]
async fn a_token_for_a_foreign_registry_allows_nothing() {
    let (stand_in, _) = with_image();
    let browser = Browser::new(&stand_in);
    let bearer = browser.bearer(&stand_in, "repository:keeper/support-email:pull").await;
    let registry = stand_in.url(Origin::Registry);
    let url = format!("{registry}/v2/keeper/support-email/manifests/latest-dev");
    let got = browser.get(&url, &[("authorization", &bearer)]).await;
    assert_eq!(got.status, 401);
    assert!(got.header("www-authenticate").ends_with("error=\"insufficient_scope\""));
}

#[tokio::test]
async fn a_manifest_comes_by_tag_and_by_digest() {
    let (stand_in, pushed) = with_image();
    let browser = Browser::new(&stand_in);
    for reference in ["latest-dev", &pushed.digest] {
        let got = browser.pull(&stand_in, &format!("manifests/{reference}")).await;
        assert_eq!((got.status, got.header("content-type")), (200, OCI_IMAGE));
        assert_eq!(got.header("docker-content-digest"), pushed.digest);
        assert_eq!(stand_in::digest_of(&got.body), pushed.digest);
        assert_eq!(got.body.len(), pushed.size);
    }
    let missing = browser.pull(&stand_in, "manifests/nope").await;
    assert_eq!(missing.status, 404);
    let error = json!({ "code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": { "Tag": "nope" } });
    assert_eq!(missing.json()["errors"][0], error);
    let routes: Vec<_> = stand_in.log().into_iter().map(|entry| entry.route).collect();
    let manifests = [Route::ManifestByTag, Route::ManifestByDigest, Route::Control];
    for route in manifests {
        assert_eq!(routes.iter().filter(|asked| **asked == route).count(), 1, "{route:?}");
    }
}

#[tokio::test]
async fn a_manifest_of_a_kind_that_is_not_accepted_is_denied() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "many", Index::of_two_platforms(&Image::node_on_alpine()));
    let browser = Browser::new(&stand_in);
    let bearer = browser.bearer(&stand_in, &format!("repository:{REPOSITORY}:pull")).await;
    let url = format!("{}/v2/{REPOSITORY}/manifests/many", stand_in.url(Origin::Registry));
    let got = browser.get(&url, &[("authorization", &bearer), ("accept", OCI_IMAGE)]).await;
    assert_eq!(got.status, 404);
    assert_eq!(
        got.json()["errors"][0]["message"],
        "OCI index found, but accept header does not support OCI indexes"
    );
    let accepted = [("authorization", bearer.as_str()), ("accept", OCI_INDEX)];
    assert_eq!(browser.get(&url, &accepted).await.status, 200);
}

#[tokio::test]
async fn a_blob_is_redirected_to_a_storage_that_wants_no_credentials() {
    let (stand_in, pushed) = with_image();
    let browser = Browser::new(&stand_in);
    let digest = &pushed.layers[0];
    let got = browser.pull(&stand_in, &format!("blobs/{digest}")).await;
    let location = got.header("location").to_owned();
    assert_eq!(got.status, 307);
    assert!(location.starts_with(&stand_in.url(Origin::Storage)));

    let whole = browser.get(&location, &[]).await;
    assert_eq!((whole.status, whole.body.len()), (200, 3640));
    assert_eq!(stand_in::digest_of(&whole.body), *digest);
    let first = browser.get(&location, &[("range", "bytes=0-0")]).await;
    assert_eq!((first.status, first.body.len()), (206, 1));
    assert_eq!(first.header("content-range"), "bytes 0-0/3640");
    let beyond = browser.get(&location, &[("range", "bytes=4000-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */3640"));

    let with_credentials = browser.get(&location, &[("authorization", "Bearer x")]).await;
    assert_eq!(with_credentials.status, 400);
    let head = browser.send("HEAD", &location, &[], b"").await.unwrap();
    assert_eq!(head.status, 403, "it was signed for GET");

    stand_in.lose_from_storage(digest);
    let lost = browser.get(&location, &[]).await;
    assert_eq!(lost.status, 404);
    assert!(lost.text().contains("<Code>NoSuchKey</Code>"));
    stand_in.forget_blob(REPOSITORY, digest);
    let forgotten = browser.pull(&stand_in, &format!("blobs/{digest}")).await;
    assert_eq!(forgotten.json()["errors"][0]["code"], "BLOB_UNKNOWN");
}

#[tokio::test]
async fn the_registry_can_serve_blobs_itself() {
    let stand_in = StandIn::start(Options { redirect_blobs: false, ..Options::default() });
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let browser = Browser::new(&stand_in);
    let got = browser.pull(&stand_in, &format!("blobs/{}", pushed.config)).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.json()["config"]["ExposedPorts"], json!({ "5001/tcp": {} }));
}

#[tokio::test]
async fn a_slash_in_a_repository_has_to_be_escaped_in_the_api_only() {
    let stand_in = StandIn::honest();
    stand_in.image("keepkey/team/support-email", "latest-dev", Image::node_on_alpine());
    let browser = Browser::new(&stand_in);
    let bearer = format!("Bearer {}", stand_in.token());
    let api = format!("{}/v2/registries/keepkey/repositories", stand_in.url(Origin::Api));
    let escaped = format!("{api}/team%2Fsupport-email/tags");
    let got = browser.get(&escaped, &[("authorization", &bearer)]).await;
    assert_eq!((got.status, &got.json()["meta"]["total"]), (200, &json!(1)));
    assert_eq!(got.header("x-response-from"), "service");
    let raw = format!("{api}/team/support-email/tags");
    let got = browser.get(&raw, &[("authorization", &bearer)]).await;
    assert_eq!((got.status, got.text()), (404, bodies::GATEWAY_404));
    assert_eq!(got.header("x-response-from"), "Edge-Gateway");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine();
    for number in 0..450 {
        stand_in.image(REPOSITORY, &format!("v{number:04}"), image.clone());
    }
    let browser = Browser::new(&stand_in);
    let bearer = format!("Bearer {}", stand_in.token());
    let api = stand_in.url(Origin::Api);
    let path = "/v2/registries/keepkey/repositories/support-email/tags";
    let mut tags = 0;
    for (page, expected) in [(1, 200), (2, 200), (3, 50), (4, 0)] {
        let url = format!("{api}{path}?page={page}&per_page=200");
        let got = browser.get(&url, &[("authorization", &bearer)]).await.json();
        assert_eq!(got["tags"].as_array().unwrap().len(), expected, "page {page}");
        assert_eq!(got["meta"]["total"], 450);
        let next = got["links"]["pages"]["next"].as_str().map(str::to_owned);
        let legacy = path.replace("registries", "registry");
        let linked = (page < 3).then(|| format!("{api}{legacy}?page={}&per_page=200", page + 1));
        assert_eq!(next, linked);
        tags += expected;
    }
    assert_eq!(tags, 450);
    let url = format!("{api}{path}?per_page=1000");
    let most = browser.get(&url, &[("authorization", &bearer)]).await;
    assert_eq!(most.json()["tags"].as_array().unwrap().len(), 200);
}

#[tokio::test]
async fn the_api_lags_cleans_and_forgets_when_it_is_told_to() {
    let (stand_in, pushed) = with_image();
    let browser = Browser::new(&stand_in);
    let bearer = format!("Bearer {}", stand_in.token());
    let api = format!("{}/v2/registries/keepkey", stand_in.url(Origin::Api));
    let get = async |path: &str| {
        browser.get(&format!("{api}{path}"), &[("authorization", &bearer)]).await
    };
    assert_eq!(get("/garbage-collection").await.status, 404);
    stand_in.collects_garbage("waiting for delete requests");
    let collecting = get("/garbage-collection").await.json();
    assert_eq!(collecting["garbage_collection"]["status"], "waiting for delete requests");
    assert_eq!(get("").await.json()["registry"]["read_only"], true);

    stand_in.api_lists(REPOSITORY, &[("older", &pushed.digest)]);
    let listed = get("/repositories/support-email/tags").await.json();
    assert_eq!((&listed["tags"][0]["tag"], &listed["meta"]["total"]), (&json!("older"), &json!(1)));
    stand_in.api_hides(REPOSITORY);
    let hidden = get("/repositories/support-email/tags").await;
    assert_eq!((hidden.status, hidden.text()), (404, bodies::REPOSITORY_404));
}

#[tokio::test]
async fn other_registries_want_other_credentials() {
    let repository = format!("v2/{REPOSITORY}/tags/list");
    for (auth, challenge) in [
        (Auth::OwnHost, "Bearer realm=\"http://[registry]/token\",service="),
        (Auth::Anonymous, "Bearer realm=\"http://[registry]/token\",service="),
        (Auth::Basic, "Basic realm=\"stand-in\""),
        (Auth::Nothing, ""),
    ] {
        let stand_in = StandIn::start(Options { auth, ..Options::default() });
        stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
        let browser = Browser::new(&stand_in);
        let registry = stand_in.url(Origin::Registry);
        let bare = browser.get(&format!("{registry}/{repository}"), &[]).await;
        let said = bare.header("www-authenticate");
        let said = said.replace(&stand_in.host(Origin::Registry), "[registry]");
        assert!(said.starts_with(challenge), "{auth:?}: {said}");
        assert_eq!(bare.status, if auth == Auth::Nothing { 200 } else { 401 }, "{auth:?}");

        let token = format!("{registry}/token?scope=repository:{REPOSITORY}:pull");
        let anonymous = browser.get(&token, &[]).await;
        assert_eq!(anonymous.status, if auth == Auth::Anonymous { 200 } else { 401 }, "{auth:?}");
        let known = browser.get(&token, &[("authorization", &basic("u", stand_in.token()))]).await;
        let authorization = if auth == Auth::Basic {
            basic("u", stand_in.token())
        } else {
            format!("Bearer {}", known.json()["token"].as_str().unwrap())
        };
        let url = format!("{registry}/{repository}");
        let got = browser.get(&url, &[("authorization", &authorization)]).await;
        assert_eq!(got.json()["tags"], json!(["latest-dev"]), "{auth:?}");
    }
}

#[tokio::test]
async fn an_image_has_the_same_bytes_in_every_run() {
    let (_stand_in, pushed) = with_image();
    insta::assert_snapshot!(pushed.digest, @"sha256:72aa2829510e4fab70a740f64c8f5cc3aa0ea5f5abbfdd3e2761003c4fd55168");
    let index = StandIn::honest();
    let two = index.image(REPOSITORY, "two", Index::of_two_platforms(&Image::node_on_alpine()));
    insta::assert_snapshot!(two.digest, @"sha256:0cbfd355dbc5e4bad12d8cca83d1056ad340c51f97a373ce1546e442335be121");
    assert_eq!(two.children.len(), 4);
    assert_eq!(two.children[0].digest, pushed.digest);
}

#[tokio::test]
async fn over_tls_one_connection_carries_everything() {
    let tls = Some(stand_in::Certificate::Good);
    let stand_in = StandIn::start(Options { tls, ..Options::default() });
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let browser = Browser::new(&stand_in);
    let bearer = browser.bearer(&stand_in, &format!("repository:{REPOSITORY}:pull")).await;
    let registry = stand_in.url(Origin::Registry);
    for digest in &pushed.layers {
        let url = format!("{registry}/v2/{REPOSITORY}/blobs/{digest}");
        let got = browser.get(&url, &[("authorization", &bearer)]).await;
        assert!(got.header("location").starts_with("https://127.0.0.1:"));
    }
    let log = stand_in.asked(&Route::Blob);
    assert_eq!((log.len(), stand_in.connections(Origin::Registry)), (5, 1));
    assert!(log.iter().all(|entry| entry.version == "HTTP/2.0"));
}

#[tokio::test]
async fn the_log_says_who_brought_the_token_and_what_waited_for_what() {
    let (stand_in, _) = with_image();
    let browser = Browser::new(&stand_in);
    browser.pull(&stand_in, "manifests/latest-dev").await;
    let storage = format!("{}/x?t={}", stand_in.url(Origin::Elsewhere), stand_in.token());
    browser.get(&storage, &[]).await;
    let log = stand_in.log();
    let carried: Vec<_> = log.iter().map(|entry| (entry.origin, entry.carries_token)).collect();
    let expected = [(Origin::Api, true), (Origin::Registry, false), (Origin::Elsewhere, true)];
    assert_eq!(carried, expected);
    assert_eq!(log[0].authorization.as_deref(), Some("Basic"));
    assert_eq!(log[1].authorization.as_deref(), Some("Bearer"));
    assert_eq!(longest_sequence(&log), 3);
    let mut together = log.clone();
    (together[1].start, together[1].end) = (1, Some(9));
    (together[2].start, together[2].end) = (2, Some(8));
    (together[0].start, together[0].end) = (3, Some(7));
    assert_eq!(longest_sequence(&together), 1);
}
