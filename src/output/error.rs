//! Why an output cannot be written, as the disk shows it. What needs no disk was decided with the settings.

use std::io;
use std::path::{Path, PathBuf};

use crate::file::{self, FileError};
use crate::secret::printable;
use crate::status::board::BoardError;
use crate::status::flat::NotFlat;
/// Why an output path cannot be used. Nothing was asked, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The path cannot be written.
    #[error("cannot write `{}` (`--{option}`)", path.display())]
    Unwritable {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// Why not.
        source: FileError,
    },
    /// There is a file that no run of ours has written.
    #[error("`{}` (`--{option}`) already exists and is not {what}", path.display())]
    NotOurs {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
    },
    /// Two outputs have one file, by a link between them.
    #[error("{} `{}`", both(.first, .second), path.display())]
    SameFile {
        /// The path, as the second one names it.
        path: PathBuf,
        /// The option that named it first.
        first: &'static str,
        /// The option that named it again.
        second: &'static str,
    },
    /// An output would replace what the run reads.
    #[error("`{}` (`--{option}`) is also {what}, which this run reads", path.display())]
    Input {
        /// The option that named it.
        option: &'static str,
        /// The path.
        path: PathBuf,
        /// What is read from it.
        what: &'static str,
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
}

impl OutputError {
    /// A folder cannot be made.
    pub(super) fn not_made(option: &'static str, folder: &Path, source: io::Error) -> Self {
        let is_taken =
            matches!(source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory);
        let source = if is_taken { FileError::NotAFolder } else { FileError::Io(source) };
        Self::Unwritable { option, path: folder.to_owned(), source }
    }

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
                    "check what the file holds, then name another one or fix it"
                }
                FileError::Locked | FileError::Io(_) => {
                    "check who owns the folder and whether it is writable, or name another one"
                }
            },
            Self::NotOurs { option: _, path: _, what: _ } => {
                "name another path, or remove the file if nobody needs it"
            }
            Self::SameFile { path: _, first: _, second: _ } => {
                "give each output a file of its own; a symbolic link makes these two paths one"
            }
            Self::Input { option: _, path: _, what: _ } => "name another file for the output",
            Self::Board { path: _, source } => source.hint(),
            Self::NotFlat { path: _, source } => source.hint(),
        }
    }
}

fn both(first: &str, second: &str) -> String {
    if first == second {
        format!("`--{first}` would write two images to")
    } else {
        format!("`--{first}` and `--{second}` both write to")
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
