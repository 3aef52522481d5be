//! The built program against a stand-in of DigitalOcean on loopback: one test a behaviour, each a whole
//! run in one snapshot.
//!
//! Here is only the list of modules. `support` runs the program; `stand_in` is what it asks.

#![cfg(test)]

#[path = "../support/stand_in/mod.rs"]
mod stand_in;
mod support;

mod faults;
mod fidelity;
mod handed_over;
mod network;
mod openapi;
mod page;
mod readme;
