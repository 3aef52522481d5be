//! Which rows a layer's archive meets: what Go's tar reader refuses, and which entries engines do not unpack.
//!
//! The unpacked bytes come piece by piece, and what files hold is passed over without a look. Of each entry a hash of its
//! path is kept, up to a bound; of what cannot be told from that, nothing is claimed.

mod entries;
mod header;
mod paths;
mod records;
mod seen;

use self::entries::Entries;
use self::header::{BLOCK, Header};
use self::records::Extended;
use super::Met;
use super::rules::LAYER_ARCHIVE;

/// How large a header of names or records Go's reader accepts.
const MOST_SPECIAL: u64 = 1 << 20;

/// A layer's archive that is being read.
#[derive(Debug)]
pub struct Archive {
    state: State,
    block: [u8; BLOCK],
    filled: usize,
    /// What was said of the next entry, if anything was.
    next: Option<Box<Extended>>,
    entries: Entries,
}

#[derive(Debug)]
enum State {
    /// Before a header.
    Header,
    /// Behind one block of zeros.
    AfterZeros,
    /// In the records or the name that describe the next entry.
    Special { kind: u8, bytes: Vec<u8>, left: u64, padding: u64 },
    /// In what a file holds, or behind it.
    Passed { left: u64, padding: u64 },
    /// Behind the end, or where no engine reads on.
    Over,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            state: State::Header,
            block: [0; BLOCK],
            filled: 0,
            next: None,
            entries: Entries::default(),
        }
    }
}

impl Archive {
    /// Reads the next piece of it.
    pub fn push(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            piece = match &mut self.state {
                State::Over => return,
                State::Passed { left, padding } => {
                    let piece = pass(piece, left);
                    let piece = pass(piece, padding);
                    if *left == 0 && *padding == 0 {
                        self.state = State::Header;
                    }
                    piece
                }
                State::Special { kind, bytes, left, padding } => {
                    let behind = pass(piece, left);
                    let taken = piece.len() - behind.len();
                    bytes.extend_from_slice(piece.get(..taken).unwrap_or_default());
                    if *left == 0 {
                        let (kind, bytes) = (*kind, std::mem::take(bytes));
                        self.state = State::Passed { left: 0, padding: *padding };
                        self.special(kind, &bytes);
                    }
                    behind
                }
                State::Header | State::AfterZeros => self.fill(piece),
            };
        }
    }

    /// The rows that the archive meets as far as it was read.
    pub fn broken_off(self) -> Met {
        self.entries.met()
    }

    /// The rows that the whole archive meets.
    pub fn end(mut self) -> Met {
        match self.state {
            State::Passed { left: 1.., .. } | State::Special { .. } => {
                self.broken("ends inside an entry");
            }
            State::Header | State::AfterZeros if self.filled > 0 => {
                self.broken("ends inside a header");
            }
            State::Header | State::AfterZeros | State::Passed { .. } | State::Over => {}
        }
        self.entries.end();
        self.entries.met()
    }

    fn fill<'p>(&mut self, piece: &'p [u8]) -> &'p [u8] {
        let free = self.block.get_mut(self.filled..).unwrap_or_default();
        let (taken, behind) = piece.split_at(free.len().min(piece.len()));
        free.iter_mut().zip(taken).for_each(|(into, byte)| *into = *byte);
        self.filled += taken.len();
        if self.filled == BLOCK {
            self.filled = 0;
            self.header();
        }
        behind
    }

    fn header(&mut self) {
        let is_zeros = self.block.iter().all(|byte| *byte == 0);
        match (&self.state, is_zeros) {
            (State::AfterZeros, true) => return self.state = State::Over,
            (State::AfterZeros, false) => return self.broken("goes on behind a block of zeros"),
            (_, true) => return self.state = State::AfterZeros,
            (_, false) => {}
        }
        let Some(header) = Header::read(&self.block) else {
            return self.broken("has a header that Go's reader refuses");
        };
        match header.kind {
            b'x' | b'g' | b'L' | b'K' => self.start_special(&header),
            _ => self.entry(header),
        }
    }

    fn start_special(&mut self, header: &Header) {
        let size = u64::try_from(header.size).unwrap_or(u64::MAX);
        if size > MOST_SPECIAL {
            return self.broken("has a header of records that is too long for Go's reader");
        }
        if header.kind == b'g' {
            self.entries.global(&header.name);
        }
        self.state = State::Header;
        if size == 0 {
            self.special(header.kind, &[]);
        } else {
            let (kind, padding) = (header.kind, padding(size));
            self.state = State::Special { kind, bytes: Vec::new(), left: size, padding };
        }
    }

    fn special(&mut self, kind: u8, bytes: &[u8]) {
        if self.next.get_or_insert_default().read(kind, bytes).is_none() {
            self.broken("has a header of records that Go's reader refuses");
        }
    }

    fn entry(&mut self, mut header: Header) {
        // Before the records are looked at, its own size counts.
        let is_whole = header.data().is_some();
        let merged = self.next.take().map_or(Some(()), |next| next.merge_into(&mut header));
        if header.kind == 0 {
            header.kind = if header.name.ends_with(b"/") { b'5' } else { b'0' };
        }
        let (Some(()), Some(left), true) = (merged, header.data(), is_whole) else {
            return self.broken("has a header that Go's reader refuses");
        };
        self.state = match left {
            0 => State::Header,
            left => State::Passed { left, padding: padding(left) },
        };
        self.entries.add(&header);
        if self.entries.is_refused_by_all() {
            self.state = State::Over;
        }
    }

    fn broken(&mut self, what: &str) {
        self.state = State::Over;
        self.entries.refuse(&LAYER_ARCHIVE, what.to_owned());
    }
}

fn padding(size: u64) -> u64 {
    size.wrapping_neg() % (BLOCK as u64)
}

/// What of a piece is behind `left` bytes, which become fewer by what was passed.
fn pass<'p>(piece: &'p [u8], left: &mut u64) -> &'p [u8] {
    let passed = usize::try_from(*left).unwrap_or(usize::MAX).min(piece.len());
    *left -= passed as u64;
    piece.get(passed..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
