//! What the answers of CircleCI's API hold. Every field but an id is optional, and unknown words are texts.

use serde_json::Value;

use super::PipelineError;

/// The most items of a list that are read.
pub const MOST_ITEMS: usize = 1_000;

/// Cleans and masks a text of CircleCI's.
pub type Clean<'a> = &'a dyn Fn(&str) -> String;

/// A pipeline, as a list of them has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: Option<u64>,
    /// `created`, `errored`, `setup`, …
    pub state: String,
    /// When it was created.
    pub created_at: Option<String>,
    /// What is wrong with it.
    pub errors: Vec<PipelineError>,
    /// Who started it.
    pub actor: Option<String>,
    /// Its commit, in lower case.
    pub commit: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// Whether it is of a git tag or of a fork.
    pub is_of_others: bool,
}

impl Pipeline {
    /// Reads an item of the list. `None` without an id.
    pub fn of(item: &Value, clean: Clean<'_>) -> Option<Self> {
        let vcs = field(item, &["vcs"]);
        let parameters = field(item, &["trigger_parameters"]);
        let (git, app) = (field(parameters, &["git"]), field(parameters, &["github_app"]));
        let commit = [
            field(vcs, &["revision"]),
            field(git, &["checkout_sha"]),
            field(app, &["checkout_sha"]),
            field(app, &["commit_sha"]),
        ];
        let branch = [field(vcs, &["branch"]), field(git, &["branch"]), field(app, &["branch"])];
        let (from, to) = (
            text(field(vcs, &["origin_repository_url"])),
            text(field(vcs, &["target_repository_url"])),
        );
        let is_of_fork = matches!((from, to), (Some(from), Some(to)) if from != to);
        let cleaned = |value: &Value| text(value).map(clean);
        let errors = list(field(item, &["errors"])).iter().take(20).map(|error| PipelineError {
            kind: cleaned(field(error, &["type"])).unwrap_or_default(),
            message: cleaned(field(error, &["message"])).unwrap_or_default(),
        });
        Some(Self {
            id: id(field(item, &["id"]))?,
            number: field(item, &["number"]).as_u64(),
            state: cleaned(field(item, &["state"])).unwrap_or_default(),
            created_at: cleaned(field(item, &["created_at"])),
            errors: errors.collect(),
            actor: cleaned(field(item, &["trigger", "actor", "login"])),
            commit: commit.into_iter().find_map(text).map(|text| clean(text).to_ascii_lowercase()),
            branch: branch.into_iter().find_map(text).map(str::to_owned),
            is_of_others: is_of_fork || text(field(vcs, &["tag"])).is_some(),
        })
    }

    /// Whether it is one of the branch's own.
    pub fn counts_for(&self, branch: &str) -> bool {
        !self.is_of_others && self.branch.as_deref().is_none_or(|own| own == branch)
    }
}

/// A workflow of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `success`, `failed`, …
    pub status: String,
    /// Whether it makes the pipeline's configuration.
    pub is_setup: bool,
    /// When it was created.
    pub created_at: String,
}

impl Workflow {
    /// Reads an item of the list. `None` without an id.
    pub fn of(item: &Value, clean: Clean<'_>) -> Option<Self> {
        let cleaned = |name: &str| text(field(item, &[name])).map(clean).unwrap_or_default();
        Some(Self {
            id: id(field(item, &["id"]))?,
            name: cleaned("name"),
            status: cleaned("status"),
            is_setup: text(field(item, &["tag"])) == Some("setup"),
            created_at: cleaned("created_at"),
        })
    }
}

/// A job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its number; one that never ran has none.
    pub number: Option<u64>,
    /// `success`, `failed`, …
    pub status: String,
    /// Whether a person approves it, and no machine runs it.
    pub is_approval: bool,
    /// The ids of the jobs that it waits for.
    pub dependencies: Vec<String>,
}

impl Job {
    /// Reads an item of the list. `None` without an id.
    pub fn of(item: &Value, clean: Clean<'_>) -> Option<Self> {
        let cleaned = |name: &str| text(field(item, &[name])).map(clean).unwrap_or_default();
        let dependencies =
            list(field(item, &["dependencies"])).iter().take(MOST_ITEMS).filter_map(text);
        Some(Self {
            id: id(field(item, &["id"]))?,
            name: cleaned("name"),
            number: field(item, &["job_number"]).as_u64(),
            status: cleaned("status"),
            is_approval: text(field(item, &["type"])) == Some("approval"),
            dependencies: dependencies.map(str::to_owned).collect(),
        })
    }
}

/// A pipeline definition of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its configuration is kept: `github_app`, `gitlab`, …
    pub provider: String,
}

impl Definition {
    /// Reads an item of the list. `None` without an id.
    pub fn of(item: &Value, clean: Clean<'_>) -> Option<Self> {
        let cleaned = |value: &Value| text(value).map(clean).unwrap_or_default();
        Some(Self {
            id: id(field(item, &["id"]))?,
            name: cleaned(field(item, &["name"])),
            provider: cleaned(field(item, &["config_source", "provider"])),
        })
    }
}

/// A trigger of a pipeline definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Whether it is switched off.
    pub is_disabled: bool,
    /// Which events it fires for.
    pub preset: String,
}

impl Trigger {
    /// Reads an item of the list.
    pub fn of(item: &Value) -> Self {
        Self {
            is_disabled: field(item, &["disabled"]).as_bool() == Some(true),
            preset: text(field(item, &["event_preset"])).unwrap_or_default().to_owned(),
        }
    }

    /// Whether it never fires for a push to this branch.
    pub fn excludes(&self, is_default_branch: bool) -> bool {
        self.preset.starts_with("only-")
            || self.preset == "default-branch-pushes" && !is_default_branch
    }
}

/// The keys of `jobs` in a compiled configuration, which CircleCI writes in block style. Lines are read, and no YAML:
/// a text of 4 MiB takes no longer than its length.
pub fn compiled_jobs(compiled: &str) -> Vec<&str> {
    let lines = compiled.lines().skip_while(|line| line.trim_end() != "jobs:").skip(1);
    let mut indent = None;
    let mut jobs = Vec::new();
    for line in lines {
        let inside = line.len() - line.trim_start_matches(' ').len();
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if inside == 0 {
            break;
        }
        if inside == *indent.get_or_insert(inside)
            && let Some((key, _)) = text.split_once(':')
        {
            jobs.push(key.trim_matches(['"', '\'']));
        }
    }
    jobs
}

/// What a path of keys leads to; null where that is nothing.
pub fn field<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    static NOTHING: Value = Value::Null;
    path.iter().try_fold(value, |value, key| value.get(key)).unwrap_or(&NOTHING)
}

/// A text that is there and not empty.
pub fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// The items of a list; none where it is something else.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An id that can stand in an address.
pub fn id(value: &Value) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_id = |text: &&str| text.len() <= 64 && text.bytes().all(is_plain);
    text(value).filter(is_id).map(str::to_owned)
}
