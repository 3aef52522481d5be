//! The README says what the program says: exit codes, checks, options, reasons, and its own links.
//!
//! A test that fails prints the table as it should stand.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use verify_registry_image::checks::CHECKS;
use verify_registry_image::exit::Exit;
use verify_registry_image::report::Reason;
use verify_registry_image::settings;

use crate::stand_in::{Origin, StandIn};
use crate::support::Gate;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// Fails with the table that the README should hold.
fn holds(head: &str, rows: &[String]) {
    let mut table = format!("{head}\n");
    for row in rows {
        writeln!(table, "{row}").unwrap();
    }
    assert!(readme().contains(&table), "the README should hold this table:\n\n{table}");
}

/// A text as a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_exit_codes_are_the_programs() {
    let rows: Vec<String> = Exit::TABLE
        .iter()
        .map(|(exit, verdict, meaning)| format!("| {} | {verdict} | {meaning} |", exit.code()))
        .collect();
    holds("| exit | verdict | when |\n|---|---|---|", &rows);
}

#[test]
fn the_checks_are_the_programs() {
    let rows: Vec<String> =
        CHECKS.iter().map(|check| format!("| `{}` | {} |", check.id, check.title)).collect();
    holds("| check | passes when |\n|---|---|", &rows);
}

#[test]
fn the_options_are_the_programs() {
    let rows: Vec<String> = settings::options()
        .iter()
        .map(|settings::OptionText { option, variable, meaning }| {
            let prefix = settings::PREFIX;
            let variable = variable.as_deref().map_or_else(
                || "-".to_owned(),
                |name| format!("`{}`", name.strip_prefix(prefix).unwrap_or(name)),
            );
            // Angle brackets outside of code would be HTML.
            let meaning = cell(meaning).replace('<', "&lt;");
            format!("| `{option}` | {variable} | {meaning} |")
        })
        .collect();
    holds("| option | variable | meaning |\n|---|---|---|", &rows);
}

#[test]
fn the_reasons_are_the_programs() {
    let rows: Vec<String> = Reason::ALL
        .iter()
        .map(|reason| {
            format!("| `{reason}` | {} | {} |", cell(reason.meaning()), cell(reason.advice()))
        })
        .collect();
    holds("| reason | what it means | what to do |\n|---|---|---|", &rows);
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_config_example_is_one_that_the_program_reads() {
    let readme = readme();
    let config: Vec<String> = blocks(&readme, "yaml")
        .into_iter()
        .filter(|block| block.starts_with("registry: "))
        .collect();
    assert_eq!(config.len(), 1, "one whole config file is shown");
    let stand_in = StandIn::honest();
    let host = stand_in.host(Origin::Registry);
    let run = Gate::at(&stand_in)
        .file("verify-registry-image.yml", &config[0].replace("registry.digitalocean.com", &host))
        .env("CIRCLE_SHA1", "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4")
        .args("--environment development")
        .run();
    assert_eq!(run.code, Some(1), "it is read, and its image is asked for: {}", run.stderr);
}

#[test]
fn every_yaml_block_is_yaml() {
    for block in blocks(&readme(), "yaml") {
        let parsed = serde_yaml::from_str::<serde_yaml::Value>(&block);
        assert!(parsed.is_ok(), "{parsed:?} in\n{block}");
    }
}

#[test]
fn every_link_into_the_repository_leads_somewhere() {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    pages.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut links = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|kind| kind == "md")) {
        let text = fs::read_to_string(page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            links += 1;
            let target = page.parent().unwrap().join(path);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
    assert!(links > 5, "the links were found");
}
