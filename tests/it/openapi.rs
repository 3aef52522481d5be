//! The stand-in's API against DigitalOcean's published `OpenAPI` description, and against the bodies that
//! the live service was seen to send.
//!
//! Both are data that is not part of the project: without it the test says so and proves nothing.

use serde_json::{Value, json};

use crate::stand_in::{Image, Index, Lie, Origin, Route, StandIn, bodies, verbatim};
use crate::support::{could_not_run, shared_data};

/// DigitalOcean's description, where it is.
fn description() -> Option<Value> {
    let path = shared_data("digitalocean-openapi/registry.bundled.yaml")?;
    Some(serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

/// The schema that the description has for an answer, as JSON Schema understands it.
fn schema(description: &Value, path: &str, status: u16) -> Value {
    let answers = &description["paths"][path]["get"]["responses"];
    assert!(answers.is_object(), "the description has no `GET {path}`");
    let answer = &answers[status.to_string()];
    let mut schema = answer["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "the description has no {status} for `GET {path}`");
    translate(&mut schema);
    schema
}

/// `OpenAPI` 3.0 is not quite JSON Schema. `nullable` becomes a type. A `oneOf` in which every member has
/// only optional properties is true of several at once, which nobody meant: it becomes an `anyOf`.
fn translate(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.remove("nullable") == Some(json!(true))
            && let Some(kind) = object.get("type").cloned()
        {
            object.insert("type".to_owned(), json!([kind, "null"]));
        }
        object.remove("example");
        if let Some(members) = object.remove("oneOf") {
            object.insert("anyOf".to_owned(), members);
        }
    }
    match schema {
        Value::Object(object) => object.values_mut().for_each(translate),
        Value::Array(items) => items.iter_mut().for_each(translate),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a body has and the description does not speak of: a name that was misspelt would be such a one,
/// since nothing is required.
fn unknown_fields(schema: &Value, body: &Value, place: &str, known: &[&str]) -> Vec<String> {
    match body {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let place = format!("{place}.{name}");
                match property(schema, name) {
                    Some(schema) => unknown_fields(&schema, value, &place, known),
                    None if known.contains(&place.as_str()) => Vec::new(),
                    None => vec![place],
                }
            })
            .collect(),
        Value::Array(items) => {
            let schema = property(schema, "[]").unwrap_or_default();
            let place = format!("{place}[]");
            items.iter().flat_map(|item| unknown_fields(&schema, item, &place, known)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Everything that a schema says of a property (`[]`: of the items), all its branches together.
fn property(schema: &Value, name: &str) -> Option<Value> {
    let mut found = Vec::new();
    let own = if name == "[]" { &schema["items"] } else { &schema["properties"][name] };
    if own.is_object() {
        found.push(own.clone());
    }
    for branch in ["allOf", "anyOf"] {
        let members = schema[branch].as_array().into_iter().flatten();
        found.extend(members.filter_map(|member| property(member, name)));
    }
    (!found.is_empty()).then(|| json!({ "anyOf": found }))
}

/// Asks the stand-in's API with its token.
async fn ask(stand_in: &StandIn, path: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let url = format!("{}{path}", stand_in.url(Origin::Api));
    let answer = client.get(url).bearer_auth(stand_in.token()).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
}

fn filled() -> StandIn {
    let stand_in = StandIn::honest();
    let image = Image::node_on_alpine();
    for tag in ["latest-dev", "older", "oldest"] {
        stand_in.image("keepkey/support-email", tag, image.clone());
    }
    stand_in.image("keepkey/team/web", "latest-dev", Index::of_two_platforms(&image));
    stand_in.empty_repository("keepkey/empty");
    stand_in
}

#[tokio::test]
async fn the_api_keeps_to_the_published_description() {
    let Some(description) = description() else {
        let why = "DigitalOcean's OpenAPI description is not here (SHARED_DATA names its folder)";
        return could_not_run("the_api_keeps_to_the_published_description", why);
    };
    let stand_in = filled();
    let registry = "/v2/registries/{registry_name}";
    let (tags, digests) =
        ("/repositories/{repository_name}/tags", "/repositories/{repository_name}/digests");
    let collecting = filled();
    collecting.collects_garbage("requested");
    for (stand_in, asked, path, status) in [
        (&stand_in, "", String::new(), 200),
        (&stand_in, "/keepkey", registry.to_owned(), 200),
        (&stand_in, "/keepr", registry.to_owned(), 404),
        (&stand_in, "/keepkey/repositoriesV2", format!("{registry}/repositoriesV2"), 200),
        (
            &stand_in,
            "/keepkey/repositoriesV2?per_page=1&page=2",
            format!("{registry}/repositoriesV2"),
            200,
        ),
        (&stand_in, "/keepkey/repositories/support-email/tags", format!("{registry}{tags}"), 200),
        (
            &stand_in,
            "/keepkey/repositories/support-email/tags?per_page=1&page=2",
            format!("{registry}{tags}"),
            200,
        ),
        (&stand_in, "/keepkey/repositories/team%2Fweb/tags", format!("{registry}{tags}"), 200),
        (&stand_in, "/keepkey/repositories/nope/tags", format!("{registry}{tags}"), 404),
        (
            &stand_in,
            "/keepkey/repositories/team%2Fweb/digests",
            format!("{registry}{digests}"),
            200,
        ),
        (&stand_in, "/keepkey/garbage-collection", format!("{registry}/garbage-collection"), 404),
        (&collecting, "/keepkey/garbage-collection", format!("{registry}/garbage-collection"), 200),
    ] {
        let path = if path.is_empty() { "/v2/registries".to_owned() } else { path };
        let schema = schema(&description, &path, status);
        let (said, headers, body) = ask(stand_in, &format!("/v2/registries{asked}")).await;
        assert_eq!(said, status, "{asked}: {body}");
        for header in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
            assert!(headers.contains_key(header), "{asked} has no {header}");
        }
        let body = serde_json::from_str(&body).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{asked}: {errors:#?}\n{body:#}");
        // What the live service sends beyond its description, as clients were seen to receive it.
        let known = [
            ".registry.read_only",
            ".registries[].read_only",
            ".total_storage_usage_bytes",
            ".garbage_collection.type",
        ];
        let unknown = unknown_fields(&schema, &body, "", &known);
        assert!(unknown.is_empty(), "{asked} has fields that are in no description: {unknown:?}");
    }
}

#[tokio::test]
async fn the_check_against_the_description_can_fail() {
    let Some(description) = description() else {
        let why = "DigitalOcean's OpenAPI description is not here (SHARED_DATA names its folder)";
        return could_not_run("the_check_against_the_description_can_fail", why);
    };
    let path = "/v2/registries/{registry_name}/repositories/{repository_name}/tags";
    let schema = schema(&description, path, 200);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let tag =
        |field: &str, value: Value| json!({ "tags": [{ field: value }], "meta": { "total": 1 } });
    assert!(validator.is_valid(&tag("size_bytes", json!(1))));
    assert!(!validator.is_valid(&tag("size_bytes", json!("1"))));
    let misspelt = tag("compressed_size_byte", json!(1));
    assert!(validator.is_valid(&misspelt), "nothing is required, so a misspelling is valid");
    assert_eq!(unknown_fields(&schema, &misspelt, "", &[]), [".tags[].compressed_size_byte"]);
}

#[tokio::test]
async fn errors_are_the_ones_that_were_observed() {
    let Some(folder) = shared_data("digitalocean-examples/observed") else {
        let why = "the observed answers are not here (SHARED_DATA names their folder)";
        return could_not_run("errors_are_the_ones_that_were_observed", why);
    };
    let observed =
        |name: &str| std::fs::read_to_string(folder.join(name)).unwrap().trim_end().to_owned();
    let stand_in = filled();
    for (file, status, path) in [
        ("api_404_registry.json", 404, "/v2/registries/keepr"),
        ("api_404_repository.json", 404, "/v2/registries/keepkey/repositories/nope/tags"),
        ("api_404_gateway.json", 404, "/v2/registries/keepkey/repositories/a/b/tags"),
        ("api_412_multi_registry.json", 412, "/v2/registry"),
    ] {
        let (said, headers, body) = ask(&stand_in, path).await;
        assert_eq!((said, body), (status, observed(file)), "{path}");
        assert_eq!(headers.contains_key("x-request-id"), file != "api_404_gateway.json", "{path}");
    }
    let (status, _, body) =
        ask(&stand_in, "/v2/registry/auth?scope=repository:keepkey/a:pull").await;
    assert_eq!((status, body), (401, observed("auth_401.json")));
    stand_in.lie(Route::ApiRegistries.first(1), Lie::Answer(verbatim(401, bodies::API_401)));
    assert_eq!(ask(&stand_in, "/v2/registries").await.2, observed("api_401.json"));
    stand_in.lie(Route::ApiRegistries, Lie::Answer(verbatim(403, bodies::API_403)));
    assert_eq!(ask(&stand_in, "/v2/registries").await.2, observed("api_403_scope.json"));
}
