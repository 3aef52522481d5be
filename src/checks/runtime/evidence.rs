//! What an image config shows of a language and of a base image. The lists are the whole knowledge.

use crate::oci::ImageConfig;

use super::super::wording::quoted;

/// The label that names the base image (image-spec, "Annotations").
const BASE_NAME_LABEL: &str = "org.opencontainers.image.base.name";

/// Programs that start a Node.js application.
const NODE_PROGRAMS: &[&str] = &["node", "nodejs", "npm", "npx", "yarn", "pnpm"];

/// Variables that the official images of other languages set.
const OTHER_LANGUAGE_VARIABLES: &[&str] = &[
    "PYTHON_VERSION",
    "GOLANG_VERSION",
    "RUBY_VERSION",
    "JAVA_VERSION",
    "JAVA_HOME",
    "PHP_VERSION",
    "DOTNET_VERSION",
    "ASPNET_VERSION",
    "RUST_VERSION",
    "DENO_VERSION",
    "ELIXIR_VERSION",
    "OTP_VERSION",
    "SWIFT_VERSION",
];

/// Programs that start an application of another language.
const OTHER_LANGUAGE_PROGRAMS: &[&str] = &[
    "python",
    "python3",
    "gunicorn",
    "uvicorn",
    "java",
    "ruby",
    "rails",
    "puma",
    "php",
    "php-fpm",
    "apache2-foreground",
    "dotnet",
    "deno",
    "bun",
    "elixir",
    "perl",
];

/// What stands before the program in a command without being it.
const WRAPPERS: &[&str] = &[
    "sh",
    "bash",
    "ash",
    "exec",
    "env",
    "tini",
    "dumb-init",
    "docker-entrypoint.sh",
    "docker-php-entrypoint",
    "entrypoint.sh",
];

/// Words of a history line or a base image's name that speak for Alpine.
const ALPINE_WORDS: &[&str] = &["alpine", "apk"];

/// Words of a history line that speak for another distribution.
const OTHER_BASE_WORDS: &[&str] = &[
    "apt-get",
    "apt",
    "dpkg",
    "debian",
    "ubuntu",
    "yum",
    "dnf",
    "microdnf",
    "zypper",
    "pacman",
    "centos",
    "fedora",
    "rockylinux",
    "almalinux",
    "amazonlinux",
    "opensuse",
    "archlinux",
    "distroless",
];

/// Release names and the like: telling in a base image's name, too common as words elsewhere.
const OTHER_BASE_NAME_WORDS: &[&str] = &[
    "bookworm", "bullseye", "buster", "trixie", "jammy", "noble", "focal", "ubi", "rhel", "suse",
    "wolfi", "photon",
];

/// Dockerfile instructions whose text says nothing of the image's own distribution: values, names, and
/// files that may come from another image.
const SILENT_INSTRUCTIONS: &[&str] = &[
    "ARG",
    "ENV",
    "LABEL",
    "COPY",
    "CMD",
    "ENTRYPOINT",
    "EXPOSE",
    "WORKDIR",
    "USER",
    "VOLUME",
    "HEALTHCHECK",
    "STOPSIGNAL",
    "MAINTAINER",
    "SHELL",
    "ONBUILD",
];

/// What was found.
pub(super) enum Evidence {
    /// It is so; says what shows it.
    For(String),
    /// It is another; says what shows it.
    Against(String),
    /// Neither.
    Nothing,
}

/// Whether the image runs Node.js.
pub(super) fn of_nodejs(config: &ImageConfig) -> Evidence {
    let program = program(config);
    let is_one_of = |names: &[&str]| program.as_deref().is_some_and(|name| names.contains(&name));
    let starts = || format!("it starts {}", quoted(program.as_deref().unwrap_or_default()));
    if config.env_value("NODE_VERSION").is_some() {
        return Evidence::For("`NODE_VERSION` is set".to_owned());
    }
    if is_one_of(NODE_PROGRAMS) {
        return Evidence::For(starts());
    }
    let other = OTHER_LANGUAGE_VARIABLES.iter().find(|name| config.env_value(name).is_some());
    if let Some(name) = other {
        return Evidence::Against(format!("{} is set", quoted(name)));
    }
    if is_one_of(OTHER_LANGUAGE_PROGRAMS) { Evidence::Against(starts()) } else { Evidence::Nothing }
}

/// Whether the image stands on Alpine.
pub(super) fn of_alpine(config: &ImageConfig) -> Evidence {
    let base = config.labels.get(BASE_NAME_LABEL).map(|name| name.to_ascii_lowercase());
    let history: Vec<_> = config
        .history
        .iter()
        .filter(|line| !is_silent(line))
        .map(|line| line.to_ascii_lowercase())
        .collect();
    let in_base = |words: &[&'static str]| base.as_ref().and_then(|name| first_word(name, words));
    let in_history =
        |words: &[&'static str]| history.iter().find_map(|line| first_word(line, words));
    let by_label = |word: &str| format!("its base is named with {}", quoted(word));
    let by_history = |word: &str| format!("its history has {}", quoted(word));
    if let Some(word) = in_base(ALPINE_WORDS) {
        return Evidence::For(by_label(word));
    }
    if let Some(word) = in_history(ALPINE_WORDS) {
        return Evidence::For(by_history(word));
    }
    if let Some(word) = in_base(OTHER_BASE_WORDS).or_else(|| in_base(OTHER_BASE_NAME_WORDS)) {
        return Evidence::Against(by_label(word));
    }
    match in_history(OTHER_BASE_WORDS) {
        Some(word) => Evidence::Against(by_history(word)),
        None => Evidence::Nothing,
    }
}

/// The program that the image starts, without its folder, as far as entry point and command say it.
fn program(config: &ImageConfig) -> Option<String> {
    config
        .entrypoint
        .iter()
        .chain(&config.cmd)
        .flat_map(|argument| argument.split_whitespace())
        .map(|word| word.trim_matches(['"', '\'']))
        .filter(|word| !word.is_empty() && !word.starts_with('-') && !word.contains('='))
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .find(|name| !WRAPPERS.contains(name))
        .map(str::to_owned)
}

/// Whether a history line is of an instruction that says nothing of the distribution.
fn is_silent(line: &str) -> bool {
    let line = line.split_once("#(nop)").map_or(line, |(_, rest)| rest);
    let first = line.split_whitespace().next().unwrap_or_default();
    SILENT_INSTRUCTIONS.contains(&first)
}

/// The first of `words` that `text` holds as a word of its own: `alpine3.19` and `alpine-minirootfs`
/// hold `alpine`; `alpinejs`, `dl.alpine` and `app.apk` do not.
fn first_word<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    words.iter().copied().find(|word| {
        text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
            before.is_none_or(|character| !character.is_alphanumeric() && character != '.')
                && after.is_none_or(|character| !character.is_alphabetic())
        })
    })
}
