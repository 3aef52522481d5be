//! The run ends at its deadline, whatever is under way, and its outputs are written.

use std::time::{Duration, Instant};

use crate::faults::REPOSITORY;
use crate::stand_in::{Image, Options, StandIn};
use crate::support::Gate;

#[test]
fn a_deadline_over_many_slow_answers_ends_the_run_with_every_output_written() {
    let answer_delay = Duration::from_millis(900);
    let stand_in = StandIn::start(Options { answer_delay, ..Options::default() });
    let tags: Vec<String> = (0..20).map(|number| format!("build-{number:02}")).collect();
    for tag in &tags {
        stand_in.image(REPOSITORY, tag, Image::node_on_alpine());
    }
    let mut gate = Gate::at(&stand_in).args("--deadline 3s --jobs 2 --junit junit.xml");
    for tag in &tags {
        gate = gate.image(&format!("{REPOSITORY}:{tag}"));
    }
    let started = Instant::now();
    let run = gate.run();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    let junit = roxmltree::Document::parse(run.file("junit.xml")).unwrap();
    let number = |node: roxmltree::Node<'_, '_>, name: &str| -> u32 {
        node.attribute(name).and_then(|text| text.parse().ok()).expect("a number")
    };
    assert_eq!(number(junit.root_element(), "failures"), 0, "{}", run.file("junit.xml"));
    let suites: Vec<_> =
        junit.descendants().filter(|node| node.has_tag_name("testsuite")).collect();
    assert_eq!(suites.len(), 20);
    assert!(suites.iter().all(|suite| number(*suite, "errors") > 0), "{}", run.file("junit.xml"));
    let last = suites[19].descendants().find(|node| node.has_tag_name("error")).unwrap();
    insta::assert_snapshot!(run.redacted(last.attribute("message").unwrap()), @"deadline-passed: the manifest of `build-19`: `[registry]` was not asked any more: the run's deadline had passed");
}
