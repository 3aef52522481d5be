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
    insta::assert_snapshot!(table(lines.map(World::new)), @r"
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
    error: `yaml` is not a value of `--format`
      it is one of: human, json

    $ --format jsn
    error: `jsn` is not a value of `--format`
      did you mean `json`?

    $ --wait
    error: `--wait` needs a value
      write `--wait`, a space and the value; a value that starts with `-` is written with `=`

    $ --wait --jobs 3
    error: `--wait` needs a value
      write `--wait`, a space and the value; a value that starts with `-` is written with `=`

    $ --update-status=yes
    error: `--update-status` takes no value

    $ --wait 1m --wait 2m
    error: `--wait` is given twice

    $ -q -v
    error: `--verbose` and `--quiet` cannot be used together

    $ --expect-digest a --expect-digest-file b
    error: `--expect-digest-file` and `--expect-digest` cannot be used together

    $ --completions tcsh
    error: `tcsh` is not a value of `--completions`
      it is one of: bash, elvish, fish, powershell, zsh
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
    error: the value `soon` of `--wait` is not a duration, as in `90s`, `2m` or `1h30m`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --wait -5s
    error: there is no option `-5`
      `verify-registry-image --help` lists the options

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --deadline 25h
    error: the value `25h` of `--deadline` is longer than 24 hours

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --deadline 0
    error: the value of `--deadline` is no time at all

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --wait 5m --deadline 1m
    error: `--deadline` is shorter than the time to wait (300 s)
      give the run more time than the wait, or leave `--deadline` away: its default follows the wait

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --jobs 0
    error: the value `0` of `--jobs` is not a number from 1 to 64

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --jobs 65
    error: the value `65` of `--jobs` is not a number from 1 to 64

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --port 0
    error: the value `0` of `--port` is not a port, which is a number from 1 to 65535

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --port http
    error: the value `http` of `--port` is not a port, which is a number from 1 to 65535

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --platform linux
    error: the platform `linux` of `--platform` is not `os/architecture` or `os/architecture/variant`, as in `linux/amd64`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --platform linux/amd64,
    error: the value of `--platform` is empty
      look whether the variable that it is made from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --token-env 1x
    error: the value of `--token-env` is not the name of a variable
      it takes a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --wait 
    error: the value of `--wait` is empty
      look whether the variable that it is made from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --environment 
    error: the value of `--environment` is empty
      look whether the variable that it is made from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --junit 
    error: the value of `--junit` is empty
      look whether the variable that it is made from is set in this job

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest 
    error: the value of `--expect-digest` is empty
      look whether the variable that it is made from is set in this job

    $ VERIFY_REGISTRY_IMAGE_UPDATE_STATUS=yes registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value `yes` of `VERIFY_REGISTRY_IMAGE_UPDATE_STATUS` is none of `1`, `0`, `true` and `false`

    $ VERIFY_REGISTRY_IMAGE_QUIET=2 registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value `2` of `VERIFY_REGISTRY_IMAGE_QUIET` is none of `1`, `0`, `true` and `false`

    $ VERIFY_REGISTRY_IMAGE_VERBOSE=3 registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value `3` of `VERIFY_REGISTRY_IMAGE_VERBOSE` is none of `0`, `1` and `2`

    $ VERIFY_REGISTRY_IMAGE_FORMAT=xml registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value `xml` of `VERIFY_REGISTRY_IMAGE_FORMAT` is none of `human` and `json`

    $ VERIFY_REGISTRY_IMAGE_COLOR=blue registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value `blue` of `VERIFY_REGISTRY_IMAGE_COLOR` is none of `auto`, `always` and `never`

    $ VERIFY_REGISTRY_IMAGE_JOBS=many registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value `many` of `VERIFY_REGISTRY_IMAGE_JOBS` is not a number from 1 to 64

    $ VERIFY_REGISTRY_IMAGE_TOKEN_ENV=a b registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value of `VERIFY_REGISTRY_IMAGE_TOKEN_ENV` is not the name of a variable
      it takes a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable
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
    error: there is nothing to verify: no `IMAGE` is given, and there is no config file with services
      write what is to be verified, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`

    $ latest-dev
    error: `latest-dev` is a tag, and of which repository is not said
      write the reference in full, as in `registry.digitalocean.com/REGISTRY/REPOSITORY:latest-dev`, or name the repository with `--repository`

    $ support-email:latest-dev
    error: `support-email:latest-dev` names the service `support-email`, and there is no config file
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
    error: there is nothing to verify: no `IMAGE` is given, and there is no config file with services
      write what is to be verified, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`

    $ --environment development registry.digitalocean.com/keepkey/a:b
    error: an environment is named, and there is no config file
      add `verify-registry-image.yml` to the repository, or name it with `--config`

    $ --service a
    error: `--service` is given, and there is no config file with services
      add `verify-registry-image.yml` to the repository, or name it with `--config`

    $ --repository keepkey/a latest-dev
    error: the value `keepkey/a` of `--repository` has no registry host
      write host, registry and repository, as in `registry.digitalocean.com/REGISTRY/REPOSITORY`

    $ --repository registry.digitalocean.com/keepkey/a:b latest-dev
    error: the value `registry.digitalocean.com/keepkey/a:b` of `--repository` has a tag or a digest
      the tag is the `IMAGE`, behind the options

    $ --repository registry.digitalocean.com/keepkey/a registry.digitalocean.com/keepkey/b:c
    error: `--repository` is given, and `registry.digitalocean.com/keepkey/b:c` names its repository itself
      leave `--repository` away, or give the tag alone

    $ --repository registry.digitalocean.com/keepkey/a --service b latest-dev
    error: `--repository` and `--service` cannot be used together

    $ --expect-revision 0123456789abcdef0123456789abcdef01234567
    error: `0123456789abcdef0123456789abcdef01234567` is a commit hash, and `--expect-revision` beside it has no value
      did you mean `--expect-revision=0123456789abcdef0123456789abcdef01234567`?

    $ -
    error: there is nothing to verify: standard input holds no `IMAGE`
      write one `IMAGE` a line

    $ sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    error: `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` is a digest alone, and of which repository is not said
      give the image too, and the digest with `--expect-digest`; or `HOST/REGISTRY/REPOSITORY@DIGEST`

    $ latest@sha256:12
    error: `latest@sha256:12` has a malformed digest: it has 2 hex digits where sha256 has 64

    $ 
    error: an `IMAGE` is empty
      look whether the variable that it is made from is set in this job
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
    error: `--pulumi-config` makes a key of the name `1`, and that needs a letter to begin with
      give the service another key in the config, and name its `repository`

    $ a-b:t --pulumi-config p
    error: `--pulumi-config` would write `a-b` and the service `a_b` of the config under one key, `aB`
      give the service another key in the config, and name its `repository`

    $ registry.digitalocean.com/keepkey/a/b:t --pulumi-config p
    error: `--pulumi-config` would write `a/b` and the service `a-b` of the config under one key, `aB`
      give the service another key in the config, and name its `repository`

    $ sealed:t --pulumi-config p
    error: `--pulumi-config` cannot write the `env` of `sealed`: Pulumi reserves a map with the one key `secure`
      declare another variable beside it, or a `port`
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
        "--check-status support-email:latest-dev",
    ];
    let worlds = lines.map(|line| {
        let world = World::new(line).config(CONFIG).variable("CIRCLE_SHA1", COMMIT);
        // Without it, nobody can say whether these tags are production's.
        if line.starts_with("support-email:a ") { world.variable("RELEASE", "v1") } else { world }
    });
    let branch = World::new("").config(CONFIG).variable("CIRCLE_BRANCH", "feature/x");
    insta::assert_snapshot!(table(worlds.into_iter().chain([branch])), @"
    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 
    error: there is nothing to verify: no `IMAGE` and no `--environment` is given, and `CIRCLE_BRANCH` is not set
      say which one is meant with `--environment`, or give an `IMAGE`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 latest-dev
    error: `latest-dev` is a tag, and the config file has several services: `support-email` and `support-chat`
      write `SERVICE:latest-dev`, or add `--service SERVICE`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email
    error: `support-email` is a service of the config file, and its tag is not said
      write `support-email:TAG`, or `--service support-email` with `--environment`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-mail:latest-dev
    error: there is no service `support-mail` in the config file
      did you mean `support-email`?

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 zzz:latest-dev
    error: there is no service `zzz` in the config file
      its services are `support-email` and `support-chat`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email:
    error: `support-email:` names neither a tag nor a digest; add `:TAG`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --service support-mail
    error: there is no service `support-mail` in the config file
      did you mean `support-email`?

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --service support-email support-chat:latest-dev
    error: `--service` is given, and `support-chat:latest-dev` names its repository itself
      leave `--service` away, or give the tag alone

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --environment developmnt
    error: there is no environment `developmnt` in the config file
      did you mean `development`?

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --environment development support-email:v1
    error: the environment `development` does not deploy the tag `v1`
      it deploys `latest-dev`: ask for that tag, or leave `--environment` away

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --environment production
    error: verify-registry-image.yml:9:10: the value `$RELEASE` uses the variable `$RELEASE`, which is unset or empty
      set it in this job, or write the value itself

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --repository registry.digitalocean.com/keepkey/a
    error: `--repository` is given, and `support-email:a` names its repository itself
      leave `--repository` away, or give the tag alone

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --record r.json
    error: `--record` needs exactly one image, and 2 are asked for
      `--record-dir DIR` writes one record for each image

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --image-ref r
    error: `--image-ref` needs exactly one image, and 2 are asked for
      ask for one image a run, or leave it away; `--record-dir DIR` writes one record for each image

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a support-chat:b --expect-digest sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    error: `--expect-digest` needs exactly one image, and 2 are asked for
      ask for one image a run, or leave it away; `--record-dir DIR` writes one record for each image

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a --record-dir records
    error: `--record-dir` needs an environment, and that of `registry.digitalocean.com/keepkey/support-email:a` is not known
      say which one is meant with `--environment`; environments stand in the config file

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 RELEASE=v1 support-email:a --update-status
    error: `--update-status` needs an environment, and that of `registry.digitalocean.com/keepkey/support-email:a` is not known
      say which one is meant with `--environment`; environments stand in the config file

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a --record r
    error: `--record` needs a tag, and `registry.digitalocean.com/keepkey/support-email@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` is a digest alone
      write the tag too, as in `HOST/REGISTRY/REPOSITORY:TAG@DIGEST`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email:latest-dev support-email:{revision}-dev --record-dir r
    error: `--record-dir` would write `registry.digitalocean.com/keepkey/support-email:latest-dev` and `registry.digitalocean.com/keepkey/support-email:0123456789abcdef0123456789abcdef01234567-dev` to one place: service `support-email`, environment `development`
      ask for them in two runs

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 support-email:latest-dev --record out.json --junit ./out.json
    error: `--junit` and `--record` are the same file `out.json`

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 registry.digitalocean.com/keepkey/other/support-email:latest-dev --update-status
    error: `--update-status` would write `registry.digitalocean.com/keepkey/other/support-email:latest-dev` as the service `support-email` of the config, whose repository is another one
      look which one is meant; or give this repository a service of its own in the config (`repository:`), or leave `--update-status` away

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 registry.digitalocean.com/keepkey/support-chat:latest-dev --record-dir r
    error: `--record-dir` would write `registry.digitalocean.com/keepkey/support-chat:latest-dev` as the service `support-chat` of the config, whose repository is another one
      look which one is meant; or give this repository a service of its own in the config (`repository:`), or leave `--record-dir` away

    $ CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567 --check-status support-email:latest-dev
    error: `--check-status` asks no registry, and an `IMAGE` is given

    $ CIRCLE_BRANCH=feature/x 
    error: no environment of the config file has the branch `feature/x`
      add `branch` to the environment that it is deployed to, or say which one is meant with `--environment`
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
        of("--check-status", "registry: r.example\n"),
        World::new("--check-status"),
        World::new("r.example/a:b --update-status"),
        World::new("r.example/a:b --record-dir x"),
        World::new("--config nope.yml"),
        of("r.example/a:b", "registry: r.example\nservcies: {}\n"),
    ];
    insta::assert_snapshot!(table(worlds), @"
    $ s:x
    error: the tag `x` belongs to several environments: `a` and `c`
      say which one is meant with `--environment`

    $ CIRCLE_BRANCH=b 
    error: the branch `b` belongs to several environments: `a` and `c`
      say which one is meant with `--environment`

    $ r.example/k/s:x
    error: `r.example/k/s:x` is in the repository of several services: `a` and `b`
      say which one is meant, as in `SERVICE:TAG`

    $ a:b
    error: verify-registry-image.yml:1:11: the value `keepkey` has no registry host
      begin it with the host, as in `registry.digitalocean.com/REGISTRY`

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
    error: the config file requires a commit (`expect_revision: required`), and `CIRCLE_SHA1` is not set
      CircleCI sets it in every job; elsewhere, write `--expect-revision=SHA`

    $ --environment e
    error: there is nothing to verify: no `IMAGE` is given, and there is no config file with services
      write what is to be verified, as in `verify-registry-image registry.digitalocean.com/REGISTRY/REPOSITORY:TAG`

    $ r.example/a:b --update-status
    error: `--update-status` needs `status` in the config file, and it is not there
      add `status: { directory: docs/deployment/status }` to it

    $ --check-status
    error: `--check-status` needs `status` in the config file, and it is not there
      add `status: { directory: docs/deployment/status }` to it

    $ --check-status
    error: `--check-status` needs `status` in the config file, and there is no config file
      add `status: { directory: docs/deployment/status }` to it

    $ r.example/a:b --update-status
    error: `--update-status` needs `status` in the config file, and there is no config file
      add `status: { directory: docs/deployment/status }` to it

    $ r.example/a:b --record-dir x
    error: `--record-dir` needs an environment, and that of `r.example/a:b` is not known
      say which one is meant with `--environment`; environments stand in the config file

    $ --config nope.yml
    error: the config file `nope.yml` does not exist
      the path of `--config` is relative to this folder, and a link must lead to a file; the usual name is `verify-registry-image.yml`

    $ r.example/a:b
    error: verify-registry-image.yml:2:1: there is no key `servcies` here
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
    error: `--expect-revision` needs a commit, and `CIRCLE_SHA1` is not set
      CircleCI sets it in every job; elsewhere, write `--expect-revision=SHA`

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
      look whether the push job wrote it and this job has it: a workspace must be attached

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest-file d
    error: the file `d` of `--expect-digest-file` holds no digest: its text is no digest
      it holds `sha256:…`, `REPOSITORY@sha256:…`, or what `docker buildx build --metadata-file` writes

    $ registry.digitalocean.com/keepkey/support-email:latest-dev --expect-digest-file m.json
    error: the file `m.json` of `--expect-digest-file` holds no digest: its JSON has no `containerimage.digest`, which stands there after a push
      it holds `sha256:…`, `REPOSITORY@sha256:…`, or what `docker buildx build --metadata-file` writes

    $ registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a --expect-digest sha256:0000000000000000000000000000000000000000000000000000000000000000
    error: `--expect-digest` expects another digest than `registry.digitalocean.com/keepkey/support-email:latest-dev@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060…` names
      leave one of them away
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
    insta::assert_snapshot!(table(worlds), @r"
    $ registry.digitalocean.com/keepkey/support-email:latest-dev
    error: there is no DigitalOcean token: `DIGITALOCEAN_ACCESS_TOKEN` is not set, and doctl has stored none
      in CircleCI, set `DIGITALOCEAN_ACCESS_TOKEN` under Project Settings > Environment Variables or in a context that the job names;
      on your own machine, export it, or run `doctl auth init`

    $ registry.digitalocean.com/keepkey/support-email:latest-dev
    error: there is no DigitalOcean token: `DIGITALOCEAN_ACCESS_TOKEN` is not set, and doctl has stored none
      in CircleCI, set `DIGITALOCEAN_ACCESS_TOKEN` under Project Settings > Environment Variables or in a context that the job names;
      on your own machine, export it, or run `doctl auth init`

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
      set it again to the token alone: no quotation marks, no `Bearer`, no white space

    $ registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the token in the variable `DIGITALOCEAN_ACCESS_TOKEN` starts with `Bearer`
      set it again to the token alone: no quotation marks, no `Bearer`, no white space

    $ DIGITALOCEAN_API_URL=http://api.example registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value of `DIGITALOCEAN_API_URL` is not `https`, and its host is not this machine
      the token is sent there; plain `http` is for this machine alone

    $ DIGITALOCEAN_REGISTRY_HOST=127.0.0.1:5000 registry.digitalocean.com/keepkey/support-email:latest-dev
    error: `registry.digitalocean.com/keepkey/support-email:latest-dev` is in DigitalOcean's own registry, and `DIGITALOCEAN_REGISTRY_HOST` names another host
      unset `DIGITALOCEAN_REGISTRY_HOST`, so that the real registry is asked

    $ HTTPS_PROXY=socks5://user:hunter2@proxy registry.digitalocean.com/keepkey/support-email:latest-dev
    error: the value of `HTTPS_PROXY` is not the address of an `http` or `https` proxy
      it is written `http://HOST:PORT`, or unset where there is no proxy
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
    error: `$BROKEN` uses a variable that cannot be used: the variable `BROKEN` is not valid UTF-8
      set it again, without the bytes that are no text, or unset it
    ");
}
