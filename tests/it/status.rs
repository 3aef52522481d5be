//! The files of an environment's status: what the gate owns in them is written, everything else is kept.

use crate::stand_in::{Image, Lie, Route, StandIn};
use crate::support::{Gate, Run};

const REPOSITORY: &str = "keepkey/support-email";

/// A status file as a team keeps it.
const KEPT: &str = "# by hand\nstatus: RED\nlast_updated: 2026-11-03T00:00:00Z\nhealth_check: PASS\ne2e_tests: \"12/12\"\nowner:   team mail   \nnotes: yesterday\n";

fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    let config = format!(
        "registry: {}\nenvironments:\n  development: {{ tag: latest-dev }}\nservices:\n  support-email: {{}}\nstatus:\n  directory: status\n  board: board.md\n",
        stand_in.reference("keepkey")
    );
    Gate::at(stand_in)
        .file("verify-registry-image.yml", config)
        .file("status/development.status", KEPT)
        .args("--environment development --update-status")
}

/// The lines that are not the gate's.
fn of_others(run: &Run<'_>) -> Vec<String> {
    let lines = run.file("status/development.status").lines();
    let is_ours = |line: &&str| {
        ["status:", "last_updated:", "notes:", "image."].iter().any(|key| line.starts_with(key))
    };
    lines.filter(|line| !is_ours(line)).map(str::to_owned).collect()
}

#[test]
fn a_verified_image_turns_the_environment_green() {
    let stand_in = with_image();
    let run = gate(&stand_in).arg("-q").run();
    let kept = ["# by hand", "health_check: PASS", "e2e_tests: \"12/12\"", "owner:   team mail   "];
    assert_eq!(of_others(&run), kept);
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --environment development --update-status -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    note: `notes` in `development.status` was replaced by what this run found; it said `yesterday`
    ----- board.md
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Since | Verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🟢 GREEN | `latest-dev`<br>`sha256:72aa2829510e` | [time] | [time] | – |

    <!-- END verify-registry-image -->
    ----- status/development.status
    # by hand
    status: GREEN
    last_updated: [time]
    health_check: PASS
    e2e_tests: "12/12"
    owner:   team mail   
    notes: "verified in the registry: support-email"
    image.support-email: "GREEN [registry]/keepkey/support-email:latest-dev@sha256:72aa2829510e[..64] since [time] verified [time]"
    "#);
}

#[test]
fn a_missing_image_turns_the_environment_red() {
    let stand_in = with_image();
    stand_in.untag(REPOSITORY, "latest-dev");
    let run = gate(&stand_in).args("-q --failure-reason-file reason").run();
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --environment development --update-status -q --failure-reason-file reason
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    note: `notes` in `development.status` was replaced by what this run found; it said `yesterday`
    ----- board.md
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Since | Verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🔴 RED<br>tag-missing | `latest-dev` | [time] | [time] | – |

    <!-- END verify-registry-image -->
    ----- reason
    FAILURE_REASON='FAILED [registry]/keepkey/support-email:latest-dev: tag-missing: [registry]/keepkey/support-email has no tag latest-dev (404 MANIFEST_UNKNOWN manifest unknown) (tag-exists)'
    ----- status/development.status
    # by hand
    status: RED
    last_updated: [time]
    health_check: PASS
    e2e_tests: "12/12"
    owner:   team mail   
    notes: "support-email: tag-missing: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)"
    image.support-email: "RED [registry]/keepkey/support-email:latest-dev since [time] verified [time] reason tag-missing"
    "#);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program reads this clock, too")]
fn a_line_of_a_later_answer_stays_and_verified_ends_with_5() {
    let stand_in = with_image();
    // Another run, which asked after this one and has written before it.
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(1);
    let verified = later.strftime("%Y-%m-%dT%H:%M:%SZ");
    let red = format!(
        "status: RED\nimage.support-email: \"RED r.example/a:b since {verified} verified {verified}\"\n"
    );
    let run = gate(&stand_in)
        .file("status/development.status", &red)
        .args("-q --record record.json")
        .run();
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image --environment development --update-status -q --record record.json
    exit code: 5
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    error: could not write `status/development.status`: it already has a later answer for `support-email`, RED verified [time]: this run's, GREEN verified [time], is older
    ----- board.md
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Since | Verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🔴 RED | `a:b` | [time] | [time] | – |

    <!-- END verify-registry-image -->
    ");
    assert!(!run.files.contains_key("status/development.status"), "it keeps its bytes");
}

/// The time of a verdict is when the tag was answered. A run whose last layer came late has read the tag before it
/// was deleted, and put its older GREEN over the newer RED.
#[test]
#[expect(clippy::disallowed_methods, reason = "the program reads this clock, too")]
fn a_slow_run_does_not_put_its_older_yes_over_a_newer_no() {
    let stand_in = with_image();
    stand_in.lie(Route::Blob.first(1), Lie::Late(std::time::Duration::from_millis(2_500)));
    let slow = gate(&stand_in).args("-q --format json --record record.json");
    let folder = slow.folder().to_owned();
    let slow = slow.start();
    stand_in.wait_until(|log| log.iter().any(|entry| entry.route == Route::Blob));
    let asked_for_a_blob = jiff::Timestamp::now();
    stand_in.untag(REPOSITORY, "latest-dev");
    let quick = gate(&stand_in).within(&folder).args("-q").run();
    assert_eq!(quick.code, Some(1), "{}", quick.snapshot());
    let slow = slow.finish();
    assert_eq!(slow.code, Some(5), "{}", slow.snapshot());
    let report: serde_json::Value = serde_json::from_str(&slow.stdout).unwrap();
    let answered: jiff::Timestamp =
        report["images"][0]["verified_at"].as_str().unwrap().parse().unwrap();
    assert!(answered <= asked_for_a_blob, "the blobs were asked for when the tag was answered");
    assert!(slow.stderr.contains("already has a later answer"), "{}", slow.snapshot());
    assert!(slow.file("status/development.status").contains("status: RED"), "{}", slow.snapshot());
    assert!(!slow.files.contains_key("record.json"), "{}", slow.snapshot());
}

/// Under `--wait` the time is that of the last answer of the tag.
#[test]
#[expect(clippy::disallowed_methods, reason = "the program reads this clock, too")]
fn a_wait_ends_with_the_time_of_the_tag_s_last_answer() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    let waiting = gate(&stand_in).args("--format json --wait 1m").start();
    waiting.wait_for("waiting for");
    let pushed = jiff::Timestamp::now();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = waiting.finish();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let answered: jiff::Timestamp =
        report["images"][0]["verified_at"].as_str().unwrap().parse().unwrap();
    assert!(answered.as_second() >= pushed.as_second(), "{answered} is before {pushed}");
}

/// Each record and status follows its own image's verdict; an undecided one leaves its line untouched.
#[test]
fn each_image_of_a_run_has_its_own_line_and_record() {
    let stand_in = with_image();
    stand_in.image("keepkey/broken", "latest-dev", Image::node_on_alpine());
    stand_in.lie(Route::ManifestByTag.containing("keepkey/broken"), Lie::status(400));
    let config = format!(
        "registry: {}\nenvironments:\n  development: {{ tag: latest-dev }}\nservices:\n  support-email: {{}}\n  missing: {{}}\n  broken: {{}}\nstatus:\n  directory: status\n",
        stand_in.reference("keepkey")
    );
    let line = "image.broken: \"GREEN r.example/a:b since 2026-01-01T00:00:00Z verified 2026-01-01T00:00:00Z\"";
    let run = Gate::at(&stand_in)
        .file("verify-registry-image.yml", config)
        .file("status/development.status", format!("{line}\n"))
        .args("--environment development --update-status --record-dir records -q")
        .run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    insta::assert_snapshot!(run.redacted(&run.stderr), @"note: the status of broken stays as it was: the verdict is UNDECIDED");
    insta::assert_snapshot!(run.redacted(run.file("status/development.status")), @r#"
    image.broken: "GREEN r.example/a:b since [time] verified [time]"
    image.support-email: "GREEN [registry]/keepkey/support-email:latest-dev@sha256:72aa2829510e[..64] since [time] verified [time]"
    image.missing: "RED [registry]/keepkey/missing:latest-dev since [time] verified [time] reason repository-missing"
    status: RED
    last_updated: [time]
    notes: "missing: repository-missing: `[registry]/keepkey/missing` is missing, or not visible with these credentials (404 `NAME_UNKNOWN` `repository name not known to registry`; the API answers `repository not found`); verified in the registry: support-email"
    "#);
    assert!(run.file("status/development.status").contains(line));
    let records: Vec<_> = run.files.keys().filter(|path| path.starts_with("records/")).collect();
    assert_eq!(records, ["records/development/support-email.json"]);
}

#[test]
fn a_status_of_what_is_no_service_of_the_config_is_a_mistake() {
    let stand_in = with_image();
    let run = gate(&stand_in).image("keepkey/other:latest-dev");
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image --environment development --update-status [registry]/keepkey/other:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: `--update-status` needs a service of the config file, but `[registry]/keepkey/other:latest-dev` belongs to none
      hint: add a service with its repository to the config file, or omit `--update-status`
    ");
}

#[test]
fn the_status_folder_is_made_below_the_one_that_holds_git() {
    let stand_in = with_image();
    let config = format!(
        "registry: {}\nenvironments:\n  development: {{ tag: latest-dev }}\nservices:\n  support-email: {{}}\nstatus:\n  directory: docs/deployment/status\n  board: docs/pages/board.md\n  badges: docs/badges\n",
        stand_in.reference("keepkey")
    );
    let run = Gate::at(&stand_in)
        .file("verify-registry-image.yml", config)
        .args("--environment development --update-status -q")
        .run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let written: Vec<_> = run.files.keys().map(String::as_str).collect();
    assert_eq!(
        written,
        [
            "docs/badges/development.json",
            "docs/deployment/status/development.status",
            "docs/pages/board.md"
        ]
    );
}

#[test]
fn what_could_not_be_found_out_changes_nothing() {
    let stand_in = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::status(400));
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(!run.files.contains_key("status/development.status"), "{}", run.snapshot());
    assert!(run.stdout.contains("stays as it was"), "{}", run.snapshot());
    assert!(!run.stderr.contains("stays as it was"), "once is enough: {}", run.snapshot());
}

#[test]
fn that_the_status_stays_as_it_was_is_said_in_every_form() {
    let stand_in = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::status(400));
    for arguments in ["-q --html page.html", "--format json --html page.html"] {
        let run = gate(&stand_in).args(arguments).run();
        let said = "the status of support-email stays as it was: the verdict is UNDECIDED";
        assert!(run.stderr.contains(&format!("note: {said}\n")), "{}", run.snapshot());
        assert!(run.file("page.html").contains(said), "{}", run.snapshot());
    }
}

#[test]
fn a_status_without_a_place_in_the_config_is_a_mistake() {
    let stand_in = with_image();
    let registry = stand_in.reference("keepkey");
    let config = format!("registry: {registry}\nservices:\n  support-email: {{}}\n");
    let gate = Gate::at(&stand_in)
        .file("verify-registry-image.yml", config)
        .args("support-email:latest-dev --update-status");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image support-email:latest-dev --update-status
    exit code: 2
    ----- stdout
    ----- stderr
    error: `--update-status` needs `status` in the config file
      hint: add `status: { directory: docs/deployment/status }` to it
    ");
}

#[test]
fn the_board_is_drawn_without_asking_anybody() {
    let stand_in = with_image();
    let verified = gate(&stand_in).run();
    let (status, board) = (verified.file("status/development.status"), verified.file("board.md"));
    stand_in.clear_log();
    let draw_with = |board: &str, arguments: &str| {
        let config = "environments:\n  development: { tag: latest-dev }\nservices:\n  support-email: {}\nstatus:\n  directory: status\n  board: board.md\nregistry: registry.digitalocean.com/keepkey\n";
        Gate::alone()
            .file("verify-registry-image.yml", config)
            .file("status/development.status", status)
            .file("board.md", board)
            .redact(&stand_in.host(crate::stand_in::Origin::Registry), "[registry]")
            .args(arguments)
            .run()
    };
    let draw = |board: &str| draw_with(board, "--draw-status");
    insta::assert_snapshot!(draw(board).snapshot(), @"
    $ verify-registry-image --draw-status
    exit code: 0
    ----- stdout
    up to date with 1 status file: nothing was changed
    ----- stderr
    ");
    let edited = draw(&board.replace("GREEN", "RED"));
    insta::assert_snapshot!(edited.snapshot(), @"
    $ verify-registry-image --draw-status
    exit code: 0
    ----- stdout
    drawn from 1 status file; changed:
      board.md
    ----- stderr
    ----- board.md
    <!-- BEGIN verify-registry-image -->

    RED: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Since | Verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🟢 GREEN | `latest-dev`<br>`sha256:72aa2829510e` | [time] | [time] | – |

    <!-- END verify-registry-image -->
    ");
    let as_json = |board: &str| {
        let run = draw_with(board, "--draw-status --format json");
        assert_eq!(run.code, Some(0));
        serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()
    };
    assert_eq!(as_json(board), serde_json::json!({ "files": 1, "changed": [], "notes": [] }));
    let gone = board.replace("| support-email |", "| gone |");
    let drawn = as_json(&gone);
    assert!(drawn["changed"][0].as_str().unwrap().ends_with("board.md"), "{drawn}");
    assert!(drawn["notes"][0].as_str().unwrap().contains("`gone`"), "{drawn}");
    assert!(stand_in.log().is_empty());
}

#[test]
fn a_board_that_cannot_be_drawn_says_so_in_json_too() {
    let config = "environments:\n  development: { tag: latest-dev }\nservices:\n  support-email: {}\nstatus:\n  directory: status\nregistry: registry.digitalocean.com/keepkey\n";
    let run = Gate::alone()
        .file("verify-registry-image.yml", config)
        .file("status/development.status", "status: RED\n")
        .args("--draw-status --format json")
        .run();
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --draw-status --format json
    exit code: 2
    ----- stdout
    {
      "schema_version": 1,
      "exit_code": 2,
      "error": {
        "message": "there is nothing to draw: the config has neither `status.board` nor `status.badges`",
        "hint": "add `board:` or `badges:` below `status:` in the config"
      }
    }
    ----- stderr
    error: there is nothing to draw: the config has neither `status.board` nor `status.badges`
      hint: add `board:` or `badges:` below `status:` in the config
    "#);
}

/// Both sides of the conflict turned GREEN.
#[test]
fn a_status_file_in_conflict_is_refused_before_anything_is_asked() {
    let stand_in = with_image();
    let conflict = "<<<<<<< HEAD\nstatus: RED\n=======\nstatus: GREEN\n>>>>>>> other\n";
    let run = gate(&stand_in).file("status/development.status", conflict).run();
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image --environment development --update-status
    exit code: 2
    ----- stdout
    ----- stderr
    error: cannot update `status/development.status` (`--update-status`): line 1 is git's conflict marker `<<<<<<<`
      hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    ");
    assert!(stand_in.log().is_empty());
    let run = gate(&stand_in).file("board.md", conflict).run();
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image --environment development --update-status
    exit code: 2
    ----- stdout
    ----- stderr
    error: cannot update the board in `board.md` (`--update-status`): line 1 is git's conflict marker `<<<<<<<`
      hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn a_gate_s_options_beside_the_drawing_are_a_mistake() {
    let refused = |arguments: &str| Gate::alone().args(arguments).run();
    insta::assert_snapshot!(refused("--draw-status --junit j.xml").snapshot(), @"
    $ verify-registry-image --draw-status --junit j.xml
    exit code: 2
    ----- stdout
    ----- stderr
    error: `--junit` and `--draw-status` cannot be used together
    ");
    for option in
        ["--update-status", "--service a", "--environment b", "--record r", "--wait 5m", "--port 1"]
    {
        let run = refused(&format!("{option} --draw-status"));
        assert_eq!(run.code, Some(2), "{}", run.snapshot());
        assert!(run.stderr.contains("cannot be used together"), "{}", run.snapshot());
    }
}
