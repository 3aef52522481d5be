//! What is said when a test needs something that this machine does not have.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Says on standard error, and in `target/could-not-run.txt` (which `make test` prints at its end), that
/// a test could not run, and why.
pub(crate) fn could_not_run(test: &str, why: &str) {
    let line = format!("could not run `{test}`: {why}");
    // Not by `eprintln!`: the test harness would keep that to itself.
    let _ = writeln!(std::io::stderr(), "{line}");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("`target`");
    let file = OpenOptions::new().create(true).append(true).open(target.join("could-not-run.txt"));
    writeln!(file.expect("a file in `target`"), "{line}").expect("room on the disk");
}
