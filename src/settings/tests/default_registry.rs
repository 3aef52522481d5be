//! `--default-registry`: references as a cluster lists them.

use super::*;

fn references(line: &str) -> String {
    let told = World::new(line).without(TOKEN_VARIABLE).settings().images;
    let line = |image: &ImageRequest| [&[image.reference.to_string()], &*image.notes].concat();
    told.iter().flat_map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_reference_without_a_host_is_completed_as_a_cluster_reads_it() {
    let digest = format!("nginx@{DIGEST}");
    let line = format!(
        "--default-registry docker.io nginx nginx:1.29 grafana/loki:3 {digest} docker.io/redis quay.io/a/b:c \
         localhost/x:1 registry:5000/y registry.k8s.io/pause"
    );
    insta::assert_snapshot!(references(&line), @"
    docker.io/library/nginx:latest
    `nginx` has no tag and is read as `latest`, as a cluster reads it
    docker.io/library/nginx:1.29
    docker.io/grafana/loki:3
    docker.io/library/nginx@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    docker.io/library/redis:latest
    `docker.io/redis` has no tag and is read as `latest`, as a cluster reads it
    quay.io/a/b:c
    localhost/x:1
    registry:5000/y:latest
    `registry:5000/y` has no tag and is read as `latest`, as a cluster reads it
    registry.k8s.io/pause:latest
    `registry.k8s.io/pause` has no tag and is read as `latest`, as a cluster reads it
    ");
    insta::assert_snapshot!(references("--default-registry r.example:5000 nginx a/b:c docker.io/redis:8"), @"
    r.example:5000/nginx:latest
    `nginx` has no tag and is read as `latest`, as a cluster reads it
    r.example:5000/a/b:c
    docker.io/library/redis:8
    ");
}

#[test]
fn it_can_be_a_variable_and_its_references_can_come_from_standard_input() {
    let world = World::new("-")
        .stdin("nginx:1\nredis:8\n")
        .variable("VERIFY_REGISTRY_IMAGE_DEFAULT_REGISTRY", "docker.io");
    let images: Vec<_> =
        world.settings().images.iter().map(|image| image.reference.to_string()).collect();
    assert_eq!(images, ["docker.io/library/nginx:1", "docker.io/library/redis:8"]);
}

#[test]
fn it_never_completes_what_a_config_could_have_named() {
    let at = |line: &str| World::new(&format!("--default-registry docker.io {line}"));
    let told = [
        at("support-mail:latest").config(ONE_SERVICE).told(),
        at("a:b --service a").told(),
        at("a:b --environment development").told(),
        at("latest --repository r.example/a").told(),
        at("").told(),
        at(DIGEST).told(),
        at("docker://nginx").told(),
        at("UPPER").told(),
        at("$NOPE").told(),
        World::new("--default-registry library nginx").told(),
        World::new("--default-registry docker.io/library nginx").told(),
        World::new("--default-registry https://docker.io nginx").told(),
        World::new("nginx:1").told(),
        World::new("library/nginx:1").told(),
        World::new("docker.io/library/nginx").told(),
    ];
    insta::assert_snapshot!(told.join("\n\n"), @"
    error: `--default-registry` cannot be used with the config file `verify-registry-image.yml`
      run it in a folder without one: a misspelt service must not become somebody else's image

    error: `--default-registry` and `--service` cannot be used together

    error: `--default-registry` and `--environment` cannot be used together

    error: `--default-registry` and `--repository` cannot be used together

    error: nothing to verify: no `IMAGE` is given, and there is no config file with services
      name an image, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`

    error: `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` is a digest without a repository
      write the repository too, as in `HOST/REGISTRY/REPOSITORY@DIGEST`, or give the digest with `--expect-digest`

    error: `docker://nginx` starts with `docker://`; an image reference has no scheme
      did you mean `nginx`?

    error: `UPPER` has a repository with upper-case letters; repositories are lower-case

    error: `$NOPE` uses the variable `$NOPE`, which is unset or empty
      set it in this job, or write the value itself

    error: invalid registry `library` for `--default-registry`: expected a host
      give a host and, if it has one, a port, as in `docker.io`

    error: invalid registry `docker.io/library` for `--default-registry`: expected a host
      give a host and, if it has one, a port, as in `docker.io`

    error: invalid registry `https://docker.io` for `--default-registry`: expected a host
      give a host and, if it has one, a port, as in `docker.io`

    error: `nginx:1` names the service `nginx`, but there is no config file
      write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`, or add `verify-registry-image.yml`

    error: `library/nginx:1` has no registry host
      did you mean `registry.digitalocean.com/library/nginx:1`?

    error: `docker.io/library/nginx` names neither a tag nor a digest; add `:TAG`
    ");
}
