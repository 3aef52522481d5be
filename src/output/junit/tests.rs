use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::*;
use crate::report::fixtures::{self, SUPPORT_EMAIL};
use crate::report::{CheckId, Reason};

const FILE: &str = "verify-registry-image.yml";

fn junit(images: Vec<ImageReport>) -> String {
    text(&fixtures::report(images), FILE).unwrap()
}

#[test]
fn a_missing_tag_is_a_failure_with_a_diagnosis() {
    insta::assert_snapshot!(junit(vec![fixtures::missing()]), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="verify-registry-image" tests="14" skipped="11" failures="1" errors="0" time="0.412">
        <testsuite name="registry.digitalocean.com/keepkey/support-email" tests="14" skipped="11" errors="0" failures="1" time="0.063" timestamp="2026-11-25T09:30:00Z">
            <testcase name="registry-honest" classname="registry.digitalocean.com/keepkey/support-email" time="0.021" file="verify-registry-image.yml">
                <system-out>the registry denies a tag that cannot exist</system-out>
            </testcase>
            <testcase name="repository-exists" classname="registry.digitalocean.com/keepkey/support-email" time="0.021" file="verify-registry-image.yml">
                <system-out>the registry serves `keepkey/support-email`</system-out>
            </testcase>
            <testcase name="tag-exists" classname="registry.digitalocean.com/keepkey/support-email" time="0.021" file="verify-registry-image.yml">
                <failure message="tag-missing: `support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)" type="tag-missing">registry.digitalocean.com/keepkey/support-email:latest-dev
    `support-email` has no tag `latest-dev` (404 `MANIFEST_UNKNOWN`)
    expected: latest-dev
    observed: latest-dev2, latest-prod
    reason: tag-missing: The registry answers, and has no such tag.
    next: look whether the push job is in this workflow:
      https://app.circleci.com/pipelines/workflows/w-1
    look whether it failed
    start a pipeline on `develop`</failure>
            </testcase>
            <testcase name="manifest-intact" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="digest-expected" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="revision-expected" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="immutable-tag" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="platform" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="layers-present" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="content-intact" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="engines" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="facts-expected" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="port" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <testcase name="runtime" classname="registry.digitalocean.com/keepkey/support-email" time="0.000" file="verify-registry-image.yml">
                <skipped message="there is no manifest to look at"/>
            </testcase>
            <system-out>FAILED registry.digitalocean.com/keepkey/support-email:latest-dev
    environment: development
    tag answered at: 2026-11-25T09:30:02Z</system-out>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn what_could_not_be_found_out_is_an_error_and_not_a_failure() {
    let text = junit(vec![fixtures::refused()]);
    let document = Document::parse(&text).unwrap();
    let suites = document.root_element();
    assert_eq!((suites.attribute("failures"), suites.attribute("errors")), (Some("0"), Some("3")));
}

#[test]
fn names_hold_neither_tag_nor_digest_and_the_environment_only_where_it_distinguishes() {
    let mut production = fixtures::verified();
    production.request.environment = Some("production".into());
    production.request.reference =
        "registry.digitalocean.com/keepkey/support-email:latest-prod".parse().unwrap();
    let worker = fixtures::image("registry.digitalocean.com/keepkey/worker:latest-dev", &[]);
    let text = junit(vec![fixtures::verified(), production, worker]);
    let document = Document::parse(&text).unwrap();
    let mut names: Vec<_> = cases(&document)
        .map(|case| {
            format!(
                "{} | {}",
                case.attribute("classname").unwrap(),
                case.attribute("name").unwrap()
            )
        })
        .collect();
    assert!(cases(&document).all(|case| case.attribute("file") == Some(FILE)));
    assert!(cases(&document).all(|case| case.attribute("time").is_some()));
    names.retain(|name| name.ends_with("tag-exists"));
    insta::assert_snapshot!(names.join("\n"), @r"
    registry.digitalocean.com/keepkey/support-email (development) | tag-exists
    registry.digitalocean.com/keepkey/support-email (production) | tag-exists
    registry.digitalocean.com/keepkey/worker | tag-exists
    ");
}

#[test]
fn no_two_images_of_a_run_share_their_names() {
    let image = |reference: &str, environment: Option<&str>, service: &str| {
        let mut it = fixtures::verified();
        it.request.reference = format!("r.example/{reference}").parse().unwrap();
        it.request.environment = environment.map(str::to_owned);
        it.request.service.name = service.to_owned();
        it
    };
    let (a, b) = (fixtures::digest("a"), fixtures::digest("b"));
    let images = vec![
        // Two tags, in one environment and in none; two services of one image; two digests.
        image("api:1", Some("development"), "api"),
        image("api:2", Some("development"), "api"),
        image("api:1", Some("production"), "api"),
        image("web:1", None, "web"),
        image("web:2", None, "web"),
        image("one:1", Some("development"), "first"),
        image("one:1", Some("development"), "second"),
        image(&format!("two@{a}"), None, "two"),
        image(&format!("two@{b}"), None, "two"),
        image("alone:1", Some("development"), "alone"),
    ];
    let text = junit(images);
    let document = Document::parse(&text).unwrap();
    let suites = document.descendants().filter(|node| node.has_tag_name("testsuite"));
    let names: Vec<String> =
        suites.map(|suite| suite.attribute("name").unwrap().replace(&a.to_string(), "A")).collect();
    insta::assert_snapshot!(names.join("\n").replace(&b.to_string(), "B"), @r"
    r.example/api (development) (1)
    r.example/api (development) (2)
    r.example/api (production)
    r.example/web (1)
    r.example/web (2)
    r.example/one (development) (1) (first)
    r.example/one (development) (1) (second)
    r.example/two (two) (A)
    r.example/two (two) (B)
    r.example/alone
    ");
}

fn cases<'a>(document: &'a Document<'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name("testcase"))
}

/// A reader's view: whether any case is red.
fn is_red(text: &str) -> bool {
    let document = Document::parse(text).unwrap();
    let red = |node: Node<'_, '_>| node.has_tag_name("failure") || node.has_tag_name("error");
    document.descendants().any(red)
}

#[test]
fn a_case_is_red_exactly_when_the_verdict_is() {
    let mut nothing_ran = fixtures::verified();
    for result in &mut nothing_ran.results {
        result.outcome = Outcome::not_asked("not asked");
    }
    for image in [
        fixtures::verified(),
        fixtures::missing(),
        fixtures::stale(),
        fixtures::undecided(),
        fixtures::refused(),
        nothing_ran,
    ] {
        let verified = image.verdict() == Verdict::Verified;
        assert_eq!(is_red(&junit(vec![image])), !verified);
    }
}

#[test]
fn every_failure_has_a_message_of_one_line_and_a_text() {
    for image in [fixtures::missing(), fixtures::stale(), fixtures::undecided()] {
        let text = junit(vec![image]);
        let document = Document::parse(&text).unwrap();
        for case in cases(&document) {
            let outcomes: Vec<_> = case
                .children()
                .filter(|node| {
                    ["failure", "error", "skipped"].iter().any(|tag| node.has_tag_name(*tag))
                })
                .collect();
            assert!(outcomes.len() <= 1);
            for outcome in outcomes {
                assert!(!outcome.attribute("message").unwrap().contains('\n'));
                let explained = outcome.text().is_some_and(|text| text.contains("next: "));
                assert!(explained || outcome.has_tag_name("skipped"), "{outcome:?}");
            }
        }
    }
}

fn saying(message: &str) -> String {
    let finding = Finding::new(Reason::PortNotExposed, message);
    junit(vec![fixtures::image(SUPPORT_EMAIL, &[(CheckId::Port, Outcome::Failed(finding))])])
}

/// What is not ours is neither replaced nor removed.
#[test]
fn only_a_document_of_this_program_is_ours() {
    let own = junit(vec![fixtures::verified()]);
    assert!(is_ours(own.as_bytes()));
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    for other in [
        format!("{head}<testsuites name=\"another-program\"></testsuites>"),
        own.replace(head, ""),
        String::new(),
    ] {
        assert!(!is_ours(other.as_bytes()), "{other}");
    }
}

#[test]
fn markup_stays_text() {
    let hostile = "]]> <script>&amp;\"' \u{1b}[31m \u{0} \u{b} \u{fffe} \u{202e}";
    let text = saying(hostile);
    let document = Document::parse(&text).unwrap();
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    insta::assert_snapshot!(failure.attribute("message").unwrap(), @r#"port-not-exposed: ]]> <script>&amp;"' [31m"#);
    assert!(!document.descendants().any(|node| node.has_tag_name("script")));
}

proptest! {
    #[test]
    fn it_is_well_formed_whatever_the_registry_sent(texts in fixtures::texts()) {
        let text = junit(fixtures::saying(&texts));
        let document = Document::parse(&text).unwrap();
        prop_assert_eq!(cases(&document).count(), 2 * CheckId::ALL.len());
        prop_assert_eq!(document.root_element().attribute("failures"), Some("1"));
        prop_assert_eq!(document.root_element().attribute("errors"), Some("1"));
    }

    #[test]
    fn every_single_character_is_survived(character: char) {
        let text = saying(&character.to_string());
        prop_assert!(Document::parse(&text).is_ok());
    }
}
