//! A client for the OCI distribution API: manifests, blobs and the tokens that they need.
//!
//! It reports what the registry answered. Other rooms decide whether an image is there, whole and the right one.

mod access;
mod answers;
mod attestations;
mod blobs;
mod challenge;
mod content;
mod control;
mod credential_program;
mod credentials;
mod delegate;
mod docker_config;
mod layers;
mod login;
mod scheme;
mod token;
mod token_server;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;

use crate::http::{self, Answer, Client, Patience, Peer, Request, Want};
use crate::observation::{Control, Fact, Resolved, Unavailable};
use crate::oci::{Digest, MediaType, RegistryHost};
use crate::report::Reason;
use crate::request::RegistryKind;
use crate::secret::Secret;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use answers::Sent;
use content::Content;

pub(crate) use access::{Access, Shared};
use access::{By, Granted};
pub(crate) use content::{BlobAnswer, ConfigAnswer};
pub use credentials::DockerConfig;
use delegate::Delegates;
pub(crate) use layers::Poured;

/// A registry: one host, and how to authenticate to it.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    access: Arc<Access>,
    kind: RegistryKind,
}

impl Registry {
    /// DigitalOcean's registry.
    pub(crate) fn digitalocean(
        client: &Client,
        origin: Url,
        endpoint: Url,
        token: &Secret,
    ) -> Self {
        let access = Arc::new(Access::digitalocean(client, origin, endpoint, token));
        Self { access, kind: RegistryKind::DigitalOcean }
    }

    /// Any other registry. `None` if its host makes no valid URL.
    pub(crate) fn other(config: &DockerConfig, host: &RegistryHost) -> Option<Self> {
        let kind = RegistryKind::of_other(host);
        let server = match kind {
            // Docker Hub serves its registry from another host.
            RegistryKind::DockerHub => "registry-1.docker.io",
            RegistryKind::DigitalOcean | RegistryKind::Other => host.as_str(),
        };
        let origin: Url = format!("https://{server}/").parse().ok()?;
        let access = access::for_other(config, host, &origin);
        Some(Self { access, kind })
    }

    /// One repository of the registry, by its OCI name.
    pub(crate) fn repository(&self, name: &str) -> Repository {
        let name = match self.kind {
            // Docker Hub's official images are in `library/`, which nobody writes.
            RegistryKind::DockerHub if !name.contains('/') => format!("library/{name}"),
            RegistryKind::DigitalOcean | RegistryKind::DockerHub | RegistryKind::Other => {
                name.to_owned()
            }
        };
        Repository {
            registry: self.clone(),
            name,
            pass: Shared::default(),
            issued: AtomicU64::new(0),
            was_good: AtomicBool::new(false),
            control: Shared::default(),
            notes: Mutex::default(),
            delegates: Delegates::default(),
        }
    }

    /// Whether it may redirect to another registry, which answers in its place and may want a token of its own.
    fn may_delegate(&self) -> bool {
        match self.kind {
            RegistryKind::DigitalOcean => false,
            RegistryKind::DockerHub | RegistryKind::Other => true,
        }
    }
}

/// One repository: its token and its negative control, each fetched once.
#[derive(Debug)]
pub(crate) struct Repository {
    registry: Registry,
    name: String,
    pass: Shared<Pass>,
    /// How many authorizations were issued.
    issued: AtomicU64,
    /// Whether the registry has accepted the newest authorization.
    was_good: AtomicBool,
    control: Shared<Control>,
    notes: Mutex<BTreeSet<String>>,
    /// The anonymous tokens of hosts that the registry redirects to.
    delegates: Delegates,
}

/// The authorization of a repository's requests, with a number that tells a new one from an old one.
#[derive(Clone, Debug)]
struct Pass {
    granted: Granted,
    number: u64,
}

impl Repository {
    /// Requests a tag's manifest. `expected` chooses the algorithm of its digest.
    pub(crate) async fn manifest_by_tag(
        &self,
        client: &Client,
        tag: &str,
        expected: Option<&Digest>,
    ) -> Fact<Resolved> {
        match self.sent_for_tag(client, tag, expected).await {
            Sent::Told(fact) => fact,
            Sent::Wrong(wrong) => Fact::Unknown(wrong.why),
        }
    }

    /// Like [`Self::manifest_by_tag`], but where bytes and digest of the answer contradict each other, the
    /// digest itself is requested: what is wrong there, too, is what the registry holds.
    pub(crate) async fn resolve_tag(
        &self,
        client: &Client,
        tag: &str,
        expected: Option<&Digest>,
    ) -> Fact<Resolved> {
        let wrong = match self.sent_for_tag(client, tag, expected).await {
            Sent::Told(fact) => return fact,
            Sent::Wrong(wrong) => wrong,
        };
        let asked = self.manifest_by_digest(client, &wrong.digest, http::MOST_CONTENT);
        match Box::pin(asked).await {
            Fact::Absent(denial) if denial.reason == Reason::ContentDiffers => Fact::Absent(denial),
            // An answer for a tag that contradicts itself proves nothing.
            Fact::Present(_) | Fact::Absent(_) | Fact::Unknown(_) => Fact::Unknown(wrong.why),
        }
    }

    async fn sent_for_tag(
        &self,
        client: &Client,
        tag: &str,
        expected: Option<&Digest>,
    ) -> Sent<Resolved> {
        let what = format!("the manifest of `{tag}`");
        match Box::pin(self.get_manifest(client, tag, &what, http::MOST_CONTENT, Patience::Full))
            .await
        {
            Ok(answer) => answers::manifest(answer, &what, expected, false, client.redactor())
                .map(|fact| self.told(fact)),
            Err(why) => Sent::Told(Fact::Unknown(why)),
        }
    }

    /// Requests a manifest by its digest, and reads at most `most` bytes. If the bytes do not match the digest,
    /// requests it once more: the same wrong bytes again are what the registry holds.
    pub(crate) async fn manifest_by_digest(
        &self,
        client: &Client,
        digest: &Digest,
        most: usize,
    ) -> Fact<Resolved> {
        let what = format!("the manifest `{}`", digest.short());
        let ask = async || match Box::pin(self.get_manifest(
            client,
            &digest.to_string(),
            &what,
            most,
            Patience::Full,
        ))
        .await
        {
            Ok(answer) => answers::manifest(answer, &what, Some(digest), true, client.redactor())
                .map(|fact| self.told(fact)),
            Err(why) => Sent::Told(Fact::Unknown(why)),
        };
        match content::twice(ask).await {
            Content::Told(fact) => fact,
            Content::RightThen(resolved, note) => {
                Fact::Present(Resolved { note: Some(note), ..resolved })
            }
            Content::Differs(denial, _) => Fact::Absent(denial),
            Content::Empty(why) => Fact::Unknown(why),
        }
    }

    /// Adds to a refusal which login was refused, or that there was none.
    fn told<T>(&self, fact: Fact<T>) -> Fact<T> {
        match fact {
            Fact::Present(value) => Fact::Present(value),
            Fact::Absent(denial) => Fact::Absent(denial),
            Fact::Unknown(why) => Fact::Unknown(self.why(why)),
        }
    }

    fn why(&self, why: Unavailable) -> Unavailable {
        match self.pass.now() {
            Some(pass) => self.registry.access.told(why, &pass.granted.by),
            None => why,
        }
    }

    /// Whether the registry has the repository at all, by one entry of its tag list.
    pub(crate) async fn exists(&self, client: &Client) -> Fact<()> {
        let what = format!("the tags of `{}`", self.name);
        let mut url = match self.url(client, "tags", "list").await {
            Ok(url) => url,
            Err(why) => return Fact::Unknown(why),
        };
        url.set_query(Some("n=1"));
        let request = plain(url, &what, None, Want::All(http::MOST_SMALL));
        let asked = match self.get(client, &request).await {
            Ok(answer) => Box::pin(self.delegated(client, &request, answer)).await,
            Err(why) => Err(why),
        };
        match asked {
            Ok(answer) if answer.status == 200 && !answer.is_html() => Fact::Present(()),
            Ok(answer) => {
                self.told(answers::not_ok(&answer, &what, answers::Kind::Tag, client.redactor()))
            }
            Err(why) => Fact::Unknown(why),
        }
    }

    async fn get_manifest(
        &self,
        client: &Client,
        reference: &str,
        what: &str,
        most: usize,
        patience: Patience,
    ) -> Result<Answer, Unavailable> {
        let url = self.url(client, "manifests", reference).await?;
        // A tag may move, so no cache may answer for it.
        let fresh = !reference.contains(':');
        let plain = plain(url, what, Some(MediaType::ACCEPT), Want::All(most));
        let request = Request { fresh, patience, ..plain };
        let answer = self.get(client, &request).await?;
        Box::pin(self.delegated(client, &request, answer)).await
    }

    /// Sends one request with the repository's authorization. Renews it once if the registry rejects one that it had
    /// accepted before.
    async fn get(&self, client: &Client, asked: &Request<'_>) -> Result<Answer, Unavailable> {
        let pass = self.pass(client, None).await?;
        let mut request = Request { authorization: pass.granted.header.as_ref(), ..asked.clone() };
        let answer = client.get(&request).await.map_err(|why| self.why(why))?;
        if self.accepted(&pass, &answer) {
            return Ok(answer);
        }
        let challenged = || Box::pin(self.registry.access.challenged(client, &answer));
        let is_worth_another = match pass.granted.header {
            // The base address sent no challenge, and the repository does.
            None => pass.granted.was_assumed && challenged().await?,
            Some(_) => {
                !self.is_newest(&pass)
                    || self.was_good.load(Ordering::Relaxed)
                    // It names another token server than the known one.
                    || pass.granted.was_assumed && challenged().await?
            }
        };
        if !is_worth_another {
            return Ok(answer);
        }
        // Tokens are valid for minutes, and a run that waits for a tag may take longer.
        let renewed = self.pass(client, Some(pass.number)).await?;
        request.authorization = renewed.granted.header.as_ref();
        let answer = client.get(&request).await.map_err(|why| self.why(why))?;
        self.accepted(&renewed, &answer);
        Ok(answer)
    }

    /// Returns whether the registry accepted the request's authorization, and remembers that of the newest one.
    fn accepted(&self, pass: &Pass, answer: &Answer) -> bool {
        let is_accepted = answer.status != 401;
        if is_accepted && self.is_newest(pass) {
            self.was_good.store(true, Ordering::Relaxed);
        }
        is_accepted
    }

    fn is_newest(&self, pass: &Pass) -> bool {
        pass.number == self.issued.load(Ordering::Relaxed)
    }

    async fn pass(&self, client: &Client, refused: Option<u64>) -> Result<Pass, Unavailable> {
        let is_stale = |pass: &Pass| refused == Some(pass.number);
        let fetch = async {
            let granted = Box::pin(self.registry.access.authorize(client, &self.name)).await?;
            if let By::Nobody(Some(trouble)) = &granted.by {
                self.note(format!("{trouble}; the registry was asked without a login"));
            }
            let number = self.issued.fetch_add(1, Ordering::Relaxed) + 1;
            self.was_good.store(false, Ordering::Relaxed);
            Ok(Pass { granted, number })
        };
        self.pass.get(is_stale, fetch).await
    }

    /// `/v2/<name>/<kind>/<reference>`. The parts were parsed, so none holds a character that needs escaping in a URL.
    async fn url(&self, client: &Client, kind: &str, reference: &str) -> Result<Url, Unavailable> {
        let mut url = Box::pin(self.registry.access.origin(client)).await?;
        url.set_path(&format!("/v2/{}/{kind}/{reference}", self.name));
        let is_exact = url.path().ends_with(&format!("/{kind}/{reference}"));
        is_exact.then_some(url).ok_or_else(|| {
            Unavailable::new(
                Reason::UnexpectedAnswer,
                format!("`{reference}` cannot be part of an address"),
            )
        })
    }

    /// Keeps a note for every image of the repository.
    pub(crate) fn note(&self, text: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
    }

    /// Returns the notes so far, for the user.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn kind(&self) -> RegistryKind {
        self.registry.kind
    }
}

/// A request without credentials.
fn plain<'a>(url: Url, what: &'a str, accept: Option<&'static str>, want: Want<'a>) -> Request<'a> {
    Request {
        url,
        what,
        accept,
        authorization: None,
        form: None,
        peer: Peer::Server,
        want,
        fresh: false,
        patience: Patience::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_docker_hubs_official_images_have_a_name_that_nobody_writes() {
        let name = |reference: &str| {
            let reference: crate::oci::Reference = reference.parse().unwrap();
            let registry = Registry::other(&DockerConfig::default(), &reference.registry).unwrap();
            registry.repository(reference.repository.as_str()).name
        };
        assert_eq!(name("docker.io/alpine:3.22"), "library/alpine");
        assert_eq!(name("docker.io/keepkey/alpine:3.22"), "keepkey/alpine");
        assert_eq!(name("r.example/alpine:3.22"), "alpine");
        assert_eq!(name("r.example/keepkey/alpine:3.22"), "keepkey/alpine");
    }
}
