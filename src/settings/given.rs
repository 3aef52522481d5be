//! A value that was given, whether on the command line or in the variable that stands for the option, and
//! what can be wrong with it. The command line wins.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::oci::PlatformError;
use crate::settings::duration::DurationMistake;
use crate::settings::environment::variable_of;
use crate::settings::mistake::Shown;
use crate::settings::usage::NoValueHint;

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
    pub(super) fn map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Given<U>, E> {
        Ok(Given { value: convert(self.value)?, origin: self.origin })
    }
}

/// Why the value of an option is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueMistake {
    /// It is empty; on the command line that is a variable that was not set.
    #[error("the value of {0} is empty")]
    Empty(Origin),
    /// What CircleCI writes for an empty pipeline value.
    #[error(
        "the value of {0} is `<nil>`, which CircleCI writes for a pipeline value that is not set"
    )]
    Nil(Origin),
    /// Another option stands where its value should.
    #[error("{0} needs a value")]
    NoValue(Origin),
    /// Not a duration.
    #[error("invalid duration {1} for {0}: {2}")]
    Duration(Origin, Shown, DurationMistake),
    /// The deadline would come before the wait's end.
    #[error("{0} is shorter than the wait ({1})")]
    DeadlineBeforeWait(Origin, String),
    /// A deadline of nothing.
    #[error("{0} must be longer than 0")]
    NoTime(Origin),
    /// Not a number of jobs.
    #[error("invalid number {1} for {0}: expected a number from 1 to 64")]
    Jobs(Origin, Shown),
    /// Not a port.
    #[error("invalid port {1} for {0}: expected a number from 1 to 65535")]
    Port(Origin, Shown),
    /// Not a boolean.
    #[error("invalid value {1} for {0}: expected `1`, `0`, `true` or `false`")]
    Boolean(Origin, Shown),
    /// Not a level.
    #[error("invalid value {1} for {0}: expected `0`, `1` or `2`")]
    Level(Origin, Shown),
    /// Not one of a few words.
    #[error("invalid value {1} for {0}: expected {2}")]
    Word(Origin, Shown, &'static str),
    /// Not a platform.
    #[error("invalid platform {1} for {0}: it {2}")]
    Platform(Origin, Shown, PlatformError),
    /// Not a registry's host.
    #[error("invalid registry {1} for {0}: expected a host")]
    Registry(Origin, Shown),
    /// Not the name of a variable.
    #[error("the value of {0} is not the name of a variable")]
    VariableName(Origin),
    /// Not a host.
    #[error("invalid token server {1} for {0}: expected a host and, where it has one, a port")]
    TokenServer(Origin, Shown),
    /// Two options that say the same thing.
    #[error("{0} and {1} cannot be used together")]
    Conflict(Origin, Origin),
}

impl ValueMistake {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Empty(_) => Some(
                "check that the variable it is built from is set in this job".into(),
            ),
            Self::Nil(_) => Some(
                "set the pipeline value, or omit this option where there is none".into(),
            ),
            Self::DeadlineBeforeWait(_, _) => Some(
                "make `--deadline` longer than `--wait`, or omit it: the default already includes the wait"
                    .into(),
            ),
            Self::NoValue(origin) => Some(NoValueHint(origin.to_string()).to_string()),
            Self::Registry(_, _) => {
                Some("give a host and, if it has one, a port, as in `docker.io`".into())
            }
            Self::VariableName(_) => Some(
                "give a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable"
                    .into(),
            ),
            Self::TokenServer(_, _) => Some(
                "omit the scheme and the path, as in `--token-server gitlab.example.com`".into(),
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

/// Whether a word is what CircleCI writes where an empty pipeline value is mapped into a variable.
pub(super) fn is_nil(word: &str) -> bool {
    word.trim() == "<nil>"
}

/// A value that says something. One that was emptied on its way must not ask a wider or a weaker question.
fn filled<T>(value: T, text: &str, origin: Origin) -> Result<Option<Given<T>>, ValueMistake> {
    if text.trim().is_empty() {
        Err(ValueMistake::Empty(origin))
    } else if is_nil(text) {
        Err(ValueMistake::Nil(origin))
    } else {
        Ok(Some(Given { value, origin }))
    }
}

/// A text from the command line, else from the variable.
pub(super) fn text(
    argument: Option<String>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<Given>, ValueMistake> {
    let (value, origin) = match (argument, variable) {
        (Some(value), _) => (value, Origin::Argument(long)),
        (None, Some(value)) => (value, Origin::Variable(long)),
        (None, None) => return Ok(None),
    };
    filled(value.clone(), &value, origin)
}

/// The same of a value that can begin with `-`: clap takes the next word, which must not be another option.
pub(super) fn signed_text(
    argument: Option<String>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<Given>, ValueMistake> {
    let digit = |character: char| character.is_ascii_digit() || character == '.';
    match argument.as_deref().and_then(|word| word.strip_prefix('-')) {
        Some(rest) if !rest.starts_with(digit) => {
            Err(ValueMistake::NoValue(Origin::Argument(long)))
        }
        Some(_) | None => text(argument, variable, long),
    }
}

pub(super) fn given_path(
    argument: Option<OsString>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<Given<PathBuf>>, ValueMistake> {
    let (value, origin) = match (argument, variable) {
        (Some(value), _) => (PathBuf::from(value), Origin::Argument(long)),
        (None, Some(value)) => (value.into(), Origin::Variable(long)),
        (None, None) => return Ok(None),
    };
    let text = value.to_string_lossy().into_owned();
    filled(value, &text, origin)
}

pub(super) fn path(
    argument: Option<OsString>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<PathBuf>, ValueMistake> {
    Ok(given_path(argument, variable, long)?.map(|given| given.value))
}

/// The words of a variable, which white space and commas part.
pub(super) fn words(variable: &str) -> impl Iterator<Item = &str> {
    let parts = variable.split(|character: char| character.is_whitespace() || character == ',');
    parts.filter(|word| !word.is_empty())
}

/// The words of the command line, else those of the variable.
pub(super) fn list(
    arguments: Vec<String>,
    variable: Option<&str>,
    long: &'static str,
) -> Result<Vec<Given>, ValueMistake> {
    let (values, origin) = if arguments.is_empty() {
        let words = words(variable.unwrap_or("")).map(str::to_owned);
        (words.collect(), Origin::Variable(long))
    } else {
        (arguments, Origin::Argument(long))
    };
    if values.iter().any(|word| is_nil(word)) {
        return Err(ValueMistake::Nil(origin));
    }
    Ok(values.into_iter().map(|value| Given { value, origin }).collect())
}

pub(super) fn boolean(
    argument: bool,
    variable: Option<&str>,
    long: &'static str,
    show: &impl Fn(&str) -> Shown,
) -> Result<bool, ValueMistake> {
    if argument {
        return Ok(true);
    }
    match variable {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(other) => Err(ValueMistake::Boolean(Origin::Variable(long), show(other))),
    }
}

pub(super) fn number(given: &Given, least: u16, most: u16) -> Option<u16> {
    let digits = given.value.trim();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && (least..=most).contains(number))
}

/// Whether a text can be a variable's name for a shell.
pub(super) fn is_variable_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
