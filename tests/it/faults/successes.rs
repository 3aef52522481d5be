//! Successes that are none: for the manifest, for a layer, for the tag that cannot exist.

use serde_json::{Value, json};

use super::{IMAGE, REPOSITORY, TAG};
use crate::stand_in::{Answer, Image, Lie, Options, Pushed, Route, StandIn};
use crate::support::Gate;

fn odd_answers() -> [(&'static str, Lie); 7] {
    let json = |status: u16| Lie::Answer(Answer::json(status, &json!({})));
    [
        ("a web page", Lie::html(200)),
        ("nothing at all", Lie::status(200)),
        ("an empty document", json(200)),
        ("201", json(201)),
        ("204", Lie::status(204)),
        ("206", Lie::Status(206)),
        ("304", Lie::status(304)),
    ]
}

/// What becomes of a check under each odd answer to the request that `told_to` names.
fn table(check: &str, told_to: impl Fn(&StandIn, &Pushed, Lie)) -> String {
    let lines = odd_answers().map(|(name, lie)| {
        let stand_in = StandIn::start(Options::default());
        let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
        told_to(&stand_in, &pushed, lie);
        let run = Gate::at(&stand_in).image(IMAGE).args("--format json").run();
        let report: Value = serde_json::from_str(&run.stdout).expect("a report");
        let checks = report["images"][0]["checks"].as_array().expect("checks");
        let found = checks.iter().find(|found| found["id"] == check).expect("the check");
        let text = |field: &str| found[field].as_str().unwrap_or("-");
        let code = run.code.expect("an exit code");
        run.redacted(&format!(
            "{name}: exit {code}, {} ({})\n    {}\n",
            text("status"),
            text("reason"),
            text("message")
        ))
    });
    lines.concat()
}

#[test]
fn an_odd_success_for_the_manifest_is_undecided() {
    let table = table("tag-exists", |stand_in, _, lie| stand_in.lie(Route::ManifestByTag, lie));
    insta::assert_snapshot!(table, @r#"
    a web page: exit 3, errored (unexpected-answer)
        the manifest of `latest-dev`: `[registry]` answered with a web page: 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
    nothing at all: exit 3, errored (unexpected-answer)
        the manifest of `latest-dev`: what `[registry]` sent has no media type, so nothing says that it is an image manifest; it is empty
    an empty document: exit 3, errored (unexpected-answer)
        the manifest of `latest-dev`: what `[registry]` sent has media type `application/json; charset=utf-8`, which is not an image manifest; it begins with `{}`
    201: exit 3, errored (unexpected-answer)
        the manifest of `latest-dev`: `[registry]` answered 201 (`application/json`): `{}`
    204: exit 3, errored (unexpected-answer)
        the manifest of `latest-dev`: `[registry]` answered 204 (no content type, no text)
    206: exit 3, errored (unexpected-answer)
        the manifest of `latest-dev`: `[registry]` answered 206 (`application/vnd.oci.image.manifest.v1+json`): `{"config":{"digest":"sha256:1cb16a77e3f7[..64]","mediaType":"application/vnd.oci.image.config.v1+json","size":1352},"layers":[{"digest":"sha256:88d50f9d79…`
    304: exit 3, errored (unexpected-answer)
        the manifest of `latest-dev`: `[registry]` answered 304 (no content type, no text)
    "#);
}

/// An empty body with a length of 0 is no proof that the layer has another size than the manifest says; a
/// byte with another length is. A 206 is what is due here.
#[test]
fn an_odd_success_for_a_layer_is_not_green() {
    let table = table("layers-present", |stand_in, pushed, lie| {
        let hex = pushed.layers[0].trim_start_matches("sha256:");
        stand_in.lie(Route::Storage.containing(hex), lie);
    });
    insta::assert_snapshot!(table, @"
    a web page: exit 3, errored (unexpected-answer)
        layer 1 of 5 `sha256:88d50f9d7935`: `[storage]` answered with a text in its place: 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
    nothing at all: exit 1, failed (blob-size-differs)
        layer 1 of 5 (`sha256:88d50f9d7935[..64]`) has 0 bytes where the manifest says 3640
    an empty document: exit 3, errored (unexpected-answer)
        layer 1 of 5 `sha256:88d50f9d7935`: `[storage]` answered with a text in its place: 200 (`application/json`): `{}`
    201: exit 3, errored (unexpected-answer)
        layer 1 of 5 `sha256:88d50f9d7935`: the registry's storage `[storage]` answered 201 (`application/json`): `{`
    204: exit 3, errored (unexpected-answer)
        layer 1 of 5 `sha256:88d50f9d7935`: the registry's storage `[storage]` answered 204 (no content type, no text)
    206: exit 0, passed (-)
        config and layers can be pulled (6 blobs)
    304: exit 3, errored (unexpected-answer)
        layer 1 of 5 `sha256:88d50f9d7935`: the registry's storage `[storage]` answered 304 (no content type, no text)
    ");
}

#[test]
fn an_odd_success_for_the_tag_that_cannot_exist_is_no_denial() {
    let table = table("registry-honest", |stand_in, _, lie| stand_in.lie(Route::Control, lie));
    insta::assert_snapshot!(table, @"
    a web page: exit 3, errored (unexpected-answer)
        whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` answered 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
    nothing at all: exit 3, errored (registry-not-honest)
        nothing that the registry says is believed: it affirmed a tag that cannot exist (200 (no content type) for the random tag `[control]`)
    an empty document: exit 3, errored (registry-not-honest)
        nothing that the registry says is believed: it affirmed a tag that cannot exist (200 (`application/json`) for the random tag `[control]`)
    201: exit 3, errored (unexpected-answer)
        whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` answered 201 (`application/json`): `{}`
    204: exit 3, errored (unexpected-answer)
        whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` answered 204 (no content type, no text)
    206: exit 3, errored (unexpected-answer)
        whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` answered 206 `MANIFEST_UNKNOWN` `manifest unknown`
    304: exit 3, errored (unexpected-answer)
        whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` answered 304 (no content type, no text)
    ");
}

#[test]
fn a_token_that_is_refused_again_is_not_renewed_again() {
    let stand_in = StandIn::start(Options::default());
    stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    let lie = Lie::oci_error(401, "UNAUTHORIZED", "authentication required");
    stand_in.lie(Route::Blob, lie);
    let run = Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
    assert_eq!(stand_in.asked(&Route::Token).len(), 2, "{}", super::requests(&stand_in));
}
