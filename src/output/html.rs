//! The report page: one HTML file that a person opens from CircleCI's Artifacts tab.
//!
//! It draws a [`Report`] and nothing else: no script, no request to anywhere, no decision of its own. The
//! layout is in `templates/`; every text in it passes [`Escape`], whichever template shows it.

use std::fmt;

use askama::Template;
use askama::filters::{Escaper, Html};

use crate::circleci::links;
use crate::output::older::{Older, beginning, holds};
use crate::output::row::{Content, Output};
use crate::report::{ImageReport, Outcome, Report, Traffic, Verdict};
use crate::secret::is_printable;

mod image;

use image::ImageView;

/// The page of a report. `about` are sentences about the other outputs.
pub fn render(report: &Report, about: &[String]) -> String {
    let mut text = String::new();
    // Writing to a `String` fails only when a value's own `Display` does, and none of these can.
    let _ = Page::of(report, about).render_into(&mut text);
    text
}

/// The output.
pub(super) const OUTPUT: Output = Output {
    option: "html",
    older: Older::Replaced { is_ours, is_alike, what: "a web page" },
    content: Content::Long(|report, context, to| {
        Page::of(report, context.remarks).render_into(to).map_err(|_| fmt::Error)
    }),
};

/// What stands in the head of every page.
const GENERATOR: &str = r#"<meta name="generator" content="verify-registry-image">"#;

/// Whether a file that begins so is a page of ours.
pub fn is_ours(head: &[u8]) -> bool {
    head.starts_with(b"<!doctype html>") && holds(head, GENERATOR)
}

/// Whether a file that begins so may be somebody's web page.
pub fn is_alike(head: &[u8]) -> bool {
    let head = beginning(head);
    let begins =
        |with: &[u8]| head.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

/// Escapes HTML, and shows what a reader could not see: a control or bidirectional character is written
/// as `\u{202e}`. A line break stays one.
#[derive(Clone, Copy, Debug)]
pub struct Escape;

impl Escaper for Escape {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        let mut rest = string;
        while let Some(at) = rest.find(|character| character != '\n' && !is_printable(character)) {
            let (before, after) = rest.split_at(at);
            Html.write_escaped_str(&mut dest, before)?;
            let mut characters = after.chars();
            if let Some(hidden) = characters.next() {
                write!(dest, "{}", hidden.escape_unicode())?;
            }
            rest = characters.as_str();
        }
        Html.write_escaped_str(dest, rest)
    }
}

/// How something ended, as a colour and a sign that can be told apart without the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tone {
    Red,
    Amber,
    Green,
    Grey,
}

impl Tone {
    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Verified => Self::Green,
            Verdict::Failed => Self::Red,
            Verdict::Undecided | Verdict::Refused => Self::Amber,
        }
    }

    fn of_outcome(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed { .. } => Self::Green,
            Outcome::Failed(_) => Self::Red,
            Outcome::Errored(_) => Self::Amber,
            Outcome::Skipped { .. } => Self::Grey,
        }
    }

    /// The class in the style sheet.
    fn class(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Green => "green",
            Self::Grey => "grey",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Red => "✗",
            Self::Amber => "?",
            Self::Green => "✓",
            Self::Grey => "–",
        }
    }

    /// The status word that goes with a verdict. Undecided is no colour: the status is left as it was.
    fn color(self) -> Option<&'static str> {
        match self {
            Self::Red => Some("RED"),
            Self::Green => Some("GREEN"),
            Self::Amber | Self::Grey => None,
        }
    }
}

/// A name and its value, in a list of facts.
#[derive(Debug, PartialEq, Eq)]
struct Fact {
    name: &'static str,
    value: String,
    /// Whether it is shown in the typeface of code.
    is_code: bool,
}

impl Fact {
    fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), is_code: false }
    }

    fn code(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), is_code: true }
    }
}

/// A run of a sentence: plain, or what stood between backticks.
#[derive(Debug, PartialEq, Eq)]
struct Run<'t> {
    text: &'t str,
    is_code: bool,
}

/// A sentence in runs, so that names in backticks are shown as code. A backtick without a partner stays.
fn prose(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some((before, (code, after))) =
        rest.split_once('`').and_then(|(before, behind)| Some((before, behind.split_once('`')?)))
    {
        runs.push(Run { text: before, is_code: false });
        runs.push(Run { text: code, is_code: true });
        rest = after;
    }
    runs.push(Run { text: rest, is_code: false });
    runs.retain(|run| !run.text.is_empty());
    runs
}

#[derive(Debug, PartialEq, Eq)]
struct Link {
    text: String,
    url: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    tone: Tone,
    verdict: &'static str,
    headline: String,
    sentence: &'static str,
    /// How many images ended how; only where there are several.
    counts: Option<Vec<(Tone, usize, &'static str)>>,
    /// What became of the status, where that is not what the verdict says.
    about: &'a [String],
    links: Vec<Link>,
    images: &'a [ImageReport],
    report: &'a Report,
    run: Vec<Fact>,
    notes: &'a [String],
    tool: &'static str,
}

impl<'a> Page<'a> {
    fn of(report: &'a Report, about: &'a [String]) -> Self {
        let Report { images, started_at, took, traffic, circleci, notes, diagnosis: _ } = report;
        let verdict = report.verdict();
        let headline = headline(images);
        let Traffic { requests, retries } = *traffic;
        let mut run = Vec::new();
        if let Some(revision) = &circleci.revision {
            run.push(Fact::code("Commit", revision));
        }
        if let Some(branch) = &circleci.branch {
            run.push(Fact::code("Branch", branch));
        }
        if let Some(tag) = &circleci.tag {
            run.push(Fact::code("Git tag", tag));
        }
        if let Some(job) = &circleci.job {
            let number = circleci.build_number.as_deref().unwrap_or_default();
            let value =
                if number.is_empty() { job.clone() } else { format!("{job}, number {number}") };
            run.push(Fact::text("CircleCI job", value));
        }
        run.push(Fact::text("Asked at", image::moment(*started_at)));
        run.push(Fact::text("Took", image::duration(*took)));
        let again = if retries == 0 {
            "none asked again".to_owned()
        } else {
            format!("{retries} of them asked again")
        };
        run.push(Fact::text("Requests", format!("{requests}, {again}")));
        Self {
            title: format!("{}: {headline}", verdict.word()),
            tone: Tone::of(verdict),
            verdict: verdict.word(),
            headline,
            sentence: sentence(verdict, images.len()),
            counts: (images.len() > 1).then(|| counts(images)),
            about,
            links: links::of(circleci).into_iter().map(|(text, url)| Link { text, url }).collect(),
            images,
            report,
            run,
            notes,
            tool: concat!("verify-registry-image ", env!("CARGO_PKG_VERSION")),
        }
    }

    /// The level of the headings inside an image's part.
    fn part_level(&self) -> u8 {
        if self.images.len() > 1 { 4 } else { 3 }
    }

    /// The images. Each part is made when it is drawn: thousands of them take as much room as the page.
    fn views(&self) -> impl Iterator<Item = ImageView<'a>> {
        let view = |(index, image)| ImageView::of(index, image, self.report.diagnosis_of(index));
        self.images.iter().enumerate().map(view)
    }

    /// The images, what needs attention first.
    fn by_urgency(&self) -> impl Iterator<Item = ImageView<'a>> {
        let mut sorted: Vec<_> = self.images.iter().enumerate().collect();
        sorted.sort_by_cached_key(|(_, image)| Tone::of(image.verdict()));
        let view = |(index, image)| ImageView::of(index, image, self.report.diagnosis_of(index));
        sorted.into_iter().map(view)
    }
}

fn headline(images: &[ImageReport]) -> String {
    match images {
        [one] => {
            let tag =
                one.request.reference.tag.as_ref().map_or(String::new(), |tag| format!(":{tag}"));
            let environment = one
                .request
                .environment
                .as_ref()
                .map_or(String::new(), |environment| format!(" for {environment}"));
            format!("{}{tag}{environment}", one.request.service.name)
        }
        several => {
            let bad = several.iter().filter(|image| image.verdict() != Verdict::Verified).count();
            match bad {
                0 => format!("all {} images", several.len()),
                bad => format!("{bad} of {} images need attention", several.len()),
            }
        }
    }
}

fn sentence(verdict: Verdict, images: usize) -> &'static str {
    match (verdict, images) {
        (Verdict::Verified, 1) => {
            "The image is in the registry, whole, and every check that applies to it passed."
        }
        (Verdict::Verified, _) => {
            "Every image is in the registry, whole, and every check that applies to it passed."
        }
        (Verdict::Failed, 1) => {
            "The registry answered: the image is missing, broken, or not the one that was meant. Do not deploy it."
        }
        (Verdict::Failed, _) => {
            "The registry answered: at least one image is missing, broken, or not the one that was meant. Do not deploy it."
        }
        (Verdict::Undecided, _) => {
            "It could not be found out. Nothing is known to be wrong, and nothing is confirmed."
        }
        (Verdict::Refused, _) => {
            "It could not be found out: the credentials were refused. Nothing is known to be wrong, and nothing is confirmed."
        }
    }
}

fn counts(images: &[ImageReport]) -> Vec<(Tone, usize, &'static str)> {
    [(Tone::Green, "verified"), (Tone::Red, "failed"), (Tone::Amber, "undecided")]
        .into_iter()
        .map(|(tone, word)| {
            (tone, images.iter().filter(|image| Tone::of(image.verdict()) == tone).count(), word)
        })
        .filter(|(_, count, _)| *count > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Escape.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn what_a_reader_could_not_see_is_shown() {
        assert_eq!(escaped("a<b> & \"c\" 'd'"), "a&#60;b&#62; &#38; &#34;c&#34; &#39;d&#39;");
        assert_eq!(escaped("x\u{202e}gnp.exe\u{7}\u{0}"), "x\\u{202e}gnp.exe\\u{7}\\u{0}");
        assert_eq!(escaped("one\ntwo\r\u{1b}[31m"), "one\ntwo\\u{d}\\u{1b}[31m");
        assert_eq!(escaped("ünï → 日本"), "ünï → 日本");
    }

    #[test]
    fn only_a_page_of_ours_is_recognised() {
        let page = render(&crate::report::fixtures::report(Vec::new()), &[]);
        assert!(is_ours(page.as_bytes()));
        for theirs in ["", "<!doctype html><title>x</title>", GENERATOR] {
            assert!(!is_ours(theirs.as_bytes()), "{theirs}");
        }
    }

    #[test]
    fn names_in_backticks_are_code() {
        let shown = |text| -> String {
            prose(text)
                .iter()
                .map(
                    |run| if run.is_code { format!("<{}>", run.text) } else { run.text.to_owned() },
                )
                .collect()
        };
        assert_eq!(shown("no tag `a`, near: `b`"), "no tag <a>, near: <b>");
        assert_eq!(shown("a lone ` stays"), "a lone ` stays");
        assert_eq!(shown("`a``b` and ``"), "<a><b> and ");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn only_a_colour_that_the_status_knows_is_named() {
        let colors = [Verdict::Verified, Verdict::Failed, Verdict::Undecided, Verdict::Refused]
            .map(|verdict| Tone::of(verdict).color());
        assert_eq!(colors, [Some("GREEN"), Some("RED"), None, None]);
    }
}
