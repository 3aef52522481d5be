//! The orb's scripts, run by every shell that is here as CircleCI runs them, with programs on PATH that record
//! what they were given. This tries the wrapper; the gate itself is tried in tests/container.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    use serde_yaml::Value;
    use tempfile::TempDir;

    use crate::python;
    use crate::source::{could_not_run, sources, write_program};
    use crate::steps::{Run, Step, steps};

    /// A working directory with a folder for programs, as a job has them.
    struct Job {
        folder: TempDir,
    }

    impl Job {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("bin")).unwrap();
            let job = Self { folder };
            for tool in [
                "mkdir",
                "sed",
                "env",
                "sort",
                "cat",
                "uname",
                "mktemp",
                "rm",
                "sha256sum",
                "cut",
                "tar",
                "gzip",
                "cp",
                "chmod",
                "mv",
                "grep",
                "find",
            ] {
                let found = ["/usr/bin", "/bin"].map(|bin| Path::new(bin).join(tool));
                let found = found.iter().find(|path| path.exists()).unwrap();
                std::os::unix::fs::symlink(found, job.path(&format!("bin/{tool}"))).unwrap();
            }
            job
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            use std::io::Write as _;
            let mut file = fs::File::create(self.path(name)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn read(&self, name: &str) -> String {
            fs::read_to_string(self.path(name)).unwrap_or_default()
        }

        fn program(&self, name: &str, script: &str) {
            write_program(&self.path(&format!("bin/{name}")), script).unwrap();
        }

        /// The program, as far as the wrapper sees it: its version, else its variables kept and this exit code.
        fn gate(&self, version: &str, exit: u8) {
            let script = format!(
                "if [ \"${{1:-}}\" = --version ]; then echo '{version}'; exit 0; fi\n\
                 echo \"arguments: $#\" > seen\nenv | grep '^VERIFY_' | sort >> seen\nexit {exit}\n"
            );
            self.program("verify-registry-image", &script.replace("grep", "/bin/grep"));
        }

        fn run(&self, shell: &[&str], run: &Run) -> Output {
            let mut command = Command::new(shell[0]);
            command.args(&shell[1..]).arg("-c").arg(&run.command);
            command.current_dir(self.folder.path()).env_clear();
            command.envs(&run.environment).env("PATH", self.path("bin")).env("CIRCLECI", "true");
            command.output().unwrap()
        }
    }

    /// The shells that CircleCI uses: bash where there is one, else sh (dash here, ash on Alpine).
    fn shells() -> Vec<Vec<&'static str>> {
        let mut shells = vec![vec!["/bin/bash", "-eo", "pipefail"], vec!["/bin/sh", "-e"]];
        let busybox =
            ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
        if let Some(busybox) = busybox {
            shells.push(vec![busybox, "ash", "-eo", "pipefail"]);
        } else {
            could_not_run("the orb's scripts under ash: `busybox` is not installed");
        }
        shells
    }

    fn orb() -> Value {
        serde_yaml::from_str(include_str!("../../orb/orb.yml")).unwrap()
    }

    fn runs(command: &str, parameters: &str) -> Vec<Run> {
        steps("commands", command, parameters)
            .into_iter()
            .filter_map(|step| match step {
                Step::Run(run) => Some(run),
                Step::Other(_) => None,
            })
            .collect()
    }

    /// The step that asks.
    fn verify(parameters: &str) -> Run {
        let mut runs = runs("verify", parameters);
        runs.retain(|run| run.name == "Verify the image in the registry");
        runs.remove(0)
    }

    fn code(output: &Output) -> i32 {
        output.status.code().unwrap()
    }

    const SOUND: &str = concat!("verify-registry-image ", env!("CARGO_PKG_VERSION"));

    #[test]
    fn every_exit_code_of_the_gate_is_the_steps() {
        if !python::is_here() {
            return;
        }
        for shell in shells() {
            for exit in [0, 1, 2, 3, 4, 5, 101] {
                let job = Job::new();
                job.gate(SOUND, exit);
                let output = job.run(&shell, &verify("{image: registry.example/team/api:1}"));
                assert_eq!(code(&output), i32::from(exit), "{shell:?} {output:?}");
            }
        }
    }

    #[test]
    fn parameters_arrive_as_they_were_written_and_nothing_in_them_is_run() {
        if !python::is_here() {
            return;
        }
        let parameters = "{image: 'registry.example/team/api:$(touch x);touch x`touch x`', environment: '$HOME', \
                          config: '; touch x', wait: 90s, update_status: true, revision: \"off\", \
                          digest_file: 'a b', results_dir: 'out/$(touch x)', record_dir: '-rf'}";
        for shell in shells() {
            let job = Job::new();
            job.gate(SOUND, 0);
            let output = job.run(&shell, &verify(parameters));
            assert_eq!(code(&output), 0, "{shell:?} {output:?}");
            assert!(!job.path("x").exists(), "{shell:?} ran something");
            insta::allow_duplicates! { insta::assert_snapshot!(job.read("seen"), @"
            arguments: 0
            VERIFY_REGISTRY_IMAGE_CONFIG=; touch x
            VERIFY_REGISTRY_IMAGE_CONTENT=0
            VERIFY_REGISTRY_IMAGE_DEADLINE=
            VERIFY_REGISTRY_IMAGE_DEFAULT_REGISTRY=
            VERIFY_REGISTRY_IMAGE_ENGINES=
            VERIFY_REGISTRY_IMAGE_ENVIRONMENT=$HOME
            VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST=
            VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST_FILE=a b
            VERIFY_REGISTRY_IMAGE_EXPECT_REVISION=off
            VERIFY_REGISTRY_IMAGE_FAILURE_REASON_FILE=out/$(touch x)/failure-reason.env
            VERIFY_REGISTRY_IMAGE_HTML=out/$(touch x)/report.html
            VERIFY_REGISTRY_IMAGE_IMAGES=registry.example/team/api:$(touch x);touch x`touch x`
            VERIFY_REGISTRY_IMAGE_JUNIT=out/$(touch x)/verify-registry-image.xml
            VERIFY_REGISTRY_IMAGE_MAX_CONTENT=
            VERIFY_REGISTRY_IMAGE_ORB=1
            VERIFY_REGISTRY_IMAGE_PLATFORMS=
            VERIFY_REGISTRY_IMAGE_PORT=
            VERIFY_REGISTRY_IMAGE_RECORD_DIR=-rf
            VERIFY_REGISTRY_IMAGE_REPOSITORY=
            VERIFY_REGISTRY_IMAGE_SERVICES=
            VERIFY_REGISTRY_IMAGE_TOKEN_ENV=DIGITALOCEAN_ACCESS_TOKEN
            VERIFY_REGISTRY_IMAGE_TOKEN_SERVER=
            VERIFY_REGISTRY_IMAGE_UPDATE_STATUS=1
            VERIFY_REGISTRY_IMAGE_WAIT=90s
            "); }
        }
    }

    /// Each parameter that says what is verified or what it must be.
    const ASKING: [&str; 10] = [
        "image",
        "services",
        "environment",
        "config",
        "expect_digest",
        "digest_file",
        "revision",
        "platforms",
        "engines",
        "port",
    ];

    #[test]
    fn a_parameter_that_was_given_and_is_empty_asks_no_other_question() {
        if !python::is_here() {
            return;
        }
        for shell in shells() {
            for parameter in ASKING {
                for value in ["", " ", "\\n"] {
                    let job = Job::new();
                    job.gate(SOUND, 0);
                    let output = job.run(&shell, &verify(&format!("{{{parameter}: \"{value}\"}}")));
                    let told = String::from_utf8(output.stderr.clone()).unwrap();
                    assert_eq!(code(&output), 2, "{shell:?} {parameter} {value:?} {told}");
                    assert!(
                        told.contains(&format!("the parameter `{parameter}` is empty")),
                        "{told}"
                    );
                    assert_eq!(job.read("seen"), "", "the gate must not have been asked");
                }
            }
            let job = Job::new();
            job.gate(SOUND, 0);
            assert_eq!(code(&job.run(&shell, &verify("{}"))), 0, "{shell:?}");
            let seen = job.read("seen");
            assert!(!seen.contains("(none)") && seen.contains("_IMAGES=\n"), "{seen}");
        }
    }

    #[test]
    fn services_a_commit_and_the_step_s_name_can_be_given() {
        if !python::is_here() {
            return;
        }
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let parameters =
            format!("{{services: 'api web', revision: {commit}, step_name: Ask the registry}}");
        let mut asking = runs("verify", &parameters);
        asking.retain(|run| run.name == "Ask the registry");
        let job = Job::new();
        job.gate(SOUND, 0);
        assert_eq!(code(&job.run(&["/bin/sh", "-e"], &asking.remove(0))), 0);
        let seen = job.read("seen");
        assert!(seen.contains("VERIFY_REGISTRY_IMAGE_SERVICES=api web\n"), "{seen}");
        assert!(
            seen.contains(&format!("VERIFY_REGISTRY_IMAGE_EXPECT_REVISION={commit}\n")),
            "{seen}"
        );
    }

    #[test]
    fn a_record_of_one_image_has_a_file_and_the_records_of_a_config_have_a_folder() {
        if !python::is_here() {
            return;
        }
        let record = |parameters: &str| {
            let job = Job::new();
            job.gate(SOUND, 0);
            job.run(&["/bin/sh", "-e"], &verify(parameters));
            let seen = job.read("seen");
            let lines: Vec<&str> = seen.lines().filter(|line| line.contains("_RECORD")).collect();
            lines.join(" ")
        };
        assert_eq!(
            record("{image: a}"),
            "VERIFY_REGISTRY_IMAGE_RECORD=deployment-record/record.json"
        );
        assert_eq!(record("{}"), "VERIFY_REGISTRY_IMAGE_RECORD_DIR=deployment-record");
        assert_eq!(
            record("{image: a, environment: e}"),
            "VERIFY_REGISTRY_IMAGE_RECORD_DIR=deployment-record"
        );
        assert_eq!(record("{image: a, record_dir: ''}"), "");
    }

    #[test]
    fn the_pulumi_fragment_stands_beside_the_record_when_it_is_asked_for() {
        if !python::is_here() {
            return;
        }
        let run = |parameters: &str| {
            let job = Job::new();
            job.gate(SOUND, 0);
            let output = job.run(&["/bin/sh", "-e"], &verify(parameters));
            let seen = job.read("seen");
            let line = seen.lines().find(|line| line.contains("_PULUMI_CONFIG="));
            let file = line.and_then(|line| line.split('=').nth(1)).unwrap_or("none").to_owned();
            (code(&output), file)
        };
        let file = "deployment-record/pulumi-config.yaml".to_owned();
        assert_eq!(run("{image: a}"), (0, "none".to_owned()));
        assert_eq!(run("{image: a, environment: e, pulumi_config: true}"), (0, file.clone()));
        assert_eq!(run("{image: a, pulumi_config: true}"), (0, file));
        let nowhere = run("{image: a, pulumi_config: true, record_dir: ''}");
        assert_eq!(nowhere, (2, "none".to_owned()));
    }

    /// The build URL of the job, and of an earlier one that begins like it.
    const THIS_JOB: &str = "https://circleci.com/gh/keepkey/api/42";
    const EARLIER_JOB: &str = "https://circleci.com/gh/keepkey/api/4";

    fn record(job: &str) -> String {
        let (image, pipeline) = ("\"pinned_with_tag\": \"x\"", format!("\"job_url\": \"{job}\""));
        format!("{{\n  \"image\": {{ {image} }},\n  \"pipeline\": {{ {pipeline} }}\n}}\n")
    }

    /// A job with what an earlier, green one left in the repository, and with files of others beside it.
    fn job_with_an_older_green() -> Job {
        let job = Job::new();
        for folder in [
            "out",
            "out/of-this-job",
            "out/of-this-job/artifacts",
            "out/of-this-job/workspace",
            "out/of-this-job/artifacts/status-of-this-run",
            "record",
            "record/development",
            "status",
            "status/badges",
        ] {
            fs::create_dir(job.path(folder)).unwrap();
        }
        for name in ["verify-registry-image.xml", "report.html", "failure-reason.env"] {
            job.write(&format!("out/{name}"), "of an earlier run");
        }
        job.write("out/of-others.xml", "theirs");
        job.write("out/of-this-job/artifacts/report.html", "of an earlier run");
        job.write("out/of-this-job/workspace/record.json", &record(THIS_JOB));
        job.write(
            "out/of-this-job/artifacts/status-of-this-run/development.status",
            "status: GREEN\n",
        );
        for name in ["record.json", "pulumi-config.yaml", "development/api.json"] {
            job.write(&format!("record/{name}"), &record(EARLIER_JOB));
        }
        job.write(
            "record/development/package.json",
            &format!("{{\"name\": \"of others\", \"job_url\": \"{THIS_JOB}\"}}\n"),
        );
        job.write("record/notes.txt", &record(THIS_JOB));
        job.write("status/development.status", "status: GREEN\n");
        job
    }

    fn left(job: &Job, folder: &str) -> String {
        let output = in_folder(Command::new("find").args([folder, "!", "-type", "d"]), job);
        let mut names: Vec<&str> = str::from_utf8(&output.stdout).unwrap().lines().collect();
        names.sort_unstable();
        names.join("\n")
    }

    const PARAMETERS: &str =
        "{image: a, results_dir: out, record_dir: record, status_dir: status, update_status: true}";

    /// Every step of the command, as CircleCI's agent runs them: the exit code of the first that failed.
    fn all_steps(job: &Job, shell: &[&str], parameters: &str) -> i32 {
        let mut first = 0;
        let temporary = tempfile::tempdir().unwrap();
        let status: Value = serde_yaml::from_str(parameters).unwrap();
        let status =
            status.get("status_dir").and_then(Value::as_str).unwrap_or("status").to_owned();
        for mut run in runs("verify", parameters) {
            if run.is_due(first) {
                run.environment.insert("CIRCLE_BUILD_URL".to_owned(), THIS_JOB.to_owned());
                run.environment.insert("STATUS".to_owned(), status.clone());
                let temporary = temporary.path().display().to_string();
                run.environment.insert("TMPDIR".to_owned(), temporary);
                let output = job.run(shell, &run);
                if first == 0 {
                    first = code(&output);
                } else {
                    assert_eq!(code(&output), 0, "{shell:?} {}: {output:?}", run.name);
                }
            }
        }
        first
    }

    #[test]
    fn a_red_job_stores_nothing_of_an_earlier_green_one_and_removes_nothing_of_anybody() {
        if !python::is_here() {
            return;
        }
        for shell in shells() {
            // A program that gave up at once, one that is missing, one of another version.
            let gave_up = job_with_an_older_green();
            gave_up.gate(SOUND, 2);
            let missing = job_with_an_older_green();
            let other = job_with_an_older_green();
            other.gate("verify-registry-image 99.1.0", 0);
            for (job, expected) in [(gave_up, 2), (missing, 127), (other, 2)] {
                let before = [left(&job, "record"), left(&job, "status")];
                assert_eq!(all_steps(&job, &shell, PARAMETERS), expected, "{shell:?}");
                // What is stored and handed on, and what stands beside it.
                assert_eq!(left(&job, "out"), "out/of-others.xml", "{shell:?}");
                assert_eq!([left(&job, "record"), left(&job, "status")], before, "{shell:?}");
            }
            // One whose gate was never reached, because a step before it failed.
            let job = job_with_an_older_green();
            let mut keep = runs("verify", PARAMETERS);
            keep.retain(|run| run.when == "always");
            let output = job.run(&shell, &keep[0]);
            assert_eq!(code(&output), 0, "{shell:?} {output:?}");
            assert!(!left(&job, "out").contains("record"), "{shell:?}");
            assert!(!left(&job, "out").contains("status"), "{shell:?}");
            assert!(job.path("out/of-this-job/artifacts").is_dir(), "{shell:?}");
        }
    }

    #[test]
    fn what_this_job_wrote_is_stored_whatever_its_colour() {
        if !python::is_here() {
            return;
        }
        for shell in shells() {
            for exit in [0, 1] {
                let job = job_with_an_older_green();
                job.write("status/other file.md", "the board");
                job.write("new", &record(THIS_JOB));
                job.program(
                    "verify-registry-image",
                    &format!(
                        "if [ \"${{1:-}}\" = --version ]; then echo '{SOUND}'; exit 0; fi\n\
                         cp new record/development/web.json; cp new record/pulumi-config.yaml\n\
                         echo red > status/development.status\necho row >> 'status/other file.md'\n\
                         echo '{{}}' > status/badges/development.json\n\
                         echo junit > out/verify-registry-image.xml\nexit {exit}\n"
                    ),
                );
                job.write("status/badges/of-others.svg", "untouched");
                assert_eq!(all_steps(&job, &shell, PARAMETERS), exit, "{shell:?}");
                insta::allow_duplicates! { insta::assert_snapshot!(left(&job, "out"), @"
                out/of-others.xml
                out/of-this-job/artifacts/deployment-record/development/web.json
                out/of-this-job/artifacts/deployment-record/pulumi-config.yaml
                out/of-this-job/artifacts/status-of-this-run/badges/development.json
                out/of-this-job/artifacts/status-of-this-run/development.status
                out/of-this-job/artifacts/status-of-this-run/other file.md
                out/of-this-job/artifacts/verify-registry-image.xml
                out/of-this-job/workspace/record/development/web.json
                out/of-this-job/workspace/record/pulumi-config.yaml
                out/verify-registry-image.xml
                "); }
                let stored = "out/of-this-job/artifacts";
                let status = job.read(&format!("{stored}/status-of-this-run/development.status"));
                assert_eq!(status, "red\n");
                let kept = job.read(&format!("{stored}/deployment-record/development/web.json"));
                assert_eq!(kept, record(THIS_JOB));
                assert_eq!(job.read("record/record.json"), record(EARLIER_JOB));
            }
        }
    }

    /// A gate that writes whatever its variables name: results, a record, and a status file in `STATUS`.
    fn writing_gate(job: &Job) {
        job.write("new", &record(THIS_JOB));
        job.program(
            "verify-registry-image",
            &format!(
                "if [ \"${{1:-}}\" = --version ]; then echo '{SOUND}'; exit 0; fi\n\
                 echo junit > \"$VERIFY_REGISTRY_IMAGE_JUNIT\"\n\
                 echo page > \"$VERIFY_REGISTRY_IMAGE_HTML\"\n\
                 mkdir -p \"$VERIFY_REGISTRY_IMAGE_RECORD_DIR/development\" \"$STATUS\"\n\
                 cp new \"$VERIFY_REGISTRY_IMAGE_RECORD_DIR/development/api.json\"\n\
                 echo red > \"$STATUS/development.status\"\n"
            ),
        );
    }

    #[test]
    fn nothing_that_the_gate_wrote_is_lost_however_the_folders_lie_in_each_other() {
        if !python::is_here() {
            return;
        }
        let named = [
            (".", "deployment-record", "status"),
            ("deployment", "deployment/deployment-record", "deployment"),
            ("deployment", "deployment", "deployment"),
            ("./deployment/", "deployment//deployment-record/", "deployment/status-of-this-run"),
            ("deployment-record/results", "deployment-record", "deployment-record/status"),
            ("a/b/c", "a/b", "a"),
            ("a", "a/b/c", "a/b"),
            ("results", "records", "."),
            ("results", ".", "results"),
        ];
        for shell in shells() {
            for (results, records, status) in named {
                let job = Job::new();
                writing_gate(&job);
                // A second gate in the same job, or a rerun in the same checkout, finds what the first one left.
                for _ in 0..2 {
                    let parameters = format!(
                        "{{environment: development, results_dir: '{results}', record_dir: '{records}', \
                         status_dir: '{status}', update_status: true}}"
                    );
                    let code = all_steps(&job, &shell, &parameters);
                    let case = format!("{shell:?} {results} {records} {status}");
                    assert_eq!(code, 0, "{case}");
                    let written = format!("{records}/development/api.json");
                    assert_eq!(job.read(&written), record(THIS_JOB), "{case}: the record is gone");
                    let own = format!("{results}/of-this-job");
                    let records = records.trim_end_matches('/').replace("//", "/");
                    let root = if records == "." { String::new() } else { format!("{records}/") };
                    let mut expected = vec![
                        "artifacts/deployment-record/development/api.json".to_owned(),
                        "artifacts/report.html".to_owned(),
                        "artifacts/status-of-this-run/development.status".to_owned(),
                        "artifacts/verify-registry-image.xml".to_owned(),
                        format!("workspace/{root}development/api.json"),
                    ];
                    expected.sort();
                    let kept = left_in(&job.path(&own));
                    assert_eq!(kept, expected, "{case}");
                    fs::remove_file(job.path(&format!("{status}/development.status"))).unwrap();
                }
            }
        }
    }

    /// Every file below a folder, by its path in it.
    fn left_in(folder: &Path) -> Vec<String> {
        let output = Command::new("find").args([".", "-type", "f"]).current_dir(folder).output();
        let output = output.unwrap();
        let lines = str::from_utf8(&output.stdout).unwrap().lines();
        let mut names: Vec<String> =
            lines.map(|line| line.trim_start_matches("./").to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_of_the_gate_inside_the_orb_s_own_copies_is_refused_and_stays() {
        if !python::is_here() {
            return;
        }
        for parameters in [
            "{environment: e, results_dir: out, record_dir: out/of-this-job/artifacts}",
            "{environment: e, results_dir: out, record_dir: link, status_dir: out/of-this-job}",
        ] {
            let job = job_with_an_older_green();
            job.gate(SOUND, 0);
            std::os::unix::fs::symlink("out/of-this-job/workspace", job.path("link")).unwrap();
            let before = left(&job, "out/of-this-job");
            assert_eq!(all_steps(&job, &["/bin/sh", "-e"], parameters), 2);
            assert_eq!(left(&job, "out/of-this-job"), before);
        }
    }

    #[test]
    fn whatever_is_wrong_around_the_gate_is_red() {
        if !python::is_here() {
            return;
        }
        for shell in shells() {
            let missing = Job::new();
            let output = missing.run(&shell, &verify("{image: a}"));
            assert_eq!(code(&output), 127, "{shell:?} {output:?}");

            for version in [
                "verify-registry-image 0.0.9",
                "verify-registry-image 99.1.0",
                "",
                "something else",
            ] {
                let job = Job::new();
                job.gate(version, 0);
                let output = job.run(&shell, &verify("{image: a}"));
                assert_eq!(code(&output), 2, "{shell:?} {version} {output:?}");
                assert_eq!(job.read("seen"), "", "the gate must not have been asked");
            }

            let broken = Job::new();
            broken.program("verify-registry-image", "exit 1\n");
            assert_eq!(code(&broken.run(&shell, &verify("{image: a}"))), 2, "{shell:?}");

            for parameters in [
                "{image: a, results_dir: ''}",
                "{image: a, results_dir: file/below}",
                "{image: a, record_dir: file/below}",
                "{image: a, status_dir: file}",
            ] {
                let job = Job::new();
                job.gate(SOUND, 0);
                job.write("file", "in the way");
                // The first step that fails is red; what follows it may fail, too.
                let red = runs("verify", parameters).into_iter().find_map(|run| {
                    let output = job.run(&shell, &run);
                    Some(code(&output)).filter(|code| *code != 0)
                });
                assert_eq!(red, Some(2), "{shell:?} {parameters}");
                assert_eq!(job.read("seen"), "", "the gate must not have been asked");
            }
        }
    }

    #[test]
    fn a_step_without_its_variables_is_red() {
        if !python::is_here() {
            return;
        }
        let sound = verify("{image: a}");
        for shell in shells() {
            for name in [
                "ORB_RESULTS_DIR",
                "ORB_RECORD_DIR",
                "ORB_PULUMI_CONFIG",
                "ORB_SERIES",
                "VERIFY_REGISTRY_IMAGE_IMAGES",
            ] {
                let mut run = sound.clone();
                run.environment.remove(name);
                let job = Job::new();
                job.gate(SOUND, 0);
                let output = job.run(&shell, &run);
                assert_ne!(code(&output), 0, "{shell:?} without {name}: {output:?}");
                assert_eq!(job.read("seen"), "", "{shell:?} without {name}");
            }
        }
    }

    #[test]
    fn nothing_that_follows_the_gate_can_hide_a_red_one() {
        if !python::is_here() {
            return;
        }
        let steps = steps("jobs", "verify", "{image: a, deploy_name: api}");
        let shown: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::Run(run) => format!("run ({}): {}", run.when, run.name),
                Step::Other(name) => name.clone(),
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @"
        checkout
        run (on_success): Verify the image in the registry
        run (on_fail): Mark the deployment as failed
        run (always): Keep what the gate wrote
        store_test_results
        store_artifacts
        persist_to_workspace
        ");
        for (path, text) in sources().unwrap() {
            if path.starts_with("examples/") {
                continue;
            }
            for bad in ["|| true", "|| :", "step halt", "eval ", "set +e"] {
                assert!(!text.contains(bad), "{path} has `{bad}`");
            }
        }
        // The gate is the last command of its script, and nothing stands between its exit code and the step's.
        let verify = verify("{image: a}").command;
        assert!(verify.ends_with("\nexec verify-registry-image\n"), "{verify}");
        assert!(!verify.contains("trap "), "{verify}");
    }

    #[test]
    fn the_marker_is_off_unless_it_is_named() {
        if !python::is_here() {
            return;
        }
        let whens = |parameters: &str| {
            let runs = runs("verify", parameters);
            runs.iter().map(|run| run.when.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(whens("{image: a}"), "on_success always");
        assert_eq!(whens("{image: a, deploy_name: api}"), "on_success on_fail always");
        assert_eq!(whens("{image: a, record_dir: ''}"), "on_success always");
    }

    #[test]
    fn a_failed_deployment_is_marked_with_the_gates_reason() {
        if !python::is_here() {
            return;
        }
        let mark =
            runs("verify", "{image: a, deploy_name: 'api $(touch x)', results_dir: out}").remove(1);
        let reasons = [
            (
                Some("FAILURE_REASON='the tag is not there; it'\\''s `touch x` $(touch x)'\n"),
                "the tag is not there; it's `touch x` $(touch x)",
            ),
            (Some("nothing of ours\n"), "the job failed before the gate had a reason"),
            (None, "the job failed before the gate had a reason"),
        ];
        for shell in shells() {
            for (file, reason) in reasons {
                let job = Job::new();
                job.program("circleci", "for word; do echo \"$word\"; done > seen\nexit 7\n");
                fs::create_dir(job.path("out")).unwrap();
                if let Some(file) = file {
                    job.write("out/failure-reason.env", file);
                }
                let output = job.run(&shell, &mark);
                assert_eq!(code(&output), 7, "{shell:?} {output:?}");
                assert!(!job.path("x").exists(), "{shell:?} ran something");
                let expected = format!(
                    "run\nrelease\nupdate\napi $(touch x)\n--status=FAILED\n--failure-reason={reason}\n"
                );
                assert_eq!(job.read("seen"), expected, "{shell:?}");
            }
        }
    }

    #[test]
    fn the_example_with_a_marker_leaves_none_running_when_the_deployment_fails() {
        let steps = &orb()["examples"]["deploy_marker"]["usage"]["jobs"]["deploy"]["steps"];
        let steps = steps.as_sequence().unwrap();
        let runs: Vec<&Value> = steps.iter().filter_map(|step| step.get("run")).collect();
        let deploy = runs.iter().find(|run| run["name"] == "Deploy").unwrap();
        let deploy = Run {
            name: String::new(),
            command: deploy["command"].as_str().unwrap().to_owned(),
            when: String::new(),
            environment: BTreeMap::new(),
        };
        for (exit, last) in [(0, "--status=SUCCESS"), (7, "--status=FAILED")] {
            let job = Job::new();
            job.program("circleci", "echo \"$*\" >> seen\n");
            job.program("make", &format!("exit {exit}\n"));
            let output = job.run(&["/bin/bash", "-eo", "pipefail"], &deploy);
            assert_eq!(output.status.success(), exit == 0, "{output:?}");
            let seen = job.read("seen");
            assert_eq!(seen.lines().count(), 2, "{seen}");
            assert!(seen.lines().last().unwrap().contains(last), "{seen}");
        }
    }

    #[test]
    fn the_example_in_shards_verifies_every_image_in_one_of_them() {
        let steps = &orb()["examples"]["many_images_in_shards"]["usage"]["jobs"]["gate"]["steps"];
        let runs = steps.as_sequence().unwrap().iter().filter_map(|step| step.get("run"));
        let commands: Vec<&str> = runs.map(|run| run["command"].as_str().unwrap()).collect();
        let [command] = commands.as_slice() else { panic!("{commands:?}") };
        // As `circleci tests split` deals a list out where nothing is known of its lines.
        let split = "test \"$1 $2\" = \"tests split\" || exit 9\n\
             number=0\n\
             while read -r line; do\n\
             [ $((number % CIRCLE_NODE_TOTAL)) != \"$CIRCLE_NODE_INDEX\" ] || echo \"$line\"\n\
             number=$((number + 1))\n\
             done < \"$3\"\n";
        for shell in shells() {
            let mut verified = Vec::new();
            for index in ["0", "1"] {
                let job = Job::new();
                job.program("circleci", split);
                job.program("verify-registry-image", "echo \"$*\" > given\ncat > asked\n");
                job.write("images.txt", "api:latest\nchat:latest\nmail:latest\n");
                let environment = [("CIRCLE_NODE_INDEX", index), ("CIRCLE_NODE_TOTAL", "2")];
                let run = Run {
                    name: String::new(),
                    command: (*command).to_owned(),
                    when: String::new(),
                    environment: environment
                        .map(|(name, value)| (name.into(), value.into()))
                        .into(),
                };
                let output = job.run(&shell, &run);
                assert_eq!(code(&output), 0, "{shell:?}: {output:?}");
                assert_eq!(
                    job.read("given"),
                    format!(
                        "- --environment production --junit results/junit.xml --record-dir records/{index}\n"
                    )
                );
                verified.push(job.read("asked"));
            }
            assert_eq!(verified, ["api:latest\nmail:latest\n", "chat:latest\n"]);
        }
    }

    #[test]
    fn the_example_deploys_nothing_but_what_this_pipelines_gate_saw() {
        if !Path::new("/usr/bin/jq").exists() {
            could_not_run("the deployment of the orb's example: `jq` is not installed");
            return;
        }
        let steps = &orb()["examples"]["gate_develop_workflow"]["usage"]["jobs"]["deploy"]["steps"];
        let command = steps.as_sequence().unwrap().iter().find_map(|step| step.get("run")).unwrap()
            ["command"]
            .as_str()
            .unwrap()
            .to_owned();
        let record = |pinned: &str, pipeline: &str| {
            Some(format!("{{\"image\": {{\"pinned\": {pinned}}}, \"pipeline\": {pipeline}}}"))
        };
        let of = |id: &str| format!("{{\"pipeline_id\": \"{id}\"}}");
        for (record, deployed) in [
            (record("\"api@sha256:aa\"", &of("this")), "api@sha256:aa\n"),
            (record("\"api@sha256:aa\"", &of("earlier")), ""),
            (record("\"api@sha256:aa\"", "null"), ""),
            (record("null", &of("this")), ""),
            (Some("{".to_owned()), ""),
            (Some(String::new()), ""),
            (None, ""),
        ] {
            for shell in shells() {
                let job = Job::new();
                std::os::unix::fs::symlink("/usr/bin/jq", job.path("bin/jq")).unwrap();
                job.program("../deploy.sh", "echo \"$1\" > deployed\n");
                fs::create_dir(job.path("deployment-record")).unwrap();
                if let Some(record) = &record {
                    job.write("deployment-record/record.json", record);
                }
                let deploy = Run {
                    name: String::new(),
                    command: command.clone(),
                    when: String::new(),
                    environment: [("CIRCLE_PIPELINE_ID".to_owned(), "this".to_owned())].into(),
                };
                let output = job.run(&shell, &deploy);
                assert_eq!(job.read("deployed"), deployed, "{shell:?} {record:?}");
                assert_eq!(output.status.success(), !deployed.is_empty(), "{shell:?} {record:?}");
            }
        }
    }

    /// An archive as a release has it, and a `curl` that hands it out.
    fn release(job: &Job, program: &str) -> String {
        job.program("packed", program);
        fs::create_dir(job.path("pack")).unwrap();
        fs::rename(job.path("bin/packed"), job.path("pack/verify-registry-image")).unwrap();
        let mut tar = Command::new("tar");
        tar.args(["-czf", "archive.tar.gz", "-C", "pack", "verify-registry-image"]);
        assert!(in_folder(&mut tar, job).status.success());
        let source = job.path("archive.tar.gz");
        let copy = format!(
            "for word; do last=$word; case $previous in --output) out=$word ;; esac; previous=$word; done\n\
             echo \"$last\" > asked\n/bin/cp '{}' \"$out\"\n",
            source.display()
        );
        job.program("curl", &format!("previous=\n{copy}"));
        fs::create_dir(job.path("to")).unwrap();
        let sum = in_folder(Command::new("sha256sum").arg("archive.tar.gz"), job);
        String::from_utf8_lossy(&sum.stdout)[..64].to_owned()
    }

    fn in_folder(command: &mut Command, job: &Job) -> Output {
        command.current_dir(job.folder.path()).output().unwrap()
    }

    fn install(shell: &[&str], job: &Job, sha256: &str, extra: &BTreeMap<&str, &str>) -> Output {
        let mut run = runs("install", "{}").remove(0);
        run.environment.insert("ORB_SHA256_AMD64".to_owned(), sha256.to_owned());
        run.environment.insert("ORB_SHA256_ARM64".to_owned(), sha256.to_owned());
        run.environment.insert("ORB_INSTALL_DIR".to_owned(), job.path("to").display().to_string());
        for (name, value) in extra {
            run.environment.insert((*name).to_owned(), (*value).to_owned());
        }
        job.run(shell, &run)
    }

    fn saying(version: &str) -> String {
        format!("echo 'verify-registry-image {version}'\n")
    }

    #[test]
    fn the_archive_that_was_named_is_installed() {
        if !python::is_here() {
            return;
        }
        for shell in shells() {
            let job = Job::new();
            let sha256 = release(&job, &saying(env!("CARGO_PKG_VERSION")));
            let output = install(&shell, &job, &sha256, &BTreeMap::new());
            assert_eq!(code(&output), 0, "{shell:?} {output:?}");
            assert!(job.path("to/verify-registry-image").exists());
            let asked = job.read("asked");
            let (version, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
            assert!(
                asked.trim_end().ends_with(&format!(
                    "/releases/download/v{version}/verify-registry-image-{version}-{arch}-unknown-linux-musl.tar.gz"
                )),
                "{asked}"
            );
        }
    }

    #[test]
    fn wget_will_do_where_there_is_no_curl_and_sudo_where_the_folder_is_roots() {
        if !python::is_here() {
            return;
        }
        let job = Job::new();
        let sha256 = release(&job, &saying(env!("CARGO_PKG_VERSION")));
        fs::remove_file(job.path("bin/curl")).unwrap();
        let archive = job.path("archive.tar.gz");
        let without = install(&["/bin/sh", "-e"], &job, &sha256, &BTreeMap::new());
        assert_eq!(code(&without), 2, "{without:?}");
        job.program(
            "wget",
            &format!("echo \"$*\" > asked\n/bin/cp '{}' \"$3\"\n", archive.display()),
        );
        job.program("sudo", "echo \"$1\" >> raised\nexec \"$@\"\n");
        // Root may write anywhere, so a folder that is not there stands for one that may not be written.
        let to = job.path("made-by-sudo").display().to_string();
        job.program("cp", "/bin/mkdir -p made-by-sudo\nexec /bin/cp \"$@\"\n");
        let extra = BTreeMap::from([("ORB_INSTALL_DIR", to.as_str())]);
        let output = install(&["/bin/sh", "-e"], &job, &sha256, &extra);
        assert_eq!(code(&output), 0, "{output:?}");
        assert!(job.path("made-by-sudo/verify-registry-image").exists());
        assert_eq!(job.read("raised"), "cp\nchmod\nmv\n");
        assert!(job.read("asked").contains("/releases/download/v"), "{}", job.read("asked"));
    }

    /// The SHA-256 of no bytes: a line with it and `/dev/null` satisfies a checker of lines, whatever follows.
    const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn any_other_archive_is_refused_and_nothing_is_installed() {
        if !python::is_here() {
            return;
        }
        for shell in shells() {
            let wrong = "0".repeat(64);
            let refused = |program: &str, sha256: Option<&str>, extra: &[(&str, &str)]| {
                let job = Job::new();
                let real = release(&job, program);
                let extra = extra.iter().copied().collect();
                let output = install(&shell, &job, sha256.unwrap_or(&real), &extra);
                assert_eq!(code(&output), 2, "{shell:?} {output:?}");
                assert!(!job.path("to/verify-registry-image").exists());
                String::from_utf8_lossy(&output.stderr).replace(&real, "<the real one>")
            };
            let sound = saying(env!("CARGO_PKG_VERSION"));
            let messages = [
                refused(&sound, Some(&wrong), &[]),
                refused(&sound, Some(""), &[]),
                refused(&sound, Some(&format!("{OF_NOTHING}  /dev/null\nnone")), &[]),
                refused(&sound, Some(&wrong.replace('0', "A")), &[]),
                refused(&sound, Some(&wrong[1..]), &[]),
                refused(&saying("0.1.01"), None, &[]),
                refused("exit 1\n", None, &[]),
            ];
            insta::allow_duplicates! { insta::assert_snapshot!(messages.concat(), @"
            error: the archive's SHA-256 is <the real one>, and `sha256_amd64` is 0000000000000000000000000000000000000000000000000000000000000000
            error: the parameter `sha256_amd64` is empty; the release page has its value
            error: the parameter `sha256_amd64` is not a SHA-256; the release page has it, 64 hex digits in small letters
            error: the parameter `sha256_amd64` is not a SHA-256; the release page has it, 64 hex digits in small letters
            error: the parameter `sha256_amd64` has 63 digits, and a SHA-256 has 64
            error: the archive holds another version: verify-registry-image 0.1.01
            error: the program in the archive does not run here
            "); }
        }
    }
}
