//! Prints one line per request, and with `-vv` the names of the headers. Never prints a value of `Authorization` or the
//! query of a redirect.

use std::time::Duration;

use super::failure::FailedTry;
use super::message::{Answer, Request};
use super::{Client, redirect, retry};
use crate::progress::Loudness;

impl Client {
    pub(super) fn say_retry(
        &self,
        failed: &FailedTry,
        what: &str,
        host: &str,
        wait: Duration,
        tries: u32,
    ) {
        let level =
            if wait > Duration::from_secs(10) { Loudness::Normal } else { Loudness::Requests };
        let line = format!(
            "{what}: `{host}`: {}; retrying in {:.1} s (try {} of {})",
            failed.why.message,
            wait.as_secs_f64(),
            tries + 1,
            retry::TRIES
        );
        self.0.progress.say(level, &line);
    }

    pub(super) fn say_request<E>(
        &self,
        request: &Request<'_>,
        is_ranged: bool,
        took: Duration,
        result: &Result<Result<Answer, FailedTry>, E>,
    ) {
        if !self.0.progress.says(Loudness::Requests) {
            return;
        }
        let method = if request.form.is_some() { "POST" } else { "GET" };
        let url = redirect::shown(request);
        let end = match result {
            Ok(Ok(answer)) => answer.status.to_string(),
            Ok(Err(failed)) => failed.why.message.clone(),
            Err(_) => "no answer in time".to_owned(),
        };
        self.0
            .progress
            .say(Loudness::Requests, &format!("{method} {url} -> {end} ({} ms)", took.as_millis()));
        if let Ok(Ok(answer)) = result {
            let names: Vec<&str> =
                answer.headers.keys().map(reqwest::header::HeaderName::as_str).collect();
            let range = is_ranged.then_some("range");
            let fresh = request.fresh.then_some("cache-control");
            let authorization = request.authorization.map(|_| "authorization");
            // Without an `Accept` of ours, reqwest sends `*/*`.
            let sent = ["user-agent", "accept"].into_iter().chain(fresh).chain(range);
            let sent = sent.chain(authorization);
            let sent: Vec<&str> = sent.collect();
            let line = format!("    sent: {}; received: {}", sent.join(", "), names.join(", "));
            self.0.progress.say(Loudness::Headers, &line);
        }
    }
}
