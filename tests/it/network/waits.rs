//! How long is waited, and for what: `Retry-After` in its forms, the API's rate limit, statuses that may
//! pass and statuses that will not.

use std::time::{Duration, Instant};

use super::{table, verdict};
use crate::faults::{filled, gate};
use crate::stand_in::{Answer, Lie, Route};

/// One such answer to the first request for the manifest, then the honest one.
fn once(lie: &Lie, deadline: &str) -> String {
    let (stand_in, _) = filled();
    stand_in.lie(Route::ManifestByTag.first(1), lie.clone());
    let told = verdict(gate(&stand_in).args(deadline));
    format!("{told}\n    asked {} times", stand_in.asked(&Route::ManifestByTag).len())
}

/// The time of day, for waits that are named by a time.
#[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn date_in(seconds: u64) -> String {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new();
    date.timestamp_to_rfc9110_string(&(now() + Duration::from_secs(seconds))).unwrap()
}

fn reset_in(seconds: i64) -> Lie {
    let reset = (now().as_second() + seconds).to_string();
    Lie::Answer(Answer::new(429).header("ratelimit-reset", &reset))
}

/// The program's own first wait is 1.25 s at most.
#[test]
fn a_wait_that_is_asked_for_is_waited_in_full() {
    let cases = [
        ("seconds", Lie::too_many(Some("2"))),
        ("a date", Lie::too_many(Some(&date_in(3)))),
        ("the second at which the limit opens", reset_in(3)),
        ("seconds, with a 503", Lie::Answer(Answer::new(503).header("retry-after", "2"))),
    ];
    let table = table(&cases, |lie| {
        let started = Instant::now();
        let told = once(lie, "--deadline 20s");
        assert!(started.elapsed() >= Duration::from_millis(1_900), "{:?}", started.elapsed());
        told
    });
    insta::assert_snapshot!(table, @"
    seconds: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    a date: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    the second at which the limit opens: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    seconds, with a 503: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    ");
}

#[test]
fn a_wait_that_is_short_or_not_understood_is_no_obstacle() {
    let cases = [
        ("a date that has passed", Lie::too_many(Some("Wed, 21 Oct 2015 07:28:00 GMT"))),
        ("0", Lie::too_many(Some("0"))),
        ("none", Lie::too_many(None)),
        ("abc", Lie::too_many(Some("abc"))),
        ("-1", Lie::too_many(Some("-1"))),
        ("1e9", Lie::too_many(Some("1e9"))),
    ];
    insta::assert_snapshot!(table(&cases, |lie| once(lie, "--deadline 10s")), @"
    a date that has passed: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    0: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    none: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    abc: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    -1: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    1e9: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    ");
}

#[test]
fn a_wait_that_ends_after_the_deadline_is_named_and_not_waited() {
    let cases = [
        ("a day", Lie::too_many(Some("86400"))),
        ("20 digits", Lie::too_many(Some("99999999999999999999"))),
        ("with a 503", Lie::Answer(Answer::new(503).header("retry-after", "600"))),
    ];
    let started = Instant::now();
    insta::assert_snapshot!(table(&cases, |lie| once(lie, "--deadline 60s")), @"
    a day: exit 3, tag-exists errored
        reason: rate-limited
        message: the manifest of `latest-dev`: `[registry]`: 429, too many requests; it asks to wait 86400 s, which is beyond the deadline
        hint: Try again in a few minutes, or when the message says; verify several images in one run instead of one run each.
        asked 1 times
    20 digits: exit 3, tag-exists errored
        reason: rate-limited
        message: the manifest of `latest-dev`: `[registry]`: 429, too many requests; it asks to wait 4294967295 s, which is beyond the deadline
        hint: Try again in a few minutes, or when the message says; verify several images in one run instead of one run each.
        asked 1 times
    with a 503: exit 3, tag-exists errored
        reason: server-error
        message: the manifest of `latest-dev`: `[registry]`: 503; it asks to wait 600 s, which is beyond the deadline
        hint: Try again later; look at the provider's status page.
        asked 1 times
    ");
    let told = once(&reset_in(3600), "--deadline 60s");
    assert!(told.contains("it asks to wait 3") && told.contains("beyond the deadline"), "{told}");
    assert!(started.elapsed() < Duration::from_secs(30), "it waited");
}

#[test]
fn a_status_that_may_pass_is_asked_again() {
    let cases = [408, 500, 502, 503, 504].map(|status| (status.to_string(), Lie::status(status)));
    let cases: Vec<_> = cases.iter().map(|(name, lie)| (name.as_str(), lie)).collect();
    insta::assert_snapshot!(table(&cases, |lie| once(lie, "--deadline 10s")), @"
    408: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    500: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    502: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    503: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    504: exit 0, tag-exists passed
        message: `latest-dev` names `sha256:72aa2829510e[..64]`
        asked 2 times
    ");
}

#[test]
fn a_status_that_will_not_pass_is_no_answer_at_the_first_try() {
    let cases = [400, 402, 405, 410, 418, 451, 501, 505, 520];
    let cases = cases.map(|status| (status.to_string(), Lie::status(status)));
    let cases: Vec<_> = cases.iter().map(|(name, lie)| (name.as_str(), lie)).collect();
    insta::assert_snapshot!(table(&cases, |lie| once(lie, "--deadline 10s")), @"
    400: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 400 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    402: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 402 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    405: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 405 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    410: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 410 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    418: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 418 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    451: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 451 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    501: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 501 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    505: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 505 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    520: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]` answered 520 (no content type, no text)
        hint: Look at the answer that the message shows: a login page or a proxy may stand in between.
        asked 1 times
    ");
}
