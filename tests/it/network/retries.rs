//! What is asked again, how often, and after how long.

use super::brief;
use crate::faults::{IMAGE, lying};
use crate::stand_in::{Answer, Lie, Route};
use crate::support::Gate;

fn with_header(status: u16, name: &str, value: &str) -> Lie {
    Lie::Answer(Answer::new(status).header(name, value))
}

/// The seconds that a run waited before its second try, as it told them itself.
#[track_caller]
fn wait_told(lie: Lie) -> f64 {
    let stand_in = lying(Route::ManifestByTag.first(1), lie);
    let run = Gate::at(&stand_in).args("-v").image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert_eq!(stand_in.asked(&Route::ManifestByTag).len(), 2);
    let told = run.stderr.lines().find_map(|line| line.split_once("retrying in "));
    let seconds = told.and_then(|(_, rest)| rest.split_once(" s ")).map(|(seconds, _)| seconds);
    seconds.expect("a line that tells the wait").parse().expect("a number")
}

/// Seconds since 1970, some seconds from now.
#[expect(clippy::disallowed_methods, reason = "the program compares it with its own clock")]
fn in_seconds(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds)
}

#[test]
fn a_wait_in_seconds_is_kept() {
    let waited = wait_told(Lie::too_many(Some("2")));
    assert!((2.0..2.1).contains(&waited), "{waited}");
}

#[test]
fn a_wait_until_a_date_is_kept() {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new();
    let date = date.timestamp_to_rfc9110_string(&in_seconds(5)).expect("a date");
    // As much as is left of it when the answer is read, and at least a tenth of a second.
    let waited = wait_told(Lie::too_many(Some(&date)));
    assert!((0.1..=5.0).contains(&waited), "{waited} until {date}");
    let date = jiff::fmt::rfc2822::DateTimePrinter::new();
    let date = date.timestamp_to_rfc9110_string(&in_seconds(86_400)).expect("a date");
    let stand_in = lying(Route::ManifestByTag, Lie::too_many(Some(&date)));
    let shown = brief(&Gate::at(&stand_in).image(IMAGE).run());
    let (_, wait) = shown.split_once("asks for a wait of ").expect("a wait of a day");
    let wait: u32 = wait.split(' ').next().unwrap().parse().expect("seconds");
    assert!((80_000..=86_400).contains(&wait), "{shown}");
}

#[test]
fn the_hourly_limit_of_the_api_is_read() {
    let limited = |seconds| {
        let reset = in_seconds(seconds).as_second().to_string();
        with_header(429, "ratelimit-reset", &reset)
    };
    let waited = wait_told(limited(5));
    assert!((0.1..=5.0).contains(&waited), "{waited}");
    let stand_in = lying(Route::Token, limited(3600));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    let shown = brief(&run);
    let (before, after) = shown.split_once("asks for a wait of 3").expect("a wait of an hour");
    let (digits, after) = after.split_once(' ').expect("seconds");
    assert_eq!(digits.len(), 3, "{shown}");
    insta::assert_snapshot!(format!("{before}asks for a wait of 3... {after}"), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: 429, too many requests; it asks for a wait of 3... s, which is beyond the deadline
        reason     rate-limited
        next       Wait a few minutes, or as long as the message says; verify several images in one run instead of one run each.
    ");
    assert_eq!(stand_in.asked(&Route::Token).len(), 1);
}

#[test]
fn a_wait_beyond_the_deadline_ends_the_run_at_once() {
    let stand_in = lying(Route::Token, Lie::too_many(Some("86400")));
    insta::assert_snapshot!(brief(&Gate::at(&stand_in).image(IMAGE).run()), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: 429, too many requests; it asks for a wait of 86400 s, which is beyond the deadline
        reason     rate-limited
        next       Wait a few minutes, or as long as the message says; verify several images in one run instead of one run each.
    ");
    // Twenty digits are more than any number of seconds.
    let stand_in = lying(Route::Token, with_header(503, "retry-after", "99999999999999999999"));
    insta::assert_snapshot!(brief(&Gate::at(&stand_in).image(IMAGE).run()), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: 503; it asks for a wait of 4294967295 s, which is beyond the deadline
        reason     server-error
        next       Try again later; look at the provider's status page.
    ");
    assert_eq!(stand_in.asked(&Route::Token).len(), 1);
}

#[test]
fn a_wait_that_cannot_be_read_is_our_own() {
    let values = ["-1", "1e9", "soon", "\u{ff12}", "Wed, 99 Nov 2026 10:00:30 GMT", ""];
    std::thread::scope(|scope| {
        let waits = values.map(|value| {
            (value, scope.spawn(move || wait_told(with_header(429, "retry-after", value))))
        });
        for (value, waited) in waits {
            let waited = waited.join().expect("a run that is green");
            assert!((0.7..1.3).contains(&waited), "{value:?}: {waited}");
        }
    });
    // A date that has passed is a wait of nothing.
    let past = "Wed, 25 Nov 2020 10:00:00 GMT";
    assert!(wait_told(with_header(429, "retry-after", past)) < 0.2);
}

/// One line: what became of a run whose registry answered the first `count` requests for the tag so.
fn after(count: u64, status: u16) -> String {
    let lie = with_header(status, "retry-after", "0");
    let stand_in = lying(Route::ManifestByTag.first(count), lie);
    let run = Gate::at(&stand_in).image(IMAGE).run();
    let shown = brief(&run);
    let said =
        shown.lines().find_map(|line| line.split_once("errored: ")).map_or("", |(_, said)| said);
    let reason = shown.lines().find_map(|line| line.trim().strip_prefix("reason     "));
    let tries = stand_in.asked(&Route::ManifestByTag).len();
    let ended = format!("{status} {count} times: exit {:?}, tries: {tries}", run.code.unwrap());
    match reason {
        Some(reason) => format!("{ended}, {reason}: {said}\n"),
        None => format!("{ended}\n"),
    }
}

#[test]
fn each_transient_status_is_green_after_two_and_undecided_after_four() {
    let table = [408, 429, 500, 502, 503, 504].map(|status| after(2, status) + &after(9, status));
    insta::assert_snapshot!(table.concat(), @"
    408 2 times: exit 0, tries: 3
    408 9 times: exit 3, tries: 4, server-error: the manifest of `latest-dev`: `[registry]`: 408 (4 tries)
    429 2 times: exit 0, tries: 3
    429 9 times: exit 3, tries: 4, rate-limited: the manifest of `latest-dev`: `[registry]`: 429, too many requests (4 tries)
    500 2 times: exit 0, tries: 3
    500 9 times: exit 3, tries: 4, server-error: the manifest of `latest-dev`: `[registry]`: 500 (4 tries)
    502 2 times: exit 0, tries: 3
    502 9 times: exit 3, tries: 4, server-error: the manifest of `latest-dev`: `[registry]`: 502 (4 tries)
    503 2 times: exit 0, tries: 3
    503 9 times: exit 3, tries: 4, server-error: the manifest of `latest-dev`: `[registry]`: 503 (4 tries)
    504 2 times: exit 0, tries: 3
    504 9 times: exit 3, tries: 4, server-error: the manifest of `latest-dev`: `[registry]`: 504 (4 tries)
    ");
}

#[test]
fn other_statuses_are_asked_once() {
    let table = [400, 402, 409, 418, 451, 501, 505, 520].map(|status| after(9, status));
    insta::assert_snapshot!(table.concat(), @"
    400 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 400 (no content type, no text)
    402 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 402 (no content type, no text)
    409 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 409 (no content type, no text)
    418 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 418 (no content type, no text)
    451 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 451 (no content type, no text)
    501 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 501 (no content type, no text)
    505 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 505 (no content type, no text)
    520 9 times: exit 3, tries: 1, unexpected-answer: the manifest of `latest-dev`: `[registry]` answered 520 (no content type, no text)
    ");
}

#[test]
fn a_deadline_caps_the_waits() {
    // The fourth try would begin after 5.25 s at the earliest; on a busy machine the first alone may come.
    let shown = (0..20).find_map(|_| {
        let stand_in = lying(Route::ManifestByTag, Lie::status(503));
        let run = Gate::at(&stand_in).args("--deadline 4s").image(IMAGE).run();
        let tries = stand_in.asked(&Route::ManifestByTag).len();
        assert!(tries < 4, "{}", run.snapshot());
        (tries > 0).then(|| brief(&run).replace(&format!(" ({tries} tries)"), ""))
    });
    insta::assert_snapshot!(shown.expect("a machine that asks once within 4 s, once in 20 times"), @"
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: 503; the deadline comes before the next try, which is due in [duration]
        reason     server-error
        next       Try again later; look at the provider's status page.
    ");
}
