//! Runs other programs: git, and docker's credential helpers.

use std::io;
use std::process::Stdio;

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
    let mut group = Group(child);
    let child = &mut group.0;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input reports that by its exit code.
        let _ = stdin.write_all(input).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(most).read_to_end(&mut output).await?;
    }
    Ok((child.wait().await?.success(), output))
}

/// A program and everything that it started. Drop kills whatever is still running.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // After a wait, the process id may belong to another process.
        let number = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = number.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
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
