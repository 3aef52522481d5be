//! `--diagnose` and `--start-pipeline` at a stand-in of CircleCI.

mod checkout;
mod links;
mod openapi;
mod reasons;
mod rows;
mod safety;
mod start;
mod table;

use crate::circleci::{CircleCi, TOKEN, World, pipeline, uuid};
use crate::stand_in::{Image, StandIn};
use crate::support::{Gate, Run};

/// The commit whose image is missing.
const COMMIT: &str = "45c48cce2e2d7fbdea1afc51c7c6ad26a6d1e8b9";
/// Another commit of the branch.
const OTHER: &str = "aaaaaaa9e2e2d7fbdea1afc51c7c6ad26a6d1e8b";

/// A registry without the tag.
fn registry() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image("keepkey/support-email", "latest-prod", Image::node_on_alpine());
    stand_in
}

/// A project with one pipeline of the commit.
fn world() -> World {
    World { pipelines: vec![pipeline(1284, "created", COMMIT, "develop")], ..World::default() }
}

/// A run that finds no tag and asks `circleci` why, of a commit that it is given.
fn gate<'a>(registry: &'a StandIn, circleci: &CircleCi) -> Gate<'a> {
    let origin = "[remote \"origin\"]\nurl = git@github.com:keepkey/support-email.git\n";
    bare(registry, circleci).file(".git/config", origin).env("CIRCLE_SHA1", COMMIT)
}

/// The same without a commit and without a remote.
fn bare<'a>(registry: &'a StandIn, circleci: &CircleCi) -> Gate<'a> {
    let mut gate = Gate::at(registry)
        .env("CIRCLECI_API_URL", circleci.origin())
        .env("CIRCLE_TOKEN", TOKEN)
        .secret(TOKEN)
        .redact(circleci.origin(), "https://[circleci]")
        .image("keepkey/support-email:latest-dev")
        .arg("--diagnose");
    for (number, shown) in [(1284, "[pipeline]"), (2, "[workflow]")] {
        gate = gate.redact(&uuid(number), shown);
    }
    gate
}

/// The block of a run, without its age.
fn block(run: &Run<'_>) -> String {
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    let text = run.redacted(&run.stdout);
    let at = text.find("  pipeline   ").unwrap_or_else(|| panic!("no block in\n{text}"));
    let text = text[at..].split("\n\nnote:").next().unwrap();
    without_age(text)
}

fn without_age(text: &str) -> String {
    let age = regex_lite::Regex::new(r", \d+ (s|min|h|d) ago").unwrap();
    age.replace_all(text, ", [age] ago").into_owned()
}

/// The block of a run at a world.
fn said(world: World) -> String {
    let (registry, circleci) = (registry(), CircleCi::start(world));
    let run = gate(&registry, &circleci).run();
    openapi::assert_described(&circleci);
    block(&run)
}
