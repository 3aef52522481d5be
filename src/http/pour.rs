//! Streams a large body to a reader. A retry continues where the previous try was cut.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderValue};

use crate::http::MOST_SMALL;
use crate::http::failure::FailedTry;
use crate::http::pieces::Filler;
use crate::http::retry::Failure;

/// Where the bytes of one blob go, and how many have arrived.
#[derive(Debug)]
pub(crate) struct Pour {
    pub(super) size: u64,
    reader: Filler,
    poured: Cell<u64>,
    /// The first bytes, to tell an error text from a layer.
    start: RefCell<Vec<u8>>,
    /// The entity tag of the answer that they came from.
    tag: RefCell<Option<HeaderValue>>,
    /// Counts the bytes of all layers of a run.
    counter: Arc<AtomicU64>,
}

impl Pour {
    /// Streams a blob of `size` bytes to `reader`.
    pub(crate) fn new(size: u64, reader: Filler, counter: Arc<AtomicU64>) -> Self {
        Self {
            size,
            reader,
            poured: Cell::new(0),
            start: RefCell::default(),
            tag: RefCell::default(),
            counter,
        }
    }

    /// How many bytes have arrived. The last of them may wait for their piece to be full.
    pub(crate) fn poured(&self) -> u64 {
        self.poured.get()
    }

    /// Whether all bytes have arrived.
    pub(super) fn is_whole(&self) -> bool {
        self.poured() == self.size
    }

    /// The headers that request the missing rest.
    pub(super) fn headers(&self) -> Vec<(&'static str, HeaderValue)> {
        let from = self.poured();
        // Engines request the whole blob, so the first try does, too.
        if from == 0 {
            return Vec::new();
        }
        let range = HeaderValue::from_str(&format!("bytes={from}-")).ok();
        let tag = self.tag.borrow().clone();
        let range = range.map(|range| ("range", range));
        range.into_iter().chain(tag.map(|tag| ("if-range", tag))).collect()
    }

    /// Where the body of an answer begins: at the blob's first byte, or behind the bytes that have arrived.
    pub(super) fn begin(&self, response: &Response) -> Result<u64, FailedTry> {
        let poured = self.poured();
        let tag = strong_tag(response.headers());
        if response.status() != reqwest::StatusCode::PARTIAL_CONTENT {
            if poured == 0 {
                *self.tag.borrow_mut() = tag;
            }
            return Ok(0);
        }
        let range = response.headers().get("content-range").and_then(|range| range.to_str().ok());
        let expected = format!("bytes {poured}-{}/{}", self.size.saturating_sub(1), self.size);
        if poured > 0 && range.map(str::trim) == Some(expected.as_str()) {
            return Ok(poured);
        }
        Err(FailedTry::new(
            Failure::Garbage,
            "the server sent another range than the one requested",
        ))
    }

    /// Passes bytes to the reader. Returns whether it wants more, as far as that is known: a reader that is gone shows when
    /// a piece is full.
    pub(super) async fn give(&self, bytes: &[u8]) -> bool {
        let length = bytes.len() as u64;
        {
            let mut start = self.start.borrow_mut();
            let room = (MOST_SMALL - start.len().min(MOST_SMALL)).min(bytes.len());
            start.extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
        self.poured.set(self.poured() + length);
        self.counter.fetch_add(length, Ordering::Relaxed);
        self.reader.give(bytes).await
    }

    /// Nothing more will come.
    pub(crate) async fn end(self) {
        self.reader.end().await;
    }

    pub(super) fn start(&self) -> Vec<u8> {
        self.start.borrow().clone()
    }
}

/// A strong entity tag. A weak one does not identify bytes, so no range may be requested by it.
fn strong_tag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get("etag").filter(|tag| tag.as_bytes().starts_with(b"\"")).cloned()
}
