//! Where a file may be written, and what becomes of the one that stands there.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::{REPOSITORY, TAG, gate, older_record, with_image};
use crate::stand_in::StandIn;
use crate::support::{Gate, could_not_run};

/// Nothing was asked.
#[track_caller]
fn assert_not_asked(stand_in: &StandIn) {
    assert!(stand_in.log().is_empty(), "{:?}", stand_in.log());
}

#[test]
fn nothing_is_written_through_a_link() {
    let (stand_in, _) = with_image();
    let elsewhere = tempfile::tempdir().unwrap();
    let gate = gate(&stand_in).args("--junit junit.xml");
    symlink(elsewhere.path().join("made"), gate.folder().join("junit.xml")).unwrap();
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --junit junit.xml
    exit code: 2
    ----- stdout
    ----- stderr
    error: cannot write `junit.xml` (`--junit`): it is a symbolic link
      hint: name the file itself; nothing is written through a link
    ");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "the link's target was made");
    assert_not_asked(&stand_in);
}

#[test]
fn what_a_link_points_at_stays_as_it_was() {
    let (stand_in, _) = with_image();
    let gate = gate(&stand_in).args("--image-ref ref").file("kept", "as it was");
    symlink("kept", gate.folder().join("ref")).unwrap();
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --image-ref ref
    exit code: 2
    ----- stdout
    ----- stderr
    error: cannot write `ref` (`--image-ref`): it is a symbolic link
      hint: name the file itself; nothing is written through a link
    ");
    assert_not_asked(&stand_in);
}

#[test]
fn a_path_that_cannot_be_a_file_ends_the_run_before_it_asks() {
    let (stand_in, _) = with_image();
    let mut said = String::new();
    for path in ["folder", "missing/junit.xml", "file/junit.xml", "pipe"] {
        let gate = gate(&stand_in).arg("--junit").arg(path).file("folder/x", "").file("file", "");
        let made = Command::new("mkfifo").arg(gate.folder().join("pipe")).status().unwrap();
        assert!(made.success());
        let run = gate.run();
        assert!((run.code, run.files.len()) == (Some(2), 0) && run.stdout.is_empty());
        said.push_str(&run.stderr);
    }
    insta::assert_snapshot!(said, @"
    error: cannot write `folder` (`--junit`): it is a folder
      hint: name a file in that folder
    error: cannot write `missing/junit.xml` (`--junit`): its folder does not exist
      hint: make the folder first: `mkdir -p missing`
    error: cannot write `file/junit.xml` (`--junit`): its folder is not a folder
      hint: name a file in a folder that exists
    error: cannot write `pipe` (`--junit`): it is not a regular file
      hint: name a regular file, or one that does not exist yet
    ");
    assert_not_asked(&stand_in);
}

#[test]
fn a_folder_that_may_not_be_written_ends_the_run_before_it_asks() {
    let (stand_in, _) = with_image();
    let gate = gate(&stand_in).args("--junit junit.xml");
    fs::set_permissions(gate.folder(), fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write anywhere.
    let probe = gate.folder().join("probe");
    let is_root = fs::File::create(&probe).is_ok();
    let _ = fs::remove_file(probe);
    let gate = if !is_root {
        gate
    } else if Path::new("/usr/bin/setpriv").exists() {
        gate.through("exec /usr/bin/setpriv --reuid=65534 --clear-groups -- \"$@\"")
    } else {
        let name = "a_folder_that_may_not_be_written_ends_the_run_before_it_asks";
        return could_not_run(name, "the superuser may write anywhere, and there is no `setpriv`");
    };
    let run = gate.run();
    insta::assert_snapshot!(format!("{:?}\n{}", run.code, run.stderr), @"
    Some(2)
    error: cannot write `junit.xml` (`--junit`): permission denied
      hint: check who owns the folder and whether it is writable, or name another one
    ");
    assert_not_asked(&stand_in);
}

#[test]
fn an_older_record_is_removed_when_the_image_is_not_verified() {
    let (stand_in, _) = with_image();
    let record = older_record(&stand_in);
    stand_in.untag(REPOSITORY, TAG);
    let gate = gate(&stand_in).args("--record record.json").file("record.json", record);
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    ----- record.json: removed
    ");
}

#[test]
fn a_file_that_is_no_record_is_not_replaced_by_one() {
    let (stand_in, _) = with_image();
    let gate = gate(&stand_in)
        .args("--record package.json")
        .file("package.json", "{ \"name\": \"support-email\" }\n");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image -q [registry]/keepkey/support-email:latest-dev --record package.json
    exit code: 2
    ----- stdout
    ----- stderr
    error: `package.json` (`--record`) already exists and is not a deployment record of ours
      hint: name another path, or remove the file if nobody needs it
    ");
    assert_not_asked(&stand_in);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_new_file_can_be_read_by_others_and_an_old_one_keeps_its_mode() {
    let (stand_in, _) = with_image();
    let run = gate(&stand_in).args("--junit junit.xml").through("umask 022; exec \"$@\"").run();
    assert_eq!(mode(&run.folder().join("junit.xml")), 0o644);
    let run = gate(&stand_in).args("--junit junit.xml").through("umask 077; exec \"$@\"").run();
    assert_eq!(mode(&run.folder().join("junit.xml")), 0o600);
    let kept = gate(&stand_in).args("--junit junit.xml").file("junit.xml", "");
    fs::set_permissions(kept.folder().join("junit.xml"), fs::Permissions::from_mode(0o640))
        .unwrap();
    let run = kept.run();
    assert_eq!(mode(&run.folder().join("junit.xml")), 0o640);
    assert!(run.file("junit.xml").starts_with("<?xml "));
}

#[test]
fn a_file_that_cannot_be_written_after_a_yes_has_its_own_code_and_leaves_no_record() {
    let (stand_in, _) = with_image();
    // As on a full disk: a file can be made, and takes no byte.
    let gate = Gate::at(&stand_in)
        .args("--junit junit.xml --record record.json")
        .image(&format!("{REPOSITORY}:{TAG}"))
        .through("trap '' XFSZ; ulimit -f 0; exec \"$@\"")
        .file("junit.xml", "the old one\n");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ trap '' XFSZ; ulimit -f 0; exec verify-registry-image --junit junit.xml --record record.json [registry]/keepkey/support-email:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: `junit.xml` (`--junit`) already exists and is not a JUnit document
      hint: name another path, or remove the file if nobody needs it
    ");
}

#[test]
fn a_file_of_another_kind_is_not_replaced() {
    let (stand_in, _) = with_image();
    let config = "registry: r.example/keepkey\n";
    let mut text = String::new();
    for (option, path, content) in [
        ("--html", "verify-registry-image.yml", config),
        ("--junit", "digest", "sha256:0123\n"),
        ("--html", "README.md", "<h1>ours</h1>\n"),
        ("--junit", "page.html", "<!doctype html>\n"),
    ] {
        let run = gate(&stand_in).arg(option).arg(path).file(path, content).run();
        assert!(run.files.is_empty(), "{option} {path}: {:?}", run.files);
        write!(text, "{:?} {}", run.code, run.stderr).expect("a text grows");
    }
    insta::assert_snapshot!(text, @"
    Some(2) error: `verify-registry-image.yml` (`--html`) is also the config file, which this run reads
      hint: name another file for the output
    Some(2) error: `digest` (`--junit`) already exists and is not a JUnit document
      hint: name another path, or remove the file if nobody needs it
    Some(2) error: `README.md` (`--html`) already exists and is not a web page
      hint: name another path, or remove the file if nobody needs it
    Some(2) error: `page.html` (`--junit`) already exists and is not a JUnit document
      hint: name another path, or remove the file if nobody needs it
    ");
    let run = gate(&stand_in)
        .args("--html page.html --junit junit.xml")
        .file("page.html", "\u{feff}<!DOCTYPE html><title>another's</title>")
        .file("junit.xml", "<testsuites/>")
        .run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}
