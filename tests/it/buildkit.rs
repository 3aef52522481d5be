//! Images that `BuildKit` made, byte for byte: with its attestations, its media types and its compressions.

use std::fmt::Write as _;

use crate::stand_in::{StandIn, buildkit_image, buildkit_images};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const REVISION: &str = "1111111111111111111111111111111111111111";

fn world(name: &str) -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.kept(REPOSITORY, name, &buildkit_image(name));
    stand_in
}

/// The exit code, and the lines that tell what was seen.
fn judged(name: &str) -> String {
    let stand_in = world(name);
    let gate = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{name}"));
    let run = gate.args("--port 5001").arg(format!("--expect-revision={REVISION}")).run();
    let mut seen = format!("{name}: {}\n", run.code.unwrap());
    for line in run.stdout.lines().map(str::trim) {
        if ["type ", "platform ", "commit ", "reason "].iter().any(|start| line.starts_with(start))
        {
            let _ = writeln!(seen, "  {line}");
        }
    }
    seen
}

/// Neither an attestation nor a compression makes it red. (What an engine makes of a compression is for the table of
/// the engines to decide.)
#[test]
fn each_image_of_buildkit_is_judged_by_what_can_be_run_of_it() {
    let seen: String = buildkit_images().iter().map(|name| judged(name)).collect();
    insta::assert_snapshot!(seen, @"
    default: 0
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    no-attestation: 0
      type       a single image (application/vnd.docker.distribution.manifest.v2+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    oci-media-types: 0
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    provenance-max: 0
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    sbom: 0
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    oci-artifact: 0
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    two-platforms: 0
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      platform   linux/arm64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    zstd: 0
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    zstd-docker: 1
      reason     engine-refuses
      type       a single image (application/vnd.docker.distribution.manifest.v2+json)
      platform   linux/amd64, 1.3 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    uncompressed: 0
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 3.2 KiB in 1 layer
      commit     1111111111111111111111111111111111111111
    empty: 1
      reason     not-an-image
    empty-oci: 1
      reason     not-an-image
    ");
}

#[test]
fn an_attestation_that_the_registry_lost_is_nothing_that_an_engine_asks_for() {
    for name in ["default", "provenance-max", "sbom", "oci-artifact"] {
        let stand_in = world(name);
        let parts = buildkit_image(name);
        let [.., attestation, _] = parts.as_slice() else { panic!("an index") };
        stand_in.forget_manifest(REPOSITORY, &attestation.digest);
        let run = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{name}")).run();
        assert_eq!(run.code, Some(0), "{}", run.snapshot());
    }
}

#[test]
fn a_layer_that_the_registry_lost_is_red_beside_an_attestation_that_is_whole() {
    for name in buildkit_images().iter().filter(|name| !name.starts_with("empty")) {
        let stand_in = world(name);
        let parts = buildkit_image(name);
        let layer = parts.iter().find(|part| part.media_type.contains("tar")).expect("a layer");
        stand_in.forget_blob(REPOSITORY, &layer.digest);
        let run = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{name}")).run();
        assert_eq!(run.code, Some(1), "{}", run.snapshot());
        assert!(run.stdout.contains("blob-missing"), "{}", run.snapshot());
    }
}

#[test]
fn the_platform_of_an_attestation_is_none_that_can_be_asked_for() {
    let stand_in = world("two-platforms");
    let gate = || Gate::at(&stand_in).image(&format!("{REPOSITORY}:two-platforms"));
    assert_eq!(gate().args("--platform linux/arm64").run().code, Some(0));
    let run = gate().args("--platform linux/s390x").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    let run = gate().args("--platform unknown/unknown").run();
    assert_ne!(run.code, Some(0), "{}", run.snapshot());
    assert!(!run.stdout.contains("VERIFIED"), "{}", run.snapshot());
}
