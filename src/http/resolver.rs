//! Resolves names with the system's resolver, each on a thread of its own, because a look-up cannot be interrupted.
//!
//! reqwest's own resolver takes a thread of the runtime's pool, and panics when the system refuses one. Here that is an
//! error. A name is looked up once a run, and again after a connection to its addresses failed.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Looks up a name; may block.
type LookUp = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// The system's resolver with the answers of this run. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    look_up: LookUp,
    known: Arc<Mutex<HashMap<String, Arc<Known>>>>,
}

/// The answer for a name, and its age. Locked during a look-up, so that others wait for it.
type Known = tokio::sync::Mutex<Option<(Result<Vec<SocketAddr>, NotFound>, Instant)>>;

/// A name has no addresses.
#[derive(Clone, Debug, thiserror::Error)]
enum NotFound {
    #[error("not looked up")]
    NoThread(#[from] NoThread),
    #[error("not resolved")]
    Unknown(#[source] Arc<io::Error>),
}

/// There is no thread to resolve a name on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the system gives no thread")]
pub(crate) struct NoThread(#[source] Arc<io::Error>);

impl Default for Resolver {
    fn default() -> Self {
        Self::of(|name| Ok((name, 0).to_socket_addrs()?.collect()))
    }
}

impl Resolver {
    fn of(look_up: LookUp) -> Self {
        Self { look_up, known: Arc::default() }
    }

    /// Forgets every address, after a connection to one of them failed.
    pub(crate) fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn addresses(self, name: String) -> Result<Vec<SocketAddr>, NotFound> {
        let asked_at = Instant::now();
        let known = {
            let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name.clone()).or_default())
        };
        let mut known = known.lock().await;
        match &*known {
            Some((Ok(addresses), _)) => return Ok(addresses.clone()),
            // Everybody who waited for a failed look-up shares the failure.
            Some((Err(error), at)) if *at >= asked_at => return Err(error.clone()),
            Some(_) | None => {}
        }
        let found = on_a_thread(self.look_up, name).await;
        *known = Some((found.clone(), Instant::now()));
        found
    }
}

async fn on_a_thread(look_up: LookUp, name: String) -> Result<Vec<SocketAddr>, NotFound> {
    let (sender, receiver) = oneshot::channel();
    let started = thread::Builder::new().spawn(move || {
        // The receiver may be gone.
        let _ = sender.send(look_up(&name));
    });
    started.map_err(|error| NoThread(Arc::new(error)))?;
    let unknown = |error: io::Error| NotFound::Unknown(Arc::new(error));
    receiver.await.map_err(|error| unknown(io::Error::other(error)))?.map_err(unknown)
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str().to_owned()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Barrier, LazyLock};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_host_is_looked_up_once_and_again_when_its_addresses_lead_nowhere() {
        static LOOKED_UP: AtomicU32 = AtomicU32::new(0);
        static ALL_WAIT: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
        let resolver = Resolver::of(|name| {
            let number = LOOKED_UP.fetch_add(1, Ordering::Relaxed);
            if name == "r.example" {
                return Ok(vec![SocketAddr::from(([192, 0, 2, 1], 0))]);
            }
            if number > 0 {
                return Ok(Vec::new());
            }
            // The first look-up fails, once everybody waits for it.
            ALL_WAIT.wait();
            Err(io::Error::other("no"))
        });
        let look = |name: &'static str| {
            let asked = (0..100).map(|_| resolver.clone().addresses(name.to_owned()));
            join_all(asked.collect::<Vec<_>>())
        };
        let (failed, _) = tokio::join!(look("nosuch.example"), async { ALL_WAIT.wait() });
        assert!(failed.iter().all(Result::is_err));
        assert_eq!(LOOKED_UP.load(Ordering::Relaxed), 1, "a failure is shared by those who waited");
        assert!(look("nosuch.example").await.iter().all(Result::is_ok));
        assert_eq!(LOOKED_UP.load(Ordering::Relaxed), 2, "and not kept");
        for _ in 0..2 {
            assert!(look("r.example").await.iter().all(Result::is_ok));
        }
        assert_eq!(LOOKED_UP.load(Ordering::Relaxed), 3);
        resolver.forget();
        assert!(look("r.example").await.iter().all(Result::is_ok));
        assert_eq!(LOOKED_UP.load(Ordering::Relaxed), 4);
    }
}
