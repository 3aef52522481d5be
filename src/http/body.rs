//! Reads a body: as much as is wanted, and never more than its limit.

use crate::http::retry::Mishap;
use crate::http::trouble::Trouble;
use crate::http::{MOST_SMALL, Want};

/// Reads as much of a body as is wanted, and never more than its limit.
pub(crate) async fn read(
    response: &mut reqwest::Response,
    status: u16,
    want: Want,
) -> Result<Vec<u8>, Trouble> {
    let success = (200..300).contains(&status);
    // Its head tells the size; docker-registry announces the blob's length for the body, too.
    if status == 416 && matches!(want, Want::LastByte(_)) {
        return Ok(Vec::new());
    }
    let most = match want {
        Want::All(most) if success => most,
        Want::LastByte(_) if success => 1,
        Want::All(_) | Want::LastByte(_) => MOST_SMALL,
    };
    let is_whole_wanted = success && !matches!(want, Want::LastByte(_));
    let too_large = || {
        let said = format!("the answer is larger than {most} bytes");
        Trouble::new(Mishap::TooLarge, said)
    };
    if is_whole_wanted && response.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(body),
            Err(error) => {
                let trouble = Trouble::of(&error);
                let is_empty_promise = success && body.is_empty() && trouble.is_empty_promise;
                return Err(Trouble { is_empty_promise, ..trouble });
            }
        };
        let room = most - body.len();
        if chunk.len() > room {
            if is_whole_wanted {
                return Err(too_large());
            }
            body.extend_from_slice(chunk.get(..room).unwrap_or_default());
            return Ok(body);
        }
        body.extend_from_slice(&chunk);
    }
}
