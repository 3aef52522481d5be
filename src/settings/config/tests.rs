#![expect(clippy::too_many_lines, reason = "tables are shown whole")]

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::secret::{Secret, is_printable};

const WHOLE: &str = r#"
registry: registry.digitalocean.com/keepkey
environments:
  development:
    tag: latest-dev
    immutable_tag: "{revision}-dev"      # must name the same digest
    branch: develop
    expect_revision: when-labelled       # off | when-labelled | required
services:
  support-email:                         # repository: support-email unless given
    port: 5001
    ingress: false
    runtime: { language: nodejs, base: alpine }
    platforms: [linux/amd64]
    env: { NODE_ENV: production }
  worker:
status:
  directory: docs/deployment/status
  board: docs/deployment/status-tracker.md
  badges: docs/deployment/badges
"#;

fn in_folder(bytes: &[u8]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(FILE_NAME), bytes);
    let redactor = Redactor::default();
    redactor.hide(&Secret::new("correct-horse-battery"));
    Config::find(folder.path(), None, &redactor).map(Option::unwrap)
}

#[expect(clippy::disallowed_methods, reason = "a file of the test")]
fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

fn told(text: &str) -> String {
    match in_folder(text.as_bytes()) {
        Ok(config) => format!("ok {:?}", config.document),
        Err(error) => match error.hint() {
            Some(hint) => format!("{error}\n  hint: {hint}"),
            None => error.to_string(),
        },
    }
}

#[test]
fn the_contract_s_example_is_read() {
    let config = in_folder(WHOLE.as_bytes()).unwrap();
    let Document { registry, environments, services, circleci: _, status } = config.document;
    assert_eq!(registry, Some(Text("registry.digitalocean.com/keepkey".into())));
    assert_eq!(environments.0[0].0, Name("development".into()));
    assert_eq!(environments.0[0].1.expect_revision, Some(RevisionWord::WhenLabelled));
    assert_eq!(services.0[0].1.port, Some(Port(5001)));
    assert_eq!(services.0[1], (Name("worker".into()), ServiceEntry::default()));
    assert_eq!(status.unwrap().badges, Some(Text("docs/deployment/badges".into())));
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    let marked = in_folder(format!("\u{feff}{WHOLE}").as_bytes()).unwrap();
    assert_eq!(marked.document, in_folder(WHOLE.as_bytes()).unwrap().document);
}

#[test]
fn texts_are_kept_as_they_are_written() {
    for text in [
        "1.10",
        "0123456",
        "1e5",
        "no",
        "2026-01-01",
        "true",
        "'~'",
        "\"null\"",
        "0x10",
        "1_000",
        ".5",
        "off",
    ] {
        let config =
            in_folder(format!("environments: {{dev: {{tag: {text}}}}}").as_bytes()).unwrap();
        let Text(tag) = &config.document.environments.0[0].1.tag;
        assert_eq!(tag, text.trim_matches(['\'', '"']), "{text}");
    }
    let config =
        in_folder(b"registry: r.example\nservices: {a: {env: {N: 007, B: yes, E: '', F: 1.0}}}")
            .unwrap();
    let env = &config.document.services.0[0].1.env.0;
    let values: Vec<_> = env.iter().map(|(_, Value(value))| value.as_str()).collect();
    assert_eq!(values, ["007", "yes", "", "1.0"]);
}

#[test]
fn each_mistake_has_a_place_and_says_what_was_meant() {
    let mistakes: Vec<String> = [
        "environments:\n  dev:\n    tga: x\n",
        "environments:\n  dev:\n    tag: x\n    expect_revison: off\n",
        "enviroments: {}\n",
        "registry: a\nzzz: 1\n",
        "environments:\n  dev:\n    tag: a\n    branch: b\n    tag: c\n",
        "environments:\n  dev: {tag: a}\n  dev: {tag: b}\n",
        "environments:\n  dev:\n    tag: ~\n",
        "environments:\n  dev:\n    tag: null\n",
        "environments:\n  dev:\n    tag:\n",
        "environments:\n  dev:\n    tag: ''\n",
        "environments:\n  dev:\n    tag: [a]\n",
        "environments:\n  dev:\n    branch: a\n",
        "environments:\n  dev:\n    tag: a\n    expect_revision: always\n",
        "environments:\n  dev: {tag: a}\n  dev/x: {tag: a}\n",
        "environments: [a]\n",
        "environments: 7\n",
        "registry: ~\n",
        "status: ~\n",
        "registry: a.b\nservices:\n  a:\n    port: 70000\n",
        "registry: a.b\nservices:\n  a:\n    port: http\n",
        "registry: a.b\nservices:\n  a:\n    ingress: no\n",
        "registry: a.b\nservices:\n  a:\n    platforms: [linux]\n",
        "registry: a.b\nservices:\n  a:\n    platforms: linux/amd64\n",
        "registry: a.b\nservices:\n  a:\n    runtime: nodejs\n",
        "registry: a.b\nservices:\n  a:\n    env: {API_TOKEN: x}\n",
        "registry: a.b\nservices:\n  a:\n    env: {DB: 'postgres://u:p@h/d'}\n",
        "registry: a.b\nservices:\n  a:\n    env: {N: ~}\n",
        "registry: a.b\nservices:\n  a:\n    env: {a-b: c}\n",
        "services:\n  a: {}\n",
        "status: {directory: ../x}\n",
        "status: {directory: a, board: /etc/passwd}\n",
        "status: {board: a}\n",
        "registry: !secret a\n",
        "registry: a.b\n---\nregistry: c.d\n",
        "environments:\n\tdev: 1\n",
        "environments: *a\n",
        "registry: a: b\n",
        "registry: \"a\\0b\"\n",
        "registry: \"a\\nb\"\n",
        "registry: a\u{1b}b\n",
        "registry: a\n# correct-horse-battery\n",
        "registry: dop_v1_0123456789abcdef\n",
        "",
        "# nothing\n",
        "{}",
        "- a\n",
        "just a text",
        "? [a]\n: b\n",
        "<<: {registry: a}\n",
        "environments:\n  dev:\n    tag: {revision}\n",
        "environments:\n  dev:\n    tag: a\n    immutable_tag: {revision:7}-dev\n",
    ]
    .map(|text| format!("{text:?}\n  {}", told(text)))
    .into();
    insta::assert_snapshot!(mistakes.join("\n"), @r##"
    "environments:\n  dev:\n    tga: x\n"
      verify-registry-image.yml:3:5: unknown key `tga`
      hint: did you mean `tag`?
    "environments:\n  dev:\n    tag: x\n    expect_revison: off\n"
      verify-registry-image.yml:4:5: unknown key `expect_revison`
      hint: did you mean `expect_revision`?
    "enviroments: {}\n"
      verify-registry-image.yml:1:1: unknown key `enviroments`
      hint: did you mean `environments`?
    "registry: a\nzzz: 1\n"
      verify-registry-image.yml:2:1: unknown key `zzz`
      hint: expected one of: registry, environments, services, circleci, status
    "environments:\n  dev:\n    tag: a\n    branch: b\n    tag: c\n"
      verify-registry-image.yml:5:5: duplicate key `tag`
    "environments:\n  dev: {tag: a}\n  dev: {tag: b}\n"
      verify-registry-image.yml:3:3: duplicate key `dev`
    "environments:\n  dev:\n    tag: ~\n"
      verify-registry-image.yml:3:10: missing value: add one or remove the key
    "environments:\n  dev:\n    tag: null\n"
      verify-registry-image.yml:3:10: missing value: add one or remove the key
    "environments:\n  dev:\n    tag:\n"
      verify-registry-image.yml:3:9: missing value: add one or remove the key
    "environments:\n  dev:\n    tag: ''\n"
      verify-registry-image.yml:3:10: empty value
    "environments:\n  dev:\n    tag: [a]\n"
      verify-registry-image.yml:3:10: expected a text, found a list
    "environments:\n  dev:\n    branch: a\n"
      verify-registry-image.yml:3:5: missing key `tag`
    "environments:\n  dev:\n    tag: a\n    expect_revision: always\n"
      verify-registry-image.yml:4:22: invalid value `always`: expected `off`, `when-labelled` or `required`
    "environments:\n  dev: {tag: a}\n  dev/x: {tag: a}\n"
      verify-registry-image.yml:3:3: invalid name `dev/x`: use at most 100 letters, digits, `_`, `.` and `-`, starting with a letter or digit
    "environments: [a]\n"
      verify-registry-image.yml:1:15: expected a mapping of names, found a list
    "environments: 7\n"
      verify-registry-image.yml:1:15: expected a mapping of names, found integer `7`
    "registry: ~\n"
      verify-registry-image.yml:1:11: missing value: add one or remove the key
    "status: ~\n"
      verify-registry-image.yml:1:9: missing value: add one or remove the key
    "registry: a.b\nservices:\n  a:\n    port: 70000\n"
      verify-registry-image.yml:4:11: invalid port `70000`: expected a number from 1 to 65535
    "registry: a.b\nservices:\n  a:\n    port: http\n"
      verify-registry-image.yml:4:11: invalid port `http`: expected a number from 1 to 65535
    "registry: a.b\nservices:\n  a:\n    ingress: no\n"
      verify-registry-image.yml:4:14: invalid value `no`: expected `true` or `false`
    "registry: a.b\nservices:\n  a:\n    platforms: [linux]\n"
      verify-registry-image.yml:4:17: invalid platform `linux`: it is not `os/architecture` or `os/architecture/variant`, as in `linux/amd64`
    "registry: a.b\nservices:\n  a:\n    platforms: linux/amd64\n"
      verify-registry-image.yml:4:16: expected a list, found the text `linux/amd64`
    "registry: a.b\nservices:\n  a:\n    runtime: nodejs\n"
      verify-registry-image.yml:4:14: expected a mapping with `language` and `base`, found the text `nodejs`
    "registry: a.b\nservices:\n  a:\n    env: {API_TOKEN: x}\n"
      verify-registry-image.yml:4:22: the variable `API_TOKEN` looks like a secret, but `env` is written to the record
      hint: give it to the deployment from its own secret store, and remove it here
    "registry: a.b\nservices:\n  a:\n    env: {DB: 'postgres://u:p@h/d'}\n"
      verify-registry-image.yml:4:15: the variable `DB` looks like a secret, but `env` is written to the record
      hint: give it to the deployment from its own secret store, and remove it here
    "registry: a.b\nservices:\n  a:\n    env: {N: ~}\n"
      verify-registry-image.yml:4:14: missing value: add one or remove the key
    "registry: a.b\nservices:\n  a:\n    env: {a-b: c}\n"
      verify-registry-image.yml:4:11: `a-b` is not the name of a variable
    "services:\n  a: {}\n"
      verify-registry-image.yml:2:3: `services` needs a `registry`
      hint: add one, as in `registry: registry.digitalocean.com/REGISTRY`
    "status: {directory: ../x}\n"
      verify-registry-image.yml:1:21: the path `../x` is not below this file's folder
      hint: write it relative to this file, without `..` and without a leading `/`
    "status: {directory: a, board: /etc/passwd}\n"
      verify-registry-image.yml:1:31: the path `/etc/passwd` is not below this file's folder
      hint: write it relative to this file, without `..` and without a leading `/`
    "status: {board: a}\n"
      verify-registry-image.yml:1:9: missing key `directory`
    "registry: !secret a\n"
      verify-registry-image.yml:1:11: YAML tag (`!…`): this file has none
    "registry: a.b\n---\nregistry: c.d\n"
      verify-registry-image.yml:2:1: a second YAML document begins here
      hint: remove the line `---` and what follows it
    "environments:\n\tdev: 1\n"
      verify-registry-image.yml:2:1: tab character
      hint: indent with spaces
    "environments: *a\n"
      verify-registry-image.yml:1:15: unknown anchor
    "registry: a: b\n"
      verify-registry-image.yml:1:12: mapping values are not allowed in this context
    "registry: \"a\\0b\"\n"
      verify-registry-image.yml:1:11: value with a line break, a control character or an invisible character
    "registry: \"a\\nb\"\n"
      verify-registry-image.yml:1:11: value with a line break, a control character or an invisible character
    "registry: a\u{1b}b\n"
      verify-registry-image.yml:1:12: control character
      hint: save the file as plain UTF-8 text
    "registry: a\n# correct-horse-battery\n"
      verify-registry-image.yml:2:1: this line holds a secret
      hint: remove it and revoke it where it was issued: a committed file keeps its history
    "registry: dop_v1_0123456789abcdef\n"
      verify-registry-image.yml:1:1: this line holds a secret
      hint: remove it and revoke it where it was issued: a committed file keeps its history
    ""
      verify-registry-image.yml:1:1: the file has no settings
      hint: `verify-registry-image --schema config` shows its form
    "# nothing\n"
      verify-registry-image.yml:1:1: the file has no settings
      hint: `verify-registry-image --schema config` shows its form
    "{}"
      verify-registry-image.yml:1:1: the file has no settings
      hint: `verify-registry-image --schema config` shows its form
    "- a\n"
      verify-registry-image.yml:1:1: expected a mapping with `registry`, `environments`, `services`, `circleci` and `status`, found a list
    "just a text"
      verify-registry-image.yml:1:1: expected a mapping with `registry`, `environments`, `services`, `circleci` and `status`, found the text `just a text`
    "? [a]\n: b\n"
      verify-registry-image.yml:1:3: expected a key, found a list
    "<<: {registry: a}\n"
      verify-registry-image.yml:1:1: unknown key `<<`
      hint: expected one of: registry, environments, services, circleci, status
    "environments:\n  dev:\n    tag: {revision}\n"
      verify-registry-image.yml:3:19: a value that begins with `{` needs quotation marks
      hint: quote it, as in `"{revision}-dev"`
    "environments:\n  dev:\n    tag: a\n    immutable_tag: {revision:7}-dev\n"
      verify-registry-image.yml:4:31: a value that begins with `{` needs quotation marks
      hint: quote it, as in `"{revision}-dev"`
    "##);
}

#[test]
fn what_would_be_slow_or_deep_is_refused_at_once() {
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (name, before) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
        let nine = vec![format!("*{before}"); 9].join(",");
        writeln!(bomb, "{name}: &{name} [{nine}]").unwrap();
    }
    let deep = "{a: ".repeat(5_000);
    let mistakes: Vec<String> =
        [&*bomb, "registry: &a [*a]\n", &deep, &"[".repeat(20_000), &"#".repeat(64 * 1024 + 1)]
            .map(told)
            .into();
    insta::assert_snapshot!(mistakes.join("\n"), @r"
    verify-registry-image.yml:1:1: too many values through aliases (`*name`)
    verify-registry-image.yml:1:11: values are nested too deeply
    verify-registry-image.yml:1:257: values are nested too deeply: more than 64 brackets are open
    verify-registry-image.yml:1:65: values are nested too deeply: more than 64 brackets are open
    the config file `verify-registry-image.yml` is larger than 64 KiB
    ");
}

#[test]
fn bytes_that_are_no_text_have_a_place_too() {
    let error = in_folder(b"registry: a\nenvironments: \xff\n").unwrap_err();
    assert_eq!(error.to_string(), "verify-registry-image.yml:2:15: not valid UTF-8");
}

#[test]
fn the_file_is_looked_for_up_to_the_checkout_s_top_and_no_further() {
    let top = tempfile::tempdir().unwrap();
    let inner = top.path().join("repository/a/b");
    std::fs::create_dir_all(&inner).unwrap();
    let redactor = Redactor::default();
    let find = || Config::find(&inner, None, &redactor).unwrap();
    write(&top.path().join(FILE_NAME), b"registry: above");
    assert!(find().is_none(), "without a checkout, only the working folder counts");
    std::fs::create_dir(top.path().join("repository/.git")).unwrap();
    assert!(find().is_none(), "above the checkout, a file is anybody's");
    write(&top.path().join("repository").join(FILE_NAME), b"registry: top");
    let found = find().unwrap();
    assert_eq!(found.document.registry, Some(Text("top".into())));
    assert_eq!(found.folder, top.path().join("repository"));
    assert_eq!(found.name(), FILE_NAME);
    write(&inner.join(FILE_NAME), b"registry: here");
    let found = find().unwrap();
    assert_eq!(
        (found.path.as_path(), found.folder.as_path()),
        (Path::new(FILE_NAME), Path::new(""))
    );
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let redactor = Redactor::default();
    let told = |named: &str| {
        Config::find(folder.path(), Some(Path::new(named)), &redactor).unwrap_err().to_string()
    };
    assert_eq!(told("ci/x.yml"), "the config file `ci/x.yml` does not exist");
    assert_eq!(told("."), "the config file `.` is not a regular file");
    assert_eq!(told("/dev/zero"), "the config file `/dev/zero` is not a regular file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = parse(&bytes, &Redactor::default());
    }

    #[test]
    fn anything_like_yaml_is_survived_and_every_mistake_is_printable(
        text in "(registry|environments|services|status|tag|a|\\n  |\\n|: |~|-|\\[|\\]|\\{|\\}|&a|\\*a|\"|'|!|#|\\||>|\u{202e}){0,30}"
    ) {
        if let Err((place, mistake)) = parse(text.as_bytes(), &Redactor::default()) {
            prop_assert!(place.line >= 1 && place.column >= 1);
            prop_assert!(mistake.to_string().chars().all(is_printable));
        }
    }

    #[test]
    fn a_text_is_kept(tag in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}") {
        prop_assume!(!matches!(&*tag.to_ascii_lowercase(), "null"));
        let text = format!("environments: {{dev: {{tag: {tag}}}}}");
        let (_, document) = parse(text.as_bytes(), &Redactor::default()).unwrap();
        prop_assert_eq!(&document.environments.0[0].1.tag.0, &tag);
    }
}

#[test]
fn the_committed_schema_is_the_code_s() {
    let schema = schemars::schema_for!(Document);
    let schema = serde_json::to_string_pretty(&schema).unwrap();
    assert_eq!(
        include_str!("../../../schema/config.json").trim(),
        schema.trim(),
        "expected:\n{schema}"
    );
}

#[test]
fn a_place_is_searched_only_where_the_mistake_is_shown() {
    let config = in_folder(WHOLE.as_bytes()).unwrap();
    let error = config.error(&["services", "worker"], UsageError::new("odd"));
    assert!(matches!(error.at, At::Keys(_)), "{error:?}");
    let place = error.to_string();
    assert!(place.starts_with("verify-registry-image.yml:16:10: "), "{place}");
}
