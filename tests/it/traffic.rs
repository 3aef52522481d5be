//! How much is asked, of whom, and over how many connections.

use std::time::Duration;

use crate::stand_in::{
    Certificate, Entry, Image, Index, Lie, Options, Origin, Protocols, Route, StandIn,
    longest_sequence,
};
use crate::support::{Gate, requests, with_time};

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
    Registry: GET ManifestByDigest x5
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

/// Everything of one image over TLS, where a token is there only when the registry has so many connections.
fn opened_ahead(connections: u64, protocols: Protocols) -> StandIn {
    let stand_in =
        together(Options { tls: Some(Certificate::Good), protocols, ..Options::default() });
    stand_in.lie(Route::Token, Lie::AfterConnections(Origin::Registry, connections));
    if protocols == Protocols::Http1 {
        // The storage serves no connection before all that are needed are being made.
        let all = Lie::AfterConnections(Origin::Storage, 6);
        stand_in.lie(Route::Connection(Origin::Storage), all);
    }
    let log = verified(&stand_in);
    assert_eq!(longest_sequence(&log), 4);
    assert!(log.iter().all(|entry| entry.route != Route::Ping), "nothing is sent ahead");
    stand_in
}

#[test]
fn over_tls_the_registry_is_connected_to_while_the_token_is_asked_for() {
    let stand_in = opened_ahead(1, Protocols::Both);
    assert_eq!(stand_in.connections(Origin::Registry), 1);
}

#[test]
fn over_http1_what_an_image_needs_side_by_side_is_opened_while_the_token_is_asked_for() {
    let stand_in = opened_ahead(8, Protocols::Http1);
    let connections =
        [Origin::Api, Origin::Registry, Origin::Storage].map(|origin| stand_in.connections(origin));
    assert_eq!(connections, [1, 8, 6]);
}

#[test]
fn a_connection_that_is_opened_ahead_and_breaks_does_not_matter() {
    for lie in [Lie::reset(), Lie::close(), Lie::raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")] {
        let stand_in = together(Options { tls: Some(Certificate::Good), ..Options::default() });
        stand_in.lie(Route::Connection(Origin::Registry).first(1), lie);
        let log = verified(&stand_in);
        assert_eq!(stand_in.connections(Origin::Registry), 2);
        assert_eq!(log.len(), 16);
    }
}

#[test]
fn nothing_waits_for_the_control_but_the_verdict() {
    // The control is answered when all layers have been asked for.
    let together = vec![(vec![Route::Control, Route::Storage], 7)];
    let stand_in = StandIn::start(Options { together, ..Options::default() });
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    verified(&stand_in);
    stand_in.clear_log();
    stand_in.lie(Route::Control, Lie::AffirmAs("latest-dev".to_owned()));
    let run = Gate::at(&stand_in).image("keepkey/support-email:latest-dev").run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     registry-not-honest"), "{}", run.stdout);
}

#[test]
fn the_layers_do_not_wait_for_the_immutable_tag_and_the_verdict_does() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in.image(REPOSITORY, "v1-dev", Image::empty());
    stand_in.lie(Route::ManifestByTag.containing("/v1-dev"), Lie::After(Route::Storage, 6));
    let config = format!(
        "registry: {}\nenvironments:\n  development: {{ tag: latest-dev, immutable_tag: v1-dev }}\nservices:\n  support-email: {{}}\n",
        stand_in.reference("keepkey")
    );
    let gate = Gate::at(&stand_in).file("verify-registry-image.yml", config);
    let run = gate.args("--environment development").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     immutable-tag-differs"), "{}", run.stdout);
}

/// Twenty images in as many repositories.
fn twenty(stand_in: &StandIn) -> Gate<'_> {
    (0..20).fold(Gate::at(stand_in), |gate, number| {
        let repository = format!("keepkey/service-{number}");
        stand_in.image(&repository, "latest-dev", Image::node_on_alpine());
        gate.image(&format!("{repository}:latest-dev"))
    })
}

#[test]
fn a_429_is_one_wait_for_all_who_ask_that_host() {
    let together = vec![(vec![Route::Token], 20)];
    let stand_in = StandIn::start(Options { together, ..Options::default() });
    stand_in.lie(Route::Token.first(21), Lie::too_many(Some("0")));
    let run = twenty(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    // All at once, one for all in vain, and then one before the others.
    let asked = stand_in.asked(&Route::Token);
    assert_eq!(asked.len(), 20 + 1 + 20);
    let alone = |place: usize| asked[place].end.unwrap() < asked[place + 1].start;
    assert!(alone(20) && alone(21), "{:?}", &asked[20..23]);
}

#[test]
fn a_429_that_stays_is_tried_four_times_for_all() {
    let together = vec![(vec![Route::Token], 20)];
    let stand_in = StandIn::start(Options { together, ..Options::default() });
    stand_in.lie(Route::Token, Lie::too_many(Some("0")));
    let run = twenty(&stand_in).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert_eq!(stand_in.asked(&Route::Token).len(), 20 + 3);
    assert_eq!(
        run.stdout.matches("429, too many requests (4 tries)").count(),
        40,
        "{}",
        run.stdout
    );
}

#[test]
fn what_a_host_still_answers_is_spread_until_it_counts_again() {
    let line = with_time(Duration::from_secs(3), |time| {
        let stand_in = StandIn::honest();
        let gate = twenty(&stand_in).args("--jobs 1");
        #[expect(clippy::disallowed_methods, reason = "the program compares it with its own clock")]
        let reset = jiff::Timestamp::now() + time;
        let headers = [
            ("ratelimit-remaining", "3".to_owned()),
            ("ratelimit-reset", reset.as_second().to_string()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        stand_in.lie(Route::Token.first(1), Lie::Headers(headers));
        let run = gate.run();
        assert_eq!(run.code, Some(0), "{}", run.snapshot());
        assert_eq!(stand_in.asked(&Route::Token).len(), 20);
        // On a busy machine the time may be over before the answer is read.
        let line = run.stderr.lines().find(|line| line.contains("more requests in the next"));
        line.map(str::to_owned)
    });
    assert!(
        line.ends_with("s and the run needs at least 19, so they are spread over that time"),
        "{line}"
    );
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
