//! What a run writes: pure renderers of one report, and one writer.
//!
//! Nothing here decides anything: the verdict, the exit code and every file are drawn from the same
//! [`Report`](crate::report::Report), so that they cannot disagree.

pub mod console;
mod error;
pub mod failure_reason;
pub mod html;
pub mod image_ref;
pub mod json;
pub mod junit;
mod later;
mod list;
pub mod metrics;
mod older;
mod places;
mod prove;
pub mod pulumi_config;
pub mod record;
mod remarks;
mod removal;
mod row;
mod status_folder;
mod stdout;
mod write;

pub use error::OutputError;
pub use prove::Prepared;
pub use remarks::{quiet_start, remarks, status_remark};
pub use removal::{discard, discard_deployable};
pub use stdout::{say, show};
pub use write::Written;

#[cfg(test)]
pub(crate) mod tests;
