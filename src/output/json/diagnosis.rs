//! The diagnoses of a report, as they are printed.

use serde::Serialize;

use crate::circleci::{self, Because, JobSeen, PipelineError, PipelineSeen, WorkflowSeen};
use crate::report::Report;

/// Why images are missing, as CircleCI says: one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// The references of the images that share the question.
    pub images: Vec<String>,
    /// The project's slug; null where it is not known.
    pub project: Option<String>,
    /// Where the slug was found: `config`, `info.yml`, `remote` or null.
    pub project_from: Option<String>,
    /// The branch.
    pub branch: String,
    /// What named the branch: `environment`, `CIRCLE_BRANCH` or `default`.
    pub branch_from: String,
    /// The commit; null where none is known.
    pub commit: Option<String>,
    /// What named the commit: `expected`, `CIRCLE_SHA1`, `git` or null.
    pub commit_from: Option<String>,
    /// The stable code, as in `push-job-failed`.
    #[cfg_attr(test, schemars(extend("enum" = circleci::Why::ALL.iter().map(|why| why.as_str()).collect::<Vec<_>>())))]
    pub reason: String,
    /// One sentence, with its link.
    pub message: String,
    /// What is configured.
    pub configured: Option<String>,
    /// What the builds did.
    pub builds: Option<String>,
    /// What to do next.
    pub next: Option<String>,
    /// The link in `message`.
    pub url: Option<String>,
    /// The pipeline of the commit; null where none was found.
    pub pipeline: Option<PipelineSeen>,
    /// The workflow that was looked at.
    pub workflow: Option<WorkflowSeen>,
    /// The job that pushes.
    pub push_job: Option<JobSeen>,
    /// The job that verifies.
    pub gate_job: Option<JobSeen>,
    /// The worst job before the push job that did not succeed, where the push job waits or did not run.
    pub because: Option<Because>,
    /// Whether the gate waits for the push job; null where that is not known.
    pub gate_requires_push: Option<bool>,
    /// The contexts of a push job that ended badly; null where they were not asked for.
    pub contexts: Option<Vec<String>>,
    /// What CircleCI says is wrong with the pipeline.
    pub errors: Vec<PipelineError>,
    /// How many requests were sent to CircleCI. They are not among the report's.
    pub requests: u32,
    /// What became of `--start-pipeline`; null without it.
    pub start: Option<Start>,
}

/// What became of `--start-pipeline`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Start {
    /// How it ended.
    #[cfg_attr(test, schemars(extend("enum" = ["started", "not-started", "refused", "failed", "unknown"])))]
    pub result: String,
    /// The code of a refusal; else null.
    pub reason: Option<String>,
    /// The HTTP status; null where there was no answer, or nothing was sent.
    pub status: Option<u16>,
    /// What is printed behind `start`.
    pub message: String,
    /// The number of the new pipeline.
    pub number: Option<u64>,
    /// Its page, or that of the branch.
    pub url: Option<String>,
}

impl Diagnosis {
    /// The diagnoses of a run; `None` without `--diagnose`.
    pub fn all(report: &Report) -> Option<Vec<Self>> {
        let diagnoses = report.diagnosis.as_ref()?;
        Some(diagnoses.iter().map(|diagnosis| Self::of(diagnosis, report)).collect())
    }

    fn of(diagnosis: &circleci::Diagnosis, report: &Report) -> Self {
        let of = diagnosis.clone();
        let images = of.images.iter().filter_map(|place| report.images.get(*place));
        let (project, project_from) = of.project.unzip();
        let (commit, commit_from) = of.commit.unzip();
        Self {
            images: images.map(|image| image.request.reference.to_string()).collect(),
            project,
            project_from: project_from.map(|from| from.as_str().to_owned()),
            branch: of.branch,
            branch_from: of.branch_from.as_str().to_owned(),
            commit,
            commit_from: commit_from.map(|from| from.as_str().to_owned()),
            reason: of.reason.to_string(),
            message: of.message,
            configured: of.configured,
            builds: of.builds,
            next: of.next,
            url: of.url,
            pipeline: of.pipeline,
            workflow: of.workflow,
            push_job: of.push_job,
            gate_job: of.gate_job,
            because: of.because,
            gate_requires_push: of.gate_requires_push,
            contexts: of.contexts,
            errors: of.errors,
            requests: of.requests,
            start: of.start.map(Start::of),
        }
    }
}

impl Start {
    fn of(start: circleci::Start) -> Self {
        let circleci::Start { result, reason, status, message, number, url } = start;
        Self {
            result: result.as_str().to_owned(),
            reason: reason.map(str::to_owned),
            status,
            message,
            number,
            url,
        }
    }
}
