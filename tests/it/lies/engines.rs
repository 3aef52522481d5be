//! Documents that engines refuse, or take, for reasons of their own: each case was seen at docker, skopeo, podman and
//! containerd. What all of them refuse is no yes, and what all of them pull is no no.

use serde_json::{Value, json};

use super::{COMMIT, at, code, honest, told_of};
use crate::stand_in::{Content, Image, Index};

/// The exit code where containerd alone is to pull it.
fn code_of_containerd(content: impl Into<Content>) -> Option<i32> {
    at(content, |gate| gate.args("--engine containerd").run().code)
}

fn listed_as(platform: &Value) -> Value {
    json!({ "platform": platform })
}

#[test]
fn an_entry_for_an_empty_platform_is_never_pulled() {
    let blank = || listed_as(&json!({ "os": "", "architecture": "" }));
    let half = || listed_as(&json!({ "os": "linux" }));
    assert_eq!(code(Index::new().entry(honest(), blank())), Some(1));
    assert_eq!(code(Index::new().entry(honest(), half())), Some(1));
    // Beside the image that is pulled, it changes nothing.
    let other = Image::node_on_alpine().revision("of another commit");
    assert_eq!(code(Index::new().entry(other.clone(), blank()).image(honest())), Some(0));
    assert_eq!(code(Index::new().entry(other, half()).image(honest())), Some(0));
}

#[test]
fn a_layer_of_another_platform_is_left_out_by_who_walks_from_descriptor_to_descriptor() {
    let by = |engine: &str, content: Content| {
        at(content, |gate| gate.args(&format!("--engine {engine}")).run().code)
    };
    let of = |architecture: &str| {
        let platform = json!({ "os": "linux", "architecture": architecture });
        Content::from(honest().last_layer_field("platform", platform))
    };
    for (engine, expected) in [("docker", 1), ("containerd", 1), ("podman", 0)] {
        assert_eq!(by(engine, of("arm64")), Some(expected), "{engine}");
        assert_eq!(by(engine, of("amd64")), Some(0), "{engine}");
    }
}

#[test]
fn the_first_entry_of_a_platform_has_to_be_of_it() {
    let amd64 = || listed_as(&json!({ "os": "linux", "architecture": "amd64" }));
    let of = |first: Image, second: Image| {
        let index = Index::new().entry(first, amd64()).entry(second, amd64());
        at(index, |gate| gate.args("--platform linux/amd64").run().code)
    };
    let arm64 = || honest().platform("linux/arm64");
    assert_eq!(of(arm64(), honest()), Some(1));
    assert_eq!(of(honest(), arm64()), Some(0));
}

#[test]
fn an_entry_without_a_platform_is_compared_by_its_config() {
    let with = |name: &str, value: Value| {
        Index::new().entry(honest().config_field(name, value), json!({ "platform": null }))
    };
    let features = || with("os.features", json!(["a"]));
    assert_eq!(code_of_containerd(features()), Some(1));
    assert_eq!(code_of_containerd(with("os.features", json!([]))), Some(0));
    let by_docker = at(features(), |gate| gate.args("--engine docker").run().code);
    assert_eq!(by_docker, Some(0));
}

#[test]
fn an_index_in_an_index_is_for_the_platform_that_it_is_listed_under() {
    let amd64 = || listed_as(&json!({ "os": "linux", "architecture": "amd64" }));
    let arm64 = || Index::new().image(honest().platform("linux/arm64"));
    let outer = |inner: Index| Index::new().entry(inner, amd64());
    assert_eq!(code(outer(Index::new().image(honest()))), Some(0));
    assert_eq!(code(Index::new().entry(arm64(), json!({ "platform": null }))), Some(0));
    let text = [
        told_of("listed for another platform", outer(arm64()), ""),
        told_of("and asked for that one", outer(arm64()), "--platform linux/amd64"),
        told_of("and asked for the other", outer(arm64()), "--platform linux/arm64"),
    ];
    insta::assert_snapshot!(text.concat(), @"
    listed for another platform: exit code: 1
    platform failed: `linux/amd64` is listed in the index, and the index behind it holds `linux/arm64` only

    and asked for that one: exit code: 1
    platform failed: `linux/amd64` is listed in the index, and the index behind it holds `linux/arm64` only

    and asked for the other: exit code: 1
    platform failed: no manifest for `linux/arm64`; the image offers `linux/amd64`
    ");
}

#[test]
fn a_number_where_a_text_belongs_is_no_yes_whether_anybody_reads_it_or_not() {
    let entry = |field: &str, value: Value| Index::new().entry(honest(), json!({ field: value }));
    let platform = |field: &str, value: Value| {
        entry("platform", json!({ "os": "linux", "architecture": "amd64", field: value }))
    };
    let platforms = [
        ("os.version", code(platform("os.version", json!(5)))),
        ("os.features", code(platform("os.features", json!("x")))),
        (
            "a diff_id",
            code(honest().config_field("rootfs", json!({ "diff_ids": [5, 5, 5, 5, 5] }))),
        ),
    ];
    for (name, code) in platforms {
        assert!(matches!(code, Some(1 | 3)), "{name}");
    }
    assert_eq!(
        code(honest().manifest_field("Annotations", json!({ "a": 1 }))),
        Some(1),
        "in another case"
    );
    for (name, code) in [
        ("annotations", code(honest().manifest_field("annotations", json!({ "a": 1 })))),
        ("annotations as a list", code(honest().manifest_field("annotations", json!([])))),
        ("urls", code(honest().last_layer_field("urls", json!([1])))),
        ("an entry's annotations", code(entry("annotations", json!({ "a": 1 })))),
        ("ArgsEscaped", code(honest().config_field("config", json!({ "ArgsEscaped": "yes" })))),
        ("a time", code(honest().config_field("created", json!("yesterday")))),
    ] {
        assert_eq!(code, Some(1), "{name}");
    }
    // Go takes a null for nothing.
    assert_eq!(code(honest().manifest_field("annotations", json!({ "a": null }))), Some(0));
    assert_eq!(code(entry("annotations", json!({ "a": null }))), Some(0));
}

#[test]
fn what_every_engine_pulls_though_it_is_odd_is_not_red() {
    let labels = json!({ "org.opencontainers.image.revision": COMMIT });
    let shell = json!({ "Shell": "sh", "ArgsEscaped": true, "Labels": labels });
    assert_eq!(code(honest().config_field("config", shell)), Some(0));
    assert_eq!(code(honest().config_field("architecture", json!("AMD64"))), Some(0));
    assert_eq!(code(honest().config_field("os", json!("Linux"))), Some(0));
}

#[test]
fn a_manifest_of_dockers_says_what_it_is_to_the_letter() {
    let docker = || honest().docker();
    let typed = |image: Image, media_type: Value| image.manifest_field("mediaType", media_type);
    let capital = "application/vnd.docker.distribution.manifest.V2+json";
    let parameter = "application/vnd.oci.image.manifest.v1+json; charset=utf-8";
    let text = [
        told_of("without it", docker().without_media_type(), ""),
        told_of("empty", typed(docker(), json!("")), ""),
        told_of("with a capital", typed(docker(), json!(capital)), ""),
        told_of("with a parameter", typed(honest(), json!(parameter)), ""),
    ];
    insta::assert_snapshot!(text.concat(), @r#"
    without it: exit code: 1
    engines failed: docker 28 with its graph driver refuses it: its manifest has no `mediaType` ("mediaType in manifest should be")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too

    empty: exit code: 1
    engines failed: docker 28 with its graph driver refuses it: its manifest has no `mediaType` ("mediaType in manifest should be")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent has no `mediaType`: docker refuses Docker's formats without it, and other engines may, too

    with a capital: exit code: 1
    engines failed: docker 28 with its graph driver refuses it: its manifest spells its `mediaType` in another way ("mediaType in manifest should be")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent says mediaType `application/vnd.docker.distribution.manifest.V2+json`, which is not `application/vnd.docker.distribution.manifest.v2+json` to the letter: docker refuses it, and other engines may, too

    with a parameter: exit code: 1
    engines failed: docker 28 with its graph driver refuses it: its manifest spells its `mediaType` in another way ("mediaType in manifest list should be")
    [checks of the manifest but engines], revision-expected errored: the manifest of `latest-dev`: what `[registry]` sent says mediaType `application/vnd.oci.image.manifest.v1+json; charset=utf-8`, which is not `application/vnd.oci.image.manifest.v1+json` to the letter: docker refuses it, and other engines may, too
    "#);
    // OCI's may leave it out.
    assert_eq!(code(honest().without_media_type()), Some(0));
    assert_eq!(code(typed(honest(), json!(""))), Some(0));
}

#[test]
fn an_old_config_type_in_a_manifest_of_dockers_is_an_images() {
    for media_type in ["application/octet-stream", "application/json", "text/html", ""] {
        let docker = || honest().docker().artifact(media_type);
        assert_eq!(code_of_containerd(docker()), Some(0), "{media_type}");
        assert_eq!(code(docker()), Some(1), "{media_type}");
        assert_eq!(code(honest().artifact(media_type)), Some(1), "{media_type}");
    }
}

#[test]
fn a_layer_that_is_something_else_is_enough_for_a_no() {
    let typed = |media_type: &str| honest().last_layer_field("mediaType", json!(media_type));
    assert_eq!(code(typed("application/octet-stream")), Some(1));
    insta::assert_snapshot!(told_of("a statement", typed("application/vnd.in-toto+json"), ""), @"
    a statement: exit code: 1
    manifest-intact failed: `latest-dev` is not a runnable container image: an artifact of type `application/vnd.in-toto+json`
    ");
}

#[test]
fn a_config_that_does_not_say_its_platform_has_that_of_the_index() {
    let silent =
        || honest().config_field("os", json!("")).config_field("architecture", json!(null));
    let amd64 = listed_as(&json!({ "os": "linux", "architecture": "amd64" }));
    assert_eq!(code(Index::new().entry(silent(), amd64)), Some(0));
    insta::assert_snapshot!(told_of("alone", silent(), ""), @"
    alone: exit code: 3
    [checks of the config but layers-present], revision-expected errored: the config `sha256:524d38aa5a52` names no platform (`os`, `architecture`): engines pull it all the same, and nothing says for which machine it is
    ");
}

#[test]
fn a_layer_that_is_not_packed_has_one_digest() {
    let layer = "application/vnd.oci.image.layer.v1.tar";
    let unpacked = || {
        let mut image = Image::empty().layer(&b"a tar"[..], "COPY");
        image = image.last_layer_field("mediaType", json!(layer));
        image.revision(COMMIT)
    };
    insta::assert_snapshot!(told_of("two digests", unpacked(), ""), @r#"
    two digests: exit code: 1
    engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 is listed as uncompressed and is not the one that its config lists ("unexpected EOF, or wrong diff id")
    "#);
    // That of `a tar`.
    let digest = "sha256:b3c5732cece487803a8a8b3bd8b2be0b4c24ab00c0b471a913d15cc8813089e1";
    let honest = unpacked().config_field("rootfs", json!({ "diff_ids": [digest] }));
    assert_eq!(code(honest), Some(0));
}
