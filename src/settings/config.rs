//! The config file `verify-registry-image.yml`: its form, and where it is looked for.
//!
//! Here it becomes typed values; what they mean together with the command line is decided by
//! [`images`](crate::settings::images) and its neighbours. Every mistake has a line and a column.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::circleci::Slug;
use crate::file::input::{self, InputError};
use crate::oci::ReferenceError;
use crate::secret::Redactor;
use crate::settings::expand::ExpansionMistake;
use crate::settings::usage_error::{Shown, UsageError};

mod document;
mod error;
mod expect;
mod parse;
mod place;
mod secrets;
mod words;

use document::Document;
pub(super) use document::{
    CircleCiEntry, EnvironmentEntry, RuntimeEntry, ServiceEntry, StatusEntry, TAG_PLACE,
};
use error::At;
pub(super) use error::{Cause, ConfigError};
pub(super) use expect::{ExpectEntry, FactsEntry};
use parse::parse;
pub(crate) use place::Place;
pub(in crate::settings) use words::is_plain;
pub(crate) use words::{
    Age, AttestationWord, EngineWord, Entries, Flag, Key, Name, PlatformWord, Port, RevisionWord,
    RuleWord, Size, Text, UserWord, Value,
};

/// The name under which the file is looked for.
pub const FILE_NAME: &str = "verify-registry-image.yml";

/// The most that is read: a parser's time grows with the square of some inputs.
const MOST: u64 = 64 * 1024;

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
            // A broken link is a config that cannot be read, and not the absence of one.
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
        let bytes = input::bytes(&working.join(shown), MOST).map_err(|why| {
            let file = Shown::new(&shown.to_string_lossy(), redactor);
            let missing = matches!(why, InputError::Missing).then(|| {
                format!("check the path, which is relative to the working folder; the usual name is `{FILE_NAME}`")
            });
            ConfigError::new(file, At::File, UsageError::new(why.to_string()).maybe_hint(missing))
        })?;
        Self::of(&bytes, shown, redactor)
    }

    /// Reads the bytes of the file that is shown so.
    pub(super) fn of(bytes: &[u8], shown: &Path, redactor: &Redactor) -> Result<Self, ConfigError> {
        let (text, document) = parse(bytes, redactor).map_err(|(place, error)| {
            let file = Shown::new(&shown.to_string_lossy(), redactor);
            ConfigError::new(file, At::Place(place), error)
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
    pub(super) fn error(&self, path: &[&str], error: UsageError) -> ConfigError {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        let file = Shown::new(&self.path.to_string_lossy(), &self.redactor);
        ConfigError::new(file, At::Keys(Box::new((self.text.clone(), path))), error)
    }

    /// A value that cannot be expanded.
    pub(super) fn not_expanded(
        &self,
        path: &[&str],
        text: &str,
        why: &ExpansionMistake,
    ) -> ConfigError {
        let text = Shown::new(text, &self.redactor);
        let error = UsageError::new(format!("the value {text} {why}")).maybe_hint(why.hint());
        self.error(path, error).because(Cause::Expansion { is_everywhere: why.is_everywhere() })
    }

    /// A value that no reference can be made of.
    pub(super) fn malformed(&self, path: &[&str], text: &str, why: &ReferenceError) -> ConfigError {
        let text = Shown::new(text, &self.redactor);
        let hint = matches!(why, ReferenceError::NoHost)
            .then(|| "start with the host, as in `registry.digitalocean.com/REGISTRY`".to_owned());
        let error = UsageError::new(format!("the value {text} {why}")).maybe_hint(hint);
        self.error(path, error).because(Cause::Value)
    }

    /// Services without a registry.
    pub(super) fn no_registry(&self) -> ConfigError {
        let error = UsageError::new("`services` needs a `registry`")
            .hint("add one, as in `registry: registry.digitalocean.com/REGISTRY`");
        self.error(&["services"], error)
    }

    /// A project that is none must not be looked for elsewhere, and an id stands in a request.
    fn check_circleci(&self, circleci: &CircleCiEntry) -> Result<(), ConfigError> {
        let CircleCiEntry { project, definition, workflow: _, push_job: _, gate_job: _ } = circleci;
        if let Some(Text(project)) = project
            && let Err(why) = project.parse::<Slug>()
        {
            let project = Shown::new(project, &self.redactor);
            let error = UsageError::new(format!("the value {project} {why}")).hint(
                "copy it from the project's page: Project Settings > Overview; the first part is `gh`, `bb` or `circleci`",
            );
            return Err(self.error(&["circleci", "project"], error));
        }
        let is_id = |text: &str| {
            text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        };
        if let Some(Text(definition)) = definition
            && !is_id(definition)
        {
            let definition = Shown::new(definition, &self.redactor);
            let error = UsageError::new(format!("the value {definition} is not an id (a UUID)"))
                .hint("copy the id of the pipeline definition: Project Settings > Pipelines");
            return Err(self.error(&["circleci", "definition"], error));
        }
        Ok(())
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), ConfigError> {
        let Document { registry, environments: _, services, circleci, status } = &self.document;
        if let Some(circleci) = circleci {
            self.check_circleci(circleci)?;
        }
        for (Name(name), service) in &services.0 {
            if let Some(Text(tag)) = &service.tag
                && tag.matches(TAG_PLACE).count() != 1
            {
                let tag = Shown::new(tag, &self.redactor);
                let error =
                    UsageError::new(format!("the service tag {tag} must hold `{{tag}}` once"))
                        .hint("`{tag}` stands for the environment's tag, as in `api-{tag}`");
                return Err(self.error(&["services", name, "tag"], error));
            }
            if let Some(ExpectEntry::Facts(facts)) = &service.expect
                && **facts == FactsEntry::default()
            {
                let error = UsageError::new("`expect` expects nothing")
                    .hint("write a fact, as in `user: not-root`, or remove it");
                return Err(self.error(&["services", name, "expect"], error));
            }
            for (Key(key), Value(value)) in &service.env.0 {
                if secrets::looks_secret(key, value) {
                    let shown = Shown::new(key, &self.redactor);
                    let error = UsageError::new(format!(
                        "the variable {shown} looks like a secret, but `env` is written to the record"
                    ))
                    .hint("give it to the deployment from its own secret store, and remove it here");
                    return Err(self.error(&["services", name, "env", key], error));
                }
            }
        }
        if registry.is_none() && !services.0.is_empty() {
            return Err(self.no_registry());
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
                    let path = Shown::new(path, &self.redactor);
                    let error = UsageError::new(format!(
                        "the path {path} is not below this file's folder"
                    ))
                    .hint("write it relative to this file, without `..` and without a leading `/`");
                    return Err(self.error(&["status", key], error));
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
pub(super) fn is_below(path: &str) -> bool {
    let mut components = Path::new(path).components().peekable();
    components.peek().is_some()
        && components.all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests;
