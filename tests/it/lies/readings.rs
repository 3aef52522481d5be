//! Documents that a container engine reads otherwise than this program would: what is verified must be what
//! is pulled.

use serde_json::{Value, json};

use super::{REPOSITORY, TAG, code, gate_with_record, honest, row, told_of, with};
use crate::stand_in::{Content, Image, Index, Route, StandIn};

const OTHER: &str = "2222222222222222222222222222222222222222";

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
    told_of(name, content, "")
}

#[test]
fn a_field_in_another_case_is_undecided_wherever_it_stands() {
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
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Digest` may be taken for `digest` at line 1 column 19; it begins with `{"config":{"Digest":"sha256:3333333333333333333333333333333333333333333333333333…`

    a layer: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `DIGEST` may be taken for `digest` at line 1 column 181; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    a layer's size: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Size` may be taken for `size` at line 1 column 179; it begins with `{"config":{"digest":"sha256:548e2972e7fe1714c317b261aa34e757f8d6dded3dba66a24447…`

    labels: exit code: 3
    [checks of the config but layers-present], revision-expected errored: the config `sha256:ee99376b2f3e` is not an image config that this program can read: it can be read in two ways: `labels` may be taken for `Labels` at line 1 column 401

    the config in a config: exit code: 3
    [checks of the config but layers-present], revision-expected errored: the config `sha256:f895c8a9a527` is not an image config that this program can read: it can be read in two ways: duplicate field `config` at line 1 column 44

    a platform: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Architecture` may be taken for `architecture` at line 1 column 181; it begins with `{"manifests":[{"digest":"sha256:03783fe6aa95b440ce76bc3e0ee3449f1607142b72749416…`

    an entry: exit code: 3
    [checks of the manifest], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: it can be read in two ways: `Digest` may be taken for `digest` at line 1 column 226; it begins with `{"manifests":[{"digest":"sha256:03783fe6aa95b440ce76bc3e0ee3449f1607142b72749416…`
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
    insta::assert_snapshot!(text.concat(), @r#"
    another size: exit code: 1
    engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its index entry has a size of 5 bytes, and the manifest 1024 ("commit failed: unexpected commit size")

    an artifact: exit code: 1
    engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: its index entry has the type `application/vnd.cncf.helm` ("could not fetch content descriptor")

    an index: exit code: 1
    manifest-intact failed: the image is not a runnable container image: an image that its index lists as `application/vnd.oci.image.index.v1+json` while it is `application/vnd.oci.image.manife…`
    "#);
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

/// No engine pulls it: a platform that is said, and half of it missing, is the platform of no machine.
#[test]
fn an_entry_with_half_a_platform_does_not_count() {
    let of = |platform: Value| Index::new().entry(honest(), json!({ "platform": platform }));
    let alone = [
        run("nothing in it", of(json!({ "os": "", "architecture": "" }))),
        run("no architecture", of(json!({ "os": "linux" }))),
    ];
    insta::assert_snapshot!(alone.concat(), @"
    nothing in it: exit code: 1
    manifest-intact failed: `latest-dev` is not a runnable container image: an index without a runnable platform

    no architecture: exit code: 1
    manifest-intact failed: `latest-dev` is not a runnable container image: an index without a runnable platform
    ");
    let beside = of(json!({ "os": "linux" })).image(honest());
    assert_eq!(code(beside), Some(0));
}

#[test]
fn a_field_that_go_types_has_its_type_or_engines_refuse_it() {
    let typed = honest().manifest_field("annotations", json!({ "a": "b", "c": null }));
    assert_eq!(code(typed.last_layer_field("urls", json!(null))), Some(0));
    let text = [
        run("annotations", honest().manifest_field("annotations", json!({ "a": 1 }))),
        run("urls", honest().last_layer_field("urls", json!("https://elsewhere.example"))),
        run("an os.version", Index::new().entry(honest(), version(&json!(10)))),
    ];
    insta::assert_snapshot!(text.concat(), @r#"
    annotations: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `annotations[…]` is a number where it must be a string ("cannot unmarshal … into Go struct field")

    urls: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `layers[4].urls` is a string where it must be a list ("cannot unmarshal … into Go struct field")

    an os.version: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `manifests[0].platform.os.version` is a number where it must be a string ("cannot unmarshal … into Go struct field")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent is not a valid manifest: invalid type: integer `10`, expected a string at line 1 column 218; it begins with `{"manifests":[{"digest":"sha256:03783fe6aa95b440ce76bc3e0ee3449f1607142b72749416…`
    "#);
}

fn version(version: &Value) -> Value {
    json!({ "platform": { "os": "linux", "architecture": "amd64", "os.version": version } })
}

#[test]
fn a_manifest_of_dockers_without_its_media_type_is_red_and_says_what_to_do() {
    assert_eq!(code(honest().without_media_type()), Some(0));
    let (stand_in, _) = with(honest().docker().without_media_type());
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @r#"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      engines failed: docker 28 with its graph driver refuses it: its manifest has no `mediaType` ("mediaType in manifest should be")
        reason     engine-refuses
        next       Correct the field in what writes the manifest or the index; `docker buildx build` and `docker buildx imagetools create` write it in the right type.
                   If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.
      [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too
        reason     unexpected-answer
        next       Its bytes are the ones that were pushed: build and push the image again with a current `docker buildx`, or correct what writes the manifest's `mediaType`.

      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    "#);
    let other = json!("Application/vnd.docker.distribution.manifest.v2+json");
    let spelt = honest().docker().manifest_field("mediaType", other);
    insta::assert_snapshot!(run("another spelling", spelt), @r#"
    another spelling: exit code: 1
    engines failed: docker 28 with its graph driver refuses it: its manifest spells its `mediaType` in another way ("mediaType in manifest should be")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent says mediaType `Application/vnd.docker.distribution.manifest.v2+json`, which is not `application/vnd.docker.distribution.manifest.v2+json` to the letter: docker refuses it, and other engines may, too
    "#);
}

#[test]
fn a_layer_that_engines_refuse_makes_it_no_image() {
    let second = |kind: &str| honest().last_layer_field("mediaType", json!(kind));
    let text = [
        run("an attestation", second("application/vnd.in-toto+json")),
        run("encrypted", second("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")),
    ];
    insta::assert_snapshot!(text.concat(), @"
    an attestation: exit code: 1
    manifest-intact failed: `latest-dev` is not a runnable container image: an artifact of type `application/vnd.in-toto+json`

    encrypted: exit code: 1
    manifest-intact failed: `latest-dev` is not a runnable container image: an artifact of type `application/vnd.oci.image.layer.v1.tar+gzip+encrypted`
    ");
}

#[test]
fn a_platform_in_upper_case_is_the_one_in_lower_case() {
    let loud = json!({ "platform": { "os": "Linux", "architecture": "AMD64" } });
    assert_eq!(code(honest().config_field("os", json!("Linux"))), Some(0));
    assert_eq!(code(Index::new().entry(honest(), loud)), Some(0));
}

#[test]
fn a_config_without_a_platform_is_undecided_unless_its_index_says_one() {
    let blank = || honest().config_field("os", json!("")).config_field("architecture", json!(null));
    let (stand_in, _) = with(blank());
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the config but layers-present], revision-expected errored: the config `sha256:524d38aa5a52` names no platform (`os`, `architecture`): engines pull it all the same, and nothing says for which machine it is
        reason     unexpected-answer
        next       Let the builder write the platform into the config, as `docker buildx build --platform linux/amd64` does, or list the image under its platform in an index.

      digest     sha256:670a885f0a7c[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
    let listed = |platform: Value| Index::new().entry(blank(), json!({ "platform": platform }));
    assert_eq!(code(listed(json!({ "os": "linux", "architecture": "amd64" }))), Some(0));
    // Where neither says one, engines take the image beside it.
    assert_eq!(code(listed(json!(null)).image(honest())), Some(0));
    let unknown = honest().config_field("os", json!("unknown"));
    insta::assert_snapshot!(run("unknown", unknown), @"
    unknown: exit code: 1
    manifest-intact failed: the image is not a runnable container image: an image for no platform (`unknown/amd64`)
    ");
}

#[test]
fn a_config_that_go_would_not_type_is_undecided() {
    let text = [
        run("a time", honest().config_field("created", json!(""))),
        run("a user", honest().run_field("User", json!(1000))),
        run("a volume", honest().run_field("Volumes", json!(["/data"]))),
        run("a diff_id", honest().config_field("rootfs", json!({ "diff_ids": ["sha256:1"] }))),
    ];
    insta::assert_snapshot!(text.concat(), @r#"
    a time: exit code: 1
    engines failed: docker 28 with its graph driver, containerd 1.7 and containerd 2.x refuse it: `created` is a string where it must be an RFC 3339 time ("cannot unmarshal … into Go struct field")
    manifest-intact, revision-expected, platform errored: the config `sha256:d7aa9d1572cf` is not an image config that this program can read: `` is not an RFC 3339 time at line 1 column 406

    a user: exit code: 1
    engines failed: docker 28 with its graph driver, containerd 1.7 and containerd 2.x refuse it: `config.User` is a number where it must be a string ("cannot unmarshal … into Go struct field")
    manifest-intact, revision-expected, platform errored: the config `sha256:c4e54e6c4497` is not an image config that this program can read: invalid type: integer `1000`, expected a string at line 1 column 370

    a volume: exit code: 1
    engines failed: docker 28 with its graph driver, containerd 1.7 and containerd 2.x refuse it: `config.Volumes` is a list where it must be an object ("cannot unmarshal … into Go struct field")
    manifest-intact, revision-expected, platform errored: the config `sha256:2f6390913d8d` is not an image config that this program can read: invalid type: sequence, expected a map at line 1 column 383

    a diff_id: exit code: 1
    engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: `rootfs.diff_ids.0` of its config is no digest ("wrong diff id calculated on extraction")
    manifest-intact, revision-expected, platform errored: the config `sha256:54bd7d344738` is not an image config that this program can read: diff_id `sha256:1` is not a SHA-256 digest at line 1 column 1065
    "#);
}

#[test]
fn an_uncompressed_layer_is_the_one_that_the_config_lists() {
    let plain = |kind: &str| honest().last_layer_field("mediaType", json!(kind));
    let kind = "application/vnd.oci.image.layer.v1.tar";
    insta::assert_snapshot!(run("another", plain(kind)), @r#"
    another: exit code: 1
    engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 5 of 5 is listed as uncompressed and is not the one that its config lists ("unexpected EOF, or wrong diff id")
    "#);
    assert_eq!(code(plain("application/vnd.oci.image.layer.v1.tar+zstd")), Some(0));
}

#[test]
fn a_history_of_more_layers_than_there_are_is_refused_by_docker() {
    let more = (0..6).map(|step| json!({ "created_by": format!("RUN {step}") }));
    insta::assert_snapshot!(run("more", honest().config_field("history", more.collect())), @r#"
    more: exit code: 1
    engines failed: docker 28 with its graph driver refuses it: its history has 6 layers where there are 5 ("too many non-empty layers in History section")
    "#);
}

/// An engine goes into it for that platform, and looks there for that platform again.
#[test]
fn an_index_inside_an_index_that_lacks_its_platform_is_red() {
    let arm = || honest().platform("linux/arm64");
    let under = |inside: Index| {
        let listed = json!({ "platform": { "os": "linux", "architecture": "amd64" } });
        Index::new().entry(inside, listed)
    };
    let silent = || Index::new().entry(arm(), json!({}));
    let text = [
        run("another machine", under(Index::new().image(arm()))),
        run("another machine, by its config", under(silent())),
        run("before the image", under(Index::new().image(arm())).image(honest())),
    ];
    insta::assert_snapshot!(text.concat(), @"
    another machine: exit code: 1
    platform failed: `linux/amd64` is listed in the index, and the index behind it holds `linux/arm64` only

    another machine, by its config: exit code: 1
    platform failed: `linux/amd64` is listed in the index, and the index behind it holds `linux/arm64` only

    before the image: exit code: 1
    platform failed: `linux/amd64` is listed in the index, and the index behind it holds `linux/arm64` only
    ");
    let (stand_in, _) = with(honest());
    stand_in.image(REPOSITORY, TAG, under(Index::new().image(arm())));
    let asked = gate_with_record(&stand_in).args("--platform linux/amd64");
    let said = row("asked for", asked);
    // It is our own finding: nobody denied anything that the API could explain.
    assert!(stand_in.asked(&Route::ApiRegistries).is_empty());
    insta::assert_snapshot!(said, @"
    asked for: exit code: 1
    platform failed: `linux/amd64` is listed in the index, and the index behind it holds `linux/arm64` only
    ");
}

#[test]
fn an_honest_index_inside_an_index_is_green() {
    let both = || Index::of_two_platforms(&honest());
    let listed = |platform: Value| Index::new().entry(both(), json!({ "platform": platform }));
    let amd = || json!({ "os": "linux", "architecture": "amd64" });
    assert_eq!(code(listed(amd())), Some(0), "listed");
    assert_eq!(code(listed(json!(null))), Some(0), "under no platform");
    let silent = Index::new().entry(honest(), json!({}));
    assert_eq!(code(Index::new().entry(silent, json!({ "platform": amd() }))), Some(0), "silent");
    // Behind the image of its platform, engines never go into it.
    let other = Index::new().image(honest().platform("linux/arm64"));
    let behind = Index::new().image(honest()).entry(other, json!({ "platform": amd() }));
    assert_eq!(code(behind), Some(0), "behind");
}
