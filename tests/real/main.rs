//! The built program against a registry and a pusher that are not ours: Debian's `docker-registry` and
//! `skopeo`. The registry's tokens come from the stand-in's token endpoint.
//!
//! Where one of the two is not installed, each test says that it could not run.

#![cfg(test)]

#[path = "../support/stand_in/mod.rs"]
mod stand_in;
#[path = "../it/support/mod.rs"]
mod support;

mod modes;
mod registry;
mod skopeo;
mod verdicts;
mod world;
