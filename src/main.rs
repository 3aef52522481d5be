//! The command line program: reads the settings, runs the gate, writes the outputs, ends with the code.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use verify_registry_image::ambient::Ambient;
use verify_registry_image::exit::Exit;
use verify_registry_image::output::{self, OutputError, Prepared, Written};
use verify_registry_image::progress::{Loudness, Progress};
use verify_registry_image::report::Report;
use verify_registry_image::request::ImageRequest;
use verify_registry_image::settings::{
    self, Asked, Format, Outputs, Settings, SettingsError, StatusFolder, Surroundings,
};
use verify_registry_image::{gate, secret};

fn main() -> Exit {
    leave_no_core();
    keep_panics_quiet();
    let asked = match read_settings() {
        Ok(asked) => asked,
        Err(error) => {
            discard(error.outputs(), &[]);
            return refuse(&error.to_string(), error.hint().as_deref(), error.wants_json());
        }
    };
    match asked {
        Asked::Show(text) => {
            if let Err(error) = say(&text) {
                complain(&format!("could not write standard output: {}", error.kind()), None);
                return Exit::Unwritten;
            }
            Exit::Verified
        }
        Asked::CheckStatus(folder, format) => check_status(&folder, format),
        Asked::Verify(settings) => {
            // They live as long as the process.
            let settings: &'static Settings = Box::leak(settings);
            verify(settings).unwrap_or_else(|error| {
                let message = settings.redactor.line(&format!("{error:#}"), 2000);
                complain(&message, None);
                Exit::Undecided
            })
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reaches the environment, by name"
)]
fn read_settings() -> Result<Asked, SettingsError> {
    settings::read(Surroundings {
        arguments: env::args_os().collect(),
        variable: &|name| env::var_os(name),
        folder: env::current_dir().unwrap_or_default(),
        stdin: Box::new(io::stdin()),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
    })
}

fn verify(settings: &'static Settings) -> anyhow::Result<Exit> {
    let outputs = match Prepared::prove(settings) {
        Ok(outputs) => outputs,
        Err(error) => {
            discard(&settings.outputs, &settings.images);
            return Ok(refuse_output(&error, settings));
        }
    };
    let loudness = Loudness::of(settings.console.quiet, settings.console.verbosity);
    let progress = Progress::new(loudness, settings.redactor.clone(), io::stderr());
    for note in &settings.notes {
        progress.say(Loudness::Normal, &format!("note: {note}"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // A server that sends without end keeps one task ready. By default, the timers and signals are looked
        // at after 61 turns of it only: with endless early hints, minutes after the deadline.
        .event_interval(1)
        .build()
        .context("the runtime could not be started")?;
    // Written on a thread of its own, so that a signal ends this, too: a lock that is held, or a reader that
    // does not read, must not make the process one that cannot be ended.
    let ended = runtime.block_on(until_a_signal(async {
        let report = gate::run(settings, &Ambient::system(), &progress).await;
        tokio::task::spawn_blocking(move || tell(&report, settings, &outputs)).await
    }));
    // A name that is being resolved cannot be interrupted, and nobody waits for it any more.
    runtime.shutdown_background();
    match ended? {
        Ok(exit) => exit.context("the outputs could not be written"),
        Err(signal) => Ok(signal),
    }
}

/// Writes the files, shows the report, and says how the process ends.
fn tell(report: &Report, settings: &Settings, outputs: &Prepared) -> Exit {
    let Written { unwritten, notes } = outputs.write(report, settings);
    let text = match settings.console.format {
        Format::Json => output::json::report(report, &unwritten),
        Format::Human => {
            let next = output::remarks(report, settings, &unwritten);
            output::console::text(report, settings.console, &unwritten, &next)
        }
    };
    let shown = say(&settings.redactor.redact(&text));
    if let Err(error) = &shown {
        complain(&format!("could not write standard output: {}", error.kind()), None);
        // Without all of its outputs, a run leaves nothing to deploy.
        not_removed(output::discard_deployable(&settings.outputs, &settings.images));
    }
    if settings.console.quiet || settings.console.format == Format::Json {
        // What the short form of standard output leaves out and nobody should miss.
        for output::Unwritten { path, message } in &unwritten {
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

/// Says whether board and badges are what the status files make of them; nothing is asked or written.
fn check_status(folder: &StatusFolder, format: Format) -> Exit {
    match output::check_status::check_status(folder) {
        Ok(check) => {
            let _ = say(&match format {
                Format::Human => format!("{check}\n"),
                Format::Json => check.to_json(),
            });
            check.exit()
        }
        Err(error) => refuse(&error.with_cause(), Some(error.hint()), format == Format::Json),
    }
}

/// The result of `work`, or the exit of the signal that came first.
async fn until_a_signal<T>(work: impl Future<Output = T>) -> anyhow::Result<Result<T, Exit>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    tokio::select! {
        done = work => Ok(Ok(done)),
        _ = interrupt.recv() => Ok(Err(Exit::Interrupted)),
        _ = terminate.recv() => Ok(Err(Exit::Terminated)),
    }
}

fn refuse_output(error: &OutputError, settings: &Settings) -> Exit {
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    let message = settings.redactor.line(&message, 2000);
    refuse(&message, Some(error.hint()), settings.console.format == Format::Json)
}

/// Removes an older run's yes, which this one does not confirm.
fn discard(outputs: &Outputs, images: &[ImageRequest]) {
    not_removed(output::discard(outputs, images));
}

fn not_removed(left: Vec<output::Unwritten>) {
    for output::Unwritten { path, message } in left {
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

/// What is no error and should be known, in every form of standard output.
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

/// Writes to standard output. A reader that has gone away, or never was, changes nothing; a disk that is full
/// is another matter.
fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Err(_) | Ok(()) => Ok(()),
    }
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
        #[expect(
            clippy::exit,
            reason = "the one way to give a panic the exit code of `could not find out`"
        )]
        std::process::exit(Exit::Undecided.code().into());
    }));
}
