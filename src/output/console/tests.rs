use proptest::prelude::*;

use super::*;
use crate::report::CheckId;
use crate::report::fixtures::{self, SUPPORT_EMAIL};
use crate::settings::Format;

const PLAIN: Console = Console {
    format: Format::Human,
    color_stdout: false,
    color_stderr: false,
    draws_stderr: false,
    quiet: false,
    verbosity: 0,
};

fn shown(images: Vec<ImageReport>) -> String {
    text(&fixtures::report(images), PLAIN, &[], &[])
}

/// The page without its lists of checks, which change with every new check.
fn without_lists(page: &str) -> String {
    let (mut kept, mut is_list) = (String::new(), false);
    for line in page.split_inclusive('\n') {
        let is_more = is_list && line.starts_with(&" ".repeat(2 + LABEL));
        let is_label = |label: &&str| line.starts_with(&format!("  {label:<LABEL$}"));
        is_list = is_more || ["passed", "skipped", "not asked"].iter().any(is_label);
        if !is_list {
            kept.push_str(line);
        }
    }
    kept
}

#[test]
fn a_verified_image_says_what_to_deploy() {
    insta::assert_snapshot!(shown(vec![fixtures::verified()]), @"
    VERIFIED (GREEN) registry.digitalocean.com/keepkey/support-email:latest-dev

      deploy     registry.digitalocean.com/keepkey/support-email@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64
      type       an index (application/vnd.oci.image.index.v1+json)
      immutable  0123456789abcdef0123456789abcdef01234567-dev names the same digest
      platform   linux/amd64, 50.9 MiB in 5 layers
                 created 2026-11-25T09:12:44Z, exposes 5001/tcp
      commit     0123456789abcdef0123456789abcdef01234567
      service    support-email in development

      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 revision-expected, immutable-tag, platform, layers-present,
                 content-intact, engines, facts-expected, port, runtime
      not asked  digest-expected
    ");
}

#[test]
fn a_missing_tag_says_what_to_do_next() {
    insta::assert_snapshot!(shown(vec![fixtures::missing()]), @"
    FAILED (RED) registry.digitalocean.com/keepkey/support-email:latest-dev

      tag-exists failed: `support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        expected   latest-dev
        observed   latest-dev2, latest-prod
        reason     tag-missing
        next       look whether the push job is in this workflow:
                     https://app.circleci.com/pipelines/workflows/w-1
                   look whether it failed
                   start a pipeline on `develop`
      passed     registry-honest, repository-exists
      skipped    manifest-intact, digest-expected, revision-expected,
                 immutable-tag, platform, layers-present, content-intact, engines,
                 facts-expected, port, runtime: there is no manifest to look at

      service    support-email in development
    ");
}

#[test]
fn another_image_shows_both_commits() {
    insta::assert_snapshot!(without_lists(&shown(vec![fixtures::stale()])), @"
    FAILED (RED) registry.digitalocean.com/keepkey/support-email:latest-dev

      revision-expected failed: the image was built from another commit
        expected   0123456789abcdef0123456789abcdef01234567
        observed   89abcdef0123456789abcdef0123456789abcdef
        reason     revision-differs
        next       look whether the push job of this commit ran
      immutable-tag failed: `0123456789abcdef0123456789abcdef01234567-dev` names another image
        expected   sha256:da363c3730e8c31b65c35ebdfb1779a7fb5ea41e12ce6ace16a10e8dcf293275
        observed   sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64
        reason     immutable-tag-differs
        next       The moving tag is from another build: wait for this commit's push, or push again.

      digest     sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 50.9 MiB in 5 layers
                 created 2026-11-25T09:12:44Z, exposes 5001/tcp
      commit     89abcdef0123456789abcdef0123456789abcdef
      service    support-email in development
    ");
}

#[test]
fn one_trouble_that_answers_several_checks_is_explained_once() {
    insta::assert_snapshot!(without_lists(&shown(vec![fixtures::undecided()])), @"
    UNDECIDED (could not find out) registry.digitalocean.com/keepkey/support-email:latest-dev

      registry-honest, repository-exists, tag-exists errored: the registry answered 503 to 4 tries
        reason     server-error
        next       try again later; https://status.digitalocean.com has its state

      service    support-email in development
    ");
    insta::assert_snapshot!(without_lists(&shown(vec![fixtures::refused()])), @"
    UNDECIDED (could not find out) registry.digitalocean.com/keepkey/support-email:latest-dev

      registry-honest, repository-exists, tag-exists errored: the API refused the token (401)
        reason     credentials-refused
        next       set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`

      service    support-email in development
    ");
}

#[test]
fn several_images_are_a_line_each_and_the_bad_ones_follow() {
    let worker = "registry.digitalocean.com/keepkey/worker:latest-dev";
    let images = vec![
        fixtures::verified(),
        fixtures::image(worker, &[]),
        fixtures::missing(),
        fixtures::undecided(),
    ];
    insta::assert_snapshot!(without_lists(&shown(images)), @"
    FAILED (RED) 4 images: 1 failed, 1 undecided, 2 verified
      VERIFIED   registry.digitalocean.com/keepkey/support-email:latest-dev  sha256:04618e034eb6
      VERIFIED   registry.digitalocean.com/keepkey/worker:latest-dev         sha256:87eba76e7f31
      FAILED     registry.digitalocean.com/keepkey/support-email:latest-dev  tag-missing (tag-exists)
      UNDECIDED  registry.digitalocean.com/keepkey/support-email:latest-dev  server-error (registry-honest)

    FAILED (RED) registry.digitalocean.com/keepkey/support-email:latest-dev
      tag-exists failed: `support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        expected   latest-dev
        observed   latest-dev2, latest-prod
        reason     tag-missing
        next       look whether the push job is in this workflow:
                     https://app.circleci.com/pipelines/workflows/w-1
                   look whether it failed
                   start a pipeline on `develop`
      service    support-email in development

    UNDECIDED (could not find out) registry.digitalocean.com/keepkey/support-email:latest-dev
      registry-honest, repository-exists, tag-exists errored: the registry answered 503 to 4 tries
        reason     server-error
        next       try again later; https://status.digitalocean.com has its state
      service    support-email in development
    ");
}

#[test]
fn quiet_is_the_verdict() {
    let quiet = Console { quiet: true, ..PLAIN };
    let unwritten = [Unwritten { path: "a".into(), message: "b".into() }];
    let said = |images| text(&fixtures::report(images), quiet, &unwritten, &["c".into()]);
    insta::assert_snapshot!(said(vec![fixtures::missing()]), @"FAILED (RED) registry.digitalocean.com/keepkey/support-email:latest-dev");
    insta::assert_snapshot!(said(vec![fixtures::verified(), fixtures::missing()]), @r"
    FAILED (RED) 2 images: 1 failed, 1 verified
      VERIFIED   registry.digitalocean.com/keepkey/support-email:latest-dev  sha256:04618e034eb6
      FAILED     registry.digitalocean.com/keepkey/support-email:latest-dev  tag-missing (tag-exists)
    ");
}

#[test]
fn notes_and_unwritten_outputs_are_at_the_end() {
    let mut image = fixtures::image(
        SUPPORT_EMAIL,
        &[
            (
                CheckId::Port,
                Outcome::Skipped {
                    message: "the image names no port".into(),
                    skip: Skip::Noteworthy,
                },
            ),
            (
                CheckId::LayersPresent,
                Outcome::Passed {
                    message: "all".into(),
                    note: Some("layer 2 is kept elsewhere".into()),
                },
            ),
        ],
    );
    image.notes.push("found, but not proven to be this commit's".into());
    let unwritten = [Unwritten { path: "out/record.json".into(), message: "no space left".into() }];
    let next = ["no record was written, because another output could not be".to_owned()];
    let page = text(&fixtures::report(vec![image]), PLAIN, &unwritten, &next);
    insta::assert_snapshot!(without_lists(&page), @"
    VERIFIED (GREEN) registry.digitalocean.com/keepkey/support-email:latest-dev

      deploy     registry.digitalocean.com/keepkey/support-email@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64
      type       an index (application/vnd.oci.image.index.v1+json)
      immutable  0123456789abcdef0123456789abcdef01234567-dev names the same digest
      platform   linux/amd64, 50.9 MiB in 5 layers
                 created 2026-11-25T09:12:44Z, exposes 5001/tcp
      commit     0123456789abcdef0123456789abcdef01234567
      service    support-email in development


    note: found, but not proven to be this commit's
    note: layers-present: layer 2 is kept elsewhere
    note: port skipped: the image names no port
    error: could not write `out/record.json`: no space left
    note: no record was written, because another output could not be
    ");
}

#[test]
fn a_note_of_many_images_names_ten_of_them() {
    let notes = |images: usize, with_note: usize| {
        let image = |number: usize| {
            let mut image = fixtures::verified();
            image.request.service.name = format!("s{number}").parse().unwrap();
            let note = if number < with_note { "a note" } else { "another" };
            image.notes = vec![note.to_owned()];
            image
        };
        let page = shown((0..images).map(image).collect());
        let lines =
            page.lines().filter(|line| line.ends_with(": a note") || *line == "note: a note");
        lines.collect::<Vec<_>>().join("\n")
    };
    let ten = "s0, s1, s2, s3, s4, s5, s6, s7, s8, s9";
    assert_eq!(notes(1, 1), "note: a note");
    assert_eq!(notes(10, 10), format!("note: {ten}: a note"));
    assert_eq!(notes(11, 10), format!("note: {ten}: a note"));
    assert_eq!(notes(11, 11), "note: all 11 images: a note");
    assert_eq!(notes(13, 12), format!("note: {ten} and 2 more: a note"));
}

#[test]
fn a_report_in_which_nothing_ran_does_not_look_green() {
    let mut image = fixtures::verified();
    for result in &mut image.results {
        result.outcome = Outcome::not_asked("not asked");
    }
    image.facts = None;
    let page = shown(vec![image]);
    assert!(
        page.contains("\n  not asked  registry-honest, repository-exists, tag-exists,"),
        "{page}"
    );
    insta::assert_snapshot!(without_lists(&page), @"
    UNDECIDED (could not find out) registry.digitalocean.com/keepkey/support-email:latest-dev

      a required check did not run, so the image is not VERIFIED

      service    support-email in development
    ");
}

#[test]
fn colours_are_taken_back() {
    let color = Console { color_stdout: true, quiet: true, ..PLAIN };
    let text = text(&fixtures::report(vec![fixtures::missing()]), color, &[], &[]);
    insta::assert_snapshot!(text.escape_debug().to_string(), @r"\u{1b}[1m\u{1b}[31mFAILED (RED)\u{1b}[0m registry.digitalocean.com/keepkey/support-email:latest-dev\n");
}

#[test]
fn sizes_have_a_unit_that_suits_them() {
    let sizes = [0, 1023, 1024, 1536, 1_048_575, 53_412_001, u64::MAX].map(size);
    assert_eq!(
        sizes,
        ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1023.9 KiB", "50.9 MiB", "16777215.9 TiB"]
    );
}

proptest! {
    #[test]
    fn nothing_in_a_report_can_move_the_cursor(texts in fixtures::texts()) {
        let report = fixtures::report(fixtures::saying(&texts));
        let next = [texts[0].clone()];
        let unwritten = [Unwritten { path: texts[1].clone().into(), message: texts[2].clone() }];
        let text = text(&report, PLAIN, &unwritten, &next);
        prop_assert!(text.chars().all(|c| c == '\n' || crate::secret::is_printable(c)), "{:?}", text);
    }
}
