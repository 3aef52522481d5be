//! What is written, and whether it can be: each output that needs an environment, a tag or a status folder
//! has one, and no two outputs are one file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::request::{ImageRequest, RegistryKind, config_key};
use crate::secret::Redactor;
use crate::settings::args::Args;
use crate::settings::config::{Config, Name, StatusEntry, Text};
use crate::settings::requests::last_part;
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::values::Given;
use crate::settings::{Outputs, StatusFolder};

/// What the JUnit file names as `file` where there is no config.
const PIPELINE: &str = ".circleci/config.yml";

const OTHER_KEY: &str = "give the service another key in the config file, with its `repository`";

const NAME_ITS_ENVIRONMENT: &str = "name an environment of the config file that has this image with `environment`, or set `record_dir: \"\"`";

/// The files that are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub junit: Option<PathBuf>,
    pub record: Option<PathBuf>,
    pub record_dir: Option<PathBuf>,
    pub pulumi_config: Option<PathBuf>,
    pub image_ref: Option<PathBuf>,
    pub html: Option<PathBuf>,
    pub failure_reason: Option<PathBuf>,
}

impl Files {
    pub(super) fn of(args: &Args) -> Self {
        let path = |given: &Option<Given<PathBuf>>| given.as_ref().map(|given| given.value.clone());
        Self {
            junit: path(&args.junit),
            record: path(&args.record),
            record_dir: path(&args.record_dir),
            pulumi_config: path(&args.pulumi_config),
            image_ref: path(&args.image_ref),
            html: path(&args.html),
            failure_reason: path(&args.failure_reason_file),
        }
    }

    /// The same, as a run's outputs without a status.
    pub(super) fn into_outputs(self) -> Outputs {
        let Self { junit, record, record_dir, pulumi_config, image_ref, html, failure_reason } =
            self;
        Outputs {
            junit,
            record,
            record_dir,
            image_ref,
            failure_reason,
            html,
            pulumi_config,
            ..Outputs::default()
        }
    }
}

/// The outputs of a run.
pub(super) fn outputs(
    args: &Args,
    config: Option<&Config>,
    images: &[ImageRequest],
    redactor: &Redactor,
) -> Result<Outputs, UsageError> {
    let files = Files::of(args);
    let Files { record, record_dir, pulumi_config, .. } = &files;
    refuse_one_file(&files, redactor)?;
    let status = args.update_status.then(|| status(config, "update-status")).transpose()?;
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
        return Err(UsageError::new(format!(
            "`--update-status` needs a service of the config file, but {image} belongs to none"
        ))
        .hint("add a service with its repository to the config file, or omit `--update-status`"));
    }
    if let (true, [image]) = (pulumi_config.is_some(), images) {
        prove_key(image, config, redactor)?;
    }
    Ok(Outputs {
        status,
        config_file: config.map_or_else(|| PIPELINE.to_owned(), Config::name),
        services: config.map_or_else(Vec::new, Config::service_names),
        ..files.into_outputs()
    })
}

/// The status folder of the config.
pub(super) fn status(
    config: Option<&Config>,
    option: &'static str,
) -> Result<StatusFolder, UsageError> {
    let missing = || {
        let more = if config.is_some() { "" } else { ", but there is no config file" };
        UsageError::new(format!("`--{option}` needs `status` in the config file{more}"))
            .hint("add `status: { directory: docs/deployment/status }` to it")
    };
    let config = config.ok_or_else(missing)?;
    let StatusEntry { directory: Text(directory), board, badges } =
        config.document.status.as_ref().ok_or_else(missing)?;
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
) -> Result<(), UsageError> {
    let shown = |image: &ImageRequest| Shown::new(&image.reference.to_string(), redactor);
    let mut places: BTreeMap<(&str, &str), &ImageRequest> = BTreeMap::new();
    for image in images {
        if image.reference.tag.is_none() {
            return Err(no_tag(option, &shown(image)));
        }
        let environment = match &image.environment {
            Some(environment) => environment,
            None if needs_environment && image.service.is_outside => {
                return Err(outside(option, &shown(image)));
            }
            None if needs_environment => {
                return Err(no_environment(option, &shown(image)));
            }
            None => continue,
        };
        if let Some(first) = places.insert((environment, &image.service.name), image) {
            return Err(UsageError::new(format!(
                "`--{option}` would write {} and {} to the same place: service {}, environment {}",
                shown(first),
                shown(image),
                Shown::new(&image.service.name, redactor),
                Shown::new(environment, redactor)
            ))
            .hint("verify them in two runs"));
        }
    }
    Ok(())
}

fn no_tag(option: &str, image: &Shown) -> UsageError {
    let error = UsageError::new(format!("`--{option}` needs a tag, but {image} is a digest alone"))
        .hint("add the tag, as in `HOST/REGISTRY/REPOSITORY:TAG@DIGEST`");
    match option {
        "record" | "record-dir" => {
            error.orb_hint("set `record_dir: \"\"`: a digest without a tag has no record")
        }
        _ => error,
    }
}

fn no_environment(option: &str, image: &Shown) -> UsageError {
    let message = format!("`--{option}` needs an environment, but {image} has none");
    let error = UsageError::new(message)
        .hint("name an environment of the config file with `--environment`");
    if option == "record-dir" { error.orb_hint(NAME_ITS_ENVIRONMENT) } else { error }
}

/// An environment was named, and the image is outside of the config.
fn outside(option: &str, image: &Shown) -> UsageError {
    let error = UsageError::new(format!(
        "`--{option}` needs an environment, but {image} is outside the config file's `registry` and no service has \
         its repository"
    ))
    .hint(format!(
        "only images of the config file have an environment: omit `--{option}`, or add a service with this repository \
         to the config file"
    ));
    if option == "record-dir" { error.orb_hint(NAME_ITS_ENVIRONMENT) } else { error }
}

/// What the fragment of a Pulumi configuration needs: a key that no other service has, and no reserved map.
fn prove_key(
    image: &ImageRequest,
    config: Option<&Config>,
    redactor: &Redactor,
) -> Result<(), UsageError> {
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
    let key = config_key(name).ok_or_else(|| {
        UsageError::new(format!(
            "`--pulumi-config` cannot make a key of the name {}: a key begins with a letter",
            shown(name)
        ))
        .hint(OTHER_KEY)
    })?;
    let names = config.iter().flat_map(|config| &config.document.services.0);
    let mut others = names.map(|(Name(other), _)| other).filter(|other| **other != service.name);
    if let Some(other) = others.find(|other| config_key(other).as_ref() == Some(&key)) {
        return Err(UsageError::new(format!(
            "`--pulumi-config` would write {} and service {} of the config file under the same key, `{key}`",
            shown(name),
            shown(other)
        ))
        .hint(OTHER_KEY));
    }
    // With a port, the record adds `PORT`.
    if port.is_none() && service.env.keys().eq(["secure"]) {
        return Err(UsageError::new(format!(
            "`--pulumi-config` cannot write the `env` of {}: Pulumi reserves a map with the one key `secure`",
            shown(name)
        ))
        .hint("declare another variable or a `port` beside it"));
    }
    Ok(())
}

/// A line or a record by a service's name speaks of the service's own repository.
fn refuse_others(
    option: &'static str,
    config: &Config,
    images: &[ImageRequest],
    redactor: &Redactor,
) -> Result<(), UsageError> {
    let is_other = |image: &&ImageRequest| {
        !image.service.is_configured && config.has_service(last_part(&image.reference))
    };
    match images.iter().find(is_other) {
        Some(image) => Err(UsageError::new(format!(
            "`--{option}` would write {} as service {} of the config file, which has another repository",
            Shown::new(&image.reference.to_string(), redactor),
            Shown::new(last_part(&image.reference), redactor)
        ))
        .hint(format!(
            "check which one is meant; give this repository its own service in the config file (`repository:`), or \
             omit `--{option}`"
        ))),
        None => Ok(()),
    }
}

fn refuse_one_file(files: &Files, redactor: &Redactor) -> Result<(), UsageError> {
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
            return Err(UsageError::new(format!(
                "`--{first}` and `--{second}` both write to {path}"
            )));
        }
    }
    Ok(())
}

/// A path without `./`, so that two spellings of one are equal.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != std::path::Component::CurDir).collect()
}
