//! The environment, read once and by name. Nothing here walks the whole environment, and no message
//! holds a variable's value.
//!
//! Every option that verifies has a variable, which becomes the option's default.

use std::ffi::OsString;

use clap::{Arg, ArgAction};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::circleci::CircleCi;
use crate::secret::Redactor;
use crate::settings::args::{self, OptionVariable};
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::values::{Origin, is_nil, nil};
use crate::settings::variable_name::{self, PREFIX, START, is_plural, rest_of};

/// The variable that holds the token, unless `--token-env` names another.
pub const TOKEN: &str = "DIGITALOCEAN_ACCESS_TOKEN";

/// The variable that stands for an option, by the option's long name, or for `IMAGE`.
pub fn variable_of(long: &str) -> Option<String> {
    let command = args::command();
    let mut arguments = command.get_arguments();
    let found = arguments.find(|argument| argument.get_long().unwrap_or("IMAGE") == long)?;
    variable_name::of(found)
}

/// The option that a variable stands for, by the variable's name: its long name, or `IMAGE`.
pub(super) fn long_of(variable: &str) -> Option<String> {
    // Every word between backticks may be one, and the list of options is built on each call.
    variable.strip_prefix(PREFIX)?;
    let command = args::command();
    let mut arguments = command.get_arguments();
    let found =
        arguments.find(|argument| variable_name::of(argument).as_deref() == Some(variable))?;
    Some(found.get_long().unwrap_or("IMAGE").to_owned())
}

/// The words of a variable, which white space and commas separate.
pub(super) fn words(variable: &str) -> impl Iterator<Item = &str> {
    let parts = variable.split(|character: char| character.is_whitespace() || character == ',');
    parts.filter(|word| !word.is_empty())
}

/// The variables that other programs know too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct StandardVariables {
    pub digitalocean_context: Option<String>,
    pub digitalocean_config: Option<String>,
    pub digitalocean_api_url: Option<String>,
    pub digitalocean_registry_host: Option<String>,
    pub circleci_api_url: Option<String>,
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
    const NAMES: [(&str, Option<&str>); 14] = [
        ("DIGITALOCEAN_CONTEXT", None),
        ("DIGITALOCEAN_CONFIG", None),
        ("DIGITALOCEAN_API_URL", None),
        ("DIGITALOCEAN_REGISTRY_HOST", None),
        ("CIRCLECI_API_URL", None),
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
    pub options: Vec<OptionVariable>,
    pub standard: StandardVariables,
    pub circleci: CircleCi,
}

/// The hint for a variable whose bytes are no text.
pub(super) const NOT_UNICODE: &str = "set it to plain text, or unset it";

/// The hint for a variable that holds a secret where none belongs.
pub(super) const SECRET: &str =
    "a token belongs in `DIGITALOCEAN_ACCESS_TOKEN`, or in the variable that `--token-env` names";

fn doing(name: &str) -> UsageError {
    UsageError::new(format!(
        "the variable `{name}` is set, but its option cannot be given as a variable"
    ))
    .hint("unset it, or rename it: only options that verify can be given as variables")
}

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
        let command = args::command();
        self.refuse_others()?;
        let mut options = Vec::new();
        for argument in command.get_arguments() {
            let Some(name) = variable_name::of(argument) else { continue };
            let Some(value) = self.get(&name)? else { continue };
            if self.redactor.finds_token_in(&value) {
                return Err(UsageError::new(format!(
                    "the variable `{name}` holds a secret, and its value would be shown"
                ))
                .hint(SECRET));
            }
            let values = self.values(argument, &name, value)?;
            let id = argument.get_id().to_string();
            options.extend((!values.is_empty()).then_some(OptionVariable { id, values }));
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
            options,
            standard: self.typed(envy::from_iter(standard))?,
            circleci: self.typed(envy::from_iter(circleci))?,
        })
    }

    /// Refuses variables that look as if they stood for an option and stand for none.
    fn refuse_others(&self) -> Result<(), UsageError> {
        let command = args::command();
        for argument in command.get_arguments() {
            let rest = rest_of(argument);
            let name = format!("{PREFIX}{rest}");
            if variable_name::is_doing(argument) && self.get(&name)?.is_some() {
                return Err(doing(&name));
            }
            // `…_SERVICE` instead of `…_SERVICES` would silently drop the restriction, so it is an error.
            let name = format!("{PREFIX}{}", rest.strip_suffix('S').unwrap_or(&rest));
            if is_plural(argument) && self.get(&name)?.is_some() {
                return Err(UsageError::new(format!("there is no variable `{name}`"))
                    .hint(format!("did you mean `{name}S`?")));
            }
        }
        let name = format!("{PREFIX}{}", START.replace('-', "_").to_ascii_uppercase());
        match self.get(&name)?.as_deref() {
            None | Some("0" | "false") => Ok(()),
            Some(_) => Err(doing(&name)),
        }
    }

    /// The values that an option has by its variable; none where the variable says that the option is not given.
    fn values(&self, argument: &Arg, name: &str, value: String) -> Result<Vec<String>, UsageError> {
        let unknown = |expected: &str| {
            let value = Shown::new(&value, self.redactor);
            UsageError::new(format!("invalid value {value} for `{name}`: expected {expected}"))
        };
        if is_plural(argument) {
            let words: Vec<String> = words(&value).map(str::to_owned).collect();
            // Made of two variables that are empty, as in `$A,$B`: not the same as not given, which means all.
            if words.is_empty() {
                return Err(UsageError::new(format!(
                    "the variable `{name}` is set but names nothing"
                ))
                .hint("separate words with spaces or commas, or unset it"));
            }
            if words.iter().any(|word| is_nil(word)) {
                return Err(nil(&Origin::variable_of(argument)));
            }
            return Ok(words);
        }
        match (argument.get_action(), value.as_str()) {
            (ArgAction::SetTrue | ArgAction::Count, "0" | "false") => Ok(Vec::new()),
            (ArgAction::SetTrue, "1" | "true") => Ok(vec!["true".to_owned()]),
            (ArgAction::SetTrue, _) => Err(unknown("`1`, `0`, `true` or `false`")),
            (ArgAction::Count, "1" | "true") => Ok(vec!["1".to_owned()]),
            (ArgAction::Count, "2") => Ok(vec!["2".to_owned()]),
            (ArgAction::Count, _) => Err(unknown("`0`, `1` or `2`")),
            (_, _) => Ok(vec![value]),
        }
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

    /// The variable of every option that has one.
    fn names() -> Vec<String> {
        args::command().get_arguments().filter_map(variable_name::of).collect()
    }

    #[test]
    fn every_variable_is_read() {
        assert_eq!(names().len(), 33);
        for name in names() {
            let environment = read(&[(&name, "1")]).unwrap();
            assert_eq!(environment.options.len(), 1, "{name}");
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
        let command = args::command();
        let doing = command.get_arguments().filter(|argument| variable_name::is_doing(argument));
        let mut doing: Vec<String> = doing.map(rest_of).collect();
        doing.push("START_PIPELINE".to_owned());
        insta::assert_snapshot!(doing.join(" "), @"DRAW_STATUS LIST_CHECKS COMPLETIONS SCHEMA VERSION HELP START_PIPELINE");
        for rest in &doing {
            let name = format!("{PREFIX}{rest}");
            let expected = format!(
                "the variable `{name}` is set, but its option cannot be given as a variable"
            );
            assert_eq!(read(&[(&name, "1")]), Err(expected));
        }
        // Whoever says that no pipeline is to be started is believed.
        for off in ["0", "false"] {
            let start = "VERIFY_REGISTRY_IMAGE_START_PIPELINE";
            assert_eq!(read(&[(start, off)]), Ok(Environment::default()));
        }
        for option in crate::settings::options() {
            let long = option.option.split("--").nth(1).unwrap_or_default();
            let long = long.split([' ', '[']).next().unwrap_or_default();
            let rest = long.replace('-', "_").to_uppercase();
            assert_ne!(option.variable.is_some(), doing.contains(&rest), "--{long}");
        }
    }

    #[test]
    fn words_of_which_none_is_left_are_not_the_same_as_not_given() {
        for rest in ["IMAGES", "SERVICES", "PLATFORMS", "ENGINES"] {
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
        fn any_value_arrives_as_it_is(value in "[^<\\x00]{1,40}") {
            for rest in ["CONFIG", "REPOSITORY", "EXPECT_DIGEST", "JUNIT", "WAIT"] {
                let environment = read(&[(&format!("{PREFIX}{rest}"), &value)]).unwrap();
                let values: Vec<_> = environment.options.iter().flat_map(|option| &option.values).collect();
                prop_assert_eq!(values, [&value]);
            }
        }
    }
}
