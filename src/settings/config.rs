//! The config file `verify-registry-image.yml`: its form, and where it is looked for.
//!
//! Here it becomes typed values; what they mean together with the command line is decided by
//! [`images`](crate::settings::images) and its neighbours. Every mistake has a line and a column.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::Deserializer;

use crate::secret::Redactor;
use crate::settings::file;
use crate::settings::mistake::Shown;
use crate::settings::services::TAG_PLACE;
use crate::settings::token;
use crate::yaml::{self, OutOfBounds};

mod mistake;
mod place;
mod secrets;
mod words;

use mistake::At;
pub(crate) use mistake::{ConfigError, ConfigMistake};
pub(crate) use place::Place;
use place::kind;
pub(crate) use words::{Entries, Flag, Key, Name, PlatformWord, Port, RevisionWord, Text, Value};

/// The name under which the file is looked for.
pub const FILE_NAME: &str = "verify-registry-image.yml";

/// The most that is read: a parser's time grows with the square of some inputs.
const MOST: u64 = 64 * 1024;

// `deny_unknown_fields` everywhere: a misspelt rule must not be a rule less. The comments are the schema's texts.
/// What `verify-registry-image` knows of a repository's services and environments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a mapping with `registry`, `environments`, `services` and `status`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "verify-registry-image.yml"))]
pub(super) struct Document {
    /// The registry that the services are in, as in `registry.digitalocean.com/keepkey`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub registry: Option<Text>,
    /// What is deployed where: each environment fixes a tag.
    pub environments: Entries<Name, EnvironmentEntry>,
    /// What is deployed.
    #[cfg_attr(test, schemars(with = "Entries<Name, Option<ServiceEntry>>"))]
    pub services: Entries<Name, ServiceEntry>,
    /// Where the status of each environment is kept.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "StatusEntry"))]
    pub status: Option<StatusEntry>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `tag`, `immutable_tag`, `branch` and `expect_revision`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct EnvironmentEntry {
    /// The tag that it deploys.
    pub tag: Text,
    /// A tag that never moves and must name the same digest, as in `{revision}-dev`.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub immutable_tag: Option<Text>,
    /// The branch that is deployed to it.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub branch: Option<Text>,
    /// Whether the image's revision label is compared with the commit.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "RevisionWord"))]
    pub expect_revision: Option<RevisionWord>,
}

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a mapping with `repository`, `tag`, `port`, `ingress`, `runtime`, `platforms`, `env` and `expect_revision`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ServiceEntry {
    /// Its repository below `registry`; its own name, unless given.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub repository: Option<Text>,
    /// Its tag where services share one repository, as in `api-{tag}`: `{tag}` is the environment's.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub tag: Option<Text>,
    /// The TCP port that it listens on.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Port"))]
    pub port: Option<Port>,
    /// Whether it is reached from outside the cluster. Handed on in the record.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Flag"))]
    pub ingress: Option<Flag>,
    /// What it runs on.
    pub runtime: RuntimeEntry,
    /// The platforms that must be there, as in `linux/amd64`.
    pub platforms: Vec<PlatformWord>,
    /// Variables to deploy it with. Handed on in the record, so never a secret.
    pub env: Entries<Key, Value>,
    /// Stands in place of the environment's.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "RevisionWord"))]
    pub expect_revision: Option<RevisionWord>,
}

/// A service's runtime. `nodejs` and `alpine` are checked, other values are handed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping with `language` and `base`")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RuntimeEntry {
    /// The language, as in `nodejs`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub language: Option<Text>,
    /// The base image, as in `alpine`.
    #[serde(deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub base: Option<Text>,
}

/// The status files. Paths are relative to this file, without `..`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `directory`, `board` and `badges`")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct StatusEntry {
    /// The folder of the `ENVIRONMENT.status` files.
    pub directory: Text,
    /// The Markdown file that the board is drawn in.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub board: Option<Text>,
    /// A folder for one shields.io endpoint file an environment.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(test, schemars(with = "Text"))]
    pub badges: Option<Text>,
}

/// A value that stands there, if its key does. An `Option` of serde's would take `key: ~` for no key.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The services of a config by where their images are.
#[derive(Clone, Debug, Default)]
pub(super) struct Repositories {
    /// The numbers of the services of each repository.
    pub of: BTreeMap<String, Vec<usize>>,
    /// The numbers of those whose repository cannot be told here: a variable is not set.
    pub untold: Vec<usize>,
}

/// A config file that was read.
#[derive(Clone, Debug)]
pub(super) struct Config {
    /// Its path, as it is shown.
    pub path: PathBuf,
    /// The folder that its paths are relative to; itself relative to the working folder where it can be.
    pub folder: PathBuf,
    pub document: Document,
    /// The services of each repository, by their numbers, once it is known what the variables are.
    pub repositories: OnceCell<Repositories>,
    text: Arc<str>,
    redactor: Redactor,
}

impl Config {
    /// Reads the file that `--config` names, else the one that is found from `folder` upward.
    pub(super) fn find(
        folder: &Path,
        named: Option<&Path>,
        redactor: &Redactor,
    ) -> Result<Option<Self>, ConfigError> {
        if let Some(named) = named {
            return Self::read(folder, named, redactor).map(Some);
        }
        for level in searched(folder) {
            let path = level.join(FILE_NAME);
            // A broken link is a config that cannot be had, and not the absence of one.
            if std::fs::symlink_metadata(&path).is_ok() {
                let shown = if level == folder { Path::new(FILE_NAME) } else { &path };
                return Self::read(folder, shown, redactor).map(Some);
            }
        }
        Ok(None)
    }

    pub(super) fn has_service(&self, name: &str) -> bool {
        self.document.services.0.iter().any(|(Name(known), _)| known == name)
    }

    pub(super) fn service_names(&self) -> Vec<String> {
        self.document.services.0.iter().map(|(Name(name), _)| name.clone()).collect()
    }

    fn read(working: &Path, shown: &Path, redactor: &Redactor) -> Result<Self, ConfigError> {
        let bytes = file::bytes(&working.join(shown), MOST).map_err(|why| {
            let mistake = ConfigMistake::File(why);
            let file = Shown::new(&shown.to_string_lossy(), redactor);
            ConfigError { file, at: At::File, mistake }
        })?;
        Self::of(&bytes, shown, redactor)
    }

    /// Reads the bytes of the file that is shown so.
    pub(super) fn of(bytes: &[u8], shown: &Path, redactor: &Redactor) -> Result<Self, ConfigError> {
        let (text, document) = parse(bytes, redactor).map_err(|(place, mistake)| ConfigError {
            file: Shown::new(&shown.to_string_lossy(), redactor),
            at: At::Place(place),
            mistake,
        })?;
        let folder = shown.parent().unwrap_or(Path::new("")).to_owned();
        let config = Self {
            path: shown.to_owned(),
            folder,
            document,
            repositories: OnceCell::new(),
            text,
            redactor: redactor.clone(),
        };
        config.check()?;
        Ok(config)
    }

    /// What the JUnit file calls it: its name, or the path that `--config` gave.
    pub(super) fn name(&self) -> String {
        let path = self.path.file_name().filter(|_| self.path.is_absolute()).map(Path::new);
        path.unwrap_or(&self.path).to_string_lossy().into_owned()
    }

    /// A mistake at the value that `path` leads to.
    pub(super) fn error(&self, path: &[&str], mistake: ConfigMistake) -> ConfigError {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        ConfigError {
            file: Shown::new(&self.path.to_string_lossy(), &self.redactor),
            at: At::Keys(Box::new((self.text.clone(), path))),
            mistake,
        }
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), ConfigError> {
        let Document { registry, environments: _, services, status } = &self.document;
        for (Name(name), service) in &services.0 {
            if let Some(Text(tag)) = &service.tag
                && tag.matches(TAG_PLACE).count() != 1
            {
                let mistake = ConfigMistake::NoTagPlace(Shown::new(tag, &self.redactor));
                return Err(self.error(&["services", name, "tag"], mistake));
            }
            for (Key(key), Value(value)) in &service.env.0 {
                if secrets::looks_secret(key, value) {
                    let mistake = ConfigMistake::SecretVariable(Shown::new(key, &self.redactor));
                    return Err(self.error(&["services", name, "env", key], mistake));
                }
            }
        }
        if registry.is_none() && !services.0.is_empty() {
            return Err(self.error(&["services"], ConfigMistake::NoRegistry));
        }
        if let Some(StatusEntry { directory, board, badges }) = status {
            let paths = [
                ("directory", Some(directory)),
                ("board", board.as_ref()),
                ("badges", badges.as_ref()),
            ];
            for (key, path) in paths {
                let Some(Text(path)) = path else { continue };
                if !is_below(path) {
                    let mistake = ConfigMistake::Path(Shown::new(path, &self.redactor));
                    return Err(self.error(&["status", key], mistake));
                }
            }
        }
        Ok(())
    }
}

/// The folders that are searched: from `folder` upward to the first that holds `.git`. Where none does,
/// `folder` alone: above a checkout, a file can be anybody's.
fn searched(folder: &Path) -> impl Iterator<Item = &Path> {
    let top =
        folder.ancestors().position(|level| std::fs::symlink_metadata(level.join(".git")).is_ok());
    folder.ancestors().take(top.map_or(1, |top| top + 1))
}

/// Whether a path stays below the folder that it is relative to.
fn is_below(path: &str) -> bool {
    let mut components = Path::new(path).components().peekable();
    components.peek().is_some()
        && components.all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}

/// The text and the document of a config file's bytes.
fn parse(
    bytes: &[u8],
    redactor: &Redactor,
) -> Result<(Arc<str>, Document), (Place, ConfigMistake)> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| (Place::of_byte(bytes, error.valid_up_to()), ConfigMistake::NotUnicode))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let control =
        |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if let Some(index) = text.find(control) {
        return Err((Place::of_byte(text.as_bytes(), index), ConfigMistake::Control));
    }
    if let Some(line) = text.lines().position(|line| token::is_in(line, redactor)) {
        return Err((Place { line: line + 1, column: 1 }, ConfigMistake::Secret));
    }
    let explain = |error: serde_yaml::Error| explain(&error, text, redactor);
    yaml::check(text).map_err(|error| match error {
        OutOfBounds::TooDeep { at } => {
            (Place::of_byte(text.as_bytes(), at), ConfigMistake::Other(error.to_string()))
        }
        OutOfBounds::Aliases => (Place::START, ConfigMistake::Other(error.to_string())),
    })?;
    place::check(text).map_err(explain)?;
    let document: Document = serde_yaml::from_str(text).map_err(explain)?;
    if document == Document::default() {
        return Err((Place::START, ConfigMistake::Empty));
    }
    Ok((text.into(), document))
}

/// The parser's error in this program's words.
fn explain(error: &serde_yaml::Error, text: &str, redactor: &Redactor) -> (Place, ConfigMistake) {
    let message = error.to_string();
    let place = Place::of_error(error);
    if place.is_none() && message.contains("more than one document") {
        return (Place::of_last_line(text, "---"), ConfigMistake::SecondDocument);
    }
    // The crate puts the place behind the message and the path of keys before it; the place says both.
    let Place { line, column } = place.unwrap_or(Place::START);
    let message = message.replacen(&format!(" at line {line} column {column}"), "", 1);
    let message = match message.split_once(": ") {
        Some((path, rest)) if !path.contains([' ', '`']) => rest,
        Some(_) | None => &message,
    };
    let place = place.unwrap_or(Place::START);
    if place.character(text) == Some('\t') {
        return (place, ConfigMistake::Tab);
    }
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or("");
    let is_braced =
        line.split_once(':').is_some_and(|(_, value)| value.trim_start().starts_with("{revision"));
    let mistake = if is_braced {
        ConfigMistake::Braces
    } else if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((key, known)) = rest.rsplit_once("`, expected ")
    {
        let known = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        ConfigMistake::UnknownKey { key: Shown::new(key, redactor), known }
    } else if let Some(key) = message.strip_prefix("missing field `") {
        ConfigMistake::MissingKey(key.trim_end_matches('`').to_owned())
    } else if let Some(rest) = message.strip_prefix("invalid type: ")
        && let Some((found, expected)) = rest.rsplit_once(", expected ")
    {
        let found = redactor.line(&kind(found), 150);
        let expected = expected.replace("a sequence", "a list");
        ConfigMistake::Other(format!("expected {expected}, found {found}"))
    } else if message.starts_with("recursion limit") {
        ConfigMistake::Other("values are nested too deeply".into())
    } else {
        ConfigMistake::Other(redactor.line(message, 300))
    };
    (place, mistake)
}

#[cfg(test)]
mod tests;
