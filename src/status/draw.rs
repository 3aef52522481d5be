//! `--draw-status`: draws the board and the badges from the status files. Asks no registry, and needs no token.
//!
//! Whether they were up to date, `git diff --exit-code` says.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::exit::Exit;
use crate::file::{self, FileError};
use crate::settings::StatusFolder;
use crate::status::board::{self, BoardError, Drawn};
use crate::status::files::{self, Entry, StatusFiles, Unreadable};
use crate::status::flat::{self, NotFlat};
use crate::status::{self, StatusFile, Updated, without_those_that_left};
use crate::status::{badge, checkout};

/// How long another run may keep the folder locked.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why nothing is drawn. Each but the last is found before anything is written.
#[derive(Debug, thiserror::Error)]
pub enum DrawStatusError {
    /// The config names neither a board nor badges.
    #[error("there is nothing to draw: the config has neither `status.board` nor `status.badges`")]
    NothingToDraw,
    /// A folder cannot be listed, locked or made.
    #[error("cannot use the folder `{}`", .0.display())]
    Folder(PathBuf, #[source] FileError),
    /// A status file cannot be read.
    #[error("cannot read `{}`", .0.display())]
    Unreadable(PathBuf, #[source] Unreadable),
    /// A status file cannot be changed line by line.
    #[error("cannot update `{}`", .0.display())]
    NotFlat(PathBuf, #[source] NotFlat),
    /// The board's file cannot be read.
    #[error("cannot read `{}`", .0.display())]
    File(PathBuf, #[source] FileError),
    /// The board's file has no board that could be drawn.
    #[error("cannot draw the board in `{}`", .0.display())]
    Board(PathBuf, #[source] BoardError),
    /// Something else stands in a badge's place.
    #[error("`{}` already exists and is not a badge", .0.display())]
    NotABadge(PathBuf),
    /// A file cannot be written.
    #[error("cannot write `{}`", .0.display())]
    Unwritten(PathBuf, #[source] FileError),
}

impl DrawStatusError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NothingToDraw => "add `board:` or `badges:` below `status:` in the config",
            Self::Folder(..) => {
                "check `status.directory`, `status.board` and `status.badges` in the config"
            }
            Self::Unreadable(_, error) => error.hint(),
            Self::NotFlat(_, error) => error.hint(),
            Self::File(..) => "check what is there: a regular UTF-8 file is expected",
            Self::Board(_, error) => error.hint(),
            Self::NotABadge(_) => "remove it, or name another folder as `status.badges`",
            Self::Unwritten(..) => "check who owns the folder, and whether the disk is full",
        }
    }

    /// The error and its cause in one sentence.
    pub fn with_cause(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}"));
        format!("{self}{}", cause.unwrap_or_default())
    }

    /// How the program ends with it.
    pub fn exit(&self) -> Exit {
        if matches!(self, Self::Unwritten(..)) { Exit::Unwritten } else { Exit::Usage }
    }
}

/// What was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusDrawn {
    /// How many status files were read.
    pub files: usize,
    /// The files that were written or removed: without any, everything was up to date.
    pub changed: Vec<PathBuf>,
    /// What was taken out, a sentence each.
    pub notes: Vec<String>,
}

impl StatusDrawn {
    /// The same as one JSON document: `files`, the number that was read, `changed` and `notes`.
    pub fn to_json(&self) -> String {
        let Self { files, changed, notes } = self;
        let changed: Vec<_> = changed.iter().map(|path| path.display().to_string()).collect();
        let document = serde_json::json!({ "files": files, "changed": changed, "notes": notes });
        format!("{document:#}\n")
    }
}

impl fmt::Display for StatusDrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, changed, notes: _ } = self;
        let files =
            if *files == 1 { "1 status file".to_owned() } else { format!("{files} status files") };
        if changed.is_empty() {
            return write!(f, "up to date with {files}: nothing was changed");
        }
        write!(f, "drawn from {files}; changed:")?;
        changed.iter().try_for_each(|path| write!(f, "\n  {}", path.display()))
    }
}

/// Draws the board and the badges.
///
/// # Errors
/// When a file cannot be read, or cannot be what it should be.
pub fn draw_status(folder: &StatusFolder) -> Result<StatusDrawn, DrawStatusError> {
    let StatusFolder { directory, board, badges, services } = folder;
    if board.is_none() && badges.is_none() {
        return Err(DrawStatusError::NothingToDraw);
    }
    // Git keeps no empty folder: without one there is no status file yet.
    let _lock = directory
        .is_dir()
        .then(|| file::lock(directory, PATIENCE))
        .transpose()
        .map_err(|error| DrawStatusError::Folder(directory.clone(), error))?;
    let mut drawing = Drawing::default();
    let files = drawing.files(directory, services)?;
    drawing.drawn.files = files.len();
    if let Some(path) = board {
        drawing.board(path, &files)?;
    }
    if let Some(folder) = badges {
        drawing.badges(folder, &files)?;
    }
    drawing.write()
}

/// What is going to be written, when everything has been looked at.
#[derive(Default)]
struct Drawing {
    drawn: StatusDrawn,
    /// The files that change; `None`: one that is removed.
    changes: Vec<(PathBuf, Option<String>)>,
    /// The environments and services whose lines are removed.
    left: Vec<(String, String)>,
}

impl Drawing {
    /// The status files, without the lines of services that left the config.
    fn files(
        &mut self,
        directory: &Path,
        services: &[String],
    ) -> Result<Vec<(String, StatusFile)>, DrawStatusError> {
        let StatusFiles { files, unreadable } = match files::read(directory) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => StatusFiles::default(),
            Err(error) => return Err(DrawStatusError::Folder(directory.to_owned(), error.into())),
        };
        if let Some((_, path, error)) = unreadable.into_iter().next() {
            return Err(DrawStatusError::Unreadable(path, error));
        }
        let mut new = Vec::new();
        for Entry { environment, path, text: old } in files {
            let Updated { text, kept: _, left, notes } =
                without_those_that_left(&old, &environment, services);
            if text != old {
                flat::compare(&old, &text)
                    .map_err(|error| DrawStatusError::NotFlat(path.clone(), error))?;
            }
            let mut file = StatusFile::parse(&text);
            file.retain(services);
            self.drawn.notes.extend(notes);
            self.left.extend(left.into_iter().map(|service| (environment.clone(), service)));
            self.change(path, &old, text, status::MOST_BYTES)?;
            new.push((environment, file));
        }
        Ok(new)
    }

    fn board(
        &mut self,
        path: &Path,
        files: &[(String, StatusFile)],
    ) -> Result<(), DrawStatusError> {
        let failed = |error| DrawStatusError::File(path.to_owned(), error);
        let old = file::read_text(path, board::MOST_BYTES).map_err(failed)?.unwrap_or_default();
        let Drawn { text, removed } = board::drawn(&old, &files::rows(files), Some(&[]))
            .map_err(|error| DrawStatusError::Board(path.to_owned(), error))?;
        self.drawn.notes.extend(files::removed_rows(&removed, &self.left));
        self.change(path.to_owned(), &old, text, board::MOST_BYTES)
    }

    fn badges(
        &mut self,
        folder: &Path,
        files: &[(String, StatusFile)],
    ) -> Result<(), DrawStatusError> {
        for (environment, file) in files.iter().filter(|entry| files::has_badge(folder, entry)) {
            let path = badge::path(folder, environment);
            let new = badge::render(environment, file.status.as_deref());
            match file::read(&path, badge::MOST_BYTES) {
                Ok(Some(old)) if old == new.as_bytes() => {}
                Ok(Some(old)) if !badge::is_ours(&old) => {
                    return Err(DrawStatusError::NotABadge(path));
                }
                Ok(_) => self.changes.push((path, Some(new))),
                Err(error) => return Err(DrawStatusError::File(path, error)),
            }
        }
        let known: HashSet<&str> =
            files.iter().map(|(environment, _)| environment.as_str()).collect();
        let stale = badge::stale(folder, &known)
            .map_err(|error| DrawStatusError::Folder(folder.to_owned(), error.into()))?;
        for (environment, path) in stale {
            self.drawn.notes.push(badge::removed(&environment));
            self.changes.push((path, None));
        }
        Ok(())
    }

    fn change(
        &mut self,
        path: PathBuf,
        old: &str,
        new: String,
        most: u64,
    ) -> Result<(), DrawStatusError> {
        if new.len() as u64 > most {
            return Err(DrawStatusError::File(path, FileError::TooLarge(most)));
        }
        if new != old {
            self.changes.push((path, Some(new)));
        }
        Ok(())
    }

    fn write(self) -> Result<StatusDrawn, DrawStatusError> {
        let Self { mut drawn, changes, left: _ } = self;
        for (path, text) in &changes {
            if text.is_some()
                && let Some(folder) = path.parent()
            {
                checkout::make(folder)
                    .map_err(|error| DrawStatusError::Folder(folder.to_owned(), error.into()))?;
            }
            file::prove(path).map_err(|error| DrawStatusError::File(path.clone(), error))?;
        }
        for (path, text) in changes {
            let written = match text {
                Some(text) => file::replace(&path, text.as_bytes()),
                None => file::remove(&path),
            };
            written.map_err(|error| DrawStatusError::Unwritten(path.clone(), error))?;
            drawn.changed.push(path);
        }
        Ok(drawn)
    }
}
