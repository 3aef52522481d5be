//! A word that was emptied on its way must not ask a wider or a weaker question.

use super::*;

/// The config's only service, on its branch: without an IMAGE it would be verified.
fn world(line: &str) -> World {
    World::new(line)
        .config(ONE_SERVICE)
        .variable("CIRCLE_BRANCH", "develop")
        .variable("CIRCLE_SHA1", COMMIT)
}

/// Every option that takes a value, by its long name.
fn with_values() -> Vec<String> {
    let long = |option: OptionText| {
        let long = option.option.split("--").nth(1)?.to_owned();
        let (long, value) = long.split_at(long.find([' ', '['])?);
        let doing = ["completions", "schema"].contains(&long);
        (!value.is_empty() && !doing).then(|| long.to_owned())
    };
    options().into_iter().filter_map(long).collect()
}

#[test]
fn nil_is_a_mistake_in_every_option_and_every_variable() {
    assert!(world("").read().is_ok());
    for long in with_values() {
        for nil in ["<nil>", " <nil>"] {
            let told = world("").argument(format!("--{long}={nil}")).told();
            assert!(
                told.contains("<nil>") && told.contains(&format!("`--{long}`")),
                "{long}: {told}"
            );
            let Some(name) = variable_of(&long) else { continue };
            let told = world("").variable(&name, nil).told();
            assert!(told.starts_with("error: ") && told.contains(&name), "{long}: {told}");
        }
    }
    for name in ["IMAGES", "SERVICES", "PLATFORMS", "ENGINES"] {
        let told = world("").variable(&format!("{PREFIX}{name}"), "a <nil>").told();
        assert!(told.contains("`<nil>`"), "{told}");
    }
    insta::assert_snapshot!(world("<nil>").told(), @"
    error: the value of `IMAGE` is `<nil>`, which CircleCI writes for a pipeline value that is not set
      set the pipeline value, or omit this option where there is none
    ");
    insta::assert_snapshot!(world("").variable("VERIFY_REGISTRY_IMAGE_IMAGES", "<nil>").told(), @"
    error: the value of `VERIFY_REGISTRY_IMAGE_IMAGES` is `<nil>`, which CircleCI writes for a pipeline value that is not set
      set the pipeline value, or omit this option where there is none
    ");
    for flag in ["UPDATE_STATUS", "QUIET", "VERBOSE"] {
        assert!(world("").variable(&format!("{PREFIX}{flag}"), "<nil>").read().is_err());
    }
}

#[test]
fn a_value_of_white_space_is_no_value() {
    for long in with_values() {
        for blank in ["", " ", "\t\n"] {
            let told = world("").argument(format!("--{long}={blank}")).told();
            assert!(told.starts_with("error: "), "{long}: {told}");
            if let Some(name) = variable_of(&long).filter(|_| !blank.is_empty()) {
                let told = world("").variable(&name, blank).told();
                assert!(told.starts_with("error: "), "{long}: {told}");
            }
        }
    }
    assert!(world("").argument("").read().is_err() && world(" - ").stdin(" \n").read().is_err());
}

#[test]
fn a_word_that_is_empty_once_it_is_expanded_is_a_mistake() {
    for emptied in ["$A", "${A}", "$A$B"] {
        for value in [None, Some(""), Some(" "), Some("\n"), Some("<nil>")] {
            let set = |world: World| match value {
                Some(value) => world.variable("A", value).variable("B", value),
                None => world,
            };
            for option in ["repository", "environment", "expect-digest", "expect-revision"] {
                let world = set(world("latest-dev").argument(format!("--{option}={emptied}")));
                assert!(world.read().is_err(), "--{option}={emptied} {value:?}");
            }
            assert!(set(world("").argument(emptied)).read().is_err(), "{emptied} {value:?}");
            let images = set(world("").variable("VERIFY_REGISTRY_IMAGE_IMAGES", emptied));
            assert!(images.read().is_err(), "{emptied} {value:?}");
            let config = ONE_SERVICE.replace("latest-dev", &format!("'{emptied}'"));
            assert!(set(world("").config(&config)).read().is_err(), "{emptied} {value:?}");
        }
    }
}

#[test]
fn a_boolean_variable_is_one_of_four_words() {
    for (value, is_good) in
        [("1", true), ("0", true), ("true", true), ("false", true), ("TRUE", false), ("no", false)]
    {
        let world = world("").variable("VERIFY_REGISTRY_IMAGE_QUIET", value);
        assert_eq!(world.read().is_ok(), is_good, "{value}");
    }
}

#[test]
fn a_mistake_names_the_parameters_of_the_orb_where_its_script_runs_the_program() {
    let by_orb = |variables: &[(&str, &str)]| {
        let world = World::new("").config(CONFIG).variable("VERIFY_REGISTRY_IMAGE_ORB", "1");
        let name = |rest: &str| format!("{PREFIX}{rest}");
        let set = |world: World, (rest, value): &(&str, &str)| world.variable(&name(rest), *value);
        variables.iter().fold(world.variable("RELEASE", "v1"), set).told()
    };
    let (two, digest) = ("support-email:a support-chat:b", format!("support-email@{DIGEST}"));
    let told = [
        by_orb(&[]),
        by_orb(&[("ENVIRONMENT", "<nil>")]),
        by_orb(&[("WAIT", "soon")]),
        by_orb(&[("IMAGES", two), ("RECORD", "r/record.json")]),
        by_orb(&[("IMAGES", &digest), ("RECORD", "r/record.json")]),
        by_orb(&[("IMAGES", "support-email:a"), ("UPDATE_STATUS", "1")]),
        by_orb(&[("IMAGES", "support-email:latest-dev"), ("EXPECT_DIGEST_FILE", "pushed")]),
        by_orb(&[("IMAGES", "latest")]),
    ];
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    error: nothing to verify: neither `image` nor parameter `environment` is given, and `CIRCLE_BRANCH` is not set
      name an environment with parameter `environment`, or give an `image`

    error: the value of parameter `environment` is `<nil>`, which CircleCI writes for a pipeline value that is not set
      set the pipeline value, or omit this option where there is none

    error: invalid duration `soon` for parameter `wait`: expected a duration such as `90s`, `2m` or `1h30m`

    error: parameter `record_dir` needs exactly one image, but 2 are given
      several images need `environment`, which names a file for each record, or `record_dir: ""`

    error: parameter `record_dir` needs a tag, but `registry.digitalocean.com/keepkey/support-email@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` is a digest alone
      set `record_dir: ""`: a digest without a tag has no record

    error: parameter `update_status` needs an environment, but `registry.digitalocean.com/keepkey/support-email:a` has none
      name an environment of the config file with parameter `environment`

    error: the file `pushed` of parameter `digest_file` does not exist
      check that the push job wrote it and that this job attached its workspace

    error: `latest` is a tag, but the config file has several services: `support-email` and `support-chat`
      write `SERVICE:latest`, or add parameter `services`
    "#);
}
