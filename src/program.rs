//! Runs other programs: git, and docker's credential helpers.

use std::collections::BTreeSet;
use std::io;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// Runs a program with `input` on its standard input. Returns whether it succeeded, and at most `most` bytes of its
/// standard output; its standard error is discarded. Dropped before its end, it is killed with everything that it started.
pub(crate) async fn run(
    mut command: Command,
    input: &[u8],
    most: u64,
) -> io::Result<(bool, Vec<u8>)> {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A process group, so that its children can be killed with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let mut group = Group::of(child);
    let child = &mut group.child;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input reports that by its exit code.
        let _ = stdin.write_all(input).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(most).read_to_end(&mut output).await?;
    }
    let ended = child.wait().await;
    group.is_over();
    Ok((ended?.success(), output))
}

/// The groups that are running, for [`stop`].
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Kills every program that is still running, for a run that ends early: a signal to this process does not reach them.
pub fn stop() {
    for number in std::mem::take(&mut *running()) {
        kill(number);
    }
}

fn running() -> MutexGuard<'static, BTreeSet<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill(number: i32) {
    if let Some(group) = Pid::from_raw(number) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// A program and everything that it started. Drop kills whatever is still running.
struct Group {
    child: Child,
    number: Option<i32>,
}

impl Group {
    fn of(child: Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        running().extend(number);
        Self { child, number }
    }

    /// It was waited for: its process id may belong to another process now.
    fn is_over(&mut self) {
        if let Some(number) = self.number.take() {
            running().remove(&number);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(number) = self.number
            && running().remove(&number)
        {
            kill(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_program_is_given_its_input_and_its_output_is_cut() {
        let run = |script, most| run(shell(script), b"typed", most);
        assert_eq!(run("cat", 100).await.unwrap(), (true, b"typed".to_vec()));
        assert_eq!(run("cat", 3).await.unwrap(), (true, b"typ".to_vec()));
        assert_eq!(run("echo no; exit 1", 100).await.unwrap(), (false, b"no\n".to_vec()));
        assert!(super::run(Command::new("no-such-program"), b"", 1).await.is_err());
    }
}
