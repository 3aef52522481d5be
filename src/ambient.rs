//! What a run takes from its surroundings besides its settings: the time of day and randomness.
//!
//! Both are passed in, so that the same input and the same clock give the same bytes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// What is added to a run's deadline while it goes on. Clones share it.
#[derive(Clone, Debug)]
pub struct MoreTime(Option<Arc<AtomicU64>>);

impl Default for MoreTime {
    /// Nothing yet.
    fn default() -> Self {
        Self(Some(Arc::default()))
    }
}

impl MoreTime {
    /// The most that is added: no pipeline lives longer than a day.
    const MOST: Duration = Duration::from_secs(24 * 60 * 60);

    /// Nothing, ever: somebody gave the deadline.
    pub fn none() -> Self {
        Self(None)
    }

    /// Adds this much, unless the deadline was given.
    pub(crate) fn add(&self, time: Duration) {
        if let Some(added) = &self.0 {
            let time = u64::try_from(time.min(Self::MOST).as_millis()).unwrap_or(u64::MAX);
            added.fetch_add(time, Ordering::Relaxed);
        }
    }

    /// What was added so far.
    pub(crate) fn so_far(&self) -> Duration {
        let added = self.0.as_ref().map_or(0, |added| added.load(Ordering::Relaxed));
        Duration::from_millis(added).min(Self::MOST)
    }
}

/// The time of day and randomness.
#[derive(Clone)]
pub struct Ambient {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    random: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Ambient {
    /// The system's clock and the system's randomness.
    pub fn system() -> Self {
        Self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            now: Arc::new(Timestamp::now),
            // Without a random source the control tag is still one that nobody has pushed.
            random: Arc::new(|| getrandom::u64().unwrap_or(0x5eed_0000_c0ff_ee00)),
        }
    }

    /// A clock that stands still and numbers that repeat.
    pub fn fixed(now: Timestamp, random: u64) -> Self {
        Self { now: Arc::new(move || now), random: Arc::new(move || random) }
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// A random number.
    pub fn random(&self) -> u64 {
        (self.random)()
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}
