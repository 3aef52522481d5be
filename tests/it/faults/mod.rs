//! Each fault that other programs were measured with, and what this one makes of it: a whole run in one
//! snapshot, with the requests that it sent.
//!
//! | fault | test |
//! |---|---|

mod absent;
mod refused;
mod sound;
mod trouble;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::stand_in::{Image, Options, Pushed, StandIn};
use crate::support::Gate;

pub(crate) const REPOSITORY: &str = "keepkey/support-email";
pub(crate) const TAG: &str = "latest-dev";
const REFERENCE: &str = "keepkey/support-email:latest-dev";

/// A registry that holds the image that everybody is waiting for.
pub(crate) fn filled() -> (StandIn, Pushed) {
    filled_with(Options::default())
}

/// The same, set up in another way.
pub(crate) fn filled_with(options: Options) -> (StandIn, Pushed) {
    let stand_in = StandIn::start(options);
    let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    (stand_in, pushed)
}

/// A run that asks for the image at a registry of DigitalOcean's kind.
pub(crate) fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image(REFERENCE)
}

/// A run that asks for the image at a registry that is somebody else's.
pub(crate) fn gate_elsewhere(stand_in: &StandIn) -> Gate<'_> {
    gate(stand_in)
        .without_env("DIGITALOCEAN_API_URL")
        .without_env("DIGITALOCEAN_REGISTRY_HOST")
        .without_env("DIGITALOCEAN_ACCESS_TOKEN")
}

/// The run, and how often it asked for what.
pub(crate) fn seen(gate: Gate<'_>, stand_in: &StandIn) -> String {
    let run = gate.run();
    format!("{}----- requests\n{}", run.snapshot(), requests(stand_in))
}

/// How often the stand-in was asked for what.
pub(crate) fn requests(stand_in: &StandIn) -> String {
    let mut counts = BTreeMap::new();
    for entry in stand_in.log() {
        let status =
            entry.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let kind = format!("{} {:?} at {:?} -> {status}", entry.method, entry.route, entry.origin);
        *counts.entry(kind).or_insert(0_u64) += 1;
    }
    counts.iter().fold(String::new(), |mut text, (kind, count)| {
        let _ = writeln!(text, "{count} x {kind}");
        text
    })
}
