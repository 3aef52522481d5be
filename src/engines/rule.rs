//! A row of the table, and where an image meets it.

use super::Version;

/// A row of the table.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// Who refuses.
    pub refused_by: &'static [Version],
    /// The words of the refusal.
    pub words: &'static str,
    /// What to change in the build.
    pub mend: &'static str,
}

/// An image that meets a row.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The row.
    pub rule: &'static Rule,
    /// What was met and where, as in ``layer 2 of 2 has no `mediaType` ``. May hold texts of the image.
    pub what: String,
}

impl Refusal {
    /// Whether this version refuses.
    pub fn is_by(&self, version: Version) -> bool {
        self.rule.refused_by.contains(&version)
    }

    /// The same with its text changed by `change`: to mask what must not be shown.
    #[must_use]
    pub fn map_texts(self, change: impl FnOnce(String) -> String) -> Self {
        Self { rule: self.rule, what: change(self.what) }
    }
}

impl PartialEq for Refusal {
    fn eq(&self, other: &Self) -> bool {
        self.rule.id == other.rule.id && self.what == other.what
    }
}

impl Eq for Refusal {}

/// The rows that a layer meets by its packing and its archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Wherever the layer is in an image.
    pub anywhere: Vec<Refusal>,
    /// Where nothing is below it.
    pub as_first: Vec<Refusal>,
    /// Where another layer is below it.
    pub above: Vec<Refusal>,
}

impl Met {
    /// The ones of a layer at this place of an image.
    pub fn at(&self, place: usize) -> impl Iterator<Item = &Refusal> {
        self.anywhere.iter().chain(if place == 0 { &self.as_first } else { &self.above })
    }

    /// The same with its texts changed by `change`: to mask what must not be shown.
    #[must_use]
    pub fn map_texts(self, change: impl Fn(String) -> String) -> Self {
        let all = |refusals: Vec<Refusal>| {
            refusals.into_iter().map(|refusal| refusal.map_texts(&change)).collect()
        };
        Self { anywhere: all(self.anywhere), as_first: all(self.as_first), above: all(self.above) }
    }
}
