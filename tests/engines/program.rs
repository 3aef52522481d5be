//! The built program's answers about recorded images.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::record::{Asked, Record};
use crate::registry::Registry;

/// What the program says of one image, by the one engine that is to pull it.
pub(crate) type Answer = BTreeMap<&'static str, Said>;

/// What it says where one engine is to pull an image.
pub(crate) struct Said {
    verdict: String,
    /// The reasons of the checks other than `engines` that failed or errored.
    others: Vec<String>,
    /// `pulls`, `refuses` or `unknown`, and why.
    word: String,
    why: String,
}

#[derive(Deserialize)]
struct Report {
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    verdict: String,
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

/// A run for each engine over images that the registry has as `i` and their number, every byte of them. An image that
/// the engine refuses by its manifest alone is not read, so an engine that is not wanted would be answered for too early.
pub(crate) fn answers(registry: &Registry, images: &[Asked]) -> Vec<Answer> {
    let mut answers: Vec<Answer> = images.iter().map(|_| Answer::new()).collect();
    for engine in ENGINES {
        for (answer, image) in answers.iter_mut().zip(run(registry, images, engine)) {
            answer.insert(engine, Said::of(image, engine));
        }
    }
    answers
}

fn run(registry: &Registry, images: &[Asked], engine: &str) -> Vec<Image> {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_verify-registry-image"))
        .args(["--format", "json", "--content", "--platform", "linux/amd64"])
        .args(["--deadline", "10m", "--engine", engine, "-"])
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
    report.images
}

impl Said {
    fn of(image: Image, engine: &str) -> Self {
        let is_red = |check: &Check| ["failed", "errored"].contains(&check.status.as_str());
        let others =
            image.checks.into_iter().filter(|check| is_red(check) && check.id != "engines");
        let told = image.engines.into_iter().find(|told| told.engine == engine);
        let (word, why) =
            told.map_or_else(Default::default, |told| (told.answer, told.why.unwrap_or_default()));
        Self {
            verdict: image.verdict,
            others: others
                .map(|check| format!("{} {}", check.id, check.reason.unwrap_or_default()))
                .collect(),
            word,
            why,
        }
    }

    /// Whether it says what the engine does. What was refused before may be unknown to the engines' rows, and never the
    /// opposite of the record; where only the layers spoke against it, the rows have to know it.
    fn agrees(&self, pulls: bool) -> bool {
        let is_apart = self.others.iter().any(|other| other != "content-intact diff-id-differs");
        match self.word.as_str() {
            "pulls" => pulls || is_apart,
            "refuses" => !pulls,
            _ => is_apart,
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
        let others: BTreeSet<_> = answer.values().flat_map(|said| said.others.clone()).collect();
        if !others.is_empty() {
            let others = others.into_iter().collect::<Vec<_>>().join(", ");
            let apart = apart.entry(others).or_default();
            apart.images += 1;
            let pulled = ENGINES.into_iter().any(|engine| known(engine) == Some(true));
            apart.pulled.extend(pulled.then(|| image.name.clone()));
        }
        for (engine, said) in answer {
            if known(engine).is_none_or(|pulls| said.agrees(pulls)) {
                continue;
            }
            let measured = image.words(&record.engines, engine);
            let text = format!(
                "{} [{}; {}]: {engine} {measured}; the program: {} {}",
                image.name,
                image.base,
                image.mutations.join(" && "),
                said.word,
                said.why,
            );
            disagreements.push(Disagreement { at, engine: (*engine).to_owned(), text });
        }
    }
    (disagreements, apart)
}

/// Of how many images it could not be found out whether the engines that are wanted by default pull them, and of how
/// many that was asked. What the registry serves under another type than it has is left out: that is the registry's
/// contradiction, and has to be undecided.
pub(crate) fn undecided(images: &[Asked], answers: &[Answer]) -> (usize, usize) {
    let is_as_pushed =
        |image: &Asked| !image.mutations.iter().any(|text| text.starts_with("served "));
    let asked = images.iter().zip(answers).filter(|(image, _)| is_as_pushed(image));
    let is_undecided = |answer: &Answer| {
        let verdicts: Vec<_> = ["docker", "containerd"]
            .iter()
            .filter_map(|engine| Some(answer.get(engine)?.verdict.as_str()))
            .collect();
        verdicts.contains(&"UNDECIDED") && !verdicts.contains(&"FAILED")
    };
    (asked.clone().filter(|(_, answer)| is_undecided(answer)).count(), asked.count())
}

/// Images that the program decides without asking what engines do.
#[derive(Default)]
pub(crate) struct Apart {
    pub(crate) images: usize,
    /// Those of them that some engine pulls.
    pub(crate) pulled: Vec<String>,
}
