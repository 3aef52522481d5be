//! Frames of HTTP/2 that end or break a stream.

use super::brief;
use crate::faults::{IMAGE, TWO_TRIES, with_image};
use crate::stand_in::{Certificate, Lie, Options, Origin, Route};
use crate::support::Gate;

/// A frame: type, flags, stream, payload.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a small frame").to_be_bytes();
    let mut bytes = vec![0, length[0], length[1], kind, flags, 0, 0, 0, stream];
    bytes.extend_from_slice(payload);
    bytes
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200`.
const OK: &[u8] = &[0x88];

/// What a run says of a token server that answers with these frames, and how often it was asked.
fn said(frames: &[Vec<u8>]) -> String {
    let stand_in = with_image(Options { tls: Some(Certificate::Good), ..Options::default() });
    stand_in.lie(Route::Token, Lie::raw(&frames.concat()));
    let run = Gate::at(&stand_in).args(TWO_TRIES).image(IMAGE).run();
    let (tries, connections) =
        (stand_in.asked(&Route::Token).len(), stand_in.connections(Origin::Api));
    format!("{}requests: {tries}, connections: {connections}\n", brief(&run))
}

#[test]
fn a_refused_stream_is_tried_a_bounded_number_of_times() {
    insta::assert_snapshot!(said(&[frame(GOAWAY, 0, 0, &[0; 8])]), @"
    exit code: 3
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
    requests: 2, connections: 2
    ");
    insta::assert_snapshot!(said(&[frame(RST_STREAM, 0, 1, &[0, 0, 0, 7])]), @"
    exit code: 3
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
    requests: 2, connections: 2
    ");
    // `ENHANCE_YOUR_CALM`.
    insta::assert_snapshot!(said(&[frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11])]), @"
    exit code: 3
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
    requests: 2, connections: 2
    ");
}

#[test]
fn a_broken_stream_is_no_verdict() {
    let head = || frame(HEADERS, END_HEADERS, 1, OK);
    let reset = frame(RST_STREAM, 0, 1, &[0, 0, 0, 2]);
    insta::assert_snapshot!(said(&[head(), frame(DATA, 0, 1, b"{\"t"), reset]), @"
    exit code: 3
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
    requests: 2, connections: 2
    ");
    // `content-length: 10`, and three bytes.
    let length = [OK, &[0x0f, 0x0d, 2, b'1', b'0']].concat();
    let data = frame(DATA, END_STREAM, 1, b"{ }");
    insta::assert_snapshot!(said(&[frame(HEADERS, END_HEADERS, 1, &length), data]), @"
    exit code: 3
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
    requests: 2, connections: 2
    ");
    // Headers that no table holds.
    insta::assert_snapshot!(said(&[frame(HEADERS, END_HEADERS, 1, &[0xff, 0xff, 0xff])]), @"
    exit code: 3
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
    requests: 2, connections: 2
    ");
}

#[test]
fn a_flood_of_empty_frames_is_no_verdict() {
    let mut flood = vec![frame(HEADERS, END_HEADERS, 1, OK)];
    flood.extend(std::iter::repeat_n(frame(DATA, 0, 1, b""), 100_000));
    insta::assert_snapshot!(said(&flood), @"
    exit code: 3
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the token: `[api]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
    requests: 2, connections: 2
    ");
}
