//! Which rows a layer meets by how it is packed, and by what it unpacks to.

use super::rules::{LAYER_DIFF_ID, LAYER_PACKED_OTHERWISE, LAYER_PACKING, LAYER_SKIPPABLE};
use super::{Refusal, Rule};
use crate::oci::Digest;

/// The row of a layer that does not unpack to its end.
pub fn of_unpacking(why: &str) -> Refusal {
    met(&LAYER_PACKING, format!("does not unpack to its end: {why}"))
}

/// The row of a layer that is packed in a way that only some engines know.
pub fn of_other_packing(name: &str) -> Refusal {
    met(&LAYER_PACKED_OTHERWISE, format!("is packed with {name}"))
}

/// The row of a zstd layer that begins with what is skipped.
pub fn of_skipped_start() -> Refusal {
    met(&LAYER_SKIPPABLE, "begins with a skippable frame of zstd".to_owned())
}

/// The row of a layer that unpacks to `found` where its config says `diff_id`.
pub fn of_unpacked(found: &Digest, diff_id: &Digest) -> Option<Refusal> {
    (found != diff_id).then(|| met(&LAYER_DIFF_ID, format!("unpacks to `{found}`")))
}

fn met(rule: &'static Rule, what: String) -> Refusal {
    Refusal { rule, what }
}
