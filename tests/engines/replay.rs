//! The record without engines.

use crate::engine::Kind;
use crate::program;
use crate::recipe::Variation;
use crate::record::Record;
use crate::registry::Registry;

#[test]
fn the_recorded_images_are_built_again_to_the_byte() {
    for asked in Record::read().images {
        let image = asked.image(Variation::RECORDED);
        assert_eq!(image.tag.1, asked.digest, "{}: `make engines` renews the record", asked.name);
        for (name, bytes) in &image.documents {
            let kept = asked.documents.get(*name).map(String::as_bytes);
            assert!(kept.is_none_or(|kept| kept == bytes), "{}: {name}", asked.name);
        }
    }
}

#[test]
fn labels_and_created_change_every_recorded_image() {
    for asked in Record::read().images {
        let (image, other) = (asked.image(Variation::RECORDED), asked.image(Variation::OTHER));
        let documents_are_fixed = asked.mutations.iter().any(|text| text.contains(" text "));
        assert!(documents_are_fixed || image.blobs != other.blobs, "{}", asked.name);
    }
}

#[test]
fn the_program_answers_as_the_engines_did() {
    replayed(Variation::RECORDED);
}

#[test]
fn the_program_answers_alike_with_other_labels_and_another_time() {
    replayed(Variation::OTHER);
}

#[track_caller]
fn replayed(variation: Variation) {
    let record = Record::read();
    assert_eq!(record.engines.len(), Kind::ALL.len(), "the record is of every engine");
    let registry = Registry::start();
    for asked in &record.images {
        registry.add(&format!("i{}", asked.number), asked.image(variation));
    }
    let answers = program::answers(&registry, &record.images);
    let (found, _) = program::compared(&record, &answers);
    let texts: Vec<_> = found.into_iter().map(|found| found.text).collect();
    assert!(texts.is_empty(), "{} disagreements:\n{}", texts.len(), texts.join("\n"));
    let (undecided, all) = program::undecided(&record.images, &answers);
    assert!(undecided * 12 <= all, "{undecided} of {all} are undecided");
}
