//! Which of the service's addresses a request asks for.

use hyper::Method;

/// One of the servers that the stand-in plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// `api.digitalocean.com`: the API and the token endpoint.
    Api,
    /// `registry.digitalocean.com`.
    Registry,
    /// The object storage that blobs are redirected to.
    Storage,
    /// A server that has nothing to do with it, and answers everything that the others do.
    Elsewhere,
}

impl Origin {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Api, Self::Registry, Self::Storage, Self::Elsewhere];
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Any request at all; only to match with.
    Any,
    /// The accepted connection itself, before any request; only to match with.
    Connection(Origin),
    /// `/v2/registry/auth` of the API, or `/token` of a registry with a token server of its own.
    Token,
    /// `/v2/registries`.
    ApiRegistries,
    /// `/v2/registries/{registry}`.
    ApiRegistry,
    /// `/v2/registries/{registry}/repositoriesV2`.
    ApiRepositories,
    /// `…/repositories/{repository}/tags`.
    ApiTags,
    /// `…/repositories/{repository}/digests`.
    ApiDigests,
    /// `…/garbage-collection`.
    ApiGc,
    /// `/v2/`.
    Ping,
    /// A manifest by a tag that is there.
    ManifestByTag,
    /// A manifest by a tag that is not there: the control tag, or the one that was never pushed.
    Control,
    /// A manifest by its digest.
    ManifestByDigest,
    /// A blob, at the registry.
    Blob,
    /// A blob, at the storage.
    Storage,
    /// `tags/list` of the registry.
    TagsList,
    /// Part of a push.
    Push,
    /// None of these.
    Unknown,
}

/// A request's path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Token,
    LegacyRegistry,
    ApiRegistries,
    ApiRegistry(String),
    ApiRepositories(String),
    ApiTags(String, String),
    ApiDigests(String, String),
    ApiGc(String),
    Ping,
    Manifest { repository: String, reference: String },
    Blob { repository: String, digest: String },
    TagsList(String),
    Upload { repository: String, session: Option<String> },
    Stored(String),
    Unknown,
}

impl Target {
    /// Reads a path as the server `origin` does.
    pub(super) fn parse(origin: Origin, path: &str) -> Self {
        match origin {
            Origin::Api => api(path),
            Origin::Registry => registry(path),
            Origin::Storage => storage(path),
            Origin::Elsewhere => match (api(path), storage(path)) {
                (Self::Unknown, Self::Unknown) => registry(path),
                (Self::Unknown, stored) => stored,
                (asked, _) => asked,
            },
        }
    }

    /// The same request for another tag or digest.
    pub(super) fn with_reference(self, other: &str) -> Self {
        if let Self::Manifest { repository, .. } = self {
            return Self::Manifest { repository, reference: other.to_owned() };
        }
        self
    }

    /// Whether the API answers it, and not a registry.
    pub(super) fn is_api(&self) -> bool {
        match self {
            Self::Token
            | Self::LegacyRegistry
            | Self::ApiRegistries
            | Self::ApiRegistry(_)
            | Self::ApiRepositories(_)
            | Self::ApiTags(..)
            | Self::ApiDigests(..)
            | Self::ApiGc(_) => true,
            Self::Ping
            | Self::Manifest { .. }
            | Self::Blob { .. }
            | Self::TagsList(_)
            | Self::Upload { .. }
            | Self::Stored(_)
            | Self::Unknown => false,
        }
    }

    /// The route that a rule names. `tag_exists` tells of a tag whether it is there.
    pub(super) fn route(&self, method: &Method, tag_exists: impl Fn(&str, &str) -> bool) -> Route {
        match self {
            Self::Token => Route::Token,
            Self::ApiRegistries => Route::ApiRegistries,
            Self::ApiRegistry(_) => Route::ApiRegistry,
            Self::ApiRepositories(_) => Route::ApiRepositories,
            Self::ApiTags(..) => Route::ApiTags,
            Self::ApiDigests(..) => Route::ApiDigests,
            Self::ApiGc(_) => Route::ApiGc,
            Self::Ping => Route::Ping,
            Self::Manifest { .. } if method == Method::PUT => Route::Push,
            Self::Manifest { reference, .. } if reference.contains(':') => Route::ManifestByDigest,
            Self::Manifest { repository, reference } if tag_exists(repository, reference) => {
                Route::ManifestByTag
            }
            Self::Manifest { .. } => Route::Control,
            Self::Blob { .. } => Route::Blob,
            Self::TagsList(_) => Route::TagsList,
            Self::Upload { .. } => Route::Push,
            Self::Stored(_) => Route::Storage,
            Self::LegacyRegistry | Self::Unknown => Route::Unknown,
        }
    }
}

/// The API routes on whole segments: a repository's slash has to be `%2F`, a raw one leads nowhere.
/// The old `/v2/registry/…` paths are served too, since the API's own links name them.
fn api(path: &str) -> Target {
    let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
    let decoded = |text: &str| percent_decoded(text);
    match segments.as_slice() {
        ["v2", "registry", "auth"] => Target::Token,
        ["v2", "registry"] => Target::LegacyRegistry,
        ["v2", "registries"] => Target::ApiRegistries,
        ["v2", "registries", "subscription" | "options" | "validate-name"] => Target::Unknown,
        ["v2", "registries", registry] => Target::ApiRegistry(decoded(registry)),
        ["v2", "registries" | "registry", registry, "repositoriesV2"] => {
            Target::ApiRepositories(decoded(registry))
        }
        ["v2", "registries" | "registry", registry, "garbage-collection"] => {
            Target::ApiGc(decoded(registry))
        }
        ["v2", "registries" | "registry", registry, "repositories", repository, "tags"] => {
            Target::ApiTags(decoded(registry), decoded(repository))
        }
        ["v2", "registries" | "registry", registry, "repositories", repository, "digests"] => {
            Target::ApiDigests(decoded(registry), decoded(repository))
        }
        _ => Target::Unknown,
    }
}

fn registry(path: &str) -> Target {
    if path == "/token" {
        return Target::Token;
    }
    let Some(rest) = path.strip_prefix("/v2") else { return Target::Unknown };
    if rest.is_empty() || rest == "/" {
        return Target::Ping;
    }
    let rest = rest.trim_start_matches('/');
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Target::TagsList(name.to_owned());
    }
    if let Some((name, session)) = rest.split_once("/blobs/uploads") {
        let session = session.trim_matches('/');
        let session = (!session.is_empty()).then(|| session.to_owned());
        return Target::Upload { repository: name.to_owned(), session };
    }
    if let Some((name, digest)) = rest.split_once("/blobs/") {
        return Target::Blob { repository: name.to_owned(), digest: percent_decoded(digest) };
    }
    match rest.rsplit_once("/manifests/") {
        Some((name, reference)) => {
            Target::Manifest { repository: name.to_owned(), reference: percent_decoded(reference) }
        }
        None => Target::Unknown,
    }
}

fn storage(path: &str) -> Target {
    match path.strip_prefix("/registry-storage/") {
        Some(digest) => Target::Stored(digest.replacen('/', ":", 1)),
        None => Target::Unknown,
    }
}

/// `text` with its `%XX` decoded.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        if let Some(byte) = code {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The decoded values that a query gives to `name`, in order.
pub(super) fn query_values(query: &str, name: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.replace('+', " "));
    values.map(|value| percent_decoded(&value)).collect()
}
