//! Registry authentication: DigitalOcean's token endpoint directly, other registries by challenge.
//!
//! DigitalOcean's token is sent to its token endpoint only, whose address is fixed before the run. A login is sent
//! only to the registry's own host, or to a token server that is known to belong to it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http::{Answer, Authorization, Client};
use crate::observation::Unavailable;
use crate::oci::RegistryHost;
use crate::registry::credentials::{DockerConfig, Found, Logins};
use crate::registry::login::Login;
use crate::registry::scheme::{self, Scheme, Settled, login_hint};
use crate::registry::token_server::TokenServer;
use crate::report::Reason;
use crate::secret::{Redactor, Secret};

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
        /// The DigitalOcean token as user name and password.
        basic: Authorization,
        /// Finds the token, in any of its forms, in texts that must not hold it.
        token: Redactor,
    },
    /// Any other registry.
    Other {
        /// The logins that docker keeps for it.
        logins: Logins,
        /// The registry's address over `https`.
        origin: Url,
        /// Its address and authentication scheme, once it was asked.
        settled: Shared<Settled>,
    },
}

/// The authorization of a repository's requests.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// What is sent along; nothing where nothing was asked for.
    pub(super) header: Option<Authorization>,
    /// Whether the registry itself has not yet sent a challenge in this run: it asked for nothing so far, or its token
    /// server is known.
    pub(super) was_assumed: bool,
    /// Whose credentials these are.
    pub(super) by: By,
}

/// Whose credentials a request is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// DigitalOcean's token.
    Token,
    /// The login that was found in this place.
    Login(String),
    /// Anonymous, and why no login was found, if there was a problem.
    Nobody(Option<String>),
    /// Anonymous, because the registry did not ask for credentials.
    Unasked,
}

/// A value that is fetched once and shared. Waiting callers share a failure, too; later callers fetch it
/// again.
#[derive(Debug)]
pub(crate) struct Shared<T>(Mutex<Option<(Result<T, Unavailable>, Instant)>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Shared<T> {
    /// A known value.
    fn of(value: T) -> Self {
        Self(Mutex::new(Some((Ok(value), Instant::now()))))
    }
}

impl<T: Clone> Shared<T> {
    /// Returns the value, fetching it first if there is none or `is_stale` says so.
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

    /// Returns the value, fetching it again unless it came after `since`.
    pub(crate) async fn get_since<F>(&self, since: Instant, fetch: F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, Unavailable>>,
    {
        let mut held = self.0.lock().await;
        if let Some((known, at)) = &*held
            && *at >= since
        {
            return known.clone();
        }
        let fetched = fetch.await;
        *held = Some((fetched.clone(), Instant::now()));
        fetched
    }

    /// Returns the value if there is one and nobody is fetching it.
    pub(crate) fn now(&self) -> Option<T> {
        self.0.try_lock().ok()?.as_ref()?.0.as_ref().ok().cloned()
    }
}

impl Access {
    /// Creates the access to DigitalOcean's registry with its token.
    pub(crate) fn digitalocean(
        client: &Client,
        origin: Url,
        endpoint: Url,
        token: &Secret,
    ) -> Self {
        let encoded = Secret::new(&STANDARD.encode(format!("{0}:{0}", token.expose())));
        client.redactor().hide(&encoded);
        let basic = Authorization::Basic(encoded);
        let known = Redactor::default();
        known.hide(token);
        Self::DigitalOcean { origin, endpoint, basic, token: known }
    }

    /// The registry's address.
    pub(crate) async fn origin(&self, client: &Client) -> Result<Url, Unavailable> {
        match self {
            Self::DigitalOcean { origin, endpoint: _, basic: _, token: _ } => Ok(origin.clone()),
            Self::Other { logins, origin, settled } => {
                let settle = scheme::settle(client, logins.host(), origin);
                Ok(settled.get(|_| false, settle).await?.origin)
            }
        }
    }

    /// The `Authorization` header for a repository: fetched from a token server where one is needed.
    pub(crate) async fn authorize(
        &self,
        client: &Client,
        repository: &str,
    ) -> Result<Granted, Unavailable> {
        match self {
            Self::DigitalOcean { origin, endpoint, basic, token } => {
                let service = Some(RegistryHost::DIGITALOCEAN);
                let server = TokenServer { realm: endpoint, service };
                if origin.origin() != endpoint.origin() {
                    client.open_ahead(origin);
                }
                let issued = server.fetch(client, repository, Some(basic)).await?;
                if token.finds_in(issued.credentials().expose()) {
                    return Err(hands_out_ours(endpoint));
                }
                Ok(Granted { header: Some(issued), was_assumed: false, by: By::Token })
            }
            Self::Other { logins, origin, settled } => {
                let settle = || scheme::settle(client, logins.host(), origin);
                let known = settled.get(|_| false, settle()).await?;
                if known.is_assumed {
                    client.open_ahead(&known.origin);
                }
                let granted = other(client, logins, &known, repository).await;
                if !known.is_assumed || granted.as_ref().err().is_none_or(is_final) {
                    return granted;
                }
                // The known token server did not work, so ask the registry itself for its current one.
                let heard = settled.get(|settled| settled.is_assumed, settle()).await?;
                if heard.scheme == known.scheme {
                    return granted;
                }
                other(client, logins, &heard, repository).await
            }
        }
    }

    /// Rejects a redirect whose address holds DigitalOcean's token: following it would send the token to another
    /// host (contract, promise 1).
    ///
    /// # Errors
    /// When the address holds the token.
    pub(crate) fn refuse_leak(&self, answer: &Answer, what: &str) -> Result<(), Unavailable> {
        let Self::DigitalOcean { token, .. } = self else { return Ok(()) };
        let location = answer.headers.get("location").map_or(&[][..], |value| value.as_bytes());
        if !token.finds_in(&String::from_utf8_lossy(location)) {
            return Ok(());
        }
        let message = format!(
            "{what}: `{}` answered with a redirect ({}) to an address that holds DigitalOcean's token",
            answer.host, answer.status
        );
        let hint = "It was not followed. Something between here and the registry writes the token into \
                    addresses: look for a proxy, and replace the token.";
        Err(Unavailable::new(Reason::RedirectRefused, message).hint(hint))
    }

    /// Adds to a refusal which login was refused, or that there was none.
    pub(crate) fn told(&self, why: Unavailable, by: &By) -> Unavailable {
        let Self::Other { logins, .. } = self else { return why };
        told(why, by, logins.host())
    }

    /// Handles a challenge from a registry that had not sent one yet. Returns whether to retry.
    pub(crate) async fn challenged(
        &self,
        client: &Client,
        answer: &Answer,
    ) -> Result<bool, Unavailable> {
        let Self::Other { logins, origin, settled } = self else { return Ok(false) };
        let is_open = |settled: &Settled| matches!(settled.scheme, Scheme::Open);
        let settle = async {
            let scheme = scheme::settle_by(client, logins.host(), answer)?;
            Ok(Settled { origin: answer.origin(), scheme, is_assumed: false })
        };
        let is_heard = scheme::challenge_of(answer).is_some();
        let was_assumed = |settled: &Settled| is_heard && (settled.is_assumed || is_open(settled));
        let now = settled.get(was_assumed, settle).await?;
        // The known token server has already issued a token, and the registry rejected it.
        let is_known = Settled::known(origin).is_some_and(|known| known.scheme == now.scheme);
        Ok(!is_open(&now) && !is_known)
    }
}

/// The authorization for a repository of a registry that is not DigitalOcean's.
async fn other(
    client: &Client,
    logins: &Logins,
    settled: &Settled,
    repository: &str,
) -> Result<Granted, Unavailable> {
    let host = logins.host();
    let Settled { origin, scheme, is_assumed } = settled;
    if matches!(scheme, Scheme::Open) {
        return Ok(Granted { header: None, was_assumed: true, by: By::Unasked });
    }
    let (login, by) = match logins.find(client, repository).await {
        Found::Login(login, from) => (Some(login), By::Login(from)),
        Found::Nothing(trouble) => (None, By::Nobody(trouble)),
    };
    let was_assumed = *is_assumed;
    let granted = |header: Option<Authorization>, by: By| Granted { header, was_assumed, by };
    match (scheme, login) {
        (Scheme::Open, _) | (Scheme::Basic, None) => Ok(granted(None, by)),
        (Scheme::Basic, Some(Login::Password(basic))) => Ok(granted(Some(basic), by)),
        (Scheme::Basic, Some(Login::Identity(_))) => {
            let said = format!(
                "the docker config has an identity token for `{host}`, which asks for a password"
            );
            Ok(granted(None, By::Nobody(Some(said))))
        }
        (Scheme::Bearer { realm, service }, login) => {
            if login.is_some() {
                let named = logins.token_server();
                scheme::trust_with_login(realm, origin, host, named, client)?;
            }
            let server = TokenServer { realm, service: service.as_deref() };
            let token = match &login {
                None => server.fetch(client, repository, None).await,
                Some(Login::Password(basic)) => server.fetch(client, repository, Some(basic)).await,
                Some(Login::Identity(token)) => server.exchange(client, repository, token).await,
            };
            let token = token.map_err(|why| told(why, &by, host))?;
            Ok(granted(Some(token), by))
        }
    }
}

/// Whether asking the registry for another token server would not help: the known one answered, or the time is up.
fn is_final(why: &Unavailable) -> bool {
    matches!(
        why.reason,
        Reason::CredentialsRefused
            | Reason::CredentialHelperFailed
            | Reason::RateLimited
            | Reason::DeadlinePassed
    )
}

/// Adds to a refusal which login was refused, or that there was none. If a problem kept the login from being found,
/// that problem becomes the reason.
fn told(why: Unavailable, by: &By, host: &RegistryHost) -> Unavailable {
    let message = &why.message;
    match (why.reason, by) {
        (Reason::CredentialsRefused, By::Login(from)) => {
            let message = format!("{message}; the login is from {from}");
            let hint = format!(
                "Run `docker login {host}` again in an earlier step. If anyone may pull the image, run \
                 `docker logout {host}`: an expired login gets in the way."
            );
            Unavailable { message, ..why }.hint(hint)
        }
        (Reason::CredentialsRefused, By::Nobody(Some(trouble))) => {
            let message = format!("{trouble}, and without a login {message}");
            let hint = format!(
                "Fix the docker config or its helper, or run `docker login {host}` in an earlier step."
            );
            Unavailable { message, reason: Reason::CredentialHelperFailed, ..why }.hint(hint)
        }
        (Reason::CredentialsRefused, By::Nobody(None)) => {
            let message = format!(
                "{message}; it was asked without a login, because the docker config has none for `{host}`"
            );
            Unavailable { message, ..why }.hint(login_hint(host))
        }
        (Reason::CredentialsRefused, By::Unasked) => {
            let message =
                format!("{message}; it was asked without a login, because it did not ask for one");
            let hint = format!(
                "Check what is between here and `{host}`: a registry that wants a login asks for one \
                 (`WWW-Authenticate`)."
            );
            Unavailable { message, ..why }.hint(hint)
        }
        (Reason::DeadlinePassed, By::Nobody(Some(trouble))) => {
            Unavailable { message: format!("{trouble}; {message}"), ..why }
        }
        (Reason::RateLimited, By::Nobody(_) | By::Unasked) => why.hint(format!(
            "Run `docker login {host}` in an earlier step: without a login, every job that shares the runner's \
             address shares one limit. Otherwise wait as long as the message says."
        )),
        (_, _) => why,
    }
}

/// The error for a token endpoint that returns the very token that it was given (contract, promise 1).
fn hands_out_ours(endpoint: &Url) -> Unavailable {
    let message = format!(
        "the token server `{}` handed out DigitalOcean's own token; it was not sent to the registry",
        crate::http::host_of(endpoint)
    );
    let hint = "Check what answers there: DigitalOcean issues a separate token for the registry.";
    Unavailable::new(Reason::UnexpectedAnswer, message).hint(hint)
}

/// The access to a registry that is not DigitalOcean's.
pub(crate) fn for_other(config: &DockerConfig, host: &RegistryHost, origin: &Url) -> Arc<Access> {
    Arc::new(Access::Other {
        logins: Logins::new(config.clone(), host.clone()),
        origin: origin.clone(),
        settled: Settled::known(origin).map_or_else(Shared::default, Shared::of),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A client that can ask nobody any more.
    fn late() -> Client {
        use crate::ambient::{Ambient, MoreTime};
        use crate::http::Deadline;
        use crate::progress::{Loudness, Progress};
        let progress = Progress::new(Loudness::Quiet, Redactor::default(), std::io::sink());
        let deadline = Deadline::new(Instant::now(), MoreTime::none());
        let proxy = crate::settings::Proxy::default();
        Client::new(deadline, proxy, Ambient::system(), progress, Redactor::default())
    }

    fn access(host: &str) -> Arc<Access> {
        let origin = format!("https://{host}/").parse().unwrap();
        for_other(&DockerConfig::default(), &host.parse().unwrap(), &origin)
    }

    #[tokio::test]
    async fn a_registry_whose_token_server_is_known_is_not_asked_for_it() {
        let mut rows = Vec::new();
        for host in [
            "registry-1.docker.io",
            "registry.gitlab.com",
            "registry-1.docker.io:444",
            "registry-1.docker.io.example",
            "r.example",
        ] {
            let Access::Other { settled, .. } = &*access(host) else { panic!() };
            let is_asked = access(host).origin(&late()).await.is_err();
            let scheme = settled.now().map(|settled| settled.scheme);
            rows.push(match scheme {
                Some(Scheme::Bearer { realm, service }) => {
                    format!("{host}: {realm} {service:?}, asked: {is_asked}")
                }
                _ => format!("{host}: asked: {is_asked}"),
            });
        }
        insta::assert_snapshot!(rows.join("\n"), @r#"
        registry-1.docker.io: https://auth.docker.io/token Some("registry.docker.io"), asked: false
        registry.gitlab.com: https://gitlab.com/jwt/auth Some("container_registry"), asked: false
        registry-1.docker.io:444: asked: true
        registry-1.docker.io.example: asked: true
        r.example: asked: true
        "#);
    }

    #[tokio::test]
    async fn a_registry_that_names_another_token_server_than_the_known_one_is_believed() {
        let known = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#;
        let other = r#"Bearer realm="https://auth2.docker.io/token",service="registry.docker.io""#;
        let mut worth_another = Vec::new();
        for challenge in [Some(known), Some(other), Some("Basic realm=\"x\""), None] {
            let access = access("registry-1.docker.io");
            let mut headers = reqwest::header::HeaderMap::new();
            if let Some(challenge) = challenge {
                headers.insert("www-authenticate", challenge.parse().unwrap());
            }
            let answer = Answer::for_tests(401, headers, b"");
            let again = access.challenged(&late(), &answer).await.unwrap();
            // Once it has been heard, nothing is assumed any more.
            let Access::Other { settled, .. } = &*access else { panic!() };
            worth_another.push((again, settled.now().unwrap().is_assumed));
        }
        assert_eq!(worth_another, [(false, false), (true, false), (true, false), (false, true)]);
    }

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
