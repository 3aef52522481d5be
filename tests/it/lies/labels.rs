//! What an image says of its commit: compared whole, shown cut, and written as each format has to.

use std::process::Command;

use super::{COMMIT, TAG, with};
use crate::stand_in::{Image, StandIn};
use crate::support::Gate;

/// A run for a service of a config file, with a status.
fn with_status(stand_in: &StandIn) -> Gate<'_> {
    let registry = stand_in.reference("keepkey");
    let config = format!(
        "registry: {registry}\n\
         environments:\n  development:\n    tag: {TAG}\n    expect_revision: required\n\
         services:\n  support-email:\n\
         status:\n  directory: status\n"
    );
    let status = "status: GREEN\nlast_updated: 2026-11-03T08:15:30Z\nhealth_check: passing\n";
    Gate::at(stand_in)
        .file("status/development.status", status)
        .file("verify-registry-image.yml", config)
        .args("--environment development --update-status")
        .args("--failure-reason-file reason")
        .env("CIRCLE_SHA1", COMMIT)
}

#[test]
fn a_label_that_is_a_script_is_escaped_in_each_format() {
    let script = "'; touch pwned; $(touch pwned) `touch pwned` \"\nstatus: GREEN\nimage.x: \"GREEN";
    let (stand_in, _) = with(Image::node_on_alpine().revision(script));
    let run = with_status(&stand_in).run();
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --environment development --update-status --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: the image says that it was built from `'; touch pwned; $(touch pwned) 'touch pwned' " status: GREEN image.x: "GREEN`, not from `1111111111111111111111111111111111111111`
        expected   1111111111111111111111111111111111111111
        observed   '; touch pwned; $(touch pwned) `touch pwned` " status: GREEN image.x: "GREEN
        reason     revision-differs
        next       Did this commit's push job run before this one?
                   If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`

      digest     sha256:230388b293ca[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.1 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     '; touch pwned; $(touch pwned) `touch pwned` " status: GREEN image.x: "GREEN
      service    support-email in development
    ----- stderr
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: revision-differs: the image says that it was built from '\'' touch pwned (touch pwned) '\''touch pwned'\''  status: GREEN image.x: GREEN, not from 1111111111111111111111111111111111111111 (revision-expected)'
    ----- status/development.status
    status: RED
    last_updated: [time]
    health_check: passing
    image.support-email: "RED [registry]/keepkey/support-email:latest-dev@sha256:230388b293ca[..64] since [time] verified [time] reason revision-differs"
    notes: "support-email: revision-differs: the image says that it was built from `'; touch pwned; $(touch pwned) 'touch pwned' ' status: GREEN image.x: 'GREEN`, not from `1111111111111111111111111111111111111111`"
    "#);
    // The job that sources the file reads a text, and runs nothing.
    let sourced = Command::new("sh")
        .args(["-c", ". ./reason; printf %s \"$FAILURE_REASON\""])
        .current_dir(run.folder())
        .output()
        .unwrap();
    let said = String::from_utf8(sourced.stdout).unwrap();
    assert!(said.contains("built from ' touch pwned (touch pwned) "), "{said}");
    assert!(
        sourced.status.success()
            && sourced.stderr.is_empty()
            && !run.folder().join("pwned").exists()
    );
}

#[test]
fn a_label_of_another_commit_is_compared_whole() {
    // Thirty-nine digits of forty.
    let other = format!("{}2", &COMMIT[..39]);
    let (stand_in, _) = with(Image::node_on_alpine().revision(&other));
    insta::assert_snapshot!(with_status(&stand_in).snapshot(), @r#"
    $ verify-registry-image --environment development --update-status --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: the image says that it was built from `1111111111111111111111111111111111111112`, not from `1111111111111111111111111111111111111111`
        expected   1111111111111111111111111111111111111111
        observed   1111111111111111111111111111111111111112
        reason     revision-differs
        next       Did this commit's push job run before this one?
                   If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`

      digest     sha256:9a090e0bf1b6[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111112
      service    support-email in development
    ----- stderr
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: revision-differs: the image says that it was built from 1111111111111111111111111111111111111112, not from 1111111111111111111111111111111111111111 (revision-expected)'
    ----- status/development.status
    status: RED
    last_updated: [time]
    health_check: passing
    image.support-email: "RED [registry]/keepkey/support-email:latest-dev@sha256:9a090e0bf1b6[..64] since [time] verified [time] reason revision-differs"
    notes: "support-email: revision-differs: the image says that it was built from `1111111111111111111111111111111111111112`, not from `1111111111111111111111111111111111111111`"
    "#);
}

#[test]
fn a_label_that_differs_in_what_cannot_be_seen_does_not_look_like_the_commit() {
    let (stand_in, _) = with(Image::node_on_alpine().revision(&format!("{COMMIT}\u{200b}")));
    let run = with_status(&stand_in).args("-q --html page.html").run();
    let said =
        format!(r"the image says that it was built from `{COMMIT}\u{{200b}}`, not from `{COMMIT}`");
    assert!(
        run.file("status/development.status").contains(&said.replace('\\', "/")),
        "{}",
        run.snapshot()
    );
    let page = run.file("page.html");
    assert!(page.contains(&format!(r"<dd><code>{COMMIT}\u{{200b}}</code></dd>")), "{page}");
}

#[test]
fn a_label_of_a_mebibyte_is_cut_where_it_is_shown() {
    let (stand_in, _) = with(Image::node_on_alpine().revision(&"1".repeat(1 << 20)));
    let run = with_status(&stand_in).run();
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --environment development --update-status --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      revision-expected failed: the image says that it was built from `111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111…`, not from `1111111111111111111111111111111111111111`
        expected   1111111111111111111111111111111111111111
        observed   111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111…
        reason     revision-differs
        next       Did this commit's push job run before this one?
                   If it did, the label may be the base image's, whose labels are inherited. Set it in the build: `--label org.opencontainers.image.revision=$CIRCLE_SHA1`

      digest     sha256:dba5f0150bad[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 1.0 MiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111…
      service    support-email in development
    ----- stderr
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: revision-differs: the image says that it was built from 111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111, not from 1111111111111111111111111111111111111111...'
    ----- status/development.status
    status: RED
    last_updated: [time]
    health_check: passing
    image.support-email: "RED [registry]/keepkey/support-email:latest-dev@sha256:dba5f0150bad[..64] since [time] verified [time] reason revision-differs"
    notes: "support-email: revision-differs: the image says that it was built from `111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111…`, not from `1111111111111111111111111111111111111111`"
    "#);
}
