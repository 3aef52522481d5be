use insta::assert_snapshot as said;

use crate::checks::tests::sample::{Sample, absent, unknown};
use crate::report::{CheckId, Reason};
use crate::request::ExpectedPort;

const CHECK: CheckId = CheckId::Platform;

fn wanting(mut sample: Sample, platforms: &[&str]) -> Sample {
    sample.expectation().platforms =
        platforms.iter().map(|platform| platform.parse().unwrap()).collect();
    sample
}

#[test]
fn passes_with_what_was_found() {
    said!(Sample::single().said(CHECK), @"passed: found `linux/amd64`");
    said!(Sample::index(&["linux/amd64", "linux/arm64"]).said(CHECK), @"passed: found `linux/amd64`, `linux/arm64`");
    said!(wanting(Sample::index(&["linux/arm64"]), &["linux/arm64/v8"]).said(CHECK), @"passed: found `linux/arm64`");
}

#[test]
fn fails_when_a_wanted_platform_is_not_offered() {
    said!(wanting(Sample::single(), &["linux/amd64", "linux/arm64"]).said(CHECK), @"
    failed platform-missing: no manifest for `linux/arm64`; the image offers `linux/amd64`
    expected linux/arm64
    observed linux/amd64
    hint: Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.
    ");
    let mut nothing = wanting(Sample::index(&["linux/amd64"]), &["linux/arm64"]);
    nothing.observation.images.clear();
    nothing.observation.offered.push("windows/amd64".parse().unwrap());
    said!(nothing.said(CHECK), @"
    failed platform-missing: no manifest for `linux/arm64`; the image offers `linux/amd64`, `windows/amd64`
    expected linux/arm64
    observed linux/amd64, windows/amd64
    hint: Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.
    ");
    said!(nothing.said(CheckId::LayersPresent), @"skipped: there is no image of a wanted platform to look at");
}

#[test]
fn the_first_entry_of_a_platform_is_the_one_that_engines_take() {
    let listing = |machines: [&str; 2]| {
        let mut sample = wanting(Sample::index(&machines), &["linux/amd64"]);
        for image in &mut sample.observation.images {
            image.listed_as = Some("linux/amd64".parse().unwrap());
        }
        sample
    };
    said!(listing(["linux/arm64", "linux/amd64"]).said(CHECK), @"
    failed platform-missing: no manifest for `linux/amd64`: `linux/amd64` is listed, and the config behind it says `linux/arm64`
    expected linux/amd64
    observed linux/arm64, linux/amd64
    hint: Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.
    ");
    assert!(listing(["linux/amd64", "linux/amd64"]).said(CHECK).starts_with("passed"));
}

#[test]
fn is_not_a_no_when_nobody_looked() {
    let mut sample = wanting(Sample::index(&["linux/amd64"]), &["linux/amd64"]);
    sample.observation.images.clear();
    said!(sample.said(CHECK), @"
    errored unexpected-answer: the program did not look at this: `linux/amd64`
    hint: This is a bug in the program: please report it.
    ");
    said!(sample.said(CheckId::ManifestIntact), @"skipped: there is no image of a wanted platform to look at");
    // Another platform's image was looked at, which says nothing of this one.
    let mut sample =
        wanting(Sample::index(&["linux/amd64", "linux/arm64"]), &["linux/amd64", "linux/arm64"]);
    sample.observation.images.truncate(1);
    said!(sample.said(CHECK), @"
    errored unexpected-answer: the program did not look at this: `linux/arm64`
    hint: This is a bug in the program: please report it.
    ");
}

#[test]
fn fails_when_the_config_of_the_only_image_says_another_platform() {
    let mut sample = wanting(Sample::index(&["linux/amd64"]), &["linux/amd64"]);
    sample.config(0).platform = "linux/arm64".parse().unwrap();
    said!(sample.said(CHECK), @"
    failed platform-missing: no manifest for `linux/amd64`: `linux/amd64` is listed, and the config behind it says `linux/arm64`
    expected linux/amd64
    observed linux/arm64
    hint: Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.
    ");
}

#[test]
fn fails_when_a_listed_manifest_is_gone() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.observation.images[1].manifest =
        absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
    sample.observation.images[1].config = absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
    sample.observation.images[1].blobs.clear();
    sample.expectation().port = Some(ExpectedPort { number: 5001, strict: true });
    said!(sample.said(CHECK), @"
    failed manifest-missing: listed in the index, and the manifest is gone: `linux/arm64` (`sha256:447c61c23dd1`)
    hint: Push the image again, and check whether a garbage collection or a clean-up job removed untagged manifests.
    hint: If you deploy the others only, name them: `--platform linux/amd64`.
    ");
    said!(sample.said_by(&[CheckId::ManifestIntact, CHECK, CheckId::LayersPresent, CheckId::Engines, CheckId::Port]), @"
    manifest-intact   passed: index, manifest and config hash to their digests
    platform          failed manifest-missing: listed in the index, and the manifest is gone: `linux/arm64` (`sha256:447c61c23dd1`)
    layers-present    skipped: there is no manifest to look at for `linux/arm64`
    engines           skipped: not all of it is there to look at: `linux/arm64`
    port              skipped: there is no config to look at for `linux/arm64`
    ");
    said!(sample.said(CheckId::ManifestIntact), @"
    passed: index, manifest and config hash to their digests
    note: there was nothing to hash for `linux/arm64`: manifest or config is not there
    ");
}

/// Up to three platforms are named for the next run; of more, the list would be longer than its use.
#[test]
fn names_the_platforms_that_are_left_while_they_are_few() {
    let platforms = ["linux/amd64", "linux/arm64", "linux/386", "linux/s390x", "linux/ppc64le"];
    let hint = |whole: usize| {
        let mut sample = Sample::index(&platforms[..=whole]);
        let gone = &mut sample.observation.images[whole];
        gone.manifest = absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
        gone.config = absent(Reason::ManifestMissing, "404 `MANIFEST_UNKNOWN`");
        sample.said(CHECK).lines().last().unwrap().to_owned()
    };
    said!([0, 2, 3, 4].map(hint).join("\n"), @"
    hint: If you deploy other platforms only, name them with `--platform`.
    hint: If you deploy the others only, name them: `--platform linux/amd64 --platform linux/arm64`.
    hint: If you deploy the others only, name them: `--platform linux/amd64 --platform linux/arm64 --platform linux/386`.
    hint: If you deploy other platforms only, name them with `--platform`.
    ");
}

#[test]
fn passes_with_a_note_or_fails_when_index_and_config_disagree() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.config(1).platform = "linux/amd64".parse().unwrap();
    said!(sample.said(CHECK), @"
    passed: found `linux/amd64`, `linux/arm64`
    note: `linux/arm64` is listed, and the config behind it says `linux/amd64`
    ");
    said!(wanting(sample, &["linux/arm64"]).said(CHECK), @"
    failed platform-missing: no manifest for `linux/arm64`: `linux/arm64` is listed, and the config behind it says `linux/amd64`
    expected linux/arm64
    observed linux/amd64, linux/amd64
    hint: Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.
    ");
}

#[test]
fn a_variant_that_the_config_leaves_out_is_no_disagreement() {
    let mut sample = wanting(Sample::index(&["linux/arm/v6"]), &["linux/arm/v6"]);
    sample.config(0).platform = "linux/arm".parse().unwrap();
    said!(sample.said(CHECK), @"passed: found `linux/arm/v6`");
}

#[test]
fn is_skipped_when_the_config_that_would_say_it_is_gone() {
    for wanted in [&[][..], &["linux/amd64"]] {
        let mut sample = wanting(Sample::single(), wanted);
        sample.observation.images[0].config = absent(Reason::BlobMissing, "404");
        sample.observation.offered.clear();
        assert_eq!(
            sample.said(CHECK),
            "skipped: the config is gone, and nothing else says the platform"
        );
    }
}

#[test]
fn is_errored_when_the_only_image_does_not_say_its_platform() {
    let mut sample = wanting(Sample::single(), &["linux/arm64"]);
    sample.observation.images[0].config = unknown(Reason::ConnectionFailed);
    said!(sample.said(CHECK), @"
    errored connection-failed: an answer that is connection-failed
    hint: Check the network, the proxy and the host's name.
    ");
}
