//! Images drawn from a seed: a base and one to three mutations, over every field and every layer.

use crate::archive::ENTRIES;
use crate::fields::{self, Field};
use crate::recipe::{Recipe, TEXTS};
use crate::shapes::PACKINGS;

const BASES: &[&str] = &[
    "oci alone",
    "docker alone",
    "oci alone two",
    "docker alone two",
    "oci alone zstd",
    "oci alone tar",
    "docker alone tar",
    "oci index",
    "docker index",
    "oci pair",
    "docker pair",
    "oci arm-first",
    "oci nested",
    "oci index two zstd",
    "docker index two",
    "oci without-platforms",
    "oci alone three",
];

const SERVED: &[&str] = &[
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/json",
    "text/plain",
    "application/octet-stream",
];

/// The image of this number in this seed's row.
pub(crate) fn drawn(seed: u64, number: u64) -> Recipe {
    let mut dice =
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
    let base = *dice.one(BASES);
    let count = 1 + dice.below(3);
    let mutations = (0..count).map(|_| mutation(&mut dice, base)).collect();
    Recipe { base: base.to_owned(), mutations }
}

fn mutation(dice: &mut Dice, base: &str) -> String {
    let has_index = !base.contains("alone");
    match dice.below(100) {
        0..8 => {
            let kind = if base.contains("zstd") { "zstd" } else { "gzip" };
            let fitting: Vec<_> = PACKINGS.split(' ').filter(|how| how.starts_with(kind)).collect();
            let how = if base.contains("tar") { "text" } else { *dice.one(&fitting) };
            format!("layer 0 pack {how}")
        }
        8..22 => {
            let layers =
                if base.contains("three") { 3 } else { 1 + usize::from(base.contains("two")) };
            format!("layer {} entries {}", dice.below(layers), dice.word(ENTRIES))
        }
        22..27 => {
            let document = if has_index { "index" } else { "manifest" };
            format!("served {document} {}", dice.one(SERVED))
        }
        27..33 => format!("{} text {}", dice.one(documents(has_index)), dice.word(TEXTS)),
        _ => {
            let document = *dice.one(documents(has_index));
            let mut fields = fields::all();
            fields.retain(|field| field.document == document);
            let field = *dice.one(&fields);
            format!("{document} {} {}", field.path, change(dice, field))
        }
    }
}

const fn documents(has_index: bool) -> &'static [&'static str] {
    if has_index {
        &["config", "manifest", "index", "index"]
    } else {
        &["config", "config", "manifest"]
    }
}

/// A verb and its argument for a field.
fn change(dice: &mut Dice, field: Field) -> String {
    let Field { path, right, .. } = field;
    let name = path.rsplit('/').next().unwrap_or_default();
    match dice.below(100) {
        0..14 => "delete".to_owned(),
        14..22 => format!("rename {}", other_case(dice, name)),
        22..28 => format!("beside {}", other_case(dice, name)),
        28..33 => format!("double {}", value(dice, name, right)),
        33..38 => format!("before {}", value(dice, name, right)),
        38..42 => "again".to_owned(),
        42..48 => "last".to_owned(),
        48..50 => format!("nest {}", dice.one(&[1, 50, 9_000, 10_001])),
        50..70 => format!("set {right}"),
        _ => format!("set {}", value(dice, name, right)),
    }
}

fn value(dice: &mut Dice, name: &str, right: &str) -> String {
    let known = fields::values(name);
    match dice.below(3) {
        0 if !known.is_empty() => (*dice.one(&known)).to_owned(),
        1 => right.to_owned(),
        _ => (*dice.one(&fields::values("any"))).to_owned(),
    }
}

fn other_case(dice: &mut Dice, name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().unwrap_or('x');
    match dice.below(4) {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => format!("{name}_"),
        _ if first.is_uppercase() => first.to_lowercase().chain(letters).collect(),
        _ => first.to_uppercase().chain(letters).collect(),
    }
}

/// A small generator (splitmix64): the same row on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// One of the words of a text.
    fn word(&mut self, text: &'static str) -> &'static str {
        let words: Vec<&'static str> = text.split(' ').collect();
        words[self.below(words.len())]
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
