//! `--wait`: what each round asks for, and how the last one ends it.

use std::time::Duration;

use crate::immutable_tag::gate_with_immutable_tag;
use crate::stand_in::{Image, Index, Lie, Origin, Route, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";
const WANTED: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

/// How often the tag was asked for.
fn times_asked(stand_in: &StandIn) -> usize {
    stand_in.log().iter().filter(|entry| entry.target.ends_with("/manifests/latest-dev")).count()
}

/// A digest, as it stands in an address of the storage.
fn hex(digest: &str) -> &str {
    digest.strip_prefix("sha256:").expect("a digest")
}

/// An image whose immutable tag is not there yet, and a run that waits for it.
fn waiting_for_the_immutable_tag(
    stand_in: &StandIn,
    meanwhile: impl FnOnce(),
) -> crate::support::Run<'_> {
    let running =
        gate_with_immutable_tag(stand_in, &format!("{WANTED}-dev")).args("--wait 30s").start();
    running.wait_for("waiting for");
    meanwhile();
    stand_in.image(REPOSITORY, &format!("{WANTED}-dev"), Image::node_on_alpine());
    running.finish()
}

#[test]
fn a_layer_that_was_lost_during_the_wait_is_red() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = waiting_for_the_immutable_tag(&stand_in, || {
        stand_in.lie(Route::Storage.containing(hex(&pushed.layers[1])), Lie::status(404));
    });
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(run.stdout.contains("layers-present failed"), "{}", run.stdout);
}

#[test]
fn a_registry_that_affirms_everything_by_the_end_of_a_wait_is_not_believed() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let affirm = || Lie::AffirmAs("latest-dev".to_owned());
    let run = waiting_for_the_immutable_tag(&stand_in, || {
        stand_in.lie(Route::Control.sparing(WANTED), affirm());
    });
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     registry-not-honest"), "{}", run.stdout);
}

#[test]
fn the_layers_of_another_image_are_not_asked_for_and_cannot_decide() {
    let stand_in = StandIn::honest();
    let pushed = stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine().revision(OTHER));
    stand_in.lie(Route::Storage.sparing(hex(&pushed.config)), Lie::status(503));
    let run = gate(&stand_in).arg(format!("--expect-revision={WANTED}")).args("--wait 2s").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     revision-differs"), "{}", run.stdout);
    let blobs = stand_in.asked(&Route::Blob);
    assert!(blobs.iter().all(|entry| entry.target.contains(&pushed.config)), "{blobs:?}");
}

#[test]
fn the_tag_is_asked_for_once_more_at_the_end_however_long_the_look_before_took() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    let tag = Route::Control.containing("/latest-dev").after(1).first(2);
    stand_in.lie(tag, Lie::Late(Duration::from_secs(3)));
    let run = gate(&stand_in).args("--wait 3s").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert_eq!(times_asked(&stand_in), 3, "at once, after 2 s for 3 s, and once more");
}

#[test]
fn a_registry_that_hangs_at_the_end_of_a_wait_is_undecided() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    stand_in.lie(Route::Control.containing("/latest-dev").after(1), Lie::Hang);
    let run = gate(&stand_in).args("--wait 2s --deadline 5s").run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(run.stdout.contains("reason     deadline-passed"), "{}", run.stdout);
}

#[test]
fn what_concerns_the_whole_registry_is_asked_of_the_api_once_a_run() {
    let stand_in = StandIn::honest();
    stand_in.empty_repository(REPOSITORY);
    let run = gate(&stand_in).image("keepkey/support-email:v1").args("--wait 7s").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert_eq!(stand_in.asked(&Route::ApiTags).len(), 2, "at the beginning, and at the end");
    assert_eq!(stand_in.asked(&Route::ApiRegistries).len(), 1);
    assert_eq!(stand_in.asked(&Route::ApiGc).len(), 1);
}

#[test]
fn at_most_a_hundred_requests_of_a_run_go_to_the_api() {
    let stand_in = StandIn::honest();
    let mut gate = Gate::at(&stand_in);
    for number in 0..110 {
        let repository = format!("keepkey/service-{number}");
        stand_in.empty_repository(&repository);
        gate = gate.image(&format!("{repository}:latest-dev"));
        // The second one of the repository asks nothing more.
        gate = gate.image(&format!("{repository}:latest-prod"));
    }
    let run = gate.args("--format json").run();
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let at_api = stand_in.asked_at(Origin::Api);
    let asked = at_api.iter().filter(|entry| entry.route != Route::Token).count();
    assert_eq!(asked, 100);
    assert!(run.stdout.contains("not asked, because 100 requests of this run went to the API"));
}

#[test]
fn an_immutable_tag_that_a_label_names_is_asked_for_beside_the_layers() {
    let stand_in = StandIn::honest();
    let image = || Image::node_on_alpine().revision(WANTED);
    let pushed = stand_in.image(REPOSITORY, "latest-dev", image());
    stand_in.image(REPOSITORY, &format!("{WANTED}-dev"), image());
    let layers = Route::Storage.sparing(hex(&pushed.config));
    stand_in.lie(layers, Lie::Late(Duration::from_secs(2)));
    let run = gate_with_immutable_tag(&stand_in, "{revision}-dev").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let log = stand_in.log();
    let immutable = log.iter().find(|entry| entry.target.contains(WANTED)).expect("it was asked");
    let first_layer = log
        .iter()
        .filter(|entry| entry.route == Route::Storage)
        .filter(|entry| !entry.target.contains(hex(&pushed.config)))
        .filter_map(|entry| entry.end)
        .min()
        .expect("a layer came");
    assert!(immutable.start < first_layer, "{immutable:?}");
}

/// No image that is pushed later can have the digest of a config; one that an index lists may be tagged itself.
#[test]
fn a_wait_for_an_image_id_ends_at_once_and_one_for_a_listed_image_does_not() {
    let stand_in = StandIn::honest();
    let index = Index::of_two_platforms(&Image::node_on_alpine());
    let pushed = stand_in.image(REPOSITORY, "latest-dev", index);
    for child in &pushed.children[..2] {
        stand_in.clear_log();
        let expected = format!("--expect-digest {} --wait 10m", child.config);
        let run = gate(&stand_in).args(&expected).run();
        assert_eq!(run.code, Some(1), "{}", run.snapshot());
        assert!(run.stdout.contains("(the image ID)"), "{}", run.snapshot());
        assert_eq!(times_asked(&stand_in), 1);
    }
    let expected = format!("--expect-digest {} --wait 10m", pushed.children[0].digest);
    let running = gate(&stand_in).args(&expected).start();
    running.wait_for("waiting for");
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = running.finish();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}
