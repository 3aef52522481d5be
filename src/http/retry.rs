//! Whether and when to retry a request. A pure table: no clock, no randomness, no request.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::report::Reason;

/// How many tries a request has.
pub(crate) const TRIES: u32 = 4;

/// Why a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// An answer with this status.
    Status(u16),
    /// No connection: refused, unreachable, or the name could not be resolved.
    NoConnection,
    /// No answer in time.
    TimedOut,
    /// The connection broke before the answer was complete.
    Cut,
    /// The server sent a success and closed the connection in an orderly way before the end of the body.
    BrokenOff,
    /// Like `BrokenOff`, before the first byte of the body.
    NeverCame,
    /// The TLS handshake failed, or the certificate was rejected.
    Tls,
    /// The server does not speak TLS.
    NotTls,
    /// The answer was not HTTP.
    Garbage,
    /// The answer was larger than its limit.
    TooLarge,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Retry after this long.
    Again(Duration),
    /// Give up: a retry would not help, or there were enough tries.
    GiveUp,
    /// Give up: the wait before the next try would end after the deadline.
    TooLate(Duration),
}

impl Failure {
    /// What is reported if no retry succeeded.
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Status(429) => Reason::RateLimited,
            Self::Status(_) => Reason::ServerError,
            Self::NoConnection | Self::Cut | Self::BrokenOff | Self::NeverCame => {
                Reason::ConnectionFailed
            }
            Self::TimedOut => Reason::TimedOut,
            Self::Tls | Self::NotTls => Reason::TlsFailed,
            Self::Garbage => Reason::UnexpectedAnswer,
            Self::TooLarge => Reason::AnswerTooLarge,
        }
    }
}

/// Whether a retry may help.
pub(crate) fn is_transient(failure: Failure) -> bool {
    match failure {
        Failure::Status(status) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        Failure::NoConnection
        | Failure::TimedOut
        | Failure::Cut
        | Failure::BrokenOff
        | Failure::NeverCame => true,
        Failure::Tls | Failure::NotTls | Failure::Garbage | Failure::TooLarge => false,
    }
}

/// Decides after try number `tries` (from 1) of at most `most`.
///
/// `asked` is the server's own `Retry-After`; `jitter` is a random number from 0 to 1 that varies the
/// waits of 1, 2 and 4 seconds by a quarter; `left` is the time until the deadline.
pub(crate) fn decide(
    failure: Failure,
    tries: u32,
    most: u32,
    asked: Option<Duration>,
    jitter: f64,
    left: Duration,
) -> Decision {
    if !is_transient(failure) || tries >= most {
        return Decision::GiveUp;
    }
    let base = Duration::from_secs(1 << (tries.saturating_sub(1).min(2)));
    let own = base.mul_f64(0.75 + jitter.clamp(0.0, 1.0) / 2.0);
    let wait = asked.map_or(own, |asked| asked.max(Duration::from_millis(100)));
    if wait >= left { Decision::TooLate(wait) } else { Decision::Again(wait) }
}

/// Reads a `Retry-After`: a number of seconds or a date (RFC 9110 §10.2.3). A date in the past is a
/// wait of zero; any other text is `None`.
pub(crate) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that overflows is a wait longer than any deadline.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// Reads DigitalOcean's `ratelimit-reset`: the second (Unix time) at which the oldest request leaves the
/// window. `None` if it is in the past.
pub(crate) fn ratelimit_reset(text: &str, now: Timestamp) -> Option<Duration> {
    let at = Timestamp::from_second(text.trim().parse().ok()?).ok()?;
    Duration::try_from(at.duration_since(now)).ok().filter(|wait| !wait.is_zero())
}

/// Reads a `ratelimit-remaining`: a number of requests. Docker Hub appends its window after a semicolon.
pub(crate) fn ratelimit_remaining(text: &str) -> Option<u64> {
    let number = text.split(';').next().unwrap_or_default().trim();
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        let statuses =
            [200, 301, 400, 401, 403, 404, 408, 418, 429, 451, 500, 501, 502, 503, 504, 505, 520];
        let others = [
            Failure::NoConnection,
            Failure::TimedOut,
            Failure::Cut,
            Failure::BrokenOff,
            Failure::NeverCame,
            Failure::Tls,
            Failure::NotTls,
            Failure::Garbage,
            Failure::TooLarge,
        ];
        for failure in statuses.map(Failure::Status).into_iter().chain(others) {
            let waits: Vec<String> = (1..=TRIES)
                .map(|tries| match decide(failure, tries, TRIES, None, 0.5, MINUTE) {
                    Decision::Again(wait) => format!("{wait:?}"),
                    Decision::GiveUp => "-".to_owned(),
                    Decision::TooLate(_) => "late".to_owned(),
                })
                .collect();
            writeln!(table, "{:<14} {}", format!("{failure:?}"), waits.join(" ")).unwrap();
        }
        insta::assert_snapshot!(table, @r"
        Status(200)    - - - -
        Status(301)    - - - -
        Status(400)    - - - -
        Status(401)    - - - -
        Status(403)    - - - -
        Status(404)    - - - -
        Status(408)    1s 2s 4s -
        Status(418)    - - - -
        Status(429)    1s 2s 4s -
        Status(451)    - - - -
        Status(500)    1s 2s 4s -
        Status(501)    - - - -
        Status(502)    1s 2s 4s -
        Status(503)    1s 2s 4s -
        Status(504)    1s 2s 4s -
        Status(505)    - - - -
        Status(520)    - - - -
        NoConnection   1s 2s 4s -
        TimedOut       1s 2s 4s -
        Cut            1s 2s 4s -
        BrokenOff      1s 2s 4s -
        NeverCame      1s 2s 4s -
        Tls            - - - -
        NotTls         - - - -
        Garbage        - - - -
        TooLarge       - - - -
        ");
    }

    #[test]
    fn the_servers_wait_counts_and_the_deadline_caps_it() {
        let wait = |asked, left| decide(Failure::Status(429), 1, TRIES, asked, 0.0, left);
        let seconds = Duration::from_secs;
        assert_eq!(wait(Some(seconds(29)), MINUTE), Decision::Again(seconds(29)));
        assert_eq!(wait(Some(seconds(86_400)), MINUTE), Decision::TooLate(seconds(86_400)));
        assert_eq!(wait(Some(Duration::ZERO), MINUTE), Decision::Again(Duration::from_millis(100)));
        assert_eq!(
            wait(None, Duration::from_millis(700)),
            Decision::TooLate(Duration::from_millis(750))
        );
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let now: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let read = |text| retry_after(text, now).map(|wait| wait.as_secs());
        assert_eq!(read("0"), Some(0));
        assert_eq!(read(" 120 "), Some(120));
        assert_eq!(read("99999999999999999999"), Some(u64::from(u32::MAX)));
        assert_eq!(read("Wed, 25 Nov 2026 10:00:30 GMT"), Some(30));
        assert_eq!(read("Wed, 25 Nov 2026 09:00:00 GMT"), Some(0));
        for text in ["", "-1", "1e9", "1.5", "abc", "１２", "Wed, 99 Nov 2026 10:00:30 GMT"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_rate_limit_reset_in_the_past_says_nothing() {
        let now = Timestamp::from_second(1_000).unwrap();
        assert_eq!(ratelimit_reset("1002", now), Some(Duration::from_secs(2)));
        for text in ["1000", "999", "-5", "x", "99999999999999999999"] {
            assert_eq!(ratelimit_reset(text, now), None, "{text}");
        }
    }

    #[test]
    fn what_remains_is_a_number_and_perhaps_a_window() {
        assert_eq!(ratelimit_remaining("0"), Some(0));
        assert_eq!(ratelimit_remaining(" 4816 "), Some(4816));
        assert_eq!(ratelimit_remaining("76;w=21600"), Some(76));
        for text in ["", "-1", "1.5", "x", ";w=1", "99999999999999999999"] {
            assert_eq!(ratelimit_remaining(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_retry_after_is_survived(text: String) {
            let _ = ratelimit_remaining(&text);
            let _ = retry_after(&text, Timestamp::UNIX_EPOCH);
            let _ = ratelimit_reset(&text, Timestamp::UNIX_EPOCH);
        }

        #[test]
        fn no_wait_ends_after_the_deadline(tries in 1_u32..4, jitter in 0.0_f64..1.0, left in 0_u64..10_000, asked in proptest::option::of(0_u64..100)) {
            let left = Duration::from_millis(left);
            let asked = asked.map(Duration::from_secs);
            if let Decision::Again(wait) = decide(Failure::Cut, tries, TRIES, asked, jitter, left) {
                prop_assert!(wait < left);
            }
        }
    }
}
