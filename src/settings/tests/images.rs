//! Which images a run verifies, and what each must be.

#![expect(clippy::too_many_lines, reason = "tables are shown whole")]

use proptest::prelude::*;

use super::*;

fn develop(line: &str) -> World {
    World::new(line)
        .config(CONFIG)
        .variable("CIRCLE_SHA1", COMMIT)
        .variable("CIRCLE_BRANCH", "develop")
}

#[test]
fn without_an_image_every_service_is_verified_at_the_branch_s_tag() {
    insta::assert_snapshot!(develop("").told(), @r#"
    registry.digitalocean.com/keepkey/support-email:latest-dev
      service support-email
      environment development
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      immutable tag 0123456789abcdef0123456789abcdef01234567-dev
      platforms ["linux/amd64"]
      port 5001
    registry.digitalocean.com/keepkey/chat/server:latest-dev
      service support-chat
      environment development
      immutable tag 0123456789abcdef0123456789abcdef01234567-dev
    "#);
}

#[test]
fn a_full_reference_to_a_configured_service_gets_its_declarations() {
    insta::assert_snapshot!(develop(IMAGE).without("CIRCLE_BRANCH").told(), @r#"
    registry.digitalocean.com/keepkey/support-email:latest-dev
      service support-email
      environment development
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      immutable tag 0123456789abcdef0123456789abcdef01234567-dev
      platforms ["linux/amd64"]
      port 5001
    "#);
}

#[test]
fn an_image_of_another_repository_has_not_the_name_of_a_configured_service() {
    let told = [
        "registry.digitalocean.com/keepkey/other/support-email:latest-dev --record r.json --port 80",
        "registry.digitalocean.com/keepkey/other/worker:latest-dev --update-status",
        "registry.example/support-chat:latest-dev",
        "tag --repository registry.example/a/support-chat",
    ]
    .map(|line| World::new(line).config(CONFIG).told());
    insta::assert_snapshot!(told.join("\n"), @"
    registry.digitalocean.com/keepkey/other/support-email:latest-dev
      service keepkey/other/support-email (not configured)
      environment development
      immutable tag by the image's label
      port 80, strict
    error: `--update-status` needs a service of the config file, but `registry.digitalocean.com/keepkey/other/worker:latest-dev` belongs to none
      add a service with its repository to the config file, or omit `--update-status`
    registry.example/support-chat:latest-dev
      not DigitalOcean's
      service registry.example/support-chat (not configured)
    registry.example/a/support-chat:tag
      not DigitalOcean's
      service a/support-chat (not configured)
    ");
}

#[test]
fn a_service_and_a_tag_are_a_reference() {
    insta::assert_snapshot!(develop("support-chat:latest-dev support-email:other").variable("RELEASE", "v1").told(), @r#"
    registry.digitalocean.com/keepkey/chat/server:latest-dev
      service support-chat
      environment development
      immutable tag 0123456789abcdef0123456789abcdef01234567-dev
    registry.digitalocean.com/keepkey/support-email:other
      service support-email
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      platforms ["linux/amd64"]
      port 5001
    "#);
}

#[test]
fn a_tag_alone_is_the_only_service_s_or_that_of_the_repository() {
    let by = |line: &str| World::new(line).config(ONE_SERVICE).told();
    insta::assert_snapshot!(by("latest-dev"), @r"
    registry.digitalocean.com/keepkey/support-email:latest-dev
      service support-email
      environment development
    ");
    assert_eq!(by("latest-dev"), by("support-email:latest-dev"));
    assert_eq!(
        by("--repository registry.digitalocean.com/keepkey/support-email latest-dev"),
        by("latest-dev")
    );
    insta::assert_snapshot!(World::new("--repository localhost:5000/a v1").told(), @r"
    localhost:5000/a:v1
      not DigitalOcean's
      service a (not configured)
    ");
    let chosen = develop("--service support-chat latest-dev").told();
    assert_eq!(chosen, develop("support-chat:latest-dev").told());
}

#[test]
fn a_repository_without_an_image_is_verified_at_the_environment_s_tag() {
    let line = "--repository registry.digitalocean.com/keepkey/other --environment development";
    insta::assert_snapshot!(develop(line).told(), @r"
    registry.digitalocean.com/keepkey/other:latest-dev
      service other (not configured)
      environment development
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      immutable tag 0123456789abcdef0123456789abcdef01234567-dev
    ");
}

#[test]
fn a_digest_beside_a_tag_is_expected_and_alone_it_is_all_there_is() {
    insta::assert_snapshot!(develop(&format!("{IMAGE}@{DIGEST}")).told(), @r#"
    registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
      service support-email
      environment development
      digest sha256:44136fa355b3
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      immutable tag 0123456789abcdef0123456789abcdef01234567-dev
      platforms ["linux/amd64"]
      port 5001
    "#);
    let alone = format!("registry.digitalocean.com/keepkey/support-email@{DIGEST}");
    insta::assert_snapshot!(develop(&alone).told(), @r#"
    registry.digitalocean.com/keepkey/support-email@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
      service support-email
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      platforms ["linux/amd64"]
      port 5001
    "#);
    assert_eq!(develop(&format!("support-email@{DIGEST}")).told(), develop(&alone).told());
    assert_eq!(
        develop(&format!("support-email:latest-dev@{DIGEST}")).told(),
        develop(&format!("{IMAGE}@{DIGEST}")).told()
    );
    let in_repository = "--repository registry.digitalocean.com/keepkey/support-email";
    assert_eq!(
        develop(&format!("{in_repository} latest-dev@{DIGEST}")).told(),
        develop(&format!("{IMAGE}@{DIGEST}")).told()
    );
    let expected = |world: World| world.settings().images[0].expectation.clone();
    let in_reference = expected(develop(&format!("{IMAGE}@{DIGEST}")));
    assert_eq!(expected(develop(&format!("{IMAGE} --expect-digest {DIGEST}"))), in_reference);
    assert_eq!(expected(develop(&format!("{IMAGE} --expect-digest a/b@{DIGEST}"))), in_reference);
    let twice = develop(&format!("{IMAGE}@{DIGEST} --expect-digest {DIGEST}"));
    assert_eq!(expected(twice), in_reference);
    let file = develop(&format!("{IMAGE} --expect-digest-file digest.txt"));
    assert_eq!(expected(file.file("digest.txt", &format!("x/y@{DIGEST}\n"))), in_reference);
    let variable = |name: &str, value: &str| {
        develop(IMAGE).variable(name, value).file("digest.txt", &format!("{DIGEST}\n"))
    };
    let digest = variable("VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST", DIGEST);
    assert_eq!(expected(digest), in_reference);
    let file = variable("VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST_FILE", "digest.txt");
    assert_eq!(expected(file), in_reference);
    // The command line's counts more, in whichever form it is given.
    let other = format!("sha256:{}", "0".repeat(64));
    let line = develop(&format!("{IMAGE} --expect-digest-file digest.txt"))
        .file("digest.txt", &format!("{DIGEST}\n"))
        .variable("VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST", &other);
    assert_eq!(expected(line), in_reference);
}

#[test]
fn the_command_line_wins_over_the_config() {
    let line =
        format!("{IMAGE} --port 80 --platform linux/arm64,linux/arm/v6 --expect-revision=off");
    insta::assert_snapshot!(develop(&line).told(), @r#"
    registry.digitalocean.com/keepkey/support-email:latest-dev
      service support-email
      environment development
      immutable tag 0123456789abcdef0123456789abcdef01234567-dev
      platforms ["linux/arm64", "linux/arm/v6"]
      port 80, strict
    "#);
}

#[test]
fn an_environment_is_found_by_its_tag_and_only_for_images_of_the_config() {
    let names = |line: &str| -> Vec<_> {
        let settings = develop(line).variable("RELEASE", "v7").settings();
        settings.images.into_iter().map(|image| image.environment.unwrap_or_default()).collect()
    };
    let immutable = format!("support-email:{COMMIT}-dev");
    let images = format!(
        "support-email:latest-dev {immutable} support-email:v7 support-email:v6 \
         registry.digitalocean.com/keepkey/unknown:latest-dev registry.digitalocean.com/another/a:latest-dev \
         docker.io/library/node:latest-dev"
    );
    assert_eq!(
        names(&images),
        ["development", "development", "production", "", "development", "", ""]
    );
}

#[test]
fn an_environment_that_cannot_be_resolved_disturbs_no_other() {
    assert!(develop("--environment development").read().is_ok(), "`RELEASE` is not set");
    assert!(develop("support-email:latest-dev").read().is_ok(), "nor does it matter");
    insta::assert_snapshot!(develop("--environment production").told(), @"
    error: verify-registry-image.yml:9:10: the value `$RELEASE` uses the variable `$RELEASE`, which is unset or empty
      set it in this job, or write the value itself
    ");
}

#[test]
fn without_a_commit_the_immutable_tag_waits_for_the_image_s_label() {
    insta::assert_snapshot!(develop("support-email:latest-dev").without("CIRCLE_SHA1").told(), @r#"
    registry.digitalocean.com/keepkey/support-email:latest-dev
      service support-email
      environment development
      immutable tag by the image's label
      platforms ["linux/amd64"]
      port 5001
    "#);
}

#[test]
fn the_commit_is_the_option_s_before_circleci_s() {
    let other = "f".repeat(40);
    let line = format!("support-email:latest-dev --expect-revision={other}");
    insta::assert_snapshot!(develop(&line).told(), @r#"
    registry.digitalocean.com/keepkey/support-email:latest-dev
      service support-email
      environment development
      revision ffffffffffffffffffffffffffffffffffffffff, required
      immutable tag ffffffffffffffffffffffffffffffffffffffff-dev
      platforms ["linux/amd64"]
      port 5001
    "#);
}

#[test]
fn the_same_image_twice_is_verified_once_and_order_is_kept() {
    let world = develop("support-chat:latest-dev - support-email:latest-dev").stdin(&format!(
        "{IMAGE}\nregistry.digitalocean.com/keepkey/chat/server:latest-dev\n\ndocker.io/library/a:b\n"
    ));
    let references: Vec<_> =
        world.settings().images.iter().map(|image| image.reference.to_string()).collect();
    insta::assert_snapshot!(references.join("\n"), @r"
    registry.digitalocean.com/keepkey/chat/server:latest-dev
    registry.digitalocean.com/keepkey/support-email:latest-dev
    docker.io/library/a:b
    ");
}

/// Whether the rules of an environment or a service hold must not depend on a variable that somebody forgot.
#[test]
fn a_rule_that_cannot_be_read_is_not_dropped() {
    let told = |line: &str, config: &str| World::new(line).config(config).told();
    let image = "r.example/keepkey/a:latest-dev";
    let services = "services: {a: {port: 9}}";
    let environment = |tag: &str| {
        format!("registry: r.example/keepkey\nenvironments: {{d: {{tag: {tag}}}}}\n{services}")
    };
    let texts = [
        told(image, &environment("$TAGX")),
        told(image, &environment("'latest-${NAME}'")),
        told(image, &environment("'prod-${NAME}'")),
        told(image, &environment("'latest-dev '")),
        told(image, &environment("':latest-dev'")),
        told(image, &environment("'$'")),
        told(image, &environment("'{rev}'")),
        told(image, "registry: r.example/keepkey\nservices: {a: {repository: $REPO, port: 9}}"),
        told(image, "registry: r.example/keepkey\nservices: {b: {repository: 'b/$REPO'}}"),
        told(image, "registry: r.example/keepkey\nservices: {b: {repository: 'B!'}}"),
        told(image, "registry: $REG\nenvironments: {d: {tag: latest-dev}}"),
        told(image, "registry: other.example/$REG\nenvironments: {d: {tag: latest-dev}}"),
    ];
    insta::assert_snapshot!(texts.join("--\n"), @"
    error: no known environment deploys the tag `latest-dev`, but one cannot be resolved: verify-registry-image.yml:2:25: the value `$TAGX` uses the variable `$TAGX`, which is unset or empty
      set the variable in this job, or name the environment that deploys the tag with `--environment`--
    error: no known environment deploys the tag `latest-dev`, but one cannot be resolved: verify-registry-image.yml:2:25: the value `latest-${NAME}` uses the variable `$NAME`, which is unset or empty
      set the variable in this job, or name the environment that deploys the tag with `--environment`--
    error: no known environment deploys the tag `latest-dev`, but one cannot be resolved: verify-registry-image.yml:2:25: the value `prod-${NAME}` uses the variable `$NAME`, which is unset or empty
      set the variable in this job, or name the environment that deploys the tag with `--environment`--
    error: verify-registry-image.yml:2:25: the value `latest-dev ` has a malformed tag: `latest-dev ` (letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`)--
    error: verify-registry-image.yml:2:25: the value `:latest-dev` has a malformed tag: `:latest-dev` (letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`)--
    error: verify-registry-image.yml:2:25: the value `$` holds a `$` that is not part of `$NAME` or `${NAME}`
      only `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are replaced here--
    error: verify-registry-image.yml:2:25: the value `{rev}` holds a brace that is not part of `{revision}` or `{revision:7}`--
    error: verify-registry-image.yml:2:28: the value `$REPO` uses the variable `$REPO`, which is unset or empty, so it is unknown whether its rules apply to `r.example/keepkey/a:latest-dev`
      set it in this job, or write the value itself--
    error: verify-registry-image.yml:2:28: the value `b/$REPO` uses the variable `$REPO`, which is unset or empty, so it is unknown whether its rules apply to `r.example/keepkey/a:latest-dev`
      set it in this job, or write the value itself--
    error: verify-registry-image.yml:2:28: the value `B!` has a repository with upper-case letters; repositories are lower-case--
    error: verify-registry-image.yml:1:11: the value `$REG` uses the variable `$REG`, which is unset or empty, so it is unknown whether its rules apply to `r.example/keepkey/a`
      set it in this job, or write the value itself--
    error: verify-registry-image.yml:1:11: the value `other.example/$REG` uses the variable `$REG`, which is unset or empty, so it is unknown whether its rules apply to `r.example/keepkey/a`
      set it in this job, or write the value itself
    ");
}

#[test]
fn variables_are_expanded_where_they_may_be() {
    let world = develop(
        "$HOST/keepkey/${NAME}:{revision:7} --expect-digest $PUSHED --expect-revision=$SHA",
    )
    .variable("HOST", "registry.digitalocean.com")
    .variable("NAME", "a")
    .variable("PUSHED", DIGEST)
    .variable("SHA", "E".repeat(40))
    .variable("RELEASE", "v1");
    insta::assert_snapshot!(world.told(), @"
    registry.digitalocean.com/keepkey/a:eeeeeee
      service a (not configured)
      digest sha256:44136fa355b3
      revision eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee, required
    ");
    let world = World::new("").config(
        "registry: $R/keepkey\nenvironments: {dev: {tag: '$T-{revision:7}', immutable_tag: $CIRCLE_SHA1, branch: b}}\nservices: {a: {repository: x/$N}}",
    );
    let world = world
        .variable("R", "r.example")
        .variable("T", "t")
        .variable("N", "n")
        .variable("CIRCLE_SHA1", COMMIT)
        .variable("VERIFY_REGISTRY_IMAGE_ENVIRONMENT", "$E")
        .variable("E", "dev");
    insta::assert_snapshot!(world.told(), @r"
    r.example/keepkey/x/n:t-0123456
      not DigitalOcean's
      service a
      environment dev
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      immutable tag 0123456789abcdef0123456789abcdef01234567
    ");
}

#[test]
fn every_option_can_be_given_as_a_variable_and_the_command_line_wins() {
    let names = [
        ("IMAGES", "support-email:latest-dev, support-chat:latest-dev"),
        ("PLATFORMS", "linux/amd64 linux/arm64"),
        ("ENGINES", "podman,docker"),
        ("PORT", "8080"),
        ("WAIT", "90s"),
        ("DEADLINE", "1h"),
        ("JOBS", "3"),
        ("JUNIT", "j.xml"),
        ("RECORD_DIR", "records"),
        ("HTML", "r.html"),
        ("FAILURE_REASON_FILE", "f"),
        ("UPDATE_STATUS", "1"),
        ("FORMAT", "json"),
        ("COLOR", "always"),
        ("VERBOSE", "2"),
        ("EXPECT_REVISION", "required"),
    ];
    let from = |line| {
        names.into_iter().fold(develop(line), |world, (name, value)| {
            world.variable(&format!("VERIFY_REGISTRY_IMAGE_{name}"), value)
        })
    };
    let told = |settings: &Settings| {
        format!(
            "{:#?}\n{:?} {:?} {} {:?}",
            // What is read is somewhere else in each run.
            Outputs { inputs: Vec::new(), ..settings.outputs.clone() },
            settings.wait,
            settings.deadline,
            settings.jobs,
            settings.console
        )
    };
    let by_variables = from("").settings();
    insta::assert_snapshot!(told(&by_variables), @r#"
    Outputs {
        files: {
            "failure-reason-file": "f",
            "html": "r.html",
            "junit": "j.xml",
            "record-dir": "records",
        },
        status: Some(
            StatusFolder {
                directory: "docs/status",
                board: Some(
                    "docs/board.md",
                ),
                badges: None,
                services: [
                    "support-email",
                    "support-chat",
                ],
            },
        ),
        config_file: "verify-registry-image.yml",
        services: [
            "support-email",
            "support-chat",
        ],
        inputs: [],
    }
    Some(90s) 3600s 3 Console { format: Json, color_stdout: false, color_stderr: true, draws_stderr: false, quiet: false, verbosity: 2 }
    "#);
    let line = "support-email:latest-dev support-chat:latest-dev --platform linux/amd64 --platform linux/arm64 --engine podman --engine docker --port 8080 \
         --wait 90s --deadline 1h --jobs 3 --junit j.xml --record-dir records --html r.html --failure-reason-file f \
         --update-status --format json --color always -vv --expect-revision";
    let by_line = develop(line).settings();
    assert_eq!(told(&by_line), told(&by_variables));
    assert_eq!(by_line.images, by_variables.images);
    let both = from("support-email:latest-dev --wait 5s --jobs 9 -q --format human").settings();
    assert_eq!((both.images.len(), both.wait, both.jobs), (1, Some(Duration::from_secs(5)), 9));
    assert_eq!(
        (both.console.quiet, both.console.verbosity, both.console.format),
        (true, 0, Format::Human)
    );
}

#[test]
fn the_deadline_follows_the_wait_and_the_number_of_images() {
    let seconds = |line: &str, images: usize| {
        let words: Vec<_> = (0..images).map(|index| format!("r.example/a:{index}")).collect();
        World::new(line).argument("-").stdin(&words.join("\n")).settings().deadline.as_secs()
    };
    assert_eq!(seconds("", 1), 120);
    assert_eq!(seconds("", 63), 120);
    assert_eq!(seconds("", 64), 130);
    assert_eq!(seconds("", 640), 220);
    assert_eq!(seconds("--wait 5m", 1), 420);
    assert_eq!(seconds("--wait 5m --deadline 5m", 40), 300);
    assert_eq!(seconds("--jobs 1", 3), 120);
    let may_grow = |line: &str| {
        let settings = World::new(&format!("r.example/a:b {line}")).settings();
        settings.more_time.add(Duration::from_secs(60));
        settings.ends_after().as_secs()
    };
    assert_eq!((may_grow(""), may_grow("--wait 1m"), may_grow("--deadline 2m")), (180, 240, 120));
}

#[test]
fn colours_are_for_terminals_unless_an_option_says_otherwise() {
    let colored = |line: &str, is_terminal, variables: &[(&str, &str)]| {
        let mut world = World::new(&format!("r.example/a:b {line}"));
        world.is_terminal = is_terminal;
        for (name, value) in variables {
            world = world.variable(name, *value);
        }
        let console = world.settings().console;
        (console.color_stdout, console.color_stderr)
    };
    assert_eq!(colored("", true, &[]), (true, true));
    assert_eq!(colored("", false, &[]), (false, false));
    assert_eq!(colored("", true, &[("NO_COLOR", "1")]), (false, false));
    assert_eq!(colored("", true, &[("NO_COLOR", "")]), (true, true));
    assert_eq!(colored("", true, &[("TERM", "dumb")]), (false, false));
    assert_eq!(colored("", true, &[("TERM", "dumb"), ("CIRCLECI", "true")]), (true, true));
    assert_eq!(colored("--color always", false, &[("NO_COLOR", "1")]), (true, true));
    assert_eq!(colored("--color never", true, &[]), (false, false));
    assert_eq!(colored("--format json", true, &[]), (false, true));
}

#[test]
fn files_of_others_are_where_the_environment_says() {
    let docker =
        |world: World| world.settings().docker_config.map(|path| path.display().to_string());
    assert_eq!(docker(World::new("r.example/a:b")), None);
    let home = || World::new("r.example/a:b").variable("HOME", "/home/a");
    assert_eq!(docker(home()).unwrap(), "/home/a/.docker/config.json");
    assert_eq!(docker(home().variable("DOCKER_CONFIG", "/d")).unwrap(), "/d/config.json");
}

#[test]
fn a_local_stand_in_is_digitalocean_s_and_is_noted() {
    let settings = World::new("127.0.0.1:5000/keepkey/a:b")
        .variable("DIGITALOCEAN_API_URL", "http://127.0.0.1:8080")
        .variable("DIGITALOCEAN_REGISTRY_HOST", "127.0.0.1:5000")
        .settings();
    assert!(
        settings.images[0].registry_kind == RegistryKind::DigitalOcean
            && settings.digitalocean.plain_http
    );
    assert_eq!(
        settings.notes,
        [
            "DigitalOcean's API is `http://127.0.0.1:8080` (`DIGITALOCEAN_API_URL`)",
            "DigitalOcean's registry is `127.0.0.1:5000` (`DIGITALOCEAN_REGISTRY_HOST`)",
            "the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`",
        ]
    );
}

#[test]
fn circleci_s_values_are_cleaned_where_they_arrive() {
    let settings = World::new("r.example/a:b")
        .variable("CIRCLE_BRANCH", "a\u{1b}[31m\nb")
        .variable("CIRCLE_REPOSITORY_URL", "https://user:hunter22@git.example/a/b@c")
        .variable("CIRCLE_BUILD_URL", format!("https://circleci.example/{TOKEN}"))
        .settings();
    assert_eq!(settings.circleci.branch.as_deref(), Some("a[31m b"));
    assert_eq!(settings.circleci.repository_url.as_deref(), Some("https://git.example/a/b@c"));
    assert_eq!(settings.circleci.build_url.as_deref(), Some("https://circleci.example/***"));
    assert_eq!(settings.redactor.redact("hunter22"), "***");
}

#[test]
fn outputs_are_resolved_beside_the_config() {
    let world = develop("--config ci/x.yml --environment development --update-status")
        .file("ci/x.yml", CONFIG);
    let mut outputs = world.settings().outputs;
    let inputs: Vec<_> = outputs.inputs.drain(..).map(|input| input.what).collect();
    assert_eq!(inputs, ["the config file"]);
    insta::assert_snapshot!(format!("{:#?}", outputs), @r#"
    Outputs {
        files: {},
        status: Some(
            StatusFolder {
                directory: "ci/docs/status",
                board: Some(
                    "ci/docs/board.md",
                ),
                badges: None,
                services: [
                    "support-email",
                    "support-chat",
                ],
            },
        ),
        config_file: "ci/x.yml",
        services: [
            "support-email",
            "support-chat",
        ],
        inputs: [],
    }
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_word_is_survived_and_what_is_accepted_is_a_reference(
        word in "(support-email|latest-dev|registry.digitalocean.com|keepkey|/|:|@|sha256:|\\$A|\\{revision\\}|-|\\.|[a-z]|\\PC){0,8}"
    ) {
        let world = World::new("--").argument(&word).config(CONFIG).variable("A", "x").variable("CIRCLE_SHA1", COMMIT);
        if let Ok(Asked::Verify(settings)) = world.read() {
            let reference = &settings.images[0].reference;
            prop_assert_eq!(&reference.to_string().parse::<crate::oci::Reference>().unwrap(), reference);
        }
    }
}
