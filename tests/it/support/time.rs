//! Runs that take time: what they show must not depend on how busy the machine is.

use std::time::{Duration, Instant};

/// What some runs show, side by side: a run that tries again mostly waits.
pub(crate) fn side_by_side<T: Send, U: Send, const N: usize>(
    of: [T; N],
    run: impl Fn(T) -> U + Sync,
) -> [U; N] {
    let run = &run;
    std::thread::scope(|scope| {
        let running = of.map(|one| scope.spawn(move || run(one)));
        running.map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// The first of some runs that had enough time, each with twice the time of the one before.
///
/// A run that is to end by its time must have got somewhere before, and on a busy machine the time may pass
/// on the way. `attempt` makes everything anew, and says `None` where the run did not get that far.
pub(crate) fn with_time<T>(least: Duration, attempt: impl Fn(Duration) -> Option<T>) -> T {
    let mut times = (0..8).map(|doubled| least * 2_u32.pow(doubled));
    times.find_map(attempt).expect("a run that gets somewhere, however slow the machine is")
}

#[test]
fn a_run_that_had_too_little_time_is_given_more() {
    let second = Duration::from_secs(1);
    let enough = |time: Duration| (time >= 5 * second).then_some(time);
    assert_eq!(with_time(second, enough), 8 * second);
    assert_eq!(side_by_side([1, 2, 3], |number| number * 2), [2, 4, 6]);
}

/// Waits until something is so, and gives up after a minute.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::yield_now();
    }
}
