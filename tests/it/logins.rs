//! Docker's logins as people have them, and where they may go; and what a token server sends, which is shown nowhere.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::json;

use crate::faults::{IMAGE, anonymous, other, with_image};
use crate::stand_in::{Answer, Auth, Lie, Options, Origin, Route, StandIn};
use crate::support::{Gate, Run, wait_until};

const PASSWORD: &str = "correct-horse-battery-staple";

/// A registry that takes this password.
fn registry(auth: Auth) -> StandIn {
    with_image(Options { auth, token: PASSWORD.to_owned(), ..Options::default() })
}

fn auth(login: &str) -> String {
    STANDARD.encode(login)
}

/// A run with this docker config; `HOST` in it is the registry.
fn with_config<'a>(stand_in: &'a StandIn, config: &str) -> Gate<'a> {
    let config = config.replace("HOST", &stand_in.host(Origin::Registry));
    anonymous(stand_in).secret(PASSWORD).file(".docker/config.json", config).image(IMAGE)
}

#[track_caller]
fn assert_green(run: &Run<'_>) {
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
}

#[test]
fn of_two_keys_for_one_registry_the_exact_host_is_used() {
    let (stale, right) = (auth("old:stale-password"), auth(&format!("me:{PASSWORD}")));
    for way in [Auth::OwnHost, Auth::Basic] {
        let stand_in = registry(way);
        let config = format!(
            r#"{{"auths":{{"https://HOST/v1/":{{"auth":"{stale}"}},"HOST":{{"auth":"{right}"}}}}}}"#
        );
        assert_green(&with_config(&stand_in, &config).run());
    }
}

#[test]
fn the_key_of_the_repositorys_project_is_used_and_never_another_projects() {
    let (stale, right) = (auth("old:stale-password"), auth(&format!("me:{PASSWORD}")));
    let stand_in = registry(Auth::OwnHost);
    let config = format!(
        r#"{{"auths":{{"HOST":{{"auth":"{stale}"}},"HOST/alpha":{{"auth":"{stale}"}},"HOST/keepkey":{{"auth":"{right}"}}}}}}"#
    );
    assert_green(&with_config(&stand_in, &config).run());
    let stand_in = registry(Auth::OwnHost);
    let config = format!(
        r#"{{"auths":{{"HOST/keep":{{"auth":"{right}"}},"HOST/other":{{"auth":"{right}"}}}}}}"#
    );
    let run = with_config(&stand_in, &config).run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
    assert!(stand_in.log().iter().all(|entry| !entry.has_authorization()));
}

#[test]
fn a_login_whose_base64_was_wrapped_is_read() {
    let encoded = auth(&format!("me:{PASSWORD}"));
    let (first, rest) = encoded.split_at(12);
    let stand_in = registry(Auth::OwnHost);
    let config = json!({ "auths": { "HOST": { "auth": format!("{first}\n{rest}\n") } } });
    assert_green(&with_config(&stand_in, &config.to_string()).run());
}

#[test]
fn a_public_image_is_verified_whatever_is_broken_in_dockers_config() {
    let helpers = [
        ("missing", r#"{"credsStore":"desktop.exe"}"#, ""),
        ("failing", r#"{"credsStore":"ours"}"#, "#!/bin/sh\nexit 126\n"),
        (
            "empty",
            r#"{"credsStore":"ours"}"#,
            "#!/bin/sh\necho '{\"Username\":\"\",\"Secret\":\"\"}'\n",
        ),
        ("large", r#"{"credsStore":"ours"}"#, "#!/bin/sh\nexec head -c 70000 /dev/zero\n"),
        ("name", r#"{"credsStore":"../../bin/sh"}"#, ""),
        ("not base64", r#"{"auths":{"HOST":{"auth":"!"}}}"#, ""),
        ("not JSON", r#"{"auths": "hunter2"#, ""),
    ];
    let rows = helpers.map(|(name, config, script)| {
        let stand_in = registry(Auth::Anonymous);
        let gate = with_config(&stand_in, config).secret("hunter2-hunter2");
        let gate = match script {
            "" => gate,
            script => gate.program("docker-credential-ours", script),
        };
        let run = gate.run();
        assert_green(&run);
        let notes = run.stdout.lines().filter(|line| line.starts_with("note: "));
        let note = notes.into_iter().find(|line| line.contains("without a login"));
        run.redacted(&format!("{name}: {}\n", note.unwrap_or("no note")))
    });
    insta::assert_snapshot!(rows.concat(), @"
    missing: note: the credential helper `docker-credential-desktop.exe` is not in PATH (or its interpreter is missing) for `[registry]`; the registry was asked without a login
    failing: note: the credential helper `docker-credential-ours` failed for `[registry]`; the registry was asked without a login
    empty: note: the credential helper `docker-credential-ours` returned an empty login for `[registry]`; the registry was asked without a login
    large: note: the credential helper `docker-credential-ours` returned more than 64 KiB for `[registry]`; the registry was asked without a login
    name: note: the credential helper `docker-credential-../../bin/sh` is not a valid program name for `[registry]`; the registry was asked without a login
    not base64: note: the docker config `[folder]/.docker/config.json` has an `auth` that is not base64 for `[registry]`; the registry was asked without a login
    not JSON: note: the docker config `[folder]/.docker/config.json` is not valid: line 1 column 18; the registry was asked without a login
    ");
}

#[test]
fn a_helper_gets_the_jobs_variables_and_none_of_the_tokens() {
    let script = "#!/bin/sh\nread host\n[ -z \"$CIRCLE_TOKEN$DEPLOY_TOKEN\" ] || exit 1\n\
        printf '{\"Username\":\"robot\",\"Secret\":\"%s\"}' \"$REG_PASSWORD\"\n";
    let stand_in = registry(Auth::OwnHost);
    let gate = with_config(&stand_in, r#"{"credHelpers":{"HOST":"env"}}"#)
        .program("docker-credential-env", script)
        .env("REG_PASSWORD", PASSWORD)
        .env("CIRCLE_TOKEN", "a-token-of-circleci")
        .env("DEPLOY_TOKEN", "a-token-of-digitalocean")
        .args("--token-env DEPLOY_TOKEN");
    assert_green(&gate.run());
}

#[test]
fn a_helper_that_hangs_is_ended_with_everything_that_it_started() {
    // The child holds the pipe; whoever waits for its end waits for ever.
    let script = "#!/bin/sh\nsleep 600 &\necho $! > \"$HOME/child\"\nwait\n";
    let stand_in = registry(Auth::OwnHost);
    let gate = with_config(&stand_in, r#"{"credsStore":"ours"}"#)
        .program("docker-credential-ours", script);
    let run = gate.run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    assert!(run.stdout.contains("took longer than 10 s"), "{}", run.snapshot());
    let child = run.file("child").trim().to_owned();
    // Gone, or a zombie that nobody has waited for. The kernel may take a moment for it.
    let lives = || {
        let status = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while lives() {
        assert!(std::time::Instant::now() < end, "the helper's child lives on");
        std::thread::yield_now();
    }
}

#[test]
fn an_identity_token_is_posted_to_the_registrys_own_token_server_and_the_new_one_is_masked() {
    let refresh = "rt-0123456789abcdef-0123456789abcdef";
    let stand_in = registry(Auth::Nothing);
    let realm = format!("Bearer realm=\"{}/token\",service=\"s\"", stand_in.url(Origin::Registry));
    stand_in.lie(Route::Ping, Lie::Answer(Answer::new(401).header("www-authenticate", &realm)));
    let issued = "at-0123456789abcdef-0123456789abcdef";
    let document = json!({ "access_token": issued, "refresh_token": refresh });
    stand_in.lie(Route::Token, Lie::Answer(Answer::json(200, &document)));
    stand_in.lie(
        Route::ManifestByTag,
        Lie::oci_error(403, "DENIED", &format!("not with {issued}, nor with {refresh}")),
    );
    let config = json!({ "auths": { "HOST": { "auth": auth("me:"), "identitytoken": PASSWORD } } });
    let run = with_config(&stand_in, &config.to_string())
        .secret(issued)
        .secret(refresh)
        .args("-vv --junit junit.xml")
        .run();
    let tokens = stand_in.asked(&Route::Token);
    assert_eq!(tokens.len(), 1, "{}", run.snapshot());
    assert_eq!(tokens[0].method, "POST");
    assert!(tokens[0].carries_token && !tokens[0].target.contains(PASSWORD));
    insta::assert_snapshot!(crate::network::brief(&run), @"
    exit code: 4
      [checks of the manifest] errored: the manifest of `latest-dev`: `[registry]` refused the credentials: 403 `DENIED` `not with ***, nor with ***`; the login is from `[folder]/.docker/config.json`
        reason     credentials-refused
        next       Run `docker login [registry]` again in an earlier step. If anyone may pull the image, run `docker logout [registry]`: an expired login gets in the way.
    ");
}

#[test]
fn a_token_server_without_post_refuses_an_identity_token() {
    for status in [404, 405] {
        let stand_in = registry(Auth::OwnHost);
        stand_in.lie(Route::Token, Lie::status(status));
        let config = json!({ "auths": { "HOST": { "identitytoken": PASSWORD } } });
        let run = with_config(&stand_in, &config.to_string()).run();
        assert_eq!(run.code, Some(4), "{}", run.snapshot());
    }
    // It goes where a login goes, and nowhere else.
    let stand_in = registry(Auth::DigitalOcean);
    let config = json!({ "auths": { "HOST": { "identitytoken": PASSWORD } } });
    let run = with_config(&stand_in, &config.to_string()).run();
    assert!(run.stdout.contains("reason     token-server-not-trusted"), "{}", run.snapshot());
    assert_eq!(stand_in.connections(Origin::Api), 0);
}

#[test]
fn an_expired_login_is_named_with_its_file_and_the_way_to_take_it_out() {
    let stand_in = registry(Auth::Anonymous);
    let config = json!({ "auths": { "HOST": { "auth": auth("me:expired-since-monday") } } });
    let run = with_config(&stand_in, &config.to_string()).run();
    insta::assert_snapshot!(crate::network::brief(&run), @"
    exit code: 4
      [checks of the manifest] errored: the token server `[registry]` refused the credentials: 401 `Unauthorized` `Unable to authenticate you`; the login is from `[folder]/.docker/config.json`
        reason     credentials-refused
        next       Run `docker login [registry]` again in an earlier step. If anyone may pull the image, run `docker logout [registry]`: an expired login gets in the way.
    ");
}

#[test]
fn the_token_server_that_is_named_gets_the_login_and_no_config_file_can_name_it() {
    let stand_in = registry(Auth::DigitalOcean);
    let api = stand_in.host(Origin::Api);
    let config = json!({ "auths": { "HOST": { "auth": auth(&format!("me:{PASSWORD}")) } } });
    let gate = || with_config(&stand_in, &config.to_string());
    let run = gate().run();
    insta::assert_snapshot!(crate::network::brief(&run), @"
    exit code: 3
      [checks of the manifest] errored: the registry `[registry]` names the token server `http://[api]/v2/registry/auth`, which is not its own; the login was not sent there
        reason     token-server-not-trusted
        next       If `[api]` may be given the login for `[registry]`, as where GitLab runs beside its registry, add `--token-server [api]`.
    ");
    assert_eq!(stand_in.connections(Origin::Api), 0, "nothing was sent there");
    assert_green(&gate().arg("--token-server").arg(&api).run());
    assert_green(&gate().env("VERIFY_REGISTRY_IMAGE_TOKEN_SERVER", &api).run());
    stand_in.clear_log();
    let run = gate().args("--token-server 127.0.0.1").run();
    assert_eq!(run.code, Some(3), "another port is another server: {}", run.snapshot());
    let run = gate().args("--token-server https://gitlab.example/jwt").run();
    insta::assert_snapshot!(run.redacted(&run.stderr), @"
    error: invalid token server `https://gitlab.example/jwt` for `--token-server`: expected a host and, where it has one, a port
      hint: omit the scheme and the path, as in `--token-server gitlab.example.com`
    ");
    let file = format!("token_server: {api}\nservices: {{}}\n");
    assert_eq!(gate().file("verify-registry-image.yml", file).run().code, Some(2));
}

#[test]
fn a_named_token_server_changes_nothing_for_digitalocean() {
    let stand_in = with_image(Options::default());
    let run = Gate::at(&stand_in)
        .args("--token-server")
        .arg(stand_in.host(Origin::Elsewhere))
        .image(IMAGE)
        .run();
    assert_green(&run);
    assert_eq!(stand_in.connections(Origin::Elsewhere), 0);
}

/// What a token server may put a token into.
fn documents(token: &str) -> Vec<Answer> {
    let json = |value: serde_json::Value| Answer::json(200, &value);
    let plain =
        |kind: &str, text: String| Answer::new(200).header("content-type", kind).bytes(text);
    vec![
        json(json!({ "token": token, "expires_in": 300 })),
        json(json!({ "access_token": token })),
        json(json!({ "access_token": 7, "refresh_token": token })),
        json(json!({ "id": "unauthorized", "message": token })),
        json(json!({ "id": token, "message": "no" })),
        json(json!({ "errors": [{ "code": token, "message": "no" }] })),
        json(json!({ "errors": [{ "code": "DENIED", "message": format!("not with {token}!") }] })),
        json(
            json!({ "errors": [{ "code": "DENIED", "message": "no", "detail": token }], "token": token }),
        ),
        json(json!(token)),
        json(json!([{ "token": token }])),
        plain("text/plain", token.to_owned()),
        plain("text/html", format!("<html><body>{token}</body></html>")),
        plain("application/xml", format!("<Error><Token>{token}</Token></Error>")),
        plain("application/json", format!("{{\"token\":\"{token}\"")),
        plain(token, format!("token={token}")),
    ]
}

#[test]
fn nothing_that_a_token_server_sends_is_shown_whatever_its_status() {
    // Never the same twice: what one run masks proves nothing of the next.
    let mut number = 0;
    for status in [200, 201, 302, 401, 404, 418, 429, 503] {
        for place in 0..documents("").len() {
            number += 1;
            let token = format!("ghs_Zq9xZq{number:04}xZq9xZq9xZq9xZq9xZq9xZq{number:04}");
            // The soonest that a retry can be.
            let mut answer = documents(&token).swap_remove(place).header("retry-after", "0");
            answer.status = status;
            let stand_in = if number % 2 == 0 { other(Auth::OwnHost) } else { StandIn::honest() };
            stand_in.lie(Route::Token, Lie::Answer(answer));
            let gate = if number % 2 == 0 { anonymous(&stand_in) } else { Gate::at(&stand_in) };
            let run = gate
                .secret(&token)
                .args("-vv --junit junit.xml --html page.html")
                .args("--failure-reason-file reason")
                .image(IMAGE)
                .run();
            assert_ne!(run.code, Some(0), "{status}, {place}: {}", run.snapshot());
        }
    }
}

#[test]
fn a_201_with_a_token_document_is_a_token() {
    let stand_in = with_image(Options::default());
    stand_in.lie(Route::Token, Lie::Status(201));
    assert_green(&Gate::at(&stand_in).image(IMAGE).run());
}

#[test]
fn a_token_endpoint_that_hands_out_digitaloceans_token_gets_it_sent_nowhere() {
    for form in [|token: &str| token.to_owned(), |token: &str| auth(&format!("{token}:{token}"))] {
        let stand_in = with_image(Options::default());
        let document = json!({ "token": form(stand_in.token()) });
        stand_in.lie(Route::Token, Lie::Answer(Answer::json(200, &document)));
        let run = Gate::at(&stand_in).image(IMAGE).run();
        assert_eq!(run.code, Some(3), "{}", run.snapshot());
        assert_eq!(stand_in.connections(Origin::Registry), 0);
    }
}

#[test]
fn a_storage_that_repeats_the_signed_address_does_not_get_it_shown() {
    let signature = "c0ffee5e1b3a0f4d24c1e9b7764a2d3f8e0915ce1b3a0f4d24c1e9b7764a2d3f";
    let key = "AF2vzXq9-0123456789_opaque-abcdefghij";
    for status in [400, 403, 404, 200, 503] {
        let stand_in = with_image(Options::default());
        let location = format!(
            "{}/{key}/x?X-Amz-Credential=AKIA0123456789%2F20261103&X-Amz-Signature={signature}",
            stand_in.url(Origin::Storage)
        );
        stand_in.lie(Route::Blob, Lie::redirect(307, &location));
        let document = format!(
            "<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>{signature}</SignatureProvided>\
             <Credential>AKIA0123456789/20261103</Credential><Key>{key}</Key></Error>"
        );
        let answer = Answer::new(status).header("retry-after", "0").bytes(document);
        let answer = answer.header("content-type", "application/xml");
        stand_in.lie(Route::Any.at(Origin::Storage), Lie::Answer(answer));
        let run = Gate::at(&stand_in)
            .secret(signature)
            .secret(key)
            .secret("AKIA0123456789/20261103")
            .args("-vv --junit junit.xml --html page.html")
            .image(IMAGE)
            .run();
        assert_ne!(run.code, Some(0), "{status}: {}", run.snapshot());
    }
}

#[test]
fn a_password_in_the_registrys_host_is_not_printed() {
    let run = Gate::alone()
        .secret("hunter2-of-the-registry")
        .env("DIGITALOCEAN_REGISTRY_HOST", "user:hunter2-of-the-registry@r.example")
        .env("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_0123456789abcdef")
        .args("registry.digitalocean.com/keepkey/a:b --junit junit.xml")
        .run();
    assert_eq!(run.code, Some(2), "{}", run.snapshot());
    insta::assert_snapshot!(run.stderr, @"
    error: invalid host `***@r.example` in `DIGITALOCEAN_REGISTRY_HOST`
      hint: give a host and, if it has one, a port, as in `127.0.0.1:5000`
    ");
}

#[test]
fn a_helper_that_hangs_does_not_outlive_a_run_that_a_signal_ends() {
    let stand_in = registry(Auth::Anonymous);
    let script = "#!/bin/sh\necho $$ >\"$HOME/helper.pid\"\nexec sleep 1000\n";
    let gate = with_config(&stand_in, r#"{"credsStore":"ours"}"#)
        .program("docker-credential-ours", script);
    let noted = gate.folder().join("helper.pid");
    let running = gate.start();
    let read = || fs::read_to_string(&noted).unwrap_or_default();
    wait_until("the helper", || read().ends_with('\n'));
    running.signal(Signal::TERM);
    assert_eq!(running.finish().code, Some(143));
    let status = format!("/proc/{}/status", read().trim());
    wait_until("the helper's end", || {
        // Whoever inherits it may not have waited for it yet.
        fs::read_to_string(&status).map_or(true, |status| status.contains("State:\tZ"))
    });
}
