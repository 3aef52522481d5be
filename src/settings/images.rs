//! Which images are meant: the forms of IMAGE, standard input, and what stands for none at all.
//!
//! A word becomes a [`Target`]: a whole reference, and the service of the config that it belongs to. A word
//! that looks like a mistake is named, and never guessed at.

use std::io::Read;
use std::time::Duration;

use crate::oci::{Digest, DigestError, Reference, ReferenceError, Tag};
use crate::settings::config::{FILE_NAME, TAG_PLACE};
use crate::settings::declared::Declared;
use crate::settings::environments::{self, Environment};
use crate::settings::expand::{ExpansionMistake, MOST_EXPANDED, is_one_variable};
use crate::settings::question::Question;
use crate::settings::service::ConfiguredService;
use crate::settings::usage_error::UsageError;
use crate::settings::values::{Given, conflict};
use crate::settings::variables;

mod completed;
mod words;

/// The form of a whole reference on DigitalOcean.
const WHOLE: &str = "registry.digitalocean.com/REGISTRY/REPOSITORY:TAG";

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

impl<'c> Question<'c> {
    /// The images, in the order of asking.
    /// Standard input is waited for no longer than `limit`.
    pub(super) fn targets(
        self,
        stdin: Box<dyn Read + Send>,
        limit: Duration,
    ) -> Result<Vec<Target<'c>>, UsageError> {
        let words = words::all(&self.args.images, stdin, limit)?;
        if let Some(default) = &self.args.default_registry {
            return self.completed(default, &words);
        }
        if words.is_empty() {
            return self.of_environment();
        }
        self.expanded_words(&words)?.iter().map(|word| self.target(word)).collect()
    }

    /// The services that `--service` leaves.
    fn wanted(self) -> Result<Vec<ConfiguredService<'c>>, UsageError> {
        let declared = self.declared().filter(|declared| !declared.has_no_services());
        let Some(declared) = declared else {
            return match self.args.services.first() {
                Some(given) => Err(UsageError::new(format!(
                    "{} is given, but there is no config file with services",
                    given.origin
                ))
                .hint(format!("add `{FILE_NAME}` to the repository, or name it with `--config`"))),
                None => Ok(Vec::new()),
            };
        };
        if self.args.services.is_empty() {
            return Ok(declared.services().collect());
        }
        let named = self.args.services.iter().map(|given| declared.service_named(&given.value));
        named.collect()
    }

    /// No IMAGE: every service, at the environment's tag.
    fn of_environment(self) -> Result<Vec<Target<'c>>, UsageError> {
        let wanted = self.wanted()?;
        let repository = self.args.repository.as_ref();
        if wanted.is_empty() && repository.is_none() {
            return Err(nothing());
        }
        let named = self.args.environment.as_ref();
        let Some(declared) = self.declared() else {
            return Err(match named {
                Some(_) => environments::no_config(),
                None => nothing(),
            });
        };
        let environment = match (named, self.branch) {
            (Some(given), _) => declared.environment_named(&self.expanded(&given.value)?)?,
            (None, Some(branch)) => declared.environment_of_branch(branch)?,
            (None, None) => {
                return Err(UsageError::new(
                    "nothing to verify: neither `IMAGE` nor `--environment` is given, and `CIRCLE_BRANCH` is not set",
                )
                .hint("name an environment with `--environment`, or give an `IMAGE`"));
            }
        };
        let here = |target| Target { environment: Some(environment), ..target };
        if let Some(repository) = repository {
            let tag = declared.tag_of(environment, None)?;
            return Ok(vec![here(self.in_repository(repository, tag.as_str(), None)?)]);
        }
        wanted
            .into_iter()
            .map(|service| {
                let tag = declared.tag_of(environment, Some(service))?;
                let reference = declared.reference(service, Some(tag), None)?;
                Ok(here(Target::new(reference, Some(service))))
            })
            .collect()
    }

    /// A word that is no reference.
    fn malformed(self, text: &str, why: &ReferenceError) -> UsageError {
        let word = self.shown(text);
        let whole = |name: &str| format!("registry.digitalocean.com/{name}");
        let meant = if matches!(why, ReferenceError::NoHost) {
            Some(whole(word.as_str()))
        } else if let ReferenceError::Scheme(scheme) = why {
            word.as_str().get(scheme.len()..).map(str::to_owned)
        } else {
            None
        };
        let hint = meant.map(|meant| format!("did you mean `{meant}`?"));
        UsageError::new(format!("{word} {why}")).maybe_hint(hint)
    }

    fn bare_digest(self, text: &str) -> UsageError {
        UsageError::new(format!("{} is a digest without a repository", self.shown(text))).hint(
            "write the repository too, as in `HOST/REGISTRY/REPOSITORY@DIGEST`, or give the digest with \
             `--expect-digest`",
        )
    }

    /// The words, each expanded. A variable alone that holds several words is as many images.
    fn expanded_words(self, words: &[String]) -> Result<Vec<String>, UsageError> {
        let mut expanded = Vec::with_capacity(words.len());
        let mut bytes = 0_usize;
        for word in words {
            // Standard input's lines were not checked before.
            if self.redactor().finds_token_in(word) {
                return Err(UsageError::new("an `IMAGE` holds a token").hint(
                    "remove it (it was neither printed nor sent); a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`",
                ));
            }
            let text = self.expanded(word)?;
            bytes += text.len();
            if bytes > MOST_EXPANDED {
                let why = ExpansionMistake::TooLong;
                return Err(UsageError::new(format!("{} {why}", self.shown(word))));
            }
            if is_one_variable(word) {
                expanded.extend(variables::words(&text).map(str::to_owned));
            } else {
                expanded.push(text);
            }
            words::refuse_too_many(expanded.len())?;
        }
        Ok(expanded)
    }

    /// One word.
    fn target(self, text: &str) -> Result<Target<'c>, UsageError> {
        if text.contains('/') { self.whole(text) } else { self.short(text) }
    }

    /// A full reference.
    fn whole(self, text: &str) -> Result<Target<'c>, UsageError> {
        self.refuse_beside(text)?;
        let reference: Reference = text.parse().map_err(|why| self.malformed(text, &why))?;
        self.with_declarations(reference, text)
    }

    /// The target of a reference, with the service that it belongs to.
    fn with_declarations(self, reference: Reference, text: &str) -> Result<Target<'c>, UsageError> {
        let service = match self.declared() {
            Some(declared) => declared.service_of_repository(&reference, &self.shown(text))?,
            None => None,
        };
        Ok(Target::new(reference, service))
    }

    /// `TAG`, `SERVICE:TAG`, each perhaps with a digest.
    fn short(self, text: &str) -> Result<Target<'c>, UsageError> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => {
                let digest = digest.parse().map_err(|why: DigestError| {
                    UsageError::new(format!(
                        "{} has a malformed digest: it {why}",
                        self.shown(text)
                    ))
                })?;
                (name, Some(digest))
            }
            None => (text, None),
        };
        if text.parse::<Digest>().is_ok() || name.is_empty() {
            return Err(self.bare_digest(text));
        }
        let declared = self.declared();
        if let Some((service, tag)) = name.split_once(':') {
            self.refuse_beside(text)?;
            let Some(declared) = declared else {
                return Err(UsageError::new(format!(
                    "{} names the service {}, but there is no config file",
                    self.shown(text),
                    self.shown(service)
                ))
                .hint(format!(
                    "write the reference in full, as in `{WHOLE}`, or add `{FILE_NAME}`"
                )));
            };
            let service = declared.service_named(service)?;
            let tag = self.tag_of_service(text, tag, declared, service)?;
            let reference = declared.reference(service, Some(tag), digest)?;
            return Ok(Target::new(reference, Some(service)));
        }
        let is_service = declared.is_some_and(|declared| declared.service_named(name).is_ok());
        match (is_service, declared, digest) {
            (true, Some(declared), Some(digest)) => {
                self.refuse_beside(text)?;
                let service = declared.service_named(name)?;
                let reference = declared.reference(service, None, Some(digest))?;
                Ok(Target::new(reference, Some(service)))
            }
            (true, _, None) => {
                let name = self.shown(name);
                let message = format!("{name} is a service of the config file without a tag");
                Err(UsageError::new(message).hint(format!(
                    "write `{0}:TAG`, or `--service {0}` with `--environment`",
                    name.as_str()
                )))
            }
            (_, _, digest) => self.bare_tag(text, name, digest),
        }
    }

    /// `TAG`: of `--repository`, else of the only service.
    fn bare_tag(
        self,
        text: &str,
        tag: &str,
        digest: Option<Digest>,
    ) -> Result<Target<'c>, UsageError> {
        if let Some(repository) = &self.args.repository {
            if let Some(service) = self.args.services.first() {
                return Err(conflict(&repository.origin, &service.origin));
            }
            return self.in_repository(repository, tag, digest);
        }
        let wanted = self.wanted()?;
        match (self.declared(), wanted.as_slice()) {
            (Some(declared), [service]) => {
                let tag = self.tag_of_service(text, tag, declared, *service)?;
                let reference = declared.reference(*service, Some(tag), digest)?;
                Ok(Target::new(reference, Some(*service)))
            }
            (None, _) | (_, []) => {
                let word = self.shown(text);
                Err(UsageError::new(format!("{word} is a tag without a repository")).hint(format!(
                    "write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:{}`, or name \
                     the repository with `--repository`",
                    word.as_str()
                )))
            }
            (Some(declared), wanted) => {
                let (word, listed) = (self.shown(text), declared.listed(wanted));
                let message =
                    format!("{word} is a tag, but the config file has several services: {listed}");
                Err(UsageError::new(message)
                    .hint(format!("write `SERVICE:{}`, or add `--service SERVICE`", word.as_str())))
            }
        }
    }

    fn tag(self, text: &str, tag: &str) -> Result<Tag, UsageError> {
        if tag.is_empty() {
            return Err(self.malformed(text, &ReferenceError::NoTag));
        }
        tag.parse().map_err(|why| self.malformed(text, &why))
    }

    /// A tag of a service, which must be one of its own where it shares its repository.
    fn tag_of_service(
        self,
        text: &str,
        tag: &str,
        declared: Declared<'c>,
        service: ConfiguredService<'c>,
    ) -> Result<Tag, UsageError> {
        let tag = self.tag(text, tag)?;
        match service.tags(declared.config, declared.expander).transpose()? {
            Some(template) if !template.fits(&tag) => {
                let service = self.shown(service.name);
                let message = format!(
                    "the tags of the service {service} are {}, but {} is not one of them",
                    self.shown(&template.around(TAG_PLACE)),
                    self.shown(tag.as_str())
                );
                let meant = template.around(tag.as_str());
                Err(UsageError::new(message)
                    .hint(format!("did you mean `{}:{meant}`?", service.as_str())))
            }
            Some(_) | None => Ok(tag),
        }
    }

    /// A tag of `--repository`.
    fn in_repository(
        self,
        repository: &Given,
        tag: &str,
        digest: Option<Digest>,
    ) -> Result<Target<'c>, UsageError> {
        let (option, value) = (&repository.origin, self.shown(&repository.value));
        let text = self.expanded(&repository.value)?;
        let malformed = |why: ReferenceError| {
            UsageError::new(format!("the value {value} of {option} {why}")).hint(
                "write host, registry and repository, as in `registry.digitalocean.com/REGISTRY/REPOSITORY`",
            )
        };
        if text.contains('@') || text.parse::<Reference>().is_ok() {
            let message = format!("the value {value} of {option} has a tag or a digest");
            return Err(UsageError::new(message).hint("give the tag as `IMAGE`"));
        }
        // With a tag that is surely one, what does not parse is the repository.
        let name: Reference = format!("{text}:tag").parse().map_err(malformed)?;
        let tag = self.tag(tag, tag)?;
        let reference = Reference { tag: Some(tag), digest, ..name };
        self.with_declarations(reference, &text)
    }

    /// A word that names its repository leaves no room for options that do so too.
    fn refuse_beside(self, text: &str) -> Result<(), UsageError> {
        let given = self.args.repository.as_ref().or(self.args.services.first());
        let Some(Given { origin, .. }) = given else { return Ok(()) };
        let word = self.shown(text);
        Err(UsageError::new(format!("{origin} is given, but {word} already names its repository"))
            .hint(format!("omit {origin}, or give the tag alone")))
    }
}

fn nothing() -> UsageError {
    UsageError::new(
        "nothing to verify: no `IMAGE` is given, and there is no config file with services",
    )
    .hint(format!("name an image, as in `verify-registry-image {WHOLE}`"))
}
