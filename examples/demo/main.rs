//! `make demo`: the gate, four times, at a registry that this demo starts on this machine and fills by a push.
//!
//! The registry is the tests' stand-in of DigitalOcean; the program is the release binary, and knows nothing of
//! the demo. Ends with 1 where an exit code is not the one that the story tells.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Context as _, ensure};

#[path = "../../tests/support/circleci/mod.rs"]
mod circleci;
#[path = "../../tests/support/stand_in/mod.rs"]
mod stand_in;

mod job;
mod push;

use circleci::{CircleCi, TOKEN, World, job as pipeline_job, pipeline};
use job::{Job, say};
use stand_in::{Image, Options, Origin, StandIn};

/// The commit whose image is pushed.
const COMMIT: &str = "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4";
/// The commit after it, whose image is not.
const NEXT_COMMIT: &str = "45c48cce2e2d7fbdea1afc51c7c6ad26a6d1e8b9";
const REPOSITORY: &str = "keepkey/support-email";

fn main() -> ExitCode {
    match tell() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tell() -> anyhow::Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let usage = "usage: demo PROGRAM FOLDER";
    let program = arguments.next().context(usage)?.canonicalize().context(usage)?;
    let shown = arguments.next().context(usage)?;
    let _ = fs::remove_dir_all(&shown);
    for kept in ["status", "badges"] {
        fs::create_dir_all(shown.join(kept))?;
    }
    let folder = shown.canonicalize()?;

    let stand_in = StandIn::start(Options { writable: true, ..Options::default() });
    let origins = [Origin::Api, Origin::Registry, Origin::Storage];
    let hosts = origins.map(|origin| stand_in.host(origin));
    prepare(&stand_in, &folder)?;
    let scenes = Scenes { program: &program, folder: &folder, registry: &stand_in.environment() };
    scenes.verified()?;
    scenes.missing()?;
    scenes.stale()?;
    drop(stand_in);
    scenes.down()?;
    for host in hosts {
        ensure!(TcpStream::connect(&host).is_err(), "somebody still listens at {host}");
    }

    show_files(&folder)?;
    where_to_look(&shown)
}

/// The registry, the image in it, the config file.
fn prepare(stand_in: &StandIn, folder: &Path) -> anyhow::Result<()> {
    say(&format!(
        "A registry as DigitalOcean's now listens on this machine at {} (its API: {}).\n\
         It is a stand-in, made for this demo and the tests. The program asks it as it would ask the real one.\n",
        stand_in.host(Origin::Registry),
        stand_in.host(Origin::Api),
    ))?;
    let image = Image::node_on_alpine().revision(COMMIT).into();
    let immutable = format!("{COMMIT}-dev");
    let pushed = push::push(stand_in, REPOSITORY, &["latest-dev", &immutable], &image)?;
    say(&format!(
        "\nA push job of commit {} has put a small image of Node on Alpine there ({} requests):\n  \
         {REPOSITORY}:latest-dev\n  {REPOSITORY}:{immutable}\n  {}\n",
        COMMIT.get(..7).unwrap_or_default(),
        pushed.requests,
        pushed.digest
    ))?;
    let config = config(&stand_in.host(Origin::Registry));
    say(&format!("\nThe project's verify-registry-image.yml:\n\n{}", indented(&config)))?;
    write(&folder.join("verify-registry-image.yml"), &config)
}

fn config(registry: &str) -> String {
    format!(
        "registry: {registry}/keepkey       # in real life: registry.digitalocean.com/keepkey
environments:
  development:
    tag: latest-dev
    immutable_tag: \"{{revision}}-dev\"       # must name the same image
    branch: develop
  test:
    tag: latest-test
services:
  support-email:
    port: 5001
    ingress: false
    runtime: {{ language: nodejs, base: alpine }}
circleci:
  project: gh/keepkey/support-email
status:
  directory: status
  board: status/board.md
  badges: badges
"
    )
}

/// The four runs.
struct Scenes<'a> {
    program: &'a Path,
    folder: &'a Path,
    registry: &'a [(String, String)],
}

impl Scenes<'_> {
    fn verified(&self) -> anyhow::Result<()> {
        title("1. The image is there, whole, and this commit's", "VERIFIED, exit code 0")?;
        self.job(COMMIT).arguments(&[
            "--update-status --junit verified.xml --html verified.html",
            "--record record.json --pulumi-config Pulumi.development.yaml --image-ref image-ref",
        ], 0)
    }

    fn missing(&self) -> anyhow::Result<()> {
        title("2. A tag that nobody has pushed", "FAILED, exit code 1")?;
        self.job(COMMIT).arguments(&[
            "support-email:latest-test",
            "--update-status --junit missing.xml --html missing.html --failure-reason-file missing.env",
        ], 1)
    }

    fn stale(&self) -> anyhow::Result<()> {
        title("3. The tag is there, but it still names the commit before", "FAILED, exit code 1")?;
        let jobs = vec![
            pipeline_job(8123, "push", "failed", &[]),
            pipeline_job(8124, "gate", "not_run", &[8123]),
        ];
        let mut newest = pipeline(1284, "created", NEXT_COMMIT, "develop");
        if let Some(created_at) = newest.get_mut("created_at") {
            *created_at = three_minutes_ago().into();
        }
        let circleci = CircleCi::start(World {
            pipelines: vec![newest],
            jobs: [(0, jobs)].into(),
            contexts: vec!["digitalocean".to_owned()],
            ..World::default()
        });
        say(&format!(
            "The next commit's push job has pushed nothing. The tag `latest-dev` answers all the same.\n\
             Why? `--diagnose` asks CircleCI; here a stand-in of it at {}.\n",
            circleci.origin()
        ))?;
        let mut job = self.job(NEXT_COMMIT);
        job.circleci = Some(&circleci);
        job.arguments(&["--expect-revision --diagnose --junit stale.xml --html stale.html"], 1)
    }

    fn down(&self) -> anyhow::Result<()> {
        title("4. The registry is down", "UNDECIDED, exit code 3")?;
        say(
            "The registry has been stopped. It is asked four times, which takes some seconds; nobody guesses.\n",
        )?;
        self.job(COMMIT).arguments(&["--junit down.xml --html down.html"], 3)
    }

    fn job<'a>(&'a self, commit: &'a str) -> Circle<'a> {
        let variables = [("CIRCLE_BRANCH", "develop"), ("CIRCLE_SHA1", commit)];
        Circle { scenes: self, variables, circleci: None }
    }
}

/// A job on `develop` of one commit.
struct Circle<'a> {
    scenes: &'a Scenes<'a>,
    variables: [(&'a str, &'a str); 2],
    /// The CircleCI that it may ask.
    circleci: Option<&'a CircleCi>,
}

impl Circle<'_> {
    fn arguments(&self, arguments: &[&str], expected: i32) -> anyhow::Result<()> {
        let Scenes { program, folder, registry } = self.scenes;
        let asked = self.circleci.map(|circleci| {
            [("CIRCLECI_API_URL", circleci.origin()), ("CIRCLE_TOKEN", TOKEN)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        });
        let hidden: Vec<_> = registry.iter().cloned().chain(asked.into_iter().flatten()).collect();
        Job { program, folder, registry: &hidden, circleci: &self.variables, arguments }
            .show(expected)
    }
}

#[expect(clippy::disallowed_methods, reason = "the demo happens now")]
fn three_minutes_ago() -> String {
    (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(3)).to_string()
}

fn show_files(folder: &Path) -> anyhow::Result<()> {
    title("What was written", "")?;
    for (file, what) in [
        ("missing.xml", "JUnit XML of the second run, for CircleCI's Tests tab"),
        ("record.json", "the deployment record of the first run, which a Pulumi program reads"),
        ("status/development.status", "the status of the environment `development`"),
        ("status/test.status", "and of `test`"),
    ] {
        let content = fs::read_to_string(folder.join(file)).with_context(|| file.to_owned())?;
        ensure!(!content.is_empty(), "`{file}` is empty");
        say(&format!("\n{file}: {what}\n\n{}", indented(content.trim_end())))?;
    }
    Ok(())
}

fn where_to_look(folder: &Path) -> anyhow::Result<()> {
    title("Where to look", "")?;
    say("\n")?;
    for (file, what) in [
        ("verified.html", "the report page of a green run, for a browser"),
        ("missing.html", "of a red one"),
        ("down.html", "of one that could not find out"),
        ("status/board.md", "the board of all environments"),
        ("badges/development.json", "a badge, for shields.io"),
        ("Pulumi.development.yaml", "the record as a fragment of a Pulumi stack configuration"),
        ("image-ref", "the image by its digest, on one line"),
        ("missing.env", "why it failed, for a shell"),
        ("verify-registry-image.yml", "the config file"),
    ] {
        let path = folder.join(file);
        let size = fs::metadata(&path).with_context(|| format!("`{}`", path.display()))?.len();
        ensure!(size > 0, "`{}` is empty", path.display());
        say(&format!("  {:<46} {what}\n", path.display()))?;
    }
    say("\nNothing is left running.\n")
}

fn title(text: &str, ends: &str) -> anyhow::Result<()> {
    let ends = if ends.is_empty() { String::new() } else { format!(" ({ends})") };
    say(&format!("\n=== {text}{ends}\n"))
}

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}

#[expect(clippy::disallowed_methods, reason = "a file of the demo's own, read by nobody meanwhile")]
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    Ok(fs::write(path, text)?)
}
