//! The builder of one run of the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::leak::Secrets;
use super::pipe::Pipe;
use super::redaction::Redactions;
use super::usual;
use crate::stand_in::{Origin, Route, StandIn};

/// A run that hangs is killed after this long, and the test fails: far beyond what any run takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(600);

/// One run to be.
pub(crate) struct Gate<'a> {
    program: PathBuf,
    longest: Duration,
    stand_in: Option<&'a StandIn>,
    folder: TempDir,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    stdin: String,
    shell: Option<String>,
    within: Option<PathBuf>,
    secrets: Secrets,
    redactions: Redactions,
    has_notes: bool,
    has_checks: bool,
}

impl<'a> Gate<'a> {
    /// A run that is pointed at a stand-in.
    pub(crate) fn at(stand_in: &'a StandIn) -> Self {
        let mut gate = Self::alone();
        gate.stand_in = Some(stand_in);
        gate.environment.extend(stand_in.environment());
        gate.secrets.hide(stand_in.token());
        for origin in Origin::ALL {
            let name = format!("[{origin:?}]").to_lowercase();
            gate.redactions.text(&stand_in.host(origin), &name);
        }
        if let Some(pem) = stand_in.ca_pem() {
            gate = gate.file(".ca.pem", pem);
            let path = gate.folder().join(".ca.pem").display().to_string();
            gate.environment.insert("SSL_CERT_FILE".to_owned(), path);
        }
        gate
    }

    /// A run without a stand-in: for what is refused before anything is asked.
    pub(crate) fn alone() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The search for a config file ends here.
        std::fs::create_dir(folder.path().join(".git")).expect("a folder of our own");
        let home = folder.path().display().to_string();
        let mut redactions = Redactions::default();
        redactions.text(&home, "[folder]");
        Self {
            program: env!("CARGO_BIN_EXE_verify-registry-image").into(),
            longest: LONGEST,
            stand_in: None,
            folder,
            arguments: Vec::new(),
            environment: BTreeMap::from([("HOME".to_owned(), home)]),
            stdin: String::new(),
            shell: None,
            within: None,
            secrets: Secrets::default(),
            redactions,
            has_notes: false,
            has_checks: false,
        }
    }

    /// A run of another program, to try this harness with.
    pub(super) fn of(program: &str, longest: Duration) -> Self {
        Self { program: program.into(), longest, ..Self::alone() }
    }

    /// With one more argument.
    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With these arguments, parted by white space.
    pub(crate) fn args(mut self, arguments: &str) -> Self {
        self.arguments.extend(arguments.split_whitespace().map(str::to_owned));
        self
    }

    /// With the reference of an image of the stand-in's registry as an argument.
    pub(crate) fn image(self, rest: &str) -> Self {
        let reference = self.stand_in.expect("a run at a stand-in").reference(rest);
        self.arg(reference)
    }

    /// With a variable.
    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Without a variable.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// With another token in its usual variable.
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.secrets.hide(token.trim());
        self.env("DIGITALOCEAN_ACCESS_TOKEN", token)
    }

    /// With one more text that must not show up anywhere.
    pub(crate) fn secret(mut self, secret: &str) -> Self {
        self.secrets.hide(secret);
        self
    }

    /// With a file in its folder, which is its home too.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of our own");
        write(&path, content.as_ref());
        self
    }

    /// With this on its standard input.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// Started by a shell, which runs this: `"$@"` is the program with its arguments.
    pub(crate) fn through(mut self, shell: &str) -> Self {
        self.shell = Some(shell.to_owned());
        self
    }

    /// In the folder of another run.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.within = Some(folder.to_owned());
        self
    }

    /// With a text that differs from run to run shown as `shown`.
    pub(crate) fn redact(mut self, text: &str, shown: &str) -> Self {
        self.redactions.text(text, shown);
        self
    }

    /// With the notes in its snapshot that every run prints: for tests that are about them.
    pub(crate) fn with_notes(mut self) -> Self {
        self.has_notes = true;
        self
    }

    /// With the whole lists of checks in its snapshot that passed, were skipped or were not asked.
    pub(crate) fn with_checks(mut self) -> Self {
        self.has_checks = true;
        self
    }

    /// With a program in its folder, to be found through `PATH`.
    pub(crate) fn program(self, name: &str, script: &str) -> Self {
        let gate = self.file(&format!("bin/{name}"), script);
        let path = gate.folder().join("bin").join(name);
        let all_may = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, all_may).expect("a file of our own");
        let bin = gate.folder().join("bin").display().to_string();
        gate.env("PATH", format!("{bin}:/usr/bin:/bin"))
    }

    /// The folder that it runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Run<'a> {
        self.start().finish()
    }

    /// Runs it to its end and shows everything but the usual.
    pub(crate) fn snapshot(self) -> String {
        self.run().snapshot()
    }

    /// Starts it.
    pub(crate) fn start(self) -> Running<'a> {
        let before = files(self.folder());
        let mut command = match &self.shell {
            None => Command::new(&self.program),
            Some(shell) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", shell, "sh"]).arg(&self.program);
                command
            }
        };
        let mut child = command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.within.as_deref().unwrap_or(self.folder()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the built program");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input closes the pipe: that is not an error of the test.
        let _ = stdin.write_all(self.stdin.as_bytes());
        drop(stdin);
        let stdout = Pipe::read(child.stdout.take().expect("a pipe"));
        let stderr = Pipe::read(child.stderr.take().expect("a pipe"));
        Running { gate: self, before, child, stdout, stderr }
    }
}

/// A run under way.
pub(crate) struct Running<'a> {
    gate: Gate<'a>,
    before: BTreeMap<PathBuf, Vec<u8>>,
    child: Child,
    stdout: Pipe,
    stderr: Pipe,
}

impl<'a> Running<'a> {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the program has ended already");
    }

    /// What the kernel says of it.
    pub(crate) fn status(&self) -> String {
        let path = format!("/proc/{}/status", self.child.id());
        std::fs::read_to_string(path).expect("it is running")
    }

    /// Its limits, as the kernel tells them.
    pub(crate) fn limits(&self) -> String {
        let path = format!("/proc/{}/limits", self.child.id());
        std::fs::read_to_string(path).expect("it is running")
    }

    /// Waits until its standard error holds `text`.
    pub(crate) fn wait_for(&self, text: &str) {
        let came = self.stderr.holds(self.gate.longest, text);
        assert!(came, "standard error never held {text:?}");
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Run<'a> {
        let longest = self.gate.longest;
        let ended = (self.stdout.whole(longest), self.stderr.whole(longest));
        let (Some(stdout), Some(stderr)) = ended else {
            self.child.kill().expect("a child of ours");
            panic!("still running after {longest:?}: {}", self.gate.arguments.join(" "));
        };
        let status = self.child.wait().expect("a child of ours");
        let after = files(self.gate.folder());
        let run = Run {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            files: changes(self.gate.folder(), &self.before, &after),
            gate: self.gate,
        };
        run.assert_no_leak();
        run.assert_token_at_home();
        run
    }
}

/// A run that has ended.
pub(crate) struct Run<'a> {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to standard error.
    pub(crate) stderr: String,
    /// The files that it wrote, by path in its folder; `None`: one that it removed.
    pub(crate) files: BTreeMap<String, Option<String>>,
    gate: Gate<'a>,
}

impl Run<'_> {
    /// Everything that can be seen of the run, without what differs from run to run and what nearly every run
    /// prints: see [`Gate::with_notes`] and [`Gate::with_checks`].
    pub(crate) fn snapshot(&self) -> String {
        let program = self.gate.program.file_name().unwrap_or_default().to_string_lossy();
        let mut text = match &self.gate.shell {
            None => format!("$ {program}"),
            Some(shell) => format!("$ {}", shell.replace("\"$@\"", &program)),
        };
        for argument in &self.gate.arguments {
            let plain = !argument.is_empty() && !argument.contains([' ', '\n', '\'', '"', '$']);
            let _ = if plain { write!(text, " {argument}") } else { write!(text, " {argument:?}") };
        }
        let code = self.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let _ = write!(text, "\nexit code: {code}\n");
        section(&mut text, "stdout", &self.stdout);
        section(&mut text, "stderr", &self.stderr);
        for (path, content) in &self.files {
            match content {
                Some(content) => section(&mut text, path, content),
                None => drop(writeln!(text, "----- {path}: removed")),
            }
        }
        let mut text = self.without_differences(&text);
        if !self.gate.has_notes {
            text = usual::without_notes(&text);
        }
        if !self.gate.has_checks {
            text = usual::with_named_checks(&usual::without_checks(&text));
        }
        text
    }

    /// A text of the run with what differs from run to run taken out, and long lists of checks shown by a name.
    pub(crate) fn redacted(&self, text: &str) -> String {
        usual::with_named_checks(&self.without_differences(text))
    }

    fn without_differences(&self, text: &str) -> String {
        let mut redactions = self.gate.redactions.clone();
        for tag in self.control_tags() {
            redactions.text(&tag, "[control]");
        }
        redactions.apply(text)
    }

    /// One file that it wrote.
    pub(crate) fn file(&self, path: &str) -> &str {
        let content = self.files.get(path).and_then(Option::as_deref);
        content.unwrap_or_else(|| panic!("`{path}` was not written; these were: {:?}", self.files))
    }

    /// The folder that it ran in.
    pub(crate) fn folder(&self) -> &Path {
        self.gate.folder()
    }

    /// The tags that it asked for, that do not exist and that nobody told it of.
    fn control_tags(&self) -> Vec<String> {
        let Some(stand_in) = self.gate.stand_in else { return Vec::new() };
        let told = format!("{:?}{:?}", self.gate.arguments, self.gate.environment);
        let asked = stand_in.asked(&Route::Control);
        let tags = asked.iter().filter_map(|entry| entry.target.rsplit('/').next());
        tags.filter(|tag| !told.contains(tag) && tag.len() > 15).map(str::to_owned).collect()
    }

    /// The token reached DigitalOcean's API, or the other registry that it is the password of, and nobody
    /// else (contract, promise 1).
    fn assert_token_at_home(&self) {
        let Some(stand_in) = self.gate.stand_in else { return };
        let is_digitaloceans = self.gate.environment.contains_key("DIGITALOCEAN_REGISTRY_HOST");
        for entry in stand_in.log().iter().filter(|entry| entry.carries_token) {
            let home = match entry.origin {
                Origin::Api => true,
                Origin::Registry => !is_digitaloceans,
                Origin::Storage | Origin::Elsewhere => false,
            };
            assert!(home, "the token was sent to another host: {}", entry.line());
        }
    }

    /// Nothing that the run left behind holds a secret of it, in any form.
    fn assert_no_leak(&self) {
        let mut secrets = self.gate.secrets.clone();
        for token in self.gate.stand_in.iter().flat_map(|stand_in| stand_in.given_out_tokens()) {
            secrets.hide(&token);
        }
        secrets.assert_absent("standard output", &self.stdout);
        secrets.assert_absent("standard error", &self.stderr);
        for (path, content) in &self.files {
            secrets.assert_absent(path, content.as_deref().unwrap_or_default());
        }
    }
}

fn section(text: &mut String, title: &str, content: &str) {
    let _ = writeln!(text, "----- {title}");
    text.push_str(content);
    if !content.is_empty() && !content.ends_with('\n') {
        text.push_str("[no newline]\n");
    }
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a file type");
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
        }
    }
    found
}

fn changes(
    folder: &Path,
    before: &BTreeMap<PathBuf, Vec<u8>>,
    after: &BTreeMap<PathBuf, Vec<u8>>,
) -> BTreeMap<String, Option<String>> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let written = after.iter().filter(|(path, content)| before.get(*path) != Some(content));
    let written =
        written.map(|(path, content)| (name(path), Some(String::from_utf8_lossy(content).into())));
    let removed = before.keys().filter(|path| !after.contains_key(*path));
    written.chain(removed.map(|path| (name(path), None))).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test prepares a file that nobody reads meanwhile")]
fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).expect("a file in a folder of our own");
}
