//! The engine that run.sh started, and the images that it built.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The image on a base with a CA bundle.
pub(crate) const GATE: &str = "gate:with-ca";
/// The same on a base without one.
pub(crate) const GATE_WITHOUT_CA: &str = "gate:without-ca";

/// The variable that run.sh sets.
pub(crate) fn from_run_sh(name: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "how run.sh hands on what it made; not the program"
    )]
    let value = std::env::var(name);
    value.unwrap_or_else(|_| panic!("{name} is not set: run tests/container/run.sh"))
}

/// The docker client; it finds the engine by `DOCKER_HOST`.
pub(crate) fn docker() -> Command {
    Command::new(client())
}

/// Where the docker client is.
pub(crate) fn client() -> PathBuf {
    PathBuf::from(from_run_sh("CONTAINER_DOCKER"))
}

/// Where the static binary is that is in the image.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from(from_run_sh("CONTAINER_GATE"))
}

/// Runs a container to its end with these flags of `docker run`, the image, and what follows it.
pub(crate) fn run(flags: &[&str], image: &str, arguments: &[&str]) -> Output {
    docker().args(["run", "--rm"]).args(flags).arg(image).args(arguments).output().unwrap()
}

/// A field of an image's description.
pub(crate) fn inspect(image: &str, format: &str) -> String {
    let output = docker().args(["image", "inspect", "--format", format, image]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// `--mount` for a folder at its own path.
pub(crate) fn at_its_own_path(folder: &Path) -> String {
    format!("--mount=type=bind,source={0},target={0}", folder.display())
}

/// What a program wrote.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
