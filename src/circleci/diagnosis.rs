//! What CircleCI said of a missing image: a value that every output shows.

use serde::Serialize;

use super::{BranchFrom, CommitFrom, ProjectFrom, Why};

/// One question, and what came of it. Its texts are cleaned and masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The places of the images that share the question.
    pub images: Vec<usize>,
    /// The project's slug, and where it was found.
    pub project: Option<(String, ProjectFrom)>,
    /// The branch.
    pub branch: String,
    /// What named the branch.
    pub branch_from: BranchFrom,
    /// The commit, and what named it.
    pub commit: Option<(String, CommitFrom)>,
    /// The code.
    pub reason: Why,
    /// The first line.
    pub message: String,
    /// The link in the first line.
    pub url: Option<String>,
    /// What is configured.
    pub configured: Option<String>,
    /// What the builds did.
    pub builds: Option<String>,
    /// What to do next.
    pub next: Option<String>,
    /// The pipeline of the commit.
    pub pipeline: Option<PipelineSeen>,
    /// The workflow that was looked at.
    pub workflow: Option<WorkflowSeen>,
    /// The push job.
    pub push_job: Option<JobSeen>,
    /// The gate job.
    pub gate_job: Option<JobSeen>,
    /// The worst job before the push job that did not succeed.
    pub because: Option<Because>,
    /// Whether the gate waits for the push job.
    pub gate_requires_push: Option<bool>,
    /// The contexts of the push job.
    pub contexts: Option<Vec<String>>,
    /// What CircleCI said is wrong with the pipeline.
    pub errors: Vec<PipelineError>,
    /// How many requests were sent to CircleCI.
    pub requests: u32,
    /// What became of `--start-pipeline`; `None` without it.
    pub start: Option<Start>,
}

/// A pipeline of CircleCI's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PipelineSeen {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: Option<u64>,
    /// Its state, as CircleCI names it.
    pub state: String,
    /// Its commit; null where CircleCI names none.
    pub commit: Option<String>,
    /// When it was created.
    pub created_at: Option<String>,
    /// Who started it.
    pub actor: Option<String>,
    /// Its page.
    pub url: Option<String>,
}

/// A workflow of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WorkflowSeen {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its status, as CircleCI names it.
    pub status: String,
    /// Its page.
    pub url: Option<String>,
}

/// A job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct JobSeen {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its number; null where it never ran.
    pub number: Option<u64>,
    /// Its status, as CircleCI names it.
    pub status: String,
    /// Its page.
    pub url: Option<String>,
}

/// A job that keeps another one from running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Because {
    /// Its name.
    pub name: String,
    /// Its status, as CircleCI names it.
    pub status: String,
}

/// What CircleCI says is wrong with a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PipelineError {
    /// What kind of mistake it is, as in `config`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong.
    pub message: String,
}

/// What became of `--start-pipeline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// How it ended.
    pub result: StartResult,
    /// The code of a refusal.
    pub reason: Option<&'static str>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The line behind `start`; a second line says what was started.
    pub message: String,
    /// The number of the new pipeline.
    pub number: Option<u64>,
    /// Its page, or the branch's.
    pub url: Option<String>,
}

/// How `--start-pipeline` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartResult {
    /// CircleCI created a pipeline.
    Started,
    /// CircleCI answered that it created none.
    NotStarted,
    /// Nothing was sent.
    Refused,
    /// CircleCI refused.
    Failed,
    /// It was sent, and nothing says what came of it.
    Unknown,
}

impl StartResult {
    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::NotStarted => "not-started",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Diagnosis {
    /// The block that people read: labels and texts. The first line stands above the others.
    pub fn lines(&self) -> Vec<(&'static str, &str)> {
        let mut lines = vec![("pipeline", self.message.as_str()), ("reason", self.reason.as_str())];
        let more =
            [("configured", &self.configured), ("builds", &self.builds), ("next", &self.next)];
        for (label, text) in more {
            lines.extend(text.as_deref().map(|text| (label, text)));
        }
        lines.extend(self.start.as_ref().map(|start| ("start", start.message.as_str())));
        lines
    }

    /// What a status file's notes say of it.
    pub fn note(&self) -> String {
        let number = self.pipeline.as_ref().and_then(|pipeline| pipeline.number);
        let number = number.map(|number| format!(" #{number}")).unwrap_or_default();
        let url = self.url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        format!("CircleCI{number}: {}{url}", self.reason)
    }
}
