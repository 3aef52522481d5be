//! The config file and the environment: where they are found, and which of two that say the same counts.

use crate::stand_in::{Image, StandIn};
use crate::support::Gate;

const COMMIT: &str = "1111111111111111111111111111111111111111";

fn with_images() -> StandIn {
    let stand_in = StandIn::honest();
    for tag in ["latest-dev", "latest-prod"] {
        stand_in.image("keepkey/support-email", tag, Image::node_on_alpine().revision(COMMIT));
    }
    stand_in
}

fn config(stand_in: &StandIn) -> String {
    format!(
        "registry: {}\nenvironments:\n  development: {{ tag: latest-dev, branch: develop }}\n  production: {{ tag: latest-prod, branch: main }}\nservices:\n  support-email: {{}}\n",
        stand_in.reference("keepkey")
    )
}

/// A run with the config in the folder that it runs in.
fn gate(stand_in: &StandIn) -> Gate<'_> {
    Gate::at(stand_in).file("verify-registry-image.yml", config(stand_in))
}

#[test]
fn the_environment_follows_the_branch() {
    let stand_in = with_images();
    let gate = gate(&stand_in).env("CIRCLE_BRANCH", "main").env("CIRCLE_SHA1", COMMIT);
    insta::assert_snapshot!(gate.with_notes().snapshot(), @"
    $ verify-registry-image
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-prod

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email in production

      passed     revision-expected
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    note: the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`
    ");
}

#[test]
fn a_branch_without_an_environment_is_never_a_pass() {
    let stand_in = with_images();
    let gate = gate(&stand_in).env("CIRCLE_BRANCH", "feature/1");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image
    exit code: 2
    ----- stdout
    ----- stderr
    error: no environment in `verify-registry-image.yml` uses branch `feature/1`
      hint: add `branch` to the environment that it deploys to, or name one with `--environment`
    ");
    assert!(stand_in.log().is_empty());
}

#[test]
fn without_image_environment_and_branch_there_is_nothing_to_verify() {
    let stand_in = with_images();
    insta::assert_snapshot!(gate(&stand_in).snapshot(), @"
    $ verify-registry-image
    exit code: 2
    ----- stdout
    ----- stderr
    error: nothing to verify: neither `IMAGE` nor `--environment` is given, and `CIRCLE_BRANCH` is not set
      hint: name an environment with `--environment`, or give an `IMAGE`
    ");
}

#[test]
fn without_image_and_config_there_is_nothing_to_verify() {
    let stand_in = with_images();
    insta::assert_snapshot!(Gate::at(&stand_in).snapshot(), @"
    $ verify-registry-image
    exit code: 2
    ----- stdout
    ----- stderr
    error: nothing to verify: no `IMAGE` is given, and there is no config file with services
      hint: name an image, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`
    ");
}

#[test]
fn a_tag_that_the_environment_does_not_deploy_is_a_mistake() {
    let stand_in = with_images();
    let gate = gate(&stand_in).args("support-email:latest-dev --environment production");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image support-email:latest-dev --environment production
    exit code: 2
    ----- stdout
    ----- stderr
    error: environment `production` does not deploy the tag `latest-dev`
      hint: it deploys `latest-prod`: verify that tag, or omit `--environment`
    ");
}

#[test]
fn the_config_is_found_from_a_folder_below() {
    let stand_in = with_images();
    let gate = gate(&stand_in).file("services/mail/.keep", "");
    let below = gate.folder().join("services/mail");
    let run = gate.within(&below).args("support-email:latest-dev").run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    assert!(run.stdout.contains("support-email in development"), "{}", run.snapshot());
}

#[test]
fn a_misspelt_key_is_named_with_its_place() {
    let stand_in = with_images();
    let config = config(&stand_in).replace("branch: main", "brnach: main");
    let gate = Gate::at(&stand_in).file("verify-registry-image.yml", config);
    insta::assert_snapshot!(gate.args("--environment production").snapshot(), @"
    $ verify-registry-image --environment production
    exit code: 2
    ----- stdout
    ----- stderr
    error: verify-registry-image.yml:4:35: unknown key `brnach`
      hint: did you mean `branch`?
    ");
}

#[test]
fn every_option_can_come_from_a_variable() {
    let stand_in = with_images();
    let gate = gate(&stand_in)
        .env("VERIFY_REGISTRY_IMAGE_IMAGES", "support-email:latest-dev, support-email:latest-prod")
        .env("VERIFY_REGISTRY_IMAGE_PLATFORMS", "linux/amd64")
        .env("VERIFY_REGISTRY_IMAGE_EXPECT_REVISION", COMMIT)
        .env("VERIFY_REGISTRY_IMAGE_PORT", "5001")
        .env("VERIFY_REGISTRY_IMAGE_JUNIT", "")
        .env("VERIFY_REGISTRY_IMAGE_QUIET", "true");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) 2 images: 2 verified
      VERIFIED   [registry]/keepkey/support-email:latest-dev   sha256:03783fe6aa95
      VERIFIED   [registry]/keepkey/support-email:latest-prod  sha256:03783fe6aa95
    ----- stderr
    ");
}

#[test]
fn the_command_line_counts_more_than_a_variable() {
    let stand_in = with_images();
    let gate = gate(&stand_in)
        .env("VERIFY_REGISTRY_IMAGE_IMAGES", "support-email:never-pushed")
        .env("VERIFY_REGISTRY_IMAGE_PORT", "8080")
        .args("support-email:latest-dev --port 5001 -q");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image support-email:latest-dev --port 5001 -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    ");
}

#[test]
fn a_boolean_that_is_none_is_a_mistake() {
    let stand_in = with_images();
    let gate = gate(&stand_in).env("VERIFY_REGISTRY_IMAGE_UPDATE_STATUS", "yes");
    insta::assert_snapshot!(gate.args("support-email:latest-dev").snapshot(), @"
    $ verify-registry-image support-email:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: invalid value `yes` for `VERIFY_REGISTRY_IMAGE_UPDATE_STATUS`: expected `1`, `0`, `true` or `false`
    ");
}

#[test]
fn a_variable_in_a_reference_is_expanded_once() {
    let stand_in = with_images();
    let gate = gate(&stand_in).env("TAG", "latest-dev").arg("support-email:${TAG}").arg("-q");
    insta::assert_snapshot!(gate.snapshot(), @r#"
    $ verify-registry-image "support-email:${TAG}" -q
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev
    ----- stderr
    "#);
}

#[test]
fn an_unset_variable_in_a_reference_is_a_mistake() {
    let stand_in = with_images();
    insta::assert_snapshot!(gate(&stand_in).arg("support-email:$TAG").snapshot(), @r#"
    $ verify-registry-image "support-email:$TAG"
    exit code: 2
    ----- stdout
    ----- stderr
    error: `support-email:$TAG` uses the variable `$TAG`, which is unset or empty
      hint: set it in this job, or write the value itself
    "#);
}

#[test]
fn a_variable_that_holds_the_token_is_a_mistake_and_is_not_shown() {
    let stand_in = with_images();
    let gate = gate(&stand_in).arg("support-email:$DIGITALOCEAN_ACCESS_TOKEN");
    insta::assert_snapshot!(gate.snapshot(), @r#"
    $ verify-registry-image "support-email:$DIGITALOCEAN_ACCESS_TOKEN"
    exit code: 2
    ----- stdout
    ----- stderr
    error: `support-email:$DIGITALOCEAN_ACCESS_TOKEN` cannot be expanded: the variable `DIGITALOCEAN_ACCESS_TOKEN` holds a secret, and its value would be shown
      hint: a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`, or in the variable that `--token-env` names
    "#);
}

#[test]
fn a_reference_without_a_host_is_not_completed() {
    let stand_in = with_images();
    let gate = gate(&stand_in).arg("keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image keepkey/support-email:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: `keepkey/support-email:latest-dev` has no registry host
      hint: did you mean `registry.digitalocean.com/keepkey/support-email:latest-dev`?
    ");
}

#[test]
fn a_commit_beside_a_bare_expect_revision_is_asked_about() {
    let stand_in = with_images();
    let gate = gate(&stand_in).env("CIRCLE_SHA1", COMMIT).arg("--expect-revision").arg(COMMIT);
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image --expect-revision 1111111111111111111111111111111111111111
    exit code: 2
    ----- stdout
    ----- stderr
    error: `1111111111111111111111111111111111111111` is a commit hash, but `--expect-revision` has no value
      hint: did you mean `--expect-revision=1111111111111111111111111111111111111111`?
    ");
}

#[test]
fn a_service_without_its_tag_is_asked_about() {
    let stand_in = with_images();
    insta::assert_snapshot!(gate(&stand_in).arg("support-email").snapshot(), @"
    $ verify-registry-image support-email
    exit code: 2
    ----- stdout
    ----- stderr
    error: `support-email` is a service of the config file without a tag
      hint: write `support-email:TAG`, or `--service support-email` with `--environment`
    ");
}

#[test]
fn no_token_anywhere_is_a_mistake_that_says_where_to_set_it() {
    let stand_in = with_images();
    let gate = gate(&stand_in).without_env("DIGITALOCEAN_ACCESS_TOKEN");
    insta::assert_snapshot!(gate.arg("support-email:latest-dev").snapshot(), @"
    $ verify-registry-image support-email:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no DigitalOcean token: `DIGITALOCEAN_ACCESS_TOKEN` is not set, and doctl has stored none
      hint: in CircleCI, set `DIGITALOCEAN_ACCESS_TOKEN` under Project Settings > Environment Variables or in a context that the job names;
      hint: on your own machine, export it, or run `doctl auth init`;
      hint: where the token is in a variable of another name, give that name with `--token-env`.
      hint: docker's login is not used for DigitalOcean: its API needs the token itself
    ");
}

#[test]
fn the_token_of_doctl_is_used_where_no_variable_holds_one() {
    let stand_in = with_images();
    let stored = format!("access-token: {}\ncontext: default\n", stand_in.token());
    let gate = gate(&stand_in)
        .without_env("DIGITALOCEAN_ACCESS_TOKEN")
        .file(".config/doctl/config.yaml", stored)
        .args("support-email:latest-dev");
    insta::assert_snapshot!(gate.with_notes().snapshot(), @"
    $ verify-registry-image support-email:latest-dev
    exit code: 0
    ----- stdout
    VERIFIED (GREEN) [registry]/keepkey/support-email:latest-dev

      deploy     [registry]/keepkey/support-email@sha256:03783fe6aa95[..64]
      type       a single image (application/vnd.oci.image.manifest.v1+json)
      platform   linux/amd64, 76.0 KiB in 5 layers
                 created 2026-11-03T08:15:30.123456789Z, exposes 5001/tcp
      commit     1111111111111111111111111111111111111111
      service    support-email in development

    note: found, but not proven to be this commit's: `latest-dev` can move, and nothing tells this image from an older one; give `--expect-digest`, `--expect-revision` or an `immutable_tag`
    ----- stderr
    note: DigitalOcean's API is `http://[api]` (`DIGITALOCEAN_API_URL`)
    note: DigitalOcean's registry is `[registry]` (`DIGITALOCEAN_REGISTRY_HOST`)
    note: the DigitalOcean token comes from doctl's config file `[folder]/.config/doctl/config.yaml` (context `default`)
    ");
}

#[test]
fn the_real_registry_is_out_of_reach_while_a_local_one_is_named() {
    let stand_in = with_images();
    let gate =
        Gate::at(&stand_in).arg("registry.digitalocean.com/keepkey/support-email:latest-dev");
    insta::assert_snapshot!(gate.snapshot(), @"
    $ verify-registry-image registry.digitalocean.com/keepkey/support-email:latest-dev
    exit code: 2
    ----- stdout
    ----- stderr
    error: `registry.digitalocean.com/keepkey/support-email:latest-dev` is in DigitalOcean's own registry, but `DIGITALOCEAN_REGISTRY_HOST` names another host
      hint: unset `DIGITALOCEAN_REGISTRY_HOST`, so that the real registry is asked
    ");
}
