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

/// The most rows. No row that was drawn has fewer than 40 bytes, so the rows of a whole file are fewer.
const MOST_ROWS: usize = 1_000_000;
/// The most cells of a row that are kept apart. A row of the board has [`HEADER`]'s.
const MOST_CELLS: usize = 64;

pub(super) fn table(body: &str) -> Result<Option<Table<'_>>, BoardError> {
    let is_row = |line: &&str| line.trim_start().starts_with('|');
    let length = |lines: &mut dyn Iterator<Item = &str>| lines.map(str::len).sum::<usize>();
    let lines = || body.split_inclusive('\n');
    let start = length(&mut lines().take_while(|line| !is_row(line)));
    let (_, rest) = body.split_at(start);
    if rest.is_empty() {
        return Ok(None);
    }
    // The lines behind the table are not kept: there can be millions.
    let mut table = rest.split_inclusive('\n').take_while(is_row);
    let (Some(names), Some(rule)) = (table.next(), table.next()) else {
        return Err(BoardError::Columns);
    };
    let rows: Vec<&str> = table.take(MOST_ROWS + 1).collect();
    let (before, rest) = body.split_at(start + names.len() + rule.len());
    let (_, after) = rest.split_at(length(&mut rows.iter().copied()));
    let is_rule = |line: &str| {
        cells(line)
            .iter()
            .all(|cell| !cell.is_empty() && cell.bytes().all(|byte| matches!(byte, b'-' | b':')))
    };
    // A second table behind the first one is not the board's, and would hide rows from it.
    let is_second = after.split_inclusive('\n').any(|line| is_row(&line));
    if cells(names) != HEADER || !is_rule(rule) || is_second || rows.len() > MOST_ROWS {
        return Err(BoardError::Columns);
    }
    Ok(Some(Table { before, rows, after }))
}

/// The cells of a table's row, as they are written; what is behind so many is one.
pub(super) fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, character) in line.char_indices() {
        if character == '|' && !escaped && cells.len() < MOST_CELLS {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_cells_and_rows_are_kept_than_a_board_has() {
        assert_eq!(cells(&"|".repeat(1_000_000)).len(), MOST_CELLS + 1);
        let head = format!("| {} |\n|{}\n", HEADER.join(" | "), "---|".repeat(HEADER.len()));
        let rows = |count: usize| table(&(head.clone() + &"|\n".repeat(count))).map(|_| ());
        assert_eq!((rows(MOST_ROWS), rows(MOST_ROWS + 1)), (Ok(()), Err(BoardError::Columns)));
    }
}
