//! Requests to CircleCI's API, whose token has a header of its own.
//!
//! Unlike [`Client::get`], a call is never retried, and every status is returned: its caller counts each try.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use super::body::{self, Plan};
use super::failure::FailedTry;
use super::message::{Answer, Want, host_of};
use super::retry::Failure;
use super::{Client, MOST_CONTENT, wire};
use crate::progress::Loudness;
use crate::secret::Secret;

const JSON: &str = "application/json";

/// One request: a GET, or the POST of a JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) url: Url,
    /// The header that holds the token.
    pub(crate) header: &'static str,
    pub(crate) token: &'a Secret,
    /// The body of a POST; `None` for a GET.
    pub(crate) json: Option<&'a str>,
    /// When to stop waiting.
    pub(crate) until: Instant,
}

/// A call without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// No connection, so that nothing was sent.
    NotSent,
    /// The connection broke.
    Broken,
    /// No answer in time.
    Late,
    /// More than is read.
    TooLarge,
    /// Not HTTP.
    Garbage,
}

impl NoAnswer {
    fn of(failed: &FailedTry) -> Self {
        match failed.failure {
            Failure::NoConnection | Failure::Tls | Failure::NotTls => Self::NotSent,
            Failure::TimedOut => Self::Late,
            Failure::Cut | Failure::BrokenOff | Failure::NeverCame => Self::Broken,
            Failure::TooLarge => Self::TooLarge,
            Failure::Garbage | Failure::Status(_) => Self::Garbage,
        }
    }
}

impl Client {
    /// Sends a call once.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        let result = match timeout_at(call.until, Box::pin(self.exchange_call(call))).await {
            Ok(result) => result.map_err(|failed| NoAnswer::of(&failed)),
            Err(_) => Err(NoAnswer::Late),
        };
        self.say_call(call, started.elapsed(), &result);
        result
    }

    async fn exchange_call(&self, call: &Call<'_>) -> Result<Answer, FailedTry> {
        let Call { url, header, token, json, until: _ } = call;
        let no_tls = |_| FailedTry::new(Failure::Tls, "TLS failed");
        let origin = self.origin(url).map_err(no_tls)?;
        let turn = origin.turn().await;
        let mut sent = wire::with_body(url, json.map(|json| (json, JSON)));
        let headers = sent.headers_mut();
        headers.insert("accept", HeaderValue::from_static(JSON));
        wire::insert_secret(headers, HeaderName::from_static(header), token.expose().to_owned());
        let mut response = origin.send(sent, turn).await.map_err(|error| FailedTry::of(&error))?;
        let status = response.status().as_u16();
        let plan = Plan::of(&response, Want::All(MOST_CONTENT), &self.0.meter);
        let (body, length) = body::read(&mut response, plan).await?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { host: host_of(url), status, headers, body, length, url: url.clone() })
    }

    fn say_call(&self, call: &Call<'_>, took: Duration, result: &Result<Answer, NoAnswer>) {
        let method = if call.json.is_some() { "POST" } else { "GET" };
        let end = match result {
            Ok(answer) => answer.status.to_string(),
            Err(why) => format!("no answer ({why:?})"),
        };
        let mut url = call.url.clone();
        url.set_query(None);
        let line = format!("{method} {url} -> {end} ({} ms)", took.as_millis());
        self.0.progress.say(Loudness::Requests, &line);
    }
}
