//! The options, whichever of the command line and the variables they came from: one parser for both.
//! The command line wins.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::oci::{Platform, PlatformError};
use crate::secret::Redactor;
use crate::settings::Format;
use crate::settings::args::Args;
use crate::settings::duration::{self, DurationMistake};
use crate::settings::environment::{OptionVariables, variable_of};
use crate::settings::mistake::Shown;

/// The name under which a value was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On the command line; `IMAGE`, or an option by its long name.
    Argument(&'static str),
    /// In the variable that stands for it.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument("IMAGE") => f.write_str("`IMAGE`"),
            Self::Argument(long) => write!(f, "`--{long}`"),
            Self::Variable(long) => write!(f, "`{}`", variable_of(long).unwrap_or_default()),
        }
    }
}

/// A value, and where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given<T = String> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Given<T> {
    fn map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Given<U>, E> {
        Ok(Given { value: convert(self.value)?, origin: self.origin })
    }
}

/// Why the value of an option is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueMistake {
    /// It is empty; on the command line that is a variable that was not set.
    #[error("the value of {0} is empty")]
    Empty(Origin),
    /// Not a duration.
    #[error("the value {1} of {0} {2}")]
    Duration(Origin, Shown, DurationMistake),
    /// The deadline would come before the wait's end.
    #[error("{0} is shorter than the time to wait ({1})")]
    DeadlineBeforeWait(Origin, String),
    /// A deadline of nothing.
    #[error("the value of {0} is no time at all")]
    NoTime(Origin),
    /// Not a number of jobs.
    #[error("the value {1} of {0} is not a number from 1 to 64")]
    Jobs(Origin, Shown),
    /// Not a port.
    #[error("the value {1} of {0} is not a port, which is a number from 1 to 65535")]
    Port(Origin, Shown),
    /// Not a boolean.
    #[error("the value {1} of {0} is none of `1`, `0`, `true` and `false`")]
    Boolean(Origin, Shown),
    /// Not a level.
    #[error("the value {1} of {0} is none of `0`, `1` and `2`")]
    Level(Origin, Shown),
    /// Not one of a few words.
    #[error("the value {1} of {0} is none of {2}")]
    Word(Origin, Shown, &'static str),
    /// Not a platform.
    #[error("the platform {1} of {0} {2}")]
    Platform(Origin, Shown, PlatformError),
    /// Not the name of a variable.
    #[error("the value of {0} is not the name of a variable")]
    VariableName(Origin),
    /// Two options that say the same thing.
    #[error("{0} and {1} cannot be used together")]
    Conflict(Origin, Origin),
}

impl ValueMistake {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Empty(_) => Some(
                "look whether the variable that it is made from is set in this job".into(),
            ),
            Self::DeadlineBeforeWait(_, _) => Some(
                "give the run more time than the wait, or leave `--deadline` away: its default follows the wait"
                    .into(),
            ),
            Self::VariableName(_) => Some(
                "it takes a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable"
                    .into(),
            ),
            Self::Duration(_, _, _)
            | Self::NoTime(_)
            | Self::Jobs(_, _)
            | Self::Port(_, _)
            | Self::Boolean(_, _)
            | Self::Level(_, _)
            | Self::Word(_, _, _)
            | Self::Platform(_, _, _)
            | Self::Conflict(_, _) => None,
        }
    }
}

/// When standard output and standard error get colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// The options, each read as far as it can be without looking at anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub images: Vec<Given>,
    pub config: Option<PathBuf>,
    pub repository: Option<Given>,
    pub services: Vec<Given>,
    pub environment: Option<Given>,
    pub expect_digest: Option<Given>,
    pub expect_digest_file: Option<Given<PathBuf>>,
    pub expect_revision: Option<Given>,
    pub platforms: Vec<Platform>,
    pub port: Option<u16>,
    pub wait: Option<Duration>,
    pub deadline: Option<Given<Duration>>,
    pub jobs: usize,
    pub token_env: Option<Given>,
    pub files: Files,
    pub update_status: bool,
    pub format: Format,
    pub color: Color,
    pub quiet: bool,
    pub verbosity: u8,
    pub check_status: bool,
}

/// The files that are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub junit: Option<PathBuf>,
    pub record: Option<PathBuf>,
    pub record_dir: Option<PathBuf>,
    pub pulumi_config: Option<PathBuf>,
    pub image_ref: Option<PathBuf>,
    pub html: Option<PathBuf>,
    pub failure_reason: Option<PathBuf>,
}

/// How many images are asked for side by side, unless `--jobs` says so.
const JOBS: usize = 16;

impl Options {
    /// Lays the command line over the variables.
    pub(super) fn read(
        args: Args,
        variables: OptionVariables,
        redactor: &Redactor,
    ) -> Result<Self, ValueMistake> {
        let show = |text: &str| Shown::new(text, redactor);
        let (expect_digest, expect_digest_file) = digests(&args, &variables)?;
        let (quiet, verbosity) = loudness(&args, &variables, &show)?;
        let platform = |given: Given| {
            let parsed = given.value.parse();
            parsed.map_err(|error| ValueMistake::Platform(given.origin, show(&given.value), error))
        };
        let time = |given: Option<Given>| {
            given.map(|given| {
                let (origin, shown) = (given.origin, show(&given.value));
                given.map(|text| {
                    duration::parse(&text).map_err(|why| ValueMistake::Duration(origin, shown, why))
                })
            })
        };
        let wait = time(text(args.wait, variables.wait, "wait")?).transpose()?;
        let deadline = time(text(args.deadline, variables.deadline, "deadline")?).transpose()?;
        check_times(wait.as_ref(), deadline.as_ref())?;
        let jobs = text(args.jobs, variables.jobs, "jobs")?;
        let port = text(args.port, variables.port, "port")?;
        let flag = |given, variable, long| boolean(given, variable, long, &show);
        Ok(Self {
            images: list(args.images, variables.images, "IMAGE"),
            config: path(args.config, variables.config, "config")?,
            repository: text(args.repository, variables.repository, "repository")?,
            services: list(args.services, variables.services, "service"),
            environment: text(args.environment, variables.environment, "environment")?,
            expect_digest,
            expect_digest_file,
            expect_revision: text(
                args.expect_revision,
                variables.expect_revision,
                "expect-revision",
            )?,
            platforms: list(args.platforms, variables.platforms, "platform")
                .into_iter()
                .map(platform)
                .collect::<Result<_, _>>()?,
            port: port
                .map(|given| {
                    number(&given, 1, u16::MAX)
                        .ok_or_else(|| ValueMistake::Port(given.origin, show(&given.value)))
                })
                .transpose()?,
            wait: wait.map(|wait| wait.value).filter(|wait| !wait.is_zero()),
            deadline,
            jobs: jobs
                .map(|given| {
                    number(&given, 1, 64)
                        .ok_or_else(|| ValueMistake::Jobs(given.origin, show(&given.value)))
                })
                .transpose()?
                .map_or(JOBS, usize::from),
            token_env: token_env(text(args.token_env, variables.token_env, "token-env")?)?,
            files: Files {
                junit: path(args.junit, variables.junit, "junit")?,
                record: path(args.record, variables.record, "record")?,
                record_dir: path(args.record_dir, variables.record_dir, "record-dir")?,
                pulumi_config: path(args.pulumi_config, variables.pulumi_config, "pulumi-config")?,
                image_ref: path(args.image_ref, variables.image_ref, "image-ref")?,
                html: path(args.html, variables.html, "html")?,
                failure_reason: path(
                    args.failure_reason_file,
                    variables.failure_reason_file,
                    "failure-reason-file",
                )?,
            },
            update_status: flag(args.update_status, variables.update_status, "update-status")?,
            format: format(text(args.format, variables.format, "format")?, &show)?,
            color: color(text(args.color, variables.color, "color")?, &show)?,
            quiet,
            verbosity,
            check_status: flag(args.check_status, variables.check_status, "check-status")?,
        })
    }
}

/// A text from the command line, else from the variable.
fn text(
    argument: Option<String>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<Given>, ValueMistake> {
    match (argument, variable) {
        (Some(value), _) if value.trim().is_empty() => {
            Err(ValueMistake::Empty(Origin::Argument(long)))
        }
        (Some(value), _) => Ok(Some(Given { value, origin: Origin::Argument(long) })),
        (None, Some(value)) => Ok(Some(Given { value, origin: Origin::Variable(long) })),
        (None, None) => Ok(None),
    }
}

fn given_path(
    argument: Option<PathBuf>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<Given<PathBuf>>, ValueMistake> {
    match (argument, variable) {
        (Some(value), _) if value.as_os_str().is_empty() => {
            Err(ValueMistake::Empty(Origin::Argument(long)))
        }
        (Some(value), _) => Ok(Some(Given { value, origin: Origin::Argument(long) })),
        (None, Some(value)) => {
            Ok(Some(Given { value: value.into(), origin: Origin::Variable(long) }))
        }
        (None, None) => Ok(None),
    }
}

fn path(
    argument: Option<PathBuf>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<PathBuf>, ValueMistake> {
    Ok(given_path(argument, variable, long)?.map(|given| given.value))
}

/// The words of the command line, else those of the variable, which white space and commas part.
fn list(arguments: Vec<String>, variable: Option<String>, long: &'static str) -> Vec<Given> {
    let (values, origin) = if arguments.is_empty() {
        let variable = variable.unwrap_or_default();
        let words = variable.split(|character: char| character.is_whitespace() || character == ',');
        let words = words.filter(|word| !word.is_empty()).map(str::to_owned);
        (words.collect(), Origin::Variable(long))
    } else {
        (arguments, Origin::Argument(long))
    };
    values.into_iter().map(|value| Given { value, origin }).collect()
}

fn boolean(
    argument: bool,
    variable: Option<String>,
    long: &'static str,
    show: &impl Fn(&str) -> Shown,
) -> Result<bool, ValueMistake> {
    if argument {
        return Ok(true);
    }
    match variable.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(other) => Err(ValueMistake::Boolean(Origin::Variable(long), show(other))),
    }
}

fn number(given: &Given, least: u16, most: u16) -> Option<u16> {
    let digits = given.value.trim();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && (least..=most).contains(number))
}

/// The expected digest and the file that holds it: one of them, and the command line's before a variable's.
#[expect(clippy::type_complexity, reason = "the two forms of one option")]
fn digests(
    args: &Args,
    variables: &OptionVariables,
) -> Result<(Option<Given>, Option<Given<PathBuf>>), ValueMistake> {
    let on_line = args.expect_digest.is_some() || args.expect_digest_file.is_some();
    let variable = |value: &Option<String>| value.clone().filter(|_| !on_line);
    let digest =
        text(args.expect_digest.clone(), variable(&variables.expect_digest), "expect-digest")?;
    let file = given_path(
        args.expect_digest_file.clone(),
        variable(&variables.expect_digest_file),
        "expect-digest-file",
    )?;
    match (&digest, &file) {
        (Some(digest), Some(file)) => Err(ValueMistake::Conflict(digest.origin, file.origin)),
        (_, _) => Ok((digest, file)),
    }
}

/// `-q` and `-v` are the two ends of one scale, so that the command line wins with either.
fn loudness(
    args: &Args,
    variables: &OptionVariables,
    show: &impl Fn(&str) -> Shown,
) -> Result<(bool, u8), ValueMistake> {
    if args.quiet || args.verbose > 0 {
        return Ok((args.quiet, args.verbose.min(2)));
    }
    let quiet = boolean(false, variables.quiet.clone(), "quiet", show)?;
    let level = match variables.verbose.as_deref() {
        None | Some("0" | "false") => 0,
        Some("1" | "true") => 1,
        Some("2") => 2,
        Some(other) => return Err(ValueMistake::Level(Origin::Variable("verbose"), show(other))),
    };
    if quiet && level > 0 {
        return Err(ValueMistake::Conflict(Origin::Variable("quiet"), Origin::Variable("verbose")));
    }
    Ok((quiet, level))
}

fn check_times(
    wait: Option<&Given<Duration>>,
    deadline: Option<&Given<Duration>>,
) -> Result<(), ValueMistake> {
    let Some(deadline) = deadline else { return Ok(()) };
    if deadline.value.is_zero() {
        return Err(ValueMistake::NoTime(deadline.origin));
    }
    match wait {
        Some(wait) if deadline.value < wait.value => {
            let wait = format!("{} s", wait.value.as_secs());
            Err(ValueMistake::DeadlineBeforeWait(deadline.origin, wait))
        }
        Some(_) | None => Ok(()),
    }
}

fn token_env(given: Option<Given>) -> Result<Option<Given>, ValueMistake> {
    match given {
        Some(given) if !is_variable_name(&given.value) => {
            Err(ValueMistake::VariableName(given.origin))
        }
        given => Ok(given),
    }
}

/// Whether a text can be a variable's name for a shell.
pub(super) fn is_variable_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn format(given: Option<Given>, show: &impl Fn(&str) -> Shown) -> Result<Format, ValueMistake> {
    let Some(given) = given else { return Ok(Format::Human) };
    match given.value.as_str() {
        "human" => Ok(Format::Human),
        "json" => Ok(Format::Json),
        other => Err(ValueMistake::Word(given.origin, show(other), "`human` and `json`")),
    }
}

fn color(given: Option<Given>, show: &impl Fn(&str) -> Shown) -> Result<Color, ValueMistake> {
    let Some(given) = given else { return Ok(Color::Auto) };
    match given.value.as_str() {
        "auto" => Ok(Color::Auto),
        "always" => Ok(Color::Always),
        "never" => Ok(Color::Never),
        other => Err(ValueMistake::Word(given.origin, show(other), "`auto`, `always` and `never`")),
    }
}
