//! A stand-in of DigitalOcean on loopback: its API and token endpoint, its registry, its object storage,
//! each a server of its own; and a fourth one that has nothing to do with it.
//!
//! It is a test double of the service. It is honest until a test tells it to lie ([`StandIn::lie`]), and
//! every other registry client (skopeo, curl, doctl) can be pointed at it. It lives on a thread of its own
//! and stops when it is dropped. It knows nothing of the program that is tested.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::allow_attributes,
    reason = "each program that shares it uses a part; a double that cannot do its work ends the test"
)]

mod answer;
mod api;
mod closed_port;
mod connection;
mod image;
mod index;
mod kept;
mod layout;
mod lie;
mod log;
mod options;
mod push;
mod registry;
mod route;
mod server;
mod store;
mod tls;
mod token;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread::JoinHandle;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use hyper::body::Bytes;
use tokio::sync::oneshot;

pub use answer::{Answer, Part};
pub use api::{bodies, gateway_404, verbatim};
pub use closed_port::ClosedPort;
pub use connection::End;
pub use image::{Content, Image};
pub use index::{Index, attestation_of};
pub use kept::{Kept, buildkit_image, buildkit_images};
pub use layout::oci_layout;
pub use lie::{Lie, Matcher};
pub use log::{Entry, longest_sequence};
pub use options::{Auth, Certificate, Options, Protocols, TOKEN};
pub use route::{Origin, Route};
pub use store::{Pushed, digest_of};
pub use token::{ISSUER, SERVICE};

/// A running stand-in. Dropped is stopped: whatever still waits for an answer sees its connection end.
pub struct StandIn {
    shared: Arc<Shared>,
    ca_pem: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts it. Panics when it cannot, as a test should.
    pub fn start(options: Options) -> Self {
        let tls = options.tls.map(|certificate| tls::server(certificate, options.protocols));
        let (acceptor, ca_pem) = tls.map_or((None, None), |(tls, pem)| (Some(tls), Some(pem)));
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, start) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let (shared, listeners) = Shared::listen(options);
                let shared = Arc::new(shared);
                for (origin, listener) in listeners {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(server::serve(shared, origin, listener, acceptor.clone()));
                }
                let _ = started.send(shared);
                let _ = stopped.await;
            });
        });
        let shared = start.recv().expect("the stand-in's thread says why it could not start");
        Self { shared, ca_pem, stop: Some(stop), thread: Some(thread) }
    }

    /// An honest one, as most tests want it.
    pub fn honest() -> Self {
        Self::start(Options::default())
    }

    /// The address of a server: `http://127.0.0.1:PORT`.
    pub fn url(&self, origin: Origin) -> String {
        self.shared.url(origin)
    }

    /// `127.0.0.1:PORT`, as it stands in an image reference.
    pub fn host(&self, origin: Origin) -> String {
        self.shared.addresses.get(&origin).map(ToString::to_string).unwrap_or_default()
    }

    /// A full reference of an image in the registry.
    pub fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.host(Origin::Registry))
    }

    /// The token that it takes.
    pub fn token(&self) -> &str {
        &self.shared.options.token
    }

    /// The variables that point a client at it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut variables = vec![
            ("DIGITALOCEAN_API_URL".to_owned(), self.url(Origin::Api)),
            ("DIGITALOCEAN_ACCESS_TOKEN".to_owned(), self.token().to_owned()),
        ];
        if self.shared.addresses.contains_key(&Origin::Registry) {
            variables.push(("DIGITALOCEAN_REGISTRY_HOST".to_owned(), self.host(Origin::Registry)));
        }
        variables
    }

    /// The certificate of the authority behind its TLS, for `SSL_CERT_FILE`.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The certificate that its registry tokens are signed with, for another registry's
    /// `auth.token.rootcertbundle`.
    pub fn token_certificate_pem(&self) -> &str {
        self.shared.issuer.certificate_pem()
    }

    /// Puts an image, an index or anything else under a tag, as a push would.
    pub fn image(&self, repository: &str, tag: &str, content: impl Into<Content>) -> Pushed {
        self.shared.store().put(repository, Some(tag), &content.into())
    }

    /// Puts an image of `BuildKit`'s there, byte for byte.
    pub fn kept(&self, repository: &str, tag: &str, parts: &[Kept]) {
        self.shared.store().put_kept(repository, tag, parts);
    }

    /// Puts it there without a tag.
    pub fn untagged(&self, repository: &str, content: impl Into<Content>) -> Pushed {
        self.shared.store().put(repository, None, &content.into())
    }

    /// Makes a repository that holds nothing.
    pub fn empty_repository(&self, repository: &str) {
        self.shared.store().repositories.entry(repository.to_owned()).or_default();
    }

    /// Takes a tag away.
    pub fn untag(&self, repository: &str, tag: &str) {
        if let Some(held) = self.shared.store().repositories.get_mut(repository) {
            held.tags.remove(tag);
        }
    }

    /// The storage loses a blob: the registry still redirects to it.
    pub fn lose_from_storage(&self, digest: &str) {
        self.shared.store().blobs.remove(digest);
    }

    /// The registry forgets a blob: it answers `BLOB_UNKNOWN`.
    pub fn forget_blob(&self, repository: &str, digest: &str) {
        if let Some(held) = self.shared.store().repositories.get_mut(repository) {
            held.blobs.remove(digest);
        }
    }

    /// The registry forgets a manifest: what a tag or an index names is gone.
    pub fn forget_manifest(&self, repository: &str, digest: &str) {
        if let Some(held) = self.shared.store().repositories.get_mut(repository) {
            held.manifests.remove(digest);
        }
    }

    /// The storage holds other bytes under a blob's digest.
    pub fn replace_in_storage(&self, digest: &str, bytes: impl Into<Bytes>) {
        self.shared.store().blobs.insert(digest.to_owned(), bytes.into());
    }

    /// How many bytes all blobs have together.
    pub fn stored_bytes(&self) -> u64 {
        self.shared.store().blobs.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// The bytes that the storage holds under a blob's digest.
    pub fn blob(&self, digest: &str) -> Bytes {
        self.shared.store().blobs.get(digest).cloned().expect("a blob that was pushed")
    }

    /// The API's index lists these tags (tag, digest) of a repository, whatever the registry holds.
    pub fn api_lists(&self, repository: &str, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(tag, digest)| ((*tag).to_owned(), (*digest).to_owned()));
        self.shared.store().api.tags.insert(repository.to_owned(), tags.collect());
    }

    /// The API's index does not know a repository.
    pub fn api_hides(&self, repository: &str) {
        self.shared.store().api.hidden.insert(repository.to_owned());
    }

    /// A garbage collection is under way, in this status, and no pushes are taken.
    pub fn collects_garbage(&self, status: &str) {
        let mut store = self.shared.store();
        store.api.collecting = Some(status.to_owned());
        store.api.read_only = true;
    }

    /// The registry takes no pushes.
    pub fn is_read_only(&self) {
        self.shared.store().api.read_only = true;
    }

    /// Every registry token that was given out and is still good: none may show up in an output.
    pub fn given_out_tokens(&self) -> Vec<String> {
        self.shared.issuer.tokens()
    }

    /// Every registry token that was given out so far is no longer good.
    pub fn expire_tokens(&self) {
        self.shared.issuer.expire_all();
    }

    /// From now on, tells `lie` to the requests that `matcher` names. Of two rules that match, the one
    /// that was told first decides.
    pub fn lie(&self, matcher: impl Into<Matcher>, lie: Lie) {
        self.shared.lies.lock().expect("no panic while held").push(matcher.into().rule(lie));
    }

    /// What it was asked, in order of arrival.
    pub fn log(&self) -> Vec<Entry> {
        self.shared.log.entries()
    }

    /// The requests for one route.
    pub fn asked(&self, route: &Route) -> Vec<Entry> {
        self.log().into_iter().filter(|entry| entry.route == *route).collect()
    }

    /// The requests that reached one server.
    pub fn asked_at(&self, origin: Origin) -> Vec<Entry> {
        self.log().into_iter().filter(|entry| entry.origin == origin).collect()
    }

    /// How many connections one server accepted.
    pub fn connections(&self, origin: Origin) -> u64 {
        self.shared.log.connections(origin)
    }

    /// How much each connection of HTTP/2 takes of one stream, and of all of them, before anything was read.
    pub fn windows(&self) -> Vec<(u32, u32)> {
        self.shared.log.all_windows()
    }

    /// How many bytes it could send: what its clients read, and what waits for them in the system's buffers.
    pub fn bytes_sent(&self) -> u64 {
        self.shared.log.bytes()
    }

    /// Waits until what it was asked fulfils a condition. Panics when that takes a minute.
    pub fn wait_until(&self, condition: impl Fn(&[Entry]) -> bool) {
        assert!(self.shared.log.wait_until(condition), "not asked within a minute");
    }

    /// Forgets what it was asked, and the connections that it counted.
    pub fn clear_log(&self) {
        self.shared.log.clear();
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread of the stand-in and the test share.
struct Shared {
    options: Options,
    addresses: BTreeMap<Origin, SocketAddr>,
    issuer: token::Issuer,
    store: Mutex<store::Store>,
    lies: Mutex<Vec<lie::Rule>>,
    log: log::Log,
}

impl Shared {
    fn listen(options: Options) -> (Self, Vec<(Origin, tokio::net::TcpListener)>) {
        let mut addresses = BTreeMap::new();
        let mut listeners = Vec::new();
        let wanted = if options.api_only { vec![Origin::Api] } else { Origin::ALL.to_vec() };
        for (origin, step) in wanted.into_iter().zip(0..) {
            let port = if options.port == 0 { 0 } else { options.port + step };
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port));
            let listener = listener.unwrap_or_else(|error| panic!("port {port}: {error}"));
            listener.set_nonblocking(true).expect("a socket that does not block");
            addresses.insert(origin, listener.local_addr().expect("an address"));
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            listeners.push((origin, listener));
        }
        let shared = Self {
            options,
            addresses,
            issuer: token::Issuer::new(),
            store: Mutex::default(),
            lies: Mutex::default(),
            log: log::Log::default(),
        };
        (shared, listeners)
    }

    fn url(&self, origin: Origin) -> String {
        let scheme = if self.options.tls.is_some() { "https" } else { "http" };
        let host = self.addresses.get(&origin).map(ToString::to_string).unwrap_or_default();
        format!("{scheme}://{host}")
    }

    /// Where the registry sends its clients for a token.
    fn realm(&self) -> String {
        match self.options.auth {
            Auth::DigitalOcean | Auth::Basic | Auth::Nothing => {
                format!("{}/v2/registry/auth", self.url(Origin::Api))
            }
            Auth::OwnHost | Auth::Anonymous => format!("{}/token", self.url(Origin::Registry)),
        }
    }

    fn store(&self) -> MutexGuard<'_, store::Store> {
        self.store.lock().expect("no panic while held")
    }

    fn lie_for(&self, asked: &lie::Asked<'_>) -> Option<Lie> {
        lie::choose(&mut self.lies.lock().expect("no panic while held"), asked)
    }

    /// The token as it is, and as the password of Basic credentials (base64 of what stands behind any
    /// user name, whatever its length).
    fn token_forms(&self) -> Vec<String> {
        let mut forms = vec![self.options.token.clone()];
        for before in 0..3 {
            let padded = [&vec![b' '; before], self.options.token.as_bytes()].concat();
            let encoded = STANDARD.encode(&padded);
            let whole = padded.len() / 3 * 4;
            forms.extend(encoded.get(before * 2..whole).map(str::to_owned));
        }
        forms
    }
}

/// A request, as the handlers see it.
#[derive(Clone, Debug)]
struct Ask {
    origin: Origin,
    target: route::Target,
    method: Method,
    path: String,
    query: String,
    version: String,
    authorization: Option<String>,
    range: Option<String>,
    content_type: Option<String>,
    accept: Vec<String>,
    header_names: Vec<String>,
    header_text: String,
    body: Bytes,
}

/// The time of day, for the tokens: another program compares them with its own clock.
#[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
