//! What the API adds to the registry's no: which registries there are, tags like the one asked for, and
//! whether pushes fail at present. Pure, but for the three requests at its beginning.

use futures_util::future::join3;

use crate::digitalocean::api::{Answered, Api, ApiRegistry, ApiTag, Moment};
use crate::digitalocean::names::DigitalOceanNames;
use crate::http::Client;
use crate::observation::Explanation;
use crate::secret::Redactor;

/// The most names that a message lists.
const MOST_NAMES: usize = 10;
/// The most near tags that a message lists.
const MOST_NEAR: usize = 5;
/// The longest tag that there can be, in bytes (distribution-spec, "Pulling manifests").
const LONGEST_TAG: usize = 128;

/// Asks the API about a repository whose tag the registry denied or refused. `None` during a wait, where it was
/// not asked before.
pub(crate) async fn explain(
    client: &Client,
    api: &Api,
    names: &DigitalOceanNames,
    tag: Option<&str>,
    moment: Moment,
) -> Option<Explanation> {
    if moment == Moment::Between && !api.knows(names) {
        return None;
    }
    let (registries, tags, collection) = join3(
        api.registries(client, moment),
        api.tags(client, names, moment),
        api.collection(client, &names.registry, moment),
    )
    .await;
    Some(read(registries, tags, collection, names, tag, client.redactor()))
}

fn read(
    registries: Answered<Vec<ApiRegistry>>,
    tags: Answered<Vec<ApiTag>>,
    collection: Answered<String>,
    names: &DigitalOceanNames,
    tag: Option<&str>,
    redactor: &Redactor,
) -> Explanation {
    let mut explanation = Explanation::default();
    match registries {
        Answered::Yes(list) => {
            let own = list.iter().find(|registry| registry.name == names.registry.to_string());
            explanation.knows_registry = Some(own.is_some());
            explanation.read_only = own.is_some_and(|registry| registry.read_only);
            let shown =
                list.iter().take(MOST_NAMES).map(|registry| redactor.line(&registry.name, 63));
            explanation.registries = Some(shown.collect());
        }
        Answered::Refused => explanation.refused = true,
        Answered::NotFound(message) => explanation.trouble = Some(message),
        Answered::Nothing(why) => explanation.trouble = Some(why),
    }
    match tags {
        Answered::Yes(list) => {
            explanation.knows_repository = Some(true);
            let tag = tag.unwrap_or_default();
            explanation.lists_tag = list.iter().any(|listed| listed.tag == tag);
            explanation.near_tags = near(tag, &list).map(|near| redactor.line(near, 128)).collect();
        }
        // Only this message says that it is the repository which is missing.
        Answered::NotFound(message) if message == "repository not found" => {
            explanation.knows_repository = Some(false);
        }
        Answered::Refused => explanation.refused = true,
        Answered::NotFound(message) if message == "registry does not exist" => {}
        Answered::NotFound(message) => explanation.trouble = Some(message),
        Answered::Nothing(why) => explanation.trouble = explanation.trouble.or(Some(why)),
    }
    match collection {
        Answered::Yes(status) if !is_over(&status) => {
            explanation.collecting = Some(redactor.line(&status, 60));
        }
        Answered::Yes(_) | Answered::NotFound(_) | Answered::Refused | Answered::Nothing(_) => {}
    }
    explanation
}

/// Whether a garbage collection with this status has ended. A status that nobody documents is one of a
/// collection that is under way.
fn is_over(status: &str) -> bool {
    matches!(status, "succeeded" | "success" | "failed" | "cancelled")
}

/// The listed tags that are most like `tag`, nearest first. What is too long for a tag is none: comparing a name of
/// megabytes would take seconds.
fn near<'a>(tag: &str, list: &'a [ApiTag]) -> impl Iterator<Item = &'a str> {
    let mut scored: Vec<(usize, &str)> = list
        .iter()
        .filter(|listed| listed.tag != tag && listed.tag.len() <= LONGEST_TAG)
        .map(|listed| (strsim::levenshtein(tag, &listed.tag), listed.tag.as_str()))
        .collect();
    scored.sort_unstable();
    scored.dedup();
    scored.into_iter().take(MOST_NEAR).map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> DigitalOceanNames {
        DigitalOceanNames::of(&"keepkey/support-email".parse().unwrap()).unwrap()
    }

    fn tags(names: &[&str]) -> Vec<ApiTag> {
        names.iter().map(|name| ApiTag { tag: (*name).to_owned() }).collect()
    }

    fn registry(name: &str, read_only: bool) -> ApiRegistry {
        ApiRegistry { name: name.to_owned(), read_only }
    }

    #[test]
    fn what_the_api_knows_is_in_the_message() {
        let explanation = read(
            Answered::Yes(vec![registry("keepkey", true), registry("other", false)]),
            Answered::Yes(tags(&["latest", "v1", "latest-dev", "latest-prod", "latest-de"])),
            Answered::Yes("waiting for delete requests".to_owned()),
            &names(),
            Some("latest-dev"),
            &Redactor::default(),
        );
        assert_eq!(
            explanation,
            Explanation {
                registries: Some(vec!["keepkey".into(), "other".into()]),
                knows_registry: Some(true),
                knows_repository: Some(true),
                near_tags: ["latest-de", "latest", "latest-prod", "v1"].map(str::to_owned).to_vec(),
                lists_tag: true,
                read_only: true,
                collecting: Some("waiting for delete requests".into()),
                refused: false,
                trouble: None,
            }
        );
    }

    #[test]
    fn a_name_that_is_too_long_for_a_tag_is_not_compared() {
        let list = tags(&["latest-dex", &"l".repeat(128), &"l".repeat(129)]);
        let near: Vec<_> = near("latest-dev", &list).collect();
        assert_eq!(near, ["latest-dex", &"l".repeat(128)]);
    }

    #[test]
    fn only_the_apis_own_words_deny_a_repository() {
        let knows = |message: &str| {
            let tags = Answered::NotFound(message.to_owned());
            let none = || Answered::Nothing("x".to_owned());
            read(none(), tags, Answered::Refused, &names(), None, &Redactor::default())
                .knows_repository
        };
        assert_eq!(knows("repository not found"), Some(false));
        assert_eq!(knows("The resource you requested could not be found."), None);
        assert_eq!(knows("registry does not exist"), None);
    }

    #[test]
    fn a_collection_that_is_over_explains_nothing() {
        for status in ["succeeded", "success", "failed", "cancelled"] {
            assert!(is_over(status));
        }
        assert!(!is_over("scanning manifests") && !is_over("something new"));
    }
}
