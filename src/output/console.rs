//! The report for a person: the verdict first, then what decided it, then what to do next.
//!
//! A pure function from a report to a text. Whatever came from a registry is cleaned again here, so that
//! only this file's own colours are control characters.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::output::{Unwritten, json::pinned};
use crate::report::{
    CheckId, CheckResult, Finding, ImageFacts, ImageReport, Outcome, PlatformFacts, Report, Verdict,
};
use crate::request::ImageRequest;
use crate::secret::printable;
use crate::settings::Console;

/// Where the second column starts.
const LABEL: usize = 11;

/// The whole text of standard output. `next` are lines about the outputs, see [`remarks`](super::remarks).
pub fn text(report: &Report, console: Console, unwritten: &[Unwritten], next: &[String]) -> String {
    let mut page = Page { text: String::new(), color: console.color_stdout };
    match report.images.as_slice() {
        [image] => page.only(image, console.quiet),
        images => page.many(report.verdict(), images, console.quiet),
    }
    if console.quiet {
        return page.text;
    }
    for Unwritten { path, message } in unwritten {
        let path = path.display().to_string();
        let line = format!("could not write `{}`: {}", clean(&path), clean(message));
        page.tagged("error:", BAD, &line);
    }
    for line in next {
        page.tagged("note:", UNSURE, &clean(line));
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
        Verdict::Undecided | Verdict::Refused => "UNDECIDED",
    }
}

/// A text that is being written.
struct Page {
    text: String,
    color: bool,
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
    fn only(&mut self, image: &ImageReport, quiet: bool) {
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
        self.notes(image);
    }

    /// A run of several: the counts, a line each, then those that are not VERIFIED.
    fn many(&mut self, worst: Verdict, images: &[ImageReport], quiet: bool) {
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
        for image in images {
            if image.verdict() != Verdict::Verified {
                self.line("");
                let verdict = image.verdict();
                self.tagged(word(verdict), style(verdict), &image.request.reference.to_string());
                self.findings(image);
                self.checks(image);
                self.facts(image);
            }
            self.notes(image);
        }
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
        let ImageReport { request, results: _, facts, notes: _, verified_at: _ } = image;
        let ImageRequest { reference, is_digitalocean: _, expectation: _, service, environment } =
            request;
        if let Some(facts) = facts {
            let ImageFacts { digest, media_type, platforms, immutable_tag } = facts;
            if image.verdict() == Verdict::Verified {
                self.row(2, "deploy", &pinned(reference, facts));
            } else {
                self.row(2, "digest", &digest.to_string());
            }
            let kind = if media_type.is_index() { "an index" } else { "a single image" };
            self.row(2, "type", &format!("{kind} ({media_type})"));
            if let Some(tag) = immutable_tag {
                self.row(2, "also", &format!("{tag} (the immutable tag)"));
            }
            for platform in platforms {
                self.platform(platform);
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
            revision,
            exposed_ports,
        } = facts;
        let layer = if *layers == 1 { "layer" } else { "layers" };
        let mut text = format!("{platform}, {} in {layers} {layer}", size(*size_bytes));
        if let Some(created) = created {
            let _ = write!(text, ", created {}", clean(created));
        }
        if !exposed_ports.is_empty() {
            let _ = write!(text, ", exposes {}", clean(&exposed_ports.join(" ")));
        }
        if let Some(revision) = revision {
            let _ = write!(text, "\ncommit {}", clean(revision));
        }
        self.row(2, "platform", &text);
    }

    /// The checks that failed, then those that errored: what was expected, what was seen, what to do.
    fn findings(&mut self, image: &ImageReport) {
        let failed = |result: &&CheckResult| matches!(result.outcome, Outcome::Failed(_));
        let errored = |result: &&CheckResult| matches!(result.outcome, Outcome::Errored(_));
        let failed = image.results.iter().filter(failed);
        let mut told: Vec<&Finding> = Vec::new();
        for result in failed.chain(image.results.iter().filter(errored)) {
            let Some(finding) = result.outcome.finding() else { continue };
            // One trouble answers several checks; it is explained once.
            let again = told.contains(&finding);
            self.finding(result.check, &result.outcome, finding, again);
            told.push(finding);
        }
        if told.is_empty() {
            self.line("  a check that a yes stands on did not run, so this is not a yes");
        }
    }

    fn finding(&mut self, check: CheckId, outcome: &Outcome, finding: &Finding, again: bool) {
        let Finding { reason, message, expected, observed, hint } = finding;
        let style = if matches!(outcome, Outcome::Failed(_)) { BAD } else { UNSURE };
        let head = self.painted(style, &format!("{check} {}", outcome.word()));
        if again {
            self.line(&format!("  {head}: as above"));
            return;
        }
        self.line(&format!("  {head}: {}", clean(message)));
        for (label, value) in [("expected", expected), ("observed", observed)] {
            if let Some(value) = value {
                self.row(4, label, value);
            }
        }
        self.row(4, "reason", reason.as_str());
        self.row(4, "next", hint.as_deref().unwrap_or(reason.advice()));
    }

    /// The checks that passed, and those that were skipped with why, briefly.
    fn checks(&mut self, image: &ImageReport) {
        let mut passed: Vec<&str> = Vec::new();
        let mut skipped: Vec<(&str, Vec<&str>)> = Vec::new();
        for CheckResult { check, outcome, took: _ } in &image.results {
            match outcome {
                Outcome::Passed { message: _, note: _ } => passed.push(check.as_str()),
                Outcome::Skipped { message, noteworthy: _ } => {
                    match skipped.iter_mut().find(|(why, _)| why == message) {
                        Some((_, checks)) => checks.push(check.as_str()),
                        None => skipped.push((message, vec![check.as_str()])),
                    }
                }
                Outcome::Failed(_) | Outcome::Errored(_) => {}
            }
        }
        if !passed.is_empty() {
            self.row(2, "passed", &passed.join(", "));
        }
        for (why, checks) in skipped {
            self.row(2, "skipped", &format!("{}: {}", checks.join(", "), clean(why)));
        }
    }

    /// What the reader should know although nothing failed by it.
    fn notes(&mut self, image: &ImageReport) {
        let mut notes: Vec<String> = image.notes.iter().map(|note| clean(note)).collect();
        for CheckResult { check, outcome, took: _ } in &image.results {
            match outcome {
                Outcome::Passed { message: _, note: Some(note) } => {
                    notes.push(format!("{check}: {}", clean(note)));
                }
                Outcome::Skipped { message, noteworthy: true } => {
                    notes.push(format!("{check}: {}", clean(message)));
                }
                Outcome::Passed { message: _, note: None }
                | Outcome::Skipped { message: _, noteworthy: false }
                | Outcome::Failed(_)
                | Outcome::Errored(_) => {}
            }
        }
        if !notes.is_empty() {
            self.line("");
        }
        for note in notes {
            self.tagged("note:", UNSURE, &note);
        }
    }
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

/// A size in the unit that suits it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "B";
    for next in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

fn clean(text: &str) -> String {
    printable(text)
}

#[cfg(test)]
mod tests;
