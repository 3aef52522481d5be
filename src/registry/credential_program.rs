//! Runs Docker's credential helpers with the job's environment without its tokens. Never shows their output.

use std::io::ErrorKind;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use crate::program;
use crate::registry::login::Login;
use crate::secret::Redactor;

/// How many bytes of a helper's answer are read at most.
const MOST: u64 = 64 << 10;
/// How long a helper may take at most.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A helper's answer (docker-credential-helpers, "Development").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The program's name, made safe to print.
pub(super) fn shown(name: &str, redactor: &Redactor) -> String {
    format!("docker-credential-{}", redactor.line(name, 60))
}

/// Asks a helper for the login under `key`. `left` is the time until the deadline.
///
/// # Errors
/// A clause that follows the program's name.
pub(super) async fn ask(
    name: &str,
    key: &str,
    hidden: &[String],
    left: Duration,
    redactor: &Redactor,
) -> Result<Option<Login>, String> {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(plain) {
        return Err("is not a valid program name".to_owned());
    }
    let limit = TIMEOUT.min(left);
    let (succeeded, output) = match tokio::time::timeout(limit, run(name, key, hidden)).await {
        Err(_) if limit == left => {
            return Err("had not answered when the run's deadline passed".to_owned());
        }
        Err(_) => return Err("took longer than 10 s".to_owned()),
        // A script with a missing interpreter gives the same error.
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
            return Err("is not in PATH (or its interpreter is missing)".to_owned());
        }
        Ok(Err(error)) => return Err(format!("could not be run ({})", error.kind())),
        Ok(Ok(answer)) => answer,
    };
    if output.len() as u64 > MOST {
        return Err("returned more than 64 KiB".to_owned());
    }
    if !succeeded {
        // The protocol's text for "nothing stored". docker then asks anonymously, too.
        let nothing = String::from_utf8_lossy(&output).contains("credentials not found");
        return if nothing { Ok(None) } else { Err("failed".to_owned()) };
    }
    let Answer { username, secret } = serde_json::from_slice(&output)
        .map_err(|_| "returned something other than a login".to_owned())?;
    if secret.is_empty() {
        return Err("returned an empty login".to_owned());
    }
    Ok(Some(match username.as_str() {
        "<token>" => Login::identity(&secret, redactor),
        user => Login::password(user, &secret, redactor),
    }))
}

async fn run(name: &str, key: &str, hidden: &[String]) -> std::io::Result<(bool, Vec<u8>)> {
    let mut command = Command::new(format!("docker-credential-{name}"));
    for variable in hidden {
        command.env_remove(variable);
    }
    command.arg("get");
    program::run(command, key.as_bytes(), MOST + 1).await
}
