//! Files that are written one after the other, with every secret masked; what could not be written is remembered.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::FileError;
use crate::secret::{Masking, Redactor};

/// An output that could not be written, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// Where it should have been written.
    pub path: PathBuf,
    /// Why it was not.
    pub message: String,
}

/// Writes one file after the other and remembers what went wrong.
#[derive(Debug)]
pub struct Writer<'a> {
    /// Knows every secret of the run.
    pub redactor: &'a Redactor,
    /// What could not be written.
    pub unwritten: Vec<Unwritten>,
    /// What the reader should know of what was written.
    pub notes: Vec<String>,
}

impl Writer<'_> {
    pub(crate) fn put(&mut self, path: &Path, text: &str) {
        let masked = self.redactor.redact(text);
        self.keep(path, super::replace(path, masked.as_bytes()));
    }

    /// Writes what `render` renders, piece by piece.
    pub(crate) fn put_by(
        &mut self,
        path: &Path,
        render: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result,
    ) {
        let redactor = self.redactor;
        let written = super::replace_by(path, |file| {
            let mut masking = Masking::new(redactor, file);
            let rendered = render(&mut masking);
            masking.finish(rendered)
        });
        self.keep(path, written);
    }

    /// Writes a file that others write to as well, which read `old` before, and which the next run reads if it has no
    /// more than `most` bytes.
    pub(crate) fn put_change(&mut self, path: &Path, old: &str, new: &str, most: u64) {
        let masked = masked_but(old, new, self.redactor);
        if masked.len() as u64 > most {
            return self.failed(path, FileError::TooLarge(most).to_string());
        }
        self.keep(path, super::replace(path, masked.as_bytes()));
    }

    pub(crate) fn keep(&mut self, path: &Path, result: Result<(), FileError>) {
        if let Err(error) = result {
            self.failed(path, error.to_string());
        }
    }

    pub(crate) fn failed(&mut self, path: &Path, message: String) {
        self.unwritten.push(Unwritten { path: path.to_owned(), message });
    }
}

/// `new` with every secret masked, but for the lines that stand in `old`: those are other people's.
fn masked_but(old: &str, new: &str, redactor: &Redactor) -> String {
    let theirs: HashSet<&str> = old.lines().collect();
    let mask = |line: &'_ str| {
        let is_theirs = line.lines().all(|line| theirs.contains(line));
        if is_theirs { line.to_owned() } else { redactor.redact(line).into_owned() }
    };
    new.split_inclusive('\n').map(mask).collect()
}
