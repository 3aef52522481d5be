//! How far the reading of layers is: bytes, rate, and what is left. A line on a terminal that is drawn again and again,
//! else a line now and then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::document;
use crate::http::Client;
use crate::progress::{Loudness, Progress};

/// How often a terminal is drawn, and how often a log gets a line: no CI ends a job within a minute of silence.
const DRAWN_EVERY: Duration = Duration::from_millis(250);
const TOLD_EVERY: Duration = Duration::from_secs(15);

/// What is known of all reading in a run.
#[derive(Debug, Default)]
pub(super) struct ReadingProgress {
    came: Arc<AtomicU64>,
    announced: AtomicU64,
    /// When the first layer was requested, and when progress was last shown.
    moments: Mutex<Option<(Instant, Instant)>>,
}

impl ReadingProgress {
    pub(super) fn announce(&self, bytes: u64) {
        self.announced.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What counts the bytes that come.
    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.came)
    }

    /// Does `work`, and shows meanwhile how far the run is.
    pub(super) async fn shown<T>(&self, client: &Client, work: impl Future<Output = T>) -> T {
        let progress = client.progress();
        let every = if progress.is_terminal() { DRAWN_EVERY } else { TOLD_EVERY };
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    progress.erase();
                    return done;
                }
                () = sleep(every) => self.show(progress, every),
            }
        }
    }

    /// Shows how far it is, if nobody did so just now: images are read side by side.
    fn show(&self, progress: &Progress, every: Duration) {
        let now = Instant::now();
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let (started, shown) = moments.unwrap_or((now - every, now - every));
        if now.duration_since(shown) < every / 2 {
            return;
        }
        *moments = Some((started, now));
        let (came, of) =
            (self.came.load(Ordering::Relaxed), self.announced.load(Ordering::Relaxed));
        let line = line(came, of, now.duration_since(started));
        if progress.is_terminal() {
            progress.draw(&line);
        } else {
            progress.say(Loudness::Normal, &line);
        }
    }
}

/// `reading layers: 120.0 MiB of 420.0 MiB (28 %), 55.2 MiB/s, 5 s left`
fn line(came: u64, of: u64, took: Duration) -> String {
    let share = came.saturating_mul(100).checked_div(of).unwrap_or(100).min(100);
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = came.saturating_mul(1000) / milliseconds;
    let left = match of.saturating_sub(came).checked_div(rate) {
        Some(seconds) => format!("{seconds} s left"),
        None => "nothing came yet".to_owned(),
    };
    format!(
        "reading layers: {} of {} ({share} %), {}/s, {left}",
        document::size(came),
        document::size(of),
        document::size(rate)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_bytes_rate_and_what_is_left() {
        const MIB: u64 = 1 << 20;
        let lines = [
            line(0, 420 * MIB, Duration::from_secs(3)),
            line(120 * MIB, 420 * MIB, Duration::from_secs(2)),
            line(420 * MIB, 420 * MIB, Duration::from_millis(7_500)),
            line(500 * MIB, 420 * MIB, Duration::ZERO),
            line(0, 0, Duration::ZERO),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        reading layers: 0 B of 420.0 MiB (0 %), 0 B/s, nothing came yet
        reading layers: 120.0 MiB of 420.0 MiB (28 %), 60.0 MiB/s, 5 s left
        reading layers: 420.0 MiB of 420.0 MiB (100 %), 56.0 MiB/s, 0 s left
        reading layers: 500.0 MiB of 420.0 MiB (100 %), 488.2 GiB/s, 0 s left
        reading layers: 0 B of 0 B (100 %), 0 B/s, nothing came yet
        ");
    }
}
