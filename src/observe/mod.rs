//! Asks: the one place where the registry and the API are consulted, as concurrently as the answers allow.
//!
//! One image is one [`Observation`]. The longest chain of answers is token, manifest, blobs, and the
//! storage that the blobs redirect to.

mod images;
mod index;
mod settle;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{join, join3};
use reqwest::Url;
use tokio::time::Instant;

use crate::digitalocean::names::DigitalOceanNames;
use crate::digitalocean::{Api, explain};
use crate::http::{Client, MOST_CONTENT};
use crate::observation::{Control, Explanation, Fact, Observation, Resolved, Unavailable};
use crate::oci::{Digest, RegistryHost, Tag};
use crate::registry::{DockerConfig, Registry, Repository};
use crate::report::{CheckId, Reason};
use crate::request::{ImageRequest, ImmutableTag, TagTemplate};
use crate::settings::{DigitalOcean, Token};

pub(crate) use settle::has_bare_denial;
use settle::settle;

/// What the images of a run share: connections, tokens, controls, and what the registry has affirmed.
#[derive(Debug)]
pub(crate) struct World {
    client: Client,
    docker: DockerConfig,
    digitalocean: Option<(Registry, Api)>,
    others: Mutex<HashMap<RegistryHost, Registry>>,
    repositories: Mutex<HashMap<String, Arc<Repository>>>,
    /// DigitalOcean's registries of which something was served in this run.
    served: Mutex<BTreeSet<String>>,
}

impl World {
    /// A world in which DigitalOcean is where `place` says.
    pub(crate) fn new(
        client: Client,
        place: &DigitalOcean,
        token: Option<&Token>,
        docker: DockerConfig,
    ) -> Self {
        let scheme = if place.plain_http { "http" } else { "https" };
        let origin = format!("{scheme}://{}/", place.registry).parse::<Url>();
        let api = place.api.parse::<Url>();
        // Both addresses were checked with the settings.
        let digitalocean = token.zip(origin.ok().zip(api.ok())).map(|(token, (origin, api))| {
            let mut endpoint = api.clone();
            endpoint.set_path("/v2/registry/auth");
            let registry = Registry::digitalocean(&client, origin, endpoint, &token.secret);
            (registry, Api::new(api, &token.secret))
        });
        Self {
            client,
            docker,
            digitalocean,
            others: Mutex::default(),
            repositories: Mutex::default(),
            served: Mutex::default(),
        }
    }

    /// The run's client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Settles once more what could not be settled before every image had been asked for.
    pub(crate) fn settle_again(&self, request: &ImageRequest, observation: &mut Observation) {
        let affirmed = self.has_served(request);
        settle(observation, affirmed);
    }

    fn repository(&self, request: &ImageRequest) -> Result<Arc<Repository>, Unavailable> {
        let name = request.reference.name();
        let mut repositories = self.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(repository) = repositories.get(&name) {
            return Ok(Arc::clone(repository));
        }
        let registry = self.registry(request)?;
        let repository = Arc::new(registry.repository(request.reference.repository.as_str()));
        repositories.insert(name, Arc::clone(&repository));
        Ok(repository)
    }

    fn registry(&self, request: &ImageRequest) -> Result<Registry, Unavailable> {
        let host = &request.reference.registry;
        let impossible = || {
            let message = format!("`{host}` cannot be asked: no credentials, or no address");
            Unavailable::new(Reason::UnexpectedAnswer, message)
        };
        if request.is_digitalocean {
            return self
                .digitalocean
                .as_ref()
                .map(|(registry, _)| registry.clone())
                .ok_or_else(impossible);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = others.get(host) {
            return Ok(registry.clone());
        }
        let registry = Registry::other(&self.docker, host).ok_or_else(impossible)?;
        others.insert(host.clone(), registry.clone());
        Ok(registry)
    }

    fn remember_served(&self, request: &ImageRequest) {
        if let Some(names) = names_of(request) {
            let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
            served.insert(names.registry.to_string());
        }
    }

    fn has_served(&self, request: &ImageRequest) -> bool {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        names_of(request).is_some_and(|names| served.contains(&names.registry.to_string()))
    }

    /// What the API says of an image that the registry denied or refused.
    async fn explain(&self, request: &ImageRequest) -> Option<Explanation> {
        let (_, api) = self.digitalocean.as_ref().filter(|_| request.is_digitalocean)?;
        let tag = request.reference.tag.as_ref().map(Tag::as_str);
        Some(explain(&self.client, api, &names_of(request)?, tag).await)
    }
}

fn names_of(request: &ImageRequest) -> Option<DigitalOceanNames> {
    DigitalOceanNames::of(&request.reference.repository).filter(|_| request.is_digitalocean)
}

/// Which time of asking it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Round<'a> {
    /// Nothing is known yet.
    First,
    /// Asked again during a wait, after this was learnt.
    Again(&'a Observation),
    /// Asked for the last time: what is said now is what the run ends with.
    Last(&'a Observation),
}

impl<'a> Round<'a> {
    fn previous(self) -> Option<&'a Observation> {
        match self {
            Self::First => None,
            Self::Again(previous) | Self::Last(previous) => Some(previous),
        }
    }

    /// What the API said earlier of the same denial, where that will do: a wait of minutes must not ask it
    /// every time.
    fn explanation(self, now: &Observation) -> Option<&'a Explanation> {
        let Self::Again(previous) = self else { return None };
        let is_tag_missing = |observation: &Observation| match &observation.resolved {
            Fact::Absent(denial) => denial.reason == Reason::TagMissing,
            Fact::Present(_) | Fact::Unknown(_) => false,
        };
        let explanation = previous.explanation.as_ref()?;
        let is_whole = explanation.trouble.is_none();
        (is_whole && is_tag_missing(previous) && is_tag_missing(now)).then_some(explanation)
    }
}

/// Asks the registry about one image, and the API if the registry said no. What an earlier round learnt of
/// the same manifest is not asked again.
pub(crate) async fn observe(
    world: &World,
    request: &ImageRequest,
    round: Round<'_>,
) -> Observation {
    let mut observation = match world.repository(request) {
        Ok(repository) => ask(world, &repository, request, round.previous()).await,
        Err(why) => nothing(why),
    };
    if let Some(known) = round.explanation(&observation) {
        observation.explanation = Some(known.clone());
    } else if settle::was_denied(&observation) {
        let (explanation, took) = timed(world.explain(request)).await;
        if explanation.is_some() {
            observation.took.insert(CheckId::RepositoryExists, took);
        }
        observation.explanation = explanation;
    }
    settle(&mut observation, world.has_served(request));
    observation
}

/// The observation of an image whose registry could not even be addressed.
pub(crate) fn nothing(why: Unavailable) -> Observation {
    Observation {
        control: Control::Unknown(why.clone()),
        repository: Fact::Unknown(why.clone()),
        resolved: Fact::Unknown(why),
        by_digest: None,
        offered: Vec::new(),
        images: Vec::new(),
        immutable: None,
        immutable_skipped: None,
        explanation: None,
        notes: Vec::new(),
        took: BTreeMap::new(),
    }
}

async fn ask(
    world: &World,
    repository: &Repository,
    request: &ImageRequest,
    previous: Option<&Observation>,
) -> Observation {
    let client = &world.client;
    let expected = request.expectation.digest.as_ref();
    let (control, resolved, immutable) = join3(
        timed(repository.control(client)),
        timed(resolve(client, repository, request, expected)),
        timed(resolve_immutable(client, repository, request, expected)),
    )
    .await;
    let mut took = BTreeMap::from([
        (CheckId::RegistryHonest, control.1),
        (CheckId::TagExists, resolved.1),
        (CheckId::ImmutableTag, immutable.1),
    ]);
    let resolved = resolved.0;
    // What a registry says that affirms everything shows nothing.
    let is_believed = !matches!(control.0, Control::Affirmed(_));
    if is_believed && resolved.present().is_some() {
        world.remember_served(request);
    }
    let (looked, by_digest) = join(
        images::look(client, repository, request, &resolved, previous),
        serves_digest(client, repository, request, &resolved),
    )
    .await;
    took.insert(CheckId::ManifestIntact, looked.took_manifests);
    took.insert(CheckId::LayersPresent, looked.took_blobs);
    let mut immutable = immutable.0;
    let mut immutable_skipped = None;
    match &request.expectation.immutable_tag {
        Some(ImmutableTag::Named(tag)) if request.reference.tag.as_ref() == Some(tag) => {
            immutable = Some((tag.clone(), resolved.clone().map(|resolved| resolved.digest)));
        }
        Some(ImmutableTag::ByRevisionLabel(template)) => {
            match named_by_label(template, &looked.images) {
                Ok(tag) => {
                    let asked =
                        timed(repository.manifest_by_tag(client, tag.as_str(), expected)).await;
                    took.insert(CheckId::ImmutableTag, asked.1);
                    immutable = Some((tag, asked.0.map(|resolved| resolved.digest)));
                }
                Err(why) => immutable_skipped = Some(why),
            }
        }
        Some(ImmutableTag::Named(_)) | None => {}
    }
    let repository_fact = exists(client, repository, &resolved).await;
    Observation {
        control: control.0,
        repository: repository_fact,
        resolved,
        by_digest,
        offered: looked.offered,
        images: looked.images,
        immutable,
        immutable_skipped,
        explanation: None,
        notes: repository.notes(),
        took,
    }
}

async fn resolve(
    client: &Client,
    repository: &Repository,
    request: &ImageRequest,
    expected: Option<&Digest>,
) -> Fact<Resolved> {
    match (&request.reference.tag, &request.reference.digest) {
        (Some(tag), _) => repository.manifest_by_tag(client, tag.as_str(), expected).await,
        (None, Some(digest)) => repository.manifest_by_digest(client, digest, MOST_CONTENT).await,
        (None, None) => {
            let message = "the reference names neither a tag nor a digest";
            Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message))
        }
    }
}

/// Whether the registry serves an image's own manifest by its digest, too. Some serve a tag and deny the
/// digest that it names, which is what engines pull.
async fn serves_digest(
    client: &Client,
    repository: &Repository,
    request: &ImageRequest,
    resolved: &Fact<Resolved>,
) -> Option<Fact<()>> {
    // A reference without a tag was resolved by its digest.
    request.reference.tag.as_ref()?;
    let Resolved { digest, size, content } = resolved.present()?;
    content.as_ref().ok()?;
    let served = repository.manifest_by_digest(client, digest, images::most_of(*size)).await;
    Some(served.map(|_| ()))
}

async fn resolve_immutable(
    client: &Client,
    repository: &Repository,
    request: &ImageRequest,
    expected: Option<&Digest>,
) -> Option<(Tag, Fact<Digest>)> {
    let Some(ImmutableTag::Named(tag)) = &request.expectation.immutable_tag else { return None };
    // The tag asked for is the immutable one: one answer tells both.
    if request.reference.tag.as_ref() == Some(tag) {
        return None;
    }
    let said = repository.manifest_by_tag(client, tag.as_str(), expected).await;
    Some((tag.clone(), said.map(|resolved| resolved.digest)))
}

/// The immutable tag that the image's own revision label names.
fn named_by_label(
    template: &TagTemplate,
    images: &[crate::observation::PlatformObservation],
) -> Result<Tag, String> {
    let mut revisions: Vec<&str> = images
        .iter()
        .filter_map(|image| image.image_config())
        .filter_map(|config| config.revision())
        .collect();
    revisions.dedup();
    match revisions.as_slice() {
        [] => Err("no commit was given, and the image has no revision label to name the tag by"
            .to_owned()),
        [revision] => template
            .fill(revision)
            .map_err(|_| "the image's revision label cannot be part of a tag".to_owned()),
        [..] => Err("no commit was given, and the platforms' revision labels differ".to_owned()),
    }
}

/// Whether the repository is there, as far as the registry itself says.
async fn exists(client: &Client, repository: &Repository, resolved: &Fact<Resolved>) -> Fact<()> {
    match resolved {
        Fact::Present(_) => Fact::Present(()),
        Fact::Unknown(why) => Fact::Unknown(why.clone()),
        Fact::Absent(denial) if denial.reason == Reason::RepositoryMissing => {
            Fact::Absent(denial.clone())
        }
        // DigitalOcean's API will say; others are asked for their tags.
        Fact::Absent(denial) if repository.is_digitalocean() => Fact::Unknown(silent(&denial.said)),
        Fact::Absent(denial) => match repository.exists(client).await {
            Fact::Present(()) => Fact::Present(()),
            Fact::Absent(denial) => Fact::Absent(crate::observation::Denial {
                reason: Reason::RepositoryMissing,
                said: denial.said,
            }),
            Fact::Unknown(_) => Fact::Unknown(silent(&denial.said)),
        },
    }
}

/// A registry that denies a tag and does not say whether it has the repository.
fn silent(said: &str) -> Unavailable {
    let message = format!(
        "the registry denied the tag ({said}) and did not say whether it has the repository"
    );
    let unclear = Unavailable::new(Reason::UnexpectedAnswer, message);
    Unavailable { hint: Some(settle::REPOSITORY_OPEN.to_owned()), ..unclear }
}

async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (future.await, started.elapsed())
}
