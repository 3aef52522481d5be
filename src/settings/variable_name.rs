//! What the variable of an option is called.

use clap::{Arg, ArgAction};

/// The heading of the options that do something instead of verifying.
pub(super) const OTHER: &str = "Instead of verifying";

/// What every variable that stands for an option begins with.
pub const PREFIX: &str = "VERIFY_REGISTRY_IMAGE_";

/// What the variable of an option is called without [`PREFIX`]: as the option, and a repeatable one in the plural.
pub(super) fn rest_of(argument: &Arg) -> String {
    let name = argument.get_long().unwrap_or("image").replace('-', "_").to_ascii_uppercase();
    if is_plural(argument) { name + "S" } else { name }
}

/// Whether an option holds words, one or more.
pub(super) fn is_plural(argument: &Arg) -> bool {
    argument.is_positional() || matches!(argument.get_action(), ArgAction::Append)
}

/// The option that writes to another service. No job's environment can do that.
pub(super) const START: &str = "start-pipeline";

/// The variable that stands for an option; `None` where the option does something instead of verifying, or starts a
/// pipeline.
pub(super) fn of(argument: &Arg) -> Option<String> {
    (!is_doing(argument) && argument.get_long() != Some(START))
        .then(|| format!("{PREFIX}{}", rest_of(argument)))
}

/// Whether an option does something instead of verifying: no variable can turn a gate into that.
pub(super) fn is_doing(argument: &Arg) -> bool {
    argument.get_help_heading() == Some(OTHER)
}

/// Whether a text can be a variable's name for a shell.
pub(super) fn is_variable_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
