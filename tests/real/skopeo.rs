//! Debian's `skopeo`, which pushes what the tests build.

use std::path::Path;
use std::process::{Command, Output};

use crate::stand_in::{Content, oci_layout};

/// Pushes a content under `target` (`127.0.0.1:PORT/registry/repository:tag`), with every entry of an
/// index, and with `arguments` besides.
pub(crate) fn push(content: &Content, target: &str, token: &str, arguments: &[&str]) {
    let copied = copy(content, target, token, arguments);
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}

/// The same, where the registry may refuse it.
pub(crate) fn copy(content: &Content, target: &str, token: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, bytes) in oci_layout(content, "it") {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of our own");
        write(&path, &bytes);
    }
    let mut copy = command(folder.path());
    copy.args(["--insecure-policy", "copy", "--all", "--quiet", "--dest-tls-verify=false"]);
    copy.args(["--dest-creds", &format!("docr:{token}")]).args(arguments);
    copy.arg(format!("oci:{}:it", folder.path().display())).arg(format!("docker://{target}"));
    copy.output().expect("`skopeo`")
}

/// The digest that `skopeo` finds under `target`: a second opinion.
pub(crate) fn digest(target: &str, token: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mut inspect = command(folder.path());
    inspect.args(["inspect", "--no-tags", "--tls-verify=false", "--format", "{{.Digest}}"]);
    inspect.args(["--creds", &format!("docr:{token}")]).arg(format!("docker://{target}"));
    let inspected = inspect.output().expect("`skopeo`");
    assert!(inspected.status.success(), "{}", String::from_utf8_lossy(&inspected.stderr));
    String::from_utf8(inspected.stdout).expect("text").trim().to_owned()
}

fn command(home: &Path) -> Command {
    let mut command = Command::new("skopeo");
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").env("TMPDIR", home);
    command
}

#[expect(clippy::disallowed_methods, reason = "a test prepares a file that nobody reads meanwhile")]
fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).expect("a file in a folder of our own");
}
