//! Masks a text while it is written, so that a long one is never held as a whole.

use std::fmt;
use std::io;

use super::Redactor;

/// How many bytes are masked at once, at least.
const PIECE: usize = 64 << 10;

/// Masks what is written to it and passes it on. It holds back as much as the longest secret has, because one may begin
/// there.
pub(crate) struct Masking<'r, W> {
    redactor: &'r Redactor,
    to: W,
    held: String,
    /// How much is held before it is masked.
    most: usize,
    failed: io::Result<()>,
}

impl<'r, W: io::Write> Masking<'r, W> {
    /// Passes what it masks on to `to`.
    pub(crate) fn new(redactor: &'r Redactor, to: W) -> Self {
        Self { redactor, to, held: String::new(), most: PIECE, failed: Ok(()) }
    }

    /// Passes on the rest of a text that was written with this result.
    pub(crate) fn finish(mut self, written: fmt::Result) -> io::Result<()> {
        self.failed?;
        written.map_err(io::Error::other)?;
        self.to.write_all(self.redactor.redact(&self.held).as_bytes())
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let (masked, longest) = self.redactor.redact_beginning(&mut self.held);
        // What is held back is searched again: so it is never more than what comes.
        self.most = self.held.len().saturating_add(PIECE.max(longest));
        self.to.write_all(masked.as_bytes())
    }
}

impl<W: io::Write> fmt::Write for Masking<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.held.push_str(text);
        if self.held.len() >= self.most {
            self.failed = self.pass_on();
        }
        if self.failed.is_ok() { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::secret::Secret;

    fn masked(redactor: &Redactor, pieces: &[&str], most: usize) -> String {
        let mut shown = Vec::new();
        let mut masking = Masking { most, ..Masking::new(redactor, &mut shown) };
        for piece in pieces {
            masking.write_str(piece).unwrap();
            masking.most = masking.held.len() + most;
        }
        masking.finish(Ok(())).unwrap();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn a_secret_that_comes_in_pieces_is_masked() {
        let redactor = Redactor::default();
        let secret = "0123456789abcdef".repeat(10_000);
        redactor.hide(&Secret::new(&secret));
        let text = format!("{0} {secret} {0}", "x".repeat(200_000));
        let mut shown = Vec::new();
        let mut masking = Masking::new(&redactor, &mut shown);
        for piece in text.as_bytes().chunks(999) {
            masking.write_str(str::from_utf8(piece).unwrap()).unwrap();
        }
        masking.finish(Ok(())).unwrap();
        assert_eq!(shown, text.replace(&secret, "***").as_bytes());
    }

    #[test]
    fn what_cannot_be_written_ends_it() {
        let redactor = Redactor::default();
        let mut room = [0; 10];
        let mut masking = Masking::new(&redactor, &mut room[..]);
        let written = (0..3).try_for_each(|_| masking.write_str(&"x".repeat(PIECE)));
        assert!(written.is_err());
        let error = masking.finish(written).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }

    proptest! {
        #[test]
        fn pieces_are_masked_as_the_whole_is(
            secrets in prop::collection::vec("[abä]{6,12}", 0..8), pieces in prop::collection::vec("[abä]{0,12}", 0..20),
            at in prop::collection::vec(any::<prop::sample::Index>(), 20), most in 1_usize..30,
        ) {
            let redactor = Redactor::default();
            for secret in &secrets {
                redactor.hide(&Secret::new(secret));
            }
            let mut all: Vec<&str> = Vec::new();
            for (piece, at) in pieces.iter().zip(&at) {
                all.push(piece);
                if !secrets.is_empty() {
                    all.push(at.get::<String>(&secrets).as_str());
                }
            }
            prop_assert_eq!(masked(&redactor, &all, most), redactor.redact(&all.concat()).into_owned());
        }
    }
}
