//! The temporary files that outputs are written to before they are renamed.
//!
//! None stays behind: one that is not renamed removes itself, a signal removes those that are being written ([`stop`]),
//! and what a killed run left is removed by the next run that writes to the same folder ([`sweep`]). A file that is
//! being written is locked, so that no other run takes it for a remainder.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

/// The mode of a new file, before the umask.
const NEW_MODE: u32 = 0o644;

/// How a temporary file is named: a name that no glob for results or records matches.
const PREFIX: &str = ".verify-registry-image-";
const SUFFIX: &str = ".tmp";
const RANDOM: usize = 6;

/// How often a new file is made where another run took it for a remainder.
const TRIES: u32 = 8;

/// How long a signal waits for a rename that is under way.
const STOP_WITHIN: Duration = Duration::from_millis(500);
const STOP_PAUSE: Duration = Duration::from_millis(2);

/// The temporary files of this process. A signal must reach them from another thread, whatever that one is doing.
static OPEN: Mutex<Open> = Mutex::new(Open { is_stopped: false, paths: BTreeSet::new() });

struct Open {
    is_stopped: bool,
    paths: BTreeSet<PathBuf>,
}

/// The open files of this process. Never returns after [`stop`]: the process is about to end.
fn open() -> MutexGuard<'static, Open> {
    loop {
        let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.is_stopped {
            return open;
        }
        drop(open);
        thread::park();
    }
}

/// A new empty file that removes itself unless it is renamed.
pub(super) struct Temporary {
    file: Option<NamedTempFile>,
    path: PathBuf,
}

impl Temporary {
    /// Creates one in `folder`, locked.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let mut made = Self::unlocked(folder)?;
        for _ in 0..TRIES {
            match made.file()?.try_lock() {
                Ok(()) if is_at(made.file()?, &made.path) => break,
                // A file system without locks: nothing is swept there either.
                Err(TryLockError::Error(_)) => break,
                // Between its creation and its lock it looked like a remainder to another run.
                Ok(()) | Err(TryLockError::WouldBlock) => made = Self::unlocked(folder)?,
            }
        }
        Ok(made)
    }

    fn unlocked(folder: &Path) -> io::Result<Self> {
        let mut open = open();
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(NEW_MODE))
            .tempfile_in(folder)?;
        let path = file.path().to_owned();
        open.paths.insert(path.clone());
        Ok(Self { file: Some(file), path })
    }

    /// The file.
    pub(super) fn file(&self) -> io::Result<&File> {
        self.file.as_ref().map(NamedTempFile::as_file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Renames it to `path`.
    pub(super) fn persist(mut self, path: &Path) -> io::Result<()> {
        let _open = open();
        let file = self.file.take().ok_or(io::ErrorKind::NotFound)?;
        let renamed = file.persist(path);
        renamed.map(drop).map_err(|error| error.error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Removed before it is forgotten: whoever stops in between removes it once more.
        drop(self.file.take());
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).paths.remove(&self.path);
    }
}

/// Removes the temporary files of this process, and lets none be made or renamed any more: for a run that ends early.
///
/// Whoever still writes stops where it is, so the process must end after this.
pub fn stop() {
    let started = Instant::now();
    let mut open = loop {
        match OPEN.try_lock() {
            Ok(open) => break open,
            Err(std::sync::TryLockError::Poisoned(open)) => break open.into_inner(),
            // A disk that does not answer: the next run removes what stays.
            Err(std::sync::TryLockError::WouldBlock) if started.elapsed() > STOP_WITHIN => return,
            Err(std::sync::TryLockError::WouldBlock) => thread::sleep(STOP_PAUSE),
        }
    };
    open.is_stopped = true;
    for path in std::mem::take(&mut open.paths) {
        let _ = fs::remove_file(path);
    }
}

/// Removes the temporary files that killed runs left in `folder`. One that cannot be removed stays: it harms nobody.
pub(crate) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_named = entry.file_name().to_str().is_some_and(is_temporary);
        if is_named && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_unlocked(&entry.path());
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Removes a temporary file that no process holds locked.
fn remove_unlocked(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    if file.try_lock().is_ok() && is_at(&file, path) {
        let _ = fs::remove_file(path);
    }
}

/// Whether an open file still has this name.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(named)) => identity(open) == identity(named),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_is_surely_a_remainder_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let theirs = [
            ".verify-registry-image-.tmp",
            ".verify-registry-image-abcde.tmp",
            ".verify-registry-image-abc-ef.tmp",
            ".verify-registry-image-abcdef",
            "verify-registry-image-abcdef.tmp",
            "verify-registry-image.xml",
        ];
        for name in theirs {
            File::create(at(name)).unwrap();
        }
        // A folder and a link of that name are none of ours.
        fs::create_dir(at(".verify-registry-image-folder.tmp")).unwrap();
        std::os::unix::fs::symlink("nowhere", at(".verify-registry-image-linked.tmp")).unwrap();
        let before = names(folder.path());
        File::create(at(".verify-registry-image-Abc123.tmp")).unwrap();
        sweep(folder.path());
        assert_eq!(names(folder.path()), before);
    }

    #[test]
    fn a_file_that_another_run_is_writing_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let written = Temporary::create(folder.path()).unwrap();
        sweep(folder.path());
        assert_eq!(names(folder.path()).len(), 1);
        let target = folder.path().join("a");
        written.persist(&target).unwrap();
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_writer_whose_file_was_swept_before_its_lock_makes_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    sweep(folder.path());
                }
            });
            for number in 0..200 {
                let file = Temporary::create(folder.path()).unwrap();
                file.persist(&folder.path().join(format!("{number}"))).unwrap();
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(names(folder.path()).len(), 200);
    }

    #[test]
    fn a_file_that_is_not_renamed_removes_itself() {
        let folder = tempfile::tempdir().unwrap();
        drop(Temporary::create(folder.path()).unwrap());
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
