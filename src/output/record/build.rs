//! How a record comes from a report: every field is copied by name, nothing is decided.

use crate::circleci::CircleCi;
use crate::digitalocean::names::DigitalOceanNames;
use crate::document::{indented, instant};
use crate::oci;

use crate::output::record::{
    Attestation, Check, CheckStatus, Content, ContentProof, Environment, Image, Pipeline, Platform,
    Record, RecordResult, RegistryType, Revision, RevisionSource, Runtime, SCHEMA_VERSION, Service,
    Source, TOOL, Tool, Verification,
};
use crate::report;
use crate::report::{
    CheckResult, ContentFacts, HowProven, ImageFacts, ImageReport, Outcome, PlatformFacts, Report,
    Verdict,
};
use crate::request::{ImageRequest, RegistryKind};

impl Record {
    /// The record of a verified image. `None` for every other verdict, and for an image without a tag.
    pub fn of(image: &ImageReport, report: &Report) -> Option<Self> {
        if image.verdict() != Verdict::Verified {
            return None;
        }
        let ImageReport { request, results, facts, evidence: _, engines: _, notes, verified_at } =
            image;
        let facts = facts.as_ref()?;
        let checks = results.iter().map(Check::of).collect::<Option<Vec<_>>>()?;
        Some(Self {
            schema_version: SCHEMA_VERSION,
            image: Image::of(request, facts)?,
            service: Service::of(request),
            environment: request.environment.clone().map(|name| Environment { name }),
            source: Source::of(&report.circleci),
            pipeline: Pipeline::of(&report.circleci),
            warnings: image.pin_warning().into_iter().chain(facts.unproven.clone()).collect(),
            verification: Verification {
                result: RecordResult::Verified,
                verified_at: instant(*verified_at),
                tool: Tool::this(),
                immutable_tag: facts.immutable_tag.clone(),
                content: facts.content.map(Content::of),
                checks,
                notes: notes.clone(),
            },
        })
    }

    /// The record as it is written: indented JSON with a newline at the end.
    pub fn to_json(&self) -> String {
        indented(self)
    }
}

impl Image {
    /// What the registry serves for a request that has a tag.
    pub fn of(request: &ImageRequest, facts: &ImageFacts) -> Option<Self> {
        let ImageFacts {
            digest,
            media_type,
            platforms,
            immutable_tag: _,
            unproven: _,
            content: _,
            revision: _,
            attestations: _,
        } = facts;
        let oci::Reference { registry: server, repository, tag, digest: _ } = &request.reference;
        let tag = tag.as_ref()?;
        let name = request.reference.name();
        let (registry_type, names) = match request.registry_kind {
            RegistryKind::DigitalOcean => {
                (Some(RegistryType::Docr), DigitalOceanNames::of(repository))
            }
            RegistryKind::DockerHub | RegistryKind::Other => (None, None),
        };
        let (registry, repository) = match names {
            Some(names) => (Some(names.registry.to_string()), names.repository.to_string()),
            None => (None, repository.to_string()),
        };
        Some(Self {
            pinned: format!("{name}@{digest}"),
            pinned_with_tag: format!("{name}:{tag}@{digest}"),
            reference: format!("{name}:{tag}"),
            registry_type,
            server: server.to_string(),
            registry,
            repository,
            tag: tag.to_string(),
            digest: digest.to_string(),
            media_type: media_type.to_string(),
            is_index: media_type.is_index(),
            platforms: platforms.iter().map(Platform::of).collect(),
            revision: Revision::of(facts),
            attestations: Attestation::all(facts),
        })
    }
}

impl Revision {
    /// The commit that every platform says it was built from.
    pub fn of(facts: &ImageFacts) -> Option<Self> {
        let report::BuiltFrom { commit, from } = facts.revision.as_ref()?;
        let from = match from {
            report::RevisionSource::Label => RevisionSource::Label,
            report::RevisionSource::Provenance => RevisionSource::Provenance,
        };
        Some(Self { commit: commit.clone(), from })
    }
}

impl Attestation {
    /// Every statement, in the order of the platforms.
    pub fn all(facts: &ImageFacts) -> Vec<Self> {
        let each = facts.attestations.iter();
        each.map(|report::AttestationFacts { kind, digest, platform }| Self {
            kind: kind.as_str().to_owned(),
            digest: digest.to_string(),
            platform: platform.to_string(),
        })
        .collect()
    }
}

impl Platform {
    /// The facts of one platform.
    pub fn of(facts: &PlatformFacts) -> Self {
        let PlatformFacts {
            platform,
            digest,
            config_digest,
            size_bytes,
            layers,
            created,
            revision,
            exposed_ports,
        } = facts;
        let variant = platform.variant();
        Self {
            platform: platform.to_string(),
            os: platform.os().to_owned(),
            architecture: platform.architecture().to_owned(),
            variant: (!variant.is_empty()).then(|| variant.to_owned()),
            digest: digest.to_string(),
            config_digest: config_digest.to_string(),
            size_bytes: *size_bytes,
            layers: u64::try_from(*layers).unwrap_or(u64::MAX),
            created: created.clone(),
            revision: revision.clone(),
            exposed_ports: exposed_ports.clone(),
        }
    }
}

impl Service {
    /// What was declared; `None` when nothing was.
    pub fn of(request: &ImageRequest) -> Option<Self> {
        let crate::request::Service {
            name,
            is_configured,
            is_outside,
            port,
            ingress,
            runtime,
            env,
        } = &request.service;
        // The command line wins over the config.
        let port = request.expectation.port.map(|port| port.number).or(*port);
        if *is_outside || (!is_configured && port.is_none()) {
            return None;
        }
        let crate::request::Runtime { language, base } = runtime;
        let mut env = env.clone();
        if let Some(port) = port {
            // App Platform sets `PORT` only for services that are reachable from outside.
            env.entry("PORT".to_owned()).or_insert_with(|| port.to_string());
        }
        Some(Self {
            name: name.clone(),
            port,
            ingress: *ingress,
            runtime: Runtime { language: language.clone(), base: base.clone() },
            env,
        })
    }
}

impl Source {
    /// The commit, as CircleCI names it; `None` when it names nothing.
    pub fn of(circleci: &CircleCi) -> Option<Self> {
        let source = Self {
            repository: circleci.project(),
            repository_url: circleci.repository_page(),
            revision: circleci.revision.clone(),
            branch: circleci.branch.clone(),
            tag: circleci.tag.clone(),
        };
        let Self { repository, repository_url, revision, branch, tag } = &source;
        let known = [repository, repository_url, revision, branch, tag].iter().any(|f| f.is_some());
        known.then_some(source)
    }
}

impl Pipeline {
    /// The job, as CircleCI names it; `None` when it names nothing.
    pub fn of(circleci: &CircleCi) -> Option<Self> {
        let pipeline = Self {
            job_url: circleci.build_url.clone(),
            job: circleci.job.clone(),
            job_number: circleci.build_number.as_ref().and_then(|number| number.parse().ok()),
            workflow_id: circleci.workflow_id.clone(),
            pipeline_id: circleci.pipeline_id.clone(),
        };
        let Self { job_url, job, job_number, workflow_id, pipeline_id } = &pipeline;
        let known = [job_url, job, workflow_id, pipeline_id].iter().any(|field| field.is_some())
            || job_number.is_some();
        known.then_some(pipeline)
    }
}

impl Content {
    /// How the layers were proven.
    pub fn of(facts: ContentFacts) -> Self {
        let ContentFacts { how, bytes } = facts;
        let how = match how {
            HowProven::Ranges => ContentProof::Ranges,
            HowProven::EveryByte => ContentProof::EveryByte,
        };
        Self { how, bytes }
    }
}

impl Check {
    /// A check that did not fail; `None` for one that failed or errored, which no record holds.
    fn of(result: &CheckResult) -> Option<Self> {
        let CheckResult { check, outcome, took: _ } = result;
        let (status, message, note) = match outcome {
            Outcome::Passed { message, note } => (CheckStatus::Passed, message, note.clone()),
            Outcome::Skipped { message, skip: _ } => (CheckStatus::Skipped, message, None),
            Outcome::Failed(_) | Outcome::Errored(_) => return None,
        };
        Some(Self { id: check.to_string(), status, message: message.clone(), note })
    }
}

impl Tool {
    /// This program.
    pub fn this() -> Self {
        Self { name: TOOL.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}
