//! Sample reports, made up to look at the layout of pages. No registry was asked: nothing in here is the
//! verification of any image, and nothing in the program uses it.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "values that are written down here; a test shares them, where this is allowed anyway"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use verify_registry_image::circleci::{CircleCi, PipelineQuestion};
use verify_registry_image::oci::{Algorithm, AttestationKind, Digest, MediaType};
use verify_registry_image::output::record::Record;
use verify_registry_image::report::{
    AttestationFacts, BuiltFrom, CheckId, CheckResult, ContentFacts, Evidence, Finding, HowProven,
    ImageFacts, ImageReport, Outcome, PlatformFacts, ProvenBy, Reason, Report, RevisionSource,
    Skip, Traffic,
};
use verify_registry_image::request::{
    Expectation, ExpectedPort, ImageRequest, ImmutableTag, RegistryKind, RevisionRule, Runtime,
    Service,
};

const COMMIT: &str = "3f1c9d2a7b60e5841f2d3c4b5a69788796a5b4c3";

/// One verified image.
pub(crate) fn green() -> Report {
    report(vec![verified("support-email", Some("development"))])
}

/// The record of a verified image, which says of itself that it is made up.
pub(crate) fn record() -> Record {
    let mut report = green();
    let mut image = report.images.remove(0);
    image.notes.push("a sample for looking at the format: no registry was asked".to_owned());
    Record::of(&image, &report).expect("a verified image")
}

/// One image whose tag is not there.
pub(crate) fn red() -> Report {
    report(vec![missing("support-email", Some("development"))])
}

/// One image of which nothing could be found out.
pub(crate) fn undecided() -> Report {
    report(vec![unreachable("support-email", Some("development"))])
}

/// Forty services of two environments, most of them verified.
pub(crate) fn forty() -> Report {
    let names = [
        "support-email",
        "billing",
        "accounts",
        "webhooks",
        "notifications",
        "search",
        "reports",
        "gateway",
        "sessions",
        "exchange-rates",
        "price-feed",
        "device-registry",
        "firmware-index",
        "audit-log",
        "mail-templates",
        "attachments",
        "transactions",
        "fee-estimator",
        "address-book",
        "swap-router",
    ];
    let mut images = Vec::new();
    for environment in ["development", "production"] {
        for name in names {
            images.push(match (environment, name) {
                ("development", "price-feed") => stale(name, Some(environment)),
                ("production", "webhooks") => missing(name, Some(environment)),
                ("production", "swap-router") => unreachable(name, Some(environment)),
                _ => verified(name, Some(environment)),
            });
        }
    }
    let mut report = report(images);
    report.traffic = Traffic { requests: 412, retries: 3 };
    report.took = Duration::from_millis(6_840);
    report
}

/// A report in which everything that somebody else can choose is hostile.
pub(crate) fn hostile() -> Report {
    let evil = "<script>alert(1)</script>\u{202e}gnp\u{7}\u{1b}[31m\"'& `<b>`";
    let mut image = missing("support-email", Some(evil));
    evil.clone_into(&mut image.request.service.name);
    image.request.service.env = BTreeMap::from([(evil.to_owned(), evil.to_owned())]);
    image.request.service.runtime.language = Some(evil.to_owned());
    image.notes = vec![evil.to_owned()];
    let mut facts = facts("support-email");
    facts.immutable_tag = Some(evil.to_owned());
    for platform in &mut facts.platforms {
        platform.created = Some(evil.to_owned());
        platform.revision = Some(evil.to_owned());
        platform.exposed_ports = vec![evil.to_owned()];
    }
    image.facts = Some(facts);
    for result in &mut image.results {
        result.outcome = match result.check {
            CheckId::TagExists => Outcome::Failed(
                Finding::new(Reason::TagMissing, evil).compared(evil, evil).hint(evil),
            ),
            CheckId::Port => {
                Outcome::Passed { message: evil.to_owned(), note: Some(evil.to_owned()) }
            }
            _ => Outcome::Skipped { message: evil.to_owned(), skip: Skip::Noteworthy },
        };
    }
    let mut report = report(vec![image.clone(), image]);
    report.notes = vec![evil.to_owned()];
    report.circleci = CircleCi {
        revision: Some(evil.to_owned()),
        branch: Some(evil.to_owned()),
        tag: Some(evil.to_owned()),
        build_url: Some(format!("javascript:{evil}")),
        job: Some(evil.to_owned()),
        build_number: Some(evil.to_owned()),
        repository_url: Some(format!("https://github.com/{evil}/x")),
        ..CircleCi::default()
    };
    report
}

fn report(images: Vec<ImageReport>) -> Report {
    Report {
        images,
        started_at: at("2026-03-02T17:58:04Z"),
        took: Duration::from_millis(1_730),
        diagnosis: None,
        traffic: Traffic { requests: 14, retries: 0 },
        circleci: CircleCi {
            revision: Some(COMMIT.to_owned()),
            branch: Some("develop".to_owned()),
            build_url: Some("https://circleci.com/gh/keepkey/support-email/1284".to_owned()),
            job: Some("verify-image".to_owned()),
            build_number: Some("1284".to_owned()),
            organization: Some("keepkey".to_owned()),
            repository: Some("support-email".to_owned()),
            repository_url: Some("git@github.com:keepkey/support-email.git".to_owned()),
            ..CircleCi::default()
        },
        notes: vec![
            "This is a sample report for looking at the layout: no registry was asked.".to_owned(),
            "The token is the variable `DIGITALOCEAN_ACCESS_TOKEN`.".to_owned(),
        ],
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn request(service: &str, environment: Option<&str>) -> ImageRequest {
    let production = environment == Some("production");
    let tag = if production { "latest" } else { "latest-dev" };
    let suffix = if production { "prod" } else { "dev" };
    let runtime = Runtime { language: Some("nodejs".to_owned()), base: Some("alpine".to_owned()) };
    ImageRequest {
        reference: format!("registry.digitalocean.com/keepkey/{service}:{tag}")
            .parse()
            .expect("a reference"),
        registry_kind: RegistryKind::DigitalOcean,
        expectation: Expectation {
            revision: RevisionRule::WhenLabelled(COMMIT.parse().expect("a commit")),
            immutable_tag: Some(ImmutableTag::Named(
                format!("{COMMIT}-{suffix}").parse().expect("a tag"),
            )),
            port: Some(ExpectedPort { number: 5001, strict: false }),
            runtime: runtime.clone(),
            ..Expectation::default()
        },
        service: Service {
            name: service.to_owned(),
            is_configured: true,
            is_outside: false,
            port: Some(5001),
            ingress: Some(false),
            runtime,
            env: BTreeMap::from([
                ("LOG_LEVEL".to_owned(), "info".to_owned()),
                ("NODE_ENV".to_owned(), "production".to_owned()),
            ]),
        },
        environment: environment.map(str::to_owned),
        commit: Some(COMMIT.parse().expect("a commit")),
        pipeline: PipelineQuestion::default(),
        notes: Vec::new(),
    }
}

fn facts(service: &str) -> ImageFacts {
    let digest = |what: &str| Digest::of(Algorithm::Sha256, format!("{service} {what}").as_bytes());
    ImageFacts {
        digest: digest("index"),
        media_type: MediaType::OciImageIndex,
        platforms: vec![PlatformFacts {
            platform: "linux/amd64".parse().expect("a platform"),
            digest: digest("manifest"),
            config_digest: digest("config"),
            size_bytes: 58_214_903,
            layers: 9,
            created: Some("2026-03-02T17:51:40Z".to_owned()),
            revision: Some(COMMIT.to_owned()),
            exposed_ports: vec!["5001/tcp".to_owned()],
        }],
        immutable_tag: Some(format!("{COMMIT}-dev")),
        unproven: Vec::new(),
        content: Some(ContentFacts { how: HowProven::Ranges, bytes: 72_404_118 }),
        revision: Some(BuiltFrom { commit: COMMIT.to_owned(), from: RevisionSource::Label }),
        attestations: vec![AttestationFacts {
            kind: AttestationKind::Provenance,
            digest: digest("provenance"),
            platform: "linux/amd64".parse().expect("a platform"),
        }],
    }
}

fn results(outcome: impl Fn(CheckId) -> Outcome) -> Vec<CheckResult> {
    CheckId::ALL
        .into_iter()
        .map(|check| (check, outcome(check)))
        .map(|(check, outcome)| CheckResult {
            check,
            took: match check {
                _ if matches!(outcome, Outcome::Skipped { .. }) => Duration::ZERO,
                CheckId::TagExists => Duration::from_millis(212),
                CheckId::LayersPresent => Duration::from_millis(1_140),
                CheckId::RegistryHonest | CheckId::ImmutableTag => Duration::from_millis(96),
                _ => Duration::ZERO,
            },
            outcome,
        })
        .collect()
}

fn verified(service: &str, environment: Option<&str>) -> ImageReport {
    let facts = facts(service);
    let short = facts.digest.short();
    ImageReport {
        request: request(service, environment),
        results: results(|check| match check {
            CheckId::RegistryHonest => {
                Outcome::passed("the registry denies a tag that cannot exist")
            }
            CheckId::RepositoryExists => Outcome::passed("the registry serves the repository"),
            CheckId::TagExists => Outcome::passed(format!("the tag names {short}")),
            CheckId::ManifestIntact => Outcome::passed("manifest and config hash to their digests"),
            CheckId::DigestExpected => Outcome::not_asked("no digest was expected"),
            CheckId::RevisionExpected => Outcome::passed("the label names the expected commit"),
            CheckId::ImmutableTag => Outcome::passed("the immutable tag names the same digest"),
            CheckId::Platform => Outcome::passed("linux/amd64 has a manifest"),
            CheckId::LayersPresent => Outcome::passed("the config and 9 layers can be pulled"),
            CheckId::ContentIntact => Outcome::not_asked("only sizes were looked at"),
            CheckId::Engines => Outcome::passed("docker and containerd pull it"),
            CheckId::FactsExpected => Outcome::not_asked("no facts of the image are declared"),
            CheckId::Port => Outcome::passed("`5001/tcp` is exposed"),
            CheckId::Runtime => Outcome::Passed {
                message: "`NODE_VERSION` is set; `apk` is in the history".to_owned(),
                note: Some("the base image has no name label".to_owned()),
            },
        }),
        facts: Some(facts),
        notes: Vec::new(),
        evidence: Evidence::Proven(vec![ProvenBy::RevisionLabel, ProvenBy::ImmutableTag]),
        engines: Vec::new(),
        verified_at: at("2026-03-02T17:58:05Z"),
    }
}

fn missing(service: &str, environment: Option<&str>) -> ImageReport {
    let request = request(service, environment);
    let tag = request.reference.tag.clone().expect("a tag");
    let finding = Finding::new(Reason::TagMissing, format!("the registry has no tag `{tag}`"))
        .compared(format!("{}:{tag}", request.reference.name()), "404 `MANIFEST_UNKNOWN`")
        .hint(format!(
            "near tags: `latest-main`, `{COMMIT}-main`\n\
             1. look whether the push job is in this workflow\n\
             2. if it failed, mend it; its log is linked from the pipeline\n\
             3. if there was none, start a pipeline on `develop`"
        ));
    ImageReport {
        request,
        results: results(|check| match check {
            CheckId::RegistryHonest => {
                Outcome::passed("the registry denies a tag that cannot exist")
            }
            CheckId::RepositoryExists => Outcome::passed("the registry serves the repository"),
            CheckId::TagExists => Outcome::Failed(finding.clone()),
            _ => Outcome::skipped("the tag is not there: nothing to look at"),
        }),
        facts: None,
        notes: Vec::new(),
        evidence: Evidence::None,
        engines: Vec::new(),
        verified_at: at("2026-03-02T17:58:05Z"),
    }
}

fn stale(service: &str, environment: Option<&str>) -> ImageReport {
    let mut image = verified(service, environment);
    let other = "9e8d7c6b5a493827160f1e2d3c4b5a6978879605";
    image.evidence = Evidence::Contradicted;
    if let Some(facts) = &mut image.facts {
        facts.immutable_tag = None;
        for platform in &mut facts.platforms {
            platform.revision = Some(other.to_owned());
        }
    }
    for result in &mut image.results {
        match result.check {
            CheckId::RevisionExpected => {
                result.outcome = Outcome::Failed(
                    Finding::new(Reason::RevisionDiffers, "the image was built from another commit")
                        .compared(COMMIT, other)
                        .hint("look whether this commit's push job ran; a base image can hand on its own label"),
                );
            }
            CheckId::ImmutableTag => {
                result.outcome = Outcome::Failed(
                    Finding::new(
                        Reason::ImmutableTagMissing,
                        format!("the registry has no tag `{COMMIT}-dev`"),
                    )
                    .hint("let the push job push the immutable tag beside the moving one"),
                );
            }
            _ => {}
        }
    }
    image
}

fn unreachable(service: &str, environment: Option<&str>) -> ImageReport {
    let finding = Finding::new(
        Reason::ServerError,
        "the registry answered 503 to 4 tries in 7 s: `text/plain`, \"upstream connect error\"",
    )
    .hint("try again later, or look at DigitalOcean's status page; the status board is left as it was");
    ImageReport {
        request: request(service, environment),
        results: results(|check| match check {
            CheckId::DigestExpected => Outcome::not_asked("no digest was expected"),
            _ => Outcome::Errored(finding.clone()),
        }),
        facts: None,
        notes: Vec::new(),
        evidence: Evidence::None,
        engines: Vec::new(),
        verified_at: at("2026-03-02T17:58:11Z"),
    }
}
