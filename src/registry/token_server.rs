//! Asks a token server for a token: with a login, without one, or with an identity token.

use reqwest::Url;

use crate::http::{self, Authorization, Client, Patience, Peer, Request, Want};
use crate::observation::Unavailable;
use crate::registry::token::read;
use crate::report::Reason;
use crate::secret::Secret;

/// A token server, and the name that it knows the registry by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenServer<'a> {
    pub(crate) realm: &'a Url,
    pub(crate) service: Option<&'a str>,
}

impl TokenServer<'_> {
    /// Requests a token to pull from one repository. The scope is built here, never taken from a challenge.
    pub(crate) async fn fetch(
        self,
        client: &Client,
        repository: &str,
        login: Option<&Authorization>,
    ) -> Result<Authorization, Unavailable> {
        let mut url = self.realm.clone();
        url.query_pairs_mut().extend_pairs(self.asked(repository));
        let request = Request { authorization: login, ..token_request(url) };
        let answer = client.get(&request).await?;
        read(&answer, client.redactor()).map(Authorization::Bearer)
    }

    /// Like [`fetch`](Self::fetch), with an identity token (distribution "`OAuth2` token authentication"). The token is
    /// posted, so that it appears in no URL.
    pub(crate) async fn exchange(
        self,
        client: &Client,
        repository: &str,
        identity: &Secret,
    ) -> Result<Authorization, Unavailable> {
        let mut form = self.realm.clone();
        form.set_query(None);
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", "verify-registry-image")
            .append_pair("refresh_token", identity.expose())
            .extend_pairs(self.asked(repository));
        let form = Secret::new(form.query().unwrap_or_default());
        client.redactor().hide_as_it_is(&form);
        let request = Request { form: Some(&form), ..token_request(self.realm.clone()) };
        let answer = client.get(&request).await?;
        if matches!(answer.status, 404 | 405) {
            let message = format!(
                "the token server `{}` refused the credentials: it answered {} to the POST by which an identity \
                 token is used",
                answer.host, answer.status
            );
            return Err(Unavailable::new(Reason::CredentialsRefused, message));
        }
        read(&answer, client.redactor()).map(Authorization::Bearer)
    }

    fn asked(self, repository: &str) -> Vec<(&'static str, String)> {
        let mut asked = Vec::new();
        asked.extend(self.service.map(|service| ("service", service.to_owned())));
        asked.push(("scope", format!("repository:{repository}:pull")));
        asked
    }
}

fn token_request(url: Url) -> Request<'static> {
    Request {
        url,
        what: "the token",
        accept: None,
        authorization: None,
        form: None,
        peer: Peer::TokenServer,
        want: Want::All(http::MOST_SMALL),
        fresh: false,
        patience: Patience::Full,
    }
}
