//! Whiteouts, and what is below them.

use super::{Entries, Inside, Kind, MOST_TAKEN, shown};
use crate::engines::archive::paths::child;
use crate::engines::rules::{
    LAYER_BELOW_WHITEOUT, LAYER_BELOW_WHITEOUT_ABOVE, LAYER_TAKEN_AWAY, LAYER_TAKEN_AWAY_ABOVE,
    LAYER_WHITEOUT_BELOW_WHITEOUT, LAYER_WHITEOUT_NAME,
};

impl Entries {
    /// Adds the whiteout of `of` in a folder.
    pub(super) fn whiteout(&mut self, folder: u64, of: &[u8], name: &[u8]) {
        if matches!(of, b"" | b"." | b"..") {
            let what = format!("has a whiteout of no name: {}", shown(name));
            return self.refuse(&LAYER_WHITEOUT_NAME, what);
        }
        let key = child(folder, of);
        let before = self.kind(key);
        if before != Kind::Unknown && !self.is_blurred {
            let what = || format!("has a whiteout of what it brings itself: {}", shown(name));
            self.refuse(&LAYER_TAKEN_AWAY, what());
            self.refuse_above(&LAYER_TAKEN_AWAY_ABOVE, what());
        }
        if matches!(before, Kind::Folder | Kind::Parent) {
            // What was in it is gone, too.
            let has_times = self.seen.get(key).has_times;
            if has_times && !self.is_blurred && self.taken.len() < MOST_TAKEN {
                self.taken.push((key, shown(name)));
            }
            self.is_blurred = true;
        }
        self.change(key, |seen| seen.kind = Kind::Gone);
    }

    /// What comes below a whiteout of the same layer, which is a device.
    pub(super) fn below_whiteout(&mut self, name: &[u8], inside: Inside) {
        let what = || format!("has something below what it takes away: {}", shown(name));
        let rule = match inside {
            Inside::Entry => &LAYER_BELOW_WHITEOUT,
            Inside::Whiteout | Inside::Opaque => &LAYER_WHITEOUT_BELOW_WHITEOUT,
        };
        self.refuse(rule, what());
        self.refuse_above(&LAYER_BELOW_WHITEOUT_ABOVE, what());
    }
}
