//! The orb's source files, and what its tests share.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

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
///
/// Another process writes it: a program that a test beside this one starts meanwhile would inherit an open file, and
/// what is open for writing cannot be run.
pub(crate) fn write_program(path: &Path, script: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut writer = Command::new("/bin/sh")
        .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = writer.stdin.take() {
        stdin.write_all(format!("#!/bin/sh\n{script}").as_bytes())?;
    }
    let status = writer.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

/// The texts of the orb's source files, by their path below `orb/src`.
pub(crate) fn sources() -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![String::new()];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("orb/src");
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = format!("{folder}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(format!("{name}/"));
            } else {
                files.insert(name, fs::read_to_string(entry.path())?);
            }
        }
    }
    Ok(files)
}
