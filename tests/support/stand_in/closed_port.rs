//! An address at which nobody listens, and nobody else will.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use tokio::net::TcpSocket;

/// An address that refuses connections as long as the value lives.
pub struct ClosedPort {
    address: SocketAddr,
    socket: TcpSocket,
}

impl ClosedPort {
    /// Takes a port and does not listen on it.
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        Self { address: socket.local_addr().expect("an address"), socket }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Listens on it from now on. The port is never free in between, when another connection could take it.
    pub fn open(self) -> TcpListener {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let listener = runtime
            .expect("a runtime")
            .block_on(async { self.socket.listen(16).and_then(tokio::net::TcpListener::into_std) });
        let listener = listener.expect("a port that is held can be listened on");
        listener.set_nonblocking(false).expect("a socket of ours");
        listener
    }
}
