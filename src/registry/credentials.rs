//! The docker config's credentials for a registry that is not DigitalOcean's: `auths`, and the helpers
//! that it names, which are run with a clean environment and whose output is never shown.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::observation::Unavailable;
use crate::oci::RegistryHost;
use crate::report::Reason;
use crate::secret::{Redactor, Secret};

/// The most bytes of a docker config, and of a helper's answer.
const MOST: u64 = 1 << 20;
/// How long a helper may take at most.
const HELPER_TIMEOUT: Duration = Duration::from_secs(10);

/// A user name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    /// `Basic …`: the whole header.
    pub(crate) basic: Secret,
}

impl Login {
    fn new(user: &str, password: &str, redactor: &Redactor) -> Self {
        redactor.hide(&Secret::new(password));
        let encoded = Secret::new(&STANDARD.encode(format!("{user}:{password}")));
        redactor.hide(&encoded);
        Self { basic: Secret::new(&format!("Basic {}", encoded.expose())) }
    }
}

/// Where docker keeps its credentials, and what a helper needs of the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerConfig {
    /// The file `config.json`.
    pub file: Option<PathBuf>,
    /// The variables that a helper gets: `PATH` and `HOME`, where they are set.
    pub helper_environment: Vec<(&'static str, OsString)>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wire {
    // Docker's own reader takes `null` for nothing, wherever it stands.
    auths: Option<BTreeMap<String, Option<WireAuth>>>,
    cred_helpers: Option<BTreeMap<String, Option<String>>>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "lowercase")]
struct WireAuth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

/// Finds the login for a registry: its helper's, else that of `auths`, else the store's. `None`: ask anonymously.
/// `left` is the time until the deadline, which a helper must not outlive.
pub(crate) async fn find(
    config: &DockerConfig,
    host: &RegistryHost,
    left: Duration,
    redactor: &Redactor,
) -> Result<Option<Login>, Unavailable> {
    let Some(path) = &config.file else { return Ok(None) };
    let failed = |said: String| {
        let message = format!(
            "the docker config `{}` {said}",
            redactor.line(&path.display().to_string(), 200)
        );
        Unavailable::new(Reason::CredentialHelperFailed, message)
    };
    let text = match read(path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(error) => return Err(failed(format!("cannot be read: {error}"))),
    };
    // The parser's message may quote the file: only where it stopped is told.
    let wire: Wire = serde_json::from_str(&text).map_err(|error| {
        failed(format!("is not valid: line {} column {}", error.line(), error.column()))
    })?;
    let keys = keys_for(host);
    let helpers = wire.cred_helpers.unwrap_or_default();
    if let Some(name) = keys.iter().find_map(|key| helpers.get(key)?.as_deref()) {
        return ask_helper(name, config, host, left, redactor).await;
    }
    let auths = wire.auths.unwrap_or_default();
    let mut stored = auths.iter().filter_map(|(key, auth)| Some((key, auth.as_ref()?)));
    if let Some((_, auth)) =
        stored.find(|(key, auth)| !auth.is_empty() && keys.contains(&normal(key)))
    {
        return auth
            .login(redactor)
            .map(Some)
            .map_err(|said| failed(format!("{said} for `{host}`")));
    }
    match &wire.creds_store {
        Some(name) if !name.is_empty() => ask_helper(name, config, host, left, redactor).await,
        Some(_) | None => Ok(None),
    }
}

fn read(path: &std::path::Path) -> std::io::Result<Option<String>> {
    // Looked at before it is opened: opening a pipe would wait for a writer.
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(std::io::Error::other("not a regular file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut text = String::new();
    std::fs::File::open(path)?.take(MOST).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// The names under which docker keeps a registry's credentials.
fn keys_for(host: &RegistryHost) -> Vec<String> {
    if is_docker_hub(host) {
        return ["index.docker.io", "docker.io", "registry-1.docker.io"]
            .map(str::to_owned)
            .to_vec();
    }
    vec![host.as_str().to_owned()]
}

/// Docker Hub, under any of its names.
pub(crate) fn is_docker_hub(host: &RegistryHost) -> bool {
    matches!(host.as_str(), "docker.io" | "index.docker.io" | "registry-1.docker.io")
}

/// The host of a key of `auths`, which may be an address: `https://index.docker.io/v1/`.
fn normal(key: &str) -> String {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    rest.split('/').next().unwrap_or(rest).to_ascii_lowercase()
}

impl WireAuth {
    /// Docker writes an empty entry for a registry whose login is in a store.
    fn is_empty(&self) -> bool {
        let Self { auth, username, password, identitytoken } = self;
        [auth, username, password, identitytoken]
            .into_iter()
            .all(|field| field.as_deref().unwrap_or("").is_empty())
    }

    fn login(&self, redactor: &Redactor) -> Result<Login, &'static str> {
        let Self { auth, username, password, identitytoken } = self;
        if identitytoken.as_deref().is_some_and(|token| !token.is_empty()) {
            return Err("holds an identity token, which this program cannot use,");
        }
        if let Some(auth) = auth.as_deref().filter(|auth| !auth.is_empty()) {
            let bytes =
                STANDARD.decode(auth.trim()).map_err(|_| "holds an `auth` that is not base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "holds an `auth` that is not text")?;
            let (user, password) = text.split_once(':').ok_or("holds an `auth` without a colon")?;
            // DigitalOcean's documented example ends with a new line, docker's own files with NULs.
            let password = password.trim_end_matches(['\n', '\r', '\0']);
            return Ok(Login::new(user, password, redactor));
        }
        match (username, password) {
            (Some(user), Some(password)) => Ok(Login::new(user, password, redactor)),
            (_, _) => Err("holds half a login"),
        }
    }
}

async fn ask_helper(
    name: &str,
    config: &DockerConfig,
    host: &RegistryHost,
    left: Duration,
    redactor: &Redactor,
) -> Result<Option<Login>, Unavailable> {
    let failed = |said: &str| {
        let name = redactor.line(name, 60);
        let message =
            format!("the credential helper `docker-credential-{name}` {said} for `{host}`");
        Unavailable::new(Reason::CredentialHelperFailed, message)
    };
    let plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(failed("has a name that no program has"));
    }
    let limit = HELPER_TIMEOUT.min(left);
    let answer = tokio::time::timeout(limit, run_helper(name, config, host)).await;
    let (succeeded, output) = match answer {
        Err(_) if limit == left => {
            let said = failed("had not answered when the run's deadline passed,");
            return Err(Unavailable::new(Reason::DeadlinePassed, said.message));
        }
        Err(_) => return Err(failed("took longer than 10 s")),
        Ok(Err(error)) => return Err(failed(&format!("could not be run ({}),", error.kind()))),
        Ok(Ok(answer)) => answer,
    };
    if !succeeded {
        // The protocol's words for "nothing stored": then docker asks anonymously, too.
        let nothing = String::from_utf8_lossy(&output).contains("credentials not found");
        return if nothing { Ok(None) } else { Err(failed("failed")) };
    }
    let answer: Answer = serde_json::from_slice(&output)
        .map_err(|_| failed("answered with something else than a login"))?;
    if answer.username == "<token>" {
        return Err(failed("gave an identity token, which this program cannot use,"));
    }
    Ok(Some(Login::new(&answer.username, &answer.secret, redactor)))
}

/// A helper's answer (docker-credential-helpers, "Development").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

async fn run_helper(
    name: &str,
    config: &DockerConfig,
    host: &RegistryHost,
) -> std::io::Result<(bool, Vec<u8>)> {
    let key = if is_docker_hub(host) { "https://index.docker.io/v1/" } else { host.as_str() };
    let mut child = tokio::process::Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .env_clear()
        .envs(config.helper_environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input will say what is wrong by its exit code.
        let _ = stdin.write_all(key.as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MOST).read_to_end(&mut output).await?;
    }
    Ok((child.wait().await?.success(), output))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn find_in(config: &str, host: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file.as_file(), config.as_bytes()).unwrap();
        let config =
            DockerConfig { file: Some(file.path().to_owned()), helper_environment: Vec::new() };
        let redactor = Redactor::default();
        match find(&config, &host.parse().unwrap(), HELPER_TIMEOUT, &redactor).await {
            Ok(None) => "anonymous".to_owned(),
            Ok(Some(login)) => {
                assert!(redactor.finds_in(login.basic.expose()));
                let encoded = login.basic.expose().strip_prefix("Basic ").unwrap();
                String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
            }
            Err(why) => why.message.replace(&file.path().display().to_string(), "FILE"),
        }
    }

    #[tokio::test]
    async fn each_way_to_keep_a_login_is_read() {
        let auth = |text: &str| STANDARD.encode(text);
        let config = format!(
            r#"{{"auths":{{"r.example":{{"auth":"{}"}},"https://index.docker.io/v1/":{{"auth":"{}"}},
            "plain.example:5000":{{"username":"u","password":"p:q"}},"empty.example":{{}},
            "bad.example":{{"auth":"!"}},"half.example":{{"username":"u"}},"idp.example":{{"auth":"{}","identitytoken":"x"}}}},"unknown":1}}"#,
            auth("me:secret:with:colons\n"),
            auth("hub:pass"),
            auth("00000000-0000-0000-0000-000000000000:"),
        );
        let mut table = Vec::new();
        for host in [
            "r.example",
            "docker.io",
            "plain.example:5000",
            "plain.example",
            "empty.example",
            "bad.example",
            "half.example",
            "idp.example",
            "other.example",
        ] {
            table.push(format!("{host}: {}", find_in(&config, host).await));
        }
        insta::assert_snapshot!(table.join("\n"), @"
        r.example: me:secret:with:colons
        docker.io: hub:pass
        plain.example:5000: u:p:q
        plain.example: anonymous
        empty.example: anonymous
        bad.example: the docker config `FILE` holds an `auth` that is not base64 for `bad.example`
        half.example: the docker config `FILE` holds half a login for `half.example`
        idp.example: the docker config `FILE` holds an identity token, which this program cannot use, for `idp.example`
        other.example: anonymous
        ");
    }

    #[tokio::test]
    async fn a_null_in_a_config_is_nothing() {
        for config in [
            "{}",
            r#"{"auths":null,"credHelpers":null,"credsStore":null}"#,
            r#"{"auths":{"r.example":null},"credHelpers":{"r.example":null}}"#,
            r#"{"auths":{"r.example":{"auth":null}}}"#,
            r#"{"credsStore":""}"#,
        ] {
            assert_eq!(find_in(config, "r.example").await, "anonymous", "{config}");
        }
        let auth = STANDARD.encode("me:secret");
        let config =
            format!(r#"{{"credHelpers":null,"auths":{{"r.example":{{"auth":"{auth}"}}}}}}"#);
        assert_eq!(find_in(&config, "r.example").await, "me:secret");
    }

    #[tokio::test]
    async fn a_broken_config_is_named_and_not_quoted() {
        insta::assert_snapshot!(find_in(r#"{"auths": "hunter2"}"#, "r.example").await, @"the docker config `FILE` is not valid: line 1 column 19");
        insta::assert_snapshot!(find_in(r#"{"credsStore": "../../bin/sh"}"#, "r.example").await, @"the credential helper `docker-credential-../../bin/sh` has a name that no program has for `r.example`");
        insta::assert_snapshot!(find_in(r#"{"credHelpers": {"r.example": "not-there"}}"#, "r.example").await, @"the credential helper `docker-credential-not-there` could not be run (entity not found), for `r.example`");
        let missing = DockerConfig {
            file: Some("/nonexistent/config.json".into()),
            helper_environment: Vec::new(),
        };
        assert_eq!(
            find(&missing, &"r.example".parse().unwrap(), HELPER_TIMEOUT, &Redactor::default())
                .await,
            Ok(None)
        );
    }

    #[tokio::test]
    async fn what_is_no_file_is_not_read_and_only_what_is_not_there_is_no_config() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        #[expect(clippy::disallowed_methods, reason = "a file of the test")]
        std::fs::write(&file, "{}").unwrap();
        let said = async |path: PathBuf| {
            let config = DockerConfig { file: Some(path), helper_environment: Vec::new() };
            let host = "r.example".parse().unwrap();
            match find(&config, &host, HELPER_TIMEOUT, &Redactor::default()).await {
                Ok(login) => format!("{login:?}"),
                Err(why) => why.message.replace(&folder.path().display().to_string(), "FOLDER"),
            }
        };
        assert_eq!(said(folder.path().join("absent")).await, "None");
        insta::assert_snapshot!(said(folder.path().to_owned()).await, @"the docker config `FOLDER` cannot be read: not a regular file");
        insta::assert_snapshot!(said(file.join("config.json")).await, @"the docker config `FOLDER/file/config.json` cannot be read: Not a directory (os error 20)");
    }
}
