//! Nothing is wrong, and how many requests it takes to know that.

use super::{REPOSITORY, TAG, filled, filled_with, gate, gate_elsewhere, seen};
use crate::stand_in::{Auth, Image, Index, Options, StandIn};

#[test]
fn a_sound_image_of_a_registry_that_asks_for_nothing_is_verified() {
    let (stand_in, _) = filled_with(Options { auth: Auth::Nothing, ..Options::default() });
    insta::assert_snapshot!(seen(gate_elsewhere(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform, layers-present
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ----- requests
    6 x GET Blob at Registry -> 307
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET Ping at Registry -> 200
    1 x GET Storage at Storage -> 200
    5 x GET Storage at Storage -> 206
    ");
}

#[test]
fn an_index_of_three_platforms_is_verified_on_each() {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine();
    let index = Index::of_two_platforms(&image).image(image.platform("linux/arm/v7"));
    stand_in.image(REPOSITORY, TAG, index);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:ffbfabf6c668[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      platform   linux/arm64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      platform   linux/arm, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform, layers-present
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    8 x GET Blob at Registry -> 307
    1 x GET Control at Registry -> 404
    3 x GET ManifestByDigest at Registry -> 200
    1 x GET ManifestByTag at Registry -> 200
    3 x GET Storage at Storage -> 200
    5 x GET Storage at Storage -> 206
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_sound_image_behind_a_bearer_token_is_verified() {
    let (stand_in, _) = filled();
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform, layers-present
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    6 x GET Blob at Registry -> 307
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET Storage at Storage -> 200
    5 x GET Storage at Storage -> 206
    1 x GET Token at Api -> 200
    ");
}
