//! Answers that are not what they say they are: cut, altered, emptied, enormous, or a web page.

use super::{REPOSITORY, TAG, filled, gate, seen};
use crate::stand_in::{Index, Lie, Origin, Route, StandIn};

const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n::error::all is well\n##[error]x\u{202e}";

#[test]
fn a_login_page_with_status_200_is_no_answer() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::html(200));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: a random tag that cannot exist: `[registry]` answered 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may stand in between.
      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]` answered with a web page: 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may stand in between.
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET Control at Registry -> 200
    1 x GET ManifestByTag at Registry -> 200
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn an_empty_index_is_no_image() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, TAG, Index::new());
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      manifest-intact failed: `latest-dev` is no container image that can be started: an index without entries
        reason     not-an-image
        next       Look which job pushes to this tag: a chart, a signature, an empty index or a broken image stands there.
      passed     registry-honest, repository-exists, tag-exists
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    platform, layers-present:
                 it is not a container image, so there is nothing to look at
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_manifest_that_differs_from_its_digest_header_proves_nothing() {
    let (stand_in, _) = filled();
    let other = format!("sha256:{}", "0123456789abcdef".repeat(4));
    stand_in.lie(Route::ManifestByTag, Lie::digest_header(Some(&other)));
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]` sent bytes that hash to `sha256:72aa2829510e[..64]` under the digest `sha256:0123456789ab[..64]`
        reason     manifest-contradictory
        next       Try again; if it stays, a proxy or the registry is broken.
      passed     registry-honest
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 200
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_manifest_that_is_cut_is_asked_for_again_and_no_answer() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::ManifestByTag, Lie::Truncated(100));
    insta::assert_snapshot!(seen(gate(&stand_in).args("--deadline 2s"), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --deadline 2s
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]`: the connection broke before the answer was whole (2 tries); the deadline comes before the next try in [duration]
        reason     connection-failed
        next       Look at the network, the proxy and the host's name.
      passed     registry-honest
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET Control at Registry -> 404
    2 x GET ManifestByTag at Registry -> 200
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn a_registry_that_sends_no_digest_header_needs_none() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::ManifestByTag, Lie::digest_header(None));
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
fn control_characters_and_commands_in_a_registrys_message_stay_harmless() {
    let (stand_in, _) = filled();
    let lie = Lie::oci_error(404, "MANIFEST_UNKNOWN", HOSTILE);
    stand_in.lie(Route::ManifestByTag, lie);
    insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `[2J]0;owned  ::error::all is well ##[error]x`)
        reason     tag-missing
        next       DigitalOcean's API still lists the tag and the registry no longer serves it: it was deleted, or its manifest was collected. Push it again.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      passed     registry-honest, repository-exists
      skipped    manifest-intact, platform, layers-present:
                 there is no manifest to look at
      skipped    digest-expected: no digest was expected
      skipped    revision-expected: no commit was expected
      skipped    immutable-tag: no immutable tag was asked for
      skipped    port: no port was asked for
      skipped    runtime: no runtime was declared

      service    support-email

    note: DigitalOcean's API lists the tag and the registry denies it: the API is an index that lags, so the registry's word counts
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    ----- requests
    1 x GET ApiGc at Api -> 404
    1 x GET ApiRegistries at Api -> 200
    1 x GET ApiTags at Api -> 200
    1 x GET Control at Registry -> 404
    1 x GET ManifestByTag at Registry -> 404
    1 x GET Token at Api -> 200
    ");
}

#[test]
fn no_output_starts_a_line_with_a_registrys_words_or_holds_its_control_characters() {
    let (stand_in, _) = filled();
    stand_in.lie(Route::Any.at(Origin::Registry), Lie::oci_error(404, "\u{1b}[31m", HOSTILE));
    let files = "--junit junit.xml --failure-reason-file reason";
    for format in ["human", "json"] {
        let run = gate(&stand_in).args(files).args(&format!("-vv --format {format}")).run();
        let written = [&run.stdout, &run.stderr, run.file("junit.xml"), run.file("reason")];
        for text in written {
            assert!(
                !text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'),
                "{text}"
            );
            let is_theirs = |line: &str| line.trim_start().starts_with(['#', ':']);
            assert!(!text.lines().any(is_theirs), "{text}");
        }
        assert!(run.stdout.contains("::error::all is well"), "{}", run.stdout);
    }
}

#[test]
fn a_manifest_of_300_mb_is_left_after_4_mib() {
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    insta::allow_duplicates! {
        for says_length in [true, false] {
            let (stand_in, _) = filled();
            stand_in.lie(Route::ManifestByTag, Lie::large(media_type, 300, says_length));
            insta::assert_snapshot!(seen(gate(&stand_in), &stand_in), @"
            $ verify-registry-image [registry]/keepkey/support-email:latest-dev
            exit code: 3
            ----- stdout
            UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

              repository-exists, tag-exists, manifest-intact, platform, layers-present errored: the manifest of `latest-dev`: `[registry]`: the answer is larger than 4194304 bytes
                reason     answer-too-large
                next       Look at what answers there: an honest manifest, config or token is far smaller. Nothing over the limit is read.
              passed     registry-honest
              skipped    digest-expected: no digest was expected
              skipped    revision-expected: no commit was expected
              skipped    immutable-tag: no immutable tag was asked for
              skipped    port: no port was asked for
              skipped    runtime: no runtime was declared

              service    support-email
            ----- stderr
            note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
            note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
            ----- requests
            1 x GET Control at Registry -> 404
            1 x GET ManifestByTag at Registry -> 200
            1 x GET Token at Api -> 200
            ");
        }
    }
}
