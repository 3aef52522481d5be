//! Registries that redirect to another host, which answers in their place. Such a host never gets a login; if it asks
//! for a token, it gets an anonymous one of its own.

use std::collections::HashMap;

use reqwest::Url;
use tokio::sync::Mutex;

use crate::http::{
    Answer, Authorization, Client, Patience, Peer, Request, Want, is_redirect, words,
};
use crate::observation::Unavailable;
use crate::registry::Repository;
use crate::registry::challenge::Challenge;
use crate::registry::scheme::challenge_of;
use crate::registry::token_server::TokenServer;
use crate::report::Reason;
use crate::secret::Redactor;

/// The anonymous tokens for redirect targets, each fetched once.
#[derive(Debug, Default)]
pub(super) struct Delegates(Mutex<HashMap<(String, String), Authorization>>);

impl Repository {
    /// Follows the redirect of a registry to the host that answers in its place.
    pub(super) async fn delegated(
        &self,
        client: &Client,
        request: &Request<'_>,
        answer: Answer,
    ) -> Result<Answer, Unavailable> {
        if !self.registry.may_delegate() || !is_redirect(answer.status) {
            return Ok(answer);
        }
        let asked = answer.host.clone();
        let answer = client.follow(request, answer).await?;
        let Request { what, accept, want, .. } = *request;
        let answer = self.delegates.admitted(client, what, accept, want, answer).await?;
        if answer.host != asked {
            if matches!(answer.status, 401 | 403) && !answer.is_page() {
                return Err(refused(what, &asked, &answer, client.redactor()));
            }
            self.note(format!(
                "`{asked}` redirects to `{}`, which answered in its place",
                answer.host
            ));
        }
        Ok(answer)
    }
}

impl Delegates {
    /// Returns the answer of the redirect's target. If it asks for a token, asks again with an anonymous one; if there
    /// is none, returns the answer as it is.
    pub(super) async fn admitted(
        &self,
        client: &Client,
        what: &str,
        accept: Option<&'static str>,
        want: Want<'_>,
        answer: Answer,
    ) -> Result<Answer, Unavailable> {
        let url = answer.address().clone();
        let Some((realm, service)) = own_realm(&answer) else { return Ok(answer) };
        let Some(repository) = repository_of(&url).map(str::to_owned) else { return Ok(answer) };
        let place = (url.origin().ascii_serialization(), repository);
        let mut tokens = self.0.lock().await;
        let token = if let Some(token) = tokens.get(&place) {
            token.clone()
        } else {
            let server = TokenServer { realm: &realm, service: service.as_deref() };
            let Ok(token) = server.fetch(client, &place.1, None).await else { return Ok(answer) };
            tokens.insert(place, token.clone());
            token
        };
        drop(tokens);
        // Passes on no secrets of the address: it may have been signed for the first request alone.
        let request = Request {
            url,
            what,
            accept,
            authorization: Some(&token),
            form: None,
            peer: Peer::Redirected(&[]),
            want,
            fresh: false,
            patience: Patience::Full,
        };
        let answer = client.get(&request).await?;
        client.follow(&request, answer).await
    }
}

/// The token server that a host names, if it is on the same host and port, over https.
fn own_realm(answer: &Answer) -> Option<(Url, Option<String>)> {
    match challenge_of(answer)? {
        Challenge::Basic => None,
        Challenge::Bearer { realm, service } => {
            let realm: Url = realm.parse().ok()?;
            let is_bare = realm.username().is_empty() && realm.password().is_none();
            let is_own = realm.scheme() == "https" && realm.origin() == answer.address().origin();
            (is_bare && is_own).then_some((realm, service))
        }
    }
}

/// The repository in an address of the distribution API.
fn repository_of(url: &Url) -> Option<&str> {
    let rest = url.path().strip_prefix("/v2/")?;
    let end = ["/manifests/", "/blobs/"].iter().find_map(|kind| rest.rfind(kind))?;
    rest.get(..end).filter(|name| !name.is_empty())
}

/// The error for a redirect target that asks for a login.
fn refused(what: &str, asked: &str, answer: &Answer, redactor: &Redactor) -> Unavailable {
    let host = &answer.host;
    let message = format!(
        "{what}: `{host}`, to which `{asked}` redirects, refused it without a login: {}",
        words(answer, redactor)
    );
    let hint =
        format!("A login is never sent along a redirect: verify the image at `{host}` itself.");
    Unavailable::new(Reason::CredentialsRefused, message).hint(hint)
}
