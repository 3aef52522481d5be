//! Reports for the tests of the renderers.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use crate::circleci::CircleCi;
use crate::oci::{Algorithm, Digest, MediaType};
use crate::report::{
    BuiltFrom, CheckId, CheckResult, ContentFacts, Evidence, Finding, HowProven, ImageFacts,
    ImageReport, Outcome, PlatformFacts, ProvenBy, Reason, Report, RevisionSource, Skip, Traffic,
};
use crate::request::{
    Expectation, ExpectedPort, ImageRequest, ImmutableTag, RegistryKind, Runtime, Service,
};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// 2026-11-25T09:30:00Z and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-11-25T09:30:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds)
}

pub(crate) fn digest(of: &str) -> Digest {
    Digest::of(Algorithm::Sha256, of.as_bytes())
}

/// The declared service of the examples.
fn service(name: &str) -> Service {
    Service {
        name: name.to_owned(),
        is_configured: true,
        is_outside: false,
        port: Some(5001),
        ingress: Some(false),
        runtime: Runtime { language: Some("nodejs".into()), base: Some("alpine".into()) },
        env: BTreeMap::from([("NODE_ENV".into(), "production".into())]),
    }
}

pub(crate) fn request(reference: &str) -> ImageRequest {
    let reference: crate::oci::Reference = reference.parse().unwrap();
    let name = reference.repository.as_str().rsplit('/').next().unwrap().to_owned();
    ImageRequest {
        registry_kind: match reference.registry.as_str() {
            "registry.digitalocean.com" => RegistryKind::DigitalOcean,
            _ => RegistryKind::of_other(&reference.registry),
        },
        reference,
        expectation: Expectation {
            immutable_tag: Some(ImmutableTag::Named(format!("{COMMIT}-dev").parse().unwrap())),
            port: Some(ExpectedPort { number: 5001, strict: false }),
            ..Expectation::default()
        },
        service: service(&name),
        environment: Some("development".into()),
        commit: Some(COMMIT.parse().unwrap()),
        pipeline: crate::circleci::PipelineQuestion::default(),
        notes: Vec::new(),
    }
}

pub(crate) fn facts(of: &str) -> ImageFacts {
    ImageFacts {
        digest: digest(of),
        media_type: MediaType::OciImageIndex,
        platforms: vec![PlatformFacts {
            platform: "linux/amd64".parse().unwrap(),
            digest: digest("amd64"),
            config_digest: digest("config"),
            size_bytes: 53_412_001,
            layers: 5,
            created: Some("2026-11-25T09:12:44Z".into()),
            revision: Some(COMMIT.into()),
            exposed_ports: vec!["5001/tcp".into()],
        }],
        immutable_tag: Some(format!("{COMMIT}-dev")),
        unproven: Vec::new(),
        content: Some(ContentFacts { how: HowProven::Ranges, bytes: 53_404_118 }),
        revision: Some(BuiltFrom { commit: COMMIT.into(), from: RevisionSource::Label }),
        attestations: Vec::new(),
    }
}

/// Every check passed but the ones that are named.
pub(crate) fn image(reference: &str, other: &[(CheckId, Outcome)]) -> ImageReport {
    let request = request(reference);
    let results = CheckId::ALL
        .into_iter()
        .map(|check| {
            let other = other.iter().find(|(id, _)| *id == check);
            let outcome = other
                .map_or_else(|| Outcome::passed(passed(check)), |(_, outcome)| outcome.clone());
            CheckResult { check, outcome, took: Duration::from_millis(21) }
        })
        .collect();
    let facts = Some(facts(request.service.name.as_str()));
    ImageReport {
        request,
        results,
        facts,
        evidence: Evidence::Proven(vec![ProvenBy::RevisionLabel, ProvenBy::ImmutableTag]),
        engines: Vec::new(),
        notes: Vec::new(),
        verified_at: at(2),
    }
}

fn passed(check: CheckId) -> &'static str {
    match check {
        CheckId::RegistryHonest => "the registry denies a tag that cannot exist",
        CheckId::RepositoryExists => "the registry serves `keepkey/support-email`",
        CheckId::TagExists => "`latest-dev` names an index",
        CheckId::ManifestIntact => "the bytes of 1 manifest and 1 config match their digests",
        CheckId::DigestExpected => "it is the digest that was pushed",
        CheckId::RevisionExpected => "built from 0123456789ab",
        CheckId::ImmutableTag => {
            "`0123456789abcdef0123456789abcdef01234567-dev` names the same digest"
        }
        CheckId::Platform => "linux/amd64 has a manifest",
        CheckId::LayersPresent => "the config and 5 layers can be had",
        CheckId::ContentIntact => "every byte of 5 layers is what digest and config say",
        CheckId::Engines => {
            "docker and containerd pull it: no rule of the measured table says otherwise"
        }
        CheckId::FactsExpected => "all 4 expected facts hold",
        CheckId::Port => "exposes 5001/tcp",
        CheckId::Runtime => "nodejs (`NODE_VERSION`), alpine (`apk` in the history)",
    }
}

pub(crate) const SUPPORT_EMAIL: &str = "registry.digitalocean.com/keepkey/support-email:latest-dev";

pub(crate) fn verified() -> ImageReport {
    image(SUPPORT_EMAIL, &[(CheckId::DigestExpected, Outcome::not_asked("no digest is expected"))])
}

/// The tag is not there; what depends on it was skipped.
pub(crate) fn missing() -> ImageReport {
    let finding = Finding::new(
        Reason::TagMissing,
        "`support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)",
    )
    .compared("latest-dev", "latest-dev2, latest-prod")
    .hint(
        "look whether the push job is in this workflow:\n  https://app.circleci.com/pipelines/workflows/w-1\n\
         look whether it failed\nstart a pipeline on `develop`",
    );
    let mut image = image(SUPPORT_EMAIL, &[(CheckId::TagExists, Outcome::Failed(finding))]);
    for result in &mut image.results {
        if result.check > CheckId::TagExists {
            result.outcome = Outcome::skipped("there is no manifest to look at");
            result.took = Duration::ZERO;
        }
    }
    image.facts = None;
    image
}

/// The tag is there and names an image of another commit.
pub(crate) fn stale() -> ImageReport {
    let finding = Finding::new(Reason::RevisionDiffers, "the image was built from another commit")
        .compared(COMMIT, "89abcdef0123456789abcdef0123456789abcdef")
        .hint("look whether the push job of this commit ran");
    let immutable =
        Finding::new(Reason::ImmutableTagDiffers, format!("`{COMMIT}-dev` names another image"))
            .compared(digest("this commit's").to_string(), digest("support-email").to_string());
    let mut image = image(
        SUPPORT_EMAIL,
        &[
            (CheckId::RevisionExpected, Outcome::Failed(finding)),
            (CheckId::ImmutableTag, Outcome::Failed(immutable)),
        ],
    );
    let facts = image.facts.as_mut().unwrap();
    facts.platforms[0].revision = Some("89abcdef0123456789abcdef0123456789abcdef".into());
    facts.immutable_tag = None;
    image.evidence = Evidence::Contradicted;
    image
}

/// The registry was down.
pub(crate) fn undecided() -> ImageReport {
    unknown(
        &Finding::new(Reason::ServerError, "the registry answered 503 to 4 tries")
            .hint("try again later; https://status.digitalocean.com has its state"),
    )
}

/// The token was refused.
pub(crate) fn refused() -> ImageReport {
    unknown(
        &Finding::new(Reason::CredentialsRefused, "the API refused the token (401)").hint(
            "set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`",
        ),
    )
}

fn unknown(finding: &Finding) -> ImageReport {
    let mut image = image(SUPPORT_EMAIL, &[]);
    for result in &mut image.results {
        result.outcome = if result.check <= CheckId::TagExists {
            Outcome::Errored(finding.clone())
        } else {
            Outcome::skipped("the tag is not known")
        };
    }
    image.facts = None;
    image
}

pub(crate) fn circleci() -> CircleCi {
    CircleCi {
        revision: Some(COMMIT.into()),
        branch: Some("develop".into()),
        tag: None,
        build_url: Some("https://circleci.com/gh/keepkey/keepkey-support-email/42".into()),
        job_id: None,
        workflow_id: Some("5034460f-c7c4-4c43-9457-de07e2029e7b".into()),
        pipeline_id: Some("b3b3c1f0-0000-4000-8000-000000000001".into()),
        job: Some("verify-image".into()),
        build_number: Some("42".into()),
        node_index: Some("0".into()),
        organization: Some("keepkey".into()),
        repository: Some("keepkey-support-email".into()),
        repository_url: Some("git@github.com:keepkey/keepkey-support-email.git".into()),
    }
}

pub(crate) fn report(images: Vec<ImageReport>) -> Report {
    Report {
        images,
        started_at: at(0),
        took: Duration::from_millis(412),
        diagnosis: None,
        traffic: Traffic { requests: 16, retries: 0 },
        circleci: circleci(),
        notes: vec!["the token is from the variable `DIGITALOCEAN_ACCESS_TOKEN`".into()],
    }
}

/// A text with everything that somebody could put in: proptest's own `String` has no control characters.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        4 => "[ -~]{1,8}",
        1 => prop::sample::select(vec![
            "\u{1b}[31m", "\r\n", "\n", "\t", "\u{0}", "\u{7f}", "\u{9b}", "\u{fffe}", "\u{202e}", "]]>", "<x>",
            "&amp;", "\"", "'", "\\", ": ", " #", "`$(id)`", "\u{feff}",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// Six of them.
pub(crate) fn texts() -> impl Strategy<Value = [String; 6]> {
    prop::array::uniform6(hostile())
}

/// Images in which every text that can come from somebody else is one of `texts`.
pub(crate) fn saying(texts: &[String; 6]) -> Vec<ImageReport> {
    let text = |number: usize| texts[number].clone();
    let finding = Finding::new(Reason::RevisionDiffers, text(0)).compared(text(1), text(2));
    let finding = finding.hint(text(3));
    let mut failed = image(
        SUPPORT_EMAIL,
        &[
            (CheckId::RevisionExpected, Outcome::Failed(finding.clone())),
            (CheckId::Port, Outcome::Errored(finding)),
            (CheckId::Runtime, Outcome::Skipped { message: text(4), skip: Skip::Noteworthy }),
        ],
    );
    let passed = Outcome::Passed { message: text(4), note: Some(text(5)) };
    let mut good = image(SUPPORT_EMAIL, &[(CheckId::LayersPresent, passed)]);
    good.request.service.runtime.language = Some(text(0));
    good.request.service.env.insert(text(1), text(2));
    good.request.environment = Some(text(3));
    for image in [&mut failed, &mut good] {
        image.notes = vec![text(4), text(5)];
        let facts = image.facts.as_mut().unwrap();
        facts.immutable_tag = Some(text(3));
        facts.platforms[0].created = Some(text(0));
        facts.platforms[0].revision = Some(text(1));
        facts.platforms[0].exposed_ports = vec![text(2), text(5)];
    }
    vec![good, failed]
}
