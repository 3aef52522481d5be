//! Connections that break, and bytes that are no HTTP.

use std::time::Duration;

use super::{table, verdict, verdict_on};
use crate::faults::{filled, gate};
use crate::stand_in::{End, Lie, Origin, Route};

#[test]
fn a_connection_that_breaks_at_any_point_is_tried_again_and_proves_nothing() {
    let cases = [
        ("closed before the answer", Lie::close()),
        ("reset before the answer", Lie::reset()),
        ("closed in the body", Lie::CutAfter(100, End::Close)),
        ("reset in the body", Lie::CutAfter(100, End::Reset)),
        ("shorter than its length", Lie::Truncated(1)),
    ];
    let table = table(&cases, |lie| {
        let (stand_in, _) = filled();
        stand_in.lie(Route::ManifestByTag, lie.clone());
        let told = verdict(gate(&stand_in).args("--deadline 2s"));
        format!("{told}\n    asked {} times", stand_in.asked(&Route::ManifestByTag).len())
    });
    insta::assert_snapshot!(table, @"
    closed before the answer: exit 3, tag-exists errored
        reason: connection-failed
        message: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        hint: Look at the network, the proxy and the host's name.
        asked 2 times
    reset before the answer: exit 3, tag-exists errored
        reason: connection-failed
        message: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        hint: Look at the network, the proxy and the host's name.
        asked 2 times
    closed in the body: exit 3, tag-exists errored
        reason: connection-failed
        message: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        hint: Look at the network, the proxy and the host's name.
        asked 2 times
    reset in the body: exit 3, tag-exists errored
        reason: connection-failed
        message: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        hint: Look at the network, the proxy and the host's name.
        asked 2 times
    shorter than its length: exit 3, tag-exists errored
        reason: connection-failed
        message: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        hint: Look at the network, the proxy and the host's name.
        asked 2 times
    ");
}

#[test]
fn a_connection_that_breaks_once_is_only_a_delay() {
    let cases = [("closed", Lie::close()), ("cut", Lie::CutAfter(100, End::Close))];
    let table = table(&cases, |lie| {
        let (stand_in, _) = filled();
        stand_in.lie(Route::ManifestByTag.first(1), lie.clone());
        stand_in.lie(Route::Storage.first(1), lie.clone());
        verdict_on("layers-present", gate(&stand_in))
    });
    insta::assert_snapshot!(table, @"
    closed: exit 0, layers-present passed
        message: config and layers can be pulled (6 blobs)
    cut: exit 0, layers-present passed
        message: config and layers can be pulled (6 blobs)
    ");
}

/// A body that is cut where its JSON happens to be complete is no shorter document.
#[test]
fn a_document_that_is_cut_where_it_could_have_ended_is_not_read() {
    let (stand_in, _) = filled();
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"token\":\"eyJ.eyJ.sig\"}";
    stand_in.lie(Route::Token, Lie::raw(cut));
    insta::assert_snapshot!(verdict(gate(&stand_in).args("--deadline 2s")), @"
    exit 3, tag-exists errored
        reason: connection-failed
        message: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        hint: Look at the network, the proxy and the host's name.
    ");
    assert!(stand_in.asked_at(Origin::Registry).is_empty());
}

#[test]
fn an_answer_that_comes_too_slowly_ends_at_the_deadline() {
    let cases = [
        ("a byte every 100 ms", Lie::Slow(Duration::from_millis(100))),
        ("a head without a body", Lie::HangAfterHead),
        ("nothing", Lie::Hang),
    ];
    let table = table(&cases, |lie| {
        let (stand_in, _) = filled();
        stand_in.lie(Route::ManifestByTag, lie.clone());
        verdict(gate(&stand_in).args("--deadline 2s"))
    });
    insta::assert_snapshot!(table, @"
    a byte every 100 ms: exit 3, tag-exists errored
        reason: deadline-passed
        message: the manifest of `latest-dev`: `[registry]` had not answered when the run's deadline passed
        hint: Give the run a longer --deadline, or find out why the registry is slow.
    a head without a body: exit 3, tag-exists errored
        reason: deadline-passed
        message: the manifest of `latest-dev`: `[registry]` had not answered when the run's deadline passed
        hint: Give the run a longer --deadline, or find out why the registry is slow.
    nothing: exit 3, tag-exists errored
        reason: deadline-passed
        message: the manifest of `latest-dev`: `[registry]` had not answered when the run's deadline passed
        hint: Give the run a longer --deadline, or find out why the registry is slow.
    ");
}

#[test]
fn what_is_not_http_is_not_asked_for_again() {
    let huge = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(150));
    let cases: [(&str, &[u8]); 8] = [
        ("a banner", b"220 mail.example ESMTP\r\n"),
        ("binary", b"\x00\x01\x02\xff\xfe\r\n\r\n"),
        ("an odd version", b"HTTP/9.9 200 OK\r\n\r\n"),
        ("a status of 2 digits", b"HTTP/1.1 99 What\r\n\r\n"),
        ("a header with a control character", b"HTTP/1.1 200 OK\r\nx: \x1b[2J\r\n\r\n"),
        ("two lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
        ("a header of 1 MiB", huge.as_bytes()),
        ("150 headers", many.as_bytes()),
    ];
    let table = table(&cases, |bytes| {
        let (stand_in, _) = filled();
        stand_in.lie(Route::ManifestByTag, Lie::raw(bytes));
        let told = verdict(gate(&stand_in).args("--deadline 2s"));
        format!("{told}\n    asked {} times", stand_in.asked(&Route::ManifestByTag).len())
    });
    insta::assert_snapshot!(table, @"
    a banner: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: what it sent is not HTTP
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    binary: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: what it sent is not HTTP
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    an odd version: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: what it sent is not HTTP
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    a status of 2 digits: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: what it sent is not HTTP
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    a header with a control character: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: what it sent is not HTTP
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    two lengths: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: what it sent is not HTTP
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    a header of 1 MiB: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: its answer has more or longer headers than are read
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    150 headers: exit 3, tag-exists errored
        reason: unexpected-answer
        message: the manifest of `latest-dev`: `[registry]`: its answer has more or longer headers than are read
        hint: Look at the host's name and port, and at any proxy in between.
        asked 1 times
    ");
}

#[test]
fn an_answer_of_http_1_0_without_a_length_is_read_to_its_end() {
    let (stand_in, _) = filled();
    let denial = b"HTTP/1.0 404 Not Found\r\ncontent-type: application/json\r\n\r\n{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}";
    stand_in.lie(Route::ManifestByTag, Lie::raw(denial));
    insta::assert_snapshot!(verdict(gate(&stand_in)), @"
    exit 1, tag-exists failed
        reason: tag-missing
        message: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
        hint: DigitalOcean's API still lists the tag and the registry no longer serves it: it was deleted, or its manifest was collected. Push it again.
        1. Is the push job in this workflow, and does this job require it?
        2. Did the push job fail, or push under another name?
        3. Start a pipeline on `develop`.
    ");
}
