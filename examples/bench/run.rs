//! Runs a program again and again, and says how long it took and how much memory it had at its peak.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context as _, bail, ensure};

use crate::stand_in::StandIn;

/// A command to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: String,
    expected: i32,
}

/// What a run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// The most memory, in bytes.
    pub(crate) peak: u64,
    /// The time of processors.
    pub(crate) processor: Duration,
}

impl Run {
    /// A program with arguments parted by white space, without any variable, that is expected to succeed.
    pub(crate) fn of(program: &str, arguments: &str) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.split_whitespace().map(str::to_owned).collect(),
            environment: Vec::new(),
            stdin: String::new(),
            expected: 0,
        }
    }

    /// A command with its arguments.
    pub(crate) fn command(command: &[String]) -> Self {
        let (program, arguments) = command
            .split_first()
            .map_or(("", [].as_slice()), |(program, arguments)| (program.as_str(), arguments));
        Self { arguments: arguments.to_vec(), ..Self::of(program, "") }
    }

    /// With one more argument.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// The same as the arguments of another program, behind its own.
    pub(crate) fn behind(self, command: &[&str]) -> Self {
        let mut words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        words.push(self.program);
        words.extend(self.arguments);
        let program = words.remove(0);
        Self { program, arguments: words, ..self }
    }

    /// With one more variable.
    pub(crate) fn variable(mut self, name: &str, value: &Path) -> Self {
        self.environment.push((name.to_owned(), value.display().to_string()));
        self
    }

    /// What it writes to standard output, however it ends.
    pub(crate) fn output(&self) -> anyhow::Result<String> {
        let output = Command::new(&self.program).args(&self.arguments).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// With the variables that point it to a stand-in, and the certificates in `ca`.
    pub(crate) fn at(mut self, stand_in: &StandIn, ca: &Path) -> Self {
        self.environment = stand_in.environment();
        // No docker config and no doctl of this machine.
        self.environment.push(("HOME".to_owned(), "/nonexistent".to_owned()));
        if stand_in.ca_pem().is_some() {
            self.environment.push(("SSL_CERT_FILE".to_owned(), ca.display().to_string()));
        }
        self
    }

    /// With this on standard input.
    pub(crate) fn stdin(self, text: String) -> Self {
        Self { stdin: text, ..self }
    }

    /// Expected to end with this code.
    pub(crate) fn code(self, expected: i32) -> Self {
        Self { expected, ..self }
    }

    /// One run to its end, and how long it took.
    pub(crate) fn once(&self) -> anyhow::Result<Duration> {
        self.run(&self.program, &self.arguments)
    }

    /// The most memory of a run in bytes, as GNU time has it from the kernel; `None` without GNU time.
    ///
    /// A child of this process would be charged with the memory of this process, which it shares until it becomes
    /// the program; a child of GNU time is charged with GNU time's, which is small.
    pub(crate) fn peak(&self) -> anyhow::Result<Option<u64>> {
        Ok(self.cost()?.map(|cost| cost.peak))
    }

    /// What a run costs, likewise.
    pub(crate) fn cost(&self) -> anyhow::Result<Option<Cost>> {
        if !is_there("/usr/bin/time") {
            return Ok(None);
        }
        let file = env::temp_dir().join(format!("bench-{}.kib", std::process::id()));
        let mut arguments = vec![
            "-q".into(),
            "-f".into(),
            "%M %U %S".into(),
            "-o".into(),
            file.display().to_string(),
        ];
        arguments.push(self.program.clone());
        arguments.extend_from_slice(&self.arguments);
        let ran = self.run("/usr/bin/time", &arguments);
        let written = fs::read_to_string(&file);
        let _ = fs::remove_file(&file);
        ran?;
        let written = written?;
        let mut words = written.split_whitespace();
        let mut word = || words.next().context("GNU time said less than it was asked for");
        let peak = word()?.parse::<u64>()? << 10;
        let seconds = word()?.parse::<f64>()? + word()?.parse::<f64>()?;
        Ok(Some(Cost { peak, processor: Duration::from_secs_f64(seconds) }))
    }

    fn run(&self, program: &str, arguments: &[String]) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{program}`"))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(self.stdin.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let took = started.elapsed();
        if output.status.code() != Some(self.expected) {
            let said = [output.stdout, output.stderr].concat();
            bail!(
                "`{} {}` ended with {:?}, not {}: {}",
                self.program,
                self.arguments.join(" "),
                output.status.code(),
                self.expected,
                String::from_utf8_lossy(&said)
            );
        }
        Ok(took)
    }
}

/// Whether a program can be run.
pub(crate) fn is_there(program: &str) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// The first line of what a program says of its version.
pub(crate) fn version(program: &str) -> anyhow::Result<String> {
    let output = Command::new(program).arg("--version").output()?;
    ensure!(output.status.success(), "`{program} --version` failed");
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}
