//! The services of the config file, and the references that they stand for.

use crate::oci::{Digest, Reference, ReferenceError, Tag};
use crate::secret::Redactor;
use crate::settings::config::{
    Config, ConfigError, ConfigMistake, Name, Repositories, ServiceEntry, Text,
};
use crate::settings::environments::is_plain;
use crate::settings::expand::Expander;
use crate::settings::images::{self, ImageMistake};
use crate::settings::mistake::{Mistake, Shown, listed};

/// A service of the config.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConfiguredService<'c> {
    pub name: &'c str,
    pub entry: &'c ServiceEntry,
}

impl<'c> ConfiguredService<'c> {
    /// What the file calls its repository.
    fn text(self) -> &'c str {
        self.entry.repository.as_ref().map_or(self.name, |Text(repository)| repository)
    }
}

/// The services of the config.
#[derive(Clone, Copy)]
pub(super) struct Services<'c> {
    pub config: &'c Config,
    pub expander: Expander<'c>,
}

impl<'c> Services<'c> {
    /// Every service, in the order of the file.
    pub(super) fn all(self) -> impl Iterator<Item = ConfiguredService<'c>> + Clone {
        let services = &self.config.document.services.0;
        services.iter().map(|(Name(name), entry)| ConfiguredService { name, entry })
    }

    /// Whether there is none.
    pub(super) fn is_empty(self) -> bool {
        self.config.document.services.0.is_empty()
    }

    fn redactor(self) -> &'c Redactor {
        self.expander.variables.redactor
    }

    /// Their names, for a sentence.
    pub(super) fn listed(self, services: &[ConfiguredService<'_>]) -> String {
        listed(services.iter().map(|service| service.name), self.redactor())
    }

    /// The service of this name.
    pub(super) fn named(self, name: &str) -> Result<ConfiguredService<'c>, ImageMistake> {
        self.all().find(|service| service.name == name).ok_or_else(|| {
            images::unknown_service(name, self.all().map(|service| service.name), self.redactor())
        })
    }

    /// The service whose repository a reference is in.
    pub(super) fn of_repository(
        self,
        reference: &Reference,
        word: &Shown,
    ) -> Result<Option<ConfiguredService<'c>>, Mistake> {
        let Repositories { of, untold } =
            self.config.repositories.get_or_init(|| self.repositories());
        let name = reference.name();
        let numbers = of.get(&name).map_or(&[][..], Vec::as_slice);
        let found: Vec<_> = numbers.iter().filter_map(|number| self.all().nth(*number)).collect();
        match found.as_slice() {
            [] => {
                let untold = untold.iter().filter_map(|number| self.all().nth(*number));
                for service in untold {
                    let registry = self.config.document.registry.as_ref();
                    let registry = registry.map_or("", |Text(registry)| registry);
                    if self.expander.might_be(&format!("{registry}/{}", service.text()), &name) {
                        self.repository(service).map_err(|error| error.for_word(word.clone()))?;
                    }
                }
                Ok(None)
            }
            [one] => Ok(Some(*one)),
            several => Err(ImageMistake::SharedRepository {
                word: word.clone(),
                services: self.listed(several),
            }
            .into()),
        }
    }

    fn repositories(self) -> Repositories {
        let mut repositories = Repositories::default();
        for (number, service) in self.all().enumerate() {
            match self.repository(service) {
                Ok(repository) => {
                    repositories.of.entry(repository.name()).or_default().push(number);
                }
                Err(_) => repositories.untold.push(number),
            }
        }
        repositories
    }

    /// What is wrong with the registry or any service wherever the file is read.
    pub(super) fn check(self) -> Result<(), ConfigError> {
        if let Some(Text(registry)) = &self.config.document.registry {
            match self.registry() {
                Err(error) if error.mistake.is_everywhere(is_plain(registry)) => return Err(error),
                // Without it no repository can be told.
                Err(_) => return Ok(()),
                Ok(_) => {}
            }
        }
        for service in self.all() {
            match self.repository(service) {
                Err(error) if error.mistake.is_everywhere(is_plain(service.text())) => {
                    return Err(error);
                }
                Err(_) | Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Whether a reference is in the registry of the config, or the config names none.
    ///
    /// # Errors
    /// When it is not told here, and might be where every variable is set.
    pub(super) fn holds(self, reference: &Reference) -> Result<bool, ConfigError> {
        let Some(Text(registry)) = &self.config.document.registry else { return Ok(true) };
        let name = reference.name();
        match self.registry() {
            Ok(registry) => Ok(name
                .strip_prefix(&registry.to_ascii_lowercase())
                .is_some_and(|rest| rest.starts_with('/'))),
            Err(error) => {
                let parts = name.match_indices('/').filter_map(|(end, _)| name.get(..end));
                let might_be = |part| self.expander.might_be(registry, part);
                if parts.into_iter().any(might_be) {
                    Err(error.for_word(Shown::new(&name, self.redactor())))
                } else {
                    Ok(false)
                }
            }
        }
    }

    /// A service's reference.
    pub(super) fn reference(
        self,
        service: ConfiguredService<'c>,
        tag: Option<Tag>,
        digest: Option<Digest>,
    ) -> Result<Reference, Mistake> {
        Ok(Reference { tag, digest, ..self.repository(service)? })
    }

    fn expand(self, text: &str, at: &[&str]) -> Result<String, ConfigError> {
        self.expander.text(text).map_err(|why| {
            let text = Shown::new(text, self.redactor());
            self.config.error(at, ConfigMistake::Expansion(text, why))
        })
    }

    fn malformed(self, at: &[&str], text: &str, why: ReferenceError) -> ConfigError {
        let text = Shown::new(text, self.redactor());
        self.config.error(at, ConfigMistake::Reference(text, why))
    }

    /// The registry. It is looked at alone, so that each mistake is told at its own place.
    fn registry(self) -> Result<String, ConfigError> {
        let at = ["registry"];
        let Some(Text(registry)) = &self.config.document.registry else {
            return Err(self.config.error(&["services"], ConfigMistake::NoRegistry));
        };
        let registry = self.expand(registry, &at)?;
        match format!("{registry}/a:tag").parse::<Reference>() {
            Ok(_) => Ok(registry),
            Err(why) => Err(self.malformed(&at, &registry, why)),
        }
    }

    /// Where a service's images are, with a tag that means nothing.
    fn repository(self, service: ConfiguredService<'c>) -> Result<Reference, ConfigError> {
        let at_repository = ["services", service.name, "repository"];
        let registry = self.registry()?;
        let (repository, at): (_, &[&str]) = match &service.entry.repository {
            Some(Text(repository)) => (self.expand(repository, &at_repository)?, &at_repository),
            None => (service.name.to_owned(), &["services", service.name]),
        };
        let text = format!("{registry}/{repository}:tag");
        text.parse().map_err(|why| self.malformed(at, &repository, why))
    }
}
