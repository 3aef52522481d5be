//! Paths in an archive: their parts from the root, and hashes of them.

use std::hash::{DefaultHasher, Hasher as _};

/// The longest path that Linux takes, and the longest name in it.
pub(super) const MOST_PATH: usize = 4095;
pub(super) const MOST_NAME: usize = 255;

/// A path, without detours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path<'n> {
    pub(super) parts: Vec<&'n [u8]>,
    /// How often it leads above the root, where it does not begin there.
    pub(super) above: u64,
    pub(super) is_rooted: bool,
}

impl<'n> Path<'n> {
    pub(super) fn of(name: &'n [u8]) -> Self {
        Self::within(&[], name)
    }

    /// A path that is written in a folder.
    pub(super) fn within(folder: &[&'n [u8]], name: &'n [u8]) -> Self {
        let is_rooted = name.starts_with(b"/");
        let mut parts = if is_rooted { Vec::new() } else { folder.to_vec() };
        let mut above = 0;
        for part in name.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => above += u64::from(parts.pop().is_none() && !is_rooted),
                _ => parts.push(part),
            }
        }
        Self { parts, above, is_rooted }
    }
}

/// Whether no file system takes what has this name in this folder.
pub(super) fn are_too_long(folder: &[&[u8]], name: Option<&[u8]>) -> bool {
    let parts = || folder.iter().copied().chain(name);
    let length = parts().fold(0, |sum, part| sum + part.len() + 1);
    length > MOST_PATH + 1 || parts().any(|part| part.len() > MOST_NAME)
}

/// The hash of the root.
pub(super) const ROOT: u64 = 0;

/// The hash of what these parts lead to from the root.
pub(super) fn key(parts: &[&[u8]]) -> u64 {
    parts.iter().fold(ROOT, |folder, part| child(folder, part))
}

/// The hash of each folder on the way below the root, and of what these parts lead to.
pub(super) fn way(parts: &[&[u8]]) -> Vec<u64> {
    let step = |folder: &mut u64, part: &&[u8]| {
        *folder = child(*folder, part);
        Some(*folder)
    };
    parts.iter().scan(ROOT, step).collect()
}

/// Where a way from the root ends.
pub(super) fn end(way: &[u64]) -> u64 {
    way.last().copied().unwrap_or(ROOT)
}

/// The hash of a path by that of its folder.
///
/// The hash has no secret: who finds two paths of one hash gets a wrong answer about an image of his own.
pub(super) fn child(folder: u64, name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(folder);
    hasher.write(name);
    hasher.finish()
}
