//! A job of a pipeline: runs the program with the variables that CircleCI would set, and shows all of it.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

/// A run of the program to be.
pub(crate) struct Job<'a> {
    /// The program.
    pub(crate) program: &'a Path,
    /// Where it runs: where the config file is, and where its outputs go.
    pub(crate) folder: &'a Path,
    /// The variables that point it to the registry; the token is one of them.
    pub(crate) registry: &'a [(String, String)],
    /// What CircleCI says of the job.
    pub(crate) circleci: &'a [(&'a str, &'a str)],
    /// The command line, by line as it is shown.
    pub(crate) arguments: &'a [&'a str],
}

impl Job<'_> {
    /// Runs it and shows command, output and exit code. An error where the code is not `expected`.
    pub(crate) fn show(&self, expected: i32) -> anyhow::Result<()> {
        let Self { program, folder, registry, circleci, arguments } = self;
        say("\n")?;
        for (name, value) in *circleci {
            say(&format!("    {name}={value}\n"))?;
        }
        say(&format!("$ verify-registry-image {}\n", arguments.join(" \\\n    ")))?;
        // The program writes into a pipe here; who looks at the demo in a terminal should see its colours.
        let color = if io::stdout().is_terminal() { "always" } else { "never" };
        let output = Command::new(program)
            .args(arguments.iter().flat_map(|line| line.split(' ')))
            .env_clear()
            .env("HOME", folder)
            .envs(registry.iter().map(|(name, value)| (name, value)))
            .envs(circleci.iter().copied())
            .env("VERIFY_REGISTRY_IMAGE_COLOR", color)
            .current_dir(folder)
            .output()
            .with_context(|| format!("`{}` could not be run", program.display()))?;
        say(&String::from_utf8_lossy(&output.stderr))?;
        say(&String::from_utf8_lossy(&output.stdout))?;
        match output.status.code() {
            Some(code) if code == expected => say(&format!("exit code {code}\n")),
            code => bail!("the exit code should have been {expected}, and was {code:?}"),
        }
    }
}

/// Writes to standard output.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
