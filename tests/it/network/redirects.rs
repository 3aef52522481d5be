//! Redirects: followed for layers only, without credentials, and never to where no answer can come from.

use super::{table, verdict, verdict_on};
use crate::faults::{REPOSITORY, TAG, filled, filled_with, gate, gate_elsewhere};
use crate::stand_in::{Lie, Options, Origin, Route, StandIn};

/// The addresses that a redirect could name, of which none is an answer's.
fn odd_locations(stand_in: &StandIn) -> Vec<(&'static str, Lie)> {
    let elsewhere = stand_in.host(Origin::Elsewhere);
    vec![
        ("no location", Lie::status(302)),
        ("an empty one", Lie::redirect(302, "")),
        ("a file", Lie::redirect(302, "file:///etc/passwd")),
        ("no address", Lie::redirect(302, "http://[bad")),
        ("plain http elsewhere", Lie::redirect(302, "http://192.0.2.1/x")),
        ("another scheme", Lie::redirect(302, &format!("ftp://{elsewhere}/x"))),
        ("300", Lie::redirect(300, &format!("http://{elsewhere}/x"))),
        ("304", Lie::redirect(304, &format!("http://{elsewhere}/x"))),
    ]
}

#[test]
fn a_manifest_is_not_fetched_from_elsewhere() {
    let (stand_in, _) = filled();
    let location = format!("{}/v2/{REPOSITORY}/manifests/{TAG}", stand_in.url(Origin::Elsewhere));
    for status in [301, 302, 303, 307, 308] {
        stand_in.lie(Route::ManifestByTag.first(1), Lie::redirect(status, &location));
    }
    insta::allow_duplicates! {
        for status in [301, 302, 303, 307, 308] {
            let told = verdict(gate(&stand_in)).replace(&status.to_string(), "[status]");
            insta::assert_snapshot!(told, @"
            exit 3, tag-exists errored
                reason: redirect-refused
                message: the manifest of `latest-dev`: `[registry]` answered [status] (no content type, no text); a redirect is followed for layers only
                hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
            ");
        }
    }
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

#[test]
fn a_token_server_that_redirects_is_not_followed() {
    let (stand_in, _) = filled();
    let location = format!("{}/v2/registry/auth", stand_in.url(Origin::Elsewhere));
    stand_in.lie(Route::Token, Lie::redirect(302, &location));
    insta::assert_snapshot!(verdict(gate(&stand_in)), @"
    exit 3, tag-exists errored
        reason: redirect-refused
        message: the token server `[api]` answered with a redirect (302), which is not followed
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

#[test]
fn an_api_that_redirects_is_not_followed() {
    let (stand_in, _) = filled();
    stand_in.untag(REPOSITORY, TAG);
    let location = format!("{}/v2/registries", stand_in.url(Origin::Elsewhere));
    for route in [Route::ApiRegistries, Route::ApiTags, Route::ApiGc] {
        stand_in.lie(route, Lie::redirect(302, &location));
    }
    insta::assert_snapshot!(verdict(gate(&stand_in)), @"
    exit 1, tag-exists failed
        reason: tag-missing
        message: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        hint: 1. Is the push job in this workflow, and does this job require it?
        2. Did the push job fail, or push under another name?
        3. Start a pipeline on `develop`.
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
    assert!(stand_in.asked(&Route::ApiRegistries).len() == 1, "one try");
}

#[test]
fn a_layer_is_followed_to_its_storage_without_credentials_cookies_and_referer() {
    let (stand_in, _) = filled();
    let cookie = vec![("set-cookie".to_owned(), "session=1; Path=/; Domain=127.0.0.1".to_owned())];
    stand_in.lie(Route::ManifestByTag, Lie::Headers(cookie.clone()));
    stand_in.lie(Route::Blob, Lie::Headers(cookie));
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let stored = stand_in.asked_at(Origin::Storage);
    assert_eq!(stored.len(), 6);
    for entry in stored {
        assert!(!entry.has_authorization() && !entry.carries_token, "{entry:?}");
    }
    // The storage's address differs by its port only, which is no border for a cookie.
    let names: std::collections::BTreeSet<_> =
        stand_in.log().into_iter().flat_map(|entry| entry.header_names).collect();
    insta::assert_snapshot!(names.into_iter().collect::<Vec<_>>().join(" "), @"accept authorization host range user-agent");
}

#[test]
fn a_redirect_of_a_layer_to_nowhere_is_no_answer() {
    let (first, _) = filled();
    let cases = odd_locations(&first);
    let table = table(&cases, |lie| {
        let (stand_in, pushed) = filled();
        let matcher = Route::Blob.containing(&pushed.layers[0]);
        stand_in.lie(matcher, lie.clone());
        verdict_on("layers-present", gate(&stand_in))
    });
    insta::assert_snapshot!(table, @"
    no location: exit 3, layers-present errored
        reason: redirect-refused
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[registry]` answered 302 without one `Location`
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    an empty one: exit 3, layers-present errored
        reason: redirect-refused
        message: layer 1 of 5 `sha256:88d50f9d7935`: more than 5 redirects in a row
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    a file: exit 3, layers-present errored
        reason: redirect-refused
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[registry]` answered 302 to `file:`, where only `https:` is followed
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    no address: exit 3, layers-present errored
        reason: redirect-refused
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[registry]` answered 302 to something that is no address
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    plain http elsewhere: exit 3, layers-present errored
        reason: redirect-refused
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[registry]` answered 302 to `http:`, where only `https:` is followed
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    another scheme: exit 3, layers-present errored
        reason: redirect-refused
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[registry]` answered 302 to `ftp:`, where only `https:` is followed
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    300: exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[registry]` answered 300 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    304: exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[registry]` answered 304 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    ");
    assert_eq!(first.connections(Origin::Elsewhere), 0);
}

#[test]
fn a_redirect_that_never_ends_is_left() {
    let (stand_in, pushed) = filled();
    let digest = &pushed.layers[0];
    let location =
        format!("{}/registry-storage/{}", stand_in.url(Origin::Storage), digest.replace(':', "/"));
    stand_in
        .lie(Route::Storage.containing(&digest.replace(':', "/")), Lie::redirect(302, &location));
    insta::assert_snapshot!(verdict_on("layers-present", gate(&stand_in)), @"
    exit 3, layers-present errored
        reason: redirect-refused
        message: layer 1 of 5 `sha256:88d50f9d7935`: more than 5 redirects in a row
        hint: Look at what stands in between: a login page or a proxy, perhaps. Nothing was sent to where it leads.
    ");
    let hops = stand_in.asked_at(Origin::Storage);
    let hops = hops.iter().filter(|entry| entry.target.contains(&digest[7..])).count();
    assert_eq!(hops, 5);
}

#[test]
fn a_user_name_in_a_redirect_is_neither_sent_nor_shown() {
    let (stand_in, pushed) = filled();
    let host = stand_in.host(Origin::Elsewhere);
    let location = format!("http://someone:hunter2hunter2@{host}/registry-storage/x");
    stand_in.lie(Route::Blob.containing(&pushed.layers[0]), Lie::redirect(302, &location));
    let gate = gate(&stand_in).secret("hunter2hunter2").arg("-vv");
    insta::assert_snapshot!(verdict_on("layers-present", gate), @r#"
    exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: the registry's storage `[elsewhere]` answered 403 (`application/xml`): `<?xml version="1.0" encoding="UTF-8"?><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match the signature you provided.</Message></Error>`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    "#);
    let asked = stand_in.asked_at(Origin::Elsewhere);
    assert!(!asked.is_empty() && asked.iter().all(|entry| !entry.has_authorization()), "{asked:?}");
}

/// A storage that redirects on to a host which then asks for credentials.
#[test]
fn a_challenge_after_a_redirect_is_not_answered() {
    let options = Options { auth: crate::stand_in::Auth::Anonymous, ..Options::default() };
    let (stand_in, _) = filled_with(options);
    let realm = format!("Bearer realm=\"{}/token\",service=\"x\"", stand_in.url(Origin::Elsewhere));
    let refusal = crate::stand_in::Answer::new(401).header("www-authenticate", &realm);
    stand_in.lie(Route::Storage, Lie::Answer(refusal));
    insta::assert_snapshot!(verdict_on("layers-present", gate_elsewhere(&stand_in)), @"
    exit 3, layers-present errored
        reason: unexpected-answer
        message: the config `sha256:1cb16a77e3f7`: the registry's storage `[storage]` answered 401 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}
