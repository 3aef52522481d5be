//! Whom the gate does not believe, and who does not let it in.

use crate::stand_in::{Image, Lie, Options, Route, StandIn};
use crate::support::Gate;

const REPOSITORY: &str = "keepkey/support-email";

/// A stand-in with one honest image.
fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image(REPOSITORY, "latest-dev", Image::node_on_alpine());
    stand_in
}

#[test]
fn a_registry_that_affirms_every_tag_is_not_believed() {
    let stand_in = with_image();
    stand_in.lie(Route::Control, Lie::AffirmAs("latest-dev".to_owned()));
    let gate = Gate::at(&stand_in).image("keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [all checks] errored: nothing that the registry says is believed: it affirmed a tag that cannot exist (200 (`application/vnd.oci.image.manifest.v1+json`) for the random tag `[control]`)
        reason     registry-not-honest
        next       A proxy or a mirror answers in the registry's place: check what is between this job and the registry.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_token_that_is_refused_is_exit_4() {
    let stand_in = with_image();
    let gate = Gate::at(&stand_in).image("keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.token("dop_v1_of-somebody-else-altogether").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
      [checks of the manifest] errored: the token server `[api]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`
        reason     credentials-refused
        next       For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_repository_that_is_refused_and_listed_is_exit_4() {
    let stand_in = with_image();
    stand_in.lie(Route::ManifestByTag, Lie::oci_error(403, "DENIED", "requested access is denied"));
    stand_in.lie(Route::Control, Lie::oci_error(403, "DENIED", "requested access is denied"));
    let gate = Gate::at(&stand_in).image("keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 4
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` refused the credentials: 403 `DENIED` `requested access is denied`
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 403 `DENIED` `requested access is denied`
        reason     credentials-refused
        next       The token is valid: DigitalOcean's API takes it and lists the repository. It has no right to pull: give it the scope `registry:read`, or use a token that has it.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn the_words_of_a_registry_outweigh_an_api_that_knows_nothing_of_the_repository() {
    let stand_in = with_image();
    stand_in.api_hides(REPOSITORY);
    let run = Gate::at(&stand_in).image("keepkey/support-email:latest-dev").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let options = Options { registries: Vec::new(), ..Options::default() };
    let nobodys = StandIn::start(options);
    let run = Gate::at(&nobodys).image("keepkey/support-email:latest-dev").run();
    assert_eq!(run.code, Some(1), "{}", run.snapshot());
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev

      repository-exists failed: the registry of `[registry]/keepkey/support-email` is missing, or not visible with these credentials (the manifest of `latest-dev`: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`; the API lists no registry for this token)
        reason     registry-unknown
        next       This token has no registry at all: use a token of the team that owns it.
      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` refused the credentials: 401 `UNAUTHORIZED` `authentication required`
        reason     credentials-refused
        next       This has the reason that `repository-exists` has.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn standard_input_that_does_not_end_is_waited_for_until_the_deadline() {
    // A pipe that is open for writing, too, and that nobody writes to.
    let shell = "d=$(mktemp -d); mkfifo $d/pipe; exec 3<>$d/pipe; rm -r $d; exec \"$@\" <&3";
    let gate = Gate::alone().env("PATH", "/usr/bin:/bin").through(shell);
    let gate = gate.env("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_0123456789abcdef");
    insta::assert_snapshot!(gate.args("--deadline 1s -").snapshot(), @"
    $ d=$(mktemp -d); mkfifo $d/pipe; exec 3<>$d/pipe; rm -r $d; exec verify-registry-image <&3 --deadline 1s -
    exit code: 2
    ----- stdout
    ----- stderr
    error: standard input did not end within 1 s, the deadline of the run
      hint: check the program that writes to it, or omit the `-`
    ");
}

#[test]
fn ca_certificates_in_a_pipe_are_not_waited_for() {
    for file in ["/dev/zero", "missing.pem"] {
        let gate = Gate::alone().env("SSL_CERT_FILE", file);
        let run = gate.args("registry.example/a:b").run();
        assert_eq!(run.code, Some(2), "{}", run.snapshot());
        assert!(run.stderr.contains("of `SSL_CERT_FILE`"), "{}", run.stderr);
    }
}
