//! Which images are meant: the forms of IMAGE, standard input, and what stands for none at all.
//!
//! A word becomes a [`Target`]: a whole reference, and the service of the config that it belongs to. A word
//! that looks like a mistake is named, and never guessed at.

use std::io::Read;

use crate::oci::{Digest, DigestError, Reference, ReferenceError, Tag};
use crate::secret::Redactor;
use crate::settings::config::Config;
use crate::settings::environments::{Environment, Environments};
use crate::settings::expand::{Expander, ExpansionMistake};
use crate::settings::mistake::{Mistake, Shown, nearest};
use crate::settings::options::{Given, Options, Origin};
use crate::settings::services::{ConfiguredService, Services};

/// The most that is read of standard input.
const MOST_BYTES: u64 = 1024 * 1024;

/// The most images of one run.
const MOST_IMAGES: usize = 10_000;

/// One image that is meant.
#[derive(Clone, Debug)]
pub(super) struct Target<'c> {
    pub reference: Reference,
    pub service: Option<ConfiguredService<'c>>,
    /// The environment whose tag this is, where no IMAGE was given.
    pub environment: Option<Environment<'c>>,
}

/// Why it cannot be told which images are meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImageMistake {
    /// An empty word.
    #[error("an `IMAGE` is empty")]
    Empty,
    /// A word that cannot be expanded.
    #[error("{0} {1}")]
    Expansion(Shown, ExpansionMistake),
    /// A word that is no reference.
    #[error("{0} {1}")]
    Reference(Shown, ReferenceError),
    /// A word with something else than a digest behind its `@`.
    #[error("{0} has a malformed digest: it {1}")]
    Digest(Shown, DigestError),
    /// A digest alone.
    #[error("{0} is a digest alone, and of which repository is not said")]
    BareDigest(Shown),
    /// A commit, beside an `--expect-revision` that has no value.
    #[error("{0} is a commit hash, and `--expect-revision` beside it has no value")]
    BareRevision(Shown),
    /// A service's name alone.
    #[error("{0} is a service of the config file, and its tag is not said")]
    BareService(Shown),
    /// A service, and no config.
    #[error("{word} names the service {service}, and there is no config file")]
    NoConfig {
        /// What was typed.
        word: Shown,
        /// The part before the colon.
        service: Shown,
    },
    /// A service that the config does not have.
    #[error("there is no service {name} in the config file")]
    UnknownService {
        /// What was typed.
        name: Shown,
        /// What was probably meant.
        meant: Option<String>,
        /// The services that there are.
        known: String,
    },
    /// A tag alone.
    #[error("{0} is a tag, and of which repository is not said")]
    NoRepository(Shown),
    /// A tag alone, and several services.
    #[error("{word} is a tag, and the config file has several services: {services}")]
    SeveralServices {
        /// What was typed.
        word: Shown,
        /// The services.
        services: String,
    },
    /// A repository that several services share.
    #[error("{word} is the repository of several services: {services}")]
    SharedRepository {
        /// What was typed.
        word: Shown,
        /// The services.
        services: String,
    },
    /// A word that names its repository, and an option that does so too.
    #[error("{option} is given, and {word} names its repository itself")]
    NamedTwice {
        /// The option.
        option: Origin,
        /// What was typed.
        word: Shown,
    },
    /// `--repository` is not a repository.
    #[error("the value {value} of {option} {why}")]
    Repository {
        /// The option.
        option: Origin,
        /// What was typed.
        value: Shown,
        /// What is wrong.
        why: ReferenceError,
    },
    /// `--repository` has a tag or a digest.
    #[error("the value {value} of {option} has a tag or a digest")]
    RepositoryWithTag {
        /// The option.
        option: Origin,
        /// What was typed.
        value: Shown,
    },
    /// An option that is about services, and no service.
    #[error("{0} is given, and there is no config file with services")]
    NoServices(Origin),
    /// Nothing at all.
    #[error(
        "there is nothing to verify: no `IMAGE` is given, and there is no config file with services"
    )]
    Nothing,
    /// Standard input has no word in it.
    #[error("there is nothing to verify: standard input holds no `IMAGE`")]
    NothingOnStdin,
    /// The services at which tag?
    #[error(
        "there is nothing to verify: no `IMAGE` and no `--environment` is given, and `CIRCLE_BRANCH` is not set"
    )]
    NoEnvironment,
    /// The branch is deployed nowhere.
    #[error("no environment of the config file has the branch {branch}")]
    NoEnvironmentOfBranch {
        /// `CIRCLE_BRANCH`.
        branch: Shown,
    },
    /// A name that the config does not have.
    #[error("there is no environment {name} in the config file")]
    UnknownEnvironment {
        /// What was typed.
        name: Shown,
        /// What was probably meant.
        meant: Option<String>,
        /// The environments that there are.
        known: String,
    },
    /// An environment, and no config.
    #[error("an environment is named, and there is no config file")]
    NoEnvironments,
    /// Two environments.
    #[error("{of} is that of several environments: {names}")]
    SeveralEnvironments {
        /// What they share.
        of: String,
        /// Their names.
        names: String,
    },
    /// Another environment's tag.
    #[error("the environment {environment} does not deploy the tag {tag}")]
    NotDeployed {
        /// The environment.
        environment: Shown,
        /// The tag that was asked for.
        tag: Shown,
        /// The tag that it deploys.
        deployed: Shown,
    },
    /// On DigitalOcean, a repository is in a registry.
    #[error("{0} has no registry: on DigitalOcean a reference is `HOST/REGISTRY/REPOSITORY:TAG`")]
    NoRegistry(Shown),
    /// DigitalOcean's host with a port.
    #[error("{0} has a port; DigitalOcean's registry is written without one")]
    Port(Shown),
    /// The real registry, while another stands in its place.
    #[error(
        "{0} is in DigitalOcean's own registry, and `DIGITALOCEAN_REGISTRY_HOST` names another host"
    )]
    RealRegistry(Shown),
    /// More than one image, and an option that is about one.
    #[error("`--{option}` needs exactly one image, and {count} are asked for")]
    NeedsOne {
        /// The option.
        option: &'static str,
        /// How many there are.
        count: usize,
    },
    /// More images than one run takes.
    #[error("more than 10000 images are asked for")]
    TooMany,
    /// Standard input is too long.
    #[error("standard input is larger than 1024 KiB")]
    StdinTooLarge,
    /// Standard input is not UTF-8.
    #[error("standard input is not valid UTF-8")]
    StdinNotUnicode,
    /// Standard input cannot be read.
    #[error("standard input cannot be read: {0}")]
    StdinUnreadable(String),
}

/// The form of a whole reference on DigitalOcean.
const WHOLE: &str = "registry.digitalocean.com/REGISTRY/REPOSITORY:TAG";

impl ImageMistake {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some("look whether the variable that it is made from is set in this job".into()),
            Self::Expansion(_, why) => why.hint(),
            Self::Reference(word, ReferenceError::NoHost) => {
                Some(format!("did you mean `registry.digitalocean.com/{}`?", word.as_str()))
            }
            Self::BareDigest(_) => {
                Some("give the image too, and the digest with `--expect-digest`; or `HOST/REGISTRY/REPOSITORY@DIGEST`".into())
            }
            Self::BareRevision(word) => Some(format!("did you mean `--expect-revision={}`?", word.as_str())),
            Self::BareService(name) => {
                Some(format!("write `{0}:TAG`, or `--service {0}` with `--environment`", name.as_str()))
            }
            Self::NoConfig { .. } => {
                Some(format!("write the reference in full, as in `{WHOLE}`, or add `{}`", crate::settings::config::FILE_NAME))
            }
            Self::UnknownService { meant: Some(meant), .. } | Self::UnknownEnvironment { meant: Some(meant), .. } => {
                Some(format!("did you mean `{meant}`?"))
            }
            Self::UnknownService { known, meant: None, .. } if known.is_empty() => Some("it has no services".into()),
            Self::UnknownService { known, meant: None, .. } => Some(format!("its services are {known}")),
            Self::UnknownEnvironment { known, meant: None, .. } if known.is_empty() => {
                Some("it has no environments".into())
            }
            Self::UnknownEnvironment { known, meant: None, .. } => Some(format!("its environments are {known}")),
            Self::NoRepository(word) => Some(format!(
                "write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:{}`, or name the \
                 repository with `--repository`",
                word.as_str()
            )),
            Self::SeveralServices { word, .. } => {
                Some(format!("write `SERVICE:{}`, or add `--service SERVICE`", word.as_str()))
            }
            Self::SharedRepository { .. } => Some("say which one is meant, as in `SERVICE:TAG`".into()),
            Self::Repository { .. } => {
                Some("write host, registry and repository, as in `registry.digitalocean.com/REGISTRY/REPOSITORY`".into())
            }
            Self::RepositoryWithTag { .. } => Some("the tag is the `IMAGE`, behind the options".into()),
            Self::NoServices(_) | Self::NoEnvironments => Some(format!(
                "add `{}` to the repository, or name it with `--config`",
                crate::settings::config::FILE_NAME
            )),
            Self::Nothing => Some(format!("write what is to be verified, as in `verify-registry-image {WHOLE}`")),
            Self::NoEnvironment => Some("say which one is meant with `--environment`, or give an `IMAGE`".into()),
            Self::NoEnvironmentOfBranch { .. } => Some(
                "add `branch` to the environment that it is deployed to, or say which one is meant with `--environment`"
                    .into(),
            ),
            Self::SeveralEnvironments { .. } => Some("say which one is meant with `--environment`".into()),
            Self::NotDeployed { environment, deployed, .. } => {
                Some(format!("it deploys {deployed}; leave {environment} away, or ask for that tag"))
            }
            Self::RealRegistry(_) => {
                Some("unset `DIGITALOCEAN_REGISTRY_HOST`, so that the real registry is asked".into())
            }
            Self::NeedsOne { option, .. } => Some(match *option {
                "record" | "pulumi-config" => "`--record-dir DIR` writes one record for each image".into(),
                _ => "ask for one image a run, or leave it away; `--record-dir DIR` writes one record for each image"
                    .into(),
            }),
            Self::NothingOnStdin => Some("write one `IMAGE` a line".into()),
            Self::Reference(_, _)
            | Self::Digest(_, _)
            | Self::NamedTwice { .. }
            | Self::NoRegistry(_)
            | Self::Port(_)
            | Self::TooMany
            | Self::StdinTooLarge
            | Self::StdinNotUnicode
            | Self::StdinUnreadable(_) => None,
        }
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
    pub(super) fn targets(self, stdin: &mut dyn Read) -> Result<Vec<Target<'c>>, Mistake> {
        let words = words(&self.options.images, stdin)?;
        if words.is_empty() {
            return self.of_environment();
        }
        words.iter().map(|word| self.target(word)).collect()
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
        let config = self.config.ok_or(if named.is_some() {
            ImageMistake::NoEnvironments
        } else {
            ImageMistake::Nothing
        })?;
        let environments = Environments { config, expander: self.expander };
        let environment = match (named, self.branch) {
            (Some(given), _) => environments.named(&self.expanded(&given.value)?)?,
            (None, Some(branch)) => environments.of_branch(branch)?,
            (None, None) => return Err(ImageMistake::NoEnvironment.into()),
        };
        let tag = environments.tag(environment)?;
        if let Some(repository) = repository {
            let mut target = self.in_repository(repository, tag.as_str(), None)?;
            target.environment = Some(environment);
            return Ok(vec![target]);
        }
        let services = Services { config, expander: self.expander };
        wanted
            .into_iter()
            .map(|service| {
                let reference = services.reference(service, Some(tag.clone()), None)?;
                Ok(Target { reference, service: Some(service), environment: Some(environment) })
            })
            .collect()
    }

    fn expanded(self, text: &str) -> Result<String, ImageMistake> {
        self.expander.text(text).map_err(|why| ImageMistake::Expansion(self.shown(text), why))
    }

    /// One word.
    fn target(self, word: &str) -> Result<Target<'c>, Mistake> {
        let text = self.expanded(word)?;
        if text.contains('/') { self.whole(&text) } else { self.short(&text) }
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
        Ok(Target { reference, service, environment: None })
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
            let tag = self.tag(text, tag)?;
            let reference = services.reference(service, Some(tag), digest)?;
            return Ok(Target { reference, service: Some(service), environment: None });
        }
        let is_service = services.is_some_and(|services| services.named(name).is_ok());
        match (is_service, services, digest) {
            (true, Some(services), Some(digest)) => {
                self.refuse_beside(text)?;
                let service = services.named(name)?;
                let reference = services.reference(service, None, Some(digest))?;
                Ok(Target { reference, service: Some(service), environment: None })
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
        let bare_revision =
            self.options.expect_revision.as_ref().is_some_and(|given| given.value == "required");
        if bare_revision && is_commit(tag) {
            return Err(ImageMistake::BareRevision(self.shown(tag)).into());
        }
        if let Some(repository) = &self.options.repository {
            if let Some(service) = self.options.services.first() {
                return Err(ImageMistake::NamedTwice {
                    option: service.origin,
                    word: self.shown(&repository.value),
                }
                .into());
            }
            return self.in_repository(repository, tag, digest);
        }
        let wanted = self.wanted()?;
        let tag = self.tag(text, tag)?;
        match (self.services(), wanted.as_slice()) {
            (Some(services), [service]) => {
                let reference = services.reference(*service, Some(tag), digest)?;
                Ok(Target { reference, service: Some(*service), environment: None })
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
        tag.parse().map_err(|why| ImageMistake::Reference(self.shown(text), why))
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
        // With a tag that is surely one, what does not parse is the repository.
        let name: Reference = format!("{text}:tag").parse().map_err(mistake)?;
        if text.contains('@') || text.parse::<Reference>().is_ok() {
            return Err(ImageMistake::RepositoryWithTag { option, value }.into());
        }
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

/// The words, with `-` replaced by what stands on standard input.
fn words(given: &[Given], stdin: &mut dyn Read) -> Result<Vec<String>, ImageMistake> {
    let mut words = Vec::new();
    let mut stdin = Some(stdin);
    for Given { value, origin: _ } in given {
        let word = value.trim();
        if word.is_empty() {
            return Err(ImageMistake::Empty);
        }
        if word != "-" {
            words.push(word.to_owned());
        } else if let Some(stdin) = stdin.take() {
            let text = read_all(stdin)?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let before = words.len();
            words.extend(lines.take(MOST_IMAGES + 1).map(str::to_owned));
            if words.len() == before {
                return Err(ImageMistake::NothingOnStdin);
            }
        }
        if words.len() > MOST_IMAGES {
            return Err(ImageMistake::TooMany);
        }
    }
    Ok(words)
}

fn read_all(stdin: &mut dyn Read) -> Result<String, ImageMistake> {
    let mut bytes = Vec::new();
    stdin
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ImageMistake::StdinUnreadable(error.kind().to_string()))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ImageMistake::StdinTooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|_| ImageMistake::StdinNotUnicode)?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
