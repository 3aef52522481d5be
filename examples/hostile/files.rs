//! Files and variables of the machine, as large as is read of them, and as costly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::answers::{Variants, variant};
use crate::stand_in::{Certificate, Options, StandIn};
use crate::texts;
use crate::trial::{IMAGE, Trial};

const MIB: usize = 1 << 20;

/// The inputs that are files, each with its variants.
pub(crate) fn inputs() -> Vec<(&'static str, Variants)> {
    vec![
        ("config file", configs()),
        ("doctl's file", doctl()),
        ("status file", status()),
        ("board", boards()),
        ("docker's `config.json`", docker()),
        ("credential helper's answer", helpers()),
        ("digest file, builder's metadata", digests()),
        ("standard input", stdin()),
        ("`SSL_CERT_FILE`", certificates()),
    ]
}

fn configs() -> Variants {
    let mut variants: Variants = texts::yaml(64 << 10)
        .into_iter()
        .map(|(name, text)| {
            variant(name, move || Trial::honest().file("verify-registry-image.yml", text.clone()))
        })
        .collect();
    variants.push(variant("as many services as there is room for", || {
        let trial = Trial::honest();
        let head = format!(
            "registry: {}/keepkey\nenvironments:\n  dev: {{ tag: latest-dev }}\nservices:\n",
            trial.registry()
        );
        let text = texts::counted(&head, |n| format!("  s{n}:\n"), "", 64 << 10);
        trial.file("verify-registry-image.yml", text)
    }));
    variants.push(variant("as many environments as there is room for", || {
        let trial = Trial::honest();
        let head = format!(
            "registry: {}/keepkey\nservices:\n  hostile: {{}}\nenvironments:\n",
            trial.registry()
        );
        let text = texts::counted(&head, |n| format!("  e{n}: {{ tag: t{n} }}\n"), "", 64 << 10);
        trial.file("verify-registry-image.yml", text)
    }));
    variants
}

fn doctl() -> Variants {
    let of = |(name, text): (&'static str, String)| {
        variant(name, move || {
            Trial::honest()
                .file(".config/doctl/config.yaml", text.clone())
                .variable("DIGITALOCEAN_ACCESS_TOKEN", "")
        })
    };
    texts::yaml(64 << 10).into_iter().map(of).collect()
}

/// A run that writes the status of `services` services.
fn with_status(trial: Trial, services: usize, more: &str) -> Trial {
    let names: String = texts::lines(services, |n| format!("  s{n}: {{ repository: hostile }}\n"));
    let config = format!(
        "registry: {}/keepkey\nenvironments:\n  dev: {{ tag: latest-dev }}\nservices:\n  hostile: {{}}\n{names}\
         status:\n  directory: status\n{more}",
        trial.registry()
    );
    trial
        .file("verify-registry-image.yml", config)
        .arguments("--environment dev --service hostile --update-status")
}

fn line(service: &str, n: usize) -> String {
    let digest = format!("{n:064x}");
    format!(
        "image.{service}{n}: \"GREEN r/{service}:latest-dev@sha256:{digest} since 2026-01-01T00:00:00Z verified \
         2026-01-01T00:00:00Z\"\n"
    )
}

fn status() -> Variants {
    let at = |text: String| {
        let trial = with_status(Trial::at(crate::answers::honest()), 1_500, "  board: board.md\n");
        trial.file("status/dev.status", text).file("board.md", "")
    };
    let mut variants: Variants = texts::yaml(8 * MIB - (1 << 16))
        .into_iter()
        .map(|(name, text)| variant(name, move || at(text.clone())))
        .collect();
    let lines: [(&str, &dyn Fn(usize) -> String); 4] = [
        ("lines of services that left the config", &|n| line("gone", n)),
        ("lines that say nothing", &|n| format!("image.s{n}: \"x\"\n")),
        ("lines of one service", &|n| line("hostile", n).replacen(&n.to_string(), "", 1)),
        ("nested keys", &|n| format!("k{n}:\n  - a: b\n")),
    ];
    for (name, line) in lines {
        let text = texts::counted("", line, "", 8 * MIB - (1 << 16));
        variants.push(variant(name, move || at(text.clone())));
    }
    variants
}

fn boards() -> Variants {
    let at = |body: String| {
        let trial = with_status(Trial::at(crate::answers::honest()), 0, "  board: board.md\n");
        trial.file("board.md", body).file("status/dev.status", "")
    };
    let begin = "<!-- BEGIN verify-registry-image -->\n";
    let end = "<!-- END verify-registry-image -->\n";
    let table = "| Environment | Service | Status | Image | Since | Verified | Pipeline |\n\
                 | --- | --- | --- | --- | --- | --- | --- |\n";
    let bytes = 32 * MIB - 4_096;
    let units: [(&'static str, &str); 9] = [
        ("begin markers", begin),
        (
            "pairs of markers",
            "<!-- BEGIN verify-registry-image -->\n<!-- END verify-registry-image -->\n",
        ),
        ("beginnings of markers", "<!-- BEGIN verify-registry"),
        ("bars", "|"),
        ("backslashes and bars", "\\|"),
        ("lines of bars", "| | | | | | |\n"),
        ("conflict markers' beginnings", "<<<<<<\n"),
        ("comments", "<!-- "),
        ("empty lines", "\n"),
    ];
    let mut variants: Variants = Vec::new();
    for (name, unit) in units {
        for (inside, head, tail) in [
            ("outside", String::new(), String::new()),
            ("inside", begin.to_owned(), end.to_owned()),
            ("in the table", format!("{begin}{table}"), end.to_owned()),
        ] {
            let text = texts::filled(&head, unit, bytes) + "\n" + &tail;
            variants.push(variant(format!("{name}, {inside}"), move || at(text.clone())));
        }
    }
    let row =
        |n: usize| format!("| dev | gone{n} | 🟢 GREEN | `r/x@sha256:{n:08x}` | – | – | – |\n");
    let rows = texts::counted(&format!("{begin}{table}"), row, end, bytes);
    variants.push(variant("rows of services that left the config", move || at(rows.clone())));
    variants
}

fn docker() -> Variants {
    let other = move |text: &str| {
        let trial = Trial::at(StandIn::start(Options::default()));
        let image = trial.registry();
        let text = text.replace("REGISTRY", &image);
        // Not DigitalOcean's: the login comes from docker's file.
        trial
            .variable("DIGITALOCEAN_REGISTRY_HOST", "")
            .argument(&format!("{image}/{IMAGE}"))
            .file(".docker/config.json", text)
    };
    let auth = STANDARD.encode("user:0123456789abcdef0123");
    let mut variants: Variants = Vec::new();
    let auths = |key: &dyn Fn(usize) -> String| {
        let entry = |n: usize| format!("\"{}\":{{\"auth\":\"{auth}\"}},", key(n));
        texts::counted("{\"auths\":{", entry, "}}", MIB)
    };
    for (name, text) in [
        ("logins of other hosts", auths(&|n| format!("h{n}.example"))),
        ("logins of paths", auths(&|n| format!("REGISTRY/keepkey/{n}"))),
        ("logins of deep paths", auths(&|n| format!("REGISTRY{}{n}", "/a".repeat(100)))),
        ("keys alike but for their form", auths(&|n| format!("https://REGISTRY/v{n}/"))),
    ] {
        variants.push(variant(name, move || other(&text)));
    }
    let helpers = texts::counted("{\"credHelpers\":{", |n| format!("\"h{n}\":\"x\","), "}}", MIB);
    variants.push(variant("helpers", move || other(&helpers)));
    let long = format!(
        "{{\"auths\":{{\"REGISTRY\":{{\"auth\":\"{}\"}}}}}}",
        STANDARD.encode(format!("u:{}", "p".repeat(700_000)))
    );
    variants.push(variant("a password of 700 KB", move || other(&long)));
    for (name, json) in texts::json(MIB - 64) {
        for field in ["auths", "unknown"] {
            let text = format!("{{\"{field}\":{json}}}");
            variants.push(variant(format!("{name} in `{field}`"), move || other(&text)));
        }
    }
    variants
}

fn helpers() -> Variants {
    let of = |(name, json): (&'static str, String)| {
        variant(name, move || {
            let trial = Trial::at(StandIn::start(Options::default()));
            let image = trial.registry();
            let answer =
                format!("{{\"Username\":\"u\",\"Secret\":\"0123456789abcdef\",\"x\":{json}}}");
            trial
                .variable("DIGITALOCEAN_REGISTRY_HOST", "")
                .argument(&format!("{image}/{IMAGE}"))
                .file(
                    ".docker/config.json",
                    format!("{{\"credHelpers\":{{\"{image}\":\"hostile\"}}}}"),
                )
                .file("answer", answer)
                .file("docker-credential-hostile", "#!/bin/sh\nexec /bin/cat \"$HOME/answer\"\n")
        })
    };
    let mut variants: Variants = texts::json((64 << 10) - 80).into_iter().map(of).collect();
    variants.push(variant("without end", || {
        let trial = Trial::at(StandIn::start(Options::default()));
        let image = trial.registry();
        trial
            .variable("DIGITALOCEAN_REGISTRY_HOST", "")
            .argument(&format!("{image}/{IMAGE}"))
            .file(".docker/config.json", format!("{{\"credHelpers\":{{\"{image}\":\"hostile\"}}}}"))
            .file("docker-credential-hostile", "#!/bin/sh\nexec /bin/cat /dev/zero\n")
    }));
    variants
}

fn digests() -> Variants {
    let at = |text: String| {
        Trial::honest().file("digest", text).arguments("--expect-digest-file digest")
    };
    let bytes = 4 * MIB - 64;
    let mut variants: Variants = Vec::new();
    for (name, json) in texts::json(bytes) {
        variants.push(variant(name, move || at(json.clone())));
    }
    let digest = format!("sha256:{}", "0".repeat(64));
    let target = |n: usize| {
        format!("\"t{n}\":{{\"containerimage.digest\":\"{digest}\",\"image.name\":\"r/x:{n}\"}},")
    };
    let bake = texts::counted("{", target, "}", bytes);
    variants.push(variant("targets of bake", move || at(bake.clone())));
    let names = texts::counted(
        "{\"containerimage.digest\":\"sha256:0\",\"image.name\":\"",
        |n| format!("r/x:{n},"),
        "\"}",
        bytes,
    );
    variants.push(variant("names of one image", move || at(names.clone())));
    let lines = texts::filled("", &format!("r/x@{digest}\n"), bytes);
    variants.push(variant("lines of one digest", move || at(lines.clone())));
    let others = texts::counted("", |n| format!("r/x@sha256:{n:064x}\n"), "", bytes);
    variants.push(variant("lines of other digests", move || at(others.clone())));
    variants
}

fn stdin() -> Variants {
    let at = |text: String| {
        Trial::at(crate::answers::honest()).argument("-").arguments("--deadline 10s").stdin(text)
    };
    let hosts: String =
        texts::lines(10_000, |n| format!("127.1.{}.{}:1/a/b:c\n", n / 250, n % 250 + 1));
    let names: String = texts::lines(10_000, |n| format!("h{n}.invalid/a/b:c\n"));
    let words = texts::filled("", "x\n", MIB);
    let long = texts::filled("", "x", MIB);
    let variables = texts::filled("", "${A}", MIB);
    let beside = |entries: &'static str, entry: &'static dyn Fn(usize) -> String| {
        variant(format!("10,000 images beside a config of {entries}"), move || {
            let trial = Trial::at(crate::answers::honest());
            let image = format!("{}/keepkey/hostile", trial.registry());
            let head = format!("registry: {}/keepkey\n{entries}:\n", trial.registry());
            trial
                .file("verify-registry-image.yml", texts::counted(&head, entry, "", 64 << 10))
                .stdin(texts::lines(10_000, |n| format!("{image}:t{n}\n")))
                .arguments("- --deadline 10s")
        })
    };
    vec![
        beside("environments", &|n| format!("  e{n}: {{ tag: u{n} }}\n")),
        beside("services", &|n| format!("  s{n}:\n")),
        variant("10,000 hosts, deadline 10 s", move || at(hosts.clone())),
        variant("10,000 names of no host, deadline 10 s", move || at(names.clone())),
        variant("500,000 words", move || at(words.clone())),
        variant("one word", move || at(long.clone())),
        variant("variables", move || at(variables.clone()).variable("A", &"x".repeat(1_000))),
    ]
}

fn certificates() -> Variants {
    let at = |text: String| {
        let stand_in =
            StandIn::start(Options { tls: Some(Certificate::Good), ..Options::default() });
        let (repository, tag) = IMAGE.split_once(':').unwrap_or_default();
        stand_in.image(repository, tag, crate::stand_in::Image::node_on_alpine());
        let pem = stand_in.ca_pem().unwrap_or_default().to_owned();
        let text = pem.clone() + &text.replace("CERTIFICATE\n", &pem);
        let text: String = text.chars().take(16 * MIB).collect();
        Trial::of_image(stand_in).file("ca.pem", text).variable("SSL_CERT_FILE", "ca.pem")
    };
    let bytes = 16 * MIB - 2_048;
    let garbage = |n: usize| {
        let content = STANDARD.encode(format!("{n:0600}"));
        format!("-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n")
    };
    let broken = texts::counted("", garbage, "", bytes);
    let begins = texts::filled("", "-----BEGIN CERTIFICATE-----\n", bytes);
    let lines = texts::filled("", "\n", bytes);
    let one = texts::filled("-----BEGIN CERTIFICATE-----\n", "AAAA\n", bytes)
        + "-----END CERTIFICATE-----\n";
    vec![
        variant("one certificate again and again", move || at("CERTIFICATE\n".repeat(27_000))),
        variant("certificates that are none", move || at(broken.clone())),
        variant("beginnings", move || at(begins.clone())),
        variant("empty lines", move || at(lines.clone())),
        variant("one large certificate", move || at(one.clone())),
    ]
}
