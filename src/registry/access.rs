//! How a registry is given credentials: DigitalOcean's token server directly, others after a challenge.
//!
//! A token of DigitalOcean goes to its token endpoint only, whose address is settled before the run; a
//! password goes to the registry's own host, or to a token server that is known to be its own.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http::{self, Answer, Client, Patience, Request, Want};
use crate::observation::Unavailable;
use crate::oci::RegistryHost;
use crate::registry::credentials::DockerConfig;
use crate::registry::scheme::{Other, Scheme, Settled, login_hint};
use crate::registry::token;
use crate::report::Reason;
use crate::secret::Secret;

/// How the requests to one registry are authorized.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are one or two in a run")]
pub(crate) enum Access {
    /// DigitalOcean: one token server, one token for everything.
    DigitalOcean {
        /// The registry's address.
        origin: Url,
        /// The token endpoint's address.
        endpoint: Url,
        /// `Basic …` of the DigitalOcean token.
        basic: Secret,
        /// The token itself, to know it again.
        token: Secret,
    },
    /// Any other registry.
    Other {
        /// Where docker keeps logins.
        config: DockerConfig,
        /// The registry, as it was written.
        host: RegistryHost,
        /// The registry's address over `https`.
        origin: Url,
        /// Where it answers and what it asks for, once it was asked.
        settled: Shared<Settled>,
    },
}

/// A value that is fetched once and shared. Those who wait for it share its failure as well; those who
/// come later try again.
#[derive(Debug)]
pub(crate) struct Shared<T>(Mutex<Option<(Result<T, Unavailable>, Instant)>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Shared<T> {
    /// The value, fetched if it is not there yet or if `is_stale` says so.
    pub(crate) async fn get<F>(
        &self,
        is_stale: impl Fn(&T) -> bool,
        fetch: F,
    ) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, Unavailable>>,
    {
        let asked_at = Instant::now();
        let mut held = self.0.lock().await;
        match &*held {
            Some((Ok(value), _)) if !is_stale(value) => return Ok(value.clone()),
            Some((Err(why), at)) if *at >= asked_at => return Err(why.clone()),
            Some(_) | None => {}
        }
        let fetched = fetch.await;
        *held = Some((fetched.clone(), Instant::now()));
        fetched
    }

    /// The value, if it is there and nobody is fetching it.
    fn now(&self) -> Option<T> {
        self.0.try_lock().ok()?.as_ref()?.0.as_ref().ok().cloned()
    }
}

impl Access {
    /// DigitalOcean's, with its token.
    pub(crate) fn digitalocean(
        client: &Client,
        origin: Url,
        endpoint: Url,
        token: &Secret,
    ) -> Self {
        let encoded = Secret::new(&STANDARD.encode(format!("{0}:{0}", token.expose())));
        client.redactor().hide(&encoded);
        let basic = Secret::new(&format!("Basic {}", encoded.expose()));
        Self::DigitalOcean { origin, endpoint, basic, token: token.clone() }
    }

    /// The registry's address.
    pub(crate) async fn origin(&self, client: &Client) -> Result<Url, Unavailable> {
        match self {
            Self::DigitalOcean { origin, endpoint: _, basic: _, token: _ } => Ok(origin.clone()),
            Self::Other { config, host, origin, settled } => {
                let other = Other { config, host, origin };
                Ok(settled.get(|_| false, other.settle(client)).await?.origin)
            }
        }
    }

    /// The `Authorization` header for a repository: fetched from a token server where one is needed.
    pub(crate) async fn authorize(
        &self,
        client: &Client,
        repository: &str,
    ) -> Result<Option<Secret>, Unavailable> {
        match self {
            Self::DigitalOcean { origin: _, endpoint, basic, token: _ } => {
                let service = Some(RegistryHost::DIGITALOCEAN);
                fetch_token(client, endpoint, service, repository, Some(basic)).await.map(Some)
            }
            Self::Other { config, host, origin, settled } => {
                let other = Other { config, host, origin };
                match settled.get(|_| false, other.settle(client)).await?.scheme {
                    Scheme::Open => Ok(None),
                    Scheme::Basic(login) => Ok(Some(login.basic)),
                    Scheme::Bearer { realm, service, login } => {
                        let basic = login.as_ref().map(|login| &login.basic);
                        fetch_token(client, &realm, service.as_deref(), repository, basic)
                            .await
                            .map(Some)
                            .map_err(|why| self.without_login(why, basic.is_none()))
                    }
                }
            }
        }
    }

    /// Refuses a redirect whose address holds DigitalOcean's token, whoever put it there: it would carry the
    /// token to another host (contract, promise 1).
    ///
    /// # Errors
    /// When the address holds it.
    pub(crate) fn refuse_leak(&self, answer: &Answer, what: &str) -> Result<(), Unavailable> {
        let Self::DigitalOcean { token, .. } = self else { return Ok(()) };
        let location = answer.headers.get("location").map_or(&[][..], |value| value.as_bytes());
        if !String::from_utf8_lossy(location).contains(token.expose()) {
            return Ok(());
        }
        let message = format!(
            "{what}: `{}` answered with a redirect ({}) to an address that holds DigitalOcean's token",
            answer.host, answer.status
        );
        let hint = "It was not followed. Something between here and the registry writes the token into \
                    addresses: look for a proxy, and replace the token.";
        Err(Unavailable {
            hint: Some(hint.to_owned()),
            ..Unavailable::new(Reason::RedirectRefused, message)
        })
    }

    /// Whether the registry is asked without a login, as far as that is settled.
    pub(crate) fn is_anonymous(&self) -> bool {
        let Self::Other { settled, .. } = self else { return false };
        settled.now().is_some_and(|settled| match settled.scheme {
            Scheme::Open | Scheme::Bearer { login: None, .. } => true,
            Scheme::Basic(_) | Scheme::Bearer { login: Some(_), .. } => false,
        })
    }

    /// A refusal that only says that somebody unknown was refused: what is missing is a login.
    pub(crate) fn without_login(&self, why: Unavailable, is_anonymous: bool) -> Unavailable {
        let Self::Other { host, .. } = self else { return why };
        if !is_anonymous || why.reason != Reason::CredentialsRefused {
            return why;
        }
        Unavailable {
            message: format!(
                "{}; it was asked without a login, because the docker config has none for `{host}`",
                why.message
            ),
            hint: Some(login_hint(host)),
            ..why
        }
    }

    /// Takes in a challenge of a registry that had asked for nothing. Whether another try is worth it.
    pub(crate) async fn challenged(
        &self,
        client: &Client,
        answer: &Answer,
    ) -> Result<bool, Unavailable> {
        let Self::Other { config, host, origin, settled } = self else { return Ok(false) };
        let is_open = |settled: &Settled| matches!(settled.scheme, Scheme::Open);
        let other = Other { config, host, origin };
        let now = settled.get(is_open, other.settle_by(client, answer)).await?;
        Ok(!is_open(&now))
    }
}

/// Asks a token server for a token that may pull from one repository. The scope is made here, never taken
/// from a challenge.
async fn fetch_token(
    client: &Client,
    endpoint: &Url,
    service: Option<&str>,
    repository: &str,
    basic: Option<&Secret>,
) -> Result<Secret, Unavailable> {
    let mut url = endpoint.clone();
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &format!("repository:{repository}:pull"));
    }
    let request = Request {
        url,
        what: "the token",
        accept: None,
        authorization: basic,
        want: Want::All(http::MOST_SMALL),
        patience: Patience::Full,
    };
    let answer = client.get(&request).await?;
    let token = token::read(&answer, client.redactor())?;
    Ok(Secret::new(&format!("Bearer {}", token.expose())))
}

/// The access to a registry that is not DigitalOcean's.
pub(crate) fn other(config: &DockerConfig, host: &RegistryHost, origin: &Url) -> Arc<Access> {
    Arc::new(Access::Other {
        config: config.clone(),
        host: host.clone(),
        origin: origin.clone(),
        settled: Shared::default(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_by_those_who_waited_for_it_and_tried_again_by_the_next() {
        let shared = Shared::default();
        let get = |fetched: Result<u8, &'static str>| {
            shared.get(|_| false, async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                fetched.map_err(|said| Unavailable::new(Reason::ServerError, said))
            })
        };
        let said = |result: Result<u8, Unavailable>| result.map_err(|why| why.message);
        let (first, waited) = tokio::join!(get(Err("first")), get(Ok(1)));
        assert_eq!((said(first), said(waited)), (Err("first".into()), Err("first".into())));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(said(get(Ok(2)).await), Ok(2));
        assert_eq!(said(get(Ok(3)).await), Ok(2), "fetched once");
    }
}
