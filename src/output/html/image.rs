//! One image's part of the report page.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Fact, Tone};
use crate::circleci::Diagnosis;
use crate::document::size;
use crate::oci::Reference;
use crate::output::record;
use crate::report::{
    AttestationFacts, BuiltFrom, CheckResult, Evidence, Finding, ImageFacts, ImageReport, Outcome,
    PlatformFacts, ProvenBy, RevisionSource, SharedFinding,
};
use crate::request::ImageRequest;

pub(super) struct ImageView<'a> {
    pub(super) anchor: String,
    pub(super) tone: Tone,
    pub(super) verdict: &'static str,
    pub(super) heading: String,
    pub(super) service: &'a str,
    pub(super) environment: Option<&'a str>,
    /// The reference that was asked for.
    pub(super) reference: String,
    /// The reason of the first finding.
    pub(super) reason: Option<&'static str>,
    pub(super) findings: Vec<FindingView<'a>>,
    /// Why it is missing, as CircleCI says: a label and a sentence each, and the link of the first.
    pub(super) diagnosis: Vec<(&'static str, &'a str)>,
    pub(super) pipeline_url: Option<&'a str>,
    /// The pipelines of the branch that pushes, where a push is what is missing and CircleCI was not asked.
    pub(super) branch_url: Option<&'a str>,
    pub(super) notes: Vec<String>,
    pub(super) observed: Vec<Fact>,
    pub(super) declared: Vec<Fact>,
    pub(super) checks: Vec<CheckView<'a>>,
}

pub(super) struct FindingView<'a> {
    pub(super) tone: Tone,
    /// Every check that says the same.
    pub(super) checks: String,
    pub(super) word: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: &'a str,
    pub(super) expected: Option<&'a str>,
    pub(super) observed: Option<&'a str>,
    pub(super) next: Vec<&'a str>,
}

pub(super) struct CheckView<'a> {
    pub(super) check: &'static str,
    pub(super) tone: Tone,
    pub(super) outcome: &'static str,
    pub(super) message: &'a str,
    pub(super) note: Option<&'a str>,
    pub(super) expected: Option<&'a str>,
    pub(super) observed: Option<&'a str>,
    pub(super) took: String,
}

impl<'a> ImageView<'a> {
    pub(super) fn of(
        index: usize,
        image: &'a ImageReport,
        diagnosis: Option<&'a Diagnosis>,
    ) -> Self {
        let ImageReport { request, results, facts, evidence, engines: _, notes, verified_at } =
            image;
        let ImageRequest {
            reference,
            registry_kind: _,
            expectation: _,
            service,
            environment,
            commit: _,
            pipeline,
            notes: _,
        } = request;
        let findings = image.findings();
        let is_push = findings.iter().any(|shared| shared.finding.reason.is_about_the_push());
        let findings: Vec<FindingView<'_>> = findings.iter().map(FindingView::of).collect();
        Self {
            anchor: format!("image-{}", index + 1),
            tone: Tone::of(image.verdict()),
            verdict: image.verdict().word(),
            heading: environment.as_ref().map_or_else(
                || service.name.clone(),
                |environment| format!("{} for {environment}", service.name),
            ),
            service: &service.name,
            environment: environment.as_deref(),
            reference: reference.to_string(),
            reason: findings.first().map(|finding| finding.reason),
            findings,
            diagnosis: diagnosis.map(Diagnosis::lines).unwrap_or_default(),
            pipeline_url: diagnosis.and_then(|diagnosis| diagnosis.url.as_deref()),
            branch_url: pipeline.url.as_deref().filter(|_| is_push && diagnosis.is_none()),
            notes: notes.iter().cloned().chain(image.pin_warning()).collect(),
            observed: facts
                .as_ref()
                .map_or_else(Vec::new, |facts| observed(reference, facts, evidence, *verified_at)),
            declared: declared(request),
            checks: results.iter().map(CheckView::of).collect(),
        }
    }
}

impl<'a> CheckView<'a> {
    fn of(result: &'a CheckResult) -> Self {
        let CheckResult { check, outcome, took } = result;
        let finding = outcome.finding();
        let (message, note): (&str, Option<&str>) = match outcome {
            Outcome::Passed { message, note } => (message, note.as_deref()),
            Outcome::Failed(finding) | Outcome::Errored(finding) => (&finding.message, None),
            Outcome::Skipped { message, skip: _ } => (message, None),
        };
        Self {
            check: check.as_str(),
            tone: Tone::of_outcome(outcome),
            outcome: outcome.word(),
            message,
            note,
            expected: finding.and_then(|finding| finding.expected.as_deref()),
            observed: finding.and_then(|finding| finding.observed.as_deref()),
            took: if took.is_zero() { String::new() } else { duration(*took) },
        }
    }
}

impl<'a> FindingView<'a> {
    fn of(shared: &SharedFinding<'a>) -> Self {
        let SharedFinding { outcome, finding, checks: _ } = shared;
        let Finding { reason, message, expected, observed, hint } = finding;
        Self {
            tone: Tone::of_outcome(outcome),
            checks: shared.names(),
            word: outcome.word(),
            reason: reason.as_str(),
            message,
            expected: expected.as_deref(),
            observed: observed.as_deref(),
            next: hint.as_deref().unwrap_or(reason.advice()).lines().collect(),
        }
    }
}

fn observed(
    reference: &Reference,
    facts: &ImageFacts,
    evidence: &Evidence,
    verified_at: Timestamp,
) -> Vec<Fact> {
    let ImageFacts {
        digest,
        media_type,
        platforms,
        immutable_tag,
        unproven: _,
        content: _,
        revision,
        attestations,
    } = facts;
    let mut list = vec![
        Fact::code("Digest", digest.to_string()),
        Fact::code("Pinned reference", format!("{}@{digest}", reference.name())),
        Fact::text("Which commit", which_commit(evidence)),
    ];
    if let Some(tag) = immutable_tag {
        list.push(Fact::code("Immutable tag", tag));
    }
    list.push(Fact::code("Media type", media_type.as_str()));
    for platform in platforms {
        list.push(Fact::text("Platform", platform_facts(platform)));
    }
    // What a label says stands with its platform.
    if let Some(BuiltFrom { commit, from: RevisionSource::Provenance }) = revision {
        list.push(Fact::text("Provenance", format!("built from commit `{commit}`")));
    }
    if !attestations.is_empty() {
        let each = attestations.iter().map(|AttestationFacts { kind, digest, platform }| {
            format!("{} of {platform}: `{digest}`", kind.as_str())
        });
        let lines: Vec<_> = each.collect();
        list.push(Fact::text("Attestations, not verified", lines.join("\n")));
    }
    list.push(Fact::text("Tag answered", moment(verified_at)));
    list
}

fn which_commit(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Contradicted => {
            "not the one that was meant, or not known to be: see what failed".to_owned()
        }
        Evidence::Proven(proofs) => {
            let by: Vec<&str> = proofs.iter().copied().map(proof).collect();
            format!("the one that was meant, by {}", by.join(" and "))
        }
        Evidence::TagName => {
            "by the tag's name alone: nothing in the image says that it is the one that was meant"
                .to_owned()
        }
        Evidence::None => {
            "not proven: no digest, revision or immutable tag tells this image from an older one"
                .to_owned()
        }
    }
}

fn proof(proof: ProvenBy) -> &'static str {
    match proof {
        ProvenBy::Digest => "the expected digest",
        ProvenBy::RevisionLabel => "the revision label",
        ProvenBy::Provenance => "the provenance",
        ProvenBy::ImmutableTag => "the immutable tag",
        ProvenBy::Reference => "the digest in the reference",
    }
}

fn platform_facts(facts: &PlatformFacts) -> String {
    let PlatformFacts {
        platform,
        digest,
        config_digest: _,
        size_bytes,
        layers,
        created,
        revision,
        exposed_ports,
    } = facts;
    let layer = if *layers == 1 { "layer" } else { "layers" };
    let mut lines = vec![format!("{platform}: {} in {layers} {layer}", size(*size_bytes))];
    lines.push(format!("manifest `{digest}`"));
    if let Some(revision) = revision {
        lines.push(format!("built from commit `{revision}`"));
    }
    if let Some(created) = created {
        lines.push(format!("created {created}"));
    }
    if !exposed_ports.is_empty() {
        lines.push(format!("exposes {}", exposed_ports.join(", ")));
    }
    lines.join("\n")
}

/// What the record will hold as declared, drawn from the same value.
fn declared(request: &ImageRequest) -> Vec<Fact> {
    let Some(service) = record::Service::of(request) else { return Vec::new() };
    let record::Service { name: _, port, ingress, runtime, env } = service;
    let record::Runtime { language, base } = runtime;
    let mut list = Vec::new();
    if let Some(port) = port {
        list.push(Fact::text("Port", port.to_string()));
    }
    if let Some(ingress) = ingress {
        let value =
            if ingress { "yes, reachable from outside" } else { "none, inside the cluster only" };
        list.push(Fact::text("Ingress", value));
    }
    let runtime: Vec<&str> =
        [&language, &base].into_iter().filter_map(|part| part.as_deref()).collect();
    if !runtime.is_empty() {
        list.push(Fact::text("Runtime", runtime.join(" on ")));
    }
    if !env.is_empty() {
        let lines: Vec<String> =
            env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        list.push(Fact::code("Environment variables", lines.join("\n")));
    }
    list
}

/// A moment as a person reads it, to the second, in UTC.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A duration as a person reads it.
pub(super) fn duration(took: Duration) -> String {
    match (took.as_secs(), took.as_millis()) {
        (0, milliseconds) => format!("{milliseconds} ms"),
        (1..=59, _) => format!("{:.1} s", took.as_secs_f64()),
        (seconds, _) => {
            let whole = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
            format!("{} min {} s", whole.as_mins(), whole.as_secs() % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{CheckId, fixtures};
    use crate::request::{ExpectedPort, ImmutableTag};

    #[test]
    fn an_older_image_is_never_called_the_one_that_was_meant() {
        let skipped = |check| (check, Outcome::not_asked("not asked for"));
        let bare = [CheckId::DigestExpected, CheckId::RevisionExpected, CheckId::ImmutableTag];
        let of = |checks: &[CheckId]| {
            let others: Vec<_> =
                bare.into_iter().filter(|check| !checks.contains(check)).map(skipped).collect();
            fixtures::image(fixtures::SUPPORT_EMAIL, &others)
        };
        let said = |image: &ImageReport| {
            which_commit(&crate::checks::evidence(&image.request, &image.results, None))
        };
        assert!(said(&of(&[])).starts_with("not proven: "));
        assert_eq!(
            said(&of(&bare)),
            "the one that was meant, by the expected digest and the revision label and the immutable tag"
        );
        let mut by_label = of(&[CheckId::ImmutableTag]);
        by_label.request.expectation.immutable_tag =
            Some(ImmutableTag::ByRevisionLabel("{revision}-dev".parse().unwrap()));
        assert!(said(&by_label).starts_with("not proven: "));
        assert!(said(&fixtures::stale()).starts_with("not the one that was meant"));
    }

    #[test]
    fn page_and_record_say_the_same_of_what_is_declared() {
        let mut image = fixtures::verified();
        // The command line wins over the config, which says 5001.
        image.request.expectation.port = Some(ExpectedPort { number: 8080, strict: true });
        let told = |request: &ImageRequest| {
            let line = |fact: &Fact| format!("{}: {}", fact.name, fact.value);
            declared(request).iter().map(line).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(told(&image.request), @"
        Port: 8080
        Ingress: none, inside the cluster only
        Runtime: nodejs on alpine
        Environment variables: NODE_ENV=production
        PORT=8080
        ");
        let record = record::Service::of(&image.request).unwrap();
        assert_eq!((record.port, record.env["PORT"].as_str()), (Some(8080), "8080"));
        image.request.service.is_configured = false;
        image.request.service.port = None;
        image.request.expectation.port = None;
        assert_eq!(told(&image.request), "", "then the record holds nothing either");
    }

    #[test]
    fn sizes_and_durations_are_short() {
        assert_eq!(
            [0, 1_023, 1_024, 45_678_901, 2_000_000_000].map(size),
            ["0 B", "1023 B", "1.0 KiB", "43.5 MiB", "1.8 GiB"]
        );
        let shown =
            [0, 999, 1_000, 59_900, 60_000, 754_000].map(Duration::from_millis).map(duration);
        assert_eq!(shown, ["0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 0 s", "12 min 34 s"]);
        assert_eq!(moment(Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00 UTC");
    }
}
