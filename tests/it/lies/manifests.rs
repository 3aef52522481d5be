//! Manifests that can be read in two ways, that say to be something else than they are, or that are none.

use hyper::body::Bytes;
use serde_json::json;

use super::{COMMIT, REPOSITORY, TAG, gate, gate_with_record, row, table, with};
use crate::stand_in::{Answer, Content, Image, Index, Lie, Route, StandIn, digest_of};

const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Runs at manifests that are stored as they stand, so that their digests are true.
fn stored<const N: usize>(manifests: [(&str, &str, Vec<u8>); N]) -> String {
    let mut text = String::new();
    for (name, media_type, bytes) in manifests {
        let stand_in = StandIn::honest();
        stand_in.image(REPOSITORY, TAG, Content::Raw(media_type.to_owned(), bytes.into()));
        text.push_str(&row(name, gate_with_record(&stand_in)));
    }
    text
}

/// The manifest of an honest image, as text.
fn honest() -> String {
    String::from_utf8(Image::node_on_alpine().manifest().to_vec()).unwrap()
}

/// An index of one image, with its own type or without.
fn index(has_type: bool) -> Vec<u8> {
    let image = honest();
    let digest = digest_of(image.as_bytes());
    let own = if has_type { format!("\"mediaType\":\"{OCI_INDEX}\",") } else { String::new() };
    format!(
        "{{\"schemaVersion\":2,{own}\"manifests\":[{{\"mediaType\":\"{OCI_IMAGE}\",\"digest\":\"{digest}\",\"size\":{}}}]}}",
        image.len()
    )
    .into_bytes()
}

#[test]
fn a_manifest_that_is_an_image_and_an_index_at_once_is_red() {
    let (stand_in, _) = with(Image::node_on_alpine().manifest_field("manifests", json!([])));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @r#"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its manifest has `manifests`, too ("expected manifest but found index")
        reason     engine-refuses
        next       Correct the field in what writes the manifest or the index; `docker buildx build` and `docker buildx imagetools create` write it in the right type.
                   If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
      [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it was served as `application/vnd.oci.image.manifest.v1+json` and has a field `manifests`
        reason     manifest-contradictory
        next       Try again; if it persists, a proxy or the registry is broken.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    "#);
}

#[test]
fn a_manifest_that_can_be_read_in_two_ways_is_not_green() {
    let image = honest();
    let with_field = |field: &str| image.replacen('{', &format!("{{{field},"), 1).into_bytes();
    insta::assert_snapshot!(stored([
        ("`Layers` beside `layers`", OCI_IMAGE, with_field("\"Layers\":[]")),
        ("`layers` twice", OCI_IMAGE, with_field("\"layers\":[]")),
        ("`mediaType` twice", OCI_IMAGE, with_field("\"mediaType\":\"text/plain\"")),
        ("an escaped `layers`", OCI_IMAGE, with_field("\"l\\u0061yers\":[]")),
        ("`fsLayers` of old", OCI_IMAGE, with_field("\"fsLayers\":[]")),
        ("an image served as an index", OCI_INDEX, image.clone().into_bytes()),
        ("an index served as an image", OCI_IMAGE, index(true)),
        ("one without its own type", OCI_IMAGE, index(false)),
        ("two documents", OCI_IMAGE, format!("{image}{image}").into_bytes()),
    ]), @r#"
    `Layers` beside `layers`: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it has a field `Layers`

    `layers` twice: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it has the field `layers` twice

    `mediaType` twice: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it has the field `mediaType` twice

    an escaped `layers`: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it has the field `layers` twice

    `fsLayers` of old: exit code: 1
    engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its manifest has `fsLayers`, too ("expected manifest but found index")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it was served as `application/vnd.oci.image.manifest.v1+json` and has a field `fsLayers`

    an image served as an index: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it was served as `application/vnd.oci.image.index.v1+json` and has a field `config`

    an index served as an image: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it was served as `application/vnd.oci.image.manifest.v1+json` and has a field `manifests`

    one without its own type: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it was served as `application/vnd.oci.image.manifest.v1+json` and has a field `manifests`

    two documents: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its manifest is not JSON to Go's reader ("invalid character")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: trailing characters at line 1 column 1025; it begins with `{"config":{"digest":"sha256:1cb16a77e3f7ff0ce63a04569c40ce563ae92e53b16af21df5c7…`
    "#);
}

#[test]
fn a_content_type_with_parameters_is_green() {
    let (stand_in, _) = with(Image::node_on_alpine().revision(COMMIT));
    let with_parameters = format!("{OCI_IMAGE}; charset=utf-8");
    stand_in.lie(Route::ManifestByTag, Lie::content_type(&with_parameters));
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

#[test]
fn a_manifest_that_is_served_as_something_else_is_undecided() {
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let by_tag = || Route::ManifestByTag;
    insta::assert_snapshot!(table([
        ("docker's type", by_tag(), Lie::content_type(docker)),
        ("an index's type", by_tag(), Lie::content_type(OCI_INDEX)),
        ("json", by_tag(), Lie::content_type("application/json")),
        ("plain text", by_tag(), Lie::content_type("text/plain; charset=utf-8")),
        ("a web page", by_tag(), Lie::content_type("text/html")),
        ("no type", by_tag(), Lie::Header("content-type".to_owned(), None)),
    ]), @r#"
    docker's type: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent says mediaType `application/vnd.oci.image.manifest.v1+json` and was served as `application/vnd.docker.distribution.manifest.v2+json`

    an index's type: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent can be read in two ways: it was served as `application/vnd.oci.image.index.v1+json` and has a field `config`

    json: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has media type `application/json`, which is not an image manifest; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    plain text: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has media type `text/plain; charset=utf-8`, which is not an image manifest; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    a web page: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: `[registry]` answered with a web page: 200 (`text/html`): `{"config":{"digest":"sha256:548e2972e7fe[..64]","mediaType":"application/vnd.oci.image.config.v1+json","size":1442},"layers":[{"digest":"sha256:88d50f9d79…`

    no type: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has no media type, so nothing says that it is an image manifest; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`
    "#);
}

#[test]
fn a_manifest_of_schema_1_is_undecided_and_says_what_to_do() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let schema_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let body = json!({ "schemaVersion": 1, "fsLayers": [], "history": [], "signatures": [] });
    let answer = Answer::new(200).header("content-type", schema_1).bytes(body.to_string());
    stand_in.lie(Route::ManifestByTag, Lie::Answer(answer));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @r#"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has media type `application/vnd.docker.distribution.manifest.v1+prettyjws`, which is not an image manifest; it begins with `{"fsLayers":[],"history":[],"schemaVersion":1,"signatures":[]}`
        reason     unexpected-answer
        next       This is Docker's manifest schema 1, which engines no longer pull: build and push the image again with a current `docker`.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    "#);
}

#[test]
fn an_image_for_another_platform_only_is_red() {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine().revision(COMMIT).platform("linux/arm64");
    stand_in.image(REPOSITORY, TAG, Index::new().image(image).attestation(0));
    let gate = gate_with_record(&stand_in).args("--platform linux/amd64");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json --platform linux/amd64
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      platform failed: no manifest for `linux/amd64`; the image offers `linux/arm64`
        expected   linux/amd64
        observed   linux/arm64
        reason     platform-missing
        next       Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.
      skipped    manifest-intact, revision-expected, layers-present, engines: there is no image of a wanted platform to look at

      digest     sha256:46bc8e74d00c[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn an_attestation_in_an_index_is_no_platform() {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine().revision(COMMIT);
    stand_in.image(REPOSITORY, TAG, Index::of_two_platforms(&image));
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:bb78b84b42f9[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      platform   linux/arm64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

      passed     revision-expected
    ----- stderr
    ----- image-ref
    [registry]/keepkey/support-email@sha256:bb78b84b42f9[..64][no newline]
    ");
    // The index itself, and its four entries.
    assert_eq!(stand_in.asked(&Route::ManifestByDigest).len(), 5);
}

#[test]
fn a_body_that_is_no_manifest_is_undecided() {
    let utf_16: Vec<u8> = honest().encode_utf16().flat_map(u16::to_le_bytes).collect();
    insta::assert_snapshot!(stored([
        ("empty", OCI_IMAGE, Vec::new()),
        ("null", OCI_IMAGE, b"null".to_vec()),
        ("a list", OCI_IMAGE, b"[]".to_vec()),
        ("an empty object", OCI_IMAGE, b"{}".to_vec()),
        ("a byte order mark", OCI_IMAGE, format!("\u{feff}{}", honest()).into_bytes()),
        ("NaN", OCI_IMAGE, honest().replace("\"schemaVersion\":2", "\"schemaVersion\":NaN").into_bytes()),
        ("UTF-16", OCI_IMAGE, utf_16),
        ("not UTF-8", OCI_IMAGE, b"{\"schemaVersion\":2,\"\xff\":1}".to_vec()),
        ("schema version 1", OCI_IMAGE, honest().replace("\"schemaVersion\":2", "\"schemaVersion\":1").into_bytes()),
    ]), @r#"
    empty: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: EOF while parsing a value at line 1 column 0; it is empty

    null: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid type: null, expected a JSON object at line 1 column 4; it begins with `null`

    a list: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid type: sequence, expected a JSON object at line 1 column 0; it begins with `[]`

    an empty object: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: missing field `schemaVersion` at line 1 column 2; it begins with `{}`

    a byte order mark: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its manifest is not JSON to Go's reader ("invalid character")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: expected value at line 1 column 1; it begins with `{"config":{"digest":"sha256:1cb16a77e3f7ff0ce63a04569c40ce563ae92e53b16af21df5c7…`

    NaN: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its manifest is not JSON to Go's reader ("invalid character")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: expected value at line 1 column 1023; it begins with `{"config":{"digest":"sha256:1cb16a77e3f7ff0ce63a04569c40ce563ae92e53b16af21df5c7…`

    UTF-16: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its manifest is not JSON to Go's reader ("invalid character")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: key must be a string at line 1 column 2; it begins with `{"config":{"digest":"sha256:1cb16a77e3f7ff0ce63a04569c40ce563ae92e53b16af21df5c7…`

    not UTF-8: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid unicode code point at line 1 column 21; it begins with `{"schemaVersion":2,"�":1}`

    schema version 1: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has schema version 1, not 2; it begins with `{"config":{"digest":"sha256:1cb16a77e3f7ff0ce63a04569c40ce563ae92e53b16af21df5c7…`
    "#);
}

#[test]
fn a_manifest_of_a_hundred_thousand_brackets_is_undecided() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let deep = format!("{{\"schemaVersion\":2,\"x\":{}", "[".repeat(100_000));
    let answer = Answer::new(200).header("content-type", OCI_IMAGE).bytes(Bytes::from(deep));
    stand_in.lie(Route::ManifestByTag, Lie::Answer(answer));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @r#"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: EOF while parsing a list at line 1 column 100023; it begins with `{"schemaVersion":2,"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…`
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    "#);
}
