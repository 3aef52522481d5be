//! Which container engines pull an image, as far as rules can say it that were measured with them.
//!
//! A rule is a row of [`RULES`]: what it looks at, which engines refuse, in which words, and what to change in the
//! build. The rows look at bytes and at what was read of them, and at nothing else: no network, no clock. A shape that
//! no row knows is no refusal, and no claim.

mod archive;
mod fields;
mod go;
mod images;
mod layers;
mod rule;
mod rules;
mod structures;
mod taken;

use std::fmt;
use std::str::FromStr;

pub use archive::Archive;
pub use images::{of_config, of_entry, of_entry_size, of_image, of_manifest};
pub use layers::{of_other_packing, of_skipped_start, of_unpacked, of_unpacking};
pub use rule::{Met, Refusal, Rule};
pub use rules::RULES;
pub use taken::{Candidate, Taken, taken};

/// What pulls an image and starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Docker, with either of its stores.
    Docker,
    /// containerd: Kubernetes.
    Containerd,
    /// Podman, and what else uses containers/image: CRI-O, skopeo.
    Podman,
}

/// An engine in one of the versions that count. An engine refuses what any of its versions refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Docker 28 with its graph driver.
    DockerGraph,
    /// Docker 28 and newer with its containerd store, the default from 29 on.
    DockerStore,
    /// containerd 1.7.
    Containerd17,
    /// containerd 2.x.
    Containerd2,
    /// Podman 5.
    Podman5,
}

impl Engine {
    /// Every engine, in the order of telling.
    pub const ALL: [Self; 3] = [Self::Docker, Self::Containerd, Self::Podman];

    /// The engines that an image is for unless somebody says otherwise.
    pub const DEFAULT: [Self; 2] = [Self::Docker, Self::Containerd];

    /// The name, as `--engine` takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::Podman => "podman",
        }
    }

    /// Its versions that count, in words.
    pub fn versions(self) -> &'static str {
        match self {
            Self::Docker => "28 and newer, with the graph driver and with the containerd store",
            Self::Containerd => "1.7 and 2.x",
            Self::Podman => "5",
        }
    }

    /// Whether it starts images of this operating system anywhere.
    pub fn runs(self, os: &str) -> bool {
        match self {
            Self::Docker | Self::Containerd => true,
            Self::Podman => os != "windows",
        }
    }
}

impl Version {
    /// Every version that counts.
    pub const ALL: [Self; 5] = [
        Self::DockerGraph,
        Self::DockerStore,
        Self::Containerd17,
        Self::Containerd2,
        Self::Podman5,
    ];

    /// The engine.
    pub fn engine(self) -> Engine {
        match self {
            Self::DockerGraph | Self::DockerStore => Engine::Docker,
            Self::Containerd17 | Self::Containerd2 => Engine::Containerd,
            Self::Podman5 => Engine::Podman,
        }
    }

    /// What a message calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DockerGraph => "docker 28 with its graph driver",
            Self::DockerStore => "docker 28 and newer with its containerd store",
            Self::Containerd17 => "containerd 1.7",
            Self::Containerd2 => "containerd 2.x",
            Self::Podman5 => "podman 5",
        }
    }
}

/// A text is not the name of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not `docker`, `containerd` or `podman`")]
pub struct EngineError;

impl FromStr for Engine {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        let is_it = |engine: &Self| engine.as_str().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(is_it).ok_or(EngineError)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
