//! The image and the orb's packed steps on a real container engine, against the stand-in of DigitalOcean.
//!
//! `tests/container/run.sh` starts the engine, builds the images and runs this; by itself it says so and fails.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test program: a broken assumption ends the test that made it"
)]

#[path = "../support/stand_in/mod.rs"]
mod stand_in;
#[path = "../orb/steps.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "the tests of the orb use the rest")]
mod steps;

mod engine;
mod gate;
mod image;
mod job;
mod skill;
