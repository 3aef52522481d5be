//! Runs the built program in a folder of its own, with nothing in its environment but what the test
//! gives it, and shows everything that can be seen of the run.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "a builder has a method for each need of a test"
)]

mod gate;
mod leak;
mod pipe;
mod redaction;
mod requests;
mod situations;
mod skip;
mod tests;
mod time;
mod usual;

pub(crate) use gate::Gate;
#[allow(unused_imports, reason = "named by the tests that look at more than the snapshot")]
pub(crate) use gate::Run;
#[allow(unused_imports, reason = "named by the tests that count requests")]
pub(crate) use requests::requests;
pub(crate) use skip::could_not_run;
#[allow(unused_imports, reason = "named by the tests that read published descriptions")]
pub(crate) use skip::shared_data;
#[allow(unused_imports, reason = "named by the tests that try again or end by their time")]
pub(crate) use time::{side_by_side, wait_until, with_time};
