//! Zstandard (RFC 8878), frame after frame, with skippable ones between. libzstd decodes; the heads are read here, so
//! that a window is known before it takes memory.

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

use super::{Fault, PIECE, Take, Windows};

pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window that is unpacked. Compressors make larger ones only when they are told to.
pub const MOST_WINDOW: u64 = 128 << 20;

/// The largest window that engines take (measured).
const MOST_OF_ENGINES: u64 = 512 << 20;

/// The smallest window that a frame can have.
const LEAST_WINDOW: u64 = 1 << 10;

const BAD_FRAME: Fault = Fault::Broken("what follows a zstd frame is no other one");
const CUT: Fault = Fault::Broken("it ends inside of a zstd frame");
const CORRUPT: Fault = Fault::Broken("its zstd data is corrupt");

/// Whether a skippable frame starts here.
pub(super) fn is_skippable(start: &[u8]) -> bool {
    matches!(start, [low, 0x2a, 0x4d, 0x18, ..] if low & 0xf0 == 0x50)
}

pub(super) struct Zstd {
    // Before the loan of its window: fields are dropped in this order, and another layer must not take the memory before
    // it is free.
    decoder: Option<(DCtx<'static>, u64)>,
    windows: Box<dyn Windows>,
    part: Part,
    out: Box<[u8]>,
}

/// What comes next.
enum Part {
    /// A frame's head, with the bytes of it that are here.
    Head(Vec<u8>),
    /// So many bytes of a skippable frame.
    Skipped(u64),
    /// The blocks of a frame.
    Body,
}

/// What a frame's head says.
enum Head {
    /// Nothing yet.
    Cut,
    Skippable(u64),
    Frame {
        window: u64,
    },
}

impl Zstd {
    pub(super) fn new(windows: Box<dyn Windows>) -> Self {
        Self {
            windows,
            decoder: None,
            part: Part::Head(Vec::new()),
            out: vec![0; PIECE].into_boxed_slice(),
        }
    }

    pub(super) fn push(&mut self, mut piece: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        while !piece.is_empty() {
            piece = match &mut self.part {
                Part::Head(_) => self.head(piece, take)?,
                Part::Skipped(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(piece.len());
                    *left -= skipped as u64;
                    if *left == 0 {
                        self.part = Part::Head(Vec::new());
                    }
                    piece.get(skipped..).unwrap_or_default()
                }
                Part::Body => self.body(piece, take)?,
            };
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Fault> {
        match &self.part {
            Part::Head(head) if head.is_empty() => Ok(()),
            Part::Head(_) | Part::Skipped(_) | Part::Body => Err(CUT),
        }
    }

    fn head<'p>(&mut self, piece: &'p [u8], take: &mut Take<'_>) -> Result<&'p [u8], Fault> {
        let Part::Head(head) = &mut self.part else { return Ok(piece) };
        for (place, byte) in piece.iter().enumerate() {
            head.push(*byte);
            let rest = piece.get(place + 1..).unwrap_or_default();
            match Head::of(head)? {
                Head::Cut => {}
                Head::Skippable(0) => {
                    head.clear();
                    return Ok(rest);
                }
                Head::Skippable(length) => {
                    self.part = Part::Skipped(length);
                    return Ok(rest);
                }
                Head::Frame { window } => {
                    let head = std::mem::take(head);
                    self.part = Part::Body;
                    self.prepare(window)?;
                    self.body(&head, take)?;
                    return Ok(rest);
                }
            }
        }
        Ok(&[])
    }

    /// Makes the decoder ready for a frame. One that was made for a smaller window is replaced, so that no more is kept
    /// than was lent.
    fn prepare(&mut self, window: u64) -> Result<(), Fault> {
        if window > MOST_OF_ENGINES {
            return Err(Fault::Broken("its zstd window is larger than any engine takes"));
        }
        if window > MOST_WINDOW {
            return Err(Fault::Window(window));
        }
        if self.decoder.as_ref().is_some_and(|(_, lent)| window <= *lent) {
            return Ok(());
        }
        self.decoder = None;
        self.windows.lend(window);
        let mut decoder = DCtx::try_create().ok_or(Fault::Window(window))?;
        let parameter = DParameter::WindowLogMax(MOST_WINDOW.ilog2());
        decoder.set_parameter(parameter).map_err(|_| Fault::Window(window))?;
        self.decoder = Some((decoder, window));
        Ok(())
    }

    fn body<'p>(&mut self, piece: &'p [u8], take: &mut Take<'_>) -> Result<&'p [u8], Fault> {
        let Some((decoder, window)) = &mut self.decoder else { return Err(CORRUPT) };
        let mut input = InBuffer::around(piece);
        loop {
            let mut out = OutBuffer::around(&mut *self.out);
            let left = decoder.decompress_stream(&mut out, &mut input).map_err(|code| {
                // Memory is the one thing that may be missing here and not where the layer is pulled.
                let is_memory = zstd_safe::get_error_name(code).contains("memory");
                if is_memory { Fault::Window(*window) } else { CORRUPT }
            })?;
            let came = out.pos();
            if came > 0 {
                take(self.out.get(..came).unwrap_or_default())?;
            }
            let rest = piece.get(input.pos..).unwrap_or_default();
            if left == 0 {
                self.part = Part::Head(Vec::new());
                return Ok(rest);
            }
            if rest.is_empty() && came < self.out.len() {
                return Ok(rest);
            }
        }
    }
}

impl Head {
    /// Reads a head, as far as it is here.
    fn of(head: &[u8]) -> Result<Self, Fault> {
        if is_skippable(head) {
            let Some([a, b, c, d]) = head.get(4..8) else { return Ok(Self::Cut) };
            return Ok(Self::Skippable(u32::from_le_bytes([*a, *b, *c, *d]).into()));
        }
        let magic = head.get(..4).unwrap_or(head);
        if magic.len() < 4 {
            return Ok(Self::Cut);
        }
        if magic != MAGIC {
            return Err(BAD_FRAME);
        }
        let Some(descriptor) = head.get(4).copied() else { return Ok(Self::Cut) };
        let is_single = descriptor & 0x20 != 0;
        let of_dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied().unwrap_or(0);
        let of_size = match descriptor >> 6 {
            0 => usize::from(is_single),
            power => 1 << power,
        };
        let window_ends = 5 + usize::from(!is_single);
        let Some(size) =
            head.get(window_ends + of_dictionary..window_ends + of_dictionary + of_size)
        else {
            return Ok(Self::Cut);
        };
        let window = if is_single {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(size).for_each(|(into, byte)| *into = *byte);
            // A size of two bytes starts at 256.
            u64::from_le_bytes(bytes) + if of_size == 2 { 256 } else { 0 }
        } else {
            let Some(byte) = head.get(5).copied() else { return Ok(Self::Cut) };
            let base = 1_u64 << (10 + (byte >> 3));
            base + base / 8 * u64::from(byte & 7)
        };
        Ok(Self::Frame { window: window.max(LEAST_WINDOW) })
    }
}
