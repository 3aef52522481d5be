//! Which images an environment's name and rules are for.

use super::*;

const TWO: &str = "
registry: registry.digitalocean.com/keepkey
environments:
  development: { tag: latest-dev, immutable_tag: '{revision}-dev', branch: develop, expect_revision: when-labelled }
  production: { tag: $RELEASE }
services: { a: }
status: { directory: docs }
";

fn world(line: &str) -> World {
    World::new(line).config(TWO).variable("CIRCLE_SHA1", COMMIT)
}

#[test]
fn an_environment_lends_its_name_to_no_image_outside_the_config() {
    let foreign = "registry.example/other/a:latest-dev";
    insta::assert_snapshot!(world(&format!("--environment development {foreign} --port 80")).told(), @"
    registry.example/other/a:latest-dev
      not DigitalOcean's
      service other/a (not configured)
      port 80, strict
      note: it is outside the config's `registry` and no service has its repository, so the environment `development` and its rules do not apply to it
    ");
    insta::assert_snapshot!(world("--environment development --repository registry.example/other/a").told(), @"
    registry.example/other/a:latest-dev
      not DigitalOcean's
      service other/a (not configured)
      note: it is outside the config's `registry` and no service has its repository, so the environment `development` and its rules do not apply to it
    ");
    let told = ["--update-status", "--record-dir r"]
        .map(|output| world(&format!("--environment development {foreign} {output}")).told());
    insta::assert_snapshot!(told.join("\n\n"), @"
    error: `--update-status` needs an environment, but `registry.example/other/a:latest-dev` is outside the config file's `registry` and no service has its repository
      only images of the config file have an environment: omit `--update-status`, or add a service with this repository to the config file

    error: `--record-dir` needs an environment, but `registry.example/other/a:latest-dev` is outside the config file's `registry` and no service has its repository
      only images of the config file have an environment: omit `--record-dir`, or add a service with this repository to the config file
    ");
    let inside = world("--environment development registry.digitalocean.com/keepkey/b:latest-dev");
    assert_eq!(inside.settings().images[0].environment.as_deref(), Some("development"));
    assert!(world(&format!("--environment development {foreign}-2")).read().is_err());
}

#[test]
fn an_environment_with_an_unset_variable_is_left_out_where_another_deploys_the_tag() {
    assert_eq!(
        world("a:latest-dev").settings().images[0].environment.as_deref(),
        Some("development")
    );
    for value in [None, Some(""), Some("<nil>")] {
        let set = |world: World| match value {
            Some(value) => world.variable("RELEASE", value),
            None => world,
        };
        let told = set(world("a:v1")).told();
        assert!(told.contains("$RELEASE") && told.contains("--environment"), "{told}");
    }
    insta::assert_snapshot!(world("a:v1").told(), @"
    error: no known environment deploys the tag `v1`, but one cannot be resolved: verify-registry-image.yml:5:22: the value `$RELEASE` uses the variable `$RELEASE`, which is unset or empty
      set the variable in this job, or name the environment that deploys the tag with `--environment`
    ");
    let known = world("a:v1").variable("RELEASE", "v1").settings();
    assert_eq!(known.images[0].environment.as_deref(), Some("production"));
    let other = world("a:v2").variable("RELEASE", "v1").settings();
    assert_eq!(other.images[0].environment, None);
}

#[test]
fn a_config_of_the_checkout_sends_no_secret_of_the_job_anywhere() {
    for (config, place) in [
        ("registry: r.example/$NPM_TOKEN\nservices: {a: }", "1:11"),
        ("registry: r.example\nservices: {a: {repository: $NPM_TOKEN}}", "2:28"),
        ("registry: r.example\nservices: {a: }\nenvironments: {e: {tag: '$npm_token'}}", "3:25"),
        (
            "registry: r.example\nservices: {a: }\nenvironments: {e: {tag: x, immutable_tag: 'y-${NPM_TOKEN}'}}",
            "3:43",
        ),
        ("registry: r.example\nservices: {a: {tag: '$NPM_TOKEN-{tag}'}}", "2:21"),
    ] {
        for line in ["a:x", "--service a x", "docker.io/library/node:1"] {
            let world = World::new(line).config(config);
            let told =
                world.variable("NPM_TOKEN", "hunter2").variable("npm_token", "hunter2").told();
            assert!(
                told.contains(&format!("verify-registry-image.yml:{place}: ")),
                "{config} {told}"
            );
            assert!(
                told.to_uppercase().contains("$NPM_TOKEN") && !told.contains("hunter2"),
                "{told}"
            );
        }
    }
    let config = "registry: r.example\nservices: {a: }\nenvironments: {e: {tag: $STAGE}}";
    let world = World::new("docker.io/library/node:1").config(config).variable("STAGE", TOKEN);
    insta::assert_snapshot!(world.told(), @"
    error: verify-registry-image.yml:3:25: the value `$STAGE` cannot be expanded: the variable `STAGE` holds a secret, and its value would be shown
      a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`, or in the variable that `--token-env` names
    ");
}

#[test]
fn a_variable_that_holds_several_words_is_several_images() {
    let at = |word: &str, value: &str| {
        let settings = world(word).variable("CHANGED", value).variable("RELEASE", "v").settings();
        settings.images.iter().map(|image| image.reference.to_string()).collect::<Vec<_>>()
    };
    let two = "r.example/a:1\n  r.example/b:2,r.example/c:3 ";
    for word in ["$CHANGED", "${CHANGED}"] {
        assert_eq!(at(word, two), ["r.example/a:1", "r.example/b:2", "r.example/c:3"]);
    }
    let told = world("r.example/$CHANGED").variable("CHANGED", two).told();
    assert!(told.starts_with("error: "), "{told}");
    let told = world("$CHANGED").variable("CHANGED", "-").stdin("r.example/a:1\n").told();
    assert!(told.starts_with("error: "), "expanded once, and not read again: {told}");
}
