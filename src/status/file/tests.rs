use proptest::prelude::*;

use super::line::Change;
use super::*;
use crate::document::instant;
use crate::report::ImageReport;
use crate::report::fixtures::{self, at};
use crate::secret::Redactor;

const JOB: &str = "https://circleci.com/gh/keepkey/keepkey-support-email/42";

/// The file of a real team.
const TEAM: &str = "status: RED\nlast_updated: 2025-03-25T17:28:57Z\nhealth_check: FAIL\ne2e_tests: N/A\n\
                    notes: Docker is not running\n";

fn services(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A run at a time, for the services of a config.
fn updated(old: &str, images: &[&ImageReport], of_config: &[&str], clock: i64) -> Updated {
    let update = Update {
        environment: "development",
        images,
        services: &services(of_config),
        clock: at(clock),
        job_url: None,
        redactor: &Redactor::default(),
        diagnosis: &|_| None,
        overtaken: &|_| None,
    };
    update.of(old)
}

fn after(old: &str, image: &ImageReport) -> String {
    let update = Update {
        environment: "development",
        images: &[image],
        services: &services(&["support-email"]),
        clock: at(5),
        job_url: Some(JOB),
        redactor: &Redactor::default(),
        diagnosis: &|_| None,
        overtaken: &|_| None,
    };
    update.of(old).text
}

fn set(text: &str, key: &str, value: &str, quoted: bool) -> String {
    let change = if quoted { Change::Quote } else { Change::Set };
    line::changed(text, &[(key.to_owned(), change(value.to_owned()))])
}

#[test]
fn a_new_file_says_what_it_is_evidence_of() {
    insta::assert_snapshot!(after("", &fixtures::verified()), @r#"
    # development: which images are in the registry, not what runs; kept by verify-registry-image
    status: GREEN
    last_updated: 2026-11-25T09:30:02Z
    health_check: N/A
    e2e_tests: N/A
    notes: "verified in the registry: support-email; by https://circleci.com/gh/keepkey/keepkey-support-email/42"
    image.support-email: "GREEN registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64 since 2026-11-25T09:30:02Z verified 2026-11-25T09:30:02Z"
    "#);
}

#[test]
fn the_file_that_a_team_keeps_is_changed_in_place() {
    insta::assert_snapshot!(after(TEAM, &fixtures::verified()), @r#"
    status: GREEN
    last_updated: 2026-11-25T09:30:02Z
    health_check: FAIL
    e2e_tests: N/A
    notes: "verified in the registry: support-email; by https://circleci.com/gh/keepkey/keepkey-support-email/42"
    image.support-email: "GREEN registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64 since 2026-11-25T09:30:02Z verified 2026-11-25T09:30:02Z"
    "#);
    insta::assert_snapshot!(after(TEAM, &fixtures::missing()), @r#"
    status: RED
    last_updated: 2026-11-25T09:30:02Z
    health_check: FAIL
    e2e_tests: N/A
    notes: "support-email: tag-missing: `support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`); by https://circleci.com/gh/keepkey/keepkey-support-email/42"
    image.support-email: "RED registry.digitalocean.com/keepkey/support-email:latest-dev since 2026-11-25T09:30:02Z verified 2026-11-25T09:30:02Z reason tag-missing"
    "#);
}

#[test]
fn undecided_changes_nothing() {
    for image in [fixtures::undecided(), fixtures::refused()] {
        assert_eq!(after(TEAM, &image), TEAM);
        assert_eq!(after("", &image), "");
    }
}

#[test]
fn since_is_kept_while_nothing_changes() {
    let line = |text: &str| StatusFile::parse(text).service("support-email").unwrap().clone();
    let first = after(TEAM, &fixtures::verified());
    let mut later = fixtures::verified();
    later.verified_at = at(3600);
    let second = after(&first, &later);
    assert_eq!(line(&second).since, Some(at(2)));
    assert_eq!(line(&second).verified, Some(at(3600)));

    // Another digest under the same tag is a change, and so is another verdict.
    let mut pushed = later.clone();
    pushed.facts = Some(fixtures::facts("a later push"));
    assert_eq!(line(&after(&second, &pushed)).since, Some(at(3600)));
    let mut red = fixtures::stale();
    red.verified_at = at(3600);
    assert_eq!(line(&after(&second, &red)).since, Some(at(3600)));
}

#[test]
fn an_answer_that_is_older_than_the_standing_one_changes_nothing() {
    let told = |standing: i64, light: &str, image: &ImageReport| {
        let verified = instant(at(standing));
        let old = format!(
            "status: {light}\nlast_updated: {verified}\nimage.support-email: \"{light} r.example/a:b verified {verified}\"\n"
        );
        let after = updated(&old, &[image], &["support-email"], 700);
        let line = StatusFile::parse(&after.text).service("support-email").unwrap().to_string();
        let is_kept = after.kept.iter().map(|(name, _)| name.as_str()).eq(["support-email"]);
        assert_eq!(is_kept, after.text == old, "a file that is kept keeps its bytes");
        let short: String = line.chars().take(24).collect();
        let kept = after.kept.into_iter().map(|(_, said)| format!("KEPT: {said}"));
        format!("{short}: {}", kept.chain(after.notes).collect::<Vec<_>>().join("\n"))
    };
    let (green, red) = (fixtures::verified(), fixtures::missing());
    let all = [
        told(2, "RED", &red),
        told(3, "RED", &green),
        told(2, "RED", &green),
        told(1, "RED", &green),
        told(3, "GREEN", &red),
        told(2, "GREEN", &red),
        told(1000, "RED", &green),
        told(1001, "RED", &green),
        told(701, "GREEN", &red),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    RED registry.digitalocea: 
    RED r.example/a:b verifi: KEPT: it already has a later answer for `support-email`, RED verified 2026-11-25T09:30:03Z: this run's, GREEN verified 2026-11-25T09:30:02Z, is older
    RED r.example/a:b verifi: KEPT: it already has a later answer for `support-email`, RED verified 2026-11-25T09:30:02Z: this run's, GREEN verified 2026-11-25T09:30:02Z, is of the same second, and RED counts
    GREEN registry.digitaloc: 
    GREEN r.example/a:b veri: KEPT: it already has a later answer for `support-email`, GREEN verified 2026-11-25T09:30:03Z: this run's, RED verified 2026-11-25T09:30:02Z, is older
    RED registry.digitalocea: 
    RED r.example/a:b verifi: KEPT: it already has a later answer for `support-email`, RED verified 2026-11-25T09:46:40Z: this run's, GREEN verified 2026-11-25T09:30:02Z, is older
    GREEN registry.digitaloc: `image.support-email` in `development.status` said RED verified 2026-11-25T09:46:41Z, ahead of this machine's clock (2026-11-25T09:41:40Z): it was not believed, and is now GREEN verified 2026-11-25T09:30:02Z
    RED registry.digitalocea: `image.support-email` in `development.status` said GREEN verified 2026-11-25T09:41:41Z, ahead of this machine's clock (2026-11-25T09:41:40Z): it was not believed, and is now RED verified 2026-11-25T09:30:02Z
    ");
}

#[test]
fn what_another_run_wrote_later_is_kept_beside_what_this_one_writes() {
    let both = ["support-email", "worker"];
    let worker = fixtures::image("registry.digitalocean.com/keepkey/worker:latest-dev", &[]);
    let mut red = fixtures::missing();
    red.verified_at = at(60);
    let run = |old: &str, images: &[&ImageReport]| updated(old, images, &both, 90);
    let first = run("", &[&red]).text;
    let second = run(&first, &[&fixtures::verified(), &worker]);
    assert_eq!(second.kept.len(), 1);
    assert_eq!(second.kept[0].0, "support-email");
    insta::assert_snapshot!(second.text, @r#"
    # development: which images are in the registry, not what runs; kept by verify-registry-image
    status: RED
    last_updated: 2026-11-25T09:31:00Z
    health_check: N/A
    e2e_tests: N/A
    notes: "verified in the registry: worker"
    image.support-email: "RED registry.digitalocean.com/keepkey/support-email:latest-dev since 2026-11-25T09:31:00Z verified 2026-11-25T09:31:00Z reason tag-missing"
    image.worker: "GREEN registry.digitalocean.com/keepkey/worker:latest-dev@sha256:87eba76e7f3164534045ba922e7770fb58bbd14ad732bbf5ba6f11cc56989e6e since 2026-11-25T09:30:02Z verified 2026-11-25T09:30:02Z"
    "#);
}

#[test]
fn an_environment_is_green_when_every_service_is() {
    let worker = |outcome| {
        let reference = "registry.digitalocean.com/keepkey/worker:latest-dev";
        fixtures::image(reference, outcome)
    };
    let failed = fixtures::missing().results.remove(2);
    let both = ["support-email", "worker"];
    let run = |old: &str, image: &ImageReport| updated(old, &[image], &both, 5).text;
    let status = |text: &str| StatusFile::parse(text).status;

    let one = run("", &fixtures::verified());
    assert_eq!(status(&one), None, "the other service was never verified");
    assert_eq!(status(&run(TEAM, &fixtures::verified())), Some("RED".into()), "as it was");
    let green = run(&one, &worker(&[]));
    assert_eq!(status(&green), Some("GREEN".into()));
    let red = run(&green, &worker(&[(failed.check, failed.outcome)]));
    assert_eq!(status(&red), Some("RED".into()));
    assert_eq!(
        status(&run(&red, &fixtures::verified())),
        Some("RED".into()),
        "the worker still is"
    );
}

#[test]
fn of_two_images_of_one_service_the_worse_counts() {
    let (good, bad) = (fixtures::verified(), fixtures::stale());
    for images in [[&good, &bad], [&bad, &good]] {
        let text = updated("", &images, &["support-email"], 5).text;
        assert_eq!(StatusFile::parse(&text).service("support-email").unwrap().light, Light::Red);
    }
}

#[test]
fn of_two_images_of_one_service_that_are_alike_the_first_is_named() {
    let first = fixtures::verified();
    let mut second = first.clone();
    second.request.reference.tag = Some("second".parse().unwrap());
    let text = updated("", &[&first, &second], &["support-email"], 5).text;
    let line = StatusFile::parse(&text).service("support-email").unwrap().to_string();
    assert!(line.contains("support-email:latest-dev@"), "{line}");
}

#[test]
fn what_people_write_around_it_stays() {
    let old = "\u{feff}# kept by hand\r\nstatus: 'RED'  # see the runbook\r\nstatus: RED\r\n\
               contact : \"a: b # c\"\r\n\r\nlast_updated:2025\r\n  status: nested\r\nnotes: |\r\n  first\r\n\r\n  second\r\n\
               image.other: \"GREEN r.example/other:1 since 2026-01-01T00:00:00Z verified 2026-01-02T00:00:00Z\"\r\n\
               no colon\r\nimage.broken: who knows\r\nlast: without a line end";
    insta::assert_snapshot!(after(old, &fixtures::verified()).replace('\r', "␍"), @r#"
    ﻿# kept by hand␍
    status: 'GREEN'  # see the runbook␍
    status: GREEN␍
    contact : "a: b # c"␍
    ␍
    last_updated: 2026-11-25T09:30:02Z␍
      status: nested␍
    notes: "verified in the registry: support-email; by https://circleci.com/gh/keepkey/keepkey-support-email/42"␍
    ␍
    no colon␍
    image.broken: who knows␍
    last: without a line end␍
    image.support-email: "GREEN registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64 since 2026-11-25T09:30:02Z verified 2026-11-25T09:30:02Z"
    "#);
}

#[test]
fn a_value_fits_on_the_line_that_it_is_set_in() {
    assert_eq!(set("status: # to do\n", "status", "RED", false), "status: RED # to do\n");
    assert_eq!(set("", "notes", "a\nb \"c\" \\", true), "notes: \"a b 'c' /\"\n");
    assert_eq!(set("status:\n", "status", "RED", false), "status: RED\n");
    assert_eq!(set("'status' :   \"a\" \n", "status", "RED", false), "'status' :   \"RED\" \n");
}

#[test]
fn a_value_that_goes_on_below_leaves_whole() {
    let both = |text: &str| {
        let whole = line::whole(text, "notes").unwrap();
        (set(text, "notes", "x", true), whole)
    };
    let expected = |text: &str, whole: &str| (text.to_owned(), whole.to_owned());
    assert_eq!(
        both("notes: >\n  a: b\n\n  # c\nd: e\n"),
        expected("notes: \"x\"\n\nd: e\n", "a: b # c")
    );
    assert_eq!(
        both("notes: a\n  b\n  # c\nd: e\n"),
        expected("notes: \"x\"\n  # c\nd: e\n", "a b")
    );
    assert_eq!(both("notes:\n  a\n\n  b\nd: e\n"), expected("notes: \"x\"\n\nd: e\n", "a b"));
    assert_eq!(
        both("a: |\n  notes: b\nnotes: c\n"),
        expected("a: |\n  notes: b\nnotes: \"x\"\n", "c")
    );
    // A value that ends on its line goes on nowhere.
    assert_eq!(both("notes: 'a'\n  b\n"), expected("notes: \"x\"\n  b\n", "a"));
    assert_eq!(both("notes: a # c\n  b\n"), expected("notes: \"x\" # c\n  b\n", "a"));
    assert_eq!(both("notes:\n  # c\nd: e\n"), expected("notes: \"x\"\n  # c\nd: e\n", ""));
}

#[test]
fn values_are_read_as_people_write_them() {
    let read = |text: &str| StatusFile::parse(text).notes.unwrap_or_else(|| "-".into());
    assert_eq!(read("notes: plain # comment"), "plain");
    assert_eq!(read("notes:   C# is a # b"), "C# is a");
    assert_eq!(read("notes: 'it''s'  # comment"), "it's");
    assert_eq!(read("notes: 'it''s # a' # b"), "it's # a");
    assert_eq!(read(r#"notes: "a \"b\" # c" # d"#), r#"a "b" # c"#);
    assert_eq!(read(r#"notes: "a" b"#), r#""a" b"#);
    assert_eq!(read("notes: \"open"), "\"open");
    assert_eq!(read("\"notes\": x"), "x");
    assert_eq!(read("notes:x"), "x");
    assert_eq!(read(" notes: x"), "-");
    assert_eq!(read("notes: a\nnotes: b"), "b");
    assert_eq!(read("notes:"), "");
}

/// A line that was made unreadable, or readable again, takes nothing of another service with it.
#[test]
fn of_a_service_with_two_lines_the_last_counts() {
    let read = |last: &str| {
        let text = format!(
            "image.a: GREEN x\nimage.b: RED y\nimage.c: YELLOW\nimage.a: {last}\nimage.c: GREEN z\n"
        );
        let file = StatusFile::parse(&text);
        let lines = file.services.iter().map(|(name, line)| format!("{name} {line}"));
        (lines.collect::<Vec<_>>().join(", "), file.unreadable.join(", "))
    };
    assert_eq!(read("RED w"), ("a RED w, b RED y, c GREEN z".into(), String::new()));
    assert_eq!(read("YELLOW"), ("b RED y, c GREEN z".into(), "a".into()));
}

#[test]
fn service_lines_are_read_as_far_as_they_go() {
    let read = |value: &str| ServiceLine::parse(value).map(|line| line.to_string());
    let whole =
        "RED r.example/a:b@sha256:00 since 2026-01-01T00:00:00Z verified 2026-01-02T00:00:00Z";
    assert_eq!(read(whole), Some(whole.into()));
    assert_eq!(read("🟢 green"), Some("GREEN".into()));
    assert_eq!(read("GREEN x since yesterday verified"), Some("GREEN x".into()));
    assert_eq!(read("YELLOW x"), None);
    assert_eq!(read(""), None);
}

/// A line that is not the gate's.
fn foreign() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}: [ -~]{0,20}",
        "# [ -~]{0,20}",
        "[a-zA-Z0-9\"'#][ -~äö🟢]{0,30}",
        Just(String::new()),
        Just("image.other: 'not one of the gate'".to_owned()),
    ]
    .prop_filter("the gate's own", |line| {
        Line::all(line).all(|line| {
            !matches!(line.key(), Some("status" | "last_updated" | "notes" | "image.support-email"))
        })
    })
}

fn file() -> impl Strategy<Value = String> {
    let own = prop_oneof![
        Just("status: RED".to_owned()),
        Just("status: \"GREEN\" # why".to_owned()),
        Just("last_updated: 2025-03-25T17:28:57Z".to_owned()),
        Just("notes: 'x'".to_owned()),
        Just("image.support-email: \"RED r.example/a:b since 2025-01-01T00:00:00Z\"".to_owned()),
    ];
    let line = prop_oneof![3 => foreign(), 1 => own];
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    (prop::collection::vec((line, end), 0..12), any::<bool>()).prop_map(|(lines, ended)| {
        let text: String = lines.iter().flat_map(|(line, end)| [line.as_str(), end]).collect();
        if ended { text } else { text.trim_end_matches(['\r', '\n']).to_owned() }
    })
}

/// The bytes of the lines that are not the gate's, without the line end of the file's last one.
fn foreign_lines(text: &str) -> Vec<String> {
    let own = |line: &Line<'_>| {
        matches!(line.key(), Some("status" | "last_updated" | "notes" | "image.support-email"))
    };
    text.split_inclusive('\n')
        .filter(|line| Line::all(line).all(|line| !own(&line)))
        .map(|line| line.trim_end_matches(['\r', '\n']).to_owned())
        .collect()
}

proptest! {
    #[test]
    fn foreign_lines_keep_their_bytes_and_a_second_time_changes_nothing(old in file()) {
        for image in [fixtures::verified(), fixtures::stale()] {
            let new = after(&old, &image);
            if !old.trim().is_empty() {
                prop_assert_eq!(foreign_lines(&new), foreign_lines(&old));
                prop_assert_eq!(new.ends_with('\n'), old.ends_with('\n'));
            }
            prop_assert_eq!(after(&new, &image), new.clone());
            let read = StatusFile::parse(&new);
            let light = Light::of(image.verdict()).unwrap();
            prop_assert_eq!(read.service("support-email").unwrap().light, light);
            if light == Light::Red {
                prop_assert_eq!(read.status, Some("RED".to_owned()));
            }
        }
    }

    #[test]
    fn any_text_is_survived_and_taken_apart_without_loss(text in fixtures::hostile()) {
        let _ = StatusFile::parse(&text);
        let _ = flat::prove(&text, ["support-email"]);
        prop_assert_eq!(set(&text, "a-key-that-is-not-there", "", true).find(&text), Some(0));
        let once = after(&text, &fixtures::verified());
        prop_assert_eq!(after(&once, &fixtures::verified()), once.clone());
    }

    #[test]
    fn whatever_a_check_says_stays_on_its_line(texts in fixtures::texts()) {
        let images = fixtures::saying(&texts);
        let new = after(TEAM, &images[1]);
        prop_assert_eq!(new.lines().count(), TEAM.lines().count() + 1);
        let yaml: serde_yaml::Value = serde_yaml::from_str(&new).unwrap();
        prop_assert_eq!(yaml["status"].as_str(), Some("RED"));
        let notes = StatusFile::parse(&new).notes;
        prop_assert_eq!(yaml["notes"].as_str(), notes.as_deref());
    }
}
