//! What is written, and whether it can be: each output that needs an environment, a tag or a status folder
//! has one, and no two outputs are one file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::request::{ImageRequest, RegistryKind, config_key};
use crate::secret::Redactor;
use crate::settings::args::Args;
use crate::settings::config::{Config, Name, StatusEntry, Text, is_plain};
use crate::settings::output_options::{Needs, OUTPUT_OPTIONS, OutputOption, UPDATE_STATUS, files};
use crate::settings::requests::last_part;
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::{Outputs, StatusFolder};

/// What the JUnit file names as `file` where there is no config.
const PIPELINE: &str = ".circleci/config.yml";

/// How long a name may be that becomes part of a file's name.
const MOST_NAME: usize = 128;

const OTHER_KEY: &str = "give the service another key in the config file, with its `repository`";

const NAME_ITS_ENVIRONMENT: &str = "name an environment of the config file that has this image with `environment`, or set `record_dir: \"\"`";

/// The outputs of a run.
pub(super) fn outputs(
    args: &Args,
    config: Option<&Config>,
    images: &[ImageRequest],
    redactor: &Redactor,
) -> Result<Outputs, UsageError> {
    let files = files(args);
    refuse_one_file(&files, redactor)?;
    let status = args.update_status.then(|| status(config, UPDATE_STATUS)).transpose()?;
    let is_given = |option| match option {
        UPDATE_STATUS => status.is_some(),
        _ => files.contains_key(option),
    };
    for OutputOption { option, needs, .. } in OUTPUT_OPTIONS {
        if !is_given(option) || *needs == Needs::Nothing {
            continue;
        }
        let needs_environment = *needs == Needs::Environment;
        check(option, needs_environment, images, redactor)?;
        if needs_environment {
            if let Some(config) = config {
                refuse_others(option, config, images, redactor)?;
            }
            prove_names(option, images, redactor)?;
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
    if is_given("pulumi-config") {
        prove_keys(images, config, redactor)?;
    }
    Ok(Outputs {
        files,
        status,
        config_file: config.map_or_else(|| PIPELINE.to_owned(), Config::name),
        services: config.map_or_else(Vec::new, Config::service_names),
        inputs: Vec::new(),
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

/// A service and an environment are part of a file's name, and words on a line of the status.
fn prove_names(
    option: &str,
    images: &[ImageRequest],
    redactor: &Redactor,
) -> Result<(), UsageError> {
    for ImageRequest { service, environment, .. } in images {
        let service = ("service", service.name.as_str());
        let environment = environment.as_deref().map(|name| ("environment", name));
        for (what, name) in std::iter::once(service).chain(environment) {
            if name.len() > MOST_NAME || !is_plain(name) {
                let name = Shown::new(name, redactor);
                let message = format!("`--{option}` cannot use the {what} {name} in a file's name");
                return Err(UsageError::new(message).hint(format!(
                    "use at most {MOST_NAME} letters, digits, `.`, `_` and `-`, and begin with a letter or a digit"
                )));
            }
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

/// What the fragment of a Pulumi configuration needs: a key for each image.
fn prove_keys(
    images: &[ImageRequest],
    config: Option<&Config>,
    redactor: &Redactor,
) -> Result<(), UsageError> {
    let mut keys: BTreeMap<String, &ImageRequest> = BTreeMap::new();
    for image in images {
        let key = key_of(image, config, redactor)?;
        if let Some(first) = keys.insert(key.clone(), image) {
            let shown = |image: &ImageRequest| Shown::new(&image.reference.to_string(), redactor);
            return Err(UsageError::new(format!(
                "`--pulumi-config` would write {} and {} under the same key, `{key}`",
                shown(first),
                shown(image)
            ))
            .hint("verify them in two runs"));
        }
    }
    Ok(())
}

/// The key of an image in the fragment of a Pulumi configuration: no other service has it, and no map below it is
/// reserved.
fn key_of(
    image: &ImageRequest,
    config: Option<&Config>,
    redactor: &Redactor,
) -> Result<String, UsageError> {
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
    Ok(key)
}

/// A line or a record under a service's name is about the service's own repository.
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

/// Paths that are equal as they are written. Those that are one file by a link are found when they are proved.
fn refuse_one_file(
    files: &BTreeMap<&'static str, PathBuf>,
    redactor: &Redactor,
) -> Result<(), UsageError> {
    let mut seen: BTreeMap<PathBuf, &'static str> = BTreeMap::new();
    for OutputOption { option: second, .. } in OUTPUT_OPTIONS {
        let Some(path) = files.get(*second) else { continue };
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

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::report::fixtures::{SUPPORT_EMAIL, request};

    #[test]
    fn names_cannot_lead_out_of_their_folder() {
        let redactor = Redactor::default();
        let long = "a".repeat(MOST_NAME + 1);
        for name in ["../up", "a/b", "", ".hidden", "a\nb", "ü", &long] {
            let mut service = request(SUPPORT_EMAIL);
            service.service.name = name.into();
            let mut environment = request(SUPPORT_EMAIL);
            environment.environment = Some(name.into());
            for image in [service, environment] {
                for option in ["record-dir", "update-status"] {
                    let images = slice::from_ref(&image);
                    let error = prove_names(option, images, &redactor).unwrap_err();
                    assert!(error.to_string().ends_with("in a file's name"), "{name}: {error}");
                }
            }
        }
        assert_eq!(prove_names("record-dir", &[request(SUPPORT_EMAIL)], &redactor), Ok(()));
        let mut image = request(SUPPORT_EMAIL);
        image.environment = None;
        let error = check("update-status", true, &[image], &redactor).unwrap_err();
        insta::assert_snapshot!(error, @"`--update-status` needs an environment, but `registry.digitalocean.com/keepkey/support-email:latest-dev` has none");
    }
}
