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
    ----- board.md
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Digest | Since | Last verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🟢 GREEN | `[registry]/keepkey/support-email:latest-dev` | `sha256:72aa2829510e[..64]` | [time] | [time] | – |

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
    ----- board.md
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Digest | Since | Last verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🔴 RED | `[registry]/keepkey/support-email:latest-dev` | – | [time] | [time] | – |

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
    notes: "support-email: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`) (tag-missing)"
    image.support-email: "RED [registry]/keepkey/support-email:latest-dev since [time] verified [time]"
    "#);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program reads this clock, too")]
fn a_red_line_of_a_later_answer_stays_and_a_note_says_so() {
    let stand_in = with_image();
    // Another run, which asked after this one and has written before it.
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(1);
    let verified = later.strftime("%Y-%m-%dT%H:%M:%SZ");
    let red = format!(
        "status: RED\nimage.support-email: \"RED r.example/a:b since {verified} verified {verified}\"\n"
    );
    let run = gate(&stand_in).file("status/development.status", &red).args("-q").run();
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image --environment development --update-status -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    note: `image.support-email` in `development.status` stays RED verified [time]: this run's answer, GREEN verified [time], is older
    ----- board.md
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Digest | Since | Last verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🔴 RED | `r.example/a:b` | – | [time] | [time] | – |

    <!-- END verify-registry-image -->
    ");
    assert!(!run.files.contains_key("status/development.status"), "it keeps its bytes");
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
fn a_status_is_checked_without_asking_anybody() {
    let stand_in = with_image();
    let verified = gate(&stand_in).run();
    let (status, board) = (verified.file("status/development.status"), verified.file("board.md"));
    stand_in.clear_log();
    let check_with = |board: &str, arguments: &str| {
        let config = "environments:\n  development: { tag: latest-dev }\nservices:\n  support-email: {}\nstatus:\n  directory: status\n  board: board.md\nregistry: registry.digitalocean.com/keepkey\n";
        Gate::alone()
            .file("verify-registry-image.yml", config)
            .file("status/development.status", status)
            .file("board.md", board)
            .redact(&stand_in.host(crate::stand_in::Origin::Registry), "[registry]")
            .args(arguments)
            .run()
    };
    let check = |board: &str| check_with(board, "--check-status");
    insta::assert_snapshot!(check(board).snapshot(), @"
    $ verify-registry-image --check-status
    exit code: 0
    ----- stdout
    up to date with 1 status file
    ----- stderr
    ");
    let edited = check(&board.replace("GREEN", "RED"));
    insta::assert_snapshot!(edited.snapshot(), @"
    $ verify-registry-image --check-status
    exit code: 1
    ----- stdout
    OUT OF DATE with 1 status file
      board.md: support-email in development is on the board as it was before
      run the gate with --update-status: it draws the board and the badges anew
    ----- stderr
    ");
    let as_json = |board: &str| {
        let run = check_with(board, "--check-status --format json");
        (run.code, serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap())
    };
    assert_eq!(
        as_json(board),
        (Some(0), serde_json::json!({ "up_to_date": true, "differences": [], "files": 1 }))
    );
    let difference = "board.md: support-email in development is on the board as it was before";
    assert_eq!(
        as_json(&board.replace("GREEN", "RED")),
        (
            Some(1),
            serde_json::json!({ "up_to_date": false, "differences": [difference], "files": 1 })
        )
    );
    assert!(stand_in.log().is_empty());
}

#[test]
fn a_status_that_cannot_be_checked_says_so_in_json_too() {
    let config = "environments:\n  development: { tag: latest-dev }\nservices:\n  support-email: {}\nstatus:\n  directory: status\nregistry: registry.digitalocean.com/keepkey\n";
    let run = Gate::alone()
        .file("verify-registry-image.yml", config)
        .file("status/development.status", "status: RED\n")
        .args("--check-status --format json")
        .run();
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --check-status --format json
    exit code: 2
    ----- stdout
    {
      "schema_version": 1,
      "exit_code": 2,
      "error": {
        "message": "there is nothing to check: the config has neither `status.board` nor `status.badges`",
        "hint": "add `board:` or `badges:` below `status:` in the config"
      }
    }
    ----- stderr
    error: there is nothing to check: the config has neither `status.board` nor `status.badges`
      hint: add `board:` or `badges:` below `status:` in the config
    "#);
}
