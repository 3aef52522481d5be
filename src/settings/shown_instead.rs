//! The texts that are shown instead of verifying: the checks, a schema, completions, and the list of options.

use std::fmt::Write as _;

use clap_complete::aot::{Shell, generate};

use crate::report::CheckId;
use crate::settings::args;
use crate::settings::variable_name;

/// `--list-checks`.
pub(super) fn checks() -> String {
    let mut list = String::new();
    for check in CheckId::ALL {
        let _ = writeln!(list, "{check:<18} {}", check.title());
    }
    list
}

/// One option, as the README lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionText {
    /// How it is written, as in `--config <FILE>`.
    pub option: String,
    /// The variable that stands for it; `None` for what is shown instead of verifying.
    pub variable: Option<String>,
    /// What it is for, with its default.
    pub meaning: String,
}

/// Every option of the command line, in the order of `--help`.
pub fn options() -> Vec<OptionText> {
    let mut command = args::command();
    command.build();
    let options = command.get_arguments().filter(|argument| !argument.is_positional());
    let text = |argument: &clap::Arg| {
        let long = argument.get_long().unwrap_or_default();
        let short = argument.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        let value = argument.get_num_args().filter(clap::builder::ValueRange::takes_values);
        let value = value.and(argument.get_value_names()).and_then(<[_]>::first);
        let value = match (value, argument.is_require_equals_set()) {
            (Some(name), true) => format!("[=<{name}>]"),
            (Some(name), false) => format!(" <{name}>"),
            (None, _) => String::new(),
        };
        OptionText {
            option: format!("{short}--{long}{value}"),
            variable: variable_name::of(argument),
            meaning: argument.get_help().map(ToString::to_string).unwrap_or_default(),
        }
    };
    options.map(text).collect()
}

/// `--schema`. The names are those that the command line allows.
pub(super) fn schema(name: &str) -> String {
    let (record, report, config) = (
        include_str!("../../schema/record.json"),
        include_str!("../../schema/report.json"),
        include_str!("../../schema/config.json"),
    );
    let schema = match name {
        "config" => config,
        "report" => report,
        _ => record,
    };
    schema.to_owned()
}

/// `--completions`. The shells are those that the command line allows.
pub(super) fn completions(shell: &str) -> String {
    let shell = match shell {
        "elvish" => Shell::Elvish,
        "fish" => Shell::Fish,
        "powershell" => Shell::PowerShell,
        "zsh" => Shell::Zsh,
        _ => Shell::Bash,
    };
    let mut script = Vec::new();
    let mut command = args::command();
    generate(shell, &mut command, "verify-registry-image", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
