//! Frames of HTTP/2 that end or break a stream.

use super::brief;
use crate::faults::{IMAGE, with_image};
use crate::stand_in::{Certificate, Lie, Options, Origin, Route};
use crate::support::{Gate, side_by_side};

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
fn said(frames: Vec<Vec<u8>>) -> String {
    let stand_in = with_image(Options { tls: Some(Certificate::Good), ..Options::default() });
    let sent: Vec<u8> = frames.into_iter().flatten().collect();
    stand_in.lie(Route::Token, Lie::raw(&sent));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    let (tries, connections) =
        (stand_in.asked(&Route::Token).len(), stand_in.connections(Origin::Api));
    format!("{}requests: {tries}, connections: {connections}\n", brief(&run))
}

#[test]
fn a_refused_stream_is_tried_a_bounded_number_of_times() {
    let enhance_your_calm = [0, 0, 0, 0, 0, 0, 0, 11];
    let [left, refused, calmed] = side_by_side(
        [
            vec![frame(GOAWAY, 0, 0, &[0; 8])],
            vec![frame(RST_STREAM, 0, 1, &[0, 0, 0, 7])],
            vec![frame(GOAWAY, 0, 0, &enhance_your_calm)],
        ],
        said,
    );
    insta::assert_snapshot!(left, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    requests: 4, connections: 4
    ");
    insta::assert_snapshot!(refused, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    requests: 4, connections: 4
    ");
    insta::assert_snapshot!(calmed, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    requests: 4, connections: 4
    ");
}

#[test]
fn a_broken_stream_is_undecided() {
    let head = || frame(HEADERS, END_HEADERS, 1, OK);
    let reset = frame(RST_STREAM, 0, 1, &[0, 0, 0, 2]);
    // `content-length: 10`, and three bytes.
    let length = [OK, &[0x0f, 0x0d, 2, b'1', b'0']].concat();
    let data = frame(DATA, END_STREAM, 1, b"{ }");
    let [reset, short, unknown] = side_by_side(
        [
            vec![head(), frame(DATA, 0, 1, b"{\"t"), reset],
            vec![frame(HEADERS, END_HEADERS, 1, &length), data],
            // Headers that no table holds.
            vec![frame(HEADERS, END_HEADERS, 1, &[0xff, 0xff, 0xff])],
        ],
        said,
    );
    insta::assert_snapshot!(reset, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    requests: 4, connections: 4
    ");
    insta::assert_snapshot!(short, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    requests: 4, connections: 4
    ");
    insta::assert_snapshot!(unknown, @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    requests: 4, connections: 4
    ");
}

#[test]
fn a_flood_of_empty_frames_is_undecided() {
    let mut flood = vec![frame(HEADERS, END_HEADERS, 1, OK)];
    flood.extend(std::iter::repeat_n(frame(DATA, 0, 1, b""), 100_000));
    insta::assert_snapshot!(said(flood), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    requests: 4, connections: 4
    ");
}
