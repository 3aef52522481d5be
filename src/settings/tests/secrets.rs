//! A secret is not shown, wherever it is typed by mistake.

use proptest::prelude::*;

use super::*;

/// Everything that could be shown of a reading.
fn everything(world: &World) -> String {
    match world.read() {
        Ok(asked) => format!("{asked:?}"),
        Err(error) => format!("{error} {error:?} {:?}", error.hint()),
    }
}

#[test]
fn a_token_on_the_command_line_is_never_repeated() {
    for line in [
        TOKEN.to_owned(),
        format!("--token {TOKEN}"),
        format!("--token={TOKEN}"),
        format!("--{TOKEN}"),
        format!("-{TOKEN}"),
        format!("{TOKEN}={TOKEN}"),
        format!("--format {TOKEN}"),
        format!("--format={TOKEN}"),
        format!("--wait {TOKEN}"),
        format!("--token-env {TOKEN}"),
        format!("--config {TOKEN}"),
        format!("--expect-revision={TOKEN}"),
        format!("registry.digitalocean.com/keepkey/a:{TOKEN}"),
        format!("--environment {TOKEN} a:b"),
        format!("-- {TOKEN}"),
    ] {
        // With the same token in the environment, and with one that only looks like a token.
        for world in [
            World::new(&line),
            World::new(&line).variable(TOKEN_VARIABLE, "dop_v1_ffffffffffffffff"),
        ] {
            let shown = everything(&world);
            assert!(!shown.contains("0123456789abcdef"), "{line}: {shown}");
        }
    }
    insta::assert_snapshot!(World::new(&format!("--wait 5s {TOKEN}")).told(), @r"
    error: argument 3 holds a secret; it is not repeated here
      a command line can be read by every process: replace this token, and give the new one in `DIGITALOCEAN_ACCESS_TOKEN`
    ");
}

#[test]
fn a_secret_of_any_form_is_known_by_its_value() {
    let world = |line: &str| World::new(line).variable(TOKEN_VARIABLE, "correct-horse-battery");
    for line in [
        "correct-horse-battery",
        "--x=correct-horse-battery",
        "r.example/a:xcorrect-horse-batteryx",
    ] {
        let shown = everything(&world(line));
        assert!(!shown.contains("correct-horse"), "{shown}");
    }
    let named = World::new("--token-env MINE hunter2-hunter2").variable("MINE", "hunter2-hunter2");
    assert!(!everything(&named).contains("hunter2"));
}

#[test]
fn a_token_in_a_variable_or_in_the_config_is_not_repeated() {
    for world in [
        World::new("").variable("VERIFY_REGISTRY_IMAGE_IMAGES", TOKEN),
        World::new("").variable("VERIFY_REGISTRY_IMAGE_FORMAT", TOKEN),
        World::new("$X").variable("X", TOKEN),
        World::new("").config(&format!("registry: {TOKEN}\n")),
        World::new("").config(&format!("{TOKEN}: a\n")),
        World::new("").config(&format!("registry: [{TOKEN}\n")),
        World::new("-").stdin(&format!("{TOKEN}\n")),
        World::new(IMAGE).variable("DIGITALOCEAN_API_URL", format!("https://{TOKEN}/")),
        World::new(IMAGE).variable("CIRCLE_BRANCH", TOKEN),
    ] {
        let shown = everything(&world);
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
    }
    let world = World::new("$X").variable("X", TOKEN);
    insta::assert_snapshot!(world.told(), @"
    error: `$X` cannot be expanded: the variable `X` holds a secret, and its value would be shown
      a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`, or in the variable that `--token-env` names
    ");
}

#[test]
fn a_token_that_doctl_has_stored_is_not_repeated_either() {
    const STORED: &str = "secret-of-doctl-0123456789abcdef";
    let world = |line: &str| {
        let world = World::new(line).without(TOKEN_VARIABLE);
        let file = format!("access-token: {STORED}\nauth-contexts: {{other: {STORED}x}}\n");
        let world = world.file(".config/doctl/config.yaml", &file);
        let home = world.path().display().to_string();
        world.variable("HOME", home)
    };
    for world in [
        world(STORED),
        world("keepkey/a:$T").variable("T", STORED),
        world("127.0.0.1:1/keepkey/a:$T").variable("T", format!("{STORED}x")),
        world("-").stdin(&format!("127.0.0.1:1/keepkey/{STORED}:a\n")),
        world(IMAGE).variable("VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST", STORED),
        world(IMAGE).variable("VERIFY_REGISTRY_IMAGE_TOKEN_ENV", STORED),
        world(&format!("{IMAGE} --expect-revision")).variable("CIRCLE_SHA1", STORED),
        world("").config("environments: {d: {tag: a}}").variable("CIRCLE_BRANCH", STORED),
        world(IMAGE).variable("DIGITALOCEAN_REGISTRY_HOST", STORED),
    ] {
        assert!(world.read().is_err());
        let shown = everything(&world);
        assert!(!shown.contains("secret-of-doctl"), "{shown}");
    }
}

#[test]
fn a_token_is_not_repeated_wherever_doctl_has_stored_it() {
    const STORED: &str = "secret-of-doctl-0123456789abcdef";
    for (variable, value, file) in [
        ("HOME", "", ".config/doctl/config.yaml"),
        ("XDG_CONFIG_HOME", "", "doctl/config.yaml"),
        ("DIGITALOCEAN_CONFIG", "mine.yaml", "mine.yaml"),
    ] {
        let world = World::new(STORED).file(file, &format!("access-token: {STORED}\n"));
        let path = world.path().join(value).display().to_string();
        let shown = everything(&world.variable(variable, path));
        assert!(!shown.contains("secret-of-doctl"), "{variable}: {shown}");
    }
}

/// Standard input is as good a place to paste a token by mistake as any other.
#[test]
fn a_word_that_holds_a_token_is_no_image() {
    let others = "dop_v1_ffffffffffffffffffffffff";
    for world in [
        World::new("-").stdin(&format!("127.0.0.1:1/keepkey/a:{TOKEN}\n")),
        World::new("-").stdin(&format!("127.0.0.1:1/keepkey/a:{others}\n")),
        World::new("-").stdin(&format!("127.0.0.1:1/{others}/a:b\n")),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(world.told(), @"
            error: an `IMAGE` holds a token
              remove it (it was neither printed nor sent); a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`
            ");
        }
    }
    for world in [
        World::new("127.0.0.1:1/keepkey/a:$X").variable("X", others),
        World::new("").variable("VERIFY_REGISTRY_IMAGE_IMAGES", format!("r.example/a:{others}")),
    ] {
        assert!(world.read().is_err());
        assert!(!everything(&world).contains(others));
    }
}

#[cfg(unix)]
#[test]
fn a_token_that_is_no_text_is_not_repeated() {
    use std::os::unix::ffi::OsStringExt as _;
    let mut bytes = TOKEN.as_bytes().to_vec();
    bytes.push(0xff);
    let world = World::new(IMAGE).variable(TOKEN_VARIABLE, OsString::from_vec(bytes));
    insta::assert_snapshot!(world.told(), @"
    error: the token in the variable `DIGITALOCEAN_ACCESS_TOKEN` is not valid UTF-8
      set it to the token alone, without quotation marks, `Bearer` or white space
    ");
    assert!(!everything(&world).contains("0123456789abcdef"));
}

#[test]
fn the_settings_of_a_run_do_not_show_their_secrets() {
    let world =
        World::new(IMAGE).variable("HTTPS_PROXY", "http://user:hunter2-hunter2@proxy.example");
    let shown = everything(&world);
    assert!(
        shown.contains("Verify")
            && !shown.contains("hunter2")
            && !shown.contains("0123456789abcdef")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_message_holds_a_control_character_or_the_token(
        words in proptest::collection::vec("(--[a-z-]{0,12}=?|-[a-z]|\\PC|\u{1b}\\[31m|\n|\u{202e}|dop_v1_0123456789abcdef0123456789abcdef){0,4}", 0..4)
    ) {
        let world = words.iter().fold(World::new(""), World::argument);
        if let Err(error) = world.read() {
            let shown = format!("{error}{}", error.hint().unwrap_or_default().replace('\n', ""));
            prop_assert!(shown.chars().all(crate::secret::is_printable), "{shown:?}");
            prop_assert!(!shown.contains("0123456789abcdef"), "{shown:?}");
        }
    }

    #[test]
    fn any_variable_is_survived(name in 0usize..27, value: String) {
        let names = ["IMAGES", "CONFIG", "REPOSITORY", "SERVICES", "ENVIRONMENT", "EXPECT_DIGEST", "EXPECT_DIGEST_FILE",
            "EXPECT_REVISION", "PLATFORMS", "PORT", "WAIT", "DEADLINE", "JOBS", "TOKEN_ENV", "JUNIT", "RECORD", "RECORD_DIR",
            "PULUMI_CONFIG", "IMAGE_REF", "HTML", "FAILURE_REASON_FILE", "UPDATE_STATUS", "FORMAT", "COLOR", "QUIET", "VERBOSE",
            "DRAW_STATUS"];
        let world = World::new(IMAGE).variable(&format!("{PREFIX}{}", names[name]), value);
        let _ = world.told();
    }
}
