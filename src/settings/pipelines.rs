//! CircleCI as the settings know it: where it is, which project this is, the token, and what `--diagnose` and
//! `--start-pipeline` may do.

use std::ffi::OsString;
use std::path::Path;

use crate::circleci::jobs::Conventions;
use crate::circleci::{
    BranchFrom, CommitFrom, PAGES, Pages, PipelineQuestion, Project, ProjectFrom, Slug,
    USUAL_BRANCH,
};
use crate::secret::{Redactor, Secret, token_like};
use crate::settings::args::Args;
use crate::settings::checkout;
use crate::settings::config::{CircleCiEntry, Config, Text};
use crate::settings::environments::Environment;
use crate::settings::expectation::RevisionAsked;
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::values::OF_THE_REMOTE;
use crate::settings::variables::StandardVariables;
use crate::settings::{CircleCiToken, Diagnose, Pipelines, network};

/// The longest branch, in characters.
const MOST_BRANCH: usize = 1_000;

/// CircleCI's API.
const API: &str = "https://circleci.com";

/// The variables that can hold the token, in the order in which they count: CircleCI's own, and those of its command
/// line's versions.
pub(super) const TOKENS: [&str; 3] = ["CIRCLE_TOKEN", "CIRCLE_CLI_TOKEN", "CIRCLECI_CLI_TOKEN"];

/// Hides whatever stands in the variables that can hold a token, before anything can be shown.
pub(super) fn hide(lookup: &dyn Fn(&str) -> Option<OsString>, redactor: &Redactor) {
    for value in TOKENS.into_iter().filter_map(lookup) {
        let value = value.to_string_lossy();
        redactor.hide(&Secret::new(&value));
        redactor.hide(&Secret::new(value.trim()));
    }
}

/// What a run knows of CircleCI, and what is to be said of it.
pub(super) fn pipelines(
    args: &Args,
    config: Option<&Config>,
    standard: &StandardVariables,
    folder: &Path,
    lookup: &dyn Fn(&str) -> Option<OsString>,
    redactor: &Redactor,
    notes: &mut Vec<String>,
) -> Result<Pipelines, UsageError> {
    let given = standard.circleci_api_url.as_deref();
    let api = given.map(|text| network::circleci_api(text, redactor)).transpose()?;
    let other = api.filter(|api| api != API);
    if let Some(api) = &other {
        notes.push(format!("CircleCI is `{api}` (`CIRCLECI_API_URL`)"));
    }
    let entry = config.and_then(|config| config.document.circleci.as_ref());
    let root = checkout::root(folder);
    let remote = root.as_deref().and_then(checkout::remote);
    let remote = remote.as_deref().and_then(Slug::of_remote);
    let project = project(entry, root.as_deref(), remote.clone(), notes);
    let asked = Asked { args, project: project.as_ref(), remote: remote.as_ref(), redactor };
    let starts = asked.starts()?;
    let diagnose = args.diagnose.then(|| Diagnose { token: token(lookup, notes), starts });
    if let Some(CircleCiToken { variable, .. }) =
        diagnose.as_ref().and_then(|diagnose| diagnose.token.as_ref())
    {
        notes.push(format!("the CircleCI token comes from the variable `{variable}`"));
    }
    Ok(Pipelines {
        pages: other.clone().unwrap_or_else(|| PAGES.to_owned()),
        is_server: other.is_some(),
        api: other.unwrap_or_else(|| API.to_owned()),
        project,
        conventions: entry.map(conventions).unwrap_or_default(),
        checkout: root,
        diagnose,
    })
}

fn conventions(entry: &CircleCiEntry) -> Conventions {
    let text = |text: &Option<Text>| text.as_ref().map(|Text(text)| text.clone());
    let CircleCiEntry { project: _, workflow, push_job, gate_job, definition } = entry;
    Conventions {
        workflow: text(workflow),
        push_job: text(push_job),
        gate_job: text(gate_job),
        definition: text(definition),
    }
}

/// The project: the config's, else that of `.circleci/info.yml`, else that of the remote.
fn project(
    entry: Option<&CircleCiEntry>,
    root: Option<&Path>,
    remote: Option<Slug>,
    notes: &mut Vec<String>,
) -> Option<Project> {
    let of_config = entry.and_then(|entry| entry.project.as_ref());
    // A slug that is none was refused where the config was read.
    if let Some(slug) = of_config.and_then(|Text(text)| text.parse().ok()) {
        return Some(Project { slug, from: ProjectFrom::Config });
    }
    match root.map(checkout::info) {
        Some(Ok(Some(slug))) => return Some(Project { slug, from: ProjectFrom::Info }),
        Some(Err(why)) => notes.push(format!("`.circleci/info.yml` is not used: {why}")),
        Some(Ok(None)) | None => {}
    }
    remote.map(|slug| Project { slug, from: ProjectFrom::Remote })
}

/// The token; one that is no header value counts as not set, with a note.
fn token(
    lookup: &dyn Fn(&str) -> Option<OsString>,
    notes: &mut Vec<String>,
) -> Option<CircleCiToken> {
    for variable in TOKENS {
        let Some(value) = lookup(variable) else { continue };
        let text = value.to_string_lossy();
        let token = text.trim();
        if token.is_empty() {
            continue;
        }
        if token.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Some(CircleCiToken { secret: Secret::new(token), variable });
        }
        notes
            .push(format!("`{variable}` counts as not set: it holds characters that no token has"));
    }
    None
}

/// What is asked of `--start-pipeline`.
struct Asked<'a> {
    args: &'a Args,
    project: Option<&'a Project>,
    remote: Option<&'a Slug>,
    redactor: &'a Redactor,
}

impl Asked<'_> {
    /// Whether a pipeline may be started. A file of the checkout cannot make the token start somebody else's: the project
    /// must be that of the remote, or stand on the command line.
    fn starts(&self) -> Result<bool, UsageError> {
        let Some(given) = &self.args.start_pipeline else { return Ok(false) };
        if !self.args.diagnose {
            return Err(UsageError::new("`--start-pipeline` needs `--diagnose`").hint(
                "add `--diagnose`: a pipeline is started only where it says that one may help",
            ));
        }
        let Some(Project { slug, from }) = self.project else { return Ok(true) };
        let named = format!("{} ({})", self.shown(slug), from.as_str());
        let comparable = self.remote.filter(|_| slug.names_a_repository());
        if let Some(remote) = comparable.filter(|remote| !remote.is_same(slug)) {
            let remote = self.shown(remote);
            return Err(UsageError::new(format!(
                "`--start-pipeline`: the project is {named}, but the git remote `origin` is {remote}"
            ))
            .hint("correct `circleci.project` in the config file, `.circleci/info.yml` or the remote"));
        }
        let value = given.value.as_str();
        if value != OF_THE_REMOTE {
            let is_same = value.parse::<Slug>().is_ok_and(|value| value == *slug);
            let value = Shown::new(value, self.redactor);
            return if is_same {
                Ok(true)
            } else {
                Err(UsageError::new(format!(
                    "`--start-pipeline` names {value}, but the project is {named}"
                ))
                .hint(
                    "name the project that the images are built in, or correct `circleci.project`",
                ))
            };
        }
        if comparable.is_some() {
            return Ok(true);
        }
        Err(UsageError::new(format!(
            "`--start-pipeline`: nothing but the checkout's own files says that the project is {named}"
        ))
        .hint(format!(
            "if it is yours, say so: `--start-pipeline={}`",
            Shown::new(&slug.to_string(), self.redactor).as_str()
        )))
    }

    fn shown(&self, slug: &Slug) -> Shown {
        Shown::new(&slug.to_string(), self.redactor)
    }
}

/// Which pipeline should have pushed an image of this environment.
pub(super) fn question(
    environment: Option<Environment<'_>>,
    circle_branch: Option<&str>,
    revision: &RevisionAsked,
) -> PipelineQuestion {
    let of_environment = environment.and_then(|environment| environment.entry.branch.as_ref());
    // The job's own branch says nothing of an environment that is deployed from another.
    let circle_branch = circle_branch.filter(|_| environment.is_none());
    let (branch, branch_from) = match (of_environment, circle_branch) {
        (Some(Text(branch)), _) => (branch.as_str(), BranchFrom::Environment),
        (None, Some(branch)) => (branch, BranchFrom::Variable),
        (None, None) => (USUAL_BRANCH, BranchFrom::Default),
    };
    let from = if revision.is_given() { CommitFrom::Expected } else { CommitFrom::Variable };
    let commit = revision.commit().map(|commit| (commit.to_string(), from));
    PipelineQuestion { branch: branch.to_owned(), branch_from, commit, url: None }
}

/// Cleans the branch, which every output shows, and puts the page of its pipelines into a question, where the project is
/// known.
pub(super) fn with_page(
    question: &mut PipelineQuestion,
    pipelines: &Pipelines,
    redactor: &Redactor,
) {
    token_like(&question.branch).for_each(|token| redactor.hide(&Secret::new(token)));
    question.branch = redactor.line(&question.branch, MOST_BRANCH);
    let project = pipelines.project.as_ref();
    let pages = project.map(|project| Pages::new(&pipelines.pages, &project.slug));
    question.url = pages.map(|pages| pages.branch(&question.branch));
}
