//! What to do when the image is not there: the three steps of the process that this program replaced,
//! with the pipeline's link.

use crate::circleci::{BranchFrom, CircleCi};

use super::Subject;
use super::wording::{cleaned, quoted};

/// The three steps, a line each.
pub(super) fn push_steps(subject: &Subject<'_>) -> String {
    let link = link(subject.circleci);
    let question = &subject.request.pipeline;
    let branch = quoted(&question.branch);
    let start_on = match &subject.circleci.tag {
        Some(tag) if question.branch_from == BranchFrom::Default => {
            format!("the git tag {}, or on {branch}", quoted(tag))
        }
        Some(_) | None => branch,
    };
    let end =
        question.url.as_ref().map_or_else(|| ".".to_owned(), |url| format!(": {}", cleaned(url)));
    format!(
        "1. Is the push job in this workflow, and does this job require it?{link}\n\
         2. Did the push job fail, or push under another name?\n\
         3. Start a pipeline on {start_on}{end}"
    )
}

/// Where to check whether this commit's push job ran.
pub(super) fn this_commits_push(subject: &Subject<'_>) -> String {
    let text = format!("Did this commit's push job run before this one?{}", link(subject.circleci));
    let question = &subject.request.pipeline;
    if let Some(url) = &question.url {
        let branch = quoted(&question.branch);
        let url = cleaned(url);
        return format!(
            "{text}\nIf it did not run, or failed: start a pipeline on {branch}: {url}"
        );
    }
    text
}

fn link(circleci: &CircleCi) -> String {
    circleci.build_url.as_deref().map_or_else(String::new, |url| format!(" {}", cleaned(url)))
}
