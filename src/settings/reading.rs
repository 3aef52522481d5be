//! Reads the settings, one step after another. Secrets are hidden before anything that could show one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::error::ErrorKind;

use crate::ambient::MoreTime;
use crate::circleci::CircleCi;
use crate::request::{ImageRequest, RegistryKind};
use crate::secret::{Redactor, Secret, password_of, split_user, token_like};
use crate::settings::args::Args;
use crate::settings::config::Config;
use crate::settings::declared::Declared;
use crate::settings::expand::{Expander, KnownRevision};
use crate::settings::output_options::{OUTPUT_OPTIONS, OutputOption, files};
use crate::settings::outputs;
use crate::settings::question::Question;
use crate::settings::settings_error::Caller;
use crate::settings::usage;
use crate::settings::usage_error::UsageError;
use crate::settings::variable_name::PREFIX;
use crate::settings::variables::{StandardVariables, Variables};
use crate::settings::{
    Asked, Console, Outputs, Pipelines, Settings, SettingsError, Surroundings, Token, Words,
    console, doctl, duration, expectation, inputs, network, pipelines, shown_instead, token,
    variables,
};

/// The time that a run has by default, before the wait.
const TIME: Duration = Duration::from_secs(120);

/// The time that so many images add.
const MANY: (usize, Duration) = (64, Duration::from_secs(10));

/// How many bytes of a run are read by default, packed and unpacked together.
const MOST_CONTENT: u64 = 64 << 30;

pub(super) fn read(surroundings: Surroundings<'_>) -> Result<Asked, SettingsError> {
    let redactor = Redactor::default();
    let arguments = &surroundings.arguments;
    let variable = |name: &str| {
        let value = (surroundings.variable)(&format!("{PREFIX}{name}"));
        value.and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
    };
    let named = value_of(arguments, "--token-env").or_else(|| variable("TOKEN_ENV"));
    token::hide(surroundings.variable, &redactor, named.as_deref());
    doctl::hide(surroundings.variable, &redactor);
    pipelines::hide(surroundings.variable, &redactor);
    let format = value_of(arguments, "--format").or_else(|| variable("FORMAT"));
    let caller = Caller {
        wants_json: format.as_deref() == Some("json"),
        words: Words::of(surroundings.variable),
    };
    let files = if arguments.iter().any(|argument| argument == "--draw-status") {
        BTreeMap::new()
    } else {
        spoken_files(|option| {
            let name = || option.to_ascii_uppercase().replace('-', "_");
            value_of(arguments, &format!("--{option}")).or_else(|| variable(&name()))
        })
    };
    // No path that holds a token is kept for an error, which may be shown.
    let path = |option, name| {
        let path = value_of(arguments, option).or_else(|| variable(name));
        path.filter(|path| !redactor.finds_token_in(path))
    };
    let inputs = inputs::inputs(
        &surroundings.folder,
        path("--config", "CONFIG").as_deref().map(Path::new),
        path("--expect-digest-file", "EXPECT_DIGEST_FILE").as_deref().map(Path::new),
        &inputs::spoken(surroundings.variable),
    );
    let mut reading = Reading { redactor: redactor.clone(), files };
    let read = reading.read(surroundings);
    read.map_err(|mistake| {
        let outputs = Outputs { files: reading.files, inputs, ..Outputs::default() };
        SettingsError::new(&mistake, &redactor, caller, outputs)
    })
}

/// The deadline as it is given, or the default one, before the settings are read.
pub(super) fn deadline_as_given(
    arguments: &[OsString],
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Duration {
    let given = |option: &str, name: &str| {
        let variable = || variable(&format!("{PREFIX}{name}"))?.into_string().ok();
        duration::parse(&value_of(arguments, option).or_else(variable)?).ok()
    };
    let wait = || given("--wait", "WAIT").unwrap_or_default();
    given("--deadline", "DEADLINE").unwrap_or_else(|| TIME + wait())
}

/// The value of an option, as far as it can be told from a command line that may be wrong elsewhere.
fn value_of(arguments: &[OsString], option: &str) -> Option<String> {
    let arguments: Vec<_> =
        arguments.iter().skip(1).map(|argument| argument.to_string_lossy()).collect();
    let options = arguments.iter().take_while(|argument| *argument != "--");
    let found = options.enumerate().filter_map(|(index, argument)| {
        match argument.strip_prefix(option)?.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None if argument == option => {
                arguments.get(index + 1).map(|value| value.clone().into_owned())
            }
            None => None,
        }
    });
    found.last()
}

/// The files to be written, read from a command line that may be wrong elsewhere.
fn spoken_files(value: impl Fn(&str) -> Option<String>) -> BTreeMap<&'static str, PathBuf> {
    let file = |output: &OutputOption| Some((output.option, value(output.option)?.into()));
    OUTPUT_OPTIONS.iter().filter_map(file).collect()
}

struct Reading {
    redactor: Redactor,
    /// The files that a gate was to write: as spoken, until the command line is read.
    files: BTreeMap<&'static str, PathBuf>,
}

impl Reading {
    fn read(&mut self, surroundings: Surroundings<'_>) -> Result<Asked, UsageError> {
        let redactor = &self.redactor.clone();
        let Surroundings {
            started,
            arguments,
            variable,
            folder,
            stdin,
            stdout_is_terminal,
            stderr_is_terminal,
        } = surroundings;
        self.refuse_secrets(&arguments)?;
        // Whoever asks for help gets it, whatever the variables hold.
        let args = match Args::of_line(&arguments) {
            Ok(args) => args,
            Err(error)
                if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
            {
                return Ok(Asked::Show(error.render().to_string()));
            }
            Err(error) => return Err(usage::mistake(&error, redactor)),
        };
        if let Some(text) = shown(&args) {
            return Ok(Asked::Show(text));
        }
        let variables = Variables { lookup: variable, redactor };
        let environment = variables.read()?;
        let args = Args::read(&arguments, environment.options, redactor)?;
        let named = args.config.as_ref().map(|config| config.value.as_path());
        if !args.draw_status {
            self.files = files(&args);
        }
        let config = Config::find(&folder, named, redactor)?;
        if args.draw_status {
            return draw_status(&args, config.as_ref());
        }
        let run = Run {
            args: &args,
            config: config.as_ref(),
            standard: &environment.standard,
            circleci: &environment.circleci,
            variables,
            folder: &folder,
        };
        let console =
            console::console(&args, &environment.standard, stdout_is_terminal, stderr_is_terminal);
        Ok(Asked::Verify(Box::new(run.settings(stdin, console, started)?)))
    }

    /// A command line can be read by every process; a token in it is refused, and hidden from here on.
    fn refuse_secrets(&self, arguments: &[OsString]) -> Result<(), UsageError> {
        let mut found = None;
        for (index, argument) in arguments.iter().enumerate().skip(1) {
            let argument = argument.to_string_lossy();
            for token in token_like(&argument) {
                self.redactor.hide(&Secret::new(token));
            }
            if found.is_none() && self.redactor.finds_in(&argument) {
                found = Some(index);
            }
        }
        found.map_or(Ok(()), |index| Err(usage::secret(index)))
    }
}

/// What a run's settings are made of.
struct Run<'a> {
    args: &'a Args,
    config: Option<&'a Config>,
    standard: &'a StandardVariables,
    circleci: &'a CircleCi,
    variables: Variables<'a>,
    folder: &'a Path,
}

impl Run<'_> {
    fn settings(
        &self,
        stdin: Box<dyn Read + Send>,
        console: Console,
        started: Instant,
    ) -> Result<Settings, UsageError> {
        let Run { args, config, standard, circleci, variables, folder } = *self;
        let redactor = variables.redactor;
        expectation::refuse_bare_revision(args, redactor)?;
        let (digitalocean, mut notes) = network::digitalocean(standard, redactor)?;
        let proxy = network::proxy(standard, redactor)?;
        network::certificates(standard, redactor)?;
        let without = Expander { variables, revision: &KnownRevision::None, in_config: false };
        let sha1 = circleci.revision.as_deref();
        let revision = expectation::revision(args.expect_revision.as_ref(), sha1, without)?;
        let expander = Expander { variables, revision: &revision.known, in_config: false };
        if let Some(config) = config {
            let declared = Declared { config, expander };
            declared.check_services()?;
            declared.check_environments()?;
        }
        let question = Question {
            args,
            config,
            expander,
            branch: circleci.branch.as_deref(),
            revision: &revision,
            digitalocean: &digitalocean,
            folder,
        };
        // Whoever writes the images takes part of the run's time.
        let left = deadline(args, 1).saturating_sub(started.elapsed());
        let targets = question.targets(stdin, left)?;
        let mut images = question.requests(targets)?;
        let pipelines = self.pipelines(&mut images, &mut notes)?;
        let digest_file = args.expect_digest_file.as_ref().map(|given| given.value.as_path());
        let config_file = config.map(|config| config.path.as_path());
        let mut read = inputs::inputs(folder, config_file, digest_file, standard);
        read.extend(config.into_iter().flat_map(|config| inputs::structure_tests(folder, config)));
        let outputs =
            Outputs { inputs: read, ..outputs::outputs(args, config, &images, redactor)? };
        let token = self.token(&images, &mut notes)?;
        Ok(Settings {
            deadline: deadline(args, images.len()),
            more_time: if args.deadline.is_some() { MoreTime::none() } else { MoreTime::default() },
            started,
            wait: args.wait(),
            content: content(args),
            jobs: args.jobs(),
            console,
            docker_config: inputs::docker_config(standard),
            secret_variables: secret_variables(args),
            token_server: args.token_server.as_ref().map(|given| given.value.clone()),
            circleci: cleaned(circleci.clone(), redactor),
            pipelines,
            images,
            digitalocean,
            token,
            proxy,
            outputs,
            words: Words::of(self.variables.lookup),
            notes,
            redactor: redactor.clone(),
        })
    }

    /// CircleCI's side of the run; each image gets the page of its branch's pipelines.
    fn pipelines(
        &self,
        images: &mut [ImageRequest],
        notes: &mut Vec<String>,
    ) -> Result<Pipelines, UsageError> {
        let Run { args, config, standard, circleci: _, variables, folder } = *self;
        let Variables { lookup, redactor } = variables;
        let pipelines =
            pipelines::pipelines(args, config, standard, folder, lookup, redactor, notes)?;
        for image in images {
            pipelines::with_page(&mut image.pipeline, &pipelines, redactor);
        }
        Ok(pipelines)
    }

    /// The token, where an image of the run needs it.
    fn token(
        &self,
        images: &[ImageRequest],
        notes: &mut Vec<String>,
    ) -> Result<Option<Token>, UsageError> {
        let is_digitalocean =
            |image: &ImageRequest| image.registry_kind == RegistryKind::DigitalOcean;
        if !images.iter().any(is_digitalocean) {
            return Ok(None);
        }
        let named = self.args.token_env.as_ref().map(|given| given.value.as_str());
        let (token, note) = token::find(self.variables, self.standard, named)?;
        notes.extend(note);
        notes.push(format!("the DigitalOcean token comes from {}", token.source));
        Ok(Some(token))
    }
}

/// The text that was asked for in place of verifying.
fn shown(args: &Args) -> Option<String> {
    if args.list_checks {
        Some(shown_instead::checks())
    } else if let Some(name) = &args.schema {
        Some(shown_instead::schema(name))
    } else {
        args.completions.as_deref().map(shown_instead::completions)
    }
}

fn draw_status(args: &Args, config: Option<&Config>) -> Result<Asked, UsageError> {
    if !args.images.is_empty() {
        return Err(UsageError::new("`--draw-status` asks no registry, and an `IMAGE` is given"));
    }
    Ok(Asked::DrawStatus(outputs::status(config, "draw-status")?, args.format()))
}

/// Two minutes, the wait, and ten seconds for every 64 images. A rate limit may add to it during the run.
fn deadline(args: &Args, images: usize) -> Duration {
    let (many, time) = MANY;
    let times = u32::try_from(images / many).unwrap_or(u32::MAX);
    let default = TIME + args.wait().unwrap_or_default() + time.saturating_mul(times);
    args.deadline.as_ref().map_or(default, |given| given.value)
}

/// How many bytes of layers may be read; `None`: no layer is.
fn content(args: &Args) -> Option<u64> {
    let most = args.max_content.as_ref().map_or(MOST_CONTENT, |given| given.value);
    args.content.then_some(most)
}

/// The variables that hold a token of DigitalOcean's or CircleCI's, which is nobody's business beside them.
fn secret_variables(args: &Args) -> Vec<String> {
    let named = args.token_env.iter().map(|given| given.value.clone());
    let known = [variables::TOKEN].into_iter().chain(pipelines::TOKENS);
    known.map(str::to_owned).chain(named).collect()
}

/// CircleCI's values are shown in every output, so they are cleaned here, where they arrive. The address of
/// the repository can hold a password.
fn cleaned(circleci: CircleCi, redactor: &Redactor) -> CircleCi {
    const MOST: usize = 1_000;
    let line = |value: Option<String>| {
        let value = value?;
        token_like(&value).for_each(|token| redactor.hide(&Secret::new(token)));
        Some(redactor.line(&value, MOST))
    };
    let CircleCi {
        revision,
        branch,
        tag,
        build_url,
        workflow_id,
        job_id,
        pipeline_id,
        job,
        build_number,
        node_index,
        organization,
        repository,
        repository_url,
    } = circleci;
    CircleCi {
        revision: line(revision),
        branch: line(branch),
        tag: line(tag),
        build_url: line(build_url.map(|url| without_user(&url, redactor))),
        workflow_id: line(workflow_id),
        job_id: line(job_id),
        pipeline_id: line(pipeline_id),
        job: line(job),
        build_number: line(build_number),
        node_index: line(node_index),
        organization: line(organization),
        repository: line(repository),
        repository_url: line(repository_url.map(|url| without_user(&url, redactor))),
    }
}

/// An address without the user name and password before its host.
fn without_user(url: &str, redactor: &Redactor) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (user, rest) = split_user(rest);
    redactor.hide(&Secret::new(user.map_or("", password_of)));
    format!("{scheme}://{rest}")
}
