//! `--check-status`: says whether the board and the badges are what the status files say. Writes nothing,
//! asks no registry.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::output::badge;
use crate::output::board::{self, BoardError, BoardRow, Pipeline};
use crate::output::file::{self, FileError};
use crate::output::status::{self, ServiceLine, StatusFile};
use crate::settings::StatusFolder;

/// No board is larger.
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// Why it cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum CheckStatusError {
    /// The config names neither a board nor badges.
    #[error("there is nothing to check: the config has neither `status.board` nor `status.badges`")]
    NothingToCheck,
    /// The folder of the status files cannot be listed.
    #[error("cannot list `{}`", .0.display())]
    Folder(PathBuf, #[source] FileError),
    /// A file cannot be read.
    #[error("cannot read `{}`", .0.display())]
    File(PathBuf, #[source] FileError),
    /// The board's markers are broken.
    #[error("`{}` is not a board that can be updated", .0.display())]
    Board(PathBuf, #[source] BoardError),
}

impl CheckStatusError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NothingToCheck => "add `board:` or `badges:` below `status:` in the config",
            Self::Folder(..) => {
                "look at `status.directory` and `status.badges` in the config; the first is made by hand, once"
            }
            Self::File(..) => {
                "look what stands there: a regular UTF-8 file of at most 1 MiB is expected"
            }
            Self::Board(_, error) => error.hint(),
        }
    }
}

impl CheckStatusError {
    /// The error and its cause in one sentence.
    pub fn with_cause(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}"));
        format!("{self}{}", cause.unwrap_or_default())
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCheck {
    /// What is not up to date, a sentence each.
    pub differences: Vec<String>,
    /// How many status files were read.
    pub files: usize,
}

impl StatusCheck {
    /// 0 where everything is up to date, 1 where something is not.
    pub fn exit(&self) -> Exit {
        if self.differences.is_empty() { Exit::Verified } else { Exit::Failed }
    }

    /// The same as one JSON document: `up_to_date`, `differences`, and `files`, the number that was read.
    pub fn to_json(&self) -> String {
        let Self { differences, files } = self;
        let document = serde_json::json!({
            "up_to_date": differences.is_empty(),
            "differences": differences,
            "files": files,
        });
        format!("{document:#}\n")
    }
}

impl fmt::Display for StatusCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { differences, files } = self;
        let files =
            if *files == 1 { "1 status file".to_owned() } else { format!("{files} status files") };
        if differences.is_empty() {
            return write!(f, "up to date with {files}");
        }
        writeln!(f, "OUT OF DATE with {files}")?;
        for difference in differences {
            writeln!(f, "  {difference}")?;
        }
        f.write_str("  run the gate with --update-status: it draws the board and the badges anew")
    }
}

/// Compares the board and the badges with the status files.
///
/// # Errors
/// When a file cannot be read, or the board's markers are broken.
pub fn check_status(folder: &StatusFolder) -> Result<StatusCheck, CheckStatusError> {
    let StatusFolder { directory, board, badges, services: _ } = folder;
    if board.is_none() && badges.is_none() {
        return Err(CheckStatusError::NothingToCheck);
    }
    let StatusFiles { files, unreadable } = status_files(directory)?;
    if let Some((path, error)) = unreadable.into_iter().next() {
        return Err(CheckStatusError::File(path, error));
    }
    let mut differences = Vec::new();
    if let Some(path) = board {
        let text = read(path)?.unwrap_or_default();
        let found = board::differences(&text, &rows(&files));
        let found = found.map_err(|error| CheckStatusError::Board(path.clone(), error))?;
        differences.extend(found.into_iter().map(|what| format!("{}: {what}", path.display())));
    }
    if let Some(badges) = badges {
        differences.extend(of_badges(badges, &files)?);
    }
    Ok(StatusCheck { differences, files: files.len() })
}

/// What of the badges is not up to date.
fn of_badges(
    badges: &Path,
    files: &[(String, StatusFile)],
) -> Result<Vec<String>, CheckStatusError> {
    let mut found = Vec::new();
    for (environment, file) in files.iter().filter(|entry| has_badge(badges, entry)) {
        let path = badge_path(badges, environment);
        let standing = read(&path)?;
        if standing.as_deref() != Some(badge::render(environment, file.status.as_deref()).as_str())
        {
            let path = path.display();
            found.push(format!("{path}: the badge of {environment} is missing or old"));
        }
    }
    let failed = |error: io::Error| CheckStatusError::Folder(badges.to_owned(), error.into());
    let mut paths = Vec::new();
    match fs::read_dir(badges) {
        Ok(entries) => {
            for entry in entries {
                paths.push(entry.map_err(failed)?.path());
            }
        }
        // Git keeps no empty folder.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(environment) = name.strip_suffix(".json") else { continue };
        let is_known = files.iter().any(|(known, _)| known == environment);
        if !is_known && stands(&path) {
            let path = path.display();
            found.push(format!(
                "{path}: there is no status file for the badge of {environment}: remove it"
            ));
        }
    }
    Ok(found)
}

/// Whether an environment has a badge to keep up to date: one of a service line, or one that stands there.
pub(super) fn has_badge(badges: &Path, (environment, file): &(String, StatusFile)) -> bool {
    file.has_services() || stands(&badge_path(badges, environment))
}

/// Whether a badge stands at a path.
fn stands(path: &Path) -> bool {
    let content = file::read(path, MOST_BYTES).ok().flatten();
    content.is_some_and(|content| badge::is_ours(&content))
}

/// The status files of a folder.
#[derive(Debug, Default)]
pub(super) struct StatusFiles {
    /// Those that can be read, each with its environment, by name.
    pub(super) files: Vec<(String, StatusFile)>,
    /// Those that cannot.
    pub(super) unreadable: Vec<(PathBuf, FileError)>,
}

/// Every status file of a folder.
pub(super) fn status_files(directory: &Path) -> Result<StatusFiles, CheckStatusError> {
    let failed = |error: io::Error| CheckStatusError::Folder(directory.to_owned(), error.into());
    let mut found = StatusFiles::default();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(environment) = name.strip_suffix(".status") else { continue };
        if environment.is_empty() || environment.starts_with('.') {
            continue;
        }
        match file::read_text(&path, status::MOST_BYTES) {
            Ok(text) => {
                let file = StatusFile::parse(&text.unwrap_or_default());
                found.files.push((environment.to_owned(), file));
            }
            Err(error) => found.unreadable.push((path, error)),
        }
    }
    found.files.sort_by(|(left, _), (right, _)| left.cmp(right));
    found.unreadable.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(found)
}

/// The rows of every service that has a line.
pub(super) fn rows(files: &[(String, StatusFile)]) -> Vec<BoardRow> {
    let row = |environment: &String, service: &String, line: Option<ServiceLine>| BoardRow {
        environment: environment.clone(),
        service: service.clone(),
        line,
        pipeline: Pipeline::Kept,
    };
    let mut rows = Vec::new();
    for (environment, file) in files {
        let StatusFile { services, unreadable, .. } = file;
        rows.extend(services.iter().map(|(name, line)| row(environment, name, Some(line.clone()))));
        rows.extend(unreadable.iter().map(|name| row(environment, name, None)));
    }
    rows
}

/// The badge's file of an environment.
pub(super) fn badge_path(badges: &Path, environment: &str) -> PathBuf {
    badges.join(format!("{environment}.json"))
}

fn read(path: &Path) -> Result<Option<String>, CheckStatusError> {
    file::read_text(path, MOST_BYTES)
        .map_err(|error| CheckStatusError::File(path.to_owned(), error))
}
