//! One HTTP client for the run: requests with limits, timeouts and retries; no cookies, no automatic
//! redirects, no compression. What an answer means is for the rooms above to say.

mod asking;
mod body;
mod call;
mod connections;
mod deadline;
mod failure;
mod follow;
mod limit;
mod message;
mod origin;
mod pieces;
mod pour;
mod pouring;
mod redirect;
mod resolver;
mod retry;
mod telling;
mod tls;
mod wire;
mod words;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::{NoProxy, Url};
use tokio::time::Instant;

use crate::ambient::Ambient;
use crate::observation::Unavailable;
use crate::progress::Progress;
use crate::report::Traffic;
use crate::secret::Redactor;
use crate::settings::Proxy;

use body::{Meter, Plan};
pub(crate) use call::{Call, NoAnswer};
use connections::{Connecting, Connections, Purpose};
pub use deadline::Deadline;
use failure::{FailedTry, deadline_passed, too_many_secrets};
pub(crate) use message::{
    Answer, Authorization, Extent, Length, Patience, Peer, Request, Want, host_of,
};
use origin::{Origin, Turn};
pub(crate) use pieces::{Pieces, pieces};
pub(crate) use pour::Pour;
pub(crate) use redirect::{is_local, is_redirect, permitted};
use resolver::Resolver;
use retry::Failure;
pub(crate) use retry::retry_after;
pub(crate) use words::{guarded_kind, guarded_words, words};

/// The most bytes of a manifest, a config or an API page (contract, promise 2).
pub(crate) const MOST_CONTENT: usize = 4 << 20;
/// The most bytes of a token or an error body.
pub(crate) const MOST_SMALL: usize = 64 << 10;
/// The most redirects in a row.
const MOST_REDIRECTS: usize = 5;
/// Until a connection is established, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an HTTP/2 connection with open requests is asked whether it lives, and how long that may take.
const KEEP_ALIVE: Duration = Duration::from_secs(7);
/// Until a registry on this machine has shown whether it speaks TLS.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Until an answer is whole.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of one layer, and of all layers of a connection, may be under way over HTTP/2. With 40 ms of delay, that
/// carries 52 MB/s; what a slow reader leaves lying takes as much memory. One that waits must not keep the others
/// waiting, so a connection has room for the two layers that are read at once, and for all other requests.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 3 * STREAM_WINDOW;
/// How many bytes a second come at least of a blob that is read only to count them.
const SLOWEST: u64 = 1 << 20;

/// The run's client. Clones share everything.
#[derive(Clone, Debug)]
pub struct Client(Arc<Shared>, Arc<AtomicU64>);

#[derive(Debug)]
struct Shared {
    origins: Mutex<HashMap<String, Arc<Origin>>>,
    resolver: Resolver,
    /// The CA certificates, loaded for the first origin over `https`.
    tls: OnceLock<Result<rustls::ClientConfig, tls::TlsError>>,
    proxy: Proxy,
    deadline: Deadline,
    /// Whether whole layers are read, which need larger windows than a run of small answers.
    reads_content: bool,
    ambient: Ambient,
    progress: Progress,
    redactor: Redactor,
    requests: AtomicU64,
    retries: AtomicU64,
    meter: Meter,
}

impl Client {
    /// A client for one run that ends at `deadline`.
    pub fn new(
        deadline: Deadline,
        proxy: Proxy,
        ambient: Ambient,
        progress: Progress,
        redactor: Redactor,
    ) -> Self {
        let shared = Shared {
            origins: Mutex::default(),
            resolver: Resolver::default(),
            tls: OnceLock::new(),
            proxy,
            deadline,
            reads_content: false,
            ambient,
            progress,
            redactor,
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            meter: Meter::default(),
        };
        Self(Arc::new(shared), Arc::default())
    }

    /// The same client, for a run that reads whole layers.
    #[must_use]
    pub fn reading_content(mut self) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.0) {
            shared.reads_content = true;
        }
        self
    }

    /// Puts the run's deadline off, unless it was given.
    pub(crate) fn put_off(&self, time: Duration) {
        self.0.deadline.put_off(time);
    }

    /// The same client, which counts what it sends itself from here on.
    pub(crate) fn counting(&self) -> Self {
        Self(Arc::clone(&self.0), Arc::default())
    }

    /// Whether anything was sent since [`counting`](Self::counting).
    pub(crate) fn has_sent(&self) -> bool {
        self.1.load(Ordering::Relaxed) > 0
    }

    /// What was sent so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.0.requests.load(Ordering::Relaxed),
            retries: self.0.retries.load(Ordering::Relaxed),
        }
    }

    /// How long the run may still take.
    pub(crate) fn time_left(&self) -> Duration {
        self.0.deadline.left()
    }

    /// The run's redactor.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }

    /// The run's clock and randomness.
    pub(crate) fn ambient(&self) -> &Ambient {
        &self.0.ambient
    }

    /// The run's voice.
    pub(crate) fn progress(&self) -> &Progress {
        &self.0.progress
    }

    fn jitter(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a jitter needs no precision")]
        let jitter = self.0.ambient.random() as f64 / u64::MAX as f64;
        jitter
    }

    /// One try. The outer error is one that no further try can change: the deadline, or no TLS at all.
    async fn attempt(
        &self,
        request: &Request<'_>,
        host: &str,
        origin: &Origin,
        turn: Turn<'_>,
    ) -> Result<Result<Answer, FailedTry>, Unavailable> {
        let started = Instant::now();
        let limit = match request.patience {
            Patience::Full => REQUEST_TIMEOUT,
            Patience::Once(limit) => limit,
        };
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.1.fetch_add(1, Ordering::Relaxed);
        // What comes of a body changes what the next try asks for.
        let is_ranged = request.want.is_ranged();
        // In a box: a run holds hundreds of these, and the client's futures are large.
        let exchange = Box::pin(self.exchange(origin, turn, request, host, limit));
        let result = self.0.deadline.before(exchange).await.ok_or(());
        if let (Peer::Redirected(secrets), Ok(Ok(answer))) = (request.peer, &result)
            && answer.may_be_quoted()
            && !secrets.iter().all(|secret| self.0.redactor.has_room_for(secret))
        {
            return Err(too_many_secrets(request.what, host));
        }
        self.say_request(request, is_ranged, started.elapsed(), &result);
        match result {
            // Both have passed: the run's end is the one that counts.
            Ok(Err(failed))
                if failed.failure == Failure::TimedOut && self.time_left().is_zero() =>
            {
                Err(deadline_passed(request.what, host))
            }
            Ok(result) => Ok(result),
            Err(()) => Err(deadline_passed(request.what, host)),
        }
    }

    async fn exchange(
        &self,
        origin: &Origin,
        turn: Turn<'_>,
        request: &Request<'_>,
        host: &str,
        limit: Duration,
    ) -> Result<Answer, FailedTry> {
        let started = Instant::now();
        let late = |limit: Duration| {
            let said = format!("no complete answer within {} s", limit.as_secs());
            FailedTry::new(Failure::TimedOut, said)
        };
        let sent = wire::request(request);
        let head = tokio::time::timeout_at(started + limit, origin.send(sent, turn)).await;
        let mut response = head.map_err(|_| late(limit))?.map_err(|error| {
            let failed = FailedTry::of(&error);
            if self.may_be_proxied(&request.url) { failed.through_a_proxy() } else { failed }
        })?;
        let status = response.status().as_u16();
        let (body, length) = match request.want {
            // The run's deadline alone bounds a body that keeps coming.
            Want::Pour(pour) if matches!(status, 200 | 206) => {
                pouring::pour(pour, &mut response).await?
            }
            Want::All(_) | Want::Extent(_) | Want::Pour(_) => {
                let plan = Plan::of(&response, request.want, &self.0.meter);
                let limit = limit + Duration::from_secs(plan.counted() / SLOWEST);
                let body = body::read(&mut response, plan);
                let body = tokio::time::timeout_at(started + limit, body).await;
                body.map_err(|_| late(limit))??
            }
        };
        let headers = std::mem::take(response.headers_mut());
        let (host, url) = (host.to_owned(), request.url.clone());
        Ok(Answer { host, status, headers, body, length, url })
    }

    /// The origin of an address, with its client. The first one over `https` loads the CA certificates.
    fn origin(&self, url: &Url) -> Result<Arc<Origin>, tls::TlsError> {
        let key = url.origin().ascii_serialization();
        let mut origins = self.0.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get(&key) {
            return Ok(Arc::clone(origin));
        }
        let plain = url.scheme() == "http";
        let config =
            if plain { tls::unused()? } else { self.0.tls.get_or_init(tls::config).clone()? };
        let connections = Connections::default();
        let client = self.client(url, config, &connections, Purpose::Requests)?;
        let origin = Arc::new(Origin::new(client, connections, plain));
        origins.insert(key, Arc::clone(&origin));
        Ok(origin)
    }

    /// A client for one origin.
    fn client(
        &self,
        url: &Url,
        config: rustls::ClientConfig,
        connections: &Connections,
        purpose: Purpose,
    ) -> Result<reqwest::Client, tls::TlsError> {
        let resolver = self.0.resolver.clone();
        let connecting = Connecting { connections: connections.clone(), purpose, resolver };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .connector_layer(connecting)
            .dns_resolver(Arc::new(self.0.resolver.clone()))
            .user_agent(concat!("verify-registry-image/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // A connection that has died in silence must not take every try with it.
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .https_only(url.scheme() != "http")
            .no_proxy();
        if self.0.reads_content {
            builder = builder
                .http2_initial_stream_window_size(STREAM_WINDOW)
                .http2_initial_connection_window_size(CONNECTION_WINDOW);
        }
        if let Some(address) = self.0.proxy.https.as_ref().filter(|_| self.may_be_proxied(url)) {
            let no_proxy = self.0.proxy.no_proxy.as_deref().and_then(NoProxy::from_string);
            let proxy = reqwest::Proxy::https(address.expose())
                .map_err(|_| tls::TlsError::Setup("the proxy's address is not valid".to_owned()))?;
            builder = builder.proxy(proxy.no_proxy(no_proxy));
        }
        builder.build().map_err(|error| tls::TlsError::Setup(error.to_string()))
    }

    /// Whether an address is reached through the proxy, unless `NO_PROXY` names its host.
    fn may_be_proxied(&self, url: &Url) -> bool {
        self.0.proxy.https.is_some() && url.scheme() == "https" && !is_local(url)
    }
}
