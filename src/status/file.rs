//! `<environment>.status`: flat `key: value` lines, as teams keep them by hand, and the gate's own among them.
//!
//! The gate owns `status`, `last_updated`, `notes` and one `image.<service>` line a service; every other
//! line is kept byte for byte. Reading is tolerant, because people edit these files.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::report::Verdict;

pub mod flat;
mod line;
mod notes;
mod service;
mod update;

pub use service::ServiceLine;
pub use update::{AHEAD, Update, Updated, without_those_that_left};

use line::Line;

/// No status file is larger, and none is written that is: what one run writes, the next one reads. A config of
/// 64 KiB names about 8,000 services, and a line of a service has some 250 bytes.
pub const MOST_BYTES: u64 = 8 << 20;

/// The prefix of a service's key.
const IMAGE: &str = "image.";

/// The status file of an environment.
pub fn path(directory: &Path, environment: &str) -> PathBuf {
    directory.join(format!("{environment}.status"))
}

/// The two colours of the gate. An environment may have others, which people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// The image was verified.
    Green,
    /// The image is missing, broken or another one.
    Red,
}

impl Light {
    /// The word that stands in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Green => "GREEN",
            Self::Red => "RED",
        }
    }

    /// The light of a verdict; an undecided one has none.
    pub fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Verified => Some(Self::Green),
            Verdict::Failed => Some(Self::Red),
            Verdict::Undecided | Verdict::Refused => None,
        }
    }
}

/// A status file, as far as it can be understood. Of a key that stands twice the last one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusFile {
    /// `status`, as it is written: GREEN, RED, or a word of the team's own.
    pub status: Option<String>,
    /// `last_updated`, as it is written.
    pub last_updated: Option<String>,
    /// `notes`.
    pub notes: Option<String>,
    /// The `image.<service>` lines that can be read, in the order of the file.
    pub services: Vec<(String, ServiceLine)>,
    /// The services whose line cannot be read: nothing is known of them.
    pub unreadable: Vec<String>,
}

impl StatusFile {
    /// Reads a status file. Lines that are not understood are passed over.
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut lines: Vec<(&str, Option<ServiceLine>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for line in Line::all(text) {
            let Some(key) = line.key() else { continue };
            let value = line.value();
            match (key, key.strip_prefix(IMAGE)) {
                ("status", _) => file.status = Some(value),
                ("last_updated", _) => file.last_updated = Some(value),
                ("notes", _) => file.notes = Some(value),
                (_, Some(service)) => {
                    let place = *places.entry(service).or_insert(lines.len());
                    let read = (service, ServiceLine::parse(&value));
                    match lines.get_mut(place) {
                        Some(earlier) => *earlier = read,
                        None => lines.push(read),
                    }
                }
                (_, None) => {}
            }
        }
        for (service, line) in lines {
            match line {
                Some(line) => file.services.push((service.to_owned(), line)),
                None => file.unreadable.push(service.to_owned()),
            }
        }
        file
    }

    /// Whether any line in it is the gate's, readable or not.
    pub fn has_services(&self) -> bool {
        !(self.services.is_empty() && self.unreadable.is_empty())
    }

    /// Takes out the lines of services that the config does not have. They come back, in the order of the file.
    pub fn retain(&mut self, services: &[String]) -> Vec<(String, ServiceLine)> {
        if services.is_empty() {
            // A config that names no services has none that could have left it.
            return Vec::new();
        }
        let known: HashSet<&str> = services.iter().map(String::as_str).collect();
        let (stay, left) = std::mem::take(&mut self.services)
            .into_iter()
            .partition(|(name, _)| known.contains(name.as_str()));
        self.services = stay;
        self.unreadable.retain(|name| known.contains(name.as_str()));
        left
    }

    /// The line of one service.
    pub fn service(&self, name: &str) -> Option<&ServiceLine> {
        self.services.iter().find(|(service, _)| service == name).map(|(_, line)| line)
    }

    /// What the lines say of the whole environment, where they are those of `services` alone; `None` where they do
    /// not decide it.
    fn light(&self, services: &[String]) -> Option<Light> {
        if self.services.iter().any(|(_, line)| line.light == Light::Red) {
            return Some(Light::Red);
        }
        let known: HashSet<&str> = self.services.iter().map(|(name, _)| name.as_str()).collect();
        let all = services.iter().all(|name| known.contains(name.as_str()));
        (all && !known.is_empty() && self.unreadable.is_empty()).then_some(Light::Green)
    }
}

/// The file's text with one service's line set. `None` where it is no text that the gate changes.
#[cfg(any(test, fuzzing))]
pub(crate) fn with_line(text: &str, service: &str, line: &ServiceLine) -> Option<String> {
    flat::prove(text, [service]).ok()?;
    let change = line::Change::Quote(line.to_string());
    Some(line::changed(text, &[(format!("{IMAGE}{service}"), change)]))
}

#[cfg(test)]
mod tests;
