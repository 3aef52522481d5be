//! From a pipeline to its push job: state, errors, workflows, jobs.

use serde_json::Value;

use super::api::{Page, Trouble};
use super::ask::{Asker, numbered};
use super::texts;
use crate::circleci::answers::{Clean, Job, Pipeline, Workflow, compiled_jobs, field, list, text};
use crate::circleci::jobs::{Seen, candidates, is_bad_end, look, newest_setup};
use crate::circleci::{JobSeen, Why, WorkflowSeen};

/// The most workflows of a pipeline whose jobs are looked at.
const MOST_WORKFLOWS: usize = 2;

/// What CircleCI says of one job.
#[derive(Default)]
struct Detail {
    took: Option<String>,
    messages: Vec<String>,
    contexts: Option<Vec<String>>,
}

/// Reads an item of a list.
type Read<T> = fn(&Value, Clean<'_>) -> Option<T>;

impl Asker<'_> {
    /// Finds out what became of a pipeline.
    pub(super) async fn follow(
        &mut self,
        pipeline: &Pipeline,
        newest: Option<&Pipeline>,
    ) -> Result<(), Trouble> {
        self.found(pipeline);
        match pipeline.state.as_str() {
            "errored" => {
                self.errored();
                return Ok(());
            }
            "pending" | "setup-pending" => {
                self.say(Why::StillRunning);
                return Ok(());
            }
            _ => {}
        }
        let path = format!("/api/v2/pipeline/{}/workflow", pipeline.id);
        let page = self.api.page(&path).await?;
        let is_wanted_here = |workflows: &[Workflow], wanted: &str| {
            workflows.iter().any(|workflow| workflow.name == wanted)
        };
        let mut workflows = self.read(&page, Workflow::of);
        let mut is_whole = page.is_whole();
        if let (Some(wanted), Some(next)) = (&self.settings.conventions.workflow, &page.next)
            && !is_wanted_here(&workflows, wanted)
        {
            let more = self.api.next_page(&path, next).await?;
            workflows.extend(self.read(&more, Workflow::of));
            is_whole = !page.is_cut && more.is_whole();
        }
        let found = candidates(&workflows, &self.settings.conventions);
        if found.is_empty() {
            self.no_workflow(pipeline, &workflows, is_whole);
            return Ok(());
        }
        self.jobs(pipeline, &found, is_whole, newest).await
    }

    pub(super) fn read<T>(&self, page: &Page, read: Read<T>) -> Vec<T> {
        let clean = |text: &str| self.line(text);
        page.items.iter().filter_map(|item| read(item, &clean)).collect()
    }

    /// The pipeline says itself what is wrong with it, or only that something is.
    fn errored(&mut self) {
        let is_config = self
            .diagnosis
            .errors
            .iter()
            .any(|error| matches!(error.kind.as_str(), "config" | "config-fetch"));
        self.say(if is_config { Why::ConfigBroken } else { Why::PipelineErrored });
        self.diagnosis.builds = texts::errors(&self.diagnosis.errors);
    }

    /// No workflow that may push.
    fn no_workflow(&mut self, pipeline: &Pipeline, workflows: &[Workflow], is_whole: bool) {
        let has_other = workflows.iter().any(|workflow| !workflow.is_setup);
        let setup = newest_setup(workflows).filter(|_| !has_other);
        let why = match setup.map(|setup| setup.status.as_str()) {
            None | Some("success" | "not_run")
                if !self.diagnosis.errors.is_empty() && !has_other =>
            {
                return self.errored();
            }
            Some("failed" | "error" | "canceled" | "unauthorized") => Why::SetupFailed,
            _ if !is_whole => Why::PushJobUnknown,
            Some("success") if pipeline.state == "setup" => Why::SetupNotContinued,
            None | Some("success" | "not_run") => Why::WorkflowFiltered,
            Some(_) => Why::StillRunning,
        };
        self.say(why);
        if let Some(setup) = setup {
            self.saw_workflow(setup);
            self.diagnosis.builds =
                Some(format!("setup workflow `{}` is `{}`", setup.name, setup.status));
        }
        if why == Why::WorkflowFiltered {
            let wanted = self.settings.conventions.workflow.as_deref();
            self.diagnosis.configured = Some(match wanted {
                Some(wanted) => format!("workflow `{wanted}` did not run in this pipeline"),
                None => "no workflow ran in this pipeline".to_owned(),
            });
        }
    }

    /// Looks for the push job in at most two workflows.
    async fn jobs(
        &mut self,
        pipeline: &Pipeline,
        found: &[Workflow],
        is_whole: bool,
        newest: Option<&Pipeline>,
    ) -> Result<(), Trouble> {
        let mut is_all = is_whole && found.len() <= MOST_WORKFLOWS;
        let mut names = Vec::new();
        for workflow in found.iter().take(MOST_WORKFLOWS) {
            if self.diagnosis.workflow.is_some() && self.api.left() == 0 {
                is_all = false;
                break;
            }
            let path = format!("/api/v2/workflow/{}/job", workflow.id);
            if self.diagnosis.workflow.is_none() {
                self.saw_workflow(workflow);
            }
            let page = self.api.page(&path).await?;
            let mut jobs: Vec<Job> = self.read(&page, Job::of);
            let mut is_read = page.is_whole();
            if let Some(next) = page.next.as_ref().filter(|_| self.api.left() > 0) {
                let more = self.api.next_page(&path, next).await?;
                jobs.extend(self.read(&more, Job::of));
                is_read = !page.is_cut && more.is_whole();
            }
            is_all = is_all && is_read;
            if let Some(seen) = look(&jobs, &self.settings.conventions, self.own) {
                self.saw_workflow(workflow);
                self.saw(pipeline, workflow, &seen, newest).await;
                return Ok(());
            }
            names.extend(jobs.into_iter().map(|job| job.name));
        }
        self.no_push_job(pipeline, found, is_all, &names).await;
        Ok(())
    }

    async fn no_push_job(
        &mut self,
        pipeline: &Pipeline,
        found: &[Workflow],
        is_all: bool,
        names: &[String],
    ) {
        let errored = found.iter().take(MOST_WORKFLOWS).find(|workflow| workflow.status == "error");
        if let Some(workflow) = errored {
            self.saw_workflow(workflow);
            self.say(Why::WorkflowErrored);
            self.diagnosis.builds = Some(format!("workflow `{}` could not run", workflow.name));
            return;
        }
        if !is_all {
            return self.say(Why::PushJobUnknown);
        }
        let filtered = self.filtered_push_job(pipeline).await;
        self.say(if filtered.is_some() { Why::PushJobFiltered } else { Why::PushJobAbsent });
        self.diagnosis.configured = Some(match filtered {
            Some(name) => format!("the configuration has the job `{name}`, which did not run"),
            None => texts::no_push_job(names),
        });
    }

    /// The push job of the compiled configuration.
    async fn filtered_push_job(&mut self, pipeline: &Pipeline) -> Option<String> {
        let path = format!("/api/v2/pipeline/{}/config", pipeline.id);
        let config = self.api.get(&path).await.ok()?;
        let compiled = text(field(&config, &["compiled"]))?;
        let conventions = &self.settings.conventions;
        let name = compiled_jobs(compiled).into_iter().find(|name| conventions.is_push(name))?;
        Some(self.line(name))
    }

    /// Writes down what the push job came to.
    async fn saw(
        &mut self,
        pipeline: &Pipeline,
        workflow: &Workflow,
        seen: &Seen,
        newest: Option<&Pipeline>,
    ) {
        let why = seen.why();
        self.diagnosis.push_job = Some(self.job_seen(pipeline, workflow, &seen.push));
        self.diagnosis.gate_job =
            seen.gate.as_ref().map(|gate| self.job_seen(pipeline, workflow, gate));
        self.diagnosis.because = seen.because.as_ref().map(|(because, _)| because.clone());
        self.diagnosis.gate_requires_push = seen.gate_requires_push;
        self.diagnosis.configured = Some(texts::configured(&workflow.name, seen));
        let Detail { took, messages, contexts } = self.detail(seen).await;
        self.diagnosis.contexts.clone_from(&contexts);
        let mut builds = texts::builds(seen, took.as_deref(), contexts.as_deref());
        let job = self.diagnosis.push_job.as_ref().and_then(|job| job.url.clone());
        builds.extend(job.iter().map(|url| format!(": {url}")));
        builds.extend(messages);
        let newer = newest.filter(|newest| newest.number > pipeline.number);
        if let Some(newer) =
            newer.filter(|_| matches!(why, Why::PushJobCanceled | Why::PushJobPassed))
        {
            let branch = self.line(&self.diagnosis.branch);
            builds.push(format!("; {} is a newer pipeline of {branch}", numbered(newer)));
        }
        if why == Why::PushJobPassed
            && !self.starts
            && let Some(said) = self.gate_said(seen).await
        {
            builds.push(format!("; {said}"));
        }
        self.diagnosis.builds = Some(builds.concat());
        self.say(why);
        if why == Why::PushJobFailed && contexts.is_some_and(|contexts| contexts.is_empty()) {
            self.diagnosis.next = Some(texts::no_context(self.is_digitalocean));
        }
    }

    /// What CircleCI says of the push job itself, where it ended badly: how long it took and its messages, and its
    /// contexts.
    async fn detail(&mut self, seen: &Seen) -> Detail {
        let status = seen.push.status.as_str();
        let number = seen.push.number.filter(|_| is_bad_end(status) && status != "not_run");
        let Some(number) = number.filter(|_| self.api.left() > 0) else {
            return Detail::default();
        };
        let path = format!("/api/v2/project/{}/job/{number}", self.slug.path());
        let Ok(job) = self.api.get(&path).await else { return Detail::default() };
        let took = field(&job, &["duration"]).as_u64().map(texts::took);
        let messages = list(field(&job, &["messages"])).iter().take(3);
        let messages = messages.filter_map(|message| text(field(message, &["message"])));
        let messages = messages.map(|message| format!("; CircleCI says: {}", self.line(message)));
        let contexts = field(&job, &["contexts"]).as_array().map(|contexts| {
            let names =
                contexts.iter().take(100).filter_map(|context| text(field(context, &["name"])));
            names.map(|name| self.line(name)).collect()
        });
        Detail { took, messages: messages.collect(), contexts }
    }

    /// What the gate job of the pipeline said, where it failed.
    async fn gate_said(&mut self, seen: &Seen) -> Option<String> {
        let gate = seen.gate.as_ref()?;
        let number =
            gate.number.filter(|_| matches!(gate.status.as_str(), "failed" | "timedout"))?;
        if self.api.left() == 0 {
            return None;
        }
        let path = format!("/api/v2/project/{}/{number}/tests", self.slug.path());
        let page = self.api.page(&path).await.ok()?;
        let is_bad = |test: &&Value| {
            !matches!(text(field(test, &["result"])), Some("success" | "skipped") | None)
        };
        let test = page.items.iter().find(is_bad)?;
        let name = self.line(text(field(test, &["name"])).unwrap_or_default());
        let message = self.line(text(field(test, &["message"])).unwrap_or_default());
        Some(format!("`{}` said then: {name}: {message}", gate.name))
    }

    /// Sets the code, and what to do next.
    fn say(&mut self, why: Why) {
        self.diagnosis.reason = why;
        let push = self.diagnosis.push_job.as_ref().map(|job| job.name.as_str());
        let because = self.diagnosis.because.as_ref().map(|because| because.name.as_str());
        let next = texts::next(why, push, because);
        self.diagnosis.next = Some(next);
    }

    fn saw_workflow(&mut self, workflow: &Workflow) {
        let number = self.diagnosis.pipeline.as_ref().and_then(|pipeline| pipeline.number);
        let Workflow { id, name, status, .. } = workflow;
        self.diagnosis.workflow = Some(WorkflowSeen {
            id: id.clone(),
            name: name.clone(),
            status: status.clone(),
            url: number.map(|number| self.pages.workflow(number, id)),
        });
    }

    fn job_seen(&self, pipeline: &Pipeline, workflow: &Workflow, job: &Job) -> JobSeen {
        let Job { id, name, number, status, .. } = job;
        let url = pipeline.number.zip(*number);
        JobSeen {
            id: id.clone(),
            name: name.clone(),
            number: *number,
            status: status.clone(),
            url: url.map(|(pipeline, number)| self.pages.job(pipeline, &workflow.id, number)),
        }
    }
}
