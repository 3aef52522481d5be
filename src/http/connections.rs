//! The connections of one origin: how the first one is made, and those that are opened before they are needed.
//!
//! A connection over TLS takes two round trips before its first request. While a token is asked for, the registry's is
//! opened: nothing is sent over it until a request takes it. Where it shows that HTTP/2 is not spoken, a few more are
//! opened beside it, because each request under way then needs one of its own. Nothing depends on any of them: a
//! request that finds none opens its own.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::Connection;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tower_layer::Layer;
use tower_service::Service;

use super::resolver::Resolver;

/// How long a connection is kept that no request has taken: servers close idle ones.
const KEPT: Duration = Duration::from_secs(5);
/// How long a request waits for one that is being opened, before it opens its own.
const PATIENCE: Duration = Duration::from_secs(3);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What is known of an origin's connections. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections(Arc<(Mutex<State>, Notify)>);

#[derive(Debug, Default)]
struct State {
    /// Whether the first request's connection attempt has ended, in any way, or requests need not wait for it.
    is_tried: bool,
    /// Whether the newest connection speaks HTTP/2. `None` before there is one.
    speaks_http2: Option<bool>,
    /// Opened, and not taken yet.
    ready: Vec<(Box<dyn Any + Send>, Instant)>,
    /// How many are being opened.
    opening: usize,
}

impl Connections {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_waiters();
        changed
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether requests need not wait for the first one's connection: it was tried, or none can be shared.
    pub(super) fn is_tried(&self) -> bool {
        self.read(|state| state.is_tried || state.speaks_http2 == Some(false))
    }

    /// Whether each request under way needs a connection of its own. `None` before there was one.
    pub(super) fn speaks_http2(&self) -> Option<bool> {
        self.read(|state| state.speaks_http2)
    }

    /// No request goes alone: what led here speaks HTTP/1.1, and this is expected to do the same.
    pub(super) fn expect_many(&self) {
        self.with(|state| {
            state.is_tried = true;
            // Until one is there, each request may take a connection.
            state.speaks_http2.get_or_insert(false);
        });
    }

    /// Waits until [`is_tried`](Self::is_tried).
    pub(super) async fn tried(&self) {
        loop {
            let changed = self.0.1.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.is_tried() {
                return;
            }
            changed.await;
        }
    }

    /// Announces a connection that is opened before it is needed, until the value is dropped.
    pub(super) fn opening(&self) -> Opening {
        self.with(|state| state.opening += 1);
        Opening(self.clone())
    }

    fn put<C: Connection + Send + 'static>(&self, connection: C) {
        let speaks_http2 = connection.connected().is_negotiated_h2();
        self.with(|state| {
            state.speaks_http2 = Some(speaks_http2);
            state.ready.push((Box::new(connection), Instant::now()));
        });
    }

    /// A connection that was opened before, or is just being opened.
    async fn take<C: Send + 'static>(&self) -> Option<C> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let changed = self.0.1.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            // Reads without changing: a change would wake all other waiters.
            let (ready, is_opening) = {
                let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
                state.ready.retain(|(_, since)| since.elapsed() < KEPT);
                (state.ready.pop(), state.opening > 0)
            };
            if let Some((connection, _)) = ready {
                return connection.downcast().ok().map(|connection| *connection);
            }
            if !is_opening || timeout_at(patience, changed).await.is_err() {
                return None;
            }
        }
    }
}

/// A connection that is being opened.
#[derive(Debug)]
pub(super) struct Opening(Connections);

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.with(|state| state.opening = state.opening.saturating_sub(1));
    }
}

/// What a client's connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Requests.
    Requests,
    /// To be kept until a request takes them; the client's own request is never sent.
    Ahead,
}

/// Wraps a client's connector.
#[derive(Clone, Debug)]
pub(super) struct Connecting {
    pub(super) connections: Connections,
    pub(super) purpose: Purpose,
    pub(super) resolver: Resolver,
}

/// The wrapped connector.
#[derive(Clone, Debug)]
pub(super) struct Connector<S> {
    inner: S,
    connecting: Connecting,
}

/// The error that ends the request of a client that only opens connections.
#[derive(Debug, thiserror::Error)]
#[error("opened")]
struct Opened;

impl<S> Layer<S> for Connecting {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Connector { inner, connecting: self.clone() }
    }
}

impl<S, R> Service<R> for Connector<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Connection + Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.inner.call(request);
        let Connecting { connections, purpose, resolver } = self.connecting.clone();
        Box::pin(async move {
            if purpose == Purpose::Ahead {
                connections.put(connecting.await?);
                return Err(Opened.into());
            }
            if let Some(connection) = connections.take().await {
                connections.with(|state| state.is_tried = true);
                return Ok(connection);
            }
            let result = connecting.await;
            let speaks_http2 = result.as_ref().ok().map(|made| made.connected().is_negotiated_h2());
            if result.is_err() {
                resolver.forget();
            }
            connections.with(|state| {
                state.is_tried = true;
                state.speaks_http2 = speaks_http2.or(state.speaks_http2);
            });
            result
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_three_seconds_at_most_for_what_is_being_opened() {
        let connections = Connections::default();
        assert_eq!(connections.take::<u8>().await, None);
        let opening = connections.opening();
        let started = Instant::now();
        assert_eq!(connections.take::<u8>().await, None);
        assert_eq!(started.elapsed(), PATIENCE);
        let (taken, ()) = tokio::join!(connections.take::<u8>(), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(opening);
        });
        assert_eq!((taken, started.elapsed()), (None, PATIENCE + Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_opened_is_taken_once_and_not_when_it_is_old() {
        let connections = Connections::default();
        let put = |value: u8| {
            connections.with(|state| state.ready.push((Box::new(value), Instant::now())));
        };
        put(1);
        tokio::time::advance(KEPT).await;
        put(2);
        assert_eq!(connections.take::<u8>().await, Some(2));
        assert_eq!(connections.take::<u8>().await, None);
        let _opening = connections.opening();
        let (taken, ()) = tokio::join!(connections.take::<u8>(), async { put(3) });
        assert_eq!(taken, Some(3));
    }
}
