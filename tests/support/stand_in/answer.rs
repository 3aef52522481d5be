//! What the stand-in answers: a status, headers and a body that may take its time, be cut, or never end.
//!
//! An answer is a value until it is sent, so that a lie can change it. It knows nothing of routes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Sleep;

use super::connection::{End, Fate};

/// An answer, as it will be sent.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, in order. A `content-length` in here is sent as it stands.
    pub headers: Vec<(String, String)>,
    /// The body, part by part.
    pub body: Vec<Part>,
}

/// A part of a body.
#[derive(Clone, Debug)]
pub enum Part {
    /// These bytes.
    Bytes(Bytes),
    /// The same bytes again and again, so many times: a large body that needs no memory.
    Repeat(Bytes, u64),
    /// Nothing for so long.
    Pause(Duration),
    /// Nothing, until the stand-in stops.
    Hang,
    /// Nothing; but it keeps the body's length from being said beforehand.
    Unsized,
    /// The connection ends here, in this way.
    Cut(End),
}

impl Answer {
    /// A status without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A JSON document, as DigitalOcean's API sends it.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status)
            .header("content-type", "application/json; charset=utf-8")
            .bytes(value.to_string())
    }

    /// An error document of the distribution specification.
    pub fn oci_error(status: u16, code: &str, message: &str, detail: &Value) -> Self {
        Self::json(
            status,
            &json!({ "errors": [{ "code": code, "message": message, "detail": detail }] }),
        )
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer with a header taken out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    /// The same answer with these bytes as its body.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = vec![Part::Bytes(bytes.into())];
        self
    }

    /// The value of a header.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The bytes of the body, as far as they are plain bytes.
    pub fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        for part in &self.body {
            match part {
                Part::Bytes(bytes) => content.extend_from_slice(bytes),
                Part::Repeat(..) | Part::Pause(_) | Part::Unsized | Part::Hang | Part::Cut(_) => {}
            }
        }
        content
    }

    /// The answer as hyper sends it. To a `HEAD` the body stays away and its length is said.
    pub(super) fn into_response(mut self, head: bool, fate: Arc<Fate>) -> Response<Sending> {
        if head {
            let length = self.content().len();
            if self.header_value("content-length").is_none() && length > 0 {
                self = self.header("content-length", &length.to_string());
            }
            self.body.clear();
        }
        let mut response = Response::new(Sending::new(self.body, fate));
        *response.status_mut() = StatusCode::from_u16(self.status).expect("a status code");
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
            response.headers_mut().append(name, value);
        }
        response
    }
}

/// A body on its way.
pub(super) struct Sending {
    parts: std::collections::VecDeque<Part>,
    sleep: Option<Pin<Box<Sleep>>>,
    flushed: bool,
    fate: Arc<Fate>,
}

impl Sending {
    fn new(parts: Vec<Part>, fate: Arc<Fate>) -> Self {
        let mut parts = std::collections::VecDeque::from(parts);
        parts.retain(|part| !matches!(part, Part::Bytes(bytes) if bytes.is_empty()));
        Self { parts, sleep: None, flushed: false, fate }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(sleep) = &mut this.sleep {
                ready!(sleep.as_mut().poll(cx));
                this.sleep = None;
            }
            match this.parts.pop_front() {
                None => return Poll::Ready(None),
                Some(Part::Bytes(bytes)) => {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Part::Repeat(_, 0) | Part::Unsized) => {}
                Some(Part::Repeat(bytes, times)) => {
                    this.parts.push_front(Part::Repeat(bytes.clone(), times - 1));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Part::Pause(time)) => this.sleep = Some(Box::pin(tokio::time::sleep(time))),
                Some(Part::Hang) => {
                    this.parts.push_front(Part::Hang);
                    return Poll::Pending;
                }
                // What was handed over before is still in hyper's buffer: it writes it when there is
                // nothing to poll for, so the cut waits one turn.
                Some(Part::Cut(end)) if !this.flushed => {
                    this.flushed = true;
                    this.parts.push_front(Part::Cut(end));
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Part::Cut(end)) => {
                    this.fate.set(end);
                    return Poll::Ready(Some(Err(io::Error::other("cut on purpose"))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty() && self.sleep.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let mut length = 0;
        for part in &self.parts {
            match part {
                Part::Bytes(bytes) => length += bytes.len() as u64,
                Part::Repeat(bytes, times) => length += bytes.len() as u64 * times,
                Part::Pause(_) => {}
                Part::Unsized | Part::Hang | Part::Cut(_) => return SizeHint::default(),
            }
        }
        SizeHint::with_exact(length)
    }
}
