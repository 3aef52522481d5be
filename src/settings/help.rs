//! The texts that are shown instead of verifying, and the ends of `--help`.

use std::fmt::Write as _;

use clap_complete::aot::{Shell, generate};

use crate::exit::Exit;
use crate::report::CheckId;
use crate::settings::{args, variable_of};

/// The shells that completions can be printed for.
pub(super) const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// The schemas that can be printed.
pub(super) const SCHEMAS: [&str; 3] = ["record", "config", "report"];

/// The variables that are read, besides those that stand for options.
const VARIABLES: [(&str, &str); 11] = [
    ("DIGITALOCEAN_ACCESS_TOKEN", "the token; unset: the one that doctl auth init stored"),
    (
        "DIGITALOCEAN_CONTEXT, DIGITALOCEAN_CONFIG",
        "doctl's context and config file, where its token is used",
    ),
    ("DIGITALOCEAN_API_URL", "another address of DigitalOcean's API: https, or this machine"),
    ("DIGITALOCEAN_REGISTRY_HOST", "another host[:port] of its registry"),
    ("CIRCLE_SHA1, CIRCLE_BRANCH", "the commit and the branch"),
    ("CIRCLE_*", "what else CircleCI says of the job, for reports and records"),
    ("DOCKER_CONFIG", "folder of docker's config.json, for other registries"),
    ("HTTPS_PROXY, NO_PROXY", "the proxy, and the hosts that are asked without it"),
    ("SSL_CERT_FILE", "CA certificates in place of the system's"),
    ("HOME, XDG_CONFIG_HOME", "where doctl and docker keep their files"),
    ("NO_COLOR, TERM, CIRCLECI", "whether --color auto colours"),
];

const OPTION_VARIABLES: &str = "Every option that verifies can be given as VERIFY_REGISTRY_IMAGE_ and its name, \
    as in VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST. Repeatable ones are plural: VERIFY_REGISTRY_IMAGE_IMAGES, \
    VERIFY_REGISTRY_IMAGE_SERVICES and VERIFY_REGISTRY_IMAGE_PLATFORMS take words with spaces or commas between \
    them. Options without a value take 1, 0, true or false; VERIFY_REGISTRY_IMAGE_VERBOSE takes 0 to 2; \
    VERIFY_REGISTRY_IMAGE_EXPECT_REVISION=required is --expect-revision. Empty is not given; a list without a word is an error. The command line wins.";

const EXAMPLES: &str = "\
Examples:
  Is the image that this job pushed there, and built from this commit?

      verify-registry-image --expect-revision --junit registry.xml \\
          registry.digitalocean.com/keepkey/support-email:latest-dev

  Every service of the config file, waiting five minutes for the pushes:

      verify-registry-image --environment development --wait 5m \\
          --record-dir records --update-status";

/// How wide the tables are.
const WIDTH: usize = 78;

/// What `-h` ends with.
pub(super) fn short_end() -> String {
    "--help has the forms of IMAGE, the variables, the exit codes and examples.".to_owned()
}

/// What `--help` ends with.
pub(super) fn long_end() -> String {
    let mut end = format!("Variables:\n{}\n", hanging("  ", 2, OPTION_VARIABLES));
    for (name, meaning) in VARIABLES {
        // Writing to a `String` cannot fail.
        let _ = write!(end, "  {name}\n{}", hanging("      ", 6, meaning));
    }
    end.push_str("\nExit codes:\n");
    for (exit, verdict, meaning) in Exit::TABLE {
        let start = format!("  {}  {verdict:<9}  ", exit.code());
        end.push_str(&hanging(&start, start.len(), meaning));
    }
    end.push('\n');
    end.push_str(EXAMPLES);
    end
}

/// Lines of at most [`WIDTH`] characters: the first begins with `start`, the others with `indent` spaces.
fn hanging(start: &str, indent: usize, text: &str) -> String {
    let mut lines = String::new();
    let mut line = start.to_owned();
    let mut is_fresh = true;
    for word in text.split_whitespace() {
        if !is_fresh && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line = " ".repeat(indent);
            is_fresh = true;
        }
        if !is_fresh {
            line.push(' ');
        }
        line.push_str(word);
        is_fresh = false;
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}

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
            variable: variable_of(long),
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
