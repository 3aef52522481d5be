//! Reads a body into a [`Pour`].

use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

use crate::http::REQUEST_TIMEOUT;
use crate::http::body::{self, Plan};
use crate::http::failure::FailedTry;
use crate::http::message::{Length, codings};
use crate::http::pour::Pour;
use crate::http::retry::Failure;

/// How long a body may stall before the try has failed.
const SILENCE: Duration = Duration::from_secs(30);

/// Streams the body of a success to the reader, without what has arrived before.
pub(super) async fn pour(
    pour: &Pour,
    response: &mut Response,
) -> Result<(Vec<u8>, Length), FailedTry> {
    let begins = pour.begin(response)?;
    let announced = response.content_length();
    let is_coded = !codings(response.headers()).is_empty();
    if is_coded || announced.is_some_and(|length| length != pour.size - begins) {
        // Not the blob's body: read its beginning, which shows what it is.
        let beginning = body::read(response, Plan::beginning());
        return timeout(REQUEST_TIMEOUT, beginning).await.unwrap_or_else(|_| {
            let said = format!("not complete after {} s", REQUEST_TIMEOUT.as_secs());
            Err(FailedTry::new(Failure::TimedOut, said))
        });
    }
    let mut known = pour.poured() - begins;
    let mut came = 0_u64;
    let is_closed_at_its_end = body::is_closed_at_its_end(response);
    loop {
        let next = timeout(SILENCE, response.chunk()).await;
        let chunk = match next {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) if is_closed_at_its_end && !pour.is_whole() => {
                let said = "the connection was closed before the answer was complete";
                return Err(FailedTry::new(Failure::Cut, said));
            }
            Ok(Ok(None)) => return Ok((pour.start(), Length::Ended(pour.poured()))),
            // All announced bytes are here; only the orderly end is missing.
            Ok(Err(_)) | Err(_) if pour.is_whole() => {
                return Ok((pour.start(), Length::Ended(pour.size)));
            }
            Ok(Err(error)) => return Err(FailedTry::of_success(&error, came)),
            Err(_) => {
                let said = format!("no data arrived for {} s", SILENCE.as_secs());
                return Err(FailedTry::new(Failure::TimedOut, said));
            }
        };
        came = came.saturating_add(chunk.len() as u64);
        let old = usize::try_from(known).unwrap_or(usize::MAX).min(chunk.len());
        known -= old as u64;
        let chunk = chunk.get(old..).unwrap_or_default();
        if chunk.len() as u64 > pour.size - pour.poured() {
            return Ok((pour.start(), Length::Beyond(pour.size)));
        }
        if !pour.give(chunk).await {
            return Ok((pour.start(), Length::Beyond(pour.poured())));
        }
    }
}
