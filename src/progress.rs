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
    sink: Arc<Mutex<dyn Write + Send>>,
}

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
        Self { loudness, redactor, sink: Arc::new(Mutex::new(sink)) }
    }

    /// Says one line, if that much is wanted.
    pub fn say(&self, level: Loudness, line: &str) {
        if level > self.loudness {
            return;
        }
        let line = self.redactor.line(line, LONGEST_LINE);
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that lines of parallel steps do not mix. A closed stream is no reason to stop.
        let _ = sink.write_all(format!("{line}\n").as_bytes());
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
