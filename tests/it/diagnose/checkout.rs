//! What the checkout's git says of the commit, and what it cannot make the program do.

use std::path::Path;
use std::process::Command;

use super::{bare, block, gate, registry, world};
use crate::circleci::{CircleCi, World, pipeline};
use crate::support::Gate;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// A checkout whose remote branch is at a commit with this message.
fn checkout<'a>(gate: Gate<'a>, message: &str) -> Gate<'a> {
    let folder = gate.folder();
    git(folder, &["init", "--quiet"]);
    git(folder, &["remote", "add", "origin", "git@github.com:keepkey/support-email.git"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", message]);
    git(folder, &["update-ref", "refs/remotes/origin/develop", "HEAD"]);
    let commit = git(folder, &["rev-parse", "HEAD"]);
    let gate = gate.env("PATH", "/usr/bin:/bin").redact(&commit, "[commit]");
    gate.redact(&commit[..7], "[short]")
}

#[test]
fn without_a_commit_that_of_the_remote_branch_is_looked_for() {
    let registry = registry();
    let circleci = CircleCi::start(world());
    let gate = checkout(bare(&registry, &circleci), "Change it");
    insta::assert_snapshot!(block(&gate.run()), @"
    pipeline   none for [short] on develop; the newest is #1284 of 45c48cc: https://[circleci]/pipelines/github/keepkey/support-email/1284
      reason     pipeline-missing
      next       Was the commit pushed to the branch, as the last one of its push? If so, start a pipeline with --start-pipeline
    ");
}

#[test]
fn commit_skipped() {
    let registry = registry();
    let circleci = CircleCi::start(world());
    let gate = checkout(bare(&registry, &circleci), "Change it [skip ci]");
    insta::assert_snapshot!(block(&gate.run()), @"
    pipeline   none for [short] on develop, its message says [skip ci]: https://[circleci]/pipelines/github/keepkey/support-email?branch=develop
      reason     commit-skipped
      next       Push a commit without these words: CircleCI skips this one, whoever starts a pipeline
    ");
}

#[test]
fn a_checkouts_own_settings_run_nothing() {
    let registry = registry();
    let circleci = CircleCi::start(World {
        pipelines: vec![pipeline(1, "created", &"a".repeat(40), "develop")],
        ..world()
    });
    let gate = checkout(bare(&registry, &circleci), "Change it");
    let folder = gate.folder().to_owned();
    let trap = format!("touch {}/trapped; false", folder.display());
    for key in
        ["core.fsmonitor", "core.pager", "pager.log", "gpg.program", "core.sshCommand", "alias.log"]
    {
        let value = if key == "alias.log" { format!("!{trap}") } else { trap.clone() };
        git(&folder, &["config", key, &value]);
    }
    git(&folder, &["config", "log.showSignature", "true"]);
    let run = gate.run();
    assert!(block(&run).contains("pipeline-missing"), "{}", run.stdout);
    assert!(!folder.join("trapped").exists());
}

#[test]
fn a_branch_that_looks_like_an_option_is_none() {
    let registry = registry();
    let circleci = CircleCi::start(world());
    let run = gate(&registry, &circleci)
        .env("CIRCLE_BRANCH", "--upload-pack=x&branch=y")
        .without_env("CIRCLE_SHA1")
        .run();
    assert!(block(&run).contains("no-pipeline"), "{}", run.stdout);
    let asked = circleci.asked();
    assert!(asked[1].ends_with("?branch=--upload-pack%3Dx%26branch%3Dy"), "{asked:?}");
}
