use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::oci::Algorithm;

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    Answer::for_tests(status, map, body.as_bytes())
}

fn told(extents: Extents) -> String {
    match extents {
        Fact::Present((size, proof)) => format!("{proof:?} {size}"),
        Fact::Absent(denial) => format!("absent {}: {}", denial.reason, denial.said),
        Fact::Unknown(why) => format!("unknown {}: {}", why.reason, why.message),
    }
}

/// What both readers make of an answer for a blob of 1234 bytes.
fn row(name: &str, answer: &Answer, redirected: bool) -> String {
    let redactor = Redactor::default();
    let by_range = ranged(answer, "it", 1234, redirected, &redactor);
    let by_range = by_range.map_or_else(|| "ask plainly".to_owned(), told);
    let plainly = told(plain(answer, "it", 1234, redirected, &redactor));
    format!("{name}\n  ranged  {by_range}\n  plain   {plainly}\n")
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is shown whole")]
fn a_range_proves_that_a_blob_is_there_and_nothing_else() {
    let range = |value: &str, body: &str| answer(206, &[("content-range", value)], body);
    let html = ("content-type", "text/html");
    let table = [
        row("the last byte", &range("bytes 1233-1233/1234", "x"), false),
        row(
            "the same, called a page",
            &answer(206, &[("content-range", "bytes 1233-1233/1234"), html], "x"),
            false,
        ),
        row(
            "the same, coded",
            &answer(
                206,
                &[("content-range", "bytes 1233-1233/1234"), ("content-encoding", "br")],
                "x",
            ),
            false,
        ),
        row(
            "a longer length",
            &range("bytes 1233-1233/1234", "x").of_length(Length::Announced(2)),
            false,
        ),
        row("two bytes", &range("bytes 1233-1233/1234", "x").of_length(Length::Beyond(1)), false),
        row("the whole as a range", &range("bytes 0-1233/1234", "x"), false),
        row("no byte", &range("bytes 1233-1233/1234", ""), false),
        row("no size", &range("bytes 1233-1233/*", "x"), false),
        row("a shorter one", &range("bytes 0-0/1", "x"), false),
        row("a longer one", &range("bytes 1233-1233/1235", "x"), false),
        row("another byte", &range("bytes 0-0/1234", "x"), false),
        row("no range", &range("bytes 0-1234/1234", "x"), false),
        row("416", &answer(416, &[("content-range", "bytes */0")], ""), false),
        row("404", &answer(404, &[], r#"{"errors":[{"code":"BLOB_UNKNOWN"}]}"#), false),
        row("404 of the storage", &answer(404, &[], "<Error><Code>NoSuchKey</Code></Error>"), true),
        row("404 page of the storage", &answer(404, &[html], "<html>"), true),
        row("403", &answer(403, &[], ""), false),
        row("403 of the storage", &answer(403, &[], "<Error/>"), true),
        row("400 of the storage", &answer(400, &[], ""), true),
    ];
    insta::assert_snapshot!(table.concat(), @"
    the last byte
      ranged  Read 1234
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    the same, called a page
      ranged  Read 1234
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (`text/html`): `x`
    the same, coded
      ranged  unknown manifest-contradictory: it: `registry.example` answered with `Content-Encoding: br`, which engines decode or reject
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    a longer length
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    two bytes
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    the whole as a range
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    no byte
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type, no text)
    no size
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    a shorter one
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    a longer one
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    another byte
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    no range
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `x`
    416
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 416 (no content type, no text)
    404
      ranged  ask plainly
      plain   absent blob-missing: 404 `BLOB_UNKNOWN`
    404 of the storage
      ranged  ask plainly
      plain   absent body-never-came: the registry's storage `registry.example` answered 404 (no content type): `<Error><Code>NoSuchKey</Code></Error>`
    404 page of the storage
      ranged  ask plainly
      plain   unknown not-found-unclear: it: the registry's storage `registry.example` answered 404 (`text/html`): `<html>`
    403
      ranged  unknown credentials-refused: it: `registry.example` refused the credentials: 403 (no content type, no text)
      plain   unknown credentials-refused: it: `registry.example` refused the credentials: 403 (no content type, no text)
    403 of the storage
      ranged  unknown unexpected-answer: it: the registry's storage `registry.example` answered 403 (no content type): `<Error/>`
      plain   unknown unexpected-answer: it: the registry's storage `registry.example` answered 403 (no content type): `<Error/>`
    400 of the storage
      ranged  ask plainly
      plain   unknown unexpected-answer: it: the registry's storage `registry.example` answered 400 (no content type, no text)
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is shown whole")]
fn a_body_that_comes_whole_says_its_size_by_its_end() {
    let of = |length: Length, body: &str| answer(200, &[], body).of_length(length);
    let table = [
        row("whole", &of(Length::Ended(1234), "x"), false),
        row("short", &of(Length::Ended(1233), "x"), false),
        row("empty", &of(Length::Ended(0), ""), false),
        row("long", &of(Length::Ended(1235), "x"), false),
        row("longer than is read", &of(Length::Beyond(65536), "x"), false),
        row("too large to be read", &of(Length::Announced(1234), "x"), false),
        row("too large to be read, in chunks", &of(Length::Beyond(1000), "x"), false),
        row("announced shorter", &of(Length::Announced(617), "x"), false),
        row("closed at its end", &of(Length::Closed(1234), "x"), false),
        row("closed early", &of(Length::Closed(617), "x"), false),
        row("closed late", &of(Length::Closed(1235), "x"), false),
        row(
            "coded",
            &answer(200, &[("content-encoding", "x-gzip")], "x").of_length(Length::Ended(1234)),
            false,
        ),
    ];
    insta::assert_snapshot!(table.concat(), @"
    whole
      ranged  Read 1234
      plain   Read 1234
    short
      ranged  ask plainly
      plain   Read 1233
    empty
      ranged  ask plainly
      plain   Read 0
    long
      ranged  ask plainly
      plain   Read 1235
    longer than is read
      ranged  ask plainly
      plain   Exceeded 65536
    too large to be read
      ranged  Announced 1234
      plain   Announced 1234
    too large to be read, in chunks
      ranged  Announced 1234
      plain   Announced 1234
    announced shorter
      ranged  ask plainly
      plain   Read 617
    closed at its end
      ranged  Read 1234
      plain   Read 1234
    closed early
      ranged  ask plainly
      plain   unknown unexpected-answer: it: `registry.example` answered 200 and closed the connection after 617 of 1234 bytes, without a length that would show whether that is all of it
    closed late
      ranged  ask plainly
      plain   Read 1235
    coded
      ranged  unknown manifest-contradictory: it: `registry.example` answered with `Content-Encoding: x-gzip`, which engines decode or reject
      plain   unknown manifest-contradictory: it: `registry.example` answered with `Content-Encoding: x-gzip`, which engines decode or reject
    ");
    let nothing = |answer: &Answer| {
        let redactor = Redactor::default();
        ranged(answer, "it", 0, false, &redactor).map(told)
    };
    let read = Some("Read 0".to_owned());
    assert_eq!(nothing(&answer(416, &[("content-range", "bytes */0")], "")), read);
    assert_eq!(nothing(&answer(200, &[], "")), read);
    assert_eq!(nothing(&answer(416, &[("content-range", "bytes */9")], "")), None);
}

#[test]
fn a_text_in_a_blobs_place_is_no_size_of_it() {
    let is_text = |kind: &str, body: &str, length: Option<Length>| {
        let kind: &[(&'static str, &str)] = &[("content-type", kind)];
        let length = length.unwrap_or(Length::Ended(body.len() as u64));
        let answer = answer(200, kind, body).of_length(length);
        match plain(&answer, "it", 1234, false, &Redactor::default()) {
            Fact::Present(_) => false,
            Fact::Absent(_) => panic!("a success denies nothing"),
            Fact::Unknown(_) => true,
        }
    };
    let bytes = "application/octet-stream";
    for kind in
        ["text/plain", "TEXT/HTML; charset=utf-8", "application/xml", "application/problem+json"]
    {
        assert!(is_text(kind, "\u{1f}x", None), "{kind}");
    }
    for body in [
        r#"{"errors":[]}"#,
        " [1]\n",
        "7",
        "null",
        "\u{feff}{}",
        " <html>",
        "<?xml?>",
        "\u{feff}<x>",
    ] {
        assert!(is_text(bytes, body, None), "{body}");
    }
    for body in ["", "\u{1f}\u{8b}", "x", "7x", "{} \0", "null and void", "\u{feff}"] {
        assert!(!is_text(bytes, body, None), "{body}");
    }
    // Of a longer text its beginning is known.
    let more = Some(Length::Announced(100_000));
    assert!(is_text(bytes, r#"{"errors":[{"code":"#, more));
    assert!(!is_text(bytes, "x", more));
    assert!(!is_text(bytes, r#"{"errors":[{"code":"#, None));
}

#[test]
fn a_config_is_believed_by_its_hash_only() {
    let redactor = Redactor::default();
    let digest = Digest::of(Algorithm::Sha256, b"{}");
    let sent = |answer: Answer| match config(answer, "it", &digest, false, &redactor) {
        Sent::Told(Fact::Present(bytes)) => format!("{} bytes", bytes.len()),
        Sent::Told(Fact::Absent(denial)) => format!("absent {}: {}", denial.reason, denial.said),
        Sent::Told(Fact::Unknown(why)) => format!("unknown {}: {}", why.reason, why.message),
        Sent::Wrong(wrong) => {
            let kind = if wrong.is_of_kind { "another config" } else { "something else" };
            format!("{kind}: {}", wrong.why.message)
        }
    };
    let table = [
        sent(answer(200, &[], "{}")),
        sent(answer(200, &[("content-type", "text/html")], "{}")),
        sent(answer(200, &[("content-encoding", "gzip")], "{}")),
        sent(answer(200, &[("content-encoding", " Identity ,")], "{}")),
        sent(answer(200, &[], "{ }")),
        sent(answer(200, &[], r#"{"rootfs":{}}"#)),
        sent(answer(200, &[], r#"{"errors":[]}"#)),
        sent(answer(200, &[("content-type", "text/html")], "<html>")),
        sent(answer(206, &[], "{}")),
        sent(answer(200, &[], "").of_length(Length::Closed(0))),
    ];
    insta::assert_snapshot!(table.join("\n"), @"
    2 bytes
    2 bytes
    unknown manifest-contradictory: it: `registry.example` answered with `Content-Encoding: gzip`, which engines decode or reject
    2 bytes
    something else: it: `registry.example` sent bytes that hash to `sha256:257c1be96ae69f4b01c2c69bdb6d78605f59175819fb007d0bf245bf48444c4a` for the digest `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`
    another config: it: `registry.example` sent bytes that hash to `sha256:36c76f7b37ef6342b590991fb3b7694caf40d3d2536d6cb0589ffab1ecf939de` for the digest `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`
    something else: it: `registry.example` sent bytes that hash to `sha256:debf84af8d66827e1cbc6791aa686504e3116d8cb20f4697fef23108333061f8` for the digest `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`
    unknown unexpected-answer: it: `registry.example` answered with a web page: 200 (`text/html`): `<html>`
    unknown unexpected-answer: it: `registry.example` answered 206 (no content type): `{}`
    unknown manifest-contradictory: it: `registry.example` sent bytes that hash to `sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` for the digest `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`
    ");
}
