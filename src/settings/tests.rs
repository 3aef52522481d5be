//! Whole readings: a command line, an environment, a folder and standard input go in, and what is told of
//! them comes out.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::*;
use crate::request::{ImmutableTag, RegistryKind, RevisionRule};

mod default_registry;
mod emptied;
mod environments;
mod help;
mod images;
mod mistakes;
mod secrets;
mod shared_repository;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const TOKEN: &str = "dop_v1_0123456789abcdef0123456789abcdef";
const IMAGE: &str = "registry.digitalocean.com/keepkey/support-email:latest-dev";

const CONFIG: &str = r#"
registry: registry.digitalocean.com/keepkey
environments:
  development:
    tag: latest-dev
    immutable_tag: "{revision}-dev"
    branch: develop
  production:
    tag: $RELEASE
    branch: main
    expect_revision: required
services:
  support-email:
    port: 5001
    ingress: false
    runtime: { language: nodejs, base: alpine }
    platforms: [linux/amd64]
    env: { NODE_ENV: production }
  support-chat:
    repository: chat/server
    expect_revision: off
status:
  directory: docs/status
  board: docs/board.md
"#;

const ONE_SERVICE: &str = "
registry: registry.digitalocean.com/keepkey
environments:
  development: { tag: latest-dev, branch: develop }
services: { support-email: }
";

/// What a reading starts from.
struct World {
    arguments: Vec<OsString>,
    variables: BTreeMap<String, OsString>,
    stdin: Vec<u8>,
    is_terminal: bool,
    folder: tempfile::TempDir,
}

impl World {
    /// A word a part of `line`; the token is set.
    fn new(line: &str) -> Self {
        let words = line.split_whitespace().map(OsString::from);
        Self {
            arguments: std::iter::once("verify-registry-image".into()).chain(words).collect(),
            variables: BTreeMap::from([("DIGITALOCEAN_ACCESS_TOKEN".to_owned(), TOKEN.into())]),
            stdin: Vec::new(),
            is_terminal: false,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    fn config(self, text: &str) -> Self {
        self.file(FILE_NAME, text)
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a file of the test")]
        std::fs::write(path, text).unwrap();
        self
    }

    fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.as_bytes().to_vec();
        self
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn read(&self) -> Result<Asked, SettingsError> {
        read(Surroundings {
            started: Instant::now(),
            arguments: self.arguments.clone(),
            variable: &|name| self.variables.get(name).cloned(),
            folder: self.path().to_owned(),
            stdin: Box::new(std::io::Cursor::new(self.stdin.clone())),
            stdout_is_terminal: self.is_terminal,
            stderr_is_terminal: self.is_terminal,
        })
    }

    fn settings(&self) -> Settings {
        match self.read() {
            Ok(Asked::Verify(settings)) => *settings,
            other => panic!("no settings: {other:?}"),
        }
    }

    /// What a person sees, or would.
    fn told(&self) -> String {
        match self.read() {
            Ok(Asked::Verify(settings)) => {
                settings.images.iter().map(image).collect::<Vec<_>>().join("\n")
            }
            Ok(Asked::DrawStatus(folder, _)) => format!("{folder:?}"),
            Ok(Asked::Show(text)) => text,
            Err(error) => match error.hint() {
                Some(hint) => format!("error: {error}\n  {}", hint.replace('\n', "\n  ")),
                None => format!("error: {error}"),
            },
        }
    }
}

/// An image, in a line.
fn image(request: &ImageRequest) -> String {
    let ImageRequest {
        reference,
        registry_kind,
        expectation,
        service,
        environment,
        commit: _,
        pipeline: _,
        notes,
    } = request;
    let mut line = reference.to_string();
    let mut add = |text: String| line.extend(["\n  ", &text]);
    if *registry_kind != RegistryKind::DigitalOcean {
        add("not DigitalOcean's".into());
    }
    add(format!(
        "service {}{}",
        service.name,
        if service.is_configured { "" } else { " (not configured)" }
    ));
    if let Some(environment) = environment {
        add(format!("environment {environment}"));
    }
    if let Some(digest) = &expectation.digest {
        add(format!("digest {}", digest.short()));
    }
    match &expectation.revision {
        RevisionRule::Off => {}
        RevisionRule::WhenLabelled(revision) => add(format!("revision {revision}, when labelled")),
        RevisionRule::Required(revision) => add(format!("revision {revision}, required")),
    }
    match &expectation.immutable_tag {
        None => {}
        Some(ImmutableTag::Named(tag)) => add(format!("immutable tag {tag}")),
        Some(ImmutableTag::Fixed(tag)) => add(format!("fixed immutable tag {tag}")),
        Some(ImmutableTag::ByRevisionLabel(_)) => add("immutable tag by the image's label".into()),
    }
    if !expectation.platforms.is_empty() {
        add(format!(
            "platforms {:?}",
            expectation.platforms.iter().map(ToString::to_string).collect::<Vec<_>>()
        ));
    }
    if !expectation.engines.is_empty() {
        let names: Vec<_> = expectation.engines.iter().map(ToString::to_string).collect();
        add(format!("engines {names:?}"));
    }
    if let Some(port) = expectation.port {
        add(format!("port {}{}", port.number, if port.strict { ", strict" } else { "" }));
    }
    for note in notes {
        add(format!("note: {note}"));
    }
    line
}
