//! The memory for the zstd windows of a run: all of them share it, and none is held while its owner waits for another.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::unpack::Windows;

/// How much memory the windows of all layers take together. A larger one has to be alone.
const TOGETHER: u64 = 8 << 20;

/// The memory for the windows of a run.
#[derive(Debug)]
pub(super) struct Pool {
    lent: Mutex<u64>,
    given_back: Condvar,
    turn: Arc<Semaphore>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { lent: Mutex::new(0), given_back: Condvar::new(), turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Pool {
    /// Waits for the turn of a layer whose type says zstd. While one has its turn, the next is not even requested: its bytes
    /// would lie in memory beside the window that it waits for.
    pub(super) async fn turn(&self) -> Option<Turn> {
        // It is never closed.
        Arc::clone(&self.turn).acquire_owned().await.ok().map(Turn)
    }
}

/// The turn of a layer whose window is not known yet, or leaves no room for another as large.
#[derive(Debug)]
pub(super) struct Turn(
    #[expect(dead_code, reason = "dropping it ends the turn")] OwnedSemaphorePermit,
);

/// What one layer has of the [`Pool`].
#[derive(Debug)]
pub(super) struct Share {
    pool: Arc<Pool>,
    lent: u64,
    turn: Option<Turn>,
}

impl Share {
    pub(super) fn of(pool: &Arc<Pool>, turn: Option<Turn>) -> Self {
        Self { pool: Arc::clone(pool), lent: 0, turn }
    }

    fn give_back(&mut self) {
        let mut lent = self.pool.lent.lock().unwrap_or_else(PoisonError::into_inner);
        *lent -= self.lent;
        self.lent = 0;
        self.pool.given_back.notify_all();
    }
}

impl Windows for Share {
    fn lend(&mut self, bytes: u64) {
        self.give_back();
        if bytes <= TOGETHER / 2 {
            self.turn = None;
        }
        let pool = Arc::clone(&self.pool);
        let lent = pool.lent.lock().unwrap_or_else(PoisonError::into_inner);
        // A larger one than all of them together waits until there is none.
        let is_full = |lent: &mut u64| *lent > 0 && *lent + bytes > TOGETHER;
        let waited = pool.given_back.wait_while(lent, is_full);
        *waited.unwrap_or_else(PoisonError::into_inner) += bytes;
        self.lent = bytes;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// How long a test waits for threads that must end by themselves.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Runs these at once, to their ends.
    fn side_by_side(threads: Vec<Box<dyn FnOnce() + Send>>) {
        let (done, ended) = mpsc::channel();
        let count = threads.len();
        for work in threads {
            let done = done.clone();
            thread::spawn(move || {
                work();
                let _ = done.send(());
            });
        }
        for _ in 0..count {
            ended.recv_timeout(PATIENCE).expect("every thread ends");
        }
    }

    #[test]
    fn windows_take_so_much_together_at_most_or_one_is_alone() {
        let pool = Arc::new(Pool::default());
        let open = Arc::new(AtomicU64::new(0));
        let most = Arc::new(AtomicU64::new(0));
        let work = |seed: u64| -> Box<dyn FnOnce() + Send> {
            let (pool, open, most) = (Arc::clone(&pool), Arc::clone(&open), Arc::clone(&most));
            Box::new(move || {
                let mut share = Share::of(&pool, None);
                for step in 0..200 {
                    let megabytes = [1, 2, 4, 5, 8, 3, 64, 128]
                        [usize::try_from((seed * 7 + step) % 8).unwrap()];
                    let bytes = megabytes << 20;
                    share.lend(bytes);
                    let now = open.fetch_add(bytes, Ordering::SeqCst) + bytes;
                    assert!(now <= TOGETHER || now == bytes, "{now} bytes are open beside {bytes}");
                    most.fetch_max(now, Ordering::SeqCst);
                    thread::yield_now();
                    // It is given back by the next loan.
                    open.fetch_sub(bytes, Ordering::SeqCst);
                }
            })
        };
        side_by_side((0..6).map(work).collect());
        assert_eq!(most.load(Ordering::SeqCst), 128 << 20);
        assert_eq!(*pool.lent.lock().unwrap(), 0, "all of it is given back");
    }

    #[test]
    fn layers_that_both_want_more_than_is_left_do_not_wait_for_each_other() {
        let pool = Arc::new(Pool::default());
        let both = Arc::new(Barrier::new(2));
        let work = || -> Box<dyn FnOnce() + Send> {
            let (pool, both) = (Arc::clone(&pool), Arc::clone(&both));
            Box::new(move || {
                let mut share = Share::of(&pool, None);
                share.lend(TOGETHER / 2);
                both.wait();
                share.lend(TOGETHER);
            })
        };
        side_by_side(vec![work(), work()]);
    }

    #[test]
    fn a_turn_ends_with_a_small_window_or_with_the_layer() {
        let pool = Arc::new(Pool::default());
        let turn = || {
            let turn = Arc::clone(&pool.turn).try_acquire_owned();
            turn.ok().map(Turn)
        };
        let mut small = Share::of(&pool, turn());
        assert!(turn().is_none(), "its window is not known yet");
        small.lend(TOGETHER / 2);
        let mut large = Share::of(&pool, turn());
        assert!(large.turn.is_some());
        drop(small);
        large.lend(TOGETHER / 2 + 1);
        assert!(turn().is_none(), "another as large has no room");
        drop(large);
        assert!(turn().is_some());
    }
}
