//! The checks as a reader meets them: a sample image, one thing changed, what is then said.

use super::*;
use crate::report::Reason;

mod properties;
pub(super) mod sample;
mod whole_image;

use sample::{Sample, absent, digest, unknown};

#[test]
fn the_checks_are_in_the_order_of_their_ids() {
    let ids: Vec<_> = CHECKS.iter().map(|check| check.id).collect();
    assert_eq!(ids, CheckId::ALL);
}
