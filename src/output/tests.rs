use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::record::Record;
use super::*;
use crate::circleci::jobs::Conventions;
use crate::file::{self, Unwritten};
use crate::oci::RegistryHost;
use crate::report::fixtures::{self, SUPPORT_EMAIL};
use crate::report::{ImageReport, Outcome, Verdict};
use crate::request::ImageRequest;
use crate::secret::{Redactor, Secret};
use crate::settings::{
    Console, DigitalOcean, Format, OUTPUT_OPTIONS, Outputs, Pipelines, Proxy, Settings,
    StatusFolder, Words,
};
use crate::status;

mod status_folder;

pub(crate) fn settings(images: Vec<ImageRequest>, outputs: Outputs) -> Settings {
    Settings {
        images,
        digitalocean: DigitalOcean {
            api: "https://api.digitalocean.com".into(),
            registry: RegistryHost::DIGITALOCEAN.parse().unwrap(),
            plain_http: false,
        },
        token: None,
        docker_config: None,
        secret_variables: Vec::new(),
        token_server: None,
        proxy: Proxy::default(),
        wait: None,
        content: None,
        deadline: std::time::Duration::from_secs(120),
        more_time: crate::ambient::MoreTime::none(),
        started: std::time::Instant::now(),
        jobs: 16,
        outputs,
        console: Console {
            format: Format::Human,
            color_stdout: false,
            color_stderr: false,
            draws_stderr: false,
            quiet: false,
            verbosity: 0,
        },
        circleci: fixtures::circleci(),
        pipelines: Pipelines {
            api: "https://circleci.com".into(),
            pages: "https://app.circleci.com".into(),
            is_server: false,
            project: None,
            conventions: Conventions::default(),
            checkout: None,
            diagnose: None,
        },
        words: Words::CommandLine,
        notes: Vec::new(),
        redactor: Redactor::default(),
    }
}

/// Every output in one folder, each under the name of its option.
pub(super) fn everything(folder: &Path) -> Outputs {
    fs::create_dir_all(folder.join("status")).unwrap();
    let options = OUTPUT_OPTIONS.iter().map(|output| output.option);
    let with_a_path = options.filter(|option| *option != "update-status");
    Outputs {
        files: with_a_path.map(|option| (option, folder.join(option))).collect(),
        status: Some(StatusFolder {
            directory: folder.join("status"),
            board: None,
            badges: None,
            services: vec!["support-email".into()],
        }),
        config_file: "verify-registry-image.yml".into(),
        services: vec!["support-email".into()],
        inputs: Vec::new(),
    }
}

/// These files alone.
pub(super) fn only<const N: usize>(files: [(&'static str, PathBuf); N]) -> Outputs {
    Outputs { files: files.into(), ..Outputs::default() }
}

pub(super) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Every file below a folder, by its path in it.
pub(super) fn files(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

pub(super) fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Proves and writes one run.
pub(super) fn run(settings: &Settings, images: Vec<ImageReport>) -> Vec<Unwritten> {
    let report = fixtures::report(images);
    Prepared::prove(settings).unwrap().write(&report, settings).unwritten
}

pub(super) fn put(path: &Path, text: &str) {
    file::replace(path, text.as_bytes()).unwrap();
}

/// What a person reads when an output cannot be prepared.
pub(super) fn refusal(settings: &Settings, folder: &TempDir) -> String {
    use std::error::Error as _;
    let error = Prepared::prove(settings).unwrap_err();
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text = format!("error: {error}{cause}\nhint: {}", error.hint());
    text.replace(&folder.path().display().to_string(), "FOLDER")
}

#[test]
fn a_verified_image_leaves_everything_but_a_failure_reason() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    assert_eq!(run(&settings, vec![fixtures::verified()]), []);
    insta::assert_snapshot!(files(folder.path()).join("\n"), @"
    html
    image-ref
    junit
    metrics
    pulumi-config
    record
    record-dir/development/support-email.json
    status/development.status
    ");
    let record: Record = serde_json::from_str(&read(folder.path(), "record")).unwrap();
    assert_eq!(read(folder.path(), "image-ref"), record.image.pinned);
    assert_eq!(
        read(folder.path(), "record"),
        read(folder.path(), "record-dir/development/support-email.json")
    );
}

#[test]
fn a_red_run_after_a_green_one_leaves_nothing_to_deploy() {
    for image in [fixtures::missing(), fixtures::undecided()] {
        let folder = folder();
        let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
        assert_eq!(run(&settings, vec![fixtures::verified()]), []);
        let status = read(folder.path(), "status/development.status");
        let red = image.verdict() == Verdict::Failed;
        assert_eq!(run(&settings, vec![image]), []);
        assert_eq!(
            files(folder.path()),
            ["failure-reason-file", "html", "junit", "metrics", "status/development.status"]
        );
        assert_eq!(read(folder.path(), "status/development.status") != status, red);
        // And the other way round: the reason of the red run goes.
        let again = ImageReport { verified_at: fixtures::at(3), ..fixtures::verified() };
        assert_eq!(run(&settings, vec![again]), []);
        assert!(!folder.path().join("failure-reason-file").exists());
    }
}

#[test]
fn what_an_older_run_left_is_gone_before_the_first_request() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    run(&settings, vec![fixtures::verified()]);
    Prepared::prove(&settings).unwrap();
    // A collector reads the metrics at any time, so they stay until they are replaced.
    assert_eq!(files(folder.path()), ["metrics", "status/development.status"]);
}

#[test]
fn older_files_are_removed_in_the_reverse_of_the_order_in_which_they_are_written() {
    let folder = folder();
    let outputs = everything(folder.path());
    let images = [fixtures::request(SUPPORT_EMAIL)];
    let places = places::places(&outputs, &images);
    let order: Vec<&str> = places.iter().rev().map(|place| place.option).collect();
    assert_eq!(
        order.join(" "),
        "record-dir record pulumi-config metrics html image-ref failure-reason-file junit"
    );
}

#[test]
fn the_settings_and_the_writer_know_the_same_outputs_in_the_same_order() {
    let known = OUTPUT_OPTIONS.iter().map(|output| output.option);
    assert!(list::OUTPUTS.iter().map(|output| output.option).eq(known));
}

#[test]
fn a_file_that_is_not_ours_stays_and_so_does_everything_else() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    run(&settings, vec![fixtures::verified()]);
    let before = files(folder.path());
    for (name, text) in [
        ("record", "{\"theirs\": true}"),
        ("record-dir/development/support-email.json", ""),
        ("image-ref", "FROM node:20\n"),
        ("failure-reason-file", "export PATH=x\n"),
    ] {
        let path = folder.path().join(name);
        let kept = fs::read_to_string(&path).ok();
        put(&path, text);
        assert!(matches!(Prepared::prove(&settings), Err(OutputError::NotOurs { .. })), "{name}");
        assert_eq!(read(folder.path(), name), text);
        match kept {
            Some(kept) => put(&path, &kept),
            None => file::remove(&path).unwrap(),
        }
        assert_eq!(files(folder.path()), before);
    }
}

#[test]
fn each_refusal_says_what_to_do() {
    let folder = folder();
    let image = fixtures::request(SUPPORT_EMAIL);
    let junit = |path: &str| only([("junit", folder.path().join(path))]);
    let said = |outputs| refusal(&settings(vec![image.clone()], outputs), &folder);
    symlink("/dev/stdout", folder.path().join("link")).unwrap();
    put(&folder.path().join("theirs.json"), "{}");
    let theirs = only([("record", folder.path().join("theirs.json"))]);
    symlink(".", folder.path().join("sub")).unwrap();
    let twice = only([("record", folder.path().join("a")), ("junit", folder.path().join("sub/a"))]);
    let below_a_file = only([("record-dir", folder.path().join("theirs.json"))]);
    let told = [
        said(junit("link")),
        said(junit("none/junit.xml")),
        said(junit("")),
        said(theirs),
        said(twice),
        said(below_a_file),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    error: cannot write `FOLDER/link` (`--junit`): it is a symbolic link
    hint: name the file itself; nothing is written through a link
    error: cannot write `FOLDER/none/junit.xml` (`--junit`): its folder does not exist
    hint: make the folder first: `mkdir -p FOLDER/none`
    error: cannot write `FOLDER/` (`--junit`): it is a folder
    hint: name a file in that folder
    error: `FOLDER/theirs.json` (`--record`) already exists and is not a deployment record of ours
    hint: name another path, or remove the file if nobody needs it
    error: `--junit` and `--record` both write to `FOLDER/a`
    hint: give each output a file of its own; a symbolic link makes these two paths one
    error: cannot write `FOLDER/theirs.json/development` (`--record-dir`): its folder is not a folder
    hint: name a file in a folder that exists
    ");
}

#[test]
fn two_images_with_one_record_are_refused() {
    let folder = folder();
    let other = "registry.digitalocean.com/keepkey/support-email:other";
    let images = vec![fixtures::request(SUPPORT_EMAIL), fixtures::request(other)];
    let outputs = only([("record-dir", folder.path().into())]);
    insta::assert_snapshot!(refusal(&settings(images, outputs), &folder), @r"
    error: `--record-dir` would write two images to `FOLDER/development/support-email.json`
    hint: give each output a file of its own; a symbolic link makes these two paths one
    ");
}

#[test]
fn each_record_and_status_follows_its_own_image() {
    let folder = folder();
    let worker = fixtures::image("registry.digitalocean.com/keepkey/worker:latest-dev", &[]);
    let requests = vec![fixtures::request(SUPPORT_EMAIL), worker.request.clone()];
    let mut outputs = everything(folder.path());
    outputs.files.retain(|option, _| !["image-ref", "pulumi-config", "record"].contains(option));
    let settings = settings(requests, outputs);
    assert_eq!(run(&settings, vec![fixtures::undecided(), worker]), []);
    assert_eq!(
        files(folder.path()),
        [
            "failure-reason-file",
            "html",
            "junit",
            "metrics",
            "record-dir/development/worker.json",
            "status/development.status"
        ]
    );
    let status = status::StatusFile::parse(&read(folder.path(), "status/development.status"));
    assert_eq!(status.services.len(), 1);
    assert_eq!(status.services[0].0, "worker");
}

#[test]
fn an_undecided_run_makes_no_status_file() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    assert_eq!(run(&settings, vec![fixtures::refused()]), []);
    assert_eq!(files(folder.path()), ["failure-reason-file", "html", "junit", "metrics"]);
}

#[test]
fn no_record_where_something_before_it_was_unwritten() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    let prepared = Prepared::prove(&settings).unwrap();
    // The place is taken between the proof and the writing.
    fs::create_dir(folder.path().join("junit")).unwrap();
    symlink("elsewhere", folder.path().join("image-ref")).unwrap();
    let unwritten =
        prepared.write(&fixtures::report(vec![fixtures::verified()]), &settings).unwritten;
    let told: Vec<_> = unwritten
        .iter()
        .map(|one| format!("{}: {}", one.path.file_name().unwrap().display(), one.message))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    junit: it is a folder
    image-ref: it is a symbolic link
    ");
    assert_eq!(files(folder.path()), ["html", "image-ref", "metrics", "status/development.status"]);
}

#[test]
fn records_are_written_all_or_none() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    let prepared = Prepared::prove(&settings).unwrap();
    fs::create_dir(folder.path().join("record-dir/development/support-email.json")).unwrap();
    let unwritten =
        prepared.write(&fixtures::report(vec![fixtures::verified()]), &settings).unwritten;
    assert_eq!(unwritten.len(), 1);
    assert!(!folder.path().join("record").exists());
}

#[test]
fn the_exit_code_of_the_metrics_knows_a_record_that_could_not_be_written() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name);
    let outputs = only([("metrics", place("metrics.prom")), ("record", place("record.json"))]);
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], outputs);
    let prepared = Prepared::prove(&settings).unwrap();
    fs::create_dir(place("record.json")).unwrap();
    let report = fixtures::report(vec![fixtures::verified()]);
    assert_eq!(prepared.write(&report, &settings).unwritten.len(), 1);
    let code = |folder: &Path| read(folder, "metrics.prom").lines().last().unwrap().to_owned();
    assert_eq!(code(folder.path()), "verify_registry_image_exit_code 5");
    fs::remove_dir(place("record.json")).unwrap();
    assert_eq!(run(&settings, vec![fixtures::verified()]), []);
    assert_eq!(code(folder.path()), "verify_registry_image_exit_code 0");
}

#[test]
fn a_secret_that_slipped_in_is_masked_in_every_file() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    let secret = "dop_v1_0123456789abcdef";
    settings.redactor.hide(&Secret::new(secret));
    for mut image in [fixtures::verified(), fixtures::stale()] {
        let checked = image.results.iter_mut().rev().take(3);
        for result in checked {
            result.outcome = Outcome::passed(format!("seen {secret}"));
        }
        image.notes.push(format!("note {secret}"));
        assert_eq!(run(&settings, vec![image]), []);
        let mut masked = 0;
        for name in files(folder.path()) {
            let text = read(folder.path(), &name);
            assert!(!text.contains(secret), "{name}");
            masked += text.matches("***").count();
        }
        assert!(masked > 0);
    }
}

#[test]
fn a_reference_that_holds_a_secret_is_not_handed_on() {
    let folder = folder();
    let outputs = Outputs { status: None, ..everything(folder.path()) };
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], outputs);
    settings.redactor.hide(&Secret::new("support-email"));
    let unwritten = run(&settings, vec![fixtures::verified()]);
    let told: Vec<&str> = unwritten.iter().map(|unwritten| unwritten.message.as_str()).collect();
    assert_eq!(
        told,
        ["the image's reference contains a secret of this run, and masked it would name no image"]
    );
    for name in ["image-ref", "record"] {
        assert!(!folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn a_status_line_names_the_image_or_none() {
    let outputs = |folder: &TempDir| Outputs {
        status: everything(folder.path()).status,
        ..Outputs::default()
    };
    let run_with = |secret: &str, image: ImageReport| {
        let folder = folder();
        let path = folder.path().join("status/development.status");
        let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], outputs(&folder));
        put(&path, "image.support-email: \"GREEN r.example/a:b\"\n");
        settings.redactor.hide(&Secret::new(secret));
        let unwritten = run(&settings, vec![image]);
        let text = fs::read_to_string(&path).unwrap();
        let line = text.lines().find(|line| line.starts_with("image.")).unwrap();
        format!("{line} {}", unwritten.iter().map(|one| one.message.as_str()).collect::<String>())
    };
    let told = [
        run_with("latest-dev", fixtures::verified()),
        run_with("latest-dev", fixtures::missing()),
        run_with("support-email", fixtures::missing()),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    image.support-email: "GREEN r.example/a:b" the image's reference contains a secret of this run, and masked it would name no image
    image.support-email: "RED since 2026-11-25T09:30:02Z verified 2026-11-25T09:30:02Z reason tag-missing" 
    image.support-email: "GREEN r.example/a:b" the image's reference contains a secret of this run, and masked it would name no image
    "#);
}

#[test]
fn a_line_of_others_is_not_masked() {
    let folder = folder();
    let path = folder.path().join("status/development.status");
    let outputs = Outputs { status: everything(folder.path()).status, ..Outputs::default() };
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], outputs);
    settings.redactor.hide(&Secret::new("commit"));
    put(&path, "# every commit on develop\n");
    assert_eq!(run(&settings, vec![fixtures::stale()]), []);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# every commit on develop\n"), "{text}");
    assert!(text.contains("the image was built from another ***"), "{text}");
}

#[test]
fn runs_side_by_side_lose_no_line() {
    let folder = folder();
    let names: Vec<String> = (0..12).map(|number| format!("service-{number}")).collect();
    let status = everything(folder.path()).status.unwrap();
    let status = StatusFolder { services: names.clone(), ..status };
    let outputs = Outputs { status: Some(status), ..Outputs::default() };
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        for name in &names {
            let (outputs, failed) = (&outputs, &failed);
            scope.spawn(move || {
                let reference = format!("registry.digitalocean.com/keepkey/{name}:latest-dev");
                let image = fixtures::image(&reference, &[]);
                let settings = settings(vec![image.request.clone()], outputs.clone());
                let unwritten = run(&settings, vec![image]);
                failed.fetch_or(!unwritten.is_empty(), Ordering::Relaxed);
            });
        }
    });
    assert!(!failed.into_inner());
    let status = status::StatusFile::parse(&read(folder.path(), "status/development.status"));
    assert_eq!(status.services.len(), names.len());
    assert_eq!(files(folder.path()), ["status/development.status"]);
}

#[test]
fn what_was_left_out_on_purpose_is_said() {
    let folder = folder();
    let settings = settings(vec![fixtures::request(SUPPORT_EMAIL)], everything(folder.path()));
    let said = |image: ImageReport, unwritten: &[Unwritten]| {
        remarks(&fixtures::report(vec![image]), &settings, unwritten).join("\n")
    };
    let unwritten = [Unwritten { path: "a".into(), message: "b".into() }];
    assert_eq!(said(fixtures::verified(), &[]), "");
    insta::assert_snapshot!(said(fixtures::missing(), &[]), @"no record was written: the image is not VERIFIED");
    insta::assert_snapshot!(said(fixtures::undecided(), &[]), @r"
    the status of support-email stays as it was: the verdict is UNDECIDED
    no record was written: the image is not VERIFIED
    ");
    insta::assert_snapshot!(said(fixtures::verified(), &unwritten), @"no record was written, because another output could not be");
}
