//! The packed `verify` command against the stand-in, in the image and on the host: the same answer in both.

use serde_json::Value;

use crate::job::{COMMIT, Job, Outcome, PLACES};
use crate::stand_in::{ClosedPort, Image, Index, StandIn};

const CONFIG: &str = "\
registry: $DIGITALOCEAN_REGISTRY_HOST/keepkey
environments:
  development:
    tag: latest-dev
    branch: develop
services:
  support-email: { port: 5001 }
  support-web: {}
status:
  directory: status
";

/// Where the records are that the job stores.
const STORED: &str = "test-results/verify-registry-image/of-this-job/artifacts/deployment-record";

fn stand_in() -> StandIn {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine().revision(COMMIT);
    stand_in.image("keepkey/support-email", "latest-dev", image.clone());
    stand_in.image("keepkey/support-web", "latest-dev", Index::of_two_platforms(&image));
    stand_in
}

fn assert_no_secret(job: &Job, outcome: &Outcome, stand_in: &StandIn) {
    for secret in stand_in.given_out_tokens().iter().map(String::as_str).chain([stand_in.token()]) {
        assert!(!outcome.shown.contains(secret), "a secret is in the output");
        assert!(!job.contents().contains(secret), "a secret is in a file");
    }
}

fn image(tag: &str) -> String {
    format!("{{image: '$DIGITALOCEAN_REGISTRY_HOST/keepkey/support-email:{tag}'}}")
}

#[test]
fn a_whole_image_is_green_with_its_record() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in);
        let outcome = job.verify(place, &image("latest-dev"));
        assert_eq!(outcome.code, 0, "{place:?} {}", outcome.shown);
        assert_no_secret(&job, &outcome, &stand_in);
        let record: Value =
            serde_json::from_str(&job.read("deployment-record/record.json")).unwrap();
        assert_eq!(record["verification"]["result"], "VERIFIED", "{place:?}");
        assert!(record.to_string().contains(COMMIT), "{place:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(outcome.files, @"
            deployment-record/record.json
            test-results/verify-registry-image/of-this-job/artifacts/deployment-record/record.json
            test-results/verify-registry-image/of-this-job/artifacts/report.html
            test-results/verify-registry-image/of-this-job/artifacts/verify-registry-image.xml
            test-results/verify-registry-image/of-this-job/workspace/deployment-record/record.json
            test-results/verify-registry-image/report.html
            test-results/verify-registry-image/verify-registry-image.xml
            ");
            insta::assert_snapshot!(outcome.tests, @"
            registry-honest: passed
            repository-exists: passed
            tag-exists: passed
            manifest-intact: passed
            digest-expected: skipped
            revision-expected: passed
            immutable-tag: skipped
            platform: passed
            layers-present: passed
            content-intact: skipped
            engines: passed
            facts-expected: skipped
            port: skipped
            runtime: skipped
            ");
        }
    }
}

#[test]
fn a_missing_tag_is_red_without_a_record() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in);
        // An older, green run left a record: it must not stand for this one.
        assert_eq!(job.verify(place, &image("latest-dev")).code, 0);
        stand_in.untag("keepkey/support-email", "latest-dev");
        let outcome = job.verify(place, &image("latest-dev"));
        assert_eq!(outcome.code, 1, "{place:?} {}", outcome.shown);
        assert_no_secret(&job, &outcome, &stand_in);
        insta::allow_duplicates! {
            insta::assert_snapshot!(outcome.files, @"
            test-results/verify-registry-image/failure-reason.env
            test-results/verify-registry-image/of-this-job/artifacts/failure-reason.env
            test-results/verify-registry-image/of-this-job/artifacts/report.html
            test-results/verify-registry-image/of-this-job/artifacts/verify-registry-image.xml
            test-results/verify-registry-image/report.html
            test-results/verify-registry-image/verify-registry-image.xml
            ");
            insta::assert_snapshot!(outcome.tests, @"
            registry-honest: passed
            repository-exists: passed
            tag-exists: failure
            manifest-intact: skipped
            digest-expected: skipped
            revision-expected: skipped
            immutable-tag: skipped
            platform: skipped
            layers-present: skipped
            content-intact: skipped
            engines: skipped
            facts-expected: skipped
            port: skipped
            runtime: skipped
            ");
        }
    }
}

#[test]
fn a_run_that_gives_up_at_once_keeps_nothing_of_an_earlier_green_one() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in);
        let parameters = image("latest-dev").replace('}', ", pulumi_config: true}");
        let green = job.verify(place, &parameters);
        assert_eq!(green.code, 0, "{place:?} {}", green.shown);
        assert!(green.files.contains("pulumi-config.yaml"), "{}", green.files);
        let outcome = job.verify(place, &parameters.replace('}', ", wait: oops}"));
        assert_eq!(outcome.code, 2, "{place:?} {}", outcome.shown);
        assert_eq!(outcome.files, "", "{place:?}");
    }
}

#[test]
fn the_fragment_for_pulumi_is_written_with_an_environment() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in).file("verify-registry-image.yml", CONFIG);
        let parameters =
            "{image: 'support-email:latest-dev', environment: development, pulumi_config: true}";
        let outcome = job.verify(place, parameters);
        assert_eq!(outcome.code, 0, "{place:?} {}", outcome.shown);
        insta::allow_duplicates! { insta::assert_snapshot!(outcome.files, @"
        deployment-record/development/support-email.json
        deployment-record/pulumi-config.yaml
        test-results/verify-registry-image/of-this-job/artifacts/deployment-record/development/support-email.json
        test-results/verify-registry-image/of-this-job/artifacts/deployment-record/pulumi-config.yaml
        test-results/verify-registry-image/of-this-job/artifacts/report.html
        test-results/verify-registry-image/of-this-job/artifacts/verify-registry-image.xml
        test-results/verify-registry-image/of-this-job/workspace/deployment-record/development/support-email.json
        test-results/verify-registry-image/of-this-job/workspace/deployment-record/pulumi-config.yaml
        test-results/verify-registry-image/report.html
        test-results/verify-registry-image/verify-registry-image.xml
        "); }
        // Of several images it is one file.
        let several = job.verify(place, "{environment: development, pulumi_config: true}");
        assert_eq!(several.code, 0, "{place:?} {}", several.shown);
        assert!(
            several.files.contains("deployment-record/pulumi-config.yaml"),
            "{}",
            several.files
        );
    }
}

#[test]
fn another_digest_than_the_pushed_one_is_red() {
    for place in PLACES {
        let stand_in = stand_in();
        let other = stand_in.image("keepkey/support-email", "other", Image::node_on_alpine());
        let job = Job::new(&stand_in).file(
            "digest.txt",
            &format!("{}@{}\n", stand_in.reference("keepkey/support-email"), other.digest),
        );
        let parameters = image("latest-dev").replace('}', ", digest_file: digest.txt}");
        let outcome = job.verify(place, &parameters);
        assert_eq!(outcome.code, 1, "{place:?} {}", outcome.shown);
        assert!(outcome.tests.contains("digest-expected: failure"), "{}", outcome.tests);
    }
}

#[test]
fn another_commit_than_the_pipelines_is_red() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in).with("CIRCLE_SHA1", &"1".repeat(40));
        let outcome = job.verify(place, &image("latest-dev"));
        assert_eq!(outcome.code, 1, "{place:?} {}", outcome.shown);
        assert!(outcome.tests.contains("revision-expected: failure"), "{}", outcome.tests);
    }
}

#[test]
fn a_wrong_token_is_red_and_says_so() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in).with("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_wrong0123456789");
        let outcome = job.verify(place, &image("latest-dev"));
        assert_eq!(outcome.code, 4, "{place:?} {}", outcome.shown);
        assert!(outcome.tests.contains("tag-exists: error"), "{}", outcome.tests);
        assert!(
            !outcome.shown.contains("wrong0123456789")
                && !job.contents().contains("wrong0123456789")
        );
    }
}

#[test]
fn a_registry_that_is_down_is_red_and_undecided() {
    for place in PLACES {
        let stand_in = stand_in();
        let closed = ClosedPort::new();
        let job = Job::new(&stand_in).with("DIGITALOCEAN_REGISTRY_HOST", &closed.host());
        let parameters = image("latest-dev").replace('}', ", deadline: 5s}");
        let outcome = job.verify(place, &parameters);
        assert_eq!(outcome.code, 3, "{place:?} {}", outcome.shown);
        assert!(outcome.tests.contains("tag-exists: error"), "{}", outcome.tests);
        assert!(!outcome.files.contains("record"), "{}", outcome.files);
    }
}

#[test]
fn nothing_in_a_branch_name_is_run() {
    for place in PLACES {
        for branch in ["$(touch x);id", "`touch x`", "x\ntouch x", "'; touch x; '"] {
            let stand_in = stand_in();
            for parameters in [image("$CIRCLE_BRANCH"), "{}".to_owned()] {
                let job = Job::new(&stand_in)
                    .with("CIRCLE_BRANCH", branch)
                    .file("verify-registry-image.yml", CONFIG);
                let outcome = job.verify(place, &parameters);
                assert_eq!(outcome.code, 2, "{place:?} {branch:?} {}", outcome.shown);
                assert!(!job.path("x").exists(), "{place:?} {branch:?} was run");
                assert!(!outcome.shown.contains("uid="), "{place:?} {branch:?} was run");
            }
            assert_eq!(stand_in.log().len(), 0, "nothing is asked before everything is clear");
        }
    }
}

#[test]
fn without_parameters_there_is_nothing_to_verify_and_that_is_red() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in);
        let outcome = job.verify(place, "{}");
        assert_eq!(outcome.code, 2, "{place:?} {}", outcome.shown);
        assert_eq!(stand_in.log().len(), 0);
        let mut without_token = Job::new(&stand_in);
        without_token.environment.remove("DIGITALOCEAN_ACCESS_TOKEN");
        assert_eq!(without_token.verify(place, &image("latest-dev")).code, 2);
        let unset = Job::new(&stand_in).verify(place, &image("$NOT_SET"));
        assert_eq!(unset.code, 2, "{}", unset.shown);
    }
}

#[test]
fn every_service_of_a_config_is_verified_and_one_missing_is_enough() {
    for place in PLACES {
        let stand_in = stand_in();
        let job = Job::new(&stand_in)
            .file("verify-registry-image.yml", CONFIG)
            .file("status/development.status", "notes: kept by hand\nhealth_check: GREEN\n");
        let outcome = job.verify(place, "{update_status: true}");
        assert_eq!(outcome.code, 0, "{place:?} {}", outcome.shown);
        assert!(job.read("status/development.status").contains("status: GREEN"));
        insta::allow_duplicates! { insta::assert_snapshot!(outcome.files, @"
        deployment-record/development/support-email.json
        deployment-record/development/support-web.json
        status/development.status
        test-results/verify-registry-image/of-this-job/artifacts/deployment-record/development/support-email.json
        test-results/verify-registry-image/of-this-job/artifacts/deployment-record/development/support-web.json
        test-results/verify-registry-image/of-this-job/artifacts/report.html
        test-results/verify-registry-image/of-this-job/artifacts/verify-registry-image.xml
        test-results/verify-registry-image/of-this-job/workspace/deployment-record/development/support-email.json
        test-results/verify-registry-image/of-this-job/workspace/deployment-record/development/support-web.json
        test-results/verify-registry-image/report.html
        test-results/verify-registry-image/verify-registry-image.xml
        "); }

        stand_in.untag("keepkey/support-web", "latest-dev");
        let parameters = "{environment: development, update_status: true, status_dir: status}";
        let outcome = job.verify(place, parameters);
        assert_eq!(outcome.code, 1, "{place:?} {}", outcome.shown);
        let kept =
            job.read("test-results/verify-registry-image/of-this-job/artifacts/status-of-this-run/development.status");
        assert!(kept.contains("status: RED"), "{kept}");
        assert!(job.read("status/development.status").contains("status: RED"));
        assert!(job.path("deployment-record/development/support-email.json").exists());
        assert!(!job.path("deployment-record/development/support-web.json").exists());
        // What the job stores: the record of the image that is verified, of this red run, too.
        let kept = outcome.files.lines().filter(|file| file.starts_with(STORED));
        assert_eq!(
            kept.collect::<Vec<_>>().join(" "),
            format!("{STORED}/development/support-email.json")
        );
    }
}

#[test]
fn no_variable_switches_the_gate_off() {
    let stand_in = stand_in();
    stand_in.untag("keepkey/support-web", "latest-dev");
    // What does something instead of verifying is refused, and what there is not is not read.
    let switches = [
        ("VERIFY_REGISTRY_IMAGE_VERSION", "1", 2),
        ("VERIFY_REGISTRY_IMAGE_HELP", "1", 2),
        ("VERIFY_REGISTRY_IMAGE_LIST_CHECKS", "1", 2),
        ("VERIFY_REGISTRY_IMAGE_SCHEMA", "record", 2),
        ("VERIFY_REGISTRY_IMAGE_COMPLETIONS", "bash", 2),
        ("VERIFY_REGISTRY_IMAGE_DRAW_STATUS", "1", 2),
        ("VERIFY_REGISTRY_IMAGE_DRY_RUN", "1", 1),
    ];
    for place in PLACES {
        for (name, value, code) in switches {
            let job = Job::new(&stand_in).with(name, value);
            let outcome = job.verify(place, &image("missing"));
            assert_eq!(outcome.code, code, "{place:?} {name} {}", outcome.shown);
            let job = job.file("verify-registry-image.yml", CONFIG);
            let outcome = job.verify(place, "{}");
            assert_eq!(outcome.code, code, "{place:?} {name} {}", outcome.shown);
        }
    }
}

#[test]
fn a_results_folder_that_cannot_be_written_is_red() {
    let stand_in = stand_in();
    for place in PLACES {
        let job = Job::new(&stand_in);
        let parameters = image("latest-dev").replace('}', ", results_dir: /proc/results}");
        let outcome = job.verify(place, &parameters);
        assert_eq!(outcome.code, 2, "{place:?} {}", outcome.shown);
    }
    assert_eq!(stand_in.log().len(), 0);
}
