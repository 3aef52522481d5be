//! Where the board is in its file, and what its table holds.

use std::ops::Range;

use super::{BEGIN, END, HEADER};
use crate::status::conflict::{self, Conflict};

/// Why a board cannot be drawn. The file is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// Two people changed it, and nobody has decided between them.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// An end without a beginning.
    #[error("it holds the line `{END}` and no line `{BEGIN}`")]
    NoBegin,
    /// A beginning without an end.
    #[error("it holds the line `{BEGIN}` and no line `{END}`")]
    NoEnd,
    /// The end comes first.
    #[error("its line `{END}` stands before `{BEGIN}`")]
    Reversed,
    /// There are two boards, and one of them would be left behind.
    #[error("it holds the line `{0}` more than once")]
    Doubled(&'static str),
    /// A table of another shape stands between the markers.
    #[error("the table between its markers has other columns than the board's")]
    Columns,
}

impl BoardError {
    /// What to do next.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Conflict(_) => conflict::HINT,
            Self::NoBegin | Self::NoEnd | Self::Reversed | Self::Doubled(_) => {
                "let each marker stand once, on a line of its own, the beginning first; \
                 or remove both and the board is added at the end"
            }
            Self::Columns => {
                "keep a table of your own outside the markers, or remove everything between them \
                 and draw the board with `verify-registry-image --draw-status`"
            }
        }
    }
}

/// Where the board's body is: behind the opening line, before the closing one.
pub(super) fn section(file: &str) -> Result<Option<Range<usize>>, BoardError> {
    conflict::none_in(file)?;
    let (mut begins, mut ends) = (Vec::new(), Vec::new());
    let mut at = 0;
    for line in file.split_inclusive('\n') {
        match line.trim_start_matches('\u{feff}').trim() {
            BEGIN => begins.push(at + line.len()),
            END => ends.push(at),
            _ => {}
        }
        at += line.len();
    }
    match (begins.as_slice(), ends.as_slice()) {
        ([], []) => Ok(None),
        ([begin], [end]) if begin <= end => Ok(Some(*begin..*end)),
        ([_], [_]) => Err(BoardError::Reversed),
        ([], _) => Err(BoardError::NoBegin),
        (_, []) => Err(BoardError::NoEnd),
        ([_, _, ..], _) => Err(BoardError::Doubled(BEGIN)),
        (_, [_, _, ..]) => Err(BoardError::Doubled(END)),
    }
}

/// The line end of a text: that of its last line that has one.
pub(super) fn line_end(text: &str) -> &'static str {
    match text.rfind('\n') {
        Some(at) if text.get(..at).is_some_and(|before| before.ends_with('\r')) => "\r\n",
        Some(_) | None => "\n",
    }
}

/// A body around the rows of its table.
pub(super) struct Table<'a> {
    /// Everything up to the first row: text, header and rule.
    pub(super) before: &'a str,
    pub(super) rows: Vec<&'a str>,
    /// Everything behind the last row.
    pub(super) after: &'a str,
}

pub(super) fn table(body: &str) -> Result<Option<Table<'_>>, BoardError> {
    let lines: Vec<&str> = body.split_inclusive('\n').collect();
    let is_row = |line: &&str| line.trim_start().starts_with('|');
    let Some(header) = lines.iter().position(is_row) else { return Ok(None) };
    let (head, rest) = lines.split_at(header);
    let count = rest.iter().take_while(|line| is_row(line)).count();
    let (table, behind) = rest.split_at(count);
    let is_rule = |line: &str| {
        cells(line)
            .iter()
            .all(|cell| !cell.is_empty() && cell.bytes().all(|byte| matches!(byte, b'-' | b':')))
    };
    let [names, rule, rows @ ..] = table else { return Err(BoardError::Columns) };
    // A second table behind the first one is not the board's, and would hide rows from it.
    if cells(names) != HEADER || !is_rule(rule) || behind.iter().any(is_row) {
        return Err(BoardError::Columns);
    }
    let start = head.iter().chain([names, rule]).map(|line| line.len()).sum();
    let length = rows.iter().map(|line| line.len()).sum();
    let (before, rest) = body.split_at(start);
    let (_, after) = rest.split_at(length);
    Ok(Some(Table { before, rows: rows.to_vec(), after }))
}

/// The cells of a table's row, as they are written.
pub(super) fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, character) in line.char_indices() {
        if character == '|' && !escaped {
            cells.push(line.get(start..at).unwrap_or_default().trim());
            start = at + 1;
        }
        escaped = character == '\\' && !escaped;
    }
    let last = line.get(start..).unwrap_or_default().trim();
    if !last.is_empty() {
        cells.push(last);
    }
    cells
}
