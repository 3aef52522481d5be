//! Layers and configs that are gone, kept from the reader, or said to be elsewhere.

use serde_json::json;

use super::{COMMIT, REPOSITORY, TAG, gate, gate_with_record, with_image};
use crate::stand_in::{End, Image, Index, Lie, Origin, Pushed, Route, StandIn};
use crate::support::Gate;

/// Nothing was asked for with another method than `GET`.
fn assert_only_get(stand_in: &StandIn) {
    let log = stand_in.log();
    assert!(!log.is_empty() && log.iter().all(|entry| entry.method == "GET"), "{log:?}");
}

/// Only a success that was announced and never sent says that a layer is lost: a connection that ends
/// before any answer says nothing, however often it does.
#[test]
fn a_connection_that_ends_before_any_answer_is_no_lost_layer() {
    for lie in [Lie::close(), Lie::reset()] {
        let (stand_in, pushed) = with_image();
        stand_in.lie(Route::Blob.containing(&pushed.layers[2]), lie);
        let run = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}")).args("-q").run();
        assert_eq!(run.code, Some(3), "{}{}", run.stdout, run.stderr);
        let tries = stand_in.log();
        let tries = tries.iter().filter(|entry| entry.target.contains(&pushed.layers[2])).count();
        assert_eq!(tries, 4, "every try ended so");
    }
}

/// A run at a storage that announces these blobs and cuts them after so many bytes, each time.
fn cut(after: usize, blobs: impl Fn(Pushed) -> Vec<String>) -> String {
    let (stand_in, pushed) = with_image();
    for digest in blobs(pushed) {
        let hex = digest.replace("sha256:", "");
        stand_in.lie(Route::Storage.containing(&hex), Lie::CutAfter(after, End::Close));
    }
    let run = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}")).run();
    let said = run.redacted(&run.stdout);
    let said = said.lines().filter(|line| {
        [" failed: ", " errored: ", "  reason "].iter().any(|word| line.contains(word))
    });
    format!("{:?}\n{}", run.code, said.collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_layer_that_is_announced_each_time_and_never_comes_is_red() {
    insta::assert_snapshot!(cut(0, |mut pushed| vec![pushed.layers.remove(2)]), @"
    Some(1)
      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) is gone: `[storage]` announced it 4 times and closed the connection before the first byte each time
        reason     blob-missing
    ");
}

#[test]
fn layers_of_which_none_comes_are_lost_where_their_host_sends_the_config() {
    insta::assert_snapshot!(cut(0, |pushed| pushed.layers), @"
    Some(1)
      layers-present failed: layer 1 of 5 (`sha256:88d50f9d7935[..64]`) is gone: `[storage]` announced it 4 times and closed the connection before the first byte each time; layer 2 of 5 (`sha256:44e2f6a89ed9[..64]`) is gone: `[storage]` announced it 4 times and closed the connection before the first byte each time; layer 3 of 5 (`sha256:5469f9990611[..64]`) is gone: `[storage]` announced it 4 times and closed the connection before the first byte each time; layer 4 of 5 (`sha256:ae834a9f7c7a[..64]`) is gone: `[storage]` announced it 4 times and closed the connection before the first byte each time; layer 5 of 5 (`sha256:9a805b43d01f[..64]`) is gone: `[storage]` announced it 4 times and closed the connection before the first byte each time
        reason     blob-missing
    ");
    // Of a storage that sends nothing at all, nothing is known.
    let all = |pushed: Pushed| pushed.layers.into_iter().chain([pushed.config]).collect();
    insta::assert_snapshot!(cut(0, all), @"
    Some(3)
      [checks of the config] errored: the config `sha256:548e2972e7fe`: `[storage]` announced it 4 times and closed the connection before the first byte each time
        reason     body-never-came
    ");
}

#[test]
fn a_config_that_breaks_off_each_time_is_no_lost_config() {
    insta::assert_snapshot!(cut(9, |pushed| vec![pushed.config]), @"
    Some(3)
      [checks of the config] errored: the config `sha256:548e2972e7fe`: `[storage]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
    ");
}

#[test]
fn a_layer_that_the_registry_no_longer_has_is_red() {
    let (stand_in, pushed) = with_image();
    stand_in.forget_blob(REPOSITORY, &pushed.layers[2]);
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      layers-present failed: layer 3 of 5 (`sha256:5469f9990611[..64]`) is gone: 404 `BLOB_UNKNOWN` `blob unknown to registry`
        reason     blob-missing
        next       Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
      passed     revision-expected

      digest     sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_config_that_the_registry_no_longer_has_is_red() {
    let (stand_in, pushed) = with_image();
    stand_in.forget_blob(REPOSITORY, &pushed.config);
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      layers-present failed: config (`sha256:548e2972e7fe[..64]`) is gone: 404 `BLOB_UNKNOWN` `blob unknown to registry`
        reason     blob-missing
        next       Push the image again; where the push says `layer already exists`, build without cache or ask the registry's operator.
      skipped    revision-expected: there is no config to look at for the image

      digest     sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_platform_of_an_index_that_the_registry_no_longer_has_is_red() {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine().revision(COMMIT);
    stand_in.image(REPOSITORY, TAG, Index::of_two_platforms(&image));
    let arm = stand_in.image(REPOSITORY, "arm", image.platform("linux/arm64"));
    stand_in.untag(REPOSITORY, "arm");
    stand_in.forget_manifest(REPOSITORY, &arm.digest);
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      platform failed: listed in the index, and the manifest is gone: `linux/arm64` (`sha256:e6d8013a48fa`)
        reason     manifest-missing
        next       Push the image again, and check whether a garbage collection or a clean-up job removed untagged manifests.
                   If you deploy the others only, name them: `--platform linux/amd64`.
      skipped    revision-expected: there is no config to look at for `linux/arm64`
      skipped    layers-present: there is no manifest to look at for `linux/arm64`
      skipped    engines: not all of it is there to look at: `linux/arm64`

      digest     sha256:bb78b84b42f9[..64]
      type       an index (application/vnd.oci.image.index.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

    note: manifest-intact: there was nothing to hash for `linux/arm64`: manifest or config is not there
    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_storage_that_takes_only_the_signed_method_is_green() {
    let (stand_in, pushed) = with_image();
    stand_in.lie(Route::Storage.method("HEAD"), Lie::status(403));
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

      passed     revision-expected
    ----- stderr
    ----- image-ref
    [registry]/keepkey/support-email@sha256:03783fe6aa95[..64][no newline]
    ");
    assert_only_get(&stand_in);
    // The config is read whole, of each layer the last byte.
    let storage = stand_in.asked(&Route::Storage);
    let ranges = storage.iter().filter_map(|entry| entry.range.as_deref()?.strip_prefix("bytes="));
    let of_one_byte = ranges.filter(|range| {
        range.split_once('-').is_some_and(|(first, last)| first == last && first != "0")
    });
    assert_eq!(
        (storage.len(), of_one_byte.count()),
        (pushed.layers.len() + 1, pushed.layers.len())
    );
}

#[test]
fn a_storage_that_refuses_every_method_is_undecided() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::Storage, Lie::status(403));
    insta::assert_snapshot!(gate_with_record(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev --record record.json
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the config], revision-expected errored: the config `sha256:548e2972e7fe`: the registry's storage `[storage]` answered 403 (no content type, no text)
        reason     unexpected-answer
        next       No credentials are sent to the storage, so the token is not at fault: it did not take the address that the registry had signed. Try again; if it persists, check any proxy in between, then push the image again: some storages answer so where the bytes are gone.

      digest     sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      service    support-email

    note: no record was written: the image is not VERIFIED
    ----- stderr
    ");
}

#[test]
fn a_registry_that_knows_no_head_is_green() {
    let (stand_in, _) = with_image();
    stand_in.lie(Route::Any.method("HEAD").first(1), Lie::status(405));
    stand_in.lie(Route::Any.method("HEAD"), Lie::status(501));
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image --image-ref image-ref --expect-revision [registry]/keepkey/support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email

      passed     revision-expected
    ----- stderr
    ----- image-ref
    [registry]/keepkey/support-email@sha256:03783fe6aa95[..64][no newline]
    ");
    assert_only_get(&stand_in);
}

/// An image with a layer that its manifest says to be elsewhere, too.
fn with_foreign_layer() -> (StandIn, Pushed) {
    let stand_in = StandIn::honest();
    let url = format!("{}/foreign-layer.tar.gz", stand_in.url(Origin::Elsewhere));
    let image = Image::node_on_alpine().revision(COMMIT);
    let pushed = stand_in.image(REPOSITORY, TAG, image.last_layer_field("urls", json!([url])));
    (stand_in, pushed)
}

/// `urls` excuse a layer that the registry never had, and no other: what it lists and its storage has lost,
/// or what it announces and never sends, is no image that anybody can pull.
#[test]
fn a_layer_with_urls_that_the_registry_had_and_lost_is_red() {
    let (stand_in, pushed) = with_foreign_layer();
    let foreign = pushed.layers.last().unwrap();
    stand_in.lose_from_storage(foreign);
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    assert!(run.stdout.contains("blob-missing"), "{}", run.stdout);
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

#[test]
fn urls_that_are_no_addresses_excuse_nothing() {
    for urls in [json!([]), json!([""]), json!([null]), json!(["file:///layer"]), json!(null)] {
        let stand_in = StandIn::honest();
        let image = Image::node_on_alpine().revision(COMMIT).last_layer_field("urls", urls.clone());
        let pushed = stand_in.image(REPOSITORY, TAG, image);
        stand_in.forget_blob(REPOSITORY, pushed.layers.last().unwrap());
        assert_eq!(gate(&stand_in).run().code, Some(1), "{urls}");
    }
}

#[test]
fn a_foreign_layer_of_windows_is_asked_for_at_the_registry_only() {
    let run = |platform: &str| {
        let stand_in = StandIn::honest();
        let url = format!("{}/foreign-layer.tar.gz", stand_in.url(Origin::Elsewhere));
        let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        let image = Image::node_on_alpine().revision(COMMIT).platform(platform).docker();
        let image = image.last_layer_field("urls", json!([url]));
        let pushed =
            stand_in.image(REPOSITORY, TAG, image.last_layer_field("mediaType", json!(foreign)));
        let layer = pushed.layers.last().unwrap();
        stand_in.forget_blob(REPOSITORY, layer);
        let run = gate(&stand_in).run();
        assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
        let asked = stand_in.asked(&Route::Blob);
        assert!(asked.iter().any(|entry| entry.target.ends_with(layer)), "{asked:?}");
        (run.code, run.stdout)
    };
    let (code, windows) = run("windows/amd64");
    assert_eq!(code, Some(0), "{windows}");
    let note = "note: kept elsewhere by the image's own choice (`urls`), not in this registry, and not requested \
                there: layer 5 of 5";
    assert!(windows.contains(note), "{windows}");
    // Engines on Linux refuse it.
    let (code, linux) = run("linux/amd64");
    assert_eq!(code, Some(1), "{linux}");
    assert!(linux.contains("blob-missing"), "{linux}");
}

/// An image whose last layer is an ordinary one, with `urls`: it excuses nothing.
#[test]
fn urls_excuse_no_layer_of_an_ordinary_type() {
    let (stand_in, pushed) = with_foreign_layer();
    stand_in.forget_blob(REPOSITORY, pushed.layers.last().unwrap());
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    assert!(run.stdout.contains("blob-missing"), "{}", run.stdout);
}
