//! Registries of others that answer otherwise than the specification has it: from another host, or oddly at the
//! base address. The repository's own answers decide.

use crate::faults::{IMAGE, TAG, anonymous, logged_in, other, with_image};
use crate::stand_in::{Answer, Auth, Certificate, Image, Lie, Options, Origin, Route, StandIn};
use crate::support::Run;

/// A registry that redirects every request to the same path at another host.
fn delegating(auth: Auth) -> StandIn {
    let stand_in = with_image(Options { auth, redirect_blobs: false, ..Options::default() });
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::SamePathAt(stand_in.url(Origin::Elsewhere)));
    stand_in
}

#[track_caller]
fn assert_no_login(stand_in: &StandIn, run: &Run<'_>) {
    let log = stand_in.log();
    assert!(log.iter().all(|entry| !entry.has_authorization()), "{}", run.snapshot());
}

#[test]
fn a_registry_that_redirects_everything_is_followed_without_a_login_and_named() {
    let stand_in = delegating(Auth::OwnHost);
    let run = logged_in(&stand_in, stand_in.token()).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert_no_login(&stand_in, &run);
    let notes = run.stdout.lines().filter(|line| line.starts_with("note: "));
    let notes: Vec<&str> = notes.collect();
    insta::assert_snapshot!(run.redacted(&notes.join("\n")), @"
    note: `[registry]` redirects to `[elsewhere]`, which answered in its place
    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ");
}

#[test]
fn a_denial_of_the_host_that_a_registry_redirects_to_counts() {
    let stand_in = delegating(Auth::OwnHost);
    stand_in.untag("keepkey/support-email", TAG);
    let run = anonymous(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     tag-missing"), "{}", run.snapshot());
}

#[test]
fn a_host_that_a_registry_redirects_to_and_that_wants_a_login_is_named() {
    let stand_in = delegating(Auth::OwnHost);
    let refusal = Lie::oci_error(401, "UNAUTHORIZED", "authentication required");
    stand_in.lie(Route::Any.at(Origin::Elsewhere), refusal);
    let run = logged_in(&stand_in, stand_in.token()).image(IMAGE).run();
    assert_no_login(&stand_in, &run);
    insta::assert_snapshot!(crate::network::brief(&run), @"
    exit code: 4
      [checks of the manifest] errored: the manifest of `latest-dev`: `[elsewhere]`, to which `[registry]` redirects, refused it without a login: 401 `UNAUTHORIZED` `authentication required`
        reason     credentials-refused
        next       A login is never sent along a redirect: verify the image at `[elsewhere]` itself.
    ");
}

#[test]
fn manifests_are_not_followed_from_https_to_http_or_in_a_circle() {
    let plain = other(Auth::Nothing);
    let secure = with_image(Options {
        auth: Auth::Nothing,
        tls: Some(Certificate::Good),
        ..Options::default()
    });
    secure.lie(Route::ManifestByTag, Lie::SamePathAt(plain.url(Origin::Elsewhere)));
    let run = anonymous(&secure).image(IMAGE).run();
    assert_eq!(plain.connections(Origin::Elsewhere), 0);
    let down = crate::network::brief(&run);
    let circle = other(Auth::Nothing);
    circle.lie(Route::ManifestByTag, Lie::SamePathAt(circle.url(Origin::Registry)));
    let run = anonymous(&circle).image(IMAGE).run();
    assert_eq!(circle.asked(&Route::ManifestByTag).len(), 6, "the first and five more");
    insta::assert_snapshot!(format!("{down}{}", crate::network::brief(&run)), @"
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered with a redirect (307) to `http:`, where only `https:` is followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: more than 5 redirects in a row, the last one from `[registry]`
        reason     redirect-refused
        next       Try again; if it persists, the registry's storage is not set up right, or a proxy stands in between. No credentials were sent along.
    ");
}

#[test]
fn the_base_address_is_no_precondition() {
    let text = Answer::new(404).header("content-type", "text/plain").bytes("404 page not found\n");
    let answers = [
        ("404 in plain text", Lie::Answer(text)),
        ("403", Lie::oci_error(403, "DENIED", "not for you")),
        ("500", Lie::status(500)),
        ("a web page", Lie::html(200)),
        ("401 without a challenge", Lie::status(401)),
        ("a redirect that leads nowhere", Lie::redirect(302, "file:///etc/passwd")),
        ("a redirect", Lie::redirect(302, "/login")),
        ("nothing", Lie::close()),
    ];
    for (name, lie) in answers {
        for auth in [Auth::Nothing, Auth::OwnHost, Auth::Basic] {
            let stand_in = other(auth);
            stand_in.lie(Route::Ping, lie.clone());
            let run = logged_in(&stand_in, stand_in.token()).image(IMAGE).run();
            assert_eq!(run.code, Some(0), "{name}, {auth:?}: {}", run.snapshot());
            // One of the two is the TLS that this machine's registry does not speak.
            assert_eq!(stand_in.asked(&Route::Ping).len(), 1, "{name}: one try");
        }
    }
}

#[test]
fn a_403_at_the_base_address_is_refused_credentials_only_where_the_manifest_is_refused_too() {
    let stand_in = other(Auth::Nothing);
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::oci_error(403, "DENIED", "not for you"));
    let run = anonymous(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
}

/// A registry over TLS that redirects its blobs to a host which asks for a token of the server at `realm`.
fn with_strange_storage(auth: Auth, realm: impl Fn(&StandIn) -> String) -> StandIn {
    let stand_in = StandIn::start(Options {
        auth,
        redirect_blobs: false,
        tls: Some(Certificate::Good),
        ..Options::default()
    });
    stand_in.image("keepkey/support-email", TAG, Image::node_on_alpine());
    stand_in
        .lie(Route::Blob.at(Origin::Registry), Lie::SamePathAt(stand_in.url(Origin::Elsewhere)));
    let challenge = format!("Bearer realm=\"{}\",service=\"there\"", realm(&stand_in));
    let refusal = Answer::new(401).header("www-authenticate", &challenge);
    stand_in.lie(Route::Blob.at(Origin::Elsewhere), Lie::Unauthorized(refusal));
    stand_in
}

#[test]
fn a_blobs_redirect_to_a_host_that_asks_for_a_token_gets_an_anonymous_one_of_that_host() {
    let stand_in =
        with_strange_storage(Auth::Anonymous, |it| format!("{}/token", it.url(Origin::Elsewhere)));
    let run = logged_in(&stand_in, stand_in.token()).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let tokens = stand_in.asked(&Route::Token);
    let there: Vec<_> = tokens.iter().filter(|entry| entry.origin == Origin::Elsewhere).collect();
    assert_eq!(there.len(), 1, "one for all blobs");
    assert!(there.iter().all(|entry| !entry.has_authorization()));
    insta::assert_snapshot!(there[0].target, @"/token?service=there&scope=repository%3Akeepkey%2Fsupport-email%3Apull");
}

#[test]
fn a_token_server_elsewhere_is_not_asked_for_a_redirects_target_and_neither_is_digitaloceans() {
    for realm in [Origin::Registry, Origin::Storage, Origin::Api] {
        let stand_in =
            with_strange_storage(Auth::Anonymous, |it| format!("{}/token", it.url(realm)));
        let asked = |it: &StandIn| it.asked(&Route::Token).len();
        let run = anonymous(&stand_in).image(IMAGE).run();
        assert_eq!(run.code, Some(3), "{realm:?}: {}", run.snapshot());
        assert_eq!(asked(&stand_in), 1, "{realm:?}: the registry's own token and no other");
    }
    let stand_in = with_strange_storage(Auth::DigitalOcean, |it| {
        format!("{}/token", it.url(Origin::Elsewhere))
    });
    let run = crate::support::Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(
        stand_in.asked_at(Origin::Elsewhere).iter().all(|entry| entry.route == Route::Blob),
        "{}",
        run.snapshot()
    );
}

#[test]
fn a_registrys_policy_and_its_limit_are_shown_in_its_own_words() {
    let error =
        |status, code, message| Answer::oci_error(status, code, message, &serde_json::Value::Null);
    let harbor = error(
        412,
        "PROJECTPOLICYVIOLATION",
        "current image with 5 vulnerabilities cannot be pulled due to configured policy",
    );
    let hub = error(
        429,
        "TOOMANYREQUESTS",
        "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
    );
    let said = |answer: Answer| {
        let stand_in = other(Auth::Nothing);
        stand_in.lie(Route::ManifestByTag, Lie::Answer(answer.header("retry-after", "0")));
        let run = anonymous(&stand_in).image(IMAGE).run();
        crate::network::brief(&run)
    };
    insta::assert_snapshot!(format!("{}{}", said(harbor), said(hub)), @"
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered 412 `PROJECTPOLICYVIOLATION` `current image with 5 vulnerabilities cannot be pulled due to configured policy`
        reason     unexpected-answer
        next       The registry's own policy keeps the image from being pulled: resolve what the message names (findings of its scanner, a missing signature), or ask whoever runs the registry to change the policy.
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: 429, too many requests: `TOOMANYREQUESTS` `You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit` (4 tries)
        reason     rate-limited
        next       Run `docker login [registry]` in an earlier step: without a login, every job that shares the runner's address shares one limit. Otherwise wait as long as the message says.
    ");
}
