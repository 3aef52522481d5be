//! gzip (RFC 1952), member after member, with the rules of Go's reader, which engines unpack with: what follows a member
//! must be another one.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{Fault, PIECE, Take};

/// The flags of a member's head.
const HEAD_CHECKED: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;

/// The longest name or comment of a member, with the zero at its end, that Go reads.
const MOST_TEXT: usize = 512;

const BAD_HEAD: Fault = Fault::Broken("invalid gzip header: what follows a member is no other one");
const BAD_FIRST_HEAD: Fault = Fault::Broken("invalid gzip header");
const CUT: Fault = Fault::Broken("it ends inside of a gzip member");

pub(super) struct Gzip {
    inflate: Decompress,
    part: Part,
    crc: Crc,
    out: Box<[u8]>,
    is_first: bool,
}

/// What of a member comes next, with the bytes of it that are here.
enum Part {
    Head(Vec<u8>),
    Body,
    Trailer(Vec<u8>),
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            inflate: Decompress::new(false),
            part: Part::Head(Vec::new()),
            crc: Crc::new(),
            out: vec![0; PIECE].into_boxed_slice(),
            is_first: true,
        }
    }
}

impl Gzip {
    pub(super) fn push(&mut self, mut piece: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        while !piece.is_empty() {
            piece = match &mut self.part {
                Part::Head(_) => self.head(piece)?,
                Part::Body => self.body(piece, take)?,
                Part::Trailer(_) => self.trailer(piece)?,
            };
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Fault> {
        match &self.part {
            Part::Head(head) if head.is_empty() && !self.is_first => Ok(()),
            Part::Head(_) | Part::Body | Part::Trailer(_) => Err(CUT),
        }
    }

    fn head<'p>(&mut self, piece: &'p [u8]) -> Result<&'p [u8], Fault> {
        let Part::Head(head) = &mut self.part else { return Ok(piece) };
        for (place, byte) in piece.iter().enumerate() {
            head.push(*byte);
            match head_ends(head) {
                None => return Err(if self.is_first { BAD_FIRST_HEAD } else { BAD_HEAD }),
                Some(false) => {}
                Some(true) => {
                    self.inflate.reset(false);
                    self.crc.reset();
                    self.part = Part::Body;
                    return Ok(piece.get(place + 1..).unwrap_or_default());
                }
            }
        }
        Ok(&[])
    }

    fn body<'p>(&mut self, mut piece: &'p [u8], take: &mut Take<'_>) -> Result<&'p [u8], Fault> {
        loop {
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(piece, &mut self.out, FlushDecompress::None)
                .map_err(|_| Fault::Broken("its gzip data is corrupt"))?;
            let read = usize::try_from(self.inflate.total_in() - before.0).unwrap_or(usize::MAX);
            let came = usize::try_from(self.inflate.total_out() - before.1).unwrap_or(usize::MAX);
            piece = piece.get(read..).unwrap_or_default();
            let out = self.out.get(..came).unwrap_or_default();
            self.crc.update(out);
            if !out.is_empty() {
                take(out)?;
            }
            if status == Status::StreamEnd {
                self.part = Part::Trailer(Vec::new());
                return Ok(piece);
            }
            // A full buffer may mean that there is more, also where all input was read.
            if came < self.out.len() && (piece.is_empty() || read == 0) {
                return Ok(piece);
            }
        }
    }

    fn trailer<'p>(&mut self, piece: &'p [u8]) -> Result<&'p [u8], Fault> {
        let Part::Trailer(trailer) = &mut self.part else { return Ok(piece) };
        let (next, rest) = piece.split_at(piece.len().min(8 - trailer.len()));
        trailer.extend_from_slice(next);
        if trailer.len() < 8 {
            return Ok(rest);
        }
        let expected = [self.crc.sum().to_le_bytes(), self.crc.amount().to_le_bytes()].concat();
        if *trailer != expected {
            return Err(Fault::Broken("a gzip member is not what its checksum says"));
        }
        self.is_first = false;
        self.part = Part::Head(Vec::new());
        Ok(rest)
    }
}

/// Whether these bytes are a whole head. `None`: they never become one.
fn head_ends(head: &[u8]) -> Option<bool> {
    let magic = [0x1f, 0x8b, 0x08];
    let seen = head.len().min(magic.len());
    if head.get(..seen) != magic.get(..seen) {
        return None;
    }
    let Some(flags) = head.get(3).copied().filter(|_| head.len() >= 10) else { return Some(false) };
    let has = |flag: u8| flags & flag != 0;
    let mut end = 10;
    if has(HAS_EXTRA) {
        let Some([low, high]) = head.get(end..end + 2) else { return Some(false) };
        end += 2 + usize::from(u16::from_le_bytes([*low, *high]));
    }
    for text in [HAS_NAME, HAS_COMMENT].into_iter().filter(|text| has(*text)) {
        debug_assert!(text != 0);
        let rest = head.get(end..).unwrap_or_default();
        match rest.iter().position(|byte| *byte == 0) {
            Some(zero) if zero < MOST_TEXT => end += zero + 1,
            None if rest.len() < MOST_TEXT => return Some(false),
            Some(_) | None => return None,
        }
    }
    if has(HEAD_CHECKED) {
        let Some([low, high]) = head.get(end..end + 2) else { return Some(false) };
        let mut crc = Crc::new();
        crc.update(head.get(..end).unwrap_or_default());
        if crc.sum() & 0xffff != u32::from(u16::from_le_bytes([*low, *high])) {
            return None;
        }
        end += 2;
    }
    Some(head.len() >= end)
}
