//! The registries that are asked, and what they were asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::stand_in::{
    Certificate, Entry, Image, Index, Options, Origin, Protocols, Route, StandIn, longest_sequence,
};

/// The image that is asked for: Node on Alpine, one platform, five layers.
pub(crate) const IMAGE: &str = "keepkey/support-email:latest-dev";
/// One that is not there.
pub(crate) const MISSING: &str = "keepkey/support-email:latest-test";
const REPOSITORY: &str = "keepkey/support-email";

/// How long an answer takes in the timed rows.
pub(crate) const DELAY: Duration = Duration::from_millis(40);

/// How a world is set up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setup {
    /// Whether blobs are served by the registry itself.
    pub(crate) serves_blobs: bool,
    /// How many tags the repository has.
    pub(crate) tags: usize,
    /// How many services there are beside it, each with an image of its own.
    pub(crate) services: usize,
    /// Added before every answer.
    pub(crate) delay: Duration,
    /// Whether it speaks TLS; then a connection costs twice the delay, as over the internet.
    pub(crate) tls: bool,
    /// Whether it speaks HTTP/1.1 alone over TLS.
    pub(crate) http1: bool,
    /// How many layers the image has; 0: the usual five.
    pub(crate) layers: usize,
    /// How many platforms it has; 0: none that an index lists.
    pub(crate) platforms: usize,
}

impl Setup {
    /// Starts it.
    pub(crate) fn start(self) -> StandIn {
        let Self { serves_blobs, tags, services, delay, tls, http1, layers, platforms } = self;
        let stand_in = StandIn::start(Options {
            redirect_blobs: !serves_blobs,
            answer_delay: delay,
            accept_delay: if tls { 2 * delay } else { Duration::ZERO },
            protocols: if http1 { Protocols::Http1 } else { Protocols::Both },
            tls: tls.then_some(Certificate::Good),
            ..Options::default()
        });
        let commit = "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4";
        let image = |machine: usize| {
            let layer = |image: Image, number: usize| {
                image.layer_of(2_000 + 1_000 * machine + number, "COPY . /app")
            };
            match layers {
                0 if machine == 0 && platforms == 0 => Image::node_on_alpine(),
                0 => (0..5).fold(Image::empty(), layer),
                layers => (0..layers).fold(Image::empty(), layer),
            }
            .revision(commit)
        };
        if platforms == 0 {
            stand_in.image(REPOSITORY, "latest-dev", image(0));
        } else {
            stand_in.image(REPOSITORY, "latest-dev", many(platforms, image));
        }
        for number in 1..tags {
            stand_in.image(REPOSITORY, &format!("{number:040x}-dev"), Image::empty());
        }
        for number in 0..services {
            let image = Image::node_on_alpine().layer_of(2_000 + number, "COPY . /app");
            stand_in.image(&service(number), "latest-dev", image.revision(commit));
        }
        stand_in.clear_log();
        stand_in
    }
}

fn service(number: usize) -> String {
    format!("keepkey/service-{number:04}")
}

/// An index of so many platforms, each an image of five layers.
fn many(platforms: usize, image: impl Fn(usize) -> Image) -> Index {
    let machines = [
        "amd64", "arm64", "arm/v7", "arm/v6", "386", "ppc64le", "s390x", "riscv64", "mips64le",
        "loong64",
    ];
    let systems = ["linux", "freebsd"];
    let names = systems
        .iter()
        .flat_map(|system| machines.iter().map(move |machine| format!("{system}/{machine}")));
    names
        .take(platforms)
        .enumerate()
        .fold(Index::new(), |index, (number, name)| index.image(image(number).platform(&name)))
}

/// The images of the first `count` services, a line each.
pub(crate) fn services(stand_in: &StandIn, count: usize) -> String {
    let line = |number| format!("{}:latest-dev\n", stand_in.reference(&service(number)));
    (0..count).map(line).collect()
}

/// What a run asked of a stand-in, since its log was cleared.
pub(crate) struct Traffic {
    /// Requests in all.
    pub(crate) requests: usize,
    /// What they were for.
    pub(crate) routes: String,
    /// Answers that had to be awaited one after the other.
    pub(crate) sequence: usize,
    /// Connections to API, registry and storage.
    pub(crate) connections: String,
}

impl Traffic {
    /// Reads the log.
    pub(crate) fn of(stand_in: &StandIn) -> Self {
        let log = stand_in.log();
        let connections = [Origin::Api, Origin::Registry, Origin::Storage]
            .map(|origin| stand_in.connections(origin).to_string());
        Self {
            requests: log.len(),
            routes: routes(&log),
            sequence: longest_sequence(&log),
            connections: connections.join(" / "),
        }
    }
}

fn routes(log: &[Entry]) -> String {
    let named = [
        (Route::Ping, "ping"),
        (Route::Token, "token"),
        (Route::ManifestByTag, "manifest"),
        (Route::ManifestByDigest, "manifest by digest"),
        (Route::Control, "absent tag"),
        (Route::Blob, "blob"),
        (Route::Storage, "storage"),
        (Route::TagsList, "tag list"),
    ];
    let counted = |route: &Route| log.iter().filter(|entry| entry.route == *route).count();
    let mut parts: Vec<String> = named
        .iter()
        .map(|(route, name)| (counted(route), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let known: usize = named.iter().map(|(route, _)| counted(route)).sum();
    parts.push(format!("{} API", log.len() - known));
    parts.join(" + ")
}

/// Writes the CA certificates for a stand-in with TLS: the system's, so that reading them costs what it costs in real
/// life, and the stand-in's own.
pub(crate) fn ca_file(stand_in: &StandIn, folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(format!("{}.pem", stand_in.host(Origin::Api)));
    let system = fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
    let all = format!("{system}\n{}", stand_in.ca_pem().unwrap_or_default());
    #[expect(clippy::disallowed_methods, reason = "a file of the bench's own")]
    fs::write(&path, all)?;
    Ok(path)
}
