//! Facts of the image itself that a service's `expect` declares.

use std::time::Duration;

use regex_lite::Regex;

use crate::oci::AttestationKind;

/// One line of `expect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedFact {
    /// A label of the config, by its name.
    Label(String, TextRule),
    /// A variable of the config, by its name.
    Env(String, TextRule),
    /// A variable that the config must not set.
    NoEnv(String),
    /// The user that the image runs as.
    User(UserRule),
    /// The whole entry point.
    Entrypoint(Vec<String>),
    /// The whole command.
    Cmd(Vec<String>),
    /// The working directory.
    Workdir(String),
    /// A volume that must be declared.
    Volume(String),
    /// A volume that must not be declared.
    NoVolume(String),
    /// No volume at all.
    NoVolumes,
    /// The signal that stops it, as it is written.
    StopSignal(String),
    /// Whether it has a health check.
    Healthcheck(bool),
    /// A port that must be exposed: `8080` for any protocol, or `8080/tcp`.
    Port(String),
    /// A port that must not be exposed.
    NoPort(String),
    /// The most time since it was built.
    MaxAge(Duration),
    /// The most bytes that all layers of a platform have together, as they are pulled.
    MaxSize(u64),
    /// An annotation of the platform's manifest, by its name.
    Annotation(String, TextRule),
    /// An attestation of this kind beside the image.
    Attestation(AttestationKind),
}

/// What a text must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextRule {
    /// This text.
    Is(String),
    /// A text in which this is found.
    Has(Pattern),
}

/// What the user must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRule {
    /// Not root: neither empty, `root` nor a number that is 0, with or without a group.
    NotRoot,
    /// This text.
    Is(String),
}

/// A regular expression that can be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A regular expression.
    ///
    /// # Errors
    /// What is wrong with it, as a clause.
    pub fn new(text: &str) -> Result<Self, String> {
        let pattern = Self(text.to_owned());
        pattern.compiled().map(|_| pattern.clone()).map_err(|error| error.to_string())
    }

    /// Whether it is found anywhere in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.compiled().is_ok_and(|regex| regex.is_match(text))
    }

    fn compiled(&self) -> Result<Regex, regex_lite::Error> {
        Regex::new(&with_plain_hyphens(&self.0))
    }
}

/// The pattern with an escaped hyphen behind a class: Go reads `[\w-.]` as the class, a hyphen and a dot, and this
/// reader refuses it.
fn with_plain_hyphens(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        plain.push(character);
        if character != '\\' {
            continue;
        }
        let Some(escaped) = characters.next() else { break };
        plain.push(escaped);
        if "wWdDsS".contains(escaped) && characters.peek() == Some(&'-') {
            plain.push('\\');
        }
    }
    plain
}

impl TextRule {
    /// Whether it holds for a text.
    pub fn holds_for(&self, text: &str) -> bool {
        match self {
            Self::Is(expected) => expected == text,
            Self::Has(pattern) => pattern.is_in(text),
        }
    }

    /// As it is written in the config.
    pub fn written(&self) -> String {
        match self {
            Self::Is(expected) => expected.clone(),
            Self::Has(Pattern(pattern)) => format!("/{pattern}/"),
        }
    }
}

impl UserRule {
    /// Whether it holds for the user of a config.
    pub fn holds_for(&self, user: &str) -> bool {
        match self {
            Self::Is(expected) => expected == user,
            Self::NotRoot => {
                let name = user.split(':').next().unwrap_or_default();
                // Engines read a number with a sign and leading zeros.
                !name.is_empty() && name != "root" && name.parse::<i64>() != Ok(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_many_names() {
        for user in ["", "root", "0", "root:app", "0:0", ":app", "00", "+0", "-0:5"] {
            assert!(!UserRule::NotRoot.holds_for(user), "{user}");
        }
        for user in ["node", "1000", "1000:0", "rooted", "app:root"] {
            assert!(UserRule::NotRoot.holds_for(user), "{user}");
        }
    }

    #[test]
    fn a_pattern_is_found_anywhere_and_read_as_go_reads_it() {
        let found = |pattern: &str, text: &str| Pattern::new(pattern).unwrap().is_in(text);
        assert!(found("keep.ey", "https://github.com/keepkey/x"));
        assert!(!found("^keepkey", "https://github.com/keepkey/x"));
        assert!(found(r"^[\w-.]+$", "a-b.c"));
        assert!(!found(r"^[\w-.]+$", "a b"));
        assert!(found(r"\\w-", r"\w-"));
        assert!(Pattern::new("[").is_err());
        assert!(Pattern::new(r"\").is_err());
    }
}
