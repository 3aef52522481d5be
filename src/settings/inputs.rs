//! The files that a run reads. No output may be one of them: it would be replaced, or removed on a no.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::settings::config::{Config, ExpectEntry, Text};
use crate::settings::variables::StandardVariables;
use crate::settings::{Input, doctl};

/// What is read, whether it exists or not. `config` and `digest_file` are relative to `folder`.
pub(super) fn inputs(
    folder: &Path,
    config: Option<&Path>,
    digest_file: Option<&Path>,
    standard: &StandardVariables,
) -> Vec<Input> {
    let read = [
        ("the config file", config.map(|path| folder.join(path))),
        ("the file of the expected digest", digest_file.map(|path| folder.join(path))),
        ("docker's config file", docker_config(standard)),
        ("doctl's config file", doctl::path(standard, cfg!(target_os = "macos"))),
        (
            "the file of CA certificates",
            standard.ssl_cert_file.as_ref().map(|path| folder.join(path)),
        ),
    ];
    let input = |(what, path): (&'static str, Option<_>)| path.map(|path| Input { what, path });
    read.into_iter().filter_map(input).collect()
}

/// The structure tests that the config's services name.
pub(super) fn structure_tests(folder: &Path, config: &Config) -> Vec<Input> {
    let services = config.document.services.0.iter();
    let paths = services.filter_map(|(_, service)| match &service.expect {
        Some(ExpectEntry::File(Text(path))) => Some(folder.join(&config.folder).join(path)),
        Some(ExpectEntry::Facts(_)) | None => None,
    });
    paths.map(|path| Input { what: "a structure test", path }).collect()
}

/// docker's config file, with logins.
pub(super) fn docker_config(variables: &StandardVariables) -> Option<PathBuf> {
    let StandardVariables { docker_config, home, .. } = variables;
    let folder = match docker_config {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(home.as_ref()?).join(".docker"),
    };
    Some(folder.join("config.json"))
}

/// The variables that lead to such files, as far as they can be told before anything is checked.
pub(super) fn spoken(lookup: &dyn Fn(&str) -> Option<OsString>) -> StandardVariables {
    let value = |name: &str| {
        let value = lookup(name)?.to_string_lossy().into_owned();
        Some(value).filter(|value| !value.is_empty())
    };
    StandardVariables {
        digitalocean_config: value("DIGITALOCEAN_CONFIG"),
        docker_config: value("DOCKER_CONFIG"),
        home: value("HOME"),
        xdg_config_home: value("XDG_CONFIG_HOME"),
        ssl_cert_file: value("SSL_CERT_FILE"),
        ..StandardVariables::default()
    }
}
