//! `--wait`: the tag is asked for again until the image is there, and no longer than it may take.

use std::time::Duration;

use rustix::process::Signal;

use crate::immutable_tag::gate_with_immutable_tag;
use crate::stand_in::{Entry, Image, Lie, Route, StandIn};
use crate::support::{Gate, with_time};

const REPOSITORY: &str = "keepkey/support-email";
const WANTED: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

/// A run whose wait ends without a yes, and how often it asked for the tag: the first one whose wait was long
/// enough for so many looks, however slow the machine is.
fn waited(
    least: u64,
    looks: usize,
    made: impl Fn() -> StandIn,
    with: impl Fn(Gate<'_>) -> Gate<'_>,
) -> (StandIn, String) {
    with_time(Duration::from_secs(least), |time| {
        let stand_in = made();
        let wait = format!("--wait {}s", time.as_secs());
        let whole = format!("of {} s)", time.as_secs());
        let gate = with(gate(&stand_in)).args(&wait);
        let gate = gate.redact(&wait, "--wait [wait]");
        let shown = gate.snapshot().replace(&whole, "of [wait])");
        let enough = shown.contains("waiting for") && times_asked(&stand_in) >= looks;
        enough.then_some((stand_in, shown))
    })
}

/// A registry that has the repository and nothing in it.
fn empty() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    stand_in
}

/// One whose tag names an image of another commit.
fn another() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine().revision(OTHER));
    stand_in
}

/// Whether the tag has been asked for, and answered.
fn was_asked(log: &[Entry]) -> bool {
    log.iter().any(|entry| entry.target.ends_with("/manifests/latest-dev") && entry.end.is_some())
}

/// How often the tag was asked for.
fn times_asked(stand_in: &StandIn) -> usize {
    stand_in.log().iter().filter(|entry| entry.target.ends_with("/manifests/latest-dev")).count()
}

#[test]
fn a_tag_that_appears_is_green() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    let running = gate(&stand_in).args("--wait 10m").start();
    stand_in.wait_until(was_asked);
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    insta::assert_snapshot!(running.finish().snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --wait 10m
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    waiting for `[registry]/keepkey/support-email:latest-dev`: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`) ([waited] of 600 s)
    ");
    assert_eq!(times_asked(&stand_in), 2);
}

#[test]
fn a_tag_that_is_moved_to_the_expected_image_is_green() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine().revision(OTHER));
    let running =
        gate(&stand_in).arg(format!("--expect-revision={WANTED}")).args("--wait 10m").start();
    stand_in.wait_until(|log| log.iter().any(|entry| entry.route == Route::Storage));
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine().revision(WANTED));
    insta::assert_snapshot!(running.finish().snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-revision=1111111111111111111111111111111111111111 --wait 10m
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
    waiting for `[registry]/keepkey/support-email:latest-dev`: the image says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111` ([waited] of 600 s)
    ");
}

#[test]
fn a_tag_that_never_appears_is_red_at_the_end() {
    // At once, after 2 s, and at the end.
    let (_, shown) = waited(3, 2, empty, |gate| gate);
    insta::assert_snapshot!(shown, @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --wait [wait]
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    waiting for `[registry]/keepkey/support-email:latest-dev`: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`) ([waited] of [wait])
    ");
}

#[test]
fn a_tag_that_stays_on_another_image_is_red_at_the_end() {
    let (_, shown) = waited(2, 2, another, |gate| gate.arg(format!("--expect-revision={WANTED}")));
    insta::assert_snapshot!(shown, @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-revision=1111111111111111111111111111111111111111 --wait [wait]
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: the image says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111`
        expected   1111111111111111111111111111111111111111
        observed   2222222222222222222222222222222222222222
        reason     revision-differs
        next       Did this commit's push job run before this one?
                   If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`
      skipped    layers-present: it is another image than the expected one, so its layers were not requested

      digest     sha256:db0fb3d95e97[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     2222222222222222222222222222222222222222
      service    support-email
    ----- stderr
    waiting for `[registry]/keepkey/support-email:latest-dev`: the image says that it was built from `2222222222222222222222222222222222222222`, not from `1111111111111111111111111111111111111111` ([waited] of [wait])
    ");
}

#[test]
fn an_image_that_is_there_is_not_waited_for() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = gate(&stand_in).args("--wait 10m").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert_eq!(times_asked(&stand_in), 1);
}

#[test]
fn what_no_push_would_mend_is_not_waited_for() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in.lose_from_storage(&pushed.layers[0]);
    let run = gate(&stand_in).args("--wait 10m --port 8080").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert_eq!(times_asked(&stand_in), 1);
}

#[test]
fn refused_credentials_end_it_at_once() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    let gate = gate(&stand_in).args("--wait 10m").token("dop_v1_of-somebody-else-altogether");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --wait 10m
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
      [checks of the manifest] errored: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_expired_token_is_fetched_again_once() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    let running = gate(&stand_in).args("--wait 10m").start();
    stand_in.wait_until(was_asked);
    stand_in.expire_tokens();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = running.finish();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert_eq!(stand_in.asked(&Route::Token).len(), 2);
}

#[test]
fn trouble_that_passes_is_waited_through() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    // A 400 is not tried again at once, so that what is seen here is the waiting.
    stand_in.lie(Route::ManifestByTag.first(1), Lie::status(400));
    insta::assert_snapshot!(gate(&stand_in).args("--wait 10m").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --wait 10m
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    waiting for `[registry]/keepkey/support-email:latest-dev`: the manifest of `latest-dev`: `[registry]` answered 400 (no content type, no text) ([waited] of 600 s)
    ");
}

#[test]
fn trouble_that_does_not_pass_is_undecided_at_the_end() {
    let troubled = || {
        let stand_in = StandIn::honest();
        stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
        stand_in.lie(Route::ManifestByTag, Lie::status(400));
        stand_in
    };
    let (_, shown) = waited(2, 2, troubled, |gate| gate);
    insta::assert_snapshot!(shown, @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --wait [wait]
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered 400 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.

      service    support-email
    ----- stderr
    waiting for `[registry]/keepkey/support-email:latest-dev`: the manifest of `latest-dev`: `[registry]` answered 400 (no content type, no text) ([waited] of [wait])
    ");
}

#[test]
fn a_deadline_that_is_shorter_than_the_wait_is_a_mistake_of_the_command_line() {
    let stand_in = StandIn::honest();
    insta::assert_snapshot!(gate(&stand_in).args("--wait 5m --deadline 1m").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --wait 5m --deadline 1m
    exit code: 2
    ----- stdout
    ----- stderr
    error: `--deadline` is shorter than the wait (300 s)
      hint: make `--deadline` longer than `--wait`, or omit it: the default already includes the wait
    ");
}

/// What was learnt of the image that stood there before says nothing of the one that is expected.
#[test]
fn a_tag_that_is_moved_to_the_expected_image_without_its_config_is_red() {
    let stand_in = StandIn::honest();
    let wanted = Image::node_on_alpine().revision(WANTED);
    let pushed = stand_in.image(REPOSITORY, "wanted", wanted.clone());
    let gone = Lie::oci_error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    stand_in.lie(Route::Blob.containing(&pushed.config), gone);
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine().revision(OTHER));
    let running = gate(&stand_in)
        .arg(format!("--expect-digest={}", pushed.digest))
        .args("--wait 10m")
        .start();
    stand_in.wait_until(was_asked);
    stand_in.image(REPOSITORY, "latest-dev", wanted);
    let run = running.finish();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     blob-missing"), "{}", run.snapshot());
}

/// The image is there without one of its layers, and so is its immutable tag not; the push brings both.
#[test]
fn a_layer_that_is_pushed_again_meanwhile_is_looked_for_again() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in.forget_blob(REPOSITORY, &pushed.layers[1]);
    let running =
        gate_with_immutable_tag(&stand_in, &format!("{WANTED}-dev")).args("--wait 10m").start();
    running.wait_for("waiting for");
    stand_in.image(REPOSITORY, &format!("{WANTED}-dev"), Image::node_on_alpine());
    let run = running.finish();
    assert_eq!(run.code, Some(0), "{}", run.stdout);
}

#[test]
fn a_wait_as_long_as_the_deadline_keeps_its_last_answer() {
    let code = with_time(Duration::from_secs(3), |time| {
        let stand_in = empty();
        let time = time.as_secs();
        let run = gate(&stand_in).args(&format!("--wait {time}s --deadline {time}s")).run();
        // The first look was over in time.
        run.stderr.contains("waiting for").then_some(run.code)
    });
    assert_eq!(code, Some(1));
}

#[test]
fn a_signal_ends_it_at_once_and_leaves_no_half_a_file() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        stand_in.clear_log();
        let gate = gate(&stand_in).args("--wait 10m --junit junit.xml --record record.json");
        let running = gate.start();
        stand_in.wait_until(was_asked);
        running.signal(signal);
        let run = running.finish();
        assert_eq!((run.code, run.files.len()), (Some(code), 0), "{}", run.snapshot());
    }
}

#[test]
fn a_server_that_wants_to_be_left_alone_beyond_the_deadline_ends_the_wait() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in.lie(Route::ManifestByTag, Lie::too_many(Some("3600")));
    insta::assert_snapshot!(gate(&stand_in).args("--wait 10m").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --wait 10m
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: 429, too many requests; it asks for a wait of 3600 s, which is beyond the deadline
        reason     rate-limited
        next       Wait a few minutes, or as long as the message says; verify several images in one run instead of one run each.

      service    support-email
    ----- stderr
    ");
    assert_eq!(times_asked(&stand_in), 1);
}

#[test]
fn a_tag_that_is_absent_is_waited_for_whatever_else_wants_to_be_left_alone() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    stand_in.lie(Route::Control.sparing("/latest-dev").first(1), Lie::too_many(Some("3600")));
    let running = gate(&stand_in).args("--wait 10m").start();
    running.wait_for("waiting for");
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = running.finish();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}

#[test]
fn the_api_is_asked_at_the_beginning_and_at_the_end_of_a_wait() {
    // At once, after 2 and 4 s, and at the end: there is at least one look between.
    let (stand_in, shown) = waited(7, 3, empty, |gate| gate);
    assert!(shown.contains("exit code: 1"), "{shown}");
    assert_eq!(stand_in.asked(&Route::ApiTags).len(), 2);
}

#[test]
fn a_repository_that_is_refused_before_its_first_push_is_waited_for() {
    let stand_in = StandIn::honest();
    // Its owner is somebody else, as far as the registry tells: the API knows that it is not there.
    stand_in.empty_repository("keepkey/other");
    let refusal = || Lie::oci_error(403, "DENIED", "requested access to the resource is denied");
    stand_in.lie(Route::Control.first(2), refusal());
    let running = gate(&stand_in).args("--wait 10m").start();
    running.wait_for("waiting for");
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = running.finish();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}
