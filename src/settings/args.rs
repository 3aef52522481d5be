//! The command line, as clap reads it. The texts here are `--help`.
//!
//! Values stay texts: the same option can come from a variable, and both go through the same parser
//! in [`options`](crate::settings::options).

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, CommandFactory as _, Parser, ValueHint};

use crate::settings::environment::variable_of;
use crate::settings::help;

const TARGET: &str = "What to verify";
const EXPECTED: &str = "What it must be";
const ASKING: &str = "How to ask";
const WRITTEN: &str = "What to write";
const SHOWN: &str = "What to show";
const OTHER: &str = "Instead of verifying";

/// Asks the container registry itself whether a pushed image is really there, whole, and the one that
/// was meant.
#[derive(Debug, Parser)]
#[command(
    name = "verify-registry-image",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100
)]
pub(super) struct Args {
    /// What to verify [default: every service of the config file]
    ///
    /// `TAG`: this tag of the repository given by `--repository`, or of the only service.
    /// `SERVICE:TAG`: this tag of that service in the config file.
    /// `HOST/REGISTRY/REPOSITORY:TAG[@DIGEST]`: a full reference; a digest in it is the expected digest.
    /// `-`: one IMAGE a line on standard input.
    ///
    /// Without IMAGE, every service is verified at the tag of `--environment`, or of the environment whose
    /// branch is `CIRCLE_BRANCH`. `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are expanded.
    #[arg(value_name = "IMAGE", hide_short_help = false)]
    pub images: Vec<String>,

    /// Config file [default: verify-registry-image.yml, here or above, up to the folder with .git]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = TARGET)]
    pub config: Option<PathBuf>,
    /// Repository of an IMAGE that is only a tag, as in HOST/REGISTRY/REPOSITORY
    #[arg(long, value_name = "NAME", help_heading = TARGET)]
    pub repository: Option<String>,
    /// Verify this service of the config file only; repeatable [default: all]
    #[arg(long = "service", value_name = "NAME", help_heading = TARGET)]
    pub services: Vec<String>,
    /// Environment of the config file: its tag is verified, its rules hold
    ///
    /// [default: the one that deploys the tag of IMAGE; without IMAGE, the one whose branch is CIRCLE_BRANCH]
    #[arg(long, value_name = "NAME", help_heading = TARGET)]
    pub environment: Option<String>,

    /// The digest that was pushed
    #[arg(long, value_name = "DIGEST", help_heading = EXPECTED, conflicts_with = "expect_digest_file")]
    pub expect_digest: Option<String>,
    /// File that holds it: `sha256:…`, `repo@sha256:…`, or what `docker buildx build --metadata-file` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = EXPECTED)]
    pub expect_digest_file: Option<PathBuf>,
    /// The commit that the image was built from [without a value: CIRCLE_SHA1]
    ///
    /// The image's label `org.opencontainers.image.revision` must be this commit, and be there. Instead of a
    /// commit: `required` (as without a value), `off`, or `when-labelled` (CIRCLE_SHA1, compared when the image
    /// has the label; a config that says `required` stays so). [default: the config's `expect_revision`;
    /// for an image of the config, `when-labelled`; else off]
    #[arg(
        long,
        value_name = "SHA",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "required",
        help_heading = EXPECTED
    )]
    pub expect_revision: Option<String>,
    /// Platform that must be there, as in linux/amd64; repeatable [default: every runnable one]
    #[arg(long = "platform", value_name = "OS/ARCH", help_heading = EXPECTED)]
    pub platforms: Vec<String>,
    /// TCP port that the image must listen on [default: the config's, else not checked]
    #[arg(long, value_name = "NUMBER", help_heading = EXPECTED)]
    pub port: Option<String>,

    /// Wait this long for an image that is not there yet, as in 90s or 5m [default: 0]
    #[arg(long, value_name = "DURATION", help_heading = ASKING)]
    pub wait: Option<String>,
    /// End the whole run after this time [default: 2m plus the wait; longer with many images]
    ///
    /// The default is two minutes, plus `--wait`, plus ten seconds for every further round of `--jobs` images.
    /// A plain number is seconds.
    #[arg(long, value_name = "DURATION", help_heading = ASKING)]
    pub deadline: Option<String>,
    /// Images asked for side by side, 1 to 64 [default: 16]
    #[arg(long, value_name = "NUMBER", help_heading = ASKING)]
    pub jobs: Option<String>,
    /// Read the DigitalOcean token from this variable, and only there [default: DIGITALOCEAN_ACCESS_TOKEN]
    #[arg(long, value_name = "NAME", help_heading = ASKING)]
    pub token_env: Option<String>,

    /// JUnit XML, whatever the verdict
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub junit: Option<PathBuf>,
    /// Deployment record (JSON) of the one image, when it is VERIFIED
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub record: Option<PathBuf>,
    /// Deployment record of each image, as DIR/ENVIRONMENT/SERVICE.json
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = WRITTEN)]
    pub record_dir: Option<PathBuf>,
    /// The one image's record as a fragment of a Pulumi stack configuration
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub pulumi_config: Option<PathBuf>,
    /// The one image's reference with its digest, on one line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub image_ref: Option<PathBuf>,
    /// Report page (HTML, one file)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub html: Option<PathBuf>,
    /// Why it is not VERIFIED, as FAILURE_REASON='…'; removed when it is
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WRITTEN)]
    pub failure_reason_file: Option<PathBuf>,
    /// Update the environment's status file, and the board, of the config's `status`
    #[arg(long, help_heading = WRITTEN)]
    pub update_status: bool,

    /// Form of standard output [default: human]
    #[arg(long, value_name = "FORM", value_parser = PossibleValuesParser::new(["human", "json"]), help_heading = SHOWN)]
    pub format: Option<String>,
    /// Colours [default: auto, which is a terminal without NO_COLOR]
    #[arg(long, value_name = "WHEN", value_parser = PossibleValuesParser::new(["auto", "always", "never"]), help_heading = SHOWN)]
    pub color: Option<String>,
    /// The verdict line only
    #[arg(short, long, conflicts_with = "verbose", help_heading = SHOWN)]
    pub quiet: bool,
    /// Requests, retries and times on standard error; twice: header names and statuses too
    #[arg(short, long, action = ArgAction::Count, help_heading = SHOWN)]
    pub verbose: u8,

    /// Say whether the status board is up to date; asks no registry, writes nothing
    #[arg(long, help_heading = OTHER)]
    pub check_status: bool,
    /// List the checks and what each asks
    #[arg(long, help_heading = OTHER)]
    pub list_checks: bool,
    /// Print a completion script
    #[arg(long, value_name = "SHELL", value_parser = PossibleValuesParser::new(help::SHELLS), help_heading = OTHER)]
    pub completions: Option<String>,
    /// Print a JSON Schema: of the deployment record, the config file, or the JSON report
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(["record", "config", "report"]), help_heading = OTHER)]
    pub schema: Option<String>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = OTHER)]
    version: Option<bool>,
    /// Print help; `-h` is short, `--help` is whole
    #[arg(short, long, action = ArgAction::Help, help_heading = OTHER)]
    help: Option<bool>,
}

impl Args {
    /// Reads the command line. The first argument is the program's name.
    pub(super) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(arguments)?;
        <Self as clap::FromArgMatches>::from_arg_matches(&matches)
    }
}

/// The command with all of its help.
pub(super) fn command() -> clap::Command {
    Args::command()
        .mut_args(|argument| {
            let Some(variable) = argument.get_long().and_then(variable_of) else {
                return argument;
            };
            let help = argument.get_long_help().or(argument.get_help());
            let help = format!("{}\n\n[env: {variable}]", help.cloned().unwrap_or_default());
            argument.long_help(help)
        })
        .mut_arg("images", |argument| {
            let help = argument.get_long_help().cloned().unwrap_or_default();
            argument.long_help(format!("{help}\n\n[env: VERIFY_REGISTRY_IMAGE_IMAGES]"))
        })
        .after_help(help::short_end())
        .after_long_help(help::long_end())
}
