//! What a registry that is not DigitalOcean's asks for: nothing, a login, or a token of a server that it names.

use reqwest::Url;

use crate::http::{self, Answer, Client, Patience, Request, Want};
use crate::observation::Unavailable;
use crate::oci::RegistryHost;
use crate::progress::Loudness;
use crate::registry::challenge::{self, Challenge};
use crate::registry::credentials::{self, DockerConfig, Login};
use crate::registry::token;
use crate::report::Reason;

/// Token servers of others that are known to be a registry's own (contract §3).
const KNOWN_TOKEN_SERVERS: [(&str, &str); 2] =
    [("registry-1.docker.io", "auth.docker.io"), ("registry.gitlab.com", "gitlab.com")];

/// What an answer from a registry's base address settles.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// The address at which it answers.
    pub(super) origin: Url,
    /// What it asks for.
    pub(super) scheme: Scheme,
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

/// A registry that is not DigitalOcean's, before it was asked.
#[derive(Clone, Copy)]
pub(super) struct Other<'a> {
    pub(super) config: &'a DockerConfig,
    pub(super) host: &'a RegistryHost,
    pub(super) origin: &'a Url,
}

impl Other<'_> {
    /// Asks a registry at its base address what it wants (distribution-spec "Determining Support"). One on
    /// this machine that does not speak TLS is asked in plain `http`, as docker does.
    pub(super) async fn settle(self, client: &Client) -> Result<Settled, Unavailable> {
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
    pub(super) async fn settle_by(
        self,
        client: &Client,
        answer: &Answer,
    ) -> Result<Settled, Unavailable> {
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

pub(super) fn login_hint(host: &RegistryHost) -> String {
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

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::ambient::Ambient;
    use crate::progress::Progress;
    use crate::secret::Redactor;
    use crate::settings::Proxy;

    fn judged(host: &str, realm: &str, has_login: bool) -> String {
        let progress = Progress::new(Loudness::Quiet, Redactor::default(), std::io::sink());
        let client = Client::new(
            Instant::now(),
            Proxy::default(),
            Ambient::system(),
            progress,
            Redactor::default(),
        );
        let origin: Url = format!("https://{host}/").parse().unwrap();
        match judge_realm(realm, &origin, &host.parse().unwrap(), has_login, &client) {
            Ok(url) => format!("asked: {url}"),
            Err(why) => why.message,
        }
    }

    #[test]
    fn a_login_goes_to_the_registrys_own_token_server_and_to_two_that_are_known() {
        let table = [
            ("r.example:5000", "https://r.example:5000/token"),
            ("r.example:5000", "https://r.example/token"),
            ("r.example", "https://r.example:444/token"),
            ("r.example", "https://auth.docker.io/token"),
            ("registry-1.docker.io", "https://auth.docker.io/token"),
            ("registry-1.docker.io", "https://auth.docker.io:444/token"),
            ("registry-1.docker.io", "http://auth.docker.io/token"),
            ("registry-1.docker.io", "https://gitlab.com/jwt/auth"),
            ("registry-1.docker.io", "https://auth.docker.io.example/token"),
            ("registry-1.docker.io", "https://user@auth.docker.io/token"),
            ("registry-1.docker.io", "https://:pass@auth.docker.io/token"),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("registry.gitlab.com", "https://auth.docker.io/token"),
        ];
        let rows = table.map(|(host, realm)| judged(host, realm, true));
        insta::assert_snapshot!(rows.join("\n"), @"
        asked: https://r.example:5000/token
        the registry `r.example:5000` names the token server `https://r.example/token`, which is not its own; the login was not sent there
        the registry `r.example` names the token server `https://r.example:444/token`, which is not its own; the login was not sent there
        the registry `r.example` names the token server `https://auth.docker.io/token`, which is not its own; the login was not sent there
        asked: https://auth.docker.io/token
        the registry `registry-1.docker.io` names the token server `https://auth.docker.io:444/token`, which is not its own; the login was not sent there
        the registry `registry-1.docker.io` names the token server `http://auth.docker.io/token`, a step to `http:`, where only `https:` is followed
        the registry `registry-1.docker.io` names the token server `https://gitlab.com/jwt/auth`, which is not its own; the login was not sent there
        the registry `registry-1.docker.io` names the token server `https://auth.docker.io.example/token`, which is not its own; the login was not sent there
        the registry `registry-1.docker.io` names the token server `***@auth.docker.io/token`, an address with a user name in it
        the registry `registry-1.docker.io` names the token server `***@auth.docker.io/token`, an address with a user name in it
        asked: https://gitlab.com/jwt/auth
        the registry `registry.gitlab.com` names the token server `https://auth.docker.io/token`, which is not its own; the login was not sent there
        ");
        // Without a login, nothing of anybody's is sent there.
        assert_eq!(
            judged("r.example", "https://auth.docker.io/token", false),
            "asked: https://auth.docker.io/token"
        );
    }
}
