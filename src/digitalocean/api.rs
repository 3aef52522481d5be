//! The API's answers to the three questions that explain a no: registries, tags, garbage collection.
//!
//! One try each, 5 seconds at most: what the registry said stands without it.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::digitalocean::names::{RegistryName, RepositoryName};
use crate::http::{self, Answer, Client, Patience, Peer, Request, Want};
use crate::secret::Secret;

/// How long the API is worth waiting for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The API, with the token.
#[derive(Debug)]
pub(crate) struct Api {
    origin: Url,
    bearer: Secret,
    /// Asked once a run: what the token has does not change meanwhile.
    registries: OnceCell<Vec<ApiRegistry>>,
}

/// What the API said to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answered<T> {
    /// An answer.
    Yes(T),
    /// `not_found`, with its message.
    NotFound(String),
    /// 401 or 403.
    Refused,
    /// Nothing usable, and why.
    Nothing(String),
}

/// `GET /v2/registries`: one registry that the token has (API reference, "List all container registries").
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ApiRegistry {
    /// Its name.
    pub(crate) name: String,
    /// Whether it takes no pushes. Not documented, and sent.
    #[serde(default)]
    pub(crate) read_only: bool,
}

/// One tag of a page of tags ("List all container registry repository tags").
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ApiTag {
    /// Its name.
    pub(crate) tag: String,
}

#[derive(Deserialize)]
struct Registries {
    registries: Vec<ApiRegistry>,
}

#[derive(Deserialize)]
struct Tags {
    tags: Vec<ApiTag>,
}

#[derive(Deserialize)]
struct Collection {
    garbage_collection: CollectionStatus,
}

#[derive(Deserialize)]
struct CollectionStatus {
    status: String,
}

#[derive(Deserialize)]
struct ApiError {
    message: String,
}

impl Api {
    /// The API at `origin`.
    pub(crate) fn new(origin: Url, token: &Secret) -> Self {
        let bearer = Secret::new(&format!("Bearer {}", token.expose()));
        Self { origin, bearer, registries: OnceCell::new() }
    }

    /// The registries that the token has.
    pub(crate) async fn registries(&self, client: &Client) -> Answered<Vec<ApiRegistry>> {
        let fetch = async {
            let list: Answered<Registries> =
                self.get(client, "/v2/registries", "the token's registries").await;
            match list.map(|list| list.registries) {
                Answered::Yes(list) => Ok(list),
                other @ (Answered::NotFound(_) | Answered::Refused | Answered::Nothing(_)) => {
                    Err(other)
                }
            }
        };
        // Only an answer is kept: an API that was in trouble is asked again.
        match self.registries.get_or_try_init(|| fetch).await {
            Ok(list) => Answered::Yes(list.clone()),
            Err(other) => other,
        }
    }

    /// One page of a repository's tags, in the API's own order.
    pub(crate) async fn tags(
        &self,
        client: &Client,
        registry: &RegistryName,
        repository: &RepositoryName,
    ) -> Answered<Vec<ApiTag>> {
        // A slash in a repository's name is not one of the address's.
        let repository = repository.to_string().replace('/', "%2F");
        let path = format!("/v2/registries/{registry}/repositories/{repository}/tags?per_page=200");
        let page: Answered<Tags> = self.get(client, &path, "the repository's tags").await;
        page.map(|page| page.tags)
    }

    /// The status of a garbage collection that is under way.
    pub(crate) async fn collection(
        &self,
        client: &Client,
        registry: &RegistryName,
    ) -> Answered<String> {
        let path = format!("/v2/registries/{registry}/garbage-collection");
        let active: Answered<Collection> =
            self.get(client, &path, "the registry's garbage collection").await;
        active.map(|active| active.garbage_collection.status)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        client: &Client,
        path: &str,
        what: &str,
    ) -> Answered<T> {
        let Ok(url) = self.origin.join(path) else {
            return Answered::Nothing(format!("{what}: the API has no such address"));
        };
        let request = Request {
            url,
            what,
            accept: None,
            authorization: Some(&self.bearer),
            form: None,
            peer: Peer::Server,
            want: Want::All(http::MOST_CONTENT),
            patience: Patience::Once(PATIENCE),
        };
        match client.get(&request).await {
            Ok(answer) => read(&answer, what, client),
            Err(why) => Answered::Nothing(why.message),
        }
    }
}

fn read<T: DeserializeOwned>(answer: &Answer, what: &str, client: &Client) -> Answered<T> {
    let nothing = |said: &str| {
        Answered::Nothing(format!("{what}: the API answered {} {said}", answer.status))
    };
    match answer.status {
        200 => match serde_json::from_slice(&answer.body) {
            Ok(value) => Answered::Yes(value),
            Err(_) => nothing("with something that it does not document"),
        },
        401 | 403 => Answered::Refused,
        404 => match serde_json::from_slice::<ApiError>(&answer.body) {
            // The gateway in front of the API has 404s of its own, in the same shape.
            Ok(error) if !error.message.contains("could not be routed") => {
                Answered::NotFound(client.redactor().line(&error.message, 200))
            }
            Ok(_) | Err(_) => nothing("and not in its own words"),
        },
        _ => nothing("and that says nothing"),
    }
}

impl<T> Answered<T> {
    fn map<U>(self, convert: impl FnOnce(T) -> U) -> Answered<U> {
        match self {
            Self::Yes(value) => Answered::Yes(convert(value)),
            Self::NotFound(message) => Answered::NotFound(message),
            Self::Refused => Answered::Refused,
            Self::Nothing(why) => Answered::Nothing(why),
        }
    }
}
