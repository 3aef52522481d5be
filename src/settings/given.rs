//! A value that was given, whether on the command line or in the variable that stands for the option, and
//! what can be wrong with it. The command line wins.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::settings::environment::variable_of;
use crate::settings::usage;
use crate::settings::usage_error::{Shown, UsageError};

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

/// Two options that say the same thing.
pub(super) fn conflict(one: Origin, other: Origin) -> UsageError {
    UsageError::new(format!("{one} and {other} cannot be used together"))
}

/// A value that is not of its option's kind: `invalid port `0` for `--port`: expected …`.
pub(super) fn invalid(
    kind: &str,
    value: &Shown,
    origin: Origin,
    why: impl fmt::Display,
) -> UsageError {
    UsageError::new(format!("invalid {kind} {value} for {origin}: {why}"))
}

/// A value that is empty; on the command line that is a variable that was not set.
pub(super) fn empty(origin: Origin) -> UsageError {
    UsageError::new(format!("the value of {origin} is empty"))
        .hint("check that the variable it is built from is set in this job")
}

fn nil(origin: Origin) -> UsageError {
    UsageError::new(format!(
        "the value of {origin} is `<nil>`, which CircleCI writes for a pipeline value that is not set"
    ))
    .hint("set the pipeline value, or omit this option where there is none")
}

/// Whether a word is what CircleCI writes where an empty pipeline value is mapped into a variable.
pub(super) fn is_nil(word: &str) -> bool {
    word.trim() == "<nil>"
}

/// A value that says something. One that was emptied on its way must not ask a wider or a weaker question.
fn filled<T>(value: T, text: &str, origin: Origin) -> Result<Option<Given<T>>, UsageError> {
    if text.trim().is_empty() {
        Err(empty(origin))
    } else if is_nil(text) {
        Err(nil(origin))
    } else {
        Ok(Some(Given { value, origin }))
    }
}

/// A text from the command line, else from the variable.
pub(super) fn text(
    argument: Option<String>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<Given>, UsageError> {
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
) -> Result<Option<Given>, UsageError> {
    let digit = |character: char| character.is_ascii_digit() || character == '.';
    match argument.as_deref().and_then(|word| word.strip_prefix('-')) {
        Some(rest) if !rest.starts_with(digit) => {
            Err(usage::no_value(&Origin::Argument(long).to_string()))
        }
        Some(_) | None => text(argument, variable, long),
    }
}

pub(super) fn given_path(
    argument: Option<OsString>,
    variable: Option<String>,
    long: &'static str,
) -> Result<Option<Given<PathBuf>>, UsageError> {
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
) -> Result<Option<PathBuf>, UsageError> {
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
) -> Result<Vec<Given>, UsageError> {
    let (values, origin) = if arguments.is_empty() {
        let words = words(variable.unwrap_or("")).map(str::to_owned);
        (words.collect(), Origin::Variable(long))
    } else {
        (arguments, Origin::Argument(long))
    };
    if values.iter().any(|word| is_nil(word)) {
        return Err(nil(origin));
    }
    Ok(values.into_iter().map(|value| Given { value, origin }).collect())
}

pub(super) fn boolean(
    argument: bool,
    variable: Option<&str>,
    long: &'static str,
    show: &impl Fn(&str) -> Shown,
) -> Result<bool, UsageError> {
    if argument {
        return Ok(true);
    }
    match variable {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(other) => {
            let why = "expected `1`, `0`, `true` or `false`";
            Err(invalid("value", &show(other), Origin::Variable(long), why))
        }
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
