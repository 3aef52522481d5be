//! One row of the board: a service in an environment, in cells that fit on a page of GitHub's side by side.

use jiff::Timestamp;

use super::{HEADER, Light, NOTHING, ServiceLine};
use crate::document::instant;
use crate::oci::Digest;
use crate::secret::printable;

/// The status of a service whose line cannot be read.
const UNKNOWN: &str = "⚪ unknown";

/// Where a cell goes on with a second line. The widths of the columns are what makes *Pipeline* fit on the page, and a
/// browser would break a digest or a date at its hyphens.
const BREAK: &str = "<br>";

/// One service in one environment, as its status file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRow {
    /// The environment: the status file's name.
    pub environment: String,
    /// The service.
    pub service: String,
    /// Its line in the status file; `None` where that cannot be read. Such a row is not added to a board, and
    /// one that is there says so.
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

impl BoardRow {
    /// The environment and the service, as their cells have them.
    pub(super) fn name(&self) -> (String, String) {
        (text(&self.environment), text(&self.service))
    }

    /// Where the row stands: red ones first.
    pub(super) fn rank(&self) -> u8 {
        match self.line.as_ref().map(|line| line.light) {
            Some(Light::Red) => 0,
            None => 1,
            Some(Light::Green) => 2,
        }
    }

    /// The cells, without the pipeline's.
    fn known(&self) -> [String; 6] {
        let (environment, service) = self.name();
        let nothing = || NOTHING.to_owned();
        let Some(line) = &self.line else {
            return [environment, service, UNKNOWN.to_owned(), nothing(), nothing(), nothing()];
        };
        let ServiceLine { light, reference, since, verified, reason } = line;
        let reason = reason.as_ref().filter(|_| *light == Light::Red);
        let status = match reason {
            Some(reason) => format!("{}{BREAK}{}", sign(*light), text(reason)),
            None => sign(*light).to_owned(),
        };
        let image = reference.as_deref();
        let image = image.map_or_else(nothing, |reference| self::image(reference, &self.service));
        let [since, verified] = [since, verified].map(|time| time.map_or_else(nothing, moment));
        [environment, service, status, image, since, verified]
    }

    /// The row's line, without its end.
    pub(super) fn rendered(&self) -> String {
        let link = match &self.pipeline {
            // In angle brackets, so that a parenthesis in the address does not end it.
            Pipeline::This(Some(url)) => {
                format!("[job](<{}>)", printable(url).replace(['|', '<', '>'], ""))
            }
            Pipeline::This(None) | Pipeline::Kept => NOTHING.to_owned(),
        };
        format!("| {} | {link} |", self.known().join(" | "))
    }

    /// Whether a table's row says the same; of the pipeline nothing is known here.
    pub(super) fn agrees_with(&self, cells: &[&str]) -> bool {
        let known = self.known();
        cells.len() == HEADER.len() && known.iter().zip(cells).all(|(new, old)| new == old)
    }
}

/// The environment and the service of a table's row.
pub(super) fn name<'a>(cells: &[&'a str]) -> Option<(&'a str, &'a str)> {
    match cells {
        [environment, service, ..] => Some((environment, service)),
        [] | [_] => None,
    }
}

/// Whether a row is one that this program has drawn, as far as its cells tell.
pub(super) fn is_drawn(cells: &[&str]) -> bool {
    let [_, _, status, image, since, verified, _] = cells else { return false };
    let status = status.split(BREAK).next().unwrap_or_default();
    let is_time =
        |cell: &str| cell == NOTHING || cell.replace(BREAK, "T").parse::<Timestamp>().is_ok();
    [sign(Light::Green), sign(Light::Red), UNKNOWN].contains(&status)
        && (*image == NOTHING || image.starts_with('`'))
        && [since, verified].iter().all(|cell| is_time(cell))
}

/// Where a row that was drawn earlier stands.
pub(super) fn rank_of(cells: &[&str]) -> u8 {
    match cells.get(2) {
        Some(status) if status.starts_with(sign(Light::Red)) => 0,
        Some(status) if status.starts_with(sign(Light::Green)) => 2,
        Some(_) | None => 1,
    }
}

/// A light, as a cell.
fn sign(light: Light) -> &'static str {
    match light {
        Light::Green => "🟢 GREEN",
        Light::Red => "🔴 RED",
    }
}

/// An image: its tag, below that its short digest; before the tag the last part of its repository, unless that is the
/// service's name. The whole reference stands in the status file.
fn image(reference: &str, service: &str) -> String {
    let (name, digest) = match reference.rsplit_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = last.strip_prefix(service).and_then(|rest| rest.strip_prefix(':'));
    let name = code(tag.unwrap_or(last));
    match digest {
        Some(digest) => {
            let short =
                digest.parse().map_or_else(|_| digest.to_owned(), |digest: Digest| digest.short());
            format!("{name}{BREAK}{}", code(&short))
        }
        None => name,
    }
}

/// A time, as a cell: the date above the time of day.
fn moment(time: Timestamp) -> String {
    instant(time).replacen('T', BREAK, 1)
}

/// A name in a cell: nothing in it is Markdown.
pub(super) fn text(name: &str) -> String {
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
    let word = printable(word).replace(['`', '\\'], "?").replace('|', "\\|");
    if word.trim().is_empty() { "`?`".to_owned() } else { format!("`{word}`") }
}
