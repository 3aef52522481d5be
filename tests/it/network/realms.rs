//! Whom the credentials are sent to: a challenge decides nothing that could be used to steal them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::brief;
use crate::faults::{IMAGE, anonymous, logged_in, lying, other, with_requests};
use crate::stand_in::{Answer, Auth, Lie, Origin, Route, StandIn};
use crate::support::Gate;

fn challenge(value: &str) -> Lie {
    Lie::Answer(Answer::new(401).header("www-authenticate", value))
}

/// The message of a run with a login at a registry that sends this challenge. Asserts that the login
/// stayed here.
fn answer_to(stand_in: &StandIn, value: &str) -> String {
    stand_in.lie(Route::Any.at(Origin::Registry), challenge(value));
    let run = logged_in(stand_in, stand_in.token()).image(IMAGE).run();
    let shown = brief(&run);
    let log = stand_in.log();
    assert!(log.iter().all(|entry| entry.origin == Origin::Registry), "{shown}");
    assert!(log.iter().all(|entry| !entry.has_authorization()), "{shown}");
    let said = shown.split("errored: ").nth(1).unwrap_or(&shown);
    format!("exit {:?}: {said}", run.code.unwrap())
}

#[test]
fn a_login_goes_to_no_other_token_server() {
    let realms = [
        "http://{elsewhere}/token",
        "http://{registry}@{elsewhere}/token",
        "http://user:pass@{registry}/token",
        "https://{registry}/token",
        "https://{registry}.evil.test/token",
        "https://evil.test/{registry}/token",
        "https://127.0.0.1.evil.test/token",
        "http://evil.test/token",
        "http://localhost:1/token",
        "https://169.254.169.254/token",
        "//{elsewhere}/token",
        "file:///etc/passwd",
        "",
    ];
    let table = realms.map(|realm| {
        let stand_in = other(Auth::OwnHost);
        let real = realm.replace("{elsewhere}", &stand_in.host(Origin::Elsewhere));
        let real = real.replace("{registry}", &stand_in.host(Origin::Registry));
        let said = answer_to(&stand_in, &format!("Bearer realm=\"{real}\",service=\"x\""));
        assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
        assert!(!said.contains("user:pass"), "{said}");
        assert!(said.contains("reason     token-server-not-trusted"), "{said}");
        format!("{realm}\n{}\n", said.lines().next().unwrap_or_default())
    });
    insta::assert_snapshot!(table.concat(), @"
    http://{elsewhere}/token
    exit 3: the registry `[registry]` names the token server `http://[elsewhere]/token`, which is not its own; the login was not sent there
    http://{registry}@{elsewhere}/token
    exit 3: the registry `[registry]` names the token server `***@[elsewhere]/token`, an address with a user name in it
    http://user:pass@{registry}/token
    exit 3: the registry `[registry]` names the token server `***@[registry]/token`, an address with a user name in it
    https://{registry}/token
    exit 3: the registry `[registry]` names the token server `https://[registry]/token`, which is not its own; the login was not sent there
    https://{registry}.evil.test/token
    exit 3: the registry `[registry]` names the token server `https://[registry].evil.test/token`, which is not an address
    https://evil.test/{registry}/token
    exit 3: the registry `[registry]` names the token server `https://evil.test/[registry]/token`, which is not its own; the login was not sent there
    https://127.0.0.1.evil.test/token
    exit 3: the registry `[registry]` names the token server `https://127.0.0.1.evil.test/token`, which is not its own; the login was not sent there
    http://evil.test/token
    exit 3: the registry `[registry]` names the token server `http://evil.test/token`, which leads to `http:`, where only `https:` is followed
    http://localhost:1/token
    exit 3: the registry `[registry]` names the token server `http://localhost:1/token`, which is not its own; the login was not sent there
    https://169.254.169.254/token
    exit 3: the registry `[registry]` names the token server `https://169.254.169.254/token`, which is not its own; the login was not sent there
    //{elsewhere}/token
    exit 3: the registry `[registry]` names the token server `//[elsewhere]/token`, which is not an address
    file:///etc/passwd
    exit 3: the registry `[registry]` names the token server `file:///etc/passwd`, which leads to `file:`, where only `https:` is followed

    exit 3: the registry `[registry]` names the token server ``, which is not an address
    ");
}

#[test]
fn without_a_login_another_token_server_is_asked_anonymously() {
    let stand_in = other(Auth::Anonymous);
    let realm = format!("Bearer realm=\"{}/token\",service=\"x\"", stand_in.url(Origin::Elsewhere));
    stand_in.lie(Route::Ping, challenge(&realm));
    let run = anonymous(&stand_in).image(IMAGE).run();
    let there = stand_in.asked_at(Origin::Elsewhere);
    assert_eq!(there.len(), 1, "{}", run.snapshot());
    assert!(!there[0].has_authorization());
}

#[test]
fn digitaloceans_realm_is_never_read() {
    let stand_in = crate::faults::with_image(crate::stand_in::Options::default());
    let realm = format!("Bearer realm=\"{}/token\",service=\"x\"", stand_in.url(Origin::Elsewhere));
    stand_in.lie(Route::Any.at(Origin::Registry), challenge(&realm));
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` refused the credentials: 401 (no content type, no text)
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text)
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET ApiGc -> 404
    1 x Api: GET ApiRegistries -> 200
    1 x Api: GET ApiTags -> 200
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 401
    1 x Registry: GET ManifestByTag -> 401
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

#[test]
fn digitaloceans_token_is_no_answer_to_a_basic_challenge() {
    let stand_in = lying(Route::Any.at(Origin::Registry), challenge("Basic realm=\"registry\""));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
    let schemes = stand_in.asked_at(Origin::Registry).into_iter().map(|entry| entry.authorization);
    assert!(schemes.flatten().all(|scheme| scheme == "Bearer"));
}

#[test]
fn the_scope_is_never_taken_from_a_challenge() {
    let stand_in = other(Auth::OwnHost);
    let own = format!("{}/token", stand_in.url(Origin::Registry));
    let scope = "repository:keepkey/other:pull,push registry:catalog:*";
    let value = format!("Bearer realm=\"{own}\",service=\"of-the-registry\",scope=\"{scope}\"");
    stand_in.lie(Route::Ping, challenge(&value));
    let run = logged_in(&stand_in, stand_in.token()).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let asked = stand_in.asked(&Route::Token);
    let asked: Vec<_> = asked.iter().map(|entry| entry.target.as_str()).collect();
    insta::assert_snapshot!(asked.join("\n"), @"/token?service=of-the-registry&scope=repository%3Akeepkey%2Fsupport-email%3Apull");
}

#[test]
fn a_challenge_is_read_as_others_write_it() {
    for value in [
        "bearer  REALM=\"{own}\" , Service=x",
        "Basic realm=\"x\", Bearer realm=\"{own}\",service=\"x\"",
        "Negotiate, Bearer realm=\"{own}\"",
        "Bearer error=\"invalid_token\",error_description=\"a \\\"quoted\\\", text\",realm=\"{own}\"",
    ] {
        let stand_in = other(Auth::OwnHost);
        let own = format!("{}/token", stand_in.url(Origin::Registry));
        stand_in.lie(Route::Ping, challenge(&value.replace("{own}", &own)));
        let run = logged_in(&stand_in, stand_in.token()).image(IMAGE).run();
        assert_eq!(run.code, Some(0), "{value}: {}", run.snapshot());
    }
}

#[test]
fn odd_challenges_are_survived() {
    let long = format!("Bearer realm=\"http://127.0.0.1/{}\"", "a".repeat(60_000));
    let many = "Negotiate abc=, ".repeat(50);
    let values = [
        "",
        ",,,,",
        "Bearer",
        "Bearer realm",
        "Bearer realm=",
        "Bearer realm=\"http://127.0.0.1/token",
        "Bearer realm=\"a\",realm=\"b\"",
        "Bearer realm=\"\\\"",
        "Digest realm=\"x\", nonce=\"y\"",
        "\"\"\"\"\"",
        &many,
        &long,
    ];
    let table = values.map(|value| {
        let shown: String = value.chars().take(50).collect();
        let said = answer_to(&other(Auth::OwnHost), value);
        format!("{shown:?}\n{}\n", said.lines().next().unwrap_or_default())
    });
    insta::assert_snapshot!(table.concat(), @r#"
    ""
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    ",,,,"
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Bearer"
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Bearer realm"
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Bearer realm="
    exit 3: the registry `[registry]` names the token server ``, which is not an address
    "Bearer realm=\"http://127.0.0.1/token"
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Bearer realm=\"a\",realm=\"b\""
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Bearer realm=\"\\\""
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Digest realm=\"x\", nonce=\"y\""
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "\"\"\"\"\""
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Negotiate abc=, Negotiate abc=, Negotiate abc=, Ne"
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "Bearer realm=\"http://127.0.0.1/aaaaaaaaaaaaaaaaaaa"
    exit 4: the manifest of `latest-dev`: `[registry]` refused the credentials: 401 (no content type, no text); it was asked without a login, because it did not ask for one
    "#);
}

#[test]
fn two_challenges_in_two_headers_are_both_read() {
    let stand_in = other(Auth::Basic);
    let two = Answer::new(401)
        .header("www-authenticate", "Negotiate")
        .header("www-authenticate", "Basic realm=\"x\"");
    stand_in.lie(Route::Ping, Lie::Answer(two));
    let login = STANDARD.encode(format!("ci:{}", stand_in.token()));
    let run = logged_in(&stand_in, stand_in.token()).secret(&login).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}
