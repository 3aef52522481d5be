//! What stands at an output's path before the run: what it must be, and what becomes of it.

use std::io::Read;
use std::path::Path;

use crate::file::{self, FileError, HEAD};
use crate::output::error::OutputError;
use crate::status::{self, badge, board};

/// Whether a file is ours. It gets the whole file, however large: what one run writes, the next one knows again.
pub(super) type Test = fn(&mut dyn Read) -> bool;

/// What an older file at an output's path must be, and what becomes of it before the first request.
#[derive(Clone, Copy)]
pub(super) enum Older {
    /// A document of the same kind, by the second test of its first bytes, whoever wrote it; it is replaced.
    /// One that is ours, by the first, is removed at once. Anything else was named by mistake.
    Replaced { is_ours: fn(&[u8]) -> bool, is_alike: fn(&[u8]) -> bool, what: &'static str },
    /// UTF-8 text that is going to be changed.
    Changed,
    /// Ours, by this test; it is removed, so that no reader takes it for this run's.
    Removed(Test, &'static str),
    /// A file with a board in it, or with room for one.
    Board,
    /// Ours, by this test.
    Ours(Test, &'static str),
}

/// A badge in the status folder.
pub(super) const BADGE: Older =
    Older::Ours(|file| is_whole(file, MOST_BADGE, badge::is_ours), "a badge");

/// A badge holds the status word of a status file, which a team may have written, and no status file is larger.
const MOST_BADGE: u64 = 32 << 20;

/// Where a file's text begins, behind a byte order mark and blanks.
pub(super) fn beginning(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start()
}

/// Whether a file's beginning holds a text.
pub(super) fn holds(head: &[u8], text: &str) -> bool {
    head.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Whether the beginning of a file passes a test, whatever follows.
pub(super) fn begins(file: &mut dyn Read, test: fn(&[u8]) -> bool) -> bool {
    file::beginning(file, HEAD).is_ok_and(|head| test(&head))
}

/// Whether a file that is no larger than `most` passes a test.
pub(super) fn is_whole(file: &mut dyn Read, most: u64, test: fn(&[u8]) -> bool) -> bool {
    file::beginning(file, most + 1)
        .is_ok_and(|content| content.len() as u64 <= most && test(&content))
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

    /// Whether the existing file is what it must be.
    pub(super) fn allows(self, option: &'static str, path: &Path) -> Result<(), OutputError> {
        let unwritable = |source| OutputError::Unwritable { option, path: path.to_owned(), source };
        match self {
            // What cannot be read is reported where every path is proved writable.
            Self::Replaced { is_ours: _, is_alike, what } => match file::head(path, HEAD) {
                Ok(Some(head)) if !head.trim_ascii().is_empty() && !is_alike(&head) => {
                    Err(OutputError::NotOurs { option, path: path.to_owned(), what })
                }
                Ok(_) | Err(_) => Ok(()),
            },
            Self::Board => {
                let text = file::read_text(path, board::MOST_BYTES).map_err(unwritable)?;
                board::prove(&text.unwrap_or_default())
                    .map_err(|source| OutputError::Board { path: path.to_owned(), source })
            }
            Self::Changed => {
                file::read_text(path, status::MOST_BYTES).map(|_| ()).map_err(unwritable)
            }
            Self::Removed(is_ours, what) | Self::Ours(is_ours, what) => {
                let not_ours = OutputError::NotOurs { option, path: path.to_owned(), what };
                match file::open(path) {
                    Ok(None) => Ok(()),
                    Ok(Some(file)) if is_ours(&mut &file) => Ok(()),
                    Ok(Some(_)) => Err(not_ours),
                    Err(source) => Err(unwritable(source)),
                }
            }
        }
    }
}
