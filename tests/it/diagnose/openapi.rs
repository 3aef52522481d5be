//! Every request to CircleCI, and every answer of its stand-in, against CircleCI's published `OpenAPI` description.
//!
//! The description is data that is not part of the project: without it the test says so and proves nothing.

use regex_lite::Regex;
use serde_json::{Value, json};

use super::{gate, registry, world};
use crate::circleci::{Asked, CircleCi};
use crate::support::{could_not_run, shared_data};

fn description() -> Option<Value> {
    let text = std::fs::read_to_string(shared_data("circleci-openapi/openapi.json")?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Asserts that the description knows what the stand-in was asked, and what it answered honestly.
pub(super) fn assert_described(circleci: &CircleCi) {
    let Some(description) = description() else { return };
    for asked in circleci.log() {
        let mistakes = mistakes(&description, &asked);
        assert!(mistakes.is_empty(), "{}: {mistakes:#?}\n{}", asked.line(), asked.answer);
    }
}

fn mistakes(description: &Value, asked: &Asked) -> Vec<String> {
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let method = asked.method.to_ascii_lowercase();
    let Some((template, operation)) = operation(description, path, &method) else {
        return vec!["there is no such address".to_owned()];
    };
    let mut mistakes = Vec::new();
    let schemes = description["components"]["securitySchemes"].as_object().unwrap();
    let is_known = |name: &str| {
        schemes.values().any(|scheme| {
            scheme["in"] == "header" && scheme["name"].as_str().unwrap().eq_ignore_ascii_case(name)
        })
    };
    if !is_known("circle-token") || asked.header("circle-token").is_none() {
        mistakes.push("no token in a header of its own".to_owned());
    }
    // The job list takes `page-token` in life, and the description names it in its links alone.
    let is_also = |name: &str| template == "/workflow/{id}/job" && name == "page-token";
    let parameters = operation["parameters"].as_array();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let is_named = |parameter: &Value| parameter["in"] == "query" && parameter["name"] == name;
        if !parameters.is_some_and(|all| all.iter().any(is_named)) && !is_also(name) {
            mistakes.push(format!("no query parameter `{name}`"));
        }
    }
    if method == "post" {
        if asked.header("content-type") != Some("application/json") {
            mistakes.push("a body without its type".to_owned());
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        mistakes.extend(invalid(description, schema, &asked.body, "body"));
    }
    if let Some(status) = asked.status.filter(|_| asked.is_honest) {
        let answers = &operation["responses"];
        let answer = answers.get(status.to_string()).or_else(|| answers.get("default"));
        // Errors are components, with a message each.
        if let Some(answer) = answer.filter(|answer| answer.get("$ref").is_none()) {
            let schema = &answer["content"]["application/json"]["schema"];
            mistakes.extend(invalid(description, schema, &asked.answer, "answer"));
        }
    }
    mistakes
}

/// The operation that an address stands for.
fn operation<'d>(description: &'d Value, path: &str, method: &str) -> Option<(&'d str, &'d Value)> {
    let path = path.strip_prefix("/api/v2")?;
    let mut found: Vec<(&str, &Value)> = description["paths"]
        .as_object()?
        .iter()
        .filter(|(template, _)| {
            let pattern = template.split('/').map(|segment| match segment {
                "{project-slug}" => "[^/]+/[^/]+/[^/]+",
                placeholder if placeholder.starts_with('{') => "[^/]+",
                literal => literal,
            });
            let pattern = pattern.collect::<Vec<_>>().join("/");
            Regex::new(&format!("^{pattern}$")).unwrap().is_match(path)
        })
        .filter_map(|(template, methods)| Some((template.as_str(), methods.get(method)?)))
        .collect();
    // The one with the fewest placeholders is meant.
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.into_iter().next()
}

fn invalid(description: &Value, schema: &Value, body: &str, what: &str) -> Vec<String> {
    if !schema.is_object() {
        return vec![format!("no schema of the {what}")];
    }
    let mut whole = json!({ "allOf": [schema], "components": description["components"] });
    translate(&mut whole, "");
    let Ok(body) = serde_json::from_str(body) else { return vec![format!("{what}: no JSON")] };
    let validator = jsonschema::validator_for(&whole).unwrap();
    validator.iter_errors(&body).map(|error| format!("{what}: {error}")).collect()
}

/// `OpenAPI` 3.0 is not quite JSON Schema: what may be null becomes a type. A job's `started_at` is null in life, too.
fn translate(schema: &mut Value, name: &str) {
    if let Some(object) = schema.as_object_mut() {
        let marks = [object.remove("x-nullable"), object.remove("nullable")];
        let is_null = marks.contains(&Some(json!(true))) || name == "started_at";
        if is_null && let Some(kind) = object.get("type").filter(|kind| kind.is_string()).cloned() {
            object.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.push(Value::Null);
            }
        }
        object.remove("example");
        for (name, value) in object.iter_mut() {
            translate(value, name);
        }
    } else if let Some(items) = schema.as_array_mut() {
        for item in items {
            translate(item, "");
        }
    }
}

#[test]
fn requests_and_answers_keep_to_the_published_description() {
    if description().is_none() {
        let why = "CircleCI's OpenAPI description is not here (SHARED_DATA names its folder)";
        return could_not_run("requests_and_answers_keep_to_the_published_description", why);
    }
    // The runs of the other tests are compared, too; here is that a comparison can fail.
    let (registry, circleci) = (registry(), CircleCi::start(world()));
    gate(&registry, &circleci).run();
    assert_described(&circleci);
    let description = description().unwrap();
    let log = circleci.log();
    let of = |part: &str| log.iter().find(|asked| asked.target.contains(part)).unwrap().clone();
    let list = of("/pipeline?branch");
    let broken = [
        Asked {
            target: "/api/v2/project/gh%2Fkeepkey%2Fsupport-email/pipeline".into(),
            ..list.clone()
        },
        Asked { target: format!("{}&page=2", list.target), ..list.clone() },
        Asked { method: "PUT".into(), ..list.clone() },
        Asked { headers: Vec::new(), ..list.clone() },
        Asked { answer: list.answer.replace("\"created\"", "\"create\""), ..list.clone() },
        Asked { answer: list.answer.replace("\"next_page_token\"", "\"next\""), ..list },
    ];
    for broken in broken {
        assert_ne!(mistakes(&description, &broken), Vec::<String>::new(), "{}", broken.line());
    }
}
