//! The one list of options: each is a field with its type, its help and its group. The texts here are `--help`.
//!
//! An option's variable comes by itself: set, it is the option's default value. One parser reads both, and what it
//! reads remembers which of the two it came from.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, ValueHint};

use crate::engines::Engine;
use crate::oci::{Platform, RegistryHost};
use crate::secret::Redactor;
use crate::settings::usage_error::UsageError;
use crate::settings::values::{self, Color, Given, Origin, conflict};
use crate::settings::variable_name::OTHER;
use crate::settings::{Format, help, usage};

const TARGET: &str = "What to verify";
const EXPECTED: &str = "What it must be";
const ASKING: &str = "How to ask";
const WRITTEN: &str = "What to write";
const SHOWN: &str = "What to show";

const IMAGES: &str = "\
What to verify [default: every service of the config file]

TAG           this tag of --repository, or of the only service
SERVICE:TAG   this tag of that service of the config file
HOST/REGISTRY/REPOSITORY:TAG[@DIGEST]
              a full reference; a digest in it is the expected one
HOST/REGISTRY/REPOSITORY@DIGEST
              this digest, whatever tag it has; there is no record of it
-             one IMAGE a line on standard input

Without IMAGE: every service, at the tag of --environment, else of
the environment whose branch is CIRCLE_BRANCH. Variables ($NAME,
${NAME}) and the commit ({revision}, {revision:7}) are expanded.";

/// Asks the container registry itself whether a pushed image is really there, whole, and the one that
/// was meant.
#[expect(clippy::doc_markdown, reason = "the texts of `--help`, which is not Markdown")]
#[expect(clippy::struct_excessive_bools, reason = "an option without a value is a bool to clap")]
#[derive(Debug, Parser)]
#[command(
    name = "verify-registry-image",
    bin_name = "verify-registry-image",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100
)]
pub(super) struct Args {
    /// What to verify [default: every service of the config file]
    #[arg(value_name = "IMAGE", value_parser = values::image(), long_help = IMAGES)]
    pub images: Vec<Given>,

    /// Config file [default: verify-registry-image.yml, in this folder or above it in the repository]
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = TARGET)]
    pub config: Option<Given<PathBuf>>,
    /// Repository of an IMAGE that is only a tag, as in HOST/REGISTRY/REPOSITORY
    #[arg(long, value_name = "NAME", value_parser = values::text(), help_heading = TARGET)]
    pub repository: Option<Given>,
    /// Only this service of the config file; can be repeated [default: all of them]
    #[arg(long = "service", value_name = "NAME", value_parser = values::word(), value_delimiter = ',', help_heading = TARGET)]
    pub services: Vec<Given>,
    /// Environment of the config file whose tag and rules hold [default: found by tag or branch]
    ///
    /// The default is the environment that deploys the tag of IMAGE; without IMAGE, the one whose branch is
    /// CIRCLE_BRANCH.
    #[arg(long, value_name = "NAME", value_parser = values::text(), help_heading = TARGET)]
    pub environment: Option<Given>,
    /// Registry of an IMAGE without a host, as a cluster lists it: docker.io [default: none]
    ///
    /// Every IMAGE is a reference then: on docker.io one of a single part is below library/, and one without tag
    /// and digest means latest. Not with a config file, --service, --environment or --repository.
    #[arg(long, value_name = "HOST", value_parser = values::registry(), help_heading = TARGET)]
    pub default_registry: Option<Given<RegistryHost>>,

    /// The digest that was pushed [default: not compared]
    #[arg(long, value_name = "DIGEST", value_parser = values::text(), help_heading = EXPECTED, conflicts_with = "expect_digest_file")]
    pub expect_digest: Option<Given>,
    /// File with the digest: sha256:…, NAME@sha256:…, or the metadata file of docker buildx
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = EXPECTED)]
    pub expect_digest_file: Option<Given<PathBuf>>,
    /// The commit that the image was built from, by its label [without a value: CIRCLE_SHA1]
    ///
    /// The label org.opencontainers.image.revision must be there and be this commit. Other values: required, as
    /// without a value; off; and when-labelled, which compares CIRCLE_SHA1 if the image has the label, and lets a
    /// config that says required have its way.
    ///
    /// [default: the config's expect_revision; else when-labelled for an image of the config; else off]
    #[arg(
        long,
        value_name = "SHA", value_parser = values::text(),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "required",
        help_heading = EXPECTED
    )]
    pub expect_revision: Option<Given>,
    /// Platform that must be there, as in linux/amd64; can be repeated [default: every runnable one]
    #[arg(long = "platform", value_name = "OS/ARCH", value_parser = values::platform(), value_delimiter = ',', help_heading = EXPECTED)]
    pub platforms: Vec<Given<Platform>>,
    /// Engine that pulls it: docker, containerd, podman; can be repeated [default: docker and containerd]
    ///
    /// An engine that is not named and refuses the image is a note. The config's engines come before the default.
    #[arg(long = "engine", value_name = "NAME", value_parser = values::engine(), value_delimiter = ',', help_heading = EXPECTED)]
    pub engines: Vec<Given<Engine>>,
    /// TCP port that the image must listen on [default: the config's; else not checked]
    #[arg(long, value_name = "NUMBER", value_parser = values::port(), allow_hyphen_values = true, help_heading = EXPECTED)]
    pub port: Option<Given<u16>>,

    /// Read every byte of every layer: hash it, unpack it as engines do, hash that [default: their sizes]
    ///
    /// Nothing is written to disk. Only an image that is well so far is read; with --wait, only at the end.
    #[arg(long, help_heading = EXPECTED)]
    pub content: bool,
    /// The most bytes that --content reads, packed and unpacked together, as in 20GiB [default: 64GiB]
    #[arg(long, value_name = "SIZE", value_parser = values::size(), allow_hyphen_values = true, help_heading = ASKING)]
    pub max_content: Option<Given<u64>>,

    /// Wait so long for an image that is not there yet, as in 90s or 5m [default: 0]
    #[arg(long, value_name = "DURATION", value_parser = values::wait(), allow_hyphen_values = true, help_heading = ASKING)]
    pub wait: Option<Given<Duration>>,
    /// End the whole run after this time [default: 2m and the wait; more with many images or --content]
    ///
    /// The default is two minutes, the wait, ten seconds for every 64 images, what a rate limit announces, and a
    /// second for every 5 MB that --content has to read. A plain number is seconds; a day is the most.
    #[arg(long, value_name = "DURATION", value_parser = values::deadline(), allow_hyphen_values = true, help_heading = ASKING)]
    pub deadline: Option<Given<Duration>>,
    /// How many images are verified at once, 1 to 64 [default: 64]
    #[arg(long, value_name = "NUMBER", value_parser = values::jobs(), allow_hyphen_values = true, help_heading = ASKING)]
    pub jobs: Option<Given<usize>>,
    /// Variable that holds the token; no other is read [default: DIGITALOCEAN_ACCESS_TOKEN]
    #[arg(long, value_name = "NAME", value_parser = values::variable(), help_heading = ASKING)]
    pub token_env: Option<Given>,

    /// Token server that may be given docker's login for a registry, as in HOST[:PORT] [default: the registry's own]
    ///
    /// For registries other than DigitalOcean's. A login goes to a token server on the registry's own host, or on a
    /// parent domain of it; this names one that is elsewhere, as where GitLab runs beside its registry.
    #[arg(long, value_name = "HOST", value_parser = values::token_server(), value_hint = ValueHint::Hostname, help_heading = ASKING)]
    pub token_server: Option<Given<RegistryHost>>,

    /// Ask CircleCI why an image is missing: did its push job run, and how did it end
    ///
    /// Only where the verdict is FAILED because the image is missing or another one. It changes neither verdict nor exit
    /// code. The token is a personal one, in CIRCLE_TOKEN; the project is circleci.project of the config file, else that
    /// of the checkout.
    #[arg(long, help_heading = ASKING)]
    pub diagnose: bool,
    /// Start a pipeline on the branch, where --diagnose says that one may help; no variable can stand for it
    ///
    /// The exit code stays the verdict's. A project that only the checkout's own files name has to be repeated here, as
    /// in --start-pipeline=circleci/ORGANIZATION/PROJECT.
    #[arg(
        long,
        value_name = "PROJECT", value_parser = values::text(),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = values::OF_THE_REMOTE,
        help_heading = ASKING
    )]
    pub start_pipeline: Option<Given>,

    /// JUnit XML, whatever the verdict
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub junit: Option<Given<PathBuf>>,
    /// Deployment record of the one image (JSON), if it is VERIFIED
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub record: Option<Given<PathBuf>>,
    /// Deployment record of each VERIFIED image, as DIR/ENVIRONMENT/SERVICE.json
    #[arg(long, value_name = "DIR", value_parser = values::path(), value_hint = ValueHint::DirPath, help_heading = WRITTEN)]
    pub record_dir: Option<Given<PathBuf>>,
    /// The records of all VERIFIED images as a fragment of a Pulumi stack configuration
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub pulumi_config: Option<Given<PathBuf>>,
    /// Reference of the one image with its digest, on one line
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub image_ref: Option<Given<PathBuf>>,
    /// Report page (HTML in one file)
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub html: Option<Given<PathBuf>>,
    /// Metrics in Prometheus' text format, whatever the verdict
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub metrics: Option<Given<PathBuf>>,
    /// One line FAILURE_REASON='…'; removed if all is VERIFIED
    #[arg(long, value_name = "FILE", value_parser = values::path(), value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub failure_reason_file: Option<Given<PathBuf>>,
    /// Update status file, board and badges, where the config's status says
    #[arg(long, help_heading = WRITTEN)]
    pub update_status: bool,

    /// Form of standard output: human or json [default: human]
    #[arg(
        long,
        value_name = "FORM", value_parser = values::format(),
        hide_possible_values = true,
        help_heading = SHOWN
    )]
    pub format: Option<Given<Format>>,
    /// Colours: auto, always or never [default: auto, a terminal without NO_COLOR]
    #[arg(
        long,
        value_name = "WHEN", value_parser = values::color(),
        hide_possible_values = true,
        help_heading = SHOWN
    )]
    pub color: Option<Given<Color>>,
    /// Only the verdict line
    #[arg(short, long, conflicts_with = "verbose", help_heading = SHOWN)]
    pub quiet: bool,
    /// Also requests, retries and times; twice: the names of headers too
    #[arg(short, long, action = ArgAction::Count, help_heading = SHOWN)]
    pub verbose: u8,

    /// Draw board and badges from the status files; no registry is asked
    #[arg(long, help_heading = OTHER)]
    pub draw_status: bool,
    /// List the checks and what each asks
    #[arg(long, help_heading = OTHER)]
    pub list_checks: bool,
    /// Print completions for bash, elvish, fish, powershell or zsh
    #[arg(
        long,
        value_name = "SHELL",
        value_parser = PossibleValuesParser::new(help::SHELLS),
        hide_possible_values = true,
        help_heading = OTHER
    )]
    pub completions: Option<String>,
    /// Print the JSON Schema of the record, the config or the report
    #[arg(
        long,
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(help::SCHEMAS),
        hide_possible_values = true,
        help_heading = OTHER
    )]
    pub schema: Option<String>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = OTHER)]
    version: Option<bool>,
    /// Print help: -h for the short form, --help for all of it
    #[arg(short, long, action = ArgAction::Help, help_heading = OTHER)]
    help: Option<bool>,
}

/// A variable that stands for an option, as the option's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OptionVariable {
    /// clap's name of the option.
    pub id: String,
    /// Its values: one, or a repeatable option's words.
    pub values: Vec<String>,
}

/// How many images are verified at once, unless `--jobs` says so.
const JOBS: usize = 64;

impl Args {
    /// Reads the command line alone. The first argument is the program's name.
    pub(super) fn of_line(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(arguments)?;
        refuse_beside_drawing(&matches)?;
        Self::from_arg_matches(&matches)
    }

    /// Reads the command line, with the variables as defaults.
    pub(super) fn read(
        arguments: &[OsString],
        variables: Vec<OptionVariable>,
        redactor: &Redactor,
    ) -> Result<Self, UsageError> {
        let with_default = |command: clap::Command, variable: OptionVariable| {
            let OptionVariable { id, values } = variable;
            command.mut_arg(id, |argument| argument.default_values(values))
        };
        let command = variables.into_iter().fold(command(), with_default);
        let read = || {
            let matches = command.try_get_matches_from(arguments)?;
            let is_on_line = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
            // `-q` and `-v` are the two ends of one scale, so that the command line wins with either.
            let on_line = (is_on_line("quiet"), is_on_line("verbose"));
            Ok((Self::from_arg_matches(&matches)?, on_line))
        };
        let (args, on_line) = read().map_err(|error| usage::mistake(&error, redactor))?;
        args.settled(on_line)
    }

    /// What fits together, with the command line before the variables.
    fn settled(self, (quiet_on_line, verbose_on_line): (bool, bool)) -> Result<Self, UsageError> {
        let Self { mut expect_digest, mut expect_digest_file, quiet, verbose, .. } = self;
        if let (Some(digest), Some(file)) = (&expect_digest, &expect_digest_file) {
            match (digest.origin.is_variable, file.origin.is_variable) {
                (true, false) => expect_digest = None,
                (false, true) => expect_digest_file = None,
                (_, _) => return Err(conflict(&digest.origin, &file.origin)),
            }
        }
        if quiet && verbose > 0 && !quiet_on_line && !verbose_on_line {
            let command = command();
            let found = |id: &str| command.get_arguments().find(|argument| argument.get_id() == id);
            if let (Some(quiet), Some(verbose)) = (found("quiet"), found("verbose")) {
                return Err(conflict(&Origin::variable_of(quiet), &Origin::variable_of(verbose)));
            }
        }
        if let (Some(deadline), Some(wait)) = (&self.deadline, &self.wait)
            && deadline.value < wait.value
        {
            let wait = wait.value.as_secs();
            let message = format!("{} is shorter than the wait ({wait} s)", deadline.origin);
            return Err(UsageError::new(message).hint(
                "make `--deadline` longer than `--wait`, or omit it: the default already includes the wait",
            ));
        }
        if let Some(most) = self.max_content.as_ref().filter(|most| !most.origin.is_variable)
            && !self.content
        {
            let message = format!("{} is given without `--content`", most.origin);
            return Err(
                UsageError::new(message).hint("add `--content`, or omit it: no layer is read")
            );
        }
        Ok(Self {
            expect_digest,
            expect_digest_file,
            quiet: quiet && !verbose_on_line,
            verbose: if quiet_on_line { 0 } else { verbose.min(2) },
            ..self
        })
    }

    /// How long an image is waited for; `None`: not at all.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.wait.as_ref().map(|wait| wait.value).filter(|wait| !wait.is_zero())
    }

    /// How many images are verified at once.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.as_ref().map_or(JOBS, |jobs| jobs.value)
    }

    pub(super) fn format(&self) -> Format {
        self.format.as_ref().map_or(Format::Human, |format| format.value)
    }
}

/// `--draw-status` verifies nothing, so an option of a gate beside it would be one that is not heeded.
fn refuse_beside_drawing(matches: &ArgMatches) -> Result<(), clap::Error> {
    if !matches.get_flag("draw_status") {
        return Ok(());
    }
    let command = command();
    let of_a_gate = command.get_arguments().find(|argument| {
        let id = argument.get_id().as_str();
        let heading = argument.get_help_heading().unwrap_or(OTHER);
        let is_given = matches.value_source(id) == Some(ValueSource::CommandLine);
        is_given && id != "config" && [TARGET, EXPECTED, ASKING, WRITTEN].contains(&heading)
    });
    let Some(argument) = of_a_gate else { return Ok(()) };
    let option = |long: &str| ContextValue::String(format!("--{long}"));
    let mut error = clap::Error::new(ErrorKind::ArgumentConflict);
    error.insert(ContextKind::PriorArg, option(argument.get_long().unwrap_or_default()));
    error.insert(ContextKind::InvalidArg, option("draw-status"));
    Err(error)
}

/// The command with all of its help.
pub(super) fn command() -> clap::Command {
    Args::command().after_help(help::short_end()).after_long_help(help::long_end())
}
