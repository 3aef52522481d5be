//! The built program's answers about recorded images.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::record::{Asked, Record};
use crate::registry::Registry;

/// What the program says of one image.
pub(crate) struct Answer {
    /// The reasons of the checks other than `engines` that failed or errored.
    pub(crate) others: Vec<String>,
    /// By engine: `pulls`, `refuses` or `unknown`, and why.
    pub(crate) engines: BTreeMap<String, (String, String)>,
}

#[derive(Deserialize)]
struct Report {
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    checks: Vec<Check>,
    #[serde(default)]
    engines: Vec<EngineAnswer>,
}

#[derive(Deserialize)]
struct Check {
    id: String,
    status: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct EngineAnswer {
    engine: String,
    answer: String,
    why: Option<String>,
}

/// One run over images that the registry has as `i` and their number.
pub(crate) fn answers(registry: &Registry, images: &[Asked]) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_verify-registry-image"))
        .args(["--format", "json", "--platform", "linux/amd64", "--deadline", "10m", "-"])
        .args(["--engine", "docker", "--engine", "containerd", "--engine", "podman"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let names =
        images.iter().map(|image| format!("{}/program/i{}:t\n", registry.plain, image.number));
    program.stdin.take().unwrap().write_all(names.collect::<String>().as_bytes()).unwrap();
    let output = program.wait_with_output().unwrap();
    let report: Report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)));
    assert_eq!(report.images.len(), images.len());
    report.images.into_iter().map(Answer::of).collect()
}

impl Answer {
    fn of(image: Image) -> Self {
        let is_red = |check: &Check| ["failed", "errored"].contains(&check.status.as_str());
        let others =
            image.checks.into_iter().filter(|check| is_red(check) && check.id != "engines");
        let engine =
            |told: EngineAnswer| (told.engine, (told.answer, told.why.unwrap_or_default()));
        Self {
            others: others
                .map(|check| format!("{} {}", check.id, check.reason.unwrap_or_default()))
                .collect(),
            engines: image.engines.into_iter().map(engine).collect(),
        }
    }
}

/// An engine and the program that do not agree about an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disagreement {
    /// The image's place in what was asked.
    pub(crate) at: usize,
    pub(crate) engine: String,
    pub(crate) text: String,
}

pub(crate) const ENGINES: [&str; 3] = ["docker", "containerd", "podman"];

/// Where the record and the program differ; what the program refuses before it comes to engines is counted apart.
pub(crate) fn compared(
    record: &Record,
    answers: &[Answer],
) -> (Vec<Disagreement>, BTreeMap<String, Apart>) {
    let (mut disagreements, mut apart) = (Vec::new(), BTreeMap::<String, Apart>::new());
    for (at, (image, answer)) in record.images.iter().zip(answers).enumerate() {
        let known = |engine| image.pulls(&record.engines, engine);
        let is_apart = !answer.others.is_empty();
        if is_apart {
            let apart = apart.entry(answer.others.join(", ")).or_default();
            apart.images += 1;
            let pulled = ENGINES.into_iter().any(|engine| known(engine) == Some(true));
            apart.pulled.extend(pulled.then(|| image.name.clone()));
        }
        for engine in ENGINES {
            let Some(pulls) = known(engine) else { continue };
            let (word, why) = answer.engines.get(engine).cloned().unwrap_or_default();
            // What was refused before may be unknown to the engines' rows, and never the opposite of the record.
            let agrees = match word.as_str() {
                "pulls" => pulls || is_apart,
                "refuses" => !pulls,
                _ => is_apart,
            };
            if agrees {
                continue;
            }
            let measured = image.words(&record.engines, engine);
            let text = format!(
                "{} [{}; {}]: {engine} {measured}; the program: {word} {why}",
                image.name,
                image.base,
                image.mutations.join(" && "),
            );
            disagreements.push(Disagreement { at, engine: engine.to_owned(), text });
        }
    }
    (disagreements, apart)
}

/// Images that the program decides without asking what engines do.
#[derive(Default)]
pub(crate) struct Apart {
    pub(crate) images: usize,
    /// Those of them that some engine pulls.
    pub(crate) pulled: Vec<String>,
}
