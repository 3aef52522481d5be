//! What stands at an output's path before the run: what it must be, and what becomes of it.

use std::path::Path;

use super::prove::{MOST_BYTES, OutputError};
use crate::output::board;
use crate::output::file::{self, FileError};

/// How much of a file shows whose it is.
const HEAD: u64 = 4096;

/// What an older file at an output's path must be, and what becomes of it before the first request.
#[derive(Clone, Copy)]
pub(super) enum Older {
    /// A document of the same kind, by the second test of its first bytes, whoever wrote it; it is replaced.
    /// One that is ours, by the first, is removed at once. Anything else was named by mistake.
    Replaced { is_ours: fn(&[u8]) -> bool, is_alike: fn(&[u8]) -> bool, what: &'static str },
    /// UTF-8 text that is going to be changed.
    Changed,
    /// Ours, by this test; it is removed, so that no reader takes it for this run's.
    Removed(fn(&[u8]) -> bool, &'static str),
    /// A file with a board in it, or with room for one.
    Board,
    /// Ours, by this test.
    Ours(fn(&[u8]) -> bool, &'static str),
}

impl Older {
    /// Removes what no reader may take for this run's.
    pub(super) fn remove(self, path: &Path) -> Result<(), FileError> {
        match self {
            Self::Removed(_, _) => file::remove(path),
            // What cannot be read is a link or a folder, and no file of ours.
            Self::Replaced { is_ours, is_alike: _, what: _ } => match file::head(path, HEAD) {
                Ok(Some(head)) if is_ours(&head) => file::remove(path),
                Ok(_) | Err(_) => Ok(()),
            },
            Self::Changed | Self::Board | Self::Ours(_, _) => Ok(()),
        }
    }

    /// Whether what stands there is what it must be.
    pub(super) fn allows(self, option: &'static str, path: &Path) -> Result<(), OutputError> {
        let unwritable = |source| OutputError::Unwritable { option, path: path.to_owned(), source };
        match self {
            // What cannot be read is told where every path is proved writable.
            Self::Replaced { is_ours: _, is_alike, what } => match file::head(path, HEAD) {
                Ok(Some(head)) if !head.trim_ascii().is_empty() && !is_alike(&head) => {
                    Err(OutputError::NotOurs { option, path: path.to_owned(), what })
                }
                Ok(_) | Err(_) => Ok(()),
            },
            Self::Board => {
                let text = file::read_text(path, MOST_BYTES).map_err(unwritable)?;
                board::updated(&text.unwrap_or_default(), &[])
                    .map(|_| ())
                    .map_err(|source| OutputError::Board { path: path.to_owned(), source })
            }
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
