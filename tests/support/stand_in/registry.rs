//! The registry and its object storage: the distribution specification's pull side.
//!
//! Blobs are redirected to the storage by an address with a signature that holds for one method, and the
//! storage refuses every request that brings credentials, as S3-like storages do.

use std::fmt::Write as _;

use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::answer::Answer;
use super::route::{Origin, Target, query_values};
use super::store::{StoredManifest, digest_of};
use super::token::SERVICE;
use super::{Ask, Auth, Shared, api, push};

pub(super) fn answer(shared: &Shared, ask: &Ask) -> Answer {
    let answer = match &ask.target {
        Target::Stored(digest) => return stored(shared, ask, digest),
        Target::Token => return api::token(shared, ask),
        Target::Ping => match allowed(shared, ask, None) {
            Ok(()) => Answer::json(200, &json!({})),
            Err(refusal) => refusal,
        },
        Target::Manifest { repository, .. }
        | Target::Blob { repository, .. }
        | Target::Upload { repository, .. }
        | Target::TagsList(repository) => {
            let reads = matches!(ask.method, Method::GET | Method::HEAD);
            let action = if reads { "pull" } else { "push" };
            match allowed(shared, ask, Some((repository, action))) {
                Ok(()) => asked(shared, ask, repository),
                Err(refusal) => refusal,
            }
        }
        Target::LegacyRegistry
        | Target::ApiRegistries
        | Target::ApiRegistry(_)
        | Target::ApiRepositories(_)
        | Target::ApiTags(..)
        | Target::ApiDigests(..)
        | Target::ApiGc(_)
        | Target::Unknown => Answer::new(404)
            .header("content-type", "text/plain; charset=utf-8")
            .bytes("404 page not found\n"),
    };
    answer.header("docker-distribution-api-version", "registry/2.0")
}

/// Whether the request may; else the refusal with the challenge.
fn allowed(shared: &Shared, ask: &Ask, wanted: Option<(&str, &str)>) -> Result<(), Answer> {
    if ask.origin == Origin::Elsewhere {
        return Ok(());
    }
    let authorization = ask.authorization.as_deref();
    match shared.options.auth {
        Auth::Nothing => Ok(()),
        Auth::Basic if api::basic_user(authorization, &shared.options.token).is_some() => Ok(()),
        Auth::Basic => {
            let refusal =
                Answer::oci_error(401, "UNAUTHORIZED", "authentication required", &Value::Null);
            Err(refusal.header("www-authenticate", "Basic realm=\"stand-in\""))
        }
        Auth::DigitalOcean | Auth::OwnHost | Auth::Anonymous => {
            let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
            bearer_allows(shared, bearer, wanted)
        }
    }
}

/// Whether the token allows it.
fn bearer_allows(
    shared: &Shared,
    bearer: Option<&str>,
    wanted: Option<(&str, &str)>,
) -> Result<(), Answer> {
    let access = bearer.and_then(|token| shared.issuer.access(token));
    let mut challenge = format!("Bearer realm=\"{}\",service=\"{SERVICE}\"", shared.realm());
    let mut detail = Value::Null;
    if let Some((repository, action)) = wanted {
        let granted = access.as_ref().and_then(|access| access.get(repository));
        if granted.is_some_and(|actions| actions.iter().any(|granted| granted == action)) {
            return Ok(());
        }
        let scope = if action == "push" { "pull,push" } else { "pull" };
        let _ = write!(challenge, ",scope=\"repository:{repository}:{scope}\"");
        detail =
            json!([{ "Type": "repository", "Class": "", "Name": repository, "Action": action }]);
    } else if access.is_some() {
        return Ok(());
    }
    match (bearer, access) {
        (Some(_), None) => challenge.push_str(",error=\"invalid_token\""),
        (Some(_), Some(_)) => challenge.push_str(",error=\"insufficient_scope\""),
        (None, _) => {}
    }
    let refusal = Answer::oci_error(401, "UNAUTHORIZED", "authentication required", &detail);
    Err(refusal.header("www-authenticate", &challenge))
}

fn asked(shared: &Shared, ask: &Ask, repository: &str) -> Answer {
    let reads = matches!(ask.method, Method::GET | Method::HEAD);
    if !reads {
        return push::answer(shared, ask);
    }
    let store = shared.store();
    let Some(held) = store.repositories.get(repository) else {
        let detail = json!({ "name": repository });
        return Answer::oci_error(
            404,
            "NAME_UNKNOWN",
            "repository name not known to registry",
            &detail,
        );
    };
    match &ask.target {
        Target::Manifest { reference, .. } => {
            if let Some(manifest) = store.manifest(repository, reference) {
                return manifest_answer(ask, manifest);
            }
            let detail = if reference.contains(':') {
                json!({ "Name": repository, "Revision": reference })
            } else {
                json!({ "Tag": reference })
            };
            Answer::oci_error(404, "MANIFEST_UNKNOWN", "manifest unknown", &detail)
        }
        Target::Blob { digest, .. } if !held.blobs.contains(digest) => blob_unknown(digest),
        Target::Blob { digest, .. } => blob(shared, ask, digest, store.blobs.get(digest)),
        Target::TagsList(_) => {
            let tags: Vec<_> = held.tags.keys().collect();
            Answer::json(200, &json!({ "name": repository, "tags": tags }))
        }
        Target::Upload { session: Some(session), .. } => push::progress(&store, ask, session),
        Target::Upload { session: None, .. }
        | Target::Token
        | Target::LegacyRegistry
        | Target::ApiRegistries
        | Target::ApiRegistry(_)
        | Target::ApiRepositories(_)
        | Target::ApiTags(..)
        | Target::ApiDigests(..)
        | Target::ApiGc(_)
        | Target::Ping
        | Target::Stored(_)
        | Target::Unknown => {
            Answer::oci_error(405, "UNSUPPORTED", "the operation is unsupported", &Value::Null)
        }
    }
}

/// A blob of the repository: where the storage has it, or its bytes.
fn blob(shared: &Shared, ask: &Ask, digest: &str, bytes: Option<&Bytes>) -> Answer {
    if shared.options.redirect_blobs {
        let location = storage_url(shared, ask.method.as_str(), digest);
        return Answer::new(307)
            .header("content-type", "application/octet-stream")
            .header("docker-content-digest", digest)
            .header("location", &location);
    }
    match bytes {
        Some(bytes) => ranged(ask.range.as_deref(), bytes).header("docker-content-digest", digest),
        None => blob_unknown(digest),
    }
}

/// A manifest, if the client says that it accepts its kind.
fn manifest_answer(ask: &Ask, manifest: &StoredManifest) -> Answer {
    let media_type = &manifest.media_type;
    let accepted = ask.accept.iter().flat_map(|value| value.split(','));
    let accepted: Vec<_> =
        accepted.map(|value| value.split(';').next().unwrap_or_default().trim()).collect();
    let kind = if media_type.contains("index") { "index" } else { "manifest" };
    if !accepted.iter().any(|value| value == media_type || *value == "*/*") {
        let said = format!("OCI {kind} found, but accept header does not support OCI {kind}es");
        let said = said.replace("manifestes", "manifests");
        return Answer::oci_error(404, "MANIFEST_UNKNOWN", &said, &Value::Null);
    }
    let digest = digest_of(&manifest.bytes);
    Answer::new(200)
        .header("content-type", media_type)
        .header("docker-content-digest", &digest)
        .header("etag", &format!("\"{digest}\""))
        .bytes(manifest.bytes.clone())
}

fn blob_unknown(digest: &str) -> Answer {
    Answer::oci_error(404, "BLOB_UNKNOWN", "blob unknown to registry", &json!(digest))
}

/// The address of a blob at the storage, signed for one method.
fn storage_url(shared: &Shared, method: &str, digest: &str) -> String {
    format!(
        "{}/registry-storage/{}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=DO00STANDIN%2F20261103%2Ffra1%2Fs3%2Faws4_request\
         &X-Amz-Date=20261103T081602Z&X-Amz-Expires=1200&X-Amz-SignedHeaders=host&X-Amz-Signature={}",
        shared.url(Origin::Storage),
        digest.replacen(':', "/", 1),
        signature(method, digest)
    )
}

fn signature(method: &str, digest: &str) -> String {
    digest_of(format!("{method} {digest}").as_bytes()).replace("sha256:", "")
}

/// What the storage answers.
fn stored(shared: &Shared, ask: &Ask, digest: &str) -> Answer {
    if ask.authorization.is_some() {
        let said = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
             Signature query string parameter or the Authorization header should be specified";
        return storage_error(400, "InvalidArgument", said);
    }
    let signed = query_values(&ask.query, "X-Amz-Signature");
    if signed != [signature(ask.method.as_str(), digest)] {
        let said = "The request signature we calculated does not match the signature you provided.";
        return storage_error(403, "SignatureDoesNotMatch", said);
    }
    match shared.store().blobs.get(digest) {
        Some(bytes) => ranged(ask.range.as_deref(), bytes).header("server", "storage"),
        None => storage_error(404, "NoSuchKey", "The specified key does not exist."),
    }
}

fn storage_error(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Answer::new(status).header("content-type", "application/xml").bytes(body)
}

/// The bytes, or the part of them that `Range: bytes=A-B` asks for.
fn ranged(range: Option<&str>, bytes: &Bytes) -> Answer {
    let whole = || {
        Answer::new(200)
            .header("content-type", "application/octet-stream")
            .header("accept-ranges", "bytes")
            .bytes(bytes.clone())
    };
    let Some((first, last)) = range
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
    else {
        return whole();
    };
    let Ok(first) = first.parse::<usize>() else { return whole() };
    let last = last.parse::<usize>().unwrap_or(usize::MAX).min(bytes.len().saturating_sub(1));
    if first >= bytes.len() || first > last {
        return Answer::new(416).header("content-range", &format!("bytes */{}", bytes.len()));
    }
    Answer::new(206)
        .header("content-type", "application/octet-stream")
        .header("content-range", &format!("bytes {first}-{last}/{}", bytes.len()))
        .bytes(bytes.slice(first..=last))
}
