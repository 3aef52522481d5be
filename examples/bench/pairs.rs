//! Two commands in turn, A B A B, so that whatever else the machine does falls on both.

use std::time::Duration;

use anyhow::Context as _;

use crate::run::Run;
use crate::table::ms;

/// The times of runs in turn: of the first command, and of each other one.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Vec<Vec<Duration>>);

impl Turns {
    /// Runs each of `runs` so many times, one after the other. Each is run once before.
    pub(crate) fn of(runs: &[&Run], times: usize) -> anyhow::Result<Self> {
        for run in runs {
            run.once()?;
        }
        let mut took = vec![Vec::new(); runs.len()];
        for _ in 0..times {
            for (took, run) in took.iter_mut().zip(runs) {
                took.push(run.once()?);
            }
        }
        Ok(Self(took))
    }

    /// The middle time of a command, by its place.
    pub(crate) fn median(&self, place: usize) -> anyhow::Result<Duration> {
        let mut took = self.0.get(place).context("no such command")?.clone();
        took.sort();
        took.get(took.len() / 2).copied().context("no run at all")
    }

    /// The first command's time by that of another one, pair by pair: the middle, the least and the most.
    pub(crate) fn ratio(&self, place: usize) -> anyhow::Result<Ratio> {
        let (first, other) = self.0.first().zip(self.0.get(place)).context("no such command")?;
        let pairs = first.iter().zip(other);
        let mut ratios: Vec<f64> =
            pairs.map(|(first, other)| first.as_secs_f64() / other.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        let at = |place: usize| ratios.get(place).copied().context("no run at all");
        Ok(Ratio { middle: at(ratios.len() / 2)?, least: at(0)?, most: at(ratios.len() - 1)? })
    }
}

/// A ratio of times, pair by pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub(crate) middle: f64,
    least: f64,
    most: f64,
}

impl Ratio {
    /// The middle one, and the least and the most in brackets.
    pub(crate) fn shown(self) -> String {
        format!("{:.2} ({:.2} to {:.2})", self.middle, self.least, self.most)
    }
}

/// A time, and how it compares with the least that the network allows.
pub(crate) fn by_floor(took: Duration, floor: Duration) -> String {
    format!("{} = {:.2} × {}", ms(took), took.as_secs_f64() / floor.as_secs_f64(), ms(floor))
}
