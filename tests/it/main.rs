//! The built program against a stand-in of DigitalOcean on loopback: one test a behaviour, each a whole
//! run in one snapshot.
//!
//! Here is only the list of modules. `support` runs the program; `stand_in` is what it asks.

#![cfg(test)]

#[path = "../support/stand_in/mod.rs"]
mod stand_in;
#[path = "../support/packing.rs"]
mod packing;
#[path = "../support/circleci/mod.rs"]
mod circleci;
mod support;

mod blob_answers;
mod buildkit;
mod by_digest;
mod config;
mod content;
mod console;
mod control;
mod declared;
mod engines;
mod delegated;
mod diagnose;
mod defences;
mod expectations;
mod explanations;
mod facts;
mod faults;
mod fidelity;
mod handed_over;
mod immutable_tag;
mod lies;
mod logins;
mod many;
mod metrics;
mod network;
mod openapi;
mod orb_words;
mod other_words;
mod outputs;
mod page;
mod readme;
mod provenance;
mod record;
mod refusals;
mod registries;
mod something_else;
mod status;
mod status_commit;
mod traffic;
mod wait_rounds;
mod waiting;
