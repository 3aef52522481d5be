//! `--failure-reason-file`: one line of shell, `FAILURE_REASON='…'`, for a deploy marker.
//!
//! A script sources it or cuts the text out of it. So it holds printable ASCII only, and nothing that a
//! shell would expand even where the text ends up outside of its quotes.

use crate::output::older::{Older, begins};
use crate::output::row::{Content, Output};
use crate::report::{ImageReport, Report, Verdict};
use crate::secret::printable;

const NAME: &str = "FAILURE_REASON=";

/// The most characters between the quotes.
const MOST: usize = 300;

/// The output.
pub(super) const OUTPUT: Output = Output {
    option: "failure-reason-file",
    older: Older::Ours(|file| begins(file, is_ours), "a failure reason"),
    content: Content::Run(|report, _| Ok(text(report))),
};

/// The line. `None` when every image is VERIFIED: there is nothing to say.
pub fn text(report: &Report) -> Option<String> {
    let verdict = report.verdict();
    if verdict == Verdict::Verified {
        return None;
    }
    let worst = report.images.iter().find(|image| image.verdict() == verdict)?;
    let others = report.images.iter().filter(|image| image.verdict() != Verdict::Verified).count();
    let more = if others > 1 { format!(" (and {} more)", others - 1) } else { String::new() };
    Some(format!("{NAME}{}\n", quoted(&reason(worst), &more)))
}

/// Whether a file's content is nothing, or a failure reason.
pub fn is_ours(content: &[u8]) -> bool {
    content.is_empty() || content.starts_with(format!("{NAME}'").as_bytes())
}

fn reason(image: &ImageReport) -> String {
    let reference = &image.request.reference;
    let verdict = image.verdict().word();
    match image.deciding() {
        Some((check, finding)) => {
            format!("{verdict} {reference}: {}: {} ({check})", finding.reason, finding.message)
        }
        None => format!("{verdict} {reference}: a required check did not run"),
    }
}

/// The text in single quotes, as POSIX shells read them.
fn quoted(text: &str, end: &str) -> String {
    let safe: String = printable(text)
        .chars()
        .filter(|character| {
            character.is_ascii_alphanumeric() || " '._:/@,+=()-%#".contains(*character)
        })
        .collect();
    format!("'{}'", format!("{}{end}", cut(safe.trim_end())).replace('\'', r"'\''"))
}

/// At most [`MOST`] bytes of an ASCII text, whole words where it has any.
fn cut(text: &str) -> String {
    let Some(head) = text.get(..MOST).filter(|head| head.len() < text.len()) else {
        return text.to_owned();
    };
    let end = head.rfind(' ').filter(|end| *end > MOST / 2).unwrap_or(MOST);
    format!("{}...", head.get(..end).unwrap_or(head).trim_end())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::report::fixtures;
    use crate::report::{CheckId, Finding, Outcome, Reason};

    #[test]
    fn it_says_which_image_and_why() {
        let text = |images| text(&fixtures::report(images));
        assert_eq!(text(vec![fixtures::verified()]), None);
        insta::assert_snapshot!(text(vec![fixtures::missing()]).unwrap(), @"FAILURE_REASON='FAILED registry.digitalocean.com/keepkey/support-email:latest-dev: tag-missing: support-email has no tag latest-dev (404 MANIFEST_UNKNOWN) (tag-exists)'");
        insta::assert_snapshot!(
            text(vec![fixtures::verified(), fixtures::undecided(), fixtures::stale()]).unwrap(),
            @"FAILURE_REASON='FAILED registry.digitalocean.com/keepkey/support-email:latest-dev: revision-differs: the image was built from another commit (revision-expected) (and 1 more)'"
        );
    }

    fn saying(message: &str) -> String {
        let finding = Finding::new(Reason::TagMissing, message);
        let failed = (CheckId::TagExists, Outcome::Failed(finding));
        text(&fixtures::report(vec![fixtures::image(fixtures::SUPPORT_EMAIL, &[failed])])).unwrap()
    }

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        let line = saying("the registry's own word\n$(touch x); `id` \"${HOME}\" \\ ü");
        let script = format!("{line}printf %s \"$FAILURE_REASON\"");
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @"FAILED registry.digitalocean.com/keepkey/support-email:latest-dev: tag-missing: the registry's own word (touch x) id HOME   (tag-exists)");
    }

    proptest! {
        #[test]
        fn it_is_one_short_line_of_safe_characters(message in fixtures::hostile()) {
            let line = saying(&message);
            prop_assert!(is_ours(line.as_bytes()));
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert!(line.len() < 2000);
            // Outside of the quotes stands nothing but an escaped quote.
            let value = line.trim_end().strip_prefix("FAILURE_REASON=").unwrap();
            let unescaped = value.replace(r"'\''", "");
            let inner = unescaped.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
            prop_assert!(inner.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{}", inner);
            prop_assert!(!inner.contains(['\'', '$', '`', '\\', '"', ';']), "{}", inner);
        }
    }
}
