//! Rate limits: how often a host may be asked, as far as it says so.
//!
//! After a 429, all requests to that host wait. Then one request goes first: if it is served, the others follow; if
//! not, all wait again. After as many refusals in a row as a request has tries, all waiting requests give up. If a
//! host's remaining quota is smaller than what the run needs, the requests are spread over the time until the quota
//! resets.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::failure::FailedTry;
use super::retry::{self, Decision};
use crate::observation::Unavailable;

/// How often one request is refused at most while others are served.
const MOST_REFUSALS: u32 = 20;
/// How far one host can postpone the deadline at most.
const MOST_PUT_OFF: Duration = Duration::from_secs(3600);

/// What one host has said.
#[derive(Debug, Default)]
pub(super) struct Limit(Mutex<State>, Notify);

#[derive(Debug, Default)]
struct State {
    gate: Gate,
    /// How often all waiting requests have given up.
    generation: u64,
    /// Why, the last time.
    refusal: Option<Refusal>,
    pace: Option<Pace>,
    /// How many requests the run needs at least.
    needed: u64,
    /// Until when, and how far in all, waits that were announced have put the deadline off.
    put_off: Option<(Instant, Duration)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    /// No request is sent before `until`, and then one goes first. The host has refused this many in a row.
    Closed { until: Instant, refused: u32 },
    /// One request shows whether the others may follow.
    Probing { refused: u32 },
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    interval: Duration,
    next: Instant,
}

/// Why all waiting requests give up.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    failed: FailedTry,
    tries: u32,
    asked: Option<Duration>,
    /// The wait that would end after the deadline.
    too_late: Option<Duration>,
}

impl Refusal {
    /// Why `what` could not be found out.
    pub(super) fn why(self, what: &str, host: &str) -> Unavailable {
        let Self { failed, tries, asked, too_late } = self;
        match too_late {
            Some(wait) => failed.too_late(what, host, tries, asked, wait),
            None => failed.unavailable(what, host, tries, asked),
        }
    }
}

/// What to do with a request that was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// Retry after the wait that it began for all: its length, and the number of refusals.
    Waits(Duration, u32),
    /// Retry after a wait that another request began.
    WaitsToo,
    /// Give up.
    GivesUp(Refusal),
}

/// The permission to send a request now.
#[derive(Debug)]
pub(super) struct Admitted<'a> {
    limit: &'a Limit,
    is_probe: bool,
}

/// A pace that begins: how much the host still answers, in which time, and how much the run needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) remaining: u64,
    pub(super) over: Duration,
    pub(super) needed: u64,
}

impl Limit {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces more requests of the run.
    pub(super) fn expect(&self, requests: u64) {
        let mut state = self.state();
        state.needed = state.needed.saturating_add(requests);
    }

    /// Records that one of them is sent.
    pub(super) fn sent(&self) {
        let mut state = self.state();
        state.needed = state.needed.saturating_sub(1);
    }

    /// The generation that a request belongs to.
    pub(super) fn generation(&self) -> u64 {
        self.state().generation
    }

    /// Waits until a request of this generation may be sent. Fails if the whole generation gave up.
    pub(super) async fn admitted(&self, generation: u64) -> Result<Admitted<'_>, Box<Refusal>> {
        loop {
            let changed = self.1.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let until = {
                let mut state = self.state();
                if let Some(refusal) =
                    state.refusal.as_ref().filter(|_| state.generation != generation)
                {
                    return Err(Box::new(refusal.clone()));
                }
                match state.gate {
                    Gate::Open => break,
                    Gate::Closed { until, refused } if until <= Instant::now() => {
                        state.gate = Gate::Probing { refused };
                        return Ok(Admitted { limit: self, is_probe: true });
                    }
                    Gate::Closed { until, refused: _ } => Some(until),
                    Gate::Probing { refused: _ } => None,
                }
            };
            match until {
                Some(until) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(until) => {}
                },
                None => changed.await,
            }
        }
        let turn = {
            let mut state = self.state();
            state.pace.as_mut().map(|pace| {
                let turn = pace.next.max(Instant::now());
                pace.next = turn + pace.interval;
                turn
            })
        };
        if let Some(turn) = turn {
            sleep_until(turn).await;
        }
        Ok(Admitted { limit: self, is_probe: false })
    }

    /// Records the remaining quota, which resets in `reset`. Returns a pace if the run now begins to spread its
    /// requests.
    pub(super) fn remaining(&self, remaining: u64, reset: Duration) -> Option<Spread> {
        let mut state = self.state();
        if remaining >= state.needed {
            state.pace = None;
            return None;
        }
        let now = Instant::now();
        let share = u32::try_from(remaining.max(1)).unwrap_or(u32::MAX);
        let interval = reset / share;
        let first = if remaining == 0 { now + reset } else { now };
        let before = state.pace.replace(Pace { interval, next: first });
        if let (Some(before), Some(pace)) = (before, &mut state.pace) {
            pace.next = pace.next.max(before.next.min(now + reset));
            return None;
        }
        Some(Spread { remaining, over: reset, needed: state.needed })
    }

    /// How far to postpone the deadline for a wait that this host announced.
    pub(super) fn announced(&self, wait: Duration) -> Duration {
        let mut state = self.state();
        let (now, until) = (Instant::now(), Instant::now() + wait);
        let (before, so_far) = state.put_off.unwrap_or((now, Duration::ZERO));
        let more = until.saturating_duration_since(before.max(now));
        let more = more.min(MOST_PUT_OFF.saturating_sub(so_far));
        state.put_off = Some((before.max(until), so_far + more));
        more
    }
}

impl Admitted<'_> {
    /// Whether the host began to refuse while this request waited for its turn.
    pub(super) fn is_outdated(&self) -> bool {
        !self.is_probe && self.limit.state().gate != Gate::Open
    }

    /// Records a 429, the `own`th of this request, and decides for all requests.
    pub(super) fn refused(
        self,
        failed: &FailedTry,
        own: u32,
        asked: Option<Duration>,
        jitter: f64,
        left: Duration,
    ) -> Refused {
        let mut state = self.limit.state();
        let so_far = match (&state.gate, self.is_probe) {
            (Gate::Probing { refused }, true) => *refused,
            (Gate::Open, _) => 0,
            (Gate::Closed { .. } | Gate::Probing { .. }, _) => {
                // It had been sent when the wait began.
                return Refused::WaitsToo;
            }
        };
        let refused = so_far + 1;
        let refusal = |tries, too_late| Refusal { failed: failed.clone(), tries, asked, too_late };
        if own > MOST_REFUSALS {
            return Refused::GivesUp(refusal(own, None));
        }
        let now = Instant::now();
        let given_up =
            match retry::decide(failed.failure, refused, retry::TRIES, asked, jitter, left) {
                Decision::Again(wait) => {
                    state.gate = Gate::Closed { until: now + wait, refused };
                    return Refused::Waits(wait, refused);
                }
                Decision::GiveUp => refusal(refused, None),
                Decision::TooLate(wait) => refusal(refused, Some(wait)),
            };
        state.generation += 1;
        state.refusal = Some(given_up.clone());
        // Later requests may be served again; the first of them goes alone.
        state.gate = Gate::Closed { until: now, refused: 0 };
        Refused::GivesUp(given_up)
    }

    /// Records any other end of a request: the host answered, or failed in another way.
    pub(super) fn served(self) {
        if self.is_probe {
            self.limit.state().gate = Gate::Open;
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            let mut state = self.limit.state();
            if let Gate::Probing { refused } = state.gate {
                // It was cancelled, so another one goes first.
                state.gate = Gate::Closed { until: Instant::now(), refused };
            }
            drop(state);
            self.limit.1.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::super::retry::Failure;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn too_many() -> FailedTry {
        FailedTry::new(Failure::Status(429), "429")
    }

    /// One request that is refused as long as `refuses` says so. Returns when it was served, and how often it was sent.
    async fn ask(limit: &Limit, refuses: &dyn Fn() -> bool) -> (Option<Duration>, u32) {
        let (started, generation) = (Instant::now(), limit.generation());
        let mut sent = 0;
        while let Ok(admitted) = limit.admitted(generation).await {
            sent += 1;
            let is_refused = refuses();
            tokio::time::sleep(SECOND / 10).await;
            if !is_refused {
                admitted.served();
                return (Some(started.elapsed()), sent);
            }
            let _ = admitted.refused(&too_many(), sent, Some(5 * SECOND), 0.5, 60 * SECOND);
        }
        (None, sent)
    }

    #[tokio::test(start_paused = true)]
    async fn one_wait_and_one_request_before_the_others() {
        let (limit, opens) = (Limit::default(), Instant::now() + 7 * SECOND);
        let refuses = || Instant::now() < opens;
        let asked = (0..50).map(|_| ask(&limit, &refuses));
        let mut sent = join_all(asked.collect::<Vec<_>>()).await;
        sent.sort();
        // All at 0 s, one at 5.1 s, one at 10.2 s, and the others when that one was served.
        let all: u32 = sent.iter().map(|(_, sent)| sent).sum();
        assert_eq!(all, 50 + 1 + 50);
        assert_eq!(sent[0].0, Some(10 * SECOND + 3 * SECOND / 10));
        assert_eq!(sent[49].0, Some(10 * SECOND + 4 * SECOND / 10));
    }

    #[tokio::test(start_paused = true)]
    async fn after_four_refusals_in_a_row_all_give_up_and_later_ones_ask_alone() {
        let limit = Limit::default();
        for begun in [50, 1] {
            let asked = (0..50).map(|_| ask(&limit, &|| true));
            let sent = join_all(asked.collect::<Vec<_>>()).await;
            assert!(sent.iter().all(|(served, _)| served.is_none()));
            assert_eq!(sent.iter().map(|(_, sent)| sent).sum::<u32>(), begun + 3);
        }
        assert_eq!(ask(&limit, &|| false).await.1, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_goes_first_and_is_cancelled_lets_another_go() {
        let limit = Limit::default();
        let admitted = limit.admitted(0).await.unwrap();
        let _ = admitted.refused(&too_many(), 1, None, 0.5, 60 * SECOND);
        let probe = limit.admitted(0).await.unwrap();
        assert!(probe.is_probe);
        let (next, ()) = tokio::join!(limit.admitted(0), async { drop(probe) });
        assert!(next.unwrap().is_probe);
    }

    #[tokio::test(start_paused = true)]
    async fn what_remains_lasts_until_the_host_counts_again() {
        let limit = Limit::default();
        assert_eq!(limit.remaining(0, 10 * SECOND), None, "nothing more is needed");
        limit.expect(20);
        assert_eq!(limit.remaining(20, 10 * SECOND), None, "all of it is answered");
        let spread = limit.remaining(5, 10 * SECOND);
        assert_eq!(spread, Some(Spread { remaining: 5, over: 10 * SECOND, needed: 20 }));
        let started = Instant::now();
        let mut at = Vec::new();
        for _ in 0..5 {
            limit.admitted(0).await.unwrap().served();
            at.push(started.elapsed().as_secs());
        }
        assert_eq!(at, [0, 2, 4, 6, 8]);
        // It is said once.
        assert_eq!(limit.remaining(0, 2 * SECOND), None);
        limit.admitted(0).await.unwrap().served();
        assert_eq!(started.elapsed(), 10 * SECOND);
        assert_eq!(limit.remaining(5_000, 3600 * SECOND), None);
        limit.admitted(0).await.unwrap().served();
        assert_eq!(started.elapsed(), 10 * SECOND, "the host counts from the beginning");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_announced_puts_the_end_off_once_and_by_an_hour_at_most() {
        let limit = Limit::default();
        assert_eq!(limit.announced(60 * SECOND), 60 * SECOND);
        assert_eq!(limit.announced(60 * SECOND), Duration::ZERO);
        tokio::time::advance(30 * SECOND).await;
        assert_eq!(limit.announced(60 * SECOND), 30 * SECOND);
        assert_eq!(limit.announced(86_400 * SECOND), 3510 * SECOND);
        tokio::time::advance(90_000 * SECOND).await;
        assert_eq!(limit.announced(60 * SECOND), Duration::ZERO);
    }
}
