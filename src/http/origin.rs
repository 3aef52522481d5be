//! One client an origin, so that a run opens one connection a host wherever HTTP/2 is spoken.
//!
//! A pool opens a connection for each request that comes before the first connection stands. Here the
//! first request to an origin goes alone until it is connected; the others then share its connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use reqwest::{Client, Response, Url};
use rustix::process::{Resource, getrlimit};
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

use super::connections::{Connections, Opening};
use super::limit::Limit;

/// How many requests are under way to one origin. Servers of HTTP/2 allow 100 streams a connection, often more; what is
/// beyond waits in the connection.
const MOST_AT_ONCE: usize = 128;
/// How many over TLS without HTTP/2, where each costs a connection of its own.
const MOST_CONNECTIONS: usize = 32;
/// How many connections are opened ahead beside the first, where they cannot be shared: for the control, and for what a
/// manifest of five layers names.
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
    /// The places of requests that share a connection.
    streams: Semaphore,
    /// The places of requests that each have one of their own.
    sockets: Semaphore,
    /// What it says of how often it may be asked.
    pub(super) limit: Limit,
}

/// The right to send one request to an origin.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _slot: Option<SemaphorePermit<'a>>,
    /// Held where the request goes alone, because no connection stands yet.
    alone: Option<MutexGuard<'a, ()>>,
}

impl Origin {
    /// An origin that is reached through `client`, whose connections are `connections`.
    pub(super) fn new(client: Client, connections: Connections, is_plain: bool) -> Self {
        let most = if is_plain { MOST_AT_ONCE } else { MOST_CONNECTIONS };
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
        // A closed semaphore is impossible here: it is never closed.
        Turn { _slot: places.acquire().await.ok(), alone }
    }

    /// Sends a request; its turn is over when the response's head is here.
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

    /// Its connections, for a client that opens them before they are needed. `None` but the first time, and where that
    /// is too late.
    pub(super) fn to_be_opened(&self) -> Option<&Connections> {
        let is_opened = self.is_opened_ahead.swap(true, Ordering::Relaxed);
        Some(&self.connections).filter(|known| !is_opened && !self.is_plain && !known.is_tried())
    }

    /// Opens a connection before it is needed; a few where they cannot be shared. Nothing is sent over them, and nobody
    /// waits for them in vain.
    pub(super) fn open_ahead(self: &Arc<Self>, opener: Client, url: &Url) {
        let origin = Arc::clone(self);
        let request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        let first = self.connections.opening();
        tokio::spawn(async move {
            let open = async |opening: Opening| {
                // It ends with an error, because its connection is taken away from it.
                let sent = request.try_clone().map(|request| opener.execute(request));
                if let Some(sent) = sent {
                    let _ = sent.await;
                }
                drop(opening);
            };
            // Until all are announced, whoever needs one waits.
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

    /// Whether it has shown that connections over TLS cannot be shared.
    pub(super) fn speaks_http1(&self) -> bool {
        !self.is_plain && self.connections.speaks_http2() == Some(false)
    }

    /// What led here cannot share connections, so this is not expected to.
    pub(super) fn expect_many(&self) {
        self.connections.expect_many();
    }
}

/// How many files may be open. Where nobody says, as many as anybody needs.
fn descriptors() -> usize {
    let most = getrlimit(Resource::Nofile).current;
    most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}
