//! The registry's push side: uploads in one piece and in chunks, mounts, manifests by `PUT`.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::answer::Answer;
use super::route::{Origin, Target, query_values};
use super::store::{Store, digest_of};
use super::{Ask, Shared};

pub(super) fn answer(shared: &Shared, ask: &Ask) -> Answer {
    let mut store = shared.store();
    match (&ask.target, ask.method.as_str()) {
        (Target::Upload { repository, session: None }, "POST") => {
            begin(shared, &mut store, ask, repository)
        }
        (Target::Upload { repository, session: Some(session) }, "PATCH") => {
            append(shared, &mut store, ask, repository, session)
        }
        (Target::Upload { repository, session: Some(session) }, "PUT") => {
            finish(&mut store, ask, repository, session)
        }
        (Target::Upload { session: Some(session), .. }, "DELETE") => {
            store.uploads.remove(session);
            Answer::new(204)
        }
        (Target::Manifest { repository, reference }, "PUT") => {
            manifest(&mut store, ask, repository, reference)
        }
        _ => Answer::oci_error(405, "UNSUPPORTED", "the operation is unsupported", &Value::Null),
    }
}

/// How far an upload is.
pub(super) fn progress(store: &Store, ask: &Ask, session: &str) -> Answer {
    match store.uploads.get(session) {
        Some(received) => Answer::new(204)
            .header("location", &ask.path)
            .header("range", &format!("0-{}", received.len().saturating_sub(1))),
        None => upload_unknown(),
    }
}

/// Starts an upload. A mount is answered as one that could not be done, which the specification allows.
fn begin(shared: &Shared, store: &mut Store, ask: &Ask, repository: &str) -> Answer {
    if let Some(digest) = query_values(&ask.query, "digest").first() {
        return keep(store, repository, digest, ask.body.clone());
    }
    store.upload_count += 1;
    let session = format!("00000000-0000-4000-8000-{:012}", store.upload_count);
    store.uploads.insert(session.clone(), Vec::new());
    accepted(shared, repository, &session, 0)
}

fn append(
    shared: &Shared,
    store: &mut Store,
    ask: &Ask,
    repository: &str,
    session: &str,
) -> Answer {
    let Some(received) = store.uploads.get_mut(session) else { return upload_unknown() };
    received.extend_from_slice(&ask.body);
    let length = received.len();
    accepted(shared, repository, session, length)
}

fn accepted(shared: &Shared, repository: &str, session: &str, length: usize) -> Answer {
    let origin = shared.url(Origin::Registry);
    let location = format!("{origin}/v2/{repository}/blobs/uploads/{session}?_state=stand-in");
    Answer::new(202)
        .header("location", &location)
        .header("docker-upload-uuid", session)
        .header("range", &format!("0-{}", length.saturating_sub(1)))
}

fn finish(store: &mut Store, ask: &Ask, repository: &str, session: &str) -> Answer {
    let Some(mut received) = store.uploads.remove(session) else { return upload_unknown() };
    received.extend_from_slice(&ask.body);
    let digests = query_values(&ask.query, "digest");
    match digests.first() {
        Some(digest) => keep(store, repository, digest, received.into()),
        None => Answer::oci_error(400, "DIGEST_INVALID", "digest missing", &Value::Null),
    }
}

fn keep(store: &mut Store, repository: &str, digest: &str, bytes: Bytes) -> Answer {
    if digest_of(&bytes) != *digest {
        let said = "provided digest did not match uploaded content";
        return Answer::oci_error(400, "DIGEST_INVALID", said, &json!(digest));
    }
    store.put_blob(repository, bytes);
    Answer::new(201)
        .header("location", &format!("/v2/{repository}/blobs/{digest}"))
        .header("docker-content-digest", digest)
}

fn manifest(store: &mut Store, ask: &Ask, repository: &str, reference: &str) -> Answer {
    let digest = digest_of(&ask.body);
    let by_digest = reference.contains(':');
    if by_digest && reference != digest {
        let said = "provided digest did not match uploaded content";
        return Answer::oci_error(400, "DIGEST_INVALID", said, &json!(reference));
    }
    let Ok(parsed) = serde_json::from_slice::<Value>(&ask.body) else {
        return Answer::oci_error(400, "MANIFEST_INVALID", "manifest invalid", &Value::Null);
    };
    if let Some(missing) = first_missing(store, repository, &parsed) {
        let said = "blob unknown to registry";
        return Answer::oci_error(400, "MANIFEST_BLOB_UNKNOWN", said, &json!(missing));
    }
    let said = parsed["mediaType"].as_str().unwrap_or_default().to_owned();
    let media_type = ask.content_type.clone().unwrap_or(said);
    store.put_manifest(repository, media_type, ask.body.clone());
    if !by_digest {
        let held = store.repositories.entry(repository.to_owned()).or_default();
        held.tags.insert(reference.to_owned(), digest.clone());
    }
    Answer::new(201)
        .header("location", &format!("/v2/{repository}/manifests/{digest}"))
        .header("docker-content-digest", &digest)
}

/// The first thing that a manifest refers to and the repository does not hold.
fn first_missing(store: &Store, repository: &str, manifest: &Value) -> Option<String> {
    let held = store.repositories.get(repository);
    let digest = |value: &Value| value["digest"].as_str().map(str::to_owned);
    let blobs = std::iter::once(&manifest["config"]);
    let blobs = blobs.chain(manifest["layers"].as_array().into_iter().flatten()).filter_map(digest);
    let children = manifest["manifests"].as_array().into_iter().flatten().filter_map(digest);
    let missing_blob =
        blobs.into_iter().find(|digest| !held.is_some_and(|held| held.blobs.contains(digest)));
    missing_blob.or_else(|| {
        children
            .into_iter()
            .find(|digest| !held.is_some_and(|held| held.manifests.contains_key(digest)))
    })
}

fn upload_unknown() -> Answer {
    Answer::oci_error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", &Value::Null)
}
