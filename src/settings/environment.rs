//! The environment, read once and by name. Nothing here walks the whole environment, and no message
//! holds a variable's value.

use std::ffi::OsString;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::circleci::CircleCi;
use crate::secret::Redactor;
use crate::settings::given::words;
use crate::settings::token;
use crate::settings::usage_error::{Shown, UsageError};

/// What every variable that stands for an option begins with.
pub const PREFIX: &str = "VERIFY_REGISTRY_IMAGE_";

/// The options that can be given as variables, and the rest of the variable's name. A repeatable option
/// has a plural name.
const OPTIONS: [(&str, &str); 28] = [
    ("config", "CONFIG"),
    ("repository", "REPOSITORY"),
    ("service", "SERVICES"),
    ("environment", "ENVIRONMENT"),
    ("expect-digest", "EXPECT_DIGEST"),
    ("expect-digest-file", "EXPECT_DIGEST_FILE"),
    ("expect-revision", "EXPECT_REVISION"),
    ("platform", "PLATFORMS"),
    ("port", "PORT"),
    ("wait", "WAIT"),
    ("deadline", "DEADLINE"),
    ("jobs", "JOBS"),
    ("token-env", "TOKEN_ENV"),
    ("default-registry", "DEFAULT_REGISTRY"),
    ("token-server", "TOKEN_SERVER"),
    ("junit", "JUNIT"),
    ("record", "RECORD"),
    ("record-dir", "RECORD_DIR"),
    ("pulumi-config", "PULUMI_CONFIG"),
    ("image-ref", "IMAGE_REF"),
    ("html", "HTML"),
    ("failure-reason-file", "FAILURE_REASON_FILE"),
    ("update-status", "UPDATE_STATUS"),
    ("format", "FORMAT"),
    ("color", "COLOR"),
    ("quiet", "QUIET"),
    ("verbose", "VERBOSE"),
    ("IMAGE", "IMAGES"),
];

/// The options that do something instead of verifying, or beside it: no variable can turn a gate into them.
const DOING: [&str; 7] =
    ["DRAW_STATUS", "LIST_CHECKS", "COMPLETIONS", "SCHEMA", "START_PIPELINE", "VERSION", "HELP"];

/// The options that hold words, one or more.
const PLURAL: [&str; 3] = ["IMAGES", "SERVICES", "PLATFORMS"];

/// The variable that stands for an option, by the option's long name.
pub fn variable_of(long: &str) -> Option<String> {
    let (_, rest) = OPTIONS.iter().find(|(option, _)| *option == long)?;
    Some(format!("{PREFIX}{rest}"))
}

/// The option that a variable stands for, by the variable's name without [`PREFIX`].
pub(super) fn long_of(rest: &str) -> Option<&'static str> {
    OPTIONS.iter().find(|(_, known)| *known == rest).map(|(option, _)| *option)
}

/// The variables that stand for options, by their names without [`PREFIX`]. All are texts: what they mean
/// is decided where the same option of the command line is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct OptionVariables {
    pub images: Option<String>,
    pub config: Option<String>,
    pub repository: Option<String>,
    pub services: Option<String>,
    pub environment: Option<String>,
    pub expect_digest: Option<String>,
    pub expect_digest_file: Option<String>,
    pub expect_revision: Option<String>,
    pub platforms: Option<String>,
    pub port: Option<String>,
    pub wait: Option<String>,
    pub deadline: Option<String>,
    pub jobs: Option<String>,
    pub token_env: Option<String>,
    pub default_registry: Option<String>,
    pub token_server: Option<String>,
    pub junit: Option<String>,
    pub record: Option<String>,
    pub record_dir: Option<String>,
    pub pulumi_config: Option<String>,
    pub image_ref: Option<String>,
    pub html: Option<String>,
    pub failure_reason_file: Option<String>,
    pub update_status: Option<String>,
    pub format: Option<String>,
    pub color: Option<String>,
    pub quiet: Option<String>,
    pub verbose: Option<String>,
}

/// The variables that other programs know too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct StandardVariables {
    pub digitalocean_context: Option<String>,
    pub digitalocean_config: Option<String>,
    pub digitalocean_api_url: Option<String>,
    pub digitalocean_registry_host: Option<String>,
    pub docker_config: Option<String>,
    pub home: Option<String>,
    pub xdg_config_home: Option<String>,
    pub https_proxy: Option<String>,
    pub no_proxy: Option<String>,
    pub ssl_cert_file: Option<String>,
    pub no_color: Option<String>,
    pub term: Option<String>,
    pub circleci: Option<String>,
}

impl StandardVariables {
    /// Each variable, and the lower-case name under which it is known too.
    const NAMES: [(&str, Option<&str>); 13] = [
        ("DIGITALOCEAN_CONTEXT", None),
        ("DIGITALOCEAN_CONFIG", None),
        ("DIGITALOCEAN_API_URL", None),
        ("DIGITALOCEAN_REGISTRY_HOST", None),
        ("DOCKER_CONFIG", None),
        ("HOME", None),
        ("XDG_CONFIG_HOME", None),
        ("HTTPS_PROXY", Some("https_proxy")),
        ("NO_PROXY", Some("no_proxy")),
        ("SSL_CERT_FILE", None),
        ("NO_COLOR", None),
        ("TERM", None),
        ("CIRCLECI", None),
    ];
}

/// Everything that is read from the environment, but for the token and the variables that a config names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    pub options: OptionVariables,
    pub standard: StandardVariables,
    pub circleci: CircleCi,
}

/// The hint for a variable whose bytes are no text.
pub(super) const NOT_UNICODE: &str = "set it to plain text, or unset it";

/// The hint for a variable that holds a secret where none belongs.
pub(super) const SECRET: &str =
    "a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`, or in the variable that `--token-env` names";

/// Reads variables by name.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a> {
    pub lookup: &'a dyn Fn(&str) -> Option<OsString>,
    pub redactor: &'a Redactor,
}

impl Variables<'_> {
    /// One variable; empty counts as unset.
    ///
    /// # Errors
    /// Its name, where it is not valid UTF-8.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Shown> {
        match (self.lookup)(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
            Some(Err(_)) => Err(Shown::new(name, self.redactor)),
        }
    }

    fn get(&self, name: &str) -> Result<Option<String>, UsageError> {
        self.text(name).map_err(|name| {
            UsageError::new(format!("the variable {name} is not valid UTF-8")).hint(NOT_UNICODE)
        })
    }

    /// Every variable with a fixed name.
    pub(super) fn read(&self) -> Result<Environment, UsageError> {
        for doing in DOING {
            let name = format!("{PREFIX}{doing}");
            if self.get(&name)?.is_some() {
                let message = format!(
                    "the variable `{name}` is set, but its option cannot be given as a variable"
                );
                return Err(UsageError::new(message).hint(
                    "unset it, or rename it: only options that verify can be given as variables",
                ));
            }
        }
        for plural in PLURAL {
            // `…_SERVICE` instead of `…_SERVICES` would silently drop the restriction, so it is an error.
            let name = format!("{PREFIX}{}", plural.trim_end_matches('S'));
            if self.get(&name)?.is_some() {
                return Err(UsageError::new(format!("there is no variable `{name}`"))
                    .hint(format!("did you mean `{name}S`?")));
            }
        }
        let mut options = Vec::new();
        for (_, rest) in OPTIONS {
            let name = format!("{PREFIX}{rest}");
            let Some(value) = self.get(&name)? else { continue };
            if token::is_in(&value, self.redactor) {
                return Err(UsageError::new(format!(
                    "the variable `{name}` holds a secret, and its value would be shown"
                ))
                .hint(SECRET));
            }
            // Made of two variables that are empty, as in `$A,$B`: not the same as not given, which means all.
            if PLURAL.contains(&rest) && words(&value).next().is_none() {
                return Err(UsageError::new(format!(
                    "the variable `{name}` is set but names nothing"
                ))
                .hint("separate words with spaces or commas, or unset it"));
            }
            options.push((name, value));
        }
        let mut standard = Vec::new();
        for (name, lower) in StandardVariables::NAMES {
            let value = match (self.get(name)?, lower) {
                (None, Some(lower)) => self.get(lower)?,
                (value, _) => value,
            };
            standard.extend(value.map(|value| (name.to_owned(), value)));
        }
        let mut circleci = Vec::new();
        for name in CircleCi::VARIABLES {
            circleci.extend(self.get(name)?.map(|value| (name.to_owned(), value)));
        }
        Ok(Environment {
            options: self.typed(envy::prefixed(PREFIX).from_iter(options))?,
            standard: self.typed(envy::from_iter(standard))?,
            circleci: self.typed(envy::from_iter(circleci))?,
        })
    }

    /// `envy`'s messages can hold a value, so they are shown masked and cut. With texts alone, it has
    /// nothing to complain of.
    fn typed<T: DeserializeOwned>(&self, read: envy::Result<T>) -> Result<T, UsageError> {
        read.map_err(|error| {
            let why = Shown::new(&error.to_string(), self.redactor);
            UsageError::new(format!("the environment could not be read: {why}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::secret::Secret;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, String> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let redactor = Redactor::default();
        redactor.hide(&Secret::new("dop_v1_0123456789abcdef"));
        let lookup = |name: &str| variables.get(name).map(OsString::from);
        Variables { lookup: &lookup, redactor: &redactor }
            .read()
            .map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn every_option_has_a_field() {
        for (option, rest) in OPTIONS {
            let name = format!("{PREFIX}{rest}");
            let environment = read(&[(&name, "1")]).unwrap();
            assert_ne!(environment.options, OptionVariables::default(), "{option}");
        }
        for (name, lower) in StandardVariables::NAMES {
            assert_ne!(read(&[(name, "1")]).unwrap(), Environment::default(), "{name}");
            if let Some(lower) = lower {
                assert_eq!(read(&[(lower, "1")]), read(&[(name, "1")]));
                assert_eq!(read(&[(lower, "0"), (name, "1")]), read(&[(name, "1")]));
            }
        }
        for name in CircleCi::VARIABLES {
            assert_ne!(read(&[(name, "1")]).unwrap(), Environment::default(), "{name}");
        }
    }

    #[test]
    fn empty_is_not_given() {
        let variables = [("VERIFY_REGISTRY_IMAGE_WAIT", ""), ("VERIFY_REGISTRY_IMAGE_HELP", "")];
        assert_eq!(read(&variables), Ok(Environment::default()));
    }

    #[test]
    fn no_variable_stands_for_an_option_that_does_not_verify() {
        for doing in DOING {
            let name = format!("{PREFIX}{doing}");
            let expected = format!(
                "the variable `{name}` is set, but its option cannot be given as a variable"
            );
            assert_eq!(read(&[(&name, "1")]), Err(expected));
        }
        for option in crate::settings::options() {
            let long = option.option.split("--").nth(1).unwrap_or_default();
            let long = long.split([' ', '[']).next().unwrap_or_default();
            let rest = long.replace('-', "_").to_uppercase();
            assert_ne!(option.variable.is_some(), DOING.contains(&rest.as_str()), "--{long}");
        }
    }

    #[test]
    fn words_of_which_none_is_left_are_not_the_same_as_not_given() {
        for rest in PLURAL {
            for value in [",", " ", ", ,\t"] {
                let name = format!("{PREFIX}{rest}");
                let expected = format!("the variable `{name}` is set but names nothing");
                assert_eq!(read(&[(&name, value)]), Err(expected), "{value:?}");
            }
        }
    }

    #[test]
    fn the_singular_of_a_plural_name_is_a_mistake() {
        assert_eq!(
            read(&[("VERIFY_REGISTRY_IMAGE_PLATFORM", "linux/amd64")]).unwrap_err(),
            "there is no variable `VERIFY_REGISTRY_IMAGE_PLATFORM`"
        );
    }

    #[test]
    fn a_secret_in_an_option_is_refused_without_showing_it() {
        let variables = [("VERIFY_REGISTRY_IMAGE_IMAGES", "a:dop_v1_0123456789abcdef")];
        assert_eq!(
            read(&variables).unwrap_err(),
            "the variable `VERIFY_REGISTRY_IMAGE_IMAGES` holds a secret, and its value would be shown"
        );
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_refused_by_name_and_unread_ones_ignored() {
        use std::os::unix::ffi::OsStringExt as _;
        let broken = |wanted: &'static str| {
            move |name: &str| (name == wanted).then(|| OsString::from_vec(b"dop_v1_\xff".to_vec()))
        };
        let redactor = Redactor::default();
        for wanted in ["CIRCLE_BRANCH", "VERIFY_REGISTRY_IMAGE_WAIT", "https_proxy"] {
            let mistake =
                Variables { lookup: &broken(wanted), redactor: &redactor }.read().unwrap_err();
            assert_eq!(mistake.to_string(), format!("the variable `{wanted}` is not valid UTF-8"));
        }
        let other = Variables { lookup: &broken("OTHER_SECRET"), redactor: &redactor }.read();
        assert_eq!(other, Ok(Environment::default()));
    }

    proptest! {
        #[test]
        fn any_value_arrives_as_it_is(value in "[^<\\x00]{1,40}", index in 0usize..OPTIONS.len()) {
            prop_assume!(words(&value).next().is_some());
            let name = format!("{PREFIX}{}", OPTIONS[index].1);
            let environment = read(&[(&name, &value)]).unwrap();
            let found = format!("{:?}", environment.options);
            let expected = format!("{value:?}");
            prop_assert!(found.contains(&expected));
        }
    }
}
