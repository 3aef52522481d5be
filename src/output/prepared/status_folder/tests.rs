use std::fs;
use std::path::Path;
use std::thread;

use tempfile::TempDir;

use crate::output::board::{BEGIN, END};
use crate::output::check_status::{CheckStatusError, StatusCheck, check_status};
use crate::output::file;
use crate::output::fixtures::{self, SUPPORT_EMAIL};
use crate::output::prepared::tests::{
    everything, files, folder, put, read, refusal, run, settings,
};
use crate::output::{Prepared, Written};
use crate::report::ImageReport;
use crate::settings::{Outputs, Settings, StatusFolder};

fn status_folder(folder: &Path) -> StatusFolder {
    fs::create_dir_all(folder.join("badges")).unwrap();
    StatusFolder {
        board: Some(folder.join("board.md")),
        badges: Some(folder.join("badges")),
        ..everything(folder).status.unwrap()
    }
}

/// Status, board and badges, and what DevOps reads besides.
fn pages(folder: &Path) -> Outputs {
    Outputs {
        html: Some(folder.join("report.html")),
        pulumi_config: Some(folder.join("pulumi.yaml")),
        status: Some(status_folder(folder)),
        ..Outputs::default()
    }
}

fn one(folder: &TempDir) -> Settings {
    settings(vec![fixtures::request(SUPPORT_EMAIL)], pages(folder.path()))
}

fn of(service: &str, environment: &str) -> ImageReport {
    let reference = format!("registry.digitalocean.com/keepkey/{service}:latest-dev");
    let mut image = fixtures::image(&reference, &[]);
    image.request.environment = Some(environment.to_owned());
    image
}

fn checked(folder: &TempDir) -> Result<StatusCheck, CheckStatusError> {
    check_status(&status_folder(folder.path()))
}

/// Git keeps no empty folder.
#[test]
fn badges_whose_folder_is_not_there_are_missing() {
    let folder = folder();
    run(&one(&folder), vec![of("support-email", "development")]);
    fs::remove_dir_all(folder.path().join("badges")).unwrap();
    let asked = StatusFolder {
        board: None,
        badges: Some(folder.path().join("badges")),
        ..everything(folder.path()).status.unwrap()
    };
    let check = check_status(&asked).unwrap();
    let text = check.to_string().replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(text, @"
    OUT OF DATE with 1 status file
      FOLDER/badges/development.json: the badge of development is missing or old
      run the gate with --update-status: it draws the board and the badges anew
    ");
}

fn told(folder: &TempDir) -> String {
    let text = match checked(folder) {
        Ok(check) => format!("{check}\nexit {}", check.exit().code()),
        Err(error) => format!("error: {}\nhint: {}", error.with_cause(), error.hint()),
    };
    text.replace(&folder.path().display().to_string(), "FOLDER")
}

#[test]
fn a_verified_image_leaves_a_page_a_configuration_a_board_and_a_badge() {
    let folder = folder();
    assert_eq!(run(&one(&folder), vec![fixtures::verified()]), []);
    assert_eq!(
        files(folder.path()),
        [
            "badges/development.json",
            "board.md",
            "pulumi.yaml",
            "report.html",
            "status/development.status"
        ]
    );
    assert!(read(folder.path(), "report.html").contains("VERIFIED"));
    assert!(read(folder.path(), "badges/development.json").contains("brightgreen"));
    insta::assert_snapshot!(read(folder.path(), "board.md"), @r"
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Digest | Since | Last verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🟢 GREEN | `registry.digitalocean.com/keepkey/support-email:latest-dev` | `sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64` | 2026-11-25T09:30:02Z | 2026-11-25T09:30:02Z | [job](<https://circleci.com/gh/keepkey/keepkey-support-email/42>) |

    <!-- END verify-registry-image -->
    ");
    insta::assert_snapshot!(told(&folder), @r"
    up to date with 1 status file
    exit 0
    ");
}

#[test]
fn a_red_run_leaves_a_red_page_and_board_and_no_configuration() {
    let folder = folder();
    let settings = one(&folder);
    run(&settings, vec![fixtures::verified()]);
    assert_eq!(run(&settings, vec![fixtures::missing()]), []);
    assert!(!folder.path().join("pulumi.yaml").exists(), "nothing to deploy from");
    assert!(read(folder.path(), "report.html").contains("FAILED"));
    assert!(read(folder.path(), "badges/development.json").contains("\"RED\""));
    assert!(read(folder.path(), "board.md").contains("| 🔴 RED |"));
    // An undecided run writes its page, and leaves the status as it was.
    let board = read(folder.path(), "board.md");
    assert_eq!(run(&settings, vec![fixtures::undecided()]), []);
    assert!(read(folder.path(), "report.html").contains("UNDECIDED"));
    assert_eq!(read(folder.path(), "board.md"), board);
}

#[test]
fn a_configuration_is_written_only_with_everything_before_it() {
    let folder = folder();
    let settings = one(&folder);
    let prepared = Prepared::prove(&settings).unwrap();
    fs::create_dir(folder.path().join("report.html")).unwrap();
    let unwritten =
        prepared.write(&fixtures::report(vec![fixtures::verified()]), &settings).unwritten;
    assert_eq!(unwritten.len(), 1);
    assert!(!folder.path().join("pulumi.yaml").exists());
}

#[test]
fn a_configuration_that_is_not_ours_and_a_badge_that_is_none_stay() {
    for (name, text) in [("pulumi.yaml", "config:\n  a: b\n"), ("badges/development.json", "{}")] {
        let folder = folder();
        let settings = one(&folder);
        put(&folder.path().join(name), text);
        assert!(Prepared::prove(&settings).is_err(), "{name}");
        assert_eq!(read(folder.path(), name), text);
    }
}

#[test]
fn a_board_with_broken_markers_is_refused_before_anything_is_asked() {
    let folder = folder();
    let settings = one(&folder);
    let text = format!("# Ours\n{BEGIN}\n");
    put(&folder.path().join("board.md"), &text);
    insta::assert_snapshot!(refusal(&settings, &folder), @r"
    error: cannot update the board in `FOLDER/board.md` (--update-status): it holds the line `<!-- BEGIN verify-registry-image -->` and no line `<!-- END verify-registry-image -->`
    hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    ");
    assert_eq!(read(folder.path(), "board.md"), text);
    insta::assert_snapshot!(told(&folder), @r"
    error: `FOLDER/board.md` is not a board that can be updated: it holds the line `<!-- BEGIN verify-registry-image -->` and no line `<!-- END verify-registry-image -->`
    hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    ");
}

#[test]
fn a_status_file_that_is_not_flat_is_refused_before_anything_is_asked() {
    let folder = folder();
    let settings = one(&folder);
    let path = folder.path().join("status/development.status");
    let text = "notes:\n- a\n- b\nhealth_check: PASS\n";
    put(&path, text);
    insta::assert_snapshot!(refusal(&settings, &folder), @"
    error: cannot update `FOLDER/status/development.status` (--update-status): it is YAML that is not flat: with the gate's lines changed it would be broken
    hint: write each value of `status`, `last_updated`, `notes` and `image.` on the line of its key, as a plain or quoted text, and end the file without `...`
    ");
    assert_eq!(read(folder.path(), "status/development.status"), text);
    // Nor is it changed when it was made so in the meantime.
    file::remove(&path).unwrap();
    let prepared = Prepared::prove(&settings).unwrap();
    put(&path, text);
    let written = prepared.write(&fixtures::report(vec![fixtures::missing()]), &settings);
    assert_eq!(written.unwritten.len(), 1);
    assert_eq!(read(folder.path(), "status/development.status"), text);
}

#[test]
fn the_board_is_drawn_from_every_status_file() {
    let folder = folder();
    let images = vec![of("support-email", "development"), of("billing", "production")];
    let both = settings(
        images.iter().map(|image| image.request.clone()).collect(),
        Outputs { pulumi_config: None, ..pages(folder.path()) },
    );
    put(&folder.path().join("status/local.status"), "status: YELLOW\nnotes: by hand\n");
    put(&folder.path().join("board.md"), &format!("# Ours\r\n\r\n{BEGIN}\r\n{END}\r\nbelow"));
    assert_eq!(run(&both, images), []);
    let board = read(folder.path(), "board.md");
    assert!(board.starts_with("# Ours\r\n\r\n") && board.ends_with("\r\nbelow"));
    assert!(board.contains("| development | support-email | 🟢 GREEN |"));
    assert!(board.contains("| production | billing | 🟢 GREEN |"));
    assert!(!board.contains("local"), "nothing was verified there");
    assert_eq!(files(&folder.path().join("badges")), ["development.json", "production.json"]);

    // A later run of one of them leaves the other's row and link, byte for byte.
    let row = |board: &str| board.lines().find(|line| line.contains("billing")).unwrap().to_owned();
    let mut later = fixtures::verified();
    later.verified_at = fixtures::at(3600);
    assert_eq!(run(&one(&folder), vec![later]), []);
    let new = read(folder.path(), "board.md");
    assert_eq!(row(&new), row(&board));
    assert!(row(&new).contains("[job](<https://circleci.com/"));
    assert_ne!(new, board);
    assert!(checked(&folder).unwrap().differences.is_empty());
}

#[test]
fn a_row_links_the_run_that_verified_it_and_no_other() {
    let folder = folder();
    let run_as = |image: ImageReport, job: &str| {
        let outputs = Outputs { status: Some(status_folder(folder.path())), ..Outputs::default() };
        let settings = settings(vec![image.request.clone()], outputs);
        let mut report = fixtures::report(vec![image]);
        report.circleci.build_url = Some(format!("https://circleci.com/gh/keepkey/x/{job}"));
        assert_eq!(
            Prepared::prove(&settings).unwrap().write(&report, &settings),
            Written::default()
        );
    };
    run_as(of("support-email", "development"), "1");
    run_as(of("billing", "development"), "2");
    let board = read(folder.path(), "board.md");
    let link = |service: &str| {
        let row = board.lines().find(|line| line.contains(&format!("| {service} |"))).unwrap();
        row.rsplit_once("/x/").unwrap().1.to_owned()
    };
    assert_eq!((link("support-email").as_str(), link("billing").as_str()), ("1>) |", "2>) |"));
}

#[test]
fn what_others_left_in_the_folder_keeps_no_red_run_from_board_and_badge() {
    let folder = folder();
    let settings = one(&folder);
    run(&settings, vec![fixtures::verified()]);
    put(&folder.path().join("status/staging.status"), "image.search: GREEN r.example/a:b\n");
    put(&folder.path().join("badges/staging.json"), "{}");
    fs::create_dir(folder.path().join("status/odd.status")).unwrap();
    file::replace(&folder.path().join("status/latin.status"), b"status: \xdf\n").unwrap();
    std::os::unix::fs::symlink("development.status", folder.path().join("status/link.status"))
        .unwrap();
    let report = fixtures::report(vec![fixtures::missing()]);
    let written = Prepared::prove(&settings).unwrap().write(&report, &settings);
    assert_eq!(written.unwritten, [], "a green run would lose its record by it");
    let notes = written.notes.join("\n").replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(notes, @"
    cannot read `FOLDER/status/latin.status`: it is not UTF-8 text; what board and badges say of it stays as it was
    cannot read `FOLDER/status/link.status`: it is a symbolic link; what board and badges say of it stays as it was
    cannot read `FOLDER/status/odd.status`: it is a folder; what board and badges say of it stays as it was
    cannot write `FOLDER/badges/staging.json`: it is there already, and is not a badge
    ");
    let board = read(folder.path(), "board.md");
    assert!(board.contains("| development | support-email | 🔴 RED |"), "{board}");
    assert!(board.contains("| staging | search | 🟢 GREEN |"), "{board}");
    assert!(read(folder.path(), "badges/development.json").contains("\"RED\""));
}

#[test]
fn a_red_image_is_on_the_board_although_its_line_could_not_be_written() {
    let folder = folder();
    let settings = one(&folder);
    run(&settings, vec![fixtures::verified()]);
    let prepared = Prepared::prove(&settings).unwrap();
    let path = folder.path().join("status/development.status");
    file::replace(&path, b"\xff").unwrap();
    let written = prepared.write(&fixtures::report(vec![fixtures::missing()]), &settings);
    assert_eq!(written.unwritten.len(), 1);
    assert_eq!(fs::read(&path).unwrap(), b"\xff");
    assert!(read(folder.path(), "board.md").contains("| 🔴 RED |"));
    assert!(read(folder.path(), "badges/development.json").contains("\"RED\""));
}

#[test]
fn a_green_image_is_not_on_the_board_where_its_line_could_not_be_written() {
    let folder = folder();
    let settings = one(&folder);
    run(&settings, vec![fixtures::missing()]);
    let prepared = Prepared::prove(&settings).unwrap();
    file::replace(&folder.path().join("status/development.status"), b"\xff").unwrap();
    let written = prepared.write(&fixtures::report(vec![fixtures::verified()]), &settings);
    assert_eq!(written.unwritten.len(), 1);
    assert!(read(folder.path(), "board.md").contains("| 🔴 RED |"));
    assert!(read(folder.path(), "badges/development.json").contains("\"RED\""));
}

#[test]
fn a_light_that_no_status_line_supports_is_out_of_date() {
    let changed = |change: &dyn Fn(&Path)| {
        let folder = folder();
        let billing = of("billing", "production");
        let outputs = Outputs { status: Some(status_folder(folder.path())), ..Outputs::default() };
        let both =
            settings(vec![fixtures::request(SUPPORT_EMAIL), billing.request.clone()], outputs);
        run(&both, vec![fixtures::verified(), billing]);
        change(&folder.path().join("status/production.status"));
        told(&folder)
    };
    let edited = |line: &'static str| {
        changed(&move |path| {
            let text = fs::read_to_string(path).unwrap();
            let is_kept = |old: &&str| !old.starts_with("image.");
            let kept: String = text.split_inclusive('\n').filter(is_kept).collect();
            put(path, &(kept + line));
        })
    };
    let all = [
        edited("image.billing: \"YELLOW not sure\"\n"),
        edited(""),
        changed(&|path| fs::remove_file(path).unwrap()),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    OUT OF DATE with 2 status files
      FOLDER/board.md: billing in production is on the board, and its status line cannot be read
      run the gate with --update-status: it draws the board and the badges anew
    exit 1
    OUT OF DATE with 2 status files
      FOLDER/board.md: billing in production is on the board, and no status line speaks of it: verify it again, or remove its row
      run the gate with --update-status: it draws the board and the badges anew
    exit 1
    OUT OF DATE with 1 status file
      FOLDER/board.md: billing in production is on the board, and no status line speaks of it: verify it again, or remove its row
      FOLDER/badges/production.json: there is no status file for the badge of production: remove it
      run the gate with --update-status: it draws the board and the badges anew
    exit 1
    ");
}

#[test]
fn what_is_out_of_date_is_named_and_nothing_is_written() {
    let folder = folder();
    run(&one(&folder), vec![fixtures::verified()]);
    let status = read(folder.path(), "status/development.status");
    put(&folder.path().join("status/development.status"), &status.replace("GREEN", "RED"));
    put(&folder.path().join("status/production.status"), "image.billing: GREEN r.example/a:b\n");
    let before: Vec<String> = files(folder.path());
    insta::assert_snapshot!(told(&folder), @r"
    OUT OF DATE with 2 status files
      FOLDER/board.md: support-email in development is on the board as it was before
      FOLDER/board.md: billing in production is not on the board
      FOLDER/badges/development.json: the badge of development is missing or old
      FOLDER/badges/production.json: the badge of production is missing or old
      run the gate with --update-status: it draws the board and the badges anew
    exit 1
    ");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn what_cannot_be_checked_says_so() {
    let folder = folder();
    let asked = status_folder(folder.path());
    let said = |asked: &StatusFolder| {
        let error = check_status(asked).unwrap_err();
        format!("error: {}\nhint: {}", error.with_cause(), error.hint())
            .replace(&folder.path().display().to_string(), "FOLDER")
    };
    let nothing = StatusFolder { board: None, badges: None, ..asked.clone() };
    let nowhere = StatusFolder { directory: folder.path().join("none"), ..asked.clone() };
    fs::create_dir(folder.path().join("status/odd.status")).unwrap();
    let all = [said(&nothing), said(&nowhere), said(&asked)];
    insta::assert_snapshot!(all.join("\n"), @"
    error: there is nothing to check: the config has neither `status.board` nor `status.badges`
    hint: add `board:` or `badges:` below `status:` in the config
    error: cannot list `FOLDER/none`: no such file or directory
    hint: look at `status.directory` and `status.badges` in the config; the first is made by hand, once
    error: cannot read `FOLDER/status/odd.status`: it is a folder
    hint: look what stands there: a regular UTF-8 file of at most 1 MiB is expected
    ");
}

#[test]
fn without_a_verified_service_there_is_nothing_to_draw() {
    let folder = folder();
    status_folder(folder.path());
    put(&folder.path().join("status/local.status"), "status: RED\nhealth_check: FAIL\n");
    insta::assert_snapshot!(told(&folder), @r"
    up to date with 1 status file
    exit 0
    ");
}

#[test]
fn runs_side_by_side_lose_no_row() {
    let folder = folder();
    let names: Vec<String> = (0..8).map(|number| format!("service-{number}")).collect();
    thread::scope(|scope| {
        for name in &names {
            let folder = &folder;
            scope.spawn(move || {
                let image = of(name, "development");
                let outputs =
                    Outputs { status: Some(status_folder(folder.path())), ..Outputs::default() };
                assert_eq!(run(&settings(vec![image.request.clone()], outputs), vec![image]), []);
            });
        }
    });
    let board = read(folder.path(), "board.md");
    assert_eq!(board.matches("| 🟢 GREEN |").count(), names.len());
    assert_eq!(board.matches(BEGIN).count(), 1);
    assert!(checked(&folder).unwrap().differences.is_empty());
}
