//! Before the first request: every output path is proved writable, and what an older run left for a
//! deployment is removed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::older::{self, Older};
use super::removal::{forgotten, input_at, removal};
use crate::file::{self, FileError};
use crate::output::Prepared;
use crate::request::ImageRequest;
use crate::secret::printable;
use crate::settings::{Outputs, Settings, StatusFolder};
use crate::status::board::BoardError;
use crate::status::files::{self, Unreadable};
use crate::status::flat::{self, NotFlat};
use crate::status::{self, badge, checkout};

/// Why an output path cannot be used. Nothing was asked, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The path cannot be written.
    #[error("cannot write `{}` (`{option}`)", path.display())]
    Unwritable {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// Why not.
        source: FileError,
    },
    /// A file stands there that no run of ours has written.
    #[error("`{}` (`{option}`) is there already, and is not {what}", path.display())]
    NotOurs {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
    },
    /// Two outputs have one path.
    #[error("`{}` is named twice, by `{first}` and by `{second}`", path.display())]
    Same {
        /// The path.
        path: PathBuf,
        /// The option that named it first.
        first: &'static str,
        /// The option that named it again.
        second: &'static str,
    },
    /// An output would replace what the run reads.
    #[error("`{}` (`{option}`) is also {what}, which this run reads", path.display())]
    Input {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// What is read from it.
        what: &'static str,
    },
    /// Two images have one record.
    #[error("two images would write `{}` (`{option}`)", path.display())]
    Shared {
        /// The option.
        option: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// The board's file cannot be updated.
    #[error("cannot update the board in `{}` (`--update-status`)", path.display())]
    Board {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: BoardError,
    },
    /// A status file that cannot be changed line by line.
    #[error("cannot update `{}` (`--update-status`)", path.display())]
    NotFlat {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: NotFlat,
    },
    /// A name of the config that would lead to another folder or another line.
    #[error("the {what} `{name}` cannot be part of a file's name (`{option}`)")]
    Name {
        /// The option that makes a file of it.
        option: &'static str,
        /// `service` or `environment`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// An image belongs to no environment, and the option needs one.
    #[error("`{option}` needs an environment, and `{image}` has none")]
    NoEnvironment {
        /// The option.
        option: &'static str,
        /// The image.
        image: String,
    },
}

impl OutputError {
    /// Whether the system could not give what it takes to look: the path may be right.
    pub fn is_exhausted(&self) -> bool {
        matches!(self, Self::Unwritable { option: _, path: _, source } if source.is_exhausted())
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        if self.is_exhausted() {
            return "raise the limit of open files, as with `ulimit -n 1024`".to_owned();
        }
        if let Self::Unwritable { option: _, path, source: FileError::NoFolder } = self {
            return make_folder(file::folder(path));
        }
        self.advice().to_owned()
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Unwritable { option: _, path: _, source } => match source {
                FileError::Symlink => "name the file itself; nothing is written through a link",
                FileError::Folder | FileError::FolderName => "name a file in that folder",
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
            Self::Input { option: _, path: _, what: _ } => "name another file for the output",
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

/// What to do where a folder is missing, as a line for a shell where its name needs no quotes.
fn make_folder(folder: &Path) -> String {
    let name = printable(&folder.to_string_lossy());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if name.chars().all(plain) && !name.starts_with('-') {
        format!("make the folder first: `mkdir -p {name}`")
    } else {
        "make the folder first, with `mkdir -p`".to_owned()
    }
}

/// One output before the run.
pub(super) struct Place {
    pub(super) option: &'static str,
    pub(super) path: PathBuf,
    pub(super) older: Older,
}

impl Prepared {
    /// Proves that every output can be written, then removes what an older run left for a deployment.
    ///
    /// # Errors
    /// For the first output that cannot; then nothing was removed, see [`discard`](super::discard).
    pub fn prove(settings: &Settings) -> Result<Self, OutputError> {
        let records = records(settings)?;
        let places = places(settings, &records)?;
        let mut seen: HashMap<PathBuf, &'static str> = HashMap::new();
        for Place { option, path, older } in &places {
            let unwritable =
                |source| OutputError::Unwritable { option, path: path.clone(), source };
            file::prove(path).map_err(unwritable)?;
            if let Some(what) = input_at(&settings.outputs, path) {
                return Err(OutputError::Input { option, path: path.clone(), what });
            }
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
        let folders: BTreeSet<&Path> =
            places.iter().map(|place| file::folder(&place.path)).collect();
        folders.into_iter().for_each(file::sweep);
        let (forgotten, notes) = forgotten(settings, &records);
        for Place { option, path, older } in removal(&places).chain(&forgotten) {
            older.remove(path).map_err(|source| OutputError::Unwritable {
                option,
                path: path.clone(),
                source,
            })?;
        }
        Ok(Self { records, notes })
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
            fs::create_dir_all(folder)
                .map_err(|source| not_made("--record-dir", folder, source))?;
        }
        places.push(Place { option, path: path.clone(), older: older::RECORD });
    }
    Ok(places)
}

/// The outputs that have a path of their own, without the record, in the order in which they are written.
pub(super) fn files(outputs: &Outputs) -> Vec<Place> {
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
        services: _,
        inputs: _,
    } = outputs;
    let single = [
        ("--junit", junit, older::JUNIT),
        ("--failure-reason-file", failure_reason, older::FAILURE_REASON),
        ("--image-ref", image_ref, older::IMAGE_REF),
        ("--html", html, older::HTML),
        ("--pulumi-config", pulumi_config, older::PULUMI_CONFIG),
    ];
    let mut places = Vec::new();
    for (option, path, older) in single {
        places.extend(path.clone().map(|path| Place { option, path, older }));
    }
    places
}

fn not_made(option: &'static str, folder: &Path, source: io::Error) -> OutputError {
    let is_taken =
        matches!(source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory);
    let source = if is_taken { FileError::NotAFolder } else { FileError::Io(source) };
    OutputError::Unwritable { option, path: folder.to_owned(), source }
}

fn status_places(
    folder: &StatusFolder,
    settings: &Settings,
    places: &mut Vec<Place>,
) -> Result<(), OutputError> {
    let StatusFolder { directory, board, badges, services: _ } = folder;
    for folder in [Some(directory.as_path()), board.as_deref().map(file::folder), badges.as_deref()]
    {
        let Some(folder) = folder else { continue };
        checkout::make(folder).map_err(|source| not_made("--update-status", folder, source))?;
    }
    let option = "--update-status";
    let mut environments: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for image in &settings.images {
        let service = plain_name(option, "service", &image.service.name)?;
        let environment = environment_of(image, option)?;
        let place = *known.entry(environment).or_insert(environments.len());
        match environments.get_mut(place) {
            Some((_, services)) => services.push(service),
            None => environments.push((environment, vec![service])),
        }
    }
    for (environment, services) in environments {
        let path = status::path(directory, environment);
        prove_flat(&path, &services)?;
        places.push(Place { option, path, older: Older::Changed });
        if let Some(badges) = badges {
            let path = badge::path(badges, environment);
            places.push(Place { option, path, older: older::BADGE });
        }
    }
    places.extend(board.clone().map(|path| Place { option, path, older: Older::Board }));
    if board.is_some() || badges.is_some() {
        prove_no_conflict(directory)?;
    }
    Ok(())
}

/// A status file of another environment is drawn from, too. What else keeps it from being read is no fault of this
/// run's, and told when it is drawn.
fn prove_no_conflict(directory: &Path) -> Result<(), OutputError> {
    let Ok(files) = files::read(directory) else { return Ok(()) };
    for (_, path, why) in files.unreadable {
        if let Unreadable::Conflict(conflict) = why {
            return Err(OutputError::NotFlat { path, source: conflict.into() });
        }
    }
    Ok(())
}

/// A status file that cannot be read has its own error, where every path is proved.
fn prove_flat(path: &Path, services: &[&str]) -> Result<(), OutputError> {
    let Ok(Some(text)) = file::read_text(path, status::MOST_BYTES) else { return Ok(()) };
    flat::prove(&text, services.iter().copied())
        .map_err(|source| OutputError::NotFlat { path: path.to_owned(), source })
}

pub(super) fn environment_of<'a>(
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
pub(super) fn plain_name<'a>(
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
