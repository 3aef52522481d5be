//! Configs, layers and manifests that come in an unusual way, in part, or not at all: what proves that they
//! are there, and what that they are not. Some are whole situations that were reported of other clients.

use std::fmt::Write as _;

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::faults::{IMAGE, REPOSITORY, TAG};
use crate::stand_in::{
    Answer, End, Image, Index, Lie, Matcher, Options, Part, Pushed, Route, StandIn,
};
use crate::support::Gate;

/// A stand-in with an image of five layers.
fn honest() -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    (stand_in, pushed)
}

/// The requests for the third layer, of 1260 bytes, at the storage.
fn layer(pushed: &Pushed) -> Matcher {
    Route::Storage.containing(pushed.layers[2].strip_prefix("sha256:").unwrap())
}

/// The bytes of the third layer.
fn layer_bytes() -> Vec<u8> {
    let (stand_in, pushed) = honest();
    stand_in.blob(&pushed.layers[2]).to_vec()
}

/// The exit code, and what was said of what failed or errored.
fn said(gate: Gate<'_>) -> String {
    let run = gate.run();
    let shown = run.redacted(&run.stdout);
    let lines = shown.lines().filter(|line| {
        [" failed: ", " errored: ", "  reason "].iter().any(|word| line.contains(word))
    });
    let mut text = format!("exit {}\n", run.code.unwrap());
    for line in lines {
        writeln!(text, "  {}", line.trim()).unwrap();
    }
    text
}

/// A run at an image whose third layer is told this lie of.
fn of_layer(narrow: impl Fn(Matcher) -> Matcher, lie: Lie) -> String {
    let (stand_in, pushed) = honest();
    stand_in.lie(narrow(layer(&pushed)), lie);
    said(Gate::at(&stand_in).image(IMAGE))
}

#[test]
fn a_coding_of_any_kind_but_identity_is_undecided() {
    let coded = |route: Route, coding: &str| {
        let (stand_in, _) = honest();
        stand_in.lie(route, Lie::Headers(vec![("content-encoding".to_owned(), coding.to_owned())]));
        let run = Gate::at(&stand_in).image(IMAGE).run();
        (run.code, run.stdout)
    };
    // The storage sends config and layers.
    for route in [Route::ManifestByTag, Route::Storage] {
        for coding in ["gzip", "x-gzip", "br", " GZIP ", "deflate", "identity, gzip", "aws-chunked"]
        {
            let (code, stdout) = coded(route.clone(), coding);
            assert_eq!(code, Some(3), "{route:?} {coding}: {stdout}");
            assert!(stdout.contains("which engines decode or reject"), "{stdout}");
        }
        for coding in ["identity", "", " Identity "] {
            let (code, stdout) = coded(route.clone(), coding);
            assert_eq!(code, Some(0), "{route:?} {coding}: {stdout}");
        }
    }
    // Of the layers alone, too, whose bytes are not hashed.
    let (stand_in, pushed) = honest();
    stand_in.lie(layer(&pushed), Lie::Headers(vec![("content-encoding".into(), "x-gzip".into())]));
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 3
      layers-present errored: layer 3 of 5 `sha256:5469f9990611`: `[storage]` answered with `Content-Encoding: x-gzip`, which engines decode or reject
      reason     manifest-contradictory
    ");
}

#[test]
fn a_piece_that_is_sent_alone_with_200_is_asked_for_again_plainly() {
    // Each ranged request: 200, the one byte, `Content-Length: 1` and a `Content-Range`.
    let (stand_in, pushed) = honest();
    stand_in.lie(Route::Storage.ranged(true), Lie::Status(200));
    assert_eq!(said(Gate::at(&stand_in).image(IMAGE)), "exit 0\n");
    let asked = stand_in.asked(&Route::Storage);
    let ranges = asked.iter().filter(|entry| entry.range.is_some()).count();
    assert_eq!((ranges, asked.len()), (pushed.layers.len(), 2 * pushed.layers.len() + 1));
    // A layer that is really shorter stays a no.
    stand_in.replace_in_storage(&pushed.layers[2], &b"\x1f\x8b short"[..]);
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has 8 bytes where the manifest says 1260
      reason     blob-size-differs
    ");
}

#[test]
fn a_denial_of_a_range_alone_is_undecided() {
    let range = |value: &str| Lie::Header("content-range".to_owned(), Some(value.to_owned()));
    let part = Answer::new(206).header("content-range", "bytes 0-0/1").bytes("x");
    let empty = Answer::new(416).header("content-range", "bytes */0");
    let lies = [
        Lie::Answer(empty),
        Lie::Answer(Answer::new(416)),
        Lie::Answer(part),
        range("bytes 0-0/1"),
        range("bytes 1259-1259/*"),
        range("bytes 0-0/1260"),
        range("bytes 0-1259/1260"),
        Lie::status(404),
        Lie::status(400),
        Lie::status(501),
        Lie::oci_error(404, "BLOB_UNKNOWN", "blob unknown to registry"),
        Lie::html(200),
        Lie::Answer(Answer::json(200, &json!({ "errors": [] }))),
    ];
    for lie in lies {
        let told = format!("{lie:?}");
        assert_eq!(of_layer(|layer| layer.ranged(true), lie), "exit 0\n", "{told}");
    }
    // At the registry itself, too.
    let (stand_in, pushed) = honest();
    let lie = Lie::oci_error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    stand_in.lie(Route::Blob.containing(&pushed.layers[2]).ranged(true), lie);
    assert_eq!(said(Gate::at(&stand_in).image(IMAGE)), "exit 0\n");
    // A layer that comes to no range, and plainly.
    let gate = |lie: Lie| {
        let (stand_in, pushed) = honest();
        stand_in.lie(layer(&pushed).ranged(true), lie);
        said(Gate::at(&stand_in).image(IMAGE))
    };
    assert_eq!(gate(Lie::CutAfter(0, End::Close)), "exit 0\n");
}

#[test]
fn a_range_with_more_bytes_than_it_says_is_asked_for_again_plainly() {
    let part = Answer::new(206).header("content-range", "bytes 1259-1259/1260");
    let piece = |byte: &'static str| Part::Bytes(Bytes::from(byte));
    let chunked = Answer { body: vec![piece("x"), Part::Unsized, piece("y")], ..part.clone() };
    for longer in [part.bytes("xy"), chunked] {
        let (stand_in, pushed) = honest();
        stand_in.lie(layer(&pushed).ranged(true), Lie::Answer(longer.clone()));
        assert_eq!(said(Gate::at(&stand_in).image(IMAGE)), "exit 0\n");
        // The config and this layer are.
        let asked = stand_in.asked(&Route::Storage);
        assert_eq!(asked.iter().filter(|entry| entry.range.is_none()).count(), 2);
        // Where it says the same plainly, nothing is known.
        let (stand_in, pushed) = honest();
        stand_in.lie(layer(&pushed), Lie::Answer(longer));
        let said = said(Gate::at(&stand_in).image(IMAGE));
        assert!(said.starts_with("exit 3\n") && said.contains("answered 206"), "{said}");
    }
}

/// A blob that is emptied on disk is 416 to a range at one registry, and 200 with nothing at another.
#[test]
fn an_emptied_layer_is_one_statement_however_it_is_made() {
    let emptied = |options: Options, ignores_ranges: bool| {
        let stand_in = StandIn::start(options);
        let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
        stand_in.replace_in_storage(&pushed.layers[2], "");
        if ignores_ranges {
            stand_in.lie(Route::Any.containing("blobs"), Lie::Whole);
            stand_in.lie(Route::Storage, Lie::Whole);
        }
        said(Gate::at(&stand_in).image(IMAGE))
    };
    let redirecting = emptied(Options::default(), false);
    for other in [
        emptied(Options::default(), true),
        emptied(Options { redirect_blobs: false, ..Options::default() }, false),
        emptied(Options { redirect_blobs: false, ..Options::default() }, true),
    ] {
        assert_eq!(other, redirecting);
    }
    insta::assert_snapshot!(redirecting, @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has 0 bytes where the manifest says 1260
      reason     blob-size-differs
    ");
}

#[test]
fn half_a_body_is_no_proof() {
    let bytes = layer_bytes();
    let half = Answer {
        body: vec![Part::Bytes(bytes[..630].to_vec().into()), Part::Cut(End::Close)],
        ..Answer::new(200).header("content-length", "1260")
    };
    insta::assert_snapshot!(of_layer(|layer| layer, Lie::Answer(half)), @"
    exit 3
      layers-present errored: layer 3 of 5 `sha256:5469f9990611`: `[storage]`: the connection broke before the answer was complete (4 tries)
      reason     connection-failed
    ");
}

/// What docker-registry with a descriptor cache sends of a layer that was cut short on its disk: to a range
/// the head alone, and plainly the announced length and fewer bytes.
#[test]
fn a_layer_that_is_cut_short_behind_a_remembered_size_is_red() {
    let (stand_in, pushed) = honest();
    stand_in.lie(layer(&pushed).ranged(true), Lie::CutAfter(0, End::Close));
    let short = Answer {
        body: vec![Part::Bytes(layer_bytes()[..1259].to_vec().into()), Part::Cut(End::Close)],
        ..Answer::new(200).header("content-length", "1260")
    };
    stand_in.lie(layer(&pushed), Lie::Answer(short));
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) is gone: `[storage]` announced it 4 times and closed the connection before the first byte each time
      reason     blob-missing
    ");
    // Where the plain request ends in another way, nothing is known.
    let (stand_in, pushed) = honest();
    stand_in.lie(layer(&pushed).ranged(true), Lie::CutAfter(0, End::Close));
    stand_in.lie(layer(&pushed), Lie::reset());
    assert!(said(Gate::at(&stand_in).image(IMAGE)).starts_with("exit 3\n"));
}

/// An answer as it stands on the wire.
fn wire(head: &str, body: &[u8]) -> Lie {
    Lie::raw(&[head.as_bytes(), body].concat())
}

#[test]
fn a_length_beside_chunks_counts_for_nothing() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1260\r\nTransfer-Encoding: chunked\r\n\r\n";
    insta::assert_snapshot!(of_layer(|layer| layer, wire(head, b"1\r\nx\r\n0\r\n\r\n")), @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has 1 bytes where the manifest says 1260
      reason     blob-size-differs
    ");
    let whole = [&b"4ec\r\n"[..], &layer_bytes(), b"\r\n0\r\n\r\n"].concat();
    assert_eq!(of_layer(|layer| layer, wire(head, &whole)), "exit 0\n");
}

#[test]
fn a_body_that_only_the_end_of_the_connection_ends_is_whole_at_its_announced_size() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let bytes = layer_bytes();
    assert_eq!(of_layer(|layer| layer, wire(head, &bytes)), "exit 0\n");
    // Short of it, nothing tells an end from a cut.
    insta::assert_snapshot!(of_layer(|layer| layer, wire(head, &bytes[..630])), @"
    exit 3
      layers-present errored: layer 3 of 5 `sha256:5469f9990611`: `[storage]` answered 200 and closed the connection after 630 of 1260 bytes, without a length that would show whether that is all of it
      reason     unexpected-answer
    ");
    insta::assert_snapshot!(of_layer(|layer| layer, wire(head, &[&bytes[..], b"x"].concat())), @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has 1261 bytes where the manifest says 1260
      reason     blob-size-differs
    ");
}

/// Every blob in chunks, without a length; ranges are ignored.
#[test]
fn blobs_that_come_whole_in_chunks_are_there_and_short_or_long_ones_are_not() {
    let (stand_in, _) = honest();
    stand_in.lie(Route::Storage, Lie::Chunks(usize::MAX));
    assert_eq!(said(Gate::at(&stand_in).image(IMAGE)), "exit 0\n");
    assert_eq!(stand_in.asked(&Route::Storage).len(), 6, "and no request more");
    insta::assert_snapshot!(of_layer(|layer| layer, Lie::Chunks(1259)), @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has 1259 bytes where the manifest says 1260
      reason     blob-size-differs
    ");
    let (stand_in, pushed) = honest();
    stand_in.replace_in_storage(&pushed.layers[2], [&layer_bytes()[..], b"x"].concat());
    stand_in.lie(Route::Storage, Lie::Chunks(usize::MAX));
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has 1261 bytes where the manifest says 1260
      reason     blob-size-differs
    ");
    // Far longer: it is not read to its end.
    stand_in.replace_in_storage(&pushed.layers[2], vec![0x1f; 1 << 20]);
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has more than 65536 bytes where the manifest says 1260
      reason     blob-size-differs
    ");
}

/// What was read whole is compared with its digest: an error or a page as long as the layer is no layer.
#[test]
fn a_body_as_long_as_the_layer_that_is_another_is_undecided() {
    let error = format!("{:<1260}", r#"{"errors":[{"code":"UNKNOWN"}]}"#);
    let page = format!("{:<1260}", "<!doctype html>");
    let other = vec![b'x'; 1260];
    for body in [error.as_bytes(), page.as_bytes(), &other] {
        let body = Bytes::copy_from_slice(body);
        let told = of_layer(|layer| layer, Lie::Answer(Answer::new(200).bytes(body)));
        let sent =
            "layer 3 of 5 `sha256:5469f9990611`: `[storage]` sent 1260 bytes that hash to `sha256:";
        assert!(told.starts_with("exit 3\n"), "{told}");
        assert!(told.contains(sent) && told.contains("manifest-contradictory"), "{told}");
    }
    // Once only, and the layer when asked plainly.
    let once = Lie::Answer(Answer::new(200).bytes(error));
    assert_eq!(of_layer(|layer| layer.first(1), once), "exit 0\n");
}

#[test]
fn a_wrong_type_beside_the_right_range_is_the_layers() {
    let (stand_in, _) = honest();
    stand_in.lie(Route::Storage.ranged(true), Lie::content_type("text/html; charset=utf-8"));
    assert_eq!(said(Gate::at(&stand_in).image(IMAGE)), "exit 0\n");
    assert_eq!(stand_in.asked(&Route::Storage).len(), 6, "and no request more");
}

#[test]
fn a_text_in_a_layers_place_is_undecided_and_other_bytes_are_a_no() {
    let text = |kind: &str, body: &str| {
        let answer = Answer::new(200).header("content-type", kind).bytes(body.to_owned());
        of_layer(|layer| layer, Lie::Answer(answer))
    };
    let table = [
        text("application/json", r#"{"errors":[{"code":"UNKNOWN","message":"try later"}]}"#),
        text("application/octet-stream", r#"{"message":"try later"}"#),
        text("application/octet-stream", "<?xml version=\"1.0\"?><Error/>"),
        text("text/plain; charset=utf-8", "try later"),
        text("application/octet-stream", "\u{1f}\u{8b}\u{8} no text"),
    ];
    insta::assert_snapshot!(table.concat(), @r#"
    exit 3
      layers-present errored: layer 3 of 5 `sha256:5469f9990611`: `[storage]` answered with a text in its place: 200 `UNKNOWN` `try later`
      reason     unexpected-answer
    exit 3
      layers-present errored: layer 3 of 5 `sha256:5469f9990611`: `[storage]` answered with a text in its place: 200 (`application/octet-stream`)
      reason     unexpected-answer
    exit 3
      layers-present errored: layer 3 of 5 `sha256:5469f9990611`: `[storage]` answered with a text in its place: 200 (`application/octet-stream`): `<?xml version="1.0"?><Error/>`
      reason     unexpected-answer
    exit 3
      layers-present errored: layer 3 of 5 `sha256:5469f9990611`: `[storage]` answered with a text in its place: 200 (`text/plain`): `try later`
      reason     unexpected-answer
    exit 1
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) has 12 bytes where the manifest says 1260
      reason     blob-size-differs
    "#);
}

#[test]
fn a_layer_too_large_to_be_read_is_announced_which_the_record_warns_of() {
    let stand_in = StandIn::honest();
    let large = vec![0x1f; 65 << 20];
    let image = Image::node_on_alpine().layer(large, "COPY model.bin /");
    let pushed = stand_in.image(REPOSITORY, TAG, image);
    stand_in.lie(Route::Storage, Lie::Whole);
    let run = Gate::at(&stand_in).args("--record record.json --format json").image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let record: Value = serde_json::from_str(run.file("record.json")).unwrap();
    let note = report["images"][0]["notes"][0].as_str().unwrap();
    insta::assert_snapshot!(note, @"announced, not read, because the server ignores ranges and no more is read of an image or a run: layer 6 of 6");
    let warnings = record["warnings"].as_array().unwrap();
    assert!(warnings.contains(&json!(note)), "{warnings:?}");
    // What may be read is read: the other layers, to their end, and of this one the beginning.
    assert!(stand_in.bytes_sent() < 16 << 20, "{} bytes", stand_in.bytes_sent());
    // Ended early, without a length, it is not there.
    let hex = pushed.layers[5].strip_prefix("sha256:").unwrap();
    let (stand_in, image) = (StandIn::honest(), Image::node_on_alpine());
    stand_in.image(REPOSITORY, TAG, image.layer(vec![0x1f; 65 << 20], "COPY model.bin /"));
    stand_in.lie(Route::Storage.containing(hex), Lie::Chunks(63 << 20));
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      layers-present failed: layer 6 of 6 (`sha256:ac2c91b255eb[..64]`) has 66060288 bytes where the manifest says 68157440
      reason     blob-size-differs
    ");
}

#[test]
fn a_layer_of_no_bytes_under_the_digest_of_some_is_red() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, TAG, Image::node_on_alpine().last_layer_field("size", json!(0)));
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @r#"
    exit 1
      layers-present failed: layer 5 of 5 (`sha256:9a805b43d01f[..64]`) is said to be empty, and its digest is not that of nothing
      reason     blob-size-differs
      engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 5 of 5 has a size of 0 ("unable to fetch descriptor which reports content size of zero")
      reason     engine-refuses
    "#);
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, TAG, Image::node_on_alpine().layer("", "COPY nothing /"));
    // containerd fetches no layer of size 0.
    assert_eq!(said(Gate::at(&stand_in).image(IMAGE).args("--engine podman")), "exit 0\n");
    assert_eq!(stand_in.asked(&Route::Storage).len(), 7, "and no request more");
}

#[test]
fn one_layer_that_the_config_unpacks_to_two_contents_is_red() {
    let stand_in = StandIn::honest();
    let content = &b"\x1f\x8b the same bytes"[..];
    let image = Image::empty().layer(content, "COPY a /").layer(content, "COPY b /");
    stand_in.image(REPOSITORY, TAG, image.clone());
    assert_eq!(said(Gate::at(&stand_in).image(IMAGE)), "exit 0\n");
    let diff_ids = ["a", "b"].map(|digit| format!("sha256:{}", digit.repeat(64)));
    let rootfs = json!({ "type": "layers", "diff_ids": diff_ids });
    stand_in.image(REPOSITORY, TAG, image.config_field("rootfs", rootfs));
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      manifest-intact failed: the image is not a runnable container image: an image whose layer 2 (`sha256:c1e18811a062`) is listed with two `diff_ids`, and one layer unpacks to one content
      reason     not-an-image
    ");
}

/// The bytes of the image's config with other facts in it, of the same length or longer.
fn other_config(more: &str) -> Vec<u8> {
    let (stand_in, pushed) = honest();
    let config = String::from_utf8(stand_in.blob(&pushed.config).to_vec()).unwrap();
    let other = config.replace("5001/tcp", "5002/tcp");
    assert_ne!(other, config);
    other.replace("22.21.0", &format!("22.21.0{more}")).into_bytes()
}

#[test]
fn a_config_that_is_stored_with_other_bytes_is_red() {
    let stored = |bytes: Vec<u8>| {
        let (stand_in, pushed) = honest();
        stand_in.replace_in_storage(&pushed.config, bytes);
        let said = said(Gate::at(&stand_in).image(IMAGE));
        let hex = pushed.config.strip_prefix("sha256:").unwrap();
        let asked = stand_in.asked(&Route::Storage);
        let asked = asked.iter().filter(|entry| entry.target.contains(hex)).count();
        format!("requested {asked} times, {said}")
    };
    insta::assert_snapshot!(stored(other_config("")), @"
    requested 2 times, exit 1
      manifest-intact failed: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:03df3789218c[..64]` for the digest `sha256:1cb16a77e3f7[..64]`, each time it was requested
      reason     content-differs
    ");
    insta::assert_snapshot!(stored(other_config("-alpine")), @"
    requested 2 times, exit 1
      manifest-intact failed: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:f5a9c49820e9[..64]` for the digest `sha256:1cb16a77e3f7[..64]`, each time it was requested
      reason     content-differs
      layers-present failed: config (`sha256:1cb16a77e3f7[..64]`) has 1359 bytes where the manifest says 1352
      reason     blob-size-differs
    ");
    // No config at all: an error document, half of one, or nothing.
    insta::assert_snapshot!(stored(br#"{"errors":[{"code":"UNKNOWN"}]}"#.to_vec()), @"
    requested 2 times, exit 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:1ec71145b308[..64]` for the digest `sha256:1cb16a77e3f7[..64]`
      reason     manifest-contradictory
    ");
    insta::assert_snapshot!(stored(other_config("")[..300].to_vec()), @"
    requested 2 times, exit 3
      [checks of the config] errored: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:2f693f77f2bd[..64]` for the digest `sha256:1cb16a77e3f7[..64]`
      reason     manifest-contradictory
    ");
    insta::assert_snapshot!(stored(Vec::new()), @"
    requested 2 times, exit 1
      layers-present failed: config (`sha256:1cb16a77e3f7[..64]`) has 0 bytes where the manifest says 1352
      reason     blob-size-differs
      [checks of the config but layers-present] errored: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:e3b0c44298fc[..64]` for the digest `sha256:1cb16a77e3f7[..64]`
      reason     manifest-contradictory
    ");
}

#[test]
fn a_config_that_its_descriptor_gives_another_size_is_red() {
    for size in [1, 100, 1_000_000] {
        let stand_in = StandIn::honest();
        let image = Image::node_on_alpine();
        let mut manifest: Value = serde_json::from_slice(&image.manifest()).unwrap();
        manifest["config"]["size"] = json!(size);
        let config = manifest["config"].clone();
        stand_in.image(REPOSITORY, TAG, image.manifest_field("config", config));
        let said = said(Gate::at(&stand_in).image(IMAGE));
        assert!(
            said.starts_with("exit 1\n") && said.contains("blob-size-differs"),
            "{size}: {said}"
        );
    }
}

#[test]
fn content_that_is_wrong_once_and_then_right_is_a_note() {
    let (stand_in, pushed) = honest();
    let hex = pushed.config.strip_prefix("sha256:").unwrap();
    stand_in.lie(Route::Storage.containing(hex).first(1), Lie::Altered);
    let run = Gate::at(&stand_in).image(IMAGE).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let shown = run.redacted(&run.stdout);
    let notes: Vec<_> =
        shown.lines().filter(|line| line.contains("the second request brought")).collect();
    insta::assert_snapshot!(notes.join("\n"), @"note: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:0919a165216b[..64]` for the digest `sha256:1cb16a77e3f7[..64]`; the second request brought the right ones");
    // Different each time, it proves nothing.
    let (stand_in, pushed) = honest();
    let hex = pushed.config.strip_prefix("sha256:").unwrap();
    stand_in.lie(Route::Storage.containing(hex).first(1), Lie::Body(other_config("-a").into()));
    stand_in.lie(Route::Storage.containing(hex), Lie::Body(other_config("-b").into()));
    assert!(said(Gate::at(&stand_in).image(IMAGE)).starts_with("exit 3\n"));
}

#[test]
fn a_manifest_that_is_stored_with_other_bytes_is_red() {
    let other = || Lie::Body(Image::node_on_alpine().revision("abc").manifest());
    // Behind an index.
    let stand_in = StandIn::honest();
    let index = Index::of_two_platforms(&Image::node_on_alpine());
    let pushed = stand_in.image(REPOSITORY, TAG, index);
    let child = &pushed.children[1].digest;
    stand_in.lie(Route::ManifestByDigest.containing(child), other());
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      manifest-intact failed: the manifest `sha256:38c07728cc84`: `[registry]` sent bytes that hash to `sha256:8f82bff0989c[..64]` for the digest `sha256:38c07728cc84[..64]`, each time it was requested
      reason     content-differs
    ");
    // By the digest that was asked for.
    let (stand_in, pushed) = honest();
    stand_in.lie(Route::ManifestByDigest, other());
    let pinned = format!("{REPOSITORY}@{}", pushed.digest);
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(&pinned)), @"
    exit 1
      manifest-intact failed: the manifest `sha256:72aa2829510e`: `[registry]` sent bytes that hash to `sha256:8f82bff0989c[..64]` for the digest `sha256:72aa2829510e[..64]`, each time it was requested
      reason     content-differs
    ");
    // By the tag and by the digest in the answer's header: a file that was altered on the registry's disk.
    let (stand_in, _) = honest();
    stand_in.lie(Route::ManifestByTag, other());
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 3
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` sent bytes that hash to `sha256:8f82bff0989c[..64]` under the digest `sha256:72aa2829510e[..64]`
      reason     manifest-contradictory
    ");
    stand_in.lie(Route::ManifestByDigest, other());
    insta::assert_snapshot!(said(Gate::at(&stand_in).image(IMAGE)), @"
    exit 1
      manifest-intact failed: the manifest `sha256:72aa2829510e`: `[registry]` sent bytes that hash to `sha256:8f82bff0989c[..64]` for the digest `sha256:72aa2829510e[..64]`, each time it was requested
      reason     content-differs
    ");
    // An error document is none.
    let (stand_in, pushed) = honest();
    stand_in.lie(Route::ManifestByDigest, Lie::Body(r#"{"errors":[]}"#.into()));
    let pinned = format!("{REPOSITORY}@{}", pushed.digest);
    assert!(said(Gate::at(&stand_in).image(&pinned)).starts_with("exit 3\n"));
}
