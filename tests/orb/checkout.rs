//! A checkout of a job beside the stand-in of DigitalOcean: the program itself on PATH, and programs of the test in the place
//! of tools that would reach elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::source::{could_not_run, write_program};
use crate::stand_in::{Content, Image, Options, Origin, StandIn};

/// The commit of every job here.
pub(crate) const COMMIT: &str = "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4";

/// A folder with the commands of a job, and the registry that they ask.
pub(crate) struct Checkout {
    folder: TempDir,
    pub(crate) stand_in: StandIn,
    variables: BTreeMap<String, String>,
}

impl Checkout {
    pub(crate) fn new() -> Self {
        let registries = vec!["my-registry".to_owned()];
        let stand_in = StandIn::start(Options { registries, ..Options::default() });
        let checkout = Self {
            folder: tempfile::tempdir().unwrap(),
            variables: stand_in.environment().into_iter().collect(),
            stand_in,
        };
        fs::create_dir(checkout.path("bin")).unwrap();
        let program = env!("CARGO_BIN_EXE_verify-registry-image");
        std::os::unix::fs::symlink(program, checkout.path("bin/verify-registry-image")).unwrap();
        checkout
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), self.here(value));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[expect(clippy::disallowed_methods, reason = "a file of a test, read by nobody else")]
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A program in the place of a tool. What it is given is in the file `NAME.log`.
    pub(crate) fn tool(&self, name: &str, script: &str) {
        let script = format!("echo \"$@\" >> {name}.log\n{script}\n");
        write_program(&self.path(&format!("bin/{name}")), &script).unwrap();
    }

    /// An image in the registry; its digest.
    pub(crate) fn push(&self, repository: &str, tag: &str, image: impl Into<Content>) -> String {
        self.stand_in.image(&format!("my-registry/{repository}"), tag, image).digest
    }

    /// A text with the stand-in's registry in the place of DigitalOcean's.
    pub(crate) fn here(&self, text: &str) -> String {
        text.replace("registry.digitalocean.com", &self.stand_in.host(Origin::Registry))
    }

    /// Runs a command as CircleCI does: its exit code, and what it printed.
    pub(crate) fn bash(
        &self,
        command: &str,
        environment: &BTreeMap<String, String>,
    ) -> (i32, String) {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let output = Command::new("/bin/bash")
            .args(["-eo", "pipefail", "-c", &self.here(command)])
            .current_dir(self.folder.path())
            .env_clear()
            .envs(&self.variables)
            .envs(environment)
            .env("PATH", path)
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(printed).unwrap())
    }
}

/// An image of the commit.
pub(crate) fn image() -> Image {
    Image::node_on_alpine().revision(COMMIT)
}

/// Whether the machine has jq; says so aloud where it has not.
pub(crate) fn has_jq() -> bool {
    let has_jq = ["/usr/bin/jq", "/bin/jq"].iter().any(|jq| Path::new(jq).exists());
    if !has_jq {
        could_not_run("the orb's examples, run: `jq` is not installed");
    }
    has_jq
}
