//! What is a no, and what is none, in words that are not the specification's.

use crate::immutable_tag::gate_with_immutable_tag;
use crate::stand_in::{Answer, Auth, Image, Lie, Options, Route, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const COMMIT: &str = "1111111111111111111111111111111111111111";

fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

/// A 404 without a word of a registry's.
fn bare_404() -> Lie {
    Lie::raw(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
}

/// What Quay answers for a tag that has run out.
fn expired() -> Answer {
    Answer::oci_error(
        404,
        "TAG_EXPIRED",
        "the tag is past its end date; it can be brought back",
        &serde_json::json!({}),
    )
}

#[test]
fn an_error_document_with_a_code_of_its_own_is_the_registrys_own_word() {
    let stand_in = StandIn::start(Options { auth: Auth::Anonymous, ..Options::default() });
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in.lie(Route::ManifestByTag, Lie::Answer(expired()));
    let gate = gate(&stand_in)
        .without_env("DIGITALOCEAN_API_URL")
        .without_env("DIGITALOCEAN_REGISTRY_HOST")
        .without_env("DIGITALOCEAN_ACCESS_TOKEN");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `TAG_EXPIRED` `the tag is past its end date; it can be brought back`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_bare_404_for_the_tag_is_believed_where_the_immutable_tag_was_served() {
    let stand_in = with_image();
    stand_in.image(REPOSITORY, &format!("{COMMIT}-dev"), Image::node_on_alpine());
    stand_in.lie(Route::ManifestByTag.containing("/latest-dev"), bare_404());
    let run = gate_with_immutable_tag(&stand_in, "{revision}-dev").env("CIRCLE_SHA1", COMMIT).run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     tag-missing"), "{}", run.stdout);
}

#[test]
fn a_404_of_a_gateway_or_an_ingress_is_never_believed() {
    let routed =
        serde_json::json!({"id": "not_found", "message": "Your request could not be routed."});
    let own = Answer::oci_error(404, "NO_ROUTE", "default backend - 404", &serde_json::Value::Null);
    let plain = Answer::new(404).header("content-type", "text/plain");
    for answer in [Answer::json(404, &routed), own, plain.bytes("default backend - 404")] {
        let stand_in = with_image();
        stand_in.image(REPOSITORY, &format!("{COMMIT}-dev"), Image::node_on_alpine());
        stand_in.lie(Route::ManifestByTag.containing("/latest-dev"), Lie::Answer(answer));
        let run =
            gate_with_immutable_tag(&stand_in, "{revision}-dev").env("CIRCLE_SHA1", COMMIT).run();
        assert_eq!(run.code, Some(3), "{}", run.snapshot());
        assert!(run.stdout.contains("reason     not-found-unclear"), "{}", run.stdout);
    }
}

#[test]
fn a_403_web_page_is_no_refusal_of_credentials() {
    let stand_in = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::html(403));
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(run.stdout.contains("a web page is not a refusal of credentials"), "{}", run.stdout);
    let stand_in = with_image();
    stand_in.lie(Route::Blob, Lie::html(403));
    assert_eq!(gate(&stand_in).run().code, Some(3), "of a blob neither");
}

#[test]
fn a_missing_immutable_tag_is_red_where_the_moving_one_could_not_be_read_or_contradicts_itself() {
    let other = format!("sha256:{}", "0".repeat(64));
    for lie in [Lie::status(400), Lie::digest_header(Some(&other))] {
        let stand_in = with_image();
        stand_in.lie(Route::ManifestByTag, lie);
        let run =
            gate_with_immutable_tag(&stand_in, "{revision}-dev").env("CIRCLE_SHA1", COMMIT).run();
        assert_eq!(run.code, Some(1), "{}", run.snapshot());
        assert!(run.stdout.contains("reason     immutable-tag-missing"), "{}", run.stdout);
    }
}

#[test]
fn a_contradictory_answer_for_the_tag_does_not_fail_the_expected_digest() {
    let stand_in = with_image();
    let other = format!("sha256:{}", "0".repeat(64));
    stand_in.lie(Route::ManifestByTag, Lie::digest_header(Some(&other)));
    let run = gate(&stand_in).arg(format!("--expect-digest={other}")).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
}
