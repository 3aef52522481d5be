//! Which checks share an answer, as the program's own checks say: [`usual`](super::usual) shows such a list by a name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use verify_registry_image::checks::verify;
use verify_registry_image::circleci::{CircleCi, PipelineQuestion};
use verify_registry_image::observation::{
    BlobObservation, Control, Denial, Fact, Observation, PlatformObservation, Proof, Resolved,
    Unavailable,
};
use verify_registry_image::oci::{
    Algorithm, Descriptor, Digest, ImageConfig, ImageManifest, Listing, Manifest, MediaType,
    NotAnImage, Platform, Stated,
};
use verify_registry_image::report::{CheckId, CheckResult, Outcome, Reason, Skip};
use verify_registry_image::request::{Expectation, ImageRequest, RegistryKind, Runtime, Service};

/// The checks that are skipped for one reason.
pub(super) struct Skipped {
    pub(super) why: String,
    pub(super) checks: Vec<&'static str>,
}

/// The checks that run only where an option or the config asks for them.
pub(super) static ON_REQUEST: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let is_not_asked = |outcome: &Outcome| {
        matches!(outcome, Outcome::Skipped { message: _, skip: Skip::NotAsked })
    };
    names(&results(&honest()), is_not_asked)
});

/// The checks that one trouble leaves undecided, by a name.
pub(super) static UNDECIDED: LazyLock<[(&str, Vec<&str>); 3]> = LazyLock::new(|| {
    let undecided = |observation| {
        names(&results(&observation), |outcome| matches!(outcome, Outcome::Errored(_)))
    };
    [
        ("all checks", undecided(with_control(Control::Affirmed(String::new())))),
        (
            "checks of the manifest",
            undecided(Observation {
                repository: Fact::Unknown(trouble()),
                ..with_resolved(Fact::Unknown(trouble()))
            }),
        ),
        ("checks of the config", undecided(with_config(&Fact::Unknown(trouble())))),
    ]
});

/// The checks that one no leaves nothing to look at.
pub(super) static SKIPPED: LazyLock<Vec<Skipped>> = LazyLock::new(|| {
    let denial = Denial { reason: Reason::TagMissing, said: String::new() };
    let artifact = NotAnImage::Artifact(String::new());
    let resolved = Resolved { content: Err(artifact.clone()), ..resolved() };
    let without_repository = Observation {
        repository: Fact::Absent(denial.clone()),
        ..with_resolved(Fact::Absent(denial.clone()))
    };
    let situations = [
        without_repository,
        with_resolved(Fact::Absent(denial.clone())),
        with_resolved(Fact::Present(resolved)),
        with_config(&Fact::Absent(denial)),
        with_config(&Fact::Present(Err(artifact))),
    ];
    situations.iter().flat_map(|observation| skipped(&results(observation))).collect()
});

fn skipped(results: &[CheckResult]) -> Vec<Skipped> {
    let mut lists: Vec<Skipped> = Vec::new();
    for CheckResult { check, outcome, took: _ } in results {
        let Outcome::Skipped { message, skip: Skip::NothingLeft } = outcome else { continue };
        match lists.iter_mut().find(|list| list.why == *message) {
            Some(list) => list.checks.push(check.as_str()),
            None => lists.push(Skipped { why: message.clone(), checks: vec![check.as_str()] }),
        }
    }
    lists
}

fn names(results: &[CheckResult], is_meant: impl Fn(&Outcome) -> bool) -> Vec<&'static str> {
    let meant = results.iter().filter(|result| is_meant(&result.outcome));
    meant.map(|result| result.check.as_str()).collect()
}

/// What the checks say of an image of which nothing is expected.
fn results(observation: &Observation) -> Vec<CheckResult> {
    let request = ImageRequest {
        reference: "registry.digitalocean.com/keepkey/support-email:latest-dev"
            .parse()
            .expect("a reference"),
        registry_kind: RegistryKind::DigitalOcean,
        expectation: Expectation::default(),
        service: Service {
            name: "support-email".to_owned(),
            is_configured: false,
            is_outside: false,
            port: None,
            ingress: None,
            runtime: Runtime::default(),
            env: BTreeMap::new(),
        },
        environment: None,
        commit: None,
        pipeline: PipelineQuestion::default(),
        notes: Vec::new(),
    };
    let results = verify(&request, observation, &CircleCi::default());
    assert!(results.iter().map(|result| result.check).eq(CheckId::ALL), "a check is missing");
    results
}

fn trouble() -> Unavailable {
    Unavailable::new(Reason::ServerError, "503")
}

fn with_control(control: Control) -> Observation {
    Observation { control, ..honest() }
}

fn with_resolved(resolved: Fact<Resolved>) -> Observation {
    Observation { resolved, images: Vec::new(), offered: Vec::new(), ..honest() }
}

/// With a config that is not there, or not known.
fn with_config(config: &Fact<Result<ImageConfig, NotAnImage>>) -> Observation {
    let mut observation = honest();
    for image in &mut observation.images {
        image.config = config.clone();
        image.blobs.iter_mut().take(1).for_each(|blob| {
            blob.size = config.clone().map(|_| blob.descriptor.size);
        });
    }
    observation
}

fn digest(of: &str) -> Digest {
    Digest::of(Algorithm::Sha256, of.as_bytes())
}

fn manifest() -> ImageManifest {
    let blob = |of: &str| Descriptor {
        media_type: String::new(),
        digest: digest(of),
        size: 1,
        has_urls: false,
        platform: None,
    };
    ImageManifest {
        media_type: MediaType::OciImageManifest,
        config: blob("config"),
        layers: vec![blob("layer")],
        annotations: BTreeMap::new(),
    }
}

fn resolved() -> Resolved {
    Resolved {
        digest: digest("manifest"),
        size: 1,
        age: None,
        content: Ok(Manifest::Image(manifest())),
        refusals: Vec::new(),
        note: None,
    }
}

/// A whole image for one platform.
fn honest() -> Observation {
    let blob = |descriptor: &Descriptor| BlobObservation {
        role: String::new(),
        descriptor: descriptor.clone(),
        size: Fact::Present(descriptor.size),
        proof: Proof::Read,
    };
    let platform: Platform = "linux/amd64".parse().expect("a platform");
    let manifest = manifest();
    let image = PlatformObservation {
        digest: digest("manifest"),
        listed_as: None,
        listing: Listing::default(),
        refusals: Vec::new(),
        blobs: std::iter::once(&manifest.config).chain(&manifest.layers).map(blob).collect(),
        manifest: Fact::Present(Ok(manifest)),
        config: Fact::Present(Ok(ImageConfig::new(platform.clone(), Stated::default()))),
        attested: None,
    };
    Observation {
        control: Control::Denied,
        repository: Fact::Present(()),
        resolved: Fact::Present(resolved()),
        by_digest: Some(Fact::Present(())),
        answered_at: jiff::Timestamp::UNIX_EPOCH,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        offered: vec![platform],
        images: vec![image],
        content: None,
        layers_skipped: None,
        immutable: None,
        immutable_skipped: None,
        explanation: None,
        notes: Vec::new(),
        took: BTreeMap::new(),
    }
}

/// The lists themselves. A new check changes them here, beside `src/checks/tests`.
#[test]
fn each_list_is_what_the_checks_say() {
    let line = |name: &str, checks: &[&str]| format!("{name}: {}\n", checks.join(", "));
    let undecided = UNDECIDED.iter().map(|(name, checks)| line(&format!("[{name}]"), checks));
    let skipped = SKIPPED.iter().map(|Skipped { why, checks }| line(why, checks));
    let text: String =
        [line("on request", &ON_REQUEST)].into_iter().chain(undecided).chain(skipped).collect();
    insta::assert_snapshot!(text, @"
    on request: digest-expected, revision-expected, immutable-tag, content-intact, facts-expected, port, runtime
    [all checks]: registry-honest, repository-exists, tag-exists, manifest-intact, digest-expected, revision-expected, immutable-tag, platform, layers-present, content-intact, engines, facts-expected, port, runtime
    [checks of the manifest]: repository-exists, tag-exists, manifest-intact, platform, layers-present, engines
    [checks of the config]: manifest-intact, platform, layers-present, engines
    there is no repository to look in: tag-exists
    there is no manifest to look at: manifest-intact, platform, layers-present, engines
    there is no manifest to look at: manifest-intact, platform, layers-present, engines
    it is not a container image, so there is nothing to look at: platform, layers-present, engines
    there was nothing to hash for the image: manifest or config is not there: manifest-intact
    the config is gone, and nothing else says the platform: platform
    not all of it is there to look at: the image: engines
    the config is gone, and nothing else says the platform: platform
    not all of it is there to look at: the image: engines
    ");
}
