//! A push over plain HTTP, byte for byte: a copier rewrites some manifests, and refuses others.

use reqwest::{Client, Method, RequestBuilder};

use crate::stand_in::{Kept, Origin, StandIn};

/// Who pushes, and where to.
pub(crate) struct Pusher {
    host: String,
    authorization: Authorization,
}

enum Authorization {
    Bearer(String),
    Basic(String),
}

impl Pusher {
    /// With a token for one repository from the stand-in's token endpoint.
    pub(crate) fn with_token(stand_in: &StandIn, host: &str, repository: &str) -> Self {
        let token = wait(async {
            let url = format!("{}/v2/registry/auth", stand_in.url(Origin::Api));
            let scope = format!("repository:{repository}:pull,push");
            let asked = client().get(url).query(&[("scope", scope)]);
            let asked = asked.basic_auth("t", Some(stand_in.token()));
            let answer = asked.send().await.unwrap().bytes().await.unwrap();
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            answer["token"].as_str().unwrap().to_owned()
        });
        Self { host: host.to_owned(), authorization: Authorization::Bearer(token) }
    }

    /// With a password.
    pub(crate) fn with_password(host: &str, password: &str) -> Self {
        Self { host: host.to_owned(), authorization: Authorization::Basic(password.to_owned()) }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        // An upload's address may come with its host, or without.
        let url = if path.starts_with('/') {
            format!("http://{}{path}", self.host)
        } else {
            path.to_owned()
        };
        let request = client().request(method, url);
        match &self.authorization {
            Authorization::Bearer(token) => request.bearer_auth(token),
            Authorization::Basic(password) => request.basic_auth("robot", Some(password)),
        }
    }

    async fn blob(&self, repository: &str, blob: &Kept) {
        let begun = self.request(Method::POST, &format!("/v2/{repository}/blobs/uploads/"));
        let location = accepted(begun.header("content-length", 0), 202).await;
        let sent = self.request(Method::PATCH, &location).body(blob.bytes.clone());
        let location = accepted(sent.header("content-type", "application/octet-stream"), 202).await;
        let mark = if location.contains('?') { '&' } else { '?' };
        let end = format!("{location}{mark}digest={}", blob.digest);
        accepted(self.request(Method::PUT, &end).header("content-length", 0), 201).await;
    }

    async fn manifest(&self, repository: &str, reference: &str, manifest: &Kept) {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let sent = self.request(Method::PUT, &path).body(manifest.bytes.clone());
        accepted(sent.header("content-type", &manifest.media_type), 201).await;
    }
}

/// Pushes what an image consists of, its manifest or index last and under the tag.
#[track_caller]
pub(crate) fn push(pusher: &Pusher, repository: &str, tag: &str, parts: &[Kept]) {
    let (top, below) = parts.split_last().expect("an image");
    wait(async {
        for part in below {
            if part.is_manifest {
                pusher.manifest(repository, &part.digest, part).await;
            } else {
                pusher.blob(repository, part).await;
            }
        }
        pusher.manifest(repository, tag, top).await;
    });
}

/// The address that a registry names in its answer.
async fn accepted(request: RequestBuilder, status: u16) -> String {
    let answer = request.send().await.unwrap();
    let location =
        answer.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
    assert_eq!(answer.status().as_u16(), status, "{}", answer.text().await.unwrap());
    location.unwrap_or_default()
}

fn client() -> Client {
    Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
