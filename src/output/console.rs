//! The report for a person: the verdict first, then what decided it, then what to do next.
//!
//! A pure function from a report to a text. Whatever came from a registry is cleaned again here, so that
//! only this file's own colours are control characters.

use std::collections::HashMap;

use anstyle::{AnsiColor, Style};

use crate::circleci::Diagnosis;
use crate::document::size;
use crate::file::Unwritten;
use crate::report::{
    CheckResult, ContentFacts, Finding, HowProven, ImageFacts, ImageReport, Outcome, PlatformFacts,
    Report, SharedFinding, Skip, Verdict,
};
use crate::request::ImageRequest;
use crate::secret::printable;
use crate::settings::Console;

use words::{push_word, whose};

mod words;

/// Where the second column starts.
const LABEL: usize = 11;

/// Where a list of names is broken. Sentences, commands and references are not: they are copied whole.
const WIDTH: usize = 79;

/// The whole text of standard output. `next` are lines about the outputs, see [`remarks`](super::remarks).
pub fn text(report: &Report, console: Console, unwritten: &[Unwritten], next: &[String]) -> String {
    let mut page = Page { text: String::new(), color: console.color_stdout, has_notes: false };
    match report.images.as_slice() {
        [image] => page.only(image, report.diagnosis_of(0), console.quiet),
        _ => page.many(report, console.quiet),
    }
    if console.quiet {
        return page.text;
    }
    for Unwritten { path, message } in unwritten {
        let path = path.display().to_string();
        let line = format!("could not write `{}`: {}", clean(&path), clean(message));
        page.note("error:", BAD, &line);
    }
    for line in next {
        page.note("note:", UNSURE, &clean(line));
    }
    page.text
}

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
const QUIET: Style = Style::new().dimmed();

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Verified => GOOD,
        Verdict::Failed => BAD,
        Verdict::Undecided | Verdict::Refused => UNSURE,
    }
}

/// The verdict's word, with the colour that teams call it by.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "VERIFIED (GREEN)",
        Verdict::Failed => "FAILED (RED)",
        Verdict::Undecided | Verdict::Refused => "UNDECIDED (could not find out)",
    }
}

/// A text that is being written.
struct Page {
    text: String,
    color: bool,
    has_notes: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn painted(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn tagged(&mut self, tag: &str, style: Style, line: &str) {
        let tag = self.painted(style, tag);
        self.line(&format!("{tag} {line}"));
    }

    /// A line of the notes, which stand apart at the end.
    fn note(&mut self, tag: &str, style: Style, line: &str) {
        if !self.has_notes {
            self.has_notes = true;
            self.line("");
        }
        self.tagged(tag, style, line);
    }

    /// A label and a text of one or more lines beside it.
    fn row(&mut self, indent: usize, label: &str, text: &str) {
        let padded = self.painted(QUIET, &format!("{label:<LABEL$}"));
        for (number, line) in text.lines().enumerate() {
            let label = if number == 0 { padded.clone() } else { " ".repeat(LABEL) };
            // The indentation inside a hint stays: it shows what belongs together.
            let inside = line.len() - line.trim_start_matches(' ').len();
            self.line(&format!("{:indent$}{label}{:inside$}{}", "", "", clean(line.trim())));
        }
    }

    /// A run of one image.
    fn only(&mut self, image: &ImageReport, diagnosis: Option<&Diagnosis>, quiet: bool) {
        let verdict = image.verdict();
        let reference = image.request.reference.to_string();
        self.tagged(word(verdict), style(verdict), &reference);
        if quiet {
            return;
        }
        self.line("");
        if verdict == Verdict::Verified {
            self.facts(image);
            self.line("");
            self.checks(image);
        } else {
            self.findings(image);
            self.checks(image);
            self.line("");
            self.facts(image);
        }
        self.diagnosis(diagnosis);
        self.notes(std::slice::from_ref(image));
    }

    /// A run of several: the counts, a line each, then those that are not VERIFIED.
    fn many(&mut self, report: &Report, quiet: bool) {
        let (worst, images) = (report.verdict(), report.images.as_slice());
        self.tagged(word(worst), style(worst), &counts(images));
        let wide = images
            .iter()
            .map(|image| image.request.reference.to_string().chars().count())
            .max()
            .unwrap_or(0);
        for image in images {
            self.compact(image, wide);
        }
        if quiet {
            return;
        }
        for (place, image) in images.iter().enumerate() {
            if image.verdict() != Verdict::Verified {
                self.line("");
                let verdict = image.verdict();
                self.tagged(word(verdict), style(verdict), &image.request.reference.to_string());
                self.findings(image);
                self.checks(image);
                self.facts(image);
                self.diagnosis(report.diagnosis_of(place));
            }
        }
        self.notes(images);
    }

    fn compact(&mut self, image: &ImageReport, wide: usize) {
        let verdict = image.verdict();
        let word = self.painted(style(verdict), &format!("{:<9}", verdict.word()));
        let what = match (verdict, &image.facts, image.deciding()) {
            (Verdict::Verified, Some(facts), _) => facts.digest.short(),
            (_, _, Some((check, finding))) => format!("{} ({check})", finding.reason),
            (_, _, None) => String::new(),
        };
        self.line(&format!("  {word}  {:<wide$}  {what}", image.request.reference.to_string()));
    }

    /// What was seen.
    fn facts(&mut self, image: &ImageReport) {
        let ImageReport { request, facts, .. } = image;
        let ImageRequest {
            reference: _,
            registry_kind: _,
            expectation: _,
            service,
            environment,
            commit: _,
            pipeline: _,
            notes: _,
        } = request;
        if let Some(facts) = facts {
            let ImageFacts { digest, media_type, platforms, immutable_tag, content, .. } = facts;
            match image.pinned().filter(|_| image.verdict() == Verdict::Verified) {
                Some(pinned) => self.row(2, "deploy", &pinned),
                None => self.row(2, "digest", &digest.to_string()),
            }
            let kind = if media_type.is_index() { "an index" } else { "a single image" };
            self.row(2, "type", &format!("{kind} ({media_type})"));
            if let Some(ContentFacts { how: HowProven::EveryByte, bytes }) = content {
                self.row(
                    2,
                    "content",
                    &format!("every byte of {} in layers was read", size(*bytes)),
                );
            }
            if let Some(tag) = immutable_tag {
                self.row(2, "immutable", &format!("{tag} names the same digest"));
            }
            for platform in platforms {
                self.platform(platform);
            }
            for commit in facts.commits() {
                self.row(2, "commit", &commit);
            }
        }
        let environment = environment.as_deref().map(|name| format!(" in {name}"));
        self.row(2, "service", &format!("{}{}", service.name, environment.unwrap_or_default()));
    }

    fn platform(&mut self, facts: &PlatformFacts) {
        let PlatformFacts {
            platform,
            digest: _,
            config_digest: _,
            size_bytes,
            layers,
            created,
            revision: _,
            exposed_ports,
        } = facts;
        let layer = if *layers == 1 { "layer" } else { "layers" };
        let mut text = format!("{platform}, {} in {layers} {layer}", size(*size_bytes));
        let created = created.as_ref().map(|created| format!("created {}", clean(created)));
        let ports = exposed_ports.join(" ");
        let ports = (!ports.is_empty()).then(|| format!("exposes {}", clean(&ports)));
        let more: Vec<String> = [created, ports].into_iter().flatten().collect();
        if !more.is_empty() {
            text.push('\n');
            text.push_str(&more.join(", "));
        }
        self.row(2, "platform", &text);
    }

    /// The checks that failed, then those that errored: what was expected, what was seen, what to do.
    fn findings(&mut self, image: &ImageReport) {
        let findings = image.findings();
        if findings.is_empty() {
            self.line("  a required check did not run, so the image is not VERIFIED");
        }
        for shared in findings {
            let SharedFinding { outcome, finding, checks: _ } = &shared;
            let color = if matches!(outcome, Outcome::Failed(_)) { BAD } else { UNSURE };
            let head = self.painted(color, &format!("{} {}", shared.names(), outcome.word()));
            self.finding(&head, finding);
        }
    }

    /// Why the image is missing, as CircleCI says.
    fn diagnosis(&mut self, diagnosis: Option<&Diagnosis>) {
        let lines = diagnosis.map(Diagnosis::lines).unwrap_or_default();
        for (number, (label, text)) in lines.into_iter().enumerate() {
            self.row(if number == 0 { 2 } else { 4 }, label, text);
        }
    }

    fn finding(&mut self, head: &str, finding: &Finding) {
        let Finding { reason, message, expected, observed, hint } = finding;
        self.line(&format!("  {head}: {}", clean(message)));
        for (label, value) in [("expected", expected), ("observed", observed)] {
            if let Some(value) = value {
                self.row(4, label, value);
            }
        }
        self.row(4, "reason", reason.as_str());
        self.row(4, "next", hint.as_deref().unwrap_or(reason.advice()));
    }

    /// The checks that passed, those that had nothing left to look at, and those that nobody asked for.
    fn checks(&mut self, image: &ImageReport) {
        let mut passed: Vec<&str> = Vec::new();
        let mut skipped: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut not_asked: Vec<&str> = Vec::new();
        for CheckResult { check, outcome, took: _ } in &image.results {
            match outcome {
                Outcome::Passed { message: _, note: _ } => passed.push(check.as_str()),
                Outcome::Skipped { message, skip: Skip::NothingLeft } => {
                    match skipped.iter_mut().find(|(why, _)| why == message) {
                        Some((_, checks)) => checks.push(check.as_str()),
                        None => skipped.push((message, vec![check.as_str()])),
                    }
                }
                Outcome::Skipped { message: _, skip: Skip::NotAsked } => {
                    not_asked.push(check.as_str());
                }
                // A noteworthy one is listed among the notes.
                Outcome::Skipped { message: _, skip: Skip::Noteworthy }
                | Outcome::Failed(_)
                | Outcome::Errored(_) => {}
            }
        }
        if !passed.is_empty() {
            self.names(2, "passed", &passed, None);
        }
        for (why, checks) in skipped {
            self.names(2, "skipped", &checks, Some(why));
        }
        if !not_asked.is_empty() {
            self.names(2, "not asked", &not_asked, None);
        }
    }

    /// A list of names, broken between two of them, and why they are listed.
    fn names(&mut self, indent: usize, label: &str, names: &[&str], why: Option<&str>) {
        let room = WIDTH.saturating_sub(indent + LABEL);
        let mut lines = vec![String::new()];
        for (number, name) in names.iter().enumerate() {
            let behind = match why {
                _ if number + 1 < names.len() => ",",
                Some(_) => ":",
                None => "",
            };
            push_word(&mut lines, room, &format!("{name}{behind}"));
        }
        // A sentence stays whole, so that it can be searched for.
        if let Some(why) = why {
            push_word(&mut lines, room, &clean(why));
        }
        self.row(indent, label, &lines.join("\n"));
    }

    /// What the reader should know although nothing failed by it. The same note of several images is shown once.
    fn notes(&mut self, images: &[ImageReport]) {
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for image in images {
            let service = image.request.service.name.as_str();
            for note in notes(image) {
                let place = *places.entry(note.clone()).or_insert(told.len());
                match told.get_mut(place) {
                    Some((_, services)) => services.push(service),
                    None => told.push((note, vec![service])),
                }
            }
        }
        for (note, services) in told {
            let whose = whose(&services, images.len());
            self.note("note:", UNSURE, &clean(&format!("{whose}{note}")));
        }
    }
}

/// The notes of an image and of its checks.
fn notes(image: &ImageReport) -> Vec<String> {
    let mut notes = image.notes.clone();
    for CheckResult { check, outcome, took: _ } in &image.results {
        match outcome {
            Outcome::Passed { message: _, note: Some(note) } => {
                notes.push(format!("{check}: {note}"));
            }
            Outcome::Skipped { message, skip: Skip::Noteworthy } => {
                notes.push(format!("{check} skipped: {message}"));
            }
            Outcome::Passed { message: _, note: None }
            | Outcome::Skipped { message: _, skip: Skip::NotAsked | Skip::NothingLeft }
            | Outcome::Failed(_)
            | Outcome::Errored(_) => {}
        }
    }
    notes
}

fn counts(images: &[ImageReport]) -> String {
    let count = |wanted: &[Verdict]| {
        images.iter().filter(|image| wanted.contains(&image.verdict())).count()
    };
    let parts = [
        (count(&[Verdict::Failed]), "failed"),
        (count(&[Verdict::Undecided, Verdict::Refused]), "undecided"),
        (count(&[Verdict::Verified]), "verified"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    format!("{} images: {}", images.len(), parts.join(", "))
}

fn clean(text: &str) -> String {
    printable(text)
}

#[cfg(test)]
mod tests;
