//! `--content`: how long it takes to read every byte, beside programs that read every byte, too, and how much memory.

use std::path::Path;

use anyhow::ensure;
use zstd_safe::CParameter;

use crate::packing;
use crate::pairs::{Ratio, Turns};
use crate::peers::{Ask, Peers};
use crate::run::Run;
use crate::stand_in::{Certificate, Image, Options, StandIn};
use crate::table::{Table, judged, mib, ms};
use crate::tar;
use crate::world::IMAGE;
use crate::{Bench, MIB, NONE, say};

/// How many layers an image has.
const LAYERS: u64 = 4;

/// How a layer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    /// As it is: its bytes are read and hashed once, which proves the `diff_id`, too.
    Plain,
    Gzip,
    /// With a window of 8 MiB.
    Zstd,
}

impl Packing {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn media_type(self) -> String {
        let plain = "application/vnd.oci.image.layer.v1.tar";
        match self {
            Self::Plain => plain.to_owned(),
            Self::Gzip | Self::Zstd => format!("{plain}+{}", self.name()),
        }
    }

    fn packed(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Gzip => packing::gzip(bytes),
            Self::Zstd => {
                let level = CParameter::CompressionLevel(1);
                packing::zstd_with(bytes, &[level, CParameter::WindowLog(23)])
            }
        }
    }
}

/// An archive of one file of so many bytes, of which half can be packed away.
fn archive(length: usize, seed: u64) -> Vec<u8> {
    const BLOCK: usize = 32 << 10;
    let mut header = tar::header(b"app/data", b'0', length, b"");
    tar::seal(&mut header);
    let mut archive = Vec::with_capacity(length + BLOCK);
    archive.extend_from_slice(&header);
    let mut state = seed | 1;
    while archive.len() < length + 512 {
        for _ in 0..BLOCK / 16 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            archive.extend_from_slice(&state.to_le_bytes());
            archive.extend_from_slice(b"the same");
        }
    }
    archive.truncate(length + 512);
    // Behind the file: what fills its last block, and two blocks of zeros.
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

/// An image whose layers have so many bytes together as they are stored, roughly.
fn image(bytes: u64, packing: Packing) -> anyhow::Result<Image> {
    // Half of what is packed goes away.
    let times = if packing == Packing::Plain { 1 } else { 2 };
    let unpacked = usize::try_from(times * bytes / LAYERS)?;
    let mut image = Image::empty();
    for number in 1..=LAYERS {
        let archive = archive(unpacked, number * 0x9e37_79b9_7f4a_7c15 % u64::from(u32::MAX));
        image = image.packed_layer(&packing.media_type(), packing.packed(&archive), &archive);
    }
    Ok(image)
}

/// A registry that has it.
fn world(image: Image, tls: bool) -> StandIn {
    let tls = tls.then_some(Certificate::Good);
    let stand_in = StandIn::start(Options { redirect_blobs: false, tls, ..Options::default() });
    stand_in.image("keepkey/support-email", "latest-dev", image);
    stand_in.clear_log();
    stand_in
}

/// The same run after its folder was removed: what is there already is not fetched again.
fn afresh(run: &Run, folder: &Path) -> Run {
    run.clone().behind(&["sh", "-c", "rm -rf \"$0\" && exec \"$@\"", &folder.display().to_string()])
}

impl Bench<'_> {
    /// Images of three sizes in three packings.
    pub(crate) fn content(&self) -> anyhow::Result<()> {
        let mut table = Table::new(&[
            "`--content`, no delay",
            "stored",
            "measured",
            "× `oras cp`, which unpacks nothing",
            "limit",
            "",
            "× `crane validate`",
            "limit",
            "",
            "× `skopeo copy`",
            "limit of the peak",
            "plain",
            "",
            "TLS, HTTP/2",
            "",
        ]);
        let sizes = if self.is_quick { [10, 50, 100] } else { [10, 200, 1024] };
        for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
            for (size, times) in sizes.into_iter().zip([11, 5, 3]) {
                let image = image(size * MIB, packing)?;
                let [plain, tls] = [false, true].map(|tls| world(image.clone(), tls));
                let row = self.content_row(&plain, &tls, packing, self.times(times))?;
                let name = format!("{size} MiB, {}", packing.name());
                let words: Vec<&str> =
                    std::iter::once(name.as_str()).chain(row.iter().map(String::as_str)).collect();
                table.row(&words);
            }
        }
        say(&table.to_string())
    }

    fn content_row(
        &self,
        stand_in: &StandIn,
        tls: &StandIn,
        packing: Packing,
        times: usize,
    ) -> anyhow::Result<Vec<String>> {
        let every_byte = |world: &StandIn| {
            let run = self.gate(world, IMAGE)?;
            anyhow::Ok(run.argument("--content").argument("--deadline=10m"))
        };
        let ours = every_byte(stand_in)?;
        let stored: u64 = stand_in.stored_bytes();
        let mut runs = vec![ours.clone()];
        if let Some(peers) = &self.peers {
            let folder = self.folder.join("copied");
            for ask in [Ask::OrasCopy, Ask::SkopeoCopy, Ask::CraneValidate] {
                // Crane calls every layer broken that is not packed by gzip.
                if ask != Ask::CraneValidate || packing == Packing::Gzip {
                    let run = peers.run(ask, stand_in, IMAGE, self.folder)?;
                    runs.push(afresh(&Peers::into_folder(ask, run, &folder), &folder));
                }
            }
        }
        let turns = Turns::of(&runs.iter().collect::<Vec<_>>(), times)?;
        let ratio = |place: usize| (place < runs.len()).then(|| turns.ratio(place)).transpose();
        let [oras, skopeo, crane] = [ratio(1)?, ratio(2)?, ratio(3)?];
        let shown = |ratio: Option<Ratio>| ratio.map_or_else(|| NONE.to_owned(), Ratio::shown);
        let kept = |ratio: Option<Ratio>, limit: f64| {
            let word = ratio.map_or("", |ratio| judged(&ratio.middle, &limit));
            ratio.map_or([NONE.to_owned(), String::new()], |_| {
                [format!("{limit:.2}"), word.to_owned()]
            })
        };
        ensure!(stored > 0, "nothing is stored");
        let mut row = vec![mib(stored), ms(turns.median(0)?), shown(oras)];
        // Only there do both do the same.
        row.extend(kept(oras.filter(|_| packing == Packing::Plain), 0.6));
        row.push(shown(crane));
        row.extend(kept(crane, 0.2));
        row.extend([shown(skopeo), mib(16 * MIB)]);
        for run in [ours, every_byte(tls)?] {
            let peak = run.peak()?;
            row.push(peak.map_or_else(|| NONE.to_owned(), mib));
            row.push(peak.map_or("", |peak| judged(&peak, &(16 * MIB))).to_owned());
        }
        Ok(row)
    }
}
