//! `notes` of a status file: what the last run found, and which job it was.

use super::{Light, ServiceLine};
use crate::report::{ImageReport, Reason};
use crate::secret::printable;

/// The most characters of what is found; behind it comes the job's address.
const MOST: usize = 400;

/// What stands before the services that were verified.
const VERIFIED: &str = "verified in the registry: ";

/// The text for the decided images of a run. It is about the registry, and about nothing that runs.
pub(super) fn text(
    decided: &[(&ImageReport, ServiceLine)],
    job_url: Option<&str>,
    diagnosis: &dyn Fn(&ImageReport) -> Option<String>,
) -> String {
    let mut said: Vec<String> = Vec::new();
    for (image, _) in decided {
        if let Some((_, finding)) = image.deciding() {
            let name = &image.request.service.name;
            said.push(format!("{name}: {}: {}", finding.reason, finding.message));
        }
    }
    let green: Vec<_> = decided
        .iter()
        .filter(|(_, line)| line.light == Light::Green)
        .map(|(image, _)| image.request.service.name.as_str())
        .collect();
    if !green.is_empty() {
        said.push(format!("{VERIFIED}{}", green.join(", ")));
    }
    let text = printable(&said.join("; "));
    let short: String = text.chars().take(MOST).collect();
    let more = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    let by = job_url.map(|url| format!("; by {url}")).unwrap_or_default();
    // One a question: images that share it share the words.
    let mut of_circleci: Vec<String> = Vec::new();
    for said in decided.iter().filter_map(|(image, _)| diagnosis(image)) {
        if !of_circleci.contains(&said) {
            of_circleci.push(said);
        }
    }
    let found = format!("{short}{more}{by}");
    printable(&[vec![found], of_circleci].concat().join(" | "))
}

/// Whether a run of the gate wrote `notes`, by how it begins. Whatever a person wrote is not replaced in silence.
pub(super) fn is_ours(notes: &str) -> bool {
    let mut parts = notes.splitn(3, ": ");
    let (name, code) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    notes.starts_with(VERIFIED)
        || !name.contains(' ') && Reason::ALL.iter().any(|reason| reason.as_str() == code)
}
