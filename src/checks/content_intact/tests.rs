use std::collections::BTreeMap;

use insta::assert_snapshot as said;

use crate::checks::layers_to_read;
use crate::checks::tests::sample::{Sample, absent, digest, unknown};
use crate::engines::Met;
use crate::observation::{Fact, LayerContent, Unpacked};
use crate::report::{CheckId, ContentFacts, HowProven, Reason};

const CHECK: CheckId = CheckId::ContentIntact;

fn read(size: u64, unpacked: &str) -> Fact<LayerContent> {
    let unpacked = Unpacked { size: size * 2, digest: digest(unpacked) };
    Fact::Present(LayerContent { size, unpacked: Ok(unpacked), met: Met::default() })
}

/// A sample whose layers were read, and are what its config says.
fn whole(platforms: &[&str]) -> Sample {
    let mut sample = if platforms.is_empty() { Sample::single() } else { Sample::index(platforms) };
    sample.expectation().content = true;
    let mut content = BTreeMap::new();
    for layer in layers_to_read(&sample.request, &sample.observation) {
        let number = if layer.role.starts_with("layer 1") { 1 } else { 2 };
        let unpacked = format!("unpacked {number}");
        let size = layer.descriptor.size;
        content.insert(layer.descriptor.digest, read(size, &unpacked));
    }
    sample.observation.content = Some(content);
    sample
}

/// The one layer that all platforms share.
fn shared(sample: &mut Sample) -> &mut Fact<LayerContent> {
    let content = sample.observation.content.as_mut().unwrap();
    content.get_mut(&digest("shared layer")).unwrap()
}

#[test]
fn passes_when_each_layer_is_what_manifest_and_config_say() {
    said!(whole(&[]).said(CHECK), @"passed: every byte of the layers was read and hashes to what manifest and config say (2 blobs, 2.8 MiB packed, 5.7 MiB unpacked)");
    said!(whole(&["linux/amd64", "linux/arm64"]).said(CHECK), @"passed: every byte of the layers was read and hashes to what manifest and config say (3 blobs, 2.8 MiB packed, 5.7 MiB unpacked)");
}

#[test]
fn is_not_asked_without_the_option_and_skipped_where_nothing_was_read() {
    said!(Sample::single().said(CHECK), @"skipped: only sizes were looked at; `--content` reads every byte");
    let mut sample = whole(&[]);
    sample.observation.content = None;
    said!(sample.said(CHECK), @"skipped: no layer was read, because the image is not well so far");
    let mut sample = Sample::without_tag();
    sample.expectation().content = true;
    said!(sample.said(CHECK), @"skipped: there is no manifest to look at");
}

#[test]
fn fails_when_a_layer_is_not_what_its_digest_says_and_says_so_once() {
    let mut sample = whole(&["linux/amd64", "linux/arm64"]);
    *shared(&mut sample) = absent(Reason::LayerDiffers, "`r.example` sent other bytes");
    said!(sample.said(CHECK), @"
    failed layer-differs: layer 1 of 2 of `linux/amd64` (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`): `r.example` sent other bytes
    hint: Build without cache and push the image again; if it persists, ask the registry's operator: its storage is damaged.
    ");
}

#[test]
fn fails_when_a_layer_unpacks_to_something_else() {
    let mut sample = whole(&[]);
    *shared(&mut sample) = read(3_000_000, "something else");
    said!(sample.said(CHECK), @"
    failed diff-id-differs: layer 1 of 2 (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) unpacks to `sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8` where the config says `sha256:03c2901ce7a75af1fce1eda68642af6d54e0bcaf89d88366c75be3564d620c20`
    expected sha256:03c2901ce7a75af1fce1eda68642af6d54e0bcaf89d88366c75be3564d620c20
    observed sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8
    hint: Build without cache and push the image again: layer and config are from different builds, or the layer was cut or changed before it was pushed.
    ");
}

#[test]
fn fails_when_a_layer_cannot_be_unpacked() {
    let mut sample = whole(&[]);
    let broken = LayerContent {
        size: 5,
        unpacked: Err("it ends inside of a zstd frame".into()),
        met: Met::default(),
    };
    *shared(&mut sample) = Fact::Present(broken);
    said!(sample.said(CHECK), @"
    failed diff-id-differs: layer 1 of 2 (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) cannot be unpacked: it ends inside of a zstd frame
    hint: Build without cache and push the image again: layer and config are from different builds, or the layer was cut or changed before it was pushed.
    ");
}

#[test]
fn judges_a_layer_by_each_place_that_lists_it() {
    let mut sample = whole(&["linux/amd64", "linux/arm64"]);
    sample.config(1).diff_ids[0] = digest("another");
    said!(sample.said(CHECK), @"
    failed diff-id-differs: layer 1 of 2 of `linux/arm64` (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) unpacks to `sha256:03c2901ce7a75af1fce1eda68642af6d54e0bcaf89d88366c75be3564d620c20` where the config says `sha256:ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5`
    expected sha256:ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5
    observed sha256:03c2901ce7a75af1fce1eda68642af6d54e0bcaf89d88366c75be3564d620c20
    hint: Build without cache and push the image again: layer and config are from different builds, or the layer was cut or changed before it was pushed.
    ");
}

#[test]
fn is_errored_when_a_layer_could_not_be_read_or_was_not() {
    let mut sample = whole(&[]);
    *shared(&mut sample) = unknown(Reason::ContentTooLarge);
    said!(sample.said(CHECK), @"
    errored content-too-large: an answer that is content-too-large
    hint: Check which image this is, then allow more with `--max-content`; a zstd window of more than 128 MiB needs a build with a smaller one.
    ");
    sample.observation.content.as_mut().unwrap().remove(&digest("shared layer"));
    said!(sample.said(CHECK), @"
    errored unexpected-answer: the program did not look at this: layer 1 of 2
    hint: This is a bug in the program: please report it.
    ");
}

#[test]
fn a_proven_no_outweighs_a_layer_that_could_not_be_read() {
    let mut sample = whole(&[]);
    let content = sample.observation.content.as_mut().unwrap();
    for (layer, fact) in content.iter_mut() {
        *fact = if *layer == digest("shared layer") {
            unknown(Reason::ConnectionFailed)
        } else {
            read(7, "something else")
        };
    }
    assert!(sample.said(CHECK).starts_with("failed diff-id-differs: layer 2 of 2"));
}

#[test]
fn a_windows_layer_that_is_kept_elsewhere_need_not_be_read() {
    let mut sample = Sample::index(&["windows/amd64"]);
    sample.expectation().content = true;
    let image = &mut sample.observation.images[0];
    let Fact::Present(Ok(manifest)) = &mut image.manifest else { panic!() };
    let layer = &mut manifest.layers[0];
    layer.media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".into();
    layer.has_urls = true;
    image.blobs[1].descriptor = layer.clone();
    image.blobs[1].size = absent(Reason::BlobMissing, "404");
    let wanted = layers_to_read(&sample.request, &sample.observation);
    assert_eq!(
        wanted.iter().map(|layer| layer.role.as_str()).collect::<Vec<_>>(),
        ["layer 2 of 2"]
    );
    let of = wanted[0].descriptor.digest.clone();
    let content = BTreeMap::from([(of, read(20_000, "unpacked 2"))]);
    sample.observation.content = Some(content);
    said!(sample.said(CHECK), @"
    passed: every byte of the layers was read and hashes to what manifest and config say (1 blobs, 19.5 KiB packed, 39.0 KiB unpacked)
    note: not read, because this registry need not hold it and does not: layer 1 of 2
    ");
    assert_eq!(
        sample.said(CheckId::LayersPresent),
        "passed: config and layers can be pulled (3 blobs)"
    );
}

#[test]
fn the_record_says_how_the_layers_were_proven() {
    let facts = |sample: &Sample| sample.facts().unwrap().content;
    let bytes = 3_020_000;
    assert_eq!(facts(&whole(&[])), Some(ContentFacts { how: HowProven::EveryByte, bytes }));
    assert_eq!(facts(&Sample::single()), Some(ContentFacts { how: HowProven::Ranges, bytes }));
    let mut sample = whole(&[]);
    *shared(&mut sample) = unknown(Reason::TimedOut);
    assert_eq!(facts(&sample), Some(ContentFacts { how: HowProven::Ranges, bytes }));
    sample.observation.images[0].blobs[1].size = unknown(Reason::TimedOut);
    assert_eq!(facts(&sample), None);
}
