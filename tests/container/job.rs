//! A CircleCI job without CircleCI: the packed `verify` command's steps, run one after the other as its agent does.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;
use tempfile::TempDir;

use crate::engine::{self, GATE, at_its_own_path, text};
use crate::stand_in::StandIn;
use crate::steps::{Run, Step, steps};

/// The commit of the pipeline.
pub(crate) const COMMIT: &str = "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4";

/// Where the steps run, and under which shell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// In the built image, under busybox's ash: there is no bash in it.
    Image,
    /// On this machine, under bash, with the binary on PATH.
    Host,
}

/// Both.
pub(crate) const PLACES: [Place; 2] = [Place::Image, Place::Host];

/// A working directory and an environment.
pub(crate) struct Job {
    folder: TempDir,
    /// `/tmp` in the image: a job's steps run in one container.
    temporary: TempDir,
    pub(crate) environment: BTreeMap<String, String>,
}

/// What a job left behind.
pub(crate) struct Outcome {
    /// The exit code of the step that failed first, else 0.
    pub(crate) code: i32,
    /// Standard output and standard error of all steps.
    pub(crate) shown: String,
    /// The JUnit file, a check a line.
    pub(crate) tests: String,
    /// The files in the working directory, without the configuration.
    pub(crate) files: String,
}

impl Job {
    /// A job on `develop`, with the variables that CircleCI sets and those that lead to the stand-in.
    pub(crate) fn new(stand_in: &StandIn) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let build = "https://circleci.com/gh/keepkey/support-email/42";
        let circleci = [
            ("CI", "true"),
            ("CIRCLECI", "true"),
            ("CIRCLE_BRANCH", "develop"),
            ("CIRCLE_BUILD_NUM", "42"),
            ("CIRCLE_BUILD_URL", build),
            ("CIRCLE_JOB", "verify-registry-image/verify"),
            ("CIRCLE_NODE_INDEX", "0"),
            ("CIRCLE_NODE_TOTAL", "1"),
            ("CIRCLE_PIPELINE_ID", "5034460f-c7c4-4c43-9457-de07e2029e7b"),
            ("CIRCLE_PROJECT_REPONAME", "support-email"),
            ("CIRCLE_PROJECT_USERNAME", "keepkey"),
            ("CIRCLE_REPOSITORY_URL", "git@github.com:keepkey/support-email.git"),
            ("CIRCLE_SHA1", COMMIT),
            ("CIRCLE_USERNAME", "someone"),
            ("CIRCLE_WORKFLOW_ID", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
            ("CIRCLE_WORKING_DIRECTORY", "~/project"),
        ];
        let mut environment: BTreeMap<String, String> =
            circleci.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        environment.extend(stand_in.environment());
        Self { folder, temporary: tempfile::tempdir().unwrap(), environment }
    }

    /// The same with a variable set.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with a file in the working directory.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
        self
    }

    /// A file in the working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What stands in a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs the command `verify` with these parameters (YAML).
    pub(crate) fn verify(&self, place: Place, parameters: &str) -> Outcome {
        let given: Value = serde_yaml::from_str(parameters).unwrap();
        let mut code = 0;
        let mut shown = String::new();
        for step in steps("commands", "verify", parameters) {
            let Step::Run(run) = step else { continue };
            if run.is_due(code) {
                let output = self.run(place, &run);
                shown.push_str(&text(&output.stdout));
                shown.push_str(&text(&output.stderr));
                if code == 0 {
                    code = output.status.code().unwrap();
                }
            }
        }
        let junit = given.get("results_dir").and_then(Value::as_str);
        let junit = junit.unwrap_or("test-results/verify-registry-image");
        Outcome {
            code,
            shown,
            tests: tests(&self.read(&format!("{junit}/verify-registry-image.xml"))),
            files: self.files(),
        }
    }

    fn run(&self, place: Place, run: &Run) -> Output {
        let variables = self.environment.iter().chain(&run.environment);
        match place {
            Place::Host => {
                let binaries = engine::binary();
                let binaries = binaries.parent().unwrap().display();
                Command::new("bash")
                    .args(["-eo", "pipefail", "-c", &run.command])
                    .current_dir(self.folder.path())
                    .env_clear()
                    .env("PATH", format!("{binaries}:/usr/bin:/bin"))
                    .envs(variables)
                    .output()
                    .unwrap()
            }
            Place::Image => {
                let folder = self.folder.path().display().to_string();
                let temporary = self.temporary.path().display();
                for folder in [&self.folder, &self.temporary] {
                    open_to_all(folder.path());
                }
                // The user that the image has for CircleCI's steps.
                let mut flags = vec![
                    "--network=host".to_owned(),
                    "--user=3434:3434".to_owned(),
                    "--entrypoint=/bin/busybox".to_owned(),
                    at_its_own_path(self.folder.path()),
                    format!("--mount=type=bind,source={temporary},target=/tmp"),
                    format!("--workdir={folder}"),
                ];
                flags.extend(variables.map(|(name, value)| format!("--env={name}={value}")));
                let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
                engine::run(&flags, GATE, &["ash", "-eo", "pipefail", "-c", &run.command])
            }
        }
    }

    fn files(&self) -> String {
        let mut files = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut files);
        files.retain(|file| !file.ends_with("verify-registry-image.yml"));
        files.sort();
        files.join("\n")
    }

    /// Everything that the job wrote.
    pub(crate) fn contents(&self) -> String {
        let mut files = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut files);
        files.iter().map(|file| self.read(file)).collect()
    }
}

/// Lets the steps' user write wherever the test has put something.
fn open_to_all(path: &Path) {
    let mode = fs::metadata(path).unwrap().permissions().mode();
    // What the steps made is theirs already.
    let all = if path.is_dir() { 0o777 } else { mode | 0o666 };
    fs::set_permissions(path, fs::Permissions::from_mode(all)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            open_to_all(&entry.unwrap().path());
        }
    }
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

/// A JUnit file as CircleCI reads it: one line a case, its outcome behind it.
fn tests(junit: &str) -> String {
    if junit.is_empty() {
        return "none".to_owned();
    }
    let document = roxmltree::Document::parse(junit).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let lines = cases.map(|case| {
        let outcome = ["failure", "error", "skipped"]
            .into_iter()
            .find(|outcome| case.children().any(|child| child.has_tag_name(*outcome)));
        format!("{}: {}", case.attribute("name").unwrap_or_default(), outcome.unwrap_or("passed"))
    });
    lines.collect::<Vec<_>>().join("\n")
}
