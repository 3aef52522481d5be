//! What CircleCI says of the job: its built-in variables, all optional.

use serde::Deserialize;

use crate::secret::split_user;

pub mod answers;
mod diagnosis;
pub mod jobs;
pub mod links;
mod project;
mod question;
mod reason;

pub use diagnosis::{
    Because, Diagnosis, JobSeen, PipelineError, PipelineSeen, Start, StartResult, WorkflowSeen,
};
pub use project::{PAGES, Pages, Project, ProjectFrom, Slug, SlugError};
pub use question::{BranchFrom, CommitFrom, PipelineQuestion, USUAL_BRANCH};
pub use reason::Why;

/// CircleCI's variables (its documentation, "Project values and variables"). Empty counts as unset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CircleCi {
    /// `CIRCLE_SHA1`: the commit.
    #[serde(rename = "circle_sha1")]
    pub revision: Option<String>,
    /// `CIRCLE_BRANCH`; absent in a pipeline of a tag.
    #[serde(rename = "circle_branch")]
    pub branch: Option<String>,
    /// `CIRCLE_TAG`; absent in a pipeline of a branch.
    #[serde(rename = "circle_tag")]
    pub tag: Option<String>,
    /// `CIRCLE_BUILD_URL`: this job's page.
    #[serde(rename = "circle_build_url")]
    pub build_url: Option<String>,
    /// `CIRCLE_WORKFLOW_ID`.
    #[serde(rename = "circle_workflow_id")]
    pub workflow_id: Option<String>,
    /// `CIRCLE_WORKFLOW_JOB_ID`: this job, as the API names it.
    #[serde(rename = "circle_workflow_job_id")]
    pub job_id: Option<String>,
    /// `CIRCLE_PIPELINE_ID`.
    #[serde(rename = "circle_pipeline_id")]
    pub pipeline_id: Option<String>,
    /// `CIRCLE_JOB`: the job's name.
    #[serde(rename = "circle_job")]
    pub job: Option<String>,
    /// `CIRCLE_BUILD_NUM`.
    #[serde(rename = "circle_build_num")]
    pub build_number: Option<String>,
    /// `CIRCLE_NODE_INDEX`: which of the parallel nodes this is.
    #[serde(rename = "circle_node_index")]
    pub node_index: Option<String>,
    /// `CIRCLE_PROJECT_USERNAME`: the organisation.
    #[serde(rename = "circle_project_username")]
    pub organization: Option<String>,
    /// `CIRCLE_PROJECT_REPONAME`: the repository's short name.
    #[serde(rename = "circle_project_reponame")]
    pub repository: Option<String>,
    /// `CIRCLE_REPOSITORY_URL`; it may hold a user name and password, which no output repeats.
    #[serde(rename = "circle_repository_url")]
    pub repository_url: Option<String>,
}

impl CircleCi {
    /// The variables that [`CircleCi`] is read from.
    pub const VARIABLES: [&str; 13] = [
        "CIRCLE_SHA1",
        "CIRCLE_BRANCH",
        "CIRCLE_TAG",
        "CIRCLE_BUILD_URL",
        "CIRCLE_WORKFLOW_ID",
        "CIRCLE_WORKFLOW_JOB_ID",
        "CIRCLE_PIPELINE_ID",
        "CIRCLE_JOB",
        "CIRCLE_BUILD_NUM",
        "CIRCLE_NODE_INDEX",
        "CIRCLE_PROJECT_USERNAME",
        "CIRCLE_PROJECT_REPONAME",
        "CIRCLE_REPOSITORY_URL",
    ];
    /// The project, `organization/repository`.
    pub fn project(&self) -> Option<String> {
        let organization = self.organization.as_deref()?;
        let repository = self.repository.as_deref()?;
        Some(format!("{organization}/{repository}"))
    }

    /// The repository's page on `https`, without user name and password. `None` where its address is in
    /// a form that cannot be told.
    pub fn repository_page(&self) -> Option<String> {
        page_of(self.repository_url.as_deref()?)
    }
}

/// The page of a repository on `https`, however its address is written: with another scheme, a user name and a password,
/// or as `ssh` has it. `None` where it is in a form that cannot be told.
pub fn page_of(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.to_owned(),
        Some(_) => return None,
        // `git@github.com:organization/repository.git`
        None => url.replacen(':', "/", 1),
    };
    let (_, rest) = split_user(&rest);
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_suffix(".git").unwrap_or(rest);
    let (host, path) = rest.split_once('/')?;
    let plain = |text: &str, also: &[u8]| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
    };
    (plain(host, b".-") && plain(path, b"._~-/")).then(|| format!("https://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_page_has_no_credentials() {
        let page = |url: &str| {
            CircleCi { repository_url: Some(url.into()), ..CircleCi::default() }.repository_page()
        };
        let github = Some("https://github.com/keepkey/mail".to_owned());
        assert_eq!(page("git@github.com:keepkey/mail.git"), github);
        assert_eq!(page("https://github.com/keepkey/mail"), github);
        assert_eq!(page("https://user:p4ssword@github.com/keepkey/mail.git/"), github);
        assert_eq!(page("https://user:p@ss@github.com/keepkey/mail"), github);
        assert_eq!(page("ssh://git@github.com/keepkey/mail.git"), github);
        for odd in [
            "",
            "github.com",
            "file:///x/y",
            "https://h/a?b=c",
            "https://h:1/a",
            "javascript:x/y z",
        ] {
            assert_eq!(page(odd), None, "{odd}");
        }
    }
}
