//! A server that hands a secret back, in whatever place: no output holds it, however loud the run is.
//!
//! That no output holds the token, in any form, is looked for in every run of these tests; here are the
//! runs in which the server tries.

use super::{REPOSITORY, TAG, file_options, files_of, gate, with_image};
use crate::stand_in::{Answer, Image, Lie, Origin, Route, StandIn};
use crate::support::{Gate, Run};

/// As loud as it can be, with every output that is one file.
fn loud(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in)
        .arg("-vv")
        .args(&files_of(file_options()))
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .image(&format!("{REPOSITORY}:{TAG}"))
}

/// The run was loud and showed the mask; that it shows nothing else is looked for in every run.
#[track_caller]
fn assert_masked(name: &str, run: &Run<'_>) {
    assert!(run.stderr.contains("authorization"), "{name}: not loud: {}", run.stderr);
    let everything = format!("{}{}{:?}", run.stdout, run.stderr, run.files);
    assert!(everything.contains("***"), "{name}: {everything}");
}

#[test]
fn a_token_that_comes_back_in_a_header_or_a_body_is_masked() {
    for (name, route) in [
        ("token server", Route::Token),
        ("manifest", Route::ManifestByTag),
        ("control", Route::Control),
        ("blob", Route::Blob),
    ] {
        let (stand_in, _) = with_image();
        stand_in.lie(route, Lie::EchoAuthorization(403));
        assert_masked(name, &loud(&stand_in).run());
    }
}

#[test]
fn what_a_masked_answer_looks_like() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::Token, Lie::EchoAuthorization(401));
    let gate = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}"));
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` refused the credentials: 401 `DENIED` `not allowed with Basic ***`
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.
      [checks of the manifest] errored: the token server `[api]` refused the credentials: 401 `DENIED` `not allowed with Basic ***`
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_redirect_with_the_token_in_it_is_neither_followed_nor_shown() {
    for (name, route) in [
        ("token server", Route::Token),
        ("manifest", Route::ManifestByTag),
        ("control", Route::Control),
    ] {
        let (stand_in, _) = with_image();
        let (elsewhere, token) = (stand_in.url(Origin::Elsewhere), stand_in.token());
        let to = format!("{elsewhere}/{token}/x?X-Amz-Signature={token}");
        stand_in.lie(route, Lie::redirect(307, &to));
        let run = loud(&stand_in).run();
        assert_eq!((run.code, stand_in.connections(Origin::Elsewhere)), (Some(3), 0), "{name}");
        assert!(run.stderr.contains("location"), "{name}: not loud: {}", run.stderr);
    }
}

#[test]
fn a_token_that_the_registry_put_into_its_texts_is_masked() {
    let (stand_in, _) = with_image();
    let token = stand_in.token().to_owned();
    let image = Image::node_on_alpine()
        .revision(&token)
        .ports(&[token.as_str()])
        .config_field("author", serde_json::json!(token));
    stand_in.image(REPOSITORY, TAG, image.clone());
    let run = loud(&stand_in).arg("--expect-revision").env("CIRCLE_SHA1", "1".repeat(40)).run();
    assert_masked("labels", &run);
    assert_eq!(run.code, Some(1));
    let run = loud(&stand_in).run();
    assert_masked("a record", &run);
    assert_eq!((run.code, run.file("record").contains("***")), (Some(0), true));
    for (field, value, code) in [
        ("created", serde_json::json!(token), 1),
        ("os", serde_json::json!(format!("{token}é")), 3),
        ("rootfs", serde_json::json!({ "diff_ids": [token] }), 1),
    ] {
        stand_in.image(REPOSITORY, TAG, image.clone().config_field(field, value));
        let run = loud(&stand_in).run();
        assert_masked(field, &run);
        assert_eq!(run.code, Some(code), "{field}");
    }
}

#[test]
fn the_signature_of_a_storage_address_is_not_shown() {
    let (stand_in, _) = with_image();
    let run = loud(&stand_in).run();
    assert_eq!(run.code, Some(0));
    let signed = stand_in.asked(&Route::Storage);
    assert!(signed.iter().any(|entry| entry.target.contains("X-Amz-Signature=")), "{signed:?}");
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("X-Amz-"), "{text}");
    }
}

#[test]
fn the_token_goes_to_the_api_and_nobody_else_is_contacted() {
    let (stand_in, _) = with_image();
    let elsewhere = stand_in.url(Origin::Elsewhere);
    let challenge = format!("Bearer realm=\"{elsewhere}/v2/registry/auth\",service=\"registry\"");
    let refused =
        Answer::oci_error(401, "UNAUTHORIZED", "authentication required", &serde_json::Value::Null)
            .header("www-authenticate", &challenge)
            .header("link", &format!("<{elsewhere}/v2/>; rel=\"next\""));
    stand_in.lie(Route::ManifestByTag, Lie::Answer(refused));
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
    let log = stand_in.log();
    assert!(
        log.iter().all(|entry| entry.carries_token == (entry.origin == Origin::Api)),
        "{log:?}"
    );
}
