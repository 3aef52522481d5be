//! Every engine is asked for every image; what they answer becomes `docs/engines.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::draw::drawn;
use crate::engine::{Engine, Kind};
use crate::page;
use crate::program;
use crate::recipe::{Recipe, Variation};
use crate::record::{Answering, Asked, Record};
use crate::registry::Registry;
use crate::shapes;
use crate::shrink::Shrinking;

/// How many of the drawn images the record keeps.
const KEPT: usize = 400;

fn number_of(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .filter(|text| !text.is_empty())
        .map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
#[ignore = "needs the engines: `make engines` runs it"]
fn every_engine_answers_every_image() {
    let engines =
        PathBuf::from(std::env::var_os("ENGINES").expect("ENGINES, the folder of the engines"));
    let (count, seed) = (number_of("N", 400), number_of("SEED", 1));
    let mut asked = asked(seed, count);
    let registry = Registry::start();
    for image in &asked {
        registry.add(&format!("i{}", image.number), image.image(Variation::RECORDED));
    }
    let started = Instant::now();
    let (running, answers) = every(&engines, &registry, &asked);
    // What only some answered would pass for the whole.
    assert_eq!(
        running.len(),
        Kind::ALL.len(),
        "not every engine is here: the record stays as it was"
    );
    let mut record = Record {
        measured: std::env::var("TODAY").unwrap_or_default(),
        seed,
        drawn: usize::try_from(count).unwrap(),
        ..Record::default()
    };
    for (engine, answers) in running.iter().zip(answers) {
        let version = engine.version().unwrap_or_default();
        let (of, counts) = (engine.kind.engine().to_owned(), engine.kind != Kind::Skopeo);
        let answering = Answering { engine: of, version, counts };
        record.engines.insert(engine.kind.key().to_owned(), answering);
        for (image, answer) in asked.iter_mut().zip(answers) {
            image.answers.insert(engine.kind.key().to_owned(), answer);
        }
    }
    let kept = asked.len() - record.drawn + record.drawn.min(KEPT);
    let all = Record { images: asked, ..record.clone() };
    record.drawn = record.drawn.min(KEPT);
    record.images = all.images[..kept].to_vec();
    record.write();
    std::fs::write(page::path(), page::page(&record)).unwrap();
    eprintln!("{} images in {:?}", all.images.len(), started.elapsed());
    let record = all;
    summary(&record);
    compare(&record, &registry, &running);
}

/// Fails with every disagreement between engines and program, each at its smallest.
fn compare(record: &Record, registry: &Registry, running: &[Engine]) {
    let answers = program::answers(registry, &record.images);
    let (undecided, all) = program::undecided(&record.images, &answers);
    eprintln!("undecided: {undecided} of {all}");
    let (found, apart) = program::compared(record, &answers);
    for (reasons, apart) in &apart {
        let program::Apart { images, pulled } = apart;
        eprintln!(
            "refused before the engines: {images} by {reasons}; engines pull of these: {pulled:?}"
        );
    }
    let next = u32::try_from(record.images.len()).unwrap();
    let mut shrinking = Shrinking { record, registry, running, next };
    let (shrunk, rest) = found.split_at(found.len().min(40));
    let mut texts: Vec<_> = shrunk.iter().map(|found| shrinking.smallest(found)).collect();
    texts.extend(rest.iter().map(|found| found.text.clone()));
    assert!(texts.is_empty(), "{} disagreements:\n{}", texts.len(), texts.join("\n"));
}

/// Prints what the engines say of the shapes in the file TRY, which is written as `shapes.txt` is.
#[test]
#[ignore = "needs the engines: `make engines TRY=FILE` runs it"]
fn some_shapes_are_tried() {
    let path = std::env::var_os("TRY").expect("TRY, a file of shapes");
    let shapes = shapes::parsed(&std::fs::read_to_string(path).unwrap());
    let engines =
        PathBuf::from(std::env::var_os("ENGINES").expect("ENGINES, the folder of the engines"));
    let registry = Registry::start();
    let asked = numbered(shapes.into_iter().map(|shape| (shape.name, shape.recipe)));
    for image in &asked {
        registry.add(&format!("i{}", image.number), image.image(Variation::RECORDED));
    }
    let (running, answers) = every(&engines, &registry, &asked);
    for (at, image) in asked.iter().enumerate() {
        eprintln!("{} [{}; {}]", image.name, image.base, image.mutations.join(" && "));
        for (engine, answers) in running.iter().zip(&answers) {
            eprintln!("    {:24} {}", engine.kind.key(), answers[at]);
        }
    }
}

/// Starts every engine and asks it for every image.
fn every(engines: &Path, registry: &Registry, asked: &[Asked]) -> (Vec<Engine>, Vec<Vec<String>>) {
    let running: Vec<_> = std::thread::scope(|scope| {
        let start = |kind| scope.spawn(move || Engine::start(kind, engines));
        let starting: Vec<_> = Kind::ALL.map(start).into();
        starting.into_iter().filter_map(|engine| engine.join().unwrap()).collect()
    });
    let answers = std::thread::scope(|scope| {
        let ask = |engine| scope.spawn(move || answers(engine, registry, asked));
        let asking: Vec<_> = running.iter().map(ask).collect();
        asking.into_iter().map(|answers| answers.join().unwrap()).collect()
    });
    (running, answers)
}

/// The named shapes and the drawn ones, with numbers.
fn asked(seed: u64, count: u64) -> Vec<Asked> {
    let named = shapes::all().into_iter().map(|shape| (shape.name, shape.recipe));
    let drawn = (0..count).map(|number| (format!("drawn {number}"), drawn(seed, number)));
    numbered(named.chain(drawn))
}

fn numbered(images: impl Iterator<Item = (String, Recipe)>) -> Vec<Asked> {
    let all = images.enumerate().map(|(number, (name, recipe))| {
        let number = u32::try_from(number).unwrap();
        let image = recipe.build(number, Variation::RECORDED);
        Asked::new(&name, number, &recipe, &image)
    });
    all.collect()
}

fn answers(engine: &Engine, registry: &Registry, asked: &[Asked]) -> Vec<String> {
    let started = Instant::now();
    let one = |(at, image): (usize, &Asked)| {
        if at % 100 == 99 {
            let (key, done, all) = (engine.kind.key(), at + 1, asked.len());
            eprintln!("{key}: {done} of {all} after {:?}", started.elapsed());
        }
        pulled(engine, registry, image)
    };
    let mut answers: Vec<_> = asked.iter().enumerate().map(one).collect();
    if let Some(snapshots) = engine.snapshots() {
        for (answer, image) in answers.iter_mut().zip(asked) {
            mark_unpacked(answer, image, &snapshots);
        }
    }
    answers
}

/// What one engine says of one image.
pub(crate) fn answer(engine: &Engine, registry: &Registry, image: &Asked) -> String {
    let mut answer = pulled(engine, registry, image);
    if let Some(snapshots) = engine.snapshots() {
        mark_unpacked(&mut answer, image, &snapshots);
    }
    answer
}

fn pulled(engine: &Engine, registry: &Registry, image: &Asked) -> String {
    let key = engine.kind.key();
    let host = if engine.kind == Kind::DockerContainerd { &registry.tls } else { &registry.plain };
    let name = format!("i{}", image.number);
    match engine.pull(host, &format!("{key}/{name}")) {
        Ok(()) => format!("+{}", registry.taken(key, &name).join(" ")),
        Err(words) if words.starts_with("no answer") => {
            eprintln!("{key}: {}: {words}; it is started again", image.name);
            engine.restart();
            format!("?{words}")
        }
        Err(words) => format!("-{}", tidy(&words, host)),
    }
}

/// A pull that ends well and leaves no snapshot of the last layer has unpacked nothing.
fn mark_unpacked(answer: &mut String, image: &Asked, snapshots: &[String]) {
    if answer.starts_with('+')
        && answer != "+arm64"
        && image.chain().is_some_and(|chain| !snapshots.contains(&chain))
    {
        "-pulled without a word, and not unpacked".clone_into(answer);
    }
}

/// The words without what differs from run to run, and without the steps that lead to the reason.
fn tidy(words: &str, host: &str) -> String {
    const CUTS: &[(&str, &str)] = &[
        (r#"^time="[^"]*" level=fatal msg="(.*)"$"#, "$1"),
        (r#"\\""#, "\""),
        (r"HOST/\S*?i\d+:t", "IMAGE"),
        (r"HOST/\S*?i\d+", "IMAGE"),
        (r"sha(256|384|512):[0-9a-f]{32,}", "sha$1:…"),
        (r"/engines/[^/ ]+/root/tmpmounts/containerd-mount\d+", "ROOT"),
        (r"/\S*container_images_storage\d+/\d+", "FILE"),
        (r"/\S*snapshotter\.v1\.overlayfs/snapshots/\d+/fs", "ROOT"),
        (r"/engines/[^/ ]+/", "/"),
        (r"^ctr: ", ""),
        (r"docker://IMAGE", "IMAGE"),
        (r#"apply layer error for "IMAGE": "#, ""),
        (r"failed to unpack image on snapshotter overlayfs: ", ""),
        (r"failed to extract layer \S+: ", ""),
        (r#"failed to extract layer \([^)]*\) to overlayfs as "extract-[^"]*": "#, ""),
        (r"mount callback failed on ROOT: ", ""),
        (r"failed to copy: httpReadSeeker: failed open: ", ""),
        (r"(initializing|choosing an image from manifest list) \S*( ?source IMAGE)?: ?", ""),
        (r#"writing blob: (adding layer with blob|storing blob to file) [^:]*…"[^:]*…": "#, ""),
        (r": unknown$", ""),
        (r"\s+", " "),
    ];
    let mut text = words.replace(host, "HOST");
    for (pattern, with) in CUTS {
        text = regex_lite::Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned();
    }
    let (longest, length) = (200, text.chars().count());
    if length > longest {
        text = format!("…{}", text.chars().skip(length - longest).collect::<String>());
    }
    text
}

fn summary(record: &Record) {
    let drawn = record.images.iter().filter(|image| image.name.starts_with("drawn"));
    let (mut all, mut some, mut total) = (0, 0, 0);
    for image in drawn {
        total += 1;
        all += usize::from(image.answers.values().all(|answer| answer.starts_with('+')));
        some += usize::from(image.answers.values().any(|answer| answer.starts_with('-')));
    }
    eprintln!("drawn: {total}; pulled by all: {all}; refused by one or more: {some}");
    let mut refusals: BTreeMap<&str, usize> = BTreeMap::new();
    for image in &record.images {
        for (key, _) in image.answers.iter().filter(|(_, answer)| answer.starts_with('-')) {
            *refusals.entry(key).or_default() += 1;
        }
    }
    eprintln!("refused: {refusals:?} of {}", record.images.len());
}
