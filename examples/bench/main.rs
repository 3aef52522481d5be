//! `make bench`: what the program costs, as tables with each limit beside what was measured, and `skopeo inspect`
//! at the same registry in the same run.
//!
//! A limit that is missed is named, and is no failure: times depend on the machine. It fails where a run does not
//! end as it should.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::Context as _;

#[path = "../../tests/support/stand_in/mod.rs"]
mod stand_in;

mod run;
mod table;
mod world;

use run::{Run, is_there, version};
use stand_in::{Lie, Route, StandIn};
use table::{Table, judged, mib, ms};
use world::{DELAY, IMAGE, MISSING, Setup, Traffic, ca_file, services};

const MIB: u64 = 1 << 20;
const NONE: &str = "–";

fn main() -> ExitCode {
    let result = env::args_os().nth(1).context("usage: bench PROGRAM").and_then(|program| {
        let program = PathBuf::from(program).canonicalize()?;
        let folder = tempfile::tempdir()?;
        Bench {
            program: program.display().to_string(),
            folder: folder.path(),
            has_skopeo: is_there("skopeo"),
        }
        .run()
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

struct Bench<'a> {
    program: String,
    folder: &'a Path,
    has_skopeo: bool,
}

/// What `skopeo` is asked.
#[derive(Clone, Copy)]
enum Skopeo {
    /// Manifest, config and tag list.
    Inspect,
    /// The manifest only.
    Raw,
}

impl Bench<'_> {
    fn run(&self) -> anyhow::Result<()> {
        let skopeo = if self.has_skopeo { version("skopeo")? } else { "no skopeo".to_owned() };
        let cores = thread::available_parallelism()?;
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        say(&format!(
            "{} and {skopeo}, on {cores} cores with a load of {load}, at a registry on the same machine. \
             Times are medians.\n",
            version(&self.program)?
        ))?;
        self.program_itself()?;
        self.requests()?;
        self.times()?;
        self.memory()
    }

    fn gate(&self, stand_in: &StandIn, image: &str) -> anyhow::Result<Run> {
        let ca = ca_file(stand_in, self.folder)?;
        Ok(Run::of(&self.program, &stand_in.reference(image)).at(stand_in, &ca))
    }

    fn gate_services(&self, stand_in: &StandIn, count: usize) -> anyhow::Result<Run> {
        let ca = ca_file(stand_in, self.folder)?;
        let images = services(stand_in, count);
        Ok(Run::of(&self.program, "-").at(stand_in, &ca).stdin(images))
    }

    fn skopeo(&self, what: Skopeo, stand_in: &StandIn, image: &str) -> anyhow::Result<Run> {
        let ca = ca_file(stand_in, self.folder)?;
        let raw = match what {
            Skopeo::Inspect => "",
            Skopeo::Raw => "--raw",
        };
        let plain = if stand_in.ca_pem().is_some() { "" } else { "--tls-verify=false" };
        let arguments = format!(
            "inspect {raw} {plain} --creds docr:{} docker://{}",
            stand_in.token(),
            stand_in.reference(image)
        );
        Ok(Run::of("skopeo", &arguments).at(stand_in, &ca))
    }

    /// The middle of some runs of skopeo, shown.
    fn skopeo_time(&self, run: &Run) -> anyhow::Result<String> {
        if self.has_skopeo { run.median(11).map(ms) } else { Ok(NONE.to_owned()) }
    }

    fn program_itself(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&["the program", "limit", "measured", "", "beside it"]);
        let size = fs::metadata(&self.program)?.len();
        let limit = 9 * MIB / 2;
        table.row(&["static binary", &mib(limit), &mib(size), judged(&size, &limit), ""]);
        let took = Run::of(&self.program, "--version").median(201)?;
        let nothing = ms(Run::of("/bin/true", "").median(201)?);
        let limit = Duration::from_millis(2);
        let mut beside = format!("/bin/true {nothing}");
        if self.has_skopeo {
            beside = format!("{beside}, skopeo {}", ms(Run::of("skopeo", "--version").median(21)?));
        }
        table.row(&["`--version`", &ms(limit), &ms(took), judged(&took, &limit), &beside]);
        say(&table.to_string())
    }

    fn requests(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "one image, five layers",
            "requests",
            "for",
            "answers in sequence",
            "limit",
            "",
            "connections: API / registry / storage",
        ]);
        let redirected = Setup { tags: 10, ..Setup::default() };
        for (name, setup, limit) in [
            ("blobs redirected, 10 tags", redirected, 4),
            ("blobs redirected, 10,000 tags", Setup { tags: 10_000, ..redirected }, 4),
            ("blobs not redirected", Setup { serves_blobs: true, ..redirected }, 3),
            ("over TLS, blobs redirected", Setup { tls: true, ..redirected }, 4),
        ] {
            // Enough that the order in which requests arrive shows which of them had to wait.
            let stand_in = Setup { delay: Duration::from_millis(20), ..setup }.start();
            self.gate(&stand_in, IMAGE)?.once()?;
            let traffic = Traffic::of(&stand_in);
            let kept = judged(&traffic.sequence, &limit);
            row_of(&mut table, name, &traffic, &limit.to_string(), kept);
            if self.has_skopeo && setup.tags == 10 && !setup.serves_blobs {
                for (name, what) in [
                    ("— `skopeo inspect`", Skopeo::Inspect),
                    ("— `skopeo inspect --raw`", Skopeo::Raw),
                ] {
                    stand_in.clear_log();
                    self.skopeo(what, &stand_in, IMAGE)?.once()?;
                    row_of(&mut table, name, &Traffic::of(&stand_in), NONE, "");
                }
            }
        }
        say(&table.to_string())
    }

    fn times(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "time",
            "limit",
            "plain",
            "",
            "TLS, accept delayed too",
            "connections",
            "skopeo inspect, plain",
            "--raw, plain",
            "skopeo inspect, TLS",
        ]);
        let base = Setup { tags: 10, services: 20, ..Setup::default() };
        let quick = base.start();
        let quick_tls = Setup { tls: true, ..base }.start();
        let slow = Setup { delay: DELAY, ..base }.start();
        let slow_tls = Setup { delay: DELAY, tls: true, ..base }.start();
        let no_limit = Duration::MAX;
        let delayed = Duration::from_millis(200);
        for (name, limit, image, code, [plain, tls]) in [
            ("no delay: one verification", no_limit, IMAGE, 0, [&quick, &quick_tls]),
            ("no delay: missing tag", no_limit, MISSING, 1, [&quick, &quick_tls]),
            ("40 ms an answer: one verification", delayed, IMAGE, 0, [&slow, &slow_tls]),
            ("40 ms an answer: missing tag", delayed, MISSING, 1, [&slow, &slow_tls]),
        ] {
            let gates = [plain, tls].map(|world| self.gate(world, image).map(|run| run.code(code)));
            let [gate, gate_tls] = gates;
            let skopeo = |what, world| {
                // It knows one kind of failure only.
                let run = self.skopeo(what, world, image)?.code(code);
                self.skopeo_time(&run)
            };
            let beside = [
                skopeo(Skopeo::Inspect, plain)?,
                skopeo(Skopeo::Raw, plain)?,
                skopeo(Skopeo::Inspect, tls)?,
            ];
            self.time_row(&mut table, name, limit, [&gate?, &gate_tls?], tls, &beside)?;
        }
        let gates = [&slow, &slow_tls].map(|world| self.gate_services(world, 20));
        let [gate, gate_tls] = gates;
        let limit = Duration::from_millis(400);
        let beside = [self.one_by_one(&slow)?, NONE.to_owned(), self.one_by_one(&slow_tls)?];
        let name = "40 ms an answer: 20 images";
        self.time_row(&mut table, name, limit, [&gate?, &gate_tls?], &slow_tls, &beside)?;
        say(&table.to_string())
    }

    #[expect(clippy::unused_self, reason = "it stands beside the other measurements")]
    fn time_row(
        &self,
        table: &mut Table,
        name: &str,
        limit: Duration,
        [plain, tls]: [&Run; 2],
        tls_world: &StandIn,
        [inspect, raw, inspect_tls]: &[String; 3],
    ) -> anyhow::Result<()> {
        let took = plain.median(21)?;
        let took_tls = tls.median(21)?;
        tls_world.clear_log();
        tls.once()?;
        let connections = Traffic::of(tls_world).connections;
        let (limit, kept) = if limit == Duration::MAX {
            (NONE.to_owned(), "")
        } else {
            (ms(limit), judged(&took, &limit))
        };
        table.row(&[
            name,
            &limit,
            &ms(took),
            kept,
            &ms(took_tls),
            &connections,
            inspect,
            raw,
            inspect_tls,
        ]);
        Ok(())
    }

    /// `skopeo inspect` of 20 images: a process each, one after the other.
    fn one_by_one(&self, stand_in: &StandIn) -> anyhow::Result<String> {
        if !self.has_skopeo {
            return Ok(NONE.to_owned());
        }
        let images = services(stand_in, 20);
        let prefix = stand_in.reference("");
        let mut took = Duration::ZERO;
        for image in images.lines().filter_map(|line| line.strip_prefix(&prefix)) {
            took += self.skopeo(Skopeo::Inspect, stand_in, image)?.once()?;
        }
        Ok(format!("{} (20 processes)", ms(took)))
    }

    fn memory(&self) -> anyhow::Result<()> {
        let mut table =
            Table::new(&["peak memory", "limit", "plain", "", "TLS", "", "skopeo inspect, plain"]);
        let base = Setup { tags: 10, services: 1_000, ..Setup::default() };
        let [plain, tls] = [base.start(), Setup { tls: true, ..base }.start()];
        let skopeo = |stand_in: &StandIn, code| -> anyhow::Result<String> {
            let run = self.skopeo(Skopeo::Inspect, stand_in, IMAGE)?.code(code);
            Ok(if self.has_skopeo { shown(run.peak()?) } else { NONE.to_owned() })
        };
        let runs = [&plain, &tls].map(|world| self.gate(world, IMAGE));
        memory_row(&mut table, "one verification", 8 * MIB, runs, &skopeo(&plain, 0)?)?;
        let runs = [&plain, &tls].map(|world| self.gate_services(world, 1_000));
        memory_row(&mut table, "1,000 images", 32 * MIB, runs, NONE)?;
        for (name, says_length) in [
            ("a manifest of 300 MB, said so", true),
            ("a manifest of 300 MB, length unsaid", false),
        ] {
            let base = Setup { tags: 10, ..Setup::default() };
            let worlds = [base.start(), Setup { tls: true, ..base }.start()];
            for world in &worlds {
                let media_type = "application/vnd.oci.image.manifest.v1+json";
                world.lie(Route::ManifestByTag, Lie::large(media_type, 300, says_length));
            }
            let [plain, tls] = &worlds;
            let runs = [plain, tls].map(|world| self.gate(world, IMAGE).map(|run| run.code(3)));
            memory_row(&mut table, name, 12 * MIB, runs, &skopeo(plain, 1)?)?;
        }
        say(&table.to_string())?;
        if !is_there("/usr/bin/time") {
            say("GNU time is not installed (Debian has it as `time`): no memory was measured.\n")?;
        }
        Ok(())
    }
}

fn row_of(table: &mut Table, name: &str, traffic: &Traffic, limit: &str, kept: &str) {
    let Traffic { requests, routes, sequence, connections } = traffic;
    let (requests, sequence) = (requests.to_string(), sequence.to_string());
    table.row(&[name, &requests, routes, &sequence, limit, kept, connections]);
}

fn memory_row(
    table: &mut Table,
    name: &str,
    limit: u64,
    runs: [anyhow::Result<Run>; 2],
    beside: &str,
) -> anyhow::Result<()> {
    let [plain, tls] = runs;
    let [plain, tls] = [plain?.peak()?, tls?.peak()?];
    let word = |peak: Option<u64>| peak.map_or("", |peak| judged(&peak, &limit));
    table.row(&[name, &mib(limit), &shown(plain), word(plain), &shown(tls), word(tls), beside]);
    Ok(())
}

fn shown(peak: Option<u64>) -> String {
    peak.map_or_else(|| NONE.to_owned(), mib)
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}
