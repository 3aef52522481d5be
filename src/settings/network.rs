//! Where DigitalOcean is, and what stands between: `DIGITALOCEAN_API_URL`, `DIGITALOCEAN_REGISTRY_HOST`
//! and the proxy. The token goes where these say, so only `https` and this machine are allowed.

use std::path::Path;

use reqwest::Url;

use crate::file::input;
use crate::oci::RegistryHost;
use crate::secret::{Redactor, Secret, password_of, without_user};
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::variables::StandardVariables;
use crate::settings::{DigitalOcean, Proxy};

/// DigitalOcean's API.
const API: &str = "https://api.digitalocean.com";

/// A variable that says where a token is sent.
#[derive(Clone, Copy)]
struct Place {
    variable: &'static str,
    owner: &'static str,
    usual: &'static str,
}

const DIGITALOCEAN: Place =
    Place { variable: "DIGITALOCEAN_API_URL", owner: "DigitalOcean's API", usual: API };

const CIRCLECI: Place =
    Place { variable: "CIRCLECI_API_URL", owner: "CircleCI", usual: "https://circleci.com" };

impl Place {
    /// An address can hold a password, so no message repeats one whole.
    fn invalid(self, why: &str) -> UsageError {
        let Self { variable, owner, usual: _ } = self;
        UsageError::new(format!("invalid `{variable}`: {why}"))
            .hint(format!("unset it, unless you reach {owner} at another address"))
    }

    fn unreadable(self) -> UsageError {
        self.invalid(&format!("expected an address such as `{}`", self.usual))
    }
}

/// The hint where the token would be sent unencrypted.
const IN_THE_OPEN: &str = "the token is sent there: plain `http` is allowed on this machine only";

/// Where DigitalOcean is, and what is to be said of it.
pub(super) fn digitalocean(
    variables: &StandardVariables,
    redactor: &Redactor,
) -> Result<(DigitalOcean, Vec<String>), UsageError> {
    let StandardVariables { digitalocean_api_url, digitalocean_registry_host, .. } = variables;
    let mut notes = Vec::new();
    let api = digitalocean_api_url
        .as_deref()
        .map(|text| origin(DIGITALOCEAN, text, redactor))
        .transpose()?;
    if let Some(api) = api.as_deref().filter(|api| *api != API) {
        notes.push(format!("DigitalOcean's API is `{api}` (`DIGITALOCEAN_API_URL`)"));
    }
    let api = api.unwrap_or_else(|| API.to_owned());
    let host = |text: &str| {
        hide_user(text, redactor);
        let mistake = || {
            // However short the password: it is not shown even where it cannot be searched for.
            let shown = Shown::new(&without_user(text), redactor);
            UsageError::new(format!("invalid host {shown} in `DIGITALOCEAN_REGISTRY_HOST`"))
                .hint("give a host and, if it has one, a port, as in `127.0.0.1:5000`")
        };
        // A name is looked up unencrypted.
        if redactor.finds_token_in(text) {
            return Err(mistake());
        }
        text.parse::<RegistryHost>().map_err(|_| mistake())
    };
    let registry =
        host(digitalocean_registry_host.as_deref().map_or(RegistryHost::DIGITALOCEAN, str::trim))?;
    let is_real = registry.as_str() == RegistryHost::DIGITALOCEAN;
    if !is_real {
        notes.push(format!(
            "DigitalOcean's registry is `{registry}` (`DIGITALOCEAN_REGISTRY_HOST`)"
        ));
    }
    // The registry itself is never asked in plain `http`, whatever the API's address.
    let plain_http = api.starts_with("http://") && !is_real;
    if plain_http && !registry.is_loopback() {
        let host = Shown::new(registry.as_str(), redactor);
        return Err(UsageError::new(format!(
            "the host {host} in `DIGITALOCEAN_REGISTRY_HOST` is not this machine, but `DIGITALOCEAN_API_URL` is not \
             `https`"
        ))
        .hint(IN_THE_OPEN));
    }
    Ok((DigitalOcean { api, registry, plain_http }, notes))
}

/// Looks whether the file of CA certificates can be read at all: it is read in the middle of the run, where
/// a pipe without a writer would stop everything.
pub(super) fn certificates(
    variables: &StandardVariables,
    redactor: &Redactor,
) -> Result<(), UsageError> {
    const MOST: u64 = 16 << 20;
    let Some(path) = &variables.ssl_cert_file else { return Ok(()) };
    let read = input::bytes(Path::new(path), MOST).map(|_| ());
    read.map_err(|why| {
        let path = Shown::new(path, redactor);
        UsageError::new(format!("the file {path} of `SSL_CERT_FILE` {why}"))
            .hint("give a PEM file of CA certificates, or unset it to use the system's")
    })
}

/// CircleCI's origin.
pub(super) fn circleci_api(text: &str, redactor: &Redactor) -> Result<String, UsageError> {
    origin(CIRCLECI, text, redactor)
}

/// The origin that a token is sent to.
fn origin(place: Place, text: &str, redactor: &Redactor) -> Result<String, UsageError> {
    if redactor.finds_token_in(text) {
        return Err(place.unreadable());
    }
    let url: Url = text.trim().parse().map_err(|_| place.unreadable())?;
    let host = url.host_str().ok_or_else(|| place.unreadable())?;
    let more = if !url.username().is_empty() || url.password().is_some() {
        Some("a user name or a password")
    } else if url.path() != "/" {
        Some("a path")
    } else if url.query().is_some() {
        Some("a query")
    } else if url.fragment().is_some() {
        Some("a fragment")
    } else {
        None
    };
    if let Some(more) = more {
        return Err(place.invalid(&format!("it has {more}; expected a scheme, a host and a port")));
    }
    let loopback = host.parse::<RegistryHost>().is_ok_and(|host| host.is_loopback());
    match url.scheme() {
        "https" => Ok(url.origin().ascii_serialization()),
        "http" if loopback => Ok(url.origin().ascii_serialization()),
        "http" => Err(UsageError::new(format!(
            "`{}` must be `https`, unless its host is this machine",
            place.variable
        ))
        .hint(IN_THE_OPEN)),
        _ => Err(place.unreadable()),
    }
}

/// The proxy; its password is a secret of the run.
pub(super) fn proxy(
    variables: &StandardVariables,
    redactor: &Redactor,
) -> Result<Proxy, UsageError> {
    let StandardVariables { https_proxy, no_proxy, .. } = variables;
    let unreadable = || {
        UsageError::new("invalid `HTTPS_PROXY`: expected the address of an `http` or `https` proxy")
            .hint("write it as `http://HOST:PORT`, or unset it")
    };
    let https = https_proxy.as_deref().map(|text| {
        let text = text.trim();
        // As curl and others have it, an address without a scheme is `http`.
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url: Url = text.parse().map_err(|_| unreadable())?;
        let is_proxy = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
        if let Some(password) = url.password() {
            redactor.hide(&Secret::new(password));
        }
        hide_user(&text, redactor);
        if is_proxy { Ok(Secret::new(&text)) } else { Err(unreadable()) }
    });
    Ok(Proxy { https: https.transpose()?, no_proxy: no_proxy.clone() })
}

/// Makes a user name and password before a host secrets of the run.
fn hide_user(text: &str, redactor: &Redactor) {
    // Not only of the host: a password may hold a `/` that should have been encoded.
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    if let Some((user, _)) = rest.rsplit_once('@') {
        redactor.hide(&Secret::new(user));
        redactor.hide(&Secret::new(password_of(user)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(api: Option<&str>, host: Option<&str>) -> Result<(DigitalOcean, Vec<String>), String> {
        let variables = StandardVariables {
            digitalocean_api_url: api.map(str::to_owned),
            digitalocean_registry_host: host.map(str::to_owned),
            ..Default::default()
        };
        digitalocean(&variables, &Redactor::default()).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn digitalocean_is_where_it_always_was() {
        let (digitalocean, notes) = at(None, None).unwrap();
        assert_eq!(digitalocean.api, "https://api.digitalocean.com");
        assert_eq!(digitalocean.registry.as_str(), "registry.digitalocean.com");
        assert!(!digitalocean.plain_http && notes.is_empty());
        assert_eq!(
            at(Some("https://api.digitalocean.com/"), Some("registry.digitalocean.com")),
            at(None, None)
        );
    }

    #[test]
    fn another_place_is_said_aloud() {
        let (digitalocean, notes) =
            at(Some("http://127.0.0.1:9/"), Some("localhost:5000")).unwrap();
        assert_eq!(digitalocean.api, "http://127.0.0.1:9");
        assert!(digitalocean.plain_http);
        insta::assert_snapshot!(notes.join("\n"), @r"
        DigitalOcean's API is `http://127.0.0.1:9` (`DIGITALOCEAN_API_URL`)
        DigitalOcean's registry is `localhost:5000` (`DIGITALOCEAN_REGISTRY_HOST`)
        ");
        let (digitalocean, _) = at(Some("https://do.example:8443"), Some("r.example")).unwrap();
        assert!(!digitalocean.plain_http);
        let (digitalocean, _) = at(Some("http://[::1]:9"), None).unwrap();
        assert!(!digitalocean.plain_http, "the real registry is never asked in plain http");
    }

    #[test]
    fn the_token_goes_nowhere_in_plain_http_but_to_this_machine() {
        let mistakes: Vec<String> = [
            (Some("http://api.digitalocean.com"), None),
            (Some("http://127.0.0.1.example.com"), None),
            (Some("http://127.0.0.1:9"), Some("r.example")),
            (Some("api.digitalocean.com"), None),
            (Some("file:///etc/passwd"), None),
            (Some("https://u:hunter2@api.example"), None),
            (Some("https://api.example/v2"), None),
            (Some("https://api.example?x=1"), None),
            (None, Some("https://r.example")),
            (None, Some("r.example/keepkey")),
            (None, Some("user:pw@r.example")),
            (None, Some("https://user:hunter2@r.example:5000")),
        ]
        .into_iter()
        .map(|(api, host)| at(api, host).unwrap_err())
        .collect();
        insta::assert_snapshot!(mistakes.join("\n"), @"
        `DIGITALOCEAN_API_URL` must be `https`, unless its host is this machine
        `DIGITALOCEAN_API_URL` must be `https`, unless its host is this machine
        the host `r.example` in `DIGITALOCEAN_REGISTRY_HOST` is not this machine, but `DIGITALOCEAN_API_URL` is not `https`
        invalid `DIGITALOCEAN_API_URL`: expected an address such as `https://api.digitalocean.com`
        invalid `DIGITALOCEAN_API_URL`: expected an address such as `https://api.digitalocean.com`
        invalid `DIGITALOCEAN_API_URL`: it has a user name or a password; expected a scheme, a host and a port
        invalid `DIGITALOCEAN_API_URL`: it has a path; expected a scheme, a host and a port
        invalid `DIGITALOCEAN_API_URL`: it has a query; expected a scheme, a host and a port
        invalid host `https://r.example` in `DIGITALOCEAN_REGISTRY_HOST`
        invalid host `r.example/keepkey` in `DIGITALOCEAN_REGISTRY_HOST`
        invalid host `***@r.example` in `DIGITALOCEAN_REGISTRY_HOST`
        invalid host `***@r.example:5000` in `DIGITALOCEAN_REGISTRY_HOST`
        ");
    }

    fn through(text: &str) -> Result<Option<String>, String> {
        let variables =
            StandardVariables { https_proxy: Some(text.to_owned()), ..Default::default() };
        let proxy =
            proxy(&variables, &Redactor::default()).map_err(|mistake| mistake.to_string())?;
        Ok(proxy.https.map(|address| address.expose().to_owned()))
    }

    #[test]
    fn a_proxy_is_an_address_and_its_password_is_hidden() {
        assert_eq!(through("http://u:p@proxy:3128"), Ok(Some("http://u:p@proxy:3128".into())));
        assert_eq!(through("proxy:3128"), Ok(Some("http://proxy:3128".into())));
        for text in ["socks5://proxy", "http://", "ht tp://u:hunter2@x y", ":::", "file:///x"] {
            let mistake = through(text).unwrap_err();
            assert_eq!(
                mistake,
                "invalid `HTTPS_PROXY`: expected the address of an `http` or `https` proxy"
            );
        }
        let redactor = Redactor::default();
        let variables = StandardVariables {
            https_proxy: Some("http://u:hunter2@proxy".into()),
            ..Default::default()
        };
        let proxy = proxy(&variables, &redactor).unwrap();
        assert_eq!(redactor.redact("hunter2"), "***");
        assert!(!format!("{proxy:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn any_value_is_survived(text in "(https?://)?[a-z0-9:@/\\[\\]. ?#%-]{0,30}|\\PC{0,20}") {
            let _ = through(&text);
            if let Ok((digitalocean, _)) = at(Some(&text), None) {
                prop_assert!(!digitalocean.api.ends_with('/') && !digitalocean.api.contains('@'));
            }
            let _ = at(None, Some(&text));
        }
    }
}
