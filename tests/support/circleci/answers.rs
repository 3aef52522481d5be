//! The project of the stand-in: what its API answers, in CircleCI's form.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Asked;

/// The number after which ids are made.
pub fn uuid(number: u64) -> String {
    format!("{number:08x}-0a1b-4c2d-8e3f-000000000000")
}

/// A pipeline of `commit` on `branch`.
pub fn pipeline(number: u64, state: &str, commit: &str, branch: &str) -> Value {
    let url = "https://github.com/keepkey/support-email";
    json!({
        "id": uuid(number),
        "number": number,
        "project_slug": "gh/keepkey/support-email",
        "state": state,
        "errors": [],
        "created_at": "2026-01-01T10:00:00.000Z",
        "updated_at": "2026-01-01T10:00:00.000Z",
        "trigger": {
            "type": "webhook",
            "received_at": "2026-01-01T10:00:00.000Z",
            "actor": { "login": "ana", "avatar_url": null },
        },
        "vcs": {
            "provider_name": "GitHub",
            "origin_repository_url": url,
            "target_repository_url": url,
            "revision": commit,
            "branch": branch,
            "commit": { "subject": "Change it", "body": "" },
        },
    })
}

/// A workflow.
pub fn workflow(number: u64, name: &str, status: &str) -> Value {
    json!({
        "id": uuid(number),
        "name": name,
        "status": status,
        "pipeline_id": uuid(1284),
        "pipeline_number": 1284,
        "project_slug": "gh/keepkey/support-email",
        "started_by": uuid(1),
        "created_at": format!("2026-01-01T10:00:{:02}Z", number % 60),
        "stopped_at": null,
    })
}

/// A job that waits for these others.
pub fn job(number: u64, name: &str, status: &str, dependencies: &[u64]) -> Value {
    let never_ran = matches!(status, "blocked" | "not_run" | "unauthorized" | "on_hold");
    let dependencies: Vec<_> = dependencies.iter().map(|number| uuid(*number)).collect();
    let mut job = json!({
        "id": uuid(number),
        "name": name,
        "status": status,
        "type": if status == "on_hold" { "approval" } else { "build" },
        "project_slug": "gh/keepkey/support-email",
        "dependencies": dependencies,
        "started_at": if never_ran { Value::Null } else { json!("2026-01-01T10:00:10Z") },
        "stopped_at": null,
    });
    if !never_ran {
        job["job_number"] = json!(number);
    }
    job
}

/// What the project holds. Lists are answered in pages.
#[derive(Clone, Debug)]
pub struct World {
    /// The slug's path, as it is asked for.
    pub slug: String,
    /// The default branch.
    pub default_branch: String,
    /// The pipelines of the branch.
    pub pipelines: Vec<Value>,
    /// The workflows of every pipeline.
    pub workflows: Vec<Value>,
    /// The jobs of each workflow, by its number; of all others, those of 0.
    pub jobs: BTreeMap<u64, Vec<Value>>,
    /// The contexts of a job.
    pub contexts: Vec<String>,
    /// The tests of a job.
    pub tests: Vec<Value>,
    /// The compiled configuration.
    pub compiled: Option<String>,
    /// The pipeline definitions, as (number, provider).
    pub definitions: Vec<(u64, &'static str)>,
    /// The triggers of each definition, as (disabled, preset).
    pub triggers: Vec<(bool, &'static str)>,
    /// The answer to a start: 201, or 200 with a message.
    pub start: u16,
    /// Whether it knows the newer address that starts pipelines.
    pub knows_run: bool,
    /// How many items a page has.
    pub page: usize,
}

impl Default for World {
    fn default() -> Self {
        Self {
            slug: "gh/keepkey/support-email".to_owned(),
            default_branch: "develop".to_owned(),
            pipelines: Vec::new(),
            workflows: vec![workflow(2, "develop", "failed")],
            jobs: BTreeMap::new(),
            contexts: Vec::new(),
            tests: Vec::new(),
            compiled: None,
            definitions: vec![(77, "github_oauth")],
            triggers: Vec::new(),
            start: 201,
            knows_run: true,
            page: 20,
        }
    }
}

impl World {
    /// The answer to a GET; `None`: not found.
    pub(super) fn get(&self, target: &str) -> Option<Value> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.strip_prefix("/api/v2/")?;
        let token = query.split('&').find_map(|pair| pair.strip_prefix("page-token="));
        if let Some(rest) = path.strip_prefix("project/") {
            let rest = rest.strip_prefix(&self.slug)?;
            return match rest.split('/').collect::<Vec<_>>().as_slice() {
                [""] => Some(self.project()),
                ["", "pipeline"] => Some(self.paged(&self.pipelines, token)),
                ["", "job", number] => Some(self.job(number.parse().ok()?)),
                ["", _, "tests"] => Some(self.paged(&self.tests, token)),
                _ => None,
            };
        }
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["pipeline", _, "workflow"] => Some(self.paged(&self.workflows, token)),
            ["pipeline", _, "config"] => {
                let compiled = self.compiled.as_ref()?;
                Some(json!({ "source": "version: 2.1\n", "compiled": compiled }))
            }
            ["workflow", id, "job"] => {
                let of_workflow = self.jobs.iter().find(|(number, _)| uuid(**number) == *id);
                let jobs = of_workflow.map(|(_, jobs)| jobs).or_else(|| self.jobs.get(&0));
                Some(self.paged(jobs.map_or(&[], Vec::as_slice), token))
            }
            ["projects", _, "pipeline-definitions"] => Some(self.definitions()),
            ["projects", _, "pipeline-definitions", _, "triggers"] => Some(self.triggers()),
            _ => None,
        }
    }

    /// The answer to a POST; `None`: not found.
    pub(super) fn post(&self, target: &str, asked: &Asked) -> Option<(u16, Value)> {
        let rest = target.strip_prefix("/api/v2/project/")?;
        let (slug, _) = rest.split_once("/pipeline")?;
        let is_short = ["gh/", "bb/", "circleci/"].iter().any(|short| slug.starts_with(short));
        let is_run = target.ends_with("/pipeline/run");
        if !is_short || is_run && !self.knows_run || !is_run && !target.ends_with("/pipeline") {
            return None;
        }
        // Without the type, the body is dropped.
        if asked.header("content-type") != Some("application/json") {
            return Some((400, json!({ "message": "no body" })));
        }
        Some(match self.start {
            200 => (200, json!({ "message": "Ignoring pipeline due to CI skip in the commit" })),
            status => (
                status,
                json!({
                    "id": uuid(1285),
                    "number": 1285,
                    "state": "pending",
                    "created_at": "2026-01-01T11:00:00Z",
                }),
            ),
        })
    }

    fn project(&self) -> Value {
        json!({
            "id": uuid(5),
            "slug": self.slug,
            "name": "support-email",
            "organization_name": "keepkey",
            "organization_slug": "gh/keepkey",
            "organization_id": uuid(6),
            "vcs_info": {
                "vcs_url": "https://github.com/keepkey/support-email",
                "provider": "GitHub",
                "default_branch": self.default_branch,
            },
        })
    }

    fn paged(&self, items: &[Value], token: Option<&str>) -> Value {
        let from: usize = token.and_then(|token| token.parse().ok()).unwrap_or(0);
        let to = (from + self.page).min(items.len());
        let next = (to < items.len()).then(|| to.to_string());
        json!({ "items": items[from.min(to)..to], "next_page_token": next })
    }

    fn job(&self, number: u64) -> Value {
        let named = self.jobs.values().flatten().find(|job| job["job_number"] == number);
        let contexts: Vec<_> = self.contexts.iter().map(|name| json!({ "name": name })).collect();
        json!({
            "web_url": "https://evil.example/steal",
            "number": number,
            "name": named.map_or("push", |job| job["name"].as_str().unwrap_or_default()),
            "status": named.map_or("failed", |job| job["status"].as_str().unwrap_or_default()),
            "started_at": "2026-01-01T10:00:10Z",
            "created_at": "2026-01-01T10:00:00Z",
            "queued_at": "2026-01-01T10:00:00Z",
            "duration": 150_000,
            "executor": { "resource_class": "medium" },
            "project": {
                "id": uuid(5),
                "slug": self.slug,
                "name": "support-email",
                "external_url": "https://github.com/keepkey/support-email",
            },
            "organization": { "name": "keepkey" },
            "contexts": contexts,
            "parallel_runs": [],
            "latest_workflow": { "id": uuid(2), "name": "develop" },
            "pipeline": { "id": uuid(1284) },
            "parallelism": 1,
            "messages": [],
        })
    }

    fn definitions(&self) -> Value {
        let definition = |(number, provider): &(u64, &str)| {
            json!({
                "id": uuid(*number),
                "name": format!("build-{number}"),
                "config_source": { "provider": provider, "file_path": ".circleci/config.yml" },
            })
        };
        json!({ "items": self.definitions.iter().map(definition).collect::<Vec<_>>() })
    }

    fn triggers(&self) -> Value {
        let trigger = |(disabled, preset): &(bool, &str)| {
            json!({
                "id": uuid(9),
                "disabled": disabled,
                "event_preset": preset,
                "event_source": { "provider": "github_app" },
            })
        };
        json!({ "items": self.triggers.iter().map(trigger).collect::<Vec<_>>() })
    }
}
