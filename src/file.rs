//! The one writer: a file is replaced whole or not at all, and never through a link.
//!
//! The content goes to a temporary file beside the target, is flushed to the disk and renamed over it,
//! so that a reader, a full disk or a killed process finds the old file or the new one.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;

pub(crate) mod input;
mod temporary;
mod writer;

use temporary::Temporary;
pub use temporary::stop;
pub(crate) use temporary::sweep;
pub use writer::{Unwritten, Writer};

/// How much of a file's beginning shows whose it is.
pub(crate) const HEAD: u64 = 4096;

/// How often a lock that another process holds is tried, and how long to wait between.
const LOCK_TRIES: u32 = 200;
const FEWEST_LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Why a file cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It would be written through a link, to wherever that leads.
    #[error("it is a symbolic link")]
    Symlink,
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// It names a folder, which does not exist.
    #[error("its name ends with `/`, as a folder's does")]
    FolderName,
    /// It is a device, a pipe or a socket.
    #[error("it is not a regular file")]
    Special,
    /// Its folder is missing.
    #[error("its folder does not exist")]
    NoFolder,
    /// What should be its folder is something else.
    #[error("its folder is not a folder")]
    NotAFolder,
    /// It is larger than anything that is expected there.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// It is not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// Another process keeps the folder locked.
    #[error("another process keeps its folder locked")]
    Locked,
    /// The system refused.
    #[error("{}", reason(.0))]
    Io(io::Error),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FileError {
    /// Whether the system has no more open files to give: nothing is known of the file then.
    pub fn is_exhausted(&self) -> bool {
        let Self::Io(error) = self else { return false };
        let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOMEM];
        exhausted.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
    }
}

/// The system's words, without Rust's "(os error 13)" and the temporary file's path behind it.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

/// A lock on a folder, for a change that first reads what is there. Gone when it is dropped.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "it is held, not read")] File);

/// Locks a folder against other processes of this program; waits for them as long as the run may take, at
/// least one second and at most ten.
pub fn lock(folder: &Path, left: Duration) -> Result<FolderLock, FileError> {
    lock_after(folder, lock_tries(left), || thread::sleep(LOCK_PAUSE))
}

fn lock_tries(left: Duration) -> u32 {
    let tries = left.as_millis() / LOCK_PAUSE.as_millis();
    u32::try_from(tries).unwrap_or(LOCK_TRIES).clamp(FEWEST_LOCK_TRIES, LOCK_TRIES)
}

/// Tries it so often, with `pause` after each try that another process made fail.
fn lock_after(folder: &Path, tries: u32, pause: impl Fn()) -> Result<FolderLock, FileError> {
    // The folder itself is what is locked: a lock file would have to be cleaned up or committed.
    let file = File::open(folder)?;
    for _ in 0..tries {
        match file.try_lock() {
            Ok(()) => return Ok(FolderLock(file)),
            Err(TryLockError::WouldBlock) => pause(),
            Err(TryLockError::Error(error)) => return Err(FileError::Io(error)),
        }
    }
    Err(FileError::Locked)
}

/// Proves that `path` can be written: its folder takes a new file, and at its end stands a regular file
/// or nothing. Leaves nothing behind.
pub fn prove(path: &Path) -> Result<(), FileError> {
    existing_mode(path)?;
    drop(temporary(path)?);
    Ok(())
}

/// Replaces the file at `path`, or makes it. A new file gets mode 0644 under the umask, an old one keeps its own.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    replace_by(path, |mut file| file.write_all(content))
}

/// Like [`replace`], with the content that `write` writes.
pub(crate) fn replace_by(
    path: &Path,
    write: impl FnOnce(&File) -> io::Result<()>,
) -> Result<(), FileError> {
    replace_and(path, write, File::sync_all)
}

/// As [`replace`]; `flush` makes a file or a folder outlive a power cut.
fn replace_and(
    path: &Path,
    write: impl FnOnce(&File) -> io::Result<()>,
    flush: impl Fn(&File) -> io::Result<()>,
) -> Result<(), FileError> {
    let mode = existing_mode(path)?;
    let temporary = temporary(path)?;
    let file = temporary.file()?;
    write(file)?;
    if let Some(mode) = mode {
        file.set_permissions(mode)?;
    }
    // Before the rename: else a power cut leaves an empty file under the name of a whole one.
    flush(file)?;
    temporary.persist(path)?;
    flushed(folder(path), flush)
}

/// Removes the file at `path`, where there is one.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Ok(()) => flushed(folder(path), File::sync_all),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens the regular file at `path` if there is one.
pub(crate) fn open(path: &Path) -> Result<Option<File>, FileError> {
    if existing_mode(path)?.is_none() { Ok(None) } else { Ok(Some(File::open(path)?)) }
}

/// Reads the regular file at `path` if there is one, and no more than `most` bytes.
pub fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, FileError> {
    let Some(file) = open(path)? else { return Ok(None) };
    whole(file, most)?.ok_or(FileError::TooLarge(most)).map(Some)
}

/// The first bytes of the regular file at `path` if there is one.
pub fn head(path: &Path, most: u64) -> Result<Option<Vec<u8>>, FileError> {
    open(path)?.map(|file| Ok(beginning(file, most)?)).transpose()
}

/// Everything that is read. `None` where that is more than `most` bytes.
pub(crate) fn whole(from: impl io::Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let content = beginning(from, most.saturating_add(1))?;
    Ok((content.len() as u64 <= most).then_some(content))
}

/// The first bytes of what is read.
pub(crate) fn beginning(from: impl io::Read, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    from.take(most).read_to_end(&mut content)?;
    Ok(content)
}

/// As [`read`], for a file that must be text.
pub fn read_text(path: &Path, most: u64) -> Result<Option<String>, FileError> {
    let content = read(path, most)?;
    content.map(String::from_utf8).transpose().map_err(|_| FileError::NotText)
}

/// `path` with its folder's links and dots resolved, so that two spellings of one file are equal.
pub fn resolved(path: &Path) -> Result<PathBuf, FileError> {
    let folder = fs::canonicalize(folder(path))?;
    Ok(path.file_name().map(|name| folder.join(name)).unwrap_or(folder))
}

/// Whether two paths lead to one file, whether it exists or not. The first may be, or lead through, a link.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    match (identity(one), identity(other)) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), Err(_)) => match (resolved(one), resolved(other)) {
            (Ok(one), Ok(other)) => one == other,
            (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
        },
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

/// The mode of the regular file at `path`; `None` where there is nothing.
fn existing_mode(path: &Path) -> Result<Option<Permissions>, FileError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        // `Path` drops what follows the last name, the system does not: `results/` can never be renamed to.
        Err(error) if error.kind() == io::ErrorKind::NotFound && names_a_folder(path) => {
            return Err(FileError::FolderName);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(FileError::NotAFolder);
        }
        Err(error) => return Err(error.into()),
    };
    let kind = found.file_type();
    if kind.is_symlink() {
        Err(FileError::Symlink)
    } else if kind.is_dir() {
        Err(FileError::Folder)
    } else if kind.is_file() {
        Ok(Some(Permissions::from_mode(found.permissions().mode() & 0o777)))
    } else {
        Err(FileError::Special)
    }
}

/// Whether a path could only be that of a folder, as in `results/` and `results/.`.
fn names_a_folder(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes.ends_with(b"/") || bytes.ends_with(b"/.")
}

/// A new empty file beside `path`; it removes itself unless it is renamed.
fn temporary(path: &Path) -> Result<Temporary, FileError> {
    let folder = folder(path);
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(FileError::NotAFolder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FileError::NoFolder),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(FileError::NotAFolder);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Temporary::create(folder)?)
}

/// The folder that holds `path`.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != PathBuf::new() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Makes a rename or removal in `folder` outlive a power cut.
fn flushed(folder: &Path, flush: impl Fn(&File) -> io::Result<()>) -> Result<(), FileError> {
    match flush(&File::open(folder)?) {
        Ok(()) => Ok(()),
        // Some network and FUSE file systems cannot flush a folder; the file itself is flushed.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;

    fn folder_with(name: &str, content: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        replace(&path, content.as_bytes()).unwrap();
        (folder, path)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entry =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(entry).collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_is_made_and_replaced_and_nothing_stays_beside_it() {
        let (folder, path) = folder_with("a.json", "old");
        prove(&path).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn a_file_is_flushed_whole_before_it_is_renamed_and_its_folder_after() {
        let (folder, path) = folder_with("a", "old");
        let seen = RefCell::new(Vec::new());
        replace_and(
            &path,
            |mut file| file.write_all(b"new"),
            |flushed| {
                let what = flushed.metadata()?.is_dir();
                seen.borrow_mut().push((
                    what,
                    fs::read_to_string(&path)?,
                    names(folder.path()).len(),
                ));
                Ok(())
            },
        )
        .unwrap();
        // The file, while the old one is still there; the folder, when the new one is.
        assert_eq!(seen.into_inner(), [(false, "old".into(), 2), (true, "new".into(), 1)]);
    }

    #[test]
    fn what_cannot_be_flushed_does_not_replace_the_old_file() {
        let (folder, path) = folder_with("a", "old");
        let full = replace_and(
            &path,
            |mut file| file.write_all(b"new"),
            |_| Err(io::ErrorKind::StorageFull.into()),
        );
        assert!(matches!(full, Err(FileError::Io(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["a"]);
        // A folder of a network file system may be one that cannot be flushed; any other trouble is told.
        let of_a_folder = |kind: io::ErrorKind| {
            replace_and(
                &path,
                |mut file| file.write_all(b"new"),
                |flushed| {
                    if flushed.metadata()?.is_dir() { Err(kind.into()) } else { Ok(()) }
                },
            )
        };
        assert!(of_a_folder(io::ErrorKind::Unsupported).is_ok());
        assert!(of_a_folder(io::ErrorKind::InvalidInput).is_ok());
        assert!(of_a_folder(io::ErrorKind::StorageFull).is_err());
    }

    #[test]
    fn a_new_file_can_be_read_by_others_and_an_old_mode_stays() {
        let (folder, path) = folder_with("a", "old");
        // What a plain `File::create` gives, less the bits that 0644 does not have.
        let plain = folder.path().join("plain");
        File::create(&plain).unwrap();
        assert_eq!(mode(&path), mode(&plain) & 0o644);
        for kept in [0o600, 0o664, 0o755] {
            fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            replace(&path, b"new").unwrap();
            assert_eq!(mode(&path), kept);
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let (folder, target) = folder_with("target", "theirs");
        for (name, to) in [("link", target.as_path()), ("dangling", Path::new("nowhere"))] {
            let link = folder.path().join(name);
            symlink(to, &link).unwrap();
            assert!(matches!(prove(&link), Err(FileError::Symlink)));
            assert!(matches!(replace(&link, b"ours"), Err(FileError::Symlink)));
            assert!(matches!(read(&link, 9), Err(FileError::Symlink)));
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
        assert_eq!(names(folder.path()), ["dangling", "link", "target"]);
    }

    #[test]
    fn each_path_that_cannot_be_written_has_its_own_reason() {
        let (folder, file) = folder_with("file", "");
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let said = |path: &Path| {
            let both =
                [prove(path), replace(path, b"")].map(|result| result.unwrap_err().to_string());
            assert_eq!(both[0], both[1]);
            both[0].clone()
        };
        assert_eq!(said(folder.path()), "it is a folder");
        assert_eq!(said(&socket), "it is not a regular file");
        assert_eq!(said(Path::new("/dev/null")), "it is not a regular file");
        assert_eq!(said(&folder.path().join("none/file")), "its folder does not exist");
        assert_eq!(said(&file.join("file")), "its folder is not a folder");
        // Nothing can be made there, whoever asks.
        assert_eq!(said(Path::new("/proc/self/new")), "no such file or directory");
        assert_eq!(names(folder.path()), ["file", "socket"]);
    }

    #[test]
    fn a_path_that_ends_like_a_folder_s_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("there")).unwrap();
        for (name, why) in [
            ("results/", "its name ends with `/`, as a folder's does"),
            ("results//", "its name ends with `/`, as a folder's does"),
            ("results/.", "its name ends with `/`, as a folder's does"),
            ("there/", "it is a folder"),
            ("there/.", "it is a folder"),
        ] {
            let path = PathBuf::from(format!("{}/{name}", folder.path().display()));
            assert_eq!(prove(&path).unwrap_err().to_string(), why, "{name}");
            assert_eq!(replace(&path, b"").unwrap_err().to_string(), why, "{name}");
        }
        assert_eq!(names(folder.path()), ["there"]);
    }

    #[test]
    fn what_cannot_be_renamed_leaves_the_old_file_and_nothing_else() {
        let (folder, path) = folder_with("a", "old");
        let file = temporary(&path).unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop(file);
        assert_eq!(names(folder.path()), ["a"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    }

    #[test]
    fn reading_is_bounded() {
        let (_folder, path) = folder_with("a", "12345");
        assert_eq!(read(&path, 5).unwrap().as_deref(), Some(b"12345".as_slice()));
        assert!(matches!(read(&path, 4), Err(FileError::TooLarge(4))));
        assert_eq!(read(&path.with_extension("none"), 5).unwrap(), None);
        replace(&path, b"\xff").unwrap();
        assert!(matches!(read_text(&path, 5), Err(FileError::NotText)));
    }

    #[test]
    fn two_spellings_of_one_path_are_equal() {
        let (folder, path) = folder_with("a", "");
        let detour = folder.path().join("b").join("..").join("a");
        fs::create_dir(folder.path().join("b")).unwrap();
        assert_eq!(resolved(&path).unwrap(), resolved(&detour).unwrap());
        assert_eq!(resolved(Path::new("x")).unwrap(), resolved(Path::new("./x")).unwrap());
    }

    #[test]
    fn one_file_is_one_under_every_name() {
        let (folder, path) = folder_with("a", "");
        let at = |name: &str| folder.path().join(name);
        symlink("a", at("link")).unwrap();
        symlink(".", at("here")).unwrap();
        fs::hard_link(&path, at("hard")).unwrap();
        for name in ["a", "link", "here/a", "hard", "here/../a"] {
            assert_eq!(is_same(&at(name), &path), name != "here/../a", "{name}");
        }
        replace(&at("b"), b"").unwrap();
        assert!(!is_same(&at("b"), &path) && !is_same(&at("none"), &path));
        assert!(is_same(&at("here/none"), &at("none")) && !is_same(&at("none"), &at("other")));
        assert!(!is_same(&at("none/none"), &at("none/none")), "there is no such folder");
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let (folder, path) = folder_with("a", "");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(names(folder.path()), [""; 0]);
    }

    /// An older yes that could not be removed must be reported.
    #[test]
    fn only_what_is_not_there_counts_as_removed_or_as_not_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(remove(folder.path()).is_err());
        let too_long = folder.path().join("x".repeat(300));
        assert!(remove(&too_long).is_err());
        assert!(read(&too_long, 5).is_err());
        assert!(prove(&too_long).is_err());
    }

    #[test]
    fn a_folder_is_locked_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path(), Duration::ZERO).unwrap();
        let pauses = Cell::new(0);
        let pause = || pauses.set(pauses.get() + 1);
        assert!(matches!(lock_after(folder.path(), 3, pause), Err(FileError::Locked)));
        assert_eq!(pauses.get(), 3);
        drop(first);
        assert!(lock_after(folder.path(), 1, pause).is_ok());
        assert_eq!(pauses.get(), 3);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_lock_is_waited_for_as_long_as_the_run_may_take_from_one_second_to_ten() {
        let seconds = |left| lock_tries(Duration::from_millis(left)) * 50 / 1000;
        assert_eq!([0, 999, 1000, 5000, 10_000, 3_600_000].map(seconds), [1, 1, 1, 5, 10, 10]);
        assert_eq!(lock_tries(Duration::MAX), LOCK_TRIES);
    }
}
