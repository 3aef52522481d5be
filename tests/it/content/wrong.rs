//! Layers whose bytes are not what their digest says, and what is made of them.

use super::*;
use crate::stand_in::{Lie, Origin, Route};

fn layer() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let content = Drawn::from(1).archive(20_000);
    vec![(OCI_GZIP, gzip(&content), content)]
}

fn plain(pushed: &Pushed) -> crate::stand_in::Matcher {
    Route::Storage.containing(&pushed.layers[0].replace("sha256:", "")).ranged(false)
}

#[test]
fn the_same_wrong_bytes_twice_are_what_the_registry_has() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(plain(&pushed), Lie::Altered);
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --content
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      content-intact failed: layer 1 of 1 (`sha256:af9cc2028a71[..64]`): `[storage]` sent bytes that hash to `sha256:2831a384a6be[..64]`, eac…
        reason     layer-differs
        next       Build without cache and push the image again; if it persists, ask the registry's operator: its storage is damaged.

      digest     sha256:29afc5879d68[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 17.6 KiB in 1 layer
                 created 2026-11-03T08:15:30.123456789Z
      service    support-email
    ----- stderr
    ");
}

#[test]
fn wrong_bytes_once_and_right_ones_then_are_a_note() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(plain(&pushed).first(1), Lie::Altered);
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    let out = run.redacted(&run.stdout);
    let note = out.lines().find(|line| line.contains("the second request brought")).unwrap();
    insta::assert_snapshot!(note, @"note: layer 1 of 1 `sha256:af9cc2028a71`: `[storage]` sent bytes that hash to `sha256:2831a384a6be[..64]`; the second request brought the right ones");
}

#[test]
fn other_wrong_bytes_each_time_prove_nothing() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(plain(&pushed).first(1), Lie::Altered);
    let bytes = stand_in.blob(&pushed.layers[0]);
    stand_in.lie(plain(&pushed), Lie::Body(vec![7; bytes.len()].into()));
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:af9cc2028a71`: `[storage]` sent bytes that hash to `sha256:2831a384a6be[..64]`
        reason     manifest-contradictory
    ");
}

#[test]
fn a_page_in_place_of_a_layer_proves_nothing() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(plain(&pushed), Lie::html(200));
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:af9cc2028a71`: `[storage]` answered with a text in its place: 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        reason     unexpected-answer
    ");
}

#[test]
fn a_layer_that_is_cut_short_and_ends_well_each_time_is_a_no() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(plain(&pushed), Lie::Chunks(5_000));
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:af9cc2028a71[..64]`): `[storage]` sent 5000 bytes where the manifest says 17781, each time it was requested
        reason     layer-differs
    ");
}

#[test]
fn a_layer_that_goes_on_behind_its_end_is_read_no_further() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(plain(&pushed), Lie::large("application/octet-stream", 1 << 20, false));
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:af9cc2028a71[..64]`): `[storage]` sent more than the 17781 bytes of the manifest, each time it was requested
        reason     layer-differs
    ");
    assert!(stand_in.bytes_sent() < 64 << 20);
}

#[test]
fn a_coding_on_a_layer_is_a_broken_answer() {
    let (stand_in, pushed) = serving(&layer());
    let coding = Lie::Headers(vec![("content-encoding".into(), "gzip".into())]);
    stand_in.lie(plain(&pushed), coding);
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:af9cc2028a71`: `[storage]` answered with `Content-Encoding: gzip`, which engines decode or reject
        reason     manifest-contradictory
    ");
    let (stand_in, pushed) = serving(&layer());
    let none = Lie::Headers(vec![("content-encoding".into(), "identity".into())]);
    stand_in.lie(plain(&pushed), none);
    assert_eq!(gate(&stand_in).run().code, Some(0));
}

#[test]
fn a_layer_that_is_gone_when_it_is_read_is_a_no_or_unknown_as_its_answer_says() {
    let (stand_in, _) = serving(&layer());
    stand_in
        .lie(Route::Blob.after(2), Lie::oci_error(404, "BLOB_UNKNOWN", "blob unknown to registry"));
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:af9cc2028a71[..64]`): 404 `BLOB_UNKNOWN` `blob unknown to registry`
        reason     blob-missing
    ");
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(plain(&pushed), Lie::status(403));
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:af9cc2028a71`: the registry's storage `[storage]` answered 403 (no content type, no text)
        reason     unexpected-answer
    ");
}

#[test]
fn credentials_do_not_follow_a_layer_s_redirect() {
    let (stand_in, _) = serving(&layer());
    assert_eq!(gate(&stand_in).run().code, Some(0));
    let with = stand_in.asked_at(Origin::Storage);
    assert!(with.iter().all(|entry| entry.authorization.is_none()) && with.len() >= 3);
}

#[test]
fn an_image_that_is_a_no_already_is_not_read() {
    let (stand_in, pushed) = serving(&layer());
    let other = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let run = gate(&stand_in).args(&format!("--expect-digest {other}")).run();
    assert_eq!(run.code, Some(1));
    let hex = pushed.layers[0].replace("sha256:", "");
    let read = stand_in.asked_at(Origin::Storage);
    let read = read.iter().filter(|entry| entry.target.contains(&hex) && entry.range.is_none());
    assert_eq!(read.count(), 0);
    assert!(
        run.stdout.contains("no layer was read, because the image is not well so far"),
        "{}",
        run.stdout
    );
}
