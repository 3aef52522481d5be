//! Takes out of a snapshot what differs from run to run, and shortens what only makes it long.

use regex_lite::{Captures, Regex};

/// Patterns that differ from run to run, in the order in which they are applied.
const PATTERNS: [(&str, &str); 9] = [
    // A digest is known by its first digits; the length is shown, so that a cut one would be seen.
    (r"\b(sha256:[0-9a-f]{12})[0-9a-f]{52}\b", "${1}[..64]"),
    (r#"\btime="\d+(\.\d+)?""#, r#"time="[seconds]""#),
    (
        r#""(took|duration|elapsed|seconds)(_ms|_seconds)?": ?\d+(\.\d+)?"#,
        r#""${1}${2}": [number]"#,
    ),
    (r" *\b\d+(\.\d+)? ms\b", " [duration]"),
    (r" *\b\d+\.\d+ s\b", " [duration]"),
    (r"\(\d+ s of (\d+ s)\)", "([waited] of ${1})"),
    (r"\bverify-registry-image([/ ]v?)\d+\.\d+\.\d+\b", "verify-registry-image${1}[version]"),
    (r#""version": "\d+\.\d+\.\d+""#, r#""version": "[version]""#),
    (r"\b127\.0\.0\.1:\d+\b", "127.0.0.1:[port]"),
];

/// A time of day. The ones of the stand-in's images stand still and are kept.
const TIME: &str = r"\b\d{4}-\d\d-\d\d(T|<br>)\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)";
const DAY_OF_THE_IMAGES: &str = "2026-11-03T";

/// What is taken out of the snapshots of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Redactions(Vec<(String, String)>);

impl Redactions {
    /// Shows `text` as `shown`.
    pub(super) fn text(&mut self, text: &str, shown: &str) {
        if !text.is_empty() {
            self.0.push((text.to_owned(), shown.to_owned()));
        }
    }

    /// `text` as it stands in a snapshot.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.0 {
            text = text.replace(from, to);
        }
        let time = Regex::new(TIME).expect("a valid pattern");
        let shown = |found: &Captures<'_>| {
            let found = found.get(0).map_or("", |found| found.as_str());
            if found.starts_with(DAY_OF_THE_IMAGES) { found } else { "[time]" }.to_owned()
        };
        text = time.replace_all(&text, shown).into_owned();
        for (pattern, shown) in PATTERNS {
            let pattern = Regex::new(pattern).expect("a valid pattern");
            text = pattern.replace_all(&text, shown).into_owned();
        }
        text
    }
}

#[test]
fn what_differs_from_run_to_run_is_taken_out() {
    let mut redactions = Redactions::default();
    redactions.text("127.0.0.1:4711", "[registry]");
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let text = format!(
        "127.0.0.1:4711/a@{digest} 127.0.0.1:9 verify-registry-image 0.1.0 in 41 ms, 1.25 s of 15 s (3 s of 15 s) \
         2026-11-25T09:33:31.5Z 2026-11-03T08:15:30Z time=\"0.041\" \"duration_ms\":41"
    );
    insta::assert_snapshot!(redactions.apply(&text), @r#"[registry]/a@sha256:0123456789ab[..64] 127.0.0.1:[port] verify-registry-image [version] in [duration], [duration] of 15 s ([waited] of 15 s) [time] 2026-11-03T08:15:30Z time="[seconds]" "duration_ms": [number]"#);
}
