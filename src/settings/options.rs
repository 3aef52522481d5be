//! The options, whichever of the command line and the variables they came from: one parser for both.
//! The command line wins.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::oci::{Platform, PlatformError, Reference, RegistryHost};
use crate::secret::Redactor;
use crate::settings::args::Args;
use crate::settings::duration;
use crate::settings::environment::OptionVariables;
use crate::settings::given::{
    Given, Origin, boolean, conflict, empty, given_path, invalid, is_variable_name, list, number,
    path, signed_text, text,
};
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::{Format, Outputs};

/// When standard output and standard error get colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// The options, each read as far as it can be without looking at anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub images: Vec<Given>,
    pub config: Option<PathBuf>,
    pub repository: Option<Given>,
    pub services: Vec<Given>,
    pub environment: Option<Given>,
    pub expect_digest: Option<Given>,
    pub expect_digest_file: Option<Given<PathBuf>>,
    pub expect_revision: Option<Given>,
    pub platforms: Vec<Platform>,
    pub port: Option<u16>,
    pub wait: Option<Duration>,
    pub deadline: Option<Given<Duration>>,
    pub jobs: usize,
    pub token_env: Option<Given>,
    pub default_registry: Option<Given<RegistryHost>>,
    pub token_server: Option<RegistryHost>,
    pub files: Files,
    pub update_status: bool,
    pub format: Format,
    pub color: Color,
    pub quiet: bool,
    pub verbosity: u8,
    pub draw_status: bool,
}

/// The files that are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub junit: Option<PathBuf>,
    pub record: Option<PathBuf>,
    pub record_dir: Option<PathBuf>,
    pub pulumi_config: Option<PathBuf>,
    pub image_ref: Option<PathBuf>,
    pub html: Option<PathBuf>,
    pub failure_reason: Option<PathBuf>,
}

/// How many images are asked for side by side, unless `--jobs` says so.
const JOBS: usize = 16;

impl Options {
    /// Lays the command line over the variables.
    pub(super) fn read(
        args: Args,
        variables: OptionVariables,
        redactor: &Redactor,
    ) -> Result<Self, UsageError> {
        let show = |text: &str| Shown::new(text, redactor);
        let (expect_digest, expect_digest_file) = digests(&args, &variables)?;
        let (quiet, verbosity) = loudness(&args, &variables, &show)?;
        let (wait, deadline) = times(&args, &variables, &show)?;
        let flag = |given, variable: &Option<String>, long| {
            boolean(given, variable.as_deref(), long, &show)
        };
        Ok(Self {
            update_status: flag(args.update_status, &variables.update_status, "update-status")?,
            // A mode of its own, which asks no registry: no variable can turn a gate into it.
            draw_status: args.draw_status,
            files: Files::read(&args, &variables)?,
            images: list(args.images, variables.images.as_deref(), "IMAGE")?,
            config: path(args.config, variables.config, "config")?,
            repository: text(args.repository, variables.repository, "repository")?,
            services: parted(args.services, variables.services.as_deref(), "service")?,
            environment: text(args.environment, variables.environment, "environment")?,
            expect_digest,
            expect_digest_file,
            expect_revision: text(
                args.expect_revision,
                variables.expect_revision,
                "expect-revision",
            )?,
            platforms: parted(args.platforms, variables.platforms.as_deref(), "platform")?
                .iter()
                .map(|given| platform(given, &show))
                .collect::<Result<_, _>>()?,
            port: signed_text(args.port, variables.port, "port")?
                .map(|given| {
                    let port = number(&given, 1, u16::MAX);
                    port.ok_or_else(|| {
                        let why = "expected a number from 1 to 65535";
                        invalid("port", &show(&given.value), given.origin, why)
                    })
                })
                .transpose()?,
            wait,
            deadline,
            jobs: jobs(signed_text(args.jobs, variables.jobs, "jobs")?, &show)?,
            token_env: token_env(text(args.token_env, variables.token_env, "token-env")?)?,
            default_registry: default_registry(
                text(args.default_registry, variables.default_registry, "default-registry")?,
                &show,
            )?,
            token_server: token_server(
                text(args.token_server, variables.token_server, "token-server")?,
                &show,
            )?,
            format: format(text(args.format, variables.format, "format")?, &show)?,
            color: color(text(args.color, variables.color, "color")?, &show)?,
            quiet,
            verbosity,
        })
    }
}

impl Files {
    /// The same, as a run's outputs without a status.
    pub(super) fn into_outputs(self) -> Outputs {
        let Self { junit, record, record_dir, pulumi_config, image_ref, html, failure_reason } =
            self;
        Outputs {
            junit,
            record,
            record_dir,
            image_ref,
            failure_reason,
            html,
            pulumi_config,
            ..Outputs::default()
        }
    }

    pub(super) fn read(args: &Args, variables: &OptionVariables) -> Result<Self, UsageError> {
        let file = |argument: &Option<OsString>, variable: &Option<String>, long| {
            path(argument.clone(), variable.clone(), long)
        };
        Ok(Self {
            junit: file(&args.junit, &variables.junit, "junit")?,
            record: file(&args.record, &variables.record, "record")?,
            record_dir: file(&args.record_dir, &variables.record_dir, "record-dir")?,
            pulumi_config: file(&args.pulumi_config, &variables.pulumi_config, "pulumi-config")?,
            image_ref: file(&args.image_ref, &variables.image_ref, "image-ref")?,
            html: file(&args.html, &variables.html, "html")?,
            failure_reason: file(
                &args.failure_reason_file,
                &variables.failure_reason_file,
                "failure-reason-file",
            )?,
        })
    }
}

/// Words that can also be parted by commas, as builders take them.
fn parted(
    arguments: Vec<String>,
    variable: Option<&str>,
    long: &'static str,
) -> Result<Vec<Given>, UsageError> {
    let split = |given: Given| {
        let words = given.value.split(',').map(|word| word.trim().to_owned());
        words.map(|value| Given { value, origin: given.origin }).collect::<Vec<_>>()
    };
    let words: Vec<_> = list(arguments, variable, long)?.into_iter().flat_map(split).collect();
    match words.iter().find(|word| word.value.is_empty()) {
        Some(word) => Err(empty(word.origin)),
        None => Ok(words),
    }
}

fn platform(given: &Given, show: &impl Fn(&str) -> Shown) -> Result<Platform, UsageError> {
    let platform = given.value.parse();
    platform.map_err(|why: PlatformError| {
        invalid("platform", &show(&given.value), given.origin, format!("it {why}"))
    })
}

fn jobs(given: Option<Given>, show: &impl Fn(&str) -> Shown) -> Result<usize, UsageError> {
    let Some(given) = given else { return Ok(JOBS) };
    let jobs = number(&given, 1, 64).map(usize::from);
    jobs.ok_or_else(|| {
        let why = "expected a number from 1 to 64";
        invalid("number", &show(&given.value), given.origin, why)
    })
}

/// The expected digest and the file that holds it: one of them, and the command line's before a variable's.
fn digests(
    args: &Args,
    variables: &OptionVariables,
) -> Result<(Option<Given>, Option<Given<PathBuf>>), UsageError> {
    let on_line = args.expect_digest.is_some() || args.expect_digest_file.is_some();
    let variable = |value: &Option<String>| value.clone().filter(|_| !on_line);
    let digest =
        text(args.expect_digest.clone(), variable(&variables.expect_digest), "expect-digest")?;
    let file = given_path(
        args.expect_digest_file.clone(),
        variable(&variables.expect_digest_file),
        "expect-digest-file",
    )?;
    match (&digest, &file) {
        (Some(digest), Some(file)) => Err(conflict(digest.origin, file.origin)),
        (_, _) => Ok((digest, file)),
    }
}

/// `-q` and `-v` are the two ends of one scale, so that the command line wins with either.
fn loudness(
    args: &Args,
    variables: &OptionVariables,
    show: &impl Fn(&str) -> Shown,
) -> Result<(bool, u8), UsageError> {
    if args.quiet || args.verbose > 0 {
        return Ok((args.quiet, args.verbose.min(2)));
    }
    let quiet = boolean(false, variables.quiet.as_deref(), "quiet", show)?;
    let level = match variables.verbose.as_deref() {
        None | Some("0" | "false") => 0,
        Some("1" | "true") => 1,
        Some("2") => 2,
        Some(other) => {
            let why = "expected `0`, `1` or `2`";
            return Err(invalid("value", &show(other), Origin::Variable("verbose"), why));
        }
    };
    if quiet && level > 0 {
        return Err(conflict(Origin::Variable("quiet"), Origin::Variable("verbose")));
    }
    Ok((quiet, level))
}

/// The wait, where there is one, and the deadline, where one was given: it is not before the wait's end.
fn times(
    args: &Args,
    variables: &OptionVariables,
    show: &impl Fn(&str) -> Shown,
) -> Result<(Option<Duration>, Option<Given<Duration>>), UsageError> {
    let time = |argument: &Option<String>, variable: &Option<String>, long| {
        let given = signed_text(argument.clone(), variable.clone(), long)?;
        given
            .map(|given| {
                let (origin, shown) = (given.origin, show(&given.value));
                given.map(|text| {
                    duration::parse(&text).map_err(|why| invalid("duration", &shown, origin, why))
                })
            })
            .transpose()
    };
    let wait = time(&args.wait, &variables.wait, "wait")?.map(|wait| wait.value);
    let deadline = time(&args.deadline, &variables.deadline, "deadline")?;
    if let Some(deadline) = &deadline {
        if deadline.value.is_zero() {
            return Err(UsageError::new(format!("{} must be longer than 0", deadline.origin)));
        }
        if let Some(wait) = wait.filter(|wait| deadline.value < *wait) {
            let wait = format!("{} s", wait.as_secs());
            let message = format!("{} is shorter than the wait ({wait})", deadline.origin);
            return Err(UsageError::new(message).hint(
                "make `--deadline` longer than `--wait`, or omit it: the default already includes the wait",
            ));
        }
    }
    Ok((wait.filter(|wait| !wait.is_zero()), deadline))
}

fn token_env(given: Option<Given>) -> Result<Option<Given>, UsageError> {
    match given {
        Some(given) if !is_variable_name(&given.value) => {
            let message = format!("the value of {} is not the name of a variable", given.origin);
            Err(UsageError::new(message).hint(
                "give a name, as in `--token-env DEPLOY_TOKEN`; the token itself goes into that variable",
            ))
        }
        given => Ok(given),
    }
}

fn default_registry(
    given: Option<Given>,
    show: &impl Fn(&str) -> Shown,
) -> Result<Option<Given<RegistryHost>>, UsageError> {
    let Some(given) = given else { return Ok(None) };
    let (origin, shown) = (given.origin, show(&given.value));
    let mistake = || {
        invalid("registry", &shown, origin, "expected a host")
            .hint("give a host and, if it has one, a port, as in `docker.io`")
    };
    // A host that no reference could have, as in `library`, would be read as part of the repository elsewhere.
    let host = given.value.trim().parse().ok().filter(|_| Reference::is_host(given.value.trim()));
    host.map(|value| Some(Given { value, origin })).ok_or_else(mistake)
}

fn token_server(
    given: Option<Given>,
    show: &impl Fn(&str) -> Shown,
) -> Result<Option<RegistryHost>, UsageError> {
    let Some(given) = given else { return Ok(None) };
    let host = given.value.trim().parse();
    host.map(Some).map_err(|_| {
        let why = "expected a host and, where it has one, a port";
        invalid("token server", &show(&given.value), given.origin, why)
            .hint("omit the scheme and the path, as in `--token-server gitlab.example.com`")
    })
}

fn format(given: Option<Given>, show: &impl Fn(&str) -> Shown) -> Result<Format, UsageError> {
    let Some(given) = given else { return Ok(Format::Human) };
    match given.value.as_str() {
        "human" => Ok(Format::Human),
        "json" => Ok(Format::Json),
        other => Err(invalid("value", &show(other), given.origin, "expected `human` or `json`")),
    }
}

fn color(given: Option<Given>, show: &impl Fn(&str) -> Shown) -> Result<Color, UsageError> {
    let Some(given) = given else { return Ok(Color::Auto) };
    match given.value.as_str() {
        "auto" => Ok(Color::Auto),
        "always" => Ok(Color::Always),
        "never" => Ok(Color::Never),
        other => {
            let why = "expected `auto`, `always` or `never`";
            Err(invalid("value", &show(other), given.origin, why))
        }
    }
}
