//! The status of the environments: their status files, and the board and the badges that are drawn from them.
//!
//! A status file holds what runs have found out and what people have written beside it. Board and badges hold nothing
//! of their own but the links to pipelines: [`draw`] makes them again from the status files alone.

pub mod badge;
pub mod board;
pub(crate) mod checkout;
mod conflict;
mod draw;
mod file;
pub(crate) mod files;
mod folder;

pub use draw::{DrawStatusError, StatusDrawn, draw_status as draw};
#[cfg(any(test, fuzzing))]
pub(crate) use file::with_line;
pub use file::{
    AHEAD, Light, MOST_BYTES, ServiceLine, StatusFile, Update, Updated, flat, path,
    without_those_that_left,
};
pub use folder::update;
