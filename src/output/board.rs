//! The status board: a Markdown table between two markers, in a file that otherwise belongs to the team.
//!
//! Pure text in, text out. What stands outside the markers is never touched, and between them only the
//! rows of services that have a line in a status file: every other byte stays, line ends included.

use std::ops::Range;

use jiff::Timestamp;

use crate::output::instant;
use crate::output::status::{Light, ServiceLine};
use crate::secret::printable;

/// The line that opens the board.
pub const BEGIN: &str = "<!-- BEGIN verify-registry-image -->";

/// The line that closes it.
pub const END: &str = "<!-- END verify-registry-image -->";

/// What the rows are evidence of. It stands above the table when the board is made.
const EVIDENCE: &str = "GREEN: the registry served this image, whole, and it passed every check that applies to it. \
     RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.";

const HEADER: [&str; 8] =
    ["Environment", "Service", "Status", "Image", "Digest", "Since", "Last verified", "Pipeline"];

/// What stands in a cell of which nothing is known.
const NOTHING: &str = "–";

/// The status of a service whose line cannot be read.
const UNKNOWN: &str = "⚪ unknown";

/// One service in one environment, as its status file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRow {
    /// The environment: the status file's name.
    pub environment: String,
    /// The service.
    pub service: String,
    /// Its line in the status file; `None` where that cannot be read. Such a row is not added to a board, and
    /// one that stands there says so.
    pub line: Option<ServiceLine>,
    /// What stands in the last column.
    pub pipeline: Pipeline,
}

/// The pipeline of a row. A status file does not name it for each service, so it lives on the board alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pipeline {
    /// This run verified the service: the job's page, where there is one.
    This(Option<String>),
    /// Another run did: the link stays as long as the rest of the row does.
    Kept,
}

/// Why a board cannot be updated. The file is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
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
            Self::NoBegin | Self::NoEnd | Self::Reversed | Self::Doubled(_) => {
                "let each marker stand once, on a line of its own, the beginning first; \
                 or remove both and the board is added at the end"
            }
            Self::Columns => {
                "keep a table of your own outside the markers, or empty the space between them \
                 and the board is drawn anew"
            }
        }
    }
}

/// The board's file with `rows` brought up to date. A file without markers gets a board at its end.
///
/// # Errors
/// When the markers do not enclose one board.
pub fn updated(old: &str, rows: &[BoardRow]) -> Result<String, BoardError> {
    let Some(section) = section(old)? else { return Ok(appended(old, rows)) };
    let (before, rest) = old.split_at(section.start);
    let (body, after) = rest.split_at(section.len());
    let new = body_updated(body, rows, line_end(before))?;
    Ok([before, &new, after].concat())
}

/// What of `rows` does not stand on the board, a sentence each. Empty: the board is up to date.
///
/// # Errors
/// As [`updated`].
pub fn differences(board: &str, rows: &[BoardRow]) -> Result<Vec<String>, BoardError> {
    let Some(section) = section(board)? else {
        // Without a service that was verified there is nothing to draw.
        let missing = rows
            .iter()
            .any(|row| row.line.is_some())
            .then(|| "the board is not there yet".to_owned());
        return Ok(missing.into_iter().collect());
    };
    let body = board.get(section).unwrap_or_default();
    let standing: Vec<Vec<&str>> = match table(body)? {
        Some(table) => table.rows.iter().map(|line| cells(line)).collect(),
        None => Vec::new(),
    };
    let mut found = Vec::new();
    for row in rows {
        let BoardRow { environment, service, line, pipeline: _ } = row;
        let name = printable(&format!("{service} in {environment}"));
        let mut of_row = standing.iter().filter(|cells| row.is_in(cells));
        match (of_row.next(), of_row.next()) {
            (None, _) if line.is_none() => {}
            (None, _) => found.push(format!("{name} is not on the board")),
            (Some(_), Some(_)) => found.push(format!("{name} is on the board twice")),
            (Some(cells), None) if row.agrees_with(cells) => {}
            (Some(_), None) if line.is_none() => {
                found.push(format!("{name} is on the board, and its status line cannot be read"));
            }
            (Some(_), None) => found.push(format!("{name} is on the board as it was before")),
        }
    }
    for cells in standing.iter().filter(|cells| is_drawn(cells)) {
        if let [environment, service, ..] = cells.as_slice()
            && !rows.iter().any(|row| row.is_in(cells))
        {
            found.push(format!(
                "{service} in {environment} is on the board, and no status line speaks of it: \
                 verify it again, or remove its row"
            ));
        }
    }
    Ok(found)
}

/// Whether a row is one that this program has drawn with a light, as far as its cells tell.
fn is_drawn(cells: &[&str]) -> bool {
    let is_time = |cell: &str| cell == NOTHING || cell.parse::<Timestamp>().is_ok();
    let is_code = |cell: &str| cell == NOTHING || (cell.starts_with('`') && cell.ends_with('`'));
    let [_, _, status, image, digest, since, verified, _] = cells else { return false };
    [Light::Green, Light::Red].iter().any(|light| *status == sign(*light))
        && [image, digest].iter().all(|cell| is_code(cell))
        && [since, verified].iter().all(|cell| is_time(cell))
}

/// A light, as a cell.
fn sign(light: Light) -> String {
    let sign = match light {
        Light::Green => "🟢",
        Light::Red => "🔴",
    };
    format!("{sign} {}", light.word())
}

impl BoardRow {
    /// The cells, without the pipeline's.
    fn known(&self) -> [String; 7] {
        let Self { environment, service, line, pipeline: _ } = self;
        let Some(line) = line else {
            let nothing = || NOTHING.to_owned();
            return [
                text(environment),
                text(service),
                UNKNOWN.to_owned(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
            ];
        };
        let ServiceLine { light, reference, since, verified } = line;
        let (image, digest) = match reference.as_deref().map(|reference| reference.rsplit_once('@'))
        {
            Some(Some((image, digest))) => (code(image), code(digest)),
            Some(None) => (code(reference.as_deref().unwrap_or_default()), NOTHING.to_owned()),
            None => (NOTHING.to_owned(), NOTHING.to_owned()),
        };
        let [since, verified] =
            [since, verified].map(|time| time.map_or_else(|| NOTHING.to_owned(), instant));
        [text(environment), text(service), sign(*light), image, digest, since, verified]
    }

    /// The row's line, without its end.
    fn rendered(&self) -> String {
        let link = match &self.pipeline {
            // In angle brackets, so that a parenthesis in the address does not end it.
            Pipeline::This(Some(url)) => {
                format!("[job](<{}>)", printable(url).replace(['|', '<', '>'], ""))
            }
            Pipeline::This(None) | Pipeline::Kept => NOTHING.to_owned(),
        };
        format!("| {} | {link} |", self.known().join(" | "))
    }

    /// Whether a table's row is this one.
    fn is_in(&self, cells: &[&str]) -> bool {
        cells.first().copied() == Some(text(&self.environment).as_str())
            && cells.get(1).copied() == Some(text(&self.service).as_str())
    }

    /// Whether a table's row says the same; of the pipeline nothing is known here.
    fn agrees_with(&self, cells: &[&str]) -> bool {
        let known = self.known();
        cells.len() == HEADER.len() && known.iter().zip(cells).all(|(new, old)| new == old)
    }
}

/// Where the board's body is: behind the opening line, before the closing one.
fn section(file: &str) -> Result<Option<Range<usize>>, BoardError> {
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

/// The line end of a text: that of its last line that has one.
fn line_end(text: &str) -> &'static str {
    match text.rfind('\n') {
        Some(at) if text.get(..at).is_some_and(|before| before.ends_with('\r')) => "\r\n",
        Some(_) | None => "\n",
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
    lines.extend(rows.iter().filter(|row| row.line.is_some()).map(BoardRow::rendered));
    lines.push(String::new());
    lines.iter().flat_map(|line| [line.as_str(), end]).collect()
}

fn body_updated(body: &str, rows: &[BoardRow], end: &str) -> Result<String, BoardError> {
    let Some(table) = table(body)? else {
        // Whatever stands there without being a table is somebody's text.
        let kept = if body.trim().is_empty() { "" } else { body };
        return Ok(format!("{kept}{}", fresh(rows, end)));
    };
    let mut lines: Vec<(Option<&BoardRow>, String)> = Vec::new();
    for old in &table.rows {
        let cells = cells(old);
        let Some(row) = rows.iter().find(|row| row.is_in(&cells)) else {
            lines.push((None, (*old).to_owned()));
            continue;
        };
        if lines.iter().any(|(known, _)| *known == Some(row)) {
            continue;
        }
        let stays = row.pipeline == Pipeline::Kept && row.agrees_with(&cells);
        let line = if stays { (*old).to_owned() } else { row.rendered() + end };
        lines.push((Some(row), line));
    }
    for row in rows.iter().filter(|row| row.line.is_some()) {
        if lines.iter().any(|(known, _)| *known == Some(row)) {
            continue;
        }
        let environment = text(&row.environment);
        let last = lines
            .iter()
            .rposition(|(_, line)| cells(line).first().is_some_and(|cell| *cell == environment));
        lines.insert(last.map_or(lines.len(), |at| at + 1), (Some(row), row.rendered() + end));
    }
    let rows: String = lines.into_iter().map(|(_, line)| line).collect();
    Ok([table.before, &rows, table.after].concat())
}

/// A body around the rows of its table.
struct Table<'a> {
    /// Everything up to the first row: text, header and rule.
    before: &'a str,
    rows: Vec<&'a str>,
    /// Everything behind the last row.
    after: &'a str,
}

fn table(body: &str) -> Result<Option<Table<'_>>, BoardError> {
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
fn cells(line: &str) -> Vec<&str> {
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

/// A name in a cell: nothing in it is Markdown.
fn text(name: &str) -> String {
    let mut out = String::new();
    for character in printable(name).trim().chars() {
        match character {
            '\\' | '|' | '`' | '*' | '[' | ']' | '~' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            other => out.push(other),
        }
    }
    out
}

/// A reference or digest in a cell.
fn code(word: &str) -> String {
    // No real one holds these; a line that was edited by hand can.
    if word.is_empty() || word.contains(['`', '\\']) {
        return text(word);
    }
    format!("`{}`", printable(word).replace('|', "\\|"))
}

#[cfg(test)]
mod tests;
