//! What a run says aloud: quiet, verbose, as JSON, and on a mistake.

use serde_json::Value;

use crate::stand_in::{Image, StandIn};
use crate::support::Gate;

fn with_image() -> StandIn {
    let stand_in = StandIn::honest();
    stand_in.image("keepkey/support-email", "latest-dev", Image::node_on_alpine());
    stand_in
}

fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).image("keepkey/support-email:latest-dev")
}

#[test]
fn quiet_is_the_verdict_alone() {
    let stand_in = with_image();
    insta::assert_snapshot!(gate(&stand_in).arg("-q").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    ");
    stand_in.untag("keepkey/support-email", "latest-dev");
    insta::assert_snapshot!(gate(&stand_in).arg("-q").snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev -q
    exit code: 1
    ----- stdout
    FAILED (RED) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    ");
}

/// The requests run side by side, so that their order differs from run to run: they are sorted here.
fn told_of_requests(stand_in: &StandIn, verbosity: &str) -> String {
    let run = gate(stand_in).with_notes().arg(verbosity).run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(!run.stderr.contains("X-Amz-Signature="), "{}", run.stderr);
    assert!(!run.stderr.contains("Bearer e") && !run.stderr.contains("Basic "), "{}", run.stderr);
    let snapshot = run.snapshot();
    let mut lines: Vec<_> =
        snapshot.lines().skip_while(|line| *line != "----- stderr").skip(1).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.join("\n")
}

#[test]
fn verbose_prints_each_request() {
    let stand_in = with_image();
    insta::assert_snapshot!(told_of_requests(&stand_in, "-v"), @"
    GET http://[api]/v2/registry/auth -> 200 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/blobs/sha256:1cb16a77e3f7[..64] -> 307 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/blobs/sha256:44e2f6a89ed9[..64] -> 307 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/blobs/sha256:5469f9990611[..64] -> 307 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/blobs/sha256:88d50f9d7935[..64] -> 307 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/blobs/sha256:9a805b43d01f[..64] -> 307 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/blobs/sha256:ae834a9f7c7a[..64] -> 307 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/manifests/[control] -> 404 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/manifests/latest-dev -> 200 ( [duration])
    GET http://[registry]/v2/keepkey/support-email/manifests/sha256:72aa2829510e[..64] -> 200 ( [duration])
    GET http://[storage]/registry-storage/sha256/1cb16a77e3f7ff0ce63a04569c40ce563ae92e53b16af21df5c7eb9a3722b5bc -> 200 ( [duration])
    GET http://[storage]/registry-storage/sha256/44e2f6a89ed9a2fb29132700a0aafa199842b12fb52eceb10bfcfa909a8a7f26 -> 206 ( [duration])
    GET http://[storage]/registry-storage/sha256/5469f999061199299d223ad613471e224f15e66fbf23cacefbd642365cd7f9a2 -> 206 ( [duration])
    GET http://[storage]/registry-storage/sha256/88d50f9d7935faf60102b83f302dbc2786e0d3c86e3a146cc1a0bf34e3f95247 -> 206 ( [duration])
    GET http://[storage]/registry-storage/sha256/9a805b43d01f2e4c5f7add598b697d4b7eb522670d182b02696a11e31badd414 -> 206 ( [duration])
    GET http://[storage]/registry-storage/sha256/ae834a9f7c7a47d7c3d10b458be7d3074833d15c186af1b51da126edeb30ab6d -> 206 ( [duration])
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    note: the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`
    ");
}

#[test]
fn more_verbose_prints_the_names_of_headers_and_no_secret_value() {
    let stand_in = with_image();
    let told = told_of_requests(&stand_in, "-vv");
    assert!(told.contains("docker-content-digest") && told.contains("location"), "{told}");
    // What is told to have been sent is what arrived.
    let mut claimed: Vec<Vec<&str>> = told
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("sent: ")?.split_once(';'))
        .map(|(sent, _)| sent.split(", ").collect())
        .collect();
    let log = stand_in.log();
    let mut arrived: Vec<Vec<&str>> =
        log.iter().map(|entry| entry.header_names.iter().map(String::as_str).collect()).collect();
    for names in claimed.iter_mut().chain(&mut arrived) {
        names.retain(|name| *name != "host");
        names.sort_unstable();
    }
    claimed.sort_unstable();
    claimed.dedup();
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(claimed, arrived);
    // With and without a login, with and without a range, and for a tag.
    assert_eq!(claimed.len(), 5, "{claimed:?}");
}

#[test]
fn json_is_one_document_that_the_published_schema_describes() {
    let stand_in = with_image();
    let schema = Gate::alone().args("--schema report").run().stdout;
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let untagged = with_image();
    untagged.untag("keepkey/support-email", "latest-dev");
    for (stand_in, code, verdict) in [(&stand_in, 0, "VERIFIED"), (&untagged, 1, "FAILED")] {
        let run = gate(stand_in).args("--format json").run();
        assert_eq!(run.code, Some(code), "{}", run.snapshot());
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let errors: Vec<_> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(report["images"][0]["verdict"], verdict);
        assert_eq!(report["images"][0]["pinned"].is_string(), code == 0);
    }
}

#[test]
fn json_is_a_document_on_a_mistake_too() {
    let stand_in = with_image();
    let gate = Gate::at(&stand_in).args("--format json support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @r#"
    $ verify-registry-image --format json support-email:latest-dev
    exit code: 2
    ----- stdout
    {
      "schema_version": 1,
      "exit_code": 2,
      "error": {
        "message": "`support-email:latest-dev` names the service `support-email`, but there is no config file",
        "hint": "write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`, or add `verify-registry-image.yml`"
      }
    }
    ----- stderr
    error: `support-email:latest-dev` names the service `support-email`, but there is no config file
      hint: write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`, or add `verify-registry-image.yml`
    "#);
}

#[test]
fn json_is_a_document_on_a_misspelt_option_too() {
    insta::assert_snapshot!(Gate::alone().args("--format json --juint x").snapshot(), @r#"
    $ verify-registry-image --format json --juint x
    exit code: 2
    ----- stdout
    {
      "schema_version": 1,
      "exit_code": 2,
      "error": {
        "message": "there is no option `--juint`",
        "hint": "did you mean `--junit`?"
      }
    }
    ----- stderr
    error: there is no option `--juint`
      hint: did you mean `--junit`?
    "#);
}

#[test]
fn colour_is_for_those_who_ask_for_it() {
    let stand_in = with_image();
    let coloured = gate(&stand_in).args("--color always -q").run();
    assert!(coloured.stdout.contains("\u{1b}["), "{}", coloured.stdout);
    let plain = gate(&stand_in).arg("-q").run();
    assert!(!plain.stdout.contains('\u{1b}'), "{}", plain.stdout);
}
