//! What the program leaves behind: files, an exit code, and no secret.
//!
//! One test a behaviour, each a whole run: paths that cannot be written, runs that are ended from outside,
//! runs side by side, and a server that hands a secret back.

mod ends;
mod left;
mod paths;
mod repeated;
mod secrets;

use verify_registry_image::settings::OUTPUT_OPTIONS;

use crate::stand_in::{Image, Pushed, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const TAG: &str = "latest-dev";

/// A stand-in with one honest image.
fn with_image() -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, TAG, Image::node_on_alpine());
    (stand_in, pushed)
}

/// A run that asks for the image and says so in a line.
fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).args("-q").image(&format!("{REPOSITORY}:{TAG}"))
}

/// The options of the outputs that are one file each.
fn file_options() -> impl Iterator<Item = &'static str> {
    let options = OUTPUT_OPTIONS.iter().map(|output| output.option);
    options.filter(|option| !["update-status", "record-dir"].contains(option))
}

/// The arguments that ask for these outputs. Each file is named after its option.
fn files_of(options: impl Iterator<Item = &'static str>) -> String {
    options.map(|option| format!("--{option}={option}")).collect::<Vec<_>>().join(" ")
}

/// A record as an earlier run wrote it.
fn older_record(stand_in: &StandIn) -> String {
    let run = gate(stand_in).args("--record record.json").run();
    let mut record: serde_json::Value = serde_json::from_str(run.file("record.json")).unwrap();
    // A record of the same second would be the same file, which no run is seen to write.
    record["verification"]["verified_at"] = "2026-01-01T00:00:00Z".into();
    stand_in.clear_log();
    serde_json::to_string_pretty(&record).unwrap()
}
