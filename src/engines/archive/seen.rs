//! What stands at each path of a layer, in little memory: nine bytes a path.

use std::collections::HashMap;

/// Of how many paths something is kept: what a table of 1.2 MB holds.
const MOST_PATHS: usize = 114_688;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing that is known of.
    Unknown,
    /// Something, and nobody knows what.
    Any,
    /// A folder that has no entry of its own.
    Parent,
    Folder,
    File,
    Link(Leads),
    /// A whiteout: a device, and nothing where containerd unpacks a first layer.
    Gone,
}

/// Where a symbolic link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    Inside,
    /// Above the root.
    Out,
}

/// What is known of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    /// Whether an entry has this name, from the archive's root and from `/`.
    pub(super) is_named: bool,
    pub(super) is_named_from_root: bool,
    /// Whether its times, or those of a folder in it, are set when all entries are there.
    pub(super) has_times: bool,
}

const UNSEEN: Seen =
    Seen { kind: Kind::Unknown, is_named: false, is_named_from_root: false, has_times: false };

/// The kinds, each at its number.
const KINDS: [Kind; 8] = [
    Kind::Unknown,
    Kind::Any,
    Kind::Parent,
    Kind::Folder,
    Kind::File,
    Kind::Link(Leads::Inside),
    Kind::Link(Leads::Out),
    Kind::Gone,
];
const NAMED: u8 = 1 << 3;
const NAMED_FROM_ROOT: u8 = 1 << 4;
const TIMES: u8 = 1 << 5;

impl Seen {
    fn packed(self) -> u8 {
        let number = KINDS.iter().position(|kind| *kind == self.kind).unwrap_or_default();
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        u8::try_from(number).unwrap_or_default()
            | flag(self.is_named, NAMED)
            | flag(self.is_named_from_root, NAMED_FROM_ROOT)
            | flag(self.has_times, TIMES)
    }

    fn unpacked(packed: u8) -> Self {
        Self {
            kind: KINDS.get(usize::from(packed & 7)).copied().unwrap_or(Kind::Any),
            is_named: packed & NAMED != 0,
            is_named_from_root: packed & NAMED_FROM_ROOT != 0,
            has_times: packed & TIMES != 0,
        }
    }
}

/// What is known of all paths, by 56 bits of their hashes.
#[derive(Debug, Default)]
pub(super) struct Paths(HashMap<[u8; 7], u8>);

impl Paths {
    pub(super) fn get(&self, key: u64) -> Seen {
        self.0.get(&short(key)).map_or(UNSEEN, |packed| Seen::unpacked(*packed))
    }

    /// Changes what is known of a path. Returns whether there was room for it.
    pub(super) fn change(&mut self, key: u64, change: impl FnOnce(&mut Seen)) -> bool {
        let mut seen = self.get(key);
        change(&mut seen);
        let has_room = self.0.len() < MOST_PATHS || self.0.contains_key(&short(key));
        if has_room {
            self.0.insert(short(key), seen.packed());
        }
        has_room
    }
}

fn short(key: u64) -> [u8; 7] {
    let [_, rest @ ..] = key.to_be_bytes();
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_again() {
        for kind in KINDS {
            for flags in 0..8 {
                let is = |flag: u8| flags & flag != 0;
                let (is_named, is_named_from_root, has_times) = (is(1), is(2), is(4));
                let seen = Seen { kind, is_named, is_named_from_root, has_times };
                assert_eq!(Seen::unpacked(seen.packed()), seen);
            }
        }
        let mut paths = Paths::default();
        assert_eq!(paths.get(1), UNSEEN);
        assert!(paths.change(1, |seen| seen.kind = Kind::Gone));
        assert!(paths.change(1, |seen| seen.has_times = true));
        assert_eq!(paths.get(1), Seen { kind: Kind::Gone, has_times: true, ..UNSEEN });
    }
}
