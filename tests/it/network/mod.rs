//! Threats of the network, and what becomes of a run that meets them: never a wrong yes, never a no that
//! the registry did not say, never a token in the wrong hands, and an end in time.
//!
//! Where several cases differ in little, each is a line of one table: how the run ended, and what it said.

mod answers;
mod connection;
mod deadline;
mod redirects;
mod tls;
mod tokens;
mod waits;

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::Gate;

/// How a run ended, and what it said of one check, with its advice.
pub(crate) fn verdict_on(check: &str, gate: Gate<'_>) -> String {
    let run = gate.args("--format json").run();
    let report: Value = serde_json::from_str(&run.stdout).expect("a report");
    let checks = report["images"][0]["checks"].as_array().expect("checks");
    let found = checks.iter().find(|found| found["id"] == check).expect("the check");
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    let mut told = format!("exit {:?}, {check} {}", run.code.unwrap_or(-1), text("status"));
    for name in ["reason", "message", "hint"] {
        if !text(name).is_empty() {
            let _ = write!(told, "\n    {name}: {}", text(name).replace('\n', "\n    "));
        }
    }
    run.redacted(&told)
}

/// The same of the tag.
pub(crate) fn verdict(gate: Gate<'_>) -> String {
    verdict_on("tag-exists", gate)
}

/// What becomes of each case, a line or more each. The cases run side by side.
pub(crate) fn table<T: Sync>(cases: &[(&str, T)], judged: impl Fn(&T) -> String + Sync) -> String {
    let judged = &judged;
    let told = std::thread::scope(|scope| {
        let running: Vec<_> =
            cases.iter().map(|(_, case)| scope.spawn(move || judged(case))).collect();
        running.into_iter().map(|case| case.join().expect("no panic")).collect::<Vec<_>>()
    });
    let lines = cases.iter().zip(told).map(|((name, _), told)| format!("{name}: {told}\n"));
    lines.collect()
}
