//! Pushing into the stand-in: in one piece, in chunks, with a mount; and what is refused.

use serde_json::json;

use super::{Browser, OCI_IMAGE, REPOSITORY};
use crate::stand_in::{Options, Origin, StandIn, digest_of};

async fn writer(stand_in: &StandIn, browser: &Browser) -> String {
    browser.bearer(stand_in, &format!("repository:{REPOSITORY}:pull,push")).await
}

#[tokio::test]
async fn what_is_pushed_can_be_pulled() {
    let stand_in = StandIn::start(Options { writable: true, ..Options::default() });
    let browser = Browser::new(&stand_in);
    let bearer = writer(&stand_in, &browser).await;
    let auth = ("authorization", bearer.as_str());
    let base = format!("{}/v2/{REPOSITORY}", stand_in.url(Origin::Registry));
    let (config, layer) = (b"{}".as_slice(), b"first, second".as_slice());

    // In one piece, after a mount that does not come about.
    let mount = format!("{base}/blobs/uploads/?mount={}&from=keepkey/other", digest_of(config));
    let begun = browser.send("POST", &mount, &[auth], b"").await.unwrap();
    assert_eq!(begun.status, 202);
    let put = format!("{}&digest={}", begun.header("location"), digest_of(config));
    assert_eq!(browser.send("PUT", &put, &[auth], config).await.unwrap().status, 201);

    // In chunks.
    let uploads = format!("{base}/blobs/uploads/");
    let begun = browser.send("POST", &uploads, &[auth], b"").await.unwrap();
    let first =
        browser.send("PATCH", begun.header("location"), &[auth], &layer[..6]).await.unwrap();
    assert_eq!((first.status, first.header("range")), (202, "0-5"));
    let put = format!("{}&digest={}", first.header("location"), digest_of(layer));
    assert_eq!(browser.send("PUT", &put, &[auth], &layer[6..]).await.unwrap().status, 201);

    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config), "size": 2 },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest_of(layer), "size": 13 }],
    });
    let bytes = manifest.to_string().into_bytes();
    let headers = [auth, ("content-type", OCI_IMAGE)];
    let url = format!("{base}/manifests/pushed");
    let put = browser.send("PUT", &url, &headers, &bytes).await.unwrap();
    assert_eq!((put.status, put.header("docker-content-digest")), (201, &*digest_of(&bytes)));
    let got = browser.pull(&stand_in, "manifests/pushed").await;
    assert_eq!((got.status, got.body), (200, bytes));
}

#[tokio::test]
async fn a_push_that_does_not_hold_together_is_refused() {
    let stand_in = StandIn::start(Options { writable: true, ..Options::default() });
    let browser = Browser::new(&stand_in);
    let bearer = writer(&stand_in, &browser).await;
    let auth = ("authorization", bearer.as_str());
    let base = format!("{}/v2/{REPOSITORY}", stand_in.url(Origin::Registry));
    let wrong = format!("{base}/blobs/uploads/?digest={}", digest_of(b"one"));
    let refused = browser.send("POST", &wrong, &[auth], b"another").await.unwrap();
    assert_eq!(refused.json()["errors"][0]["code"], "DIGEST_INVALID");

    let lost = json!({ "schemaVersion": 2, "config": { "digest": digest_of(b"never pushed") }, "layers": [] });
    let url = format!("{base}/manifests/lost");
    let refused = browser.send("PUT", &url, &[auth], lost.to_string().as_bytes()).await.unwrap();
    assert_eq!(refused.json()["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN");

    let reader = browser.bearer(&stand_in, &format!("repository:{REPOSITORY}:pull")).await;
    let uploads = format!("{base}/blobs/uploads/");
    let refused = browser.send("POST", &uploads, &[("authorization", &reader)], b"").await.unwrap();
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn without_the_switch_nothing_can_be_pushed() {
    let stand_in = StandIn::honest();
    let browser = Browser::new(&stand_in);
    let bearer = writer(&stand_in, &browser).await;
    let url = format!("{}/v2/{REPOSITORY}/blobs/uploads/", stand_in.url(Origin::Registry));
    let got = browser.send("POST", &url, &[("authorization", &bearer)], b"").await.unwrap();
    assert_eq!(got.status, 401);
}
