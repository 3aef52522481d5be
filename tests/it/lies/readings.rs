//! Documents that a container engine reads otherwise than this program would: what is verified must be what
//! is pulled.

use serde_json::{Value, json};

use super::{COMMIT, REPOSITORY, TAG, gate_with_record, row, with};
use crate::stand_in::{Content, Image, Index, StandIn};

const OTHER: &str = "2222222222222222222222222222222222222222";

fn honest() -> Image {
    Image::node_on_alpine().revision(COMMIT)
}

/// A run at an honest image whose manifest, changed as text, was pushed as it stands.
fn reworded(name: &str, from: &str, to: &str) -> String {
    let (stand_in, _) = with(honest());
    let text = String::from_utf8(honest().manifest().to_vec()).unwrap();
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed, "{name}: {text}");
    let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
    stand_in.image(REPOSITORY, TAG, Content::Raw(media_type, changed.into()));
    row(name, gate_with_record(&stand_in))
}

fn run(name: &str, content: impl Into<Content>) -> String {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, TAG, content);
    row(name, gate_with_record(&stand_in))
}

#[test]
fn a_field_in_another_case_is_no_verdict_wherever_it_stands() {
    let other = format!("sha256:{}", "3".repeat(64));
    let text = [
        reworded("a config", r#""config":{"#, &format!(r#""config":{{"Digest":"{other}","#)),
        reworded("a layer", r#""layers":[{"#, &format!(r#""layers":[{{"DIGEST":"{other}","#)),
        reworded("a layer's size", r#""layers":[{"#, r#""layers":[{"Size":1,"#),
        run("labels", honest().run_field("labels", label(OTHER))),
        run("the config in a config", honest().config_field("Config", json!({}))),
        run("a platform", Index::new().entry(honest(), platform("Architecture"))),
        run("an entry", Index::new().image(honest()).entry(honest(), json!({ "Digest": other }))),
    ];
    insta::assert_snapshot!(text.concat(), @r#"
    a config: exit code: 3
    repository-exists, tag-exists, manifest-intact, revision-expected, platform, layers-present errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Digest` may be taken for `digest` at line 1 column 19; it begins with `{"config":{"Digest":"sha256:3333333333333333333333333333333333333333333333333333…`

    a layer: exit code: 3
    repository-exists, tag-exists, manifest-intact, revision-expected, platform, layers-present errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `DIGEST` may be taken for `digest` at line 1 column 181; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    a layer's size: exit code: 3
    repository-exists, tag-exists, manifest-intact, revision-expected, platform, layers-present errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Size` may be taken for `size` at line 1 column 179; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    labels: exit code: 3
    manifest-intact, revision-expected, platform errored: the config `sha256:ee99376b2f3e` is not an image config that this program can read: it can be read in two ways: `labels` may be taken for `Labels` at line 1 column 401

    the config in a config: exit code: 3
    manifest-intact, revision-expected, platform errored: the config `sha256:f895c8a9a527` is not an image config that this program can read: it can be read in two ways: the field `config` stands there twice at line 1 column 44

    a platform: exit code: 3
    repository-exists, tag-exists, manifest-intact, revision-expected, platform, layers-present errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Architecture` may be taken for `architecture` at line 1 column 181; it begins with `{"manifests":[{"digest":"sha256:03783fe6aa95b440ce76bc3e0ee3449f1607142b72749416…`

    an entry: exit code: 3
    repository-exists, tag-exists, manifest-intact, revision-expected, platform, layers-present errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Digest` may be taken for `digest` at line 1 column 226; it begins with `{"manifests":[{"digest":"sha256:03783fe6aa95b440ce76bc3e0ee3449f1607142b72749416…`
    "#);
}

fn label(commit: &str) -> Value {
    json!({ "org.opencontainers.image.revision": commit })
}

fn platform(field: &str) -> Value {
    json!({ "platform": { "os": "linux", "architecture": "amd64", field: "arm64" } })
}

#[test]
fn an_image_that_its_index_lists_as_something_else_is_red() {
    let listed = |field: &str, value: Value| {
        let mut fields = json!({ "platform": { "os": "linux", "architecture": "amd64" } });
        fields[field] = value;
        Index::new().entry(honest(), fields)
    };
    let index_type = "application/vnd.oci.image.index.v1+json";
    let text = [
        run("another size", listed("size", json!(5))),
        run("an artifact", listed("mediaType", json!("application/vnd.cncf.helm"))),
        run("an index", listed("mediaType", json!(index_type))),
    ];
    insta::assert_snapshot!(text.concat(), @"
    another size: exit code: 1
    manifest-intact failed: the image is no container image that can be started: an image that its index lists as 5 bytes while it is 1024

    an artifact: exit code: 1
    manifest-intact failed: the image is no container image that can be started: an image that its index lists as `application/vnd.cncf.helm` while it is `application/vnd.oci.image.manifest.v1+json`

    an index: exit code: 1
    manifest-intact failed: the image is no container image that can be started: an image that its index lists as `application/vnd.oci.image.index.v1+json` while it is `application/vnd.oci.image.manife…`
    ");
}

#[test]
fn an_artifact_that_is_listed_beside_an_image_is_no_platform() {
    let stand_in = StandIn::honest();
    let artifact = Image::empty().artifact("application/vnd.cncf.helm.config.v1+json");
    let fields = json!({ "mediaType": "application/vnd.cncf.helm" });
    stand_in.image(REPOSITORY, TAG, Index::new().image(honest()).entry(artifact, fields));
    let run = gate_with_record(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}

/// An engine looks at the platform, and starts what is listed under one that it has.
#[test]
fn an_entry_of_a_platform_that_runs_is_no_attestation_whatever_it_is_called() {
    let stand_in = StandIn::honest();
    let other = Image::node_on_alpine().revision(OTHER);
    let fields = json!({
        "platform": { "os": "linux", "architecture": "amd64" },
        "annotations": { "vnd.docker.reference.type": "attestation-manifest" },
    });
    stand_in.image(REPOSITORY, TAG, Index::new().entry(other, fields).image(honest()));
    insta::assert_snapshot!(row("an image", gate_with_record(&stand_in)), @"
    an image: exit code: 1
    revision-expected failed: `linux/amd64` says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111`
    ");
}

#[test]
fn a_config_in_which_an_engine_reads_a_null_as_nothing_is_green() {
    let image =
        honest().run_field("Entrypoint", json!(null)).run_field("ExposedPorts", json!(null));
    let (stand_in, _) = with(image.run_field("Volumes", json!(null)));
    let run = gate_with_record(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}

/// As an index for lazy loading is made: behind the image, under its platform. Engines take the first.
#[test]
fn an_artifact_behind_the_image_of_its_platform_is_not_pulled_and_does_not_count() {
    let artifact = || Image::empty().artifact("application/vnd.amazon.soci.index.v2+json");
    let listed = || json!({ "platform": { "os": "linux", "architecture": "amd64" } });
    let behind = Index::new().image(honest()).entry(artifact(), listed());
    let before = Index::new().entry(artifact(), listed()).image(honest());
    let code = |index: Index| {
        let stand_in = StandIn::honest();
        stand_in.image(REPOSITORY, TAG, index);
        gate_with_record(&stand_in).run().code
    };
    assert_eq!((code(behind), code(before)), (Some(0), Some(1)));
}

#[test]
fn an_entry_with_an_empty_platform_names_none() {
    let stand_in = StandIn::honest();
    let blank = json!({ "platform": { "os": "", "architecture": "" } });
    stand_in.image(REPOSITORY, TAG, Index::new().entry(honest(), blank));
    let run = gate_with_record(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}
