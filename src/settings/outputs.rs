//! What is written, and whether it can be: each output that needs an environment, a tag or a status folder
//! has one, and no two outputs are one file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::request::{ImageRequest, RegistryKind, config_key};
use crate::secret::Redactor;
use crate::settings::config::{Config, Name, StatusEntry, Text};
use crate::settings::mistake::Shown;
use crate::settings::options::{Files, Options};
use crate::settings::requests::last_part;
use crate::settings::{Outputs, StatusFolder};

/// What the JUnit file names as `file` where there is no config.
const PIPELINE: &str = ".circleci/config.yml";

/// Why an output cannot be what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutputMistake {
    /// The status of an image without a tag.
    #[error("`--{option}` needs a tag, but {image} is a digest alone")]
    NoTag {
        /// The option.
        option: &'static str,
        /// The image.
        image: Shown,
    },
    /// The environment is not known.
    #[error("`--{option}` needs an environment, but {image} has none")]
    NoEnvironment {
        /// The option.
        option: &'static str,
        /// The image.
        image: Shown,
    },
    /// An environment was named, and the image is outside the config.
    #[error(
        "`--{option}` needs an environment, but {image} is outside the config file's `registry` and no service has its repository"
    )]
    Outside {
        /// The option.
        option: &'static str,
        /// The image.
        image: Shown,
    },
    /// The config does not say where the status files are.
    #[error("`--{option}` needs `status` in the config file{}", if *.has_config { "" } else { ", but there is no config file" })]
    NoStatus {
        /// The option.
        option: &'static str,
        /// Whether there is a config at all.
        has_config: bool,
    },
    /// An image of another repository under the name of a service of the config.
    #[error(
        "`--{option}` would write {image} as service {service} of the config file, which has another repository"
    )]
    OtherRepository {
        /// The option.
        option: &'static str,
        /// The image.
        image: Shown,
        /// The service.
        service: Shown,
    },
    /// The status of an image that is no service of the config.
    #[error("`--update-status` needs a service of the config file, but {image} belongs to none")]
    NotAService {
        /// The image.
        image: Shown,
    },
    /// Two images in one place.
    #[error(
        "`--{option}` would write {first} and {second} to the same place: service {service}, environment {environment}"
    )]
    OnePlace {
        /// The option.
        option: &'static str,
        /// The image that was asked for first.
        first: Shown,
        /// The other one.
        second: Shown,
        /// Their service.
        service: Shown,
        /// Their environment.
        environment: Shown,
    },
    /// A name that gives no key of a Pulumi configuration.
    #[error("`--pulumi-config` cannot make a key of the name {0}: a key begins with a letter")]
    NoKey(Shown),
    /// Two services with one key of a Pulumi configuration.
    #[error(
        "`--pulumi-config` would write {name} and service {other} of the config file under the same key, `{key}`"
    )]
    SharedKey {
        /// The image's service.
        name: Shown,
        /// The other one.
        other: Shown,
        /// The key.
        key: String,
    },
    /// Pulumi takes a map whose only key is `secure` for a ciphertext.
    #[error(
        "`--pulumi-config` cannot write the `env` of {0}: Pulumi reserves a map with the one key `secure`"
    )]
    Reserved(Shown),
    /// Two outputs in one file.
    #[error("`--{first}` and `--{second}` both write to {path}")]
    OneFile {
        /// An option.
        first: &'static str,
        /// Another one.
        second: &'static str,
        /// The file.
        path: Shown,
    },
    /// `--draw-status` verifies nothing.
    #[error("`--draw-status` asks no registry, and an `IMAGE` is given")]
    ImageBesideDrawing,
}

impl OutputMistake {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::NoTag { .. } => {
                Some("add the tag, as in `HOST/REGISTRY/REPOSITORY:TAG@DIGEST`".into())
            }
            Self::NoEnvironment { .. } => {
                Some("name an environment of the config file with `--environment`".into())
            }
            Self::Outside { option, .. } => Some(format!(
                "only images of the config file have an environment: omit `--{option}`, or add a service with this \
                 repository to the config file"
            )),
            Self::NoStatus { .. } => {
                Some("add `status: { directory: docs/deployment/status }` to it".into())
            }
            Self::OtherRepository { option, .. } => Some(format!(
                "check which one is meant; give this repository its own service in the config file (`repository:`), \
                 or omit `--{option}`"
            )),
            Self::NotAService { .. } => Some(
                "add a service with its repository to the config file, or omit `--update-status`"
                    .into(),
            ),
            Self::OnePlace { .. } => Some("verify them in two runs".into()),
            Self::NoKey(_) | Self::SharedKey { .. } => Some(
                "give the service another key in the config file, with its `repository`".into(),
            ),
            Self::Reserved(_) => Some("declare another variable or a `port` beside it".into()),
            Self::OneFile { .. } | Self::ImageBesideDrawing => None,
        }
    }
}

/// The outputs of a run.
pub(super) fn outputs(
    options: &Options,
    config: Option<&Config>,
    images: &[ImageRequest],
    redactor: &Redactor,
) -> Result<Outputs, OutputMistake> {
    let Files { record, record_dir, pulumi_config, .. } = &options.files;
    refuse_one_file(&options.files, redactor)?;
    let status = options.update_status.then(|| status(config, "update-status")).transpose()?;
    let about_tags = [
        ("record", record.is_some(), false),
        ("pulumi-config", pulumi_config.is_some(), false),
        ("record-dir", record_dir.is_some(), true),
        ("update-status", status.is_some(), true),
    ];
    for (option, _, needs_environment) in
        about_tags.into_iter().filter(|(_, is_given, _)| *is_given)
    {
        check(option, needs_environment, images, redactor)?;
        if needs_environment && let Some(config) = config {
            refuse_others(option, config, images, redactor)?;
        }
    }
    if let Some(status) = &status
        && !status.services.is_empty()
        && let Some(image) = images.iter().find(|image| !image.service.is_configured)
    {
        let image = Shown::new(&image.reference.to_string(), redactor);
        return Err(OutputMistake::NotAService { image });
    }
    if let (true, [image]) = (pulumi_config.is_some(), images) {
        prove_key(image, config, redactor)?;
    }
    Ok(Outputs {
        status,
        config_file: config.map_or_else(|| PIPELINE.to_owned(), Config::name),
        services: config.map_or_else(Vec::new, Config::service_names),
        ..options.files.clone().into_outputs()
    })
}

/// The status folder of the config.
pub(super) fn status(
    config: Option<&Config>,
    option: &'static str,
) -> Result<StatusFolder, OutputMistake> {
    let missing = OutputMistake::NoStatus { option, has_config: config.is_some() };
    let config = config.ok_or(missing.clone())?;
    let StatusEntry { directory: Text(directory), board, badges } =
        config.document.status.as_ref().ok_or(missing)?;
    let resolved = |path: &Option<Text>| path.as_ref().map(|Text(path)| config.folder.join(path));
    Ok(StatusFolder {
        directory: config.folder.join(directory),
        board: resolved(board),
        badges: resolved(badges),
        services: config.service_names(),
    })
}

fn check(
    option: &'static str,
    needs_environment: bool,
    images: &[ImageRequest],
    redactor: &Redactor,
) -> Result<(), OutputMistake> {
    let shown = |image: &ImageRequest| Shown::new(&image.reference.to_string(), redactor);
    let mut places: BTreeMap<(&str, &str), &ImageRequest> = BTreeMap::new();
    for image in images {
        if image.reference.tag.is_none() {
            return Err(OutputMistake::NoTag { option, image: shown(image) });
        }
        let environment = match &image.environment {
            Some(environment) => environment,
            None if needs_environment && image.service.is_outside => {
                return Err(OutputMistake::Outside { option, image: shown(image) });
            }
            None if needs_environment => {
                return Err(OutputMistake::NoEnvironment { option, image: shown(image) });
            }
            None => continue,
        };
        if let Some(first) = places.insert((environment, &image.service.name), image) {
            return Err(OutputMistake::OnePlace {
                option,
                first: shown(first),
                second: shown(image),
                service: Shown::new(&image.service.name, redactor),
                environment: Shown::new(environment, redactor),
            });
        }
    }
    Ok(())
}

/// What the fragment of a Pulumi configuration needs: a key that no other service has, and no reserved map.
fn prove_key(
    image: &ImageRequest,
    config: Option<&Config>,
    redactor: &Redactor,
) -> Result<(), OutputMistake> {
    let service = &image.service;
    let shown = |name: &str| Shown::new(name, redactor);
    let port = image.expectation.port;
    let repository = image.reference.repository.as_str();
    // Of what declares nothing the record has no service, and the key is the repository's.
    let name = match repository.split_once('/') {
        _ if service.is_configured || (port.is_some() && !service.is_outside) => &service.name,
        Some((_, below)) if image.registry_kind == RegistryKind::DigitalOcean => below,
        Some(_) | None => repository,
    };
    let key = config_key(name).ok_or_else(|| OutputMistake::NoKey(shown(name)))?;
    let names = config.iter().flat_map(|config| &config.document.services.0);
    let mut others = names.map(|(Name(other), _)| other).filter(|other| **other != service.name);
    if let Some(other) = others.find(|other| config_key(other).as_ref() == Some(&key)) {
        return Err(OutputMistake::SharedKey { name: shown(name), other: shown(other), key });
    }
    // With a port, the record adds `PORT`.
    if port.is_none() && service.env.keys().eq(["secure"]) {
        return Err(OutputMistake::Reserved(shown(name)));
    }
    Ok(())
}

/// A line or a record by a service's name speaks of the service's own repository.
fn refuse_others(
    option: &'static str,
    config: &Config,
    images: &[ImageRequest],
    redactor: &Redactor,
) -> Result<(), OutputMistake> {
    let is_other = |image: &&ImageRequest| {
        !image.service.is_configured && config.has_service(last_part(&image.reference))
    };
    match images.iter().find(is_other) {
        Some(image) => Err(OutputMistake::OtherRepository {
            option,
            image: Shown::new(&image.reference.to_string(), redactor),
            service: Shown::new(last_part(&image.reference), redactor),
        }),
        None => Ok(()),
    }
}

fn refuse_one_file(files: &Files, redactor: &Redactor) -> Result<(), OutputMistake> {
    let Files { junit, record, record_dir: _, pulumi_config, image_ref, html, failure_reason } =
        files;
    let named = [
        ("junit", junit),
        ("record", record),
        ("pulumi-config", pulumi_config),
        ("image-ref", image_ref),
        ("html", html),
        ("failure-reason-file", failure_reason),
    ];
    let mut seen: BTreeMap<PathBuf, &'static str> = BTreeMap::new();
    for (second, path) in named {
        let Some(path) = path else { continue };
        if let Some(first) = seen.insert(plain(path), second) {
            let path = Shown::new(&path.to_string_lossy(), redactor);
            return Err(OutputMistake::OneFile { first, second, path });
        }
    }
    Ok(())
}

/// A path without `./`, so that two spellings of one are equal.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != std::path::Component::CurDir).collect()
}
