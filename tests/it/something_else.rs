//! A digest of something else than the image, and what is published without anything to start.

use serde_json::Value;

use crate::stand_in::{Image, Index, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

#[test]
fn an_expected_digest_that_is_the_image_id_is_named_for_what_it_is() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let gate = gate(&stand_in).arg(format!("--expect-digest={}", pushed.config));
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --expect-digest=sha256:1cb16a77e3f7[..64]
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      digest-expected failed: the expected `sha256:1cb16a77e3f7[..64]` is the digest of the image's config (the image ID), not of its manifest: `latest-dev` names `sha256:72aa2829510e[..64]`
        expected   sha256:1cb16a77e3f7[..64]
        observed   sha256:72aa2829510e[..64]
        reason     digest-differs
        next       Expect the digest of the manifest: `containerimage.digest` in the file of `docker buildx build --metadata-file FILE`, or after the push `docker inspect -f '{{index .RepoDigests 0}}' IMAGE`.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_expected_digest_that_is_a_child_of_the_index_is_named_for_what_it_is() {
    let stand_in = StandIn::honest();
    let index = Index::of_two_platforms(&Image::node_on_alpine());
    let pushed = stand_in.image(REPOSITORY, "latest-dev", index);
    let said = |digest: &str| {
        let run = gate(&stand_in).arg(format!("--expect-digest={digest}")).run();
        assert_eq!(run.code, Some(1), "{}", run.snapshot());
        assert!(!run.stdout.contains("Another job has pushed"), "{}", run.stdout);
        let line = run.stdout.lines().find(|line| line.contains("digest-expected failed"));
        run.redacted(line.expect("a line"))
    };
    // Also of a platform that was not asked for, of an attestation, and of a config behind it.
    insta::assert_snapshot!(said(&pushed.children[0].digest), @"  digest-expected failed: the expected `sha256:72aa2829510e[..64]` is the digest of the manifest for `linux/amd64`, not of the index that lists it: `latest-dev` names `sha256:0cbfd355dbc5[..64]`");
    insta::assert_snapshot!(said(&pushed.children[1].digest), @"  digest-expected failed: the expected `sha256:38c07728cc84[..64]` is the digest of the manifest for `linux/arm64`, not of the index that lists it: `latest-dev` names `sha256:0cbfd355dbc5[..64]`");
    insta::assert_snapshot!(said(&pushed.children[2].digest), @"  digest-expected failed: the expected `sha256:31d658c80d3a[..64]` is the digest of an attestation beside the image, not of the index that lists both: `latest-dev` names `sha256:0cbfd355dbc5[..64]`");
    insta::assert_snapshot!(said(&pushed.children[1].config), @"  digest-expected failed: the expected `sha256:299e45773eee[..64]` is the digest of the config (the image ID) of `linux/arm64`, not of the index: `latest-dev` names `sha256:0cbfd355dbc5[..64]`");
}

#[test]
fn an_image_without_layers_and_an_index_without_entries_are_one_answer_in_each_form() {
    let image = Image::node_on_alpine().without_layers();
    let mut said = Vec::new();
    let mut at = |name: &str, content: crate::stand_in::Content| {
        let stand_in = StandIn::honest();
        stand_in.image(REPOSITORY, "latest-dev", content);
        let run = gate(&stand_in).run();
        assert_eq!(run.code, Some(1), "{name}: {}", run.snapshot());
        assert!(run.stdout.contains("reason     not-an-image"), "{name}: {}", run.stdout);
        assert!(!run.stdout.contains("login page"), "{name}: {}", run.stdout);
        let line = run.stdout.lines().find(|line| line.contains("manifest-intact failed"));
        said.push(format!("{name}: {}", line.expect("a line").trim()));
    };
    let without = |bytes: &[u8], field: &str| {
        let mut manifest: Value = serde_json::from_slice(bytes).expect("a manifest");
        manifest.as_object_mut().expect("an object").remove(field);
        manifest.to_string()
    };
    let raw =
        |kind: &str, text: String| crate::stand_in::Content::Raw(kind.to_owned(), text.into());
    at("[]", image.clone().into());
    at("null", image.clone().manifest_field("layers", Value::Null).into());
    let missing = without(&image.manifest(), "layers");
    at("missing", raw("application/vnd.oci.image.manifest.v1+json", missing));
    at("[]", Index::new().into());
    at("null", Index::new().field("manifests", Value::Null).into());
    let kind = "application/vnd.oci.image.index.v1+json";
    at("missing", raw(kind, format!(r#"{{"schemaVersion":2,"mediaType":"{kind}"}}"#)));
    insta::assert_snapshot!(said.join("\n"), @"
    []: manifest-intact failed: `latest-dev` is not a runnable container image: an image without layers
    null: manifest-intact failed: `latest-dev` is not a runnable container image: an image without layers
    missing: manifest-intact failed: `latest-dev` is not a runnable container image: an image without layers
    []: manifest-intact failed: `latest-dev` is not a runnable container image: an index without entries
    null: manifest-intact failed: `latest-dev` is not a runnable container image: an index without entries
    missing: manifest-intact failed: `latest-dev` is not a runnable container image: an index without entries
    ");
}
