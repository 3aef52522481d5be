//! What a run leaves behind that is no output: temporary files, an older yes, a record of what is no more.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::repeated::config;
use super::{REPOSITORY, TAG, file_options, files_of, gate, older_record, with_image};
use crate::stand_in::{Image, StandIn};
use crate::support::{Gate, Run, could_not_run, wait_until};

/// The temporary files in a folder.
fn temporary(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "tmp")).collect()
}

#[test]
fn a_signal_leaves_no_temporary_file_whenever_it_comes() {
    let (stand_in, _) = with_image();
    // Each file that is begun, while the paths are proved and while they are written.
    for number in 0..10 {
        for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
            let gate = gate(&stand_in).args(&files_of(file_options()));
            let folder = gate.folder().to_owned();
            let running = gate.start();
            let (mut seen, mut last) = (0, Vec::new());
            wait_until("a temporary file", || {
                let now = temporary(&folder);
                seen += usize::from(!now.is_empty() && now != last);
                last = now;
                seen > number || folder.join("record").exists()
            });
            running.signal(signal);
            let run = running.finish();
            assert_eq!(temporary(&folder), [""; 0], "{number} {signal:?}");
            // It may have been done before.
            if run.code == Some(code) {
                for name in ["record", "image-ref", "pulumi-config"] {
                    assert!(!folder.join(name).exists(), "{number} {signal:?}: {name} stayed");
                }
            } else {
                assert_eq!(run.code, Some(0), "{number} {signal:?}: {}", run.snapshot());
            }
        }
    }
}

#[test]
fn the_next_run_removes_what_a_killed_one_left_and_nothing_that_is_still_written() {
    let (stand_in, _) = with_image();
    let left = ".verify-registry-image-Ab12Cd.tmp";
    let written = ".verify-registry-image-writes.tmp";
    let gate = gate(&stand_in)
        .args("--junit junit.xml --html pages/page.html")
        .file("pages/kept.html", "")
        .file(left, "half a record")
        .file(&format!("pages/{left}"), "half a page")
        .file(written, "of another run")
        .file("other.tmp", "of others");
    let folder = gate.folder().to_owned();
    let other_run = fs::File::open(folder.join(written)).unwrap();
    other_run.lock().unwrap();
    let run = gate.run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let mut stayed = temporary(&folder);
    stayed.sort();
    assert_eq!(stayed, [written, "other.tmp"]);
    assert_eq!(temporary(&folder.join("pages")), [""; 0]);
}

/// The settings are read from a pipe that never ends: nothing has begun yet.
#[test]
fn a_signal_is_obeyed_before_the_settings_are_read() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let gate = Gate::alone().args("-").through("exec \"$@\" 0<>endless");
        let made = Command::new("mkfifo").arg(gate.folder().join("endless")).status().unwrap();
        assert!(made.success());
        let running = gate.start();
        let mask = 1_u64 << (signal.as_raw() - 1);
        wait_until("a handler", || {
            let status = running.status();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let is_ours = status.starts_with("Name:\tverify-");
            caught.is_some_and(|set| u64::from_str_radix(set.trim(), 16).unwrap() & mask != 0)
                && is_ours
        });
        running.signal(signal);
        assert_eq!(running.finish().code, Some(code));
    }
}

#[test]
fn a_run_that_is_ended_while_it_prints_its_verdict_leaves_nothing_to_deploy() {
    let stand_in = StandIn::honest();
    let names: Vec<String> = (0..40).map(|number| format!("service-{number:02}")).collect();
    for service in &names {
        stand_in.image(&format!("keepkey/{service}"), TAG, Image::node_on_alpine());
    }
    let services: Vec<&str> = names.iter().map(String::as_str).collect();
    let gate = Gate::at(&stand_in)
        .args("--environment development --format json --record-dir records")
        .file("verify-registry-image.yml", config(&stand_in, &services))
        // A reader that never reads: the report is larger than what a pipe holds.
        .through("exec \"$@\" 1<>unread");
    let made = Command::new("mkfifo").arg(gate.folder().join("unread")).status().unwrap();
    assert!(made.success());
    let folder = gate.folder().join("records/development");
    let running = gate.start();
    wait_until("the last record", || folder.join("service-39.json").exists());
    running.signal(Signal::TERM);
    let run = running.finish();
    let left = fs::read_dir(&folder).unwrap().flatten().count();
    assert_eq!((run.code, left), (Some(143), 0), "{}", run.stderr);
}

#[test]
fn a_path_that_ends_like_a_folder_s_is_refused_before_anything_is_asked() {
    let (stand_in, _) = with_image();
    let mut said = String::new();
    for option in file_options() {
        let run = gate(&stand_in).arg(format!("--{option}=results/")).run();
        assert_eq!((run.code, run.files.len()), (Some(2), 0), "{}", run.snapshot());
        said.push_str(&run.stderr);
    }
    insta::assert_snapshot!(said, @"
    error: cannot write `results/` (`--junit`): its name ends with `/`, as a folder's does
      hint: name a file in that folder
    error: cannot write `results/` (`--failure-reason-file`): its name ends with `/`, as a folder's does
      hint: name a file in that folder
    error: cannot write `results/` (`--image-ref`): its name ends with `/`, as a folder's does
      hint: name a file in that folder
    error: cannot write `results/` (`--html`): its name ends with `/`, as a folder's does
      hint: name a file in that folder
    error: cannot write `results/` (`--metrics`): its name ends with `/`, as a folder's does
      hint: name a file in that folder
    error: cannot write `results/` (`--pulumi-config`): its name ends with `/`, as a folder's does
      hint: name a file in that folder
    error: cannot write `results/` (`--record`): its name ends with `/`, as a folder's does
      hint: name a file in that folder
    ");
    assert!(stand_in.log().is_empty(), "{:?}", stand_in.log());
}

#[test]
fn what_the_run_reads_is_never_an_output() {
    let (stand_in, pushed) = with_image();
    let digest = format!("{}@{}", stand_in.reference(REPOSITORY), pushed.digest);
    let inputs = || {
        gate(&stand_in)
            .file("digest", &digest)
            .file("verify-registry-image.yml", "registry: r.example/team\n")
            .file("docker/config.json", "{}")
            .file("doctl.yaml", "access-token: \"\"\n")
            .file("ca.pem", "")
            .env("DOCKER_CONFIG", "docker")
            .env("DIGITALOCEAN_CONFIG", "doctl.yaml")
            .env("SSL_CERT_FILE", "ca.pem")
            .args("--expect-digest-file digest")
    };
    let mut said = String::new();
    let files =
        ["digest", "verify-registry-image.yml", "docker/config.json", "doctl.yaml", "ca.pem"];
    for file in files {
        for option in [
            "junit",
            "record",
            "html",
            "image-ref",
            "pulumi-config",
            "metrics",
            "failure-reason-file",
        ] {
            let run = inputs().arg(format!("--{option}={file}")).run();
            assert!(run.files.is_empty(), "{option} {file}: {}", run.snapshot());
            assert_eq!(run.code, Some(2), "{option} {file}: {}", run.snapshot());
            if option == "image-ref" {
                said.push_str(&run.stderr);
            }
        }
    }
    insta::assert_snapshot!(said, @"
    error: `digest` (`--image-ref`) is also the file of the expected digest, which this run reads
      hint: name another file for the output
    error: `verify-registry-image.yml` (`--image-ref`) is also the config file, which this run reads
      hint: name another file for the output
    error: `docker/config.json` (`--image-ref`) is also docker's config file, which this run reads
      hint: name another file for the output
    error: `doctl.yaml` (`--image-ref`) is also doctl's config file, which this run reads
      hint: name another file for the output
    error: `ca.pem` (`--image-ref`) is also the file of CA certificates, which this run reads
      hint: name another file for the output
    ");
    // Under another name, and where something else is wrong first.
    for arguments in ["--image-ref link", "--image-ref here/digest", "--image-ref digest --port 0"]
    {
        let gate = inputs().args(arguments);
        symlink("digest", gate.folder().join("link")).unwrap();
        symlink(".", gate.folder().join("here")).unwrap();
        let run = gate.run();
        assert_eq!((run.code, run.files.len()), (Some(2), 0), "{}", run.snapshot());
    }
    assert!(stand_in.log().is_empty(), "{:?}", stand_in.log());
}

#[test]
fn a_red_run_does_not_take_the_push_job_s_digest() {
    let (stand_in, pushed) = with_image();
    let digest = format!("{}@{}\n", stand_in.reference(REPOSITORY), pushed.digest);
    stand_in.untag(REPOSITORY, TAG);
    let run = gate(&stand_in)
        .args("--expect-digest-file digest --image-ref digest")
        .file("digest", digest)
        .run();
    assert_eq!((run.code, run.files.len()), (Some(2), 0), "{}", run.snapshot());
}

#[test]
fn a_record_is_known_again_whatever_its_size() {
    let (stand_in, _) = with_image();
    let mut record: serde_json::Value = serde_json::from_str(&older_record(&stand_in)).unwrap();
    let port = serde_json::Value::from("5001/tcp ".repeat(100));
    record["image"]["platforms"][0]["exposed_ports"] = vec![port; 20_000].into();
    let record = serde_json::to_string_pretty(&record).unwrap();
    assert!(record.len() > 17 << 20);
    stand_in.untag(REPOSITORY, TAG);
    let run = gate(&stand_in).args("--record record.json").file("record.json", &record).run();
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(run.files["record.json"], None, "the older yes stayed");
    let run =
        gate(&stand_in).args("--record record.json --port 0").file("record.json", record).run();
    assert_eq!((run.code, &run.files["record.json"]), (Some(2), &None));
}

#[test]
fn a_record_of_a_service_that_left_the_config_is_removed_and_said() {
    let stand_in = StandIn::honest();
    for service in ["api", "web", "worker"] {
        stand_in.image(&format!("keepkey/{service}"), TAG, Image::node_on_alpine());
    }
    let run = |services: &[&str], files: &[(String, String)]| -> Run<'_> {
        let gate = Gate::at(&stand_in)
            .args("-q --environment development --record-dir records")
            .file("verify-registry-image.yml", config(&stand_in, services));
        files.iter().fold(gate, |gate, (name, text)| gate.file(name, text)).run()
    };
    let before = run(&["api", "web"], &[]);
    let web = before.file("records/development/web.json").to_owned();
    // What is not surely the record of a service that left stays.
    let others = [
        ("records/development/notes.json", "{}"),
        ("records/development/copy.json", web.as_str()),
        ("records/production/web.json", &web.replace("\"development\"", "\"production\"")),
        ("records/development/web.txt", web.as_str()),
    ];
    let mut files: Vec<(String, String)> =
        others.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    files.push(("records/development/web.json".to_owned(), web.clone()));
    let after = run(&["api", "worker"], &files);
    assert_eq!(after.code, Some(0), "{}", after.snapshot());
    let changed: Vec<_> =
        after.files.iter().map(|(name, text)| (name.as_str(), text.is_some())).collect();
    assert_eq!(
        changed,
        [
            ("records/development/api.json", true),
            ("records/development/web.json", false),
            ("records/development/worker.json", true),
        ]
    );
    insta::assert_snapshot!(after.stderr, @"note: removed `records/development/web.json`: the config has no service `web` any more");
    // A narrower question does not make the other services strangers.
    let narrow = Gate::at(&stand_in)
        .args("-q --environment development --record-dir records --service api")
        .file("verify-registry-image.yml", config(&stand_in, &["api", "web"]))
        .file("records/development/web.json", web)
        .run();
    assert!(!narrow.files.contains_key("records/development/web.json"), "{}", narrow.snapshot());
}

/// As a container without a free descriptor: the run says so, and never that it has a defect.
#[test]
fn without_descriptors_the_run_says_so_and_leaves_no_older_yes() {
    let (stand_in, _) = with_image();
    let record = older_record(&stand_in);
    let run = |limit: u32| {
        gate(&stand_in)
            .args("--junit junit.xml --record record.json")
            .file("record.json", &record)
            .through(&format!("ulimit -n {limit}; exec \"$@\""))
            .start()
    };
    let running: Vec<_> = (4..20).chain([40]).map(|limit| (limit, run(limit))).collect();
    let mut codes = Vec::new();
    for (limit, running) in running {
        let run = running.finish();
        let shown = run.snapshot();
        assert!(!shown.contains("internal error"), "{limit}: {shown}");
        match run.code {
            // Not even the program's libraries could be opened.
            Some(127) => continue,
            Some(0) => assert_eq!(run.files.len(), 2, "{limit}: {shown}"),
            // What was asked could be told, or what was verified could not be written.
            Some(3 | 5) => {
                assert!(shown.contains("too many open files"), "{limit}: {shown}");
                let stayed = !run.files.contains_key("record.json");
                assert_eq!(stayed, run.stderr.contains("could not remove"), "{limit}: {shown}");
            }
            other => panic!("{limit}: {other:?} {shown}"),
        }
        codes.push(run.code.unwrap());
    }
    assert_eq!((codes.first(), codes.last()), (Some(&3), Some(&0)), "{codes:?}");
}

/// The run as a user who may have one process: a container whose limit of processes is reached.
fn without_threads<'a>(name: &str, gate: Gate<'a>) -> Option<Run<'a>> {
    if !["setpriv", "prlimit"].iter().all(|tool| Path::new("/usr/bin").join(tool).exists()) {
        could_not_run(name, "there is no `setpriv` or no `prlimit`");
        return None;
    }
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(gate.folder(), mode).unwrap();
    let user = 61_000 + std::process::id() % 4_000;
    let other = format!("/usr/bin/setpriv --reuid={user} --clear-groups");
    let shell = format!("exec {other} -- /usr/bin/prlimit --nproc=1 -- \"$@\"");
    let run = gate.through(&shell).run();
    if run.stderr.contains("setpriv:") {
        could_not_run(name, "only the superuser may become another user");
        return None;
    }
    Some(run)
}

#[test]
fn without_threads_the_run_does_its_work_all_the_same() {
    let (stand_in, _) = with_image();
    let name = "without_threads_the_run_does_its_work_all_the_same";
    let gate = gate(&stand_in).args("--junit junit.xml --record record.json");
    let Some(run) = without_threads(name, gate) else { return };
    assert_eq!((run.code, run.files.len()), (Some(0), 2), "{}", run.snapshot());
}

#[test]
fn a_name_that_no_thread_is_there_to_resolve_is_no_defect() {
    let (stand_in, _) = with_image();
    let name = "a_name_that_no_thread_is_there_to_resolve_is_no_defect";
    let reference = stand_in.reference(&format!("{REPOSITORY}:{TAG}"));
    let by_name = reference.replace("127.0.0.1", "localhost");
    let host = by_name.split('/').next().unwrap().to_owned();
    let gate = Gate::at(&stand_in)
        .args("--deadline 2s -q --junit junit.xml --record record.json")
        .arg(by_name)
        .env("DIGITALOCEAN_REGISTRY_HOST", host);
    let Some(run) = without_threads(name, gate) else { return };
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    let junit = run.file("junit.xml");
    assert!(
        junit.contains("its name could not be resolved: the system gives no thread"),
        "{junit}"
    );
}
