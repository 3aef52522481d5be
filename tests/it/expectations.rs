//! The image that was meant: digest, revision, immutable tag, platform, port and runtime.

use crate::stand_in::{Image, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const WANTED: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";

#[test]
fn plain() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    insta::assert_snapshot!(Gate::at(&stand_in).image("keepkey/support-email:latest-dev").snapshot(), @"
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
      not asked  digest-expected, revision-expected, immutable-tag, port, runtime

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    note: the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`
    ");
}
