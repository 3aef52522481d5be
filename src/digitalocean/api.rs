//! The API's answers to the three questions that explain a no: registries, tags, garbage collection.
//!
//! One try each, 5 seconds at most, and each question once: what the registry said stands without it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::digitalocean::names::{DigitalOceanNames, RegistryName};
use crate::http::{self, Answer, Authorization, Client, Patience, Peer, Request, Want};
use crate::secret::Secret;

/// How long the API is worth waiting for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most requests that a run sends to the API.
const MOST_REQUESTS: u32 = 100;

/// The API, with the token.
#[derive(Debug)]
pub(crate) struct Api {
    origin: Url,
    bearer: Authorization,
    registries: Answers<Vec<ApiRegistry>>,
    tags: Answers<Vec<ApiTag>>,
    collections: Answers<String>,
    sent: AtomicU32,
}

/// When in a run the API is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    /// At the first look at an image.
    First,
    /// During a wait: it is not asked, and what it said before is taken.
    Between,
    /// At the end of a wait.
    Last,
}

/// The API's answers to one kind of question, by path: each is requested once per [`Moment`].
#[derive(Debug)]
struct Answers<T>(Mutex<HashMap<(String, Moment), Cell<T>>>);

/// An answer that is there, or being waited for.
type Cell<T> = Arc<OnceCell<Answered<T>>>;

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Answers<T> {
    async fn get<F>(&self, path: &str, moment: Moment, fetch: F) -> Answered<T>
    where
        F: Future<Output = Answered<T>>,
    {
        if moment == Moment::Between {
            return self.known(path).unwrap_or_else(|| Answered::Nothing("not asked".to_owned()));
        }
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry((path.to_owned(), moment)).or_default())
        };
        cell.get_or_init(|| fetch).await.clone()
    }

    /// What was answered last.
    fn known(&self, path: &str) -> Option<Answered<T>> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        [Moment::Last, Moment::First]
            .into_iter()
            .find_map(|moment| cells.get(&(path.to_owned(), moment))?.get().cloned())
    }
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
        let bearer = Authorization::Bearer(token.clone());
        Self {
            origin,
            bearer,
            registries: Answers::default(),
            tags: Answers::default(),
            collections: Answers::default(),
            sent: AtomicU32::new(0),
        }
    }

    /// The registries that the token has.
    pub(crate) async fn registries(
        &self,
        client: &Client,
        moment: Moment,
    ) -> Answered<Vec<ApiRegistry>> {
        let path = "/v2/registries";
        let fetch = async {
            let list: Answered<Registries> = self.get(client, path, "the token's registries").await;
            list.map(|list| list.registries)
        };
        self.registries.get(path, of_registry(moment, self.registries.known(path)), fetch).await
    }

    /// One page of a repository's tags, in the API's own order.
    pub(crate) async fn tags(
        &self,
        client: &Client,
        names: &DigitalOceanNames,
        moment: Moment,
    ) -> Answered<Vec<ApiTag>> {
        let path = tags_path(names);
        let fetch = async {
            let page: Answered<Tags> = self.get(client, &path, "the repository's tags").await;
            page.map(|page| page.tags)
        };
        self.tags.get(&path, moment, fetch).await
    }

    /// Whether the repository's tags were asked for.
    pub(crate) fn knows(&self, names: &DigitalOceanNames) -> bool {
        self.tags.known(&tags_path(names)).is_some()
    }

    /// The status of a garbage collection that is under way.
    pub(crate) async fn collection(
        &self,
        client: &Client,
        registry: &RegistryName,
        moment: Moment,
    ) -> Answered<String> {
        let path = format!("/v2/registries/{registry}/garbage-collection");
        let fetch = async {
            let active: Answered<Collection> =
                self.get(client, &path, "the registry's garbage collection").await;
            active.map(|active| active.garbage_collection.status)
        };
        let moment = of_registry(moment, self.collections.known(&path));
        self.collections.get(&path, moment, fetch).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        client: &Client,
        path: &str,
        what: &str,
    ) -> Answered<T> {
        if self.sent.fetch_add(1, Ordering::Relaxed) >= MOST_REQUESTS {
            let said = format!(
                "{what}: not asked, because {MOST_REQUESTS} requests of this run went to the API"
            );
            return Answered::Nothing(said);
        }
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
            fresh: false,
            patience: Patience::Once(PATIENCE),
        };
        // Boxed: three of these are asked at once, and reqwest's futures are large.
        match Box::pin(client.get(&request)).await {
            Ok(answer) => read(&answer, what, client),
            Err(why) => Answered::Nothing(why.message),
        }
    }
}

/// When to ask what concerns the whole registry, which is asked once a run: at the end of a wait only where
/// nothing usable was answered before.
fn of_registry<T>(moment: Moment, known: Option<Answered<T>>) -> Moment {
    match (moment, known) {
        (Moment::Last, Some(Answered::Yes(_) | Answered::NotFound(_))) => Moment::Between,
        (moment, _) => moment,
    }
}

fn tags_path(names: &DigitalOceanNames) -> String {
    let DigitalOceanNames { registry, repository } = names;
    // A slash in a repository's name is not one of the address's.
    let repository = repository.to_string().replace('/', "%2F");
    format!("/v2/registries/{registry}/repositories/{repository}/tags?per_page=200")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_question_is_asked_once_a_moment_and_during_a_wait_never() {
        let answers = Answers::default();
        let ask = |moment, said: &'static str| {
            let answers = &answers;
            async move { answers.get("/a", moment, async { Answered::Yes(said) }).await }
        };
        let nothing = || Answered::Nothing("not asked".to_owned());
        assert_eq!(ask(Moment::Between, "never").await, nothing());
        assert_eq!(ask(Moment::First, "first").await, Answered::Yes("first"));
        assert_eq!(ask(Moment::First, "again").await, Answered::Yes("first"));
        assert_eq!(ask(Moment::Between, "between").await, Answered::Yes("first"));
        assert_eq!(ask(Moment::Last, "last").await, Answered::Yes("last"));
        assert_eq!(ask(Moment::Between, "between").await, Answered::Yes("last"));
    }

    #[test]
    fn what_concerns_the_registry_is_asked_again_only_where_nothing_usable_was_said() {
        let last = |known| of_registry::<u8>(Moment::Last, known);
        assert_eq!(last(Some(Answered::Yes(1))), Moment::Between);
        assert_eq!(last(Some(Answered::Nothing("503".to_owned()))), Moment::Last);
        assert_eq!(last(None), Moment::Last);
        assert_eq!(of_registry(Moment::First, Some(Answered::Yes(1))), Moment::First);
    }
}
