//! Lists of tags: an index that lags, lies, or leads elsewhere. The registry's own word counts, and of a
//! list one page is asked for, and only to explain a no.

use serde_json::json;

use super::{COMMIT, REPOSITORY, TAG, gate, gate_with_record, with, with_image};
use crate::stand_in::{Answer, Image, Lie, Origin, Route, StandIn};

/// A page of tags that goes on at `next`.
fn page(tags: &[&str], total: u64, next: &str) -> Lie {
    let tags: Vec<_> = tags
        .iter()
        .map(|tag| json!({ "registry_name": "keepkey", "repository": "support-email", "tag": tag }))
        .collect();
    let links = json!({ "pages": { "next": next, "last": next } });
    Lie::Answer(Answer::json(
        200,
        &json!({ "tags": tags, "meta": { "total": total }, "links": links }),
    ))
}

fn tags_address(stand_in: &StandIn, origin: Origin) -> String {
    let base = stand_in.url(origin);
    format!("{base}/v2/registries/keepkey/repositories/support-email/tags?page=1&per_page=200")
}

#[test]
fn a_list_of_tags_whose_next_page_is_itself_is_asked_for_once() {
    let (stand_in, _) = with_image();
    stand_in.untag(REPOSITORY, TAG);
    let next = tags_address(&stand_in, Origin::Api);
    stand_in.lie(Route::ApiTags, page(&["latest-de", "latest-prod"], 40_000, &next));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       Is one of these meant? `latest-de`, `latest-prod`
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected: there is no manifest to look at

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
    assert_eq!(stand_in.asked(&Route::ApiTags).len(), 1);
}

#[test]
fn the_next_page_of_a_list_is_not_followed_to_a_foreign_host() {
    let (stand_in, _) = with_image();
    stand_in.untag(REPOSITORY, TAG);
    let next = tags_address(&stand_in, Origin::Elsewhere).replace("http://", "http://u:p@");
    stand_in.lie(Route::ApiTags, page(&["latest-de"], 2, &next));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       Is `latest-de` meant?
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected: there is no manifest to look at

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

#[test]
fn a_list_that_disagrees_with_itself_does_not_change_the_verdict() {
    let (stand_in, _) = with_image();
    stand_in.untag(REPOSITORY, TAG);
    // The tag three times, one in a million, and no page after this one.
    stand_in.lie(Route::ApiTags, page(&[TAG, TAG, TAG, "latest-prod"], 1_000_000, ""));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       DigitalOcean's API still lists the tag and the registry no longer serves it: it was deleted, or its manifest was collected. Push it again.
                   Is `latest-prod` meant?
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected: there is no manifest to look at

      service    support-email

    note: DigitalOcean's API lists the tag and the registry denies it: the API is an index that lags, so the registry's word counts
    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_tag_that_is_listed_while_its_manifest_is_gone_is_red() {
    let (stand_in, pushed) = with_image();
    stand_in.forget_manifest(REPOSITORY, &pushed.digest);
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       DigitalOcean's API still lists the tag and the registry no longer serves it: it was deleted, or its manifest was collected. Push it again.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected: there is no manifest to look at

      service    support-email

    note: DigitalOcean's API lists the tag and the registry denies it: the API is an index that lags, so the registry's word counts
    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_tag_that_is_not_listed_while_its_manifest_is_there_is_green() {
    let (stand_in, _) = with_image();
    stand_in.api_lists(REPOSITORY, &[]);
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
    assert_eq!(stand_in.asked_at(Origin::Api).len(), 1, "one token, and nothing of the API");
}

#[test]
fn another_digest_in_the_list_of_the_api_is_not_even_asked_for() {
    let (stand_in, pushed) = with_image();
    stand_in.api_lists(REPOSITORY, &[(TAG, &pushed.layers[0])]);
    let gate = gate(&stand_in).args(&format!("--expect-digest {}", pushed.digest));
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --expect-digest sha256:03783fe6aa95[..64]
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

      passed     digest-expected, revision-expected
    ----- stderr
    ----- image-ref
    [registry]/keepkey/support-email@sha256:03783fe6aa95[..64][no newline]
    ");
    assert_eq!(stand_in.asked(&Route::ApiTags).len(), 0);
}

#[test]
fn a_tag_that_moves_during_the_run_is_resolved_once() {
    let (stand_in, pushed) = with(Image::node_on_alpine().revision(COMMIT));
    let moved = Image::node_on_alpine().revision("2222222222222222222222222222222222222222");
    stand_in.image(REPOSITORY, "moved", moved);
    stand_in.lie(Route::ManifestByTag.containing(TAG).after(1), Lie::AffirmAs("moved".to_owned()));
    let run = gate(&stand_in).run();
    insta::assert_snapshot!(run.snapshot(), @"
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
    assert_eq!(stand_in.asked(&Route::ManifestByTag).len(), 1);
    assert!(run.file("image-ref").ends_with(&pushed.digest));
}
