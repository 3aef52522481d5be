//! What a container engine does with an image.

use crate::engines::Engine;

/// What an engine does with an image, as far as the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineAnswer {
    /// The engine, in every version that counts.
    pub engine: Engine,
    /// What it does.
    pub answer: EngineWord,
    /// Whether the image is for it.
    pub wanted: bool,
    /// Why it refuses, or why nothing is known.
    pub why: Option<String>,
}

/// The word for what an engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineWord {
    /// No rule says that it refuses.
    Pulls,
    /// A rule says that it refuses.
    Refuses,
    /// The image is not known well enough to say, or the engine starts no such images.
    Unknown,
}

impl EngineWord {
    /// The word used for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pulls => "pulls",
            Self::Refuses => "refuses",
            Self::Unknown => "unknown",
        }
    }
}
