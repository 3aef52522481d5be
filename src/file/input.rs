//! Reads files that somebody else wrote: regular ones, also through a link, up to a limit, and without waiting for
//! anybody.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::file::whole;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputError {
    /// It does not exist.
    #[error("does not exist")]
    Missing,
    /// A folder, a pipe or a device.
    #[error("is not a regular file")]
    NotRegular,
    /// Over the limit.
    #[error("is larger than {0} KiB")]
    TooLarge(u64),
    /// Its bytes are not UTF-8.
    #[error("is not valid UTF-8")]
    NotUnicode,
    /// The system says no.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl From<io::Error> for InputError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing
        } else {
            Self::Unreadable(error.kind().to_string())
        }
    }
}

/// The bytes of a regular file of at most `most` bytes.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, InputError> {
    // Opening a pipe would wait for its writer, so its kind is looked at first, and again once it is open.
    if !fs::metadata(path)?.is_file() {
        return Err(InputError::NotRegular);
    }
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(InputError::NotRegular);
    }
    bytes_of(file, most)
}

/// The text of such a file.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, InputError> {
    String::from_utf8(bytes(path, most)?).map_err(|_| InputError::NotUnicode)
}

/// The text of what is open already and has an end.
pub(crate) fn text_of(from: impl Read, most: u64) -> Result<String, InputError> {
    String::from_utf8(bytes_of(from, most)?).map_err(|_| InputError::NotUnicode)
}

fn bytes_of(from: impl Read, most: u64) -> Result<Vec<u8>, InputError> {
    whole(from, most)?.ok_or(InputError::TooLarge(most / 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_within_the_limit_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(text(&path, 4), Err(InputError::Missing));
        #[expect(clippy::disallowed_methods, reason = "a file of the test")]
        fs::write(&path, "abcd").unwrap();
        assert_eq!(text(&path, 4), Ok("abcd".into()));
        assert_eq!(text(&path, 3), Err(InputError::TooLarge(0)));
        assert_eq!(text(folder.path(), 4), Err(InputError::NotRegular));
        assert_eq!(bytes(Path::new("/dev/zero"), 4), Err(InputError::NotRegular));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_without_a_writer_does_not_hang() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_eq!(text(&path, 4), Err(InputError::NotRegular));
    }
}
