//! What is said to who set the orb's parameters and typed no option.

use crate::stand_in::{Image, Lie, Route, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in)
        .image("keepkey/support-email:latest-dev")
        .env("VERIFY_REGISTRY_IMAGE_ORB", "1")
}

#[test]
fn a_note_and_a_hint_name_the_parameters_of_the_orb() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    let run = gate(&stand_in).args("--junit junit.xml").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let note = "give parameter `expect_digest`, parameter `revision` or an `immutable_tag`";
    for output in [&run.stdout, run.file("junit.xml")] {
        assert!(output.contains(note) && !output.contains("--expect"), "{}", run.snapshot());
    }
    stand_in.image(REPOSITORY, "latest-dev", Image::empty().layer_of(64, "COPY . ."));
    let run = gate(&stand_in).args("--port 9999").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    let hint = "Add `EXPOSE 9999` to the Dockerfile, or omit parameter `port`.";
    assert!(run.stdout.contains(hint), "{}", run.snapshot());
}

/// A hint that none of the checks words, but the list of the reasons.
#[test]
fn the_advice_for_a_reason_names_the_parameters_of_the_orb() {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in.lie(Route::ManifestByTag, Lie::Hang);
    let run = gate(&stand_in).args("--deadline 1s").run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(
        run.stdout.contains("Give the run more time with parameter `deadline`"),
        "{}",
        run.snapshot()
    );
}

#[test]
fn an_output_that_cannot_be_written_is_named_by_its_parameter() {
    let stand_in = StandIn::honest();
    let said = |arguments: &str| {
        let run = gate(&stand_in).file("package.json", "{}").args(arguments).run();
        assert_eq!(run.code, Some(2), "{}", run.snapshot());
        run.stderr
    };
    let told = [said("--junit none/junit.xml"), said("--record package.json")];
    insta::assert_snapshot!(told.concat(), @"
    error: cannot write `none/junit.xml` (parameter `results_dir`): its folder does not exist
      hint: make the folder first: `mkdir -p none`
    error: `package.json` (parameter `record_dir`) already exists and is not a deployment record of ours
      hint: name another path, or remove the file if nobody needs it
    ");
}
