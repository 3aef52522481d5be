//! Each mistake has a message and a next step. Exit code 2's wording is read by people at the end of a day.

#![expect(clippy::too_many_lines, reason = "tables are shown whole")]

use super::*;

/// Each reading's command line and what is told of it.
fn table(worlds: impl IntoIterator<Item = World>) -> String {
    let tell = |world: World| {
        let line: Vec<_> =
            world.arguments.iter().skip(1).map(|word| word.to_string_lossy()).collect();
        let variables = world.variables.iter().filter(|(name, _)| *name != TOKEN_VARIABLE);
        let variables =
            variables.map(|(name, value)| [name, "=", &value.to_string_lossy(), " "].concat());
        let variables = variables.collect::<Vec<_>>().concat();
        let told = world.told();
        assert!(told.starts_with("error: "), "{line:?} is accepted: {told}");
        let folder = world.path().display().to_string();
        format!("$ {variables}{}\n{}\n", line.join(" "), told.replace(&folder, "FOLDER"))
    };
    worlds.into_iter().map(tell).collect::<Vec<_>>().join("\n")
}

#[test]
fn of_the_command_line() {
    let lines = [
        "--expect-revison",
        "--nope=1",
        "-x",
        "--token hunter2",
        "--password=hunter2",
        "-t hunter2",
        "--format yaml",
        "--format jsn",
        "--wait",
        "--wait --jobs 3",
        "--update-status=yes",
        "--wait 1m --wait 2m",
        "-q -v",
        "--expect-digest a --expect-digest-file b",
        "--completions tcsh",
    ];
    insta::assert_snapshot!(table(lines.map(World::new)), @"
    $ --expect-revison
    error: there is no option `--expect-revison`
      did you mean `--expect-revision`?

    $ --nope=1
    error: there is no option `--nope`
      `verify-registry-image --help` lists the options

    $ -x
    error: there is no option `-x`
      `verify-registry-image --help` lists the options

    $ --token hunter2
    error: there is no option `--token`
      no option takes a secret: set `DIGITALOCEAN_ACCESS_TOKEN`, or name another variable with `--token-env NAME`

    $ --password=hunter2
    error: there is no option `--password`
      no option takes a secret: set `DIGITALOCEAN_ACCESS_TOKEN`, or name another variable with `--token-env NAME`

    $ -t hunter2
    error: there is no option `-t`
      no option takes a secret: set `DIGITALOCEAN_ACCESS_TOKEN`, or name another variable with `--token-env NAME`

    $ --format yaml
    error: invalid value `yaml` for `--format`: expected `human` or `json`

    $ --format jsn
    error: invalid value `jsn` for `--format`: expected `human` or `json`
      did you mean `json`?

    $ --wait
    error: `--wait` needs a value
      write `--wait`, a space and the value; a value that starts with `-` needs `=`

    $ --wait --jobs 3
    error: `--wait` needs a value
      write `--wait`, a space and the value; a value that starts with `-` needs `=`

    $ --update-status=yes
    error: `--update-status` takes no value

    $ --wait 1m --wait 2m
    error: `--wait` is given twice

    $ -q -v
    error: `--verbose` and `--quiet` cannot be used together

    $ --expect-digest a --expect-digest-file b
    error: `--expect-digest-file` and `--expect-digest` cannot be used together

    $ --completions tcsh
    error: invalid value `tcsh` for `--completions`
      expected one of: bash, elvish, fish, powershell, zsh
    ");
}

#[test]
fn of_values() {
    let lines = [
        "--wait soon",
        "--wait -5s",
        "--deadline 25h",
        "--deadline 0",
        "--wait 5m --deadline 1m",
        "--jobs 0",
        "--jobs 65",
        "--port 0",
        "--port http",
        "--platform linux",
        "--platform linux/amd64,",
        "--token-env 1x",
    ];
    let worlds = lines.map(|line| World::new(&format!("{IMAGE} {line}")));
    let empty = ["--wait", "--environment", "--junit", "--expect-digest"]
        .map(|option| World::new(IMAGE).argument(option).argument(""));
    let variables = [
        ("UPDATE_STATUS", "yes"),
        ("QUIET", "2"),
        ("VERBOSE", "3"),
        ("FORMAT", "xml"),
        ("COLOR", "blue"),
        ("JOBS", "many"),
        ("TOKEN_ENV", "a b"),
    ]
    .map(|(name, value)| World::new(IMAGE).variable(&format!("{PREFIX}{name}"), value));
    insta::assert_snapshot!(table(worlds.into_iter().chain(empty).chain(variables)), @"
    $ registry.digitalocean.com/keepkey/support-email:latest-dev --wait soon
    error: invalid duration `soon` for `--wait`: expected a duration such as `90s`, `2m` or `1h30m`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --wait -5s
    error: invalid duration `-5s` for `--wait`: must not be negative

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --deadline 25h
    error: invalid duration `25h` for `--deadline`: must be at most 24 hours

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --deadline 0
    error: `--deadline` must be longer than 0

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --wait 5m --deadline 1m
    error: `--deadline` is shorter than the wait (300 s)
      make `--deadline` longer than `--wait`, or omit it: the default already includes the wait

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --jobs 0
    error: invalid number `0` for `--jobs`: expected a number from 1 to 64

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --jobs 65
    error: invalid number `65` for `--jobs`: expected a number from 1 to 64

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --port 0
    error: invalid port `0` for `--port`: expected a number from 1 to 65535

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --port http
    error: invalid port `http` for `--port`: expected a number from 1 to 65535

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --platform linux
    error: invalid platform `linux` for `--platform`: it is not `os/architecture` or `os/architecture/variant`, as in `linux/amd64`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --platform linux/amd64,
    error: the value of `--platform` is empty
      check that the variable it is built from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --token-env 1x
    error: `--token-env` must be the name of a variable
      give a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --wait 
    error: the value of `--wait` is empty
      check that the variable it is built from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --environment 
    error: the value of `--environment` is empty
      check that the variable it is built from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --junit 
    error: the value of `--junit` is empty
      check that the variable it is built from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest 
    error: the value of `--expect-digest` is empty
      check that the variable it is built from is set in this job

    $ VERIFY_REGISTRY_IMAGE_UPDATE_STATUS=yes registry.digitalocean.com/keepkey/support-email:latest-dev
    error: invalid value `yes` for `VERIFY_REGISTRY_IMAGE_UPDATE_STATUS`: expected `1`, `0`, `true` or `false`

    $ VERIFY_REGISTRY_IMAGE_QUIET=2 registry.digitalocean.com/keepkey/support-email:latest-dev
    error: invalid value `2` for `VERIFY_REGISTRY_IMAGE_QUIET`: expected `1`, `0`, `true` or `false`

    $ VERIFY_REGISTRY_IMAGE_VERBOSE=3 registry.digitalocean.com/keepkey/support-email:latest-dev
    error: invalid value `3` for `VERIFY_REGISTRY_IMAGE_VERBOSE`: expected `0`, `1` or `2`

    $ VERIFY_REGISTRY_IMAGE_FORMAT=xml registry.digitalocean.com/keepkey/support-email:latest-dev
    error: invalid value `xml` for `VERIFY_REGISTRY_IMAGE_FORMAT`: expected `human` or `json`

    $ VERIFY_REGISTRY_IMAGE_COLOR=blue registry.digitalocean.com/keepkey/support-email:latest-dev
    error: invalid value `blue` for `VERIFY_REGISTRY_IMAGE_COLOR`: expected `auto`, `always` or `never`

    $ VERIFY_REGISTRY_IMAGE_JOBS=many registry.digitalocean.com/keepkey/support-email:latest-dev
    error: invalid number `many` for `VERIFY_REGISTRY_IMAGE_JOBS`: expected a number from 1 to 64

    $ VERIFY_REGISTRY_IMAGE_TOKEN_ENV=a b registry.digitalocean.com/keepkey/support-email:latest-dev
    error: `VERIFY_REGISTRY_IMAGE_TOKEN_ENV` must be the name of a variable
      give a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable
    ");
}

#[test]
fn of_images_without_a_config() {
    let lines = [
        "",
        "latest-dev",
        "support-email:latest-dev",
        "keepkey/support-email:latest-dev",
        "https://registry.digitalocean.com/keepkey/a:b",
        "registry.digitalocean.com/keepkey/support-email",
        "registry.digitalocean.com/keepkey/Support:x",
        "registry.digitalocean.com/keepkey/a:b@sha256:123",
        "registry.digitalocean.com/support-email:latest-dev",
        "registry.digitalocean.com:443/keepkey/a:b",
        "registry.digitalocean.com/keepkey/a:-rf",
        "$NOPE",
        "{revision}",
        "--environment development",
        "--environment development registry.digitalocean.com/keepkey/a:b",
        "--service a",
        "--repository keepkey/a latest-dev",
        "--repository registry.digitalocean.com/keepkey/a:b latest-dev",
        "--repository registry.digitalocean.com/keepkey/a registry.digitalocean.com/keepkey/b:c",
        "--repository registry.digitalocean.com/keepkey/a --service b latest-dev",
        "--expect-revision 0123456789abcdef0123456789abcdef01234567",
        "-",
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "latest@sha256:12",
    ];
    let empty = World::new("").argument("");
    insta::assert_snapshot!(table(lines.map(World::new).into_iter().chain([empty])), @"
    $ 
    error: nothing to verify: no `IMAGE` is given, and there is no config file with services
      name an image, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`

    $ latest-dev
    error: `latest-dev` is a tag without a repository
      write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:latest-dev`, or name the repository with `--repository`

    $ support-email:latest-dev
    error: `support-email:latest-dev` names the service `support-email`, but there is no config file
      write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`, or add `verify-registry-image.yml`

    $ keepkey/support-email:latest-dev
    error: `keepkey/support-email:latest-dev` has no registry host
      did you mean `registry.digitalocean.com/keepkey/support-email:latest-dev`?

    $ https://registry.digitalocean.com/keepkey/a:b
    error: `https://registry.digitalocean.com/keepkey/a:b` starts with `https://`; an image reference has no scheme
      did you mean `registry.digitalocean.com/keepkey/a:b`?

    $ registry.digitalocean.com/keepkey/support-email
    error: `registry.digitalocean.com/keepkey/support-email` names neither a tag nor a digest; add `:TAG`

    $ registry.digitalocean.com/keepkey/Support:x
    error: `registry.digitalocean.com/keepkey/Support:x` has a repository with upper-case letters; repositories are lower-case

    $ registry.digitalocean.com/keepkey/a:b@sha256:123
    error: `registry.digitalocean.com/keepkey/a:b@sha256:123` has a malformed digest: it has 3 hex digits where sha256 has 64

    $ registry.digitalocean.com/support-email:latest-dev
    error: `registry.digitalocean.com/support-email:latest-dev` has no registry: on DigitalOcean a reference is `HOST/REGISTRY/REPOSITORY:TAG`

    $ registry.digitalocean.com:443/keepkey/a:b
    error: `registry.digitalocean.com:443/keepkey/a:b` has a port; DigitalOcean's registry is written without one

    $ registry.digitalocean.com/keepkey/a:-rf
    error: `registry.digitalocean.com/keepkey/a:-rf` has a malformed tag: `-rf` (letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`)

    $ $NOPE
    error: `$NOPE` uses the variable `$NOPE`, which is unset or empty
      set it in this job, or write the value itself

    $ {revision}
    error: `{revision}` uses `{revision}`, and no commit is known
      `CIRCLE_SHA1` is not set: give the commit with `--expect-revision=SHA`

    $ --environment development
    error: nothing to verify: no `IMAGE` is given, and there is no config file with services
      name an image, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`

    $ --environment development registry.digitalocean.com/keepkey/a:b
    error: an environment is named, but there is no config file
      add `verify-registry-image.yml` to the repository, or name it with `--config`

    $ --service a
    error: `--service` is given, but there is no config file with services
      add `verify-registry-image.yml` to the repository, or name it with `--config`

    $ --repository keepkey/a latest-dev
    error: the value `keepkey/a` of `--repository` has no registry host
      write host, registry and repository, as in `registry.digitalocean.com/REGISTRY/REPOSITORY`

    $ --repository registry.digitalocean.com/keepkey/a:b latest-dev
    error: the value `registry.digitalocean.com/keepkey/a:b` of `--repository` has a tag or a digest
      give the tag as `IMAGE`

    $ --repository registry.digitalocean.com/keepkey/a registry.digitalocean.com/keepkey/b:c
    error: `--repository` is given, but `registry.digitalocean.com/keepkey/b:c` already names its repository
      omit `--repository`, or give the tag alone

    $ --repository registry.digitalocean.com/keepkey/a --service b latest-dev
    error: `--repository` and `--service` cannot be used together

    $ --expect-revision 0123456789abcdef0123456789abcdef01234567
    error: `0123456789abcdef0123456789abcdef01234567` is a commit hash, but `--expect-revision` has no value
      did you mean `--expect-revision=0123456789abcdef0123456789abcdef01234567`?

    $ -
    error: nothing to verify: standard input holds no `IMAGE`
      write one `IMAGE` per line

    $ sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    error: `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` is a digest without a repository
      write the repository too, as in `HOST/REGISTRY/REPOSITORY@DIGEST`, or give the digest with `--expect-digest`

    $ latest@sha256:12
    error: `latest@sha256:12` has a malformed digest: it has 2 hex digits where sha256 has 64

    $ 
    error: an `IMAGE` is empty
      check that the variable it is built from is set in this job
    ");
}

#[test]
fn of_a_pulumi_configuration() {
    let config = "registry: registry.digitalocean.com/keepkey\nservices:\n  '1': {}\n  a-b: {}\n  a_b: {}\n  \
                  sealed: { env: { secure: x } }\n  open: { env: { secure: x }, port: 80 }\n";
    let lines = [
        "1:t --pulumi-config p",
        "a-b:t --pulumi-config p",
        "registry.digitalocean.com/keepkey/a/b:t --pulumi-config p",
        "sealed:t --pulumi-config p",
    ];
    insta::assert_snapshot!(table(lines.map(|line| World::new(line).config(config))), @"
    $ 1:t --pulumi-config p
    error: `--pulumi-config` cannot make a key of the name `1`: a key begins with a letter
      give the service another key in the config file, with its `repository`

    $ a-b:t --pulumi-config p
    error: `--pulumi-config` would write `a-b` and service `a_b` of the config file under the same key, `aB`
      give the service another key in the config file, with its `repository`

    $ registry.digitalocean.com/keepkey/a/b:t --pulumi-config p
    error: `--pulumi-config` would write `a/b` and service `a-b` of the config file under the same key, `aB`
      give the service another key in the config file, with its `repository`

    $ sealed:t --pulumi-config p
    error: `--pulumi-config` cannot write the `env` of `sealed`: Pulumi reserves a map with the one key `secure`
      declare another variable or a `port` beside it
    ");
    for line in
        ["sealed:t --pulumi-config p --port 80", "open:t --pulumi-config p", "1:t --record r"]
    {
        World::new(line).config(config).settings();
    }
}

#[test]
fn of_images_with_a_config() {
    let lines = [
        "",
        "latest-dev",
        "support-email",
        "support-mail:latest-dev",
        "zzz:latest-dev",
        "support-email:",
        "--service support-mail",
        "--service support-email support-chat:latest-dev",
        "--environment developmnt",
        "--environment development support-email:v1",
        "--environment production",
        "support-email:a support-chat:b --repository registry.digitalocean.com/keepkey/a",
        "support-email:a support-chat:b --record r.json",
        "support-email:a support-chat:b --image-ref r",
        "support-email:a support-chat:b --expect-digest sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "support-email:a --record-dir records",
        "support-email:a --update-status",
        "support-email@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a --record r",
        "support-email:latest-dev support-email:{revision}-dev --record-dir r",
        "support-email:latest-dev --record out.json --junit ./out.json",
        "registry.digitalocean.com/keepkey/other/support-email:latest-dev --update-status",
        "registry.digitalocean.com/keepkey/support-chat:latest-dev --record-dir r",
        "--draw-status support-email:latest-dev",
    ];
    let worlds = lines.map(|line| {
        let world = World::new(line).config(CONFIG).variable("CIRCLE_SHA1", COMMIT);
        // Without it, nobody can say whether these tags are production's.
        if line.starts_with("support-email:a ") { world.variable("RELEASE", "v1") } else { world }
    });
    let branch = World::new("").config(CONFIG).variable("CIRCLE_BRANCH", "feature/x");
    insta::assert_snapshot!(table(worlds.into_iter().chain([branch])), @"
    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 
    error: nothing to verify: neither `IMAGE` nor `--environment` is given, and `CIRCLE_BRANCH` is not set
      name an environment with `--environment`, or give an `IMAGE`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 latest-dev
    error: `latest-dev` is a tag, but the config file has several services: `support-email` and `support-chat`
      write `SERVICE:latest-dev`, or add `--service SERVICE`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email
    error: `support-email` is a service of the config file without a tag
      write `support-email:TAG`, or `--service support-email` with `--environment`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-mail:latest-dev
    error: the config file has no service `support-mail`
      did you mean `support-email`?

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 zzz:latest-dev
    error: the config file has no service `zzz`
      its services are `support-email` and `support-chat`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email:
    error: `support-email:` names neither a tag nor a digest; add `:TAG`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --service support-mail
    error: the config file has no service `support-mail`
      did you mean `support-email`?

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --service support-email support-chat:latest-dev
    error: `--service` is given, but `support-chat:latest-dev` already names its repository
      omit `--service`, or give the tag alone

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --environment developmnt
    error: the config file has no environment `developmnt`
      did you mean `development`?

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --environment development support-email:v1
    error: environment `development` does not deploy the tag `v1`
      it deploys `latest-dev`: verify that tag, or omit `--environment`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --environment production
    error: verify-registry-image.yml:9:10: the value `$RELEASE` uses the variable `$RELEASE`, which is unset or empty
      set it in this job, or write the value itself

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --repository registry.digitalocean.com/keepkey/a
    error: `--repository` is given, but `support-email:a` already names its repository
      omit `--repository`, or give the tag alone

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --record r.json
    error: `--record` needs exactly one image, but 2 are given
      `--record-dir DIR` writes one record for each image

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --image-ref r
    error: `--image-ref` needs exactly one image, but 2 are given
      verify one image per run, or omit it; `--record-dir DIR` writes one record for each image

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --expect-digest sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    error: `--expect-digest` needs exactly one image, but 2 are given
      verify one image per run, or omit it; `--record-dir DIR` writes one record for each image

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a --record-dir records
    error: `--record-dir` needs an environment, but `registry.digitalocean.com/keepkey/support-email:a` has none
      name an environment of the config file with `--environment`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a --update-status
    error: `--update-status` needs an environment, but `registry.digitalocean.com/keepkey/support-email:a` has none
      name an environment of the config file with `--environment`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a --record r
    error: `--record` needs a tag, but `registry.digitalocean.com/keepkey/support-email@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` is a digest alone
      add the tag, as in `HOST/REGISTRY/REPOSITORY:TAG@DIGEST`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email:latest-dev support-email:{revision}-dev --record-dir r
    error: `--record-dir` would write `registry.digitalocean.com/keepkey/support-email:latest-dev` and `registry.digitalocean.com/keepkey/support-email:0123456789abcdef0123456789abcdef01234567-dev` to the same place: service `support-email`, environment `development`
      verify them in two runs

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email:latest-dev --record out.json --junit ./out.json
    error: `--junit` and `--record` both write to `out.json`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 registry.digitalocean.com/keepkey/other/support-email:latest-dev --update-status
    error: `--update-status` would write `registry.digitalocean.com/keepkey/other/support-email:latest-dev` as service `support-email` of the config file, which has another repository
      check which one is meant; give this repository its own service in the config file (`repository:`), or omit `--update-status`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 registry.digitalocean.com/keepkey/support-chat:latest-dev --record-dir r
    error: `--record-dir` would write `registry.digitalocean.com/keepkey/support-chat:latest-dev` as service `support-chat` of the config file, which has another repository
      check which one is meant; give this repository its own service in the config file (`repository:`), or omit `--record-dir`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --draw-status support-email:latest-dev
    error: `--draw-status` asks no registry, and an `IMAGE` is given

    $ CIRCLE_BRANCH=feature/x 
    error: no environment in `verify-registry-image.yml` uses branch `feature/x`
      add `branch` to the environment that it deploys to, or name one with `--environment`
    ");
}

#[test]
fn of_configs_that_do_not_fit() {
    let of = |line: &str, config: &str| World::new(line).config(config);
    let two = "environments: {a: {tag: x, branch: b}, c: {tag: x, branch: b}}\nregistry: r.example\nservices: {s: }";
    let shared = "registry: r.example/k\nservices: {a: {repository: s}, b: {repository: s}}";
    let worlds = [
        of("s:x", two),
        of("", two).variable("CIRCLE_BRANCH", "b"),
        of("r.example/k/s:x", shared),
        of("a:b", "registry: keepkey\nservices: {a: }"),
        of("a:b", "registry: r.example/Upper\nservices: {a: }"),
        of("a:b", "registry: $R\nservices:\n  a: {}"),
        of("a:b", "registry: r.example\nservices:\n  a:\n    repository: $R\n"),
        of("a:b", "registry: r.example\nservices:\n  a:\n    repository: /b\n"),
        of(
            "--environment e",
            "registry: r.example\nservices: {a: }\nenvironments:\n  e:\n    tag: -x\n",
        ),
        of(
            "--environment e",
            "registry: r.example\nservices: {a: }\nenvironments:\n  e:\n    tag: x\n    immutable_tag: '{sha}'\n",
        ),
        of(
            "--environment e",
            "registry: r.example\nservices: {a: }\nenvironments:\n  e:\n    tag: x\n    immutable_tag: 'a/{revision}'\n",
        ),
        of(
            "--environment e",
            "registry: r.example\nservices: {a: }\nenvironments:\n  e: {tag: x, expect_revision: required}\n",
        ),
        of("--environment e", "registry: r.example\nenvironments: {e: {tag: x}}"),
        of("r.example/a:b --update-status", "registry: r.example\n"),
        of("--draw-status", "registry: r.example\n"),
        World::new("--draw-status"),
        World::new("r.example/a:b --update-status"),
        World::new("r.example/a:b --record-dir x"),
        World::new("--config nope.yml"),
        of("r.example/a:b", "registry: r.example\nservcies: {}\n"),
    ];
    insta::assert_snapshot!(table(worlds), @"
    $ s:x
    error: the tag `x` belongs to several environments: `a` and `c`
      name one with `--environment`

    $ CIRCLE_BRANCH=b 
    error: the branch `b` belongs to several environments: `a` and `c`
      name one with `--environment`

    $ r.example/k/s:x
    error: `r.example/k/s:x` is in the repository of several services: `a` and `b`
      name the service, as in `SERVICE:TAG`

    $ a:b
    error: verify-registry-image.yml:1:11: the value `keepkey` has no registry host
      start with the host, as in `registry.digitalocean.com/REGISTRY`

    $ a:b
    error: verify-registry-image.yml:1:11: the value `r.example/Upper` has a repository with upper-case letters; repositories are lower-case

    $ a:b
    error: verify-registry-image.yml:1:11: the value `$R` uses the variable `$R`, which is unset or empty
      set it in this job, or write the value itself

    $ a:b
    error: verify-registry-image.yml:4:17: the value `$R` uses the variable `$R`, which is unset or empty
      set it in this job, or write the value itself

    $ a:b
    error: verify-registry-image.yml:4:17: the value `/b` has a malformed repository: `/b`

    $ --environment e
    error: verify-registry-image.yml:5:10: the value `-x` has a malformed tag: `-x` (letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`)

    $ --environment e
    error: verify-registry-image.yml:6:20: the value `{sha}` holds a brace that is not part of `{revision}` or `{revision:7}`

    $ --environment e
    error: verify-registry-image.yml:6:20: the value `a/0000000000000000000000000000000000000000` has a malformed tag: `a/0000000000000000000000000000000000000000` (letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`)

    $ --environment e
    error: the config file requires a commit (`expect_revision: required`), but `CIRCLE_SHA1` is not set
      CircleCI sets it in every job; elsewhere, give `--expect-revision=SHA`

    $ --environment e
    error: nothing to verify: no `IMAGE` is given, and there is no config file with services
      name an image, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`

    $ r.example/a:b --update-status
    error: `--update-status` needs `status` in the config file
      add `status: { directory: docs/deployment/status }` to it

    $ --draw-status
    error: `--draw-status` needs `status` in the config file
      add `status: { directory: docs/deployment/status }` to it

    $ --draw-status
    error: `--draw-status` needs `status` in the config file, but there is no config file
      add `status: { directory: docs/deployment/status }` to it

    $ r.example/a:b --update-status
    error: `--update-status` needs `status` in the config file, but there is no config file
      add `status: { directory: docs/deployment/status }` to it

    $ r.example/a:b --record-dir x
    error: `--record-dir` needs an environment, but `r.example/a:b` has none
      name an environment of the config file with `--environment`

    $ --config nope.yml
    error: the config file `nope.yml` does not exist
      check the path, which is relative to the working folder; the usual name is `verify-registry-image.yml`

    $ r.example/a:b
    error: verify-registry-image.yml:2:1: unknown key `servcies`
      did you mean `services`?
    ");
}

#[test]
fn of_what_is_expected() {
    let at = |line: &str| World::new(&format!("{IMAGE} {line}"));
    let worlds = [
        at("--expect-revision"),
        at("--expect-revision").variable("CIRCLE_SHA1", "main"),
        at("--expect-revision=0123456"),
        at("--expect-revision=1"),
        at("--expect-revision=$NOPE"),
        at("--expect-digest 44136fa3"),
        at("--expect-digest $NOPE"),
        at("--expect-digest-file nope.txt"),
        at("--expect-digest-file d").file("d", "latest-dev\n"),
        at("--expect-digest-file m.json").file("m.json", "{\"buildx.build.ref\":\"x\"}"),
        World::new(&format!("{IMAGE}@{DIGEST} --expect-digest sha256:{}", "0".repeat(64))),
    ];
    insta::assert_snapshot!(table(worlds), @"
    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-revision
    error: `--expect-revision` needs a commit, but `CIRCLE_SHA1` is not set
      CircleCI sets it in every job; elsewhere, give `--expect-revision=SHA`

    $ CIRCLE_SHA1=main registry.digitalocean.com/keepkey/support-email:latest-dev --expect-revision
    error: the commit `main` in `CIRCLE_SHA1` is not a whole commit hash (40 hex digits)
      `git rev-parse HEAD` prints it; other values are `required`, `when-labelled` and `off`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-revision=0123456
    error: the commit `0123456` in `--expect-revision` is not a whole commit hash (40 hex digits)
      `git rev-parse HEAD` prints it; other values are `required`, `when-labelled` and `off`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-revision=1
    error: the commit `1` in `--expect-revision` is not a whole commit hash (40 hex digits)
      `git rev-parse HEAD` prints it; other values are `required`, `when-labelled` and `off`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-revision=$NOPE
    error: the value `$NOPE` of `--expect-revision` uses the variable `$NOPE`, which is unset or empty
      set it in this job, or write the value itself

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest 44136fa3
    error: the value `44136fa3` of `--expect-digest` has no algorithm; a digest is written `sha256:` and 64 hex digits

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest $NOPE
    error: the value `$NOPE` of `--expect-digest` uses the variable `$NOPE`, which is unset or empty
      set it in this job, or write the value itself

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest-file nope.txt
    error: the file `nope.txt` of `--expect-digest-file` does not exist
      check that the push job wrote it and that this job attached its workspace

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest-file d
    error: the file `d` of `--expect-digest-file` holds text that is not a digest
      it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest-file m.json
    error: the file `m.json` of `--expect-digest-file` has no `containerimage.digest` in its JSON
      `docker buildx build` and `bake` write it where they push; give the file of the step that pushed

    $ registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a --expect-digest sha256:0000000000000000000000000000000000000000000000000000000000000000
    error: `--expect-digest` and `registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060…` name different digests
      omit one of them
    ");
}

#[test]
fn of_the_token_and_the_places_it_goes_to() {
    let at = |name: &str, value: &str| World::new(IMAGE).variable(name, value);
    let none = || World::new(IMAGE).without(TOKEN_VARIABLE);
    let worlds = [
        none(),
        none().variable(TOKEN_VARIABLE, ""),
        none().argument("--token-env").argument("DEPLOY_TOKEN"),
        World::new(IMAGE).argument("--token-env").argument("DEPLOY_TOKEN"),
        none().variable("DIGITALOCEAN_CONFIG", "/nonexistent/doctl.yaml"),
        at(TOKEN_VARIABLE, "\"dop_v1_0123456789\""),
        at(TOKEN_VARIABLE, "Bearer dop_v1_0123456789"),
        at("DIGITALOCEAN_API_URL", "http://api.example"),
        at("DIGITALOCEAN_REGISTRY_HOST", "127.0.0.1:5000"),
        at("HTTPS_PROXY", "socks5://user:hunter2@proxy"),
    ];
    insta::assert_snapshot!(table(worlds), @"
    $ registry.digitalocean.com/keepkey/support-email:latest-dev
    error: there is no DigitalOcean token: `DIGITALOCEAN_ACCESS_TOKEN` is not set, and doctl has stored none
      in CircleCI, set `DIGITALOCEAN_ACCESS_TOKEN` under Project Settings > Environment Variables or in a context that the job names;
      on your own machine, export it, or run `doctl auth init`;
      where the token is in a variable of another name, give that name with `--token-env`.
      docker's login is not used for DigitalOcean: its API needs the token itself

    $ registry.digitalocean.com/keepkey/support-email:latest-dev
    error: there is no DigitalOcean token: `DIGITALOCEAN_ACCESS_TOKEN` is not set, and doctl has stored none
      in CircleCI, set `DIGITALOCEAN_ACCESS_TOKEN` under Project Settings > Environment Variables or in a context that the job names;
      on your own machine, export it, or run `doctl auth init`;
      where the token is in a variable of another name, give that name with `--token-env`.
      docker's login is not used for DigitalOcean: its API needs the token itself

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --token-env DEPLOY_TOKEN
    error: there is no DigitalOcean token: the variable `DEPLOY_TOKEN`, which `--token-env` names, is not set
      in CircleCI, set `DEPLOY_TOKEN` under Project Settings > Environment Variables or in a context that the job names;
      on your own machine, export it

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --token-env DEPLOY_TOKEN
    error: there is no DigitalOcean token: the variable `DEPLOY_TOKEN`, which `--token-env` names, is not set
      in CircleCI, set `DEPLOY_TOKEN` under Project Settings > Environment Variables or in a context that the job names;
      on your own machine, export it

    $ DIGITALOCEAN_CONFIG=/nonexistent/doctl.yaml registry.digitalocean.com/keepkey/support-email:latest-dev
    error: doctl's config file `/nonexistent/doctl.yaml` does not exist
      set `DIGITALOCEAN_ACCESS_TOKEN`, or let `doctl auth init` write the file again

    $ registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the token in the variable `DIGITALOCEAN_ACCESS_TOKEN` holds a quotation mark
      set it to the token alone, without quotation marks, `Bearer` or white space

    $ registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the token in the variable `DIGITALOCEAN_ACCESS_TOKEN` starts with `Bearer`
      set it to the token alone, without quotation marks, `Bearer` or white space

    $ DIGITALOCEAN_API_URL=http://api.example registry.digitalocean.com/keepkey/support-email:latest-dev
    error: `DIGITALOCEAN_API_URL` must be `https`, unless its host is this machine
      the token is sent there: plain `http` is allowed on this machine only

    $ DIGITALOCEAN_REGISTRY_HOST=127.0.0.1:5000 registry.digitalocean.com/keepkey/support-email:latest-dev
    error: `registry.digitalocean.com/keepkey/support-email:latest-dev` is in DigitalOcean's own registry, but `DIGITALOCEAN_REGISTRY_HOST` names another host
      unset `DIGITALOCEAN_REGISTRY_HOST`, so that the real registry is asked

    $ HTTPS_PROXY=socks5://user:hunter2@proxy registry.digitalocean.com/keepkey/support-email:latest-dev
    error: invalid `HTTPS_PROXY`: expected the address of an `http` or `https` proxy
      write it as `http://HOST:PORT`, or unset it
    ");
}

#[test]
fn a_token_is_only_needed_for_digitalocean() {
    let settings = World::new("docker.io/library/node:22").without(TOKEN_VARIABLE).settings();
    assert!(settings.token.is_none());
    let settings = World::new(IMAGE).variable(TOKEN_VARIABLE, format!("  {TOKEN}\n")).settings();
    let token = settings.token.unwrap();
    assert_eq!(
        (token.secret.expose(), token.source.as_str()),
        (TOKEN, "the variable `DIGITALOCEAN_ACCESS_TOKEN`")
    );
    assert_eq!(
        settings.notes,
        [
            "white space around the token in the variable `DIGITALOCEAN_ACCESS_TOKEN` was ignored",
            "the DigitalOcean token comes from the variable `DIGITALOCEAN_ACCESS_TOKEN`",
        ]
    );
}

#[test]
fn doctl_s_token_is_the_second_source() {
    let world = World::new(IMAGE)
        .without(TOKEN_VARIABLE)
        .file(".config/doctl/config.yaml", "access-token: dop_v1_stored00\n");
    let home = world.path().display().to_string();
    let world = world.variable("HOME", &home);
    let token = world.settings().token.unwrap();
    assert_eq!(token.secret.expose(), "dop_v1_stored00");
    let source = token.source.replace(&home, "HOME");
    assert_eq!(source, "doctl's config file `HOME/.config/doctl/config.yaml` (context `default`)");
    let named = world.argument("--token-env").argument("OTHER");
    assert!(
        named.told().starts_with("error: there is no DigitalOcean token: the variable `OTHER`")
    );
}

#[test]
fn json_is_noticed_even_where_everything_else_is_wrong() {
    let wants = |world: World| world.read().unwrap_err().wants_json();
    assert!(wants(World::new("--format json --nope")));
    assert!(wants(World::new("--nope --format=json")));
    assert!(wants(World::new("--nope").variable("VERIFY_REGISTRY_IMAGE_FORMAT", "json")));
    assert!(!wants(
        World::new("--format human --nope").variable("VERIFY_REGISTRY_IMAGE_FORMAT", "json")
    ));
    assert!(!wants(World::new("--nope -- --format json")));
    assert!(!wants(World::new("--format")));
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_not_repeated() {
    use std::os::unix::ffi::OsStringExt as _;
    let broken = || OsString::from_vec(b"a\xffb".to_vec());
    insta::assert_snapshot!(World::new("").argument(broken()).told(), @"error: an argument is not valid UTF-8");
    let world = World::new(IMAGE).argument("--junit").argument(broken());
    assert!(world.read().is_ok(), "a path is what the system says it is");
    let world = World::new("$BROKEN").variable("BROKEN", broken());
    insta::assert_snapshot!(world.told(), @"
    error: `$BROKEN` cannot be expanded: the variable `BROKEN` is not valid UTF-8
      set it to plain text, or unset it
    ");
}
