//! The status board: a Markdown table between two markers, in a file that otherwise belongs to the team.
//!
//! Pure text in, text out. The rows are drawn from the status files, red ones first; rows that people added keep
//! their bytes and stand below them. What stands outside the table is never touched.

use std::collections::{HashMap, HashSet};

use crate::status::{Light, ServiceLine};

mod row;
mod table;

pub use row::{BoardRow, Pipeline};
pub use table::BoardError;

use table::{Table, cells, line_end, section, table};

/// The line that opens the board.
pub const BEGIN: &str = "<!-- BEGIN verify-registry-image -->";

/// The line that closes it.
pub const END: &str = "<!-- END verify-registry-image -->";

/// No board is larger, and none is written that is: what one run writes, the next one reads.
pub const MOST_BYTES: u64 = 32 << 20;

/// What the rows are evidence of. It stands above the table when the board is made.
const EVIDENCE: &str = "GREEN: the registry served this image, whole, and it passed every check that applies to it. \
     RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.";

const HEADER: [&str; 7] =
    ["Environment", "Service", "Status", "Image", "Since", "Verified", "Pipeline"];

/// What stands in a cell of which nothing is known.
const NOTHING: &str = "–";

/// A board after a drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The file's text.
    pub text: String,
    /// The environment and the service of each row that was taken off, because no status line supports it.
    pub removed: Vec<(String, String)>,
}

/// Proves that a file has one board or none.
///
/// # Errors
/// When it cannot be drawn on.
pub fn prove(old: &str) -> Result<(), BoardError> {
    let Some(section) = section(old)? else { return Ok(()) };
    table(old.get(section).unwrap_or_default()).map(|_| ())
}

/// The board's file with `rows` on it. A file without markers gets a board at its end, unless there is no row to
/// draw. Rows of the environments `unread` stay as they are, for nothing is known of their status files; `None`: those of
/// every environment that has no row here.
///
/// # Errors
/// When the markers do not enclose one board.
pub fn drawn(old: &str, rows: &[BoardRow], unread: Option<&[&str]>) -> Result<Drawn, BoardError> {
    let Some(section) = section(old)? else {
        let is_empty = rows.iter().all(|row| row.line.is_none());
        let text = if is_empty { old.to_owned() } else { appended(old, rows) };
        return Ok(Drawn { text, removed: Vec::new() });
    };
    let (before, rest) = old.split_at(section.start);
    let (body, after) = rest.split_at(section.len());
    let (new, removed) = body_drawn(body, rows, unread, line_end(before))?;
    Ok(Drawn { text: [before, &new, after].concat(), removed })
}

/// A board at the end of a file. A file without a newline at its end gets none.
fn appended(old: &str, rows: &[BoardRow]) -> String {
    let end = line_end(old);
    let board = format!("{BEGIN}{end}{}{END}", fresh(rows, end));
    if old.trim_start_matches('\u{feff}').trim().is_empty() {
        return format!("{old}{board}{end}");
    }
    if old.ends_with('\n') {
        let gap = if old.ends_with(&end.repeat(2)) { "" } else { end };
        format!("{old}{gap}{board}{end}")
    } else {
        format!("{old}{end}{end}{board}")
    }
}

/// A whole body: what it is evidence of, and the table.
fn fresh(rows: &[BoardRow], end: &str) -> String {
    let mut lines = vec![
        String::new(),
        EVIDENCE.to_owned(),
        String::new(),
        // A formatter would pad every cell, and each update would touch all rows.
        "<!-- prettier-ignore -->".to_owned(),
        format!("| {} |", HEADER.join(" | ")),
        format!("|{}", " --- |".repeat(HEADER.len())),
    ];
    let mut rows: Vec<&BoardRow> = rows.iter().filter(|row| row.line.is_some()).collect();
    rows.sort_by_key(|row| row.rank());
    lines.extend(rows.into_iter().map(BoardRow::rendered));
    lines.push(String::new());
    lines.iter().flat_map(|line| [line.as_str(), end]).collect()
}

type Removed = Vec<(String, String)>;

fn body_drawn(
    body: &str,
    rows: &[BoardRow],
    unread: Option<&[&str]>,
    end: &str,
) -> Result<(String, Removed), BoardError> {
    let Some(Table { before, rows: old, after }) = table(body)? else {
        // Whatever is there without being a table is a person's text.
        let kept = if body.trim().is_empty() { "" } else { body };
        return Ok((format!("{kept}{}", fresh(rows, end)), Vec::new()));
    };
    let names: Vec<(String, String)> = rows.iter().map(BoardRow::name).collect();
    let known: HashMap<(&str, &str), &BoardRow> =
        names.iter().map(|(environment, service)| (&**environment, &**service)).zip(rows).collect();
    let unread: Option<HashSet<String>> =
        unread.map(|unread| unread.iter().map(|environment| row::text(environment)).collect());
    let mut standing: HashMap<(&str, &str), &str> = HashMap::new();
    let mut lines: Vec<(u8, String)> = Vec::new();
    let mut theirs: Vec<&str> = Vec::new();
    let mut removed = Vec::new();
    for line in old {
        let cells = cells(line);
        let name = row::name(&cells);
        if name.is_some_and(|name| known.contains_key(&name)) {
            standing.extend(name.map(|name| (name, line)));
        } else if !row::is_drawn(&cells) {
            theirs.push(line);
        } else if let Some((environment, service)) = name {
            if unread.as_ref().is_none_or(|unread| unread.contains(environment)) {
                lines.push((row::rank_of(&cells), line.to_owned()));
            } else {
                removed.push((environment.to_owned(), service.to_owned()));
            }
        }
    }
    for (row, (environment, service)) in rows.iter().zip(&names) {
        let standing = standing.get(&(environment.as_str(), service.as_str()));
        let line = match standing {
            // A line that cannot be read, and was never drawn.
            None if row.line.is_none() => continue,
            Some(line) if row.pipeline == Pipeline::Kept && row.agrees_with(&cells(line)) => {
                (*line).to_owned()
            }
            Some(_) | None => row.rendered() + end,
        };
        lines.push((row.rank(), line));
    }
    lines.sort_by_key(|(rank, _)| *rank);
    let drawn: String = lines.iter().map(|(_, line)| line.as_str()).chain(theirs).collect();
    Ok(([before, &drawn, after].concat(), removed))
}

#[cfg(test)]
mod tests;
