//! One client per origin, so that a run opens one connection per host wherever HTTP/2 is spoken.
//!
//! hyper's pool opens a connection for each request that comes before the first connection is up. Here the
//! first request to an origin goes alone until it is connected, and the others then share its connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use reqwest::{Client, Response, Url};
use rustix::process::{Resource, getrlimit};
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

use super::connections::{Connections, Opening};
use super::limit::Limit;

/// How many requests to one origin are in flight at most over HTTP/2. Twenty images of five layers ask for 180 things;
/// hyper queues what a server does not allow at once (usually 100 to 250).
const MOST_AT_ONCE: usize = 256;
/// The same without TLS, on this machine, where each takes a connection and 30 KiB for its buffers.
const MOST_PLAIN: usize = 112;
/// The same over TLS without HTTP/2, where each request needs a connection of its own.
const MOST_CONNECTIONS: usize = 32;
/// How many more connections are opened ahead where they cannot be shared: for the control, and for the blobs of an
/// image with five layers.
const OPENED_AHEAD: usize = 7;

/// An origin's clients and what they share.
#[derive(Debug)]
pub(super) struct Origin {
    client: Client,
    is_opened_ahead: AtomicBool,
    /// Held by the first request until it is connected.
    first: Mutex<()>,
    connections: Connections,
    is_plain: bool,
    /// Limits the requests that share a connection.
    streams: Semaphore,
    /// Limits the requests that each have one of their own.
    sockets: Semaphore,
    /// Its rate limit.
    pub(super) limit: Limit,
}

/// The right to send one request to an origin.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _slot: Option<SemaphorePermit<'a>>,
    /// Held while the request goes alone, because there is no connection yet.
    alone: Option<MutexGuard<'a, ()>>,
}

impl Origin {
    /// Creates an origin that is reached through `client` over `connections`.
    pub(super) fn new(client: Client, connections: Connections, is_plain: bool) -> Self {
        let most = if is_plain { MOST_PLAIN } else { MOST_CONNECTIONS };
        Self {
            client,
            is_opened_ahead: AtomicBool::new(false),
            first: Mutex::new(()),
            connections,
            is_plain,
            streams: Semaphore::new(MOST_AT_ONCE),
            sockets: Semaphore::new(most.min(descriptors() / 4).max(1)),
            limit: Limit::default(),
        }
    }

    /// Waits for a turn to send a request.
    pub(super) async fn turn(&self) -> Turn<'_> {
        let is_tried = self.connections.is_tried();
        let first = if is_tried { None } else { Some(self.first.lock().await) };
        let alone = first.filter(|_| !self.connections.is_tried());
        let is_shared = !self.is_plain && self.connections.speaks_http2() != Some(false);
        let places = if is_shared { &self.streams } else { &self.sockets };
        // The semaphores are never closed.
        Turn { _slot: places.acquire().await.ok(), alone }
    }

    /// Sends a request. Its turn ends when the response headers have arrived.
    pub(super) async fn send(
        &self,
        request: reqwest::Request,
        turn: Turn<'_>,
    ) -> reqwest::Result<Response> {
        let Turn { _slot, alone } = turn;
        let response = self.client.execute(request);
        let Some(alone) = alone else { return response.await };
        tokio::pin!(response);
        tokio::select! {
            biased;
            result = &mut response => return result,
            () = self.connections.tried() => drop(alone),
        }
        response.await
    }

    /// Its connections, for a client that opens them ahead. `Some` only the first time, and only while it is not too
    /// late.
    pub(super) fn to_be_opened(&self) -> Option<&Connections> {
        let is_opened = self.is_opened_ahead.swap(true, Ordering::Relaxed);
        Some(&self.connections).filter(|known| !is_opened && !self.is_plain && !known.is_tried())
    }

    /// Opens a connection ahead, or a few where they cannot be shared. Sends nothing over them.
    pub(super) fn open_ahead(self: &Arc<Self>, opener: Client, url: &Url) {
        let origin = Arc::clone(self);
        let request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        let first = self.connections.opening();
        tokio::spawn(async move {
            let open = async |opening: Opening| {
                // Ends with an error, because its connection is kept for requests.
                let sent = request.try_clone().map(|request| opener.execute(request));
                if let Some(sent) = sent {
                    let _ = sent.await;
                }
                drop(opening);
            };
            // A request that needs one waits until all are announced.
            let announced = origin.connections.opening();
            open(first).await;
            if origin.speaks_http1() {
                let more = (0..OPENED_AHEAD).map(|_| open(origin.connections.opening()));
                let more = join_all(more.collect::<Vec<_>>());
                drop(announced);
                more.await;
            }
        });
    }

    /// Whether its connections over TLS are known not to be shareable.
    pub(super) fn speaks_http1(&self) -> bool {
        !self.is_plain && self.connections.speaks_http2() == Some(false)
    }

    /// Expects that connections cannot be shared, as at the source of the redirect.
    pub(super) fn expect_many(&self) {
        self.connections.expect_many();
    }
}

/// How many files the process may have open; no limit if the system does not say.
fn descriptors() -> usize {
    let most = getrlimit(Resource::Nofile).current;
    most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}
