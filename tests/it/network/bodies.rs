//! An answer that does not come whole, not in time, or is no HTTP.

use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use super::servers::{RawServer, head_of};
use super::{brief, registry_at};
use crate::faults::{IMAGE, lying, requests, until_the_deadline, with_image, with_requests};
use crate::stand_in::{Answer, Auth, End, Lie, Options, Part, Route};
use crate::support::{Gate, side_by_side};

#[test]
fn a_connection_that_is_closed_before_the_response_is_tried_again() {
    let stand_in = lying(Route::Token, Lie::close());
    let gate = Gate::at(&stand_in).image(IMAGE);
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
      [checks of the manifest] errored: the token: `[api]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.

      service    support-email
    ----- stderr
    ----- asked
    4 x Api: GET Token -> no answer
    ");
}

#[test]
fn a_body_that_is_reset_is_tried_again_and_never_called_invalid() {
    let stand_in = lying(Route::ManifestByTag, Lie::CutAfter(3, End::Reset));
    let gate = Gate::at(&stand_in).image(IMAGE);
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 404
    4 x Registry: GET ManifestByTag -> 200
    ");
}

#[test]
fn a_token_that_is_cut_short_is_tried_again() {
    for lie in [Lie::Truncated(1), Lie::CutAfter(9, End::Close)] {
        let stand_in = lying(Route::Token.first(1), lie);
        let run = Gate::at(&stand_in).image(IMAGE).run();
        assert_eq!(run.code, Some(0), "{}", run.snapshot());
        assert_eq!(stand_in.asked(&Route::Token).len(), 2);
    }
}

#[test]
fn json_that_is_cut_where_it_is_still_json_is_not_believed() {
    let cut = Answer::new(200)
        .header("content-type", "application/vnd.oci.image.manifest.v1+json")
        .header("content-length", "900");
    let body = vec![Part::Bytes(r#"{"schemaVersion":2}"#.into()), Part::Cut(End::Close)];
    let stand_in = lying(Route::ManifestByTag, Lie::Answer(Answer { body, ..cut }));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    insta::assert_snapshot!(brief(&run), @"
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
        next       Check the network, the proxy and the host's name.
    ");
}

#[test]
fn a_body_that_drips_ends_with_the_deadline() {
    let shown = until_the_deadline(|deadline| {
        let stand_in = lying(Route::ManifestByTag, Lie::Slow(Duration::from_millis(500)));
        let run = Gate::at(&stand_in).args(deadline).image(IMAGE).run();
        (!stand_in.asked(&Route::ManifestByTag).is_empty()).then(|| brief(&run))
    });
    insta::assert_snapshot!(shown, @"
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` had not answered when the run's deadline passed
        reason     deadline-passed
        next       Give the run more time with `--deadline`, or find out why the registry is slow.
    ");
}

/// What a run shows that such a server keeps until the deadline.
fn kept_by(server: impl Fn() -> RawServer) -> String {
    until_the_deadline(|deadline| {
        let (stand_in, server) = (with_image(Options::default()), server());
        let shown = brief(&registry_at(&stand_in, &server.host()).args(deadline).run());
        let was_asked = shown.contains("the manifest of") && !shown.contains("not asked any more");
        was_asked.then_some(shown)
    })
}

/// A server that goes on sending `piece` until the other end is gone, with a pause between.
fn endless(start: &'static [u8], piece: &'static [u8], pause: Duration) -> RawServer {
    RawServer::start(move |mut stream| {
        // Waits as long as `pause`: nobody ever sends.
        let (_sender, never) = mpsc::channel::<()>();
        head_of(&mut stream);
        let mut next = start;
        while stream.write_all(next).is_ok() {
            next = piece;
            let _ = never.recv_timeout(pause);
        }
    })
}

#[test]
fn a_head_that_drips_ends_with_the_deadline() {
    let head = b"HTTP/1.1 200 OK\r\nx-slow: ";
    let shown = kept_by(|| endless(head, b"a", Duration::from_millis(100)));
    insta::assert_snapshot!(shown, @"
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` had not answered when the run's deadline passed
        reason     deadline-passed
        next       Give the run more time with `--deadline`, or find out why the registry is slow.
    ");
}

#[test]
fn endless_early_hints_end_with_the_deadline() {
    let link = format!("</{}.css>; rel=preload", "style".repeat(400));
    let hint = format!("HTTP/1.1 103 Early Hints\r\nLink: {link}\r\n\r\n").leak().as_bytes();
    let (stand_in, server) = (with_image(Options::default()), endless(hint, hint, Duration::ZERO));
    let run = registry_at(&stand_in, &server.host())
        .args("--deadline 2s --junit junit.xml --html page.html --failure-reason-file reason")
        .run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    // On a slow machine the program never comes to the end of what was sent, and writes its outputs all the same.
    for output in ["junit.xml", "page.html", "reason"] {
        let text = run.file(output);
        assert!(text.contains("deadline"), "{output}: {}", run.snapshot());
    }
}

#[test]
fn http_1_0_without_a_length_is_understood() {
    let stand_in = with_image(Options { auth: Auth::Nothing, ..Options::default() });
    let answer =
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"token\":\"of-another-time\"}";
    stand_in.lie(Route::Token, Lie::raw(answer));
    let run = Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}

#[test]
fn what_is_not_http_is_seen_at_once() {
    let table = [
        "{\"token\":\"as HTTP/0.9 has it\"}",
        "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
        "HTTP/1.1 99 Too Low\r\n\r\n",
        "HTTP/1.1 2000 Too Long\r\n\r\n",
        "HTTP/1.1 200 \u{1b}[2Jcleared\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        "HTTP/1.1 200 OK\r\n broken: header\r\n\r\n{}",
    ];
    let table = side_by_side(table, |bytes| {
        let stand_in = lying(Route::Token, Lie::raw(bytes.as_bytes()));
        let run = Gate::at(&stand_in).image(IMAGE).run();
        assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'));
        let said = brief(&run);
        let said = said.split("errored: ").nth(1).and_then(|said| said.lines().next());
        format!(
            "{bytes:?}\nexit {:?}: {}\n{}\n",
            run.code.unwrap(),
            said.unwrap_or_default(),
            requests(&stand_in)
        )
    });
    insta::assert_snapshot!(table.concat(), @r#"
    "{\"token\":\"as HTTP/0.9 has it\"}"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer

    "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer

    "HTTP/1.1 99 Too Low\r\n\r\n"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer

    "HTTP/1.1 2000 Too Long\r\n\r\n"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer

    "HTTP/1.1 200 \u{1b}[2Jcleared\r\nContent-Length: 2\r\n\r\n{}"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer

    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer

    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer

    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"
    exit 3: the token: `[api]`: the connection broke before the answer was complete (4 tries)
    4 x Api: GET Token -> no answer

    "HTTP/1.1 200 OK\r\n broken: header\r\n\r\n{}"
    exit 3: the token: `[api]`: its answer is not HTTP
    1 x Api: GET Token -> no answer
    "#);
}

#[test]
fn a_port_of_something_else_is_named_as_such() {
    let stand_in = lying(Route::Token, Lie::raw(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
    insta::assert_snapshot!(brief(&Gate::at(&stand_in).image(IMAGE).run()), @"
    exit code: 3
      [checks of the manifest] errored: the token: `[api]`: its answer is not HTTP
        reason     unexpected-answer
        next       Check the host, its port and any proxy in between: something other than a registry answers there.
    ");
}

#[test]
fn a_huge_head_is_undecided() {
    let many = (0..150).map(|number| (format!("x-header-{number}"), "1".to_owned())).collect();
    let huge = Lie::Header("x-huge".to_owned(), Some("a".repeat(1 << 20)));
    let table = [Lie::Headers(many), huge].map(|lie| {
        let stand_in = lying(Route::ManifestByTag, lie);
        let run = Gate::at(&stand_in).image(IMAGE).run();
        format!("{}tries: {}\n", brief(&run), stand_in.asked(&Route::ManifestByTag).len())
    });
    insta::assert_snapshot!(table.concat(), @"
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: the headers of its answer are too large
        reason     answer-too-large
        next       Check which image and which server this is: nothing over the limit is read.
    tries: 1
    exit code: 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]`: the headers of its answer are too large
        reason     answer-too-large
        next       Check which image and which server this is: nothing over the limit is read.
    tries: 1
    ");
}
