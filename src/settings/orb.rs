//! What the options are called in the orb, where somebody who reads a message set a parameter and typed no option.

use std::ffi::OsString;

use crate::settings::variables::long_of;

/// The variable that the orb's script sets. It is no option: it changes words and nothing else.
const VARIABLE: &str = "VERIFY_REGISTRY_IMAGE_ORB";

/// The options that the orb has parameters for, by their long names.
const PARAMETERS: [(&str, &str); 23] = [
    ("IMAGE", "image"),
    ("service", "services"),
    ("environment", "environment"),
    ("config", "config"),
    ("expect-digest", "expect_digest"),
    ("expect-digest-file", "digest_file"),
    ("expect-revision", "revision"),
    ("platform", "platforms"),
    ("engine", "engines"),
    ("port", "port"),
    ("content", "content"),
    ("max-content", "max_content"),
    ("wait", "wait"),
    ("deadline", "deadline"),
    ("token-env", "token"),
    ("token-server", "token_server"),
    ("junit", "results_dir"),
    ("html", "results_dir"),
    ("failure-reason-file", "results_dir"),
    ("record", "record_dir"),
    ("record-dir", "record_dir"),
    ("pulumi-config", "pulumi_config"),
    ("update-status", "update_status"),
];

/// In whose words the options are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Words {
    /// The command line's.
    #[default]
    CommandLine,
    /// The orb's, whose script runs the program.
    Orb,
}

impl Words {
    /// The words of who has these environment variables.
    pub(super) fn of(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let is_orb = variable(VARIABLE).is_some_and(|value| !value.is_empty());
        if is_orb { Self::Orb } else { Self::CommandLine }
    }

    /// A message in these words.
    pub fn put(self, text: String) -> String {
        match self {
            Self::CommandLine => text,
            Self::Orb => in_its_words(&text),
        }
    }
}

/// A text in which each option, and each variable that stands for one, is called by the orb's parameter.
fn in_its_words(text: &str) -> String {
    // Every other part stands between backticks.
    let parts = text.split('`').enumerate().map(|(index, part)| match named(part) {
        Some(parameter) if index % 2 == 1 => parameter,
        Some(_) | None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`").replace("`\u{0}", "parameter `")
}

/// The parameter for an option as it stands in a message, with the value that the message gives it. A NUL marks where
/// `parameter` belongs before the backtick.
fn named(part: &str) -> Option<String> {
    let of_variable;
    let (long, value) = match part.strip_prefix("--") {
        Some(option) => option.split_once([' ', '=']).unwrap_or((option, "")),
        None if part == "IMAGE" => (part, ""),
        None => {
            of_variable = long_of(part)?;
            (of_variable.as_str(), "")
        }
    };
    let (_, parameter) = PARAMETERS.iter().find(|(known, _)| *known == long)?;
    // `an IMAGE` stays a noun of its own.
    if part == "IMAGE" {
        return Some((*parameter).to_owned());
    }
    // `DIR` and `SHA` stand for a value, and are none.
    let is_value = value.chars().any(|character| !character.is_ascii_uppercase());
    let value = if is_value { format!(": {value}") } else { String::new() };
    Some(format!("\u{0}{parameter}{value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_and_its_variable_are_called_by_the_parameter() {
        for (text, told) in [
            ("name one with `--environment`", "name one with parameter `environment`"),
            (
                "`--record-dir DIR` and `--expect-revision=SHA`",
                "parameter `record_dir` and parameter `revision`",
            ),
            (
                "the value of `VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST_FILE` is empty",
                "the value of parameter `digest_file` is empty",
            ),
            (
                "add `--token-server git.example.org`",
                "add parameter `token_server: git.example.org`",
            ),
            ("an `IMAGE` is empty", "an `image` is empty"),
            ("`--jobs` and `--nope` and --wait, `it`s", "`--jobs` and `--nope` and --wait, `it`s"),
            ("`environment: --wait`", "`environment: --wait`"),
        ] {
            assert_eq!(in_its_words(text), told);
        }
    }

    #[test]
    fn every_parameter_is_the_orb_s() {
        let command = include_str!("../../orb/src/commands/verify.yml");
        for (long, parameter) in PARAMETERS {
            assert!(command.contains(&format!("\n  {parameter}:\n")), "--{long}: {parameter}");
        }
    }
}
