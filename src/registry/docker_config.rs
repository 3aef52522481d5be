//! Docker's `config.json`: the entries for a registry, best match first. Pure except for reading the file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::file::input::{self, InputError};
use crate::oci::RegistryHost;
use crate::registry::login::Login;
use crate::request::RegistryKind;
use crate::secret::Redactor;

/// The most bytes of a docker config.
const MOST: u64 = 1 << 20;

/// Docker's own key for Docker Hub.
const HUB: &str = "https://index.docker.io/v1/";

/// The parts of the file that are about logins.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireConfig {
    // Docker reads `null` as absent, in every place.
    auths: Option<BTreeMap<String, Option<Stored>>>,
    cred_helpers: Option<BTreeMap<String, Option<String>>>,
    creds_store: Option<String>,
}

/// An entry of `auths`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "lowercase")]
pub(super) struct Stored {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

/// A place where a login may be.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The name under which a helper keeps it.
    pub(super) key: String,
    pub(super) source: Source,
}

/// Where a login may be.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In the file itself.
    Stored(Stored),
    /// With this credential helper.
    Program(String),
}

/// The places of one registry. They are sorted once: a run may ask for thousands of repositories.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The places for the repositories below a path.
    paths: HashMap<String, Vec<Candidate>>,
    /// The places for the whole registry, best first.
    registry: Vec<Candidate>,
}

impl WireConfig {
    /// Reads the file. A missing file counts as empty.
    ///
    /// # Errors
    /// A clause that follows the file's name. It does not repeat the parser's message, which may quote a login.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        match input::text(path, MOST) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                format!("is not valid: line {} column {}", error.line(), error.column())
            }),
            Err(InputError::Missing) => Ok(Self::default()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The places of a registry's logins. Of two with the same key, the helper comes first.
    pub(super) fn places(self, host: &RegistryHost) -> Places {
        let Self { auths, cred_helpers, creds_store } = self;
        let (own, _) = keys(host);
        let mut places = Places::default();
        let mut registry = Vec::new();
        let mut put = |key: &str, source: Source| {
            let Some(fit) = fit(key, host) else { return };
            let asked_for = match (&fit.path, &source) {
                // Ask a helper for a path by its key, and for a registry by its host, as docker does.
                (Some(_), _) | (None, Source::Stored(_)) => key,
                (None, Source::Program(_)) => own,
            };
            let candidate = Candidate { key: asked_for.to_owned(), source };
            if let Some(rank) = fit.rank {
                registry.push((rank, candidate.clone()));
            }
            if let Some(path) = fit.path {
                places.paths.entry(path).or_default().push(candidate);
            }
        };
        for (key, name) in cred_helpers.into_iter().flatten() {
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                put(&key, Source::Program(name));
            }
        }
        for (key, stored) in auths.into_iter().flatten() {
            if let Some(stored) = stored.filter(|stored| !stored.is_empty()) {
                put(&key, Source::Stored(stored));
            }
        }
        registry.sort_by_key(|(rank, _)| *rank);
        places.registry = registry.into_iter().map(|(_, candidate)| candidate).collect();
        if let Some(store) = creds_store.filter(|store| !store.is_empty()) {
            let store = Candidate { key: own.to_owned(), source: Source::Program(store) };
            places.registry.push(store);
        }
        places
    }
}

impl Places {
    /// The places of a repository's login, best first: the longest path that contains it, then the
    /// registry's own.
    pub(super) fn of<'a>(&'a self, repository: &'a str) -> impl Iterator<Item = &'a Candidate> {
        let ends = repository.rmatch_indices('/').map(|(end, _)| end);
        let paths = [repository.len()].into_iter().chain(ends);
        let paths = paths.filter_map(|end| self.paths.get(repository.get(..end)?));
        paths.flatten().chain(&self.registry)
    }
}

/// How well a key matches a registry, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Docker's own key for Docker Hub.
    Hub,
    /// The host itself; Docker Hub has three.
    Host(usize),
    /// The host in another spelling of docker's: as a URL, or with the path of an API version.
    Spelling,
}

/// What a key is for: the repositories below a path, the whole registry, or (`/v1`) either.
struct Fit {
    path: Option<String>,
    rank: Option<Rank>,
}

/// The key that docker itself uses for a registry, and all hosts that mean it.
fn keys(host: &RegistryHost) -> (&str, Vec<&str>) {
    match RegistryKind::of_other(host) {
        RegistryKind::DockerHub => {
            (HUB, vec!["docker.io", "index.docker.io", "registry-1.docker.io"])
        }
        RegistryKind::DigitalOcean | RegistryKind::Other => (host.as_str(), vec![host.as_str()]),
    }
}

/// What a key is for. `None` if it is for another registry.
fn fit(key: &str, host: &RegistryHost) -> Option<Fit> {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let is_address = rest.is_some();
    let rest = rest.unwrap_or(key);
    let (name, path) = rest.split_once('/').map_or((rest, None), |(name, path)| (name, Some(path)));
    let name = name.to_ascii_lowercase();
    let (_, hosts) = keys(host);
    let place = hosts.iter().position(|known| *known == name)?;
    let registry = |rank| Some(Fit { path: None, rank: Some(rank) });
    if key == HUB {
        return registry(Rank::Hub);
    }
    match path.map(|path| path.trim_end_matches('/')) {
        None if is_address => registry(Rank::Spelling),
        None => registry(Rank::Host(place)),
        Some("") => registry(Rank::Spelling),
        Some(path) => {
            let rank = matches!(path, "v1" | "v2").then_some(Rank::Spelling);
            Some(Fit { path: Some(path.to_owned()), rank })
        }
    }
}

impl Stored {
    /// Docker writes an empty entry for a registry whose login is in a store.
    fn is_empty(&self) -> bool {
        let Self { auth, username, password, identitytoken } = self;
        [auth, username, password, identitytoken]
            .into_iter()
            .all(|field| field.as_deref().unwrap_or("").is_empty())
    }

    pub(super) fn login(&self, redactor: &Redactor) -> Result<Login, &'static str> {
        let Self { auth, username, password, identitytoken } = self;
        if let Some(token) = identitytoken.as_deref().filter(|token| !token.is_empty()) {
            return Ok(Login::identity(token, redactor));
        }
        if let Some(auth) = auth.as_deref().filter(|auth| !auth.is_empty()) {
            // `base64` wraps its lines, and Go's decoder, which docker uses, skips line breaks.
            let auth: String = auth.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let bytes = STANDARD.decode(auth).map_err(|_| "has an `auth` that is not base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "has an `auth` that is not text")?;
            let (user, password) = text.split_once(':').ok_or("has an `auth` without a colon")?;
            // DigitalOcean's documented example ends with a new line, docker's own files with NULs.
            let password = password.trim_end_matches(['\n', '\r', '\0']);
            if password.is_empty() {
                return Err("has an `auth` without a password");
            }
            return Ok(Login::password(user, password, redactor));
        }
        match (username, password) {
            (Some(user), Some(password)) if !password.is_empty() => {
                Ok(Login::password(user, password, redactor))
            }
            (_, _) => Err("has half a login"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Authorization;

    /// The places where the login of `reference` may be, best first, and what is there.
    fn places(config: &str, reference: &str) -> String {
        let config: WireConfig = serde_json::from_str(config).unwrap();
        let (host, repository) = reference.split_once('/').unwrap();
        let places = config.places(&host.parse().unwrap());
        let shown = places.of(repository).map(|Candidate { key, source }| match source {
            Source::Program(name) => format!("{key} of {name}"),
            Source::Stored(stored) => match stored.login(&Redactor::default()) {
                Ok(Login::Identity(token)) => format!("{key} token {}", token.expose()),
                Ok(Login::Password(login)) => {
                    let Authorization::Basic(encoded) = login else { panic!("{login:?}") };
                    let login = STANDARD.decode(encoded.expose()).unwrap();
                    let login = String::from_utf8(login).unwrap();
                    format!("{key} {login}")
                }
                Err(said) => format!("{key} {said}"),
            },
        });
        let shown: Vec<String> = shown.collect();
        format!("{reference}: {}", if shown.is_empty() { "-".to_owned() } else { shown.join(", ") })
    }

    #[test]
    fn the_exact_host_goes_before_dockers_spelling_of_it() {
        let stale = STANDARD.encode("old:stale-password");
        let right = STANDARD.encode("me:right-password");
        let config = format!(
            r#"{{"auths":{{"https://registry.example/v1/":{{"auth":"{stale}"}},"registry.example":{{"auth":"{right}"}}}}}}"#
        );
        insta::assert_snapshot!(places(&config, "registry.example/app"), @"registry.example/app: registry.example me:right-password, https://registry.example/v1/ old:stale-password");
    }

    #[test]
    fn the_longest_path_that_the_repository_lies_in_goes_first_and_no_other_repositorys_is_taken() {
        let auth = |login: &str| STANDARD.encode(login);
        let config = format!(
            r#"{{"auths":{{"registry.example":{{"auth":"{}"}},"registry.example/alpha":{{"auth":"{}"}},
            "registry.example/team":{{"auth":"{}"}},"registry.example/team/app":{{"auth":"{}"}},
            "https://registry.example/beta":{{"auth":"{}"}}}}}}"#,
            auth("host:h"),
            auth("alpha:a"),
            auth("team:t"),
            auth("app:p"),
            auth("beta:b"),
        );
        let rows = [
            "registry.example/team/app",
            "registry.example/team/application",
            "registry.example/teamwork/app",
            "registry.example/alphabet",
            "registry.example/beta/x",
            "registry.example:5000/team/app",
        ];
        insta::assert_snapshot!(rows.map(|row| places(&config, row)).join("\n"), @"
        registry.example/team/app: registry.example/team/app app:p, registry.example/team team:t, registry.example host:h
        registry.example/team/application: registry.example/team team:t, registry.example host:h
        registry.example/teamwork/app: registry.example host:h
        registry.example/alphabet: registry.example host:h
        registry.example/beta/x: https://registry.example/beta beta:b, registry.example host:h
        registry.example:5000/team/app: -
        ");
    }

    #[test]
    fn base64_that_was_wrapped_is_read() {
        let config = r#"{"auths":{"registry.example":{"auth":"bWU6cmlnaHQt\ncGFzc3dvcmQ=\n"}}}"#;
        insta::assert_snapshot!(places(config, "registry.example/app"), @"registry.example/app: registry.example me:right-password");
    }

    #[test]
    fn docker_hub_is_found_under_dockers_own_name_first() {
        let auth = |login: &str| STANDARD.encode(login);
        let config = format!(
            r#"{{"auths":{{"docker.io":{{"auth":"{}"}},"docker.io/team":{{"auth":"{}"}},"https://index.docker.io/v1/":{{"auth":"{}"}},
            "registry-1.docker.io":{{"auth":"{}"}}}}}}"#,
            auth("short:s"),
            auth("team:t"),
            auth("own:o"),
            auth("one:1"),
        );
        let helper =
            r#"{"credHelpers":{"https://index.docker.io/v1/":"ok"},"credsStore":"desktop"}"#;
        let rows = [
            places(&config, "docker.io/team/app"),
            places(&config, "registry-1.docker.io/other/app"),
            places(helper, "docker.io/team/app"),
            places(r#"{"credHelpers":{"docker.io":"ok"}}"#, "index.docker.io/team/app"),
        ];
        insta::assert_snapshot!(rows.join("\n"), @"
        docker.io/team/app: docker.io/team team:t, https://index.docker.io/v1/ own:o, docker.io short:s, registry-1.docker.io one:1
        registry-1.docker.io/other/app: https://index.docker.io/v1/ own:o, docker.io short:s, registry-1.docker.io one:1
        docker.io/team/app: https://index.docker.io/v1/ of ok, https://index.docker.io/v1/ of desktop
        index.docker.io/team/app: https://index.docker.io/v1/ of ok
        ");
    }

    #[test]
    fn each_way_to_keep_a_login_is_read() {
        let auth = |text: &str| STANDARD.encode(text);
        let config = format!(
            r#"{{"auths":{{"r.example":{{"auth":"{}"}},"plain.example:5000":{{"username":"u","password":"p:q"}},"empty.example":{{}},
            "bad.example":{{"auth":"!"}},"half.example":{{"username":"u"}},"blank.example":{{"auth":"{}"}},
            "idp.example":{{"auth":"{}","identitytoken":"x"}}}},"unknown":1}}"#,
            auth("me:secret:with:colons\n"),
            auth("me:"),
            auth("00000000-0000-0000-0000-000000000000:"),
        );
        let rows = [
            "r.example/a",
            "plain.example:5000/a",
            "plain.example/a",
            "empty.example/a",
            "bad.example/a",
            "half.example/a",
            "blank.example/a",
            "idp.example/a",
            "other.example/a",
        ];
        insta::assert_snapshot!(rows.map(|row| places(&config, row)).join("\n"), @"
        r.example/a: r.example me:secret:with:colons
        plain.example:5000/a: plain.example:5000 u:p:q
        plain.example/a: -
        empty.example/a: -
        bad.example/a: bad.example has an `auth` that is not base64
        half.example/a: half.example has half a login
        blank.example/a: blank.example has an `auth` without a password
        idp.example/a: idp.example token x
        other.example/a: -
        ");
    }

    #[test]
    fn a_null_in_a_config_is_nothing() {
        for config in [
            "{}",
            r#"{"auths":null,"credHelpers":null,"credsStore":null}"#,
            r#"{"auths":{"r.example":null},"credHelpers":{"r.example":null}}"#,
            r#"{"auths":{"r.example":{"auth":null}},"credHelpers":{"r.example":""}}"#,
            r#"{"credsStore":""}"#,
        ] {
            assert_eq!(places(config, "r.example/a"), "r.example/a: -", "{config}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_read_and_only_what_is_not_there_is_no_config() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let write = |text: &str| {
            #[expect(clippy::disallowed_methods, reason = "a file of the test")]
            std::fs::write(&file, text).unwrap();
        };
        let said = |path: &Path| match WireConfig::read(path) {
            Ok(config) => format!("{config:?}"),
            Err(said) => said,
        };
        write(r#"{"auths": "hunter2"}"#);
        let rows = [
            said(&folder.path().join("absent")),
            said(folder.path()),
            said(&file.join("config.json")),
            said(&file),
        ];
        insta::assert_snapshot!(rows.join("\n"), @"
        WireConfig { auths: None, cred_helpers: None, creds_store: None }
        is not a regular file
        cannot be read: not a directory
        is not valid: line 1 column 19
        ");
    }

    #[test]
    fn a_config_that_is_too_large_is_said_to_be_that() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let read = |bytes: u64| {
            let text = format!("{{}}{}", " ".repeat(usize::try_from(bytes).unwrap() - 2));
            #[expect(clippy::disallowed_methods, reason = "a file of the test")]
            std::fs::write(&file, text).unwrap();
            WireConfig::read(&file).map(|_| ())
        };
        assert_eq!(read(MOST), Ok(()));
        assert_eq!(read(MOST + 1), Err("is larger than 1024 KiB".to_owned()));
    }
}
