//! Every lie is told as it was meant.

use std::io::Read as _;

use hyper::body::Bytes;
use serde_json::json;

use super::{Browser, OCI_IMAGE, REPOSITORY, with_image};
use crate::stand_in::{
    Certificate, ClosedPort, End, Image, Lie, Options, Origin, Route, StandIn, gateway_404,
};

/// Status and body of the manifest of `latest-dev`, or `None` where the answer did not arrive whole.
async fn told(lie: Lie) -> Option<(u16, Vec<u8>)> {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::ManifestByTag, lie);
    fetch(&stand_in, "latest-dev").await
}

async fn fetch(stand_in: &StandIn, tag: &str) -> Option<(u16, Vec<u8>)> {
    let browser = Browser::new(stand_in);
    let bearer = browser.bearer(stand_in, &format!("repository:{REPOSITORY}:pull")).await;
    let url = format!("{}/v2/{REPOSITORY}/manifests/{tag}", stand_in.url(Origin::Registry));
    let headers = [("authorization", bearer.as_str()), ("accept", OCI_IMAGE)];
    let got = browser.send("GET", &url, &headers, b"").await.ok()?;
    Some((got.status, got.body))
}

#[tokio::test]
async fn answers_that_do_not_arrive_whole() {
    for lie in [
        Lie::Truncated(10),
        Lie::CutAfter(3, End::Close),
        Lie::CutAfter(3, End::Reset),
        Lie::close(),
        Lie::reset(),
        Lie::raw(b""),
        Lie::raw(b"hello, this is no HTTP\r\n\r\n"),
        Lie::raw(b"HTTP/1.1 20x what\r\n\r\n"),
    ] {
        let name = format!("{lie:?}");
        assert!(told(lie).await.is_none(), "{name}");
    }
}

#[tokio::test]
async fn answers_that_arrive_and_are_wrong() {
    let (stand_in, pushed) = with_image();
    let (_, honest) = fetch(&stand_in, "latest-dev").await.unwrap();

    let (status, page) = told(Lie::html(200)).await.unwrap();
    assert!(status == 200 && page.starts_with(b"<!DOCTYPE html>"));
    let (_, altered) = told(Lie::Altered).await.unwrap();
    assert!(altered.len() == honest.len() && altered != honest);
    let (_, other) = told(Lie::Body(Bytes::from_static(b"{}"))).await.unwrap();
    assert_eq!(other, b"{}");
    let (status, gateway) = told(Lie::Answer(gateway_404())).await.unwrap();
    assert_eq!(
        (status, gateway),
        (404, br#"{"id":"not_found","message":"Your request could not be routed."}"#.to_vec())
    );
    let (status, body) = told(Lie::Status(206)).await.unwrap();
    assert_eq!((status, body), (206, honest));
    assert_eq!(told(Lie::raw(b"HTTP/1.0 200 OK\r\n\r\nold")).await, Some((200, b"old".to_vec())));

    stand_in.lie(Route::Control, Lie::AffirmAs("latest-dev".to_owned()));
    let (status, affirmed) = fetch(&stand_in, "cannot-exist").await.unwrap();
    assert_eq!((status, crate::stand_in::digest_of(&affirmed)), (200, pushed.digest));
}

#[tokio::test]
async fn headers_that_are_wrong() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::ManifestByTag.first(1), Lie::digest_header(None));
    stand_in.lie(Route::ManifestByTag.first(1), Lie::digest_header(Some("sha256:other")));
    stand_in.lie(Route::ManifestByTag.first(1), Lie::content_type("text/plain"));
    let large = "x".repeat(100_000);
    let headers = vec![
        ("x-large".to_owned(), large.clone()),
        ("warning".to_owned(), "299 - \"ü\"".to_owned()),
    ];
    stand_in.lie(Route::ManifestByTag.first(1), Lie::Headers(headers));
    stand_in.lie(Route::ManifestByTag.first(1), Lie::EchoAuthorization(403));
    stand_in.lie(Route::ManifestByTag, Lie::too_many(Some("29")));
    let browser = Browser::new(&stand_in);
    let get = async || browser.pull(&stand_in, "manifests/latest-dev").await;
    assert!(!get().await.headers.contains_key("docker-content-digest"));
    assert_eq!(get().await.header("docker-content-digest"), "sha256:other");
    assert_eq!(get().await.header("content-type"), "text/plain");
    assert_eq!(get().await.header("x-large"), large);
    let echo = get().await;
    assert!(echo.status == 403 && echo.header("x-debug-authorization").starts_with("Bearer eyJ"));
    assert!(echo.text().contains("not allowed with Bearer eyJ"));
    let many = get().await;
    assert_eq!((many.status, many.header("retry-after")), (429, "29"));
    assert_eq!(many.json()["id"], "too_many_requests");
}

#[tokio::test]
async fn a_redirect_can_lead_anywhere() {
    let (stand_in, _) = with_image();
    let elsewhere =
        format!("{}/v2/{REPOSITORY}/manifests/latest-dev", stand_in.url(Origin::Elsewhere));
    stand_in.lie(Route::ManifestByTag.at(Origin::Registry), Lie::redirect(302, &elsewhere));
    let browser = Browser::new(&stand_in);
    let got = browser.pull(&stand_in, "manifests/latest-dev").await;
    assert_eq!((got.status, got.header("location")), (302, elsewhere.as_str()));
    let there = browser.get(&elsewhere, &[("accept", OCI_IMAGE)]).await;
    assert_eq!(there.status, 200, "the server elsewhere asks nobody for a token");
    let realm = format!("{}/v2/registry/auth", stand_in.url(Origin::Elsewhere));
    assert_eq!(browser.get(&realm, &[]).await.status, 401);
}

#[tokio::test]
async fn a_lie_is_told_to_the_requests_that_it_is_meant_for() {
    let (stand_in, _) = with_image();
    stand_in.image(REPOSITORY, "other", Image::node_on_alpine());
    stand_in
        .lie(Route::ManifestByTag.containing("/latest-dev").after(1).first(3), Lie::status(503));
    let mut seen = Vec::new();
    for tag in ["latest-dev", "latest-dev", "other", "latest-dev", "latest-dev"] {
        seen.push(fetch(&stand_in, tag).await.unwrap().0);
    }
    assert_eq!(seen, [200, 503, 200, 503, 200]);
    stand_in.lie(Route::Any.at(Origin::Api), Lie::status(500));
    let browser = Browser::new(&stand_in);
    let api = format!("{}/v2/registries", stand_in.url(Origin::Api));
    assert_eq!(browser.get(&api, &[]).await.status, 500);
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_with_the_stand_in() {
    for lie in [Lie::Hang, Lie::HangAfterHead] {
        let (stand_in, _) = with_image();
        stand_in.lie(Route::ApiRegistries, lie);
        let url = format!("{}/v2/registries", stand_in.url(Origin::Api));
        let browser = Browser::new(&stand_in);
        let waiting = tokio::spawn(async move { browser.send("GET", &url, &[], b"").await });
        let stand_in = tokio::task::spawn_blocking(move || {
            stand_in.wait_until(|entries| !entries.is_empty());
            stand_in
        });
        drop(stand_in.await.unwrap());
        assert!(waiting.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_slow_answer_arrives_in_the_end() {
    let slow = told(Lie::Slow(std::time::Duration::from_micros(1))).await;
    assert_eq!(slow.unwrap().1.len(), 1024);
}

#[test]
fn a_large_body_needs_no_memory() {
    for says_length in [true, false] {
        let stand_in = StandIn::honest();
        stand_in.lie(Route::ApiRegistries, Lie::large("application/json", 300_000, says_length));
        let mut tcp = std::net::TcpStream::connect(stand_in.host(Origin::Api)).unwrap();
        let request = b"GET /v2/registries HTTP/1.1\r\nhost: x\r\n\r\n";
        std::io::Write::write_all(&mut tcp, request).unwrap();
        let mut start = vec![0; 3 << 20];
        tcp.read_exact(&mut start).unwrap();
        let head = String::from_utf8_lossy(&start[..300]).to_lowercase();
        assert_eq!(head.contains("content-length: 314572800000"), says_length, "{head}");
        assert_eq!(head.contains("transfer-encoding: chunked"), !says_length, "{head}");
    }
}

#[tokio::test]
async fn a_connection_can_be_refused_closed_reset_or_answered_with_garbage() {
    let closed = ClosedPort::new();
    let refused = std::net::TcpStream::connect(closed.host()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    for lie in [Lie::close(), Lie::reset(), Lie::raw(b"garbage\r\n")] {
        let (stand_in, _) = with_image();
        stand_in.lie(Route::Connection(Origin::Registry).first(1), lie);
        let browser = Browser::new(&stand_in);
        let url = format!("{}/v2/", stand_in.url(Origin::Registry));
        assert!(browser.send("GET", &url, &[], b"").await.is_err());
        assert!(stand_in.asked_at(Origin::Registry).is_empty());
        assert_eq!(browser.get(&url, &[]).await.status, 401, "the second one is served");
    }
}

#[tokio::test]
async fn only_a_good_certificate_is_accepted() {
    for certificate in [
        Certificate::Good,
        Certificate::Expired,
        Certificate::NotYetValid,
        Certificate::WrongHost,
        Certificate::ForeignAuthority,
    ] {
        let tls = Some(certificate);
        let stand_in = StandIn::start(Options { tls, ..Options::default() });
        let browser = Browser::new(&stand_in);
        let url = format!("{}/v2/registries", stand_in.url(Origin::Api));
        let answered = browser.send("GET", &url, &[], b"").await.is_ok();
        assert_eq!(answered, certificate == Certificate::Good, "{certificate:?}");
        assert_eq!(stand_in.log().len(), usize::from(answered), "{certificate:?}");
    }
}

#[tokio::test]
async fn storage_can_hold_other_bytes_than_were_pushed() {
    let (stand_in, pushed) = with_image();
    stand_in.replace_in_storage(&pushed.config, json!({ "os": "other" }).to_string());
    let browser = Browser::new(&stand_in);
    let got = browser.pull(&stand_in, &format!("blobs/{}", pushed.config)).await;
    let bytes = browser.get(got.header("location"), &[]).await;
    assert_eq!(bytes.json(), json!({ "os": "other" }));
}
