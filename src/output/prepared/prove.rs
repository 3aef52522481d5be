//! Before the first request: every output path is proved writable, and what an older run left for a
//! deployment is removed.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::older::Older;
use crate::output::board::BoardError;
use crate::output::check_status::badge_path;
use crate::output::file::{self, FileError};
use crate::output::status::flat::{self, NotFlat};
use crate::output::{
    Prepared, Unwritten, badge, failure_reason, html, image_ref, junit, pulumi_config, record,
    status,
};
use crate::request::ImageRequest;
use crate::secret::printable;
use crate::settings::{Outputs, Settings, StatusFolder};

/// No file that an older run left is larger.
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// Why an output path cannot be used. Nothing was asked, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The path cannot be written.
    #[error("cannot write `{}` ({option})", path.display())]
    Unwritable {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// Why not.
        source: FileError,
    },
    /// A file stands there that no run of ours has written.
    #[error("`{}` ({option}) is there already, and is not {what}", path.display())]
    NotOurs {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
    },
    /// Two outputs have one path.
    #[error("`{}` is named twice, by {first} and by {second}", path.display())]
    Same {
        /// The path.
        path: PathBuf,
        /// The option that named it first.
        first: &'static str,
        /// The option that named it again.
        second: &'static str,
    },
    /// Two images have one record.
    #[error("two images would write `{}` ({option})", path.display())]
    Shared {
        /// The option.
        option: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// The board's file cannot be updated.
    #[error("cannot update the board in `{}` (--update-status)", path.display())]
    Board {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: BoardError,
    },
    /// A status file that cannot be changed line by line.
    #[error("cannot update `{}` (--update-status)", path.display())]
    NotFlat {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: NotFlat,
    },
    /// A name of the config that would lead to another folder or another line.
    #[error("the {what} `{name}` cannot be part of a file's name ({option})")]
    Name {
        /// The option that makes a file of it.
        option: &'static str,
        /// `service` or `environment`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// An image belongs to no environment, and the option needs one.
    #[error("{option} needs an environment, and `{image}` has none")]
    NoEnvironment {
        /// The option.
        option: &'static str,
        /// The image.
        image: String,
    },
}

impl OutputError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unwritable { option: _, path: _, source } => match source {
                FileError::Symlink => "name the file itself; nothing is written through a link",
                FileError::Folder => "name a file in that folder",
                FileError::Special => "name a regular file, or one that does not exist yet",
                FileError::NoFolder => "make the folder first, with `mkdir -p`",
                FileError::NotAFolder => "name a file in a folder that exists",
                FileError::TooLarge(_) | FileError::NotText => {
                    "look what stands in the file, and name another one or mend it"
                }
                FileError::Locked | FileError::Io(_) => {
                    "look who owns the folder and whether it can be written, or name another one"
                }
            },
            Self::NotOurs { option: _, path: _, what: _ } => {
                "name another path, or remove the file if nobody needs it"
            }
            Self::Same { path: _, first: _, second: _ } => "give each output a file of its own",
            Self::Shared { option: _, path: _ } => {
                "verify one tag of a service in an environment at a time"
            }
            Self::Board { path: _, source } => source.hint(),
            Self::NotFlat { path: _, source } => source.hint(),
            Self::Name { option: _, what: _, name: _ } => {
                "use letters, digits, `.`, `_` and `-`, and do not start with `.`"
            }
            Self::NoEnvironment { option: _, image: _ } => {
                "name it with `--environment`, or give the environment this tag in the config"
            }
        }
    }
}

/// One output before the run.
struct Place {
    option: &'static str,
    path: PathBuf,
    older: Older,
}

/// What an older record must be.
const RECORD: Older = Older::Removed(record::is_record, "a deployment record of ours");

/// Removes what an older run left for a deployment, as far as it is ours: a run that asks nothing, because
/// something is wrong with the question, must not leave an older yes behind. What comes back could not be.
///
/// `images` are those of the run, where that is known: without them, no record below `record_dir` is.
pub fn discard(outputs: &Outputs, images: &[ImageRequest]) -> Vec<Unwritten> {
    remove_ours(outputs, images, |_| true)
}

/// Removes what this run left for a deployment, and nothing that tells of it: another output could not be
/// written. What comes back could not be removed.
pub fn discard_deployable(outputs: &Outputs, images: &[ImageRequest]) -> Vec<Unwritten> {
    remove_ours(outputs, images, |older| matches!(older, Older::Removed(_, _)))
}

fn remove_ours(
    outputs: &Outputs,
    images: &[ImageRequest],
    is_meant: impl Fn(Older) -> bool,
) -> Vec<Unwritten> {
    let mut places = files(outputs);
    let mut record = |path| places.push(Place { option: "--record", path, older: RECORD });
    outputs.record.clone().into_iter().for_each(&mut record);
    for image in images {
        if let (Some(folder), Ok(environment), Ok(service)) = (
            &outputs.record_dir,
            environment_of(image, "--record-dir"),
            plain_name("--record-dir", "service", &image.service.name),
        ) {
            record(folder.join(environment).join(format!("{service}.json")));
        }
    }
    let mut left = Vec::new();
    for Place { option, path, older } in places {
        if is_meant(older)
            && older.allows(option, &path).is_ok()
            && let Err(error) = older.remove(&path)
        {
            left.push(Unwritten { path, message: error.to_string() });
        }
    }
    left
}

impl Prepared {
    /// Proves that every output can be written, then removes what an older run left for a deployment.
    ///
    /// # Errors
    /// For the first output that cannot; then nothing was removed, see [`discard`].
    pub fn prove(settings: &Settings) -> Result<Self, OutputError> {
        let records = records(settings)?;
        let places = places(settings, &records)?;
        let mut seen: HashMap<PathBuf, &'static str> = HashMap::new();
        for Place { option, path, older } in &places {
            let unwritable =
                |source| OutputError::Unwritable { option, path: path.clone(), source };
            file::prove(path).map_err(unwritable)?;
            let whole = file::resolved(path).map_err(unwritable)?;
            if let Some(first) = seen.insert(whole, option) {
                let path = path.clone();
                return Err(if first == *option {
                    OutputError::Shared { option, path }
                } else {
                    OutputError::Same { path, first, second: option }
                });
            }
            older.allows(option, path)?;
        }
        for Place { option, path, older } in &places {
            older.remove(path).map_err(|source| OutputError::Unwritable {
                option,
                path: path.clone(),
                source,
            })?;
        }
        Ok(Self { records })
    }
}

/// The path of each image's record.
fn records(settings: &Settings) -> Result<Vec<(usize, PathBuf)>, OutputError> {
    let mut records = Vec::new();
    for (index, image) in settings.images.iter().enumerate() {
        if let Some(path) = &settings.outputs.record {
            records.push((index, path.clone()));
        }
        if let Some(directory) = &settings.outputs.record_dir {
            let option = "--record-dir";
            let environment = environment_of(image, option)?;
            let service = plain_name(option, "service", &image.service.name)?;
            records.push((index, directory.join(environment).join(format!("{service}.json"))));
        }
    }
    Ok(records)
}

/// Every output with its path; the folders of `--record-dir` are made.
fn places(settings: &Settings, records: &[(usize, PathBuf)]) -> Result<Vec<Place>, OutputError> {
    let mut places = files(&settings.outputs);
    let Outputs { record, status, .. } = &settings.outputs;
    if let Some(folder) = status {
        status_places(folder, settings, &mut places)?;
    }
    for (_, path) in records {
        let option = if record.as_ref() == Some(path) { "--record" } else { "--record-dir" };
        if let ("--record-dir", Some(folder)) = (option, path.parent()) {
            fs::create_dir_all(folder).map_err(|source| not_made(folder, source))?;
        }
        places.push(Place { option, path: path.clone(), older: RECORD });
    }
    Ok(places)
}

/// The outputs that have a path of their own, without the record.
fn files(outputs: &Outputs) -> Vec<Place> {
    let Outputs {
        junit,
        record: _,
        record_dir: _,
        image_ref,
        failure_reason,
        html,
        pulumi_config,
        status: _,
        config_file: _,
    } = outputs;
    let single = [
        (
            "--junit",
            junit,
            Older::Replaced {
                is_ours: junit::is_ours,
                is_alike: junit::is_alike,
                what: "a JUnit document",
            },
        ),
        ("--image-ref", image_ref, Older::Removed(image_ref::is_ours, "a pinned reference")),
        (
            "--failure-reason-file",
            failure_reason,
            Older::Ours(failure_reason::is_ours, "a failure reason"),
        ),
        (
            "--html",
            html,
            Older::Replaced {
                is_ours: html::is_ours,
                is_alike: html::is_alike,
                what: "a web page",
            },
        ),
        (
            "--pulumi-config",
            pulumi_config,
            Older::Removed(pulumi_config::is_ours, "a Pulumi configuration of ours"),
        ),
    ];
    let mut places = Vec::new();
    for (option, path, older) in single {
        places.extend(path.clone().map(|path| Place { option, path, older }));
    }
    places
}

fn not_made(folder: &Path, source: io::Error) -> OutputError {
    let is_taken =
        matches!(source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory);
    let source = if is_taken { FileError::NotAFolder } else { FileError::Io(source) };
    OutputError::Unwritable { option: "--record-dir", path: folder.to_owned(), source }
}

fn status_places(
    folder: &StatusFolder,
    settings: &Settings,
    places: &mut Vec<Place>,
) -> Result<(), OutputError> {
    let StatusFolder { directory, board, badges, services: _ } = folder;
    let option = "--update-status";
    let mut environments: Vec<&str> = Vec::new();
    for image in &settings.images {
        plain_name(option, "service", &image.service.name)?;
        let environment = environment_of(image, option)?;
        if !environments.contains(&environment) {
            environments.push(environment);
        }
    }
    for environment in environments {
        let path = status::path(directory, environment);
        prove_flat(&path, environment, &settings.images)?;
        places.push(Place { option, path, older: Older::Changed });
        if let Some(badges) = badges {
            let path = badge_path(badges, environment);
            places.push(Place { option, path, older: Older::Ours(badge::is_ours, "a badge") });
        }
    }
    places.extend(board.clone().map(|path| Place { option, path, older: Older::Board }));
    Ok(())
}

/// A status file that cannot be read has its own error, where every path is proved.
fn prove_flat(path: &Path, environment: &str, images: &[ImageRequest]) -> Result<(), OutputError> {
    let Ok(Some(text)) = file::read_text(path, MOST_BYTES) else { return Ok(()) };
    let here = images.iter().filter(|image| image.environment.as_deref() == Some(environment));
    flat::prove(&text, here.map(|image| image.service.name.as_str()))
        .map_err(|source| OutputError::NotFlat { path: path.to_owned(), source })
}

fn environment_of<'a>(
    image: &'a ImageRequest,
    option: &'static str,
) -> Result<&'a str, OutputError> {
    let Some(environment) = &image.environment else {
        let image = image.reference.to_string();
        return Err(OutputError::NoEnvironment { option, image });
    };
    plain_name(option, "environment", environment)
}

/// A name that stays in its folder and on its line.
fn plain_name<'a>(
    option: &'static str,
    what: &'static str,
    name: &'a str,
) -> Result<&'a str, OutputError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let fits = !name.is_empty() && name.len() <= 128 && !name.starts_with('.');
    if fits && name.chars().all(plain) {
        Ok(name)
    } else {
        let name = printable(name).chars().take(80).collect();
        Err(OutputError::Name { option, what, name })
    }
}
