//! The README says what the program says: exit codes, checks, options, reasons, the runs that it shows, the
//! commands in it, and its own links.
//!
//! A test that fails prints what should stand there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use verify_registry_image::checks::CHECKS;
use verify_registry_image::exit::Exit;
use verify_registry_image::report::Reason;
use verify_registry_image::settings;

use crate::stand_in::{Image, Origin, StandIn};
use crate::support::{Gate, Run};

/// The commit whose image the README's runs find.
const COMMIT: &str = "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4";

/// Where the README's runs found the stand-in.
const SHOWN_HOST: &str = "127.0.0.1:43463";

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
    shows(&format!("\n{table}\n"));
}

/// Fails with the text that the README should hold.
fn shows(text: &str) {
    assert!(readme().contains(text), "the README should hold this:\n\n{text}");
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
        CHECKS.iter().map(|check| format!("| `{}` | {} |", check.id, check.id.title())).collect();
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

/// The whole config file that is shown.
fn config() -> String {
    let mut configs = blocks(&readme(), "yaml");
    configs.retain(|block| block.starts_with("registry: "));
    assert_eq!(configs.len(), 1, "one whole config file is shown");
    configs.remove(0)
}

/// A run in a job of the commit, with the config file that is shown, at a registry that holds its image.
fn run<'a>(stand_in: &'a StandIn, arguments: &str) -> Run<'a> {
    let image = Image::node_on_alpine().revision(COMMIT);
    stand_in.image("keepkey/support-email", "latest-dev", image.clone());
    stand_in.image("keepkey/support-email", &format!("{COMMIT}-dev"), image);
    let host = stand_in.host(Origin::Registry);
    Gate::at(stand_in)
        .file("verify-registry-image.yml", config().replace("registry.digitalocean.com", &host))
        .file("docs/deployment/status/.keep", "")
        .file("docs/deployment/badges/.keep", "")
        .env("CIRCLE_SHA1", COMMIT)
        .args(arguments)
        .run()
}

/// Something of a run, as the README shows it: with its host, and at its time.
fn as_shown(stand_in: &StandIn, text: &str) -> String {
    let now = Regex::new(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
    let text = text.replace(&stand_in.host(Origin::Registry), SHOWN_HOST);
    now.replace_all(&text, "2026-11-25T10:48:07Z").into_owned()
}

#[test]
fn the_runs_that_are_shown_are_real() {
    for (code, arguments) in [(1, "support-email:latest-test"), (0, "--environment development")] {
        let stand_in = StandIn::honest();
        let run = run(&stand_in, arguments);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        let told = as_shown(&stand_in, &run.stdout);
        shows(&format!(
            "```text\n$ verify-registry-image {arguments}\n{told}exit code {code}\n```\n"
        ));
    }
}

#[test]
fn the_files_that_are_shown_are_real() {
    let stand_in = StandIn::honest();
    let written = run(&stand_in, "--environment development --update-status");
    let status = written.file("docs/deployment/status/development.status");
    shows(&format!("```text\n{}```\n", as_shown(&stand_in, status)));

    let stand_in = StandIn::honest();
    let written = run(&stand_in, "support-email:latest-test --failure-reason-file reason.env");
    shows(&format!("```text\n{}```\n", as_shown(&stand_in, written.file("reason.env"))));
}

#[test]
fn every_key_of_the_config_is_explained() {
    let schema = include_str!("../../schema/config.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let mut keys = BTreeSet::from(["registry".to_owned()]);
    for (section, entry) in [
        ("environments.*", "EnvironmentEntry"),
        ("services.*", "ServiceEntry"),
        ("status", "StatusEntry"),
    ] {
        let properties = schema["$defs"][entry]["properties"].as_object().unwrap();
        keys.extend(properties.keys().map(|key| format!("{section}.{key}")));
    }
    let readme = readme();
    let table = readme.split("| key | what it says |").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let explained: BTreeSet<String> = table
        .lines()
        .filter_map(|row| row.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|cell| cell.split(", "))
        .map(|key| key.trim_matches('`').to_owned())
        .collect();
    assert_eq!(explained, keys);
}

/// The commands of the shell blocks, each on one line.
fn commands(text: &str) -> Vec<String> {
    let joined = blocks(text, "sh").join("\n").replace("\\\n", " ");
    let lines = joined.lines().filter(|line| line.starts_with("verify-registry-image "));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_option_of_a_command_that_is_shown_exists() {
    let long = |text: &str| {
        let name = text.split("--").nth(1)?.split(['=', '[', ' ']).next()?;
        Some(format!("--{name}"))
    };
    let known: BTreeSet<String> =
        settings::options().iter().filter_map(|text| long(&text.option)).collect();
    let mut seen = 0;
    for (page, text) in pages() {
        for word in commands(&text).iter().flat_map(|command| command.split_whitespace()) {
            if let Some(option) = long(word).filter(|_| word.starts_with("--")) {
                seen += 1;
                assert!(known.contains(&option), "{}: {option}", page.display());
            }
        }
    }
    assert!(seen >= 4, "the commands were found");
}

#[test]
fn the_workflow_is_the_orbs_own_example() {
    let example = include_str!("../../orb/src/examples/gate_develop_workflow.yml");
    let example: serde_yaml::Value = serde_yaml::from_str(example).unwrap();
    let shown =
        blocks(&readme(), "yaml").into_iter().find(|block| block.contains("docker/publish"));
    // As an example it has its version as a text, which `circleci orb pack` asks for.
    let mut shown: serde_yaml::Value = serde_yaml::from_str(&shown.unwrap()).unwrap();
    shown["version"] = example["usage"]["version"].clone();
    assert_eq!(shown, example["usage"]);
}

#[test]
fn the_image_is_the_one_that_the_orb_runs_in() {
    let executor = include_str!("../../orb/src/executors/default.yml");
    let executor: serde_yaml::Value = serde_yaml::from_str(executor).unwrap();
    let default = |name: &str| executor["parameters"][name]["default"].as_str().unwrap();
    shows(&format!("`{}:{}`", default("image"), default("tag")));
    assert_eq!(default("tag"), env!("CARGO_PKG_VERSION"));
    shows(&format!("\nversion={}\n", env!("CARGO_PKG_VERSION")));
    for name in ["default", "docr"] {
        let shown =
            Regex::new(&format!("name: verify-registry-image/{name}\n(.*\n)??.*tag: \"(.*)\"\n"));
        let readme = readme();
        let shown =
            shown.unwrap().captures(&readme).unwrap_or_else(|| panic!("{name} is not shown"));
        assert_eq!(&shown[2], default("tag"), "{name}");
    }
}

#[test]
fn every_yaml_block_is_yaml() {
    for block in blocks(&readme(), "yaml") {
        let parsed = serde_yaml::from_str::<serde_yaml::Value>(&block);
        assert!(parsed.is_ok(), "{parsed:?} in\n{block}");
    }
}

/// The README and the other pages.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "examples/pulumi"] {
        paths.extend(fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let headings = text.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code && line.starts_with('#')
    });
    headings
        .map(|line| {
            let kept = line.trim_start_matches('#').trim().to_lowercase();
            let kept =
                kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_into_the_repository_leads_somewhere() {
    let mut links = 0;
    for (page, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            links += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let anchors = anchors(&fs::read_to_string(target).unwrap());
                assert!(anchors.contains(anchor), "{}: {link}: {anchors:?}", page.display());
            }
        }
    }
    assert!(links > 30, "the links were found: {links}");
}

#[test]
fn the_contents_list_every_section() {
    let readme = readme();
    let contents = readme.split("**Contents:**").nth(1).unwrap().split("\n\n").next().unwrap();
    let sections = readme.lines().filter_map(|line| line.strip_prefix("## "));
    for section in sections {
        let anchor = anchors(&format!("## {section}")).pop_first().unwrap();
        assert!(contents.contains(&format!("](#{anchor})")), "{section}");
    }
}
