use std::time::Duration;

use insta::assert_snapshot as said;

use super::*;
use crate::checks::tests::sample::{Sample, unknown};
use crate::observation::{Attested, Fact};
use crate::oci::{Attestation, AttestationKind};
use crate::report::CheckId;
use crate::request::Pattern;

fn said_of(sample: &mut Sample, facts: Vec<ExpectedFact>) -> String {
    sample.expectation().facts = facts;
    sample.said(CheckId::FactsExpected)
}

fn is(text: &str) -> TextRule {
    TextRule::Is(text.into())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn manifest(sample: &mut Sample) -> &mut ImageManifest {
    match &mut sample.observation.images[0].manifest {
        Fact::Present(Ok(manifest)) => manifest,
        Fact::Present(Err(_)) | Fact::Absent(_) | Fact::Unknown(_) => {
            panic!("the sample's manifests are there")
        }
    }
}

/// One line of each kind, and a config for which each holds.
fn every_kind(sample: &mut Sample) -> Vec<ExpectedFact> {
    sample.observation.started_at = "2026-11-30T12:00:00Z".parse().unwrap();
    let config = sample.config(0);
    config.labels.insert("team".into(), "mail".into());
    config.env = vec!["NODE_ENV=production".into()];
    config.user = "node".into();
    config.entrypoint = words(&["node"]);
    config.cmd = words(&["server.js"]);
    config.workdir = "/app".into();
    config.volumes = vec!["/data".into()];
    config.stop_signal = "SIGTERM".into();
    config.healthcheck = true;
    config.exposed_ports = vec!["8080/tcp".into()];
    config.created = Some("2026-11-30T11:00:00Z".into());
    manifest(sample).annotations.insert("vendor".into(), "mail".into());
    let digest = sample.observation.images[0].digest.clone();
    let provenance = Attestation { kind: AttestationKind::Provenance, digest, size: 1 };
    let statements = Fact::Present(vec![provenance]);
    sample.observation.images[0].attested =
        Some(Attested { statements, gone: Vec::new(), provenance: None });
    vec![
        ExpectedFact::Label("team".into(), TextRule::Has(Pattern::new("^ma").unwrap())),
        ExpectedFact::Env("NODE_ENV".into(), is("production")),
        ExpectedFact::NoEnv("DEBUG".into()),
        ExpectedFact::User(UserRule::NotRoot),
        ExpectedFact::Entrypoint(words(&["node"])),
        ExpectedFact::Cmd(words(&["server.js"])),
        ExpectedFact::Workdir("/app".into()),
        ExpectedFact::Volume("/data".into()),
        ExpectedFact::NoVolume("/etc".into()),
        ExpectedFact::StopSignal("SIGTERM".into()),
        ExpectedFact::Healthcheck(true),
        ExpectedFact::Port("8080".into()),
        ExpectedFact::NoPort("22".into()),
        ExpectedFact::MaxAge(Duration::from_secs(3600)),
        ExpectedFact::MaxSize(5_000_000),
        ExpectedFact::Annotation("vendor".into(), is("mail")),
        ExpectedFact::Attestation(AttestationKind::Provenance),
    ]
}

#[test]
fn is_skipped_where_nothing_is_declared() {
    said!(Sample::single().said(CheckId::FactsExpected), @"skipped: no facts of the image are declared");
}

#[test]
fn passes_where_every_line_holds() {
    let mut sample = Sample::single();
    let facts = every_kind(&mut sample);
    said!(said_of(&mut sample, facts), @"passed: all 17 expected facts hold");
}

/// What is said of each line where none of `every_kind` holds.
fn each_said(is_of_part: fn(&ExpectedFact) -> bool) -> String {
    let mut sample = Sample::single();
    let facts = every_kind(&mut sample);
    let config = sample.config(0);
    config.labels.insert("team".into(), "web".into());
    config.env = vec!["DEBUG=1".into()];
    config.user = "0:0".into();
    config.entrypoint = words(&["/bin/sh", "-c", "node"]);
    config.cmd = Vec::new();
    config.workdir = String::new();
    config.volumes = vec!["/etc".into()];
    config.stop_signal = String::new();
    config.healthcheck = false;
    config.exposed_ports = vec!["22/tcp".into()];
    config.created = Some("2026-11-30T10:59:59Z".into());
    manifest(&mut sample).layers[0].size = 5_000_000;
    manifest(&mut sample).annotations.clear();
    sample.observation.images[0].attested = None;
    let facts = facts.into_iter().filter(is_of_part);
    let said = facts.map(|fact| said_of(&mut sample, vec![fact]));
    said.collect::<Vec<_>>().join("\n\n")
}

fn is_a_text(fact: &ExpectedFact) -> bool {
    matches!(
        fact,
        ExpectedFact::Label(..)
            | ExpectedFact::Env(..)
            | ExpectedFact::NoEnv(_)
            | ExpectedFact::User(_)
            | ExpectedFact::Entrypoint(_)
            | ExpectedFact::Cmd(_)
            | ExpectedFact::Workdir(_)
            | ExpectedFact::StopSignal(_)
    )
}

#[test]
fn each_text_that_does_not_hold_says_what_to_write() {
    said!(each_said(is_a_text), @r#"
    failed fact-differs: the expected fact does not hold: label `team` is `web`, expected `/^ma/`
    expected label `team`: `/^ma/`
    observed label `team`: `web`
    hint: Write `LABEL team="…"` in the Dockerfile.

    failed fact-differs: the expected fact does not hold: variable `NODE_ENV` is not set, expected `production`
    expected variable `NODE_ENV`: `production`
    observed variable `NODE_ENV`: not set
    hint: Write `ENV NODE_ENV="production"` in the Dockerfile.

    failed fact-differs: the expected fact does not hold: variable `DEBUG` is set, to a value of 1 characters
    expected variable `DEBUG`: not set
    observed variable `DEBUG`: set, to a value of 1 characters
    hint: Remove `ENV DEBUG` from the Dockerfile, or from the base image's.

    failed fact-differs: the expected fact does not hold: the user is `0:0`, which is root
    expected the user: not root
    observed the user: `0:0`, which is root
    hint: Write `USER 1000` in the Dockerfile, behind the steps that need root.

    failed fact-differs: the expected fact does not hold: the entry point is `["/bin/sh","-c","node"]`, expected `["node"]`
    expected the entry point: `["node"]`
    observed the entry point: `["/bin/sh","-c","node"]`
    hint: Write `ENTRYPOINT ["node"]` in the Dockerfile, as a list: the form without brackets starts a shell.

    failed fact-differs: the expected fact does not hold: the command is `[]`, expected `["server.js"]`
    expected the command: `["server.js"]`
    observed the command: `[]`
    hint: Write `CMD ["server.js"]` in the Dockerfile, as a list: the form without brackets starts a shell.

    failed fact-differs: the expected fact does not hold: the working directory is not set, expected `/app`
    expected the working directory: `/app`
    observed the working directory: not set
    hint: Write `WORKDIR /app` in the Dockerfile.

    failed fact-differs: the expected fact does not hold: the stop signal is not set, expected `SIGTERM`
    expected the stop signal: `SIGTERM`
    observed the stop signal: not set
    hint: Write `STOPSIGNAL SIGTERM` in the Dockerfile.
    "#);
}

#[test]
fn each_other_line_that_does_not_hold_says_what_to_write() {
    said!(each_said(|fact| !is_a_text(fact)), @r#"
    failed fact-differs: the expected fact does not hold: volume `/data` is not declared
    expected volume `/data`: declared
    observed volume `/data`: not declared
    hint: Write `VOLUME /data` in the Dockerfile.

    failed fact-differs: the expected fact does not hold: volume `/etc` is declared
    expected volume `/etc`: not declared
    observed volume `/etc`: declared
    hint: Remove `VOLUME /etc` from the Dockerfile, or from the base image's.

    failed fact-differs: the expected fact does not hold: the health check is absent
    expected the health check: there
    observed the health check: absent
    hint: Write `HEALTHCHECK CMD …` in the Dockerfile, and push an image of Docker's type: OCI's config has no health check.

    failed fact-differs: the expected fact does not hold: port `8080` is not declared
    expected port `8080`: declared
    observed port `8080`: not declared
    hint: Write `EXPOSE 8080` in the Dockerfile.

    failed fact-differs: the expected fact does not hold: port `22` is declared
    expected port `22`: not declared
    observed port `22`: declared
    hint: Remove `EXPOSE 22` from the Dockerfile, or from the base image's.

    failed fact-differs: the expected fact does not hold: the age of the image is 1h 1s (created `2026-11-30T10:59:59Z`), expected at most `1h`
    expected the age of the image: at most `1h`
    observed the age of the image: 1h 1s (created `2026-11-30T10:59:59Z`)
    hint: Build and push the image again; a build with a fixed `SOURCE_DATE_EPOCH` does not say its age.

    failed fact-differs: the expected fact does not hold: the size of its layers is 4.7 MiB, expected at most `4.7 MiB`
    expected the size of its layers: at most `4.7 MiB`
    observed the size of its layers: 4.7 MiB
    hint: Look at what the layers hold, or raise `max_size`.

    failed fact-differs: the expected fact does not hold: annotation `vendor` is not set, expected `mail`
    expected annotation `vendor`: `mail`
    observed annotation `vendor`: not set
    hint: Add to the build: `--annotation "vendor=mail"`

    failed fact-differs: the expected fact does not hold: the attestation `provenance` is absent
    expected the attestation `provenance`: there
    observed the attestation `provenance`: absent
    hint: Build with `docker buildx build --provenance=mode=max --push`, which lists it in an index beside the image: a reference to one platform's own manifest does not lead to it.
    "#);
}

#[test]
fn all_lines_are_named_in_one_answer() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.config(0).user = "node".into();
    sample.config(1).user = String::new();
    let facts = vec![
        ExpectedFact::User(UserRule::NotRoot),
        ExpectedFact::Healthcheck(true),
        ExpectedFact::MaxSize(1 << 30),
    ];
    said!(said_of(&mut sample, facts), @"
    failed fact-differs: 2 of 3 expected facts do not hold: the user of `linux/arm64` is not set, which is root; the health check of `linux/amd64` is absent; the health check of `linux/arm64` is absent
    expected the user: not root; the health check: there
    observed the user of `linux/arm64`: not set, which is root; the health check of `linux/amd64`: absent; the health check of `linux/arm64`: absent
    hint: Write `USER 1000` in the Dockerfile, behind the steps that need root.
    hint: Write `HEALTHCHECK CMD …` in the Dockerfile, and push an image of Docker's type: OCI's config has no health check.
    ");
}

#[test]
fn an_image_that_does_not_say_when_it_was_built_is_too_old() {
    let mut sample = Sample::single();
    sample.config(0).created = None;
    said!(said_of(&mut sample, vec![ExpectedFact::MaxAge(Duration::from_secs(60))]), @"
    failed fact-differs: the expected fact does not hold: the age of the image is unknown (the image does not say when it was created), expected at most `1m`
    expected the age of the image: at most `1m`
    observed the age of the image: unknown (the image does not say when it was created)
    hint: Let the build write `created`, or remove `max_age`.
    ");
}

#[test]
fn an_age_of_many_hours_is_said_in_days() {
    let mut sample = Sample::single();
    sample.observation.started_at = "2026-12-25T09:00:00Z".parse().unwrap();
    let said = said_of(&mut sample, vec![ExpectedFact::MaxAge(Duration::from_secs(172_800))]);
    assert!(said.contains("is 30 days (created"), "{said}");
    assert!(said.contains("at most `2 days`"), "{said}");
}

#[test]
fn a_port_without_a_protocol_is_of_any() {
    let mut sample = Sample::single();
    sample.config(0).exposed_ports = vec!["53/udp".into(), "80".into()];
    let mut holds = |port: &str| {
        said_of(&mut sample, vec![ExpectedFact::Port(port.into())]).starts_with("passed")
    };
    assert!(holds("53") && holds("53/udp") && holds("80") && holds("80/tcp"));
    assert!(!holds("53/tcp") && !holds("80/udp") && !holds("8"));
}

#[test]
fn a_port_inside_a_range_is_exposed() {
    let mut sample = Sample::single();
    sample.config(0).exposed_ports = vec!["5000-5010/TCP".into()];
    let mut holds = |fact: ExpectedFact| said_of(&mut sample, vec![fact]).starts_with("passed");
    assert!(holds(ExpectedFact::Port("5005/tcp".into())));
    assert!(!holds(ExpectedFact::Port("5005-5011".into())));
    for port in ["5005", "4990-5000", "5010-5020/tcp"] {
        assert!(!holds(ExpectedFact::NoPort(port.into())), "{port}");
    }
    assert!(holds(ExpectedFact::NoPort("5011".into())));
}

#[test]
fn is_errored_when_a_config_is_unknown_unless_another_platform_is_a_no() {
    let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
    sample.config(0).user = "node".into();
    sample.observation.images[1].manifest = unknown(Reason::AnswerTooLarge);
    let facts = vec![ExpectedFact::User(UserRule::NotRoot)];
    said!(said_of(&mut sample, facts.clone()), @"
    errored answer-too-large: an answer that is answer-too-large
    hint: Check which image and which server this is: nothing over the limit is read.
    ");
    sample.config(0).user = String::new();
    assert!(said_of(&mut sample, facts).starts_with("failed fact-differs"));
}

#[test]
fn a_secret_that_an_image_holds_is_not_shown() {
    let mut sample = Sample::single();
    sample.config(0).env = vec!["NPM_TOKEN=npm_secret".into(), "NODE_ENV=test".into()];
    let facts = vec![
        ExpectedFact::NoEnv("NPM_TOKEN".into()),
        ExpectedFact::NoEnv("NODE_ENV".into()),
        ExpectedFact::Env("NPM_TOKEN".into(), is("other")),
        ExpectedFact::Env("NODE_ENV".into(), is("production")),
    ];
    let shown = said_of(&mut sample, facts);
    assert!(!shown.contains("npm_secret"), "{shown}");
    said!(shown, @r#"
    failed fact-differs: 4 of 4 expected facts do not hold: variable `NPM_TOKEN` is set, to a value of 10 characters; variable `NODE_ENV` is set, to a value of 4 characters; variable `NPM_TOKEN` is set to another value, which is not shown, expected `other`; variable `NODE_ENV` is `test`, expected `production`
    expected variable `NPM_TOKEN`: not set; variable `NODE_ENV`: not set; variable `NPM_TOKEN`: `other`; variable `NODE_ENV`: `production`
    observed variable `NPM_TOKEN`: set, to a value of 10 characters; variable `NODE_ENV`: set, to a value of 4 characters; variable `NPM_TOKEN`: set to another value, which is not shown; variable `NODE_ENV`: `test`
    hint: Remove `ENV NPM_TOKEN` from the Dockerfile, or from the base image's.
    hint: Remove `ENV NODE_ENV` from the Dockerfile, or from the base image's.
    hint: Write `ENV NPM_TOKEN="other"` in the Dockerfile.
    hint: Write `ENV NODE_ENV="production"` in the Dockerfile.
    "#);
}

#[test]
fn an_image_that_is_still_to_come_has_no_age() {
    let mut sample = Sample::single();
    sample.observation.started_at = "2026-11-30T12:00:00Z".parse().unwrap();
    let mut of = |created: &str| {
        sample.config(0).created = Some(created.into());
        let facts = vec![ExpectedFact::MaxAge(Duration::from_secs(3600))];
        said_of(&mut sample, facts).lines().next().unwrap().to_owned()
    };
    let rows = [of("2026-11-30T12:10:00Z"), of("2026-11-30T12:10:01Z"), of("2099-01-01T00:00:00Z")];
    said!(rows.join("\n"), @"
    passed: the expected fact holds
    failed fact-differs: the expected fact does not hold: the age of the image is unknown (created `2026-11-30T12:10:01Z`, which is still to come), expected at most `1h`
    failed fact-differs: the expected fact does not hold: the age of the image is unknown (created `2099-01-01T00:00:00Z`, which is still to come), expected at most `1h`
    ");
}
