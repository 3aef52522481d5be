//! What concerns an image as a whole: disbelief, contradictions, notes, facts, durations.

use std::time::Duration;

use insta::{assert_debug_snapshot, assert_snapshot};

use super::sample::COMMIT;
use super::*;
use crate::observation::Fact;
use crate::request::{ExpectedPort, ImmutableTag, RevisionRule};

fn full_expectation(sample: &mut Sample) {
    let tag: crate::oci::Tag = format!("{COMMIT}-dev").parse().unwrap();
    let expectation = sample.expectation();
    expectation.digest = Some(digest("top"));
    expectation.revision = RevisionRule::Required(COMMIT.parse().unwrap());
    expectation.immutable_tag = Some(ImmutableTag::Named(tag.clone()));
    expectation.port = Some(ExpectedPort { number: 5001, strict: true });
    expectation.runtime.language = Some("nodejs".into());
    expectation.runtime.base = Some("alpine".into());
    sample.observation.immutable = Some((tag, Fact::Present(digest("top"))));
}

#[test]
fn an_image_that_is_as_expected_passes_every_check() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    full_expectation(&mut sample);
    assert_snapshot!(sample.all_said(), @"
    registry-honest   passed: the registry denied a tag that cannot exist
    repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
    tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
    manifest-intact   passed: index, 2 manifests and 2 configs hash to their digests
    digest-expected   passed: it is `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
    revision-expected passed: it says that it was built from `0123456789abcdef0123456789abcdef01234567`
    immutable-tag     passed: `0123456789abcdef0123456789abcdef01234567-dev` names the same digest
    platform          passed: found `linux/amd64`, `linux/arm64`
    layers-present    passed: config and layers can be pulled (5 blobs)
    content-intact    skipped: only sizes were looked at; `--content` reads every byte
    engines           passed: docker and containerd pull it: no rule of the measured table says otherwise
    facts-expected    skipped: no facts of the image are declared
    port              passed: the image names `5001/tcp`
    runtime           passed: it shows `nodejs` (`NODE_VERSION` is set), `alpine` (its history has `alpine`)
    ");
    assert_eq!(sample.notes(), [""; 0]);
}

#[test]
fn an_image_of_which_nothing_was_expected_is_found_and_not_proven() {
    let sample = Sample::single();
    assert_snapshot!(sample.all_said(), @"
    registry-honest   passed: the registry denied a tag that cannot exist
    repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
    tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
    manifest-intact   passed: manifest and config hash to their digests
    digest-expected   skipped: no digest was expected
    revision-expected skipped: no commit was expected
    immutable-tag     skipped: no immutable tag is expected
    platform          passed: found `linux/amd64`
    layers-present    passed: config and layers can be pulled (3 blobs)
    content-intact    skipped: only sizes were looked at; `--content` reads every byte
    engines           passed: docker and containerd pull it: no rule of the measured table says otherwise
    facts-expected    skipped: no facts of the image are declared
    port              skipped: no port is expected
    runtime           skipped: no runtime was declared
    ");
    assert_debug_snapshot!(sample.notes(), @r#"
    [
        "found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`",
    ]
    "#);
}

#[test]
fn a_tag_named_after_the_commit_is_less_than_a_label_and_more_than_a_moving_tag() {
    let mut sample = Sample::single();
    sample.request.reference.tag = Some("0123456-dev".parse().unwrap());
    sample.request.commit = Some("0123456789abcdef0123456789abcdef01234567".parse().unwrap());
    assert_debug_snapshot!(sample.notes(), @r#"
    [
        "found under `0123456-dev`, which is named after this commit; nothing in the image says that it was built from it: give `--expect-digest`, `--expect-revision` or an `immutable_tag`",
    ]
    "#);
}

#[test]
fn one_of_digest_revision_and_immutable_tag_is_proof_enough() {
    for keep in [CheckId::DigestExpected, CheckId::RevisionExpected, CheckId::ImmutableTag] {
        let mut sample = Sample::single();
        full_expectation(&mut sample);
        if keep != CheckId::DigestExpected {
            sample.expectation().digest = None;
        }
        if keep != CheckId::RevisionExpected {
            sample.expectation().revision = RevisionRule::Off;
        }
        if keep != CheckId::ImmutableTag {
            sample.expectation().immutable_tag = None;
            sample.observation.immutable = None;
        }
        assert_eq!(sample.notes(), [""; 0], "{keep}");
    }
}

#[test]
fn a_tag_made_from_the_images_own_label_is_no_proof_of_the_commit() {
    let mut sample = Sample::single();
    full_expectation(&mut sample);
    sample.expectation().digest = None;
    sample.expectation().revision = RevisionRule::Off;
    assert_eq!(sample.notes(), [""; 0], "the tag of the commit that is meant");
    sample.expectation().immutable_tag =
        Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
    assert_debug_snapshot!(sample.notes(), @r#"
    [
        "found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; its immutable tag was made from its own label, because no commit was given: give one with `--expect-revision=SHA`, or the digest with `--expect-digest`",
    ]
    "#);
}

#[test]
fn an_immutable_tag_that_does_not_move_with_the_commit_is_no_proof_of_it() {
    let mut sample = Sample::single();
    full_expectation(&mut sample);
    sample.expectation().digest = None;
    sample.expectation().revision = RevisionRule::Off;
    let stable: crate::oci::Tag = "stable".parse().unwrap();
    sample.observation.immutable = Some((stable.clone(), Fact::Present(digest("top"))));
    sample.expectation().immutable_tag = Some(ImmutableTag::Fixed(stable));
    assert!(matches!(sample.outcome(CheckId::ImmutableTag), Outcome::Passed { .. }));
    assert_debug_snapshot!(sample.notes(), @r#"
    [
        "found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; its immutable tag is the same for every commit: make it of the commit, as in `immutable_tag: \"{revision}-dev\"`, or give `--expect-digest` or `--expect-revision`",
    ]
    "#);
}

#[test]
fn an_answer_for_a_tag_that_is_older_than_a_minute_is_a_note() {
    let mut sample = Sample::single();
    full_expectation(&mut sample);
    for (age, notes) in [(None, 0), (Some(60), 0), (Some(61), 1)] {
        let Fact::Present(resolved) = &mut sample.observation.resolved else {
            panic!("it is there")
        };
        resolved.age = age.map(std::time::Duration::from_secs);
        assert_eq!(sample.notes().len(), notes, "{age:?}");
    }
    assert_debug_snapshot!(sample.notes(), @r#"
    [
        "the answer for `latest-dev` was 61 s old: a cache in between gave it, and the tag may have moved since",
    ]
    "#);
}

#[test]
fn nothing_is_said_to_be_found_where_a_check_did_not_pass() {
    let mut sample = Sample::single();
    sample.observation.images[0].blobs[1].size = absent(Reason::BlobMissing, "404");
    assert_eq!(sample.notes(), [""; 0]);
    sample.observation.images[0].blobs[1].size = unknown(Reason::TimedOut);
    assert_eq!(sample.notes(), [""; 0]);
}

#[test]
fn notes_tell_of_a_stale_index_and_of_platforms_left_out() {
    let mut sample = Sample::without_tag();
    sample.explanation().lists_tag = true;
    assert_debug_snapshot!(sample.notes(), @r#"
    [
        "DigitalOcean's API lists the tag and the registry denies it: the API is an index that lags, so the registry's word counts",
    ]
    "#);
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64", "linux/arm/v7"]);
    sample.observation.images.truncate(1);
    sample.expectation().platforms = vec!["linux/amd64".parse().unwrap()];
    sample.expectation().digest = Some(digest("top"));
    assert_debug_snapshot!(sample.notes(), @r#"
    [
        "only `linux/amd64` was looked at; the image offers `linux/arm64`, `linux/arm/v7` too",
    ]
    "#);
}

#[test]
fn nothing_that_a_dishonest_registry_says_is_believed() {
    let mut sample = Sample::single();
    full_expectation(&mut sample);
    sample.observation.control = Control::Affirmed("200, a manifest of 1,234 bytes".into());
    assert_snapshot!(sample.all_said(), @"
    registry-honest   errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    repository-exists errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    tag-exists        errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    manifest-intact   errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    digest-expected   errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    revision-expected errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    immutable-tag     errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    platform          errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    layers-present    errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    content-intact    errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    engines           errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    facts-expected    errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    port              errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    runtime           errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200, a manifest of 1,234 bytes)
    ");
    assert_eq!(sample.facts(), None);
}

#[test]
fn a_failure_of_another_manifest_is_reported_beside_a_contradiction() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    full_expectation(&mut sample);
    sample.expectation().digest = Some(digest("other"));
    sample.observation.images[1].manifest = unknown(Reason::ManifestContradictory);
    assert_snapshot!(sample.all_said(), @"
    registry-honest   passed: the registry denied a tag that cannot exist
    repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
    tag-exists        passed: `latest-dev` names `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
    manifest-intact   errored manifest-contradictory: an answer that is manifest-contradictory
    digest-expected   failed digest-differs: `latest-dev` is there and names another image: expected `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`, observed `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
    revision-expected errored manifest-contradictory: an answer that is manifest-contradictory
    immutable-tag     passed: `0123456789abcdef0123456789abcdef01234567-dev` names the same digest
    platform          errored manifest-contradictory: an answer that is manifest-contradictory
    layers-present    errored manifest-contradictory: an answer that is manifest-contradictory
    content-intact    skipped: only sizes were looked at; `--content` reads every byte
    engines           errored manifest-contradictory: an answer that is manifest-contradictory
    facts-expected    skipped: no facts of the image are declared
    port              errored manifest-contradictory: an answer that is manifest-contradictory
    runtime           errored manifest-contradictory: an answer that is manifest-contradictory
    ");
    assert_snapshot!(sample.said(CheckId::DigestExpected), @"
    failed digest-differs: `latest-dev` is there and names another image: expected `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`, observed `sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39`
    expected sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa
    observed sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39
    hint: Another job has pushed this tag since, or the push went elsewhere.
    hint: Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/7
    ");
}

#[test]
fn an_unknown_tag_leaves_everything_that_needs_it_undecided() {
    let mut sample = Sample::single();
    full_expectation(&mut sample);
    sample.observation.resolved = unknown(Reason::ServerError);
    sample.observation.images.clear();
    assert_snapshot!(sample.all_said(), @"
    registry-honest   passed: the registry denied a tag that cannot exist
    repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
    tag-exists        errored server-error: an answer that is server-error
    manifest-intact   errored server-error: an answer that is server-error
    digest-expected   errored server-error: an answer that is server-error
    revision-expected errored server-error: an answer that is server-error
    immutable-tag     errored server-error: an answer that is server-error
    platform          errored server-error: an answer that is server-error
    layers-present    errored server-error: an answer that is server-error
    content-intact    skipped: only sizes were looked at; `--content` reads every byte
    engines           errored server-error: an answer that is server-error
    facts-expected    skipped: no facts of the image are declared
    port              errored server-error: an answer that is server-error
    runtime           errored server-error: an answer that is server-error
    ");
    assert_eq!(sample.facts(), None);
}

#[test]
fn a_missing_tag_leaves_everything_that_needs_it_without_anything_to_look_at() {
    let mut sample = Sample::without_tag();
    full_expectation(&mut sample);
    sample.observation.immutable.as_mut().unwrap().1 =
        absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`");
    assert_snapshot!(sample.all_said(), @"
    registry-honest   passed: the registry denied a tag that cannot exist
    repository-exists passed: the registry serves `registry.digitalocean.com/keepkey/support-email`
    tag-exists        failed tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
    manifest-intact   skipped: there is no manifest to look at
    digest-expected   skipped: there is no manifest to look at
    revision-expected skipped: there is no manifest to look at
    immutable-tag     failed immutable-tag-missing: `registry.digitalocean.com/keepkey/support-email` has no tag `0123456789abcdef0123456789abcdef01234567-dev`, which this commit's push should have set (404 `MANIFEST_UNKNOWN`)
    platform          skipped: there is no manifest to look at
    layers-present    skipped: there is no manifest to look at
    content-intact    skipped: only sizes were looked at; `--content` reads every byte
    engines           skipped: there is no manifest to look at
    facts-expected    skipped: no facts of the image are declared
    port              skipped: there is no manifest to look at
    runtime           skipped: there is no manifest to look at
    ");
    assert_eq!(sample.facts(), None);
}

#[test]
fn a_reference_by_digest_needs_no_tag() {
    let mut sample = Sample::single();
    sample.request.reference.tag = None;
    sample.request.reference.digest = Some(digest("top"));
    assert_snapshot!(sample.said_by(&[CheckId::TagExists, CheckId::ManifestIntact, CheckId::DigestExpected, CheckId::Platform, CheckId::LayersPresent, CheckId::Engines]), @"
    tag-exists        skipped: the reference names a digest and no tag
    manifest-intact   passed: manifest and config hash to their digests
    digest-expected   skipped: no digest was expected
    platform          passed: found `linux/amd64`
    layers-present    passed: config and layers can be pulled (3 blobs)
    engines           passed: docker and containerd pull it: no rule of the measured table says otherwise
    ");
    assert_eq!(sample.notes(), [""; 0]);
}

#[test]
fn each_result_has_the_time_of_the_requests_that_answered_it() {
    for result in Sample::single().results() {
        let expected = if result.check == CheckId::TagExists { 42 } else { 0 };
        assert_eq!(result.took, Duration::from_millis(expected), "{}", result.check);
    }
}

#[test]
fn facts_hold_what_was_seen_of_each_platform_that_could_be_read() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    full_expectation(&mut sample);
    sample.observation.images[1].config = unknown(Reason::TimedOut);
    let Fact::Present(Ok(manifest)) = &mut sample.observation.images[0].manifest else {
        unreachable!()
    };
    manifest.layers[1].size = u64::MAX;
    assert_debug_snapshot!(sample.facts(), @r#"
    Some(
        ImageFacts {
            digest: sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39,
            media_type: OciImageIndex,
            platforms: [
                PlatformFacts {
                    platform: Platform {
                        os: "linux",
                        architecture: "amd64",
                        variant: "",
                    },
                    digest: sha256:b578b13da2bcfd0f2c7ece966f31f332ea5c02ede4916d159ae6f36ac912e5da,
                    config_digest: sha256:551d57a1d49cde52f81c130ce1f221faec74ddbba6f1b0b90f926f6ba485ef35,
                    size_bytes: 18446744073709551615,
                    layers: 2,
                    created: Some(
                        "2026-11-25T09:00:00Z",
                    ),
                    revision: Some(
                        "0123456789abcdef0123456789abcdef01234567",
                    ),
                    exposed_ports: [
                        "5001/tcp",
                    ],
                },
            ],
            immutable_tag: Some(
                "0123456789abcdef0123456789abcdef01234567-dev",
            ),
            unproven: [],
            content: None,
            revision: None,
            attestations: [],
        },
    )
    "#);
}
