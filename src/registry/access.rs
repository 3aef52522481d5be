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
use crate::progress::Loudness;
use crate::registry::challenge::{self, Challenge};
use crate::registry::credentials::{self, DockerConfig, Login};
use crate::registry::token;
use crate::report::Reason;
use crate::secret::Secret;

/// Token servers of others that are known to be a registry's own (contract §3).
const KNOWN_TOKEN_SERVERS: [(&str, &str); 2] =
    [("registry-1.docker.io", "auth.docker.io"), ("registry.gitlab.com", "gitlab.com")];

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

/// What an answer from a registry's base address settles.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// The address at which it answers.
    origin: Url,
    /// What it asks for.
    scheme: Scheme,
}

/// What a registry asks for.
#[derive(Clone, Debug)]
pub(crate) enum Scheme {
    /// Nothing.
    Open,
    /// A login with each request.
    Basic(Login),
    /// A token of this server, for this service.
    Bearer {
        /// The token server's address, already judged.
        realm: Url,
        /// The registry's name there.
        service: Option<String>,
        /// The login; without one, the token is asked for anonymously.
        login: Option<Login>,
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
}

impl<T: Clone> Shared<T> {
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

/// A registry that is not DigitalOcean's, before it was asked.
#[derive(Clone, Copy)]
struct Other<'a> {
    config: &'a DockerConfig,
    host: &'a RegistryHost,
    origin: &'a Url,
}

impl Other<'_> {
    /// Asks a registry at its base address what it wants (distribution-spec "Determining Support"). One on
    /// this machine that does not speak TLS is asked in plain `http`, as docker does.
    async fn settle(self, client: &Client) -> Result<Settled, Unavailable> {
        let mut origin = self.origin.clone();
        let mut answer = None;
        if self.host.is_loopback() {
            answer = client.probe_tls(&base_address(&origin)).await?;
            if answer.is_none() {
                let line = format!(
                    "`{}` is on this machine and does not speak TLS: asking in plain http",
                    self.host
                );
                client.progress().say(Loudness::Requests, &line);
                // Cannot fail from one of the two schemes to the other.
                let _ = origin.set_scheme("http");
            }
        }
        let answer = match answer {
            Some(answer) => answer,
            None => client.get(&base_address(&origin)).await?,
        };
        match answer.status {
            200 if !answer.is_html() => Ok(Settled { origin, scheme: Scheme::Open }),
            401 => self.settle_by(client, &answer).await,
            _ => {
                let words = token::words(&answer, client.redactor());
                let message = format!("{BASE_ADDRESS}: `{}` answered {words}", answer.host);
                Err(Unavailable::new(Reason::UnexpectedAnswer, message))
            }
        }
    }

    /// Decides what a challenge asks for and whether it gets it.
    async fn settle_by(self, client: &Client, answer: &Answer) -> Result<Settled, Unavailable> {
        let Self { config, host, origin: _ } = self;
        let origin = answer.origin();
        let values = answer.headers.get_all("www-authenticate");
        let challenge = challenge::parse(values.iter().filter_map(|value| value.to_str().ok()));
        let login = credentials::find(config, host, client.time_left(), client.redactor()).await?;
        let scheme = match challenge {
            None => {
                let message = format!(
                    "the registry `{host}` answered 401 and asks for neither a login nor a token"
                );
                return Err(Unavailable::new(Reason::UnexpectedAnswer, message));
            }
            Some(Challenge::Basic) => login.map(Scheme::Basic).ok_or_else(|| {
                let message = format!(
                    "the registry `{host}` asks for a login, and the docker config has none for it"
                );
                Unavailable {
                    hint: Some(login_hint(host)),
                    ..Unavailable::new(Reason::CredentialsRefused, message)
                }
            })?,
            Some(Challenge::Bearer { realm, service }) => {
                let realm = judge_realm(&realm, &origin, host, login.is_some(), client)?;
                Scheme::Bearer { realm, service, login }
            }
        };
        Ok(Settled { origin, scheme })
    }
}

const BASE_ADDRESS: &str = "the base address `/v2/`";

fn base_address(origin: &Url) -> Request<'static> {
    let mut url = origin.clone();
    url.set_path("/v2/");
    Request {
        url,
        what: BASE_ADDRESS,
        accept: None,
        authorization: None,
        want: Want::All(http::MOST_SMALL),
        patience: Patience::Full,
    }
}

fn login_hint(host: &RegistryHost) -> String {
    format!("Run `docker login {host}` in an earlier step.")
}

/// The address of a token server, if it may be asked, and with a login only if it is the registry's own.
fn judge_realm(
    realm: &str,
    origin: &Url,
    host: &RegistryHost,
    has_login: bool,
    client: &Client,
) -> Result<Url, Unavailable> {
    let untrusted = |said: &str| {
        // A password in there is nobody's business, whoever wrote it.
        let shown = realm
            .rsplit_once('@')
            .map_or_else(|| realm.to_owned(), |(_, rest)| format!("***@{rest}"));
        let shown = client.redactor().line(&shown, 200);
        let message = format!("the registry `{host}` names the token server `{shown}`, {said}");
        Unavailable::new(Reason::TokenServerNotTrusted, message)
    };
    let url: Url = realm.parse().map_err(|_| untrusted("which is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(untrusted("an address with a user name in it"));
    }
    http::permitted(origin, &url).map_err(|error| untrusted(&format!("a step {error}")))?;
    let own = url.origin() == origin.origin()
        || url.scheme() == "https"
            && url.port().is_none()
            && KNOWN_TOKEN_SERVERS.iter().any(|(registry, server)| {
                origin.host_str() == Some(registry) && url.host_str() == Some(server)
            });
    if has_login && !own {
        return Err(untrusted("which is not its own; the login was not sent there"));
    }
    Ok(url)
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
