//! The record without engines.

use crate::recipe::Variation;
use crate::record::Record;

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
