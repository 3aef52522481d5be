use insta::assert_snapshot as said;

use crate::checks::tests::sample::{Sample, absent, digest, unknown};
use crate::observation::{Fact, Resolved};
use crate::oci::NotAnImage;
use crate::report::{CheckId, Outcome, Reason};

#[test]
fn passes_for_one_image_and_for_an_index() {
    said!(Sample::single().said(CheckId::ManifestIntact), @"passed: manifest and config hash to their digests");
    said!(Sample::index(&["linux/amd64"]).said(CheckId::ManifestIntact), @"passed: index, manifest and config hash to their digests");
    said!(Sample::index(&["linux/amd64", "linux/arm64"]).said(CheckId::ManifestIntact), @"passed: index, 2 manifests and 2 configs hash to their digests");
}

#[test]
fn fails_when_the_tag_names_something_else() {
    let mut sample = Sample::single();
    let other = NotAnImage::Artifact("application/vnd.cncf.helm.config.v1+json".into());
    let resolved = Resolved {
        digest: digest("top"),
        size: 500,
        age: None,
        content: Err(other),
        refusals: Vec::new(),
        note: None,
    };
    sample.observation.resolved = Fact::Present(resolved);
    sample.observation.images.clear();
    said!(sample.said(CheckId::ManifestIntact), @"
    failed not-an-image: `latest-dev` is not a runnable container image: an artifact of type `application/vnd.cncf.helm.config.v1+json`
    hint: Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.
    ");
    said!(sample.said(CheckId::LayersPresent), @"skipped: it is not a container image, so there is nothing to look at");
}

#[test]
fn fails_when_the_registry_denies_the_tags_own_digest() {
    let mut sample = Sample::single();
    sample.observation.by_digest = Some(absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`"));
    said!(sample.said(CheckId::ManifestIntact), @"
    failed digest-not-served: the registry serves `latest-dev` and denies `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`, the digest that it names (404 `MANIFEST_UNKNOWN`)
    hint: Push the image again; check that no policy of the registry blocks it, and that no proxy in between serves an outdated tag.
    ");
    // What cannot be read beside it does not turn the no into something else.
    sample.observation.images[0].config = unknown(Reason::TimedOut);
    assert!(matches!(sample.outcome(CheckId::ManifestIntact), Outcome::Failed(_)));
}

#[test]
fn is_errored_when_it_is_unknown_whether_the_digest_is_served() {
    let mut sample = Sample::single();
    sample.observation.by_digest = Some(unknown(Reason::ServerError));
    said!(sample.said(CheckId::ManifestIntact), @"
    errored server-error: an answer that is server-error
    hint: Try again later; look at the provider's status page.
    ");
    sample.observation.by_digest = None;
    said!(sample.said(CheckId::ManifestIntact), @"
    errored unexpected-answer: the program did not look at this: the manifest by its digest
    hint: This is a bug in the program: please report it.
    ");
    // A reference by digest was resolved by it.
    sample.request.reference.tag = None;
    sample.request.reference.digest = Some(digest("top"));
    assert!(matches!(sample.outcome(CheckId::ManifestIntact), Outcome::Passed { .. }));
}

#[test]
fn is_not_failed_by_an_artifact_behind_an_image_that_could_not_be_read() {
    let behind = |first: Fact<Result<crate::oci::ImageConfig, NotAnImage>>| {
        let mut sample = Sample::index(&["linux/amd64", "linux/amd64"]);
        sample.observation.images[0].config = first;
        sample.observation.images[1].manifest =
            Fact::Present(Err(NotAnImage::Artifact("application/vnd.soci.v1".into())));
        sample.outcome(CheckId::ManifestIntact)
    };
    let read = Sample::single().observation.images[0].config.clone();
    assert!(matches!(behind(read), Outcome::Passed { .. }));
    assert!(matches!(behind(unknown(Reason::TimedOut)), Outcome::Errored(_)));
    assert!(matches!(behind(absent(Reason::BlobMissing, "404")), Outcome::Skipped { .. }));
    let artifact = Fact::Present(Err(NotAnImage::Artifact("x".into())));
    assert!(matches!(behind(artifact), Outcome::Failed(_)));
}

#[test]
fn fails_when_one_of_its_images_is_broken() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.observation.images[0].config = Fact::Present(Err(NotAnImage::NoPlatform("/".into())));
    said!(sample.said(CheckId::ManifestIntact), @"
    failed not-an-image: `linux/amd64` is not a runnable container image: an image for no platform (`/`)
    hint: Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.
    ");
}

#[test]
fn fails_when_one_layer_has_two_diff_ids() {
    let mut sample = Sample::single();
    let Fact::Present(Ok(manifest)) = &mut sample.observation.images[0].manifest else {
        panic!("the sample's manifests are there")
    };
    manifest.layers[1] = manifest.layers[0].clone();
    said!(sample.said(CheckId::ManifestIntact), @"
    failed not-an-image: the image is not a runnable container image: an image whose layer 2 (`sha256:d9455192305b`) is listed with two `diff_ids`, and one layer unpacks to one content
    hint: Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.
    ");
    sample.config(0).diff_ids[1] = digest("unpacked 1");
    said!(sample.said(CheckId::ManifestIntact), @"passed: manifest and config hash to their digests");
    // On two platforms, which share their first layer.
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.config(1).diff_ids[0] = digest("another");
    said!(sample.said(CheckId::ManifestIntact), @"
    failed not-an-image: `linux/arm64` is not a runnable container image: an image whose layer 1 (`sha256:d9455192305b`) is listed with two `diff_ids`, and one layer unpacks to one content
    hint: Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.
    ");
}

#[test]
fn fails_when_the_registry_holds_other_bytes_than_a_digest_promises() {
    let differs = || {
        absent(Reason::ContentDiffers, "`r.example` sent other bytes, each time it was requested")
    };
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.observation.images[1].config = differs();
    insta::assert_snapshot!(sample.said_of_content(), @"
    manifest-intact   failed content-differs: `r.example` sent other bytes, each time it was requested
    platform          passed: found `linux/amd64`, `linux/arm64`
    layers-present    passed: config and layers can be pulled (5 blobs)
    engines           skipped: not all of it is there to look at: `linux/arm64`
    ");
    sample.observation.images[1].manifest =
        absent(Reason::ContentDiffers, "`r.example` sent other bytes, each time it was requested");
    sample.observation.images[1].blobs.clear();
    insta::assert_snapshot!(sample.said_of_content(), @"
    manifest-intact   failed content-differs: `r.example` sent other bytes, each time it was requested
    platform          skipped: there is no manifest to look at for `linux/arm64` (`sha256:447c61c23dd1`)
    layers-present    skipped: there is no manifest to look at for `linux/arm64`
    engines           skipped: not all of it is there to look at: `linux/arm64`
    ");
    sample.observation.resolved =
        absent(Reason::ContentDiffers, "`r.example` sent other bytes, each time it was requested");
    sample.observation.images.clear();
    insta::assert_snapshot!(sample.said_of_content(), @"
    manifest-intact   failed content-differs: `r.example` sent other bytes, each time it was requested
    platform          skipped: there is no manifest to look at
    layers-present    skipped: there is no manifest to look at
    engines           skipped: there is no manifest to look at
    ");
}

#[test]
fn passes_with_a_note_when_the_history_has_more_layers_than_the_image() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.config(1).steps = 3;
    said!(sample.said(CheckId::ManifestIntact), @"passed: index, 2 manifests and 2 configs hash to their digests");
}

#[test]
fn fails_when_the_only_image_says_no_platform() {
    let mut sample = Sample::single();
    sample.observation.images[0].config = Fact::Present(Err(NotAnImage::NoPlatform("/".into())));
    said!(sample.said(CheckId::ManifestIntact), @"
    failed not-an-image: the image is not a runnable container image: an image for no platform (`/`)
    hint: Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.
    ");
}

#[test]
fn passes_beside_an_artifact_that_an_index_lists_under_no_platform() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.observation.images[1].listed_as = None;
    let other = NotAnImage::Artifact("application/vnd.dev.sbom".into());
    sample.observation.images[1].manifest = Fact::Present(Err(other));
    said!(sample.said_of_content(), @"
    manifest-intact   passed: index, manifest and config hash to their digests
    platform          passed: found `linux/amd64`
    layers-present    passed: config and layers can be pulled (3 blobs)
    engines           passed: docker and containerd pull it: no rule of the measured table says otherwise
    ");
}

#[test]
fn fails_for_an_artifact_without_an_image_of_its_platform_before_it() {
    let artifact = || NotAnImage::Artifact("application/vnd.dev.sbom".into());
    // Behind the image of another platform.
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.observation.images[1].manifest = Fact::Present(Err(artifact()));
    said!(sample.said(CheckId::ManifestIntact), @"
    failed not-an-image: `linux/arm64` is not a runnable container image: an artifact of type `application/vnd.dev.sbom`
    hint: Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.
    ");
    // Nor behind an answer that is no image.
    let mut sample = Sample::index(&["linux/amd64", "linux/amd64", "linux/arm64"]);
    sample.observation.images[0].manifest = Fact::Present(Err(artifact()));
    sample.observation.images[1].manifest = Fact::Present(Err(artifact()));
    said!(sample.said(CheckId::ManifestIntact), @"
    failed not-an-image: not container images that can be started: `linux/amd64` is an artifact of type `application/vnd.dev.sbom`; `linux/amd64` is an artifact of type `application/vnd.dev.sbom`
    hint: Check which job pushes to this tag: it holds a chart, a signature, an empty index or a broken image.
    ");
}

#[test]
fn fails_for_a_digest_that_is_not_there() {
    let mut sample = Sample::by_digest();
    sample.observation.resolved = absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
    said!(sample.said(CheckId::ManifestIntact), @"
    failed manifest-missing: `registry.digitalocean.com/keepkey/support-email` has no manifest `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39` (404 `MANIFEST_UNKNOWN`)
    hint: Push the image again, and check whether a garbage collection or a clean-up job removed untagged manifests.
    ");
    sample.observation.repository = absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`");
    said!(sample.said(CheckId::ManifestIntact), @"skipped: there is no repository to look in");
}

#[test]
fn is_errored_when_another_digest_came_back_than_was_requested() {
    let mut sample = Sample::by_digest();
    sample.request.reference.digest = Some(digest("other"));
    said!(sample.said(CheckId::ManifestIntact), @"
    errored manifest-contradictory: asked for a manifest by its digest, the registry sent another one: `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
    hint: Try again; if it persists, a proxy or the registry is broken.
    ");
}

#[test]
fn is_skipped_without_a_tag() {
    said!(Sample::without_tag().said(CheckId::ManifestIntact), @"skipped: there is no manifest to look at");
}

#[test]
fn is_errored_when_a_config_contradicts_its_digest() {
    let mut sample = Sample::single();
    sample.observation.images[0].config = unknown(Reason::ManifestContradictory);
    said!(sample.said_of_content(), @"
    manifest-intact   errored manifest-contradictory: an answer that is manifest-contradictory
    platform          errored manifest-contradictory: an answer that is manifest-contradictory
    layers-present    passed: config and layers can be pulled (3 blobs)
    engines           errored manifest-contradictory: an answer that is manifest-contradictory
    ");
}

#[test]
fn is_not_a_pass_when_no_image_was_looked_at() {
    let mut sample = Sample::single();
    sample.observation.images.clear();
    said!(sample.said_of_content(), @"
    manifest-intact   errored unexpected-answer: the program did not look at this: the image
    platform          skipped: there is no image of a wanted platform to look at
    layers-present    skipped: there is no image of a wanted platform to look at
    engines           skipped: there is no image of a wanted platform to look at
    ");
}
