//! Which environment an image belongs to, and what that environment deploys.
//!
//! Only the environment that is meant is resolved strictly: a variable that only `production` needs does
//! not have to be set to verify `development`. But where no environment deploys the tag asked for, one whose
//! tag is not known here might, and its rules must not be dropped in silence.

use crate::oci::{ReferenceError, Tag};
use crate::request::ImmutableTag;
use crate::settings::config::{
    Config, ConfigError, ConfigMistake, EnvironmentEntry, FILE_NAME, Name, Text,
};
use crate::settings::expand::{Expander, ExpansionMistake, KnownRevision, is_plain};
use crate::settings::mistake::{Mistake, Shown, listed, nearest};
use crate::settings::services::{ConfiguredService, Services};

/// Why it cannot be told which environment is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EnvironmentMistake {
    /// The services at which tag?
    #[error(
        "nothing to verify: neither `IMAGE` nor `--environment` is given, and `CIRCLE_BRANCH` is not set"
    )]
    NotSaid,
    /// The branch is deployed nowhere.
    #[error("no environment in {config} uses branch {branch}")]
    NoneOfBranch {
        /// `CIRCLE_BRANCH`.
        branch: Shown,
        /// The config file.
        config: Shown,
    },
    /// A name that the config does not have.
    #[error("the config file has no environment {name}")]
    Unknown {
        /// What was typed.
        name: Shown,
        /// What was probably meant.
        meant: Option<String>,
        /// The environments that there are.
        known: String,
    },
    /// An environment, and no config.
    #[error("an environment is named, but there is no config file")]
    NoConfig,
    /// Two environments.
    #[error("{of} belongs to several environments: {names}")]
    Several {
        /// What they share.
        of: String,
        /// Their names.
        names: String,
    },
    /// No environment deploys the tag, as far as is known here.
    #[error("no known environment deploys the tag {tag}, but one cannot be resolved: {why}")]
    Unresolved {
        /// The tag that was asked for.
        tag: Shown,
        /// What is wrong with the other environment.
        why: Box<ConfigError>,
    },
    /// Another environment's tag.
    #[error("environment {environment} does not deploy the tag {tag}")]
    NotDeployed {
        /// The environment.
        environment: Shown,
        /// The tag that was asked for.
        tag: Shown,
        /// The tag that it deploys.
        deployed: Shown,
    },
}

impl EnvironmentMistake {
    pub(super) fn hint(&self) -> String {
        const SAY: &str = "name one with `--environment`";
        match self {
            Self::NotSaid => "name an environment with `--environment`, or give an `IMAGE`".into(),
            Self::NoneOfBranch { .. } => {
                format!("add `branch` to the environment that it deploys to, or {SAY}")
            }
            Self::Unknown { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Self::Unknown { known, meant: None, .. } if known.is_empty() => {
                "it has no environments".into()
            }
            Self::Unknown { known, meant: None, .. } => format!("its environments are {known}"),
            Self::NoConfig => {
                format!("add `{FILE_NAME}` to the repository, or name it with `--config`")
            }
            Self::Several { .. } => SAY.into(),
            Self::Unresolved { .. } => {
                "set the variable in this job, or name the environment that deploys the tag with `--environment`"
                    .into()
            }
            Self::NotDeployed { deployed, .. } => {
                format!("it deploys {deployed}: verify that tag, or omit `--environment`")
            }
        }
    }
}

/// An environment of the config.
#[derive(Clone, Copy, Debug)]
pub(super) struct Environment<'c> {
    pub name: &'c str,
    pub entry: &'c EnvironmentEntry,
}

/// The environments of the config.
#[derive(Clone, Copy)]
pub(super) struct Environments<'c> {
    pub config: &'c Config,
    pub expander: Expander<'c>,
}

impl<'c> Environments<'c> {
    fn all(self) -> impl Iterator<Item = Environment<'c>> {
        let entries = &self.config.document.environments.0;
        entries.iter().map(|(Name(name), entry)| Environment { name, entry })
    }

    /// The environment of this name.
    pub(super) fn named(self, name: &str) -> Result<Environment<'c>, EnvironmentMistake> {
        if let Some(found) = self.all().find(|environment| environment.name == name) {
            return Ok(found);
        }
        let names = || self.all().map(|environment| environment.name);
        let redactor = self.expander.variables.redactor;
        Err(EnvironmentMistake::Unknown {
            name: Shown::new(name, redactor),
            meant: nearest(name, names()).map(str::to_owned),
            known: listed(names(), redactor),
        })
    }

    /// The environment that is deployed from this branch.
    pub(super) fn of_branch(self, branch: &str) -> Result<Environment<'c>, EnvironmentMistake> {
        let is_of = |environment: &Environment<'_>| {
            environment.entry.branch.as_ref().is_some_and(|Text(of)| of == branch)
        };
        let found: Vec<_> = self.all().filter(is_of).collect();
        let redactor = self.expander.variables.redactor;
        let branch = || Shown::new(branch, redactor);
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(EnvironmentMistake::NoneOfBranch {
                branch: branch(),
                config: Shown::new(&self.config.path.to_string_lossy(), redactor),
            }),
            several => Err(EnvironmentMistake::Several {
                of: format!("the branch {}", branch()),
                names: listed(several.iter().map(|environment| environment.name), redactor),
            }),
        }
    }

    /// What is wrong with any environment wherever the file is read: a rule that nobody can keep must not be
    /// dropped in silence.
    pub(super) fn check(self) -> Result<(), ConfigError> {
        for environment in self.all() {
            let EnvironmentEntry { tag: Text(tag), immutable_tag, .. } = environment.entry;
            let immutable = immutable_tag.as_ref().map_or("", |Text(text)| text);
            let of_tag = self.tag(environment, None).map(|_| ());
            let of_immutable = self.immutable_tag(environment, None).map(|_| ());
            for (result, text) in [(of_tag, tag.as_str()), (of_immutable, immutable)] {
                match result {
                    Err(error) if error.mistake.is_everywhere(is_plain(text)) => return Err(error),
                    Err(_) | Ok(()) => {}
                }
            }
        }
        Ok(())
    }

    /// The environment that deploys this tag of a service, where one does.
    pub(super) fn of_tag(
        self,
        tag: &Tag,
        service: Option<ConfiguredService<'c>>,
    ) -> Result<Option<Environment<'c>>, Mistake> {
        let shown = || Shown::new(tag.as_str(), self.expander.variables.redactor);
        let (mut found, mut unresolved) = (Vec::new(), None);
        for environment in self.all() {
            match self.deploys(environment, tag, service) {
                Ok(true) => found.push(environment),
                Ok(false) => {}
                Err(error) => unresolved = unresolved.or(Some(error)),
            }
        }
        match (found.as_slice(), unresolved) {
            ([], None) => Ok(None),
            ([], Some(why)) => {
                Err(EnvironmentMistake::Unresolved { tag: shown(), why: Box::new(why) }.into())
            }
            ([one], _) => Ok(Some(*one)),
            (several, _) => {
                let redactor = self.expander.variables.redactor;
                Err(EnvironmentMistake::Several {
                    of: format!("the tag {}", shown()),
                    names: listed(several.iter().map(|environment| environment.name), redactor),
                }
                .into())
            }
        }
    }

    /// Whether any environment is known to deploy this tag of a service.
    pub(super) fn deploy(self, tag: &Tag, service: ConfiguredService<'c>) -> bool {
        self.all().any(|environment| {
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
        let moving = self.tag(environment, service).map(|moving| moving == *tag);
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
    pub(super) fn tag(
        self,
        environment: Environment<'c>,
        service: Option<ConfiguredService<'c>>,
    ) -> Result<Tag, ConfigError> {
        let Text(text) = &environment.entry.tag;
        let at = ["environments", environment.name, "tag"];
        let own = self.expander.of_config().text(text);
        let own = own.map_err(|why| self.broken(&at, text, why))?;
        let tag = own.parse().map_err(|why| self.malformed(&at, &own, why))?;
        match service.and_then(|service| Some((service, self.services().template(service)?))) {
            Some((service, template)) => {
                let whole = template?.around(&own);
                let at = ["services", service.name, "tag"];
                whole.parse().map_err(|why| self.malformed(&at, &whole, why))
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
        let template =
            expander.template(&[before, text, after]).map_err(|why| self.broken(&at, text, why))?;
        let fill = |revision| {
            template
                .fill(revision)
                .map_err(|why| self.malformed(&at, &template.fill_text(revision), why))
        };
        let tag = if template.needs_revision() {
            match self.expander.revision {
                KnownRevision::Known(revision) => ImmutableTag::Named(fill(revision.as_str())?),
                KnownRevision::None => {
                    fill(SOME_COMMIT)?;
                    ImmutableTag::ByRevisionLabel(template)
                }
                KnownRevision::Broken(shown, why) => {
                    return Err(self.broken(
                        &at,
                        text,
                        ExpansionMistake::Revision(shown.clone(), *why),
                    ));
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
            .is_some_and(|tag| self.tag(environment, service).is_ok_and(|moving| moving == *tag))
        {
            let shown = Shown::new(text, self.expander.variables.redactor);
            return Err(self.config.error(&at, ConfigMistake::ImmutableIsTag(shown)));
        }
        Ok(Some(tag))
    }

    fn services(self) -> Services<'c> {
        Services { config: self.config, expander: self.expander }
    }

    fn broken(self, at: &[&str], text: &str, why: ExpansionMistake) -> ConfigError {
        let text = Shown::new(text, self.expander.variables.redactor);
        self.config.error(at, ConfigMistake::Expansion(text, why))
    }

    fn malformed(self, at: &[&str], text: &str, why: ReferenceError) -> ConfigError {
        let text = Shown::new(text, self.expander.variables.redactor);
        self.config.error(at, ConfigMistake::Reference(text, why))
    }
}

/// The environment of an image whose tag is known: the one that was named, else the one that deploys the tag.
pub(super) fn of_image<'c>(
    environments: Option<Environments<'c>>,
    named: Option<&str>,
    tag: Option<&Tag>,
    service: Option<ConfiguredService<'c>>,
    is_of_config: bool,
) -> Result<Option<Environment<'c>>, Mistake> {
    let Some(environments) = environments else {
        return match named {
            Some(_) => Err(EnvironmentMistake::NoConfig.into()),
            None => Ok(None),
        };
    };
    match (named, tag) {
        (Some(named), tag) => {
            let environment = environments.named(named)?;
            if let Some(tag) = tag
                && !environments.deploys(environment, tag, service)?
            {
                let redactor = environments.expander.variables.redactor;
                let deployed = environments.tag(environment, service)?;
                return Err(EnvironmentMistake::NotDeployed {
                    environment: Shown::new(named, redactor),
                    tag: Shown::new(tag.as_str(), redactor),
                    deployed: Shown::new(deployed.as_str(), redactor),
                }
                .into());
            }
            Ok(Some(environment))
        }
        // Another team's `latest` is not this config's.
        (None, Some(tag)) if is_of_config => environments.of_tag(tag, service),
        (None, _) => Ok(None),
    }
}
