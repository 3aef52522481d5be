//! `--content`: every byte of every layer, at the stand-in.

use zstd_safe::CParameter;

pub(super) use crate::packing::{gzip, zstd_with};
use crate::stand_in::{Image, Options, Pushed, StandIn};
use crate::support::{Gate, Run};

mod drawn;
mod limits;
mod packing;
mod resumed;
mod windows;
mod wrong;

const REPOSITORY: &str = "keepkey/support-email";
const TAG: &str = "latest-dev";

const OCI_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCI_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const OCI_PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";
const DOCKER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Numbers that look drawn, and are the same each time.
pub(super) struct Drawn(u64);

impl Drawn {
    pub(super) fn from(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// An archive of so many bytes, at least 512: one file, without the padding behind it.
    pub(super) fn archive(&mut self, length: usize) -> Vec<u8> {
        let content = self.bytes(length - 512);
        [header("file", content.len()), content].concat()
    }

    /// Bytes that pack to about half.
    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.number() & 0x0f).unwrap()).collect()
    }
}

/// The header of a file in an archive.
fn header(name: &str, size: usize) -> Vec<u8> {
    let mut head = vec![0; 512];
    head[..name.len()].copy_from_slice(name.as_bytes());
    head[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    head[156] = b'0';
    head[148..156].fill(b' ');
    let sum: u64 = head.iter().map(|byte| u64::from(*byte)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    head
}

/// An empty file in an archive.
pub(super) fn file(name: &str) -> Vec<u8> {
    header(name, 0)
}

pub(super) fn zstd(content: &[u8]) -> Vec<u8> {
    zstd_with(content, &[CParameter::ChecksumFlag(true)])
}

/// A stand-in with an image of these layers (type, packed, unpacked).
pub(super) fn serving(layers: &[(&str, Vec<u8>, Vec<u8>)]) -> (StandIn, Pushed) {
    let stand_in = StandIn::start(Options::default());
    let pushed = push(&stand_in, TAG, layers);
    (stand_in, pushed)
}

pub(super) fn push(stand_in: &StandIn, tag: &str, layers: &[(&str, Vec<u8>, Vec<u8>)]) -> Pushed {
    let image = layers.iter().fold(Image::empty(), |image, (media_type, packed, unpacked)| {
        image.packed_layer(media_type, packed.clone(), unpacked)
    });
    let is_docker = layers.iter().any(|(media_type, ..)| media_type.contains("docker"));
    stand_in.image(REPOSITORY, tag, if is_docker { image.docker() } else { image })
}

pub(super) fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image(&format!("{REPOSITORY}:{TAG}")).arg("--content")
}

/// The exit code, and what was found, without hints.
pub(super) fn found(run: &Run<'_>) -> String {
    let out = run.redacted(&run.stdout);
    let lines = out.lines().filter(|line| {
        [" failed: ", " errored: ", "  reason ", "  content "]
            .iter()
            .any(|word| line.contains(word))
    });
    format!("{:?}\n{}", run.code, lines.collect::<Vec<_>>().join("\n"))
}
