//! Which workflow and which jobs a diagnosis is about, and what they say together.

use std::collections::{HashMap, HashSet};

use super::answers::{Job, Workflow};
use super::{Because, Why};

/// The names that a team gives its workflow and jobs, as far as the config says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conventions {
    /// The workflow that pushes.
    pub workflow: Option<String>,
    /// The job that pushes.
    pub push_job: Option<String>,
    /// The job that verifies.
    pub gate_job: Option<String>,
    /// The pipeline definition that `--start-pipeline` uses.
    pub definition: Option<String>,
}

/// The statuses of jobs, the worst first. Others stand before the last.
const WORST: [&str; 12] = [
    "failed",
    "timedout",
    "infrastructure_fail",
    "terminated-unknown",
    "unauthorized",
    "canceled",
    "on_hold",
    "not_run",
    "blocked",
    "running",
    "queued",
    "not_running",
];

/// The statuses of workflows in the order in which they are looked at. Others stand last.
const FIRST: [&str; 9] = [
    "failed",
    "failing",
    "error",
    "unauthorized",
    "canceled",
    "on_hold",
    "running",
    "not_run",
    "success",
];

impl Conventions {
    /// Whether a job's name is the push job's.
    pub fn is_push(&self, name: &str) -> bool {
        is_named(name, self.push_job.as_deref(), &["push", "publish"])
    }

    fn is_gate(&self, name: &str) -> bool {
        is_named(name, self.gate_job.as_deref(), &["gate", "verify"])
    }
}

/// Whether a name is the configured one, or that of a matrix job or a repeat of it; where none is configured, whether it
/// has one of these words.
fn is_named(name: &str, configured: Option<&str>, words: &[&str]) -> bool {
    if let Some(configured) = configured {
        let rest = name.strip_prefix(configured);
        return rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    }
    let mut parts = name.split(|character: char| !character.is_alphanumeric());
    parts.any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

/// The workflows to look at: of each name the newest, the one that says most first. `None`: the configured one is not there.
pub fn candidates(workflows: &[Workflow], conventions: &Conventions) -> Vec<Workflow> {
    let mut newest: Vec<&Workflow> = Vec::new();
    let is_wanted = |workflow: &&Workflow| match &conventions.workflow {
        Some(name) => workflow.name == *name,
        None => !workflow.is_setup,
    };
    for workflow in workflows.iter().filter(is_wanted) {
        match newest.iter_mut().find(|known| known.name == workflow.name) {
            Some(known) if is_newer(workflow, known) => *known = workflow,
            Some(_) => {}
            None => newest.push(workflow),
        }
    }
    newest.sort_by_key(|workflow| {
        FIRST.iter().position(|status| *status == workflow.status).unwrap_or(FIRST.len())
    });
    newest.into_iter().cloned().collect()
}

/// The newest of the setup workflows.
pub fn newest_setup(workflows: &[Workflow]) -> Option<&Workflow> {
    workflows
        .iter()
        .filter(|workflow| workflow.is_setup)
        .reduce(|newest, workflow| if is_newer(workflow, newest) { workflow } else { newest })
}

fn is_newer(one: &Workflow, other: &Workflow) -> bool {
    let time = |workflow: &Workflow| workflow.created_at.parse::<jiff::Timestamp>().ok();
    time(one) > time(other)
}

/// What the jobs of a workflow say of the push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The push job: of several, the one that is worst.
    pub push: Job,
    /// The gate job.
    pub gate: Option<Job>,
    /// The worst job of the push job's chain that did not succeed, where the push job waits or did not run.
    pub because: Option<(Because, bool)>,
    /// Whether the gate's chain has a push job in it.
    pub gate_requires_push: Option<bool>,
}

/// Looks for the push job among the jobs of a workflow. `own` is the id of the job of this very run.
pub fn look(jobs: &[Job], conventions: &Conventions, own: Option<&str>) -> Option<Seen> {
    let is_own = |job: &Job| own == Some(job.id.as_str());
    let is_push = |job: &&Job| !job.is_approval && conventions.is_push(&job.name);
    // The job of this very run is unfinished because it asks.
    let counted = |job: &&Job| is_push(job) && !(is_own(job) && is_unfinished(&job.status));
    let push = jobs.iter().filter(counted).min_by_key(|job| badness(&job.status))?;
    let gates: Vec<&Job> = jobs
        .iter()
        .filter(|job| !job.is_approval && conventions.is_gate(&job.name) && job.id != push.id)
        .filter(|job| conventions.gate_job.is_some() || !is_push(job))
        .collect();
    let own_gate = gates.iter().find(|job| is_own(job));
    let gate = own_gate.or_else(|| gates.iter().min_by_key(|job| badness(&job.status)));
    let gate = gate.map(|job| (*job).clone());
    let gate_requires_push = gate.as_ref().and_then(|gate| {
        let (chain, is_whole) = chain(jobs, gate);
        let has_push = chain.iter().any(is_push);
        (has_push || is_whole).then_some(has_push)
    });
    let waits = ["blocked", "not_run", "queued", "not_running", "on_hold", "unauthorized"];
    let because = waits.contains(&push.status.as_str()).then(|| {
        let (chain, _) = chain(jobs, push);
        let worst = chain
            .into_iter()
            .filter(|job| job.status != "success" && !is_own(job))
            .min_by_key(|job| badness(&job.status))?;
        let because = Because { name: worst.name.clone(), status: worst.status.clone() };
        Some((because, worst.is_approval))
    });
    Some(Seen { push: push.clone(), gate, because: because.flatten(), gate_requires_push })
}

/// The jobs that a job waits for, directly or not; and whether all of them are there.
fn chain<'a>(jobs: &'a [Job], of: &Job) -> (Vec<&'a Job>, bool) {
    let known: HashMap<&str, &Job> = jobs.iter().map(|job| (job.id.as_str(), job)).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut found: Vec<&Job> = Vec::new();
    let mut is_whole = true;
    let mut next: Vec<&str> = of.dependencies.iter().map(String::as_str).collect();
    while let Some(id) = next.pop() {
        if !seen.insert(id) {
            continue;
        }
        match known.get(id) {
            Some(job) => {
                next.extend(job.dependencies.iter().map(String::as_str));
                found.push(job);
            }
            None => is_whole = false,
        }
    }
    (found, is_whole)
}

/// The place of a status among the worst ones.
fn badness(status: &str) -> usize {
    let others = WORST.len();
    match WORST.iter().position(|known| *known == status) {
        Some(place) => place,
        None if status == "success" => others + 1,
        None => others,
    }
}

fn is_unfinished(status: &str) -> bool {
    matches!(status, "running" | "queued" | "not_running" | "blocked" | "on_hold")
}

/// Whether a job ended, and not with success.
pub fn is_bad_end(status: &str) -> bool {
    matches!(
        status,
        "failed"
            | "timedout"
            | "infrastructure_fail"
            | "terminated-unknown"
            | "unauthorized"
            | "canceled"
            | "not_run"
    )
}

impl Seen {
    /// Why the image is missing.
    pub fn why(&self) -> Why {
        let because = self.because.as_ref().map(|(because, _)| because.status.as_str());
        let is_waiting_approval = self
            .because
            .as_ref()
            .is_some_and(|(because, is_approval)| *is_approval && !is_bad_end(&because.status));
        match self.push.status.as_str() {
            "failed" | "timedout" => Why::PushJobFailed,
            "infrastructure_fail" | "terminated-unknown" => Why::RerunNeeded,
            "canceled" => Why::PushJobCanceled,
            "success" => Why::PushJobPassed,
            "unauthorized" => Why::JobUnauthorized,
            "on_hold" | "not_run" | "blocked" | "queued" | "not_running"
                if because == Some("unauthorized") =>
            {
                Why::JobUnauthorized
            }
            "on_hold" => Why::OnHold,
            "not_run" | "blocked" | "queued" | "not_running"
                if because == Some("on_hold") || is_waiting_approval =>
            {
                Why::OnHold
            }
            "not_run" => Why::PushJobBlocked,
            "blocked" if because.is_some_and(is_bad_end) => Why::PushJobBlocked,
            "running" | "blocked" | "queued" | "not_running" => self.unfinished(),
            _ => Why::PushJobUnknown,
        }
    }

    fn unfinished(&self) -> Why {
        if self.gate_requires_push == Some(false) {
            Why::GateDoesNotRequirePush
        } else {
            Why::StillRunning
        }
    }
}
