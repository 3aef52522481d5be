//! What the images of a run share: connections, registries, repositories, DigitalOcean's API, and what was served.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use reqwest::Url;

use super::reading::every_byte::Reading;
use super::settle::{self, Served, settle};
use super::share::{Places, Share};
use super::timed;
use crate::digitalocean::names::DigitalOceanNames;
use crate::digitalocean::{Api, Moment, explain};
use crate::http::Client;
use crate::observation::{Observation, Unavailable};
use crate::oci::{RegistryHost, Tag};
use crate::registry::{DockerConfig, Registry, Repository};
use crate::report::{CheckId, Reason};
use crate::request::{ImageRequest, RegistryKind};
use crate::settings::{DigitalOcean, Token};

/// What the images of a run share: connections, tokens, controls, and what the registry has affirmed.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    /// When the run began.
    started_at: Timestamp,
    docker: DockerConfig,
    /// DigitalOcean's API, where an image of its registry is verified.
    api: Option<Api>,
    /// DigitalOcean's token endpoint and its registry, likewise.
    digitalocean: Option<(Url, Url)>,
    registries: Mutex<HashMap<RegistryHost, Registry>>,
    repositories: Mutex<HashMap<String, Arc<Repository>>>,
    /// DigitalOcean's registries, and all repositories, of which a manifest was served in this run.
    served: Mutex<HashSet<String>>,
    places: Places,
    /// What reading whole layers needs, where they are read.
    reading: Option<Reading>,
}

impl Session {
    /// A session in which DigitalOcean is where `place` says.
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
        let known = token.zip(origin.ok().zip(api.ok()));
        let mut registries = HashMap::new();
        let mut digitalocean = None;
        let api = known.map(|(token, (origin, api))| {
            let mut endpoint = api.clone();
            endpoint.set_path("/v2/registry/auth");
            digitalocean = Some((endpoint.clone(), origin.clone()));
            let registry = Registry::digitalocean(&client, origin, endpoint, &token.secret);
            registries.insert(place.registry.clone(), registry);
            Api::new(api, &token.secret)
        });
        Self {
            started_at: client.ambient().now(),
            client,
            docker,
            api,
            digitalocean,
            registries: Mutex::new(registries),
            repositories: Mutex::default(),
            served: Mutex::default(),
            places: Places::default(),
            reading: None,
        }
    }

    /// The same for a run that reads whole layers.
    #[must_use]
    pub(crate) fn reading_content(self, most: Option<u64>) -> Self {
        Self { reading: most.map(Reading::of), ..self }
    }

    pub(super) fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    /// Whether the run's deadline has passed.
    pub(crate) fn is_late(&self) -> bool {
        self.client.time_left().is_zero()
    }

    /// Says how much will be asked of DigitalOcean at least: a token a repository, and of each image its tag and its
    /// digest. Where a host says that it answers less, the run asks it more slowly.
    pub(crate) fn expect(&self, images: &[ImageRequest]) {
        let Some((endpoint, origin)) = &self.digitalocean else { return };
        let is_ours = |image: &&ImageRequest| image.registry_kind == RegistryKind::DigitalOcean;
        let ours = images.iter().filter(is_ours);
        let repositories: HashSet<_> = ours.clone().map(|image| image.reference.name()).collect();
        self.client.expect(endpoint, repositories.len() as u64);
        self.client.expect(origin, 2 * ours.count() as u64);
    }

    /// When the run began.
    pub(super) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// The run's client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The share of one look at an image.
    pub(super) fn share(&self) -> Share {
        Share::of(&self.places)
    }

    /// Settles once more what could not be settled before every image had been asked for.
    pub(crate) fn settle_again(&self, request: &ImageRequest, observation: &mut Observation) {
        settle(observation, self.served(request));
    }

    pub(super) fn repository(
        &self,
        request: &ImageRequest,
    ) -> Result<Arc<Repository>, Unavailable> {
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
        let mut registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = registries.get(host) {
            return Ok(registry.clone());
        }
        let registry = match request.registry_kind {
            // It would be there already.
            RegistryKind::DigitalOcean => None,
            RegistryKind::DockerHub | RegistryKind::Other => Registry::other(&self.docker, host),
        };
        let registry = registry.ok_or_else(impossible)?;
        registries.insert(host.clone(), registry.clone());
        Ok(registry)
    }

    pub(super) fn remember_served(&self, request: &ImageRequest) {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.insert(request.reference.name());
        served.extend(names_of(request).map(|names| names.registry.to_string()));
    }

    pub(super) fn served(&self, request: &ImageRequest) -> Served {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = names_of(request).map(|names| names.registry.to_string());
        Served {
            registry: registry.is_some_and(|registry| served.contains(&registry)),
            repository: served.contains(&request.reference.name()),
        }
    }

    /// Asks the API about an image that the registry denied or refused, where it has not been asked yet: the
    /// last time in this run. Whether it said anything.
    pub(crate) async fn explain_at_last(
        &self,
        request: &ImageRequest,
        observation: &mut Observation,
    ) -> bool {
        if observation.explanation.is_some() {
            return false;
        }
        self.explain(request, observation, Moment::Last).await;
        settle(observation, self.served(request));
        observation.explanation.is_some()
    }

    /// What the API says of an image that the registry denied or refused.
    pub(super) async fn explain(
        &self,
        request: &ImageRequest,
        observation: &mut Observation,
        moment: Moment,
    ) {
        if !settle::is_for_the_api(observation) {
            return;
        }
        let Some((api, names)) = self.api.as_ref().zip(names_of(request)) else { return };
        let tag = request.reference.tag.as_ref().map(Tag::as_str);
        let asked = Box::pin(explain(&self.client, api, &names, tag, moment));
        let (explanation, took) = timed(asked).await;
        if explanation.is_some() {
            observation.took.insert(CheckId::RepositoryExists, took);
        }
        observation.explanation = explanation;
    }
}

/// The names by which the API knows an image's registry and repository. `None` where there is no API.
fn names_of(request: &ImageRequest) -> Option<DigitalOceanNames> {
    match request.registry_kind {
        RegistryKind::DigitalOcean => DigitalOceanNames::of(&request.reference.repository),
        RegistryKind::DockerHub | RegistryKind::Other => None,
    }
}
