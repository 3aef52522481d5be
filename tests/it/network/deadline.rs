//! One deadline for the whole run, and what is written when it has passed.

use crate::faults::{REPOSITORY, until_the_deadline};
use crate::stand_in::{Image, Lie, Route, StandIn};
use crate::support::Gate;

#[test]
fn images_that_were_not_reached_are_in_the_junit_file() {
    let (run, third) = until_the_deadline(|deadline| {
        let stand_in = StandIn::honest();
        for tag in ["first", "second", "third"] {
            stand_in.image(REPOSITORY, tag, Image::node_on_alpine());
        }
        stand_in.lie(Route::ManifestByTag.containing("/second"), Lie::Hang);
        let gate = ["first", "second", "third"]
            .into_iter()
            .fold(Gate::at(&stand_in), |gate, tag| gate.image(&format!("{REPOSITORY}:{tag}")));
        let gate = gate.redact(deadline, "--deadline [deadline]").args(deadline);
        let run = gate.args("--jobs 1 --junit junit.xml").run();
        let asked = stand_in.asked(&Route::ManifestByTag);
        let of = |tag: &str| asked.iter().filter(|entry| entry.target.ends_with(tag)).count();
        let junit = run.file("junit.xml").to_owned();
        (of("second") > 0).then(|| ((run.snapshot(), junit), of("third")))
    });
    let (shown, junit) = run;
    let document = roxmltree::Document::parse(&junit).expect("well-formed XML");
    let suites = document.descendants().filter(|node| node.has_tag_name("testsuite"));
    let counts: Vec<_> = suites
        .map(|suite| {
            ["tests", "errors", "failures"].map(|name| suite.attribute(name).unwrap_or("-"))
        })
        .collect();
    insta::assert_snapshot!(format!("{counts:?}"), @r#"[["14", "0", "0"], ["14", "6", "0"], ["14", "6", "0"]]"#);
    insta::assert_snapshot!(shown.split("----- junit.xml").next().unwrap(), @"
    $ verify-registry-image [registry]/keepkey/support-email:first [registry]/keepkey/support-email:second [registry]/keepkey/support-email:third --deadline [deadline] --jobs 1 --junit junit.xml
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) 3 images: 2 undecided, 1 verified
      VERIFIED   [registry]/keepkey/support-email:first   sha256:72aa2829510e
      UNDECIDED  [registry]/keepkey/support-email:second  deadline-passed (repository-exists)
      UNDECIDED  [registry]/keepkey/support-email:third   deadline-passed (repository-exists)

    UNDECIDED (could not find out) [registry]/keepkey/support-email:second
      [checks of the manifest] errored: the manifest of `second`: `[registry]` had not answered when the run's deadline passed
        reason     deadline-passed
        next       Give the run more time with `--deadline`, or find out why the registry is slow.
      service    support-email

    UNDECIDED (could not find out) [registry]/keepkey/support-email:third
      [checks of the manifest] errored: the manifest of `third`: `[registry]` was not asked: the run's deadline had passed
        reason     deadline-passed
        next       Give the run more time with `--deadline`, or find out why the registry is slow.
      service    support-email

    note: support-email: found, but not proven to be this commit's: `first` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    ");
    assert_eq!(third, 0, "it was not asked for");
}

#[test]
fn a_reader_that_reads_nothing_keeps_no_run_beyond_its_deadline() {
    let stand_in = StandIn::honest();
    let tags: Vec<_> = (0..200).map(|number| format!("{REPOSITORY}:tag-{number}")).collect();
    for tag in &tags {
        let tag = tag.rsplit(':').next().unwrap();
        stand_in.image(REPOSITORY, tag, Image::empty().layer_of(9, "COPY . /app"));
    }
    let images = tags.iter().fold(String::new(), |all, tag| all + &stand_in.reference(tag) + "\n");
    // More than fits into a pipe.
    let gate = Gate::at(&stand_in).stdin(&images).args("- --format json --deadline 5s").through(
        "mkfifo pipe && { sleep 600 < pipe & sleeper=$!; \"$@\" > pipe; code=$?; kill $sleeper; exit $code; }",
    );
    let run = gate.run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
}
