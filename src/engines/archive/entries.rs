//! Which entries engines do not unpack.
//!
//! Engines lay the layers of an image over each other, and unpack each into a folder that holds nothing else: what a lower
//! layer has is not there. A whiteout is a device in that folder. containerd alone removes things instead, and only in the
//! first layer.

mod links;
mod whiteouts;

use std::collections::HashMap;

use super::header::Header;
use super::paths::{self, MOST_PATH, Path, child, end, key};
use super::seen::{Kind, Leads, Paths, Seen};
use crate::engines::rules::{
    LAYER_ATTRIBUTE, LAYER_DUPLICATE, LAYER_ENTRY_KIND, LAYER_NAME, LAYER_OUTSIDE, LAYER_ROOT,
    LAYER_SYMLINK, LAYER_WHITEOUT,
};
use crate::engines::{Met, Refusal, Rule, Version};

/// Of how many symbolic links it is kept where they lead, and of how many parts that is.
const MOST_LINKS: usize = 1024;
const MOST_PARTS: usize = 16;
/// How many bytes of a name are kept for a message.
const MOST_SHOWN: usize = 1024;
/// How many folders are kept that a whiteout took away.
const MOST_TAKEN: usize = 16;

/// What is in a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Entry,
    Whiteout,
    /// The mark of an opaque folder.
    Opaque,
}

/// What was unpacked so far, by a hash of each path.
#[derive(Debug, Default)]
pub(super) struct Entries {
    seen: Paths,
    /// Where symbolic links lead: the hashes of the folders on the way, and of the end.
    targets: HashMap<u64, Vec<u64>>,
    taken: Vec<(u64, String)>,
    /// Whether more happened than is known by path: then nothing is said of what stands where.
    is_blurred: bool,
    met: Met,
}

impl Entries {
    /// The rows that were met, the first of each.
    pub(super) fn met(self) -> Met {
        self.met
    }

    pub(super) fn refuse(&mut self, rule: &'static Rule, what: String) {
        add(&mut self.met.anywhere, rule, what);
    }

    fn refuse_first(&mut self, rule: &'static Rule, what: String) {
        add(&mut self.met.as_first, rule, what);
    }

    fn refuse_above(&mut self, rule: &'static Rule, what: String) {
        add(&mut self.met.above, rule, what);
    }

    /// Whether no engine reads on.
    pub(super) fn is_refused_by_all(&self) -> bool {
        let is_by_all = |met: &Refusal| Version::ALL.into_iter().all(|version| met.is_by(version));
        self.met.anywhere.iter().any(is_by_all)
    }

    /// Adds a header for all entries: engines that keep the archive's names count its name as one.
    pub(super) fn global(&mut self, name: &[u8]) {
        self.name(&Path::of(name), name);
    }

    /// Adds an entry.
    pub(super) fn add(&mut self, header: &Header) {
        let name = header.name.as_slice();
        if name.len() > 16 * MOST_PATH {
            self.is_blurred = true;
            return;
        }
        let path = Path::of(name);
        let (base, folder) = match path.parts.split_last() {
            Some((base, folder)) => (*base, folder),
            None => (&[][..], &[][..]),
        };
        let whiteout = base.strip_prefix(b".wh.");
        // A whiteout becomes a device of the name that it takes away, and the mark of an opaque folder becomes nothing.
        let made = match whiteout {
            Some(b".wh..opq") => None,
            Some(of) => Some(of),
            None => Some(base),
        };
        if paths::are_too_long(folder, made) {
            self.is_blurred = true;
            let what = format!("has a path of {} bytes: {}", name.len(), shown(name));
            return self.refuse(&LAYER_NAME, what);
        }
        self.name(&path, name);
        if path.above > 0 {
            self.refuse(&LAYER_OUTSIDE, format!("has {}", shown(name)));
        }
        if path.parts.is_empty() {
            if header.kind != b'5' && (path.is_rooted || path.above > 0) {
                self.refuse(&LAYER_ROOT, format!("has {}, which is no folder", shown(name)));
            }
            return;
        }
        match whiteout {
            Some(b".wh..opq") => {
                self.make_folders(folder, name, Inside::Opaque);
            }
            Some(of) => {
                if let Some(way) = self.make_folders(folder, name, Inside::Whiteout) {
                    self.whiteout(end(&way), of, name);
                }
            }
            None => self.entry(header, folder, base),
        }
    }

    fn entry(&mut self, header: &Header, folder: &[&[u8]], base: &[u8]) {
        let name = header.name.as_slice();
        if !matches!(header.kind, b'0'..=b'6') {
            let kind = char::from(header.kind).escape_debug();
            self.refuse(
                &LAYER_ENTRY_KIND,
                format!("has an entry of the kind `{kind}`: {}", shown(name)),
            );
            return;
        }
        if let Some(attribute) = &header.odd_attribute {
            let what =
                format!("has the extended attribute {} on {}", shown(attribute), shown(name));
            self.refuse(&LAYER_ATTRIBUTE, what);
        }
        if header.kind == b'2' && header.target.is_empty() {
            self.refuse(&LAYER_SYMLINK, format!("has a symbolic link to nowhere: {}", shown(name)));
        }
        let Some(way) = self.make_folders(folder, name, Inside::Entry) else { return };
        let own = child(end(&way), base);
        let kind = match header.kind {
            b'5' => Kind::Folder,
            b'2' => {
                let is_straight = end(&way) == key(folder);
                self.symbolic_link(&header.target, is_straight.then_some(folder), own)
            }
            b'1' => self.hard_link(&header.target, name, own),
            _ => Kind::File,
        };
        self.put(own, kind);
        if kind == Kind::Folder {
            for key in way.iter().chain([&own]) {
                self.change(*key, |seen| seen.has_times = true);
            }
        }
    }

    /// Notes a name, which engines that keep them take once. A name above the root is none of what is there.
    fn name(&mut self, path: &Path<'_>, name: &[u8]) {
        let mut is_new = true;
        self.change(key(&path.parts) ^ path.above.rotate_right(8), |seen| {
            let spelling =
                if path.is_rooted { &mut seen.is_named_from_root } else { &mut seen.is_named };
            is_new = !std::mem::replace(spelling, true);
        });
        if !is_new {
            self.refuse(&LAYER_DUPLICATE, format!("has one path twice: {}", shown(name)));
        }
    }

    /// Makes the folders that an entry is in. Each of them from the root on, if it is known where the entry comes to stand.
    fn make_folders(&mut self, folder: &[&[u8]], name: &[u8], inside: Inside) -> Option<Vec<u64>> {
        let mut way = Vec::with_capacity(folder.len());
        for part in folder {
            let next = child(end(&way), part);
            match self.kind(next) {
                Kind::Folder | Kind::Parent => way.push(next),
                kind @ (Kind::Unknown | Kind::Gone) => {
                    if kind == Kind::Gone && !self.is_blurred {
                        self.below_whiteout(name, inside);
                    }
                    self.put(next, Kind::Parent);
                    way.push(next);
                }
                Kind::Link(leads) if !self.is_blurred => {
                    let Some(end) = self.through_link(next, leads, name, inside) else {
                        self.is_blurred = true;
                        return None;
                    };
                    way = end;
                }
                kind @ (Kind::File | Kind::Link(_) | Kind::Any) => {
                    if kind == Kind::File && !self.is_blurred {
                        self.below_file(name, inside);
                    }
                    // What it adds stands somewhere else.
                    self.is_blurred = true;
                    return None;
                }
            }
        }
        Some(way)
    }

    /// The archive ends: the times of folders are set.
    pub(super) fn end(&mut self) {
        for (key, name) in std::mem::take(&mut self.taken) {
            if self.kind(key) == Kind::Gone {
                self.refuse(&LAYER_WHITEOUT, format!("has a whiteout behind its folder: {name}"));
            }
        }
    }

    fn kind(&self, key: u64) -> Kind {
        self.seen.get(key).kind
    }

    /// Puts something at a path, in place of what was there.
    fn put(&mut self, key: u64, kind: Kind) {
        let is_folder = |kind| matches!(kind, Kind::Folder | Kind::Parent);
        // What was in the folder is gone.
        self.is_blurred |= is_folder(self.kind(key)) && !is_folder(kind);
        self.change(key, |seen| seen.kind = kind);
    }

    fn change(&mut self, key: u64, change: impl FnOnce(&mut Seen)) {
        self.is_blurred |= !self.seen.change(key, change);
    }
}

/// Keeps the first of each row.
fn add(met: &mut Vec<Refusal>, rule: &'static Rule, what: String) {
    if met.iter().all(|kept| kept.rule.id != rule.id) {
        met.push(Refusal { rule, what });
    }
}

/// A name as it is written, for a message that is masked and then cut shorter by far.
fn shown(name: &[u8]) -> String {
    let name = name.get(..name.len().min(MOST_SHOWN)).unwrap_or_default();
    format!("`{}`", String::from_utf8_lossy(name).replace('`', "'"))
}
