//! Token servers and challenges: who is sent the credentials, and what becomes of odd tokens.

use super::{table, verdict, verdict_on};
use crate::faults::{docker_login, filled, filled_with, gate, gate_elsewhere, requests};
use crate::stand_in::{Answer, Auth, Image, Index, Lie, Options, Origin, Pushed, Route, StandIn};

const PASSWORD: &str = "hunter2-of-the-robot";

fn own_token_server() -> (StandIn, Pushed) {
    let token = PASSWORD.to_owned();
    filled_with(Options { auth: Auth::OwnHost, token, ..Options::default() })
}

/// What a registry that asks for a token of `realm` is told by a run that has a login for it.
fn with_login(realm: &str) -> String {
    let (stand_in, _) = own_token_server();
    let realm = realm.replace("ELSEWHERE", &stand_in.host(Origin::Elsewhere));
    let challenge = format!("Bearer realm=\"{realm}\",service=\"registry.example\"");
    let refusal = Answer::new(401).header("www-authenticate", &challenge);
    stand_in.lie(Route::Ping, Lie::Answer(refusal));
    let login = docker_login(&stand_in.host(Origin::Registry), PASSWORD);
    let told = verdict(gate_elsewhere(&stand_in).file(".docker/config.json", login));
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0, "{realm}");
    assert!(stand_in.log().iter().all(|entry| !entry.has_authorization()), "{realm}");
    told
}

#[test]
fn a_login_is_sent_to_no_token_server_but_the_registrys_own() {
    let cases = [
        ("another port", "http://ELSEWHERE/token"),
        ("the same server under another name", "http://localhost:1/token"),
        ("another host", "https://token.example/token"),
        ("plain http elsewhere", "http://token.example/token"),
        ("DigitalOcean's", "https://api.digitalocean.com/v2/registry/auth"),
        ("a name that begins alike", "https://127.0.0.1.token.example/"),
        ("a user name that looks like it", "http://127.0.0.1@ELSEWHERE/token"),
        ("Docker Hub's", "https://auth.docker.io/token"),
        ("a file", "file:///etc/passwd"),
        ("no address", "not an address"),
    ];
    insta::assert_snapshot!(table(&cases, |realm| with_login(realm)), @"
    another port: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `http://[elsewhere]/token`, which is not its own; the login was not sent there
        hint: Use a registry whose token server is on its own host.
    the same server under another name: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `http://localhost:1/token`, which is not its own; the login was not sent there
        hint: Use a registry whose token server is on its own host.
    another host: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `https://token.example/token`, which is not its own; the login was not sent there
        hint: Use a registry whose token server is on its own host.
    plain http elsewhere: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `http://token.example/token`, a step to `http:`, where only `https:` is followed
        hint: Use a registry whose token server is on its own host.
    DigitalOcean's: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `https://api.digitalocean.com/v2/registry/auth`, which is not its own; the login was not sent there
        hint: Use a registry whose token server is on its own host.
    a name that begins alike: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `https://127.0.0.1.token.example/`, which is not its own; the login was not sent there
        hint: Use a registry whose token server is on its own host.
    a user name that looks like it: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `http://127.0.0.1@[elsewhere]/token`, an address with a user name in it
        hint: Use a registry whose token server is on its own host.
    Docker Hub's: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `https://auth.docker.io/token`, which is not its own; the login was not sent there
        hint: Use a registry whose token server is on its own host.
    a file: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `file:///etc/passwd`, a step to `file:`, where only `https:` is followed
        hint: Use a registry whose token server is on its own host.
    no address: exit 3, tag-exists errored
        reason: token-server-not-trusted
        message: the registry `[registry]` names the token server `not an address`, which is no address
        hint: Use a registry whose token server is on its own host.
    ");
}

#[test]
fn a_registrys_own_token_server_gets_the_login_and_our_scope() {
    let (stand_in, _) = own_token_server();
    let challenge = format!(
        "Bearer realm=\"{}/token\",service=\"registry.example\",scope=\"repository:other:pull,push\"",
        stand_in.url(Origin::Registry)
    );
    let refusal = Answer::new(401).header("www-authenticate", &challenge);
    stand_in.lie(Route::Ping, Lie::Answer(refusal));
    let login = docker_login(&stand_in.host(Origin::Registry), PASSWORD);
    let gate = gate_elsewhere(&stand_in).file(".docker/config.json", login);
    insta::assert_snapshot!(verdict(gate), @"
    exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
    ");
    let asked: Vec<_> =
        stand_in.asked(&Route::Token).into_iter().map(|entry| entry.target).collect();
    insta::assert_snapshot!(asked.join("\n"), @"/token?service=registry.example&scope=repository%3Akeepkey%2Fsupport-email%3Apull");
    let basic = stand_in.log().into_iter().filter(|entry| entry.carries_token);
    assert!(basic.map(|entry| entry.route).eq([Route::Token]), "the login went to one place");
}

#[test]
fn without_a_login_a_token_server_elsewhere_is_asked_for_nobody_in_particular() {
    let (stand_in, _) = filled_with(Options { auth: Auth::Anonymous, ..Options::default() });
    let realm = format!("Bearer realm=\"{}/token\"", stand_in.url(Origin::Elsewhere));
    stand_in.lie(Route::Ping, Lie::Answer(Answer::new(401).header("www-authenticate", &realm)));
    let token = serde_json::json!({ "token": "not-one-of-the-registrys" });
    stand_in.lie(Route::Any.at(Origin::Elsewhere), Lie::Answer(Answer::json(200, &token)));
    insta::assert_snapshot!(verdict(gate_elsewhere(&stand_in)), @"
    exit 4, tag-exists errored
        reason: credentials-refused
        message: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
    ");
    let asked = stand_in.asked_at(Origin::Elsewhere);
    assert!(asked.len() == 1 && !asked[0].has_authorization(), "{asked:?}");
}

#[test]
fn digitaloceans_registry_gets_no_basic_login_even_where_it_asks_for_one() {
    let (stand_in, _) = filled_with(Options { auth: Auth::Basic, ..Options::default() });
    insta::assert_snapshot!(verdict(gate(&stand_in)), @"
    exit 4, tag-exists errored
        reason: credentials-refused
        message: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
    ");
    let asked = stand_in.asked_at(Origin::Registry);
    let schemes: Vec<_> = asked.iter().filter_map(|entry| entry.authorization.as_deref()).collect();
    assert_eq!(schemes, ["Bearer", "Bearer"], "{}", requests(&stand_in));
}

/// The realm that DigitalOcean's registry names is not looked at: the endpoint is known beforehand.
#[test]
fn digitaloceans_token_goes_to_its_endpoint_whatever_realm_is_named() {
    let (stand_in, _) = filled();
    let realm = format!("Bearer realm=\"{}/token\"", stand_in.url(Origin::Elsewhere));
    let refusal = Answer::new(401).header("www-authenticate", &realm);
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::Answer(refusal));
    insta::assert_snapshot!(verdict(gate(&stand_in)), @"
    exit 4, tag-exists errored
        reason: credentials-refused
        message: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text)
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
    assert_eq!(stand_in.asked(&Route::Token).len(), 1);
}

#[test]
fn a_token_document_without_a_token_is_no_answer_and_never_quoted() {
    const MARK: &str = "zq8-never-to-be-quoted";
    let long = "a".repeat(20 << 10);
    let cases = [
        ("no token", r#"{"expires_in":300,"x":"MARK"}"#.to_owned()),
        ("null", r#"{"token":null,"x":"MARK"}"#.to_owned()),
        ("a number", r#"{"token":7,"x":"MARK"}"#.to_owned()),
        ("a list", r#"["MARK"]"#.to_owned()),
        ("not JSON", "token=MARK".to_owned()),
        ("a line break in it", r#"{"token":"MARK\r\nx: y"}"#.to_owned()),
        ("a control character in it", r#"{"token":"MARK\u001b[31m"}"#.to_owned()),
        ("20 KiB", format!(r#"{{"token":"MARK{long}"}}"#)),
        ("64 KiB and more", format!(r#"{{"token":"MARK{}"}}"#, long.repeat(4))),
    ];
    let table = table(&cases, |body| {
        let (stand_in, _) = filled();
        stand_in.lie(Route::Token, Lie::Body(body.replace("MARK", MARK).into()));
        let told = verdict(gate(&stand_in).secret(MARK));
        assert!(stand_in.asked_at(Origin::Registry).is_empty(), "{body}");
        told
    });
    insta::assert_snapshot!(table, @"
    no token: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) without a token
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    null: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) without a token
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    a number: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) with something that is no token document
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    a list: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) with something that is no token document
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    not JSON: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) with something that is no token document
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    a line break in it: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) with a token that holds characters no token has
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    a control character in it: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) with a token that holds characters no token has
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    20 KiB: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the token server `[api]` answered 200 (`application/json`) with a token that is too long for a header
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    64 KiB and more: exit 3, tag-exists errored
        reason: answer-too-large
        message: the token: `[api]`: the answer is larger than 65536 bytes
        hint: Look at what answers there: an honest manifest, config or token is far smaller. Nothing over the limit is read.
    ");
}

#[test]
fn a_token_that_runs_out_during_the_run_is_renewed_once() {
    let stand_in = StandIn::honest();
    let index = Index::of_two_platforms(&Image::node_on_alpine());
    stand_in.image("keepkey/support-email", "latest-dev", index);
    let lie = Lie::oci_error(401, "UNAUTHORIZED", "authentication required");
    stand_in.lie(Route::ManifestByDigest.first(1), lie);
    insta::assert_snapshot!(verdict(gate(&stand_in)), @"
    exit 0, tag-exists passed
        message: `latest-dev` names `sha256:2ea465237a68[..64]`
    ");
    insta::assert_snapshot!(requests(&stand_in), @"
    7 x GET Blob at Registry -> 307
    1 x GET Control at Registry -> 404
    2 x GET ManifestByDigest at Registry -> 200
    1 x GET ManifestByDigest at Registry -> 401
    1 x GET ManifestByTag at Registry -> 200
    2 x GET Storage at Storage -> 200
    5 x GET Storage at Storage -> 206
    2 x GET Token at Api -> 200
    ");
}

#[test]
fn a_token_that_is_refused_again_is_not_renewed_again() {
    let (stand_in, _) = filled();
    let lie = Lie::oci_error(401, "UNAUTHORIZED", "authentication required");
    stand_in.lie(Route::Blob, lie);
    let gate = gate(&stand_in).args("--deadline 20s");
    insta::assert_snapshot!(verdict_on("layers-present", gate), @"
    exit 4, layers-present errored
        reason: credentials-refused
        message: the config `sha256:1cb16a77e3f7`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
    ");
    assert_eq!(stand_in.asked(&Route::Token).len(), 2, "{}", requests(&stand_in));
}
