//! What a diagnosis says in sentences. Pure: no request.

use jiff::SignedDuration;

use super::api::Trouble;
use crate::circleci::jobs::Seen;
use crate::circleci::{PipelineError, Why};

/// A failed request: its code, and its words without a link.
pub(super) fn failure(trouble: &Trouble, slug: &str, variable: &str) -> (Why, String) {
    match trouble {
        Trouble::Refused => (Why::TokenRefused, format!("{variable} is refused or expired (401)")),
        Trouble::Forbidden => (Why::Forbidden, format!("{variable} may not read {slug} (403)")),
        Trouble::Limited(wait) => {
            let wait = wait.map_or_else(
                || "for a while".to_owned(),
                |wait| format!("for {} s", wait.as_secs_f64().ceil()),
            );
            (Why::RateLimited, format!("CircleCI wants to be left alone {wait} (429)"))
        }
        Trouble::NotFound => unavailable("404"),
        Trouble::Unavailable(why) => unavailable(why),
    }
}

fn unavailable(why: &str) -> (Why, String) {
    (Why::Unavailable, format!("CircleCI could not be asked ({why})"))
}

/// What to do next, where more is known than the code.
pub(super) fn next(why: Why, push: Option<&str>, because: Option<&str>) -> String {
    match (because, push) {
        (Some(because), _) if why == Why::OnHold => {
            format!("Approve `{because}` on the workflow's page")
        }
        (Some(because), _) if why == Why::PushJobBlocked => {
            format!("Fix `{because}`, then run again with --start-pipeline")
        }
        (None, _) if why == Why::PushJobBlocked => {
            "Check whether \"Only build pull requests\" is on (Project Settings > Advanced), then run again with \
             --start-pipeline"
                .to_owned()
        }
        (_, Some(push)) if why == Why::GateDoesNotRequirePush => {
            format!("Add `{push}` to the gate's `requires`, so that the gate waits")
        }
        (_, _) => why.advice().to_owned(),
    }
}

/// What to do where the project is not found under a slug that was made of the git remote.
pub(super) const GUESSED: &str = "Set `circleci.project` in the config file: the slug was made of the git remote, and a \
    project of the GitHub App has another one (Project Settings > Overview)";

/// What to do where no context could hold the login.
pub(super) fn no_context(is_digitalocean: bool) -> String {
    let login = if is_digitalocean { "DIGITALOCEAN_ACCESS_TOKEN" } else { "the registry's login" };
    format!(
        "The job has no context that could hold {login}. Add it, then run again with --start-pipeline"
    )
}

/// What is configured, as far as the jobs show it.
pub(super) fn configured(workflow: &str, seen: &Seen) -> String {
    let text = format!("workflow `{workflow}` runs on this branch");
    if let (Some(gate), Some(requires)) = (&seen.gate, seen.gate_requires_push) {
        let verb = if requires { "requires" } else { "does not require" };
        return format!("{text}; `{}` {verb} `{}`", gate.name, seen.push.name);
    }
    text
}

/// The jobs of a workflow without a push job.
pub(super) fn no_push_job(names: &[String]) -> String {
    const MOST: usize = 10;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > MOST { ", …" } else { "" };
    if shown.is_empty() {
        return "the workflow has no jobs".to_owned();
    }
    format!("no job is a push job: {}{more}", shown.join(", "))
}

/// What the push job did, without its link.
pub(super) fn builds(seen: &Seen, after: Option<&str>, contexts: Option<&[String]>) -> Vec<String> {
    let mut parts = vec![format!("`{}` {}", seen.push.name, did(&seen.push.status))];
    if let Some((because, _)) = &seen.because {
        parts.push(format!(": `{}` {}", because.name, did(&because.status)));
    }
    parts.extend(after.map(|after| format!(" after {after}")));
    parts.extend(contexts.map(|contexts| match contexts {
        [] => " (contexts: none)".to_owned(),
        contexts => format!(" (contexts: {})", contexts.join(", ")),
    }));
    parts
}

/// What a job with this status did.
fn did(status: &str) -> String {
    let text = match status {
        "failed" => "failed",
        "timedout" => "timed out",
        "infrastructure_fail" => "was ended by an infrastructure failure at CircleCI",
        "terminated-unknown" => "was ended by CircleCI for a reason that it does not name",
        "unauthorized" => "may not use its context",
        "canceled" => "was canceled",
        "on_hold" => "waits for an approval",
        "not_run" => "did not run",
        "blocked" => "waits for other jobs",
        "running" => "is running",
        "queued" => "is queued",
        "not_running" => "has not started",
        "success" => "succeeded",
        other => return format!("has the status `{other}`"),
    };
    text.to_owned()
}

/// What CircleCI said is wrong with a pipeline.
pub(super) fn errors(errors: &[PipelineError]) -> Option<String> {
    let said = errors.iter().take(3).map(|error| format!("{}: {}", error.kind, error.message));
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// How long ago something was.
pub(super) fn age(age: SignedDuration) -> String {
    in_words(u64::try_from(age.as_secs()).unwrap_or(0))
}

/// How long something took, by its milliseconds.
pub(super) fn took(milliseconds: u64) -> String {
    in_words(milliseconds / 1000)
}

/// Seconds, minutes, hours or days, rounded down.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rounded_down() {
        let ages = [-5, 0, 59, 60, 179, 3_599, 3_600, 86_399, 86_400, 200_000];
        let shown = ages.map(|seconds| age(SignedDuration::from_secs(seconds))).join(", ");
        assert_eq!(shown, "0 s, 0 s, 59 s, 1 min, 2 min, 59 min, 1 h, 23 h, 1 d, 2 d");
    }
}
