//! Runs the built program in a folder of its own, with nothing in its environment but what the test
//! gives it, and shows everything that can be seen of the run.

mod gate;
mod leak;
mod redaction;
mod skip;
mod tests;

pub(crate) use gate::Gate;
pub(crate) use skip::could_not_run;
