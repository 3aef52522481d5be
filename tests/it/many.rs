//! Several images in one run: each has its own verdict, its own files, and the worst decides the exit code.

use crate::stand_in::{Image, Lie, Options, Origin, Route, StandIn};
use crate::support::Gate;

/// Three services at one tag.
const SERVICES: [&str; 3] = ["api", "support-email", "worker"];

/// A stand-in in which every service is pushed and good.
fn with_services() -> StandIn {
    with_options(Options::default())
}

fn with_options(options: Options) -> StandIn {
    let stand_in = StandIn::start(options);
    for service in SERVICES {
        stand_in.image(&format!("keepkey/{service}"), "latest-dev", Image::node_on_alpine());
    }
    stand_in
}

/// A run over every service of a config, with everything that can be written.
fn gate(stand_in: &StandIn) -> Gate<'_> {
    let registry = stand_in.reference("keepkey");
    let services = SERVICES.map(|name| format!("  {name}: {{}}\n")).concat();
    let config = format!(
        "registry: {registry}\nenvironments:\n  development: {{ tag: latest-dev }}\nservices:\n{services}status:\n  directory: status\n"
    );
    Gate::at(stand_in)
        .file("verify-registry-image.yml", config)
        .file("status/development.status", "status: GREEN\nnotes: ours\nowner: team mail\n")
        .args("--environment development")
}

/// The manifest of one service is answered with this.
fn lie_of(stand_in: &StandIn, service: &str, lie: Lie) {
    stand_in.lie(Route::ManifestByTag.containing(&format!("/{service}/")), lie);
}

#[test]
fn all_good() {
    let stand_in = with_services();
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image --environment development
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) 3 images: 3 verified
      VERIFIED   [registry]/keepkey/api:latest-dev            sha256:72aa2829510e
      VERIFIED   [registry]/keepkey/support-email:latest-dev  sha256:72aa2829510e
      VERIFIED   [registry]/keepkey/worker:latest-dev         sha256:72aa2829510e

    note: api, support-email, worker: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
}

#[test]
fn one_bad_and_one_open_hide_nothing_of_the_third() {
    let stand_in = with_services();
    stand_in.untag("keepkey/api", "latest-dev");
    lie_of(&stand_in, "worker", Lie::status(400));
    let mut run = gate(&stand_in).with_checks().args("--update-status --record-dir records").run();
    let record = run.files.get_mut("records/development/support-email.json");
    *record.expect("a record of the good one") = Some("[a record]\n".to_owned());
    insta::assert_snapshot!(run.snapshot(), @r#"
    $ verify-registry-image --environment development --update-status --record-dir records
    exit code: 1
    ----- stdout
    FAILED (RED) 3 images: 1 failed, 1 undecided, 1 verified
      FAILED     [registry]/keepkey/api:latest-dev            tag-missing (tag-exists)
      VERIFIED   [registry]/keepkey/support-email:latest-dev  sha256:72aa2829510e
      UNDECIDED  [registry]/keepkey/worker:latest-dev         unexpected-answer (repository-exists)

    FAILED (RED) [registry]/keepkey/api:latest-dev
      tag-exists failed: `[registry]/keepkey/api` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.
      passed     registry-honest, repository-exists
      skipped    manifest-intact, platform, layers-present, engines:
                 there is no manifest to look at
      not asked  digest-expected, revision-expected, immutable-tag, content-intact,
                 facts-expected, port, runtime
      service    api in development

    UNDECIDED (could not find out) [registry]/keepkey/worker:latest-dev
      repository-exists, tag-exists, manifest-intact, platform, layers-present, engines errored: the manifest of `latest-dev`: `[registry]` answered 400 (no content type, no text)
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
      passed     registry-honest
      not asked  digest-expected, revision-expected, immutable-tag, content-intact,
                 facts-expected, port, runtime
      service    worker in development

    note: support-email: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    note: the status of worker stays as it was: the verdict is UNDECIDED
    note: only the tag `latest-dev` is known to name this digest: when it moves on, a garbage collection of untagged manifests deletes the pinned image; push an immutable tag beside it and name it as `immutable_tag` in the config
    note: no record was written of the images that are not VERIFIED
    ----- stderr
    note: `notes` in `development.status` was replaced by what this run found; it said `ours`
    ----- records/development/support-email.json
    [a record]
    ----- status/development.status
    status: RED
    notes: "api: tag-missing: `[registry]/keepkey/api` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN` `manifest unknown`); verified in the registry: support-email"
    owner: team mail
    image.api: "RED [registry]/keepkey/api:latest-dev since [time] verified [time] reason tag-missing"
    image.support-email: "GREEN [registry]/keepkey/support-email:latest-dev@sha256:72aa2829510e[..64] since [time] verified [time]"
    last_updated: [time]
    "#);
}

#[test]
fn one_open_is_exit_3() {
    let stand_in = with_services();
    lie_of(&stand_in, "worker", Lie::status(400));
    let run = gate(&stand_in).args("--record-dir records").run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    let written: Vec<_> = run.files.keys().collect();
    assert_eq!(written, ["records/development/api.json", "records/development/support-email.json"]);
}

/// The exit code with each combination of verdicts: a no, refused credentials, nothing found out.
#[test]
fn the_worst_verdict_decides_the_exit_code() {
    let refused = || Lie::oci_error(403, "DENIED", "requested access is denied");
    for (api, support, worker, code) in [
        (Some(refused()), Some(Lie::status(400)), None, 4),
        (Some(refused()), Some(Lie::status(400)), Some(()), 1),
        (None, Some(Lie::status(400)), Some(()), 1),
        (Some(refused()), None, Some(()), 1),
        (Some(refused()), None, None, 4),
        (None, None, None, 0),
    ] {
        let stand_in = with_services();
        let told = format!("{api:?} {support:?} {worker:?}");
        for (service, lie) in [("api", api), ("support-email", support)] {
            if let Some(lie) = lie {
                lie_of(&stand_in, service, lie);
            }
        }
        if worker.is_some() {
            stand_in.untag("keepkey/worker", "latest-dev");
        }
        let run = gate(&stand_in).run();
        assert_eq!(run.code, Some(code), "{told}: {}", run.snapshot());
    }
}

#[test]
fn the_order_is_the_one_of_asking() {
    let stand_in = with_services();
    let run = Gate::at(&stand_in)
        .image("keepkey/worker:latest-dev")
        .image("keepkey/api:latest-dev")
        .image("keepkey/support-email:latest-dev")
        .arg("-q")
        .run();
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/worker:latest-dev [registry]/keepkey/api:latest-dev [registry]/keepkey/support-email:latest-dev -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) 3 images: 3 verified
      VERIFIED   [registry]/keepkey/worker:latest-dev         sha256:72aa2829510e
      VERIFIED   [registry]/keepkey/api:latest-dev            sha256:72aa2829510e
      VERIFIED   [registry]/keepkey/support-email:latest-dev  sha256:72aa2829510e
    ----- stderr
    ");
}

#[test]
fn the_same_image_twice_is_verified_once() {
    let stand_in = with_services();
    let run = Gate::at(&stand_in)
        .image("keepkey/api:latest-dev")
        .image("keepkey/api:latest-dev")
        .arg("-q")
        .run();
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/api:latest-dev [registry]/keepkey/api:latest-dev -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/api:latest-dev
    ----- stderr
    ");
    assert_eq!(stand_in.asked(&Route::ManifestByTag).len(), 1);
}

#[test]
fn images_come_from_standard_input() {
    let stand_in = with_services();
    let lines = format!(
        "{}\n\n  {}  \n",
        stand_in.reference("keepkey/api:latest-dev"),
        stand_in.reference("keepkey/worker:latest-dev")
    );
    insta::assert_snapshot!(Gate::at(&stand_in).args("- -q").stdin(&lines).snapshot(), @"
    $ verify-registry-image - -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) 2 images: 2 verified
      VERIFIED   [registry]/keepkey/api:latest-dev     sha256:72aa2829510e
      VERIFIED   [registry]/keepkey/worker:latest-dev  sha256:72aa2829510e
    ----- stderr
    ");
}

#[test]
fn nothing_on_standard_input_is_never_a_pass() {
    let stand_in = with_services();
    insta::assert_snapshot!(Gate::at(&stand_in).args("-").stdin("\n").snapshot(), @"
    $ verify-registry-image -
    exit code: 2
    ----- stdout
    ----- stderr
    error: nothing to verify: standard input holds no `IMAGE`
      hint: write one `IMAGE` per line
    ");
}

#[test]
fn one_job_asks_for_one_image_after_the_other() {
    let stand_in = with_options(Options { redirect_blobs: false, ..Options::default() });
    let run = gate(&stand_in).args("--jobs 1 -q").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let service = |target: &str| {
        SERVICES.into_iter().find(|name| target.contains(&format!("/keepkey/{name}/")))
    };
    let log = stand_in.asked_at(Origin::Registry);
    let mut order: Vec<_> = log.iter().filter_map(|entry| service(&entry.target)).collect();
    order.dedup();
    assert_eq!(order, SERVICES, "no image is begun before the one before it is done");
}

#[test]
fn what_needs_one_image_is_refused_with_several() {
    let stand_in = with_services();
    insta::assert_snapshot!(gate(&stand_in).args("--record record.json").snapshot(), @"
    $ verify-registry-image --environment development --record record.json
    exit code: 2
    ----- stdout
    ----- stderr
    error: `--record` needs exactly one image, but 3 are given
      hint: `--record-dir DIR` writes one record for each image
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn services_are_picked_by_name() {
    let stand_in = with_services();
    let gate = gate(&stand_in).args("--service worker --service api -q");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --environment development --service worker --service api -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) 2 images: 2 verified
      VERIFIED   [registry]/keepkey/worker:latest-dev  sha256:72aa2829510e
      VERIFIED   [registry]/keepkey/api:latest-dev     sha256:72aa2829510e
    ----- stderr
    ");
}

#[test]
fn a_service_that_is_not_in_the_config_is_named_with_those_that_are() {
    let stand_in = with_services();
    insta::assert_snapshot!(gate(&stand_in).args("--service wroker").snapshot(), @"
    $ verify-registry-image --environment development --service wroker
    exit code: 2
    ----- stdout
    ----- stderr
    error: the config file has no service `wroker`
      hint: did you mean `worker`?
    ");
}
