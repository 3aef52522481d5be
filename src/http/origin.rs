//! One client an origin, so that a run opens one connection a host wherever HTTP/2 is spoken.
//!
//! A pool opens a connection for each request that comes before the first connection stands. Here the
//! first request to an origin goes alone until it is connected; the others then share its connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use reqwest::{Client, Response};
use tokio::sync::{Mutex, MutexGuard, Notify, Semaphore, SemaphorePermit};
use tower_layer::Layer;
use tower_service::Service;

/// How many requests are under way to one origin. Servers allow 100 streams a connection, often more.
const MOST_AT_ONCE: usize = 64;

/// An origin's client and what it needs to open one connection only.
#[derive(Debug)]
pub(crate) struct Origin {
    client: Client,
    /// Held by the first request until it is connected.
    first: Mutex<()>,
    connected: Connected,
    slots: Semaphore,
}

/// The right to send one request to an origin.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _slot: Option<SemaphorePermit<'a>>,
    /// Held where the request goes alone, because no connection stands yet.
    alone: Option<MutexGuard<'a, ()>>,
}

/// Set when a connection attempt has ended, however it ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connected(Arc<(AtomicBool, Notify)>);

impl Connected {
    fn set(&self) {
        self.0.0.store(true, Ordering::Release);
        self.0.1.notify_waiters();
    }

    fn is_set(&self) -> bool {
        self.0.0.load(Ordering::Acquire)
    }

    async fn wait(&self) {
        let notified = self.0.1.notified();
        if !self.is_set() {
            notified.await;
        }
    }
}

impl Origin {
    /// An origin that is reached through `client`, which reports its connections to `connected`.
    pub(crate) fn new(client: Client, connected: Connected) -> Self {
        Self { client, first: Mutex::new(()), connected, slots: Semaphore::new(MOST_AT_ONCE) }
    }

    /// Waits for a turn to send a request.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        // A closed semaphore is impossible here: it is never closed.
        let slot = self.slots.acquire().await.ok();
        let first = if self.connected.is_set() { None } else { Some(self.first.lock().await) };
        Turn { _slot: slot, alone: first.filter(|_| !self.connected.is_set()) }
    }

    /// Sends a request; its turn is over when the response's head is here.
    pub(crate) async fn send(
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
            () = self.connected.wait() => drop(alone),
        }
        response.await
    }
}

/// Wraps the client's connector and reports when a connection attempt has ended.
#[derive(Clone, Debug)]
pub(crate) struct Noticing(pub(crate) Connected);

/// The wrapped connector.
#[derive(Clone, Debug)]
pub(crate) struct NoticingConnector<S> {
    inner: S,
    connected: Connected,
}

impl<S> Layer<S> for Noticing {
    type Service = NoticingConnector<S>;

    fn layer(&self, inner: S) -> Self::Service {
        NoticingConnector { inner, connected: self.0.clone() }
    }
}

impl<S, R> Service<R> for NoticingConnector<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.inner.call(request);
        let connected = self.connected.clone();
        Box::pin(async move {
            let result = connecting.await;
            connected.set();
            result
        })
    }
}
