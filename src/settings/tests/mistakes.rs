//! `docs/mistakes.md` is written by these tests: each mistake has a message and a next step, and the page holds what
//! the runs say. `UPDATE_MISTAKES=1` writes it again.

use std::fmt::Write as _;
use std::fs;

use super::*;

const PAGE: &str = "docs/mistakes.md";

const BEGINNING: &str = "\
# Mistakes

What `verify-registry-image` prints when it is called in a way that it cannot follow. Each of these runs ends with exit code 2
before anything is requested. `DIGITALOCEAN_ACCESS_TOKEN` is set unless the line says otherwise.

This page is written by a test, `src/settings/tests/mistakes.rs`, from the runs that it shows; do not edit it by hand:
`UPDATE_MISTAKES=1 cargo test --lib mistakes`.
";

/// Services whose names make keys that collide or are not allowed.
const PULUMI: &str = "
registry: registry.digitalocean.com/keepkey
services:
  '1': {}
  a-b: {}
  a_b: {}
  sealed: { env: { secure: x } }
  open: { env: { secure: x }, port: 80 }
";

/// Some mistakes under one heading.
struct Section {
    title: &'static str,
    /// The config file of each run; empty: each run shows its own.
    config: &'static str,
    worlds: Vec<World>,
}

impl Section {
    fn new(title: &'static str, worlds: impl IntoIterator<Item = World>) -> Self {
        Self { title, config: "", worlds: worlds.into_iter().collect() }
    }

    fn with_config(
        title: &'static str,
        config: &'static str,
        worlds: impl IntoIterator<Item = World>,
    ) -> Self {
        let worlds = worlds.into_iter().map(|world| world.config(config)).collect();
        Self { title, config, worlds }
    }

    fn text(&self) -> String {
        let mut text = format!("\n## {}\n\n", self.title);
        if !self.config.is_empty() {
            let config = self.config.trim();
            let _ = write!(text, "With this `{FILE_NAME}`:\n\n```yaml\n{config}\n```\n\n");
        }
        let runs: Vec<String> =
            self.worlds.iter().map(|world| run(world, !self.config.is_empty())).collect();
        text + &format!("```text\n{}```\n", runs.join("\n"))
    }
}

/// The files of a run, its line and its answer.
fn run(world: &World, hides_config: bool) -> String {
    let mut text = String::new();
    let mut files: Vec<_> = fs::read_dir(world.path()).unwrap().map(Result::unwrap).collect();
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().into_string().unwrap();
        if name == FILE_NAME && hides_config {
            continue;
        }
        let content = fs::read_to_string(file.path()).unwrap();
        let _ = writeln!(text, "$ cat {name}\n{}", content.trim_end());
    }
    let line = line(world);
    let told = world.told().replace(&world.path().display().to_string(), "FOLDER");
    assert!(told.starts_with("error: "), "`{line}` is accepted: {told}");
    text + &format!("$ {line}\n{told}\n")
}

/// What a person types into a shell.
fn line(world: &World) -> String {
    let mut words = Vec::new();
    if !world.variables.contains_key(TOKEN_VARIABLE) {
        words.push(format!("env -u {TOKEN_VARIABLE}"));
    }
    for (name, value) in world.variables.iter().filter(|(_, value)| *value != TOKEN) {
        words.push(format!("{name}={}", quoted(value.to_str().unwrap())));
    }
    words.extend(world.arguments.iter().map(|word| quoted(word.to_str().unwrap())));
    if world.arguments.iter().any(|word| word == "-") {
        words.push("< /dev/null".to_owned());
    }
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    assert!(!word.contains('\''), "{word}");
    format!("'{word}'")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch and a page of this test, not of the program"
)]
fn the_page_holds_what_the_runs_say() {
    let sections = [
        command_line(),
        values(),
        images_without_a_config(),
        images_with_a_config(),
        configs(),
        expectations(),
        pulumi_configuration(),
        token_and_addresses(),
    ];
    let page = BEGINNING.to_owned() + &sections.map(|section| section.text()).concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("UPDATE_MISTAKES").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    // The first difference alone: the whole page twice would hide it.
    let differs = |(_, (old, new)): &(usize, (&str, &str))| old != new;
    let end = std::iter::repeat("(the end)");
    let lines = committed.lines().chain(end.clone()).zip(page.lines().chain(end));
    let most = committed.lines().count().max(page.lines().count());
    if let Some((number, (old, new))) = lines.take(most).enumerate().find(differs) {
        panic!(
            "{PAGE}, line {}:\n  it holds:     {old}\n  the runs say: {new}\n\
             run `UPDATE_MISTAKES=1 cargo test --lib mistakes`, read the difference and commit the page",
            number + 1
        );
    }
}

fn command_line() -> Section {
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
    Section::new("The command line", lines.map(World::new))
}

fn values() -> Section {
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
    Section::new(
        "Values of options and variables",
        worlds.into_iter().chain(empty).chain(variables),
    )
}

fn images_without_a_config() -> Section {
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
    Section::new("Images, without a config file", lines.map(World::new).into_iter().chain([empty]))
}

fn images_with_a_config() -> Section {
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
        let world = World::new(line);
        let world =
            if line.contains("{revision}") { world.variable("CIRCLE_SHA1", COMMIT) } else { world };
        // Without it, nobody can say whether these tags are production's.
        if line.starts_with("support-email:a ") { world.variable("RELEASE", "v1") } else { world }
    });
    let branch = World::new("").variable("CIRCLE_BRANCH", "feature/x");
    Section::with_config("Images, with a config file", CONFIG, worlds.into_iter().chain([branch]))
}

fn configs() -> Section {
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
    Section::new("Config files", worlds)
}

fn expectations() -> Section {
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
    Section::new("What the image is compared with", worlds)
}

fn pulumi_configuration() -> Section {
    let lines = [
        "1:t --pulumi-config p",
        "a-b:t --pulumi-config p",
        "registry.digitalocean.com/keepkey/a/b:t --pulumi-config p",
        "sealed:t --pulumi-config p",
        "open:t open:u --pulumi-config p",
    ];
    Section::with_config("A Pulumi configuration", PULUMI, lines.map(World::new))
}

fn token_and_addresses() -> Section {
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
    Section::new("The token, and where it is sent", worlds)
}

#[test]
fn services_that_pulumi_can_name_are_accepted() {
    for line in
        ["sealed:t --pulumi-config p --port 80", "open:t --pulumi-config p", "1:t --record r"]
    {
        World::new(line).config(PULUMI).settings();
    }
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
