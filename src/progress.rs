//! What is said on standard error while the run goes on. Verdicts and outputs are not made here.
//!
//! Every line is cleaned and masked; a closed standard error changes nothing.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::secret::Redactor;

/// Lines are cut here: a header block of a hostile server would fill the log.
const LONGEST_LINE: usize = 2000;

/// The voice of a run.
#[derive(Clone)]
pub struct Progress {
    loudness: Loudness,
    redactor: Redactor,
    is_terminal: bool,
    sink: Arc<Mutex<Sink<dyn Write + Send>>>,
}

/// Where lines go, and whether a drawn one stands there that the next takes the place of.
struct Sink<W: ?Sized> {
    is_drawn: bool,
    to: W,
}

/// To the beginning of the line, and nothing behind it.
const ERASED: &str = "\r\u{1b}[K";

/// How much is said. Each level says what the ones before it say, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// `-q`: nothing.
    Quiet,
    /// What a person waits for.
    Normal,
    /// `-v`: every request, retries and times.
    Requests,
    /// `-vv`: header names and statuses, too.
    Headers,
}

impl Loudness {
    /// The level for `-q` and the number of `-v`.
    pub fn of(quiet: bool, verbosity: u8) -> Self {
        match (verbosity, quiet) {
            (0, true) => Self::Quiet,
            (0, false) => Self::Normal,
            (1, _) => Self::Requests,
            (_, _) => Self::Headers,
        }
    }
}

impl Progress {
    /// A voice that speaks to `sink`.
    pub fn new(loudness: Loudness, redactor: Redactor, sink: impl Write + Send + 'static) -> Self {
        let sink = Arc::new(Mutex::new(Sink { is_drawn: false, to: sink }));
        Self { loudness, redactor, is_terminal: false, sink }
    }

    /// The same, to a terminal or not.
    #[must_use]
    pub fn on_terminal(self, is_terminal: bool) -> Self {
        Self { is_terminal, ..self }
    }

    /// Whether lines may be drawn: a person looks at them as they come.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal && self.loudness == Loudness::Normal
    }

    /// Draws a line that the next one takes the place of, on a terminal.
    pub fn draw(&self, line: &str) {
        if !self.is_terminal() {
            return;
        }
        let line = self.redactor.line(line, LONGEST_LINE);
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.is_drawn = true;
        let _ = sink.to.write_all(format!("{ERASED}{line}").as_bytes());
        let _ = sink.to.flush();
    }

    /// Takes a drawn line away.
    pub fn erase(&self) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut sink.is_drawn) {
            let _ = sink.to.write_all(ERASED.as_bytes());
        }
    }

    /// Says one line, if that much is wanted.
    pub fn say(&self, level: Loudness, line: &str) {
        if level > self.loudness {
            return;
        }
        let line = self.redactor.line(line, LONGEST_LINE);
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that lines of parallel steps do not mix. A closed stream is no reason to stop.
        let erased = if std::mem::take(&mut sink.is_drawn) { ERASED } else { "" };
        let _ = sink.to.write_all(format!("{erased}{line}\n").as_bytes());
    }

    /// Whether lines of this level are said at all.
    pub fn says(&self, level: Loudness) -> bool {
        level <= self.loudness
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Progress({:?})", self.loudness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_masked_cleaned_and_filtered() {
        let buffer = Buffer::default();
        let redactor = Redactor::default();
        redactor.hide(&Secret::new("dop_v1_secret"));
        let progress = Progress::new(Loudness::of(false, 1), redactor, buffer.clone());
        progress.say(Loudness::Normal, "one\u{1b}[2J\ntwo dop_v1_secret");
        progress.say(Loudness::Headers, "not wanted");
        assert_eq!(
            String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap(),
            "one[2J two ***\n"
        );
        assert_eq!(Loudness::of(true, 0), Loudness::Quiet);
    }
}
