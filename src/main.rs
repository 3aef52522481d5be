//! The command line program: reads the settings, runs the gate, writes the outputs, ends with the code.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{SetOnce, oneshot};
use tokio::time::{sleep_until, timeout};

use verify_registry_image::ambient::Ambient;
use verify_registry_image::exit::Exit;
use verify_registry_image::file;
use verify_registry_image::gate::{self, Done};
use verify_registry_image::http::Deadline;
use verify_registry_image::output::{self, OutputError, Prepared, Written, say};
use verify_registry_image::program;
use verify_registry_image::progress::{Loudness, Progress};
use verify_registry_image::report::Report;
use verify_registry_image::request::ImageRequest;
use verify_registry_image::settings::{
    self, Asked, Format, Outputs, Settings, SettingsError, StatusFolder, Surroundings,
};
use verify_registry_image::{secret, status};

/// The stack of the thread on which everything but asking is done: as large as a main thread's.
const STACK: usize = 8 << 20;

/// As many descriptors as the two runtimes open, and some.
const DESCRIPTORS: usize = 12;

/// What is said of a run that the deadline ends.
const LATE: &str = "the run's deadline passed before its outputs were written";

/// How long after its deadline a run may go on writing what it has found out.
const GRACE: Duration = Duration::from_secs(1);

fn main() -> Exit {
    let started = Instant::now();
    leave_no_core();
    keep_panics_quiet();
    let verified = SetOnce::new();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return without_resources(&error, started),
    };
    // Everything happens on other threads, so that a signal or the deadline ends the run whatever it is doing.
    let ended = runtime.block_on(until_the_end(started, &verified));
    // A name that is being resolved cannot be interrupted, and nobody waits for it any more.
    runtime.shutdown_background();
    match ended {
        Ok(Ok(exit)) => exit,
        Ok(Err(end)) => {
            program::stop();
            file::stop();
            // Of an ended run nothing is deployed, also where it was about to end well.
            if let Some(settings) = verified.get() {
                let _ = output::discard_deployable(&settings.outputs, &settings.images);
            }
            end
        }
        Err(error) => without_resources(&error, started),
    }
}

/// The runtime, on this thread alone.
fn runtime() -> anyhow::Result<Runtime> {
    // The runtime panics where it gets no descriptors for its signals. So it is seen first whether there are any.
    let enough = (0..DESCRIPTORS / 2).map(|_| UnixStream::pair()).collect::<io::Result<Vec<_>>>();
    drop(enough?);
    runtime::Builder::new_current_thread()
        .enable_all()
        // A server that sends without end keeps one task ready. By default, the timers and signals are looked
        // at after 61 turns of it only: with endless early hints, minutes after the deadline.
        .event_interval(1)
        .build()
        .context("the runtime cannot be started")
}

/// Reads the settings and does what they ask for. The settings of a verification are left in `verified`.
async fn run(started: Instant, verified: &SetOnce<&'static Settings>) -> Exit {
    match aside(move || read_settings(started)).await {
        Ok(Asked::Verify(settings)) => {
            // They live as long as the process.
            let settings: &'static Settings = Box::leak(settings);
            let _ = verified.set(settings);
            verify(settings).await
        }
        Ok(Asked::Show(text)) => aside(move || show(&text)).await,
        Ok(Asked::DrawStatus(folder, format)) => aside(move || draw_status(&folder, format)).await,
        Err(error) => aside(move || refuse_settings(&error)).await,
    }
}

fn refuse_settings(error: &SettingsError) -> Exit {
    discard(error.outputs(), &[]);
    refuse(&error.to_string(), error.hint().as_deref(), error.wants_json())
}

/// Shows a text that was asked for in place of verifying.
fn show(text: &str) -> Exit {
    match say(text) {
        Ok(()) => Exit::Verified,
        Err(error) => {
            complain(&format!("could not write standard output: {}", error.kind()), None);
            Exit::Unwritten
        }
    }
}

/// Does `work` on a thread of its own, so that a signal or the deadline ends the run meanwhile. Where the system gives no
/// thread, it is done here.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    elsewhere(work).await.unwrap_or_else(|work| work())
}

/// What `work` comes to on a thread of its own; `work` itself where the system gives no thread.
async fn elsewhere<T: Send + 'static, W: FnOnce() -> T + Send + 'static>(work: W) -> Result<T, W> {
    let (sender, receiver) = oneshot::channel();
    let work = Arc::new(Mutex::new(Some(work)));
    let taken =
        |work: &Mutex<Option<W>>| work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let there = Arc::clone(&work);
    let started = thread::Builder::new().stack_size(STACK).spawn(move || {
        if let Some(work) = taken(&there) {
            // Where nobody waits any more, nobody is told.
            let _ = sender.send(work());
        }
    });
    if started.is_err()
        && let Some(work) = taken(&work)
    {
        return Err(work);
    }
    match receiver.await {
        Ok(done) => Ok(done),
        // Its thread has panicked: the process is ending.
        Err(_) => std::future::pending().await,
    }
}

/// Ends a run that the system denies what it needs to ask anything: open files, or memory. Everything but asking is
/// done all the same, so that no older yes stays and the outputs say what happened.
fn without_resources(error: &anyhow::Error, started: Instant) -> Exit {
    let settings: &'static Settings = match read_settings(started) {
        Ok(Asked::Verify(settings)) => Box::leak(settings),
        Ok(Asked::Show(text)) => return show(&text),
        Ok(Asked::DrawStatus(folder, format)) => return draw_status(&folder, format),
        Err(error) => return refuse_settings(&error),
    };
    match Prepared::prove(settings) {
        Ok(outputs) => {
            let report = unstarted(settings, error);
            tell(&report, settings, &outputs)
        }
        Err(error) => cannot_write(&error, settings),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reaches the environment, by name"
)]
fn read_settings(started: Instant) -> Result<Asked, SettingsError> {
    settings::read(Surroundings {
        started,
        arguments: env::args_os().collect(),
        variable: &|name| env::var_os(name),
        folder: env::current_dir().unwrap_or_default(),
        stdin: Box::new(io::stdin()),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
    })
}

async fn verify(settings: &'static Settings) -> Exit {
    let outputs = match aside(|| Prepared::prove(settings)).await {
        Ok(outputs) => outputs,
        Err(error) => return aside(move || cannot_write(&error, settings)).await,
    };
    // They live as long as the process.
    let done: &'static Done = Box::leak(Box::default());
    let asked = async {
        match elsewhere(move || ask_here(settings, done)).await {
            Ok(report) => report.unwrap_or_else(|error| unstarted(settings, &error)),
            Err(_) => ask(settings, done).await,
        }
    };
    // A server that keeps the thread busy that asks keeps nothing from being written.
    let report = tokio::select! {
        report = asked => report,
        () = late(settings, GRACE / 2) => {
            aside(move || gate::cut_short(settings, &Ambient::system(), done)).await
        }
    };
    // Aside, too: a lock that is held, or a reader that does not read, must not make the process one that cannot be
    // ended.
    aside(move || tell(&report, settings, &outputs)).await
}

/// Asks on a runtime of this thread: a document that takes long to read keeps no signal waiting.
fn ask_here(settings: &'static Settings, done: &'static Done) -> anyhow::Result<Report> {
    let runtime = runtime()?;
    let report = runtime.block_on(ask(settings, done));
    // A name that is being resolved cannot be interrupted, and nobody waits for it any more.
    runtime.shutdown_background();
    Ok(report)
}

/// Asks for every image.
async fn ask(settings: &'static Settings, done: &Done) -> Report {
    let loudness = Loudness::of(settings.console.quiet, settings.console.verbosity);
    let progress = Progress::new(loudness, settings.redactor.clone(), io::stderr())
        .on_terminal(settings.console.draws_stderr);
    for note in &settings.notes {
        progress.say(Loudness::Normal, &format!("note: {note}"));
    }
    gate::run(settings, &Ambient::system(), &progress, done).await
}

/// The report of a run that the system denied what it needs to ask.
fn unstarted(settings: &Settings, error: &anyhow::Error) -> Report {
    let why = error.downcast_ref().map_or_else(|| format!("{error:#}"), file::reason);
    gate::unstarted(settings, &Ambient::system(), &why)
}

/// Writes the files, shows the report, and says how the process ends.
fn tell(report: &Report, settings: &Settings, outputs: &Prepared) -> Exit {
    let Written { unwritten, notes } = outputs.write(report, settings);
    let shown = output::show(report, settings, &unwritten);
    if let Err(error) = &shown {
        complain(&format!("could not write standard output: {}", error.kind()), None);
        // Without all of its outputs, a run leaves nothing to deploy.
        not_removed(output::discard_deployable(&settings.outputs, &settings.images));
    }
    let start = output::quiet_start(report, settings).unwrap_or_default();
    let _ = io::stderr().write_all(start.as_bytes());
    if settings.console.quiet || settings.console.format == Format::Json {
        // What the short form of standard output leaves out and nobody should miss.
        for file::Unwritten { path, message } in &unwritten {
            let message = format!("could not write `{}`: {message}", path.display());
            complain(&settings.redactor.line(&message, 2000), None);
        }
        if let Some(remark) = output::status_remark(report, settings) {
            mention(&settings.redactor.line(&remark, 2000));
        }
    }
    for note in &notes {
        mention(&settings.redactor.line(note, 2000));
    }
    Exit::of(report.verdict(), unwritten.is_empty() && shown.is_ok())
}

/// Draws the board and the badges from the status files; nothing is asked.
fn draw_status(folder: &StatusFolder, format: Format) -> Exit {
    let drawn = match status::draw(folder) {
        Ok(drawn) => drawn,
        Err(error) => {
            refuse(&error.with_cause(), Some(error.hint()), format == Format::Json);
            return error.exit();
        }
    };
    for note in &drawn.notes {
        mention(&secret::printable(note));
    }
    let shown = say(&match format {
        Format::Human => format!("{drawn}\n"),
        Format::Json => drawn.to_json(),
    });
    if shown.is_ok() { Exit::Verified } else { Exit::Unwritten }
}

/// How the run ends by itself, or the exit of the signal, or of the deadline, that came first.
async fn until_the_end(
    started: Instant,
    verified: &SetOnce<&'static Settings>,
) -> anyhow::Result<Result<Exit, Exit>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    tokio::select! {
        exit = run(started, verified) => Ok(Ok(exit)),
        _ = interrupt.recv() => Ok(Err(Exit::Interrupted)),
        _ = terminate.recv() => Ok(Err(Exit::Terminated)),
        () = overdue(started, verified) => {
            // Whoever reads nothing of standard output may read nothing of this either.
            let _ = timeout(GRACE / 4, aside(|| complain(LATE, None))).await;
            Ok(Err(Exit::Undecided))
        }
    }
}

/// Waits until the run should have ended. A run that has only to wait for others ends by itself before; this one is
/// for whatever else may take long: a disk, a document, a lock.
async fn overdue(started: Instant, verified: &SetOnce<&'static Settings>) {
    // Reading the settings counts, and until they are read, what the command line says does.
    let given = deadline_as_given();
    let settings = tokio::select! {
        settings = verified.wait() => settings,
        () = sleep_until((started + given + GRACE).into()) => return,
    };
    late(settings, GRACE).await;
}

/// Waits until so long after the deadline, which may be put off meanwhile.
async fn late(settings: &Settings, grace: Duration) {
    let first = settings.started + settings.deadline + grace;
    Deadline::new(first.into(), settings.more_time.clone()).passed().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "beside `read_settings`: the deadline counts while the settings are read"
)]
fn deadline_as_given() -> Duration {
    let arguments: Vec<_> = env::args_os().collect();
    settings::deadline_as_given(&arguments, &|name| env::var_os(name))
}

/// Ends a run whose outputs cannot be written; nothing was asked.
fn cannot_write(error: &OutputError, settings: &Settings) -> Exit {
    discard(&settings.outputs, &settings.images);
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    let message = settings.redactor.line(&settings.words.put(message), 2000);
    let wants_json = settings.console.format == Format::Json;
    let exit = refuse(&message, Some(&settings.words.put(error.hint())), wants_json);
    // Nothing is wrong with a path that could not be looked at.
    if error.is_exhausted() { Exit::Undecided } else { exit }
}

/// Removes an older run's yes, which this one does not confirm.
fn discard(outputs: &Outputs, images: &[ImageRequest]) {
    not_removed(output::discard(outputs, images));
}

fn not_removed(left: Vec<file::Unwritten>) {
    for file::Unwritten { path, message } in left {
        let message = format!("could not remove the older `{}`: {message}", path.display());
        complain(&secret::printable(&message), None);
    }
}

/// Says what is wrong with the question; nothing was asked.
fn refuse(message: &str, hint: Option<&str>, wants_json: bool) -> Exit {
    complain(message, hint);
    if wants_json {
        let _ = say(&output::json::error(message, hint));
    }
    Exit::Usage
}

/// What is not an error but should be known, in every form of standard output.
fn mention(note: &str) {
    let _ = io::stderr().write_all(format!("note: {note}\n").as_bytes());
}

fn complain(message: &str, hint: Option<&str>) {
    let mut text = format!("error: {message}\n");
    for line in hint.iter().flat_map(|hint| hint.lines()) {
        text.extend(["  hint: ", line, "\n"]);
    }
    // A closed standard error changes nothing.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A core file would hold the token, and CI keeps files. What cannot be set is no reason to ask nothing.
fn leave_no_core() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
}

/// A defect ends as "could not find out", and its message, which may hold anything, is not shown.
fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        complain(
            &secret::printable(&format!("internal error{place}; this is a defect of the program")),
            None,
        );
        file::stop();
        #[expect(
            clippy::exit,
            reason = "the one way to give a panic the exit code of `could not find out`"
        )]
        std::process::exit(Exit::Undecided.code().into());
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const TOKEN: &str = "dop_v1_of-somebody-who-must-not-be-known";

    /// Run by the test below, in a process of its own: the hook ends it.
    #[test]
    #[ignore = "it panics"]
    fn panics_with_the_token() {
        keep_panics_quiet();
        panic!("the token is {TOKEN}");
    }

    #[test]
    fn a_panic_shows_its_place_and_nothing_of_its_message() {
        let run = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "tests::panics_with_the_token"])
            .env_clear()
            .output()
            .unwrap();
        let shown = String::from_utf8(run.stderr).unwrap();
        let place = shown.strip_prefix("error: internal error at src/main.rs:").unwrap();
        let (line, rest) = place.split_once(';').unwrap();
        assert!(line.parse::<u32>().is_ok(), "{shown}");
        assert_eq!(rest, " this is a defect of the program\n");
        assert!(!String::from_utf8(run.stdout).unwrap().contains(TOKEN));
        assert_eq!(run.status.code(), Some(Exit::Undecided.code().into()));
    }
}
