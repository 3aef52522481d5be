//! The shapes that have a name: those that somebody met (`shapes.txt`), and one of each kind that an engine may look at.

use crate::archive::ENTRIES;
use crate::fields;
use crate::recipe::{Recipe, TEXTS};

pub(crate) struct Shape {
    /// The heading that it stands under in `docs/engines.md`.
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) recipe: Recipe,
    /// What a build has to do instead.
    pub(crate) instead: String,
}

/// How a layer may be packed beside the usual ways.
pub(crate) const PACKINGS: &str = "\
    gzip-two-members gzip-empty-member-first gzip-empty-member-last gzip-name gzip-extra gzip-comment \
    gzip-header-crc gzip-reserved-flag gzip-wrong-crc gzip-wrong-length gzip-cut-trailer gzip-cut-trailer-4 \
    gzip-cut-data gzip-then-zeros gzip-then-garbage gzip-then-newline gzip-then-tar gzip-then-zstd gzip-of-gzip \
    zstd-two-frames zstd-empty-frame-last zstd-empty-frame-first zstd-skippable-first zstd-skippable-last \
    zstd-skippable-between zstd-no-size zstd-window-16m zstd-window-128m zstd-window-256m zstd-window-512m zstd-window-576m zstd-window-2g \
    zstd-wrong-size zstd-wrong-checksum zstd-reserved-bit zstd-dictionary zstd-cut zstd-cut-block zstd-then-zeros \
    zstd-then-garbage xz-magic bzip2-magic nothing text";

/// Every shape, in the order of the table.
pub(crate) fn all() -> Vec<Shape> {
    let mut shapes = parsed(include_str!("shapes.txt"));
    let mut add = |group: &str, name: String, base: &str, mutation: String| {
        let recipe = Recipe { base: base.to_owned(), mutations: vec![mutation] };
        shapes.push(Shape { group: group.to_owned(), name, recipe, instead: String::new() });
    };
    for how in PACKINGS.split(' ') {
        let base = if how.starts_with("zstd") { "oci alone zstd" } else { "oci alone" };
        add("How a layer is packed", how.replace('-', " "), base, format!("layer 0 pack {how}"));
    }
    for entries in ENTRIES.split(' ') {
        let mutation = format!("layer 0 entries {entries}");
        add("What a layer's archive holds", entries.replace('-', " "), "oci alone", mutation);
    }
    for document in ["config", "manifest", "index"] {
        for how in TEXTS.split(' ') {
            let base = if document == "index" { "oci index" } else { "oci alone" };
            let name = format!("{document}: {}", how.replace('-', " "));
            add("How a document is written", name, base, format!("{document} text {how}"));
        }
    }
    for field in fields::all() {
        let base = if field.document == "index" { "oci index" } else { "docker alone" };
        let value = field.another_type();
        let name = format!("{} {} = {value}", field.document, field.path);
        let mutation = format!("{} {} set {value}", field.document, field.path);
        add("A field of another type", name, base, mutation);
    }
    shapes
}

/// Lines of `name | base | mutation && mutation`, then perhaps an indented line of what to build instead.
pub(crate) fn parsed(text: &str) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    let mut group = "";
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(heading) = line.strip_prefix("# ") {
            group = heading;
        } else if let Some(instead) = line.strip_prefix("    ") {
            instead.clone_into(&mut shapes.last_mut().unwrap().instead);
        } else {
            let [name, base, mutations] = line.split('|').collect::<Vec<_>>()[..] else {
                panic!("`{line}` is no shape");
            };
            let mutations = mutations.split("&&").map(|text| text.trim().to_owned());
            let recipe = Recipe {
                base: base.trim().to_owned(),
                mutations: mutations.filter(|text| !text.is_empty()).collect(),
            };
            let (group, name) = (group.to_owned(), name.trim().to_owned());
            shapes.push(Shape { group, name, recipe, instead: String::new() });
        }
    }
    shapes
}
