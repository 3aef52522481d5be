//! Pieces of a large body, on their way from the thread that asks to the one that reads them. A few buffers go to and fro
//! between the two: a new one for each piece would cost more than the piece, because the system gives it empty pages.

use std::cell::RefCell;
use std::sync::mpsc as std_mpsc;

use tokio::sync::mpsc;

/// A channel in which at most `waiting` pieces of `size` bytes wait for their reader.
pub(crate) fn pieces(size: usize, waiting: usize) -> (Filler, Pieces) {
    let (to_reader, full) = mpsc::channel(waiting);
    let (to_filler, empty) = std_mpsc::channel();
    let filler = Filler { size, full: to_reader, empty, filling: RefCell::default() };
    (filler, Pieces { full, empty: to_filler, current: None })
}

/// The end that fills pieces.
#[derive(Debug)]
pub(crate) struct Filler {
    size: usize,
    full: mpsc::Sender<Vec<u8>>,
    empty: std_mpsc::Receiver<Vec<u8>>,
    /// The piece that is not full yet.
    filling: RefCell<Vec<u8>>,
}

/// The end that reads them.
#[derive(Debug)]
pub(crate) struct Pieces {
    full: mpsc::Receiver<Vec<u8>>,
    empty: std_mpsc::Sender<Vec<u8>>,
    current: Option<Vec<u8>>,
}

impl Filler {
    /// Adds bytes, and waits while the reader has enough. Returns whether it wants more.
    pub(super) async fn give(&self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let mut filling = self.filling.take();
            if filling.capacity() == 0 {
                let read = self.empty.try_recv();
                filling = read.unwrap_or_else(|_| Vec::with_capacity(self.size));
            }
            let room = self.size.saturating_sub(filling.len());
            let (now, later) = bytes.split_at(bytes.len().min(room));
            filling.extend_from_slice(now);
            bytes = later;
            if filling.len() < self.size {
                self.filling.replace(filling);
            } else if self.full.send(filling).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Passes on the last piece, which need not be full.
    pub(super) async fn end(self) {
        let last = self.filling.take();
        if !last.is_empty() {
            // Where nobody reads any more, nobody misses it.
            let _ = self.full.send(last).await;
        }
    }
}

impl Pieces {
    /// Waits for the next piece. `None`: there are no more.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        if let Some(mut read) = self.current.take() {
            read.clear();
            // Where nobody fills any more, nobody needs it.
            let _ = self.empty.send(read);
        }
        self.current = self.full.blocking_recv();
        self.current.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn bytes_arrive_in_order_in_few_buffers() {
        let bytes: Vec<u8> = (0..100_003_u32).map(|number| (number % 251) as u8).collect();
        let (filler, mut pieces) = pieces(64, 2);
        let reader = thread::spawn(move || {
            let (mut read, mut sizes, mut buffers) = (Vec::new(), Vec::new(), BTreeSet::new());
            while let Some(piece) = pieces.next() {
                read.extend_from_slice(piece);
                sizes.push(piece.len());
                buffers.insert(piece.as_ptr() as usize);
            }
            (read, sizes, buffers)
        });
        for part in bytes.chunks(1_000) {
            assert!(filler.give(part).await);
        }
        filler.end().await;
        let (read, sizes, buffers) = reader.join().unwrap();
        assert_eq!(read, bytes);
        let (last, full) = sizes.split_last().unwrap();
        assert!(full.iter().all(|size| *size == 64) && *last == 100_003 % 64);
        // Two wait, one is read, one is filled.
        assert!(buffers.len() <= 4, "{}", buffers.len());
    }

    #[tokio::test]
    async fn nothing_is_given_where_nobody_reads() {
        let (filler, pieces) = pieces(4, 1);
        assert!(filler.give(b"abc").await);
        drop(pieces);
        assert!(!filler.give(b"de").await);
        filler.end().await;
    }

    #[tokio::test]
    async fn an_empty_body_has_no_piece() {
        let (filler, mut pieces) = pieces(4, 1);
        assert!(filler.give(b"").await);
        filler.end().await;
        assert_eq!(thread::spawn(move || pieces.next().map(<[u8]>::len)).join().unwrap(), None);
    }
}
