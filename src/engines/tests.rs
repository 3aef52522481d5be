use std::collections::BTreeSet;

use super::*;
use crate::oci::{ConfigDocument, ImageConfig, ImageManifest, Manifest, MediaType, Platform};

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

fn manifest(kind: &str, config: &str, layers: &[String]) -> String {
    let layers = layers.join(",");
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{kind}","config":{{"mediaType":"{config}","digest":"sha256:{:064}","size":2}},"layers":[{layers}]}}"#,
        0
    )
}

fn layer(kind: &str, more: &str) -> String {
    let kind = if kind.is_empty() { String::new() } else { format!(r#""mediaType":"{kind}","#) };
    format!(r#"{{{kind}"digest":"sha256:{:064}","size":3{more}}}"#, 1)
}

fn image(body: &str, kind: &str) -> ImageManifest {
    let read = Manifest::parse(body.as_bytes(), kind).unwrap().unwrap();
    let Manifest::Image(image) = read else { panic!("an index") };
    image
}

/// Each row that is met: the versions that refuse, what it is, and where.
fn told(refusals: &[Refusal]) -> String {
    let initial = |version: &Version| match version {
        Version::DockerGraph => "graph",
        Version::DockerStore => "store",
        Version::Containerd17 => "1.7",
        Version::Containerd2 => "2",
        Version::Podman5 => "podman",
    };
    let line = |refusal: &Refusal| {
        let by: Vec<_> = refusal.rule.refused_by.iter().map(initial).collect();
        format!("{}: {} [{}]", refusal.rule.id, refusal.what, by.join(" "))
    };
    refusals.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_row_has_a_name_of_its_own_and_says_what_to_do() {
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    for Rule { id, looks_at, refused_by, words, mend } in RULES {
        assert!(!refused_by.is_empty() && !words.is_empty(), "{id}");
        assert!(!looks_at.ends_with('.') && mend.ends_with('.'), "{id}");
        assert!(id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{id}");
    }
}

#[test]
fn an_engine_is_named_in_any_case() {
    assert_eq!("Podman".parse(), Ok(Engine::Podman));
    assert_eq!("cri-o".parse::<Engine>(), Err(EngineError));
    for engine in Engine::ALL {
        assert_eq!(engine.as_str().parse(), Ok(engine));
        assert!(Version::ALL.iter().any(|version| version.engine() == engine));
    }
}

#[test]
fn an_ordinary_image_meets_no_row() {
    for (kind, layers) in [(OCI, GZIP), (DOCKER, DOCKER_GZIP)] {
        let body = manifest(kind, CONFIG, &[layer(layers, "")]);
        let media_type = MediaType::parse(kind).unwrap();
        assert_eq!(told(&of_manifest(body.as_bytes(), media_type)), "");
        assert_eq!(told(&of_image(&image(&body, kind), None, None)), "");
    }
}

#[test]
fn layers_and_configs_meet_the_rows_of_the_table() {
    let met = |kind: &str, config: &str, layers: &[String]| {
        told(&of_image(&image(&manifest(kind, config, layers), kind), None, None))
    };
    let zstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let urls = r#","urls":["https://a.example/layer"]"#;
    let sha512 =
        layer(GZIP, "").replace(&format!("sha256:{:064}", 1), &format!("sha512:{:0128}", 1));
    let told = [
        met(OCI, CONFIG, &[layer(GZIP, ""), layer("", "")]),
        met(DOCKER, CONFIG, &[layer(DOCKER_GZIP, ""), layer("", "")]),
        met(DOCKER, CONFIG, &[layer(zstd, "")]),
        met(OCI, CONFIG, &[layer(zstd, "")]),
        met(DOCKER, CONFIG, &[layer(GZIP, "")]),
        met(OCI, CONFIG, &[layer(DOCKER_GZIP, "")]),
        met(OCI, CONFIG, &[layer("application/vnd.oci.image.layer.nydus.blob.v1", "")]),
        met(DOCKER, CONFIG, &[layer("application/vnd.docker.image.rootfs.diff.tar.gz", "")]),
        met(OCI, CONFIG, &[layer(GZIP, urls), layer(GZIP, "")]),
        met(OCI, CONFIG, &[layer(foreign, urls)]),
        met(OCI, CONFIG, &[sha512]),
        met(DOCKER, "application/octet-stream", &[layer(DOCKER_GZIP, "")]),
        met(DOCKER, "", &[layer(DOCKER_GZIP, "")]),
        met(OCI, CONFIG, &vec![layer(GZIP, ""); 125]),
        met(OCI, CONFIG, &vec![layer(GZIP, ""); 126]),
    ];
    insta::assert_snapshot!(told.join("\n--\n"), @"
    layer-without-type: layer 2 of 2 has no `mediaType` [store 1.7 2]
    --
    layer-without-type: layer 2 of 2 has no `mediaType` [store 1.7 2]
    layer-in-docker-manifest: layer 2 of 2 has no `mediaType` [podman]
    --
    layer-zstd-of-docker: layer 1 of 1 has the type `application/vnd.docker.image.rootfs.diff.tar.zstd` [1.7]
    layer-in-docker-manifest: layer 1 of 1 has the type `application/vnd.docker.image.rootfs.diff.tar.zstd` [podman]
    --
    layer-zstd-of-docker: layer 1 of 1 has the type `application/vnd.docker.image.rootfs.diff.tar.zstd` [1.7]
    --
    layer-in-docker-manifest: layer 1 of 1 has the type `application/vnd.oci.image.layer.v1.tar+gzip` [podman]
    --

    --
    layer-type: layer 1 of 1 has the type `application/vnd.oci.image.layer.nydus.blob.v1` [store 1.7 2]
    --
    layer-type: layer 1 of 1 has the type `application/vnd.docker.image.rootfs.diff.tar.gz` [store 1.7 2]
    layer-in-docker-manifest: layer 1 of 1 has the type `application/vnd.docker.image.rootfs.diff.tar.gz` [podman]
    --
    layer-with-urls: layer 1 of 2 has `urls` [store 1.7 2 podman]
    --

    --
    layer-by-sha512: layer 1 of 1 has a digest of `sha512` [store 1.7 2]
    --
    config-type: the config has the type `application/octet-stream` [store]
    --
    config-type: the config has no `mediaType` [store]
    --

    --
    layers-too-many: it has 126 layers, and at most 125 are stacked [graph]
    ");
}

#[test]
fn a_history_of_more_layers_than_there_are_is_refused_by_the_graph_driver() {
    let body = manifest(OCI, CONFIG, &[layer(GZIP, "")]);
    let met = |history: &str| {
        let config = format!(
            r#"{{"os":"linux","architecture":"amd64","history":[{history}],"rootfs":{{"diff_ids":["sha256:{:064}"]}}}}"#,
            7
        );
        let config = ConfigDocument::parse(config.as_bytes()).unwrap().unwrap();
        let config = config.listed_as(None).unwrap().unwrap();
        told(&of_image(&image(&body, OCI), Some(&config), None))
    };
    assert_eq!(met(r#"{},{"empty_layer":true}"#), "");
    insta::assert_snapshot!(met("{},{}"), @"history-too-long: its history has 2 layers where there are 1 [graph]");
}

#[test]
fn a_config_lists_the_layers_of_its_manifest() {
    let plain = "application/vnd.oci.image.layer.v1.tar";
    let met = |kind: &str, diff_ids: &[u8]| {
        let body = manifest(OCI, CONFIG, &[layer(kind, "")]);
        let diff_ids: Vec<_> = diff_ids.iter().map(|id| format!("\"sha256:{id:064}\"")).collect();
        let config = format!(
            r#"{{"os":"linux","architecture":"amd64","rootfs":{{"diff_ids":[{}]}}}}"#,
            diff_ids.join(",")
        );
        let config = ConfigDocument::parse(config.as_bytes()).unwrap().unwrap();
        let config = config.listed_as(None).unwrap().unwrap();
        told(&of_image(&image(&body, OCI), Some(&config), None))
    };
    assert_eq!(met(GZIP, &[7]), "");
    assert_eq!(met(plain, &[1]), "");
    insta::assert_snapshot!([met(GZIP, &[]), met(GZIP, &[7, 8]), met(plain, &[7])].join("\n"), @"
    layer-count: its config lists 0 layers while its manifest lists 1 [graph store 1.7 2]
    layer-count: its config lists 2 layers while its manifest lists 1 [graph store 1.7 2]
    layer-not-as-listed: layer 1 of 1 is listed as uncompressed and is not the one that its config lists [store 1.7 2]
    ");
}

/// A config of this platform, `os/architecture` with or without a variant.
fn config_of(platform: &str) -> ImageConfig {
    let mut parts = platform.split('/');
    let [os, architecture, variant] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let config =
        format!(r#"{{"os":"{os}","architecture":"{architecture}","variant":"{variant}"}}"#);
    let config = ConfigDocument::parse(config.as_bytes()).unwrap().unwrap();
    config.listed_as(None).unwrap().unwrap()
}

#[test]
fn a_part_of_another_platform_is_left_out() {
    let met = |config: &str, listed: Option<&str>, platform: &str| {
        let part = layer(GZIP, &format!(r#","platform":{{{platform}}}"#));
        let image = image(&manifest(OCI, CONFIG, &[layer(GZIP, ""), part.clone(), part]), OCI);
        let listed_as = listed.map(|text| text.parse::<Platform>().unwrap());
        let mut met = of_image(&image, Some(&config_of(config)), listed_as.as_ref());
        met.retain(|met| met.rule.id.starts_with("part-"));
        let listed = listed.map_or_else(String::new, |listed| format!(" listed as {listed}"));
        format!("{config}{listed}, {platform}: {}", told(&met)).trim_end().to_owned()
    };
    let arm = r#""architecture":"arm""#;
    let told = [
        met("linux/amd64", None, r#""architecture":"amd64","os":"linux""#),
        met("linux/amd64", None, r#""architecture":"x86_64","os":"Linux","variant":"v1""#),
        met("linux/arm64", None, r#""architecture":"arm64","variant":"v8""#),
        met("windows/amd64", None, r#""architecture":"amd64""#),
        met("linux/arm64", None, r#""architecture":"amd64","os":"linux""#),
        met("linux/amd64", None, r#""architecture":"amd64","os":"windows""#),
        met("linux/amd64/v2", None, r#""architecture":"amd64","os":"linux","variant":"v2""#),
        met("linux/amd64", Some("linux/amd64/v2"), r#""architecture":"amd64","variant":"v2""#),
        met("linux/arm64", Some("linux/amd64"), r#""architecture":"arm64""#),
        met("linux/arm64", Some("linux/amd64"), r#""architecture":"amd64""#),
        met("linux/arm/v6", None, arm),
        met("linux/arm/v7", None, &format!(r#"{arm},"variant":"v6""#)),
        met("linux/amd64", None, r#""architecture":"386","os":"linux","os.features":["a"]"#),
        met("linux/arm64", None, r#""architecture":"i386","os":"linux""#),
        met("linux/amd64", None, r#""architecture":"a b","os":"linux""#),
        met("linux/amd64", None, r#""architecture":"amd64","os.features":["a"]"#),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    linux/amd64, "architecture":"amd64","os":"linux":
    linux/amd64, "architecture":"x86_64","os":"Linux","variant":"v1":
    linux/arm64, "architecture":"arm64","variant":"v8":
    windows/amd64, "architecture":"amd64":
    linux/arm64, "architecture":"amd64","os":"linux": part-of-another-platform: layer 2 of 3 has a `platform` `linux/amd64`, and engines look for `linux/arm64` [store 1.7 2]
    linux/amd64, "architecture":"amd64","os":"windows": part-of-another-platform: layer 2 of 3 has a `platform` `windows/amd64`, and engines look for `linux/amd64` [store 1.7 2]
    linux/amd64/v2, "architecture":"amd64","os":"linux","variant":"v2": part-of-another-platform: layer 2 of 3 has a `platform` `linux/amd64/v2`, and engines look for `linux/amd64` [store 1.7 2]
    linux/amd64 listed as linux/amd64/v2, "architecture":"amd64","variant":"v2":
    linux/arm64 listed as linux/amd64, "architecture":"arm64": part-of-another-platform: layer 2 of 3 has a `platform` `linux/arm64`, and engines look for `linux/amd64` [store 1.7 2]
    linux/arm64 listed as linux/amd64, "architecture":"amd64":
    linux/arm/v6, "architecture":"arm": part-of-another-platform: layer 2 of 3 has a `platform` `linux/arm/v7`, and engines look for `linux/arm/v6` [store 1.7 2]
    linux/arm/v7, "architecture":"arm","variant":"v6": part-of-lesser-platform: layer 2 of 3 has a `platform` `linux/arm/v6`, and engines look for `linux/arm/v7` [1.7 2]
    linux/amd64, "architecture":"386","os":"linux","os.features":["a"]: part-features: layer 2 of 3 has a `platform` with `os.features` [store 2]
    part-of-lesser-platform: layer 2 of 3 has a `platform` `linux/386`, and engines look for `linux/amd64` [1.7 2]
    linux/arm64, "architecture":"i386","os":"linux": part-of-another-platform: layer 2 of 3 has a `platform` `linux/386`, and engines look for `linux/arm64` [store 1.7 2]
    linux/amd64, "architecture":"a b","os":"linux": part-of-another-platform: layer 2 of 3 has a `platform` that no machine has [store 1.7 2]
    linux/amd64, "architecture":"amd64","os.features":["a"]: part-features: layer 2 of 3 has a `platform` with `os.features` [store 2]
    "#);
}

#[test]
fn a_config_of_another_platform_is_left_out() {
    let body = manifest(OCI, CONFIG, &[layer(GZIP, "")]);
    let config = r#""size":2,"platform":{"architecture":"arm64"}}"#;
    let image = image(&body.replacen(r#""size":2}"#, config, 1), OCI);
    let mut met = of_image(&image, Some(&config_of("linux/amd64")), None);
    met.retain(|met| met.rule.id.starts_with("part-"));
    assert_eq!(
        told(&met),
        "part-of-another-platform: the config has a `platform` `linux/arm64`, and engines look for `linux/amd64` [store 1.7 2]"
    );
    // Nothing says what it is pulled for.
    assert_eq!(told(&of_image(&image, None, None)), "");
}

#[test]
fn a_config_meets_rows_by_what_it_lists() {
    let two = manifest(OCI, CONFIG, &[layer(GZIP, ""), layer(GZIP, "")]);
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","rootfs":{{"diff_ids":["sha256:{:064}"]}}}}"#,
        7
    );
    let config = ConfigDocument::parse(config.as_bytes()).unwrap().unwrap();
    let config = config.listed_as(None).unwrap().unwrap();
    let of_bytes = |text: &str| told(&of_config(text.as_bytes(), CONFIG));
    let all = [
        told(&of_image(&image(&two, OCI), Some(&config), None)),
        of_bytes("null"),
        of_bytes(r#"{"rootfs":{"diff_ids":["sha256:0","md5:d41d8cd98f00b204e9800998ecf8427e"]}}"#),
        of_bytes(r#"{"ROOTFS":{"diff_ids":["SHA256:0"]}}"#),
        of_bytes(r#"{"rootfs":{"diff_ids":["text"]},"rootfs":{"diff_ids":[]}}"#),
        of_bytes(&format!(r#"{{"rootfs":{{"diff_ids":["sha256:{:064}",null]}}}}"#, 1)),
    ];
    insta::assert_snapshot!(all.join("\n--\n"), @"
    layer-count: its config lists 1 layers while its manifest lists 2 [graph store 1.7 2]
    layer-count-in-config: its config lists 1 layers while its manifest lists 2 [podman]
    --
    config-of-nothing: its config is `null` [graph]
    --
    diff-id-form: `rootfs.diff_ids.0` of its config is no digest [graph store 1.7 2]
    --
    diff-id-form: `rootfs.diff_ids.0` of its config is no digest [graph store 1.7 2]
    --

    --
    ");
}

#[test]
fn a_field_of_another_type_is_refused_by_who_reads_it() {
    let config = |field: &str| {
        let body = format!(r#"{{"os":"linux","architecture":"amd64",{field}}}"#);
        format!(
            "{field}\n{}",
            told(&of_config(body.as_bytes(), "application/vnd.oci.image.config.v1+json"))
        )
    };
    let told = [
        r#""config":{"Healthcheck":{"Interval":"30s"}}"#,
        r#""config":{"Healthcheck":{"StartInterval":"30s"}}"#,
        r#""config":{"Cmd":"node server.js"}"#,
        r#""config":{"User":1000}"#,
        r#""config":{"OnBuild":"x"}"#,
        r#""container_config":{"Tty":1}"#,
        r#""docker_version":20"#,
        r#""history":[{},{"empty_layer":"true"}]"#,
        r#""created":"2026-11-01""#,
        r#""config":{"StopTimeout":"10"}"#,
        r#""rootfs":{"diff_ids":"sha256:"}"#,
    ]
    .map(config);
    insta::assert_snapshot!(told.join("\n"), @r#"
    "config":{"Healthcheck":{"Interval":"30s"}}
    config-field-of-docker: `config.Healthcheck.Interval` is a string where it must be a whole number [graph]
    config-field-of-podman: `config.Healthcheck.Interval` is a string where it must be a whole number [podman]
    "config":{"Healthcheck":{"StartInterval":"30s"}}
    config-field-of-docker: `config.Healthcheck.StartInterval` is a string where it must be a whole number [graph]
    config-field-of-podman: `config.Healthcheck.StartInterval` is a string where it must be a whole number [podman]
    "config":{"Cmd":"node server.js"}
    config-field-of-oci: `config.Cmd` is a string where it must be a list [1.7 2 podman]
    "config":{"User":1000}
    config-field-of-docker: `config.User` is a number where it must be a string [graph]
    config-field-of-oci: `config.User` is a number where it must be a string [1.7 2 podman]
    config-field-of-podman: `config.User` is a number where it must be a string [podman]
    "config":{"OnBuild":"x"}
    config-field-of-docker: `config.OnBuild` is a string where it must be a list [graph]
    config-field-of-podman: `config.OnBuild` is a string where it must be a list [podman]
    "container_config":{"Tty":1}
    config-field-of-docker: `container_config.Tty` is a number where it must be true or false [graph]
    config-field-of-podman: `container_config.Tty` is a number where it must be true or false [podman]
    "docker_version":20
    config-field-of-docker: `docker_version` is a number where it must be a string [graph]
    config-field-of-podman: `docker_version` is a number where it must be a string [podman]
    "history":[{},{"empty_layer":"true"}]
    config-field-of-docker: `history[1].empty_layer` is a string where it must be true or false [graph]
    config-field-of-oci: `history[1].empty_layer` is a string where it must be true or false [1.7 2 podman]
    "created":"2026-11-01"
    config-field-of-docker: `created` is a string where it must be an RFC 3339 time [graph]
    config-field-of-oci: `created` is a string where it must be an RFC 3339 time [1.7 2 podman]
    config-field-of-podman: `created` is a string where it must be an RFC 3339 time [podman]
    "config":{"StopTimeout":"10"}
    config-field-of-docker: `config.StopTimeout` is a string where it must be a whole number [graph]
    config-field-of-podman: `config.StopTimeout` is a string where it must be a whole number [podman]
    "rootfs":{"diff_ids":"sha256:"}
    config-field-of-docker: `rootfs.diff_ids` is a string where it must be a list [graph]
    config-field-of-oci: `rootfs.diff_ids` is a string where it must be a list [1.7 2 podman]
    "#);
}

#[test]
fn a_manifest_and_an_index_have_the_types_of_who_reads_them() {
    let met = |kind: &str, field: &str| {
        let media_type = MediaType::parse(kind).unwrap();
        let body = format!(r#"{{"schemaVersion":2,{field}}}"#);
        let mut met = of_manifest(body.as_bytes(), media_type);
        met.retain(|refusal| refusal.rule.id.starts_with("manifest-field"));
        format!("{field} of {kind}\n{}", told(&met))
    };
    let list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let index = "application/vnd.oci.image.index.v1+json";
    let features = r#""manifests":[{"platform":{"features":1}}]"#;
    let told = [
        met(OCI, r#""subject":"x""#),
        met(DOCKER, r#""subject":"x""#),
        met(OCI, r#""artifactType":1"#),
        met(OCI, r#""config":{"data":"?"}"#),
        met(OCI, r#""annotations":{"a":1}"#),
        met(DOCKER, r#""annotations":{"a":1}"#),
        met(OCI, r#""layers":[{"size":"3"}]"#),
        met(index, features),
        met(list, features),
        met(index, r#""manifests":[{"platform":{"os.features":"x"}}]"#),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    "subject":"x" of application/vnd.oci.image.manifest.v1+json
    manifest-field-of-oci: `subject` is a string where it must be an object [store 1.7 2]
    manifest-field-of-podman: `subject` is a string where it must be an object [podman]
    "subject":"x" of application/vnd.docker.distribution.manifest.v2+json
    manifest-field-of-oci: `subject` is a string where it must be an object [store 1.7 2]
    "artifactType":1 of application/vnd.oci.image.manifest.v1+json
    manifest-field-of-oci: `artifactType` is a number where it must be a string [store 1.7 2]
    manifest-field-of-podman: `artifactType` is a number where it must be a string [podman]
    "config":{"data":"?"} of application/vnd.oci.image.manifest.v1+json
    manifest-field-of-oci: `config.data` is a string where it must be a string in base64 [store 1.7 2]
    manifest-field-of-podman: `config.data` is a string where it must be a string in base64 [podman]
    "annotations":{"a":1} of application/vnd.oci.image.manifest.v1+json
    manifest-field-of-docker: `annotations[…]` is a number where it must be a string [graph]
    manifest-field-of-oci: `annotations[…]` is a number where it must be a string [store 1.7 2]
    manifest-field-of-podman: `annotations[…]` is a number where it must be a string [podman]
    "annotations":{"a":1} of application/vnd.docker.distribution.manifest.v2+json
    manifest-field-of-oci: `annotations[…]` is a number where it must be a string [store 1.7 2]
    "layers":[{"size":"3"}] of application/vnd.oci.image.manifest.v1+json
    manifest-field-of-docker: `layers[0].size` is a string where it must be a whole number [graph]
    manifest-field-of-oci: `layers[0].size` is a string where it must be a whole number [store 1.7 2]
    manifest-field-of-podman: `layers[0].size` is a string where it must be a whole number [podman]
    "manifests":[{"platform":{"features":1}}] of application/vnd.oci.image.index.v1+json
    manifest-field-of-docker: `manifests[0].platform.features` is a number where it must be a list [graph]
    "manifests":[{"platform":{"features":1}}] of application/vnd.docker.distribution.manifest.list.v2+json
    manifest-field-of-docker: `manifests[0].platform.features` is a number where it must be a list [graph]
    manifest-field-of-podman: `manifests[0].platform.features` is a number where it must be a list [podman]
    "manifests":[{"platform":{"os.features":"x"}}] of application/vnd.oci.image.index.v1+json
    manifest-field-of-docker: `manifests[0].platform.os.features` is a string where it must be a list [graph]
    manifest-field-of-oci: `manifests[0].platform.os.features` is a string where it must be a list [store 1.7 2]
    manifest-field-of-podman: `manifests[0].platform.os.features` is a string where it must be a list [podman]
    "#);
}

/// Which entry each version takes for `platform`, or why none.
fn taken_by_each(platform: &Platform, entries: &[Candidate<'_>]) -> String {
    let word = |version| match taken(entries, MediaType::OciImageIndex, platform, version) {
        Taken::Entry(place) => place.to_string(),
        Taken::Refused(refusal) => refusal.rule.id.to_owned(),
        Taken::Unknown(place) => format!("{place}?"),
        Taken::Nothing => "nothing".to_owned(),
    };
    Version::ALL.map(word).join(" ")
}

fn listed(platform: &Platform) -> Candidate<'_> {
    Candidate {
        listed_as: Some(platform),
        said: None,
        config_has_features: false,
        features: &[],
        written: None,
    }
}

#[test]
fn each_engine_takes_an_entry_of_its_own() {
    let platforms: [Platform; 2] = ["linux/amd64", "linux/arm64"].map(|text| text.parse().unwrap());
    let [amd64, arm64] = &platforms;
    let features = ["nydus".to_owned()];
    let plain = listed;
    let with_features = |platform| Candidate { features: &features, ..plain(platform) };
    let spelt = |platform| Candidate { written: Some("linux/x86_64"), ..plain(platform) };
    let silent = |said| Candidate { listed_as: None, said, ..plain(arm64) };
    let of = |entries: &[Candidate<'_>]| taken_by_each(amd64, entries);
    let told = [
        of(&[plain(arm64), plain(amd64), plain(amd64)]),
        of(&[with_features(amd64)]),
        of(&[with_features(amd64), plain(amd64)]),
        of(&[spelt(amd64)]),
        of(&[spelt(amd64), plain(amd64)]),
        of(&[silent(Some(arm64)), silent(Some(amd64))]),
        of(&[silent(Some(arm64)), plain(amd64)]),
        of(&[with_features(amd64), silent(Some(amd64))]),
        of(&[with_features(amd64), silent(None)]),
        of(&[plain(arm64)]),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    1 1 1 1 1
    entry-features entry-features 0 entry-features 0
    1 1 0 1 0
    0 0 0 0 entry-spelling
    0 0 0 0 1
    entry-order entry-order entry-order entry-order entry-order
    1 1 1 1 1
    1 1 0 1 0
    1? 1? 0 1? 0
    nothing nothing nothing nothing nothing
    ");
}

#[test]
fn an_entry_without_a_platform_is_taken_by_its_config() {
    let platforms: [Platform; 4] = ["linux/amd64", "linux/arm64", "linux/amd64/v3", "linux/386"]
        .map(|text| text.parse().unwrap());
    let [amd64, arm64, v3, i386] = &platforms;
    let silent = |said| Candidate { listed_as: None, said: Some(said), ..listed(amd64) };
    let with_features = |said| Candidate { config_has_features: true, ..silent(said) };
    let told = [
        taken_by_each(amd64, &[with_features(amd64)]),
        taken_by_each(amd64, &[with_features(amd64), silent(amd64)]),
        taken_by_each(amd64, &[with_features(amd64), listed(amd64)]),
        taken_by_each(amd64, &[with_features(arm64), silent(amd64)]),
        taken_by_each(amd64, &[silent(i386), silent(amd64)]),
        taken_by_each(amd64, &[silent(v3)]),
        taken_by_each(amd64, &[silent(v3), listed(amd64)]),
        taken_by_each(v3, &[silent(amd64)]),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    0 0 0 config-features 0
    0 0 0 config-features 0
    1 1 1 1 1
    entry-order entry-order entry-order entry-order entry-order
    0 0 0 0 0
    0 0 0 config-variant 0
    1 1 1 1 1
    0 0 0 0 0
    ");
}

#[test]
fn an_index_entry_says_one_of_the_four_types_to_the_letter() {
    let entry = |kind: &str| {
        let mut entry = image(&manifest(OCI, CONFIG, &[layer(GZIP, "")]), OCI).config;
        kind.clone_into(&mut entry.media_type);
        told(&of_entry(&entry, false))
    };
    assert_eq!(entry(OCI), "");
    let told = ["", &OCI.to_uppercase(), &format!("{OCI}; charset=utf-8")].map(entry);
    insta::assert_snapshot!(told.join("\n"), @"
    entry-type: its index entry has no `mediaType` [store 1.7 2]
    entry-type: its index entry has the type `APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON` [store 1.7 2]
    entry-type: its index entry has the type `application/vnd.oci.image.manifest.v1+json; charset=utf-8` [store 1.7 2]
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table and its snapshot")]
fn a_field_that_is_missing_or_of_another_format_is_refused_by_who_needs_it() {
    let (digest, list) =
        (format!("sha256:{}", "a".repeat(64)), DOCKER.replace("manifest.v2", "manifest.list.v2"));
    let good = format!(r#"{{"digest":"{digest}","size":2}}"#);
    let met = |kind: &str, body: &str| {
        let media_type = MediaType::parse(kind).unwrap();
        let body = body.replace("GOOD", &good).replace("DIGEST", &digest);
        let typed = format!("{{\"mediaType\":\"{kind}\",");
        let typed = match body.strip_prefix('{') {
            Some(rest) if !body.contains("mediaType") => format!("{typed}{rest}"),
            _ => body.clone(),
        };
        let met = of_manifest(typed.as_bytes(), media_type);
        format!("{body}\n{}", told(&met)).replace(&digest, "sha256:a…")
    };
    let index = "application/vnd.oci.image.index.v1+json";
    let bodies = [
        met(OCI, r#"{"config":GOOD,"layers":[GOOD]}"#),
        met(OCI, r#"{"config":GOOD,"layers":[{"digest":"sha256:a","size":2}]}"#),
        met(OCI, r#"{"config":{"digest":"DIGEST","size":-1},"layers":[{"digest":"DIGEST"}]}"#),
        met(OCI, r#"{"config":{"digest":"DIGEST","size":0}}"#),
        met(OCI, r#"{"config":GOOD,"Manifests":null,"history":[]}"#),
        met(DOCKER, r#"{"config":GOOD,"manifests":[]}"#),
        met(index, r#"{"manifests":[GOOD,{"size":1}],"layers":[]}"#),
        met(&list, r#"{"mediaType":"","manifests":[GOOD]}"#),
        met(OCI, r#"{"config":{"digest":"DIGEST","Digest":"DIGEST"},"manifests":[]}"#),
        met(
            OCI,
            r#"{"config":{"digest":"DIGEST","size":2,"platform":{"os":"linux"}},"layers":[{"digest":"DIGEST","size":2,"platform":{"architecture":""}}]}"#,
        ),
        met(OCI, r#"{"config":{"digest":"DIGEST","size":2,"platform":{"architecture":"amd64"}}}"#),
        met(OCI, "x"),
        met(OCI, "[]"),
    ];
    insta::assert_snapshot!(bodies.join("\n"), @r#"
    {"config":{"digest":"sha256:a…","size":2},"layers":[{"digest":"sha256:a…","size":2}]}

    {"config":{"digest":"sha256:a…","size":2},"layers":[{"digest":"sha256:a","size":2}]}
    digest-missing: layer 1 of 1 has no digest [graph store 1.7 2 podman]
    {"config":{"digest":"sha256:a…","size":-1},"layers":[{"digest":"sha256:a…"}]}
    size-missing: its config has no size [store 1.7 2]
    size-missing: layer 1 of 1 has no size [store 1.7 2]
    {"config":{"digest":"sha256:a…","size":0}}
    size-missing: its config has no size [store 1.7 2]
    config-size: its config has no size [podman]
    {"config":{"digest":"sha256:a…","size":2},"Manifests":null,"history":[]}
    field-of-another-format: its manifest has `manifests`, too [store 1.7 2]
    field-of-another-format-podman: its manifest has `history`, too [podman]
    {"config":{"digest":"sha256:a…","size":2},"manifests":[]}
    field-of-another-format: its manifest has `manifests`, too [store 1.7 2]
    field-of-another-format-podman: its manifest has `manifests`, too [podman]
    {"manifests":[{"digest":"sha256:a…","size":2},{"size":1}],"layers":[]}
    field-of-another-format: its manifest has `layers`, too [store 1.7 2]
    field-of-another-format-podman: its manifest has `layers`, too [podman]
    field-of-another-format-docker: its manifest has `layers`, too [graph]
    entry-of-nothing: entry 2 of 2 of its index has no platform and no digest [1.7 2]
    {"mediaType":"","manifests":[{"digest":"sha256:a…","size":2}]}
    media-type-in-list: its manifest list has no `mediaType` [graph]
    list-without-platforms: no entry of its manifest list has a platform [podman]
    {"config":{"digest":"sha256:a…","Digest":"sha256:a…"},"manifests":[]}
    field-of-another-format: its manifest has `manifests`, too [store 1.7 2]
    field-of-another-format-podman: its manifest has `manifests`, too [podman]
    field-of-another-format-docker: its manifest has `manifests`, too [graph]
    {"config":{"digest":"sha256:a…","size":2,"platform":{"os":"linux"}},"layers":[{"digest":"sha256:a…","size":2,"platform":{"architecture":""}}]}
    part-of-no-machine: its config has a platform without an architecture [store 1.7 2]
    part-of-no-machine: layer 1 of 1 has a platform without an architecture [store 1.7 2]
    {"config":{"digest":"sha256:a…","size":2,"platform":{"architecture":"amd64"}}}

    x
    not-json: its manifest is not JSON to Go's reader [graph store 1.7 2 podman]
    []
    manifest-field-of-docker: `the document` is a list where it must be an object [graph]
    manifest-field-of-oci: `the document` is a list where it must be an object [store 1.7 2]
    manifest-field-of-podman: `the document` is a list where it must be an object [podman]
    "#);
}

#[test]
fn a_field_is_found_under_every_name_that_gos_reader_takes_for_it() {
    let manifest = |size: &str| {
        let digest = format!("sha256:{}", "a".repeat(64));
        let body = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI}","config":{{"digest":"{digest}","{size}":2}},"layers":[]}}"#
        );
        told(&of_manifest(body.as_bytes(), MediaType::OciImageManifest))
    };
    assert_eq!(["size", "SIZE", "\u{17f}ize"].map(manifest), ["", "", ""]);
    assert!(manifest("sizes").contains("size-missing"), "{}", manifest("sizes"));
}
