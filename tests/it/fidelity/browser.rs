//! A client that follows nothing and hides nothing, to ask the stand-in with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method};
use serde_json::Value;

use crate::stand_in::{self, Origin, StandIn};

pub(super) const REPOSITORY: &str = "keepkey/support-email";
pub(super) const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A client that follows nothing and hides nothing.
pub(super) struct Browser {
    client: Client,
}

/// An answer, whole.
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Browser {
    pub(super) fn new(stand_in: &StandIn) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder().redirect(Policy::none()).no_proxy();
        let builder = match stand_in.ca_pem() {
            Some(pem) => builder.tls_certs_only([Certificate::from_pem(pem.as_bytes()).unwrap()]),
            None => builder.tls_certs_only([]),
        };
        Self { client: builder.build().unwrap() }
    }

    pub(super) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Got, reqwest::Error> {
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, url).headers(headers.collect());
        let answer = request.body(body.to_vec()).send().await?;
        Ok(Got {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await?.to_vec(),
        })
    }

    pub(super) async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Got {
        self.send("GET", url, headers, b"").await.unwrap()
    }

    /// The `Authorization` value of a registry token for a scope.
    pub(super) async fn bearer(&self, stand_in: &StandIn, scope: &str) -> String {
        let got = self.token(stand_in, scope, &basic("t", stand_in.token())).await;
        assert_eq!(got.status, 200, "{}", got.text());
        format!("Bearer {}", got.json()["token"].as_str().unwrap())
    }

    pub(super) async fn token(&self, stand_in: &StandIn, scope: &str, authorization: &str) -> Got {
        let scope = scope.replace(':', "%3A").replace('/', "%2F");
        let api = stand_in.url(Origin::Api);
        let service = stand_in::SERVICE;
        let url = format!("{api}/v2/registry/auth?service={service}&scope={scope}");
        self.get(&url, &[("authorization", authorization)]).await
    }

    /// A request of the registry with a token that allows to pull.
    pub(super) async fn pull(&self, stand_in: &StandIn, path: &str) -> Got {
        let bearer = self.bearer(stand_in, &format!("repository:{REPOSITORY}:pull")).await;
        let url = format!("{}/v2/{REPOSITORY}/{path}", stand_in.url(Origin::Registry));
        let accept = format!("{OCI_INDEX}, {OCI_IMAGE}");
        self.get(&url, &[("authorization", &bearer), ("accept", &accept)]).await
    }
}

/// The `Authorization` value of Basic credentials.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
