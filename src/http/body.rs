//! Reads a body: as much as is wanted, and never more than its limit.

use std::sync::{Mutex, PoisonError};

use reqwest::{Response, Version};

use crate::http::failure::FailedTry;
use crate::http::message::{Extent, Length};
use crate::http::retry::Failure;
use crate::http::{MOST_SMALL, Want};

/// How many bytes of blobs a run reads at most only to count them.
const MOST_COUNTED: u64 = 1 << 30;

/// What a run may still read of blobs only to count them.
#[derive(Debug)]
pub(crate) struct Meter(Mutex<u64>);

impl Default for Meter {
    fn default() -> Self {
        Self(Mutex::new(MOST_COUNTED))
    }
}

impl Meter {
    /// Takes `wanted` bytes, or what is left of them.
    fn take(&self, wanted: u64) -> u64 {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = wanted.min(*left);
        *left -= taken;
        taken
    }
}

/// How much of a body is read: kept for the reader, and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    kept: usize,
    counted: u64,
}

/// How far a body is read: what was wanted, made definite by the answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    limit: Limit,
    /// A longer body is an error, and not cut at the limit.
    is_whole_wanted: bool,
}

impl Plan {
    /// The plan for an answer of this head. What is to be counted is taken from the run's `meter`.
    pub(crate) fn of(response: &Response, want: Want<'_>, meter: &Meter) -> Self {
        let status = response.status().as_u16();
        let success = (200..300).contains(&status);
        let cut = Self::cut;
        match want {
            Want::All(most) if success => {
                Self { limit: Limit { kept: most, counted: most as u64 }, is_whole_wanted: true }
            }
            // The headers hold the size. docker-registry announces the blob's length for this body, too, so it is not
            // read.
            Want::Extent(extent) if status == 416 && extent.is_ranged => cut(0, 0),
            Want::Extent(extent) if status == 200 => {
                cut(MOST_SMALL, counted(extent, response.content_length(), meter))
            }
            // Reads the requested byte, and one more to see whether the body is longer than that.
            Want::Extent(_) if success => {
                cut(1, u64::from(response.content_length().is_none_or(|length| length <= 1)))
            }
            Want::All(_) | Want::Extent(_) | Want::Pour(_) => Self::beginning(),
        }
    }

    /// The plan for a body of which only the beginning counts.
    pub(super) fn beginning() -> Self {
        Self::cut(MOST_SMALL, MOST_SMALL as u64)
    }

    fn cut(kept: usize, counted: u64) -> Self {
        Self { limit: Limit { kept, counted }, is_whole_wanted: false }
    }

    /// How many bytes are read only to count them: what may take time.
    pub(crate) fn counted(&self) -> u64 {
        if self.is_whole_wanted { 0 } else { self.limit.counted }
    }

    /// Whether nothing of the body is of interest.
    fn is_empty(&self) -> bool {
        self.limit.kept == 0
    }
}

/// How many bytes are read of a blob that comes whole, and whose framing announces `announced` bytes. Where
/// that is another size than the expected one, or none, its beginning shows who answers.
fn counted(extent: Extent, announced: Option<u64>, meter: &Meter) -> u64 {
    let Extent { size, is_ranged: _, most } = extent;
    let beginning = MOST_SMALL as u64;
    match announced {
        Some(announced) if announced != size => beginning,
        // Half of it proves no more than its first byte.
        Some(_) if size > most => 0,
        Some(_) => {
            let granted = meter.take(size);
            if granted == size { size } else { 0 }
        }
        None => meter.take(size.min(most)).max(beginning),
    }
}

/// Reads a body as planned.
pub(crate) async fn read(
    response: &mut Response,
    plan: Plan,
) -> Result<(Vec<u8>, Length), FailedTry> {
    if plan.is_empty() {
        return Ok((Vec::new(), Length::Ended(0)));
    }
    let success = response.status().is_success();
    let announced = response.content_length();
    let Plan { limit, is_whole_wanted } = plan;
    let too_large = || {
        let said = format!("the answer is larger than {} bytes", limit.counted);
        FailedTry::new(Failure::TooLarge, said)
    };
    if is_whole_wanted && announced.is_some_and(|length| length > limit.counted) {
        return Err(too_large());
    }
    let is_closed_at_its_end = is_closed_at_its_end(response);
    let (mut body, mut length) = (Vec::new(), 0_u64);
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) if is_closed_at_its_end => return Ok((body, Length::Closed(length))),
            Ok(None) => return Ok((body, Length::Ended(length))),
            Err(error) => {
                return Err(if success {
                    FailedTry::of_success(&error, length)
                } else {
                    FailedTry::of(&error)
                });
            }
        };
        length = length.saturating_add(chunk.len() as u64);
        let room = chunk.len().min(limit.kept - body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or_default());
        if length > limit.counted {
            if is_whole_wanted {
                return Err(too_large());
            }
            let unread = announced.map_or(Length::Beyond(limit.counted), Length::Announced);
            return Ok((body, unread));
        }
    }
}

/// Whether the body ends where the connection does, so that a cut looks like an end.
pub(super) fn is_closed_at_its_end(response: &Response) -> bool {
    response.version() <= Version::HTTP_11
        && response.content_length().is_none()
        && !response.headers().contains_key("transfer-encoding")
}
