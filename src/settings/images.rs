//! Which images are meant: the forms of IMAGE, standard input, and what stands for none at all.
//!
//! A word becomes a [`Target`]: a whole reference, and the service of the config that it belongs to. A word
//! that looks like a mistake is named, and never guessed at.

use std::io::Read;
use std::time::Duration;

use crate::oci::{Digest, Reference, ReferenceError, Tag};
use crate::secret::Redactor;
use crate::settings::config::Config;
use crate::settings::environments::{Environment, EnvironmentMistake, Environments};
use crate::settings::expand::{Expander, is_one_variable};
use crate::settings::given::{Given, Origin, ValueMistake, words as parts};
use crate::settings::mistake::{Mistake, Shown, nearest};
use crate::settings::options::Options;
use crate::settings::services::{ConfiguredService, Services, TAG_PLACE};
use crate::settings::token;

mod completed;
mod mistake;
mod words;

pub(crate) use mistake::ImageMistake;
pub(crate) use words::WordMistake;

/// One image that is meant.
#[derive(Clone, Debug)]
pub(super) struct Target<'c> {
    pub reference: Reference,
    pub service: Option<ConfiguredService<'c>>,
    /// The environment whose tag this is, where no IMAGE was given.
    pub environment: Option<Environment<'c>>,
    /// What the reader should know of how the word was read.
    pub notes: Vec<String>,
}

impl<'c> Target<'c> {
    fn new(reference: Reference, service: Option<ConfiguredService<'c>>) -> Self {
        Self { reference, service, environment: None, notes: Vec::new() }
    }
}

/// What finds the images that are meant.
#[derive(Clone, Copy)]
pub(super) struct Finder<'c> {
    pub options: &'c Options,
    pub config: Option<&'c Config>,
    pub expander: Expander<'c>,
    /// `CIRCLE_BRANCH`.
    pub branch: Option<&'c str>,
}

impl<'c> Finder<'c> {
    /// The images, in the order of asking.
    /// Standard input is waited for no longer than `limit`.
    pub(super) fn targets(
        self,
        stdin: Box<dyn Read + Send>,
        limit: Duration,
    ) -> Result<Vec<Target<'c>>, Mistake> {
        let words = words::all(&self.options.images, stdin, limit)?;
        if let Some(default) = &self.options.default_registry {
            return self.completed(default, &words);
        }
        if words.is_empty() {
            return self.of_environment();
        }
        self.expanded_words(&words)?.iter().map(|word| self.target(word)).collect()
    }

    fn redactor(self) -> &'c Redactor {
        self.expander.variables.redactor
    }

    fn shown(self, text: &str) -> Shown {
        Shown::new(text, self.redactor())
    }

    fn services(self) -> Option<Services<'c>> {
        self.config.map(|config| Services { config, expander: self.expander })
    }

    /// The services that `--service` leaves.
    fn wanted(self) -> Result<Vec<ConfiguredService<'c>>, Mistake> {
        let services = self.services().filter(|services| !services.is_empty());
        let Some(services) = services else {
            return match self.options.services.first() {
                Some(given) => Err(ImageMistake::NoServices(given.origin).into()),
                None => Ok(Vec::new()),
            };
        };
        if self.options.services.is_empty() {
            return Ok(services.all().collect());
        }
        let named = self.options.services.iter().map(|given| services.named(&given.value));
        Ok(named.collect::<Result<_, _>>()?)
    }

    /// No IMAGE: every service, at the environment's tag.
    fn of_environment(self) -> Result<Vec<Target<'c>>, Mistake> {
        let wanted = self.wanted()?;
        let repository = self.options.repository.as_ref();
        if wanted.is_empty() && repository.is_none() {
            return Err(ImageMistake::Nothing.into());
        }
        let named = self.options.environment.as_ref();
        let Some(config) = self.config else {
            return Err(match named {
                Some(_) => EnvironmentMistake::NoConfig.into(),
                None => ImageMistake::Nothing.into(),
            });
        };
        let environments = Environments { config, expander: self.expander };
        let environment = match (named, self.branch) {
            (Some(given), _) => environments.named(&self.expanded(&given.value)?)?,
            (None, Some(branch)) => environments.of_branch(branch)?,
            (None, None) => return Err(EnvironmentMistake::NotSaid.into()),
        };
        let here = |target| Target { environment: Some(environment), ..target };
        if let Some(repository) = repository {
            let tag = environments.tag(environment, None)?;
            return Ok(vec![here(self.in_repository(repository, tag.as_str(), None)?)]);
        }
        let services = Services { config, expander: self.expander };
        wanted
            .into_iter()
            .map(|service| {
                let tag = environments.tag(environment, Some(service))?;
                let reference = services.reference(service, Some(tag), None)?;
                Ok(here(Target::new(reference, Some(service))))
            })
            .collect()
    }

    fn expanded(self, text: &str) -> Result<String, ImageMistake> {
        self.expander.text(text).map_err(|why| ImageMistake::Expansion(self.shown(text), why))
    }

    /// The words, each expanded. A variable alone that holds several words is as many images.
    fn expanded_words(self, words: &[String]) -> Result<Vec<String>, Mistake> {
        let mut expanded = Vec::with_capacity(words.len());
        for word in words {
            // Standard input's lines were not checked before.
            if token::is_in(word, self.redactor()) {
                return Err(ImageMistake::Secret.into());
            }
            let text = self.expanded(word)?;
            if is_one_variable(word) {
                expanded.extend(parts(&text).map(str::to_owned));
            } else {
                expanded.push(text);
            }
            words::refuse_too_many(expanded.len())?;
        }
        Ok(expanded)
    }

    /// One word.
    fn target(self, text: &str) -> Result<Target<'c>, Mistake> {
        if text.contains('/') { self.whole(text) } else { self.short(text) }
    }

    /// A full reference.
    fn whole(self, text: &str) -> Result<Target<'c>, Mistake> {
        self.refuse_beside(text)?;
        let reference: Reference =
            text.parse().map_err(|why| ImageMistake::Reference(self.shown(text), why))?;
        self.with_declarations(reference, text)
    }

    /// The target of a reference, with the service that it belongs to.
    fn with_declarations(self, reference: Reference, text: &str) -> Result<Target<'c>, Mistake> {
        let service = match self.services() {
            Some(services) => services.of_repository(&reference, &self.shown(text))?,
            None => None,
        };
        Ok(Target::new(reference, service))
    }

    /// `TAG`, `SERVICE:TAG`, each perhaps with a digest.
    fn short(self, text: &str) -> Result<Target<'c>, Mistake> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => {
                let digest = digest.parse();
                (name, Some(digest.map_err(|why| ImageMistake::Digest(self.shown(text), why))?))
            }
            None => (text, None),
        };
        if text.parse::<Digest>().is_ok() || name.is_empty() {
            return Err(ImageMistake::BareDigest(self.shown(text)).into());
        }
        let services = self.services();
        if let Some((service, tag)) = name.split_once(':') {
            self.refuse_beside(text)?;
            let Some(services) = services else {
                return Err(ImageMistake::NoConfig {
                    word: self.shown(text),
                    service: self.shown(service),
                }
                .into());
            };
            let service = services.named(service)?;
            let tag = self.tag_of_service(text, tag, services, service)?;
            let reference = services.reference(service, Some(tag), digest)?;
            return Ok(Target::new(reference, Some(service)));
        }
        let is_service = services.is_some_and(|services| services.named(name).is_ok());
        match (is_service, services, digest) {
            (true, Some(services), Some(digest)) => {
                self.refuse_beside(text)?;
                let service = services.named(name)?;
                let reference = services.reference(service, None, Some(digest))?;
                Ok(Target::new(reference, Some(service)))
            }
            (true, _, None) => Err(ImageMistake::BareService(self.shown(name)).into()),
            (_, _, digest) => self.bare_tag(text, name, digest),
        }
    }

    /// `TAG`: of `--repository`, else of the only service.
    fn bare_tag(
        self,
        text: &str,
        tag: &str,
        digest: Option<Digest>,
    ) -> Result<Target<'c>, Mistake> {
        if let Some(repository) = &self.options.repository {
            if let Some(service) = self.options.services.first() {
                return Err(ValueMistake::Conflict(repository.origin, service.origin).into());
            }
            return self.in_repository(repository, tag, digest);
        }
        let wanted = self.wanted()?;
        match (self.services(), wanted.as_slice()) {
            (Some(services), [service]) => {
                let tag = self.tag_of_service(text, tag, services, *service)?;
                let reference = services.reference(*service, Some(tag), digest)?;
                Ok(Target::new(reference, Some(*service)))
            }
            (None, _) | (_, []) => Err(ImageMistake::NoRepository(self.shown(text)).into()),
            (Some(services), wanted) => Err(ImageMistake::SeveralServices {
                word: self.shown(text),
                services: services.listed(wanted),
            }
            .into()),
        }
    }

    fn tag(self, text: &str, tag: &str) -> Result<Tag, ImageMistake> {
        if tag.is_empty() {
            return Err(ImageMistake::Reference(self.shown(text), ReferenceError::NoTag));
        }
        tag.parse().map_err(|why| ImageMistake::Reference(self.shown(text), why))
    }

    /// A tag of a service, which must be one of its own where it shares its repository.
    fn tag_of_service(
        self,
        text: &str,
        tag: &str,
        services: Services<'c>,
        service: ConfiguredService<'c>,
    ) -> Result<Tag, Mistake> {
        let tag = self.tag(text, tag)?;
        match services.template(service).transpose()? {
            Some(template) if !template.fits(&tag) => Err(ImageMistake::OtherTag {
                tag: self.shown(tag.as_str()),
                service: self.shown(service.name),
                form: self.shown(&template.around(TAG_PLACE)),
                meant: template.around(tag.as_str()),
            }
            .into()),
            Some(_) | None => Ok(tag),
        }
    }

    /// A tag of `--repository`.
    fn in_repository(
        self,
        repository: &Given,
        tag: &str,
        digest: Option<Digest>,
    ) -> Result<Target<'c>, Mistake> {
        let (option, value) = (repository.origin, self.shown(&repository.value));
        let text = self.expanded(&repository.value)?;
        let mistake = |why| ImageMistake::Repository { option, value: value.clone(), why };
        if text.contains('@') || text.parse::<Reference>().is_ok() {
            return Err(ImageMistake::RepositoryWithTag { option, value }.into());
        }
        // With a tag that is surely one, what does not parse is the repository.
        let name: Reference = format!("{text}:tag").parse().map_err(mistake)?;
        let tag = self.tag(tag, tag)?;
        let reference = Reference { tag: Some(tag), digest, ..name };
        self.with_declarations(reference, &text)
    }

    /// A word that names its repository leaves no room for options that do so too.
    fn refuse_beside(self, text: &str) -> Result<(), ImageMistake> {
        match self.options.repository.as_ref().or(self.options.services.first()) {
            Some(given) => {
                Err(ImageMistake::NamedTwice { option: given.origin, word: self.shown(text) })
            }
            None => Ok(()),
        }
    }
}

/// A commit as an IMAGE, beside an `--expect-revision` without a value: a `=` was forgotten.
pub(super) fn refuse_bare_revision(
    options: &Options,
    redactor: &Redactor,
) -> Result<(), ImageMistake> {
    let is_commit = |given: &&Given| {
        given.value.len() == 40 && given.value.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_bare = options.expect_revision.as_ref().is_some_and(|given| {
        given.value == "required" && given.origin == Origin::Argument("expect-revision")
    });
    match options.images.iter().find(is_commit).filter(|_| is_bare) {
        Some(given) => Err(ImageMistake::BareRevision(Shown::new(&given.value, redactor))),
        None => Ok(()),
    }
}

/// The service that was probably meant.
pub(super) fn unknown_service<'n>(
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
    redactor: &Redactor,
) -> ImageMistake {
    ImageMistake::UnknownService {
        name: Shown::new(name, redactor),
        meant: nearest(name, known.clone()).map(str::to_owned),
        known: crate::settings::mistake::listed(known, redactor),
    }
}
