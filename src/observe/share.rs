//! Bounds what the images of a run hold at once of large documents.
//!
//! The bodies of one image may come to 36 MiB, and what is made of them to three times as much. An image whose manifests
//! and configs are announced with more than [`SMALL`] together waits for one of [`LARGE_AT_ONCE`] places before it
//! requests them, and keeps it until its facts are made. It takes one place at most and waits for nothing else that an
//! image holds, so that no order of images can lock up; images of an honest size never wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::http::Client;
use crate::observation::Unavailable;
use crate::report::Reason;

/// How many announced bytes an image requests without a place. An index of twenty platforms has 300 KiB.
const SMALL: u64 = 1 << 20;
/// How many images with more than that are requested at once.
const LARGE_AT_ONCE: usize = 2;

/// The places for large images of a run.
#[derive(Debug)]
pub(super) struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_AT_ONCE)))
    }
}

/// What one look at an image requests, and its place where that is much. Dropped when its facts are made.
#[derive(Debug)]
pub(super) struct Share {
    places: Arc<Semaphore>,
    announced: AtomicU64,
    place: OnceCell<OwnedSemaphorePermit>,
}

impl Share {
    pub(super) fn of(places: &Places) -> Self {
        Self { places: Arc::clone(&places.0), announced: AtomicU64::new(0), place: OnceCell::new() }
    }

    /// Adds `bytes` that are requested next. Waits for a place if the image has become a large one.
    ///
    /// # Errors
    /// When the run's deadline passes before there is one.
    pub(super) async fn announce(&self, client: &Client, bytes: u64) -> Result<(), Unavailable> {
        let before = self.announced.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= SMALL {
            return Ok(());
        }
        // A closed semaphore is impossible here: it is never closed.
        let place = self.place.get_or_try_init(|| Arc::clone(&self.places).acquire_owned());
        match timeout(client.time_left(), place).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Unavailable::new(
                Reason::DeadlinePassed,
                format!(
                    "the image's manifests and configs are more than {SMALL} bytes, and {LARGE_AT_ONCE} such images are \
                     requested at once: its turn had not come when the run's deadline passed"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use futures_util::future::join_all;
    use tokio::time::Instant;

    use super::*;
    use crate::ambient::{Ambient, MoreTime};
    use crate::http::Deadline;
    use crate::progress::{Loudness, Progress};
    use crate::secret::Redactor;
    use crate::settings::Proxy;

    fn client(deadline: Duration) -> Client {
        let progress = Progress::new(Loudness::Quiet, Redactor::default(), io::sink());
        let deadline = Deadline::new(Instant::now() + deadline, MoreTime::none());
        let ambient = Ambient::fixed(jiff::Timestamp::UNIX_EPOCH, 0);
        Client::new(deadline, Proxy::default(), ambient, progress, Redactor::default())
    }

    /// Images that announce these bytes one after the other, each with an answer in between. Returns how many large ones
    /// were under way at once, and how many images came to their end.
    async fn run(images: &[Vec<u64>]) -> (usize, usize) {
        let (places, client) = (Places::default(), client(Duration::from_secs(3600)));
        let (large, most, ended) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let (places, client, large, most, ended) = (&places, &client, &large, &most, &ended);
        let each = images.iter().enumerate().map(|(number, announced)| async move {
            let share = Share::of(places);
            let (mut together, mut is_large) = (0, false);
            for bytes in announced {
                share.announce(client, *bytes).await.unwrap();
                together += bytes;
                if together > SMALL && !is_large {
                    is_large = true;
                    let now = large.fetch_add(1, Ordering::Relaxed) + 1;
                    most.fetch_max(now, Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_millis(number as u64 % 7 + 1)).await;
            }
            large.fetch_sub(usize::from(is_large), Ordering::Relaxed);
            ended.fetch_add(1, Ordering::Relaxed);
        });
        join_all(each).await;
        (most.load(Ordering::Relaxed), ended.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn sixty_four_images_at_their_bounds_are_not_held_at_once_and_no_order_locks_up() {
        const MIB: u64 = 1 << 20;
        // The manifest by its digest, manifests behind an index, those inside another, configs.
        let steps = [4 * MIB, 15 * MIB, MIB, 16 * MIB];
        for order in 0..4 {
            let turned = |by: usize| {
                let mut steps = steps.to_vec();
                steps.rotate_left((order + by) % 4);
                steps
            };
            assert_eq!(run(&vec![turned(0); 64]).await, (LARGE_AT_ONCE, 64));
            let mixed: Vec<_> = (0..64).map(turned).collect();
            assert_eq!(run(&mixed).await, (LARGE_AT_ONCE, 64));
            // Large from their last step on, beside small ones.
            let late: Vec<_> = (0..64).map(|number| vec![5_000, 9_000, number % 2 * MIB]).collect();
            assert_eq!(run(&late).await, (LARGE_AT_ONCE, 64));
        }
    }

    #[tokio::test]
    async fn an_image_of_an_honest_size_never_waits() {
        let (places, client) = (Places::default(), client(Duration::from_secs(3600)));
        let all = u32::try_from(LARGE_AT_ONCE).unwrap();
        let _taken = places.0.acquire_many(all).await.unwrap();
        for _ in 0..64 {
            let share = Share::of(&places);
            for bytes in [10_000, 300_000, 700_000] {
                let announced = share.announce(&client, bytes);
                assert!(futures_util::FutureExt::now_or_never(announced).unwrap().is_ok());
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_image_waits_no_longer_than_the_run() {
        let (places, client) = (Places::default(), client(Duration::from_secs(5)));
        let all = u32::try_from(LARGE_AT_ONCE).unwrap();
        let _taken = places.0.acquire_many(all).await.unwrap();
        let why = Share::of(&places).announce(&client, 2 << 20).await.unwrap_err();
        assert_eq!((why.reason, client.time_left()), (Reason::DeadlinePassed, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_when_the_facts_are_made() {
        let (places, client) = (Places::default(), client(Duration::from_secs(5)));
        for _ in 0..10 {
            let share = Share::of(&places);
            // Requests side by side take one place together.
            let both = [share.announce(&client, 2 << 20), share.announce(&client, 2 << 20)];
            assert!(join_all(both).await.iter().all(Result::is_ok));
            assert_eq!(places.0.available_permits(), LARGE_AT_ONCE - 1);
        }
    }
}
