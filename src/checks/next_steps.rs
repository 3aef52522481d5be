//! What to do when the image is not there: the three steps of the process that this program replaced,
//! with the pipeline's link.

use crate::circleci::CircleCi;

use super::wording::{cleaned, quoted};

/// The branch that the process names, where CircleCI names none.
const USUAL_BRANCH: &str = "develop";

/// The three steps, a line each.
pub(super) fn push_steps(circleci: &CircleCi) -> String {
    let link = link(circleci);
    let start_on = match (&circleci.branch, &circleci.tag) {
        (Some(branch), _) => quoted(branch),
        (None, Some(tag)) => format!("the git tag {}", quoted(tag)),
        (None, None) => quoted(USUAL_BRANCH),
    };
    format!(
        "1. Is the push job in this workflow, and does this job require it?{link}\n\
         2. Did the push job fail, or push under another name?\n\
         3. Start a pipeline on {start_on}."
    )
}

/// Where to check whether this commit's push job ran.
pub(super) fn this_commits_push(circleci: &CircleCi) -> String {
    format!("Did this commit's push job run before this one?{}", link(circleci))
}

fn link(circleci: &CircleCi) -> String {
    circleci.build_url.as_deref().map_or_else(String::new, |url| format!(" {}", cleaned(url)))
}
