//! What was declared of an image: platforms, port and runtime.

use crate::stand_in::{Image, Index, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

fn with(content: impl Into<crate::stand_in::Content>) -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", content);
    stand_in
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

/// A config that declares this of the service.
fn gate_with_config<'a>(stand_in: &'a StandIn, service: &str) -> Gate<'a> {
    let registry = stand_in.reference("keepkey");
    let config = format!("registry: {registry}\nservices:\n  support-email: {service}\n");
    Gate::at(stand_in).file("verify-registry-image.yml", config).arg("latest-dev")
}

#[test]
fn every_platform_of_an_index_is_verified() {
    let stand_in = with(Index::of_two_platforms(&Image::node_on_alpine()));
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:0cbfd355dbc5[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      platform   linux/arm64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
}

#[test]
fn one_platform_of_an_index_is_verified_alone() {
    let stand_in = with(Index::of_two_platforms(&Image::node_on_alpine()));
    let gate = gate(&stand_in).args("--platform linux/arm64/v8");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --platform linux/arm64/v8
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:0cbfd355dbc5[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/arm64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: only `linux/arm64` was looked at; the image offers `linux/amd64` too
    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
}

#[test]
fn a_platform_that_is_missing_is_red() {
    let stand_in = with(Index::of_two_platforms(&Image::node_on_alpine()));
    let gate = gate(&stand_in).args("--platform linux/amd64 --platform linux/s390x");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --platform linux/amd64 --platform linux/s390x
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      platform failed: no manifest for `linux/s390x`; the image offers `linux/amd64`, `linux/arm64`
        expected   linux/s390x
        observed   linux/amd64, linux/arm64
        reason     platform-missing
        next       Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.

      digest     sha256:0cbfd355dbc5[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: only `linux/amd64` was looked at; the image offers `linux/arm64` too
    ----- stderr
    ");
}

#[test]
fn a_single_image_for_another_platform_is_red() {
    let stand_in = with(Image::node_on_alpine());
    let gate = gate(&stand_in).args("--platform linux/arm64");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --platform linux/arm64
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      platform failed: no manifest for `linux/arm64`; the image offers `linux/amd64`
        expected   linux/arm64
        observed   linux/amd64
        reason     platform-missing
        next       Build for that platform too (`docker buildx build --platform …`), or correct the list of wanted platforms.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_platform_that_is_no_platform_is_a_mistake_of_the_command_line() {
    let stand_in = with(Image::node_on_alpine());
    let gate = gate(&stand_in).args("--platform amd64");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --platform amd64
    exit code: 2
    ----- stdout
    ----- stderr
    error: invalid platform `amd64` for `--platform`: it is not `os/architecture` or `os/architecture/variant`, as in `linux/amd64`
    ");
}

#[test]
fn the_port_and_the_runtime_that_are_declared() {
    let stand_in = with(Image::node_on_alpine());
    let service = "{ port: 5001, runtime: { language: nodejs, base: alpine } }";
    insta::assert_snapshot!(gate_with_config(&stand_in, service).snapshot(), @"
    $ verify-registry-image latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      passed     port, runtime

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
}

#[test]
fn an_image_that_names_another_port_is_red() {
    let stand_in = with(Image::node_on_alpine());
    insta::assert_snapshot!(gate(&stand_in).args("--port 8080").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --port 8080
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      port failed: the image names `5001/tcp`, `PORT=5001`, and not `8080/tcp`
        expected   8080/tcp
        observed   5001/tcp, PORT=5001
        reason     port-not-exposed
        next       Correct `EXPOSE` or `PORT` in the Dockerfile, or the expected port.

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_image_that_names_no_port_is_red_where_one_was_asked_for() {
    let stand_in = with(Image::node_on_alpine().without_env("PORT").ports(&[]));
    insta::assert_snapshot!(gate(&stand_in).args("--port 5001").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --port 5001
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      port failed: no port is named by the image, neither with `EXPOSE` nor with `PORT`
        expected   5001/tcp
        observed   no port
        reason     port-not-exposed
        next       Add `EXPOSE 5001` to the Dockerfile, or omit `--port`.

      digest     sha256:c80c4c965191[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 75.9 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z
      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_image_that_names_no_port_is_skipped_with_a_note_where_one_was_declared() {
    let stand_in = with(Image::node_on_alpine().without_env("PORT").ports(&[]));
    insta::assert_snapshot!(gate_with_config(&stand_in, "{ port: 5001 }").snapshot(), @"
    $ verify-registry-image latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:c80c4c965191[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 75.9 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    note: port skipped: no port is named by the image, so `5001/tcp` was not compared
    ----- stderr
    ");
}

#[test]
fn an_image_of_another_runtime_is_red() {
    let python = Image::empty()
        .env("PYTHON_VERSION", "3.13.1")
        .layer_of(100, "RUN /bin/sh -c apt-get update && apt-get install -y libc6 # buildkit");
    let stand_in = with(python);
    let service = "{ runtime: { language: nodejs, base: alpine } }";
    insta::assert_snapshot!(gate_with_config(&stand_in, service).snapshot(), @"
    $ verify-registry-image latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      runtime failed: the image shows nothing of `nodejs` and is of another kind: `PYTHON_VERSION` is set; the image shows nothing of `alpine` and is of another kind: its history has `apt-get`
        expected   nodejs, alpine
        observed   PYTHON_VERSION is set, its history has apt-get
        reason     runtime-differs
        next       Check which image was pushed under this name, or correct `runtime`.

      digest     sha256:dc9a8d207ba6[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 468 B in 1 layer
                 created 2026-11-03T08:15:30.123456789Z
      service    support-email
    ----- stderr
    ");
}

#[test]
fn an_image_that_shows_nothing_of_its_runtime_is_skipped_with_a_note() {
    let stand_in = with(Image::empty().layer_of(100, "COPY app /app"));
    let service = "{ runtime: { language: nodejs, base: alpine } }";
    insta::assert_snapshot!(gate_with_config(&stand_in, service).snapshot(), @"
    $ verify-registry-image latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:130d4bcd6244[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 382 B in 1 layer
                 created 2026-11-03T08:15:30.123456789Z
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    note: runtime skipped: nothing in the image speaks for or against `nodejs`, `alpine`
    ----- stderr
    ");
}

#[test]
fn a_runtime_that_is_not_looked_for_is_handed_on() {
    let stand_in = with(Image::node_on_alpine());
    let service = "{ runtime: { language: rust, base: scratch } }";
    insta::assert_snapshot!(gate_with_config(&stand_in, service).snapshot(), @"
    $ verify-registry-image latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    note: runtime skipped: handed on, unchecked: `rust`, `scratch`
    ----- stderr
    ");
}
