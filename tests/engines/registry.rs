//! A registry that serves the images' bytes as they are, to anybody, over plain HTTP and over TLS.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::recipe::Image;

pub(crate) struct Registry {
    shared: Arc<Shared>,
    pub(crate) plain: String,
    pub(crate) tls: String,
    _runtime: Runtime,
}

#[derive(Default)]
struct Shared {
    images: Mutex<BTreeMap<String, Arc<Image>>>,
    /// By whole repository: the digests that were downloaded.
    asked: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(Shared::default());
        let listen = |tls: Option<TlsAcceptor>| {
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            let host = listener.local_addr().unwrap().to_string();
            runtime.spawn(serve(Arc::clone(&shared), listener, tls));
            host
        };
        let plain = listen(None);
        let tls = listen(Some(acceptor()));
        Self { plain, tls, shared, _runtime: runtime }
    }

    /// Serves an image as `ANYTHING/name:t`.
    pub(crate) fn add(&self, name: &str, image: Image) {
        self.shared.images.lock().unwrap().insert(name.to_owned(), Arc::new(image));
    }

    /// The platforms whose layers or config were downloaded from `who/name`.
    pub(crate) fn taken(&self, who: &str, name: &str) -> Vec<String> {
        let asked = self.shared.asked.lock().unwrap();
        let Some(asked) = asked.get(&format!("{who}/{name}")) else { return Vec::new() };
        let images = self.shared.images.lock().unwrap();
        let is_taken = |digests: &Vec<String>| digests.iter().any(|digest| asked.contains(digest));
        let taken = images[name].taken.iter().filter(|(_, digests)| is_taken(digests));
        taken.map(|(platform, _)| platform.clone()).collect()
    }
}

fn acceptor() -> TlsAcceptor {
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(shared: Arc<Shared>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        let _ = tcp.set_nodelay(true);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = shared.answer(&request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = match tls {
                None => server.serve_connection(TokioIo::new(tcp), service).await,
                Some(tls) => match tls.accept(tcp).await {
                    Ok(stream) => server.serve_connection(TokioIo::new(stream), service).await,
                    Err(_) => return,
                },
            };
        });
    }
}

impl Shared {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if path == "/v2/" {
            return respond(200, "application/json", "", b"{}");
        }
        let denied = |code: &str| {
            let body = format!(r#"{{"errors":[{{"code":"{code}","message":"unknown"}}]}}"#);
            respond(404, "application/json", "", body.as_bytes())
        };
        let mut parts = path.rsplitn(3, '/');
        let (reference, kind) =
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let repository = parts.next().unwrap_or_default().trim_start_matches("/v2/");
        let name = repository.rsplit('/').next().unwrap_or_default();
        let Some(image) = self.images.lock().unwrap().get(name).cloned() else {
            return denied("NAME_UNKNOWN");
        };
        if kind == "manifests" {
            let digest = if reference == "t" { &image.tag.1 } else { reference };
            let Some((media_type, bytes)) = image.manifests.get(digest) else {
                return denied("MANIFEST_UNKNOWN");
            };
            let media_type = if reference == "t" { &image.tag.0 } else { media_type };
            return respond(200, media_type, digest, bytes);
        }
        let Some(bytes) = image.blobs.get(reference) else { return denied("BLOB_UNKNOWN") };
        if request.method() == hyper::Method::GET {
            let mut asked = self.asked.lock().unwrap();
            asked.entry(repository.to_owned()).or_default().insert(reference.to_owned());
        }
        let range = request.headers().get("range").and_then(|value| value.to_str().ok());
        ranged(bytes, range, reference)
    }
}

fn ranged(bytes: &[u8], range: Option<&str>, digest: &str) -> Response<Full<Bytes>> {
    let whole = || respond(200, "application/octet-stream", digest, bytes);
    let Some((first, last)) = range.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'))
    else {
        return whole();
    };
    let size = bytes.len();
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, last.min(size.saturating_sub(1))),
        (Ok(first), Err(_)) => (first, size.saturating_sub(1)),
        (Err(_), Ok(count)) => (size.saturating_sub(count), size.saturating_sub(1)),
        (Err(_), Err(_)) => return whole(),
    };
    let mut answer = if first >= size {
        respond(416, "application/octet-stream", digest, b"")
    } else {
        respond(206, "application/octet-stream", digest, &bytes[first..=last])
    };
    let text = if first >= size {
        format!("bytes */{size}")
    } else {
        format!("bytes {first}-{last}/{size}")
    };
    answer.headers_mut().insert("content-range", text.parse().unwrap());
    answer
}

fn respond(status: u16, media_type: &str, digest: &str, body: &[u8]) -> Response<Full<Bytes>> {
    let mut answer = Response::builder()
        .status(status)
        .header("docker-distribution-api-version", "registry/2.0");
    if !media_type.is_empty() {
        answer = answer.header("content-type", media_type);
    }
    if !digest.is_empty() {
        answer = answer.header("docker-content-digest", digest);
    }
    answer
        .header("content-length", body.len())
        .body(Full::new(Bytes::copy_from_slice(body)))
        .unwrap()
}
