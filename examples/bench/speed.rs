//! How long it takes, beside the least that the network allows and beside others, in turn with them.

use std::time::Duration;

use anyhow::ensure;

use crate::pairs::{Ratio, Turns, by_floor};
use crate::peers::{Ask, Peers};
use crate::run::Run;
use crate::stand_in::StandIn;
use crate::table::{Table, judged, mib, ms};
use crate::world::{DELAY, IMAGE, MISSING, Setup, Traffic, services};
use crate::{Bench, MIB, NONE, say};

/// What a world speaks, and how many delays an image and a missing tag cost at least: over TLS a connection costs two, and
/// the registry's is made while the token is on its way.
const WORLDS: [World; 3] = [
    World { name: "plain", tls: false, http1: false, image: 4, missing: 3, most: 1.06 },
    // DigitalOcean's API explains a missing tag by three answers side by side, for which two more connections are made.
    World { name: "TLS, HTTP/1.1", tls: true, http1: true, image: 8, missing: 7, most: 1.25 },
    World { name: "TLS, HTTP/2", tls: true, http1: false, image: 8, missing: 5, most: 1.06 },
];

#[derive(Clone, Copy)]
struct World {
    name: &'static str,
    tls: bool,
    http1: bool,
    image: u32,
    missing: u32,
    /// The most that an image may take, by its floor.
    most: f64,
}

impl World {
    fn setup(self, delay: Duration) -> Setup {
        Setup { tags: 10, delay, tls: self.tls, http1: self.http1, ..Setup::default() }
    }
}

impl Bench<'_> {
    fn peer(&self, ask: Ask, stand_in: &StandIn, image: &str) -> anyhow::Result<Option<Run>> {
        let run = |peers: &Peers| peers.run(ask, stand_in, image, self.folder);
        self.peers.as_ref().map(run).transpose()
    }

    /// One image, and one that is missing, in each world and with each delay.
    pub(crate) fn one_image(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "one image, five layers",
            "delay",
            "measured = × floor",
            "limit",
            "",
            "× `crane digest`",
            "limit",
            "",
            "× `crane validate --fast`",
            "limit",
            "",
        ]);
        for world in WORLDS {
            for (what, image, code, answers) in
                [("", IMAGE, 0, world.image), (", missing tag", MISSING, 1, world.missing)]
            {
                let mut quick = Duration::ZERO;
                for delay in [0, 10, 40, 100].map(Duration::from_millis) {
                    let stand_in = world.setup(delay).start();
                    let name = format!("{}{what}", world.name);
                    let row =
                        self.row(world, &name, &stand_in, image, code, delay, answers, &mut quick)?;
                    let row: Vec<&str> = row.iter().map(String::as_str).collect();
                    table.row(&row);
                }
            }
        }
        say(&table.to_string())
    }

    #[expect(clippy::too_many_arguments, reason = "each is a column of the table")]
    fn row(
        &self,
        world: World,
        name: &str,
        stand_in: &StandIn,
        image: &str,
        code: i32,
        delay: Duration,
        answers: u32,
        quick: &mut Duration,
    ) -> anyhow::Result<Vec<String>> {
        let ours = self.gate(stand_in, image)?.code(code);
        let digest = self.peer(Ask::CraneDigest, stand_in, image)?.map(|run| run.code(code));
        let fast = self.peer(Ask::CraneFast, stand_in, image)?.map(|run| run.code(code));
        let runs: Vec<&Run> =
            [Some(&ours), digest.as_ref(), fast.as_ref()].into_iter().flatten().collect();
        let turns = Turns::of(&runs, self.times(11))?;
        let took = turns.median(0)?;
        let is_missing = code != 0;
        let is_judged = delay >= DELAY;
        let (measured, most, kept) = if delay.is_zero() {
            *quick = took;
            (ms(took), NONE.to_owned(), "")
        } else {
            let floor = answers * delay + *quick;
            let most = if is_missing && world.most < 1.2 { 1.06 } else { world.most };
            let by = took.as_secs_f64() / floor.as_secs_f64();
            let shown = by_floor(took, floor);
            if is_judged {
                (shown, format!("{most:.2}"), judged(&by, &most))
            } else {
                (shown, NONE.to_owned(), "")
            }
        };
        let mut row = vec![name.to_owned(), ms(delay), measured, most, kept.to_owned()];
        let is_tls = world.tls && !world.http1;
        // What an image may take by crane's digest, and by its quick validation.
        let limits = match (is_tls, is_missing, delay.is_zero()) {
            (true, false, true) => [Some(0.35), None],
            // The quick validation waits for fifteen answers and makes three connections, one after the other.
            (true, false, false) if is_judged => [Some(1.15), Some(0.40)],
            (true, true, false) if is_judged => [Some(0.55), None],
            (false, false, false) if is_judged && !world.tls => [None, Some(0.30)],
            _ => [None, None],
        };
        for (place, limit) in (1..).zip(limits) {
            let ratio = if place < runs.len() { Some(turns.ratio(place)?) } else { None };
            row.push(ratio.map_or_else(|| NONE.to_owned(), Ratio::shown));
            row.push(limit.map_or_else(|| NONE.to_owned(), |limit| format!("{limit:.2}")));
            let kept = ratio.zip(limit).map_or("", |(ratio, limit)| judged(&ratio.middle, &limit));
            row.push(kept.to_owned());
        }
        Ok(row)
    }

    /// Images of many layers and platforms: no step of an answer more than the depth of the manifest needs.
    pub(crate) fn shapes(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "TLS, HTTP/2, 40 ms an answer",
            "requests",
            "answers in sequence",
            "measured = × floor",
            "connections: API / registry / storage",
        ]);
        let base = Setup { tags: 10, delay: DELAY, tls: true, ..Setup::default() };
        let layers = [1, 5, 40, 120].map(|layers| (Setup { layers, ..base }, 4));
        let platforms = [3, 20].map(|platforms| (Setup { platforms, ..base }, 5));
        for (setup, answers) in layers.into_iter().chain(platforms) {
            let stand_in = setup.start();
            let run = self.gate(&stand_in, IMAGE)?;
            run.once()?;
            let traffic = Traffic::of(&stand_in);
            let quick = Setup { delay: Duration::ZERO, ..setup }.start();
            let quick = Turns::of(&[&self.gate(&quick, IMAGE)?], self.times(5))?.median(0)?;
            let took = Turns::of(&[&run], self.times(5))?.median(0)?;
            let name = match setup.platforms {
                0 if setup.layers == 1 => "1 layer".to_owned(),
                0 => format!("{} layers", setup.layers),
                platforms => format!("{platforms} platforms of five layers"),
            };
            ensure!(
                traffic.sequence == answers,
                "{name}: {} answers in sequence",
                traffic.sequence
            );
            ensure!(
                traffic.connections == "1 / 1 / 1",
                "{name}: connections {}",
                traffic.connections
            );
            // Two connections are on its way: the API's, and the storage's.
            let steps = u32::try_from(answers)? + 4;
            table.row(&[
                &name,
                &traffic.requests.to_string(),
                &traffic.sequence.to_string(),
                &by_floor(took, steps * DELAY + quick),
                &traffic.connections,
            ]);
        }
        say(&table.to_string())
    }

    /// Many images in one run.
    pub(crate) fn fleets(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "images, 40 ms an answer",
            "measured",
            "an image",
            "limit",
            "",
            "× `xargs -P32 crane digest`",
            "× `xargs -P8`",
            "processor an image",
            "peak",
            "limit",
            "",
        ]);
        let counts: &[usize] =
            if self.is_quick { &[1, 20, 200] } else { &[1, 20, 200, 1_000, 5_000] };
        for tls in [false, true] {
            let most = counts.iter().copied().max().unwrap_or(1);
            let setup = Setup { tags: 1, services: most, delay: DELAY, tls, ..Setup::default() };
            let stand_in = setup.start();
            let mut one = Duration::ZERO;
            for count in counts.iter().copied() {
                let mut row =
                    vec![format!("{count}, {}", if tls { "TLS, HTTP/2" } else { "plain" })];
                row.extend(self.fleet(&stand_in, count, &mut one)?);
                row.extend(self.fleet_cost(&stand_in, count)?);
                table.row(&row.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        say(&table.to_string())
    }

    fn fleet(
        &self,
        stand_in: &StandIn,
        count: usize,
        one: &mut Duration,
    ) -> anyhow::Result<Vec<String>> {
        let run = self.gate_services(stand_in, count)?;
        let beside = |at_once| {
            let peers = self.peers.as_ref().filter(|_| (2..=200).contains(&count));
            let xargs = |peers: &Peers| peers.xargs(at_once, stand_in, self.folder);
            let run = peers.map(xargs).transpose()?;
            anyhow::Ok(run.map(|run| run.stdin(services(stand_in, count))))
        };
        let (many, some) = (beside(32)?, beside(8)?);
        let runs: Vec<&Run> =
            [Some(&run), many.as_ref(), some.as_ref()].into_iter().flatten().collect();
        let times = if count > 200 { 1 } else { self.times(5) };
        let turns = Turns::of(&runs, times)?;
        let took = turns.median(0)?;
        if count == 1 {
            *one = took;
        }
        let ratio =
            |place| if place < runs.len() { turns.ratio(place).map(Some) } else { Ok(None) };
        let (by_many, by_some) = (ratio(1)?, ratio(2)?);
        let each = took / u32::try_from(count)?;
        let (limit, kept) = match count {
            20 => {
                let most = one.mul_f64(1.1);
                (format!("1.10 × one = {}", ms(most)), judged(&took, &most))
            }
            200 => {
                let kept = by_many.map_or("", |ratio| judged(&ratio.middle, &0.6));
                ("0.60 × `-P32`".to_owned(), kept)
            }
            1_000 => {
                let most = Duration::from_micros(3_500);
                (format!("{} an image", ms(most)), judged(&each, &most))
            }
            _ => (NONE.to_owned(), ""),
        };
        let shown = |ratio: Option<Ratio>| ratio.map_or_else(|| NONE.to_owned(), Ratio::shown);
        let kept = kept.to_owned();
        Ok(vec![ms(took), ms(each), limit, kept, shown(by_many), shown(by_some)])
    }

    fn fleet_cost(&self, stand_in: &StandIn, count: usize) -> anyhow::Result<Vec<String>> {
        let most = match count {
            1_000 => Some(32 * MIB),
            5_000 => Some(64 * MIB),
            _ => None,
        };
        let most_shown = most.map_or_else(|| NONE.to_owned(), mib);
        let Some(cost) = self.gate_services(stand_in, count)?.cost()? else {
            return Ok(vec![NONE.to_owned(), NONE.to_owned(), most_shown, String::new()]);
        };
        // GNU time knows hundredths of a second.
        let each = cost.processor / u32::try_from(count)?;
        let each = if count < 200 {
            NONE.to_owned()
        } else {
            format!("{:.2} ms", each.as_secs_f64() * 1000.0)
        };
        let kept = most.map_or("", |most| judged(&cost.peak, &most));
        Ok(vec![each, mib(cost.peak), most_shown, kept.to_owned()])
    }

    /// The others, where the registry sends the blobs itself: skopeo gives the storage of a redirect its login where that
    /// is another port of the same host, as here, and the storage refuses it.
    pub(crate) fn others(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "one image, 40 ms an answer, blobs not redirected",
            "plain",
            "TLS, HTTP/2",
            "requests",
            "answers in sequence",
            "connections: API / registry / storage",
        ]);
        let worlds = [false, true].map(|tls| {
            Setup { tags: 10, serves_blobs: true, delay: DELAY, tls, ..Setup::default() }.start()
        });
        let asks = [
            ("`crane digest`", Ask::CraneDigest),
            ("`crane validate --fast`", Ask::CraneFast),
            ("`oras resolve`", Ask::OrasResolve),
            ("`skopeo inspect --no-tags`", Ask::SkopeoInspect),
            ("`skopeo inspect --raw`", Ask::SkopeoRaw),
        ];
        for (name, ask) in asks {
            let mut cells = vec![name.to_owned()];
            for world in &worlds {
                let Some(run) = self.peer(ask, world, IMAGE)? else { return Ok(()) };
                // What a peer refuses of the stand-in is shown, and is no failure of this program's.
                let took = Turns::of(&[&run], self.times(5)).and_then(|turns| turns.median(0));
                cells.push(took.map_or_else(|_| NONE.to_owned(), ms));
                world.clear_log();
                let _ = run.once();
            }
            let [_, tls] = &worlds;
            let Traffic { requests, routes: _, sequence, connections } = Traffic::of(tls);
            cells.extend([requests.to_string(), sequence.to_string(), connections]);
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            table.row(&cells);
        }
        say(&table.to_string())
    }
}
