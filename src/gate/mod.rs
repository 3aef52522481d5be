//! The stages of a run, by name: ask for every image, wait where that was wanted, check, report.
//!
//! It cannot fail: whatever goes wrong is in the [`Report`]. It writes nothing.

mod wait;

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::Instant;

use crate::ambient::Ambient;
use crate::checks;
use crate::diagnose::{self, Posting};
use crate::http::{Client, Deadline};
use crate::observation::{Observation, Unavailable};
use crate::observe::{self, Session, is_open};
use crate::oci::Reference;
use crate::progress::{Loudness, Progress};
use crate::registry::DockerConfig;
use crate::report::{
    CheckId, CheckResult, Finding, ImageReport, Outcome, Reason, Report, Traffic, has_passed,
};
use crate::request::ImageRequest;
use crate::settings::{Settings, Words};

/// How much of the deadline is kept for judging and writing what was learnt, an image, and at most.
const RESERVE: Duration = Duration::from_millis(1);
const MOST_RESERVE: u32 = 10;

/// How often a run that has nothing else to say says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Verifies every image of `settings`.
pub async fn run(
    settings: &Settings,
    ambient: &Ambient,
    progress: &Progress,
    done: &Done,
) -> Report {
    let started = Instant::from_std(settings.started);
    let now = ambient.now();
    let started_at = now.checked_sub(started.elapsed()).unwrap_or(now);
    let client = Client::new(
        Deadline::new(started + settings.deadline - reserve(settings), settings.more_time.clone()),
        settings.proxy.clone(),
        ambient.clone(),
        progress.clone(),
        settings.redactor.clone(),
    );
    let client = if settings.content.is_some() { client.reading_content() } else { client };
    let _ = done.client.set(client.clone());
    let session = Session::new(
        client.clone(),
        &settings.digitalocean,
        settings.token.as_ref(),
        DockerConfig {
            file: settings.docker_config.clone(),
            secret_variables: settings.secret_variables.clone(),
            token_server: settings.token_server.clone(),
        },
    )
    .reading_content(settings.content);
    session.expect(&settings.images);
    let asking = ask_all(settings, &session, started, done);
    // CircleCI ends a job that is silent for ten minutes, however quiet it was asked to be.
    let is_circleci = settings.circleci.build_url.is_some();
    let level = if is_circleci { Loudness::Quiet } else { Loudness::Normal };
    let say = |line: &str| progress.say(level, line);
    let images = with_heartbeat(say, started, settings.images.len(), asking).await;
    let diagnosis = if settings.pipelines.diagnose.is_some() {
        // Whatever happens from here on, these are the images' verdicts.
        for (place, image) in images.iter().enumerate() {
            done.put(place, Observed::Done(Box::new(image.clone())));
        }
        diagnose::diagnose(settings, &images, &client, &done.posting).await
    } else {
        None
    };
    Report {
        images,
        diagnosis,
        started_at,
        took: started.elapsed(),
        traffic: client.traffic(),
        circleci: settings.circleci.clone(),
        notes: settings.notes.clone(),
    }
}

/// The report of a run that could not even begin to ask. `why` reads after a colon.
pub fn unstarted(settings: &Settings, ambient: &Ambient, why: &str) -> Report {
    let message = format!("nothing was asked, because the run could not be started: {why}");
    let hint = "Raise the limit of open files, as with `ulimit -n 1024`, and run it again.";
    let why = Unavailable::new(Reason::ConnectionFailed, message).hint(hint);
    let now = ambient.now();
    let unknown = |request| report(settings, request, &observe::nothing(why.clone(), now), false);
    Report {
        images: settings.images.iter().map(unknown).collect(),
        diagnosis: settings.pipelines.diagnose.is_some().then(Vec::new),
        started_at: ambient.now(),
        took: Duration::ZERO,
        traffic: Traffic::default(),
        circleci: settings.circleci.clone(),
        notes: settings.notes.clone(),
    }
}

/// The report of a run whose deadline passed while its asking thread was kept busy, by a server that sends without end or
/// by a document that takes long to read. What was found out until then counts.
pub fn cut_short(settings: &Settings, ambient: &Ambient, done: &Done) -> Report {
    let now = ambient.now();
    let took = settings.started.elapsed();
    let mut observed = done.take();
    let images = settings.images.iter().enumerate();
    let image = |(place, request): (usize, &ImageRequest)| match observed.remove(&place) {
        Some(Observed::Done(report)) => *report,
        Some(Observed::Open(observation)) => report(settings, request, &observation, true),
        None => {
            report(settings, request, &observe::nothing(unanswered(&request.reference), now), true)
        }
    };
    let images: Vec<ImageReport> = images.map(image).collect();
    Report {
        diagnosis: diagnose::late(settings, &images, &done.posting),
        images,
        started_at: now.checked_sub(took).unwrap_or(now),
        took,
        traffic: done.client.get().map(Client::traffic).unwrap_or_default(),
        circleci: settings.circleci.clone(),
        notes: settings.notes.clone(),
    }
}

fn unanswered(reference: &Reference) -> Unavailable {
    let Reference { registry, repository: _, tag, digest } = reference;
    let tag = tag.as_ref().map(|tag| format!(" of `{tag}`"));
    let digest = digest.as_ref().map(|digest| format!(" `{}`", digest.short()));
    let which = tag.or(digest).unwrap_or_default();
    let message = format!(
        "the manifest{which}: `{registry}` had not answered when the run's deadline passed"
    );
    Unavailable::new(Reason::DeadlinePassed, message)
}

/// What a run has found out so far.
#[derive(Default)]
pub struct Done {
    /// The images that were observed, by their places.
    observed: Mutex<HashMap<usize, Observed>>,
    posting: Posting,
    client: OnceLock<Client>,
}

impl Done {
    fn put(&self, place: usize, image: Observed) {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner).insert(place, image);
    }

    /// What may still be settled, in the order of asking.
    fn open(&self) -> Vec<(usize, Box<Observation>)> {
        let observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let open = observed.iter().filter_map(|(place, image)| match image {
            Observed::Open(observation) => Some((*place, observation.clone())),
            Observed::Done(_) => None,
        });
        let mut open: Vec<_> = open.collect();
        open.sort_by_key(|(place, _)| *place);
        open
    }

    fn take(&self) -> HashMap<usize, Observed> {
        mem::take(&mut *self.observed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An image that was observed.
enum Observed {
    /// Its report.
    Done(Box<ImageReport>),
    /// Something that another image of the run may settle, once all of them have been asked for.
    Open(Box<Observation>),
}

async fn ask_all(
    settings: &Settings,
    session: &Session,
    started: Instant,
    done: &Done,
) -> Vec<ImageReport> {
    stream::iter(settings.images.iter().enumerate())
        .for_each_concurrent(settings.jobs, |(place, request)| async move {
            done.put(place, ask(settings, session, request, started).await);
        })
        .await;
    // All of them stay within reach of the deadline while some are looked at again.
    for (place, mut observation) in done.open() {
        let Some(request) = settings.images.get(place) else { continue };
        session.settle_again(request, &mut observation);
        read_content(settings, session, request, &mut observation).await;
        let report = report(settings, request, &observation, session.is_late());
        done.put(place, Observed::Done(Box::new(report)));
    }
    let mut observed = done.take();
    let report = |place| match observed.remove(&place) {
        Some(Observed::Done(report)) => Some(*report),
        // It was taken at the deadline, and nobody waits for it here any more.
        Some(Observed::Open(_)) | None => None,
    };
    (0..settings.images.len()).filter_map(report).collect()
}

/// Reads every byte of an image's layers, where that was asked for and only they can still speak against it.
async fn read_content(
    settings: &Settings,
    session: &Session,
    request: &ImageRequest,
    observation: &mut Observation,
) {
    if settings.content.is_none() || observation.content.is_some() {
        return;
    }
    let results = checks::verify(request, observation, &settings.circleci);
    let passed = |check: CheckId| has_passed(&results, check);
    let is_well = results.iter().all(|result| result.outcome.finding().is_none());
    if is_well && passed(CheckId::ManifestIntact) && passed(CheckId::LayersPresent) {
        let layers = checks::layers_to_read(request, observation);
        Box::pin(observe::read_layers(session, request, &layers, observation)).await;
    }
}

async fn ask(
    settings: &Settings,
    session: &Session,
    request: &ImageRequest,
    started: Instant,
) -> Observed {
    let mut observation = wait::observe(settings, session, request, started).await;
    read_content(settings, session, request, &mut observation).await;
    if is_open(&observation) {
        return Observed::Open(Box::new(observation));
    }
    Observed::Done(Box::new(report(settings, request, &observation, session.is_late())))
}

fn report(
    settings: &Settings,
    request: &ImageRequest,
    observation: &Observation,
    is_late: bool,
) -> ImageReport {
    let results = checks::verify(request, observation, &settings.circleci);
    let facts = checks::facts(request, observation, &results);
    let results = if is_late { without_a_late_yes(results) } else { results };
    let evidence = checks::evidence(request, &results, facts.as_ref());
    let notes = checks::notes(request, observation, &results, &evidence);
    ImageReport {
        request: request.clone(),
        engines: checks::answers(request, observation),
        facts,
        notes: notes.into_iter().map(|note| settings.words.put(note)).collect(),
        evidence,
        results: in_words(settings.words, results),
        verified_at: observation.answered_at,
    }
}

/// Names the options in what is said and advised as the reader knows them.
fn in_words(words: Words, mut results: Vec<CheckResult>) -> Vec<CheckResult> {
    if words == Words::CommandLine {
        return results;
    }
    for result in &mut results {
        match &mut result.outcome {
            Outcome::Failed(finding) | Outcome::Errored(finding) => {
                let hint = finding.hint.take();
                let hint = hint.unwrap_or_else(|| finding.reason.advice().to_owned());
                finding.hint = Some(words.put(hint));
                finding.message = words.put(mem::take(&mut finding.message));
            }
            Outcome::Passed { message: _, note } => *note = note.take().map(|note| words.put(note)),
            Outcome::Skipped { message, skip: _ } => *message = words.put(mem::take(message)),
        }
    }
    results
}

/// What is kept of the deadline for the time after the last answer.
fn reserve(settings: &Settings) -> Duration {
    let images = u32::try_from(settings.images.len()).unwrap_or(u32::MAX);
    RESERVE.saturating_mul(images).min(settings.deadline / MOST_RESERVE)
}

/// Takes a yes back that was found only after the deadline. A no stands.
fn without_a_late_yes(mut results: Vec<CheckResult>) -> Vec<CheckResult> {
    let is_well = results.iter().all(|result| result.outcome.finding().is_none());
    let last = results.iter_mut().find(|result| result.check == CheckId::LayersPresent);
    if let Some(result) = last.filter(|_| is_well) {
        let message = "everything was answered, and the run's deadline had passed before it was looked through";
        let finding = Finding::new(Reason::DeadlinePassed, message);
        result.outcome = Outcome::Errored(finding.hint(Reason::DeadlinePassed.advice()));
    }
    results
}

/// Says that the run is alive.
async fn with_heartbeat<T>(
    say: impl Fn(&str),
    started: Instant,
    images: usize,
    work: impl Future<Output = T>,
) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(HEARTBEAT) => {
                let seconds = started.elapsed().as_secs();
                let what = if images == 1 { "the image".to_owned() } else { format!("{images} images") };
                say(&format!("still asking for {what} ({seconds} s)"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use jiff::Timestamp;

    use super::*;
    use crate::report::Verdict;
    use crate::settings::Outputs;

    #[test]
    fn a_yes_that_is_found_after_the_deadline_is_none_and_a_no_stays_one() {
        let mut report = crate::report::fixtures::verified();
        assert_eq!(report.verdict(), Verdict::Verified);
        report.results = without_a_late_yes(report.results);
        assert_eq!(report.verdict(), Verdict::Undecided);
        let late: Vec<_> =
            report.results.iter().filter_map(|result| result.outcome.finding()).collect();
        assert_eq!(late[0].reason, Reason::DeadlinePassed);
        let no = Outcome::Failed(Finding::new(Reason::TagMissing, ""));
        report.results[0].outcome = no.clone();
        report.results = without_a_late_yes(report.results);
        assert_eq!((report.verdict(), &report.results[0].outcome), (Verdict::Failed, &no));
    }

    #[test]
    fn a_run_that_is_cut_short_reports_what_was_found_out_and_names_what_was_not() {
        let verified = crate::report::fixtures::verified();
        let mut other = verified.request.clone();
        other.reference.tag = Some("other".parse().unwrap());
        let requests = vec![other.clone(), verified.request.clone()];
        let settings = crate::output::tests::settings(requests, Outputs::default());
        let done = Done::default();
        done.put(1, Observed::Done(Box::new(verified.clone())));
        let report = cut_short(&settings, &Ambient::fixed(Timestamp::UNIX_EPOCH, 0), &done);
        assert_eq!(report.images[1], verified);
        assert_eq!(report.images[0].request, other);
        assert_eq!(report.verdict(), Verdict::Undecided);
        let of_the_tag = |result: &&CheckResult| result.check == CheckId::TagExists;
        let result = report.images[0].results.iter().find(of_the_tag).unwrap();
        let finding = result.outcome.finding().unwrap();
        assert_eq!(finding.reason, Reason::DeadlinePassed);
        assert_eq!(
            finding.message,
            "the manifest of `other`: `registry.digitalocean.com` had not answered when the run's deadline passed"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_run_says_that_it_is_alive() {
        let said = RefCell::new(Vec::new());
        let say = |line: &str| said.borrow_mut().push(line.to_owned());
        let work = tokio::time::sleep(Duration::from_secs(65));
        with_heartbeat(say, Instant::now(), 2, work).await;
        assert_eq!(
            said.into_inner(),
            ["still asking for 2 images (30 s)", "still asking for 2 images (60 s)"]
        );
    }
}
