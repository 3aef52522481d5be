//! Which checks prove that the image is the one that was meant. Every output shows this answer and judges nothing.

use crate::report::{
    CheckId, CheckResult, Evidence, ImageFacts, Outcome, ProvenBy, RevisionSource, has_passed,
};
use crate::request::ImageRequest;

/// Judges the results of an image's checks.
pub fn evidence(
    request: &ImageRequest,
    results: &[CheckResult],
    facts: Option<&ImageFacts>,
) -> Evidence {
    let passed = |check| has_passed(results, check);
    let compared = [CheckId::DigestExpected, CheckId::RevisionExpected, CheckId::ImmutableTag];
    let contradicts = |result: &CheckResult| {
        compared.contains(&result.check) && matches!(result.outcome, Outcome::Failed(_))
    };
    if results.iter().any(contradicts) {
        return Evidence::Contradicted;
    }
    let names_the_commit = request.has_immutable_tag_of_the_commit();
    let revision = facts.and_then(|facts| facts.revision.as_ref());
    let by_revision = match revision.map(|revision| revision.from) {
        Some(RevisionSource::Provenance) => ProvenBy::Provenance,
        Some(RevisionSource::Label) | None => ProvenBy::RevisionLabel,
    };
    let proofs: Vec<ProvenBy> = [
        (passed(CheckId::DigestExpected), ProvenBy::Digest),
        (passed(CheckId::RevisionExpected), by_revision),
        (passed(CheckId::ImmutableTag) && names_the_commit, ProvenBy::ImmutableTag),
        (request.reference.tag.is_none(), ProvenBy::Reference),
    ]
    .into_iter()
    .filter_map(|(holds, proof)| holds.then_some(proof))
    .collect();
    if !proofs.is_empty() {
        Evidence::Proven(proofs)
    } else if request.is_named_after_commit() {
        Evidence::TagName
    } else {
        Evidence::None
    }
}
