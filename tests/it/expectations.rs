//! The image that was meant: its digest and its commit.

use crate::stand_in::{Image, Pushed, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const WANTED: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";

fn with(image: Image) -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", image);
    (stand_in, pushed)
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

/// The digest of an image that is not there.
fn other_digest() -> String {
    format!("sha256:{}", "ab".repeat(32))
}

#[test]
fn a_digest_in_the_reference_is_the_one_that_is_expected() {
    let (stand_in, pushed) = with(Image::node_on_alpine());
    let reference = format!("{REPOSITORY}:latest-dev@{}", pushed.digest);
    insta::assert_snapshot!(Gate::at(&stand_in).image(&reference).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev@sha256:72aa2829510e[..64]
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev@sha256:72aa2829510e[..64]

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      passed     digest-expected
    ----- stderr
    ");
}

#[test]
fn another_digest_in_the_reference_is_red() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let reference = format!("{REPOSITORY}:latest-dev@{}", other_digest());
    insta::assert_snapshot!(Gate::at(&stand_in).image(&reference).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev@sha256:abababababab[..64]
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev@sha256:abababababab[..64]

      digest-expected failed: `latest-dev` is there and names another image: expected `sha256:abababababab[..64]`, observed `sha256:72aa2829510e[..64]`
        expected   sha256:abababababab[..64]
        observed   sha256:72aa2829510e[..64]
        reason     digest-differs
        next       Another job has pushed this tag since, or the push went elsewhere.
                   Did this commit's push job run before this one?

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    ");
}

#[test]
fn another_digest_than_the_expected_one_is_red() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let run = gate(&stand_in)
        .args("--expect-digest")
        .arg(other_digest())
        .env("CIRCLE_BUILD_URL", "https://circleci.com/gh/keepkey/support-email/4711");
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-digest sha256:abababababab[..64]
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      digest-expected failed: `latest-dev` is there and names another image: expected `sha256:abababababab[..64]`, observed `sha256:72aa2829510e[..64]`
        expected   sha256:abababababab[..64]
        observed   sha256:72aa2829510e[..64]
        reason     digest-differs
        next       Another job has pushed this tag since, or the push went elsewhere.
                   Did this commit's push job run before this one? https://circleci.com/gh/keepkey/support-email/4711

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    ");
}

#[test]
fn each_form_of_a_digest_file_is_read() {
    let (stand_in, pushed) = with(Image::node_on_alpine());
    let digest = &pushed.digest;
    let forms = [
        format!("{digest}\n"),
        format!("registry.digitalocean.com/{REPOSITORY}@{digest}\n"),
        format!("{{\n  \"containerimage.digest\": \"{digest}\",\n  \"image.name\": \"x\"\n}}\n"),
    ];
    for form in forms {
        let gate = gate(&stand_in).file("pushed", &form).args("--expect-digest-file pushed");
        let run = gate.run();
        assert_eq!(run.code, Some(0), "{form}: {}", run.snapshot());
        assert!(!run.stdout.contains("not asked  digest-expected"), "{}", run.snapshot());
        let other = form.replace(digest, &other_digest());
        let run =
            self::gate(&stand_in).file("pushed", other).args("--expect-digest-file pushed").run();
        assert_eq!(run.code, Some(1), "{form}: {}", run.snapshot());
        assert!(run.stdout.contains("digest-expected failed"), "{}", run.snapshot());
    }
}

#[test]
fn a_digest_file_without_a_digest_is_a_mistake_of_the_command_line() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let gate = gate(&stand_in).file("pushed", "").args("--expect-digest-file pushed");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-digest-file pushed
    exit code: 2
    ----- stdout
    ----- stderr
    error: the file `pushed` of `--expect-digest-file` is empty
      hint: it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn a_digest_alone_is_verified_as_it_is() {
    let (stand_in, pushed) = with(Image::node_on_alpine());
    let reference = format!("{REPOSITORY}@{}", pushed.digest);
    insta::assert_snapshot!(Gate::at(&stand_in).image(&reference).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email@sha256:72aa2829510e[..64]

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      skipped    tag-exists: the reference names a digest and no tag
    ----- stderr
    ");
}

#[test]
fn a_digest_alone_that_is_not_there_is_red() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let reference = format!("{REPOSITORY}@{}", other_digest());
    insta::assert_snapshot!(Gate::at(&stand_in).image(&reference).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email@sha256:abababababab[..64]
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email@sha256:abababababab[..64]

      manifest-intact failed: `[registry]/keepkey/support-email` has no manifest `sha256:abababababab[..64]` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     manifest-missing
        next       Push the image again, and check whether a garbage collection or a clean-up job removed untagged manifests.
      skipped    tag-exists: the reference names a digest and no tag
      skipped    platform, layers-present, engines: there is no manifest to look at

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_digest_alone_cannot_be_recorded() {
    let (stand_in, pushed) = with(Image::node_on_alpine());
    let reference = format!("{REPOSITORY}@{}", pushed.digest);
    let gate = Gate::at(&stand_in).image(&reference).args("--record record.json");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email@sha256:72aa2829510e[..64] --record record.json
    exit code: 2
    ----- stdout
    ----- stderr
    error: `--record` needs a tag, but `[registry]/keepkey/support-email@sha256:72aa2829510e[..64]` is a digest alone
      hint: add the tag, as in `HOST/REGISTRY/REPOSITORY:TAG@DIGEST`
    ");
}

#[test]
fn the_commit_that_is_expected() {
    let (stand_in, _) = with(Image::node_on_alpine().revision(WANTED));
    let gate = gate(&stand_in).arg("--expect-revision").env("CIRCLE_SHA1", WANTED);
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-revision
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

      passed     revision-expected
    ----- stderr
    ");
}

#[test]
fn the_commit_before_under_a_moving_tag_is_red() {
    let (stand_in, _) = with(Image::node_on_alpine().revision(OTHER));
    let gate = gate(&stand_in).arg(format!("--expect-revision={WANTED}"));
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-revision=1111111111111111111111111111111111111111
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: the image says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111`
        expected   1111111111111111111111111111111111111111
        observed   2222222222222222222222222222222222222222
        reason     revision-differs
        next       Did this commit's push job run before this one?
                   If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`

      digest     sha256:db0fb3d95e97[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     2222222222222222222222222222222222222222
      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_image_without_the_label_is_red_where_a_commit_is_required() {
    let (stand_in, _) = with(Image::node_on_alpine());
    let gate = gate(&stand_in).arg(format!("--expect-revision={WANTED}"));
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-revision=1111111111111111111111111111111111111111
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: there is no label `org.opencontainers.image.revision` on the image, and it is required
        expected   1111111111111111111111111111111111111111
        observed   no label
        reason     revision-label-missing
        next       Add to the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    ");
}
