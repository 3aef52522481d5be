//! The orb, tried without CircleCI: packed, reviewed, its references checked, its scripts run.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program: a broken assumption ends the test that made it"
)]

mod committed;
mod emit;
mod expand;
mod pack;
mod parameters;
mod pipelines;
mod references;
mod review;
mod scripts;
mod source;
