//! The step of docs/circleci.md that commits an environment's status, run with a real git at two clones of one
//! repository: what it is for is the moment when somebody else has pushed.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::stand_in::{Image, StandIn};

/// Two environments and two services on one board: rows that stand side by side.
const CONFIG: &str = "\
registry: $DIGITALOCEAN_REGISTRY_HOST/keepkey
environments:
  development: { tag: latest-dev }
  preview: { tag: latest-preview }
services:
  billing: {}
  support-email: {}
status:
  directory: docs/deployment/status
  board: docs/deployment/status-tracker.md
";

/// The command of the step, as the page shows it.
fn snippet() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/circleci.md");
    let page = fs::read_to_string(page).unwrap();
    let section = page.split("## Who commits the status file").nth(1).unwrap();
    let block = section.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let block: serde_yaml::Value = serde_yaml::from_str(block).unwrap();
    let steps = block["jobs"]["status"]["steps"].as_sequence().unwrap();
    let run = steps.iter().find_map(|step| step.get("run")).unwrap();
    assert_eq!(run["when"], "always");
    run["command"].as_str().unwrap().to_owned()
}

/// A repository on this machine, and the machine of its pipelines.
struct World<'a> {
    stand_in: &'a StandIn,
    folder: TempDir,
    /// The commit that the pipeline is of, before anything that the job itself committed.
    revision: String,
}

impl<'a> World<'a> {
    fn new(stand_in: &'a StandIn) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self { stand_in, folder, revision: String::new() };
        fs::create_dir(world.path("home")).unwrap();
        world.ok(Path::new("."), "git init --quiet --bare --initial-branch=develop origin");
        let first = world.clone_as("first");
        fs::create_dir_all(first.join("docs/deployment/status")).unwrap();
        for (name, text) in [
            ("verify-registry-image.yml", CONFIG),
            ("docs/deployment/status/.keep", ""),
            ("docs/deployment/status-tracker.md", "# Board of the team\n"),
        ] {
            write(&first.join(name), text);
        }
        let commit = "git switch --quiet -C develop && git add . && git -c user.name=a -c user.email=a@b.c commit \
                      --quiet -m begin && git push --quiet origin develop";
        world.ok(&first, commit);
        world.revision = world.ok(&first, "git rev-parse HEAD").trim().to_owned();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn clone_as(&self, name: &str) -> PathBuf {
        self.ok(Path::new("."), &format!("git clone --quiet origin {name} 2>&1"));
        self.path(name)
    }

    /// Runs a script as a step of CircleCI's: nobody has told git who commits.
    fn step(&self, folder: &Path, script: &str) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_verify-registry-image")).parent().unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.display());
        Command::new("bash")
            .args(["-eo", "pipefail", "-c", script])
            .current_dir(self.folder.path().join(folder))
            .env_clear()
            .envs(self.stand_in.environment())
            .envs([("PATH", path.as_str()), ("CIRCLE_BRANCH", "develop"), ("LC_ALL", "C")])
            .env("CIRCLE_SHA1", &self.revision)
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap()
    }

    fn ok(&self, folder: &Path, script: &str) -> String {
        let output = self.step(folder, script);
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The verdict of one service, written into a checkout: the step before the commit.
    fn gate(&self, folder: &Path, arguments: &str) -> Option<i32> {
        let script = format!("verify-registry-image {arguments} --update-status -q");
        self.step(folder, &script).status.code()
    }

    /// Another pipeline commits what stands in its clone, and pushes.
    fn push(&self, early: &Path, message: &str) {
        let commit = "git -c user.name=early -c user.email=a@b.c commit --quiet";
        self.ok(early, &format!("git add . && {commit} -m '{message}' && git push --quiet"));
    }

    /// What the board on the server says, row by row, and what the commits do.
    fn seen(&self) -> String {
        let board =
            self.ok(Path::new("origin"), "git show develop:docs/deployment/status-tracker.md");
        let rows = board.lines().filter(|line| line.contains("GREEN") || line.contains("RED"));
        let rows = rows
            .filter(|line| line.starts_with('|'))
            .map(|row| row.split('|').skip(1).take(3).map(str::trim).collect::<Vec<_>>().join(" "));
        let log = self.ok(Path::new("origin"), "git log --format='%s, by %an' develop");
        format!("{}\n---\n{log}", rows.collect::<Vec<_>>().join("\n"))
    }
}

#[expect(clippy::disallowed_methods, reason = "a test prepares a file that nobody reads meanwhile")]
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// A registry that has both services in both environments.
fn stand_in() -> StandIn {
    let stand_in = StandIn::honest();
    for repository in ["keepkey/billing", "keepkey/support-email"] {
        for tag in ["latest-dev", "latest-preview"] {
            stand_in.image(repository, tag, Image::node_on_alpine());
        }
    }
    stand_in
}

/// Whether the two programs are here; else it is said.
fn has_git_and_bash() -> bool {
    let is_here = |name: &str| {
        let folders = ["/usr/local/bin", "/usr/bin", "/bin"];
        folders.iter().any(|folder| Path::new(folder).join(name).exists())
    };
    let are_here = is_here("git") && is_here("bash");
    if !are_here {
        let told = writeln!(
            io::stderr(),
            "NOT RUN: git or bash is not here, so the step that commits the status was not tried"
        );
        assert!(told.is_ok());
    }
    are_here
}

#[test]
fn a_status_is_committed_and_one_that_says_nothing_new_is_not() {
    if !has_git_and_bash() {
        return;
    }
    let stand_in = stand_in();
    let world = World::new(&stand_in);
    let clone = world.clone_as("job");
    let output = world.step(&clone, &snippet());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(world.gate(&clone, "--environment development"), Some(0));
    let output = world.step(&clone, &snippet());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!(world.seen(), @"
    development billing 🟢 GREEN
    development support-email 🟢 GREEN
    ---
    Update the status of development [skip ci], by gate
    begin, by a
    ");
}

#[test]
fn two_pipelines_that_change_neighbouring_rows_lose_none() {
    if !has_git_and_bash() {
        return;
    }
    let stand_in = stand_in();
    let world = World::new(&stand_in);
    let (late, early) = (world.clone_as("late"), world.clone_as("early"));
    // Both look at the same state: one environment's `last_updated`, and the board around one row.
    assert_eq!(world.gate(&late, "--environment development --service support-email"), Some(0));
    assert_eq!(world.gate(&early, "--environment development --service billing"), Some(0));
    assert_eq!(world.gate(&early, "--environment preview"), Some(0));
    world.push(&early, "of another pipeline");
    let output = world.step(&late, &snippet());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!(world.seen(), @"
    development billing 🟢 GREEN
    development support-email 🟢 GREEN
    preview billing 🟢 GREEN
    preview support-email 🟢 GREEN
    ---
    Update the status of development [skip ci], by gate
    of another pipeline, by early
    begin, by a
    ");
}

#[test]
fn a_red_verdict_is_committed_too_and_the_second_look_decides() {
    if !has_git_and_bash() {
        return;
    }
    let stand_in = stand_in();
    let world = World::new(&stand_in);
    let (late, early) = (world.clone_as("late"), world.clone_as("early"));
    assert_eq!(world.gate(&late, "--environment development"), Some(0));
    assert_eq!(world.gate(&early, "--environment development --service billing"), Some(0));
    world.push(&early, "of another pipeline");
    stand_in.untag("keepkey/support-email", "latest-dev");
    let output = world.step(&late, &snippet());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    insta::assert_snapshot!(world.seen(), @"
    development support-email 🔴 RED<br>tag-missing
    development billing 🟢 GREEN
    ---
    Update the status of development [skip ci], by gate
    of another pipeline, by early
    begin, by a
    ");
}

#[test]
fn a_service_that_was_added_meanwhile_is_asked_for_too() {
    if !has_git_and_bash() {
        return;
    }
    let stand_in = stand_in();
    let world = World::new(&stand_in);
    let (late, early) = (world.clone_as("late"), world.clone_as("early"));
    assert_eq!(world.gate(&late, "--environment development"), Some(0));
    // Nothing of this conflicts: a rebase would push `status: GREEN` past a service that nobody asked for.
    write(
        &early.join("verify-registry-image.yml"),
        &CONFIG.replace("services:\n", "services:\n  added: {}\n"),
    );
    world.push(&early, "add a service");
    let output = world.step(&late, &snippet());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    insta::assert_snapshot!(world.seen(), @"
    development added 🔴 RED<br>repository-missing
    development billing 🟢 GREEN
    development support-email 🟢 GREEN
    ---
    Update the status of development [skip ci], by gate
    add a service, by early
    begin, by a
    ");
}

#[test]
fn what_else_the_job_committed_is_rebased_and_what_a_force_push_took_away_stays_away() {
    if !has_git_and_bash() {
        return;
    }
    let stand_in = stand_in();
    let mut world = World::new(&stand_in);
    let early = world.clone_as("early");
    write(&early.join("taken-back"), "");
    world.push(&early, "taken back later");
    world.revision = world.ok(&early, "git rev-parse HEAD").trim().to_owned();
    let late = world.clone_as("late");
    write(&late.join("version"), "2");
    let own = "git add version && git -c user.name=job -c user.email=a@b.c commit --quiet -m 'of the job itself'";
    world.ok(&late, own);
    assert_eq!(world.gate(&late, "--environment development"), Some(0));
    write(&early.join("in-its-place"), "");
    world.ok(
        &early,
        "git rm --quiet taken-back && git add . && git -c user.name=early -c user.email=a@b.c commit --quiet --amend -m 'in its place' \
         && git push --quiet --force",
    );
    let output = world.step(&late, &snippet());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!(world.seen(), @"
    development billing 🟢 GREEN
    development support-email 🟢 GREEN
    ---
    Update the status of development [skip ci], by gate
    of the job itself, by job
    in its place, by early
    begin, by a
    ");
    assert_eq!(world.ok(&late, "git status --short"), "");
}
