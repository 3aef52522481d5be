use super::*;
use crate::request::{Expectation, RegistryKind, Service};

fn image(outcomes: &[(CheckId, Outcome)]) -> ImageReport {
    let results = CheckId::ALL
        .into_iter()
        .map(|check| {
            let outcome =
                outcomes.iter().find(|(id, _)| *id == check).map(|(_, outcome)| outcome.clone());
            CheckResult {
                check,
                outcome: outcome.unwrap_or(Outcome::not_asked("not asked")),
                took: Duration::ZERO,
            }
        })
        .collect();
    ImageReport {
        request: ImageRequest {
            reference: "r.example/a:b".parse().unwrap(),
            registry_kind: RegistryKind::Other,
            expectation: Expectation::default(),
            service: Service {
                name: "a".into(),
                is_configured: false,
                is_outside: false,
                port: None,
                ingress: None,
                runtime: crate::request::Runtime::default(),
                env: std::collections::BTreeMap::new(),
            },
            environment: None,
            commit: None,
            pipeline: crate::circleci::PipelineQuestion::default(),
            notes: Vec::new(),
        },
        results,
        facts: None,
        notes: Vec::new(),
        evidence: Evidence::None,
        engines: Vec::new(),
        verified_at: Timestamp::UNIX_EPOCH,
    }
}

const CARRYING: [CheckId; 5] = [
    CheckId::RegistryHonest,
    CheckId::TagExists,
    CheckId::ManifestIntact,
    CheckId::LayersPresent,
    CheckId::Engines,
];

fn carried_but(check: CheckId, outcome: Outcome) -> ImageReport {
    let mut outcomes: Vec<_> = CARRYING.map(|check| (check, Outcome::passed("yes"))).to_vec();
    outcomes.insert(0, (check, outcome));
    image(&outcomes)
}

#[test]
fn a_report_in_which_nothing_ran_is_not_a_pass() {
    assert_eq!(image(&[]).verdict(), Verdict::Undecided);
}

#[test]
fn each_of_the_checks_that_carry_a_yes_is_needed() {
    assert_eq!(carried_but(CheckId::Port, Outcome::skipped("")).verdict(), Verdict::Verified);
    for check in CARRYING {
        assert_eq!(
            carried_but(check, Outcome::skipped("")).verdict(),
            Verdict::Undecided,
            "{check}"
        );
    }
}

#[test]
fn the_worst_outcome_of_any_check_decides() {
    for check in CheckId::ALL {
        let failed = Outcome::Failed(Finding::new(Reason::TagMissing, ""));
        let errored = Outcome::Errored(Finding::new(Reason::ServerError, ""));
        let refused = Outcome::Errored(Finding::new(Reason::CredentialsRefused, ""));
        assert_eq!(carried_but(check, failed).verdict(), Verdict::Failed, "{check}");
        assert_eq!(carried_but(check, errored).verdict(), Verdict::Undecided, "{check}");
        assert_eq!(carried_but(check, refused).verdict(), Verdict::Refused, "{check}");
    }
}

#[test]
fn a_proven_no_outweighs_what_could_not_be_asked() {
    let both = image(&[
        (CheckId::RegistryHonest, Outcome::Errored(Finding::new(Reason::CredentialsRefused, ""))),
        (CheckId::TagExists, Outcome::Failed(Finding::new(Reason::TagMissing, ""))),
    ]);
    assert_eq!(both.verdict(), Verdict::Failed);
}

#[test]
fn codes_are_unique_and_kebab_case() {
    let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert!(
        codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
    );
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Reason::ALL.len());
}
