//! One accepted connection: plain or TLS, and the ways in which it can end badly.
//!
//! It stands between hyper and the socket, so that a request can be answered with bytes that are no HTTP
//! at all, or with a reset.

use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// How a connection ends before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is closed (FIN).
    Close,
    /// It is reset (RST).
    Reset,
    /// These bytes are sent in place of the answer; then it is closed.
    Raw(Vec<u8>),
}

/// What is to become of a connection. Shared by the connection and the requests on it.
#[derive(Debug, Default)]
pub(super) struct Fate(Mutex<Option<End>>);

impl Fate {
    pub(super) fn set(&self, end: End) {
        *self.0.lock().expect("no panic while held") = Some(end);
    }

    fn get(&self) -> Option<End> {
        self.0.lock().expect("no panic while held").clone()
    }
}

/// The socket, with or without TLS.
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A socket that obeys its [`Fate`].
pub(super) struct Connection {
    socket: Socket,
    fate: std::sync::Arc<Fate>,
    raw_sent: usize,
    /// The first bytes that came, until they say how large the client's windows are.
    begun: Vec<u8>,
    shared: std::sync::Arc<super::Shared>,
}

/// With more than these, a client says no windows.
const BEGUN: usize = 256;

impl Connection {
    pub(super) fn new(
        socket: Socket,
        fate: std::sync::Arc<Fate>,
        shared: std::sync::Arc<super::Shared>,
    ) -> Self {
        Self { socket, fate, raw_sent: 0, begun: Vec::new(), shared }
    }

    fn tcp(&self) -> &TcpStream {
        match &self.socket {
            Socket::Plain(tcp) => tcp,
            Socket::Tls(tls) => tls.get_ref().0,
        }
    }

    fn poll_socket_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Socket::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    /// Ends the connection as it is meant to; an error when it has ended.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let over = || Err(io::Error::from(io::ErrorKind::BrokenPipe));
        match self.fate.get() {
            None => Poll::Ready(Ok(())),
            Some(End::Close) => Poll::Ready(over()),
            Some(End::Reset) => {
                self.tcp().set_zero_linger()?;
                Poll::Ready(over())
            }
            Some(End::Raw(bytes)) => {
                while let Some(rest) = bytes.get(self.raw_sent..).filter(|rest| !rest.is_empty()) {
                    self.raw_sent += ready!(self.poll_socket_write(cx, rest))?;
                }
                ready!(self.poll_socket_flush(cx))?;
                ready!(self.poll_socket_shutdown(cx))?;
                Poll::Ready(over())
            }
        }
    }

    fn poll_socket_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Socket::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_socket_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Socket::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = match &mut this.socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Socket::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        };
        if this.begun.len() < BEGUN {
            this.begun.extend_from_slice(&buffer.filled()[before..]);
            if let Some(windows) = windows(&this.begun) {
                this.shared.log.windows(windows);
                this.begun = vec![0; BEGUN];
            }
        }
        read
    }
}

/// How much a client of HTTP/2 takes of one stream and of the whole connection before it has read anything, by the frames
/// that its connection begins with.
fn windows(begun: &[u8]) -> Option<(u32, u32)> {
    let mut frames = begun.strip_prefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
    let (mut stream, mut connection) = (None, None);
    while let [a, b, c, kind, _flags, _, _, _, _, rest @ ..] = frames {
        let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
        let (payload, next) = rest.split_at_checked(length)?;
        match kind {
            4 => {
                let (settings, _) = payload.as_chunks();
                let size = settings.iter().find_map(|[id @ .., a, b, c, d]: &[u8; 6]| {
                    (*id == [0, 4]).then_some([*a, *b, *c, *d])
                });
                stream = size.map(u32::from_be_bytes);
            }
            8 => connection = Some(65_535 + u32::from_be_bytes(payload.try_into().ok()?)),
            _ => {}
        }
        frames = next;
        if stream.is_some() && connection.is_some() {
            break;
        }
    }
    Some((stream?, connection?))
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_end(cx))?;
        let sent = ready!(this.poll_socket_write(cx, bytes))?;
        this.shared.log.sent(sent as u64);
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_socket_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_end(cx))?;
        this.poll_socket_shutdown(cx)
    }
}
