//! Mistakes on the command line, told in this program's words: clap's own would repeat what was typed,
//! and that can be a token.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::secret::Redactor;
use crate::settings::mistake::{Shown, nearest};

/// Why the command line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgumentMistake {
    /// There is no such option.
    #[error("there is no option {option}")]
    Unknown {
        /// What was typed, without a value.
        option: Shown,
        /// The option that was probably meant.
        meant: Option<String>,
    },
    /// A value stands behind an option that takes none.
    #[error("{0} takes no value")]
    TakesNoValue(Shown),
    /// An option lacks its value.
    #[error("{0} needs a value")]
    NoValue(Shown),
    /// The value is none of those that there are.
    #[error("invalid value {value} for {option}")]
    Value {
        /// The option.
        option: Shown,
        /// What was typed.
        value: Shown,
        /// The values that there are.
        possible: Vec<String>,
    },
    /// An option was given again.
    #[error("{0} is given twice")]
    Twice(Shown),
    /// Two options exclude each other.
    #[error("{0} and {1} cannot be used together")]
    Conflict(Shown, Shown),
    /// An argument is not UTF-8.
    #[error("an argument is not valid UTF-8")]
    NotUnicode,
    /// An argument holds a token.
    #[error("argument {0} holds a secret; it is not repeated here")]
    Secret(usize),
    /// Anything else.
    #[error("the command line cannot be read: {0}")]
    Other(Shown),
}

/// What to do about an option without its value.
#[derive(Debug, thiserror::Error)]
#[error("write {0}, a space and the value; a value that starts with `-` needs `=`")]
pub(super) struct NoValueHint(pub String);

impl ArgumentMistake {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { option, meant } => Some(match meant {
                _ if speaks_of_a_secret(option.as_str()) => {
                    "no option takes a secret: set `DIGITALOCEAN_ACCESS_TOKEN`, or name another variable with \
                     `--token-env NAME`"
                        .into()
                }
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`verify-registry-image --help` lists the options".into(),
            }),
            Self::Value { possible, value, .. } => {
                let meant = nearest(value.as_str(), possible.iter().map(String::as_str));
                Some(match meant {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("expected one of: {}", possible.join(", ")),
                })
            }
            Self::NoValue(option) => Some(NoValueHint(option.to_string()).to_string()),
            Self::Secret(_) => Some(
                "a command line can be read by every process: replace this token, and give the new one in \
                 `DIGITALOCEAN_ACCESS_TOKEN`"
                    .into(),
            ),
            Self::TakesNoValue(_) | Self::Twice(_) | Self::Conflict(_, _) | Self::NotUnicode => None,
            Self::Other(_) => Some("`verify-registry-image --help` shows how it is written".into()),
        }
    }
}

/// What clap found wrong, without clap's words.
pub(super) fn mistake(error: &clap::Error, redactor: &Redactor) -> ArgumentMistake {
    let shown = |kind| shown(text(error, kind).as_deref().unwrap_or(""), redactor);
    let option = shown(ContextKind::InvalidArg);
    let kind = error.kind();
    if kind == ErrorKind::UnknownArgument {
        let meant = text(error, ContextKind::SuggestedArg);
        ArgumentMistake::Unknown { option, meant }
    } else if kind == ErrorKind::InvalidValue
        && text(error, ContextKind::InvalidValue).unwrap_or_default().is_empty()
    {
        ArgumentMistake::NoValue(option)
    } else if kind == ErrorKind::InvalidValue {
        let possible = texts(error, ContextKind::ValidValue);
        let value =
            Shown::new(&text(error, ContextKind::InvalidValue).unwrap_or_default(), redactor);
        ArgumentMistake::Value { option, value, possible }
    } else if kind == ErrorKind::TooManyValues {
        ArgumentMistake::TakesNoValue(option)
    } else if matches!(
        kind,
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::NoEquals
    ) {
        ArgumentMistake::NoValue(option)
    } else if kind == ErrorKind::ArgumentConflict {
        let prior = shown(ContextKind::PriorArg);
        if prior == option {
            ArgumentMistake::Twice(option)
        } else {
            ArgumentMistake::Conflict(prior, option)
        }
    } else if kind == ErrorKind::InvalidUtf8 {
        ArgumentMistake::NotUnicode
    } else {
        ArgumentMistake::Other(Shown::new(&kind.to_string(), redactor))
    }
}

/// An option's name as clap tells it, without `=VALUE`, ` <VALUE>` and dots.
fn shown(option: &str, redactor: &Redactor) -> Shown {
    let end = option.find(['=', ' ', '[', '.']).unwrap_or(option.len());
    Shown::new(option.get(..end).unwrap_or(option), redactor)
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    texts(error, kind).into_iter().next()
}

fn speaks_of_a_secret(option: &str) -> bool {
    let option = option.to_ascii_lowercase();
    ["token", "password", "secret", "auth", "username"].iter().any(|word| option.contains(word))
        || option == "-t"
}
