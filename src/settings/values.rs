//! The kinds of values that options have: how each is read, whether it stands on the command line or in the
//! option's variable, and what can be wrong with it.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::Arg;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::parser::ValueSource;

use crate::engines::{Engine, EngineError};
use crate::oci::{Platform, PlatformError, Reference, RegistryHost};
use crate::secret::Redactor;
use crate::settings::usage_error::{Shown, UsageError, nearest};
use crate::settings::{Format, duration, size, variable_name};

/// When standard output and standard error get colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

/// The name under which a value was given: the option's, or its variable's. Displays in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    name: String,
    pub is_variable: bool,
}

impl Origin {
    /// The option itself, by its long name.
    pub(super) fn option(long: &str) -> Self {
        Self { name: format!("--{long}"), is_variable: false }
    }

    /// The variable of an option.
    pub(super) fn variable_of(argument: &Arg) -> Self {
        Self { name: variable_name::of(argument).unwrap_or_default(), is_variable: true }
    }

    fn of(argument: Option<&Arg>, source: ValueSource) -> Self {
        let is_variable = source == ValueSource::DefaultValue;
        match (argument, argument.and_then(Arg::get_long)) {
            (Some(argument), _) if is_variable => Self::variable_of(argument),
            (_, Some(long)) => Self::option(long),
            (_, None) => Self { name: "IMAGE".to_owned(), is_variable },
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)
    }
}

/// A value, and where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given<T = String> {
    pub value: T,
    pub origin: Origin,
}

/// Two options that exclude each other.
pub(super) fn conflict(one: &Origin, other: &Origin) -> UsageError {
    UsageError::new(format!("{one} and {other} cannot be used together"))
}

/// An option without its value.
pub(super) fn no_value(option: &str) -> UsageError {
    UsageError::new(format!("{option} needs a value")).hint(format!(
        "write {option}, a space and the value; a value that starts with `-` needs `=`"
    ))
}

/// What CircleCI writes where an empty pipeline value is mapped into a variable.
pub(super) fn nil(origin: &Origin) -> UsageError {
    UsageError::new(format!(
        "the value of {origin} is `<nil>`, which CircleCI writes for a pipeline value that is not set"
    ))
    .hint("set the pipeline value, or omit this option where there is none")
}

/// What is wrong with a value.
#[derive(Clone, Debug)]
enum Fault {
    Empty,
    Nil,
    /// Another option stands in its place.
    Missing,
    /// `invalid KIND VALUE for OPTION: WHY`.
    Invalid {
        kind: &'static str,
        why: String,
        hint: Option<&'static str>,
    },
    /// None of the words that the option has.
    Word(&'static [&'static str]),
    /// `OPTION WHY`, for a value that is not to be shown, or that is not the point.
    Unfit {
        why: &'static str,
        hint: Option<&'static str>,
    },
}

impl Fault {
    fn invalid(kind: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { kind, why: why.into(), hint: None }
    }
}

/// A value that cannot be read. Carried by clap's error; shown by [`error`](Self::error) alone.
#[derive(Clone, Debug)]
pub(super) struct BadValue {
    text: String,
    origin: Origin,
    fault: Fault,
}

impl fmt::Display for BadValue {
    /// Without the value, which can be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value of {} cannot be read", self.origin)
    }
}

impl std::error::Error for BadValue {}

impl BadValue {
    pub(super) fn error(&self, redactor: &Redactor) -> UsageError {
        let Self { text, origin, fault } = self;
        match fault {
            Fault::Empty => UsageError::new(format!("the value of {origin} is empty"))
                .hint("check that the variable it is built from is set in this job"),
            Fault::Nil => nil(origin),
            Fault::Missing => no_value(&origin.to_string()),
            Fault::Invalid { kind, why, hint } => {
                let value = Shown::new(text, redactor);
                UsageError::new(format!("invalid {kind} {value} for {origin}: {why}"))
                    .maybe_hint(hint.map(str::to_owned))
            }
            Fault::Word(words) => {
                let value = Shown::new(text, redactor);
                let meant = nearest(value.as_str(), words.iter().copied());
                let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                let expected = match quoted.split_last() {
                    Some((last, others)) => format!("{} or {last}", others.join(", ")),
                    None => String::new(),
                };
                UsageError::new(format!("invalid value {value} for {origin}: expected {expected}"))
                    .maybe_hint(meant.map(|meant| format!("did you mean `{meant}`?")))
            }
            Fault::Unfit { why, hint } => {
                UsageError::new(format!("{origin} {why}")).maybe_hint(hint.map(str::to_owned))
            }
        }
    }
}

/// How the values of an option are read.
#[derive(Debug)]
pub(super) struct Kind<T> {
    read: fn(&str) -> Result<T, Fault>,
    /// How a value is read that is not UTF-8; without it, there is no such value.
    raw: Option<fn(&OsStr) -> T>,
    /// The only words that are allowed, for completions.
    words: &'static [&'static str],
    /// What a value may not be, whatever its kind.
    refuses: Refuses,
}

// Derived, they would ask the same of `T`.
impl<T> Copy for Kind<T> {}
impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        *self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refuses {
    /// Nothing: whoever uses the value looks at it.
    Nil,
    /// A value that is empty: one that was emptied on its way must not ask a wider or a weaker question.
    Empty,
    /// Also another option, which clap takes for a value that can begin with `-`.
    Option,
}

impl<T> Kind<T> {
    fn new(read: fn(&str) -> Result<T, Fault>) -> Self {
        Self { read, raw: None, words: &[], refuses: Refuses::Empty }
    }

    fn checked(self, text: &str, origin: &Origin) -> Result<T, Fault> {
        let digit = |character: char| character.is_ascii_digit() || character == '.';
        let is_option = text.strip_prefix('-').is_some_and(|rest| !rest.starts_with(digit));
        if self.refuses == Refuses::Option && is_option && !origin.is_variable {
            Err(Fault::Missing)
        } else if self.refuses != Refuses::Nil && text.trim().is_empty() {
            Err(Fault::Empty)
        } else if is_nil(text) {
            Err(Fault::Nil)
        } else if !self.words.is_empty() && !self.words.contains(&text) {
            Err(Fault::Word(self.words))
        } else {
            (self.read)(text)
        }
    }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Kind<T> {
    type Value = Given<T>;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Given<T>, clap::Error> {
        self.parse_ref_(command, argument, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        command: &clap::Command,
        argument: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<Given<T>, clap::Error> {
        let (kind, origin) = (*self, Origin::of(argument, source));
        if let (Some(raw), None) = (kind.raw, value.to_str()) {
            return Ok(Given { value: raw(value), origin });
        }
        let read = move |text: &str| match kind.checked(text, &origin) {
            Ok(value) => Ok(Given { value, origin: origin.clone() }),
            Err(fault) => Err(BadValue { text: text.to_owned(), origin: origin.clone(), fault }),
        };
        TypedValueParser::parse_ref(&read, command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let words = self.words.iter().map(|word| PossibleValue::new(*word));
        (!self.words.is_empty()).then(|| Box::new(words) as Box<_>)
    }
}

/// Any text.
pub(super) fn text() -> Kind<String> {
    Kind::new(|text| Ok(text.to_owned()))
}

/// The value of a bare `--start-pipeline`: the project is that of the git remote. It is no slug.
pub(super) const OF_THE_REMOTE: &str = "remote";

/// A path, which need not be UTF-8.
pub(super) fn path() -> Kind<PathBuf> {
    Kind { raw: Some(|raw| PathBuf::from(raw)), ..Kind::new(|text| Ok(PathBuf::from(text))) }
}

/// A word that names an image. Whether it is empty is seen where the words are read, standard input's too.
pub(super) fn image() -> Kind<String> {
    Kind { refuses: Refuses::Nil, ..text() }
}

/// One of several words that a comma can separate.
pub(super) fn word() -> Kind<String> {
    Kind::new(|text| Ok(text.trim().to_owned()))
}

pub(super) fn platform() -> Kind<Platform> {
    Kind::new(|text| {
        text.trim()
            .parse()
            .map_err(|why: PlatformError| Fault::invalid("platform", format!("it {why}")))
    })
}

pub(super) fn engine() -> Kind<Engine> {
    Kind::new(|text| {
        text.trim().parse().map_err(|_: EngineError| {
            Fault::invalid("engine", "expected `docker`, `containerd` or `podman`")
        })
    })
}

pub(super) fn port() -> Kind<u16> {
    let read = |text: &str| {
        let why = "expected a number from 1 to 65535";
        number(text, 1, u16::MAX).ok_or_else(|| Fault::invalid("port", why))
    };
    Kind { refuses: Refuses::Option, ..Kind::new(read) }
}

pub(super) fn jobs() -> Kind<usize> {
    let read = |text: &str| {
        let jobs = number(text, 1, 64).map(usize::from);
        jobs.ok_or_else(|| Fault::invalid("number", "expected a number from 1 to 64"))
    };
    Kind { refuses: Refuses::Option, ..Kind::new(read) }
}

pub(super) fn wait() -> Kind<Duration> {
    Kind { refuses: Refuses::Option, ..Kind::new(duration) }
}

pub(super) fn deadline() -> Kind<Duration> {
    let read = |text: &str| match duration(text)? {
        Duration::ZERO => Err(Fault::Unfit { why: "must be longer than 0", hint: None }),
        duration => Ok(duration),
    };
    Kind { refuses: Refuses::Option, ..Kind::new(read) }
}

pub(super) fn size() -> Kind<u64> {
    let read =
        |text: &str| size::parse(text).map_err(|why| Fault::invalid("size", why.to_string()));
    Kind { refuses: Refuses::Option, ..Kind::new(read) }
}

fn duration(text: &str) -> Result<Duration, Fault> {
    duration::parse(text).map_err(|why| Fault::invalid("duration", why.to_string()))
}

/// The name of a variable. A value that is none may be the token itself, and is not repeated.
pub(super) fn variable() -> Kind<String> {
    Kind::new(|text| {
        if variable_name::is_variable_name(text) {
            return Ok(text.to_owned());
        }
        let hint = "give a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable";
        Err(Fault::Unfit { why: "must be the name of a variable", hint: Some(hint) })
    })
}

pub(super) fn registry() -> Kind<RegistryHost> {
    Kind::new(|text| {
        // A host that no reference could have, as in `library`, would be read as part of the repository elsewhere.
        let host = text.trim().parse().ok().filter(|_| Reference::is_host(text.trim()));
        host.ok_or_else(|| Fault::Invalid {
            kind: "registry",
            why: "expected a host".to_owned(),
            hint: Some("give a host and, if it has one, a port, as in `docker.io`"),
        })
    })
}

pub(super) fn token_server() -> Kind<RegistryHost> {
    Kind::new(|text| {
        text.trim().parse().map_err(|_| Fault::Invalid {
            kind: "token server",
            why: "expected a host and, where it has one, a port".to_owned(),
            hint: Some("omit the scheme and the path, as in `--token-server gitlab.example.com`"),
        })
    })
}

pub(super) fn format() -> Kind<Format> {
    let read = |text: &str| Ok(if text == "json" { Format::Json } else { Format::Human });
    Kind { words: &["human", "json"], ..Kind::new(read) }
}

pub(super) fn color() -> Kind<Color> {
    let read = |text: &str| match text {
        "always" => Ok(Color::Always),
        "never" => Ok(Color::Never),
        _ => Ok(Color::Auto),
    };
    Kind { words: &["auto", "always", "never"], ..Kind::new(read) }
}

/// Whether a word is what CircleCI writes where an empty pipeline value is mapped into a variable.
pub(super) fn is_nil(word: &str) -> bool {
    word.trim() == "<nil>"
}

fn number(text: &str, least: u16, most: u16) -> Option<u16> {
    let digits = text.trim();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && (least..=most).contains(number))
}
