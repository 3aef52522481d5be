//! What is shown instead of verifying. `--help` is a document: every option and variable is in it.

use super::*;
use crate::settings::args;
use crate::settings::variables::variable_of;

fn shown(line: &str) -> String {
    match World::new(line).read() {
        Ok(Asked::Show(text)) => text,
        other => panic!("nothing shown: {other:?}"),
    }
}

#[test]
fn help_documents_every_option_and_every_variable() {
    let help = shown("--help");
    let words: Vec<_> = help
        .split(|character: char| {
            !(character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
        })
        .collect();
    for argument in args::command().get_arguments() {
        if let Some(long) = argument.get_long() {
            assert!(words.contains(&format!("--{long}").as_str()), "{long}");
            let Some(variable) = variable_of(long) else { continue };
            // What does not follow from the option's name must be there in full.
            let follows = format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"));
            assert!(variable == follows || words.contains(&variable.as_str()), "{variable}");
        }
    }
    assert!(words.contains(&"VERIFY_REGISTRY_IMAGE_IMAGES"));
    for variable in [
        "DIGITALOCEAN_ACCESS_TOKEN",
        "DIGITALOCEAN_CONTEXT",
        "DIGITALOCEAN_CONFIG",
        "DIGITALOCEAN_API_URL",
        "DIGITALOCEAN_REGISTRY_HOST",
        "CIRCLE_SHA1",
        "CIRCLE_BRANCH",
        "DOCKER_CONFIG",
        "HOME",
        "XDG_CONFIG_HOME",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "NO_COLOR",
        "TERM",
        "CIRCLECI",
    ] {
        assert!(words.contains(&variable), "{variable}");
    }
}

#[test]
fn every_option_that_verifies_has_a_variable() {
    let without: Vec<_> = args::command()
        .get_arguments()
        .filter_map(|argument| argument.get_long())
        .filter(|long| variable_of(long).is_none())
        .map(str::to_owned)
        .collect();
    assert_eq!(
        without,
        [
            "start-pipeline",
            "draw-status",
            "list-checks",
            "completions",
            "schema",
            "version",
            "help"
        ]
    );
}

#[test]
fn every_option_has_its_help_under_a_heading_and_its_default() {
    for argument in args::command().get_arguments() {
        let id = argument.get_id().as_str();
        assert!(argument.get_help().is_some(), "{id}");
        assert!(argument.is_positional() || argument.get_help_heading().is_some(), "{id}");
    }
    let help = shown("--help");
    for default in [
        "[default: 64]",
        "[default: 0]",
        "[default: 2m and the wait",
        "[default: human]",
        "[default: auto",
    ] {
        assert!(help.contains(default), "{default}");
    }
}

#[test]
fn help_is_not_wider_than_the_terminal() {
    for width in [80, 100] {
        let help = args::command().term_width(width).render_long_help().to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
    }
}

#[test]
fn the_end_of_help_has_exit_codes_and_examples() {
    let help = shown("--help");
    let (_, end) = help.split_once("Exit codes:").unwrap();
    insta::assert_snapshot!(format!("Exit codes:{end}"), @r"
    Exit codes:
      0  VERIFIED   the image is there, whole, and the one that was meant
      1  FAILED     it is missing, broken, or another image
      2  -          command line, environment, config file or an output path is
                    wrong; nothing was asked
      3  UNDECIDED  could not find out: network, server error, rate limit,
                    deadline
      4  UNDECIDED  could not find out: the credentials were refused
      5  VERIFIED   all is well, but an output could not be written

    Examples:
      Is the image that this job pushed there, and built from this commit?

          verify-registry-image --expect-revision --junit registry.xml \
              registry.digitalocean.com/keepkey/support-email:latest-dev

      Every service of the config file, waiting five minutes for the pushes:

          verify-registry-image --environment development --wait 5m \
              --record-dir records --update-status
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshot is the whole help")]
fn the_short_help_is_whole_too() {
    insta::assert_snapshot!(args::command().term_width(100).render_help().to_string(), @"
    Asks the container registry itself whether a pushed image is really there, whole, and the one that
    was meant

    Usage: verify-registry-image [OPTIONS] [IMAGE]...

    Arguments:
      [IMAGE]...  What to verify [default: every service of the config file]

    What to verify:
          --config <FILE>            Config file [default: verify-registry-image.yml, in this folder or
                                     above it in the repository]
          --repository <NAME>        Repository of an IMAGE that is only a tag, as in
                                     HOST/REGISTRY/REPOSITORY
          --service <NAME>           Only this service of the config file; can be repeated [default: all
                                     of them]
          --environment <NAME>       Environment of the config file whose tag and rules hold [default:
                                     found by tag or branch]
          --default-registry <HOST>  Registry of an IMAGE without a host, as a cluster lists it:
                                     docker.io [default: none]

    What it must be:
          --expect-digest <DIGEST>     The digest that was pushed [default: not compared]
          --expect-digest-file <FILE>  File with the digest: sha256:…, NAME@sha256:…, or the metadata
                                       file of docker buildx
          --expect-revision[=<SHA>]    The commit that the image was built from, by its label [without a
                                       value: CIRCLE_SHA1]
          --platform <OS/ARCH>         Platform that must be there, as in linux/amd64; can be repeated
                                       [default: every runnable one]
          --engine <NAME>              Engine that pulls it: docker, containerd, podman; can be repeated
                                       [default: docker and containerd]
          --port <NUMBER>              TCP port that the image must listen on [default: the config's;
                                       else not checked]
          --content                    Read every byte of every layer: hash it, unpack it as engines do,
                                       hash that [default: their sizes]

    How to ask:
          --max-content <SIZE>          The most bytes that --content reads, packed and unpacked
                                        together, as in 20GiB [default: 64GiB]
          --wait <DURATION>             Wait so long for an image that is not there yet, as in 90s or 5m
                                        [default: 0]
          --deadline <DURATION>         End the whole run after this time [default: 2m and the wait;
                                        more with many images or --content]
          --jobs <NUMBER>               How many images are verified at once, 1 to 64 [default: 64]
          --token-env <NAME>            Variable that holds the token; no other is read [default:
                                        DIGITALOCEAN_ACCESS_TOKEN]
          --token-server <HOST>         Token server that may be given docker's login for a registry, as
                                        in HOST[:PORT] [default: the registry's own]
          --diagnose                    Ask CircleCI why an image is missing: did its push job run, and
                                        how did it end
          --start-pipeline[=<PROJECT>]  Start a pipeline on the branch, where --diagnose says that one
                                        may help; no variable can stand for it

    What to write:
          --junit <FILE>                JUnit XML, whatever the verdict
          --record <FILE>               Deployment record of the one image (JSON), if it is VERIFIED
          --record-dir <DIR>            Deployment record of each VERIFIED image, as
                                        DIR/ENVIRONMENT/SERVICE.json
          --pulumi-config <FILE>        The records of all VERIFIED images as a fragment of a Pulumi
                                        stack configuration
          --image-ref <FILE>            Reference of the one image with its digest, on one line
          --html <FILE>                 Report page (HTML in one file)
          --metrics <FILE>              Metrics in Prometheus' text format, whatever the verdict
          --failure-reason-file <FILE>  One line FAILURE_REASON='…'; removed if all is VERIFIED
          --update-status               Update status file, board and badges, where the config's status
                                        says

    What to show:
          --format <FORM>  Form of standard output: human or json [default: human]
          --color <WHEN>   Colours: auto, always or never [default: auto, a terminal without NO_COLOR]
      -q, --quiet          Only the verdict line
      -v, --verbose...     Also requests, retries and times; twice: the names of headers too

    Instead of verifying:
          --draw-status          Draw board and badges from the status files; no registry is asked
          --list-checks          List the checks and what each asks
          --completions <SHELL>  Print completions for bash, elvish, fish, powershell or zsh
          --schema <NAME>        Print the JSON Schema of the record, the config or the report
      -V, --version              Print the version
      -h, --help                 Print help: -h for the short form, --help for all of it

    --help has the forms of IMAGE, the variables, the exit codes and examples.
    ");
}

#[test]
fn the_other_texts() {
    assert_eq!(
        shown("--version"),
        format!("verify-registry-image {}\n", env!("CARGO_PKG_VERSION"))
    );
    insta::assert_snapshot!(shown("--list-checks"), @"
    registry-honest    the registry denies a random tag that cannot exist
    repository-exists  the registry serves the repository
    tag-exists         the registry serves a manifest for the tag
    manifest-intact    manifest and config hash to their digests and are a container image
    digest-expected    the tag names the digest that was pushed (`--expect-digest`)
    revision-expected  the image, or its provenance, says that it was built from this commit (`--expect-revision`)
    immutable-tag      the tag that never moves names the same digest (`immutable_tag`)
    platform           each wanted platform has a manifest (`--platform`)
    layers-present     the config and every layer can be pulled, in the size that the manifest says
    content-intact     every byte of every layer hashes to its digest, and unpacked to its `diff_id` (`--content`)
    engines            every wanted engine pulls this image (`--engine`)
    facts-expected     the image says of itself what the config declares (`expect`)
    port               the image exposes the port, or sets `PORT` to it (`--port`)
    runtime            the image shows the declared language and base (`runtime`)
    ");
    for name in ["record", "config", "report"] {
        assert!(
            serde_json::from_str::<serde_json::Value>(&shown(&format!("--schema {name}"))).is_ok()
        );
    }
    assert!(shown("--schema config").contains("\"immutable_tag\""));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(shown(&format!("--completions {shell}")).contains("expect-revision"), "{shell}");
    }
}

#[test]
fn a_text_is_shown_whatever_the_environment_is() {
    for line in ["--help", "-h", "--version", "--list-checks", "--schema config"] {
        let world = World::new(line)
            .config("garbage: [")
            .variable("VERIFY_REGISTRY_IMAGE_WAIT", "soon")
            .variable("DIGITALOCEAN_API_URL", "no");
        assert!(matches!(world.read(), Ok(Asked::Show(_))), "{line}");
    }
}

#[test]
fn the_status_board_is_drawn_without_a_token() {
    let world = World::new("--draw-status").config(CONFIG).without("DIGITALOCEAN_ACCESS_TOKEN");
    insta::assert_snapshot!(world.told(), @r#"StatusFolder { directory: "docs/status", board: Some("docs/board.md"), badges: None, services: ["support-email", "support-chat"] }"#);
}

/// The page that is derived from the command line, with the help's own sections as sections, with its columns kept, and without
/// the section of a version that it does not name.
fn as_manual(derived: &str) -> String {
    let (options, rest) = derived.split_once(".SH EXTRA\n").unwrap();
    let (sections, _) = rest.split_once(".SH VERSION\n").unwrap();
    let has_columns = |text: &str| text.lines().any(|line| line.contains("   "));
    let blocks = options.split("\n\n").map(|block| match block.split_once("\n.SH") {
        _ if !has_columns(block) => block.to_owned(),
        Some((columns, next)) => format!(".nf\n{columns}\n.fi\n.SH{next}"),
        None => format!(".nf\n{block}\n.fi"),
    });
    let options = blocks.collect::<Vec<_>>().join("\n\n");
    let indented = |text: &str| {
        let lines = text.lines().map(|line| line.strip_prefix("  ").unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n")
    };
    let sections = sections.trim_end().split("\n\n").map(|block| {
        match block.split_once(":\n").filter(|(name, _)| !name.starts_with(' ')) {
            Some((name, text)) => {
                format!(".fi\n.SH \"{}\"\n.nf\n{}", name.to_uppercase(), indented(text))
            }
            None => format!("\n{}", indented(block)),
        }
    });
    let sections = sections.collect::<Vec<_>>().join("\n");
    let sections = sections.strip_prefix(".fi\n").unwrap();
    format!("{options}{sections}\n.fi\n")
}

#[test]
fn the_manual_page_is_the_helps() {
    let title = "Asks a container registry whether an image is really there";
    let mut page = Vec::new();
    // Without a date and a version: a release changes neither.
    let command = args::command().version("").about(title);
    clap_mangen::Man::new(command).date("").render(&mut page).unwrap();
    let derived = as_manual(&String::from_utf8(page).unwrap());
    if derived != include_str!("../../../docs/verify-registry-image.1") {
        let fresh = std::env::temp_dir().join("verify-registry-image.1");
        #[expect(clippy::disallowed_methods, reason = "not an output of the program")]
        std::fs::write(&fresh, derived).unwrap();
        panic!(
            "docs/verify-registry-image.1 is not the command line's; look at it, then: cp {} docs/",
            fresh.display()
        );
    }
}
