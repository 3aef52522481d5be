//! A mistake in the config file, and where it stands.

use std::fmt;
use std::sync::Arc;

use super::{Place, place};
use crate::settings::usage_error::{Shown, UsageError};

/// Where a mistake stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The whole file.
    File,
    /// There.
    Place(Place),
    /// At the value that these keys lead to, in this text. Searched for where it is shown: many a mistake never is,
    /// and the search reads all of the file.
    Keys(Box<(Arc<str>, Vec<String>)>),
}

impl At {
    fn place(&self) -> Option<Place> {
        match self {
            Self::File => None,
            Self::Place(place) => Some(*place),
            Self::Keys(keys) => {
                let (text, keys) = &**keys;
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                Some(place::of_path(text, &keys))
            }
        }
    }
}

/// What a mistake depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::settings) enum Cause {
    /// The file alone.
    Text,
    /// The value that a text has once it is expanded: the text itself, where it names no variable.
    Value,
    /// The expansion of a text.
    Expansion {
        /// Whether it fails whatever the variables hold.
        is_everywhere: bool,
    },
}

/// A mistake in the config file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    pub(super) file: Shown,
    pub(super) at: At,
    pub(super) error: UsageError,
    cause: Cause,
}

impl ConfigError {
    pub(super) fn new(file: Shown, at: At, error: UsageError) -> Self {
        Self { file, at, error, cause: Cause::Text }
    }

    pub(in crate::settings) fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }

    /// Whether it is a mistake wherever the file is read, and not only where a variable is not set.
    /// `is_plain`: the text has neither variables nor placeholders.
    pub(in crate::settings) fn is_everywhere(&self, is_plain: bool) -> bool {
        match self.cause {
            Cause::Text => true,
            Cause::Value => is_plain,
            Cause::Expansion { is_everywhere } => is_everywhere,
        }
    }

    /// The same, where it leaves open whether the rules of the file apply to a word of the command line.
    pub(in crate::settings) fn for_word(self, word: &Shown) -> Self {
        match self.cause {
            Cause::Expansion { .. } => {
                let more = format!(", so it is unknown whether its rules apply to {word}");
                Self { error: self.error.and(&more), ..self }
            }
            Cause::Text | Cause::Value => self,
        }
    }

    #[cfg(test)]
    pub(super) fn hint(&self) -> Option<&str> {
        self.error.hint_for(false)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.place() {
            Some(Place { line, column }) => {
                write!(f, "{}:{line}:{column}: {}", self.file.as_str(), self.error)
            }
            None => write!(f, "the config file {} {}", self.file, self.error),
        }
    }
}

impl From<ConfigError> for UsageError {
    fn from(error: ConfigError) -> Self {
        let message = error.to_string();
        error.error.with_message(message)
    }
}
