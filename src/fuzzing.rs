//! What `make fuzz` does with bytes of anybody's: each function reads them as one parser does, and asserts what has
//! to hold of the result. Not in the program: it is there for the fuzzer, and for plain `cargo test`, which
//! hands every function its kept corpus.

use std::fmt::Debug;

use crate::circleci::answers::{
    Definition, Job, Pipeline, Trigger, Workflow, compiled_jobs, field, list,
};
use crate::oci::{
    Attestation, ConfigDocument, Digest, ErrorBody, Manifest, MediaType, NotAnImage, Platform,
    Provenance, Reference, RegistryHost, Repository, Tag, referring,
};
use crate::secret::{Redactor, Secret, is_printable};
use crate::status::board::{self, BEGIN, BoardRow, Drawn, END, Pipeline as BoardPipeline};
use crate::status::{self, ServiceLine, StatusFile};

/// A function for each kind of text.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its program and its corpus.
pub const TARGETS: [(&str, Target); 14] = [
    ("manifest", manifest),
    ("index", index),
    ("config", config),
    ("attestation", attestation),
    ("circleci", circleci),
    ("token_body", token_body),
    ("error_body", error_body),
    ("challenge", challenge),
    ("reference", reference),
    ("config_file", config_file),
    ("status_file", status_file),
    ("board", board),
    ("docker_config", docker_config),
    ("doctl_file", doctl_file),
];

/// A token that stands in the corpus and in the dictionaries.
pub(crate) const SECRET: &str = "dop_v1_fuzzfuzzfuzzfuzz";

pub(crate) fn redactor() -> Redactor {
    let redactor = Redactor::default();
    redactor.hide(&Secret::new(SECRET));
    redactor
}

/// Asserts that a text may be shown: no control character, nothing that reorders a line.
pub(crate) fn assert_shown(text: &str) {
    let odd = text.chars().find(|character| !is_printable(*character) && *character != '\n');
    assert!(odd.is_none(), "{odd:?} in {text:?}");
}

/// A manifest of one image.
pub fn manifest(bytes: &[u8]) {
    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
    for kind in [OCI, DOCKER] {
        manifest_of(bytes, kind);
    }
}

/// An index of several.
pub fn index(bytes: &[u8]) {
    const OCI: &str = "application/vnd.oci.image.index.v1+json";
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    for kind in [OCI, DOCKER] {
        manifest_of(bytes, kind);
    }
}

fn manifest_of(bytes: &[u8], kind: &str) {
    let redactor = redactor();
    match Manifest::parse(bytes, kind) {
        Err(error) => assert_shown(&redactor.line(&error.to_string(), 200)),
        Ok(read) => {
            // What two readers would read differently is refused: the document as another one writes it, with
            // one value a key, is the same.
            if let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) {
                let again = Manifest::parse(value.to_string().as_bytes(), kind);
                assert_eq!(again.ok().as_ref(), Some(&read));
            }
            match &read {
                Ok(Manifest::Image(image)) => image.layers.iter().for_each(|layer| {
                    assert!(!(layer.is_uncompressed_layer() && layer.media_type.ends_with("gzip")));
                }),
                // What is served as it is listed is what it is.
                Ok(Manifest::Index(index)) => index.entries.iter().for_each(|entry| {
                    let listed = &entry.manifest;
                    let served = MediaType::parse(&listed.media_type);
                    let nothing = || Err(NotAnImage::NothingRunnable);
                    assert_eq!(entry.checked(nothing()), nothing());
                    let inner = Manifest::Index(index.clone());
                    let is_index = served.is_none_or(MediaType::is_index);
                    let as_index = entry.checked(Ok(inner));
                    assert!(as_index.is_err() || is_index || listed.media_type.is_empty());
                }),
                Err(_) => {}
            }
            if let Err(not) = read {
                let shown = not.map_texts(|text| redactor.line(&text, 200)).to_string();
                assert_shown(&shown);
                assert!(!shown.contains(SECRET), "{shown}");
            }
        }
    }
}

/// An image config.
pub fn config(bytes: &[u8]) {
    let redactor = redactor();
    let listed = "linux/arm64/v8".parse::<Platform>().ok();
    let read = |bytes: &[u8]| ConfigDocument::parse(bytes).ok();
    let document = match ConfigDocument::parse(bytes) {
        Ok(Ok(document)) => document,
        Ok(Err(not)) => return assert_eq!(not, NotAnImage::UnreadableConfig),
        Err(error) => {
            assert_shown(error.hint());
            return assert_shown(&redactor.line(&error.to_string(), 200));
        }
    };
    // What two readers would read differently is refused: as another one writes it, it is the same.
    let again = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let again = again.and_then(|value| read(value.to_string().as_bytes()));
    for listed in [None, listed.as_ref()] {
        let config = document.listed_as(listed);
        if let Some(Ok(again)) = &again {
            let again = again.listed_as(listed);
            assert_eq!(format!("{config:?}"), format!("{again:?}"));
        }
        let Ok(Ok(config)) = config else {
            if let Err(error) = config {
                assert_shown(error.hint());
            }
            continue;
        };
        for (name, value) in config.env.iter().filter_map(|entry| entry.split_once('=')) {
            // Of two, the last one.
            let last = config.env_value(name);
            assert!(last.is_some_and(|last| last == value || config.env.len() > 1));
        }
        assert_ne!(config.revision(), Some(""));
        let masked = document.clone().map_texts(|text| redactor.masked(text));
        let Ok(Ok(masked)) = masked.listed_as(listed) else { continue };
        let texts = masked.env.iter().chain(&masked.history).chain(masked.labels.values());
        for text in texts.chain(masked.labels.keys()).chain(&masked.created) {
            assert!(!text.contains(SECRET), "{text}");
        }
    }
}

/// An attestation manifest, the index of what refers to an image, or a statement of provenance.
pub fn attestation(bytes: &[u8]) {
    let redactor = redactor();
    if let Ok(listed) = Attestation::listed(bytes) {
        // As another one writes it, it is the same.
        let again = serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let again = again.and_then(|value| Attestation::listed(value.to_string().as_bytes()).ok());
        assert!(listed.len() <= 16 && again.is_none_or(|again| again == listed));
    }
    let _ = referring(bytes);
    if let Ok(said) = Provenance::parse(bytes) {
        for subject in said.subjects.iter().filter_map(|subject| subject.parse::<Digest>().ok()) {
            assert!(said.is_about(&subject));
        }
        let masked = said.map_texts(|text| redactor.masked(text));
        for text in masked.source.iter().chain(&masked.revision) {
            assert!(!text.contains(SECRET), "{text}");
        }
    }
}

/// An answer of CircleCI's: a page of pipelines, workflows, jobs, definitions or triggers.
pub fn circleci(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(compiled_jobs(&text).iter().all(|name| text.contains(name)));
    let redactor = redactor();
    let clean = |text: &str| redactor.line(text, 200);
    let Ok(page) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    for item in list(field(&page, &["items"])) {
        // What is shown; branches and the ids of other jobs are compared alone.
        let mut shown = Vec::new();
        if let Some(pipeline) = Pipeline::of(item, &clean) {
            shown.extend([pipeline.id, pipeline.state]);
            shown.extend(pipeline.errors.into_iter().flat_map(|error| [error.kind, error.message]));
            shown.extend(
                [pipeline.created_at, pipeline.actor, pipeline.commit].into_iter().flatten(),
            );
        }
        let workflow = Workflow::of(item, &clean);
        shown.extend(workflow.into_iter().flat_map(|one| [one.id, one.name, one.status]));
        let job = Job::of(item, &clean);
        shown.extend(job.into_iter().flat_map(|one| [one.id, one.name, one.status]));
        let definition = Definition::of(item, &clean);
        shown.extend(definition.into_iter().flat_map(|one| [one.id, one.name, one.provider]));
        for text in shown {
            assert_shown(&text);
            assert!(!text.contains(SECRET), "{text}");
        }
        let _ = Trigger::of(item).excludes(true);
    }
}

/// The answer of a token server.
pub fn token_body(bytes: &[u8]) {
    crate::registry::fuzzing::token_body(bytes);
}

/// An error document.
pub fn error_body(bytes: &[u8]) {
    let redactor = redactor();
    if let Some(ErrorBody { code, message }) = ErrorBody::parse(bytes) {
        for text in [redactor.line(code.as_str(), 60), redactor.line(&message, 200)] {
            assert_shown(&text);
            assert!(!text.contains(SECRET) && text.chars().count() <= 201, "{text}");
        }
        // A code that is known is one word, and so is not one of the registry's own.
        assert!(code.as_str().chars().count() <= 64);
    }
}

/// A `WWW-Authenticate`, a line a header.
pub fn challenge(bytes: &[u8]) {
    crate::registry::fuzzing::challenge(bytes);
}

/// A reference and its parts: what is printed is read as the same.
pub fn reference(bytes: &[u8]) {
    fn same<T: std::str::FromStr + ToString + PartialEq + Debug>(text: &str) {
        if let Ok(read) = text.parse::<T>() {
            let printed = read.to_string();
            assert_shown(&printed);
            assert_eq!(printed.parse().ok(), Some(read), "{text:?} is printed as {printed:?}");
        }
    }
    let text = String::from_utf8_lossy(bytes);
    same::<Reference>(&text);
    same::<RegistryHost>(&text);
    same::<Repository>(&text);
    same::<Tag>(&text);
    same::<Digest>(&text);
    same::<Platform>(&text);
    if let Ok(Reference { registry, repository, tag, digest }) = text.parse() {
        assert!(
            registry.as_str().starts_with(registry.host().trim_matches(['[', ']']))
                || registry.as_str().starts_with('[')
        );
        // `[0::1]` is another way to write `[::1]`.
        let address = registry.host().trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let is_local = ["localhost", "127."].iter().any(|name| registry.as_str().starts_with(name))
            || address.is_ok_and(|address| address.is_loopback());
        assert!(!registry.is_loopback() || is_local, "{registry:?}");
        let name = format!("{registry}/{repository}");
        assert!(
            name.ends_with(repository.as_str())
                && text.to_ascii_lowercase().starts_with(&registry.as_str().to_ascii_lowercase())
        );
        if let (Some(tag), None) = (tag, digest) {
            assert!(text.ends_with(tag.as_str()));
            let tagged = Reference::tagged(registry, repository, tag);
            assert_eq!(tagged.name(), name);
        }
    }
}

/// The config file.
pub fn config_file(bytes: &[u8]) {
    crate::settings::fuzzing::config_file(bytes);
}

/// A status file: what is not the gate's stays to the byte, and what it writes is what it reads.
pub fn status_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(line) = ServiceLine::parse(
        "GREEN registry.example/a/b:dev since 2026-11-25T09:30:00Z verified 2026-11-25T09:31:00Z",
    ) else {
        return;
    };
    let before = StatusFile::parse(&text);
    let Some(new) = status::with_line(&text, "our-service", &line) else { return };
    let after = StatusFile::parse(&new);
    assert_eq!(after.service("our-service"), Some(&line), "{new:?}");
    let others = |file: &StatusFile| {
        let mut others = file.services.clone();
        others.retain(|(name, _)| name != "our-service");
        others
    };
    assert_eq!(others(&before), others(&after));
    assert_eq!((&before.status, &before.notes), (&after.status, &after.notes));
    assert_eq!(status::with_line(&new, "our-service", &line).as_ref(), Some(&new));
    // Without the line, a new file is the old one.
    if !before.unreadable.iter().any(|name| name == "our-service")
        && before.service("our-service").is_none()
    {
        // But for the end of a last line that had none.
        let lines = |text: &str| -> Vec<String> {
            let others = text.split('\n').filter(|line| !line.contains("our-service"));
            others.map(|line| line.trim_end_matches('\r').to_owned()).collect()
        };
        let (mut kept, mut old) = (lines(&new), lines(&text));
        for lines in [&mut kept, &mut old] {
            lines.truncate(
                lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1),
            );
        }
        assert_eq!(kept, old);
    }
    for (_, line) in &after.services {
        assert_eq!(ServiceLine::parse(&line.to_string()).as_ref(), Some(line));
    }
}

/// A board: what stands outside the markers stays to the byte, and it is drawn once.
pub fn board(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let row = |service: &str, line: &str| BoardRow {
        environment: "development".to_owned(),
        service: service.to_owned(),
        line: ServiceLine::parse(line),
        pipeline: BoardPipeline::This(Some("https://circleci.example/1".to_owned())),
    };
    let rows = [
        row("api", "GREEN registry.example/a/api:dev@sha256:0123 since 2026-11-25T09:30:00Z"),
        row("a|b", "RED registry.example/a/b:dev verified 2026-11-25T09:31:00Z"),
        row("lost", ""),
    ];
    assert_eq!(board::prove(&text).is_ok(), board::drawn(&text, &rows, Some(&[])).is_ok());
    let new = match board::drawn(&text, &rows, Some(&[])) {
        Ok(drawn) => drawn.text,
        Err(error) => return assert_shown(&error.to_string()),
    };
    assert_eq!(
        board::drawn(&new, &rows, Some(&[])),
        Ok(Drawn { text: new.clone(), removed: vec![] })
    );
    // A marker is a line of its own.
    let marks = |marker: &str| {
        text.lines().any(|line| line.trim_start_matches('\u{feff}').trim() == marker)
    };
    let places = (text.find(BEGIN), text.rfind(END));
    if let (true, (Some(begin), Some(end))) = (marks(BEGIN) && marks(END), places) {
        let (before, after) = (text.get(..begin), text.get(end..));
        assert!(new.starts_with(before.unwrap_or_default()));
        assert!(new.ends_with(after.unwrap_or_default()));
    } else {
        assert!(new.starts_with(text.trim_end_matches(['\n', '\r'])), "{new:?}");
    }
}

/// docker's `config.json`.
pub fn docker_config(bytes: &[u8]) {
    crate::registry::fuzzing::docker_config(bytes);
}

/// doctl's `config.yaml`.
pub fn doctl_file(bytes: &[u8]) {
    crate::settings::fuzzing::doctl_file(bytes);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_kept_corpus_holds_nothing_that_breaks_a_parser() {
        for (name, target) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            let mut files: Vec<_> =
                fs::read_dir(&folder).expect(name).map(|entry| entry.unwrap().path()).collect();
            files.sort();
            assert!(files.len() > 5, "{name}: {} files", files.len());
            for file in files {
                let bytes = fs::read(&file).unwrap();
                let ended = std::panic::catch_unwind(|| target(&bytes));
                assert!(ended.is_ok(), "`{name}` breaks at {}", file.display());
            }
        }
    }
}
