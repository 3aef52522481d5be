//! The orb, tried without CircleCI: packed, reviewed, its references checked, its scripts run.
#![expect(clippy::unwrap_used, reason = "a broken assumption ends the test that made it")]

mod checkout;
mod elsewhere;
mod examples;
mod pipelines;
mod python;
mod releases;
mod scripts;
mod skill;
mod source;
#[path = "../support/stand_in/mod.rs"]
mod stand_in;
mod steps;
mod versions;
