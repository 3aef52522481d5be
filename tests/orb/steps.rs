//! What CircleCI's compiler makes of the orb's commands and jobs: their steps, by `scripts/orb.py`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_yaml::Value;

/// One `run` step.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) command: String,
    /// `on_success` (the default), `on_fail` or `always`.
    pub(crate) when: String,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Run {
    /// Whether CircleCI runs it where the job's steps have come to this exit code.
    pub(crate) fn is_due(&self, code: i32) -> bool {
        match self.when.as_str() {
            "always" => true,
            "on_fail" => code != 0,
            _ => code == 0,
        }
    }
}

/// One step: a `run`, or any other by its name.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Run(Run),
    Other(String),
}

/// A Python that has `PyYAML`: the tests' own (`scripts/tools.sh`), else this machine's.
pub(crate) fn python() -> Option<&'static str> {
    const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/python3");
    static FOUND: OnceLock<Option<&str>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        [OURS, "python3"].into_iter().find(|python| {
            let mut imports = Command::new(python);
            imports.args(["-c", "import yaml"]).stderr(Stdio::null());
            imports.status().is_ok_and(|status| status.success())
        })
    })
}

/// The steps of an element of `commands` or `jobs` where these parameters (YAML) are given. Needs [`python`].
pub(crate) fn steps(section: &str, name: &str, given: &str) -> Vec<Step> {
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let question = format!("{section} {name} {given}");
    let known = KNOWN.lock().unwrap().get(&question).cloned();
    let answer = known.unwrap_or_else(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/orb.py");
        let python = python().unwrap();
        let output =
            Command::new(python).arg(script).args(["steps", section, name, given]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{question}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    });
    KNOWN.lock().unwrap().insert(question, answer.clone());
    let steps: Vec<(String, Value)> = serde_json::from_str(&answer).unwrap();
    steps
        .into_iter()
        .map(|(name, body)| match name.as_str() {
            "run" => Step::Run(serde_yaml::from_value(body).unwrap()),
            _ => Step::Other(name),
        })
        .collect()
}
