//! CircleCI's API: a few requests, one at a time, to one origin. The token goes there and nowhere else.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use tokio::time::Instant;

use crate::circleci::answers::{MOST_ITEMS, field, list, text};
use crate::http::{Answer, Call, Client, NoAnswer, is_redirect, retry_after};
use crate::secret::{Redactor, Secret, percent_encoded};

/// The most requests, a POST not counted.
const MOST_REQUESTS: u32 = 8;

/// The most redirects of one request.
const MOST_REDIRECTS: u32 = 3;

/// How long a `Retry-After` is waited for.
const MOST_WAIT: Duration = Duration::from_secs(5);

/// How long is waited where the server does not say so.
const WAIT: Duration = Duration::from_secs(1);

/// The header that CircleCI's cloud and its server know.
const HEADER: &str = "circle-token";

/// A conversation with CircleCI.
pub(super) struct Api<'a> {
    pub(super) client: Client,
    pub(super) origin: Url,
    pub(super) token: &'a Secret,
    /// When it ends.
    pub(super) until: Instant,
    /// How many requests were sent.
    pub(super) sent: u32,
    /// Whether the one retry was used.
    pub(super) has_retried: bool,
}

/// A request without a usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// 401.
    Refused,
    /// 403, in CircleCI's words.
    Forbidden,
    /// 404, in CircleCI's words.
    NotFound,
    /// 429, and how long it wants to be left alone.
    Limited(Option<Duration>),
    /// Anything else, in a few words.
    Unavailable(String),
}

impl Trouble {
    fn said(words: &str) -> Self {
        Self::Unavailable(words.to_owned())
    }
}

/// A list, and whether it goes on.
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    pub(super) next: Option<String>,
    /// Whether there are more items than were read.
    pub(super) is_cut: bool,
}

impl Page {
    /// Whether nothing comes behind it.
    pub(super) fn is_whole(&self) -> bool {
        self.next.is_none() && !self.is_cut
    }
}

/// How a POST ended.
pub(super) enum Posted {
    /// An answer.
    Answer(Box<Answer>),
    /// No connection: nothing was sent.
    NotSent,
    /// It was sent, and nothing says what came of it.
    Lost(&'static str),
}

impl Api<'_> {
    pub(super) fn redactor(&self) -> &Redactor {
        self.client.redactor()
    }

    /// How many requests may still be sent.
    pub(super) fn left(&self) -> u32 {
        MOST_REQUESTS.saturating_sub(self.sent)
    }

    /// A document.
    pub(super) async fn get(&mut self, path: &str) -> Result<Value, Trouble> {
        let mut url = self.address(path)?;
        let mut redirects = 0;
        loop {
            let answer = self.once_or_twice(&url).await?;
            if !is_redirect(answer.status) {
                return Self::read(&answer);
            }
            redirects += 1;
            let to = answer.header("location").and_then(|to| url.join(to).ok());
            let Some(to) = to else {
                return Err(Trouble::said("a redirect to nowhere"));
            };
            if to.origin() != self.origin.origin() {
                let host = to.host_str().unwrap_or_default();
                let host = self.redactor().line(host, 100);
                return Err(Trouble::Unavailable(format!("a redirect to {host}")));
            }
            if redirects > MOST_REDIRECTS {
                return Err(Trouble::said("redirects without an end"));
            }
            url = to;
        }
    }

    /// One page of a list.
    pub(super) async fn page(&mut self, path: &str) -> Result<Page, Trouble> {
        let mut document = self.get(path).await?;
        let next = text(field(&document, &["next_page_token"])).map(str::to_owned);
        let Some(Value::Array(mut items)) = document.get_mut("items").map(Value::take) else {
            return Err(Trouble::said("no JSON"));
        };
        let is_cut = items.len() > MOST_ITEMS;
        items.truncate(MOST_ITEMS);
        Ok(Page { items, next, is_cut })
    }

    /// The page behind another one. `path` is that of the first, with its query.
    pub(super) async fn next_page(&mut self, path: &str, token: &str) -> Result<Page, Trouble> {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.page(&format!("{path}{mark}page-token={}", percent_encoded(token))).await
    }

    /// Sends a POST, once and never again.
    pub(super) async fn post(&mut self, path: &str, json: &str) -> Posted {
        let Ok(url) = self.address(path) else { return Posted::NotSent };
        if self.until <= Instant::now() {
            return Posted::NotSent;
        }
        let result = self.send(url, Some(json)).await;
        match result {
            Ok(answer) => Posted::Answer(Box::new(answer)),
            Err(NoAnswer::NotSent) => Posted::NotSent,
            Err(NoAnswer::Late) => Posted::Lost("no answer in time"),
            Err(NoAnswer::Broken) => Posted::Lost("the connection broke"),
            Err(NoAnswer::TooLarge | NoAnswer::Garbage) => Posted::Lost("no JSON"),
        }
    }

    fn address(&self, path: &str) -> Result<Url, Trouble> {
        self.origin.join(path).map_err(|_| Trouble::said("404"))
    }

    async fn send(&mut self, url: Url, json: Option<&str>) -> Result<Answer, NoAnswer> {
        let (header, token, until) = (HEADER, self.token, self.until);
        let result = self.client.call(&Call { url, header, token, json, until }).await;
        self.sent += u32::from(!matches!(result, Err(NoAnswer::NotSent)));
        result
    }

    /// One answer. Once in a diagnosis, what may pass by itself is asked again.
    async fn once_or_twice(&mut self, url: &Url) -> Result<Answer, Trouble> {
        let first = self.try_once(url).await?;
        let Some(wait) = self.wait(&first).filter(|_| !self.has_retried) else {
            return self.settled(first);
        };
        if self.left() == 0 || Instant::now() + wait >= self.until {
            return self.settled(first);
        }
        self.has_retried = true;
        tokio::time::sleep(wait).await;
        let second = self.try_once(url).await?;
        self.settled(second)
    }

    async fn try_once(&mut self, url: &Url) -> Result<Result<Answer, NoAnswer>, Trouble> {
        if self.left() == 0 {
            return Err(Trouble::said("no answer within 8 requests"));
        }
        if self.until <= Instant::now() {
            return Err(Trouble::said("no answer in time"));
        }
        Ok(self.send(url.clone(), None).await)
    }

    /// How long to wait before a try that may end otherwise; `None`: it would not.
    fn wait(&self, result: &Result<Answer, NoAnswer>) -> Option<Duration> {
        match result {
            Ok(answer) if answer.status == 429 => {
                Some(self.asked_for(answer).unwrap_or(WAIT)).filter(|wait| *wait <= MOST_WAIT)
            }
            Ok(answer) if matches!(answer.status, 408 | 502 | 503 | 504) => Some(WAIT),
            Err(NoAnswer::Broken | NoAnswer::NotSent) => Some(WAIT),
            Ok(_) | Err(NoAnswer::Late | NoAnswer::TooLarge | NoAnswer::Garbage) => None,
        }
    }

    fn asked_for(&self, answer: &Answer) -> Option<Duration> {
        retry_after(answer.header("retry-after")?, self.client.ambient().now())
    }

    fn settled(&self, result: Result<Answer, NoAnswer>) -> Result<Answer, Trouble> {
        match result {
            Ok(answer) if answer.status == 429 => Err(Trouble::Limited(self.asked_for(&answer))),
            Ok(answer) => Ok(answer),
            Err(NoAnswer::Late) => Err(Trouble::said("no answer in time")),
            Err(NoAnswer::NotSent | NoAnswer::Broken) => Err(Trouble::said("no connection")),
            Err(NoAnswer::TooLarge) => Err(Trouble::said("an answer over 4 MiB")),
            Err(NoAnswer::Garbage) => Err(Trouble::said("no JSON")),
        }
    }

    /// The document of an answer, or why it is none.
    fn read(answer: &Answer) -> Result<Value, Trouble> {
        let document = document(answer);
        match (answer.status, &document) {
            (401, _) => Err(Trouble::Refused),
            (403, Some(_)) => Err(Trouble::Forbidden),
            (404, Some(_)) => Err(Trouble::NotFound),
            (200..=299 | 403 | 404, None) if answer.is_html() => Err(Trouble::said("an HTML page")),
            (200..=299, _) => document.ok_or_else(|| Trouble::said("no JSON")),
            (status, _) => Err(Trouble::Unavailable(status.to_string())),
        }
    }
}

/// The JSON object of an answer.
pub(super) fn document(answer: &Answer) -> Option<Value> {
    if answer.is_html() {
        return None;
    }
    serde_json::from_slice(&answer.body).ok().filter(Value::is_object)
}

/// The message of an answer in CircleCI's words.
pub(super) fn message(answer: &Answer, redactor: &Redactor) -> String {
    if answer.is_html() {
        return "an HTML page".to_owned();
    }
    let document = document(answer).unwrap_or_default();
    let of_errors = || {
        list(field(&document, &["errors"]))
            .iter()
            .find_map(|error| text(field(error, &["message"])))
    };
    match text(field(&document, &["message"])).or_else(of_errors) {
        Some(message) => redactor.line(message, 200),
        None => "without a message".to_owned(),
    }
}
