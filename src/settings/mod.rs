//! What was asked: the command line, the environment and the config file, read once and made one value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::ambient::MoreTime;
use crate::circleci::jobs::Conventions;
use crate::circleci::{CircleCi, Project};
use crate::oci::RegistryHost;
use crate::request::ImageRequest;
use crate::secret::{Redactor, Secret};

mod args;
mod checkout;
mod config;
mod console;
mod declared;
mod doctl;
mod duration;
mod environments;
mod expand;
mod expectation;
mod facts;
mod help;
mod images;
mod inputs;
mod network;
mod orb;
mod output_options;
mod pipelines;
mod outputs;
mod question;
mod reading;
mod requests;
mod service;
mod services;
mod settings_error;
mod shown_instead;
mod size;
mod structure_test;
mod token;
mod usage;
mod usage_error;
mod values;
mod variable_name;
mod variables;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use config::FILE_NAME;
pub use orb::Words;
pub use output_options::{OUTPUT_OPTIONS, OutputOption};
pub use settings_error::SettingsError;
pub use shown_instead::{OptionText, options};
pub use variable_name::PREFIX;
pub use variables::{TOKEN as TOKEN_VARIABLE, variable_of};

/// What the settings are read from.
pub struct Surroundings<'a> {
    /// When the program was started: the deadline of its run counts from there.
    pub started: Instant,
    /// The command line; the first argument is the program's name.
    pub arguments: Vec<OsString>,
    /// Reads an environment variable by name.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The working folder.
    pub folder: PathBuf,
    /// Standard input, read where an IMAGE is `-`.
    pub stdin: Box<dyn Read + Send>,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
}

/// Reads everything that the run needs to know.
///
/// # Errors
/// When anything of it is wrong: then nothing is asked, and the exit code is 2.
pub fn read(surroundings: Surroundings<'_>) -> Result<Asked, SettingsError> {
    reading::read(surroundings)
}

/// How long reading the settings may take: the deadline as it is given, before anything else is known.
pub fn deadline_as_given(
    arguments: &[OsString],
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Duration {
    reading::deadline_as_given(arguments, variable)
}

/// What the caller wants.
#[derive(Debug)]
pub enum Asked {
    /// Verify images.
    Verify(Box<Settings>),
    /// Show a text on standard output: `--help`, `--version`, `--list-checks`, `--schema`, `--completions`.
    Show(String),
    /// Draw the status board and the badges from the status files (`--draw-status`); no registry is asked.
    DrawStatus(StatusFolder, Format),
}

/// Everything that a run needs to know, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The images, in the order of asking, without repetition. Never empty.
    pub images: Vec<ImageRequest>,
    /// Where DigitalOcean is.
    pub digitalocean: DigitalOcean,
    /// The DigitalOcean token. `None` only when no image is DigitalOcean's.
    pub token: Option<Token>,
    /// Where docker's config file is, which may not exist. `None` where not even that is known.
    pub docker_config: Option<PathBuf>,
    /// The proxy that stands between.
    pub proxy: Proxy,
    /// The variables that a docker credential helper does not get.
    pub secret_variables: Vec<String>,
    /// `--token-server`: the token server that may be given another registry's login.
    pub token_server: Option<RegistryHost>,
    /// How long to wait for an image that is not there yet.
    pub wait: Option<Duration>,
    /// How long the whole run may take, before [`more_time`](Self::more_time).
    pub deadline: Duration,
    /// What is added to the deadline during the run.
    pub more_time: MoreTime,
    /// When the program was started.
    pub started: Instant,
    /// `--content`: how many bytes of layers may be read, packed and unpacked together.
    pub content: Option<u64>,
    /// How many images are verified at once.
    pub jobs: usize,
    /// What is written, and where.
    pub outputs: Outputs,
    /// How it is shown.
    pub console: Console,
    /// What CircleCI says of the job.
    pub circleci: CircleCi,
    /// Where the images' pipelines are, and what may be asked of them.
    pub pipelines: Pipelines,
    /// In whose words options are named.
    pub words: Words,
    /// What the reader should know of the settings: the token's source, what was trimmed.
    pub notes: Vec<String>,
    /// Knows every secret of the run.
    pub redactor: Redactor,
}

impl Settings {
    /// How long after its start the run ends, as far as is known now.
    pub fn ends_after(&self) -> Duration {
        self.deadline + self.more_time.so_far()
    }
}

/// Where DigitalOcean's API and registry are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitalOcean {
    /// The API's origin, without a slash at the end: `https://api.digitalocean.com`.
    pub api: String,
    /// The registry's host: `registry.digitalocean.com`.
    pub registry: RegistryHost,
    /// Whether the registry is asked over plain `http` (a loopback stand-in only).
    pub plain_http: bool,
}

/// The proxy, as the environment names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// `HTTPS_PROXY`: an `http` or `https` address that was looked at; it can hold a password.
    pub https: Option<Secret>,
    /// `NO_PROXY`: the hosts that are asked without it.
    pub no_proxy: Option<String>,
}

/// The DigitalOcean token, and where it came from.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// Its source, as in ``the variable `DIGITALOCEAN_ACCESS_TOKEN` ``.
    pub source: String,
}

/// CircleCI's side of a run.
#[derive(Clone, Debug)]
pub struct Pipelines {
    /// The API's origin, without a slash at the end: `https://circleci.com`. The token goes there and nowhere else.
    pub api: String,
    /// The origin of the pages: `https://app.circleci.com`.
    pub pages: String,
    /// Whether it is a CircleCI server of somebody's own.
    pub is_server: bool,
    /// The project, where it is known.
    pub project: Option<Project>,
    /// What the config calls its workflow and jobs.
    pub conventions: Conventions,
    /// The root of the checkout.
    pub checkout: Option<PathBuf>,
    /// `--diagnose`.
    pub diagnose: Option<Diagnose>,
}

/// `--diagnose`.
#[derive(Clone, Debug)]
pub struct Diagnose {
    /// The token, where there is one.
    pub token: Option<CircleCiToken>,
    /// `--start-pipeline`.
    pub starts: bool,
}

/// A token of CircleCI's, and the variable that it came from.
#[derive(Clone, Debug)]
pub struct CircleCiToken {
    /// The token.
    pub secret: Secret,
    /// The variable.
    pub variable: &'static str,
}

/// What is written, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// The files, each by the option that asks for it.
    pub files: BTreeMap<&'static str, PathBuf>,
    /// `--update-status`.
    pub status: Option<StatusFolder>,
    /// What the JUnit file names as `file`: the config file, else `.circleci/config.yml`.
    pub config_file: String,
    /// Every service of the config.
    pub services: Vec<String>,
    /// What the run reads: no output may be one of these files.
    pub inputs: Vec<Input>,
}

/// A file that the run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it is, as in `the config file`.
    pub what: &'static str,
    /// Where it is, or would be.
    pub path: PathBuf,
}

/// Where the environments' status files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFolder {
    /// `status.directory` of the config, resolved.
    pub directory: PathBuf,
    /// `status.board` of the config, resolved.
    pub board: Option<PathBuf>,
    /// `status.badges` of the config, resolved: a folder for one shields.io endpoint file an environment.
    pub badges: Option<PathBuf>,
    /// Every service of the config: an environment is GREEN when each has a GREEN line.
    pub services: Vec<String>,
}

/// How a run is shown.
#[expect(clippy::struct_excessive_bools, reason = "each is an answer about another stream")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// `--format`.
    pub format: Format,
    /// Whether standard output gets colours.
    pub color_stdout: bool,
    /// Whether standard error gets colours.
    pub color_stderr: bool,
    /// Whether a person looks at standard error as it comes.
    pub draws_stderr: bool,
    /// `-q`: the verdict line only.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbosity: u8,
}

/// The form of standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a person.
    #[default]
    Human,
    /// The versioned report.
    Json,
}

#[cfg(test)]
mod tests;
