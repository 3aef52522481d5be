//! What the program has to know of an output. Each output is one row, beside what renders it.

use std::fmt;

use crate::output::older::Older;
use crate::output::record::Record;
use crate::report::Report;
use crate::secret::Redactor;

/// An output that a run can write. How many images it takes and what it needs of them stands in
/// [`OUTPUT_OPTIONS`](crate::settings::OUTPUT_OPTIONS).
pub(super) struct Output {
    /// The long option that asks for it.
    pub(super) option: &'static str,
    /// What may be at its path before the run, and what becomes of that.
    pub(super) older: Older,
    /// What is written.
    pub(super) content: Content,
}

/// What an output holds.
pub(super) enum Content {
    /// A text about the whole run.
    Run(fn(&Report, &Context<'_>) -> Rendered),
    /// A text about the whole run that is written piece by piece.
    Long(fn(&Report, &Context<'_>, &mut dyn fmt::Write) -> fmt::Result),
    /// A text about the whole run and how it ended: whether every output was written, as far as is known. It is
    /// written again if one behind it could not be.
    Ending(fn(&Report, bool, &mut dyn fmt::Write) -> fmt::Result),
    /// The status folder of the config, which has files of its own.
    Status,
    /// The records of all VERIFIED images in one other form, to deploy from.
    Fragment(fn(&[Record]) -> Result<String, String>),
    /// The record of each VERIFIED image. A later answer's stays.
    Record,
}

impl Content {
    /// Whether something is deployed from it. Such files are written last, all or none.
    pub(super) fn is_deployable(&self) -> bool {
        matches!(self, Self::Fragment(_) | Self::Record)
    }
}

/// What a text about the run needs beside the report.
pub(super) struct Context<'a> {
    /// What JUnit names as `file`.
    pub(super) config_file: &'a str,
    /// What the reader should know of the outputs that are written already.
    pub(super) remarks: &'a [String],
    /// Knows every secret of the run.
    pub(super) redactor: &'a Redactor,
}

/// A text, `None` where this verdict has none, or why it cannot be written.
pub(super) type Rendered = Result<Option<String>, String>;
