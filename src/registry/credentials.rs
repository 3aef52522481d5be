//! The logins for one registry that is not DigitalOcean's. Each repository gets the best match in docker's config, and
//! never the login of another repository.

use std::collections::HashMap;
use std::path::PathBuf;

use tokio::sync::Mutex;

use crate::http::Client;
use crate::oci::RegistryHost;
use crate::registry::credential_program as program;
use crate::registry::docker_config::{Candidate, Places, Source, Stored, WireConfig};
use crate::registry::login::Login;
use crate::secret::Redactor;

/// Where to find the logins for other registries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerConfig {
    /// Docker's file `config.json`.
    pub file: Option<PathBuf>,
    /// The variables that are withheld from credential helpers: the tokens of DigitalOcean and CircleCI.
    pub secret_variables: Vec<String>,
    /// The token server that may be given a registry's login beside the registry's own (`--token-server`).
    pub token_server: Option<RegistryHost>,
}

/// The login for one repository, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A login, and where it was found, as a phrase for messages.
    Login(Login, String),
    /// No login, and why, if there was a problem.
    Nothing(Option<String>),
}

/// The logins for one registry. The file is read once, and each helper is asked once.
#[derive(Debug)]
pub(crate) struct Logins {
    config: DockerConfig,
    host: RegistryHost,
    read: Mutex<Read>,
}

#[derive(Debug, Default)]
struct Read {
    places: Option<Result<Places, String>>,
    asked: HashMap<(String, String), Result<Option<Login>, String>>,
}

impl Logins {
    pub(crate) fn new(config: DockerConfig, host: RegistryHost) -> Self {
        Self { config, host, read: Mutex::default() }
    }

    /// The registry, as it was written.
    pub(crate) fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// The token server that `--token-server` names.
    pub(crate) fn token_server(&self) -> Option<&RegistryHost> {
        self.config.token_server.as_ref()
    }

    /// Finds the login for a repository. A broken config or helper is not an error here: docker, too, then asks
    /// without a login.
    pub(crate) async fn find(&self, client: &Client, repository: &str) -> Found {
        let Some(path) = &self.config.file else { return Found::Nothing(None) };
        let redactor = client.redactor();
        let shown = redactor.line(&path.display().to_string(), 200);
        let mut read = self.read.lock().await;
        let Read { places, asked } = &mut *read;
        let read_places = || Ok(WireConfig::read(path)?.places(&self.host));
        let places = match places.get_or_insert_with(read_places) {
            Ok(places) => places,
            Err(said) => {
                return Found::Nothing(Some(format!("the docker config `{shown}` {said}")));
            }
        };
        let mut trouble = None;
        for Candidate { key, source } in places.of(repository) {
            let (result, from) = match source {
                Source::Stored(stored) => {
                    (self.stored(stored, &shown, redactor), format!("`{shown}`"))
                }
                Source::Program(name) => {
                    let from =
                        format!("the credential helper `{}`", program::shown(name, redactor));
                    let place = (name.clone(), key.clone());
                    let known = asked.get(&place).cloned();
                    let result = if let Some(known) = known {
                        known
                    } else {
                        let result = self.ask(client, name, key).await;
                        asked.insert(place, result.clone());
                        result
                    };
                    (result, from)
                }
            };
            match result {
                Ok(Some(login)) => return Found::Login(login, from),
                Ok(None) => {}
                Err(said) => trouble = trouble.or(Some(said)),
            }
        }
        Found::Nothing(trouble)
    }

    fn stored(
        &self,
        stored: &Stored,
        shown: &str,
        redactor: &Redactor,
    ) -> Result<Option<Login>, String> {
        let host = &self.host;
        stored
            .login(redactor)
            .map(Some)
            .map_err(|said| format!("the docker config `{shown}` {said} for `{host}`"))
    }

    async fn ask(&self, client: &Client, name: &str, key: &str) -> Result<Option<Login>, String> {
        let redactor = client.redactor();
        let hidden = &self.config.secret_variables;
        program::ask(name, key, hidden, client.time_left(), redactor).await.map_err(|said| {
            let name = program::shown(name, redactor);
            format!("the credential helper `{name}` {said} for `{}`", self.host)
        })
    }
}
