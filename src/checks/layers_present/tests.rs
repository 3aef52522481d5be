use insta::assert_snapshot as said;

use crate::checks::tests::sample::{Sample, absent, descriptor, digest, unknown};
use crate::observation::{BlobObservation, Fact, Proof};
use crate::report::{CheckId, Outcome, Reason};

const CHECK: CheckId = CheckId::LayersPresent;

#[test]
fn passes_and_counts_a_shared_layer_once() {
    said!(Sample::single().said(CHECK), @"passed: config and layers can be pulled (3 blobs)");
    said!(Sample::index(&["linux/amd64", "linux/arm64"]).said(CHECK), @"passed: config and layers can be pulled (5 blobs)");
}

#[test]
fn fails_when_a_layer_is_gone() {
    let mut sample = Sample::single();
    sample.observation.images[0].blobs[2].size = absent(Reason::BlobMissing, "404");
    said!(sample.said(CHECK), @"
    failed blob-missing: layer 2 of 2 (`sha256:de9dd0b53fe28b453ec4a102e0fe417be128c7d8d9a7fa2fbd5932ca0383d452`) is gone: 404
    hint: Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
    ");
}

#[test]
fn fails_when_a_blob_has_another_size() {
    let mut sample = Sample::single();
    sample.observation.images[0].blobs[1].size = Fact::Present(2_999_999);
    said!(sample.said(CHECK), @"
    failed blob-size-differs: layer 1 of 2 (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) has 2999999 bytes where the manifest says 3000000
    expected 3000000 bytes
    observed 2999999 bytes
    hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
    ");
}

#[test]
fn fails_when_the_config_is_gone() {
    let mut sample = Sample::single();
    sample.observation.images[0].config = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
    sample.observation.images[0].blobs.remove(0);
    said!(sample.said_of_content(), @"
    manifest-intact   skipped: there was nothing to hash for the image: manifest or config is not there
    platform          skipped: the config is gone, and nothing else says the platform
    layers-present    failed blob-missing: config (`sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35`) is gone: 404 `BLOB_UNKNOWN`
    engines           skipped: not all of it is there to look at: the image
    ");
}

#[test]
fn fails_with_what_is_wrong_on_each_platform_each_blob_once() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    for image in &mut sample.observation.images {
        image.blobs[1].size = absent(Reason::BlobMissing, "404");
        image.blobs[2].size = Fact::Present(0);
    }
    said!(sample.said(CHECK), @"
    failed blob-missing: layer 1 of 2 of `linux/amd64` (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) is gone: 404; layer 2 of 2 of `linux/amd64` (`sha256:de9dd0b53fe28b453ec4a102e0fe417be128c7d8d9a7fa2fbd5932ca0383d452`) has 0 bytes where the manifest says 20000; layer 2 of 2 of `linux/arm64` (`sha256:446ad523a90af6d177f4e14ef0df96ece1e8d7f81270541b7fa7485f4c001b0f`) has 0 bytes where the manifest says 20000
    hint: Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
    ");
}

#[test]
fn a_blob_that_was_asked_for_once_counts_for_every_platform() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.observation.images[0].blobs.remove(1);
    assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
    sample.observation.images[1].blobs[1].size = absent(Reason::BlobMissing, "404");
    assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
}

#[test]
fn the_worst_answer_counts_where_a_blob_was_asked_for_twice() {
    for (index, other) in [(0, 1), (1, 0)] {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.observation.images[index].blobs[1].size = unknown(Reason::TimedOut);
        assert!(matches!(sample.outcome(CHECK), Outcome::Errored(_)));
        sample.observation.images[other].blobs[1].size = absent(Reason::BlobMissing, "404");
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
        // Once in its size and once in another.
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.observation.images[index].blobs[1].size = Fact::Present(0);
        assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
    }
}

const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// Its second layer is of this type, names other places, and is not in the registry.
fn keep_elsewhere(sample: &mut Sample, image: usize, media_type: &str) {
    let image = &mut sample.observation.images[image];
    let mut layer = descriptor(media_type, &digest("foreign"), 7);
    layer.has_urls = true;
    let Fact::Present(Ok(manifest)) = &mut image.manifest else { unreachable!() };
    manifest.layers[1] = layer.clone();
    image.blobs[2].descriptor = layer;
    image.blobs[2].size = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
}

fn set_platform(sample: &mut Sample, image: usize, platform: &str) {
    sample.config(image).platform = platform.parse().unwrap();
}

#[test]
fn urls_excuse_a_missing_layer_of_a_foreign_type_on_windows_alone() {
    let oci = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    let usual = "application/vnd.oci.image.layer.v1.tar+gzip";
    let table = [
        ("windows/amd64", FOREIGN),
        ("windows/amd64", oci),
        ("windows/amd64", usual),
        ("linux/amd64", FOREIGN),
    ];
    let words = table.map(|(platform, media_type)| {
        let mut sample = Sample::single();
        keep_elsewhere(&mut sample, 0, media_type);
        set_platform(&mut sample, 0, platform);
        sample.outcome(CHECK).word().to_owned()
    });
    assert_eq!(words, ["passed", "passed", "failed", "failed"]);
    let mut sample = Sample::single();
    keep_elsewhere(&mut sample, 0, FOREIGN);
    set_platform(&mut sample, 0, "windows/amd64");
    said!(sample.notes().first().unwrap(), @"kept elsewhere by the image's own choice (`urls`), not in this registry, and not requested there: layer 2 of 2");
    assert_eq!(sample.facts().unwrap().unproven, sample.notes()[..1]);
    // What its storage has lost was in the registry, and what the config alone could say is open.
    sample.observation.images[0].blobs[2].size = absent(Reason::BodyNeverCame, "404");
    assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
    keep_elsewhere(&mut sample, 0, FOREIGN);
    sample.observation.images[0].config = unknown(Reason::TimedOut);
    assert!(matches!(sample.outcome(CHECK), Outcome::Errored(_)));
    assert_eq!(sample.notes().len(), 0);
}

#[test]
fn a_layer_is_judged_by_each_descriptor_that_lists_it() {
    // The same layer, missing, once excused and once not.
    let mut sample = Sample::index(&["windows/amd64", "linux/amd64"]);
    keep_elsewhere(&mut sample, 0, FOREIGN);
    assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
    keep_elsewhere(&mut sample, 1, FOREIGN);
    said!(sample.said(CHECK), @"
    failed blob-missing: layer 2 of 2 of `linux/amd64` (`sha256:656771905e1ef731f65cd0a0d9fb061238380a1a012e6abdf846ecc7d2ea36fd`) is gone: 404 `BLOB_UNKNOWN`
    hint: Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
    ");
    // In one image, with `urls` and without.
    let mut sample = Sample::single();
    set_platform(&mut sample, 0, "windows/amd64");
    keep_elsewhere(&mut sample, 0, FOREIGN);
    let image = &mut sample.observation.images[0];
    let Fact::Present(Ok(manifest)) = &mut image.manifest else { unreachable!() };
    manifest.layers[0] = manifest.layers[1].clone();
    manifest.layers[0].has_urls = false;
    image.blobs[1] =
        BlobObservation { descriptor: manifest.layers[0].clone(), ..image.blobs[2].clone() };
    assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
}

#[test]
fn fails_when_size_and_digest_contradict_each_other() {
    let with_layer = |content: &str, size: u64| {
        let mut sample = Sample::single();
        let layer = descriptor("layer", &digest(content), size);
        let image = &mut sample.observation.images[0];
        let Fact::Present(Ok(manifest)) = &mut image.manifest else { unreachable!() };
        manifest.layers[1] = layer.clone();
        image.blobs[2].size = Fact::Present(size);
        image.blobs[2].descriptor = layer;
        sample.said(CHECK)
    };
    said!(with_layer("", 0), @"passed: config and layers can be pulled (3 blobs)");
    said!(with_layer("x", 0), @"
    failed blob-size-differs: layer 2 of 2 (`sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881`) is said to be empty, and its digest is not that of nothing
    hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
    ");
    said!(with_layer("", 1), @"
    failed blob-size-differs: layer 2 of 2 (`sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`) is said to have 1 bytes, and its digest is that of nothing
    hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
    ");
}

#[test]
fn passes_with_a_note_for_a_layer_that_was_announced_and_not_read() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    for image in &mut sample.observation.images {
        image.blobs[1].proof = Proof::Announced;
    }
    assert!(matches!(sample.outcome(CHECK), Outcome::Passed { .. }));
    said!(sample.notes().first().unwrap(), @"announced, not read, because the server ignores ranges and no more is read of an image or a run: layer 1 of 2 of `linux/amd64`");
    assert_eq!(sample.facts().unwrap().unproven, sample.notes()[..1]);
    // More came than was announced.
    sample.observation.images[0].blobs[1].proof = Proof::Exceeded;
    said!(sample.said(CHECK), @"
    failed blob-size-differs: layer 1 of 2 of `linux/amd64` (`sha256:d9455192305b01d057b8725af0ef2f2bece92e4fe98f6bd5e4fc15bc0919d397`) has more than 3000000 bytes where the manifest says 3000000
    hint: Build without cache and push again; the stored bytes are not the ones that were pushed.
    ");
}

#[test]
fn is_errored_when_only_the_config_could_say_whether_the_entry_counts() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    let entry = &mut sample.observation.images[1];
    entry.listed_as = None;
    entry.config = unknown(Reason::TimedOut);
    entry.blobs[2].size = absent(Reason::BlobMissing, "404 `BLOB_UNKNOWN`");
    assert!(matches!(sample.outcome(CHECK), Outcome::Errored(_)));
    sample.observation.images[1].listed_as = Some("linux/arm64".parse().unwrap());
    assert!(matches!(sample.outcome(CHECK), Outcome::Failed(_)));
}

#[test]
fn is_errored_when_a_blob_is_unknown_or_was_not_requested() {
    let mut sample = Sample::single();
    sample.observation.images[0].blobs[1].size = unknown(Reason::TimedOut);
    sample.observation.images[0].blobs[2].size = unknown(Reason::CredentialsRefused);
    said!(sample.said(CHECK), @"
    errored credentials-refused: an answer that is credentials-refused
    hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
    ");
    sample.observation.images[0].blobs[2].size = unknown(Reason::ManifestContradictory);
    said!(sample.said(CHECK), @"
    errored manifest-contradictory: an answer that is manifest-contradictory
    hint: Try again; if it persists, a proxy or the registry is broken.
    ");
    sample.observation.images[0].blobs.truncate(1);
    said!(sample.said(CHECK), @"
    errored unexpected-answer: the program did not look at this: layer 1 of 2, layer 2 of 2
    hint: This is a bug in the program: please report it.
    ");
}
