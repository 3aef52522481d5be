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

#[test]
fn each_check_says_in_one_line_when_it_passes() {
    let lines: Vec<_> =
        CHECKS.iter().map(|check| format!("{:<18}{}", check.id, check.id.title())).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    registry-honest   the registry denies a random tag that cannot exist
    repository-exists the registry serves the repository
    tag-exists        the registry serves a manifest for the tag
    manifest-intact   manifest and config hash to their digests and are a container image
    digest-expected   the tag names the digest that was pushed (`--expect-digest`)
    revision-expected the image says that it was built from this commit (`--expect-revision`)
    immutable-tag     the tag that never moves names the same digest (`immutable_tag`)
    platform          each wanted platform has a manifest (`--platform`)
    layers-present    the config and every layer can be pulled, in the size that the manifest says
    content-intact    every byte of every layer hashes to its digest, and unpacked to its `diff_id` (`--content`)
    engines           every wanted engine pulls this image (`--engine`)
    facts-expected    the image says of itself what the config declares (`expect`)
    port              the image exposes the port, or sets `PORT` to it (`--port`)
    runtime           the image shows the declared language and base (`runtime`)
    ");
}
