//! The texts that are shown instead of verifying, and the ends of `--help`.

use std::fmt::Write as _;

use clap_complete::aot::{Shell, generate};

use crate::exit::Exit;
use crate::report::CheckId;
use crate::settings::args;

/// The shells that completions can be printed for.
pub(super) const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// The variables that are read, besides those that stand for options.
pub(crate) const VARIABLES: [(&str, &str); 12] = [
    ("DIGITALOCEAN_ACCESS_TOKEN", "the token; unset: the one that `doctl auth init` stored"),
    ("DIGITALOCEAN_CONTEXT", "doctl's context, where doctl's token is used"),
    ("DIGITALOCEAN_CONFIG", "doctl's config file"),
    ("DIGITALOCEAN_API_URL", "another DigitalOcean API (https, or this machine)"),
    ("DIGITALOCEAN_REGISTRY_HOST", "another DigitalOcean registry, as host[:port]"),
    ("CIRCLE_SHA1, CIRCLE_BRANCH, …", "what CircleCI says of the job; all optional"),
    ("DOCKER_CONFIG", "folder of docker's config.json, for other registries"),
    ("HTTPS_PROXY, NO_PROXY", "the proxy, and the hosts that are asked without it"),
    ("SSL_CERT_FILE", "CA certificates in place of the system's"),
    ("HOME, XDG_CONFIG_HOME", "where doctl's and docker's files are"),
    ("NO_COLOR, TERM, CIRCLECI", "whether `--color auto` colours"),
    ("COLUMNS", "how wide this help is"),
];

const EXAMPLES: &str = "\
Examples:
  Is the image that this job pushed really there, and built from this commit?
    verify-registry-image --expect-revision --junit results/registry.xml \\
      registry.digitalocean.com/keepkey/support-email:latest-dev

  Every service of the config file, waiting up to five minutes for the pushes:
    verify-registry-image --environment development --wait 5m --record-dir records
";

/// What `-h` ends with.
pub(super) fn short_end() -> String {
    "`--help` has the forms of IMAGE, the variables, the exit codes and examples.".to_owned()
}

/// What `--help` ends with.
pub(super) fn long_end() -> String {
    let mut end = String::from(
        "Variables:\n  Every option above has one; the command line wins, and an empty one counts as not given. Those\n  \
         of options without a value take 1, 0, true or false, VERBOSE also 2; lists are parted by spaces\n  or commas. \
         Also read:\n\n",
    );
    for (name, meaning) in VARIABLES {
        // Writing to a `String` cannot fail.
        let _ = writeln!(end, "  {name:<29}  {meaning}");
    }
    end.push_str("\nExit codes:\n");
    for (exit, verdict, meaning) in Exit::TABLE {
        let _ = writeln!(end, "  {}  {verdict:<9}  {meaning}", exit.code());
    }
    end.push('\n');
    end.push_str(EXAMPLES.trim_end());
    end
}

/// `--list-checks`.
pub(super) fn checks() -> String {
    let mut list = String::new();
    for check in CheckId::ALL {
        let _ = writeln!(list, "{check:<18} {}", check.title());
    }
    list
}

/// `--schema`. The names are those that the command line allows.
pub(super) fn schema(name: &str) -> String {
    match name {
        "record" => include_str!("../../schema/record.json"),
        "report" => include_str!("../../schema/report.json"),
        _ => include_str!("../../schema/config.json"),
    }
    .to_owned()
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
