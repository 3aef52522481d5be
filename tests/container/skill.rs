//! The old command with a real engine: no program on PATH, so it takes the image.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::engine::{self, GATE};
use crate::stand_in::{Image, StandIn};

const CONFIG: &str = "\
registry: $DIGITALOCEAN_REGISTRY_HOST/keepkey
environments:
  development: { tag: latest-dev }
services:
  support-email: {}
status:
  directory: docs/status
";

fn command(root: &Path, stand_in: &StandIn, arguments: &[&str]) -> Output {
    let clients = engine::client();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("skills/verify-registry-image.sh");
    Command::new("sh")
        .arg(script)
        .args(arguments)
        .current_dir(root.join("service"))
        .env("PATH", format!("{}:/usr/bin:/bin", clients.parent().unwrap().display()))
        .env("HOME", root.join("home"))
        .env("GATE_IMAGE", GATE)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("DIGITALOCEAN_CONFIG")
        .envs(stand_in.environment())
        .output()
        .unwrap()
}

fn repository() -> tempfile::TempDir {
    // A comma and a quote part and quote the fields of `--mount`.
    let folder = tempfile::Builder::new().prefix("with, a \"comma\" ").tempdir().unwrap();
    for name in ["service", "docs/status", "home/.config/doctl"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let output =
        Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut config = fs::File::create(folder.path().join("verify-registry-image.yml")).unwrap();
    config.write_all(CONFIG.as_bytes()).unwrap();
    folder
}

#[test]
fn it_verifies_a_tag_and_updates_the_status_from_within_the_container() {
    let stand_in = StandIn::honest();
    stand_in.image("keepkey/support-email", "latest-dev", Image::node_on_alpine());
    let repository = repository();
    let status = repository.path().join("docs/status/development.status");

    let output = command(repository.path(), &stand_in, &["latest-dev", "--update-status"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(fs::read_to_string(&status).unwrap().contains("status: GREEN"));

    stand_in.untag("keepkey/support-email", "latest-dev");
    let output = command(repository.path(), &stand_in, &["latest-dev", "--update-status"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(fs::read_to_string(&status).unwrap().contains("status: RED"));

    let output = command(repository.path(), &stand_in, &["--no-such-option", "latest-dev"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn the_token_that_doctl_stored_is_taken() {
    let stand_in = StandIn::honest();
    stand_in.image("keepkey/support-email", "latest-dev", Image::node_on_alpine());
    let repository = repository();
    let doctl = repository.path().join("home/.config/doctl/config.yaml");
    let mut file = fs::File::create(doctl).unwrap();
    file.write_all(format!("access-token: {}\n", stand_in.token()).as_bytes()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("skills/verify-registry-image.sh");
    let output = Command::new("sh")
        .arg(script)
        .arg("latest-dev")
        .current_dir(repository.path())
        .env("HOME", repository.path().join("home"))
        .env("GATE_IMAGE", GATE)
        .env("PATH", format!("{}:/usr/bin:/bin", engine::client().parent().unwrap().display()))
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("DIGITALOCEAN_CONFIG")
        .envs(stand_in.environment())
        .env_remove("DIGITALOCEAN_ACCESS_TOKEN")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
