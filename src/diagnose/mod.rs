//! `--diagnose` and `--start-pipeline`: why an image is missing, as CircleCI says. They add to a report after its
//! verdict and never change it; whatever goes wrong here is part of what they say.

mod api;
mod ask;
mod git;
mod start;
mod texts;
mod workflow;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use crate::circleci::{Diagnosis, Pages, PipelineQuestion, Project, Why};
use crate::http::Client;
use crate::progress::Loudness;
use crate::report::{ImageReport, Outcome, Verdict};
use crate::request::RegistryKind;
use crate::settings::{CircleCiToken, Diagnose, Settings};

use api::Api;
use ask::Asker;

/// How long a diagnosis may take.
const LONGEST: Duration = Duration::from_secs(10);

/// After how long a line says what the run waits for.
const SLOW: Duration = Duration::from_secs(2);

/// Whether a pipeline was asked for in this run, for whoever ends it early.
#[derive(Debug, Default)]
pub struct Posting(AtomicBool);

/// Diagnoses the images that are due. `None` without `--diagnose`.
pub async fn diagnose(
    settings: &Settings,
    images: &[ImageReport],
    client: &Client,
    posting: &Posting,
) -> Option<Vec<Diagnosis>> {
    let asked = settings.pipelines.diagnose.as_ref()?;
    let mut diagnoses = due(settings, asked, images);
    if let Some(first) = diagnoses.first_mut() {
        let work = ask(settings, asked, images, first, client, posting);
        tokio::pin!(work);
        tokio::select! {
            biased;
            () = &mut work => {}
            () = tokio::time::sleep(SLOW) => {
                client.progress().say(Loudness::Normal, "asking CircleCI why the image is missing");
                work.await;
            }
        }
    }
    Some(diagnoses)
}

/// Asks the one question of the run, where there is a project and a token.
async fn ask(
    settings: &Settings,
    asked: &Diagnose,
    images: &[ImageReport],
    diagnosis: &mut Diagnosis,
    client: &Client,
    posting: &Posting,
) {
    let pipelines = &settings.pipelines;
    let (Some(Project { slug, from: _ }), Some(token)) = (&pipelines.project, &asked.token) else {
        return;
    };
    let Ok(origin) = pipelines.api.parse::<Url>() else { return };
    let deadline = Instant::from_std(settings.started) + settings.ends_after();
    let until = deadline.min(Instant::now() + LONGEST);
    let CircleCiToken { secret, variable } = token;
    let of_question = diagnosis.images.iter().filter_map(|place| images.get(*place));
    let mut kinds = of_question.map(|image| image.request.registry_kind);
    let mut conversation = Asker {
        api: Api {
            client: client.clone(),
            origin,
            token: secret,
            until,
            sent: 0,
            has_retried: false,
        },
        slug,
        pages: Pages::new(&pipelines.pages, slug),
        settings: pipelines,
        own: settings.circleci.job_id.as_deref(),
        hidden: &settings.secret_variables,
        variable,
        is_digitalocean: kinds.any(|kind| kind == RegistryKind::DigitalOcean),
        now: client.ambient().now(),
        starts: asked.starts,
        project_id: None,
        definitions: None,
        diagnosis,
    };
    conversation.run().await;
    if asked.starts {
        let start = start::start(&mut conversation, posting).await;
        conversation.diagnosis.start = Some(start);
    }
    conversation.diagnosis.requests = conversation.api.sent;
}

/// The diagnoses of a run that ended before CircleCI had answered. `None` without `--diagnose`.
pub fn late(
    settings: &Settings,
    images: &[ImageReport],
    posting: &Posting,
) -> Option<Vec<Diagnosis>> {
    let asked = settings.pipelines.diagnose.as_ref()?;
    let mut diagnoses = due(settings, asked, images);
    if let Some(first) = diagnoses.first_mut()
        && first.reason == Why::Unavailable
        && posting.0.load(Ordering::Acquire)
        && asked.starts
    {
        first.start = Some(start::unknown("no answer in time", None, first.url.clone()));
    }
    Some(diagnoses)
}

/// The questions that are due, none of them asked yet.
fn due(settings: &Settings, asked: &Diagnose, images: &[ImageReport]) -> Vec<Diagnosis> {
    let mut questions: Vec<(&PipelineQuestion, Diagnosis)> = Vec::new();
    for (place, image) in images.iter().enumerate().filter(|(_, image)| is_due(image)) {
        let question = &image.request.pipeline;
        let same = |known: &PipelineQuestion| {
            let commit = |question: &PipelineQuestion| {
                question.commit.as_ref().map(|(commit, _)| commit.clone())
            };
            known.branch == question.branch && commit(known) == commit(question)
        };
        if let Some((_, known)) = questions.iter_mut().find(|(known, _)| same(known)) {
            known.images.push(place);
            continue;
        }
        let is_first = questions.is_empty();
        questions.push((question, blank(settings, asked, place, question, is_first)));
    }
    questions.into_iter().map(|(_, diagnosis)| diagnosis).collect()
}

/// Whether an image is missing, or another one.
fn is_due(image: &ImageReport) -> bool {
    image.verdict() == Verdict::Failed
        && image.results.iter().any(|result| match &result.outcome {
            Outcome::Failed(finding) => finding.reason.is_about_the_push(),
            Outcome::Passed { .. } | Outcome::Errored(_) | Outcome::Skipped { .. } => false,
        })
}

/// A question before it is asked.
fn blank(
    settings: &Settings,
    asked: &Diagnose,
    place: usize,
    question: &PipelineQuestion,
    is_first: bool,
) -> Diagnosis {
    let PipelineQuestion { branch, branch_from, commit, url } = question;
    let url = url.clone();
    let project = settings.pipelines.project.as_ref();
    let shown = url.clone().unwrap_or_default();
    let (reason, message) = if project.is_none() {
        (Why::NoProject, "not asked, the CircleCI project is not known".to_owned())
    } else if !is_first {
        (Why::NotAsked, format!("not asked, one question a run: {shown}"))
    } else if asked.token.is_none() {
        (Why::NoToken, format!("not asked, CIRCLE_TOKEN is not set: {shown}"))
    } else {
        let message = format!("CircleCI could not be asked (no answer in time): {shown}");
        (Why::Unavailable, message)
    };
    let line = |text: &str| settings.redactor.line(text, 200);
    Diagnosis {
        images: vec![place],
        project: project.map(|project| (line(&project.slug.to_string()), project.from)),
        branch: branch.clone(),
        branch_from: *branch_from,
        commit: commit.clone(),
        reason,
        message,
        url,
        configured: None,
        builds: None,
        next: Some(reason.advice().to_owned()),
        pipeline: None,
        workflow: None,
        push_job: None,
        gate_job: None,
        because: None,
        gate_requires_push: None,
        contexts: None,
        errors: Vec::new(),
        requests: 0,
        start: asked.starts.then(|| start::refused(reason)),
    }
}

impl Posting {
    fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }
}
