//! `--start-pipeline`: the one thing that is written, once, and never twice.

use serde_json::{Value, json};

use super::Posting;
use super::api::{Posted, document, message};
use super::ask::{Asker, short};
use crate::circleci::answers::field;
use crate::circleci::{Start, StartResult, Why};
use crate::http::Answer;

/// The most requests of a diagnosis, those that write counted too.
const MOST_REQUESTS: u32 = 9;

/// Which definition a pipeline is started of.
enum Chosen {
    /// This one, or the only one that there is.
    Definition(Option<String>),
    /// None: a code, and why.
    Refused(&'static str, String),
}

/// Starts a pipeline where the diagnosis says that one may help.
pub(super) async fn start(asker: &mut Asker<'_>, posting: &Posting) -> Start {
    let why = asker.diagnosis.reason;
    if !why.is_startable() {
        return refused(why);
    }
    let definition = match choose(asker).await {
        Chosen::Definition(definition) => definition,
        Chosen::Refused(code, why) => return refused_for(code, &why),
    };
    let branch = asker.diagnosis.branch.clone();
    let at = json!({ "branch": branch });
    let body = match definition {
        Some(definition) => json!({ "definition_id": definition, "config": at, "checkout": at }),
        None => json!({ "config": at, "checkout": at }),
    };
    posting.begin();
    let path = format!("/api/v2/project/{}/pipeline", asker.slug.short_path());
    let mut posted = asker.api.post(&format!("{path}/run"), &body.to_string()).await;
    // 404 means that nothing was started: a CircleCI server may know the older address alone.
    if let Posted::Answer(answer) = &posted
        && answer.status == 404
        && asker.settings.is_server
        && asker.slug.names_a_repository()
        && asker.api.sent < MOST_REQUESTS
    {
        posted = asker.api.post(&path, &json!({ "branch": branch }).to_string()).await;
    }
    let url = asker.pages.branch(&branch);
    match posted {
        Posted::Answer(answer) => answered(asker, &answer, url),
        Posted::NotSent => Start {
            result: StartResult::Failed,
            reason: None,
            status: None,
            message: format!("failed (no connection), nothing was sent: {url}"),
            number: None,
            url: Some(url),
        },
        Posted::Lost(why) => unknown(why, None, Some(url)),
    }
}

/// The definition: the configured one, else the only one.
async fn choose(asker: &mut Asker<'_>) -> Chosen {
    if let Some(definition) = &asker.settings.conventions.definition {
        return Chosen::Definition(Some(definition.clone()));
    }
    let listed = match asker.project_id.clone() {
        Some(project) => asker.definitions(&project).await.ok(),
        None => None,
    };
    match listed {
        Some((definitions, is_whole)) => match definitions.as_slice() {
            [] if is_whole => Chosen::Definition(None),
            [one] if is_whole && one.provider == "gitlab" => Chosen::Refused(
                "gitlab",
                "CircleCI's API starts no pipelines of GitLab projects".to_owned(),
            ),
            [one] if is_whole => Chosen::Definition(Some(one.id.clone())),
            several => {
                let listed: Vec<String> = several
                    .iter()
                    .map(|definition| format!("`{}` ({})", definition.name, definition.id))
                    .collect();
                let listed = listed.join(", ");
                Chosen::Refused(
                    "several-definitions",
                    format!("set `circleci.definition` in the config file to one of {listed}"),
                )
            }
        },
        None if asker.slug.names_a_repository() => Chosen::Definition(None),
        None => Chosen::Refused(
            "definition-unknown",
            "the pipeline definitions could not be read: set `circleci.definition` in the config file"
                .to_owned(),
        ),
    }
}

fn answered(asker: &Asker<'_>, answer: &Answer, of_branch: String) -> Start {
    let status = answer.status;
    let start = |result, message: String| Start {
        result,
        reason: None,
        status: Some(status),
        message,
        number: None,
        url: Some(of_branch.clone()),
    };
    let said = message(answer, asker.api.redactor());
    match (status, document(answer)) {
        (201, Some(created)) => started(asker, &created, of_branch),
        (200, Some(_)) => {
            start(StartResult::NotStarted, format!("CircleCI started nothing: {said}"))
        }
        (300..=499, _) => {
            let said = if status < 400 { "a redirect".to_owned() } else { said };
            start(StartResult::Failed, format!("failed ({status}): {said}"))
        }
        (_, _) if answer.is_html() && status < 500 => {
            unknown("an HTML page", Some(status), Some(of_branch))
        }
        (_, _) => unknown(&status.to_string(), Some(status), Some(of_branch)),
    }
}

fn started(asker: &Asker<'_>, created: &Value, of_branch: String) -> Start {
    let number = field(created, &["number"]).as_u64();
    let branch = asker.line(&asker.diagnosis.branch);
    let url = number.map_or(of_branch, |number| asker.pages.pipeline(number));
    let shown = number.map_or_else(|| "a pipeline".to_owned(), |number| format!("#{number}"));
    let than = asker.diagnosis.commit.as_ref().map_or_else(
        || "what is in the registry".to_owned(),
        |(commit, _)| short(commit).to_owned(),
    );
    Start {
        result: StartResult::Started,
        reason: None,
        status: Some(201),
        message: format!(
            "{shown} on {branch}: {url}\nit runs the head of {branch}, which may be newer than {than}"
        ),
        number,
        url: Some(url),
    }
}

/// Nothing says what came of it.
pub(super) fn unknown(why: &str, status: Option<u16>, url: Option<String>) -> Start {
    let shown = url.clone().unwrap_or_default();
    Start {
        result: StartResult::Unknown,
        reason: None,
        status,
        message: format!(
            "not known whether it started ({why}); look before you start another: {shown}"
        ),
        number: None,
        url,
    }
}

/// Nothing is started for this reason.
pub(super) fn refused(why: Why) -> Start {
    refused_for(why.as_str(), why.refusal())
}

fn refused_for(code: &'static str, why: &str) -> Start {
    Start {
        result: StartResult::Refused,
        reason: Some(code),
        status: None,
        message: format!("refused: {code}: {why}"),
        number: None,
        url: None,
    }
}
