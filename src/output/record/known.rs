//! A record of an earlier run, or of one side by side with this: of which image it is, and of when.

use std::io::{BufReader, Read};

use jiff::Timestamp;
use serde::Deserialize;

use super::TOOL;
use crate::report::ImageReport;

/// What a record of another run says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The declared service's name.
    pub(crate) service: Option<String>,
    /// The environment's name.
    pub(crate) environment: Option<String>,
    /// The pinned reference.
    pinned: Option<String>,
    /// When the registry answered for the tag.
    pub(crate) answered_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "schema_version")]
    _schema_version: u32,
    verification: ProbeVerification,
    #[serde(default)]
    image: Option<ProbeImage>,
    #[serde(default)]
    service: Option<ProbeName>,
    #[serde(default)]
    environment: Option<ProbeName>,
}

#[derive(Deserialize)]
struct ProbeVerification {
    tool: ProbeName,
    #[serde(default)]
    verified_at: Option<String>,
}

#[derive(Deserialize)]
struct ProbeImage {
    #[serde(default)]
    pinned: Option<String>,
}

#[derive(Deserialize)]
struct ProbeName {
    name: String,
}

impl Known {
    /// Reads a record of ours, of this or any other version. `None`: it is none.
    pub(crate) fn of(file: impl Read) -> Option<Self> {
        let probe: Probe = serde_json::from_reader(BufReader::new(file)).ok()?;
        let Probe { _schema_version: _, verification, image, service, environment } = probe;
        let ProbeVerification { tool, verified_at } = verification;
        let name = |of: Option<ProbeName>| of.map(|of| of.name);
        let known = Self {
            service: name(service),
            environment: name(environment),
            pinned: image.and_then(|image| image.pinned),
            answered_at: verified_at.and_then(|time| time.parse().ok()),
        };
        (tool.name == TOOL).then_some(known)
    }

    /// Whether it is of an image's service in the same environment.
    pub(crate) fn is_of(&self, image: &ImageReport) -> bool {
        let request = &image.request;
        let repository = self.pinned.as_deref().and_then(|pinned| pinned.split('@').next());
        self.service.as_ref().is_none_or(|name| *name == request.service.name)
            && self.environment == request.environment
            && repository == Some(request.reference.name().as_str())
    }
}
