//! An address at which nobody listens, and nobody else will.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// An address that refuses connections as long as the value lives.
pub struct ClosedPort {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl ClosedPort {
    /// Takes a port and does not listen on it.
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        Self { address: socket.local_addr().expect("an address"), _socket: socket }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}
