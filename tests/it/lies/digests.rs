//! Bytes and digests that contradict each other. Nothing that was asked for by a digest is believed
//! without being hashed, and no digest is taken from a header without being read strictly.

use serde_json::json;

use super::{REPOSITORY, gate, gate_with_record, table, with_image};
use crate::stand_in::{Lie, Route};

#[test]
fn a_pinned_digest_that_is_answered_with_other_bytes_is_red() {
    let (stand_in, pushed) = with_image();
    // Another image, whole and consistent in itself: only the digest that was asked for gives it away.
    stand_in.image(REPOSITORY, "other", crate::stand_in::Image::node_on_alpine());
    stand_in.lie(Route::ManifestByDigest, Lie::AffirmAs("other".to_owned()));
    let gate = crate::support::Gate::at(&stand_in)
        .args("--image-ref image-ref")
        .image(&format!("{REPOSITORY}@{}", pushed.digest));
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --image-ref image-ref [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]

      manifest-intact failed: the manifest `sha256:03783fe6aa95`: `[registry]` sent bytes that hash to `sha256:72aa2829510e[..64]` for the digest `sha256:03783fe6aa95[..64]`, each time it was requested
        reason     content-differs
        next       Build without cache and push the image again; if it persists, ask the registry's operator: its storage is damaged.
      skipped    tag-exists: the reference names a digest and no tag
      skipped    platform, layers-present, engines: there is no manifest to look at

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_config_that_is_answered_with_other_bytes_is_undecided() {
    let (stand_in, pushed) = with_image();
    stand_in.replace_in_storage(&pushed.config, json!({ "architecture": "amd64" }).to_string());
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the config], revision-expected errored: the config `sha256:548e2972e7fe`: `[storage]` sent bytes that hash to `sha256:7a822ccae775[..64]` for the digest `sha256:548e2972e7fe[..64]`
        reason     manifest-contradictory
        next       Try again; if it persists, a proxy or the registry is broken.

      digest     sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_digest_header_that_differs_from_the_bytes_is_undecided() {
    let (stand_in, pushed) = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::digest_header(Some(&pushed.config)));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent bytes that hash to `sha256:03783fe6aa95[..64]` under the digest `sha256:548e2972e7fe[..64]`
        reason     manifest-contradictory
        next       Try again; if it persists, a proxy or the registry is broken.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_registry_that_sends_no_digest_header_is_green_by_our_own_hash() {
    let (stand_in, pushed) = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::digest_header(None));
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
    assert!(run.file("image-ref").ends_with(&pushed.digest));
}

#[test]
fn a_digest_header_that_cannot_be_read_is_undecided() {
    let honest = with_image().1.digest;
    let hex = honest.strip_prefix("sha256:").unwrap();
    let two = vec![("docker-content-digest".to_owned(), honest.clone())];
    insta::assert_snapshot!(table([
        ("empty", Route::ManifestByTag, Lie::digest_header(Some(""))),
        ("two of them", Route::ManifestByTag, Lie::Headers(two)),
        ("upper case", Route::ManifestByTag, Lie::digest_header(Some(&format!("sha256:{}", hex.to_uppercase())))),
        ("too short", Route::ManifestByTag, Lie::digest_header(Some(&honest[..70]))),
        ("no algorithm", Route::ManifestByTag, Lie::digest_header(Some(hex))),
        ("a path", Route::ManifestByTag, Lie::digest_header(Some("sha256:../../etc/passwd"))),
        ("md5", Route::ManifestByTag, Lie::digest_header(Some("md5:d41d8cd98f00b204e9800998ecf8427e"))),
        ("sha512 of other bytes", Route::ManifestByTag, Lie::digest_header(Some(&format!("sha512:{}", "ab".repeat(64))))),
    ]), @"
    empty: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent a malformed `Docker-Content-Digest` (``)

    two of them: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent two `Docker-Content-Digest` headers

    upper case: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent a malformed `Docker-Content-Digest` (`sha256:03783FE6AA95B440CE76BC3E0EE3449F1607142B72749416856D6794CFB3AF05`)

    too short: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent a malformed `Docker-Content-Digest` (`sha256:03783fe6aa95b440ce76bc3e0ee3449f1607142b72749416856d6794cfb3af0`)

    no algorithm: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent a malformed `Docker-Content-Digest` (`03783fe6aa95b440ce76bc3e0ee3449f1607142b72749416856d6794cfb3af05`)

    a path: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent a malformed `Docker-Content-Digest` (`sha256:../../etc/passwd`)

    md5: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent a malformed `Docker-Content-Digest` (`md5:d41d8cd98f00b204e9800998ecf8427e`)

    sha512 of other bytes: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` sent bytes that hash to `sha512:4564aa132a2f48571d881812bb8c66072a78543810528acc0dd8bc13da6a68e78456fcb80b5db98f5a2e0d1cd4e89fa5314bc0cd96087f576fcfd5128d41b422` under the digest `sha512:abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab`
    ");
}
