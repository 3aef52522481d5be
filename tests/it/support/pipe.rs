//! Reads what a program writes while it runs, so that a test can wait for a line of it.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What came through a pipe so far.
#[derive(Clone, Default)]
pub(super) struct Pipe(Arc<Shared>);

#[derive(Default)]
struct Shared {
    came: Mutex<Came>,
    changed: Condvar,
}

#[derive(Default)]
struct Came {
    bytes: Vec<u8>,
    ended: bool,
}

impl Pipe {
    /// Reads a pipe to its end on a thread of its own, so that a full pipe never stops the program.
    pub(super) fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let this = Self::default();
        let shared = this.clone();
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            loop {
                let count = pipe.read(&mut block).unwrap_or_default();
                shared.add(block.get(..count).unwrap_or_default());
                if count == 0 {
                    return;
                }
            }
        });
        this
    }

    /// Takes in what was read; nothing is the end.
    fn add(&self, bytes: &[u8]) {
        let mut came = self.0.came.lock().expect("no panic while held");
        came.bytes.extend_from_slice(bytes);
        came.ended |= bytes.is_empty();
        self.0.changed.notify_all();
    }

    /// Waits until it holds `text`; false when that takes too long or cannot be any more.
    pub(super) fn holds(&self, longest: Duration, text: &str) -> bool {
        let holds = |came: &Came| String::from_utf8_lossy(&came.bytes).contains(text);
        self.wait(longest, |came| came.ended || holds(came));
        holds(&self.0.came.lock().expect("no panic while held"))
    }

    /// All that came, once it has ended.
    pub(super) fn whole(&self, longest: Duration) -> Option<Vec<u8>> {
        self.wait(longest, |came| came.ended);
        let came = self.0.came.lock().expect("no panic while held");
        came.ended.then(|| came.bytes.clone())
    }

    fn wait(&self, longest: Duration, condition: impl Fn(&Came) -> bool) {
        let came = self.0.came.lock().expect("no panic while held");
        let waiting = |came: &mut Came| !condition(came);
        drop(self.0.changed.wait_timeout_while(came, longest, waiting));
    }
}
