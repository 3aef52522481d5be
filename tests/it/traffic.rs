//! How much is asked, of whom, and over how many connections.

use crate::stand_in::{
    Certificate, Entry, Image, Index, Options, Origin, Route, StandIn, longest_sequence,
};
use crate::support::{Gate, requests};

const REPOSITORY: &str = "keepkey/support-email";

/// A stand-in that answers what is to be asked side by side only when all of it has arrived.
fn together(options: Options) -> StandIn {
    let together = vec![
        (vec![Route::ManifestByTag, Route::Control], 2),
        (vec![Route::Blob, Route::ManifestByDigest], 7),
        (vec![Route::Storage], 6),
    ];
    let stand_in = StandIn::start(Options { together, ..options });
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in
}

/// A run that must be VERIFIED.
#[track_caller]
fn verified(stand_in: &StandIn) -> Vec<Entry> {
    let run = Gate::at(stand_in).image("keepkey/support-email:latest-dev").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    stand_in.log()
}

#[test]
fn a_yes_costs_a_token_a_manifest_a_control_and_a_request_a_blob() {
    let stand_in = together(Options::default());
    let log = verified(&stand_in);
    insta::assert_snapshot!(requests(&stand_in), @"
    Api: GET Token x1
    Registry: GET Blob x6
    Registry: GET Control x1
    Registry: GET ManifestByDigest x1
    Registry: GET ManifestByTag x1
    Storage: GET Storage x6
    ");
    assert_eq!(longest_sequence(&log), 4, "token, manifest, blobs, storage");
}

#[test]
fn without_redirects_the_blobs_cost_half() {
    let stand_in = together(Options { redirect_blobs: false, ..Options::default() });
    let log = verified(&stand_in);
    insta::assert_snapshot!(requests(&stand_in), @"
    Api: GET Token x1
    Registry: GET Blob x6
    Registry: GET Control x1
    Registry: GET ManifestByDigest x1
    Registry: GET ManifestByTag x1
    ");
    assert_eq!(longest_sequence(&log), 3, "token, manifest, blobs");
}

#[test]
fn the_number_of_tags_costs_nothing() {
    let mut counted = Vec::new();
    for tags in [10, 10_000] {
        let stand_in = together(Options::default());
        let small = Image::empty().layer("x", "COPY");
        for number in 0..tags {
            stand_in.image(REPOSITORY, &format!("build-{number}"), small.clone());
        }
        let log = verified(&stand_in);
        counted.push((requests(&stand_in), longest_sequence(&log)));
        assert!(log.iter().all(|entry| entry.origin != Origin::Api || entry.route == Route::Token));
    }
    assert_eq!(counted[0], counted[1]);
}

#[test]
fn a_layer_that_platforms_share_is_asked_for_once() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Index::of_two_platforms(&Image::node_on_alpine()));
    verified(&stand_in);
    insta::assert_snapshot!(requests(&stand_in), @"
    Api: GET Token x1
    Registry: GET Blob x7
    Registry: GET Control x1
    Registry: GET ManifestByDigest x3
    Registry: GET ManifestByTag x1
    Storage: GET Storage x7
    ");
}

#[test]
fn over_tls_every_host_has_one_connection() {
    let stand_in = together(Options { tls: Some(Certificate::Good), ..Options::default() });
    let log = verified(&stand_in);
    for origin in [Origin::Api, Origin::Registry, Origin::Storage] {
        assert_eq!(stand_in.connections(origin), 1, "{origin:?}");
    }
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
    let versions: Vec<_> = log.iter().map(|entry| entry.version.as_str()).collect();
    assert!(versions.iter().all(|version| *version == "HTTP/2.0"), "{versions:?}");
    assert_eq!(longest_sequence(&log), 4);
}

#[test]
fn many_images_share_a_connection_and_what_they_have_in_common() {
    let together = vec![(vec![Route::ManifestByTag], 20)];
    let stand_in =
        StandIn::start(Options { tls: Some(Certificate::Good), together, ..Options::default() });
    let mut gate = Gate::at(&stand_in);
    for number in 0..20 {
        let tag = format!("build-{number}");
        stand_in.image(REPOSITORY, &tag, Image::node_on_alpine());
        gate = gate.image(&format!("{REPOSITORY}:{tag}"));
    }
    let run = gate.args("--jobs 20").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    insta::assert_snapshot!(requests(&stand_in), @"
    Api: GET Token x1
    Registry: GET Blob x120
    Registry: GET Control x1
    Registry: GET ManifestByDigest x20
    Registry: GET ManifestByTag x20
    Storage: GET Storage x120
    ");
    assert_eq!(stand_in.connections(Origin::Registry), 1);
}

#[test]
fn the_token_goes_to_the_api_and_nobody_else_is_asked() {
    let stand_in = together(Options::default());
    // A yes, and a no that the API explains.
    verified(&stand_in);
    let run = Gate::at(&stand_in).image("keepkey/support-email:never-pushed").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    for entry in stand_in.log() {
        let (carries, scheme) = match entry.origin {
            Origin::Api if entry.route == Route::Token => (true, Some("Basic")),
            Origin::Api => (true, Some("Bearer")),
            Origin::Registry => (false, Some("Bearer")),
            Origin::Storage => (false, None),
            Origin::Elsewhere => panic!("{}", entry.line()),
        };
        let seen = (entry.carries_token, entry.authorization.as_deref());
        assert_eq!(seen, (carries, scheme), "{}", entry.line());
        assert!(!entry.header_names.contains(&"referer".to_owned()), "{}", entry.line());
        assert!(!entry.header_names.contains(&"cookie".to_owned()), "{}", entry.line());
    }
}
