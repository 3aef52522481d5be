//! One client and one way to ask: GET, no redirects, a bounded body; and what of an answer is told.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use regex_lite::Regex;
use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use serde_json::Value;

use verify_registry_image::secret::{Redactor, Secret};

use crate::shape;

/// The most of a body that is read.
const MOST: usize = 4 << 20;
/// Headers whose value is told.
const TOLD: [&str; 12] = [
    "docker-distribution-api-version",
    "x-response-from",
    "www-authenticate",
    "content-range",
    "accept-ranges",
    "retry-after",
    "server",
    "via",
    "allow",
    "oci-subject",
    "ratelimit-limit",
    "ratelimit-remaining",
];

/// The client, what it must not show, and the names that are shown by a placeholder.
pub(crate) struct Asker {
    client: Client,
    redactor: Redactor,
    placeholders: Vec<(String, &'static str)>,
    digest: Regex,
}

/// A question.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    title: &'a str,
    url: Url,
    kind: Kind,
    authorization: Option<(Secret, &'a str)>,
    first_byte: bool,
    accept: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// For a document, without credentials.
    pub(crate) fn new(title: &'a str, url: Url) -> Self {
        let kind = Kind::Document;
        Self { title, url, kind, authorization: None, first_byte: false, accept: None }
    }

    /// With an `Authorization` header, and a word for what stands in it.
    pub(crate) fn with(self, header: &Secret, what: &'a str) -> Self {
        Self { authorization: Some((header.clone(), what)), ..self }
    }

    /// With an `Accept` header.
    pub(crate) fn accept(self, accept: &'a str) -> Self {
        Self { accept: Some(accept), ..self }
    }

    /// For something else than a document; of a layer, the first byte is enough.
    pub(crate) fn part(self, kind: Kind, first_byte: bool) -> Self {
        Self { kind, first_byte, ..self }
    }
}

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A document of the service.
    Document,
    /// A part of the image, which is nobody's business.
    Content,
    /// The same under an address that is a secret of its own: signed by the registry for whoever has it.
    SignedContent,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    version: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The digest that a registry says it has.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.headers.get("docker-content-digest")?.to_str().ok()
    }

    /// Where a redirect leads.
    pub(crate) fn location(&self, from: &Url) -> Option<Url> {
        from.join(self.headers.get("location")?.to_str().ok()?).ok()
    }
}

impl Asker {
    /// A client that trusts the system's certificates and shows `placeholders` in the place of names.
    pub(crate) fn new(
        redactor: Redactor,
        placeholders: Vec<(String, &'static str)>,
        plain: bool,
    ) -> anyhow::Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .https_only(!plain)
            .timeout(Duration::from_secs(30));
        let client = if plain { builder.no_proxy() } else { builder }.build()?;
        let digest = Regex::new("sha256:[0-9a-f]{64}")?;
        Ok(Self { client, redactor, placeholders, digest })
    }

    /// What must not be shown.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Asks.
    pub(crate) async fn get(&self, ask: &Ask<'_>) -> anyhow::Result<Answer> {
        let mut request = self.client.get(ask.url.clone());
        if let Some((secret, _)) = &ask.authorization {
            request = request.header("authorization", secret.expose());
        }
        if ask.first_byte {
            request = request.header("range", "bytes=0-0");
        }
        if let Some(accept) = ask.accept {
            request = request.header("accept", accept);
        }
        // An address can hold a signature: it is told elsewhere, without its query.
        let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            body.extend_from_slice(&chunk);
            if ask.first_byte || body.len() > MOST {
                break;
            }
        }
        // A token is a secret before it is anything else.
        for token in tokens(&body) {
            self.redactor.hide(&token);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            version: format!("{:?}", response.version()),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }

    /// What is told of an answer, line by line.
    pub(crate) fn told(&self, ask: &Ask<'_>, answer: &Answer) -> String {
        let Answer { status, headers, body, version } = answer;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = header("content-type").unwrap_or("no content type");
        let mut lines =
            vec![format!("{status}, {version}, {kind}, {} bytes of body read", body.len())];
        let names: Vec<&str> = headers.keys().map(reqwest::header::HeaderName::as_str).collect();
        lines.push(format!("headers: {}", names.join(", ")));
        for name in TOLD {
            for value in headers.get_all(name) {
                lines.push(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
            }
        }
        if let Some(location) = answer.location(&ask.url) {
            let names: Vec<_> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
            let host = location.host_str().unwrap_or_default();
            lines.push(format!(
                "redirects to {}://{host} with the query names: {}",
                location.scheme(),
                names.join(", ")
            ));
        }
        lines.push(self.body(ask.kind, answer));
        let lines: Vec<String> =
            lines.into_iter().map(|line| format!("  {}\n", self.hidden(&line, 1_000))).collect();
        lines.concat()
    }

    /// An error's body in its own words, any other's shape.
    fn body(&self, kind: Kind, answer: &Answer) -> String {
        if answer.body.is_empty() {
            return "body: none".to_owned();
        }
        if answer.status < 400 && kind != Kind::Document {
            return "body: a part of the image".to_owned();
        }
        let text = String::from_utf8_lossy(&answer.body);
        match serde_json::from_slice::<Value>(&answer.body) {
            Ok(value) if answer.status < 400 => format!("body: {}", shape::of(&value)),
            Ok(_) => format!("body: {text}"),
            Err(_) if answer.status < 400 => "body: no JSON".to_owned(),
            Err(_) => format!("body, no JSON: {}", self.redactor.line(&text, 200)),
        }
    }

    /// What is told of a question.
    pub(crate) fn question(&self, ask: &Ask<'_>) -> String {
        let url = match ask.kind {
            Kind::Document | Kind::Content => ask.url.to_string(),
            Kind::SignedContent => format!("{}/…", ask.url.origin().ascii_serialization()),
        };
        let with = ask.authorization.as_ref().map_or("nothing", |(_, what)| what);
        let range = if ask.first_byte { ", its first byte" } else { "" };
        let line = format!("GET {url} with {with}{range}");
        format!("\n## {}\n  {}\n", ask.title, self.hidden(&line, 1_000))
    }

    /// One line without secrets, names and digests.
    fn hidden(&self, line: &str, most: usize) -> String {
        let line = self.redactor.line(line, most);
        let mut line = self.digest.replace_all(&line, "sha256:DIGEST").into_owned();
        for (name, placeholder) in &self.placeholders {
            line = line.replace(name.as_str(), placeholder);
        }
        line
    }
}

/// The tokens in a document.
pub(crate) fn tokens(body: &[u8]) -> Vec<Secret> {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    ["token", "access_token", "refresh_token"]
        .iter()
        .filter_map(|name| document.get(name)?.as_str().map(Secret::new))
        .collect()
}

/// An address below an origin, each part percent-encoded where it has to be.
pub(crate) fn address(origin: &Url, parts: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Url> {
    let mut url = origin.clone();
    url.path_segments_mut().ok().context("an address without a path")?.clear().extend(parts);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}
