//! What a run writes: pure renderers of one report, and one writer.
//!
//! Nothing here decides anything: the verdict, the exit code and every file are drawn from the same
//! [`Report`](crate::report::Report), so that they cannot disagree.

pub mod console;
pub mod failure_reason;
pub mod html;
pub mod image_ref;
pub mod json;
pub mod junit;
mod prepared;
pub mod pulumi_config;
pub mod record;

pub use prepared::{
    OutputError, Prepared, Written, discard, discard_deployable, remarks, status_remark,
};

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
