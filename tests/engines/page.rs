//! `docs/engines.md`: the record as a table for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::engine::Kind;
use crate::record::{Asked, Record};
use crate::shapes::{self, Shape};

/// Groups that are written whole; of the others, only what some engine refuses.
const WHOLE: [&str; 4] =
    ["Whole images", "Layers and their descriptors", "Manifests and configs", "Indexes"];

pub(crate) fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md")
}

/// The page; `instead` stands beside what an engine refuses.
pub(crate) fn page(record: &Record) -> String {
    let mut page = head(record);
    let shapes = shapes::all();
    let mut groups: Vec<&str> = shapes.iter().map(|shape| shape.group.as_str()).collect();
    groups.dedup();
    for group in groups {
        let rows: Vec<_> = shapes
            .iter()
            .filter(|shape| shape.group == group)
            .filter_map(|shape| {
                Some((shape, record.images.iter().find(|image| image.name == shape.name)?))
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {group}\n");
        let (taken, shown): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|(_, image)| !WHOLE.contains(&group) && is_pulled_by_all(image));
        table(&mut page, record, &shown);
        if !taken.is_empty() {
            let names: Vec<_> = taken.iter().map(|(shape, _)| code(&shape.name)).collect();
            let _ = write!(page, "\nEvery engine pulls: {}.\n", names.join(" · "));
        }
    }
    page
}

fn head(record: &Record) -> String {
    let version = |kind: Kind| {
        record
            .engines
            .get(kind.key())
            .map_or("not measured", |answering| answering.version.as_str())
    };
    let drawn: Vec<_> =
        record.images.iter().filter(|image| image.name.starts_with("drawn ")).collect();
    format!(
        "# What engines pull\n\n\
         `make engines` asked each engine for each image on {}, and wrote this page and \
         [engines.json](engines.json), which also holds {} images that were drawn from the seed {} ({} of them pulled by \
         all engines). The check `engines` answers from rules of its own, and a test compares its answers with that \
         record.\n\n\
         | column | engine |\n|---|---|\n\
         | docker | docker {} with its graph driver |\n\
         | store | docker {} with its containerd store, the default from 29 on |\n\
         | c1.7 | containerd {} |\n| c2 | containerd {} |\n| podman | podman {} |\n| skopeo | skopeo {}, into the \
         storage that CRI-O and podman use |\n\n\
         Each engine lays layers over each other with overlayfs, as by default.\n\n\
         `+`: it pulls and unpacks the image for linux/amd64; `arm64`: it takes that platform; `-`: it refuses; `?`: it \
         did not answer. The words are those of the first engine that refuses. What a layer holds and how it is packed, the check `engines` \
         sees only with `--content`.\n",
        record.measured,
        drawn.len(),
        record.seed,
        drawn.iter().filter(|image| is_pulled_by_all(image)).count(),
        version(Kind::Docker),
        version(Kind::DockerContainerd),
        version(Kind::Containerd17),
        version(Kind::Containerd2),
        version(Kind::Podman),
        version(Kind::Skopeo),
    )
}

fn table(page: &mut String, record: &Record, rows: &[(&Shape, &Asked)]) {
    page.push_str("\n| shape | docker | store | c1.7 | c2 | podman | skopeo | words of the refusal, and what to build instead |\n");
    page.push_str("|---|---|---|---|---|---|---|---|\n");
    for (shape, image) in rows {
        let _ = write!(page, "| {} |", escaped(&shape.name));
        for kind in Kind::ALL.into_iter().filter(|kind| record.engines.contains_key(kind.key())) {
            let _ = write!(
                page,
                " {} |",
                cell(image.answers.get(kind.key()).map_or("?", String::as_str))
            );
        }
        let refusals = Kind::ALL
            .into_iter()
            .filter_map(|kind| image.answers.get(kind.key())?.strip_prefix('-'));
        let words = refusals.into_iter().next().map(code).unwrap_or_default();
        let instead = if shape.instead.is_empty() || words.is_empty() {
            String::new()
        } else {
            format!(" **Instead:** {}", shape.instead)
        };
        let _ = writeln!(page, " {words}{instead} |");
    }
}

fn is_pulled_by_all(image: &Asked) -> bool {
    image.answers.values().all(|answer| answer.starts_with('+'))
}

fn cell(answer: &str) -> &str {
    let taken: BTreeSet<_> = answer.trim_start_matches('+').split(' ').collect();
    match answer.chars().next() {
        Some('+') if taken.contains("arm64") && !taken.contains("amd64") => "arm64",
        Some('+') => "+",
        Some('-') => "-",
        _ => "?",
    }
}

fn code(text: &str) -> String {
    format!("`{}`", escaped(&text.replace('`', "'")))
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_page_is_drawn_from_the_record() {
    let text = std::fs::read_to_string(path()).unwrap();
    assert!(
        text == page(&Record::read()),
        "docs/engines.md: run the ignored test `page::draws_it_again`"
    );
}

#[test]
#[ignore = "writes docs/engines.md from docs/engines.json"]
fn draws_it_again() {
    std::fs::write(path(), page(&Record::read())).unwrap();
}
