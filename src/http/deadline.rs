//! When the run has to end. A wait that a server asks for can postpone it.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::ambient::MoreTime;

/// The end of a run.
#[derive(Clone, Debug)]
pub struct Deadline {
    /// The deadline before any postponement.
    first: Instant,
    more_time: MoreTime,
}

impl Deadline {
    /// Ends at `first`, plus what is added to `more_time`.
    pub fn new(first: Instant, more_time: MoreTime) -> Self {
        Self { first, more_time }
    }

    /// How long the run may still take.
    pub(super) fn left(&self) -> Duration {
        self.at().saturating_duration_since(Instant::now())
    }

    /// Postpones it, unless the user set it.
    pub(super) fn put_off(&self, time: Duration) {
        self.more_time.add(time);
    }

    /// The result of `work`, or `None` if the deadline comes first.
    pub(super) async fn before<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        loop {
            let at = self.at();
            if let Ok(done) = timeout_at(at, &mut work).await {
                return Some(done);
            }
            if self.at() == at {
                return None;
            }
        }
    }

    /// Waits until it has passed.
    pub async fn passed(&self) {
        let _ = self.before(std::future::pending::<()>()).await;
    }

    fn at(&self) -> Instant {
        self.first + self.more_time.so_far()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_added_meanwhile_counts_unless_the_deadline_was_given() {
        for (more_time, done, left) in
            [(MoreTime::default(), Some(()), 5), (MoreTime::none(), None, 0)]
        {
            let deadline = Deadline::new(Instant::now() + Duration::from_secs(10), more_time);
            let work = async {
                deadline.put_off(Duration::from_secs(10));
                tokio::time::sleep(Duration::from_secs(15)).await;
            };
            assert_eq!(deadline.before(work).await, done);
            assert_eq!(deadline.left().as_secs(), left);
        }
    }
}
