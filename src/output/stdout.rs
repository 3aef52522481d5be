//! What a run writes to standard output, masked.

use std::io::{self, StdoutLock, Write as _};

use crate::file::Unwritten;
use crate::output::{console, json, remarks};
use crate::report::Report;
use crate::settings::{Format, Settings};

/// Writes the report in the form that was asked for.
///
/// # Errors
/// When it cannot be written, unless nobody reads it.
pub fn show(report: &Report, settings: &Settings, unwritten: &[Unwritten]) -> io::Result<()> {
    match settings.console.format {
        // Piece by piece: of thousands of images it is larger than all that is known of them. A secret is never cut,
        // because no text of JSON goes beyond its line.
        Format::Json => to_stdout(|stdout| {
            let put = |lines: &str| stdout.write_all(settings.redactor.redact(lines).as_bytes());
            json::report(report, unwritten, put)
        }),
        Format::Human => {
            let next = remarks(report, settings, unwritten);
            let text = console::text(report, settings.console, unwritten, &next);
            say(&settings.redactor.redact(&text))
        }
    }
}

/// Writes a text.
///
/// # Errors
/// When it cannot be written, unless nobody reads it.
pub fn say(text: &str) -> io::Result<()> {
    to_stdout(|stdout| stdout.write_all(text.as_bytes()))
}

/// Writes to standard output. A reader that has gone away, or never was, changes nothing; a disk that is full
/// is another matter.
fn to_stdout(write: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Err(_) | Ok(()) => Ok(()),
    }
}
