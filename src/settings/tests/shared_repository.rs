//! Several services in one repository, told apart by their tags: a registry plan can allow one repository alone.

use super::*;

const SHARED: &str = r#"
registry: registry.digitalocean.com/team
environments:
  development:
    tag: latest
    immutable_tag: "{revision:7}"
    branch: develop
services:
  api: { repository: app, tag: "api-{tag}" }
  web: { repository: app, tag: "web-{tag}" }
"#;

fn world(line: &str) -> World {
    World::new(line)
        .config(SHARED)
        .variable("CIRCLE_SHA1", COMMIT)
        .variable("CIRCLE_BRANCH", "develop")
}

#[test]
fn two_services_of_one_repository_with_different_tags_are_two_images() {
    insta::assert_snapshot!(world("").told(), @"
    registry.digitalocean.com/team/app:api-latest
      service api
      environment development
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      immutable tag api-0123456
    registry.digitalocean.com/team/app:web-latest
      service web
      environment development
      revision 0123456789abcdef0123456789abcdef01234567, when labelled
      immutable tag web-0123456
    ");
    assert_eq!(world("--environment development").told(), world("").told());
    assert_eq!(world("api:api-latest web:web-latest").told(), world("").told());
}

#[test]
fn a_reference_belongs_to_the_service_whose_tag_it_has() {
    let service = |reference: &str| {
        let settings = world(&format!("registry.digitalocean.com/team/{reference}")).settings();
        let image = &settings.images[0];
        format!("{} {:?}", image.service.name, image.environment)
    };
    assert_eq!(service("app:api-latest"), r#"api Some("development")"#);
    assert_eq!(service("app:web-latest"), r#"web Some("development")"#);
    assert_eq!(service("app:web-0123456"), r#"web Some("development")"#);
    assert_eq!(service("app:web-other"), "web None");
    // The environment's own tag, and that of a service that is not in the config.
    assert_eq!(service("app:latest"), r#"app Some("development")"#);
    assert_eq!(service("app:worker-latest"), "app None");
}

#[test]
fn a_tag_that_fits_two_services_belongs_to_the_one_that_an_environment_deploys() {
    let config = SHARED.replace("web-{tag}", "api-v2-{tag}");
    let of = |line: &str| World::new(line).config(&config);
    let image = of("registry.digitalocean.com/team/app:api-v2-latest").settings().images.remove(0);
    assert_eq!(image.service.name, "web");
    insta::assert_snapshot!(of("registry.digitalocean.com/team/app:api-v2-x").told(), @"
    error: `registry.digitalocean.com/team/app:api-v2-x` is in the repository of several services: `api` and `web`
      name the service, as in `SERVICE:TAG`
    ");
    assert_eq!(of("web:api-v2-x").settings().images[0].service.name, "web");
}

#[test]
fn without_a_commit_the_immutable_tag_keeps_the_service_s_form() {
    let settings = world("api:api-latest").without("CIRCLE_SHA1").settings();
    match &settings.images[0].expectation.immutable_tag {
        Some(ImmutableTag::ByRevisionLabel(template)) => {
            assert_eq!(template.fill(COMMIT).unwrap().as_str(), "api-0123456");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mistake_in_a_service_s_tag_is_named() {
    let with = |tag: &str| World::new("api:x").config(&SHARED.replace("api-{tag}", tag)).told();
    let told = [
        world("api:latest").told(),
        world("api:api-latest --environment nope").told(),
        world("web:web-x --environment development").told(),
        with("api"),
        with("{tag}-{tag}"),
        with(".{tag}"),
        with("{sha}-{tag}"),
        with("${CIRCLE_SHA1:0:7}-{tag}"),
        with("$NPM_TOKEN-{tag}"),
        with("$NOPE-{tag}"),
    ];
    insta::assert_snapshot!(told.join("\n\n"), @"
    error: the tags of the service `api` are `api-{tag}`, but `latest` is not one of them
      did you mean `api:api-latest`?

    error: the config file has no environment `nope`
      its environments are `development`

    error: environment `development` does not deploy the tag `web-x`
      it deploys `web-latest`: verify that tag, or omit `--environment`

    error: verify-registry-image.yml:9:32: the service tag `api` must hold `{tag}` once
      `{tag}` stands for the environment's tag, as in `api-{tag}`

    error: verify-registry-image.yml:9:32: the service tag `{tag}-{tag}` must hold `{tag}` once
      `{tag}` stands for the environment's tag, as in `api-{tag}`

    error: verify-registry-image.yml:9:32: the value `.tag` has a malformed tag: `.tag` (letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`)

    error: verify-registry-image.yml:9:32: the value `{sha}-` holds a brace that is not part of `{revision}` or `{revision:7}`

    error: verify-registry-image.yml:9:32: the value `${CIRCLE_SHA1:0:7}-` holds `${CIRCLE_SHA1:0:7}`, which only a shell expands
      write `{revision:7}`

    error: verify-registry-image.yml:9:32: the value `$NPM_TOKEN-` uses the variable `$NPM_TOKEN`, whose name is that of a secret
      a config file cannot use it, because its value would be sent to a registry: copy a value that is not secret to a variable of another name

    error: verify-registry-image.yml:9:32: the value `$NOPE-` uses the variable `$NOPE`, which is unset or empty
      set it in this job, or write the value itself
    ");
}
