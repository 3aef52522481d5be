//! What to do when the image is not there: the three steps of the process that this program replaced,
//! with the pipeline's link.

use crate::circleci::CircleCi;

use super::wording::{cleaned, quoted};

/// The branch that the process names, where CircleCI names none.
const USUAL_BRANCH: &str = "develop";

/// The three steps, a line each.
pub(super) fn push_steps(circleci: &CircleCi) -> String {
    let branch = quoted(circleci.branch.as_deref().unwrap_or(USUAL_BRANCH));
    let link =
        circleci.build_url.as_deref().map_or(String::new(), |url| format!(": {}", cleaned(url)));
    format!(
        "1. look whether the push job is in this workflow and this job `requires` it{link}\n\
         2. look whether the push job failed, or pushed under another name\n\
         3. start a pipeline on {branch}, and let it push"
    )
}

/// Where to look whether this commit's push job ran.
pub(super) fn this_commits_push(circleci: &CircleCi) -> String {
    match &circleci.build_url {
        Some(url) => {
            format!("look whether this commit's push job ran before this one: {}", cleaned(url))
        }
        None => "look whether this commit's push job ran".to_owned(),
    }
}
