//! What is said when a test needs something that this machine does not have.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

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

/// A file or folder of the data that is not part of the project, where it is: beside the project, or where `SHARED_DATA` says.
#[expect(clippy::disallowed_methods, reason = "a variable says where the data is, as the docs say")]
pub(crate) fn shared_data(file: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SHARED_DATA").map_or_else(beside, PathBuf::from);
    Some(folder.join(file)).filter(|path| path.exists())
}
