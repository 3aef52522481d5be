//! `<environment>.status`: flat `key: value` lines, as teams keep them by hand, and the gate's own among them.
//!
//! The gate owns `status`, `last_updated`, `notes` and one `image.<service>` line a service; every other
//! line is kept byte for byte. Reading is tolerant, because people edit these files.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::output::instant;
use crate::report::{ImageReport, Verdict};
use crate::secret::{Redactor, printable};

pub mod flat;
mod line;

use line::Line;

/// No status file is larger.
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// The most characters of `notes`.
const MOST_NOTES: usize = 400;

/// How far ahead of this machine's clock a standing time may be and still be believed. Clocks differ by
/// seconds; what is further ahead was written by hand or by a broken clock, and would stand there for ever.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

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

/// One service's line: `GREEN <reference> since <time> verified <time>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceLine {
    /// How the last decided verification ended.
    pub light: Light,
    /// The image: with tag and digest, where one was seen. `None` where the line holds no reference.
    pub reference: Option<String>,
    /// Since when the light and the reference have been these.
    pub since: Option<Timestamp>,
    /// When that was last verified.
    pub verified: Option<Timestamp>,
}

impl ServiceLine {
    /// Reads a line's value. `None` where no light can be made out.
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace().filter(|word| !matches!(*word, "🟢" | "🔴"));
        let light = match words.next()?.to_ascii_uppercase().as_str() {
            "GREEN" => Light::Green,
            "RED" => Light::Red,
            _ => return None,
        };
        let mut line = Self { light, reference: None, since: None, verified: None };
        while let Some(word) = words.next() {
            match word {
                "since" => line.since = words.next().and_then(|time| time.parse().ok()),
                "verified" => line.verified = words.next().and_then(|time| time.parse().ok()),
                reference if line.reference.is_none() => line.reference = Some(reference.into()),
                _ => {}
            }
        }
        Some(line)
    }

    /// What a decided verification says of a service.
    fn of(image: &ImageReport) -> Option<Self> {
        let light = Light::of(image.verdict())?;
        let reference = &image.request.reference;
        let tag = reference.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = match &image.facts {
            Some(facts) => format!("@{}", facts.digest),
            None => String::new(),
        };
        Some(Self {
            light,
            reference: Some(format!("{}{tag}{digest}", reference.name())),
            since: Some(image.verified_at),
            verified: Some(image.verified_at),
        })
    }

    /// Whether it was verified later than `new`; of two in one second the red one counts.
    fn outlives(&self, new: &Self) -> bool {
        let second = |line: &Self| line.verified.map(Timestamp::as_second);
        match (second(self), second(new)) {
            (Some(standing), Some(new)) if standing > new => true,
            (Some(standing), Some(second)) if standing == second => {
                self.light == Light::Red && new.light == Light::Green
            }
            (_, _) => false,
        }
    }

    /// With the older line's `since`, where nothing has changed since then.
    fn after(self, older: Option<&Self>) -> Self {
        match older {
            Some(Self { light, reference, since: Some(since), verified: _ })
                if *light == self.light && *reference == self.reference =>
            {
                Self { since: Some(*since), ..self }
            }
            Some(_) | None => self,
        }
    }
}

impl fmt::Display for ServiceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { light, reference, since, verified } = self;
        f.write_str(light.word())?;
        if let Some(reference) = reference {
            write!(f, " {reference}")?;
        }
        for (label, time) in [("since", since), ("verified", verified)] {
            if let Some(time) = time {
                write!(f, " {label} {}", instant(*time))?;
            }
        }
        Ok(())
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
        for line in Line::all(text) {
            let Some(key) = line.key() else { continue };
            let value = line.value();
            match key {
                "status" => file.status = Some(value),
                "last_updated" => file.last_updated = Some(value),
                "notes" => file.notes = Some(value),
                _ => {
                    if let Some(service) = key.strip_prefix(IMAGE) {
                        file.take(service, ServiceLine::parse(&value));
                    }
                }
            }
        }
        file
    }

    fn take(&mut self, service: &str, line: Option<ServiceLine>) {
        let standing = self.services.iter().position(|(name, _)| name == service);
        self.unreadable.retain(|name| name != service);
        match (standing.and_then(|at| self.services.get_mut(at)), line) {
            (Some((_, older)), Some(line)) => *older = line,
            (None, Some(line)) => self.services.push((service.to_owned(), line)),
            (_, None) => {
                self.services.retain(|(name, _)| name != service);
                self.unreadable.push(service.to_owned());
            }
        }
    }

    /// Whether any line in it is the gate's, readable or not.
    pub fn has_services(&self) -> bool {
        !(self.services.is_empty() && self.unreadable.is_empty())
    }

    /// The line of one service.
    pub fn service(&self, name: &str) -> Option<&ServiceLine> {
        self.services.iter().find(|(service, _)| service == name).map(|(_, line)| line)
    }

    /// What the service lines say of the whole environment; `None` where they do not decide it.
    fn light(&self, services: &[String]) -> Option<Light> {
        let green = |line: &ServiceLine| line.light == Light::Green;
        if self.services.iter().any(|(_, line)| line.light == Light::Red) {
            return Some(Light::Red);
        }
        let all = services.iter().all(|name| self.service(name).is_some_and(green));
        (all && !self.services.is_empty()).then_some(Light::Green)
    }
}

/// The status file after a run, and what the reader should know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Updated {
    /// The file's text.
    pub text: String,
    /// The services whose standing line was verified later than this run's answer, and stays.
    pub kept: Vec<String>,
    /// A sentence for each line that stays, and for each that was not believed.
    pub notes: Vec<String>,
}

/// The status file after a run.
///
/// `images` are those of `environment`; undecided ones change nothing, and where all are undecided the
/// text comes back as it was. `services` are those of the config, `clock` is the time of writing: runs side
/// by side do not end in the order in which they asked. `job_url` is named in `notes`.
pub fn updated(
    old: &str,
    environment: &str,
    images: &[&ImageReport],
    services: &[String],
    clock: Timestamp,
    job_url: Option<&str>,
    redactor: &Redactor,
) -> Updated {
    let was_empty = old.trim().is_empty();
    let fresh = format!(
        "# {environment}: which images are in the registry, not what runs; kept by verify-registry-image\n\
         status: \nlast_updated: \nhealth_check: N/A\ne2e_tests: N/A\nnotes: \n"
    );
    let before = StatusFile::parse(old);
    let mut result = Updated::default();
    let mut written = decided(images);
    for (_, line) in &mut written {
        line.reference = line.reference.take().filter(|text| !redactor.finds_in(text));
    }
    written.retain(|(image, line)| {
        let name = &image.request.service.name;
        let Some(standing) = before.service(name).filter(|standing| standing.outlives(line)) else {
            return true;
        };
        let (stands, comes) = (dated(standing), dated(line));
        let place = format!("`{IMAGE}{name}` in `{environment}.status`");
        if is_ahead(standing, line, clock) {
            let now = instant(clock);
            result.notes.push(format!(
                "{place} said {} {}, ahead of this machine's clock ({now}): it was not believed, and is now {} {}",
                stands.0, stands.1, comes.0, comes.1
            ));
            return true;
        }
        let why = if stands.1 == comes.1 { "of the same second, and RED counts" } else { "older" };
        result.notes.push(format!(
            "{place} stays {} {}: this run's answer, {} {}, is {why}",
            stands.0, stands.1, comes.0, comes.1
        ));
        result.kept.push(name.clone());
        false
    });
    if written.is_empty() {
        old.clone_into(&mut result.text);
        return result;
    }
    let mut text = if was_empty { fresh } else { old.to_owned() };
    for (image, line) in &written {
        let service = image.request.service.name.as_str();
        let line = line.clone().after(before.service(service));
        text = line::set(&text, &format!("{IMAGE}{service}"), &line.to_string(), true);
    }
    let light = StatusFile::parse(&text).light(services);
    text = match light {
        Some(light) => line::set(&text, "status", light.word(), false),
        None if was_empty => text.replacen("status: \n", "", 1),
        None => text,
    };
    let standing: Option<Timestamp> = before.last_updated.and_then(|time| time.parse().ok());
    let answers = written.iter().map(|(image, _)| image.verified_at);
    if let Some(latest) = answers.chain(standing.filter(|time| is_believed(*time, clock))).max() {
        text = line::set(&text, "last_updated", &instant(latest), false);
    }
    result.text = line::set(&text, "notes", &notes(&written, job_url), true);
    result
}

fn is_believed(time: Timestamp, clock: Timestamp) -> bool {
    time.duration_since(clock) <= AHEAD
}

/// Whether a standing line is of a clock that is fast: too far ahead to be believed, or a GREEN that would
/// stay above a RED by any lead at all.
fn is_ahead(standing: &ServiceLine, new: &ServiceLine, clock: Timestamp) -> bool {
    let is_over = standing.light == Light::Green && new.light == Light::Red;
    standing.verified.is_none_or(|time| !is_believed(time, clock) || is_over && time > clock)
}

/// A line's light and the time of its answer, for a sentence.
fn dated(line: &ServiceLine) -> (&'static str, String) {
    let verified = line.verified.map(|time| format!("verified {}", instant(time)));
    (line.light.word(), verified.unwrap_or_default())
}

/// The decided images, one a service: the worst of it, then the first.
fn decided<'a>(images: &[&'a ImageReport]) -> Vec<(&'a ImageReport, ServiceLine)> {
    let mut decided: Vec<(&ImageReport, ServiceLine)> = Vec::new();
    for image in images {
        let Some(line) = ServiceLine::of(image) else { continue };
        let name = &image.request.service.name;
        match decided.iter_mut().find(|(other, _)| other.request.service.name == *name) {
            None => decided.push((image, line)),
            Some(other) if other.1.light == Light::Green && line.light == Light::Red => {
                *other = (image, line);
            }
            Some(_) => {}
        }
    }
    decided
}

/// What the last run found, and which job it was. It speaks of the registry, and of nothing that runs.
fn notes(decided: &[(&ImageReport, ServiceLine)], job_url: Option<&str>) -> String {
    let mut said: Vec<String> = Vec::new();
    let green: Vec<_> = decided
        .iter()
        .filter(|(_, line)| line.light == Light::Green)
        .map(|(image, _)| image.request.service.name.as_str())
        .collect();
    for (image, _) in decided {
        if let Some((_, finding)) = image.deciding() {
            let name = &image.request.service.name;
            said.push(format!("{name}: {} ({})", finding.message, finding.reason));
        }
    }
    if !green.is_empty() {
        said.push(format!("verified in the registry: {}", green.join(", ")));
    }
    let text = printable(&said.join("; "));
    let short: String = text.chars().take(MOST_NOTES).collect();
    let more = if text.chars().nth(MOST_NOTES).is_some() { "…" } else { "" };
    let by = job_url.map(|url| format!("; by {url}")).unwrap_or_default();
    format!("{short}{more}{by}")
}

#[cfg(test)]
mod tests;
