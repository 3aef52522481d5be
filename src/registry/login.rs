//! A login as it is sent to a registry or its token server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::Authorization;
use crate::secret::{Redactor, Secret};

/// A login as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// A user name and password.
    Password(Authorization),
    /// An identity token, which is posted to the token server (a refresh token of `OAuth2`).
    Identity(Secret),
}

impl Login {
    pub(super) fn password(user: &str, password: &str, redactor: &Redactor) -> Self {
        redactor.hide(&Secret::new(password));
        let encoded = Secret::new(&STANDARD.encode(format!("{user}:{password}")));
        redactor.hide(&encoded);
        Self::Password(Authorization::Basic(encoded))
    }

    pub(super) fn identity(token: &str, redactor: &Redactor) -> Self {
        let token = Secret::new(token);
        redactor.hide(&token);
        Self::Identity(token)
    }
}
