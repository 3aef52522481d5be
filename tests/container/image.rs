//! The image itself: what is in it, and what it runs without.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use crate::engine::{self, GATE, GATE_WITHOUT_CA, at_its_own_path, from_run_sh, inspect, text};
use crate::stand_in::{Image, StandIn};

/// How large the binary may be.
const MOST_BYTES: u64 = 11 << 19;
const HARDENED: [&str; 6] = [
    "--read-only",
    "--cap-drop=ALL",
    "--user=12345",
    "--security-opt=no-new-privileges",
    "--network=host",
    "--pids-limit=64",
];

/// Where the image has what it is made of.
const DOC: &str = "/usr/share/doc/verify-registry-image";
const TEXTS: [&str; 5] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "licenses/rust-standard-library.html",
    "licenses/third-party.txt",
    "verify-registry-image.cdx.json",
];

#[test]
fn it_adds_the_binary_and_what_it_is_made_of_and_no_more() {
    let size = |image| inspect(image, "{{.Size}}").parse::<u64>().unwrap();
    let added = size(GATE) - size("base:with-ca");
    let binary = engine::binary();
    let of_binary = fs::metadata(&binary).unwrap().len();
    let built = binary.parent().unwrap();
    let of_texts = TEXTS.map(|text| {
        let root = if text.starts_with("LICENSE") { Path::new(".") } else { built };
        let there = fs::read(root.join(text)).unwrap();
        let cat = ["--network=none", "--entrypoint=cat"];
        let output = engine::run(&cat, GATE, &[&format!("{DOC}/{text}")]);
        assert!(output.stdout == there, "{text} is another one in the image");
        there.len() as u64
    });
    assert_eq!(added, of_binary + of_texts.iter().sum::<u64>());
    assert!(of_binary <= MOST_BYTES, "{of_binary} bytes");
    assert_eq!(inspect(GATE, "{{len .RootFS.Layers}}"), "2");
}

#[test]
fn its_bill_of_materials_is_that_of_this_very_binary() {
    let binary = engine::binary();
    let bill = binary.with_file_name("verify-registry-image.cdx.json");
    let bill: serde_json::Value = serde_json::from_slice(&fs::read(bill).unwrap()).unwrap();
    let sum = Command::new("sha256sum").arg(&binary).output().unwrap();
    let sum = text(&sum.stdout);
    let told = bill["metadata"]["component"]["hashes"][0]["content"].as_str().unwrap();
    assert!(sum.starts_with(told), "{told}, and it is {sum}");
    // What Cargo built for it, as seen from its messages, and what no crate brings.
    let built = fs::read_to_string(binary.with_file_name("verify-registry-image.crates")).unwrap();
    let mut built: Vec<&str> = built.lines().filter(|name| !name.starts_with("verify-")).collect();
    built.sort_unstable();
    let components = bill["components"].as_array().unwrap().iter();
    let field =
        |component: &serde_json::Value, name: &str| component[name].as_str().unwrap().to_owned();
    let mut listed: Vec<String> = components
        .filter(|component| field(component, "purl").starts_with("pkg:cargo/"))
        .map(|component| format!("{} {}", field(component, "name"), field(component, "version")))
        .collect();
    listed.sort_unstable();
    assert_eq!(listed, built);
    assert!(listed.len() > 100, "{listed:?}");
}

#[test]
fn its_labels_say_what_it_was_built_from() {
    let label = |name| {
        inspect(GATE, &format!("{{{{index .Config.Labels \"org.opencontainers.image.{name}\"}}}}"))
    };
    assert_eq!(label("revision"), from_run_sh("CONTAINER_REVISION"));
    assert_eq!(label("version"), "tested");
    assert_eq!(label("licenses"), "MIT OR Apache-2.0");
    assert!(label("source").starts_with("https://"));
    // CircleCI runs the entry point of an image with this label.
    assert!(!inspect(GATE, "{{json .Config.Labels}}").contains("com.circleci.preserve-entrypoint"));
    assert_eq!(inspect(GATE, "{{json .Config.Entrypoint}}"), "[\"verify-registry-image\"]");
    assert_eq!(inspect(GATE, "{{.Config.User}}"), "65532:65532");
}

#[test]
fn it_verifies_as_any_user_without_rights_on_a_root_that_cannot_be_written() {
    let stand_in = StandIn::honest();
    stand_in.image("keepkey/support-email", "latest-dev", Image::node_on_alpine());
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mount = at_its_own_path(folder.path());
    let variables: Vec<String> = stand_in
        .environment()
        .into_iter()
        .map(|(name, value)| format!("--env={name}={value}"))
        .collect();
    let mut flags = HARDENED.to_vec();
    flags.push(&mount);
    flags.extend(variables.iter().map(String::as_str));
    let reference = stand_in.reference("keepkey/support-email:latest-dev");
    let out = |name: &str| folder.path().join(name).display().to_string();
    let (junit, record) = (out("junit.xml"), out("record.json"));
    let output = engine::run(&flags, GATE, &["--junit", &junit, "--record", &record, &reference]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for file in [&junit, &record] {
        let metadata = fs::metadata(file).unwrap();
        assert_eq!((metadata.uid(), metadata.mode() & 0o777), (12345, 0o644), "{file}");
    }

    stand_in.untag("keepkey/support-email", "latest-dev");
    let output = engine::run(&flags, GATE, &["--junit", &junit, "--record", &record, &reference]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!folder.path().join("record.json").exists());

    let output = engine::run(&flags, GATE, &["--junit", "/junit.xml", &reference]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn without_a_ca_bundle_it_says_so_and_is_undecided() {
    let flags = ["--network=none", "--env=DIGITALOCEAN_ACCESS_TOKEN=dop_v1_0123456789abcdef"];
    let image = "registry.digitalocean.com/keepkey/support-email:latest-dev";
    let output = engine::run(&flags, GATE_WITHOUT_CA, &[image]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let shown = text(&[output.stdout, output.stderr].concat());
    assert!(shown.contains("no CA certificates"), "{shown}");
    // With a bundle, the same run comes as far as the network, and it is that which is missing.
    let output = engine::run(
        &[&flags[..], &["--env=CIRCLECI=true"]].concat(),
        GATE,
        &["--deadline", "5s", image],
    );
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let shown = text(&[output.stdout, output.stderr].concat());
    assert!(!shown.contains("CA certificates"), "{shown}");
}

#[test]
fn it_ends_at_once_on_a_signal() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository("keepkey/support-email");
    let variables: Vec<String> = stand_in
        .environment()
        .into_iter()
        .map(|(name, value)| format!("--env={name}={value}"))
        .collect();
    let mut flags = vec!["--network=host", "--detach"];
    flags.extend(variables.iter().map(String::as_str));
    let reference = stand_in.reference("keepkey/support-email:latest-dev");
    let started = engine::docker()
        .arg("run")
        .args(&flags)
        .args([GATE, "--wait", "300s", &reference])
        .output()
        .unwrap();
    let container = text(&started.stdout);
    stand_in.wait_until(|log| !log.is_empty());
    // It is the container's first process, for which signals have no default.
    let stopped = engine::docker().args(["stop", "--time", "60", &container]).output().unwrap();
    assert!(stopped.status.success(), "{stopped:?}");
    let code = engine::docker().args(["wait", &container]).output().unwrap();
    assert_eq!(text(&code.stdout), "143");
    assert!(engine::docker().args(["rm", &container]).output().unwrap().status.success());
}
