//! Redirects: followed for blobs only, and nothing that is ours goes along.

use super::brief;
use crate::faults::{IMAGE, lying, requests, with_image, with_requests};
use crate::stand_in::{Answer, Certificate, Lie, Options, Origin, Route, StandIn};
use crate::support::Gate;

/// A stand-in whose answers to `route` lead to a server that has nothing to do with it.
fn leading_elsewhere(route: Route, from: Origin) -> StandIn {
    let stand_in = with_image(Options::default());
    let elsewhere = format!("{}/v2/keepkey/x/blobs/sha256:0", stand_in.url(Origin::Elsewhere));
    stand_in.lie(route.at(from), Lie::redirect(302, &elsewhere));
    stand_in
}

#[test]
fn a_loop_ends_after_five() {
    let stand_in = lying(Route::Any.at(Origin::Storage), Lie::redirect(302, "/again"));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    let asked = stand_in.asked_at(Origin::Storage).len();
    insta::assert_snapshot!(format!("{}asked the storage {asked} times for 6 blobs", brief(&run)), @"
    exit code: 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: more than 5 redirects in a row, the last one from `[storage]`
        reason     redirect-refused
        next       Try again; if it persists, the registry's storage is not set up right, or a proxy stands in between. No credentials were sent along.
    asked the storage 30 times for 6 blobs
    ");
}

#[test]
fn the_api_is_not_followed() {
    let stand_in = leading_elsewhere(Route::Token, Origin::Api);
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` answered with a redirect (302), which is not followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
      [checks of the manifest] errored: the token server `[api]` answered with a redirect (302), which is not followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 302
    ");
    let stand_in = leading_elsewhere(Route::ApiTags, Origin::Api);
    let gate = Gate::at(&stand_in).image("keepkey/support-email:never-pushed");
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-email:never-pushed
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:never-pushed

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `never-pushed` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      repository-exists errored: the registry denied the tag (404 `MANIFEST_UNKNOWN` `manifest unknown`) and did not say whether it has the repository; the repository's tags: the API answered 302 and that says nothing
        reason     unexpected-answer
        next       This is beside the point: the registry denied the tag itself. Look at `tag-exists` first.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET ApiGc -> 404
    1 x Api: GET ApiRegistries -> 200
    1 x Api: GET ApiTags -> 302
    1 x Api: GET Token -> 200
    2 x Registry: GET Control -> 404
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

#[test]
fn a_manifest_is_not_followed() {
    let stand_in = leading_elsewhere(Route::ManifestByTag, Origin::Registry);
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered 302 (no content type, no text); a redirect is followed for configs and layers only
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByTag -> 302
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

#[test]
fn a_blob_is_followed_without_credentials_cookie_and_referer() {
    let stand_in = with_image(Options::default());
    stand_in.lie(
        Route::Blob,
        Lie::Headers(vec![("set-cookie".to_owned(), "session=1; Path=/".to_owned())]),
    );
    let run = Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let mut sent: Vec<_> =
        stand_in.asked(&Route::Storage).iter().map(|entry| entry.header_names.join(", ")).collect();
    sent.sort();
    sent.dedup();
    insta::assert_snapshot!(sent.join("\n"), @"
    accept, host, range, user-agent
    accept, host, user-agent
    ");
}

#[test]
fn no_step_leads_from_https_to_http() {
    let plain = with_image(Options::default());
    let secure = with_image(Options { tls: Some(Certificate::Good), ..Options::default() });
    let down = format!("{}/registry-storage/x", plain.url(Origin::Storage));
    secure.lie(Route::Blob, Lie::redirect(307, &down));
    insta::assert_snapshot!(brief(&Gate::at(&secure).image(IMAGE).run()), @"
    exit code: 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to `http:`, where only `https:` is followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    ");
    assert_eq!(plain.connections(Origin::Storage), 0);
}

#[test]
fn a_foreign_challenge_gets_no_answer() {
    let stand_in = leading_elsewhere(Route::Blob, Origin::Registry);
    let realm = format!("Bearer realm=\"{}/token\",service=\"x\"", stand_in.url(Origin::Elsewhere));
    let refusal = Answer::new(401).header("www-authenticate", &realm);
    stand_in.lie(Route::Any.at(Origin::Elsewhere), Lie::Answer(refusal));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    insta::assert_snapshot!(format!("{}{}", brief(&run), requests(&stand_in)), @"
    exit code: 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: the registry's storage `[elsewhere]` answered 401 (no content type, no text)
        reason     unexpected-answer
        next       No credentials are sent to the storage, so the token is not at fault: it did not take the address that the registry had signed. Try again; if it persists, check any proxy in between, then push the image again: some storages answer so where the bytes are gone.
    1 x Api: GET Token -> 200
    6 x Elsewhere: GET Blob -> 401
    6 x Registry: GET Blob -> 302
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    ");
    let there = stand_in.asked_at(Origin::Elsewhere);
    assert!(!there.is_empty() && there.iter().all(|entry| !entry.has_authorization()));
}

#[test]
fn a_location_that_leads_nowhere_is_refused() {
    let locations = [
        "file:///etc/passwd",
        "http://[bad",
        "ftp://127.0.0.1/x",
        "http://registry.example/x",
        "data:,x",
        "//",
    ];
    let told = |lie: Lie| {
        let stand_in = lying(Route::Blob, lie);
        let run = Gate::at(&stand_in).image(IMAGE).run();
        let shown = brief(&run);
        let said = shown.split("errored: ").nth(1).unwrap_or(&shown);
        format!("exit {:?}: {said}", run.code.unwrap())
    };
    let mut table = locations
        .map(|location| format!("{location}\n{}", told(Lie::redirect(307, location))))
        .concat();
    table.push_str("none\n");
    table.push_str(&told(Lie::status(307)));
    insta::assert_snapshot!(table, @"
    file:///etc/passwd
    exit 3: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to `file:`, where only `https:` is followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    http://[bad
    exit 3: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to an invalid address
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    ftp://127.0.0.1/x
    exit 3: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to `ftp:`, where only `https:` is followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    http://registry.example/x
    exit 3: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to `http:`, where only `https:` is followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    data:,x
    exit 3: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to `data:`, where only `https:` is followed
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    //
    exit 3: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to an invalid address
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    none
    exit 3: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) without exactly one `Location` header
        reason     redirect-refused
        next       Look for a login page or a proxy between here and the registry, and let the registry's host through; nothing was sent where the redirect led.
    ");
}

#[test]
fn a_password_in_a_location_is_neither_used_nor_printed() {
    const PASSWORD: &str = "hunter2-of-the-storage";
    let stand_in = with_image(Options { redirect_blobs: false, ..Options::default() });
    let elsewhere = stand_in.host(Origin::Elsewhere);
    let path = "/v2/keepkey/support-email/blobs/";
    let pushed = stand_in.image(
        "keepkey/support-email",
        "latest-dev",
        crate::stand_in::Image::node_on_alpine(),
    );
    for digest in pushed.layers.iter().chain([&pushed.config]) {
        let location = format!("http://user:{PASSWORD}@{elsewhere}{path}{digest}");
        stand_in.lie(
            Route::Blob.containing(digest).at(Origin::Registry),
            Lie::redirect(307, &location),
        );
    }
    let run = Gate::at(&stand_in).secret(PASSWORD).args("-vv --format json").image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let there = stand_in.asked_at(Origin::Elsewhere);
    assert_eq!(there.len(), 6);
    assert!(there.iter().all(|entry| !entry.has_authorization()));
}

#[test]
fn a_redirect_whose_address_holds_the_token_is_not_followed() {
    let stand_in = with_image(Options::default());
    let storage = format!("{}/x?key={}", stand_in.url(Origin::Storage), stand_in.token());
    stand_in.lie(Route::Blob.at(Origin::Registry), Lie::redirect(307, &storage));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    let asked = stand_in.asked_at(Origin::Storage).len();
    insta::assert_snapshot!(format!("{}asked the storage {asked} times", brief(&run)), @"
    exit code: 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: `[registry]` answered with a redirect (307) to an address that holds DigitalOcean's token
        reason     redirect-refused
        next       It was not followed. Something between here and the registry writes the token into addresses: look for a proxy, and replace the token.
    asked the storage 0 times
    ");
}
