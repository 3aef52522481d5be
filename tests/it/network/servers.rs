//! Servers that do with a connection what a test says: below HTTP, forwarding, or as a proxy.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A server on loopback, each connection on a thread of its own. Dropped is stopped.
pub(super) struct RawServer {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl RawServer {
    /// A server on any port.
    pub(super) fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), serve)
    }

    /// A server on this port.
    pub(super) fn on(
        listener: TcpListener,
        serve: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("an address");
        let this = Self { address, connections: Arc::default(), over: Arc::default() };
        let (connections, over) = (Arc::clone(&this.connections), Arc::clone(&this.over));
        let serve = Arc::new(serve);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                connections.fetch_add(1, Ordering::Relaxed);
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream));
            }
        });
        this
    }

    /// One that reads a request's head and sends these bytes; then the connection ends.
    pub(super) fn sending(bytes: &'static [u8]) -> Self {
        Self::start(move |mut stream| {
            head_of(&mut stream);
            let _ = stream.write_all(bytes);
        })
    }

    /// One that passes every connection on.
    pub(super) fn forwarding(listener: TcpListener, to: String) -> Self {
        Self::on(listener, move |stream| {
            forward(stream, TcpStream::connect(&to).expect("the other end"), None);
        })
    }

    /// `127.0.0.1:PORT`.
    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    /// How many connections it accepted.
    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener up, so that it sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads up to the empty line that ends a request's head.
pub(super) fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.extend_from_slice(&byte);
    }
    String::from_utf8_lossy(&head).into_owned()
}

type Seen = Arc<Mutex<Vec<u8>>>;

/// Copies in both directions until both ends are done. What `near` sends is kept in `seen`.
fn forward(near: TcpStream, far: TcpStream, seen: Option<Seen>) {
    let copy = |mut from: TcpStream, mut to: TcpStream, seen: Option<Seen>| {
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Some(bytes) = from
                .read(&mut block)
                .ok()
                .and_then(|count| block.get(..count))
                .filter(|b| !b.is_empty())
            {
                if let Some(seen) = &seen {
                    seen.lock().expect("no panic while held").extend_from_slice(bytes);
                }
                if to.write_all(bytes).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        })
    };
    let there = copy(near.try_clone().expect("a handle"), far.try_clone().expect("a handle"), seen);
    let back = copy(far, near, None);
    let _ = (there.join(), back.join());
}

/// A proxy that opens tunnels to ports of this machine, whatever the name.
pub(super) struct ConnectProxy {
    server: RawServer,
    heads: Arc<Mutex<Vec<String>>>,
    tunnelled: Seen,
}

impl ConnectProxy {
    /// Starts it.
    pub(super) fn start() -> Self {
        let (heads, tunnelled) = (Arc::new(Mutex::new(Vec::new())), Seen::default());
        let (kept, seen) = (Arc::clone(&heads), Arc::clone(&tunnelled));
        let server = RawServer::start(move |mut stream| {
            let head = head_of(&mut stream);
            let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
            let port = target.and_then(|target| target.rsplit(':').next()).map(str::to_owned);
            kept.lock().expect("no panic while held").push(head);
            let far = port.and_then(|port| TcpStream::connect(format!("127.0.0.1:{port}")).ok());
            let Some(far) = far else { return };
            let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            forward(stream, far, Some(Arc::clone(&seen)));
        });
        Self { server, heads, tunnelled }
    }

    /// `127.0.0.1:PORT`.
    pub(super) fn host(&self) -> String {
        self.server.host()
    }

    /// The heads of the requests that it got, in order.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no panic while held").clone()
    }

    /// The bytes that were sent through its tunnels.
    pub(super) fn tunnelled(&self) -> Vec<u8> {
        self.tunnelled.lock().expect("no panic while held").clone()
    }
}
