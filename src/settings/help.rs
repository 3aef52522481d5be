//! The ends of `--help`, and the words that its options have.

use std::fmt::Write as _;

use crate::exit::Exit;

/// The shells that completions can be printed for.
pub(super) const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// The schemas that can be printed.
pub(super) const SCHEMAS: [&str; 3] = ["record", "config", "report"];

/// The variables that are read, besides those that stand for options.
const VARIABLES: [(&str, &str); 13] = [
    ("DIGITALOCEAN_ACCESS_TOKEN", "the token; unset: the one that doctl auth init stored"),
    (
        "DIGITALOCEAN_CONTEXT, DIGITALOCEAN_CONFIG",
        "doctl's context and config file, where its token is used",
    ),
    ("DIGITALOCEAN_API_URL", "another address of DigitalOcean's API: https, or this machine"),
    ("DIGITALOCEAN_REGISTRY_HOST", "another host[:port] of its registry"),
    ("CIRCLE_SHA1, CIRCLE_BRANCH", "the commit and the branch"),
    ("CIRCLE_*", "what else CircleCI says of the job, for reports and records"),
    (
        "CIRCLE_TOKEN, CIRCLE_CLI_TOKEN, CIRCLECI_CLI_TOKEN",
        "a personal token of CircleCI's, for --diagnose",
    ),
    ("CIRCLECI_API_URL", "another address of CircleCI: https, or this machine"),
    ("DOCKER_CONFIG", "folder of docker's config.json, for other registries"),
    ("HTTPS_PROXY, NO_PROXY", "the proxy, and the hosts that are asked without it"),
    ("SSL_CERT_FILE", "CA certificates in place of the system's"),
    ("HOME, XDG_CONFIG_HOME", "where doctl and docker keep their files"),
    ("NO_COLOR, TERM, CIRCLECI", "whether --color auto colours"),
];

const OPTION_VARIABLES: &str = "Every option that verifies can be given as VERIFY_REGISTRY_IMAGE_ and its name, \
    as in VERIFY_REGISTRY_IMAGE_EXPECT_DIGEST. Repeatable ones are plural: VERIFY_REGISTRY_IMAGE_IMAGES, \
    VERIFY_REGISTRY_IMAGE_SERVICES, VERIFY_REGISTRY_IMAGE_PLATFORMS and VERIFY_REGISTRY_IMAGE_ENGINES take words \
    with spaces or commas between them. Options without a value take 1, 0, true or false; VERIFY_REGISTRY_IMAGE_VERBOSE takes 0 to 2; \
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
