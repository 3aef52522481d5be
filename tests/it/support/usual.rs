//! Leaves out of a snapshot what nearly every run prints, so that a new note or check changes few snapshots.

use std::fmt::Write as _;

/// The notes of each run at a stand-in. A note in other words is about something, and is shown.
const NOTES: [&str; 4] = [
    "note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)",
    "note: DigitalOcean's API is `https://[api]` (`DIGITALOCEAN_API_URL`)",
    "note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)",
    "note: the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`",
];

/// The checks that run only where an option or the config asks for them.
const ON_REQUEST: [&str; 5] =
    ["digest-expected", "revision-expected", "immutable-tag", "port", "runtime"];

/// The labels of the lists of checks.
const LABELS: [&str; 3] = ["passed", "skipped", "not asked"];

/// Where the names of a list start.
const COLUMN: usize = 13;

/// `text` without the usual notes.
pub(super) fn without_notes(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !NOTES.contains(&line.trim_end())).collect()
}

/// `text` with its lists of checks cut to the checks that were asked for.
///
/// They stay because a snapshot would otherwise not show whether such a check ran at all.
pub(super) fn without_checks(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let Some(label) = label(line) else {
            kept.push_str(line);
            continue;
        };
        let mut list = line[COLUMN..].trim_end().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with(&" ".repeat(COLUMN))) {
            list = [&list, " ", more.trim()].concat();
        }
        if let Some(list) = asked_for(label, &list) {
            let _ = writeln!(kept, "  {label:<11}{list}");
        } else if lines.peek().is_none_or(|next| self::label(next).is_none())
            && kept.ends_with("\n\n")
        {
            kept.pop();
        }
    }
    kept
}

fn label(line: &str) -> Option<&'static str> {
    let is_label = |label: &&str| line.starts_with(&format!("  {label:<11}"));
    LABELS.into_iter().find(is_label)
}

/// What is shown of a list; `None`: nothing.
fn asked_for(label: &str, list: &str) -> Option<String> {
    let (names, why) =
        list.split_once(": ").map_or((list, None), |(names, why)| (names, Some(why)));
    let asked = |name: &&str| label != "not asked" && ON_REQUEST.contains(name);
    let names: Vec<&str> = names.split(", ").filter(asked).collect();
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    (!names.is_empty()).then(|| names.join(", ") + &why)
}

#[test]
fn only_the_usual_is_left_out() {
    let text = "VERIFIED (GREEN) r/a:b

  service    a

  passed     registry-honest, repository-exists, digest-expected,
             layers-present, port
  skipped    manifest-intact, runtime:
             there is no manifest to look at
  skipped    platform: none
  not asked  revision-expected, immutable-tag
----- stderr
note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
note: the DigitalOcean token comes from the variable `MINE`
";
    insta::assert_snapshot!(without_checks(&without_notes(text)), @"
    VERIFIED (GREEN) r/a:b

      service    a

      passed     digest-expected, port
      skipped    runtime: there is no manifest to look at
    ----- stderr
    note: the DigitalOcean token comes from the variable `MINE`
    ");
    let verified = "  service    a\n\n  passed     platform\n  not asked  port\n\nnote: x\n";
    assert_eq!(without_checks(verified), "  service    a\n\nnote: x\n");
}
