//! One run of the program on one hostile input, and what it cost.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::stand_in::StandIn;

/// The repository and the tag that are asked for, at the stand-in.
pub(crate) const IMAGE: &str = "keepkey/hostile:latest-dev";

/// A run of the program: its files, its arguments, and who answers.
pub(crate) struct Trial {
    stand_in: StandIn,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    files: Vec<(String, Vec<u8>)>,
    stdin: Vec<u8>,
}

/// What a run cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// The exit code.
    pub(crate) code: i32,
    /// Seconds from its start to its end.
    pub(crate) wall: f64,
    /// Seconds of processor time.
    pub(crate) cpu: f64,
    /// The most memory at once, in bytes.
    pub(crate) peak: u64,
}

impl Trial {
    /// At this stand-in, so far without arguments.
    pub(crate) fn at(stand_in: StandIn) -> Self {
        let mut variables = stand_in.environment();
        // The released binary has musl's one heap; glibc keeps one a thread, and gives nothing of it to another.
        variables.push(("MALLOC_ARENA_MAX".to_owned(), "1".to_owned()));
        Self { stand_in, arguments: Vec::new(), variables, files: Vec::new(), stdin: Vec::new() }
    }

    /// At this stand-in, asking for [`IMAGE`].
    pub(crate) fn of_image(stand_in: StandIn) -> Self {
        let image = stand_in.reference(IMAGE);
        Self::at(stand_in).argument(&image)
    }

    /// At an honest stand-in that holds [`IMAGE`], asking for it.
    pub(crate) fn honest() -> Self {
        Self::of_image(crate::answers::honest())
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Arguments parted by white space.
    pub(crate) fn arguments(mut self, arguments: &str) -> Self {
        self.arguments.extend(arguments.split_whitespace().map(str::to_owned));
        self
    }

    /// With a file in the folder that it runs in, which is also its home.
    pub(crate) fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    pub(crate) fn stdin(self, content: impl Into<Vec<u8>>) -> Self {
        Self { stdin: content.into(), ..self }
    }

    /// With a variable; an empty value removes it.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.variables.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The name of the stand-in's registry, as a configuration of docker names it.
    pub(crate) fn registry(&self) -> String {
        self.stand_in.reference("").trim_end_matches('/').to_owned()
    }

    /// Runs the program once.
    pub(crate) fn cost(self, program: &str) -> anyhow::Result<Cost> {
        let folder = tempfile::tempdir()?;
        for (path, content) in &self.files {
            write(&folder.path().join(path), content)?;
        }
        let measured = tempfile::NamedTempFile::new()?;
        let stdin = tempfile::NamedTempFile::new()?;
        stdin.as_file().write_all(&self.stdin)?;
        let shown = tempfile::tempfile()?;
        let mut child = Command::new("/usr/bin/time")
            .args(["-q", "-f", "%e %U %S %M", "-o"])
            .arg(measured.path())
            .arg(program)
            .args(&self.arguments)
            .env_clear()
            .env("HOME", folder.path())
            .env("PATH", folder.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.path())
            .stdin(stdin.reopen()?)
            .stdout(Stdio::from(shown.try_clone()?))
            .stderr(Stdio::from(shown.try_clone()?))
            .spawn()
            .context("GNU time is needed")?;
        let code = child.wait()?.code().unwrap_or_default();
        let said = said(shown)?;
        ensure!((0..=5).contains(&code), "it ended with {code}: {said}");
        ensure!(!said.contains("internal error"), "{said}");
        let numbers = fs::read_to_string(measured.path())?;
        let numbers =
            numbers.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [wall, user, system, kib] = numbers.as_slice() else {
            anyhow::bail!("GNU time said something else")
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number of kibibytes"
        )]
        let peak = (*kib as u64) << 10;
        Ok(Cost { code, wall: *wall, cpu: user + system, peak })
    }
}

/// The first of what was shown.
fn said(mut shown: fs::File) -> anyhow::Result<String> {
    use std::io::{Read as _, Seek as _};
    shown.rewind()?;
    let mut said = Vec::new();
    shown.take(64 << 20).read_to_end(&mut said)?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "a file of the tool's own")]
fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)?;
    if content.starts_with(b"#!") {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
