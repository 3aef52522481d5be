//! What can be wrong with a config file, where it stands, and what to do about it.

use std::fmt;
use std::sync::Arc;

use super::{FILE_NAME, Place, place};
use crate::oci::ReferenceError;
use crate::settings::expand::ExpansionMistake;
use crate::settings::file::FileMistake;
use crate::settings::mistake::{Shown, nearest};

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

/// A mistake in the config file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    pub(super) file: Shown,
    pub(super) at: At,
    /// What is wrong.
    pub mistake: ConfigMistake,
}

impl ConfigError {
    /// The same, where it leaves open whether a word of the command line is meant.
    pub(in crate::settings) fn for_word(self, word: Shown) -> Self {
        let is_expansion = matches!(self.mistake, ConfigMistake::Expansion(..));
        let untold = |mistake| ConfigMistake::Untold(Box::new(mistake), word);
        let mistake = if is_expansion { untold(self.mistake) } else { self.mistake };
        Self { mistake, ..self }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.place() {
            Some(Place { line, column }) => {
                write!(f, "{}:{line}:{column}: {}", self.file.as_str(), self.mistake)
            }
            None => write!(f, "the config file {} {}", self.file, self.mistake),
        }
    }
}

impl std::error::Error for ConfigError {}

/// What can be wrong with a config file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigMistake {
    /// It cannot be had.
    #[error(transparent)]
    File(FileMistake),
    /// It is not UTF-8.
    #[error("not valid UTF-8")]
    NotUnicode,
    /// A control character.
    #[error("control character")]
    Control,
    /// It holds the token, or something that looks like one.
    #[error("this line holds a secret")]
    Secret,
    /// It says nothing.
    #[error("the file has no settings")]
    Empty,
    /// A second document.
    #[error("a second YAML document begins here")]
    SecondDocument,
    /// A tab.
    #[error("tab character")]
    Tab,
    /// A key that has no meaning.
    #[error("unknown key {key}")]
    UnknownKey {
        /// The key.
        key: Shown,
        /// The keys that there are.
        known: Vec<String>,
    },
    /// A key that must be there.
    #[error("missing key `{0}`")]
    MissingKey(String),
    /// A placeholder without quotation marks, which YAML takes for a mapping.
    #[error("a value that begins with `{{` needs quotation marks")]
    Braces,
    /// Anything else that the parser says.
    #[error("{0}")]
    Other(String),
    /// A variable to deploy with that is, or looks like, a secret.
    #[error("the variable {0} looks like a secret, but `env` is written to the record")]
    SecretVariable(Shown),
    /// A path that leaves the folder.
    #[error("the path {0} is not below this file's folder")]
    Path(Shown),
    /// A value that cannot be expanded.
    #[error("the value {0} {1}")]
    Expansion(Shown, ExpansionMistake),
    /// A value that no reference can be made of.
    #[error("the value {0} {1}")]
    Reference(Shown, ReferenceError),
    /// A value that cannot be expanded, and without it nobody can say whether its rules hold.
    #[error("{0}, so it is unknown whether its rules apply to {1}")]
    Untold(Box<Self>, Shown),
    /// A service's `tag` without the place of the environment's, or with several.
    #[error("the service tag {0} must hold `{{tag}}` once")]
    NoTagPlace(Shown),
    /// A tag that never moves, and that is the one that moves.
    #[error("`immutable_tag` is the same tag as `tag`: {0}")]
    ImmutableIsTag(Shown),
    /// Services without a registry.
    #[error("`services` needs a `registry`")]
    NoRegistry,
}

impl ConfigMistake {
    /// Whether it is a mistake wherever the file is read, and not only where a variable is not set.
    /// `is_plain`: the text has neither variables nor placeholders.
    pub(in crate::settings) fn is_everywhere(&self, is_plain: bool) -> bool {
        match self {
            Self::Expansion(_, why) => why.is_everywhere(),
            Self::Untold(mistake, _) => mistake.is_everywhere(is_plain),
            Self::Reference(_, _) | Self::ImmutableIsTag(_) => is_plain,
            Self::File(_)
            | Self::NotUnicode
            | Self::Control
            | Self::Secret
            | Self::Empty
            | Self::SecondDocument
            | Self::Tab
            | Self::UnknownKey { .. }
            | Self::MissingKey(_)
            | Self::Braces
            | Self::Other(_)
            | Self::SecretVariable(_)
            | Self::Path(_)
            | Self::NoTagPlace(_)
            | Self::NoRegistry => true,
        }
    }

    pub(in crate::settings) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { key, known } => {
                Some(match nearest(key.as_str(), known.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("expected one of: {}", known.join(", ")),
                })
            }
            Self::File(FileMistake::Missing) => Some(format!(
                "check the path, which is relative to the working folder; the usual name is `{FILE_NAME}`"
            )),
            Self::Secret => Some(
                "remove it and revoke it where it was issued: a committed file keeps its history"
                    .into(),
            ),
            Self::SecretVariable(_) => Some(
                "give it to the deployment from its own secret store, and remove it here".into(),
            ),
            Self::Path(_) => Some(
                "write it relative to this file, without `..` and without a leading `/`".into(),
            ),
            Self::Reference(_, ReferenceError::NoHost) => {
                Some("start with the host, as in `registry.digitalocean.com/REGISTRY`".into())
            }
            Self::NoTagPlace(_) => {
                Some("`{tag}` stands for the environment's tag, as in `api-{tag}`".into())
            }
            Self::NoRegistry => {
                Some("add one, as in `registry: registry.digitalocean.com/REGISTRY`".into())
            }
            Self::ImmutableIsTag(_) => Some(
                "name a tag that is pushed beside it and never moves, as in `\"{revision}-dev\"`, or remove the key".into(),
            ),
            Self::Empty => Some("`verify-registry-image --schema config` shows its form".into()),
            Self::SecondDocument => Some("remove the line `---` and what follows it".into()),
            Self::Braces => Some("quote it, as in `\"{revision}-dev\"`".into()),
            Self::Tab => Some("indent with spaces".into()),
            Self::Control | Self::NotUnicode => Some("save the file as plain UTF-8 text".into()),
            Self::Expansion(_, why) => why.hint(),
            Self::Untold(mistake, _) => mistake.hint(),
            Self::File(_) | Self::MissingKey(_) | Self::Other(_) | Self::Reference(_, _) => None,
        }
    }
}
