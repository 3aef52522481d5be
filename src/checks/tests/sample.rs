//! A whole, honest, matching image and its request; each test changes what it is about.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::checks::{evidence, facts, notes, verify};
use crate::circleci::CircleCi;
use crate::observation::{
    BlobObservation, Control, Denial, Explanation, Fact, Observation, PlatformObservation, Proof,
    Resolved, Unavailable,
};
use crate::oci::{
    Algorithm, Descriptor, Digest, ImageConfig, ImageIndex, ImageManifest, IndexEntry, Listing,
    Manifest, MediaType, Platform, Stated,
};
use crate::report::{CheckId, CheckResult, ImageFacts, Outcome, Reason, Skip};
use crate::request::{Expectation, ImageRequest, RegistryKind, Runtime, Service};

/// The commit that the sample is built from.
pub(in crate::checks) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Another commit.
pub(in crate::checks) const OTHER_COMMIT: &str = "fedcba9876543210fedcba9876543210fedcba98";

pub(in crate::checks) struct Sample {
    pub(in crate::checks) request: ImageRequest,
    pub(in crate::checks) observation: Observation,
    pub(in crate::checks) circleci: CircleCi,
}

impl Sample {
    /// `support-email:latest-dev` for `linux/amd64`, built on `node:20-alpine`.
    pub(in crate::checks) fn single() -> Self {
        let image = image("linux/amd64", None);
        let manifest = image.manifest.present().unwrap().as_ref().unwrap().clone();
        Self::of(Manifest::Image(manifest), vec![image])
    }

    /// The same as an index of several platforms, which share their first layer.
    pub(in crate::checks) fn index(platforms: &[&str]) -> Self {
        let images: Vec<_> =
            platforms.iter().map(|platform| image(platform, Some(platform))).collect();
        let entries = images
            .iter()
            .map(|image| IndexEntry {
                manifest: descriptor("manifest", &image.digest, 500),
                platform: image.listed_as.clone(),
                listing: Listing::default(),
                is_attestation: false,
                attests: None,
            })
            .collect();
        let media_type = MediaType::OciImageIndex;
        Self::of(Manifest::Index(ImageIndex { media_type, entries }), images)
    }

    /// The single image, asked for by its digest alone.
    pub(in crate::checks) fn by_digest() -> Self {
        let mut sample = Self::single();
        sample.request.reference.tag = None;
        sample.request.reference.digest = Some(digest("top"));
        sample
    }

    fn of(manifest: Manifest, images: Vec<PlatformObservation>) -> Self {
        let reference = "registry.digitalocean.com/keepkey/support-email:latest-dev";
        Self {
            request: ImageRequest {
                reference: reference.parse().unwrap(),
                registry_kind: RegistryKind::DigitalOcean,
                expectation: Expectation::default(),
                service: Service {
                    name: "support-email".into(),
                    is_configured: false,
                    is_outside: false,
                    port: None,
                    ingress: None,
                    runtime: Runtime::default(),
                    env: BTreeMap::new(),
                },
                environment: None,
                commit: None,
                pipeline: crate::circleci::PipelineQuestion::default(),
                notes: Vec::new(),
            },
            observation: Observation {
                control: Control::Denied,
                repository: Fact::Present(()),
                resolved: Fact::Present(Resolved {
                    digest: digest("top"),
                    size: 500,
                    age: None,
                    content: Ok(manifest),
                    refusals: Vec::new(),
                    note: None,
                }),
                by_digest: Some(Fact::Present(())),
                answered_at: jiff::Timestamp::UNIX_EPOCH,
                started_at: jiff::Timestamp::UNIX_EPOCH,
                offered: images.iter().filter_map(|image| image.platform().cloned()).collect(),
                images,
                content: None,
                layers_skipped: None,
                immutable: None,
                immutable_skipped: None,
                notes: Vec::new(),
                explanation: None,
                took: BTreeMap::from([(CheckId::TagExists, Duration::from_millis(42))]),
            },
            circleci: CircleCi {
                branch: Some("develop".into()),
                build_url: Some("https://circleci.com/gh/keepkey/support-email/7".into()),
                ..CircleCi::default()
            },
        }
    }

    pub(in crate::checks) fn expectation(&mut self) -> &mut Expectation {
        &mut self.request.expectation
    }

    /// The config of one of its images.
    pub(in crate::checks) fn config(&mut self, index: usize) -> &mut ImageConfig {
        let Fact::Present(Ok(config)) = &mut self.observation.images[index].config else {
            panic!("the sample's configs are there")
        };
        config
    }

    pub(in crate::checks) fn explanation(&mut self) -> &mut Explanation {
        self.observation.explanation.get_or_insert_default()
    }

    /// The tag is not there.
    pub(in crate::checks) fn without_tag() -> Self {
        let mut sample = Self::single();
        sample.observation.resolved = absent(Reason::TagMissing, "404 `MANIFEST_UNKNOWN`");
        sample.observation.images.clear();
        sample.observation.offered.clear();
        sample
    }

    pub(in crate::checks) fn results(&self) -> Vec<CheckResult> {
        verify(&self.request, &self.observation, &self.circleci)
    }

    pub(in crate::checks) fn outcome(&self, check: CheckId) -> Outcome {
        self.results().into_iter().find(|result| result.check == check).unwrap().outcome
    }

    pub(in crate::checks) fn facts(&self) -> Option<ImageFacts> {
        facts(&self.request, &self.observation, &self.results())
    }

    pub(in crate::checks) fn notes(&self) -> Vec<String> {
        let results = self.results();
        let evidence = evidence(&self.request, &results, self.facts().as_ref());
        notes(&self.request, &self.observation, &results, &evidence)
    }

    /// Everything that one check says.
    pub(in crate::checks) fn said(&self, check: CheckId) -> String {
        told(&self.outcome(check))
    }

    /// Each check's word, reason and sentence, a line each.
    pub(in crate::checks) fn all_said(&self) -> String {
        self.said_by(&CheckId::ALL)
    }

    /// The same of these checks, so that a new check does not change what a test of others shows.
    pub(in crate::checks) fn said_by(&self, checks: &[CheckId]) -> String {
        let line = |result: CheckResult| {
            format!("{:<18}{}\n", result.check, told(&result.outcome).lines().next().unwrap())
        };
        let results = self.results().into_iter();
        results.filter(|result| checks.contains(&result.check)).map(line).collect()
    }

    /// The same of the checks that look at manifests, configs and blobs, whatever is expected.
    pub(in crate::checks) fn said_of_content(&self) -> String {
        self.said_by(&[
            CheckId::ManifestIntact,
            CheckId::Platform,
            CheckId::LayersPresent,
            CheckId::Engines,
        ])
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed { message, note: None } => format!("passed: {message}"),
        Outcome::Passed { message, note: Some(note) } => format!("passed: {message}\nnote: {note}"),
        Outcome::Skipped { message, skip: Skip::NotAsked | Skip::NothingLeft } => {
            format!("skipped: {message}")
        }
        Outcome::Skipped { message, skip: Skip::Noteworthy } => {
            format!("skipped, to be told: {message}")
        }
        Outcome::Failed(finding) | Outcome::Errored(finding) => {
            let mut out = format!("{} {}: {}", outcome.word(), finding.reason, finding.message);
            if let (Some(expected), Some(observed)) = (&finding.expected, &finding.observed) {
                write!(out, "\nexpected {expected}\nobserved {observed}").unwrap();
            }
            for line in finding.hint.iter().flat_map(|hint| hint.lines()) {
                write!(out, "\nhint: {line}").unwrap();
            }
            out
        }
    }
}

pub(in crate::checks) fn digest(of: &str) -> Digest {
    Digest::of(Algorithm::Sha256, of.as_bytes())
}

pub(in crate::checks) fn descriptor(media_type: &str, digest: &Digest, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.into(),
        digest: digest.clone(),
        size,
        has_urls: false,
        platform: None,
    }
}

pub(in crate::checks) fn absent<T>(reason: Reason, said: &str) -> Fact<T> {
    Fact::Absent(Denial { reason, said: said.into() })
}

pub(in crate::checks) fn unknown<T>(reason: Reason) -> Fact<T> {
    Fact::Unknown(Unavailable::new(reason, format!("an answer that is {reason}")))
}

/// One platform's image: a config, a layer that all platforms share, and a layer of its own.
pub(in crate::checks) fn image(platform: &str, listed_as: Option<&str>) -> PlatformObservation {
    let of = |part: &str| digest(&format!("{platform} {part}"));
    let manifest = ImageManifest {
        media_type: MediaType::OciImageManifest,
        config: descriptor("config", &of("config"), 1000),
        layers: vec![
            descriptor("layer", &digest("shared layer"), 3_000_000),
            descriptor("layer", &of("layer"), 20_000),
        ],
        annotations: BTreeMap::new(),
    };
    let there = |role: &str, descriptor: &Descriptor| BlobObservation {
        role: role.into(),
        descriptor: descriptor.clone(),
        size: Fact::Present(descriptor.size),
        proof: Proof::Read,
    };
    let blobs = vec![
        there("config", &manifest.config),
        there("layer 1 of 2", &manifest.layers[0]),
        there("layer 2 of 2", &manifest.layers[1]),
    ];
    PlatformObservation {
        // A single image is what the tag itself names.
        digest: if listed_as.is_some() { of("manifest") } else { digest("top") },
        listed_as: listed_as.map(|platform| platform.parse().unwrap()),
        listing: Listing::default(),
        refusals: Vec::new(),
        manifest: Fact::Present(Ok(manifest)),
        config: Fact::Present(Ok(config(platform.parse().unwrap()))),
        blobs,
        attested: None,
    }
}

fn config(platform: Platform) -> ImageConfig {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let stated = Stated {
        created: Some("2026-11-25T09:00:00Z".into()),
        labels: BTreeMap::from([(ImageConfig::REVISION_LABEL.into(), COMMIT.into())]),
        env: texts(&["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_VERSION=20.11.1"]),
        entrypoint: texts(&["docker-entrypoint.sh"]),
        cmd: texts(&["node", "server.js"]),
        exposed_ports: texts(&["5001/tcp"]),
        history: texts(&[
            "ADD alpine-minirootfs-3.19.1-x86_64.tar.gz / # buildkit",
            "CMD [\"/bin/sh\"]",
            "RUN /bin/sh -c apk add --no-cache libstdc++ # buildkit",
            "COPY . . # buildkit",
        ]),
        steps: 2,
        diff_ids: vec![digest("unpacked 1"), digest("unpacked 2")],
        ..Stated::default()
    };
    ImageConfig::new(platform, stated)
}
