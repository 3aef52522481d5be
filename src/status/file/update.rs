//! The status file after a run: which lines change, which stay, and what the reader should know of it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::line::{self, Change};
use super::{IMAGE, Light, ServiceLine, StatusFile, notes};
use crate::document::instant;
use crate::report::ImageReport;
use crate::secret::{Redactor, printable};

/// How far ahead of this machine's clock a standing time may be and still be believed. Clocks differ by
/// seconds; what is further ahead was written by hand or by a broken clock, and would stay for ever.
pub const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// The most characters of a replaced text that a note repeats.
const MOST_REPEATED: usize = 300;

/// The lines of the config's services as they are in the file, by name.
type Standing<'a> = HashMap<&'a str, &'a ServiceLine>;

/// What a run has to say of one environment.
#[derive(Clone, Copy)]
pub struct Update<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Its images. Undecided ones change nothing.
    pub images: &'a [&'a ImageReport],
    /// The services of the config. Lines of others are taken out, unless the config names none at all.
    pub services: &'a [String],
    /// The time of writing: runs side by side do not end in the order in which they asked.
    pub clock: Timestamp,
    /// The job, which `notes` names.
    pub job_url: Option<&'a str>,
    /// What CircleCI said of an image.
    pub diagnosis: &'a dyn Fn(&ImageReport) -> Option<String>,
    /// Knows every secret of the run.
    pub redactor: &'a Redactor,
    /// Says that a record holds a later answer for an image, where one does.
    pub overtaken: &'a dyn Fn(&ImageReport) -> Option<String>,
}

/// The status file after a run, and what the reader should know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Updated {
    /// The file's text.
    pub text: String,
    /// The services whose line is not this run's, because a later answer stands, and a sentence each.
    pub kept: Vec<(String, String)>,
    /// The services that left the config, whose lines were removed.
    pub left: Vec<String>,
    /// A sentence for each line of others that was changed, and for each that was not believed.
    pub notes: Vec<String>,
}

impl Update<'_> {
    /// The status file after the run. Where nothing was decided, or a later answer stands for everything that was,
    /// the text comes back as it was.
    pub fn of(&self, old: &str) -> Updated {
        let mut before = StatusFile::parse(old);
        let left = before.retain(self.services);
        let mut result = Updated::default();
        let standing: Standing<'_> =
            before.services.iter().map(|(name, line)| (name.as_str(), line)).collect();
        let written = self.written(&standing, &mut result);
        if written.is_empty() {
            old.clone_into(&mut result.text);
            return result;
        }
        let mut changes = Vec::new();
        for (image, line) in &written {
            let service = image.request.service.name.as_str();
            let line = line.clone().after(standing.get(service).copied());
            changes.push((format!("{IMAGE}{service}"), Change::Quote(line.to_string())));
        }
        changes.extend(removals(&left));
        let was_empty = old.trim().is_empty();
        let fresh = format!(
            "# {}: which images are in the registry, not what runs; kept by verify-registry-image\n\
             status: \nlast_updated: \nhealth_check: N/A\ne2e_tests: N/A\nnotes: \n",
            self.environment
        );
        let text = line::changed(if was_empty { &fresh } else { old }, &changes);
        let mut changes = Vec::new();
        match light(&text, self.services) {
            Some(light) => changes.push(("status".to_owned(), Change::Set(light.word().into()))),
            None if was_empty => changes.push(("status".to_owned(), Change::Remove)),
            None => {}
        }
        let latest = self.latest(&written, before.last_updated.as_deref());
        changes.extend(latest.map(|time| ("last_updated".to_owned(), Change::Set(instant(time)))));
        let said = notes::text(&written, self.job_url, self.diagnosis);
        changes.push(("notes".to_owned(), Change::Quote(said)));
        result.text = line::changed(&text, &changes);
        result.notes.extend(said_of(&left, self.environment));
        result.left = left.into_iter().map(|(name, _)| name).collect();
        result.notes.extend(self.replaced_notes(old));
        result
    }

    /// The decided images with their new lines, without those for which a later answer stands.
    fn written(
        &self,
        standing: &Standing<'_>,
        result: &mut Updated,
    ) -> Vec<(&ImageReport, ServiceLine)> {
        let mut written = decided(self.images);
        for (_, line) in &mut written {
            line.reference = line.reference.take().filter(|text| !self.redactor.finds_in(text));
        }
        written.retain(|(image, line)| {
            let name = &image.request.service.name;
            if let Some(said) = (self.overtaken)(image) {
                result.kept.push((name.clone(), said));
                return false;
            }
            match standing.get(name.as_str()).filter(|standing| standing.outlives(line)) {
                None => true,
                Some(standing) => self.is_written_over(name, standing, line, result),
            }
        });
        written
    }

    /// Whether a line that says it is of a later answer is written over all the same.
    fn is_written_over(
        &self,
        name: &str,
        standing: &ServiceLine,
        new: &ServiceLine,
        result: &mut Updated,
    ) -> bool {
        let (stands, comes) = (dated(standing), dated(new));
        if is_ahead(standing, new, self.clock) {
            let (environment, now) = (self.environment, instant(self.clock));
            result.notes.push(format!(
                "`{IMAGE}{name}` in `{environment}.status` said {stands}, ahead of this machine's clock ({now}): \
                 it was not believed, and is now {comes}"
            ));
            return true;
        }
        let is_tie = standing.verified.map(instant) == new.verified.map(instant);
        let why = if is_tie { "of the same second, and RED counts" } else { "older" };
        let said = format!(
            "it already has a later answer for `{name}`, {stands}: this run's, {comes}, is {why}"
        );
        result.kept.push((name.to_owned(), said));
        false
    }

    /// The newest of the answers and of the time in the file, as far as it is believed.
    fn latest(
        &self,
        written: &[(&ImageReport, ServiceLine)],
        old: Option<&str>,
    ) -> Option<Timestamp> {
        let standing: Option<Timestamp> = old.and_then(|time| time.parse().ok());
        let answers = written.iter().map(|(image, _)| image.verified_at);
        answers.chain(standing.filter(|time| is_believed(*time, self.clock))).max()
    }

    /// A sentence about `notes` that a person wrote.
    fn replaced_notes(&self, old: &str) -> Option<String> {
        let notes = line::whole(old, "notes")?;
        if notes.is_empty() || notes::is_ours(&notes) {
            return None;
        }
        let short: String = notes.chars().take(MOST_REPEATED).collect();
        let more = if notes.chars().nth(MOST_REPEATED).is_some() { "…" } else { "" };
        let environment = self.environment;
        Some(format!(
            "`notes` in `{environment}.status` was replaced by what this run found; it said `{short}{more}`"
        ))
    }
}

/// The status file without the lines of services that left the config, and with the light of those that stay.
pub fn without_those_that_left(old: &str, environment: &str, services: &[String]) -> Updated {
    let left = StatusFile::parse(old).retain(services);
    let mut text = line::changed(old, &removals(&left).collect::<Vec<_>>());
    if !left.is_empty()
        && let Some(light) = light(&text, services)
    {
        text = line::changed(&text, &[("status".to_owned(), Change::Set(light.word().into()))]);
    }
    let notes = said_of(&left, environment).collect();
    let left = left.into_iter().map(|(name, _)| name).collect();
    Updated { text, kept: Vec::new(), left, notes }
}

fn removals(left: &[(String, ServiceLine)]) -> impl Iterator<Item = (String, Change)> {
    left.iter().map(|(name, _)| (format!("{IMAGE}{name}"), Change::Remove))
}

fn said_of<'a>(
    left: &'a [(String, ServiceLine)],
    environment: &'a str,
) -> impl Iterator<Item = String> + 'a {
    left.iter().map(move |(name, line)| {
        format!(
            "the config has no service `{}`: its line in `{environment}.status` and its row on the board were removed \
             (they said {})",
            printable(name),
            dated(line)
        )
    })
}

/// What the lines of the config's services say of the whole environment.
fn light(text: &str, services: &[String]) -> Option<Light> {
    let mut file = StatusFile::parse(text);
    file.retain(services);
    file.light(services)
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
fn dated(line: &ServiceLine) -> String {
    let verified = line.verified.map(|time| format!(" verified {}", instant(time)));
    format!("{}{}", line.light.word(), verified.unwrap_or_default())
}

/// The decided images, one a service: the worst of it, then the first.
fn decided<'a>(images: &[&'a ImageReport]) -> Vec<(&'a ImageReport, ServiceLine)> {
    let mut decided: Vec<(&ImageReport, ServiceLine)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for image in images {
        let Some(line) = ServiceLine::of(image) else { continue };
        let place = *places.entry(&image.request.service.name).or_insert(decided.len());
        match decided.get_mut(place) {
            None => decided.push((image, line)),
            Some(other) if other.1.light == Light::Green && line.light == Light::Red => {
                *other = (image, line);
            }
            Some(_) => {}
        }
    }
    decided
}
