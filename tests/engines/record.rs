//! `docs/engines.json`: what each engine answered to each image, and how to build the image again.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::packing::sha256;
use crate::recipe::{Image, Recipe, Variation};

#[derive(Serialize, Deserialize, Clone, Default)]
pub(crate) struct Record {
    /// The day of the measurement.
    pub(crate) measured: String,
    pub(crate) seed: u64,
    pub(crate) drawn: usize,
    /// By key: what answered.
    pub(crate) engines: BTreeMap<String, Answering>,
    pub(crate) images: Vec<Asked>,
}

#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Answering {
    /// The engine that `--engine` names.
    pub(crate) engine: String,
    pub(crate) version: String,
    /// Whether its answer is the engine's: skopeo's is for information.
    pub(crate) counts: bool,
}

#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) base: String,
    pub(crate) mutations: Vec<String>,
    /// What the tag named.
    pub(crate) digest: String,
    /// By engine: `+` and the platforms that it took, or `-` and the words of its refusal; `?` for no answer.
    pub(crate) answers: BTreeMap<String, String>,
    /// The documents as they were served, but the long ones and those that are no text.
    pub(crate) documents: BTreeMap<String, String>,
}

impl Asked {
    pub(crate) fn new(name: &str, number: u32, recipe: &Recipe, image: &Image) -> Self {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).ok()?;
            (text.len() < 3000).then_some(text)
        };
        let documents = image.documents.iter();
        Self {
            name: name.to_owned(),
            number,
            base: recipe.base.clone(),
            mutations: recipe.mutations.clone(),
            digest: image.tag.1.clone(),
            answers: BTreeMap::new(),
            documents: documents
                .filter_map(|(name, bytes)| Some(((*name).to_owned(), text(bytes)?)))
                .collect(),
        }
    }

    pub(crate) fn recipe(&self) -> Recipe {
        Recipe { base: self.base.clone(), mutations: self.mutations.clone() }
    }

    pub(crate) fn image(&self, variation: Variation) -> Image {
        self.recipe().build(self.number, variation)
    }

    /// Whether every version of an engine that counts pulls the image for amd64; `None` if one did not answer.
    pub(crate) fn pulls(
        &self,
        engines: &BTreeMap<String, Answering>,
        engine: &str,
    ) -> Option<bool> {
        let answers: Vec<_> = self.of(engines, engine).map(|(_, answer)| answer).collect();
        let refuses = |answer: &str| answer.starts_with('-') || answer == "+arm64";
        if answers.iter().any(|answer| refuses(answer)) {
            return Some(false);
        }
        (!answers.is_empty() && answers.iter().all(|answer| answer.starts_with('+')))
            .then_some(true)
    }

    /// What the versions of an engine answered.
    pub(crate) fn words(&self, engines: &BTreeMap<String, Answering>, engine: &str) -> String {
        let words: Vec<_> =
            self.of(engines, engine).map(|(key, answer)| format!("{key} {answer}")).collect();
        words.join(", ")
    }

    fn of<'a>(
        &'a self,
        engines: &'a BTreeMap<String, Answering>,
        engine: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let counts = move |(_, answering): &(&String, &Answering)| {
            answering.counts && answering.engine == engine
        };
        let answer =
            |(key, _): (&'a String, _)| Some((key.as_str(), self.answers.get(key)?.as_str()));
        engines.iter().filter(counts).filter_map(answer)
    }
}

pub(crate) fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/engines.json")
}

impl Record {
    pub(crate) fn read() -> Self {
        serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap()
    }

    /// Writes one image a line, so that a change can be read.
    pub(crate) fn write(&self) {
        let lines: Vec<_> =
            self.images.iter().map(|image| serde_json::to_string(image).unwrap()).collect();
        let text = format!(
            "{{\"measured\":{:?},\"seed\":{},\"drawn\":{},\"engines\":{},\"images\":[\n{}\n]}}\n",
            self.measured,
            self.seed,
            self.drawn,
            serde_json::to_string(&self.engines).unwrap(),
            lines.join(",\n"),
        );
        fs::write(path(), text).unwrap();
    }
}

impl Asked {
    /// The key of the snapshot that holds all layers, as containerd names it.
    pub(crate) fn chain(&self) -> Option<String> {
        let config: serde_json::Value = serde_json::from_str(self.documents.get("config")?).ok()?;
        let diff_ids = config.get("rootfs")?.get("diff_ids")?.as_array()?;
        let mut diff_ids = diff_ids.iter().map(serde_json::Value::as_str);
        let first = diff_ids.next()??.to_owned();
        diff_ids.try_fold(first, |chain, diff_id| {
            Some(sha256(format!("{chain} {}", diff_id?).as_bytes()))
        })
    }
}
