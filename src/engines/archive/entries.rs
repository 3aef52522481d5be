//! Which entries engines do not unpack.

use std::collections::HashMap;

use super::header::Header;
use super::paths::{MOST_PATH, Path, keys};
use crate::engines::rules::{
    LAYER_ATTRIBUTE, LAYER_DANGLING, LAYER_DUPLICATE, LAYER_ENTRY_KIND, LAYER_FILE_AS_FOLDER,
    LAYER_HARD_LINK, LAYER_NAME, LAYER_OUTSIDE, LAYER_ROOT, LAYER_SYMLINK, LAYER_THROUGH_LINK,
    LAYER_WHITEOUT, LAYER_WHITEOUT_NAME,
};
use crate::engines::{Met, Refusal, Rule, Version};

/// Of how many paths something is kept: 2 MB, which a table of this size fills.
const MOST_PATHS: usize = 114_688;
/// Of how many symbolic links it is kept where they lead, and of how many parts that is.
const MOST_LINKS: usize = 1024;
const MOST_PARTS: usize = 16;
/// How many bytes of a name are kept for a message.
const MOST_SHOWN: usize = 1024;
/// How many folders are kept that a whiteout took away.
const MOST_TAKEN: usize = 16;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing that is known of.
    Unknown,
    /// Something, and nobody knows what.
    Any,
    /// A folder that has no entry of its own: below another layer, it may be anything that leads to one.
    Parent,
    Folder,
    File,
    Link(Leads),
    /// A whiteout took it away.
    Gone,
}

/// Where a symbolic link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leads {
    Inside,
    /// Above the root.
    Out,
    /// Above the root, if the folders that it is in are no links of another layer.
    OutIfFirst,
}

/// What is in a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Entry,
    Whiteout,
    /// The mark of an opaque folder, or what AUFS keeps for itself.
    Mark,
}

/// What is known of a path.
#[derive(Clone, Copy, Debug)]
struct Seen {
    kind: Kind,
    /// Whether an entry has this name, from the archive's root and from `/`.
    is_named: bool,
    is_named_from_root: bool,
    /// Whether its times, or those of a folder in it, are set when all entries are there.
    has_times: bool,
}

const UNSEEN: Seen =
    Seen { kind: Kind::Unknown, is_named: false, is_named_from_root: false, has_times: false };

/// What was unpacked so far, by a hash of each path.
#[derive(Debug, Default)]
pub(super) struct Entries {
    seen: HashMap<u64, Seen>,
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

    /// Whether no engine reads on.
    pub(super) fn is_refused_by_all(&self) -> bool {
        let is_by_all = |met: &Refusal| Version::ALL.into_iter().all(|version| met.is_by(version));
        self.met.anywhere.iter().any(is_by_all)
    }

    /// Adds a header for all entries: engines that keep the archive's names count its name as one.
    pub(super) fn global(&mut self, name: &[u8]) {
        let path = Path::of(name);
        if let Some(key) = keys(&path.parts).last() {
            self.name(&path, *key, name);
        }
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
        if path.is_too_long() {
            // A whiteout is no file.
            self.is_blurred = true;
            if whiteout.is_none() {
                self.refuse(
                    &LAYER_NAME,
                    format!("has a path of {} bytes: {}", name.len(), shown(name)),
                );
            }
            return;
        }
        let keys = keys(&path.parts);
        let Some((key, folders)) = keys.split_last() else { return };
        self.name(&path, *key, name);
        if path.above > 0 {
            self.refuse(&LAYER_OUTSIDE, format!("has {}", shown(name)));
        }
        if path.parts.is_empty() {
            if header.kind != b'5' {
                self.refuse(&LAYER_ROOT, format!("has {}, which is no folder", shown(name)));
            }
            return;
        }
        match whiteout {
            Some(of) => {
                let is_mark = of.starts_with(b".wh.");
                let inside = if is_mark { Inside::Mark } else { Inside::Whiteout };
                if self.make_folders(folders, name, inside) && !is_mark {
                    self.whiteout(folder, of, name);
                }
            }
            None => self.entry(header, &path, *key, folders),
        }
    }

    fn entry(&mut self, header: &Header, path: &Path<'_>, key: u64, folders: &[u64]) {
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
        if !self.make_folders(folders, name, Inside::Entry) {
            return;
        }
        let kind = match header.kind {
            b'5' => Kind::Folder,
            b'2' => self.symbolic_link(&header.target, path, key, folders),
            b'1' => self.hard_link(&header.target, name, key),
            _ => Kind::File,
        };
        self.put(key, kind);
        if kind == Kind::Folder {
            for key in folders.iter().skip(1).chain([&key]) {
                self.change(*key, |seen| seen.has_times = true);
            }
        }
    }

    /// Notes a name, which engines that keep them take once. A name above the root is none of what is there.
    fn name(&mut self, path: &Path<'_>, key: u64, name: &[u8]) {
        let mut is_new = true;
        self.change(key ^ path.above.rotate_right(8), |seen| {
            let spelling =
                if path.is_rooted { &mut seen.is_named_from_root } else { &mut seen.is_named };
            is_new = !std::mem::replace(spelling, true);
        });
        if !is_new {
            self.refuse(&LAYER_DUPLICATE, format!("has one path twice: {}", shown(name)));
        }
    }

    /// Makes the folders that an entry is in, the root first. Whether it is known where it comes to stand.
    fn make_folders(&mut self, folders: &[u64], name: &[u8], inside: Inside) -> bool {
        for folder in folders.iter().skip(1) {
            match self.kind(*folder) {
                Kind::Folder | Kind::Parent => continue,
                Kind::Unknown | Kind::Gone => {
                    self.put(*folder, Kind::Parent);
                    continue;
                }
                Kind::File if inside != Inside::Mark && !self.is_blurred => self.below_file(name),
                Kind::Link(leads) if inside == Inside::Entry && !self.is_blurred => {
                    self.through_link(*folder, leads, name);
                }
                Kind::File | Kind::Link(_) | Kind::Any => {}
            }
            // What it adds stands somewhere else.
            self.is_blurred = true;
            return false;
        }
        true
    }

    fn below_file(&mut self, name: &[u8]) {
        self.refuse(&LAYER_FILE_AS_FOLDER, format!("has an entry below a file: {}", shown(name)));
    }

    fn through_link(&mut self, link: u64, leads: Leads, name: &[u8]) {
        let what =
            || format!("has an entry behind a symbolic link out of the root: {}", shown(name));
        match leads {
            Leads::Inside => {}
            Leads::Out => self.refuse(&LAYER_THROUGH_LINK, what()),
            Leads::OutIfFirst => self.refuse_first(&LAYER_THROUGH_LINK, what()),
        }
        let Some((end, way)) = self.targets.get(&link).and_then(|target| target.split_last())
        else {
            return;
        };
        // The root is always there.
        if way.is_empty() || way.iter().any(|key| matches!(self.kind(*key), Kind::Link(_))) {
            return;
        }
        match self.kind(*end) {
            Kind::File => self.below_file(name),
            Kind::Unknown | Kind::Gone => {
                let what =
                    format!("has an entry behind a symbolic link to nothing: {}", shown(name));
                self.refuse_first(&LAYER_DANGLING, what);
            }
            Kind::Any | Kind::Parent | Kind::Folder | Kind::Link(_) => {}
        }
    }

    fn symbolic_link(&mut self, target: &[u8], path: &Path<'_>, key: u64, folders: &[u64]) -> Kind {
        let folder = path.parts.get(..path.parts.len().saturating_sub(1)).unwrap_or_default();
        if target.len() > MOST_PATH {
            return Kind::Link(Leads::Inside);
        }
        let target_path = Path::within(folder, target);
        if target_path.parts.len() <= MOST_PARTS && self.targets.len() < MOST_LINKS {
            self.targets.insert(key, keys(&target_path.parts));
        }
        // Only what a path begins with is certain: what is behind a name may be behind another link.
        let parts = target.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
        let ups = parts.take_while(|part| *part == b"..").count();
        let is_listed = |key: &u64| self.kind(*key) == Kind::Folder;
        Kind::Link(if target.starts_with(b"/") || ups <= folder.len() {
            Leads::Inside
        } else if folders.iter().skip(1).all(is_listed) {
            Leads::Out
        } else {
            Leads::OutIfFirst
        })
    }

    /// What a hard link is, by what it leads to.
    fn hard_link(&mut self, target: &[u8], name: &[u8], own: u64) -> Kind {
        if target.len() > MOST_PATH {
            return Kind::Any;
        }
        let path = Path::of(target);
        let link = |to: &str| format!("has a hard link to {to}: {}", shown(name));
        if path.above > 0 {
            self.refuse(&LAYER_OUTSIDE, link("what is above the root"));
        }
        let keys = keys(&path.parts);
        let Some((key, way)) = keys.split_last() else { return Kind::Any };
        if way.is_empty() || *key == own {
            let to = if way.is_empty() { "the root" } else { "itself" };
            self.refuse(&LAYER_HARD_LINK, link(to));
            return Kind::Any;
        }
        if self.is_blurred || way.iter().any(|key| matches!(self.kind(*key), Kind::Link(_))) {
            return Kind::Any;
        }
        match self.kind(*key) {
            Kind::File => return Kind::File,
            // The same text leads elsewhere from another folder.
            Kind::Link(_) => return Kind::Link(Leads::Inside),
            Kind::Any => {}
            Kind::Folder => self.refuse(&LAYER_HARD_LINK, link("a folder")),
            Kind::Parent => self.refuse_first(&LAYER_HARD_LINK, link("a folder")),
            Kind::Gone => self.refuse(&LAYER_HARD_LINK, link("what a whiteout took away")),
            Kind::Unknown => {
                self.refuse_first(&LAYER_HARD_LINK, link("what is not there before it"));
            }
        }
        Kind::Any
    }

    fn whiteout(&mut self, folder: &[&[u8]], of: &[u8], name: &[u8]) {
        if matches!(of, b"" | b"." | b"..") {
            self.refuse(
                &LAYER_WHITEOUT_NAME,
                format!("has a whiteout of no name: {}", shown(name)),
            );
        }
        let hidden: Vec<&[u8]> = match of {
            b"" | b"." => folder.to_vec(),
            b".." => folder.get(..folder.len().saturating_sub(1)).unwrap_or_default().to_vec(),
            _ => folder.iter().copied().chain([of]).collect(),
        };
        let keys = keys(&hidden);
        let Some(key) = keys.last() else { return };
        if hidden.is_empty() {
            self.refuse(&LAYER_WHITEOUT, format!("has a whiteout of the root: {}", shown(name)));
            return;
        }
        let Some(seen) = self.seen.get(key).copied() else { return };
        if matches!(seen.kind, Kind::Folder | Kind::Parent) {
            // What was in it is gone, too.
            if seen.has_times && !self.is_blurred && self.taken.len() < MOST_TAKEN {
                self.taken.push((*key, shown(name)));
            }
            self.is_blurred = true;
        }
        self.change(*key, |seen| seen.kind = Kind::Gone);
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
        self.seen.get(&key).map_or(Kind::Unknown, |seen| seen.kind)
    }

    /// Puts something at a path, in place of what was there.
    fn put(&mut self, key: u64, kind: Kind) {
        let is_folder = |kind| matches!(kind, Kind::Folder | Kind::Parent);
        // What was in the folder is gone.
        self.is_blurred |= is_folder(self.kind(key)) && !is_folder(kind);
        self.change(key, |seen| seen.kind = kind);
    }

    fn change(&mut self, key: u64, change: impl FnOnce(&mut Seen)) {
        if let Some(seen) = self.seen.get_mut(&key) {
            change(seen);
        } else if self.seen.len() < MOST_PATHS {
            let mut seen = UNSEEN;
            change(&mut seen);
            self.seen.insert(key, seen);
        } else {
            self.is_blurred = true;
        }
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
