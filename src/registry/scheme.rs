//! How a registry other than DigitalOcean's authenticates: not at all, by a login, or by a token of a server that it
//! names.

use std::net::IpAddr;

use reqwest::Url;

use crate::http::{self, Answer, Client, Patience, Peer, Request, Want};
use crate::observation::Unavailable;
use crate::oci::RegistryHost;
use crate::progress::Loudness;
use crate::registry::challenge::{self, Challenge};
use crate::report::Reason;
use crate::secret::without_user;

/// Token servers on other hosts that are known to belong to a registry (contract §3), with the content of its
/// challenge.
const KNOWN_TOKEN_SERVERS: [KnownTokenServer; 2] = [
    KnownTokenServer {
        registry: "registry-1.docker.io",
        host: "auth.docker.io",
        path: "/token",
        service: "registry.docker.io",
    },
    KnownTokenServer {
        registry: "registry.gitlab.com",
        host: "gitlab.com",
        path: "/jwt/auth",
        service: "container_registry",
    },
];

struct KnownTokenServer {
    registry: &'static str,
    host: &'static str,
    path: &'static str,
    service: &'static str,
}

/// The address and authentication scheme of a registry.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(super) origin: Url,
    pub(super) scheme: Scheme,
    /// Whether this is known beforehand, and the registry has not confirmed it in this run.
    pub(super) is_assumed: bool,
}

impl Settled {
    /// A registry with a known token server, whose base address need not be requested. `None` for any other.
    pub(super) fn known(origin: &Url) -> Option<Self> {
        let has_port = origin.port().is_some();
        let is_its = |known: &&KnownTokenServer| origin.host_str() == Some(known.registry);
        let known = KNOWN_TOKEN_SERVERS.iter().find(is_its).filter(|_| !has_port)?;
        let realm = format!("https://{}{}", known.host, known.path).parse().ok()?;
        let scheme = Scheme::Bearer { realm, service: Some(known.service.to_owned()) };
        Some(Self { origin: origin.clone(), scheme, is_assumed: true })
    }
}

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// No authentication, as far as is known.
    Open,
    /// A login with each request.
    Basic,
    /// A token from this server, for this service.
    Bearer {
        /// The token server's address. It has passed the rules for redirects.
        realm: Url,
        /// The registry's name there.
        service: Option<String>,
    },
}

/// Asks a registry at its base address how to authenticate (distribution-spec "Determining Support"), in one try. If
/// the answer is not a challenge, the repository's own challenge counts later. A registry on this machine that does
/// not speak TLS is asked in plain `http`, as docker does.
pub(super) async fn settle(
    client: &Client,
    host: &RegistryHost,
    origin: &Url,
) -> Result<Settled, Unavailable> {
    let mut origin = origin.clone();
    let mut answer = None;
    if host.is_loopback() {
        answer = client.probe_tls(&base_address(&origin)).await?;
        if answer.is_none() {
            let line =
                format!("`{host}` is on this machine and does not speak TLS: asking in plain http");
            client.progress().say(Loudness::Requests, &line);
            // Cannot fail between `https` and `http`.
            let _ = origin.set_scheme("http");
        }
    }
    let answer = match answer {
        Some(answer) => answer,
        None => match client.get(&base_address(&origin)).await {
            Ok(answer) => answer,
            // Later requests would fail in the same way.
            Err(why) if matches!(why.reason, Reason::TlsFailed | Reason::DeadlinePassed) => {
                return Err(why);
            }
            Err(_) => return Ok(Settled { origin, scheme: Scheme::Open, is_assumed: false }),
        },
    };
    let scheme = settle_by(client, host, &answer)?;
    Ok(Settled { origin, scheme, is_assumed: false })
}

/// Reads the scheme from an answer of the registry itself. A challenge from another host does not count.
pub(super) fn settle_by(
    client: &Client,
    host: &RegistryHost,
    answer: &Answer,
) -> Result<Scheme, Unavailable> {
    match challenge_of(answer) {
        None => Ok(Scheme::Open),
        Some(Challenge::Basic) => Ok(Scheme::Basic),
        Some(Challenge::Bearer { realm, service }) => {
            let realm = read_realm(&realm, &answer.origin(), host, client)?;
            Ok(Scheme::Bearer { realm, service })
        }
    }
}

/// The challenge of a 401.
pub(super) fn challenge_of(answer: &Answer) -> Option<Challenge> {
    let values = answer.headers.get_all("www-authenticate");
    let values = values.iter().filter_map(|value| value.to_str().ok());
    (answer.status == 401).then(|| challenge::parse(values)).flatten()
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
        form: None,
        peer: Peer::Server,
        want: Want::All(http::MOST_SMALL),
        fresh: false,
        patience: Patience::Once(http::REQUEST_TIMEOUT),
    }
}

pub(super) fn login_hint(host: &RegistryHost) -> String {
    format!("Run `docker login {host}` in an earlier step.")
}

/// Reads the address of a token server, if a registry may name it at all.
fn read_realm(
    realm: &str,
    origin: &Url,
    host: &RegistryHost,
    client: &Client,
) -> Result<Url, Unavailable> {
    let untrusted = |said: &str| untrusted(realm, host, said, client);
    let url: Url = realm.parse().map_err(|_| untrusted("which is not an address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(untrusted("an address with a user name in it"));
    }
    http::permitted(origin, &url).map_err(|error| untrusted(&format!("which leads {error}")))?;
    Ok(url)
}

fn untrusted(realm: &str, host: &RegistryHost, said: &str, client: &Client) -> Unavailable {
    // Shows no password and no query, which may hold a key.
    let shown = realm.split(['?', '#']).next().unwrap_or(realm);
    let shown = client.redactor().line(&without_user(shown), 200);
    let message = format!("the registry `{host}` names the token server `{shown}`, {said}");
    Unavailable::new(Reason::TokenServerNotTrusted, message)
}

/// Checks that a token server may get a login for the registry at `origin`: the registry itself, one that is known to
/// belong to it, a parent domain of its host, or the one that `--token-server` names.
///
/// # Errors
/// When it may not.
pub(super) fn trust_with_login(
    realm: &Url,
    origin: &Url,
    host: &RegistryHost,
    named: Option<&RegistryHost>,
    client: &Client,
) -> Result<(), Unavailable> {
    let is_known = realm.scheme() == "https"
        && realm.port().is_none()
        && KNOWN_TOKEN_SERVERS.iter().any(|known| {
            origin.host_str() == Some(known.registry) && realm.host_str() == Some(known.host)
        });
    if realm.origin() == origin.origin()
        || is_known
        || is_parent(realm, origin)
        || named.is_some_and(|named| is_named(realm, named))
    {
        return Ok(());
    }
    let why = untrusted(
        realm.as_str(),
        host,
        "which is not its own; the login was not sent there",
        client,
    );
    let server = http::host_of(realm);
    let hint = format!(
        "If `{server}` may be given the login for `{host}`, as where GitLab runs beside its registry, add \
         `--token-server {server}`."
    );
    Err(why.hint(hint))
}

/// Whether the realm is on a parent domain of the registry's host, over https on port 443 or on the registry's port.
fn is_parent(realm: &Url, origin: &Url) -> bool {
    let (Some(parent), Some(child)) = (realm.host_str(), origin.host_str()) else { return false };
    let is_address = |host: &str| host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    let is_above = child.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    let labels = parent.split('.').collect::<Vec<_>>();
    realm.scheme() == "https"
        && (realm.port().is_none() || realm.port() == origin.port())
        && is_above
        && labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty())
        && !is_address(child)
        && !is_address(parent)
}

/// Whether the realm is on the host and port that `--token-server` names. The default port is 443.
fn is_named(realm: &Url, named: &RegistryHost) -> bool {
    let address = format!("https://{named}/").parse::<Url>();
    address.is_ok_and(|address| {
        realm.host_str() == address.host_str()
            && realm.port_or_known_default() == address.port_or_known_default()
    })
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::ambient::{Ambient, MoreTime};
    use crate::progress::Progress;
    use crate::secret::Redactor;
    use crate::settings::Proxy;

    fn judged(host: &str, realm: &str, has_login: bool) -> String {
        judged_with(host, realm, has_login, None)
    }

    fn judged_with(host: &str, realm: &str, has_login: bool, named: Option<&str>) -> String {
        let progress = Progress::new(Loudness::Quiet, Redactor::default(), std::io::sink());
        let client = Client::new(
            http::Deadline::new(Instant::now(), MoreTime::none()),
            Proxy::default(),
            Ambient::system(),
            progress,
            Redactor::default(),
        );
        let origin: Url = format!("https://{host}/").parse().unwrap();
        let host = host.parse().unwrap();
        let named = named.map(|named| named.parse().unwrap());
        let judged = read_realm(realm, &origin, &host, &client).and_then(|realm| {
            if has_login {
                trust_with_login(&realm, &origin, &host, named.as_ref(), &client)?;
            }
            Ok(realm)
        });
        match judged {
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
        the registry `registry-1.docker.io` names the token server `http://auth.docker.io/token`, which leads to `http:`, where only `https:` is followed
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

    #[test]
    fn a_login_goes_to_a_parent_domain_of_the_registrys_host_and_to_no_other_relative() {
        let rows = [
            ("registry.git.example.org", "https://git.example.org/jwt/auth"),
            ("registry.git.example.org", "https://example.org/jwt/auth"),
            ("registry.git.example.org", "https://GIT.example.org/jwt/auth"),
            ("registry.example.org:5000", "https://example.org:5000/token"),
            ("registry.example.org:5000", "https://example.org/token"),
            ("registry.example.org:5000", "https://example.org:5001/token"),
            ("registry.example.org", "http://example.org/token"),
            ("registry.example.org", "https://org/token"),
            ("registry.example.org", "https://example.org./token"),
            ("registry.example.org", "https://ample.org/token"),
            ("registry.example.org", "https://git.example.org/token"),
            ("example.org", "https://registry.example.org/token"),
            ("registry.acme.example", "https://gitlab.acme.example/jwt/auth"),
            ("10.1.2.3", "https://2.3/token"),
            ("10.1.2.3", "https://10.1.2.4/token"),
        ]
        .map(|(host, realm)| {
            let is_asked = judged(host, realm, true).starts_with("asked: ");
            format!("{host} -> {realm}: {}", if is_asked { "login" } else { "no login" })
        });
        insta::assert_snapshot!(rows.join("\n"), @"
        registry.git.example.org -> https://git.example.org/jwt/auth: login
        registry.git.example.org -> https://example.org/jwt/auth: login
        registry.git.example.org -> https://GIT.example.org/jwt/auth: login
        registry.example.org:5000 -> https://example.org:5000/token: login
        registry.example.org:5000 -> https://example.org/token: login
        registry.example.org:5000 -> https://example.org:5001/token: no login
        registry.example.org -> http://example.org/token: no login
        registry.example.org -> https://org/token: no login
        registry.example.org -> https://example.org./token: no login
        registry.example.org -> https://ample.org/token: no login
        registry.example.org -> https://git.example.org/token: no login
        example.org -> https://registry.example.org/token: no login
        registry.acme.example -> https://gitlab.acme.example/jwt/auth: no login
        10.1.2.3 -> https://2.3/token: no login
        10.1.2.3 -> https://10.1.2.4/token: no login
        ");
    }

    #[test]
    fn no_realm_leads_from_elsewhere_to_plain_http_or_into_a_network_not_even_a_named_one() {
        let rows = [
            "http://git.example.org/token",
            "https://127.0.0.1/token",
            "https://localhost/token",
            "https://10.0.0.1/token",
            "https://169.254.169.254/token",
            "https://[::1]/token",
            "https://[::ffff:192.168.0.1]/token",
        ]
        .map(|realm| {
            let url: Url = realm.parse().unwrap();
            let named = http::host_of(&url);
            let anonymous = judged("registry.git.example.org", realm, false);
            let named = judged_with("registry.git.example.org", realm, true, Some(&named));
            assert_eq!(anonymous, named);
            named.split(", ").skip(1).collect::<Vec<_>>().join(", ")
        });
        insta::assert_snapshot!(rows.join("\n"), @"
        which leads to `http:`, where only `https:` is followed
        which leads to `127.0.0.1`, which is not a public address
        which leads to `localhost`, which is not a public address
        which leads to `10.0.0.1`, which is not a public address
        which leads to `169.254.169.254`, which is not a public address
        which leads to `[::1]`, which is not a public address
        which leads to `[::ffff:c0a8:1]`, which is not a public address
        ");
    }

    #[test]
    fn the_token_server_that_was_named_is_given_the_login_at_its_port_alone() {
        let realm = "https://gitlab.acme.example/jwt/auth";
        let rows = [
            ("gitlab.acme.example", realm),
            ("gitlab.acme.example:443", realm),
            ("gitlab.acme.example:8443", realm),
            ("gitlab.acme.example", "https://gitlab.acme.example:8443/jwt/auth"),
            ("acme.example.com", realm),
            ("gitlab.acme.example", "http://gitlab.acme.example/jwt/auth"),
            ("127.0.0.1:5000", "https://127.0.0.1:5000/token"),
        ]
        .map(|(named, realm)| {
            let judged = judged_with("registry.acme.example", realm, true, Some(named));
            let is_asked = judged.starts_with("asked: ");
            format!("{named} -> {realm}: {}", if is_asked { "login" } else { "no login" })
        });
        insta::assert_snapshot!(rows.join("\n"), @"
        gitlab.acme.example -> https://gitlab.acme.example/jwt/auth: login
        gitlab.acme.example:443 -> https://gitlab.acme.example/jwt/auth: login
        gitlab.acme.example:8443 -> https://gitlab.acme.example/jwt/auth: no login
        gitlab.acme.example -> https://gitlab.acme.example:8443/jwt/auth: no login
        acme.example.com -> https://gitlab.acme.example/jwt/auth: no login
        gitlab.acme.example -> http://gitlab.acme.example/jwt/auth: no login
        127.0.0.1:5000 -> https://127.0.0.1:5000/token: no login
        ");
    }
}
