use std::fs;
use std::path::Path;
use std::thread;

use tempfile::TempDir;

use crate::file;
use crate::output::tests::{everything, files, folder, only, put, read, refusal, run, settings};
use crate::output::{Prepared, Written};
use crate::report::ImageReport;
use crate::report::fixtures::{self, SUPPORT_EMAIL};
use crate::settings::{Outputs, Settings, StatusFolder};
use crate::status::board::{BEGIN, END};
use crate::status::draw as draw_status;

fn status_folder(folder: &Path) -> StatusFolder {
    fs::create_dir_all(folder.join("badges")).unwrap();
    StatusFolder {
        board: Some(folder.join("board.md")),
        badges: Some(folder.join("badges")),
        // As a config that names no services: whatever has a line counts.
        services: Vec::new(),
        ..everything(folder).status.unwrap()
    }
}

/// The same for the services of a config.
fn of_config(folder: &TempDir, services: &[&str]) -> StatusFolder {
    let services = services.iter().map(|&name| name.to_owned()).collect();
    StatusFolder { services, ..status_folder(folder.path()) }
}

fn write_as(folder: StatusFolder, images: Vec<ImageReport>) -> Written {
    let outputs = Outputs { status: Some(folder), ..Outputs::default() };
    let settings = settings(images.iter().map(|image| image.request.clone()).collect(), outputs);
    Prepared::prove(&settings).unwrap().write(&fixtures::report(images), &settings)
}

/// Status, board and badges, and what DevOps reads besides.
fn pages(folder: &Path) -> Outputs {
    Outputs {
        status: Some(status_folder(folder)),
        ..only([
            ("html", folder.join("report.html")),
            ("pulumi-config", folder.join("pulumi.yaml")),
        ])
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

/// What `--draw-status` says.
fn told(folder: &TempDir) -> String {
    let text = match draw_status(&status_folder(folder.path())) {
        Ok(drawn) => {
            let notes = drawn.notes.iter().map(|note| format!("\nnote: {note}"));
            format!("{drawn}{}", notes.collect::<String>())
        }
        Err(error) => format!("error: {}\nhint: {}", error.with_cause(), error.hint()),
    };
    text.replace(&folder.path().display().to_string(), "FOLDER")
}

fn notes(written: &Written, folder: &TempDir) -> String {
    let unwritten = written.unwritten.iter().map(|unwritten| {
        format!("could not write {}: {}", unwritten.path.display(), unwritten.message)
    });
    let text = unwritten.chain(written.notes.clone()).collect::<Vec<_>>().join("\n");
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
    insta::assert_snapshot!(read(folder.path(), "board.md"), @"
    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Since | Verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🟢 GREEN | `latest-dev`<br>`sha256:04618e034eb6` | 2026-11-25<br>09:30:02Z | 2026-11-25<br>09:30:02Z | [job](<https://circleci.com/gh/keepkey/keepkey-support-email/42>) |

    <!-- END verify-registry-image -->
    ");
    assert_eq!(told(&folder), "up to date with 1 status file: nothing was changed");
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
    assert!(read(folder.path(), "board.md").contains("| 🔴 RED<br>"));
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
    error: cannot update the board in `FOLDER/board.md` (`--update-status`): it holds the line `<!-- BEGIN verify-registry-image -->` and no line `<!-- END verify-registry-image -->`
    hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    ");
    assert_eq!(read(folder.path(), "board.md"), text);
    insta::assert_snapshot!(told(&folder), @"
    error: cannot draw the board in `FOLDER/board.md`: it holds the line `<!-- BEGIN verify-registry-image -->` and no line `<!-- END verify-registry-image -->`
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
    error: cannot update `FOLDER/status/development.status` (`--update-status`): its `notes` is a list or a map, and the gate would write one line over it
    hint: move it to a key of your own, such as `remarks`
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
    let mut outputs = pages(folder.path());
    outputs.files.remove("pulumi-config");
    let both = settings(images.iter().map(|image| image.request.clone()).collect(), outputs);
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
    assert!(told(&folder).starts_with("up to date with "));
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
    cannot write `FOLDER/badges/staging.json`: it already exists and is not a badge
    ");
    let board = read(folder.path(), "board.md");
    assert!(board.contains("| development | support-email | 🔴 RED<br>"), "{board}");
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
    assert!(read(folder.path(), "board.md").contains("| 🔴 RED<br>"));
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
    assert!(read(folder.path(), "board.md").contains("| 🔴 RED<br>"));
    assert!(read(folder.path(), "badges/development.json").contains("\"RED\""));
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
    assert!(told(&folder).starts_with("up to date with "));
}

/// A service that left the config kept its environment RED for ever, and the board GREEN.
#[test]
fn a_service_that_left_the_config_takes_its_line_and_its_row_with_it() {
    let folder = folder();
    let mut billing = fixtures::missing();
    billing.request.service.name = "billing".to_owned();
    let images = vec![fixtures::verified(), billing, of("old", "production")];
    write_as(of_config(&folder, &["support-email", "billing", "old"]), images);
    assert!(read(folder.path(), "badges/development.json").contains("\"RED\""));

    let written = write_as(of_config(&folder, &["support-email"]), vec![fixtures::verified()]);
    insta::assert_snapshot!(notes(&written, &folder), @"
    the config has no service `billing`: its line in `development.status` and its row on the board were removed (they said RED verified 2026-11-25T09:30:02Z)
    the row of `old` in `production` was removed from the board: no status file has a line of it, or the config has no such service
    ");
    assert!(!read(folder.path(), "status/development.status").contains("billing:"));
    assert!(read(folder.path(), "status/development.status").contains("status: GREEN"));
    assert!(read(folder.path(), "badges/development.json").contains("\"GREEN\""));
    let board = read(folder.path(), "board.md");
    assert_eq!(board.matches("\n| ").count(), 3, "{board}");
    // The other environment's file is its own run's to change, or `--draw-status`'s.
    assert!(read(folder.path(), "status/production.status").contains("image.old:"));
    let drawn = draw_status(&of_config(&folder, &["support-email"])).unwrap();
    insta::assert_snapshot!(drawn.notes.join("\n"), @"the config has no service `old`: its line in `production.status` and its row on the board were removed (they said GREEN verified 2026-11-25T09:30:02Z)");
    assert!(!read(folder.path(), "status/production.status").contains("image.old:"));
    let again = draw_status(&of_config(&folder, &["support-email"])).unwrap();
    assert_eq!((again.changed, again.notes), (vec![], vec![]));
}

#[test]
fn board_and_badges_are_drawn_from_the_status_files_alone() {
    let folder = folder();
    run(&one(&folder), vec![fixtures::missing()]);
    let (board, badge) =
        (read(folder.path(), "board.md"), read(folder.path(), "badges/development.json"));
    file::remove(&folder.path().join("board.md")).unwrap();
    file::remove(&folder.path().join("badges/development.json")).unwrap();
    put(&folder.path().join("badges/gone.json"), &badge.replace("development", "gone"));
    put(
        &folder.path().join("badges/coverage.json"),
        &badge.replace("development images", "coverage"),
    );
    insta::assert_snapshot!(told(&folder), @"
    drawn from 1 status file; changed:
      FOLDER/board.md
      FOLDER/badges/development.json
      FOLDER/badges/gone.json
    note: the badge of `gone` was removed: there is no `gone.status`
    ");
    let link = "[job](<https://circleci.com/gh/keepkey/keepkey-support-email/42>)";
    assert_eq!(
        read(folder.path(), "board.md"),
        board.replace(link, "–"),
        "the link was on the board alone"
    );
    assert_eq!(read(folder.path(), "badges/development.json"), badge);
    assert_eq!(files(&folder.path().join("badges")), ["coverage.json", "development.json"]);
    assert_eq!(told(&folder), "up to date with 1 status file: nothing was changed");
}

#[test]
fn what_cannot_be_drawn_says_so_and_nothing_is_written() {
    let folder = folder();
    run(&one(&folder), vec![fixtures::verified()]);
    let asked = status_folder(folder.path());
    let said = |asked: &StatusFolder| {
        let error = draw_status(asked).unwrap_err();
        format!("{}: {}\nhint: {}", error.exit().code(), error.with_cause(), error.hint())
            .replace(&folder.path().display().to_string(), "FOLDER")
    };
    let nothing = StatusFolder { board: None, badges: None, ..asked.clone() };
    let board = StatusFolder { board: Some(folder.path().to_owned()), ..asked.clone() };
    fs::create_dir(folder.path().join("theirs")).unwrap();
    put(&folder.path().join("theirs/development.json"), "{}");
    let badges = StatusFolder { badges: Some(folder.path().join("theirs")), ..asked.clone() };
    let mut all = vec![said(&nothing), said(&board), said(&badges)];
    fs::create_dir(folder.path().join("status/odd.status")).unwrap();
    all.push(said(&asked));
    insta::assert_snapshot!(all.join("\n"), @"
    2: there is nothing to draw: the config has neither `status.board` nor `status.badges`
    hint: add `board:` or `badges:` below `status:` in the config
    2: cannot read `FOLDER`: it is a folder
    hint: check what is there: a regular UTF-8 file is expected
    2: `FOLDER/theirs/development.json` already exists and is not a badge
    hint: remove it, or name another folder as `status.badges`
    2: cannot read `FOLDER/status/odd.status`: it is a folder
    hint: check what is there: a regular UTF-8 file of at most 8 MiB is expected
    ");
}

#[test]
fn without_a_verified_service_there_is_nothing_to_draw() {
    let folder = folder();
    status_folder(folder.path());
    assert_eq!(told(&folder), "up to date with 0 status files: nothing was changed");
    put(&folder.path().join("status/local.status"), "status: RED\nhealth_check: FAIL\n");
    assert_eq!(told(&folder), "up to date with 1 status file: nothing was changed");
    assert_eq!(files(folder.path()), ["status/local.status"]);
    // Git keeps no empty folder.
    fs::remove_dir_all(folder.path().join("status")).unwrap();
    assert_eq!(told(&folder), "up to date with 0 status files: nothing was changed");
}

/// Both sides of a merge stood in the file, and a run turned both GREEN.
#[test]
fn conflict_markers_of_git_are_refused_by_name() {
    let conflict =
        |line: &str| format!("a: b\n<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> other\n");
    let status = "image.support-email: \"RED r.example/a:b\"";
    let mut all = Vec::new();
    for (name, text) in [
        ("status/development.status", conflict(status)),
        // The board is drawn from this one, too.
        ("status/production.status", conflict(status)),
        ("board.md", conflict("| development |")),
    ] {
        let folder = folder();
        let settings = one(&folder);
        put(&folder.path().join(name), &text);
        all.extend([refusal(&settings, &folder), told(&folder)]);
        assert_eq!(files(folder.path()), [name], "nothing is written");
        assert_eq!(read(folder.path(), name), text);
    }
    insta::assert_snapshot!(all.join("\n"), @"
    error: cannot update `FOLDER/status/development.status` (`--update-status`): line 2 is git's conflict marker `<<<<<<<`
    hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    error: cannot read `FOLDER/status/development.status`: line 2 is git's conflict marker `<<<<<<<`
    hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    error: cannot update `FOLDER/status/production.status` (`--update-status`): line 2 is git's conflict marker `<<<<<<<`
    hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    error: cannot read `FOLDER/status/production.status`: line 2 is git's conflict marker `<<<<<<<`
    hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    error: cannot update the board in `FOLDER/board.md` (`--update-status`): line 2 is git's conflict marker `<<<<<<<`
    hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    error: cannot draw the board in `FOLDER/board.md`: line 2 is git's conflict marker `<<<<<<<`
    hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
    ");
}

#[test]
fn conflict_markers_that_came_meanwhile_leave_the_file_and_its_rows() {
    let folder = folder();
    let both = vec![fixtures::verified(), of("billing", "production")];
    write_as(status_folder(folder.path()), both);
    let settings = one(&folder);
    let prepared = Prepared::prove(&settings).unwrap();
    let text = "<<<<<<< HEAD\nimage.billing: RED x\n=======\n>>>>>>> other\n";
    put(&folder.path().join("status/production.status"), text);
    let written = prepared.write(&fixtures::report(vec![fixtures::missing()]), &settings);
    insta::assert_snapshot!(notes(&written, &folder), @"cannot read `FOLDER/status/production.status`: line 1 is git's conflict marker `<<<<<<<`; what board and badges say of it stays as it was");
    assert_eq!(read(folder.path(), "status/production.status"), text);
    assert!(read(folder.path(), "board.md").contains("| production | billing | 🟢 GREEN |"));
}

#[test]
fn replaced_lines_of_a_person_are_noted_and_the_gate_s_own_are_not() {
    let told = |text: &str| {
        let folder = folder();
        let settings = one(&folder);
        put(&folder.path().join("status/development.status"), text);
        let mut all = Vec::new();
        for image in [fixtures::missing(), fixtures::verified(), fixtures::stale()] {
            let prepared = Prepared::prove(&settings).unwrap();
            let mut report = fixtures::report(vec![image]);
            report.images[0].verified_at = fixtures::at(2 + i64::try_from(all.len()).unwrap());
            all.push(notes(&prepared.write(&report, &settings), &folder));
        }
        all.join("|")
    };
    let all = [
        told("notes: Docker is not running\n"),
        told("notes: |\n  ask Ann,\n  then Bob\n"),
        told("notes: ''\n"),
        told("status: RED\n"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    `notes` in `development.status` was replaced by what this run found; it said `Docker is not running`||
    `notes` in `development.status` was replaced by what this run found; it said `ask Ann, then Bob`||
    ||
    ||
    ");
}

#[test]
fn what_one_run_writes_of_thousands_of_services_the_next_one_knows_again() {
    let folder = folder();
    let names: Vec<String> = (0..5_000).map(|number| format!("service-{number}")).collect();
    let images: Vec<ImageReport> = names.iter().map(|name| of(name, "development")).collect();
    let status = StatusFolder { services: names, ..status_folder(folder.path()) };
    assert_eq!(write_as(status.clone(), images.clone()), Written::default());
    let text = read(folder.path(), "status/development.status");
    assert!(text.len() > 1 << 20, "larger than what was read once");
    assert_eq!(write_as(status.clone(), images), Written::default());
    assert_eq!(read(folder.path(), "status/development.status"), text);
    assert_eq!(draw_status(&status).unwrap().changed, Vec::<std::path::PathBuf>::new());
}

/// An answer that another run got later stands: in the status file, or in the record's place.
#[test]
fn where_a_later_answer_is_stored_neither_line_nor_record_is_written() {
    let (early, late) = (fixtures::verified(), {
        let mut late = fixtures::verified();
        late.verified_at = fixtures::at(60);
        late
    });
    let late_red = ImageReport { verified_at: fixtures::at(60), ..fixtures::missing() };
    let mut all = Vec::new();
    for (name, early, late) in [
        ("line RED", early.clone(), late_red),
        ("line GREEN", early.clone(), late.clone()),
        ("record", early, late.clone()),
        ("a no", fixtures::missing(), late),
    ] {
        let folder = folder();
        let outputs = || Outputs {
            status: Some(status_folder(folder.path())),
            ..only([("record", folder.path().join("record.json"))])
        };
        let this = settings(vec![early.request.clone()], outputs());
        // It asked first, and writes last.
        let prepared = Prepared::prove(&this).unwrap();
        let mut other = outputs();
        match name {
            "record" | "a no" => other.status = None,
            _ => other.files.clear(),
        }
        let other = settings(vec![late.request.clone()], other);
        let mut report = fixtures::report(vec![late]);
        report.took = std::time::Duration::from_secs(70);
        Prepared::prove(&other).unwrap().write(&report, &other);
        let before: Vec<(String, String)> = files(folder.path())
            .into_iter()
            .map(|name| (name.clone(), read(folder.path(), &name)))
            .collect();
        let mut report = fixtures::report(vec![early]);
        report.took = std::time::Duration::from_secs(80);
        let written = prepared.write(&report, &this);
        all.push(format!("{name}: {}", notes(&written, &folder)));
        for (name, text) in before {
            assert_eq!(read(folder.path(), &name), text);
        }
        let has_record = folder.path().join("record.json").exists();
        assert_eq!(has_record, matches!(name, "record" | "a no"), "{name}");
    }
    insta::assert_snapshot!(all.join("\n"), @"
    line RED: could not write FOLDER/status/development.status: it already has a later answer for `support-email`, RED verified 2026-11-25T09:31:00Z: this run's, GREEN verified 2026-11-25T09:30:02Z, is older
    line GREEN: could not write FOLDER/status/development.status: it already has a later answer for `support-email`, GREEN verified 2026-11-25T09:31:00Z: this run's, GREEN verified 2026-11-25T09:30:02Z, is older
    record: could not write FOLDER/status/development.status: the record `FOLDER/record.json` is of a later answer, verified 2026-11-25T09:31:00Z: this run's, 2026-11-25T09:30:02Z, is older
    a no: could not write FOLDER/status/development.status: the record `FOLDER/record.json` is of a later answer, verified 2026-11-25T09:31:00Z: this run's, 2026-11-25T09:30:02Z, is older
    ");
}

#[test]
fn a_record_of_an_earlier_answer_does_not_outlive_a_no() {
    let folder = folder();
    let outputs = || only([("record", folder.path().join("record.json"))]);
    let this = settings(vec![fixtures::request(SUPPORT_EMAIL)], outputs());
    let prepared = Prepared::prove(&this).unwrap();
    run(&this, vec![fixtures::verified()]);
    let mut red = fixtures::missing();
    red.verified_at = fixtures::at(3);
    let written = prepared.write(&fixtures::report(vec![red]), &this);
    insta::assert_snapshot!(notes(&written, &folder), @"the record `FOLDER/record.json` of another run was removed: it is of an earlier answer (2026-11-25T09:30:02Z) than this FAILED");
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn the_folders_of_the_status_are_made_in_a_checkout_and_nowhere_else() {
    let folder = folder();
    let deep = |name: &str| folder.path().join("docs/deployment").join(name);
    let status = StatusFolder {
        directory: deep("status"),
        board: Some(folder.path().join("pages/board.md")),
        badges: Some(deep("badges")),
        services: vec!["support-email".to_owned()],
    };
    let outputs = Outputs { status: Some(status.clone()), ..Outputs::default() };
    let one = settings(vec![fixtures::request(SUPPORT_EMAIL)], outputs);
    insta::assert_snapshot!(refusal(&one, &folder), @"
    error: cannot write `FOLDER/docs/deployment/status/development.status` (`--update-status`): its folder does not exist
    hint: make the folder first: `mkdir -p FOLDER/docs/deployment/status`
    ");
    assert!(!folder.path().join("docs").exists());
    fs::create_dir(folder.path().join(".git")).unwrap();
    assert_eq!(write_as(status, vec![fixtures::verified()]), Written::default());
    insta::assert_snapshot!(files(folder.path()).join("\n"), @"
    docs/deployment/badges/development.json
    docs/deployment/status/development.status
    pages/board.md
    ");
}
