//! What the images of a run share: connections, registries, repositories, DigitalOcean's API, and what was served.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;

use super::settle::{self, Served, settle};
use super::timed;
use crate::digitalocean::names::DigitalOceanNames;
use crate::digitalocean::{Api, Moment, explain};
use crate::http::Client;
use crate::observation::{Observation, Unavailable};
use crate::oci::{RegistryHost, Tag};
use crate::registry::{DockerConfig, Registry, Repository};
use crate::report::{CheckId, Reason};
use crate::request::ImageRequest;
use crate::settings::{DigitalOcean, Token};

/// What the images of a run share: connections, tokens, controls, and what the registry has affirmed.
#[derive(Debug)]
pub(crate) struct World {
    client: Client,
    docker: DockerConfig,
    digitalocean: Option<(Registry, Api)>,
    others: Mutex<HashMap<RegistryHost, Registry>>,
    repositories: Mutex<HashMap<String, Arc<Repository>>>,
    /// DigitalOcean's registries, and all repositories, of which a manifest was served in this run.
    served: Mutex<HashSet<String>>,
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

    /// Whether the run's deadline has passed.
    pub(crate) fn is_late(&self) -> bool {
        self.client.time_left().is_zero()
    }

    /// The run's client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
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
        let Some((_, api)) = self.digitalocean.as_ref().filter(|_| request.is_digitalocean) else {
            return;
        };
        let Some(names) = names_of(request) else { return };
        let tag = request.reference.tag.as_ref().map(Tag::as_str);
        let asked = Box::pin(explain(&self.client, api, &names, tag, moment));
        let (explanation, took) = timed(asked).await;
        if explanation.is_some() {
            observation.took.insert(CheckId::RepositoryExists, took);
        }
        observation.explanation = explanation;
    }
}

fn names_of(request: &ImageRequest) -> Option<DigitalOceanNames> {
    DigitalOceanNames::of(&request.reference.repository).filter(|_| request.is_digitalocean)
}
