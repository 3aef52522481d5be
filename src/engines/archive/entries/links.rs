//! Symbolic links and hard links, and what is behind them.

use super::{Entries, Inside, Kind, Leads, MOST_LINKS, MOST_PARTS, shown};
use crate::engines::archive::paths::{MOST_PATH, Path, ROOT, child, end, way};
use crate::engines::rules::{
    LAYER_DANGLING, LAYER_FILE_AS_FOLDER, LAYER_HARD_LINK, LAYER_LINK_TO_WHITEOUT,
    LAYER_OPAQUE_FILE, LAYER_OUTSIDE, LAYER_THROUGH_LINK, LAYER_WHITEOUT_BELOW_FILE,
};

impl Entries {
    pub(super) fn below_file(&mut self, name: &[u8], inside: Inside) {
        let (rule, what) = match inside {
            Inside::Entry => (&LAYER_FILE_AS_FOLDER, "an entry"),
            Inside::Whiteout => (&LAYER_WHITEOUT_BELOW_FILE, "a whiteout"),
            Inside::Opaque => (&LAYER_OPAQUE_FILE, "the mark of an opaque folder"),
        };
        self.refuse(rule, format!("has {what} below a file: {}", shown(name)));
    }

    /// The folders on the way to where a symbolic link leads, and that one, if it is known and is a folder.
    pub(super) fn through_link(
        &mut self,
        link: u64,
        leads: Leads,
        name: &[u8],
        inside: Inside,
    ) -> Option<Vec<u64>> {
        if leads == Leads::Out {
            let what =
                format!("has an entry behind a symbolic link out of the root: {}", shown(name));
            self.refuse(&LAYER_THROUGH_LINK, what);
        }
        let way = self.targets.get(&link)?.clone();
        // The root is always there.
        let Some((end, folders)) = way.split_last() else { return Some(way) };
        if folders.iter().any(|key| matches!(self.kind(*key), Kind::Link(_))) {
            return None;
        }
        match self.kind(*end) {
            Kind::Folder | Kind::Parent => return Some(way),
            Kind::File => self.below_file(name, inside),
            Kind::Gone => self.below_whiteout(name, inside),
            Kind::Unknown => {
                let what =
                    format!("has an entry behind a symbolic link to nothing: {}", shown(name));
                self.refuse(&LAYER_DANGLING, what);
            }
            Kind::Any | Kind::Link(_) => {}
        }
        None
    }

    /// What a symbolic link is; `folder`: where it stands, if that is known.
    pub(super) fn symbolic_link(
        &mut self,
        target: &[u8],
        folder: Option<&[&[u8]]>,
        key: u64,
    ) -> Kind {
        self.targets.remove(&key);
        let parts = target.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
        let ups = parts.clone().take_while(|part| *part == b"..").count();
        // Behind a name, `..` may lead out of where another link leads.
        let is_plain = !parts.skip(ups).any(|part| part == b"..");
        let folder = if target.starts_with(b"/") { Some(&[][..]) } else { folder };
        let Some(folder) = folder.filter(|_| target.len() <= MOST_PATH) else {
            return Kind::Link(Leads::Inside);
        };
        let target_path = Path::within(folder, target);
        if is_plain && target_path.parts.len() <= MOST_PARTS && self.targets.len() < MOST_LINKS {
            self.targets.insert(key, way(&target_path.parts));
        }
        let is_inside = target.starts_with(b"/") || ups <= folder.len();
        Kind::Link(if is_inside { Leads::Inside } else { Leads::Out })
    }

    /// What a hard link is, by what it leads to.
    pub(super) fn hard_link(&mut self, target: &[u8], name: &[u8], own: u64) -> Kind {
        if target.len() > MOST_PATH {
            return Kind::Any;
        }
        let path = Path::of(target);
        let link = |to: &str| format!("has a hard link to {to}: {}", shown(name));
        if path.above > 0 {
            self.refuse(&LAYER_OUTSIDE, link("what is above the root"));
        }
        let Some((base, folder)) = path.parts.split_last() else {
            self.refuse(&LAYER_HARD_LINK, link("the root"));
            return Kind::Any;
        };
        let Some(key) = self.led_to(folder).map(|folder| child(folder, base)) else {
            return Kind::Any;
        };
        if key == own {
            self.refuse(&LAYER_HARD_LINK, link("itself"));
            return Kind::Any;
        }
        if self.is_blurred {
            return Kind::Any;
        }
        match self.kind(key) {
            Kind::File => return Kind::File,
            // The same text leads elsewhere from another folder.
            Kind::Link(_) => return Kind::Link(Leads::Inside),
            Kind::Gone => {
                self.refuse_first(&LAYER_LINK_TO_WHITEOUT, link("what a whiteout took away"));
                return Kind::File;
            }
            Kind::Any => {}
            Kind::Folder | Kind::Parent => self.refuse(&LAYER_HARD_LINK, link("a folder")),
            Kind::Unknown => {
                self.refuse(&LAYER_HARD_LINK, link("what its layer does not have before it"));
            }
        }
        Kind::Any
    }

    /// What a folder's path leads to, if that is known.
    fn led_to(&self, folder: &[&[u8]]) -> Option<u64> {
        folder.iter().try_fold(ROOT, |at, part| {
            let next = child(at, part);
            match self.kind(next) {
                Kind::Link(_) => {
                    let way = self.targets.get(&next)?;
                    let is_link = |key: &u64| matches!(self.kind(*key), Kind::Link(_));
                    (!way.iter().any(is_link)).then(|| end(way))
                }
                Kind::Any => None,
                Kind::Unknown | Kind::Parent | Kind::Folder | Kind::File | Kind::Gone => Some(next),
            }
        })
    }
}
