//! Which environment an image belongs to, and what that environment deploys.
//!
//! Only the environment that is meant is resolved strictly: a variable that only `production` needs does
//! not have to be set to verify `development`. But where no environment deploys the tag asked for, one whose
//! tag is not known here might, and its rules must not be dropped in silence.

use crate::oci::Tag;
use crate::request::ImmutableTag;
use crate::settings::config::{Cause, ConfigError, EnvironmentEntry, FILE_NAME, Name, Text};
use crate::settings::declared::Declared;
use crate::settings::expand::{ExpansionMistake, KnownRevision, is_plain};
use crate::settings::service::ConfiguredService;
use crate::settings::usage_error::{Shown, UsageError, did_you_mean, listed};

const NAME_ONE: &str = "name one with `--environment`";

/// An environment was named, and there is no config.
pub(super) fn no_config() -> UsageError {
    UsageError::new("an environment is named, but there is no config file")
        .hint(format!("add `{FILE_NAME}` to the repository, or name it with `--config`"))
}

/// An environment of the config.
#[derive(Clone, Copy, Debug)]
pub(super) struct Environment<'c> {
    pub name: &'c str,
    pub entry: &'c EnvironmentEntry,
}

impl<'c> Declared<'c> {
    fn environments(self) -> impl Iterator<Item = Environment<'c>> {
        let entries = &self.config.document.environments.0;
        entries.iter().map(|(Name(name), entry)| Environment { name, entry })
    }

    /// The environment of this name.
    pub(super) fn environment_named(self, name: &str) -> Result<Environment<'c>, UsageError> {
        if let Some(found) = self.environments().find(|environment| environment.name == name) {
            return Ok(found);
        }
        let names = || self.environments().map(|environment| environment.name);
        let redactor = self.expander.variables.redactor;
        let all = || match listed(names(), redactor) {
            known if known.is_empty() => "it has no environments".to_owned(),
            known => format!("its environments are {known}"),
        };
        let shown = Shown::new(name, redactor);
        Err(UsageError::new(format!("the config file has no environment {shown}"))
            .hint(did_you_mean(name, names().collect::<Vec<_>>(), all)))
    }

    /// The environment that is deployed from this branch.
    pub(super) fn environment_of_branch(self, branch: &str) -> Result<Environment<'c>, UsageError> {
        let is_of = |environment: &Environment<'_>| {
            environment.entry.branch.as_ref().is_some_and(|Text(of)| of == branch)
        };
        let found: Vec<_> = self.environments().filter(is_of).collect();
        let redactor = self.expander.variables.redactor;
        let branch = || Shown::new(branch, redactor);
        match found.as_slice() {
            [one] => Ok(*one),
            [] => {
                let config = Shown::new(&self.config.path.to_string_lossy(), redactor);
                let message = format!("no environment in {config} uses branch {}", branch());
                Err(UsageError::new(message).hint(format!(
                    "add `branch` to the environment that it deploys to, or {NAME_ONE}"
                )))
            }
            several => Err(self.several(&format!("the branch {}", branch()), several)),
        }
    }

    /// What is wrong with any environment wherever the file is read: a rule that nobody can keep must not be
    /// dropped in silence.
    pub(super) fn check_environments(self) -> Result<(), ConfigError> {
        for environment in self.environments() {
            let EnvironmentEntry { tag: Text(tag), immutable_tag, .. } = environment.entry;
            let immutable = immutable_tag.as_ref().map_or("", |Text(text)| text);
            let of_tag = self.tag_of(environment, None).map(|_| ());
            let of_immutable = self.immutable_tag(environment, None).map(|_| ());
            for (result, text) in [(of_tag, tag.as_str()), (of_immutable, immutable)] {
                match result {
                    Err(error) if error.is_everywhere(is_plain(text)) => return Err(error),
                    Err(_) | Ok(()) => {}
                }
            }
        }
        Ok(())
    }

    /// The environment that deploys this tag of a service, where one does.
    pub(super) fn environment_of_tag(
        self,
        tag: &Tag,
        service: Option<ConfiguredService<'c>>,
    ) -> Result<Option<Environment<'c>>, UsageError> {
        let shown = || Shown::new(tag.as_str(), self.expander.variables.redactor);
        let (mut found, mut unresolved) = (Vec::new(), None);
        for environment in self.environments() {
            match self.deploys(environment, tag, service) {
                Ok(true) => found.push(environment),
                Ok(false) => {}
                Err(error) => unresolved = unresolved.or(Some(error)),
            }
        }
        match (found.as_slice(), unresolved) {
            ([], None) => Ok(None),
            ([], Some(why)) => {
                let message = format!(
                    "no known environment deploys the tag {}, but one cannot be resolved: {why}",
                    shown()
                );
                Err(UsageError::new(message).hint(
                    "set the variable in this job, or name the environment that deploys the tag with `--environment`",
                ))
            }
            ([one], _) => Ok(Some(*one)),
            (several, _) => Err(self.several(&format!("the tag {}", shown()), several)),
        }
    }

    fn several(self, of: &str, environments: &[Environment<'_>]) -> UsageError {
        let names = environments.iter().map(|environment| environment.name);
        let names = listed(names, self.expander.variables.redactor);
        UsageError::new(format!("{of} belongs to several environments: {names}")).hint(NAME_ONE)
    }

    /// Whether any environment is known to deploy this tag of a service.
    pub(super) fn is_deployed(self, tag: &Tag, service: ConfiguredService<'c>) -> bool {
        self.environments().any(|environment| {
            self.deploys(environment, tag, Some(service)).is_ok_and(|deploys| deploys)
        })
    }

    /// Whether an environment deploys this tag of a service.
    ///
    /// # Errors
    /// When it does not as far as is known here, and one of its tags cannot be resolved.
    pub(super) fn deploys(
        self,
        environment: Environment<'c>,
        tag: &Tag,
        service: Option<ConfiguredService<'c>>,
    ) -> Result<bool, ConfigError> {
        let moving = self.tag_of(environment, service).map(|moving| moving == *tag);
        let immutable = self.immutable_tag(environment, service).map(|immutable| match immutable {
            Some(ImmutableTag::Named(immutable) | ImmutableTag::Fixed(immutable)) => {
                immutable == *tag
            }
            Some(ImmutableTag::ByRevisionLabel(_)) | None => false,
        });
        match (moving, immutable) {
            (Ok(true), _) | (_, Ok(true)) => Ok(true),
            (Ok(false), immutable) => immutable,
            (Err(error), _) => Err(error),
        }
    }

    /// The tag of a service that an environment deploys; without a service, the environment's own.
    pub(super) fn tag_of(
        self,
        environment: Environment<'c>,
        service: Option<ConfiguredService<'c>>,
    ) -> Result<Tag, ConfigError> {
        let Text(text) = &environment.entry.tag;
        let at = ["environments", environment.name, "tag"];
        let own = self.expander.of_config().text(text);
        let own = own.map_err(|why| self.config.not_expanded(&at, text, &why))?;
        let tag = own.parse().map_err(|why| self.config.malformed(&at, &own, &why))?;
        match service.and_then(|service| Some((service, service.tags(self.config, self.expander)?)))
        {
            Some((service, template)) => {
                let whole = template?.around(&own);
                let at = ["services", service.name, "tag"];
                whole.parse().map_err(|why| self.config.malformed(&at, &whole, &why))
            }
            None => Ok(tag),
        }
    }

    /// The tag of an environment that never moves.
    pub(super) fn immutable_tag(
        self,
        environment: Environment<'c>,
        service: Option<ConfiguredService<'c>>,
    ) -> Result<Option<ImmutableTag>, ConfigError> {
        // Any commit will do to see whether a tag can come of it.
        const SOME_COMMIT: &str = "0000000000000000000000000000000000000000";
        let Some(Text(text)) = &environment.entry.immutable_tag else { return Ok(None) };
        let at = ["environments", environment.name, "immutable_tag"];
        let (before, after) = service.and_then(ConfiguredService::around).unwrap_or(("", ""));
        let expander = self.expander.of_config();
        let template = expander
            .template(&[before, text, after])
            .map_err(|why| self.config.not_expanded(&at, text, &why))?;
        let fill = |revision| {
            let text = template.fill_text(revision);
            template.fill(revision).map_err(|why| self.config.malformed(&at, &text, &why))
        };
        let tag = if template.needs_revision() {
            match self.expander.revision {
                KnownRevision::Known(revision) => ImmutableTag::Named(fill(revision.as_str())?),
                KnownRevision::None => {
                    fill(SOME_COMMIT)?;
                    ImmutableTag::ByRevisionLabel(template)
                }
                KnownRevision::Broken(shown, why) => {
                    let why = ExpansionMistake::Revision(shown.clone(), *why);
                    return Err(self.config.not_expanded(&at, text, &why));
                }
            }
        } else if text.contains('$') {
            ImmutableTag::Named(fill("")?)
        } else {
            ImmutableTag::Fixed(fill("")?)
        };
        // It would be compared with itself.
        if tag
            .name()
            .is_some_and(|tag| self.tag_of(environment, service).is_ok_and(|moving| moving == *tag))
        {
            let shown = Shown::new(text, self.expander.variables.redactor);
            let message = format!("`immutable_tag` is the same tag as `tag`: {shown}");
            let error = UsageError::new(message).hint(
                "name a tag that is pushed beside it and never moves, as in `\"{revision}-dev\"`, or remove the key",
            );
            return Err(self.config.error(&at, error).because(Cause::Value));
        }
        Ok(Some(tag))
    }
}

/// The environment of an image whose tag is known: the one that was named, else the one that deploys the tag.
pub(super) fn of_image<'c>(
    declared: Option<Declared<'c>>,
    named: Option<&str>,
    tag: Option<&Tag>,
    service: Option<ConfiguredService<'c>>,
    is_of_config: bool,
) -> Result<Option<Environment<'c>>, UsageError> {
    let Some(declared) = declared else {
        return match named {
            Some(_) => Err(no_config()),
            None => Ok(None),
        };
    };
    match (named, tag) {
        (Some(named), tag) => {
            let environment = declared.environment_named(named)?;
            if let Some(tag) = tag
                && !declared.deploys(environment, tag, service)?
            {
                let redactor = declared.expander.variables.redactor;
                let deployed = declared.tag_of(environment, service)?;
                let shown = |text| Shown::new(text, redactor);
                return Err(UsageError::new(format!(
                    "environment {} does not deploy the tag {}",
                    shown(named),
                    shown(tag.as_str())
                ))
                .hint(format!(
                    "it deploys {}: verify that tag, or omit `--environment`",
                    shown(deployed.as_str())
                )));
            }
            Ok(Some(environment))
        }
        // Another team's `latest` is not this config's.
        (None, Some(tag)) if is_of_config => declared.environment_of_tag(tag, service),
        (None, _) => Ok(None),
    }
}
