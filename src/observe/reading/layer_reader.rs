//! Reads one layer on a thread of its own: hashes what comes, unpacks it, and hashes that.

use std::sync::atomic::{AtomicU64, Ordering};

use super::windows::Share;
use crate::engines::{Archive, Met, of_skipped_start, of_unpacking};
use crate::http::Pieces;
use crate::observation::Unpacked;
use crate::oci::{Algorithm, Digest, Hasher};
use crate::unpack::{Fault, Unpacker, Windows};

/// What a run may still read, packed and unpacked.
#[derive(Debug)]
pub(super) struct Budget {
    most: u64,
    used: AtomicU64,
}

impl Budget {
    pub(super) fn of(most: u64) -> Self {
        Self { most, used: AtomicU64::new(0) }
    }

    /// Takes so many bytes of it, if they are left.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let more = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.most);
        let mut used = self.used.load(Ordering::Relaxed);
        while let Some(next) = more(used) {
            // `fetch_update` has another name in newer Rust.
            match self.used.compare_exchange_weak(used, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
        false
    }

    pub(super) fn most(&self) -> u64 {
        self.most
    }
}

/// What a layer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) unpacked: Result<Unpacked, Fault>,
    /// The rows of the engines' table that it meets.
    pub(super) met: Met,
}

/// Reads the pieces of a layer to their end, whose digest is of this algorithm.
pub(super) fn read(
    mut pieces: Pieces,
    algorithm: Algorithm,
    budget: &Budget,
    windows: Share,
) -> Read {
    let mut packed = Hasher::new(algorithm);
    let mut size = 0_u64;
    let mut archive = Archive::default();
    let mut unpacking = Ok(Unpacking::new(Box::new(windows), budget));
    let mut has_skipped_start = false;
    while let Some(piece) = pieces.next() {
        packed.update(piece);
        size += piece.len() as u64;
        unpacking = unpacking.and_then(|unpacking| unpacking.push(piece, algorithm, &mut archive));
        if let Ok(unpacking) = &unpacking {
            has_skipped_start = unpacking.unpacker.has_skipped_start();
        }
        // What cannot be unpacked is hashed to its end all the same: it may not be what its digest says.
        if matches!(unpacking, Err(Fault::Enough)) {
            break;
        }
    }
    let digest = packed.finish();
    let unpacked = unpacking.and_then(|unpacking| unpacking.finish(&digest, &mut archive));
    let mut met = match &unpacked {
        Ok(_) => archive.end(),
        Err(_) => archive.broken_off(),
    };
    if has_skipped_start {
        met.anywhere.push(of_skipped_start());
    }
    if let Err(Fault::Broken(why)) = &unpacked {
        met.anywhere.push(of_unpacking(why));
    }
    Read { digest, size, unpacked, met }
}

struct Unpacking<'b> {
    unpacker: Unpacker,
    hasher: Hasher,
    size: u64,
    budget: &'b Budget,
}

impl<'b> Unpacking<'b> {
    fn new(windows: Box<dyn Windows>, budget: &'b Budget) -> Self {
        let hasher = Hasher::new(Algorithm::Sha256);
        Self { unpacker: Unpacker::new(windows), hasher, size: 0, budget }
    }

    /// Whether the packed bytes' own digest is that of the unpacked ones.
    fn is_hashed_already(&self, packed: Algorithm) -> bool {
        self.unpacker.is_plain() && packed == Algorithm::Sha256
    }

    fn push(
        mut self,
        piece: &[u8],
        packed: Algorithm,
        archive: &mut Archive,
    ) -> Result<Self, Fault> {
        if self.is_hashed_already(packed) {
            count(piece, &mut self.size, self.budget)?;
            archive.push(piece);
        } else {
            let Self { unpacker, hasher, size, budget } = &mut self;
            unpacker.push(piece, &mut |unpacked| {
                archive.push(unpacked);
                take(unpacked, hasher, size, budget)
            })?;
        }
        Ok(self)
    }

    fn finish(self, packed: &Digest, archive: &mut Archive) -> Result<Unpacked, Fault> {
        let is_hashed_already = self.is_hashed_already(packed.algorithm());
        let Self { unpacker, mut hasher, mut size, budget } = self;
        unpacker.finish(&mut |unpacked| {
            archive.push(unpacked);
            take(unpacked, &mut hasher, &mut size, budget)
        })?;
        let digest = if is_hashed_already { packed.clone() } else { hasher.finish() };
        Ok(Unpacked { size, digest })
    }
}

fn take(
    unpacked: &[u8],
    hasher: &mut Hasher,
    size: &mut u64,
    budget: &Budget,
) -> Result<(), Fault> {
    count(unpacked, size, budget)?;
    hasher.update(unpacked);
    Ok(())
}

fn count(unpacked: &[u8], size: &mut u64, budget: &Budget) -> Result<(), Fault> {
    if !budget.take(unpacked.len() as u64) {
        return Err(Fault::Enough);
    }
    *size += unpacked.len() as u64;
    Ok(())
}
