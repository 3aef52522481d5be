//! Successes that are none: a web page, nothing, a part, something not modified.

use super::{table, verdict, verdict_on};
use crate::faults::{filled, gate};
use crate::stand_in::{Answer, Lie, Route};

fn odd_answers() -> Vec<(&'static str, Lie)> {
    let json = |status: u16| Answer::json(status, &serde_json::json!({}));
    vec![
        ("a web page", Lie::html(200)),
        ("nothing at all", Lie::status(200)),
        ("an empty document", Lie::Answer(json(200))),
        ("201", Lie::Answer(json(201))),
        ("204", Lie::status(204)),
        ("206", Lie::Status(206)),
        ("304", Lie::status(304)),
    ]
}

#[test]
fn an_odd_success_for_the_manifest_is_no_answer() {
    let table = table(&odd_answers(), |lie| {
        let (stand_in, _) = filled();
        stand_in.lie(Route::ManifestByTag, lie.clone());
        verdict(gate(&stand_in))
    });
    insta::assert_snapshot!(table, @r#"
    a web page: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered with a web page: 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    nothing at all: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: what `[registry]` sent has no media type, so it is not known to be an image manifest
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    an empty document: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: what `[registry]` sent has media type `application/json; charset=utf-8`, which is no image manifest
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    201: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 201 (`application/json`): `{}`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    204: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 204 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    206: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 206 (`application/vnd.oci.image.manifest.v1+json`): `{"config":{"digest":"sha256:1cb16a77e3f7[..64]","mediaType":"application/vnd.oci.image.config.v1+json","size":1352},"layers":[{"digest":"sha256:88d50f9d79…`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    304: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 304 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    "#);
}

#[test]
fn an_odd_success_for_a_layer_is_no_answer() {
    let table = table(&odd_answers(), |lie| {
        let (stand_in, pushed) = filled();
        let hex = pushed.layers[0].trim_start_matches("sha256:");
        stand_in.lie(Route::Storage.containing(hex), lie.clone());
        verdict_on("layers-present", gate(&stand_in))
    });
    insta::assert_snapshot!(table, @"
    a web page: exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[storage]` answered 200 with a web page
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    nothing at all: exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: `[storage]` answered 200 without a byte
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    an empty document: exit 1, layers-present failed
        reason: blob-size-differs
        message: layer 1 of 5 (`sha256:88d50f9d7935[..64]`) has 2 bytes where the manifest says 3640
        hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
    201: exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: the registry's storage `[storage]` answered 201 (`application/json`): `{`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    204: exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: the registry's storage `[storage]` answered 204 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    206: exit 0, layers-present passed
        message: config and layers can be pulled (6 blobs)
    304: exit 3, layers-present errored
        reason: unexpected-answer
        message: layer 1 of 5 `sha256:88d50f9d7935`: the registry's storage `[storage]` answered 304 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    ");
}

#[test]
fn an_odd_success_for_the_control_is_no_denial() {
    let table = table(&odd_answers(), |lie| {
        let (stand_in, _) = filled();
        stand_in.lie(Route::Control, lie.clone());
        verdict_on("registry-honest", gate(&stand_in))
    });
    insta::assert_snapshot!(table, @"
    a web page: exit 3, registry-honest errored
        reason: unexpected-answer
        message: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` answered 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    nothing at all: exit 3, registry-honest errored
        reason: registry-not-honest
        message: nothing that the registry says is believed: it affirmed a tag that cannot exist (200 (no content type) for the random tag `[control]`)
        hint: A proxy or a mirror answers in the registry's place: look at what stands between.
    an empty document: exit 3, registry-honest errored
        reason: registry-not-honest
        message: nothing that the registry says is believed: it affirmed a tag that cannot exist (200 (`application/json`) for the random tag `[control]`)
        hint: A proxy or a mirror answers in the registry's place: look at what stands between.
    201: exit 3, registry-honest errored
        reason: unexpected-answer
        message: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` answered 201 (`application/json`): `{}`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    204: exit 3, registry-honest errored
        reason: unexpected-answer
        message: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` answered 204 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    206: exit 3, registry-honest errored
        reason: unexpected-answer
        message: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` answered 206 `MANIFEST_UNKNOWN` `manifest unknown`
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    304: exit 3, registry-honest errored
        reason: unexpected-answer
        message: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` answered 304 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
    ");
}
