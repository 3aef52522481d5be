//! The status files of a folder, and the board's rows that follow from them.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::file::{self, FileError};
use crate::secret::printable;
use crate::status::badge;
use crate::status::board::{BoardRow, Pipeline};
use crate::status::conflict::{self, Conflict};
use crate::status::{self, ServiceLine, StatusFile};

/// Why a status file says nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Both sides of a merge stand in it.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

impl Unreadable {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::File(_) => {
                "check what is there: a regular UTF-8 file of at most 8 MiB is expected"
            }
            Self::Conflict(_) => conflict::HINT,
        }
    }
}

/// One status file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) environment: String,
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// The status files of a folder, by name.
#[derive(Debug, Default)]
pub(crate) struct StatusFiles {
    /// Those that can be read.
    pub(super) files: Vec<Entry>,
    /// Those that cannot, each with its environment.
    pub(crate) unreadable: Vec<(String, PathBuf, Unreadable)>,
}

/// Every status file of a folder.
pub(crate) fn read(directory: &Path) -> io::Result<StatusFiles> {
    let mut found = StatusFiles::default();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(environment) = name.strip_suffix(".status") else { continue };
        if environment.is_empty() || environment.starts_with('.') {
            continue;
        }
        let environment = environment.to_owned();
        match text(&path) {
            Ok(text) => found.files.push(Entry { environment, path, text }),
            Err(error) => found.unreadable.push((environment, path, error)),
        }
    }
    found.files.sort_by(|left, right| left.environment.cmp(&right.environment));
    found.unreadable.sort_by(|(left, ..), (right, ..)| left.cmp(right));
    Ok(found)
}

fn text(path: &Path) -> Result<String, Unreadable> {
    let text = file::read_text(path, status::MOST_BYTES)?.unwrap_or_default();
    conflict::none_in(&text)?;
    Ok(text)
}

/// The rows of every service that has a line.
pub(crate) fn rows(files: &[(String, StatusFile)]) -> Vec<BoardRow> {
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

/// A sentence for each row that was removed from the board, but for the `told` ones, whose lines were removed too.
pub(crate) fn removed_rows(removed: &[(String, String)], told: &[(String, String)]) -> Vec<String> {
    let told: HashSet<&(String, String)> = told.iter().collect();
    let removed = removed.iter().filter(|row| !told.contains(row));
    let said = removed.map(|(environment, service)| {
        printable(&format!(
            "the row of `{service}` in `{environment}` was removed from the board: no status file has a line of it, \
             or the config has no such service"
        ))
    });
    said.collect()
}

/// Whether an environment has a badge to keep up to date: one of a service line, or one that exists.
pub(crate) fn has_badge(badges: &Path, (environment, file): &(String, StatusFile)) -> bool {
    file.has_services() || badge::stands(&badge::path(badges, environment))
}
