//! A service that is busy with itself: collecting garbage, read-only, or about to be switched off.

use super::{REPOSITORY, TAG, gate, gate_with_record, with_image};
use crate::stand_in::{Lie, Route};

#[test]
fn a_registry_that_collects_garbage_is_retried_and_named() {
    let (stand_in, _) = with_image();
    stand_in.collects_garbage("deleting unreferenced blobs");
    let busy = Lie::oci_error(503, "UNAVAILABLE", "the registry is collecting garbage");
    stand_in.lie(Route::ManifestByTag, busy);
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @r#"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]`: 503, `{"errors":[{"code":"UNAVAILABLE","detail":null,"message":"the registry is collecting garbage"}]}` (4 tries)
        reason     server-error
        next       Try again later; look at the provider's status page.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    "#);
    assert!(stand_in.asked(&Route::ManifestByTag).len() > 1, "a 503 is asked again");
}

#[test]
fn a_registry_that_answers_again_after_a_503_is_green() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::ManifestByTag.first(1), Lie::status(503));
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

      passed     revision-expected
    ----- stderr
    ----- image-ref
    [registry]/keepkey/support-email@sha256:03783fe6aa95[..64][no newline]
    ");
    assert_eq!(stand_in.asked(&Route::ManifestByTag).len(), 2);
}

#[test]
fn a_tag_that_is_missing_while_garbage_is_collected_is_red_with_a_hint() {
    let (stand_in, _) = with_image();
    stand_in.untag(REPOSITORY, TAG);
    stand_in.collects_garbage("waiting for write JWTs to expire");
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       A garbage collection is under way (`waiting for write JWTs to expire`): pushes fail until it ends, pulls work.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected: there is no manifest to look at

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn an_api_that_is_deprecated_does_not_change_the_verdict() {
    let (stand_in, _) = with_image();
    let headers = vec![
        ("deprecation".to_owned(), "true".to_owned()),
        ("sunset".to_owned(), "Sun, 01 Nov 2026 00:00:00 GMT".to_owned()),
    ];
    stand_in.lie(Route::Any, Lie::Headers(headers));
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

      passed     revision-expected
    ----- stderr
    ----- image-ref
    [registry]/keepkey/support-email@sha256:03783fe6aa95[..64][no newline]
    ");
}
