//! Resolves names with the system's resolver, each on a thread of its own: nobody can interrupt it.
//!
//! The client's own resolver takes a thread of the runtime's pool, and panics where the system gives none. Here that is a
//! name that could not be resolved.

use std::io;
use std::net::ToSocketAddrs as _;
use std::thread;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;

/// The system's resolver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolver;

/// There is no thread to resolve a name on.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no thread")]
pub(crate) struct NoThread(#[source] io::Error);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (sender, receiver) = oneshot::channel();
        let started = thread::Builder::new().spawn(move || {
            // Where nobody waits any more, nobody is told.
            let _ = sender.send((name.as_str(), 0).to_socket_addrs());
        });
        Box::pin(async move {
            started.map_err(NoThread)?;
            let addresses = receiver.await??;
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
