//! How much of the layers may be under way over HTTP/2.

use std::collections::BTreeSet;

use super::*;
use crate::stand_in::Certificate;

/// The windows of a run's connections: of a stream, and of the whole connection.
fn windows(options: &str) -> BTreeSet<(u32, u32)> {
    let stand_in = StandIn::start(Options { tls: Some(Certificate::Good), ..Options::default() });
    let content = Drawn::from(1).archive(300_000);
    push(&stand_in, TAG, &[(OCI_GZIP, gzip(&content), content)]);
    let run = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}")).args(options).run();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let windows: BTreeSet<_> = stand_in.windows().into_iter().collect();
    assert!(!windows.is_empty(), "no connection of HTTP/2");
    windows
}

#[test]
fn forty_milliseconds_of_delay_do_not_keep_a_stream_below_50_megabytes_a_second() {
    let windows = windows("--content");
    // What a server may send before it hears of what was read: the window, in the time of one answer.
    let a_second = |window: u32| u64::from(window) * 1000 / 40;
    for (stream, connection) in &windows {
        assert!(a_second(*stream) >= 50_000_000, "{stream}");
        // Two layers that lie unread leave room for all other answers.
        assert!(*connection >= 3 * stream, "{connection}");
    }
    assert_eq!(windows, BTreeSet::from([(2 << 20, 6 << 20)]));
}

#[test]
fn a_run_that_reads_no_layers_keeps_the_usual_windows() {
    assert!(windows("").into_iter().all(|(stream, _)| stream <= 2 << 20));
}
