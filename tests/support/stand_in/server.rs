//! The listeners: accept, read a request whole, find the honest answer or the lie, send it.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::answer::{Answer, Sending};
use super::connection::{Connection, End, Fate, Socket};
use super::lie::{self, Lie};
use super::log::Entry;
use super::route::{Origin, Route, Target};
use super::{Ask, Shared, api, registry};

/// Accepts connections for one server until the runtime ends.
pub(super) async fn serve(
    shared: Arc<Shared>,
    origin: Origin,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        shared.log.accepted(origin);
        let shared = Arc::clone(&shared);
        tokio::spawn(accepted(shared, origin, tcp, tls.clone()));
    }
}

async fn accepted(shared: Arc<Shared>, origin: Origin, tcp: TcpStream, tls: Option<TlsAcceptor>) {
    if !shared.options.accept_delay.is_zero() {
        tokio::time::sleep(shared.options.accept_delay).await;
    }
    let _ = tcp.set_nodelay(true);
    let route = Route::Connection(origin);
    let asked = lie::Asked { route: &route, origin, method: "", target: "", is_ranged: false };
    match shared.lie_for(&asked) {
        None => {}
        Some(Lie::Hang) => std::future::pending().await,
        Some(Lie::Late(time)) => tokio::time::sleep(time).await,
        Some(Lie::AfterConnections(awaited, count)) => shared.log.connected(awaited, count).await,
        Some(Lie::End(End::Raw(bytes))) => {
            use tokio::io::AsyncWriteExt as _;
            let mut tcp = tcp;
            let _ = tcp.write_all(&bytes).await;
            return;
        }
        Some(Lie::End(End::Reset)) => {
            let _ = tcp.set_zero_linger();
            return;
        }
        Some(other) if other.ends() => return,
        Some(other) => panic!("{other:?} cannot be told to a connection"),
    }
    let socket = match tls {
        None => Socket::Plain(tcp),
        Some(acceptor) => match acceptor.accept(tcp).await {
            Ok(stream) => Socket::Tls(Box::new(stream)),
            Err(_) => return,
        },
    };
    let fate = Arc::new(Fate::default());
    let io = TokioIo::new(Connection::new(socket, Arc::clone(&fate), Arc::clone(&shared)));
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        let fate = Arc::clone(&fate);
        async move { Ok::<_, Infallible>(respond(shared, origin, fate, request).await) }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    // Large enough for the lies with many and with huge headers.
    server.http2().max_header_list_size(4 << 20).max_concurrent_streams(1000);
    let _ = server.serve_connection(io, service).await;
}

async fn respond(
    shared: Arc<Shared>,
    origin: Origin,
    fate: Arc<Fate>,
    request: Request<Incoming>,
) -> Response<Sending> {
    let ask = Ask::read(origin, request).await;
    let route =
        ask.target.route(&ask.method, |repository, tag| shared.store().has_tag(repository, tag));
    let place = shared.log.start(ask.entry(&shared, route.clone()));
    if !shared.options.answer_delay.is_zero() {
        tokio::time::sleep(shared.options.answer_delay).await;
    }
    for (routes, count) in &shared.options.together {
        if routes.contains(&route) {
            shared.log.arrived(routes, *count).await;
        }
    }
    let target = ask.path_and_query();
    let method = ask.method.as_str();
    let is_ranged = ask.range.is_some();
    let asked = lie::Asked { route: &route, origin, method, target: &target, is_ranged };
    let answer = match shared.lie_for(&asked) {
        None => honest(&shared, &ask),
        Some(Lie::Hang) => std::future::pending().await,
        Some(Lie::End(end)) => {
            fate.set(end);
            shared.log.end(place, None);
            return Answer::new(200).into_response(true, fate);
        }
        Some(Lie::Late(time)) => {
            tokio::time::sleep(time).await;
            honest(&shared, &ask)
        }
        Some(Lie::After(awaited, count)) => {
            shared.log.arrived(&[awaited], count).await;
            honest(&shared, &ask)
        }
        Some(Lie::AfterConnections(awaited, count)) => {
            shared.log.connected(awaited, count).await;
            honest(&shared, &ask)
        }
        Some(Lie::SamePathAt(base)) => {
            Answer::new(307).header("location", &format!("{base}{target}"))
        }
        Some(Lie::AffirmAs(tag)) => honest(&shared, &ask.asking_for(&tag)),
        Some(told @ (Lie::Whole | Lie::Chunks(_))) => {
            let whole = Ask { range: None, ..ask.clone() };
            lie::told(told, honest(&shared, &whole), None)
        }
        Some(told) => lie::told(told, honest(&shared, &ask), ask.authorization.as_deref()),
    };
    shared.log.end(place, Some(answer.status));
    answer.into_response(ask.method == hyper::Method::HEAD, fate)
}

fn honest(shared: &Shared, ask: &Ask) -> Answer {
    match ask.origin {
        Origin::Api => api::answer(shared, ask),
        Origin::Elsewhere if ask.target.is_api() => api::answer(shared, ask),
        Origin::Registry | Origin::Storage | Origin::Elsewhere => registry::answer(shared, ask),
    }
}

impl Ask {
    async fn read(origin: Origin, request: Request<Incoming>) -> Self {
        let (head, body) = request.into_parts();
        let text = |name: &str| {
            let value = head.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let accept = head.headers.get_all("accept").iter();
        let mut header_names: Vec<_> =
            head.headers.keys().map(|name| name.as_str().to_owned()).collect();
        header_names.sort();
        let header_text = head
            .headers
            .values()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect::<Vec<_>>()
            .join("\n");
        Self {
            origin,
            target: Target::parse(origin, head.uri.path()),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            version: format!("{:?}", head.version),
            authorization: text("authorization"),
            range: text("range"),
            content_type: text("content-type"),
            accept: accept.map(|value| String::from_utf8_lossy(value.as_bytes()).into()).collect(),
            header_names,
            header_text,
            body: body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default(),
            method: head.method,
        }
    }

    fn path_and_query(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    fn asking_for(&self, tag: &str) -> Self {
        let target = self.target.clone().with_reference(tag);
        Self { target, ..self.clone() }
    }

    fn entry(&self, shared: &Shared, route: Route) -> Entry {
        let body = String::from_utf8_lossy(&self.body);
        let everything = format!("{}\n{}\n{body}", self.path_and_query(), self.header_text);
        let scheme = self.authorization.as_deref().and_then(|value| value.split(' ').next());
        Entry {
            origin: self.origin,
            route,
            method: self.method.to_string(),
            target: self.path_and_query(),
            version: self.version.clone(),
            header_names: self.header_names.clone(),
            authorization: scheme.map(str::to_owned),
            carries_token: shared.token_forms().iter().any(|form| everything.contains(form)),
            range: self.range.clone(),
            start: 0,
            end: None,
            status: None,
        }
    }
}
