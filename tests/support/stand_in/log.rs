//! What the stand-in was asked, in order.
//!
//! A token never stands in the log: only whether a request carried one, and how.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use super::route::{Origin, Route};

/// One request.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The server that was asked.
    pub origin: Origin,
    /// What it was asked for.
    pub route: Route,
    /// `GET`, `HEAD`, …
    pub method: String,
    /// Path and query as they were sent.
    pub target: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// The names of its headers, lower case, sorted.
    pub header_names: Vec<String>,
    /// The scheme of its `Authorization` header: `Basic`, `Bearer`.
    pub authorization: Option<String>,
    /// Whether the DigitalOcean token stood in it, in whatever form.
    pub carries_token: bool,
    /// The value of its `Range` header.
    pub range: Option<String>,
    /// The ordinal of its arrival, counted over all servers together with the answers.
    pub start: u64,
    /// The ordinal of its answer; `None` while there is none.
    pub end: Option<u64>,
    /// The status that it was answered with; `None` where the connection was ended instead.
    pub status: Option<u16>,
}

impl Entry {
    /// Whether it had an `Authorization` header.
    pub fn has_authorization(&self) -> bool {
        self.authorization.is_some()
    }

    /// `GET /v2/… -> 200`, for a snapshot.
    pub fn line(&self) -> String {
        let status = self.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        format!("{:?}: {} {} -> {status}", self.origin, self.method, self.target)
    }
}

/// The log of a stand-in.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Inner>, Condvar, Notify);

#[derive(Debug, Default)]
struct Inner {
    windows: Vec<(u32, u32)>,
    ordinal: u64,
    entries: Vec<Entry>,
    connections: BTreeMap<Origin, u64>,
    bytes: u64,
}

impl Log {
    /// Writes a request down and returns its place in the log.
    pub(super) fn start(&self, mut entry: Entry) -> usize {
        let mut inner = self.0.lock().expect("no panic while held");
        inner.ordinal += 1;
        entry.start = inner.ordinal;
        inner.entries.push(entry);
        self.1.notify_all();
        self.2.notify_waiters();
        inner.entries.len() - 1
    }

    /// Writes down that the request at `place` has its answer.
    pub(super) fn end(&self, place: usize, status: Option<u16>) {
        let mut inner = self.0.lock().expect("no panic while held");
        inner.ordinal += 1;
        let ordinal = inner.ordinal;
        if let Some(entry) = inner.entries.get_mut(place) {
            entry.end = Some(ordinal);
            entry.status = status;
        }
        self.1.notify_all();
    }

    pub(super) fn accepted(&self, origin: Origin) {
        *self.0.lock().expect("no panic while held").connections.entry(origin).or_default() += 1;
        self.2.notify_waiters();
    }

    pub(super) fn windows(&self, windows: (u32, u32)) {
        self.0.lock().expect("no panic while held").windows.push(windows);
    }

    pub(super) fn all_windows(&self) -> Vec<(u32, u32)> {
        self.0.lock().expect("no panic while held").windows.clone()
    }

    pub(super) fn connections(&self, origin: Origin) -> u64 {
        let inner = self.0.lock().expect("no panic while held");
        inner.connections.get(&origin).copied().unwrap_or_default()
    }

    /// Counts bytes that a client took, or that the system keeps for it.
    pub(super) fn sent(&self, bytes: u64) {
        self.0.lock().expect("no panic while held").bytes += bytes;
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.lock().expect("no panic while held").bytes
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.0.lock().expect("no panic while held").entries.clone()
    }

    /// Waits until the entries fulfil a condition; false when that takes ten minutes.
    pub(super) fn wait_until(&self, condition: impl Fn(&[Entry]) -> bool) -> bool {
        let inner = self.0.lock().expect("no panic while held");
        let longest = Duration::from_secs(600);
        let waited = self.1.wait_timeout_while(inner, longest, |inner| !condition(&inner.entries));
        !waited.expect("no panic while held").1.timed_out()
    }

    /// Waits until so many requests for any of these routes have arrived.
    pub(super) async fn arrived(&self, routes: &[Route], count: usize) {
        let is_one = |entry: &&Entry| routes.contains(&entry.route);
        self.until(|| self.entries().iter().filter(is_one).count() >= count).await;
    }

    /// Waits until a server has accepted so many connections.
    pub(super) async fn connected(&self, origin: Origin, count: u64) {
        self.until(|| self.connections(origin) >= count).await;
    }

    async fn until(&self, condition: impl Fn() -> bool) {
        loop {
            let more = self.2.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if condition() {
                return;
            }
            more.await;
        }
    }

    pub(super) fn clear(&self) {
        *self.0.lock().expect("no panic while held") = Inner::default();
    }
}

/// The most answers that had to be awaited one after the other: the longest chain in which each request
/// arrived after the answer before it had been given.
pub fn longest_sequence(entries: &[Entry]) -> usize {
    let mut chains: Vec<(u64, usize)> = Vec::new();
    let mut longest = 0;
    for entry in entries {
        let before = chains.iter().filter(|(end, _)| *end < entry.start).map(|(_, length)| *length);
        let length = before.max().unwrap_or_default() + 1;
        longest = longest.max(length);
        if let Some(end) = entry.end {
            chains.push((end, length));
        }
    }
    longest
}
