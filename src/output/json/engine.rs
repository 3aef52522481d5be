//! What engines do with an image, as it is printed.

use serde::Serialize;

use crate::report;

/// What a container engine does with the image, as far as the measured rules say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EngineAnswer {
    /// The engine: `docker`, `containerd` or `podman`.
    pub engine: String,
    /// Its versions that the answer is about.
    pub versions: String,
    /// What it does.
    pub answer: EngineWord,
    /// Whether the image is to be pulled by it.
    pub wanted: bool,
    /// Why it refuses, or why nothing is known; null where it pulls.
    pub why: Option<String>,
}

/// What an engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EngineWord {
    /// No rule says that it refuses.
    Pulls,
    /// A rule says that it refuses.
    Refuses,
    /// The image is not known well enough to say, or the engine starts no such images.
    Unknown,
}

impl EngineAnswer {
    pub(super) fn of(told: &report::EngineAnswer) -> Self {
        let report::EngineAnswer { engine, answer, wanted, why } = told;
        Self {
            engine: engine.to_string(),
            versions: engine.versions().to_owned(),
            answer: match answer {
                report::EngineWord::Pulls => EngineWord::Pulls,
                report::EngineWord::Refuses => EngineWord::Refuses,
                report::EngineWord::Unknown => EngineWord::Unknown,
            },
            wanted: *wanted,
            why: why.clone(),
        }
    }
}
