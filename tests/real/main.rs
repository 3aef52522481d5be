//! The built program against registries and a pusher that are not ours: Debian's `docker-registry`, the Rust crate
//! `container-registry`, and Debian's `skopeo`. The first one's tokens come from the stand-in's token endpoint.
//!
//! Where one of them is not installed, each test that needs it says that it could not run.

#![cfg(test)]

#[path = "../support/stand_in/mod.rs"]
mod stand_in;
#[path = "../it/support/mod.rs"]
mod support;

mod buildkit;
mod minimal;
mod modes;
mod push;
mod registry;
mod skopeo;
mod verdicts;
mod world;
