//! Leaves out of a snapshot what nearly every run prints, so that a new note or check changes few snapshots.
//!
//! A list of checks is left out or shown by a name only where it is, to a check, the list that the program's own
//! checks give: see [`situations`](super::situations). Whatever differs from it stays in sight.

use std::fmt::Write as _;

use verify_registry_image::report::CheckId;

use super::situations::{ON_REQUEST, SKIPPED, Skipped, UNDECIDED};

/// The notes of each run at a stand-in. A note in other words is about something, and is shown.
const NOTES: [&str; 4] = [
    "note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)",
    "note: DigitalOcean's API is `https://[api]` (`DIGITALOCEAN_API_URL`)",
    "note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)",
    "note: the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`",
];

/// The labels of the lists of checks.
const LABELS: [&str; 3] = ["passed", "skipped", "not asked"];

/// Where the names of a list start.
const COLUMN: usize = 13;

/// `text` without the usual notes.
pub(super) fn without_notes(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !NOTES.contains(&line.trim_end())).collect()
}

/// `text` with its lists of checks cut to the checks that were asked for, and to what is not usual.
///
/// The checks that were asked for stay because a snapshot would otherwise not show whether they ran at all.
pub(super) fn without_checks(text: &str) -> String {
    let mut kept = String::new();
    let mut seen: Vec<String> = Vec::new();
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let Some(label) = label(line) else {
            match head(line) {
                Some((names, _)) => seen.extend(owned(&names)),
                None if !line.starts_with(' ') => seen.clear(),
                None => {}
            }
            kept.push_str(line);
            continue;
        };
        let mut list = line[COLUMN..].trim_end().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with(&" ".repeat(COLUMN))) {
            list = [&list, " ", more.trim()].concat();
        }
        let (names, why) =
            list.split_once(": ").map_or((list.as_str(), None), |(names, why)| (names, Some(why)));
        let names: Vec<&str> = names.split(", ").collect();
        seen.extend(owned(&names));
        let unusual = unusual(label, &names, why);
        if !unusual.is_empty() {
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            let _ = writeln!(kept, "  {label:<11}{}{why}", unusual.join(", "));
        }
        if lines.peek().is_none_or(|next| self::label(next).is_none()) {
            let missing = all().filter(|name| !ON_REQUEST.contains(name) && !has(&seen, name));
            let missing: Vec<&str> = missing.collect();
            if !missing.is_empty() {
                let _ = writeln!(kept, "  {:<11}{}", "missing", missing.join(", "));
            } else if kept.ends_with("\n\n") {
                kept.pop();
            }
        }
    }
    kept
}

/// `text` with the checks that share a finding shown by a name, where one trouble leaves just these undecided, give
/// or take a few that are told.
pub(super) fn with_named_checks(text: &str) -> String {
    let shown = |line: &str| {
        let Some((names, said)) = head(line) else { return line.to_owned() };
        let Some(name) = named(&names) else { return line.to_owned() };
        let indent = &line[..line.len() - line.trim_start().len()];
        format!("{indent}{name}{said}")
    };
    text.split_inclusive('\n').map(shown).collect()
}

/// The checks that a line says failed or errored, and the rest of it.
fn head(line: &str) -> Option<(Vec<&str>, &str)> {
    let end = [" errored: ", " failed: "].iter().filter_map(|word| line.find(word)).min()?;
    let (names, said) = line.split_at(end);
    let names: Vec<&str> = names.trim_start().split(", ").collect();
    names.iter().all(|name| all().any(|check| check == *name)).then_some((names, said))
}

/// The name of a list, and what it has less and more.
fn named(names: &[&str]) -> Option<String> {
    let of = |(name, checks): &(&str, Vec<&'static str>)| {
        let less: Vec<&str> =
            checks.iter().copied().filter(|check| !names.contains(check)).collect();
        let more: Vec<&str> = names.iter().copied().filter(|name| !checks.contains(name)).collect();
        let but = if less.is_empty() { String::new() } else { format!(" but {}", less.join(", ")) };
        let text = [vec![format!("[{name}{but}]").as_str()], more.clone()].concat().join(", ");
        (less.len() < checks.len() - less.len()).then_some((less.len() + more.len(), text))
    };
    let nearest = UNDECIDED.iter().filter_map(of).min_by_key(|(differences, _)| *differences);
    nearest.map(|(_, text)| text)
}

/// What is shown of a list.
fn unusual<'a>(label: &str, names: &[&'a str], why: Option<&str>) -> Vec<&'a str> {
    let is_asked = |name: &&str| ON_REQUEST.contains(name);
    let (asked, others): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(is_asked);
    match label {
        "passed" => asked,
        "not asked" => others,
        _ => {
            let is_usual = others.is_empty()
                || SKIPPED
                    .iter()
                    .any(|list| Some(list.why.as_str()) == why && list.checks == others);
            if is_usual { asked } else { names.to_vec() }
        }
    }
}

fn label(line: &str) -> Option<&'static str> {
    let is_label = |label: &&str| line.starts_with(&format!("  {label:<11}"));
    LABELS.into_iter().find(is_label)
}

fn all() -> impl Iterator<Item = &'static str> {
    CheckId::ALL.iter().map(|check| check.as_str())
}

fn owned<'a>(names: &'a [&str]) -> impl Iterator<Item = String> + use<'a> {
    names.iter().map(|name| (*name).to_owned())
}

fn has(seen: &[String], name: &str) -> bool {
    seen.iter().any(|seen| seen == name)
}

/// The checks that run unasked, as a list.
fn unasked() -> String {
    all().filter(|name| !ON_REQUEST.contains(name)).collect::<Vec<_>>().join(", ")
}

#[test]
fn only_the_usual_is_left_out() {
    let passed = unasked().replace(", platform", ",\n             digest-expected, platform");
    let text = format!(
        "VERIFIED (GREEN) r/a:b

  service    a

  passed     {passed}, port
  not asked  revision-expected, immutable-tag
----- stderr
note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
note: the DigitalOcean token comes from the variable `MINE`
"
    );
    insta::assert_snapshot!(without_checks(&without_notes(&text)), @"
    VERIFIED (GREEN) r/a:b

      service    a

      passed     digest-expected, port
    ----- stderr
    note: the DigitalOcean token comes from the variable `MINE`
    ");
    let verified =
        format!("  service    a\n\n  passed     {}\n  not asked  port\n\nnote: x\n", unasked());
    assert_eq!(without_checks(&verified), "  service    a\n\nnote: x\n");
}

/// Where a check is missing, skipped beside others or for another reason, or not asked, the list is in sight.
#[test]
fn a_list_that_is_not_the_usual_one_is_shown() {
    let shown = |lists: &str| {
        let head = "FAILED (RED) r/a:b\n\n  tag-exists failed: no\n";
        let passed = "  passed     registry-honest, repository-exists\n";
        let rest = without_checks(&format!("{head}{passed}{lists}\n  service    a\n"));
        let rest = rest.strip_prefix(head).and_then(|rest| rest.strip_suffix("  service    a\n"));
        rest.expect("the rest of a report").trim().to_owned()
    };
    let why = "there is no manifest to look at";
    let Skipped { checks, .. } = SKIPPED.iter().find(|list| list.why == why).expect("a list");
    let (usual, last) = (checks.join(", "), checks.last().expect("a check"));
    let less = checks[..checks.len() - 1].join(", ");
    assert_eq!(shown(&format!("  skipped    {usual}:\n             {why}\n")), "");
    assert_eq!(
        shown(&format!("  skipped    {usual}, port: {why}\n")),
        format!("skipped    port: {why}")
    );
    assert_eq!(
        shown(&format!("  skipped    {less}: {why}\n")),
        format!("skipped    {less}: {why}\n  missing    {last}"),
    );
    assert_eq!(
        shown(&format!("  skipped    {less}: {why}\n  not asked  {last}, port\n")),
        format!("skipped    {less}: {why}\n  not asked  {last}"),
    );
    assert_eq!(shown(&format!("  skipped    {usual}: no\n")), format!("skipped    {usual}: no"));
}

#[test]
fn a_shared_finding_is_shown_with_the_name_of_its_list() {
    let shown = |names: &str| with_named_checks(&format!("  {names} errored: 503\n"));
    let [_, (manifest, checks), _] = &*UNDECIDED;
    let (usual, last) = (checks.join(", "), checks.last().expect("a check"));
    let less = checks[..checks.len() - 1].join(", ");
    assert_eq!(shown(&usual), format!("  [{manifest}] errored: 503\n"));
    assert_eq!(
        shown(&format!("{less}, port")),
        format!("  [{manifest} but {last}], port errored: 503\n")
    );
    for other in ["registry-honest", "platform, engines", "repository-exists, tag-exists"] {
        assert_eq!(shown(other), format!("  {other} errored: 503\n"));
    }
}
