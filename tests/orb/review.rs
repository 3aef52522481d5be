//! The review rules of CircleCI's orb-tools, RC001 to RC012, as they would judge the sources.
//!
//! Where the originals are weaker than they read (RC002 passes an empty description, RC004 never fires, RC008
//! and RC009 look at the outermost steps only), these do what is meant. RC006 and RC007 ask a web server there;
//! here they look whether the address could be one.

use serde_yaml::Value;

use crate::parameters::declared;
use crate::source::Source;

/// orb-tools' `max_command_length`.
const LONGEST_COMMAND: usize = 64;

/// Which rule, and what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) what: String,
}

/// Judges the sources, as the review job does for a release of this major version.
pub(crate) fn review(source: &Source, orb: &str, major: &str) -> Vec<Finding> {
    let mut review = Review { source, findings: Vec::new() };
    review.root();
    review.examples(orb, major);
    for (path, element) in review.parsed(&["jobs/", "commands/", "executors/"]) {
        review.names(&path, &element);
        review.runs(&path, &element);
        review.keys(&path, &element);
    }
    for (path, element) in review.parsed(&["jobs/", "examples/", "commands/", "executors/"]) {
        let text = element.get("description").and_then(Value::as_str).unwrap_or_default();
        if text.trim().is_empty() {
            review.find("RC002", format!("{path} has no description"));
        }
    }
    review.findings.sort_by_key(|finding| finding.rule);
    review.findings
}

struct Review<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl Review<'_> {
    fn find(&mut self, rule: &'static str, what: String) {
        self.findings.push(Finding { rule, what });
    }

    fn parsed(&self, folders: &[&str]) -> Vec<(String, Value)> {
        let is_element = |path: &str| {
            folders.iter().any(|folder| path.starts_with(folder)) && is_yaml(path, &["yml", "yaml"])
        };
        let files = self.source.files.iter().filter(|(path, _)| is_element(path));
        files
            .map(|(path, text)| (path.clone(), serde_yaml::from_str(text).unwrap_or_default()))
            .collect()
    }

    fn root(&mut self) {
        let text = self.source.files.get("@orb.yml").map_or("", String::as_str);
        let root: Value = serde_yaml::from_str(text).unwrap_or_default();
        let description = root.get("description").and_then(Value::as_str).unwrap_or_default();
        if description.chars().count() < 64 {
            self.find("RC005", "the orb's description is shorter than 64 characters".to_owned());
        }
        let url = |key: &str| root.get("display").and_then(|display| display.get(key)).cloned();
        match url("source_url") {
            None => self.find("RC001", "`display.source_url` is missing".to_owned()),
            Some(url) if !is_address(&url) => {
                self.find("RC006", "`display.source_url` is no address yet".to_owned());
            }
            Some(_) => {}
        }
        if url("home_url").is_some_and(|url| !is_address(&url)) {
            self.find("RC007", "`display.home_url` is no address yet".to_owned());
        }
    }

    fn examples(&mut self, orb: &str, major: &str) {
        let examples = self.parsed(&["examples/"]);
        if examples.is_empty() {
            self.find("RC003", "there is no usage example".to_owned());
        }
        for (path, example) in examples {
            let name = path.trim_start_matches("examples/");
            if name.contains("example") {
                self.find("RC004", format!("{path} is not named after a use case"));
            }
            // orb-tools looks at `.yml` only, and takes what stands behind the `@`.
            if !is_yaml(&path, &["yml"]) {
                continue;
            }
            let reference = example.get("usage").and_then(|usage| usage.get("orbs")?.get(orb));
            let version = reference.and_then(Value::as_str).and_then(|text| text.split('@').nth(1));
            if version.and_then(|version| version.split('.').next()) != Some(major) {
                self.find("RC011", format!("{path} does not show version {major} of the orb"));
            }
        }
    }

    fn names(&mut self, path: &str, element: &Value) {
        if path.contains('-') {
            self.find("RC010", format!("{path} is not in snake_case"));
        }
        for name in declared(element).keys().filter_map(Value::as_str) {
            if name.contains('-') {
                self.find("RC010", format!("{path}: the parameter `{name}` is not in snake_case"));
            }
        }
    }

    fn runs(&mut self, path: &str, element: &Value) {
        let mut runs = Vec::new();
        collect_runs(element, &mut runs);
        for run in runs {
            let name = run.get("name").and_then(Value::as_str).unwrap_or_default();
            if name.is_empty() {
                self.find("RC008", format!("{path} has a `run` without a name"));
            }
            if run.is_string() {
                self.find("RC009", format!("{path} has a `run` in its short form"));
            }
            let command = run.get("command").and_then(Value::as_str).unwrap_or_default();
            if command.len() > LONGEST_COMMAND && !command.contains("<<include(") {
                self.find("RC009", format!("{path} has a long command that is not included"));
            }
        }
    }

    fn keys(&mut self, path: &str, element: &Value) {
        for (name, parameter) in declared(element) {
            let default = parameter.get("default").and_then(Value::as_str).unwrap_or_default();
            let name = name.as_str().unwrap_or_default();
            if default.contains('$') && !default.ends_with('$') && is_key(element, "", name) {
                let what =
                    format!("{path}: a key depends on `{name}`, whose default is a variable");
                self.find("RC012", what);
            }
        }
    }
}

fn is_yaml(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// Whether an address could be one: https, and no placeholder of ours.
fn is_address(url: &Value) -> bool {
    let url = url.as_str().unwrap_or_default();
    url.starts_with("https://") && !url.contains("/OWNER/")
}

fn collect_runs(value: &Value, runs: &mut Vec<Value>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                if key.as_str() == Some("run") {
                    runs.push(value.clone());
                }
                collect_runs(value, runs);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect_runs(item, runs)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {}
    }
}

/// Whether a property whose name ends in `key` mentions the parameter.
fn is_key(value: &Value, name: &str, parameter: &str) -> bool {
    match value {
        Value::Mapping(map) => map.iter().any(|(key, value)| {
            let key = key.as_str().unwrap_or_default();
            key != "parameters" && is_key(value, key, parameter)
        }),
        Value::Sequence(items) => items.iter().any(|item| is_key(item, name, parameter)),
        Value::String(text) => name.ends_with("key") && text.contains(parameter),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Tagged(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAJOR: &str = env!("CARGO_PKG_VERSION_MAJOR");

    fn rules(source: &Source) -> Vec<&'static str> {
        review(source, "verify-registry-image", MAJOR).into_iter().map(|found| found.rule).collect()
    }

    /// The committed sources with an owner, so that only what a test breaks is found.
    fn sound() -> Source {
        let mut source = Source::committed().unwrap();
        for text in source.files.values_mut() {
            *text = text.replace("OWNER", "someone");
        }
        source
    }

    #[test]
    fn the_orb_passes_every_rule_that_the_pipeline_does_not_exclude() {
        let pipeline = include_str!("../../.circleci/config.yml");
        let excluded = ["RC006", "RC007"];
        let found = rules(&Source::committed().unwrap());
        if pipeline.contains("exclude: RC006,RC007") {
            assert_eq!(found, excluded, "once OWNER is set, the exclusion must go too");
        } else {
            assert_eq!(found, Vec::<&str>::new());
        }
        assert_eq!(rules(&sound()), Vec::<&str>::new());
    }

    #[test]
    fn each_rule_has_a_source_that_breaks_it() {
        let command = "commands/verify.yml";
        let broken = |path: &str, from: &str, to: &str| rules(&sound().edited(path, from, to));
        assert_eq!(broken("@orb.yml", "source_url", "source"), ["RC001"]);
        assert_eq!(broken("executors/docr.yml", "description: |", "comment: |"), ["RC002"]);
        let mut without = sound();
        without.files.retain(|path, _| !path.starts_with("examples/"));
        assert_eq!(rules(&without), ["RC003"]);
        let example = sound().files["examples/many_services.yml"].clone();
        assert_eq!(rules(&sound().with("examples/example.yml", &example)), ["RC004"]);
        assert_eq!(
            rules(
                &sound()
                    .with("@orb.yml", "description: An orb\ndisplay: {source_url: https://a}\n")
            ),
            ["RC005"]
        );
        assert_eq!(broken("@orb.yml", "source_url: https", "source_url: http"), ["RC006"]);
        assert_eq!(broken("@orb.yml", "home_url: https", "home_url: http"), ["RC007"]);
        assert_eq!(broken(command, "name: << parameters.step_name >>", "name: \"\""), ["RC008"]);
        let long = format!("command: {}", "x".repeat(65));
        assert_eq!(broken(command, "command: <<include(scripts/verify.sh)>>", &long), ["RC009"]);
        assert_eq!(broken(command, "  digest_file:", "  digest-file:"), ["RC010"]);
        let version = format!("verify-registry-image@{MAJOR}.");
        assert_eq!(
            broken("examples/many_services.yml", &version, "verify-registry-image@99."),
            ["RC011"]
        );
        let key = "default: $CIRCLE_SHA1\n    description: x\nsteps:\n  - save_cache:\n      key: << parameters.image >>\n";
        assert_eq!(
            rules(&sound().with(
                "commands/cache.yml",
                &format!("description: x\nparameters:\n  image:\n    type: string\n    {key}")
            )),
            ["RC012"]
        );
    }

    #[test]
    fn the_versions_in_the_orb_are_the_programs() {
        let version = env!("CARGO_PKG_VERSION");
        let (series, _) = version.rsplit_once('.').unwrap();
        let source = Source::committed().unwrap();
        let has = |path: &str, text: String| {
            assert!(source.files[path].contains(&text), "{path} should say `{text}`");
        };
        has("commands/verify.yml", format!("ORB_SERIES: \"{series}\""));
        has("commands/install.yml", format!("default: \"{version}\""));
        has("executors/default.yml", format!("default: \"{version}\""));
        has("executors/docr.yml", format!("default: \"{version}\""));
        has("examples/url_orb.yaml", format!("/v{version}/orb/orb.yml"));
        has("examples/deploy_marker.yml", format!("version: \"{version}\""));
        let skill = include_str!("../../skills/verify-registry-image.sh");
        assert!(skill.contains(&format!("verify-registry-image:{version}}}")), "the old command");
        let changes = include_str!("../../CHANGELOG.md");
        assert!(changes.contains(&format!("\n## {version} - ")), "CHANGELOG.md");
        for path in source
            .files
            .keys()
            .filter(|path| path.starts_with("examples/") && is_yaml(path, &["yml"]))
        {
            has(path, format!("verify-registry-image@{version}"));
        }
    }

    /// Where a version stands behind one of these words, in every file that is tracked.
    const VERSIONED: [&str; 4] = [
        "verify-registry-image@",
        "verify-registry-image:",
        "verify-registry-image/v",
        "parameters.image_repository >>:",
    ];

    #[test]
    fn every_version_of_ours_in_a_page_an_example_or_a_pipeline_is_the_programs() {
        let version = env!("CARGO_PKG_VERSION");
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let tracked = std::process::Command::new("git").arg("ls-files").current_dir(root).output();
        let Some(tracked) = tracked.ok().filter(|output| output.status.success()) else {
            crate::source::could_not_run("the versions: this is not a git checkout");
            return;
        };
        let tracked = String::from_utf8(tracked.stdout).unwrap();
        let mut seen = 0;
        for path in tracked.lines().filter(|path| !path.starts_with("tests/")) {
            let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            for found in VERSIONED.iter().flat_map(|word| text.split(word).skip(1)) {
                let end = found.find(|c: char| !c.is_ascii_digit() && c != '.');
                let told = found[..end.unwrap_or(found.len())].trim_end_matches('.');
                if told.contains('.') {
                    seen += 1;
                    assert_eq!(told, version, "{path}");
                }
            }
        }
        assert!(seen > 12, "the versions were found: {seen}");
    }
}
