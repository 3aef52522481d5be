//! The services of the config file, and the references that they stand for.

use crate::oci::{Digest, Reference, Tag};
use crate::secret::Redactor;
use crate::settings::config::{ConfigError, Name, Repositories, Text};
use crate::settings::declared::Declared;
use crate::settings::expand::is_plain;
use crate::settings::service::{ConfiguredService, expanded};
use crate::settings::usage_error::{Shown, UsageError, did_you_mean, listed};

impl<'c> Declared<'c> {
    /// Every service, in the order of the file.
    pub(super) fn services(self) -> impl Iterator<Item = ConfiguredService<'c>> + Clone {
        let services = &self.config.document.services.0;
        services.iter().map(|(Name(name), entry)| ConfiguredService { name, entry })
    }

    /// Whether there is none.
    pub(super) fn has_no_services(self) -> bool {
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
    pub(super) fn service_named(self, name: &str) -> Result<ConfiguredService<'c>, UsageError> {
        self.services().find(|service| service.name == name).ok_or_else(|| {
            let names = self.services().map(|service| service.name);
            let all = || match listed(names.clone(), self.redactor()) {
                known if known.is_empty() => "it has no services".to_owned(),
                known => format!("its services are {known}"),
            };
            let shown = Shown::new(name, self.redactor());
            UsageError::new(format!("the config file has no service {shown}")).hint(did_you_mean(
                name,
                names.clone(),
                all,
            ))
        })
    }

    /// The service whose repository a reference is in.
    pub(super) fn service_of_repository(
        self,
        reference: &Reference,
        word: &Shown,
    ) -> Result<Option<ConfiguredService<'c>>, UsageError> {
        let Repositories { of, untold } =
            self.config.repositories.get_or_init(|| self.repositories());
        let numbers = of.get(&reference.name()).map_or(&[][..], Vec::as_slice);
        let of_repository: Vec<_> =
            numbers.iter().filter_map(|number| self.services().nth(*number)).collect();
        let found = match &reference.tag {
            Some(tag) => self.with_tag(&of_repository, tag)?,
            None => of_repository.clone(),
        };
        match found.as_slice() {
            [] => {
                let unresolved = untold.first().and_then(|number| self.services().nth(*number));
                match unresolved.filter(|_| of_repository.is_empty()) {
                    Some(service) if self.holds(reference)? => {
                        self.repository(service).map_err(|error| error.for_word(word))?;
                        Ok(None)
                    }
                    Some(_) | None => Ok(None),
                }
            }
            [one] => Ok(Some(*one)),
            several => Err(UsageError::new(format!(
                "{word} is in the repository of several services: {}",
                self.listed(several)
            ))
            .hint("name the service, as in `SERVICE:TAG`")),
        }
    }

    /// Those of the services of one repository that this tag can be of: by their own `tag`, else those without one.
    fn with_tag(
        self,
        services: &[ConfiguredService<'c>],
        tag: &Tag,
    ) -> Result<Vec<ConfiguredService<'c>>, ConfigError> {
        let (mut fitting, mut plain) = (Vec::new(), Vec::new());
        for service in services {
            match service.tags(self.config, self.expander).transpose()? {
                Some(template) if template.fits(tag) => fitting.push(*service),
                Some(_) => {}
                None => plain.push(*service),
            }
        }
        if fitting.len() > 1 {
            // `api-{tag}` and `api-v2-{tag}` both fit `api-v2-latest`; an environment deploys one of them.
            let exact = |service: &&ConfiguredService<'c>| self.is_deployed(tag, **service);
            let exact: Vec<_> = fitting.iter().filter(exact).copied().collect();
            return Ok(if exact.len() == 1 { exact } else { fitting });
        }
        Ok(if fitting.is_empty() { plain } else { fitting })
    }

    fn repositories(self) -> Repositories {
        let mut repositories = Repositories::default();
        for (number, service) in self.services().enumerate() {
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
    pub(super) fn check_services(self) -> Result<(), ConfigError> {
        for service in self.services() {
            let Some((before, after)) = service.around() else { continue };
            let at = ["services", service.name, "tag"];
            let is_plain = is_plain(before) && is_plain(after);
            let checked =
                service.tags(self.config, self.expander).transpose().and_then(|template| {
                    // Any tag will do to see whether one can come of it.
                    let whole = template.map(|template| template.around("tag")).unwrap_or_default();
                    whole.parse::<Tag>().map_err(|why| self.config.malformed(&at, &whole, &why))
                });
            match checked {
                Err(error) if error.is_everywhere(is_plain) => return Err(error),
                Err(_) | Ok(_) => {}
            }
        }
        if let Some(Text(registry)) = &self.config.document.registry {
            match self.registry() {
                Err(error) if error.is_everywhere(is_plain(registry)) => return Err(error),
                // Without it no repository can be told.
                Err(_) => return Ok(()),
                Ok(_) => {}
            }
        }
        for service in self.services() {
            match self.repository(service) {
                Err(error) if error.is_everywhere(is_plain(service.text())) => {
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
    /// When the registry names a variable that is not set.
    pub(super) fn holds(self, reference: &Reference) -> Result<bool, ConfigError> {
        if self.config.document.registry.is_none() {
            return Ok(true);
        }
        let name = reference.name();
        let registry =
            self.registry().map_err(|error| error.for_word(&Shown::new(&name, self.redactor())))?;
        let below = name.strip_prefix(&registry.to_ascii_lowercase());
        Ok(below.is_some_and(|rest| rest.starts_with('/')))
    }

    /// A service's reference.
    pub(super) fn reference(
        self,
        service: ConfiguredService<'c>,
        tag: Option<Tag>,
        digest: Option<Digest>,
    ) -> Result<Reference, UsageError> {
        Ok(Reference { tag, digest, ..self.repository(service)? })
    }

    fn expand(self, text: &str, at: &[&str]) -> Result<String, ConfigError> {
        expanded(self.config, self.expander, text, at)
    }

    /// The registry. It is checked alone, so that each mistake is reported at its own place.
    fn registry(self) -> Result<String, ConfigError> {
        let at = ["registry"];
        let Some(Text(registry)) = &self.config.document.registry else {
            return Err(self.config.no_registry());
        };
        let registry = self.expand(registry, &at)?;
        match format!("{registry}/a:tag").parse::<Reference>() {
            Ok(_) => Ok(registry),
            Err(why) => Err(self.config.malformed(&at, &registry, &why)),
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
        text.parse().map_err(|why| self.config.malformed(at, &repository, &why))
    }
}
