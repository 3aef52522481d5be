//! The README and the pages of `docs/` say what the program says: exit codes, checks, options, reasons, the runs and
//! files that they show, the commands in them, and their links.
//!
//! A test that fails prints the text that the page should have.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use verify_registry_image::checks::CHECKS;
use verify_registry_image::circleci::Why;
use verify_registry_image::exit::Exit;
use verify_registry_image::report::Reason;
use verify_registry_image::settings;

use crate::stand_in::{Image, Options, Origin, StandIn};
use crate::support::{Gate, Run};

/// The commit whose image the documented runs find.
const COMMIT: &str = "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4";

/// Where the documented runs found the stand-in.
const SHOWN_HOST: &str = "127.0.0.1:43463";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page, by its path in the repository.
fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Fails with the table that the page should have.
fn holds(path: &str, head: &str, rows: &[String]) {
    let mut table = format!("{head}\n");
    for row in rows {
        writeln!(table, "{row}").unwrap();
    }
    shows(path, &format!("\n{table}\n"));
}

/// Fails with the text that the page should have.
fn shows(path: &str, text: &str) {
    // A page may end with its table.
    let page = page(path) + "\n";
    assert!(page.contains(text), "{path} should have this:\n\n{text}");
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
    holds("README.md", "| exit | verdict | when |\n|---|---|---|", &rows);
}

#[test]
fn the_checks_are_the_programs() {
    let rows: Vec<String> =
        CHECKS.iter().map(|check| format!("| `{}` | {} |", check.id, check.id.title())).collect();
    holds("docs/verdict.md", "| check | passes when |\n|---|---|", &rows);
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
    holds("docs/usage.md", "| option | variable | meaning |\n|---|---|---|", &rows);
}

#[test]
fn the_outputs_are_the_programs() {
    let page = page("docs/outputs.md");
    let table = page.split("| option | what is written | when |\n").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let words: BTreeSet<&str> =
        table.split(['`', ' ']).filter(|word| word.starts_with("--")).collect();
    let mut outputs: BTreeSet<String> =
        settings::OUTPUT_OPTIONS.iter().map(|output| format!("--{}", output.option)).collect();
    // Of standard output.
    outputs.insert("--format".into());
    assert_eq!(words, outputs.iter().map(String::as_str).collect());
}

#[test]
fn the_variables_are_the_programs() {
    let help = Gate::at(&StandIn::honest()).args("--help").run().stdout;
    let (_, variables) = help.split_once("\nVariables:\n").unwrap();
    let (variables, _) = variables.split_once("\nExit codes:\n").unwrap();
    let names: Vec<&str> = variables
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter(|line| !line.contains("VERIFY_REGISTRY_IMAGE") && !line.contains(". "))
        .flat_map(|line| line.split(", "))
        .filter(|name| name.starts_with(|first: char| first.is_ascii_uppercase()))
        .filter(|name| !name.contains(' '))
        .collect();
    assert!(names.len() >= 12, "{names:?}");
    let page = page("docs/usage.md");
    let table = page.split("\n| variable | what for |\n").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    for name in names {
        assert!(table.contains(&format!("`{name}`")), "docs/usage.md should explain `{name}`");
    }
}

#[test]
fn the_reasons_are_the_programs() {
    let rows: Vec<String> = Reason::ALL
        .iter()
        .map(|reason| {
            format!("| `{reason}` | {} | {} |", cell(reason.meaning()), cell(reason.advice()))
        })
        .collect();
    holds(
        "docs/troubleshooting.md",
        "| reason | what it means | what to do |\n|---|---|---|",
        &rows,
    );
}

#[test]
fn the_reasons_of_a_diagnosis_are_the_programs() {
    let rows: Vec<String> = Why::ALL
        .iter()
        .map(|why| {
            let started = match why.refusal() {
                "" => "yes".to_owned(),
                refusal => format!("no: {refusal}"),
            };
            let (meaning, advice) = (cell(why.meaning()), cell(why.advice()));
            format!("| `{why}` | {meaning} | {advice} | {started} |")
        })
        .collect();
    holds(
        "docs/diagnose.md",
        "| reason | what it means | what to do | started by `--start-pipeline` |\n|---|---|---|---|",
        &rows,
    );
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

/// The one config file that a page shows.
fn config(path: &str) -> String {
    let mut configs = blocks(&page(path), "yaml");
    configs.retain(|block| block.starts_with("registry: "));
    assert_eq!(configs.len(), 1, "{path} shows one config file");
    configs.remove(0)
}

/// The page whose config file and runs belong together, and the registry and service in them.
struct Shown {
    config: &'static str,
    registry: &'static str,
    service: &'static str,
}

const FIRST: Shown = Shown { config: "README.md", registry: "my-registry", service: "api" };
const WHOLE: Shown =
    Shown { config: "docs/configuration.md", registry: "keepkey", service: "support-email" };

impl Shown {
    fn stand_in(&self) -> StandIn {
        let stand_in = StandIn::start(Options {
            registries: vec![self.registry.to_owned()],
            ..Options::default()
        });
        let image = Image::node_on_alpine().revision(COMMIT);
        let repository = format!("{}/{}", self.registry, self.service);
        stand_in.image(&repository, "latest-dev", image.clone());
        stand_in.image(&repository, &format!("{COMMIT}-dev"), image);
        stand_in
    }

    /// A run in a job of the commit, with the page's config file, at a registry that holds the commit's image.
    fn run<'a>(&self, stand_in: &'a StandIn, arguments: &str) -> Run<'a> {
        let host = stand_in.host(Origin::Registry);
        let config = config(self.config).replace("registry.digitalocean.com", &host);
        Gate::at(stand_in)
            .file("verify-registry-image.yml", config)
            .file("docs/deployment/status/.keep", "")
            .file("docs/deployment/badges/.keep", "")
            .env("CIRCLE_SHA1", COMMIT)
            .args(arguments)
            .run()
    }

    /// What a reader sees who types the command.
    fn terminal(&self, code: i32, arguments: &str) -> String {
        let stand_in = self.stand_in();
        let run = self.run(&stand_in, arguments);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        let printed = as_shown(&stand_in, &run.stdout);
        format!("$ verify-registry-image {arguments}\n{printed}exit code {code}\n")
    }
}

/// The output of a run as the pages show it: with their host and their time.
fn as_shown(stand_in: &StandIn, text: &str) -> String {
    let now = Regex::new(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
    let text = text.replace(&stand_in.host(Origin::Registry), SHOWN_HOST);
    now.replace_all(&text, "2026-11-25T10:48:07Z").into_owned()
}

#[test]
fn the_runs_that_are_shown_are_real() {
    for (code, arguments) in [(1, "support-email:latest-test"), (0, "--environment development")] {
        let run = WHOLE.terminal(code, arguments);
        shows("docs/outputs.md", &format!("```text\n{run}```\n"));
    }
    let red = FIRST.terminal(1, "api:latest");
    shows("README.md", &format!("```text\n{red}```\n"));
}

/// The README's green run leaves lines out, and says where.
#[test]
fn the_run_that_is_shortened_is_real() {
    let green = FIRST.terminal(0, "--environment development");
    let mut shown = blocks(&page("README.md"), "text");
    shown.retain(|block| block.contains("--environment development"));
    let shown = shown.first().unwrap_or_else(|| panic!("README.md should show this:\n\n{green}"));
    let mut rest = green.as_str();
    for part in format!("{shown}\n").split("  …\n") {
        let (_, after) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("README.md should show this:\n\n{green}\nnot\n{part}"));
        rest = after;
    }
    assert_eq!(rest, "");
}

#[test]
fn the_files_that_are_shown_are_real() {
    let stand_in = WHOLE.stand_in();
    let written = WHOLE.run(&stand_in, "--environment development --update-status");
    let status = written.file("docs/deployment/status/development.status");
    shows("docs/outputs.md", &format!("```text\n{}```\n", as_shown(&stand_in, status)));

    let stand_in = WHOLE.stand_in();
    let arguments = "support-email:latest-test --failure-reason-file reason.env";
    let written = WHOLE.run(&stand_in, arguments);
    let reason = as_shown(&stand_in, written.file("reason.env"));
    shows("docs/outputs.md", &format!("```text\n{reason}```\n"));
}

#[test]
fn every_key_of_the_config_is_explained() {
    let schema = include_str!("../../schema/config.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let mut keys = BTreeSet::from(["registry".to_owned()]);
    for (section, entry) in [
        ("environments.*", "EnvironmentEntry"),
        ("services.*", "ServiceEntry"),
        ("circleci", "CircleCiEntry"),
        ("status", "StatusEntry"),
    ] {
        let properties = schema["$defs"][entry]["properties"].as_object().unwrap();
        keys.extend(properties.keys().map(|key| format!("{section}.{key}")));
    }
    let page = page("docs/configuration.md");
    let table = page.split("| key | what it says |").nth(1).unwrap();
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
    let blocks = blocks(&page("docs/circleci.md"), "yaml");
    let shown = blocks.into_iter().find(|block| block.contains("docker/publish"));
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
    shows("README.md", &format!("`{}:{}`", default("image"), default("tag")));
    shows("docs/usage.md", &format!("\n  {}:{} ", default("image"), default("tag")));
    assert_eq!(default("tag"), env!("CARGO_PKG_VERSION"));
    shows("README.md", &format!("\nversion={}\n", env!("CARGO_PKG_VERSION")));
    shows("README.md", &format!("Rust {} or newer", env!("CARGO_PKG_RUST_VERSION")));
    let page = page("docs/circleci.md");
    for name in ["default", "docr"] {
        let shown =
            Regex::new(&format!("name: verify-registry-image/{name}\n(.*\n)??.*tag: \"(.*)\"\n"));
        let shown = shown.unwrap().captures(&page).unwrap_or_else(|| panic!("{name} is not shown"));
        assert_eq!(&shown[2], default("tag"), "{name}");
    }
}

#[test]
fn the_parameters_are_the_orbs() {
    let job: serde_yaml::Value =
        serde_yaml::from_str(include_str!("../../orb/src/jobs/verify.yml")).unwrap();
    let rows: Vec<String> = job["parameters"]
        .as_mapping()
        .unwrap()
        .iter()
        .map(|(name, parameter)| {
            let default = serde_yaml::to_string(&parameter["default"]).unwrap();
            let default = match default.trim() {
                "''" => "empty".to_owned(),
                text => format!("`{text}`"),
            };
            let text = parameter["description"].as_str().unwrap().replace('\n', " ");
            let (sentence, _) =
                text.split_once(". ").unwrap_or((text.trim_end_matches(['.', ' ']), ""));
            format!("| `{}` | {default} | {} |", name.as_str().unwrap(), cell(sentence))
        })
        .collect();
    holds("docs/circleci.md", "| parameter | default | meaning |\n|---|---|---|", &rows);
}

#[test]
fn every_yaml_block_is_yaml() {
    let blocks: Vec<String> = pages().iter().flat_map(|(_, text)| blocks(text, "yaml")).collect();
    assert!(blocks.len() >= 8, "the blocks were found: {}", blocks.len());
    for block in blocks {
        let parsed = serde_yaml::from_str::<serde_yaml::Value>(&block);
        assert!(parsed.is_ok(), "{parsed:?} in\n{block}");
    }
}

/// The README and the other pages.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|page| root().join(page)).to_vec();
    for folder in ["docs", "examples/pulumi", "examples/pulumi-python", "examples/pulumi-yaml"] {
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
    for path in ["docs/usage.md", "docs/circleci.md"] {
        let page = page(path);
        let (contents, sections) = page.split_once("\n## ").unwrap();
        let sections = format!("\n## {sections}");
        for section in sections.lines().filter_map(|line| line.strip_prefix("## ")) {
            let anchor = anchors(&format!("## {section}")).pop_first().unwrap();
            assert!(contents.contains(&format!("](#{anchor})")), "{path}: {section}");
        }
    }
}

#[test]
fn the_readme_lists_every_page() {
    let readme = page("README.md");
    let index = readme.split("\n## Documentation\n").nth(1).unwrap();
    for (path, _) in pages() {
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let is_listed = index.contains(&format!("]({path})"));
        // An example is listed by its folder.
        let is_of_an_example = path.starts_with("examples/");
        assert!(is_listed || is_of_an_example || path == "README.md", "{path}");
    }
}

#[test]
fn no_line_of_the_readme_is_too_long() {
    // Badges are links alone.
    let readme = page("README.md");
    let long = readme.lines().filter(|line| line.chars().count() > 120 && !line.starts_with("[!["));
    assert_eq!(long.collect::<Vec<_>>(), Vec::<&str>::new());
}

/// `scripts/draw_cost.py` draws it again, from the tables of the page.
#[test]
fn the_picture_of_the_cost_is_of_the_tables_beside_it() {
    let (picture, tables) = (page("docs/images/cost.svg"), page("docs/performance.md"));
    roxmltree::Document::parse(&picture).unwrap();
    let shown = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let name = cells.next()?;
        let is_fleet = name.ends_with(", TLS, HTTP/2");
        let measured = cells.find(|cell| cell.ends_with(" ms"))?;
        is_fleet.then(|| format!("{measured} at {}", name.split(',').next().unwrap_or_default()))
    };
    let points: Vec<String> = tables.lines().filter_map(shown).collect();
    assert!(points.len() > 3, "{points:?}");
    for point in points {
        assert!(picture.contains(&point), "{point}");
    }
    assert!(tables.contains("images/cost.svg") && !picture.contains("script"));
}

/// `make record-demo` draws it again.
#[test]
fn the_moving_picture_is_of_this_demo_and_loads_nothing() {
    let picture = page("docs/images/demo.svg");
    assert!(picture.len() < 60_000, "{} bytes", picture.len());
    let parsed = roxmltree::Document::parse(&picture).unwrap();
    let shown: String = parsed
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")))
        .flat_map(|node| node.descendants())
        .filter_map(|node| node.text().filter(|_| node.is_text()))
        .collect();
    let demo = page("examples/demo/main.rs");
    let titles: Vec<&str> =
        demo.split("title(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(titles.len() > 4, "{titles:?}");
    for title in titles.iter().filter(|title| title.starts_with(|first: char| first.is_numeric())) {
        assert!(shown.contains(&format!("=== {title} ")), "{title}");
    }
    for other in ["script", "image", "use", "foreignObject", "a"] {
        assert!(!parsed.descendants().any(|node| node.tag_name().name() == other), "{other}");
    }
    assert!(!picture.contains("@import") && !picture.replace("url(#", "").contains("url("));
}
