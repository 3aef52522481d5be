//! `make hostile`: what the worst input costs that anybody could send, file for file and answer for answer, as Markdown
//! tables: processor time, time and memory, each at its bound (docs/limits.md).
//!
//! It asserts nothing about time; a limit that is missed is named. It fails where a run panics or is killed.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::{env, fs, thread};

use anyhow::Context as _;

#[path = "../../tests/support/stand_in/mod.rs"]
mod stand_in;
#[path = "../bench/table.rs"]
#[expect(dead_code, reason = "the bench needs more of it")]
mod table;

mod answers;
mod files;
mod many;
mod texts;
mod trial;

use answers::Variants;
use many::{Shape, Told};
use table::{Table, mib};
use trial::{Cost, Trial};

/// What one hostile input may cost.
const MOST_CPU: f64 = 5.0;
const MOST_PEAK: u64 = 256 << 20;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let program = arguments.next().context("usage: hostile PROGRAM [WORD]...");
    let words: Vec<String> = arguments.collect();
    let result = program.and_then(|program| {
        let program = fs::canonicalize(program)?;
        Hostile { program: program.display().to_string(), words }.run()
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "hostile: {error:#}");
            ExitCode::FAILURE
        }
    }
}

struct Hostile {
    program: String,
    /// Only inputs whose names hold one of these; none: all.
    words: Vec<String>,
}

impl Hostile {
    fn run(&self) -> anyhow::Result<()> {
        let cores = thread::available_parallelism()?;
        say(&format!("On {cores} cores, at a registry on the same machine.\n"))?;
        let mut table = Table::new(&[
            "input at its bound",
            "the worst of it",
            "CPU",
            "memory",
            "ends with",
            "",
        ]);
        let answers = vec![
            ("manifest", answers::manifests()),
            ("index, and what is behind it", answers::indexes()),
            ("image config", answers::configs()),
        ];
        for (input, variants) in
            files::inputs().into_iter().chain(answers).chain(answers::small_answers())
        {
            if self.is_wanted(input) {
                table.row(&self.worst(input, variants)?.each_ref().map(String::as_str));
            }
        }
        say(&table.to_string())?;
        self.at_once()?;
        self.many()
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()))
    }

    /// The row of one input: the variant that takes the most processor time, and the most memory of any.
    fn worst(&self, input: &str, variants: Variants) -> anyhow::Result<[String; 6]> {
        let (mut slowest, mut peak) = ((String::new(), Cost::default()), 0);
        for (name, trial) in variants {
            let cost = self.measure(&format!("{input}: {name}"), trial())?;
            peak = peak.max(cost.peak);
            if cost.cpu >= slowest.1.cpu {
                slowest = (name, cost);
            }
        }
        let (name, cost) = slowest;
        let word = if cost.cpu > MOST_CPU || peak > MOST_PEAK { "MISSED" } else { "kept" };
        let [input, word] = [input, word].map(str::to_owned);
        Ok([input, name, seconds(cost.cpu), mib(peak), cost.code.to_string(), word])
    }

    /// Images that are at their bound, side by side.
    fn at_once(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&["images at their bound at once", "of", "CPU", "memory"]);
        for kind in ["labels", "ports"] {
            for images in [1, 8, 64] {
                if self.is_wanted("at once") {
                    let cost = self.measure(
                        &format!("{images} at once, {kind}"),
                        answers::at_once(images, kind),
                    )?;
                    table.row(&[&images.to_string(), kind, &seconds(cost.cpu), &mib(cost.peak)]);
                }
            }
        }
        for images in [1, 4, 16] {
            if self.is_wanted("indexes at once") {
                let name = format!("{images} indexes at once");
                let cost = self.measure(&name, answers::indexes_at_once(images))?;
                let (cpu, peak) = (seconds(cost.cpu), mib(cost.peak));
                table.row(&[&images.to_string(), "indexes", &cpu, &peak]);
            }
        }
        say(&table.to_string())
    }

    /// Whether time grows as the number of images does.
    fn many(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "images",
            "of",
            "CPU",
            "time",
            "of the answers alone",
            "times",
            "memory",
            "ends with",
        ]);
        for (name, shape) in [
            ("one repository", Shape::OneRepository),
            ("as many repositories", Shape::ManyRepositories),
            ("as many repositories, no tag is there", Shape::Missing),
            ("services with status, board and records", Shape::Services),
        ] {
            for count in [1_000, 2_000, 10_000] {
                // 64 KiB of a config file have no room for more.
                let fits = shape != Shape::Services || count <= 2_000;
                if fits && self.is_wanted("many") {
                    let told = format!("many: {count}, {name}");
                    let cost = self.measure(&told, many::many(count, shape, Told::Everything))?;
                    let silent = format!("{told}, told nothing");
                    let alone = self.measure(&silent, many::many(count, shape, Told::Verdicts))?;
                    let times = cost.wall / alone.wall.max(0.01);
                    let row = [
                        count.to_string(),
                        name.to_owned(),
                        seconds(cost.cpu),
                        seconds(cost.wall),
                        seconds(alone.wall),
                        format!("{times:.2}"),
                        mib(cost.peak),
                        cost.code.to_string(),
                    ];
                    table.row(&row.each_ref().map(String::as_str));
                }
            }
        }
        say(&table.to_string())
    }

    fn measure(&self, name: &str, trial: Trial) -> anyhow::Result<Cost> {
        let cost = trial.cost(&self.program).with_context(|| name.to_owned())?;
        let Cost { code, wall, cpu, peak } = cost;
        writeln!(
            io::stderr(),
            "{cpu:7.2} s CPU {wall:7.2} s {:>12} exit {code} {name}",
            mib(peak)
        )?;
        Ok(cost)
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}
