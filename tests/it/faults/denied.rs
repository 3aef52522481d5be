//! The registry, or something in its place, says no, or says yes to nothing.

use super::{IMAGE, anonymous, lying, other, with_image, with_requests};
use crate::stand_in::{Auth, Lie, Options, Route};
use crate::support::Gate;

const MISSING: &str = "keepkey/support-email:never-pushed";

#[test]
fn a_missing_tag_is_red_at_a_registry_without_credentials() {
    let stand_in = other(Auth::Nothing);
    insta::assert_snapshot!(with_requests(&stand_in, anonymous(&stand_in).image(MISSING)), @"
    $ verify-registry-image [registry]/keepkey/support-email:never-pushed
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:never-pushed

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `never-pushed` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    ----- asked
    2 x Registry: GET Control -> 404
    1 x Registry: GET Ping -> 200
    1 x Registry: GET TagsList -> 200
    ");
}

#[test]
fn a_missing_tag_is_red_with_a_bearer_token() {
    let stand_in = with_image(Options::default());
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(MISSING)), @"
    $ verify-registry-image [registry]/keepkey/support-email:never-pushed
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:never-pushed

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `never-pushed` (404 `MANIFEST_UNKNOWN` `manifest unknown`)
        reason     tag-missing
        next       Is `latest-dev` meant?
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET ApiGc -> 404
    1 x Api: GET ApiRegistries -> 200
    1 x Api: GET ApiTags -> 200
    1 x Api: GET Token -> 200
    2 x Registry: GET Control -> 404
    ");
}

#[test]
fn name_unknown_is_red() {
    let stand_in = with_image(Options::default());
    let gate = Gate::at(&stand_in).image("keepkey/support-mail:latest-dev");
    insta::assert_snapshot!(with_requests(&stand_in, gate), @"
    $ verify-registry-image [registry]/keepkey/support-mail:latest-dev
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-mail:latest-dev

      repository-exists failed: `[registry]/keepkey/support-mail` is missing, or not visible with these credentials (404 `NAME_UNKNOWN` `repository name not known to registry`; the API answers `repository not found`)
        reason     repository-missing
        next       Compare the name with the push job's: the first push creates a repository.
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-mail
    ----- stderr
    ----- asked
    1 x Api: GET ApiGc -> 404
    1 x Api: GET ApiRegistries -> 200
    1 x Api: GET ApiTags -> 404
    1 x Api: GET Token -> 200
    2 x Registry: GET Control -> 404
    ");
}

#[test]
fn not_found_as_harbor_writes_it_is_red() {
    let stand_in = other(Auth::Nothing);
    let said = "artifact library/support-email:never-pushed not found";
    stand_in.lie(Route::Control, Lie::oci_error(404, "NOT_FOUND", said));
    insta::assert_snapshot!(anonymous(&stand_in).image(MISSING).snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:never-pushed
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:never-pushed

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `never-pushed` (404 `NOT_FOUND` `artifact library/support-email:never-pushed not found`)
        reason     tag-missing
        next       1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    ");
}

#[test]
fn a_404_that_is_a_web_page_is_undecided() {
    let stand_in = lying(Route::ManifestByTag, Lie::html(404));
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered 404 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        reason     not-found-unclear
        next       A gateway or proxy answered: try again, and look at the answer that the message shows.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 404
    1 x Registry: GET ManifestByTag -> 404
    ");
}

#[test]
fn a_login_page_in_the_registrys_place_is_undecided() {
    let stand_in = with_image(Options::default());
    for route in [Route::ManifestByTag, Route::Control] {
        stand_in.lie(route, Lie::html(200));
    }
    insta::assert_snapshot!(with_requests(&stand_in, Gate::at(&stand_in).image(IMAGE)), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev
    exit code: 3
    ----- stdout
    UNDECIDED (could not find out) [registry]/keepkey/support-email:latest-dev

      registry-honest errored: whether the registry denies a tag that cannot exist could not be tried: the random tag: `[registry]` answered 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` answered with a web page: 200 (`text/html`): `<!DOCTYPE html> <html><head><title>Sign in</title></head><body><h1>Please sign in to the network</h1></body></html>`
        reason     unexpected-answer
        next       Look at the answer that the message shows: a login page or a proxy may be in between.

      service    support-email
    ----- stderr
    ----- asked
    1 x Api: GET Token -> 200
    1 x Registry: GET Control -> 200
    1 x Registry: GET ManifestByTag -> 200
    ");
}

#[test]
fn a_message_with_control_characters_and_commands_is_printed_harmless() {
    let stand_in = with_image(Options::default());
    let said = "\u{1b}]0;owned\u{7}\u{1b}[2K\u{1b}[32mVERIFIED\u{1b}[0m\r\n::error::line two\n::set-output name=x::y\u{202e}";
    stand_in.lie(Route::Control, Lie::oci_error(404, "MANIFEST_UNKNOWN", said));
    let gate = Gate::at(&stand_in).args("--junit junit.xml").image(MISSING);
    let run = gate.run();
    let everything = format!("{}{}{}", run.stdout, run.stderr, run.file("junit.xml"));
    let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!everything.contains(harmful), "{everything:?}");
    assert!(!everything.lines().any(|line| line.trim_start().starts_with("::")), "{everything}");
    let shown = run.snapshot();
    insta::assert_snapshot!(shown.split("----- junit.xml").next().unwrap(), @"
    $ verify-registry-image --junit junit.xml [registry]/keepkey/support-email:never-pushed
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:never-pushed

      tag-exists failed: `[registry]/keepkey/support-email` has no tag `never-pushed` (404 `MANIFEST_UNKNOWN` `]0;owned[2K[32mVERIFIED[0m  ::error::line two ::set-output name=x::y`)
        reason     tag-missing
        next       Is `latest-dev` meant?
                   1. Is the push job in this workflow, and does this job require it?
                   2. Did the push job fail, or push under another name?
                   3. Start a pipeline on `develop`.

      service    support-email
    ----- stderr
    ");
}
