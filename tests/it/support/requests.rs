//! What a stand-in was asked, counted: requests that go out side by side arrive in any order.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::stand_in::StandIn;

/// A line for each kind of request, as in `Registry: GET ManifestByTag x1`.
pub(crate) fn requests(stand_in: &StandIn) -> String {
    let mut counted: BTreeMap<_, u64> = BTreeMap::new();
    for entry in stand_in.log() {
        let kind = (entry.origin, format!("{} {:?}", entry.method, entry.route));
        *counted.entry(kind).or_default() += 1;
    }
    counted.iter().fold(String::new(), |mut text, ((origin, kind), count)| {
        let _ = writeln!(text, "{origin:?}: {kind} x{count}");
        text
    })
}
