//! What the checkout's git says of a commit. A checkout's own settings run nothing: no monitor, no signature program, no
//! pager, no fetch.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::program;
use crate::request::Revision;

/// How long git is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most of its output that is read.
const MOST: u64 = 64 << 10;

/// How many characters of a message CircleCI looks at.
const LOOKED_AT: usize = 250;

/// The commit that the remote branch of the checkout is at.
pub(super) async fn head(root: &Path, branch: &str, hidden: &[String]) -> Option<String> {
    let reference = format!("refs/remotes/origin/{branch}^{{commit}}");
    let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &reference];
    let said = git(root, &arguments, hidden).await?;
    said.trim().parse().ok().map(|commit: Revision| commit.to_string())
}

/// Whether a commit's own message says that no pipeline should run, and with which words.
pub(super) async fn skips(root: &Path, commit: &str, hidden: &[String]) -> Option<&'static str> {
    let arguments = ["log", "-1", "--no-show-signature", "--format=%B", "--end-of-options", commit];
    skipping(&git(root, &arguments, hidden).await?)
}

/// The words of a message that keep a pipeline from running.
fn skipping(message: &str) -> Option<&'static str> {
    let message = message.trim();
    let (title, body) = message.split_once('\n').unwrap_or((message, ""));
    let looked_at =
        [title, body.trim()].map(|text| text.chars().take(LOOKED_AT).collect::<String>());
    let words = ["[skip ci]", "[ci skip]"];
    words.into_iter().find(|words| looked_at.iter().any(|text| text.contains(words)))
}

async fn git(root: &Path, arguments: &[&str], hidden: &[String]) -> Option<String> {
    let mut command = Command::new("git");
    for variable in hidden {
        command.env_remove(variable);
    }
    command
        .args(["--no-pager", "--no-optional-locks"])
        .args(["-c", "core.fsmonitor=false", "-c", "log.showSignature=false"])
        .args(["-c", "protocol.allow=never"])
        .args(arguments)
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .current_dir(root);
    let run = program::run(command, b"", MOST);
    let (succeeded, output) = tokio::time::timeout(PATIENCE, run).await.ok()?.ok()?;
    succeeded.then(|| String::from_utf8_lossy(&output).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_skips_by_its_first_250_characters_of_title_or_body() {
        let long = "x".repeat(250);
        for (message, words) in [
            ("Fix it [skip ci]".to_owned(), Some("[skip ci]")),
            ("[ci skip] Fix it".to_owned(), Some("[ci skip]")),
            ("Fix it\n\nbecause\n[skip ci]\n".to_owned(), Some("[skip ci]")),
            (format!("Fix it\n\n{long}[skip ci]"), None),
            (format!("{long}[skip ci]"), None),
            ("Fix it [skip  ci] [SKIP CI]".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(skipping(&message), words, "{message}");
        }
    }
}
