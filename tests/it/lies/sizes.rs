//! Bodies that are larger than any honest one, and numbers that nothing honest has.

use hyper::body::Bytes;
use serde_json::json;

use super::{COMMIT, REPOSITORY, TAG, gate_with_record, row, with_image};
use crate::stand_in::{Answer, Content, Image, Index, Lie, Matcher, Part, Pushed, Route, StandIn};
use crate::support::Gate;

const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A limit that a reader without one would miss, with room for what the system keeps for it.
const FAR_ABOVE_ANY_LIMIT: u64 = 64 << 20;

#[test]
fn a_manifest_of_a_gibibyte_is_undecided() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::large(OCI_IMAGE, 1024, true));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]`: the answer is larger than 4194304 bytes
        reason     answer-too-large
        next       Check which image and which server this is: nothing over the limit is read.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
    assert_eq!(stand_in.asked(&Route::ManifestByTag).len(), 1, "and it is not asked for again");
    assert!(stand_in.bytes_sent() < FAR_ABOVE_ANY_LIMIT, "{} bytes", stand_in.bytes_sent());
}

/// A run with a body of a tebibyte somewhere.
fn endless(name: &str, matcher: impl Into<Matcher>, status: u16, media_type: &str) -> String {
    let (stand_in, _) = with_image();
    let mut answer = Answer::new(status).header("content-type", media_type);
    answer.body = vec![Part::Repeat(Bytes::from(vec![b' '; 64 << 10]), 16 << 20), Part::Unsized];
    stand_in.lie(matcher, Lie::Answer(answer));
    let row = row(name, gate_with_record(&stand_in));
    assert!(stand_in.bytes_sent() < FAR_ABOVE_ANY_LIMIT, "{name}: {} bytes", stand_in.bytes_sent());
    row
}

#[test]
fn a_body_without_end_is_read_to_its_limit_and_no_further() {
    let config = with_image().1.config.replace("sha256:", "");
    let text = [
        endless("a manifest", Route::ManifestByTag, 200, OCI_IMAGE),
        endless("a config", Route::Storage.containing(&config), 200, "application/octet-stream"),
        endless("a token", Route::Token, 200, "application/json"),
        endless("an error", Route::ManifestByTag, 400, "application/json"),
        endless("the word on a tag that cannot exist", Route::Control, 501, "text/plain"),
    ];
    insta::assert_snapshot!(text.concat(), @"
    a manifest: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]`: the answer is larger than 4194304 bytes

    a config: exit code: 3
    [checks of the config], revision-expected errored: the config `sha256:548e2972e7fe`: `[storage]`: the answer is larger than 66978 bytes

    a token: exit code: 3
    registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[api]`: the answer is larger than 65536 bytes
    [checks of the manifest], revision-expected errored: the token: `[api]`: the answer is larger than 65536 bytes

    an error: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` answered 400 (`application/json`): `…`

    the word on a tag that cannot exist: exit code: 3
    registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` answered 501 (`text/plain`): `…`
    ");
}

#[test]
fn a_manifest_that_is_said_to_be_compressed_is_not_unpacked() {
    let (stand_in, _) = with_image();
    let answer = Answer::new(200)
        .header("content-type", OCI_IMAGE)
        .header("content-encoding", "gzip")
        .bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03 a bomb would follow".to_vec());
    stand_in.lie(Route::ManifestByTag, Lie::Answer(answer));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` answered with `Content-Encoding: gzip`, which engines decode or reject
        reason     manifest-contradictory
        next       Try again; if it persists, a proxy or the registry is broken.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
    let asked = stand_in.asked(&Route::ManifestByTag);
    assert!(asked.iter().all(|entry| !entry.header_names.contains(&"accept-encoding".to_owned())));
}

/// A run at an image whose last layer is said to have this size.
fn sized(name: &str, size: serde_json::Value) -> String {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine().revision(COMMIT);
    stand_in.image(REPOSITORY, TAG, image.last_layer_field("size", size));
    row(name, gate_with_record(&stand_in))
}

#[test]
fn a_layer_of_an_impossible_size_is_not_green() {
    let text = [
        sized("negative", json!(-1)),
        sized("2^63", json!(1_u64 << 63)),
        sized("the largest", json!(u64::MAX)),
        sized("larger than any", json!(1e30)),
        sized("a fraction", json!(0.5)),
        sized("a text", json!("22917")),
        sized("one byte less", json!(22_916)),
    ];
    insta::assert_snapshot!(text.concat(), @r#"
    negative: exit code: 1
    engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 5 of 5 has no size ("reports content size of zero")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid value: integer `-1`, expected u64 at line 1 column 943; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    2^63: exit code: 1
    layers-present failed: layer 5 of 5 (`sha256:9a805b43d01f[..64]`) has 22917 bytes where the manifest says 9223372036854775808
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `layers[4].size` is a number where it must be a whole number ("cannot unmarshal … into Go struct field")

    the largest: exit code: 1
    layers-present failed: layer 5 of 5 (`sha256:9a805b43d01f[..64]`) has 22917 bytes where the manifest says 18446744073709551615
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `layers[4].size` is a number where it must be a whole number ("cannot unmarshal … into Go struct field")

    larger than any: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `layers[4].size` is a number where it must be a whole number ("cannot unmarshal … into Go struct field")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid type: floating point `1e+30`, expected u64 at line 1 column 946; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    a fraction: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `layers[4].size` is a number where it must be a whole number ("cannot unmarshal … into Go struct field")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid type: floating point `0.5`, expected u64 at line 1 column 944; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    a text: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `layers[4].size` is a string where it must be a whole number ("cannot unmarshal … into Go struct field")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid type: string "22917", expected u64 at line 1 column 948; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    one byte less: exit code: 1
    layers-present failed: layer 5 of 5 (`sha256:9a805b43d01f[..64]`) has 22917 bytes where the manifest says 22916
    "#);
}

#[test]
fn more_layers_than_any_engine_takes_are_undecided() {
    let layer = r#"{"digest":"sha256:0","size":1},"#.repeat(120_000);
    let config = format!(r#"{{"digest":"sha256:{}","size":2}}"#, "0".repeat(64));
    let layers = layer.trim_end_matches(',');
    let manifest = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]}}"#);
    let stand_in = StandIn::honest();
    let content = Content::Raw(OCI_IMAGE.to_owned(), manifest.into());
    stand_in.image(REPOSITORY, TAG, content);
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has 120000 entries, more than 1000
        reason     answer-too-large
        next       Check which image and which server this is: nothing over the limit is read.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
    assert!(stand_in.asked(&Route::Blob).is_empty());
}

#[test]
fn a_hundred_thousand_tags_are_shown_as_five() {
    let (stand_in, _) = with_image();
    stand_in.untag(REPOSITORY, TAG);
    let tags: Vec<_> =
        (0..100_000).map(|number| json!({ "tag": format!("latest-{number}") })).collect();
    stand_in.lie(Route::ApiTags, Lie::Answer(Answer::json(200, &json!({ "tags": tags }))));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       Is one of these meant? `latest-0`, `latest-1`, `latest-10`, `latest-100`, `latest-101`
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      skipped    revision-expected: there is no manifest to look at

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

/// An index whose images are like no other image's.
fn index_of(images: usize, image: impl Fn(usize) -> Image) -> Index {
    (0..images).fold(Index::new(), |index, number| index.image(image(number)))
}

#[test]
fn an_index_that_lists_more_than_any_image_has_is_read_to_its_limit_and_no_further() {
    let (stand_in, _) = with_image();
    // Each of the eleven holds ten images, and is a manifest itself.
    let whole = (0..11).fold(Index::new(), |index, outer| {
        let number = |inner| format!("{outer} {inner}");
        let image =
            |inner| Image::node_on_alpine().revision(COMMIT).label("number", &number(inner));
        index.entry(index_of(10, image), json!({}))
    });
    stand_in.image(REPOSITORY, TAG, whole);
    let many = row("manifests", gate_with_record(&stand_in));
    assert_eq!(
        stand_in.asked(&Route::ManifestByDigest).len(),
        1 + 100,
        "the index, and those behind"
    );

    let (stand_in, _) = with_image();
    let large = "x".repeat(3 << 20);
    let image = |number: usize| {
        let image = Image::node_on_alpine().revision(COMMIT).label("large", &large);
        image.label("number", &number.to_string())
    };
    stand_in.image(REPOSITORY, TAG, index_of(6, image));
    let configs = row("configs", gate_with_record(&stand_in));
    assert!(stand_in.bytes_sent() < 17 << 20, "{} bytes", stand_in.bytes_sent());
    insta::assert_snapshot!([many, configs].concat(), @"
    manifests: exit code: 3
    [checks of the config but engines], revision-expected errored: more manifests lie behind the index than are looked at: at most 100, and 16 MiB together

    configs: exit code: 3
    [checks of the config but engines], revision-expected errored: the configs are more than 16777216 bytes together, and no more are read
    ");
}

/// A run at an index of a hundred entries with one image behind all of them, whose config has these labels. The system
/// gives it no more memory than a gate in a small container has.
fn behind_a_hundred_entries(
    name: &str,
    labels: serde_json::Map<String, serde_json::Value>,
) -> String {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine().run_field("Labels", labels.into()).revision(COMMIT);
    let Pushed { digest, size, .. } = stand_in.image(REPOSITORY, "one", image);
    let entry = |number: u32| {
        let platform =
            json!({ "os": "linux", "architecture": "amd64", "variant": format!("v{number}") });
        json!({ "mediaType": OCI_IMAGE, "digest": digest, "size": size, "platform": platform })
    };
    let entries: Vec<_> = (0..100).map(entry).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
    let index = Content::Raw(OCI_INDEX.to_owned(), index.to_string().into());
    stand_in.image(REPOSITORY, TAG, index);
    let gate = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}"));
    let gate = gate.env("MALLOC_ARENA_MAX", "1").through("ulimit -v 300000; exec \"$@\"");
    row(name, gate)
}

#[test]
fn a_config_behind_a_hundred_entries_is_read_and_kept_once() {
    let labels = (0..9_000).map(|number| (format!("label-{number}"), "x".repeat(400).into()));
    let text = behind_a_hundred_entries("four megabytes of labels", labels.collect());
    let labels = (0..300_000).map(|number| (format!("{number}"), "".into()));
    let text = text + &behind_a_hundred_entries("more labels than are read", labels.collect());
    insta::assert_snapshot!(text, @"
    four megabytes of labels: exit code: 0


    more labels than are read: exit code: 3
    [checks of the config but layers-present] errored: the config `sha256:25bbfe5d2576` is not an image config that this program can read: more than 10000 entries in one place, which is more than are read at line 1 column 119169
    ");
}
