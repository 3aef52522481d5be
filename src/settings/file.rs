//! Reads small files that the caller named: regular ones, up to a limit, without waiting for anybody.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileMistake {
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

impl FileMistake {
    fn of(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing
        } else {
            Self::Unreadable(error.kind().to_string())
        }
    }
}

/// The bytes of a regular file of at most `most` bytes.
pub(super) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, FileMistake> {
    // Opening a pipe would wait for its writer, so its kind is looked at first, and again once it is open.
    let mistake = |error| FileMistake::of(&error);
    if !std::fs::metadata(path).map_err(mistake)?.is_file() {
        return Err(FileMistake::NotRegular);
    }
    let file = File::open(path).map_err(mistake)?;
    if !file.metadata().map_err(mistake)?.is_file() {
        return Err(FileMistake::NotRegular);
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(mistake)?;
    if bytes.len() as u64 > most { Err(FileMistake::TooLarge(most / 1024)) } else { Ok(bytes) }
}

/// The text of such a file.
pub(super) fn text(path: &Path, most: u64) -> Result<String, FileMistake> {
    String::from_utf8(bytes(path, most)?).map_err(|_| FileMistake::NotUnicode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_within_the_limit_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(text(&path, 4), Err(FileMistake::Missing));
        #[expect(clippy::disallowed_methods, reason = "a file of the test")]
        std::fs::write(&path, "abcd").unwrap();
        assert_eq!(text(&path, 4), Ok("abcd".into()));
        assert_eq!(text(&path, 3), Err(FileMistake::TooLarge(0)));
        assert_eq!(text(folder.path(), 4), Err(FileMistake::NotRegular));
        assert_eq!(bytes(Path::new("/dev/zero"), 4), Err(FileMistake::NotRegular));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_without_a_writer_does_not_hang() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_eq!(text(&path, 4), Err(FileMistake::NotRegular));
    }
}
