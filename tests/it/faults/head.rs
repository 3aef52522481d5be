//! Registries at which `HEAD` does not work: this program sends none.

use super::{IMAGE, lying, requests};
use crate::stand_in::{Lie, Route, StandIn};
use crate::support::Gate;

/// The stand-in does refuse a `HEAD`; the program does not notice.
#[track_caller]
fn assert_green_without_head(stand_in: &StandIn) -> String {
    let run = Gate::at(stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(stand_in.log().iter().all(|entry| entry.method == "GET"));
    requests(stand_in)
}

#[test]
fn a_registry_that_refuses_head_on_blobs_is_green() {
    let stand_in = lying(Route::Blob.method("HEAD"), Lie::status(403));
    stand_in.lie(Route::Storage.method("HEAD"), Lie::status(403));
    insta::assert_snapshot!(assert_green_without_head(&stand_in), @"
    1 x Api: GET Token -> 200
    6 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    1 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}

#[test]
fn a_registry_that_refuses_head_on_manifests_is_green() {
    let stand_in = lying(Route::ManifestByTag.method("HEAD"), Lie::status(405));
    insta::assert_snapshot!(assert_green_without_head(&stand_in), @"
    1 x Api: GET Token -> 200
    6 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    1 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}
