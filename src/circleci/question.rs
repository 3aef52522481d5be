//! Which pipeline should have pushed an image: the branch, the commit, and where both were found.

/// The branch that is meant where nothing names one.
pub const USUAL_BRANCH: &str = "develop";

/// Which pipeline should have pushed an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineQuestion {
    /// The branch.
    pub branch: String,
    /// What named the branch.
    pub branch_from: BranchFrom,
    /// The commit, in lower case, and what named it.
    pub commit: Option<(String, CommitFrom)>,
    /// The page of the branch's pipelines, where the project is known.
    pub url: Option<String>,
}

impl Default for PipelineQuestion {
    fn default() -> Self {
        let branch = USUAL_BRANCH.to_owned();
        Self { branch, branch_from: BranchFrom::Default, commit: None, url: None }
    }
}

/// What named a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchFrom {
    /// `branch` of the environment.
    Environment,
    /// `CIRCLE_BRANCH`.
    Variable,
    /// Nothing: it is the usual one.
    Default,
}

impl BranchFrom {
    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Variable => "CIRCLE_BRANCH",
            Self::Default => "default",
        }
    }
}

/// What named a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitFrom {
    /// The expected revision.
    Expected,
    /// `CIRCLE_SHA1`.
    Variable,
    /// The remote branch of the checkout.
    Git,
}

impl CommitFrom {
    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Variable => "CIRCLE_SHA1",
            Self::Git => "git",
        }
    }
}
