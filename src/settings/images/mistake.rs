//! What can be wrong with the images that were asked for, and what to do about it.

use crate::oci::{DigestError, ReferenceError};
use crate::settings::config::FILE_NAME;
use crate::settings::expand::ExpansionMistake;
use crate::settings::given::Origin;
use crate::settings::mistake::Shown;

/// Why it cannot be told which images are meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImageMistake {
    /// A word that cannot be expanded.
    #[error("{0} {1}")]
    Expansion(Shown, ExpansionMistake),
    /// A word with a token in it, which would be sent to a registry and shown.
    #[error("an `IMAGE` holds a token")]
    Secret,
    /// A word that is no reference.
    #[error("{0} {1}")]
    Reference(Shown, ReferenceError),
    /// A word with something else than a digest behind its `@`.
    #[error("{0} has a malformed digest: it {1}")]
    Digest(Shown, DigestError),
    /// A digest alone.
    #[error("{0} is a digest without a repository")]
    BareDigest(Shown),
    /// A commit, beside an `--expect-revision` that has no value.
    #[error("{0} is a commit hash, but `--expect-revision` has no value")]
    BareRevision(Shown),
    /// A service's name alone.
    #[error("{0} is a service of the config file without a tag")]
    BareService(Shown),
    /// A service, and no config.
    #[error("{word} names the service {service}, but there is no config file")]
    NoConfig {
        /// What was typed.
        word: Shown,
        /// The part before the colon.
        service: Shown,
    },
    /// A service that the config does not have.
    #[error("the config file has no service {name}")]
    UnknownService {
        /// What was typed.
        name: Shown,
        /// What was probably meant.
        meant: Option<String>,
        /// The services that there are.
        known: String,
    },
    /// A tag alone.
    #[error("{0} is a tag without a repository")]
    NoRepository(Shown),
    /// A tag that the service does not have.
    #[error("the tags of the service {service} are {form}, but {tag} is not one of them")]
    OtherTag {
        /// The tag.
        tag: Shown,
        /// The service.
        service: Shown,
        /// Its `tag`.
        form: Shown,
        /// The tag that was probably meant.
        meant: String,
    },
    /// A default registry, and a config file.
    #[error("{option} cannot be used with the config file {config}")]
    BesideConfig {
        /// The option.
        option: Origin,
        /// The config file.
        config: Shown,
    },
    /// A tag alone, and several services.
    #[error("{word} is a tag, but the config file has several services: {services}")]
    SeveralServices {
        /// What was typed.
        word: Shown,
        /// The services.
        services: String,
    },
    /// A repository that several services share.
    #[error("{word} is in the repository of several services: {services}")]
    SharedRepository {
        /// What was typed.
        word: Shown,
        /// The services.
        services: String,
    },
    /// A word that names its repository, and an option that does so too.
    #[error("{option} is given, but {word} already names its repository")]
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
    #[error("{0} is given, but there is no config file with services")]
    NoServices(Origin),
    /// Nothing at all.
    #[error("nothing to verify: no `IMAGE` is given, and there is no config file with services")]
    Nothing,
    /// On DigitalOcean, a repository is in a registry.
    #[error("{0} has no registry: on DigitalOcean a reference is `HOST/REGISTRY/REPOSITORY:TAG`")]
    NoRegistry(Shown),
    /// DigitalOcean's host with a port.
    #[error("{0} has a port; DigitalOcean's registry is written without one")]
    Port(Shown),
    /// The real registry, while another stands in its place.
    #[error(
        "{0} is in DigitalOcean's own registry, but `DIGITALOCEAN_REGISTRY_HOST` names another host"
    )]
    RealRegistry(Shown),
    /// More than one image, and an option that is about one.
    #[error("`--{option}` needs exactly one image, but {count} are given")]
    NeedsOne {
        /// The option.
        option: &'static str,
        /// How many there are.
        count: usize,
    },
}

/// The form of a whole reference on DigitalOcean.
const WHOLE: &str = "registry.digitalocean.com/REGISTRY/REPOSITORY:TAG";

impl ImageMistake {
    pub(in crate::settings) fn hint(&self) -> Option<String> {
        match self {
            Self::Expansion(_, why) => why.hint(),
            Self::Secret => Some("remove it (it was neither printed nor sent); a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`".into()),
            Self::Reference(word, ReferenceError::NoHost) => {
                Some(format!("did you mean `registry.digitalocean.com/{}`?", word.as_str()))
            }
            Self::Reference(word, ReferenceError::Scheme(scheme)) => {
                Some(format!("did you mean `{}`?", word.as_str().get(scheme.len()..).unwrap_or_default()))
            }
            Self::OtherTag { service, meant, .. } => {
                Some(format!("did you mean `{}:{meant}`?", service.as_str()))
            }
            Self::BesideConfig { .. } => Some(
                "run it in a folder without one: a misspelt service must not become somebody else's image".into(),
            ),
            Self::BareDigest(_) => {
                Some("write the repository too, as in `HOST/REGISTRY/REPOSITORY@DIGEST`, or give the digest with `--expect-digest`".into())
            }
            Self::BareRevision(word) => Some(format!("did you mean `--expect-revision={}`?", word.as_str())),
            Self::BareService(name) => {
                Some(format!("write `{0}:TAG`, or `--service {0}` with `--environment`", name.as_str()))
            }
            Self::NoConfig { .. } => {
                Some(format!("write the reference in full, as in `{WHOLE}`, or add `{FILE_NAME}`"))
            }
            Self::UnknownService { meant: Some(meant), .. } => Some(format!("did you mean `{meant}`?")),
            Self::UnknownService { known, meant: None, .. } if known.is_empty() => Some("it has no services".into()),
            Self::UnknownService { known, meant: None, .. } => Some(format!("its services are {known}")),
            Self::NoRepository(word) => Some(format!(
                "write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:{}`, or name the \
                 repository with `--repository`",
                word.as_str()
            )),
            Self::SeveralServices { word, .. } => {
                Some(format!("write `SERVICE:{}`, or add `--service SERVICE`", word.as_str()))
            }
            Self::SharedRepository { .. } => Some("name the service, as in `SERVICE:TAG`".into()),
            Self::NamedTwice { option, .. } => Some(format!("omit {option}, or give the tag alone")),
            Self::Repository { .. } => {
                Some("write host, registry and repository, as in `registry.digitalocean.com/REGISTRY/REPOSITORY`".into())
            }
            Self::RepositoryWithTag { .. } => Some("give the tag as `IMAGE`".into()),
            Self::NoServices(_) => Some(format!("add `{FILE_NAME}` to the repository, or name it with `--config`")),
            Self::Nothing => Some(format!("name an image, as in `verify-registry-image {WHOLE}`")),
            Self::RealRegistry(_) => {
                Some("unset `DIGITALOCEAN_REGISTRY_HOST`, so that the real registry is asked".into())
            }
            Self::NeedsOne { option, .. } => Some(match *option {
                "record" | "pulumi-config" => "`--record-dir DIR` writes one record for each image".into(),
                _ => "verify one image per run, or omit it; `--record-dir DIR` writes one record for each image"
                    .into(),
            }),
            Self::Reference(_, _)
            | Self::Digest(_, _)
            | Self::NoRegistry(_)
            | Self::Port(_) => None,
        }
    }
}
