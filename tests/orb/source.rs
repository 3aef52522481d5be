//! The orb's source files, as texts: `orb/src` read from the disk, or a few lines written by a test.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Says on standard error, and in `target/could-not-run.txt` (which `make test` prints at its end), what could not be
/// tried here. The test runner would keep an ordinary print to itself.
pub(crate) fn could_not_run(what: &str) {
    let _ = writeln!(io::stderr(), "COULD NOT RUN: {what}");
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target"));
    let noted = fs::create_dir_all(folder).and_then(|()| {
        let mut options = fs::OpenOptions::new();
        options.create(true).append(true);
        writeln!(options.open(folder.join("could-not-run.txt"))?, "{what}")
    });
    assert!(noted.is_ok(), "{}: {noted:?}", folder.display());
}

/// Writes a program of a test. One in the place of a tool of this machine is a link to that, which nobody writes
/// through.
pub(crate) fn write_program(path: &Path, script: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    fs::File::create(path)?.write_all(format!("#!/bin/sh\n{script}").as_bytes())?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Every file under the orb's root, by its path relative to it with `/` between the parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) files: BTreeMap<String, String>,
}

impl Source {
    /// Reads a folder.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut source = Self::default();
        source.add(root, "")?;
        Ok(source)
    }

    /// The committed sources.
    pub(crate) fn committed() -> io::Result<Self> {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("orb/src"))
    }

    /// The same with one file put in, or put in another's place.
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The same with a text in one file replaced; the text must be there, or the test proves nothing.
    pub(crate) fn edited(mut self, path: &str, from: &str, to: &str) -> Self {
        let text = self.files.get(path).map_or("", String::as_str);
        assert!(text.contains(from), "`{from}` is not in {path}");
        let edited = text.replacen(from, to, 1);
        self.files.insert(path.to_owned(), edited);
        self
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add(&entry.path(), &format!("{name}/"))?;
            } else {
                self.files.insert(name, fs::read_to_string(entry.path())?);
            }
        }
        Ok(())
    }
}
