//! What a run writes: pure renderers of one report, and one writer.
//!
//! Nothing here decides anything: the verdict, the exit code and every file are drawn from the same
//! [`Report`](crate::report::Report), so that they cannot disagree.

use std::path::PathBuf;

use jiff::Timestamp;

pub mod badge;
pub mod board;
mod checkout;
mod conflict;
pub mod console;
pub mod draw_status;
pub mod failure_reason;
pub mod file;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod html;
pub mod image_ref;
pub mod json;
pub mod junit;
pub mod links;
mod prepared;
pub mod pulumi_config;
pub mod record;
pub mod status;
mod status_files;

pub use prepared::{
    OutputError, Prepared, Written, discard, discard_deployable, remarks, status_remark,
};

/// An output that could not be written, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// Where it should have been written.
    pub path: PathBuf,
    /// Why it was not.
    pub message: String,
}

/// A time as every output writes it: RFC 3339 in UTC, to the second.
pub fn instant(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A size in the unit that suits it, as every text for a person shows it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "B";
    for next in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}
