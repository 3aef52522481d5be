//! The tag that cannot exist: what its answer shows, and what it does not.

use crate::stand_in::{Auth, Image, Lie, Options, Origin, Route, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

fn with_image(options: Options) -> StandIn {
    let stand_in = StandIn::start(options);
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in
}

/// What Artifactory answers for a tag that is not there.
fn refusal() -> Lie {
    let said = "The client does not have permission for manifest: keepkey/support-email";
    Lie::oci_error(403, "UNAUTHORIZED", said)
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

#[test]
fn a_control_that_is_refused_while_the_tag_is_served_is_told_apart() {
    let stand_in = with_image(Options::default());
    stand_in.lie(Route::Control, refusal());
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
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
    note: registry-honest: the registry did not deny a tag that cannot exist in its own words (`[registry]` refused the credentials: 403 `UNAUTHORIZED` `The client does not have permission for manifest: keepkey/support-email`); the same login was served a manifest of the repository, so it tells the two apart
    ----- stderr
    ");
    let at_api = stand_in.asked_at(Origin::Api);
    assert!(at_api.iter().all(|entry| entry.route == Route::Token), "{at_api:?}");
}

#[test]
fn so_it_is_at_any_other_registry_and_with_any_other_4xx_that_is_no_trouble() {
    let pages = [Lie::html(403), Lie::html(404), Lie::status(400), Lie::status(451), refusal()];
    for lie in pages {
        let stand_in = with_image(Options { auth: Auth::Anonymous, ..Options::default() });
        stand_in.lie(Route::Control, lie);
        let run = gate(&stand_in)
            .without_env("DIGITALOCEAN_API_URL")
            .without_env("DIGITALOCEAN_REGISTRY_HOST")
            .without_env("DIGITALOCEAN_ACCESS_TOKEN")
            .run();
        assert_eq!(run.code, Some(0), "{}", run.snapshot());
        assert!(run.stdout.contains("so it tells the two apart"), "{}", run.stdout);
    }
}

#[test]
fn another_image_of_the_repository_tells_it_apart_too() {
    let stand_in = with_image(Options::default());
    stand_in.lie(Route::Control.sparing("never-pushed"), refusal());
    // Whichever of the two is answered first.
    let gate = gate(&stand_in).image("keepkey/support-email:never-pushed").args("--format json");
    let run = gate.run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    assert!(!run.stdout.contains("credentials-refused"), "{}", run.stdout);
}

#[test]
fn a_control_that_is_refused_while_nothing_was_served_is_refused_credentials() {
    let stand_in = with_image(Options::default());
    stand_in.lie(Route::Control, refusal());
    stand_in.lie(Route::ManifestByTag, Lie::status(400));
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
}

#[test]
fn a_control_that_could_not_be_asked_is_undecided() {
    let stand_in = with_image(Options::default());
    stand_in.lie(Route::Control, Lie::status(501));
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(run.stdout.contains("registry-honest errored"), "{}", run.stdout);
}

#[test]
fn nothing_in_between_can_know_the_control() {
    let stand_in = with_image(Options::default());
    assert_eq!(gate(&stand_in).run().code, Some(0));
    let asked = stand_in.asked(&Route::Control);
    let (_, tag) = asked[0].target.rsplit_once('/').expect("a path");
    let commit = tag.strip_suffix("-dev").expect("the end of the tag that is verified");
    assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{tag}");
}
