//! What engines make of images: `make engines` asks them and keeps their answers in `docs/engines.json`; every other run
//! compares the program's answers with those.

#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "the engines' folders are nobody else's, and a script sets the variables"
)]
#![expect(clippy::print_stderr, reason = "a long run says how far it is")]

#[path = "../support/tar.rs"]
mod tar;

mod archive;
mod ask;
mod draw;
mod engine;
mod fields;
mod json;
mod packing;
mod page;
mod program;
mod recipe;
mod record;
mod registry;
mod replay;
mod shapes;
mod shrink;
