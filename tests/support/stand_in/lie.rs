//! The lies: what the stand-in does in place of the honest answer, and to which requests.
//!
//! One lie a test. A rule names a route, perhaps narrower, perhaps the first or all but the first
//! requests only; the first rule that matches a request decides.

use std::time::Duration;

use hyper::body::Bytes;

use super::answer::{Answer, Part};
use super::connection::End;
use super::route::{Origin, Route};

/// Which requests a lie is told to.
#[derive(Clone, Debug)]
pub struct Rule {
    route: Route,
    origin: Option<Origin>,
    method: Option<String>,
    containing: Option<String>,
    sparing: Option<String>,
    ranged: Option<bool>,
    from: u64,
    until: u64,
    seen: u64,
    lie: Lie,
}

/// A matcher: a route, and what narrows it.
#[derive(Clone, Debug)]
pub struct Matcher {
    route: Route,
    origin: Option<Origin>,
    method: Option<String>,
    containing: Option<String>,
    sparing: Option<String>,
    ranged: Option<bool>,
    from: u64,
    until: u64,
}

impl From<Route> for Matcher {
    fn from(route: Route) -> Self {
        Self {
            route,
            origin: None,
            method: None,
            containing: None,
            sparing: None,
            ranged: None,
            from: 0,
            until: u64::MAX,
        }
    }
}

impl Route {
    /// The first `count` such requests only.
    pub fn first(self, count: u64) -> Matcher {
        Matcher { until: count, ..self.into() }
    }

    /// All such requests but the first `count`.
    pub fn after(self, count: u64) -> Matcher {
        Matcher { from: count, ..self.into() }
    }

    /// Such requests whose path or query holds `text`.
    pub fn containing(self, text: &str) -> Matcher {
        Matcher { containing: Some(text.to_owned()), ..self.into() }
    }

    /// Such requests whose path and query do not hold `text`.
    pub fn sparing(self, text: &str) -> Matcher {
        Matcher { sparing: Some(text.to_owned()), ..self.into() }
    }

    /// Such requests with a `Range`, or without one.
    pub fn ranged(self, ranged: bool) -> Matcher {
        Matcher { ranged: Some(ranged), ..self.into() }
    }

    /// Such requests with this method.
    pub fn method(self, method: &str) -> Matcher {
        Matcher { method: Some(method.to_owned()), ..self.into() }
    }

    /// Such requests at this server.
    pub fn at(self, origin: Origin) -> Matcher {
        Matcher { origin: Some(origin), ..self.into() }
    }
}

impl Matcher {
    /// The first `count` only.
    #[must_use]
    pub fn first(self, count: u64) -> Self {
        Self { until: count, ..self }
    }

    /// All but the first `count`.
    #[must_use]
    pub fn after(self, count: u64) -> Self {
        Self { from: count, ..self }
    }

    /// With a `Range` only, or without one only.
    #[must_use]
    pub fn ranged(self, ranged: bool) -> Self {
        Self { ranged: Some(ranged), ..self }
    }

    /// At this server only.
    #[must_use]
    pub fn at(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    pub(super) fn rule(self, lie: Lie) -> Rule {
        let Self { route, origin, method, containing, sparing, ranged, from, until } = self;
        Rule { route, origin, method, containing, sparing, ranged, from, until, seen: 0, lie }
    }
}

impl Rule {
    /// The lie, when the request is one that it is told to. Counts it.
    fn take(&mut self, asked: &Asked<'_>) -> Option<Lie> {
        let is_request = !matches!(asked.route, Route::Connection(_));
        let matches = (self.route == *asked.route || (self.route == Route::Any && is_request))
            && self.origin.is_none_or(|origin| origin == asked.origin)
            && self.method.as_deref().is_none_or(|method| method == asked.method)
            && self.ranged.is_none_or(|ranged| ranged == asked.is_ranged)
            && self.containing.as_deref().is_none_or(|text| asked.target.contains(text))
            && self.sparing.as_deref().is_none_or(|text| !asked.target.contains(text));
        if !matches {
            return None;
        }
        self.seen += 1;
        (self.seen > self.from && self.seen <= self.until).then(|| self.lie.clone())
    }
}

/// A request, as a rule sees it.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) route: &'a Route,
    pub(super) origin: Origin,
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) is_ranged: bool,
}

/// The lie for a request, if one is told.
pub(super) fn choose(rules: &mut [Rule], asked: &Asked<'_>) -> Option<Lie> {
    rules.iter_mut().find_map(|rule| rule.take(asked))
}

/// What is done in place of the honest answer, or to it.
#[derive(Clone, Debug)]
pub enum Lie {
    /// This answer, verbatim.
    Answer(Answer),
    /// The honest answer after so long.
    Late(Duration),
    /// The honest answer once so many requests for this route have arrived.
    After(Route, usize),
    /// The honest answer once this server has accepted so many connections.
    AfterConnections(Origin, u64),
    /// The connection ends without an answer.
    End(End),
    /// No answer, ever.
    Hang,
    /// Status and headers; the body never comes.
    HangAfterHead,
    /// The honest answer, which says that its body is so much longer, and ends.
    Truncated(u64),
    /// The honest answer in chunks, cut after so many bytes.
    CutAfter(usize, End),
    /// The honest answer, a byte at a time with this pause between.
    Slow(Duration),
    /// The honest answer to the same request without a `Range`.
    Whole,
    /// The same in chunks, without a length, and ended properly after so many bytes.
    Chunks(usize),
    /// The honest answer with one bit of its body changed.
    Altered,
    /// The honest status and headers with this body.
    Body(Bytes),
    /// The honest answer with this header in place of its own; `None`: without it.
    Header(String, Option<String>),
    /// The honest answer with these headers added.
    Headers(Vec<(String, String)>),
    /// The honest answer with another status.
    Status(u16),
    /// A 200 with what the tag `.1` of the same repository names, whatever was asked for.
    AffirmAs(String),
    /// A status, with the request's `Authorization` header in header and body.
    EchoAuthorization(u16),
    /// This answer to a request without an `Authorization` header; the honest one to any other.
    Unauthorized(Answer),
    /// A 307 to the same path and query at this address.
    SamePathAt(String),
}

impl Lie {
    /// A status with an empty body.
    pub fn status(status: u16) -> Self {
        Self::Answer(Answer::new(status))
    }

    /// The login page of a proxy, with this status.
    pub fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
             <body><h1>Please sign in to the network</h1></body></html>\n";
        let answer = Answer::new(status).header("content-type", "text/html; charset=utf-8");
        Self::Answer(answer.bytes(page))
    }

    /// An error of the distribution specification.
    pub fn oci_error(status: u16, code: &str, message: &str) -> Self {
        Self::Answer(Answer::oci_error(status, code, message, &serde_json::Value::Null))
    }

    /// A 429 as the API sends it, with this `Retry-After`, or none.
    pub fn too_many(retry_after: Option<&str>) -> Self {
        let body =
            serde_json::json!({ "id": "too_many_requests", "message": "API rate limit exceeded." });
        let answer = Answer::json(429, &body).header("ratelimit-remaining", "0");
        Self::Answer(match retry_after {
            Some(value) => answer.header("retry-after", value),
            None => answer,
        })
    }

    /// A redirect to this address.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::Answer(Answer::new(status).header("location", location))
    }

    /// The connection is closed without an answer.
    pub fn close() -> Self {
        Self::End(End::Close)
    }

    /// The connection is reset without an answer.
    pub fn reset() -> Self {
        Self::End(End::Reset)
    }

    /// Bytes that need not be HTTP, and the end of the connection.
    pub fn raw(bytes: &[u8]) -> Self {
        Self::End(End::Raw(bytes.to_vec()))
    }

    /// The honest answer with another `Docker-Content-Digest`, or with none.
    pub fn digest_header(value: Option<&str>) -> Self {
        Self::Header("docker-content-digest".to_owned(), value.map(str::to_owned))
    }

    /// The honest answer with another `Content-Type`.
    pub fn content_type(value: &str) -> Self {
        Self::Header("content-type".to_owned(), Some(value.to_owned()))
    }

    /// A 200 of this media type with `mebibytes` of spaces, made as they are sent; with its length said
    /// beforehand or not.
    pub fn large(media_type: &str, mebibytes: u64, says_length: bool) -> Self {
        const BLOCK: usize = 64 * 1024;
        let mut answer = Answer::new(200).header("content-type", media_type);
        if says_length {
            answer = answer.header("content-length", &(mebibytes << 20).to_string());
        }
        answer.body = vec![Part::Repeat(Bytes::from(vec![b' '; BLOCK]), mebibytes * 16)];
        if !says_length {
            answer.body.push(Part::Unsized);
        }
        Self::Answer(answer)
    }
}

/// Tells the lie: turns the honest answer into the one that is sent.
pub(super) fn told(lie: Lie, honest: Answer, authorization: Option<&str>) -> Answer {
    match lie {
        Lie::Answer(answer) => answer,
        Lie::Unauthorized(answer) if authorization.is_none() => answer,
        Lie::Unauthorized(_)
        | Lie::SamePathAt(_)
        | Lie::Late(_)
        | Lie::After(..)
        | Lie::AfterConnections(..)
        | Lie::AffirmAs(_)
        | Lie::Hang
        | Lie::Whole => honest,
        Lie::Chunks(most) => {
            let content = honest.content();
            let kept = Bytes::copy_from_slice(content.get(..most).unwrap_or(&content));
            let body = vec![Part::Bytes(kept), Part::Unsized];
            Answer { body, ..honest.without_header("content-length") }
        }
        Lie::End(end) => Answer { body: vec![Part::Cut(end)], ..Answer::new(200) },
        Lie::HangAfterHead => Answer { body: vec![Part::Hang], ..honest },
        Lie::Truncated(more) => {
            let length = honest.content().len() as u64 + more;
            let mut answer = honest.without_header("content-length");
            answer.body.push(Part::Cut(End::Close));
            answer.header("content-length", &length.to_string())
        }
        Lie::CutAfter(most, end) => {
            let content = honest.content();
            let kept = Bytes::copy_from_slice(content.get(..most).unwrap_or(&content));
            let mut answer = honest.without_header("content-length");
            answer.body = vec![Part::Bytes(kept), Part::Cut(end)];
            answer
        }
        Lie::Slow(pause) => {
            let length = honest.content().len();
            let parts = honest.content().into_iter().flat_map(|byte| {
                [Part::Bytes(Bytes::copy_from_slice(&[byte])), Part::Pause(pause)]
            });
            let body = parts.collect();
            let answer = honest.without_header("content-length");
            Answer { body, ..answer }.header("content-length", &length.to_string())
        }
        Lie::Altered => {
            let mut content = honest.content();
            if let Some(byte) = content.last_mut() {
                *byte ^= 1;
            }
            honest.bytes(content)
        }
        Lie::Body(bytes) => honest.without_header("content-length").bytes(bytes),
        Lie::Header(name, value) => {
            let others = honest.without_header(&name);
            value.iter().fold(others, |answer, value| answer.header(&name, value))
        }
        Lie::Headers(headers) => {
            headers.iter().fold(honest, |answer, (name, value)| answer.header(name, value))
        }
        Lie::Status(status) => Answer { status, ..honest },
        Lie::EchoAuthorization(status) => echo(status, authorization.unwrap_or_default()),
    }
}

fn echo(status: u16, authorization: &str) -> Answer {
    let said = format!("not allowed with {authorization}");
    Answer::oci_error(status, "DENIED", &said, &serde_json::json!({ "sent": authorization }))
        .header("x-debug-authorization", authorization)
        .header("warning", &format!("299 - \"{authorization}\""))
        .header("www-authenticate", &format!("Bearer realm=\"https://{authorization}/\""))
}

impl Lie {
    /// Whether it ends a connection.
    pub(super) fn ends(&self) -> bool {
        matches!(self, Self::End(_))
    }
}
