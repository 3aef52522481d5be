//! DigitalOcean's API: registries, repositories, tags, digests, garbage collection, and the token endpoint.
//!
//! Bodies are those of the published `OpenAPI` description and of what clients were seen to receive.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use super::answer::Answer;
use super::route::{Target, query_values};
use super::store::Store;
use super::token::Access;
use super::{Ask, Auth, Shared};

const REQUEST_ID: &str = "590ec101-96ef-4dda-a4f3-80ae5cf0409a";

/// The bodies of errors as the live service was seen to send them.
pub mod bodies {
    /// The API's 401.
    pub const API_401: &str = r#"{"id":"unauthorized","message":"Unable to authenticate you"}"#;
    /// The API's 403 for a token that lacks a scope.
    pub const API_403: &str =
        r#"{"id":"forbidden","message":"you do not have access for the attempted action"}"#;
    /// The edge gateway's 404, which comes without a request id.
    pub const GATEWAY_404: &str =
        r#"{"id":"not_found","message":"Your request could not be routed."}"#;
    /// The API's 404 for a registry that the token does not have.
    pub const REGISTRY_404: &str = r#"{"id":"not_found","message":"registry does not exist","request_id":"00000000-0000-4000-8000-000000000000"}"#;
    /// The API's 404 for a repository.
    pub const REPOSITORY_404: &str = r#"{"id":"not_found","message":"repository not found","request_id":"590ec101-96ef-4dda-a4f3-80ae5cf0409a"}"#;
    /// The old path's 412 for an account with several registries.
    pub const LEGACY_412: &str = r#"{"id":"precondition_failed","message":"This API is not supported if you have created multiple registries. Please use ‘/v2/registries/{registry_name}’ instead. Refer to https://docs.digitalocean.com/reference/api/digitalocean/#tag/Container-Registry for more info.","request_id":"42bb32c0-4e3e-43cd-907e-c1355436d621"}"#;
    /// The token endpoint's 401, odd spacing and capital letter included.
    pub const TOKEN_401: &str =
        r#"{"id": "Unauthorized", "message": "Unable to authenticate you" }"#;
}

/// A JSON body as it is written, from the service behind the gateway.
pub fn verbatim(status: u16, body: &str) -> Answer {
    Answer::new(status)
        .header("content-type", "application/json; charset=utf-8")
        .bytes(body.to_owned())
}

/// The gateway's 404.
pub fn gateway_404() -> Answer {
    verbatim(404, bodies::GATEWAY_404).header("x-response-from", "Edge-Gateway")
}

pub(super) fn answer(shared: &Shared, ask: &Ask) -> Answer {
    if ask.target == Target::Token {
        return token(shared, ask);
    }
    if ask.target == Target::Unknown {
        return gateway_404();
    }
    let answer =
        if ask.authorization.as_deref() == Some(&format!("Bearer {}", shared.options.token)) {
            asked(shared, ask)
        } else {
            verbatim(401, bodies::API_401)
        };
    answer
        .header("ratelimit-limit", "5000")
        .header("ratelimit-remaining", "4816")
        .header("ratelimit-reset", "1444931833")
        .header("x-request-id", REQUEST_ID)
        .header("x-response-from", "service")
}

fn asked(shared: &Shared, ask: &Ask) -> Answer {
    let store = shared.store();
    if ask.method != Method::GET {
        return verbatim(405, r#"{"id":"method_not_allowed","message":"Method not allowed."}"#);
    }
    let known = |registry: &str| shared.options.registries.iter().any(|name| name == registry);
    match &ask.target {
        Target::LegacyRegistry => verbatim(412, bodies::LEGACY_412),
        Target::ApiRegistries => {
            let list: Vec<_> =
                shared.options.registries.iter().map(|name| registry(&store, name)).collect();
            Answer::json(
                200,
                &json!({ "registries": list, "total_storage_usage_bytes": 29_393_920 }),
            )
        }
        Target::ApiRegistry(name)
        | Target::ApiRepositories(name)
        | Target::ApiTags(name, _)
        | Target::ApiDigests(name, _)
        | Target::ApiGc(name)
            if !known(name) =>
        {
            verbatim(404, bodies::REGISTRY_404)
        }
        Target::ApiRegistry(name) => {
            Answer::json(200, &json!({ "registry": registry(&store, name) }))
        }
        Target::ApiRepositories(name) => {
            let prefix = format!("{name}/");
            let names = store.repositories.keys().filter(|key| key.starts_with(&prefix));
            let visible = names.filter(|key| !store.api.hidden.contains(*key));
            let list = visible.map(|full| repository(&store, name, full)).collect();
            page(shared, ask, "repositories", list)
        }
        Target::ApiTags(name, repository) => tags(shared, ask, &store, name, repository),
        Target::ApiDigests(name, repository) => digests(shared, ask, &store, name, repository),
        Target::ApiGc(name) => collecting(&store, name),
        Target::Token
        | Target::Ping
        | Target::Manifest { .. }
        | Target::Blob { .. }
        | Target::TagsList(_)
        | Target::Upload { .. }
        | Target::Stored(_)
        | Target::Unknown => gateway_404(),
    }
}

fn registry(store: &Store, name: &str) -> Value {
    json!({
        "name": name,
        "created_at": "2020-03-21T16:02:37Z",
        "region": "fra1",
        "storage_usage_bytes": 29_393_920,
        "storage_usage_bytes_updated_at": "2020-11-04T21:39:49.530562231Z",
        "read_only": store.api.read_only,
    })
}

fn repository(store: &Store, registry: &str, full: &str) -> Value {
    let short = full.strip_prefix(&format!("{registry}/")).unwrap_or(full);
    let held = store.repositories.get(full);
    let mut value = json!({
        "registry_name": registry,
        "name": short,
        "tag_count": store.listed_tags(full).unwrap_or_default().len(),
        "manifest_count": held.map_or(0, |held| held.manifests.len()),
    });
    if let Some(digest) = held.and_then(|held| held.manifests.keys().next()) {
        value["latest_manifest"] = manifest(store, registry, short, digest);
    }
    value
}

fn manifest(store: &Store, registry: &str, short: &str, digest: &str) -> Value {
    let full = format!("{registry}/{short}");
    let tags = store.listed_tags(&full).unwrap_or_default();
    let tags: Vec<_> =
        tags.iter().filter(|(_, named)| named == digest).map(|(tag, _)| tag).collect();
    let blobs = store.referenced(&full, digest);
    let blobs: Vec<_> = blobs
        .iter()
        .map(|(digest, size)| json!({ "digest": digest, "compressed_size_bytes": size }))
        .collect();
    json!({
        "registry_name": registry,
        "repository": short,
        "digest": digest,
        "compressed_size_bytes": store.compressed_size(&full, digest),
        "size_bytes": store.compressed_size(&full, digest) * 2,
        "updated_at": "2026-11-03T08:16:02Z",
        "tags": tags,
        "blobs": blobs,
    })
}

fn tags(shared: &Shared, ask: &Ask, store: &Store, registry: &str, repository: &str) -> Answer {
    let full = format!("{registry}/{repository}");
    let Some(tags) = store.listed_tags(&full) else {
        return verbatim(404, bodies::REPOSITORY_404);
    };
    let entry = |(tag, digest): &(String, String)| {
        let size = store.compressed_size(&full, digest);
        json!({
            "registry_name": registry,
            "repository": repository,
            "tag": tag,
            "manifest_digest": digest,
            "compressed_size_bytes": size,
            "size_bytes": size * 2,
            "updated_at": "2026-11-03T08:16:02Z",
        })
    };
    page(shared, ask, "tags", tags.iter().map(entry).collect())
}

fn digests(shared: &Shared, ask: &Ask, store: &Store, registry: &str, repository: &str) -> Answer {
    let full = format!("{registry}/{repository}");
    match store.repositories.get(&full) {
        Some(held) if !store.api.hidden.contains(&full) => {
            let digests = held.manifests.keys();
            let list =
                digests.map(|digest| manifest(store, registry, repository, digest)).collect();
            page(shared, ask, "manifests", list)
        }
        Some(_) | None => verbatim(404, bodies::REPOSITORY_404),
    }
}

fn collecting(store: &Store, registry: &str) -> Answer {
    let Some(status) = &store.api.collecting else {
        let body =
            r#"{"id":"not_found","message":"The resource you requested could not be found."}"#;
        return verbatim(404, body);
    };
    Answer::json(
        200,
        &json!({ "garbage_collection": {
            "uuid": "eff0feee-49c7-4e8f-ba5c-a320c109c8a8",
            "registry_name": registry,
            "status": status,
            "type": "untagged manifests and unreferenced blobs",
            "created_at": "2026-11-03T08:10:00Z",
            "updated_at": "2026-11-03T08:12:00Z",
            "blobs_deleted": 42,
            "freed_bytes": 667,
        } }),
    )
}

/// One page of a list. The links name the old path, as the live service's do.
fn page(shared: &Shared, ask: &Ask, key: &str, items: Vec<Value>) -> Answer {
    let number = |name: &str| query_values(&ask.query, name).first()?.parse::<usize>().ok();
    let size = number("per_page").unwrap_or(20).clamp(1, 200);
    let current = number("page").unwrap_or(1).max(1);
    let total = items.len();
    let last = total.div_ceil(size).max(1);
    let path = ask.path.replacen("/v2/registries/", "/v2/registry/", 1);
    let base = shared.url(super::Origin::Api);
    let link = |page: usize| json!(format!("{base}{path}?page={page}&per_page={size}"));
    let mut pages = json!({});
    if current > 1 {
        pages["first"] = link(1);
        pages["prev"] = link(current - 1);
    }
    if current < last {
        pages["next"] = link(current + 1);
        pages["last"] = link(last);
    }
    let links = if last == 1 { json!({}) } else { json!({ "pages": pages }) };
    let items: Vec<_> = items.into_iter().skip((current - 1) * size).take(size).collect();
    Answer::json(200, &json!({ key: items, "meta": { "total": total }, "links": links }))
}

/// The token endpoint: Basic credentials with the API token as password, any user name; GET only.
pub(super) fn token(shared: &Shared, ask: &Ask) -> Answer {
    if ask.method != Method::GET {
        return verbatim(405, r#"{"id":"method_not_allowed","message":"Method not allowed."}"#)
            .header("allow", "GET");
    }
    let known = basic_user(ask.authorization.as_deref(), &shared.options.token);
    let anonymous = shared.options.auth == Auth::Anonymous && ask.authorization.is_none();
    let user = match known {
        Some(user) => user,
        None if anonymous => String::new(),
        None => return verbatim(401, bodies::TOKEN_401),
    };
    let mut access = Access::new();
    for scope in query_values(&ask.query, "scope").iter().flat_map(|scope| scope.split(' ')) {
        let Some((name, actions)) =
            scope.strip_prefix("repository:").and_then(|rest| rest.rsplit_once(':'))
        else {
            return verbatim(400, r#"{"id":"bad_request","message":"Bad Request"}"#);
        };
        let Some((registry, _)) = name.split_once('/') else {
            return verbatim(400, r#"{"id":"bad_request","message":"Bad Request"}"#);
        };
        let own = shared.options.registries.iter().any(|known| known == registry);
        let granted = actions.split(',').filter(|action| {
            let pushes = *action == "push" && shared.options.writable && !anonymous;
            own && (*action == "pull" || pushes)
        });
        access.insert(name.to_owned(), granted.map(str::to_owned).collect());
    }
    // docker and skopeo say whom the token is for; nobody else does.
    let account = query_values(&ask.query, "account").into_iter().next().unwrap_or(user);
    // Where the user name is the API token too, the service has its own name for the account: what it
    // gives out holds nothing of it.
    let account = if account == shared.options.token { "account".to_owned() } else { account };
    let token = shared.issuer.issue(&account, access, super::seconds_since_1970());
    let mut body = json!({ "token": token });
    if query_values(&ask.query, "offline_token") == ["true"] {
        body["refresh_token"] = json!("none-is-given-out");
    }
    Answer::json(200, &body)
}

/// The user name of good Basic credentials.
pub(super) fn basic_user(authorization: Option<&str>, token: &str) -> Option<String> {
    let encoded = authorization?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    (!user.is_empty() && password == token).then(|| user.to_owned())
}
