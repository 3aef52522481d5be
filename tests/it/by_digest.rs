//! The tag's own manifest by its digest: that digest is what is handed on, and what engines pull.

use crate::stand_in::{Image, Index, Lie, Pushed, Route, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

fn with_image() -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    (stand_in, pushed)
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

#[test]
fn a_registry_that_serves_the_tag_and_denies_its_digest_is_red() {
    let (stand_in, pushed) = with_image();
    let denial = Lie::oci_error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    stand_in.lie(Route::ManifestByDigest.containing(&pushed.digest), denial);
    let run = gate(&stand_in).args("--record record.json").run();
    assert!(run.files.is_empty(), "{:?}", run.files);
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      manifest-intact failed: the registry serves `latest-dev` and denies `sha256:72aa2829510e[..64]`, the digest that it names (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     digest-not-served
        next       Push the image again; check that no policy of the registry blocks it, and that no proxy in between serves an outdated tag.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
    // The registry alone proves it.
    assert!(stand_in.asked(&Route::ApiTags).is_empty());
    let pinned = format!("{REPOSITORY}@{}", pushed.digest);
    assert_eq!(Gate::at(&stand_in).image(&pinned).run().code, Some(1), "the same by the digest");
}

#[test]
fn an_index_is_requested_by_its_own_digest_as_well() {
    let stand_in = StandIn::honest();
    let index = Index::of_two_platforms(&Image::node_on_alpine());
    let pushed = stand_in.image(REPOSITORY, "latest-dev", index);
    let denial = Lie::oci_error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    stand_in.lie(Route::ManifestByDigest.containing(&pushed.digest), denial);
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     digest-not-served"), "{}", run.stdout);
}

#[test]
fn what_is_unknown_of_the_digest_is_undecided() {
    let (stand_in, pushed) = with_image();
    stand_in.lie(Route::ManifestByDigest.containing(&pushed.digest), Lie::status(400));
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(run.stdout.contains("manifest-intact errored: the manifest `"), "{}", run.stdout);
}

#[test]
fn a_digest_that_is_refused_is_refused_credentials() {
    let (stand_in, pushed) = with_image();
    let refusal = Lie::oci_error(403, "DENIED", "requested access to the resource is denied");
    stand_in.lie(Route::ManifestByDigest.containing(&pushed.digest), refusal);
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
}

#[test]
fn a_reference_by_digest_needs_no_second_request() {
    let (stand_in, pushed) = with_image();
    let run = Gate::at(&stand_in).image(&format!("{REPOSITORY}@{}", pushed.digest)).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert_eq!(stand_in.asked(&Route::ManifestByDigest).len(), 1);
}

#[test]
fn a_tag_is_requested_past_every_cache_and_an_old_answer_is_noted() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::Headers(vec![("age".to_owned(), "3600".to_owned())]));
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let note = "note: the answer for `latest-dev` was 3600 s old: a cache in between gave it, and the tag \
                may have moved since";
    assert!(run.stdout.contains(note), "{}", run.stdout);
    for (route, is_fresh) in
        [(Route::ManifestByTag, true), (Route::Control, true), (Route::ManifestByDigest, false)]
    {
        let asked = stand_in.asked(&route);
        let names = &asked.first().expect("it was asked").header_names;
        assert_eq!(names.contains(&"cache-control".to_owned()), is_fresh, "{route:?}");
    }
}
