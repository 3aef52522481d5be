//! What went wrong below the level of HTTP statuses, found in the chain of the client's errors.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustix::io::Errno;

use crate::http::resolver::NoThread;
use crate::http::retry::Failure;
use crate::http::tls;
use crate::observation::Unavailable;
use crate::report::Reason;

/// A try that ended without a complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedTry {
    /// For the retry table.
    pub(crate) failure: Failure,
    /// What is reported if no retry succeeds. The message follows "`host`: ".
    pub(crate) why: Unavailable,
}

impl FailedTry {
    pub(crate) fn new(failure: Failure, said: impl Into<String>) -> Self {
        Self { failure, why: Unavailable::new(failure.reason(), said) }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { why: self.why.hint(hint), ..self }
    }

    /// The final error for a request for `what` to `host`; `asked` is the wait that the host asked for.
    pub(crate) fn unavailable(
        self,
        what: &str,
        host: &str,
        tries: u32,
        asked: Option<Duration>,
    ) -> Unavailable {
        let Self { failure, mut why } = self;
        let times = if tries > 1 { format!(" ({tries} tries)") } else { String::new() };
        let wait = asked.filter(|asked| !asked.is_zero()).map_or_else(String::new, |asked| {
            format!("; it asks for a wait of {} s", asked.as_secs_f64().ceil())
        });
        why.message = format!("{what}: `{host}`: {}{times}{wait}", why.message);
        why.retry_after = asked;
        if matches!(failure, Failure::BrokenOff | Failure::NeverCame) {
            why.host = Some(host.to_owned());
        }
        why
    }

    /// Like [`unavailable`](Self::unavailable), for a retry that would come after the deadline.
    pub(crate) fn too_late(
        self,
        what: &str,
        host: &str,
        tries: u32,
        asked: Option<Duration>,
        wait: Duration,
    ) -> Unavailable {
        let mut unavailable = self.unavailable(what, host, tries, asked);
        let why = match asked.filter(|asked| !asked.is_zero()) {
            Some(_) => ", which is beyond the deadline".to_owned(),
            None => {
                format!(
                    "; the deadline comes before the next try, which is due in {:.1} s",
                    wait.as_secs_f64()
                )
            }
        };
        unavailable.message.push_str(&why);
        unavailable
    }

    /// Adds the advice to check the proxy first.
    pub(crate) fn through_a_proxy(self) -> Self {
        if self.failure != Failure::NoConnection {
            return self;
        }
        self.hint(
            "Check the proxy first: HTTPS_PROXY is set, so the host is reached through it unless NO_PROXY names it.",
        )
    }

    /// Classifies an error of the client.
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if let Some(error) = find::<rustls::Error>(error) {
            let (said, hint) = tls::explain(error);
            let is_not_tls = matches!(error, rustls::Error::InvalidMessage(_));
            let failure = if is_not_tls { Failure::NotTls } else { Failure::Tls };
            let failed = Self::new(failure, format!("TLS failed: {said}"));
            return match hint {
                Some(hint) => failed.hint(hint),
                None => failed,
            };
        }
        if let Some(error) = find::<NoThread>(error) {
            return Self::new(
                Failure::NoConnection,
                format!("its name could not be resolved: {error}"),
            );
        }
        if error.is_dns() {
            return Self::new(Failure::NoConnection, "its name could not be resolved");
        }
        if let Some(error) = find::<hyper::Error>(error)
            && (error.is_parse() || error.is_parse_status())
        {
            return Self::of_parsing(error);
        }
        let deepest = deepest_io(error);
        let io = deepest.map(io::Error::kind);
        if error.is_connect() {
            return Self::of_connecting(error, deepest);
        }
        if error.is_timeout() || io == Some(io::ErrorKind::TimedOut) {
            return Self::new(Failure::TimedOut, "no answer in time");
        }
        Self::new(Failure::Cut, "the connection broke before the answer was complete")
    }

    /// Classifies an error in the body of a success, after `length` bytes.
    pub(crate) fn of_success(error: &reqwest::Error, length: u64) -> Self {
        let failed = Self::of(error);
        // An orderly close differs from a reset: the peer meant to end here.
        let is_closed = deepest_io(error).map(io::Error::kind)
            == Some(io::ErrorKind::UnexpectedEof)
            || find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message);
        if failed.failure != Failure::Cut || !is_closed {
            return failed;
        }
        let failure = if length == 0 { Failure::NeverCame } else { Failure::BrokenOff };
        Self { failure, ..failed }
    }

    fn of_parsing(error: &hyper::Error) -> Self {
        if error.to_string().contains("too large") {
            let said = "the headers of its answer are too large";
            return Self::new(Failure::TooLarge, said);
        }
        let hint = "Check the host, its port and any proxy in between: something other than a registry \
                    answers there.";
        Self::new(Failure::Garbage, "its answer is not HTTP").hint(hint)
    }

    fn of_connecting(error: &reqwest::Error, io: Option<&io::Error>) -> Self {
        if error.is_timeout() {
            return Self::new(Failure::TimedOut, "no connection in time");
        }
        match io {
            Some(io) if io.kind() == io::ErrorKind::ConnectionRefused => {
                Self::new(Failure::NoConnection, "connection refused")
            }
            // A peer that closes the connection, or sends something else, during the handshake.
            Some(io) if io.kind() == io::ErrorKind::UnexpectedEof => {
                Self::new(Failure::Cut, "the connection was closed during the TLS handshake")
            }
            Some(io) => Self::new(Failure::NoConnection, format!("no connection ({})", words(io))),
            None => {
                let cause = deepest(error);
                // reqwest's text for a proxy that refuses CONNECT.
                let said = match cause.strip_prefix("tunnel error: ") {
                    // It names no cause for other refusals.
                    Some("unsuccessful") => "the proxy refused to open a tunnel to it".to_owned(),
                    Some(cause) => format!("the proxy refused to open a tunnel to it ({cause})"),
                    None => format!("no connection ({cause})"),
                };
                Self::new(Failure::NoConnection, said)
            }
        }
    }
}

/// The error for a body that was announced each time and never arrived.
pub(crate) fn never_came(what: &str, host: &str, tries: u32) -> Unavailable {
    let message = if tries == 1 {
        format!("{what}: `{host}` announced it and closed the connection before the first byte")
    } else {
        format!(
            "{what}: `{host}` announced it {tries} times and closed the connection before the first byte each time"
        )
    };
    let why = Unavailable::new(Reason::BodyNeverCame, message);
    Unavailable { host: Some(host.to_owned()), ..why }
}

/// The error for an answer that may repeat more signed addresses than a run can mask.
pub(crate) fn too_many_secrets(what: &str, host: &str) -> Unavailable {
    let message = format!(
        "{what}: redirects led to more signed addresses than this run can mask, so the answer of `{host}` was not read"
    );
    Unavailable::new(Reason::AnswerTooLarge, message)
}

/// The error for a request that was unanswered at the deadline.
pub(crate) fn deadline_passed(what: &str, host: &str) -> Unavailable {
    Unavailable::new(
        Reason::DeadlinePassed,
        format!("{what}: `{host}` had not answered when the run's deadline passed"),
    )
}

/// Looks for an error of type `E` in the chain. An `io::Error` hides what it wraps from `source`.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find::<E>(inner)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The innermost `io::Error` of the chain: the outer ones only wrap it, as `Other`.
fn deepest_io<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut found = None;
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            found = Some(error);
            if let Some(inner) = error.get_ref() {
                found = deepest_io(inner).or(found);
            }
        }
        next = error.source();
    }
    found
}

/// What an `io::Error` is, in a few words.
fn words(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE) => "too many open files".to_owned(),
        Some(_) | None => error.kind().to_string(),
    }
}

/// The cause: the last error of the chain.
fn deepest(error: &dyn Error) -> String {
    let mut last = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        last = error.to_string();
        next = error.source();
    }
    last
}
