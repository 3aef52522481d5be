//! The config and the layers: lost, altered, of another size.

use super::{REPOSITORY, filled, gate, seen};
use crate::stand_in::{Lie, Route};

#[test]
fn a_config_whose_bytes_were_altered_proves_nothing() {
    let (stand_in, pushed) = filled();
    stand_in.lie(Route::Storage.containing(hex(&pushed.config)), Lie::Altered);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      manifest-intact, platform, layers-present errored: the config `sha256:1cb16a77e3f7`: `[storage]` sent bytes that hash to `sha256:0919a165216b[..64]` for the digest `sha256:1cb16a77e3f7[..64]`
        reason     manifest-contradictory
        next       Try again; if it stays, a proxy or the registry is broken.
      passed     registry-honest, repository-exists, tag-exists
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      service    support-email
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

#[test]
fn a_layer_that_the_registry_denies_is_a_no() {
    let (stand_in, pushed) = filled();
    stand_in.forget_blob(REPOSITORY, &pushed.layers[1]);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      layers-present failed: layer 2 of 5 (`sha256:44e2f6a89ed9[..64]`) is gone: 404 `BLOB_UNKNOWN` `blob unknown to registry`
        reason     blob-missing
        next       Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET ApiGc at Api -> 404
    1 x GET ApiRegistries at Api -> 200
    1 x GET ApiTags at Api -> 200
    5 x GET Blob at Registry -> 307
    1 x GET Blob at Registry -> 404
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET Storage at Storage -> 200
    4 x GET Storage at Storage -> 206
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_layer_that_the_storage_lost_is_a_no() {
    let (stand_in, pushed) = filled();
    stand_in.lose_from_storage(&pushed.layers[1]);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      layers-present failed: layer 2 of 5 (`sha256:44e2f6a89ed9[..64]`) is gone: the registry's storage `[storage]` answered 404
        reason     blob-missing
        next       Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET ApiGc at Api -> 404
    1 x GET ApiRegistries at Api -> 200
    1 x GET ApiTags at Api -> 200
    6 x GET Blob at Registry -> 307
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET Storage at Storage -> 200
    4 x GET Storage at Storage -> 206
    1 x GET Storage at Storage -> 404
    1 x GET Token at Api -> 200
    ");
}

/// One byte and the size are asked for, not the whole layer: other bytes of the same size are not noticed.
#[test]
fn a_layer_of_the_same_size_with_other_bytes_is_not_noticed() {
    let (stand_in, pushed) = filled();
    stand_in.lie(Route::Storage.containing(hex(&pushed.layers[1])), Lie::Altered);
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

#[test]
fn a_layer_of_another_size_is_a_no() {
    let (stand_in, pushed) = filled();
    stand_in.replace_in_storage(&pushed.layers[1], "shorter");
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      layers-present failed: layer 2 of 5 (`sha256:44e2f6a89ed9[..64]`) has 7 bytes where the manifest says 48210
        expected   48210 bytes
        observed   7 bytes
        reason     blob-size-differs
        next       Build without cache and push again; the stored bytes are not the ones that were pushed.
      passed     registry-honest, repository-exists, tag-exists, manifest-intact,
                 platform
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      digest     sha256:72aa2829510e[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      service    support-email
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

/// The digits of a digest.
fn hex(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}
