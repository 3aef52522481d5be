//! The outputs of a run: proved writable before the first request, written once after the last answer.
//!
//! The order is JUnit, status, failure reason, others, and the records last: whoever finds a record
//! can rely on everything else being there.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::output::file::{self, FileError};
use crate::output::record::{self, Record};
use crate::output::{Unwritten, failure_reason, image_ref, junit, status};
use crate::report::{ImageReport, Report, Verdict};
use crate::secret::Redactor;
use crate::settings::{Outputs, Settings, StatusFolder};

/// No file that an older run left is larger.
const MOST_BYTES: u64 = 1 << 20;

/// Why an output path cannot be used. Nothing was asked, and nothing was removed or written.
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
            Self::Name { option: _, what: _, name: _ } => {
                "use letters, digits, `.`, `_` and `-`, and do not start with `.`"
            }
            Self::NoEnvironment { option: _, image: _ } => {
                "name it with `--environment`, or give the environment this tag in the config"
            }
        }
    }
}

/// The outputs of a run, proved writable.
#[derive(Debug)]
pub struct Prepared {
    /// The place of an image in the report, and the path of its record.
    records: Vec<(usize, PathBuf)>,
}

/// One output before the run.
struct Place {
    option: &'static str,
    path: PathBuf,
    older: Older,
}

/// What an older file at an output's path must be, and what becomes of it before the first request.
#[derive(Clone, Copy)]
enum Older {
    /// Anything; it is replaced.
    Replaced,
    /// UTF-8 text that is going to be changed.
    Changed,
    /// Ours, by this test; it is removed, so that no reader takes it for this run's.
    Removed(fn(&[u8]) -> bool, &'static str),
    /// Ours, by this test.
    Ours(fn(&[u8]) -> bool, &'static str),
}

impl Prepared {
    /// Proves that every output can be written, then removes what an older run left for a deployment.
    ///
    /// # Errors
    /// For the first output that cannot; then nothing was removed.
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
                return Err(OutputError::Same { path: path.clone(), first, second: option });
            }
            older.allows(option, path)?;
        }
        for Place { option, path, older } in &places {
            if let Older::Removed(_, _) = older {
                file::remove(path).map_err(|source| OutputError::Unwritable {
                    option,
                    path: path.clone(),
                    source,
                })?;
            }
        }
        Ok(Self { records })
    }

    /// Writes every output. What comes back could not be written.
    ///
    /// A record is written for a VERIFIED image, and only when everything before it was written.
    pub fn write(&self, report: &Report, settings: &Settings) -> Vec<Unwritten> {
        let mut writing = Writing { redactor: &settings.redactor, unwritten: Vec::new() };
        let Outputs {
            junit,
            record: _,
            record_dir: _,
            image_ref: _,
            failure_reason,
            html: _,
            pulumi_config: _,
            status,
            config_file,
        } = &settings.outputs;
        if let Some(path) = junit {
            match junit::text(report, config_file) {
                Ok(text) => writing.put(path, &text),
                Err(error) => writing.failed(path, error.to_string()),
            }
        }
        if let Some(folder) = status {
            writing.status(folder, report);
        }
        if let Some(path) = failure_reason {
            match failure_reason::text(report) {
                Some(text) => writing.put(path, &text),
                None => writing.keep(path, file::remove(path)),
            }
        }
        for (path, text) in others(report, settings) {
            writing.put(&path, &text);
        }
        if writing.unwritten.is_empty() {
            self.write_records(report, &mut writing);
        }
        writing.unwritten
    }

    /// The records, all or none: with one missing, the others would be a part that looks like the whole.
    fn write_records(&self, report: &Report, writing: &mut Writing<'_>) {
        let mut written: Vec<&Path> = Vec::new();
        for (index, path) in &self.records {
            let Some(image) = report.images.get(*index) else { continue };
            if image.verdict() != Verdict::Verified {
                continue;
            }
            match Record::of(image, report) {
                Some(record) => writing.put(path, &record.to_json()),
                None => writing.failed(path, "the image has no tag or no facts".to_owned()),
            }
            if !writing.unwritten.is_empty() {
                for path in written {
                    writing.keep(path, file::remove(path));
                }
                return;
            }
            written.push(path);
        }
    }
}

/// What is written besides JUnit, status, failure reason and records, in this order.
fn others(report: &Report, settings: &Settings) -> Vec<(PathBuf, String)> {
    let mut others = Vec::new();
    if let (Some(path), [image]) = (&settings.outputs.image_ref, report.images.as_slice()) {
        others.extend(image_ref::text(image).map(|text| (path.clone(), text)));
    }
    others
}

/// Writes one file after the other and remembers what went wrong.
struct Writing<'a> {
    redactor: &'a Redactor,
    unwritten: Vec<Unwritten>,
}

impl Writing<'_> {
    fn put(&mut self, path: &Path, text: &str) {
        let masked = self.redactor.redact(text);
        self.keep(path, file::replace(path, masked.as_bytes()));
    }

    fn keep(&mut self, path: &Path, result: Result<(), FileError>) {
        if let Err(error) = result {
            self.failed(path, error.to_string());
        }
    }

    fn failed(&mut self, path: &Path, message: String) {
        self.unwritten.push(Unwritten { path: path.to_owned(), message });
    }

    /// Reads, changes and writes each environment's file under the folder's lock.
    fn status(&mut self, folder: &StatusFolder, report: &Report) {
        let StatusFolder { directory, board: _, badges: _, services } = folder;
        let environments = by_environment(report);
        if environments.is_empty() {
            return;
        }
        let _lock = match file::lock(directory) {
            Ok(lock) => lock,
            Err(error) => return self.failed(directory, error.to_string()),
        };
        for (environment, images) in environments {
            let path = status_path(directory, environment);
            let Some(now) = images.iter().map(|image| image.verified_at).max() else { continue };
            match file::read_text(&path, status::MOST_BYTES) {
                Ok(old) => {
                    let old = old.unwrap_or_default();
                    let job = report.circleci.build_url.as_deref();
                    let new = status::updated(&old, environment, &images, services, now, job);
                    self.put(&path, &new);
                }
                Err(error) => self.failed(&path, error.to_string()),
            }
        }
    }
}

/// What the reader should know of the outputs: which were left out on purpose, and where the record is.
pub fn remarks(report: &Report, settings: &Settings, unwritten: &[Unwritten]) -> Vec<String> {
    let mut remarks = Vec::new();
    if settings.outputs.status.is_some() {
        let mut left: Vec<&str> = Vec::new();
        for image in &report.images {
            let undecided = status::Light::of(image.verdict()).is_none();
            if undecided && !left.contains(&image.request.service.name.as_str()) {
                left.push(&image.request.service.name);
            }
        }
        if !left.is_empty() {
            let left = left.join(", ");
            remarks.push(format!("the status of {left} stays as it was: the verdict is UNDECIDED"));
        }
    }
    let wanted = settings.outputs.record.is_some() || settings.outputs.record_dir.is_some();
    if wanted && !unwritten.is_empty() {
        remarks.push("no record was written, because another output could not be".to_owned());
    } else if wanted && report.verdict() != Verdict::Verified {
        let one = report.images.len() == 1;
        let of = if one { "the image is" } else { "images that are" };
        remarks.push(format!("no record for {of} not VERIFIED"));
    }
    remarks
}

/// The decided images of each environment.
fn by_environment(report: &Report) -> BTreeMap<&str, Vec<&ImageReport>> {
    let mut environments: BTreeMap<&str, Vec<&ImageReport>> = BTreeMap::new();
    for image in &report.images {
        if let Some(environment) = &image.request.environment
            && status::Light::of(image.verdict()).is_some()
        {
            environments.entry(environment).or_default().push(image);
        }
    }
    environments
}

fn status_path(directory: &Path, environment: &str) -> PathBuf {
    directory.join(format!("{environment}.status"))
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
    let Outputs {
        junit,
        record,
        record_dir: _,
        image_ref,
        failure_reason,
        html,
        pulumi_config,
        status,
        config_file: _,
    } = &settings.outputs;
    let single = [
        ("--junit", junit, Older::Replaced),
        ("--image-ref", image_ref, Older::Removed(image_ref::is_ours, "a pinned reference")),
        (
            "--failure-reason-file",
            failure_reason,
            Older::Ours(failure_reason::is_ours, "a failure reason"),
        ),
        ("--html", html, Older::Replaced),
        ("--pulumi-config", pulumi_config, Older::Replaced),
    ];
    let mut places = Vec::new();
    for (option, path, older) in single {
        places.extend(path.clone().map(|path| Place { option, path, older }));
    }
    if let Some(folder) = status {
        status_places(folder, settings, &mut places)?;
    }
    for (_, path) in records {
        let option = if record.as_ref() == Some(path) { "--record" } else { "--record-dir" };
        if let ("--record-dir", Some(folder)) = (option, path.parent()) {
            fs::create_dir_all(folder).map_err(|source| not_made(folder, source))?;
        }
        let older = Older::Removed(record::is_record, "a deployment record of ours");
        places.push(Place { option, path: path.clone(), older });
    }
    Ok(places)
}

fn not_made(folder: &Path, source: io::Error) -> OutputError {
    let source = match source.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => FileError::NotAFolder,
        _ => FileError::Io(source),
    };
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
        let path = status_path(directory, environment);
        places.push(Place { option, path, older: Older::Changed });
        if let Some(badges) = badges {
            let path = badges.join(format!("{environment}.json"));
            places.push(Place { option, path, older: Older::Replaced });
        }
    }
    places.extend(board.clone().map(|path| Place { option, path, older: Older::Changed }));
    Ok(())
}

fn environment_of<'a>(
    image: &'a crate::request::ImageRequest,
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
        let name = crate::secret::printable(name).chars().take(80).collect();
        Err(OutputError::Name { option, what, name })
    }
}

impl Older {
    fn allows(self, option: &'static str, path: &Path) -> Result<(), OutputError> {
        let unwritable = |source| OutputError::Unwritable { option, path: path.to_owned(), source };
        match self {
            Self::Replaced => Ok(()),
            Self::Changed => file::read_text(path, MOST_BYTES).map(|_| ()).map_err(unwritable),
            Self::Removed(is_ours, what) | Self::Ours(is_ours, what) => {
                let not_ours = OutputError::NotOurs { option, path: path.to_owned(), what };
                match file::read(path, MOST_BYTES) {
                    Ok(None) => Ok(()),
                    Ok(Some(content)) if is_ours(&content) => Ok(()),
                    Ok(Some(_)) | Err(FileError::TooLarge(_)) => Err(not_ours),
                    Err(source) => Err(unwritable(source)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
