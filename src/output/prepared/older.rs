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
    /// Anything; it is replaced. One that is ours, by this test of its first bytes, is removed at once.
    Replaced(fn(&[u8]) -> bool),
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
            Self::Replaced(is_ours) => match file::head(path, HEAD) {
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
            Self::Replaced(_) => Ok(()),
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
