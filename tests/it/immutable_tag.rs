//! The tag that never moves: it has to name the image that the moving tag names.

use crate::stand_in::{Image, Pushed, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const WANTED: &str = "1111111111111111111111111111111111111111";

fn with(image: Image) -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", image);
    (stand_in, pushed)
}

/// A config with an immutable tag in it.
pub(crate) fn gate_with_immutable_tag<'a>(stand_in: &'a StandIn, template: &str) -> Gate<'a> {
    let config = format!(
        "registry: {}\nenvironments:\n  development:\n    tag: latest-dev\n    immutable_tag: \"{template}\"\n    branch: develop\nservices:\n  support-email: {{}}\n",
        stand_in.reference("keepkey")
    );
    Gate::at(stand_in).file("verify-registry-image.yml", config).args("--environment development")
}

#[test]
fn an_immutable_tag_that_names_the_same_image_proves_it() {
    let (stand_in, _) = with(Image::node_on_alpine());
    stand_in.image(REPOSITORY, &format!("{WANTED}-dev"), Image::node_on_alpine());
    let gate = gate_with_immutable_tag(&stand_in, "{revision}-dev").env("CIRCLE_SHA1", WANTED);
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --environment development
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      immutable  1111111111111111111111111111111111111111-dev names the same digest
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email in development

      passed     immutable-tag

    note: revision-expected skipped: there is no label `org.opencontainers.image.revision` on the image, so no commit was compared; add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    ----- stderr
    ");
}

#[test]
fn a_short_revision_in_an_immutable_tag() {
    let (stand_in, _) = with(Image::node_on_alpine().revision(WANTED));
    stand_in.image(REPOSITORY, "1111111-dev", Image::node_on_alpine().revision(WANTED));
    // Without a commit in the environment it is the image's own label.
    let run = gate_with_immutable_tag(&stand_in, "{revision:7}-dev").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(run.stdout.contains("immutable  1111111-dev names the same digest"), "{}", run.stdout);
}

#[test]
fn an_immutable_tag_that_names_another_image_is_red() {
    let (stand_in, _) = with(Image::node_on_alpine());
    stand_in.image(REPOSITORY, &format!("{WANTED}-dev"), Image::node_on_alpine().revision(WANTED));
    let gate = gate_with_immutable_tag(&stand_in, "{revision}-dev").env("CIRCLE_SHA1", WANTED);
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --environment development
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      immutable-tag failed: `1111111111111111111111111111111111111111-dev` names `sha256:03783fe6aa95[..64]`, and `latest-dev` names `sha256:72aa2829510e[..64]`
        expected   sha256:03783fe6aa95[..64]
        observed   sha256:72aa2829510e[..64]
        reason     immutable-tag-differs
        next       The moving tag is from another build.
                   Did this commit's push job run before this one?
                   Push again, unless a newer commit has.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email in development

    note: revision-expected skipped: there is no label `org.opencontainers.image.revision` on the image, so no commit was compared; add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    ----- stderr
    ");
}

#[test]
fn an_immutable_tag_that_was_never_pushed_is_red() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let gate = gate_with_immutable_tag(&stand_in, "{revision}-dev")
        .env("CIRCLE_SHA1", WANTED)
        .redact(WANTED, "[commit]");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --environment development
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      immutable-tag failed: `[registry]/keepkey/support-email` has no tag `[commit]-dev`, which this commit's push should have set (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     immutable-tag-missing
        next       Let the push job push the immutable tag beside the moving one.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email in development

    note: revision-expected skipped: there is no label `org.opencontainers.image.revision` on the image, so no commit was compared; add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
    ----- stderr
    ");
}

#[test]
fn an_immutable_tag_of_an_unknown_commit_is_skipped_with_a_note() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let gate = gate_with_immutable_tag(&stand_in, "{revision}-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --environment development
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email in development

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    note: immutable-tag skipped: no commit was given, and the image has no revision label to name the tag by
    ----- stderr
    ");
}

#[test]
fn an_immutable_tag_of_a_label_that_names_another_image_or_none_proves_nothing() {
    let (stand_in, _) = with(Image::node_on_alpine().revision(WANTED));
    // The label may be the base image's.
    let run = gate_with_immutable_tag(&stand_in, "{revision}-dev").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(run.stdout.contains("note: immutable-tag skipped:"), "{}", run.stdout);
    stand_in.image(REPOSITORY, &format!("{WANTED}-dev"), Image::node_on_alpine());
    let run = gate_with_immutable_tag(&stand_in, "{revision}-dev").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(run.stdout.contains("names another image"), "{}", run.stdout);
}

#[test]
fn an_immutable_tag_that_is_the_same_for_every_commit_is_no_proof_of_this_one() {
    let (stand_in, _) = with(Image::node_on_alpine());
    stand_in.image(REPOSITORY, "stable", Image::node_on_alpine());
    let run = gate_with_immutable_tag(&stand_in, "stable").env("CIRCLE_SHA1", WANTED).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(run.stdout.contains("not proven to be this commit's"), "{}", run.stdout);
    // A variable moves with whatever sets it.
    let run = gate_with_immutable_tag(&stand_in, "$RELEASE").env("RELEASE", "stable").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(!run.stdout.contains("not proven to be this commit's"), "{}", run.stdout);
}

#[test]
fn an_immutable_tag_that_is_the_moving_one_is_a_mistake_of_the_config() {
    let (stand_in, _) = with(Image::node_on_alpine());
    insta::assert_snapshot!(gate_with_immutable_tag(&stand_in, "latest-dev").snapshot(), @r#"
    $ verify-registry-image --environment development
    exit code: 2
    ----- stdout
    ----- stderr
    error: verify-registry-image.yml:5:20: `immutable_tag` is the same tag as `tag`: `latest-dev`
      hint: name a tag that is pushed beside it and never moves, as in `"{revision}-dev"`, or remove the key
    "#);
    let run = gate_with_immutable_tag(&stand_in, "$MOVING").env("MOVING", "latest-dev").run();
    assert_eq!(run.code, Some(2), "{}", run.snapshot());
}
