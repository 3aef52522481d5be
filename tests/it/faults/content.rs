//! The registry answers, and what it sends is not, or not surely, what was pushed.

use super::{IMAGE, REPOSITORY, TAG, lying, with_requests};
use crate::stand_in::{Image, Index, Lie, Route, StandIn};
use crate::support::Gate;

#[test]
fn an_empty_index_is_red() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, TAG, Index::new());
    insta::assert_snapshot!(Gate::at(&stand_in).image(IMAGE).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      manifest-intact failed: `latest-dev` is not a runnable container image: an index without entries
        reason     not-an-image
        next       Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_manifest_that_differs_from_its_digest_header_is_undecided() {
    let other = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let stand_in = lying(Route::ManifestByTag, Lie::digest_header(Some(&other)));
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` sent bytes that hash to `sha256:72aa2829510e[..64]` under the digest `sha256:0123456789ab[..64]`
        reason     manifest-contradictory
        next       Try again; if it persists, a proxy or the registry is broken.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 404
    1 x Registry: GET ManifestByTag -> 200
    ");
}

#[test]
fn a_manifest_that_is_cut_short_is_undecided() {
    let stand_in = lying(Route::ManifestByTag, Lie::Truncated(100));
    let gate = Gate::at(&stand_in).image(IMAGE);
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 404
    4 x Registry: GET ManifestByTag -> 200
    ");
}

#[test]
fn an_altered_config_is_undecided() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    stand_in.replace_in_storage(&pushed.config, "{\"os\":\"linux\"}");
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:5809269daf2d[..64]` for the digest `sha256:1cb16a77e3f7[..64]`
        reason     manifest-contradictory
        next       Try again; if it persists, a proxy or the registry is broken.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    7 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    2 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}

#[test]
fn layers_that_are_missing_are_red() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    stand_in.forget_blob(REPOSITORY, &pushed.layers[1]);
    stand_in.lose_from_storage(&pushed.layers[3]);
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @r#"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      layers-present failed: layer 2 of 5 (`sha256:44e2f6a89ed9[..64]`) is gone: 404 `BLOB_UNKNOWN` `blob unknown to registry`; layer 4 of 5 (`sha256:ae834a9f7c7a[..64]`) is gone: the registry's storage `[storage]` answered 404 (`application/xml`): `<?xml version="1.0" encoding="UTF-8"?><Error…`
        reason     blob-missing
        next       Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    6 x Registry: GET Blob -> 307
    2 x Registry: GET Blob -> 404
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    1 x Storage: GET Storage -> 200
    3 x Storage: GET Storage -> 206
    2 x Storage: GET Storage -> 404
    "#);
}

/// One byte of each layer and its size are looked at: an altered layer of the same size passes, and
/// docs/verdict.md says so. Whoever pulls it compares its digest.
#[test]
fn an_altered_layer_of_the_same_size_is_not_noticed() {
    let stand_in = StandIn::honest();
    let image = Image::empty().layer("the bytes that were pushed", "COPY . .");
    let pushed = stand_in.image(REPOSITORY, TAG, image);
    stand_in.replace_in_storage(&pushed.layers[0], "THE BYTES THAT WERE PUSHED");
    insta::assert_snapshot!(Gate::at(&stand_in).image(IMAGE).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:3b10d21cba68[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 303 B in 1 layer
                 created 2026-11-03T08:15:30.123456789Z
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
}

#[test]
fn a_manifest_without_a_digest_header_is_hashed_here() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    stand_in.lie(Route::ManifestByTag, Lie::digest_header(None));
    let gate = Gate::at(&stand_in).args("--image-ref ref").image(IMAGE);
    let run = gate.run();
    assert!(run.file("ref").ends_with(&pushed.digest), "{}", run.file("ref"));
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image --image-ref ref [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ----- ref
    [registry]/keepkey/support-email@sha256:72aa2829510e[..64][no newline]
    ");
}

#[test]
fn a_manifest_of_300_mb_is_not_read() {
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let [said, unsaid] = [true, false].map(|says_length| {
        let stand_in = lying(Route::ManifestByTag, Lie::large(media_type, 300, says_length));
        let shown = with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE));
        // What was under way when the connection was given up, and not more.
        let mebibytes = stand_in.bytes_sent() >> 20;
        assert!(mebibytes < 30, "{mebibytes} MiB were sent");
        shown
    });
    assert_eq!(said, unsaid);
    insta::assert_snapshot!(unsaid, @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: the answer is larger than 4194304 bytes
        reason     answer-too-large
        next       Check which image and which server this is: nothing over the limit is read.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByTag -> 200
    ");
}
