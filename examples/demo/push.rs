//! Pushes an image over HTTP, as `docker push` would: a token, each blob, the manifest last.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method, Url};
use serde_json::Value;

use crate::stand_in::{Content, Origin, SERVICE, StandIn, oci_layout};

/// What was pushed.
pub(crate) struct Pushed {
    /// The manifest's digest.
    pub(crate) digest: String,
    /// How many requests it took.
    pub(crate) requests: usize,
}

/// Pushes one content under several tags of a repository.
pub(crate) fn push(
    stand_in: &StandIn,
    repository: &str,
    tags: &[&str],
    content: &Content,
) -> anyhow::Result<Pushed> {
    // A client sets up TLS even where it speaks none; and this one trusts nobody.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client::builder().no_proxy().tls_certs_only([]).build()?;
    runtime.block_on(async {
        let token = token(&client, stand_in, repository).await?;
        let mut pusher = Pusher {
            client,
            base: format!("{}/v2/{repository}", stand_in.url(Origin::Registry)),
            token,
            requests: 1,
        };
        let mut files = oci_layout(content, "pushed");
        let manifest = named_by(&files.remove("index.json").unwrap_or_default())?;
        let bytes = files.remove(&path_of(&manifest.digest)).context("the layout's manifest")?;
        let blobs: BTreeMap<_, _> =
            files.iter().filter(|(path, _)| path.starts_with("blobs/")).collect();
        for (path, bytes) in blobs {
            let digest = path.trim_start_matches("blobs/").replacen('/', ":", 1);
            pusher.blob(&digest, bytes.to_vec()).await?;
        }
        for tag in tags {
            pusher.manifest(tag, &manifest.media_type, bytes.to_vec()).await?;
        }
        Ok(Pushed { digest: manifest.digest, requests: pusher.requests })
    })
}

/// A token that may push.
async fn token(client: &Client, stand_in: &StandIn, repository: &str) -> anyhow::Result<String> {
    let mut url: Url = format!("{}/v2/registry/auth", stand_in.url(Origin::Api)).parse()?;
    let scope = format!("repository:{repository}:pull,push");
    url.query_pairs_mut().append_pair("service", SERVICE).append_pair("scope", &scope);
    let login = STANDARD.encode(format!("demo:{}", stand_in.token()));
    let answer = client.get(url).header("authorization", format!("Basic {login}")).send().await?;
    ensure!(answer.status() == 200, "the token endpoint answered {}", answer.status());
    let answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(answer.get("token").and_then(Value::as_str).context("no token")?.to_owned())
}

struct Pusher {
    client: Client,
    base: String,
    token: String,
    requests: usize,
}

impl Pusher {
    async fn blob(&mut self, digest: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let begun = self
            .send(Method::POST, &format!("{}/blobs/uploads/", self.base), "", Vec::new(), 202)
            .await?;
        let place = begun.headers().get("location").context("an upload without a place")?;
        let mut url: Url = place.to_str()?.parse()?;
        url.query_pairs_mut().append_pair("digest", digest);
        self.send(Method::PUT, url.as_str(), "application/octet-stream", bytes, 201).await?;
        Ok(())
    }

    async fn manifest(&mut self, tag: &str, kind: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let url = format!("{}/manifests/{tag}", self.base);
        self.send(Method::PUT, &url, kind, bytes, 201).await.map(drop)
    }

    async fn send(
        &mut self,
        method: Method,
        url: &str,
        content_type: &str,
        body: Vec<u8>,
        wanted: u16,
    ) -> anyhow::Result<reqwest::Response> {
        self.requests += 1;
        let request = self.client.request(method.clone(), url).bearer_auth(&self.token).body(body);
        let request = if content_type.is_empty() {
            request
        } else {
            request.header("content-type", content_type)
        };
        let answer = request.send().await?;
        ensure!(
            answer.status() == wanted,
            "the registry answered {} to a {method}",
            answer.status()
        );
        Ok(answer)
    }
}

/// A manifest, as a layout's index names it.
struct Named {
    digest: String,
    media_type: String,
}

fn named_by(index: &[u8]) -> anyhow::Result<Named> {
    let index: Value = serde_json::from_slice(index)?;
    let text = |pointer: &str| index.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    Ok(Named {
        digest: text("/manifests/0/digest").context("an index without a digest")?,
        media_type: text("/manifests/0/mediaType").context("an index without a media type")?,
    })
}

fn path_of(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}
