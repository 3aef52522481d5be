//! Unpacks a layer as container engines do, piece by piece, in memory that does not grow with the layer.
//!
//! Engines look at the first bytes of a layer, and at its media type only to reject what they do not know: gzip with any
//! number of members, zstd with any number of frames, or a plain archive.

mod gzip;
mod zstd;

use gzip::Gzip;
use zstd::Zstd;

pub use zstd::MOST_WINDOW;

/// How many of the first bytes engines look at.
const LOOKED_AT: usize = 10;

/// How many unpacked bytes are handed on at once.
const PIECE: usize = 64 << 10;

/// Why a layer cannot be unpacked, or is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Engines fail on it, too.
    #[error("{0}")]
    Broken(&'static str),
    /// A zstd window of so many bytes, which would take as much memory.
    #[error("a zstd window of {0} bytes, and at most {MOST_WINDOW} are kept in memory")]
    Window(u64),
    /// Some engines unpack it, and this program does not.
    #[error("packed with {0}, which this program does not unpack")]
    Unsupported(&'static str),
    /// Whoever takes the bytes wants no more of them.
    #[error("it unpacks to more bytes than may be read")]
    Enough,
}

/// Lends the memory that a zstd window takes.
pub trait Windows: Send {
    /// Waits until a window of so many bytes may be kept. What was lent before is given back first.
    fn lend(&mut self, bytes: u64);
}

/// Takes the unpacked bytes.
pub type Take<'t> = dyn FnMut(&[u8]) -> Result<(), Fault> + 't;

/// A layer that is being unpacked.
pub struct Unpacker {
    state: State,
    has_skipped_start: bool,
    windows: Option<Box<dyn Windows>>,
}

enum State {
    /// Until its first bytes are here.
    Start(Vec<u8>),
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

impl Unpacker {
    /// Starts with nothing.
    pub fn new(windows: Box<dyn Windows>) -> Self {
        Self { state: State::Start(Vec::new()), has_skipped_start: false, windows: Some(windows) }
    }

    /// Unpacks the next piece.
    ///
    /// # Errors
    /// When it cannot be unpacked; nothing may be pushed after that.
    pub fn push(&mut self, piece: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        let State::Start(start) = &mut self.state else { return self.unpack(piece, take) };
        let (first, rest) = piece.split_at(piece.len().min(LOOKED_AT - start.len()));
        start.extend_from_slice(first);
        if start.len() < LOOKED_AT {
            return Ok(());
        }
        self.begin(take)?;
        self.unpack(rest, take)
    }

    /// Unpacks what is left. The layer ends here.
    ///
    /// # Errors
    /// When it ends too early.
    pub fn finish(mut self, take: &mut Take<'_>) -> Result<(), Fault> {
        self.begin(take)?;
        match self.state {
            State::Start(_) | State::Plain => Ok(()),
            State::Gzip(gzip) => gzip.finish(),
            State::Zstd(zstd) => zstd.finish(),
        }
    }

    /// Whether the unpacked bytes are the packed ones.
    pub fn is_plain(&self) -> bool {
        matches!(self.state, State::Plain)
    }

    /// Whether it begins with a zstd frame that is skipped.
    pub fn has_skipped_start(&self) -> bool {
        self.has_skipped_start
    }

    fn begin(&mut self, take: &mut Take<'_>) -> Result<(), Fault> {
        let State::Start(start) = &mut self.state else { return Ok(()) };
        let start = std::mem::take(start);
        self.has_skipped_start = zstd::is_skippable(&start);
        self.state = match (Packing::of(&start), self.windows.take()) {
            (Packing::Gzip, _) => State::Gzip(Box::default()),
            (Packing::Zstd, Some(windows)) => State::Zstd(Box::new(Zstd::new(windows))),
            (Packing::Zstd, None) | (Packing::Plain, _) => State::Plain,
            (Packing::Other(name), _) => return Err(Fault::Unsupported(name)),
        };
        self.unpack(&start, take)
    }

    fn unpack(&mut self, piece: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        match &mut self.state {
            State::Start(_) => Ok(()),
            State::Plain => piece.chunks(PIECE).try_for_each(take),
            State::Gzip(gzip) => gzip.push(piece, take),
            State::Zstd(zstd) => zstd.push(piece, take),
        }
    }
}

/// How a layer is packed.
enum Packing {
    Plain,
    Gzip,
    Zstd,
    /// As docker alone unpacks it.
    Other(&'static str),
}

impl Packing {
    /// By the first bytes, with the rules of docker and containerd, which agree on gzip and zstd.
    fn of(start: &[u8]) -> Self {
        if start.starts_with(b"BZh") {
            Self::Other("bzip2")
        } else if start.starts_with(&[0x1f, 0x8b, 0x08]) {
            Self::Gzip
        } else if start.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            Self::Other("xz")
        } else if start.starts_with(&zstd::MAGIC) || (start.len() >= 8 && zstd::is_skippable(start))
        {
            Self::Zstd
        } else {
            Self::Plain
        }
    }
}

#[cfg(test)]
mod tests;
