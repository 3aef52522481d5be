//! The services of the config file, and the references that they stand for.

use std::collections::BTreeMap;

use crate::oci::{Digest, Reference, Tag};
use crate::secret::Redactor;
use crate::settings::config::{Config, ConfigMistake, Name, ServiceEntry, Text};
use crate::settings::expand::Expander;
use crate::settings::images::{self, ImageMistake};
use crate::settings::mistake::{Mistake, Shown, listed};

/// A service of the config.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConfiguredService<'c> {
    pub name: &'c str,
    pub entry: &'c ServiceEntry,
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
    ) -> Result<Option<ConfiguredService<'c>>, ImageMistake> {
        let numbers = self.config.repositories.get_or_init(|| self.repositories());
        let numbers = numbers.get(&reference.name()).map_or(&[][..], Vec::as_slice);
        let found: Vec<_> = numbers.iter().filter_map(|number| self.all().nth(*number)).collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(ImageMistake::SharedRepository {
                word: word.clone(),
                services: self.listed(several),
            }),
        }
    }

    /// The numbers of the services of each repository. One that cannot be resolved has none here; where it is
    /// meant, it is told.
    fn repositories(self) -> BTreeMap<String, Vec<usize>> {
        let mut repositories: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, service) in self.all().enumerate() {
            if let Ok(repository) = self.repository(service) {
                repositories.entry(repository.name()).or_default().push(number);
            }
        }
        repositories
    }

    /// Whether a reference is in the registry of the config, or the config names none.
    pub(super) fn holds(self, reference: &Reference) -> bool {
        let Some(Text(registry)) = &self.config.document.registry else { return true };
        self.expander.text(registry).is_ok_and(|registry| {
            let name = reference.name();
            name.strip_prefix(&registry.to_ascii_lowercase())
                .is_some_and(|rest| rest.starts_with('/'))
        })
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

    /// Where a service's images are, with a tag that means nothing.
    fn repository(self, service: ConfiguredService<'c>) -> Result<Reference, Mistake> {
        let shown = |text: &str| Shown::new(text, self.redactor());
        let expand = |text: &str, at: &[&str]| {
            self.expander
                .text(text)
                .map_err(|why| self.config.error(at, ConfigMistake::Expansion(shown(text), why)))
        };
        let at_repository = ["services", service.name, "repository"];
        let at_registry = ["registry"];
        let Some(Text(registry)) = &self.config.document.registry else {
            return Err(self.config.error(&["services"], ConfigMistake::NoRegistry).into());
        };
        let registry = expand(registry, &at_registry)?;
        // The registry is looked at alone first, so that each mistake is told at its own place.
        format!("{registry}/a:tag").parse::<Reference>().map_err(|why| {
            self.config.error(&at_registry, ConfigMistake::Reference(shown(&registry), why))
        })?;
        let (repository, at): (_, &[&str]) = match &service.entry.repository {
            Some(Text(repository)) => (expand(repository, &at_repository)?, &at_repository),
            None => (service.name.to_owned(), &["services", service.name]),
        };
        let text = format!("{registry}/{repository}:tag");
        Ok(text.parse().map_err(|why| {
            self.config.error(at, ConfigMistake::Reference(shown(&repository), why))
        })?)
    }
}
