//! Nothing is wrong.

use super::{IMAGE, REPOSITORY, TAG, anonymous, other, with_image, with_requests};
use crate::stand_in::{Auth, Image, Index, Options, StandIn};
use crate::support::Gate;

#[test]
fn a_registry_that_asks_for_no_credentials_is_green() {
    let stand_in = other(Auth::Nothing);
    insta::assert_snapshot!(with_requests(&stand_in, anonymous(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ----- asked
    6 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    1 x Registry: GET Ping -> 200
    1 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}

#[test]
fn an_index_of_three_is_green_with_every_platform_looked_at() {
    let stand_in = StandIn::honest();
    let image = |platform: &str| Image::node_on_alpine().platform(platform);
    let index = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
        .into_iter()
        .fold(Index::new(), |index, platform| index.image(image(platform)));
    stand_in.image(REPOSITORY, TAG, index);
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:a07bfda3b65d[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      platform   linux/arm64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      platform   linux/arm/v7, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    8 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    4 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    3 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}

#[test]
fn a_bearer_token_is_green_with_one_token() {
    let stand_in = with_image(Options::default());
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    6 x Registry: GET Blob -> 307
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByDigest -> 200
    1 x Registry: GET ManifestByTag -> 200
    1 x Storage: GET Storage -> 200
    5 x Storage: GET Storage -> 206
    ");
}
