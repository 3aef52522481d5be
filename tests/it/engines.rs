//! Images that one container engine pulls and another refuses, as they were reported in public.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::stand_in::{Image, Index, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

/// The image of the reports: two layers, a command and a path.
fn reported() -> Image {
    let empty = |image: Image, text: &str| image.layer(text.as_bytes().to_vec(), "COPY . .");
    let image = Image::empty()
        .run_field("Env", json!(["PATH=/usr/bin"]))
        .run_field("Cmd", json!(["node", "server.js"]));
    empty(empty(image, "layer 0"), "layer 1")
}

fn zstd_of_docker() -> Image {
    let image = reported().docker();
    let manifest: Value = serde_json::from_slice(&image.manifest()).unwrap();
    let mut layers = manifest["layers"].clone();
    for layer in layers.as_array_mut().unwrap() {
        layer["mediaType"] = json!("application/vnd.docker.image.rootfs.diff.tar.zstd");
    }
    image.manifest_field("layers", layers)
}

fn without_type() -> Image {
    let image = reported();
    let manifest: Value = serde_json::from_slice(&image.manifest()).unwrap();
    let mut layers = manifest["layers"].clone();
    layers[1].as_object_mut().unwrap().remove("mediaType");
    image.manifest_field("layers", layers)
}

fn interval_in_words() -> Image {
    let test = ["CMD", "curl", "-f", "http://localhost/"];
    reported().run_field("Healthcheck", json!({ "Test": test, "Interval": "30s" }))
}

fn with_features() -> Index {
    let platform =
        json!({ "os": "linux", "architecture": "amd64", "os.features": ["nydus.remoteimage.v1"] });
    Index::new().entry(reported(), json!({ "platform": platform }))
}

fn at(content: impl Into<crate::stand_in::Content>) -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", content);
    stand_in
}

/// What a run answers: its exit code, what the check `engines` says, and each engine's answer.
fn answered(stand_in: &StandIn, arguments: &str) -> String {
    let gate = Gate::at(stand_in).image("keepkey/support-email:latest-dev");
    let run = gate.args("--format json").args(arguments).run();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let image = &report["images"][0];
    let check = image["checks"].as_array().unwrap().iter().find(|check| check["id"] == "engines");
    let check = check.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut told = format!(
        "{} {}: {} ({}) {}\n",
        run.code.unwrap(),
        text(&image["verdict"]),
        text(&check["status"]),
        text(&check["reason"]),
        text(&check["message"])
    );
    if let Some(note) = check["note"].as_str() {
        writeln!(told, "note: {note}").unwrap();
    }
    for engine in image["engines"].as_array().unwrap() {
        let wanted = if engine["wanted"] == true { ", wanted" } else { "" };
        let (name, answer) = (text(&engine["engine"]), text(&engine["answer"]));
        writeln!(told, "{name} {answer}{wanted}").unwrap();
    }
    told
}

#[test]
fn a_zstd_layer_of_docker_is_refused_by_containerd_and_podman() {
    let stand_in = at(zstd_of_docker());
    let gate = Gate::at(&stand_in).image("keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @r#"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      engines failed: containerd 1.7 refuses it: layer 1 of 2 has the type `application/vnd.docker.image.rootfs.diff.tar.zstd` ("mismatched image rootfs and manifest layers")
        reason     engine-refuses
        next       Build with `docker buildx build --output type=image,push=true,oci-mediatypes=true`, so that manifest and layers have OCI's media types.
                   If that engine never pulls this image, name those that do with `--engine`, or as `engines` of the service in the config.

      digest     sha256:4b3359d4b5ee[..64]
      type       a single image (application/vnd.docker.distribution.manifest.v2+json)
      platform   linux/amd64, 474 B in 2 layers
                 created 2026-11-03T08:15:30.123456789Z
      service    support-email
    ----- stderr
    "#);
    insta::assert_snapshot!(answered(&stand_in, "--engine docker"), @r#"
    0 VERIFIED: passed (-) docker pulls it: no rule of the measured table says otherwise
    note: containerd 1.7 refuses it: layer 1 of 2 has the type `application/vnd.docker.image.rootfs.diff.tar.zstd` ("mismatched image rootfs and manifest layers"); podman 5 refuses it: layer 1 of 2 has the type `application/vnd.docker.image.rootfs.diff.tar.zstd` ("unsupported docker v2s2 media type")
    docker pulls, wanted
    containerd refuses
    podman refuses
    "#);
}

#[test]
fn a_layer_without_a_type_is_refused_by_containerd_and_by_docker_with_its_store() {
    let stand_in = at(without_type());
    insta::assert_snapshot!(answered(&stand_in, ""), @r#"
    1 FAILED: failed (engine-refuses) docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 2 of 2 has no `mediaType` ("mismatched image rootfs and manifest layers")
    docker refuses, wanted
    containerd refuses, wanted
    podman pulls
    "#);
    insta::assert_snapshot!(answered(&stand_in, "--engine podman"), @r#"
    0 VERIFIED: passed (-) podman pulls it: no rule of the measured table says otherwise
    note: docker 28 and newer with its containerd store refuses it: layer 2 of 2 has no `mediaType` ("mismatched image rootfs and manifest layers"); containerd 1.7 and containerd 2.x refuse it: layer 2 of 2 has no `mediaType` ("mismatched image rootfs and manifest layers")
    docker refuses
    containerd refuses
    podman pulls, wanted
    "#);
}

#[test]
fn a_field_that_only_docker_knows_is_refused_by_docker() {
    let stand_in = at(interval_in_words());
    insta::assert_snapshot!(answered(&stand_in, ""), @r#"
    1 FAILED: failed (engine-refuses) docker 28 with its graph driver refuses it: `config.Healthcheck.Interval` is a string where it must be a whole number ("cannot unmarshal … into Go struct field")
    docker refuses, wanted
    containerd pulls, wanted
    podman refuses
    "#);
    insta::assert_snapshot!(answered(&stand_in, "--engine containerd"), @r#"
    0 VERIFIED: passed (-) containerd pulls it: no rule of the measured table says otherwise
    note: docker 28 with its graph driver refuses it: `config.Healthcheck.Interval` is a string where it must be a whole number ("cannot unmarshal … into Go struct field"); podman 5 refuses it: `config.Healthcheck.Interval` is a string where it must be a whole number ("cannot unmarshal … into Go struct field")
    docker refuses
    containerd pulls, wanted
    podman refuses
    "#);
}

#[test]
fn a_config_without_a_real_type_is_refused_by_docker_with_its_store() {
    let stand_in = at(reported().docker().artifact("application/octet-stream"));
    insta::assert_snapshot!(answered(&stand_in, ""), @r#"
    1 FAILED: failed (engine-refuses) docker 28 and newer with its containerd store refuses it: the config has the type `application/octet-stream` ("content digest … not found")
    docker refuses, wanted
    containerd pulls, wanted
    podman pulls
    "#);
    insta::assert_snapshot!(answered(&stand_in, "--engine containerd"), @r#"
    0 VERIFIED: passed (-) containerd pulls it: no rule of the measured table says otherwise
    note: docker 28 and newer with its containerd store refuses it: the config has the type `application/octet-stream` ("content digest … not found")
    docker refuses
    containerd pulls, wanted
    podman pulls
    "#);
}

#[test]
fn an_entry_with_features_is_taken_by_podman_alone() {
    let stand_in = at(with_features());
    insta::assert_snapshot!(answered(&stand_in, "--platform linux/amd64"), @r#"
    1 FAILED: failed (engine-refuses) docker 28 with its graph driver, docker 28 and newer with its containerd store and containerd 2.x refuse it: its index entry has `os.features` `nydus.remoteimage.v1` ("no matching manifest")
    docker refuses, wanted
    containerd refuses, wanted
    podman pulls
    "#);
    insta::assert_snapshot!(answered(&stand_in, "--platform linux/amd64 --engine podman"), @r#"
    0 VERIFIED: passed (-) podman pulls it: no rule of the measured table says otherwise
    note: docker 28 with its graph driver and docker 28 and newer with its containerd store refuse it: its index entry has `os.features` `nydus.remoteimage.v1` ("no matching manifest"); containerd 2.x refuses it: its index entry has `os.features` `nydus.remoteimage.v1` ("no matching manifest")
    docker refuses
    containerd refuses
    podman pulls, wanted
    "#);
}

#[test]
fn a_plain_entry_beside_one_with_features_is_what_the_others_take() {
    let plain = json!({ "platform": { "os": "linux", "architecture": "amd64" } });
    let image = reported().label("plain", "yes");
    insta::assert_snapshot!(answered(&at(with_features().entry(image, plain.clone())), ""), @"
    0 VERIFIED: passed (-) docker and containerd pull it: no rule of the measured table says otherwise
    docker pulls, wanted
    containerd pulls, wanted
    podman pulls
    ");
    // containerd 1.7 takes the first entry, and docker's graph driver the second.
    let refused = with_features().entry(interval_in_words(), plain);
    insta::assert_snapshot!(answered(&at(refused), ""), @r#"
    1 FAILED: failed (engine-refuses) docker 28 with its graph driver refuses it: of `linux/amd64`, `config.Healthcheck.Interval` is a string where it must be a whole number ("cannot unmarshal … into Go struct field")
    docker refuses, wanted
    containerd pulls, wanted
    podman pulls
    "#);
}

#[test]
fn the_config_names_the_engines_of_a_service_and_the_command_line_wins() {
    let stand_in = at(zstd_of_docker());
    let config = format!(
        "registry: {}\nenvironments:\n  dev: {{ tag: latest-dev }}\nservices:\n  support-email: {{ engines: [docker] }}\n",
        stand_in.reference("keepkey")
    );
    let code = |arguments: &str| {
        let gate = Gate::at(&stand_in).file("verify-registry-image.yml", &config);
        gate.args("--environment dev").args(arguments).run().code
    };
    assert_eq!(
        (code(""), code("--engine containerd"), code("--engine podman")),
        (Some(0), Some(1), Some(1))
    );
    let by_variable = Gate::at(&stand_in)
        .image("keepkey/support-email:latest-dev")
        .env("VERIFY_REGISTRY_IMAGE_ENGINES", "docker")
        .run();
    assert_eq!(by_variable.code, Some(0), "{}", by_variable.snapshot());
}
