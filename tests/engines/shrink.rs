//! From an image that shows a disagreement to the smallest one that still does.

use crate::ask::answer;
use crate::engine::Engine;
use crate::program::{self, Disagreement};
use crate::recipe::Variation;
use crate::record::{Asked, Record};
use crate::registry::Registry;

/// Asks engines and program for smaller and smaller images.
pub(crate) struct Shrinking<'a> {
    pub(crate) record: &'a Record,
    pub(crate) registry: &'a Registry,
    pub(crate) running: &'a [Engine],
    /// A number that no image has yet.
    pub(crate) next: u32,
}

impl Shrinking<'_> {
    /// The disagreement's text, of the smallest image that shows it.
    pub(crate) fn smallest(&mut self, found: &Disagreement) -> String {
        let mut best = self.record.images[found.at].clone();
        let mut text = found.text.clone();
        while let Some((smaller, its_text)) = self.smaller(&best, &found.engine) {
            (best, text) = (smaller, its_text);
        }
        text
    }

    fn smaller(&mut self, image: &Asked, engine: &str) -> Option<(Asked, String)> {
        if image.mutations.len() < 2 {
            return None;
        }
        (0..image.mutations.len()).find_map(|at| {
            let mut recipe = image.recipe();
            recipe.mutations.remove(at);
            let built = recipe.build(self.next, Variation::RECORDED);
            let mut smaller = Asked::new(&image.name, self.next, &recipe, &built);
            self.registry.add(&format!("i{}", self.next), built);
            self.next += 1;
            for running in self.running.iter().filter(|running| running.kind.engine() == engine) {
                let said = answer(running, self.registry, &smaller);
                smaller.answers.insert(running.kind.key().to_owned(), said);
            }
            let record = Record {
                engines: self.record.engines.clone(),
                images: vec![smaller.clone()],
                ..Record::default()
            };
            let answers = program::answers(self.registry, &record.images);
            let (mut found, _) = program::compared(&record, &answers);
            found.retain(|found| found.engine == engine);
            Some((smaller, found.pop()?.text))
        })
    }
}
