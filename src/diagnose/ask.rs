//! The questions in their order: the project, the branch's pipelines, and what the newest of the commit came to.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::api::{Api, Page, Trouble};
use super::{git, texts};
use crate::circleci::answers::{Definition, Pipeline, Trigger, field, id, text};
use crate::circleci::{CommitFrom, Diagnosis, Pages, PipelineSeen, ProjectFrom, Slug, Why};
use crate::secret::percent_encoded;
use crate::settings::Pipelines;

/// One question on its way.
pub(super) struct Asker<'a> {
    pub(super) api: Api<'a>,
    pub(super) slug: &'a Slug,
    pub(super) pages: Pages,
    pub(super) settings: &'a Pipelines,
    /// The job of this very run.
    pub(super) own: Option<&'a str>,
    /// The variables that git does not get.
    pub(super) hidden: &'a [String],
    /// The variable that the token came from.
    pub(super) variable: &'a str,
    /// Whether an image of the question is DigitalOcean's.
    pub(super) is_digitalocean: bool,
    pub(super) now: Timestamp,
    /// `--start-pipeline`.
    pub(super) starts: bool,
    pub(super) project_id: Option<String>,
    /// The pipeline definitions, where they were asked for, and whether these are all.
    pub(super) definitions: Option<(Vec<Definition>, bool)>,
    pub(super) diagnosis: &'a mut Diagnosis,
}

/// The pipelines of a branch that count.
struct Branch {
    counted: Vec<Pipeline>,
    /// Whether the list held nothing at all.
    is_empty: bool,
}

impl Asker<'_> {
    /// Asks, and writes down what came of it.
    pub(super) async fn run(&mut self) {
        if let Err(trouble) = self.ask().await {
            self.failed(&trouble);
        }
    }

    async fn ask(&mut self) -> Result<(), Trouble> {
        self.find_commit().await;
        let path = format!("/api/v2/project/{}", self.slug.path());
        let project = match self.api.get(&path).await {
            Err(Trouble::NotFound) => {
                self.not_visible();
                return Ok(());
            }
            project => project?,
        };
        self.project_id = id(field(&project, &["id"]));
        let branch = self.pipelines().await?;
        let newest = branch.newest();
        let wanted = match &self.diagnosis.commit {
            None => newest,
            Some((commit, _)) => {
                let of_commit = branch.counted.iter();
                highest(of_commit.filter(|pipeline| pipeline.commit.as_ref() == Some(commit)))
            }
        };
        match (wanted, newest) {
            (Some(pipeline), newest) => self.follow(pipeline, newest).await,
            (None, Some(newest)) => {
                self.missing(newest).await;
                Ok(())
            }
            (None, None) => self.no_pipeline(&project, branch.is_empty).await,
        }
    }

    /// Without a commit that was named, the one that the remote branch of the checkout is at.
    async fn find_commit(&mut self) {
        let root = self.settings.checkout.as_deref();
        if let (None, Some(root)) = (&self.diagnosis.commit, root)
            && let Some(commit) = git::head(root, &self.diagnosis.branch, self.hidden).await
        {
            self.diagnosis.commit = Some((commit, CommitFrom::Git));
        }
    }

    async fn pipelines(&mut self) -> Result<Branch, Trouble> {
        let slug = self.slug.path();
        let branch = self.diagnosis.branch.clone();
        let path = format!("/api/v2/project/{slug}/pipeline?branch={}", percent_encoded(&branch));
        let page = self.api.page(&path).await?;
        let is_empty = page.items.is_empty() && page.next.is_none();
        let mut counted = self.counted(&page);
        let commit = self.diagnosis.commit.as_ref().map(|(commit, _)| commit.clone());
        let is_there = |pipeline: &Pipeline| pipeline.commit == commit;
        if let (Some(_), Some(next)) = (&commit, &page.next)
            && !counted.iter().any(is_there)
        {
            let page = self.api.next_page(&path, next).await?;
            counted.extend(self.counted(&page));
        }
        Ok(Branch { counted, is_empty })
    }

    fn counted(&self, page: &Page) -> Vec<Pipeline> {
        let mut pipelines = self.read(page, Pipeline::of);
        pipelines.retain(|pipeline| pipeline.counts_for(&self.diagnosis.branch));
        pipelines
    }

    /// The branch has no pipeline: why not?
    async fn no_pipeline(&mut self, project: &Value, is_empty: bool) -> Result<(), Trouble> {
        let branch = self.line(&self.diagnosis.branch);
        let mut why = Why::NoPipeline;
        if is_empty {
            let default = text(field(project, &["vcs_info", "default_branch"]));
            let is_default = default == Some(self.diagnosis.branch.as_str());
            why = self.triggers(is_default).await?;
        }
        let slug = self.line(&self.slug.to_string());
        let said = if why == Why::NoDefinition {
            format!("{slug} has no pipeline definition")
        } else if why == Why::TriggerDisabled {
            format!("every trigger of {slug} is disabled")
        } else if why == Why::TriggerExcludesBranch {
            format!("no trigger of {slug} fires for a push to {branch}")
        } else {
            format!("no pipeline has run on {branch}")
        };
        self.end(why, &said, None);
        Ok(())
    }

    /// What definitions and triggers say of a project without a pipeline.
    async fn triggers(&mut self, is_default_branch: bool) -> Result<Why, Trouble> {
        let Some(project) = self.project_id.clone() else { return Ok(Why::NoPipeline) };
        let (definitions, is_whole) = self.definitions(&project).await?;
        if definitions.is_empty() && is_whole {
            return Ok(Why::NoDefinition);
        }
        // The API knows the triggers of these alone.
        let has_triggers = |definition: &&Definition| {
            matches!(definition.provider.as_str(), "github_app" | "bitbucket_dc")
        };
        let Some(Definition { id, .. }) = definitions.iter().find(has_triggers) else {
            return Ok(Why::NoPipeline);
        };
        let path = format!("/api/v2/projects/{project}/pipeline-definitions/{id}/triggers");
        let page = self.api.page(&path).await?;
        let triggers: Vec<Trigger> = page.items.iter().map(Trigger::of).collect();
        if triggers.is_empty() || !page.is_whole() {
            return Ok(Why::NoPipeline);
        }
        let enabled: Vec<_> = triggers.iter().filter(|trigger| !trigger.is_disabled).collect();
        Ok(if enabled.is_empty() {
            Why::TriggerDisabled
        } else if enabled.iter().all(|trigger| trigger.excludes(is_default_branch)) {
            Why::TriggerExcludesBranch
        } else {
            Why::NoPipeline
        })
    }

    /// The project's pipeline definitions, and whether these are all of them. They are asked for once.
    pub(super) async fn definitions(
        &mut self,
        project: &str,
    ) -> Result<(Vec<Definition>, bool), Trouble> {
        if let Some(known) = &self.definitions {
            return Ok(known.clone());
        }
        let path = format!("/api/v2/projects/{project}/pipeline-definitions");
        let page = self.api.page(&path).await?;
        let known = (self.read(&page, Definition::of), page.is_whole());
        Ok(self.definitions.insert(known).clone())
    }

    /// The branch has pipelines, and none of the commit.
    async fn missing(&mut self, newest: &Pipeline) {
        let Some((commit, _)) = self.diagnosis.commit.clone() else { return };
        let branch = self.line(&self.diagnosis.branch);
        let short = short(&commit);
        let root = self.settings.checkout.as_deref();
        if let Some(words) = self.skips(root, &commit).await {
            let said = format!("none for {short} on {branch}, its message says {words}");
            self.end(Why::CommitSkipped, &said, None);
            return;
        }
        let (number, of) = (numbered(newest), commit_of(newest));
        let said = format!("none for {short} on {branch}; the newest is {number} of {of}");
        self.end(Why::PipelineMissing, &said, newest.number);
    }

    async fn skips(&self, root: Option<&Path>, commit: &str) -> Option<&'static str> {
        git::skips(root?, commit, self.hidden).await
    }

    fn not_visible(&mut self) {
        let slug = self.line(&self.slug.to_string());
        let variable = self.variable;
        let said = format!("{slug} is not set up on CircleCI, or {variable} cannot see it (404)");
        self.end(Why::ProjectNotVisible, &said, None);
        let from = self.diagnosis.project.as_ref().map(|(_, from)| *from);
        if from == Some(ProjectFrom::Remote) {
            self.diagnosis.next = Some(texts::GUESSED.to_owned());
        }
    }

    /// A request failed. Where a pipeline was found before, it stays.
    fn failed(&mut self, trouble: &Trouble) {
        let (why, said) =
            texts::failure(trouble, &self.line(&self.slug.to_string()), self.variable);
        if self.diagnosis.pipeline.is_some() {
            self.diagnosis.reason = why;
            self.diagnosis.next = Some(why.advice().to_owned());
            self.diagnosis.builds = Some(format!("not known: {said}"));
        } else {
            self.end(why, &said, None);
        }
    }

    /// Sets the code and the first line. The link is that of a pipeline, else that of the branch.
    pub(super) fn end(&mut self, why: Why, said: &str, number: Option<u64>) {
        let url = number.map(|number| self.pages.pipeline(number));
        let url = url.unwrap_or_else(|| self.pages.branch(&self.diagnosis.branch));
        self.diagnosis.reason = why;
        self.diagnosis.next = Some(why.advice().to_owned());
        self.diagnosis.message = format!("{said}: {url}");
        self.diagnosis.url = Some(url);
    }

    /// Writes down the pipeline, and the first line that names it.
    pub(super) fn found(&mut self, pipeline: &Pipeline) {
        let Pipeline { id, number, state, created_at, errors, actor, commit, .. } = pipeline;
        let branch = self.line(&self.diagnosis.branch);
        let mut said = format!("{} of {} on {branch}", numbered(pipeline), commit_of(pipeline));
        let created = created_at.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
        if let Some(created) = created {
            let age = texts::age(self.now.duration_since(created));
            said = format!("{said}, {age} ago");
        }
        if let Some(actor) = actor {
            said = format!("{said} by {actor}");
        }
        self.end(Why::Unavailable, &said, *number);
        self.diagnosis.errors.clone_from(errors);
        self.diagnosis.pipeline = Some(PipelineSeen {
            id: id.clone(),
            number: *number,
            state: state.clone(),
            commit: commit.clone(),
            created_at: created_at.clone(),
            actor: actor.clone(),
            url: number.map(|number| self.pages.pipeline(number)),
        });
    }

    /// An untrusted text as it may be shown.
    pub(super) fn line(&self, text: &str) -> String {
        self.api.redactor().line(text, 200)
    }
}

impl Branch {
    fn newest(&self) -> Option<&Pipeline> {
        highest(self.counted.iter())
    }
}

/// The pipeline with the highest number: the order of a list proves nothing.
fn highest<'p>(pipelines: impl Iterator<Item = &'p Pipeline>) -> Option<&'p Pipeline> {
    pipelines.max_by_key(|pipeline| pipeline.number)
}

/// The first digits of a commit.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

pub(super) fn numbered(pipeline: &Pipeline) -> String {
    pipeline.number.map_or_else(|| "one".to_owned(), |number| format!("#{number}"))
}

fn commit_of(pipeline: &Pipeline) -> String {
    let commit = pipeline.commit.as_deref();
    commit.map_or_else(|| "an unnamed commit".to_owned(), |commit| short(commit).to_owned())
}
