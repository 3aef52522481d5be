//! `make bench`: what the program costs, as tables with each limit beside what was measured, and crane, oras and skopeo
//! at the same registry in turn with it.
//!
//! A limit that is missed is named, and is no failure: times depend on the machine. It fails where a run does not
//! end as it should, and where answers in sequence or connections are more than they have to be.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context as _, bail, ensure};

#[path = "../../tests/support/packing.rs"]
mod packing;
#[path = "../../tests/support/stand_in/mod.rs"]
mod stand_in;
#[path = "../../tests/support/tar.rs"]
mod tar;

mod content;
mod pairs;
mod peers;
mod run;
mod speed;
mod table;
mod world;

use pairs::Turns;
use peers::{Ask, Peers};
use run::{Run, is_there, version};
use stand_in::{Lie, Route, StandIn};
use table::{Table, judged, mib, ms};
use world::{IMAGE, Setup, Traffic, ca_file, services};

const MIB: u64 = 1 << 20;
const NONE: &str = "–";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let usage = "usage: bench PROGRAM [FOLDER OF PEERS] [quick] [PART ...]";
    let result = arguments.next().context(usage).and_then(|program| {
        let program = PathBuf::from(program).canonicalize()?;
        let folder = tempfile::tempdir()?;
        let peers = arguments.next().and_then(|folder| Peers::find(Path::new(&folder)));
        let words = arguments.filter_map(|word| word.into_string().ok());
        let (quick, parts): (Vec<_>, Vec<_>) = words.partition(|word| word == "quick");
        let (program, is_quick) = (program.display().to_string(), !quick.is_empty());
        Bench { program, folder: folder.path(), peers, is_quick }.run(&parts)
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
    /// The programs that it is measured beside, where they are.
    peers: Option<Peers>,
    /// Whether little is measured, to see that the bench works.
    is_quick: bool,
}

/// What measures one part.
type Part<'b> = fn(&Bench<'b>) -> anyhow::Result<()>;

impl Bench<'_> {
    /// Measures what `parts` names; all of it where it names nothing.
    fn run(&self, parts: &[String]) -> anyhow::Result<()> {
        let peers = self.peers.as_ref().map_or_else(|| "no peers".to_owned(), Peers::versions);
        let cores = thread::available_parallelism()?;
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        say(&format!(
            "{} and {peers}, on {cores} cores with a load of {load}, at a registry on the same machine. Times are \
             medians, and each other program runs in turn with this one, so that ratios are those of pairs: their middle \
             (least to most). A delay is that of an answer; over TLS a connection costs two more. The floor is what the \
             answers and connections in sequence cost, and the time without a delay.\n",
            version(&self.program)?
        ))?;
        let all: [(&str, Part<'_>); 8] = [
            ("program", Self::program_itself),
            ("requests", Self::requests),
            ("image", Self::one_image),
            ("shapes", Self::shapes),
            ("fleets", Self::fleets),
            ("others", Self::others),
            ("memory", Self::memory),
            ("content", Self::content),
        ];
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        if let Some(other) = parts.iter().find(|part| !names.contains(&part.as_str())) {
            bail!("there is no part `{other}`: they are {}", names.join(", "));
        }
        for (name, measure) in all {
            if parts.is_empty() || parts.iter().any(|part| part == name) {
                measure(self)?;
            }
        }
        Ok(())
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

    fn program_itself(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&["the program", "limit", "measured", "", "beside it"]);
        let size = fs::metadata(&self.program)?.len();
        let limit = 11 * MIB / 2;
        table.row(&["static binary", &mib(limit), &mib(size), judged(&size, &limit), ""]);
        let took = Turns::of(&[&Run::of(&self.program, "--version")], 201)?.median(0)?;
        let nothing = ms(Turns::of(&[&Run::of("/bin/true", "")], 201)?.median(0)?);
        let limit = Duration::from_millis(2);
        let beside = format!("/bin/true {nothing}");
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
        let tls = Setup { tls: true, ..redirected };
        for (name, setup, limit, connections) in [
            ("blobs redirected, 10 tags", redirected, 4, None),
            ("blobs redirected, 10,000 tags", Setup { tags: 10_000, ..redirected }, 4, None),
            ("blobs not redirected", Setup { serves_blobs: true, ..redirected }, 3, None),
            ("over TLS, HTTP/2, blobs redirected", tls, 4, Some(&["1 / 1 / 1"][..])),
            (
                "over TLS, HTTP/1.1, blobs redirected",
                Setup { http1: true, ..tls },
                4,
                // The connection that is opened early may come too late for the first of them.
                Some(&["1 / 8 / 6", "1 / 9 / 6"][..]),
            ),
        ] {
            // Enough that the order in which requests arrive shows which of them had to wait.
            let stand_in = Setup { delay: Duration::from_millis(20), ..setup }.start();
            self.gate(&stand_in, IMAGE)?.once()?;
            let traffic = Traffic::of(&stand_in);
            let kept = judged(&traffic.sequence, &limit);
            row_of(&mut table, name, &traffic, &limit.to_string(), kept);
            ensure!(traffic.sequence == limit, "{name}: {} answers in sequence", traffic.sequence);
            ensure!(
                connections.is_none_or(|known| known.contains(&traffic.connections.as_str())),
                "{name}: connections {}",
                traffic.connections
            );
        }
        say(&table.to_string())
    }

    /// How often something is measured that is measured so many times in a whole run.
    fn times(&self, times: usize) -> usize {
        if self.is_quick { 3 } else { times }
    }

    fn memory(&self) -> anyhow::Result<()> {
        let mut table =
            Table::new(&["peak memory", "limit", "plain", "", "TLS", "", "`crane digest`, plain"]);
        let base = Setup { tags: 10, services: 1_000, ..Setup::default() };
        let [plain, tls] = [base.start(), Setup { tls: true, ..base }.start()];
        let crane = |stand_in: &StandIn| -> anyhow::Result<String> {
            let Some(peers) = &self.peers else { return Ok(NONE.to_owned()) };
            let run = peers.run(Ask::CraneDigest, stand_in, IMAGE, self.folder)?;
            Ok(shown(run.peak()?))
        };
        let runs = [&plain, &tls].map(|world| self.gate(world, IMAGE));
        memory_row(&mut table, "one verification", 8 * MIB, runs, &crane(&plain)?)?;
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
            memory_row(&mut table, name, 12 * MIB, runs, NONE)?;
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
