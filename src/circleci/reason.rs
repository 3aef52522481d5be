//! Why a pipeline did not push an image: stable codes, and whether a new pipeline may help.

use crate::codes::codes;

macro_rules! whys {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal, $meaning:literal, $advice:literal, $start:literal;)*) => {
        codes! {
            /// Why an image is missing, as far as CircleCI says. The advice has no full stop.
            Why;
            $($(#[doc = $doc])* $variant = $code, $meaning, $advice;)*
        }

        impl Why {
            /// Whether `--start-pipeline` starts one: empty. Else why it does not.
            pub fn refusal(self) -> &'static str {
                match self { $(Self::$variant => $start,)* }
            }
        }
    };
}

whys! {
    /// No token.
    NoToken = "no-token", "CircleCI was not asked: there is no token.",
        "Set CIRCLE_TOKEN to a personal API token of CircleCI (User Settings > Personal API Tokens) and run it again", "there is no token";
    /// No project.
    NoProject = "no-project", "CircleCI was not asked: the project is not known.",
        "Add the project to the config file, as in `circleci: { project: gh/ORGANIZATION/REPOSITORY }`: Project Settings > Overview shows its slug", "the project is not known";
    /// Another question of the run was asked.
    NotAsked = "not-asked", "CircleCI was not asked: a run asks one question, the first.",
        "Verify this image in a run of its own, with --diagnose", "this question was not asked";
    /// 401.
    TokenRefused = "token-refused", "CircleCI does not accept the token.",
        "Make a new personal API token (User Settings > Personal API Tokens) and set CIRCLE_TOKEN to it; a project's token does not work", "the token is refused";
    /// 403.
    Forbidden = "forbidden", "The token may not read the project.",
        "Use a personal token of somebody who may see the project; a project's token does not work", "the token may not read the project";
    /// 404 of the project.
    ProjectNotVisible = "project-not-visible", "CircleCI has no such project, or the token cannot see it.",
        "Compare the slug with Project Settings > Overview, and use a personal token of somebody who may see the project", "the project is not visible";
    /// 429.
    RateLimited = "rate-limited", "CircleCI refuses more requests for now.",
        "Run it again after the wait that the message names, or in a minute; the verdict above is the registry's", "CircleCI could not be asked";
    /// Anything else that is no answer.
    Unavailable = "circleci-unavailable", "CircleCI gave no usable answer.",
        "Run it again, or follow the link; the verdict above is the registry's", "CircleCI could not be asked";
    /// The branch has no pipeline.
    NoPipeline = "no-pipeline", "No pipeline has run on the branch.",
        "Push to the branch, or start a pipeline with --start-pipeline; if pushes start none, look at the project's triggers and webhooks", "";
    /// The project has no pipeline definition.
    NoDefinition = "no-definition", "The project has no pipeline definition, so that nothing can run.",
        "Set the project up: Project Settings > Pipelines > Add Pipeline", "there is nothing that could run: set up a pipeline first";
    /// Every trigger is disabled.
    TriggerDisabled = "trigger-disabled", "Every trigger of the project is disabled.",
        "Enable a trigger (Project Settings > Triggers), or start a pipeline with --start-pipeline", "";
    /// No trigger fires for the branch.
    TriggerExcludesBranch = "trigger-excludes-branch", "No trigger of the project fires for a push to the branch.",
        "Let a trigger fire for pushes to the branch (Project Settings > Triggers), or start a pipeline with --start-pipeline", "";
    /// The commit has no pipeline.
    PipelineMissing = "pipeline-missing", "The branch has pipelines, and none of this commit.",
        "Was the commit pushed to the branch, as the last one of its push? If so, start a pipeline with --start-pipeline", "";
    /// The commit asked not to be built.
    CommitSkipped = "commit-skipped", "The commit's own message says that no pipeline should run.",
        "Push a commit without these words: CircleCI skips this one, whoever starts a pipeline", "";
    /// The configuration is wrong.
    ConfigBroken = "config-broken", "CircleCI could not read the pipeline's configuration.",
        "Fix the configuration; `circleci config validate` shows the same mistake", "fix the configuration first";
    /// The pipeline failed before it began.
    PipelineErrored = "pipeline-errored", "The pipeline failed before a workflow ran, and not because of its configuration.",
        "Start another one with --start-pipeline", "";
    /// The setup workflow failed.
    SetupFailed = "setup-failed", "The setup workflow failed, so that no other one ran.",
        "Fix the setup job, then run again with --start-pipeline: a setup workflow cannot be rerun", "";
    /// The setup workflow did not continue.
    SetupNotContinued = "setup-not-continued", "The setup workflow succeeded and did not continue the pipeline.",
        "Check that the setup job ends by continuing the pipeline, then run again with --start-pipeline", "";
    /// No workflow ran.
    WorkflowFiltered = "workflow-filtered", "The workflow did not run: its filters exclude this branch, or nothing matched.",
        "Compare the workflow's filters and its `when` with the branch and with the parameters of what starts it", "the same configuration would do the same";
    /// The workflow could not run.
    WorkflowErrored = "workflow-errored", "The workflow could not run, and has no push job.",
        "Look at the workflow's page for what is wrong, then run again with --start-pipeline", "";
    /// No push job.
    PushJobAbsent = "push-job-absent", "No job of the workflow is a push job.",
        "Add the push job to the workflow, or name it as `circleci.push_job` in the config file", "no job would push: add the push job first";
    /// The push job was filtered out.
    PushJobFiltered = "push-job-filtered", "The configuration has a push job, and it did not run in this pipeline.",
        "Compare the job's filters with the branch, and let them include it", "the same filters would leave it out again";
    /// The push job was not found, and not everything was looked at.
    PushJobUnknown = "push-job-unknown", "The push job was not found among what was looked at, or has a status that says nothing.",
        "Open the pipeline's page, or set `circleci.workflow` and `circleci.push_job` in the config file", "it is not known whether the push job is running";
    /// The push job failed.
    PushJobFailed = "push-job-failed", "The push job failed.",
        "Read the job's log and fix what failed, then run again with --start-pipeline", "";
    /// CircleCI's own trouble.
    RerunNeeded = "rerun-needed", "CircleCI itself ended the push job.",
        "Choose \"Rerun workflow from failed\" on its page, or run again with --start-pipeline", "";
    /// The push job was canceled.
    PushJobCanceled = "push-job-canceled", "The push job was canceled.",
        "If nobody canceled it on purpose, run again with --start-pipeline", "";
    /// A context refused the job.
    JobUnauthorized = "job-unauthorized", "The push job, or one before it, may not use its context.",
        "Give whoever starts the pipeline access to the context, or run again with --start-pipeline, which runs as the token's owner", "";
    /// An approval is missing.
    OnHold = "on-hold", "The push job waits for an approval.",
        "Approve it on the workflow's page", "approve it instead";
    /// A job before it ended without success.
    PushJobBlocked = "push-job-blocked", "The push job did not run: a job before it ended without success.",
        "Fix the job before it, then run again with --start-pipeline", "";
    /// The gate did not wait for the push.
    GateDoesNotRequirePush = "gate-does-not-require-push", "The push job is still running, and the gate does not wait for it.",
        "Add the push job to the gate's `requires`, so that the gate waits", "it is running";
    /// Still running.
    StillRunning = "still-running", "The push job has not ended yet.",
        "Wait for it: `--wait 5m` asks the registry again until then", "it is running";
    /// It pushed something else.
    PushJobPassed = "push-job-passed", "The push job succeeded: it pushed something else, or elsewhere, or a newer pipeline moved the tag.",
        "Compare the registry, repository and tag in the push job's log with the ones above", "";
}

impl Why {
    /// Whether a pipeline is started.
    pub fn is_startable(self) -> bool {
        self.refusal().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Why;

    #[test]
    fn a_pipeline_is_started_where_another_one_may_end_otherwise() {
        let started = Why::ALL.iter().filter(|why| why.is_startable());
        let started: Vec<_> = started.map(|why| why.as_str()).collect();
        insta::assert_snapshot!(started.join(" "), @"no-pipeline trigger-disabled trigger-excludes-branch pipeline-missing commit-skipped pipeline-errored setup-failed setup-not-continued workflow-errored push-job-failed rerun-needed push-job-canceled job-unauthorized push-job-blocked push-job-passed");
        // Every refusal says why.
        let refused = Why::ALL.iter().filter(|why| !why.is_startable());
        assert!(refused.clone().all(|why| why.refusal().len() > 10));
        assert_eq!(refused.count() + started.len(), Why::ALL.len());
    }
}
