//! Image references: `host[:port]/repository[:tag][@digest]`.
//!
//! A reference without a host is an error here, never completed with a default host: that has sent
//! private names and credentials to public registries before.

use std::fmt;
use std::str::FromStr;

use crate::oci::{Digest, DigestError};

/// Why a text is not an image reference, a host, a repository or a tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing at all.
    #[error("is empty")]
    Empty,
    /// The first part is not a host: it has no dot, no port, and is not `localhost`.
    #[error("has no registry host")]
    NoHost,
    /// The host part is malformed.
    #[error("has a malformed registry host: `{0}`")]
    Host(String),
    /// It starts with a scheme, as in `https://`, `docker://` or `oci://`.
    #[error("starts with `{0}`; an image reference has no scheme")]
    Scheme(String),
    /// There is nothing between the host and the tag.
    #[error("has no repository")]
    NoRepository,
    /// The repository holds upper-case letters.
    #[error("has a repository with upper-case letters; repositories are lower-case")]
    UpperCase,
    /// The repository breaks the grammar in another way.
    #[error("has a malformed repository: `{0}`")]
    Repository(String),
    /// The repository is longer than 255 characters.
    #[error("has a repository longer than 255 characters")]
    RepositoryLength,
    /// Neither tag nor digest.
    #[error("names neither a tag nor a digest; add `:TAG`")]
    NoTag,
    /// The tag breaks the grammar.
    #[error(
        "has a malformed tag: `{0}` (letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`)"
    )]
    Tag(String),
    /// The part behind `@` is not a digest.
    #[error("has a malformed digest: it {0}")]
    Digest(DigestError),
}

/// A registry's host and port: what the OCI specification calls the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryHost(String);

impl RegistryHost {
    /// DigitalOcean's one registry host.
    pub const DIGITALOCEAN: &str = "registry.digitalocean.com";

    /// The text, `host` or `host:port`, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without its port; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        if let Some(rest) = self.0.strip_prefix('[') {
            return rest.split(']').next().unwrap_or(rest);
        }
        self.0.split(':').next().unwrap_or(&self.0)
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for RegistryHost {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let malformed = || ReferenceError::Host(text.to_owned());
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let lower = text.to_ascii_lowercase();
        let (host, port) = if let Some(rest) = lower.strip_prefix('[') {
            let (address, rest) = rest.split_once(']').ok_or_else(malformed)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| malformed())?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => return Err(malformed()),
            };
            (None, port)
        } else {
            match lower.split_once(':') {
                Some((host, port)) => (Some(host), Some(port)),
                None => (Some(lower.as_str()), None),
            }
        };
        let well_formed = host
            .is_none_or(|host| host.len() <= 253 && host.split('.').all(is_label))
            && port.is_none_or(|port| {
                port.bytes().all(|byte| byte.is_ascii_digit())
                    && port.parse::<u16>().is_ok_and(|number| number > 0)
            });
        if well_formed { Ok(Self(lower)) } else { Err(malformed()) }
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

impl fmt::Display for RegistryHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A repository's name below its host (distribution-spec, `<name>`), as in `keepkey/support-email`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

impl Repository {
    /// The name, with literal slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::NoRepository);
        }
        if text.len() > 255 {
            return Err(ReferenceError::RepositoryLength);
        }
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(ReferenceError::UpperCase);
        }
        if text.split('/').all(is_path_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::Repository(text.to_owned()))
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(part: &str) -> bool {
    let alphanumeric = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let ends_well = |byte: Option<&u8>| byte.is_some_and(|byte| alphanumeric(*byte));
    let bytes = part.as_bytes();
    ends_well(bytes.first())
        && ends_well(bytes.last())
        && part
            .split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit())
            .all(|separator| {
                matches!(separator, "" | "." | "_" | "__")
                    || separator.bytes().all(|byte| byte == b'-')
            })
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tag (distribution-spec, `<reference>` as a tag).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let bytes = text.as_bytes();
        let well_formed = bytes.first().is_some_and(|byte| word(*byte))
            && bytes.len() <= 128
            && bytes.iter().all(|byte| word(*byte) || matches!(byte, b'.' | b'-'));
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::Tag(text.to_owned()))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole image reference, with a tag, a digest or both.
///
/// ```
/// use verify_registry_image::oci::Reference;
///
/// let image: Reference = "registry.digitalocean.com/keepkey/support-email:latest-dev".parse()?;
/// assert_eq!(image.repository.as_str(), "keepkey/support-email");
/// assert_eq!(image.tag.as_ref().map(|tag| tag.as_str()), Some("latest-dev"));
/// assert!("keepkey/support-email:latest-dev".parse::<Reference>().is_err(), "no host, no default");
/// # Ok::<(), verify_registry_image::oci::ReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The registry's host.
    pub registry: RegistryHost,
    /// The repository below it.
    pub repository: Repository,
    /// The tag. `None` only when there is a digest.
    pub tag: Option<Tag>,
    /// The digest. With a tag beside it: what the tag is expected to name.
    pub digest: Option<Digest>,
}

impl Reference {
    /// A reference to a tag.
    pub fn tagged(registry: RegistryHost, repository: Repository, tag: Tag) -> Self {
        Self { registry, repository, tag: Some(tag), digest: None }
    }

    /// Whether the first part of a reference is a registry's host: it has a dot or a port, or is `localhost`.
    pub fn is_host(first: &str) -> bool {
        first.contains(['.', ':']) || first.eq_ignore_ascii_case("localhost")
    }

    /// `host/repository`, without tag and digest.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
}

/// The scheme that a text starts with, as in `docker://`.
fn scheme(text: &str) -> Option<&str> {
    let (name, _) = text.split_once("://")?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    text.get(..name.len() + "://".len()).filter(|_| is_name)
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Some(scheme) = scheme(text) {
            return Err(ReferenceError::Scheme(scheme.to_owned()));
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse().map_err(ReferenceError::Digest)?)),
            None => (text, None),
        };
        let (host, path) = name.split_once('/').ok_or(ReferenceError::NoHost)?;
        if !Self::is_host(host) {
            return Err(ReferenceError::NoHost);
        }
        let registry = host.parse()?;
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag.parse()?)),
            None => (path, None),
        };
        let repository = repository.parse()?;
        if tag.is_none() && digest.is_none() {
            return Err(ReferenceError::NoTag);
        }
        Ok(Self { registry, repository, tag, digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> ReferenceError {
        text.parse::<Reference>().unwrap_err()
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        assert_eq!(error(""), ReferenceError::Empty);
        assert_eq!(error("latest-dev"), ReferenceError::NoHost);
        assert_eq!(error("keepkey/support-email:latest-dev"), ReferenceError::NoHost);
        for scheme in ["https://", "HTTP://", "docker://", "oci://", "docker-daemon://"] {
            let text = format!("{scheme}registry.digitalocean.com/a/b:c");
            assert_eq!(error(&text), ReferenceError::Scheme(scheme.into()));
        }
        assert_eq!(error("r.example/:c"), ReferenceError::NoRepository);
        assert_eq!(error("r.example/a/B:c"), ReferenceError::UpperCase);
        assert_eq!(error("r.example/a//b:c"), ReferenceError::Repository("a//b".into()));
        assert_eq!(error("r.example/../b:c"), ReferenceError::Repository("../b".into()));
        assert_eq!(error("r.example/a%2fb:c"), ReferenceError::Repository("a%2fb".into()));
        assert_eq!(error("r.example/a/b"), ReferenceError::NoTag);
        assert_eq!(error("r.example/a/b:"), ReferenceError::Tag(String::new()));
        assert_eq!(error("r.example/a/b:-rf"), ReferenceError::Tag("-rf".into()));
        assert_eq!(error("r.example/a/b:c\n"), ReferenceError::Tag("c\n".into()));
        assert_eq!(error("r.example/a/b:ｌatest"), ReferenceError::Tag("ｌatest".into()));
        assert_eq!(
            error(&format!("r.example/a:{}", "t".repeat(129))),
            ReferenceError::Tag("t".repeat(129))
        );
        assert!("a".repeat(255).parse::<Repository>().is_ok());
        assert_eq!(
            error(&format!("r.example/{}:t", "a".repeat(256))),
            ReferenceError::RepositoryLength
        );
        assert_eq!(
            error("r.example/a@sha256:"),
            ReferenceError::Digest(DigestError::Length {
                algorithm: crate::oci::Algorithm::Sha256,
                found: 0
            })
        );
        assert_eq!(
            error("u:p@r.example/a:b"),
            ReferenceError::Digest(DigestError::UnknownAlgorithm)
        );
        for host in [
            "r.example:0",
            "r.example:99999",
            "-r.example",
            "r..example",
            "[::1",
            "[::1]x",
            "[x]:1",
            "a_.b:x",
        ] {
            assert_eq!(host.parse::<RegistryHost>(), Err(ReferenceError::Host(host.into())));
        }
    }

    #[test]
    fn hosts_with_ports_and_addresses_are_hosts() {
        for text in ["localhost/a:b", "127.0.0.1:5000/a/b:c", "[::1]:5000/a:b", "registry:5000/a:b"]
        {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        let host = |text: &str| text.parse::<RegistryHost>().unwrap();
        assert!(host("127.9.9.9:1").is_loopback() && host("[::1]:1").is_loopback());
        assert!(host("localhost").is_loopback() && !host("localhost.example").is_loopback());
        assert!(!host("127.0.0.1.example.com").is_loopback());
        assert_eq!(host("[::1]:5000").host(), "::1");
    }

    #[test]
    fn repository_separators_follow_the_specification() {
        for good in ["a", "a/b", "a.b", "a_b", "a__b", "a-b", "a---b", "0/1"] {
            assert!(good.parse::<Repository>().is_ok(), "{good}");
        }
        for bad in ["a..b", "a___b", "a._b", ".a", "a.", "-a", "a/", "/a", "a b", "ä"] {
            assert!(bad.parse::<Repository>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_what_parses_prints_the_same(text in "[a-z0-9./:@_-]{0,60}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }

        #[test]
        fn unicode_is_survived(text: String) {
            let _ = text.parse::<Reference>();
        }

        #[test]
        fn a_repository_is_only_path_segments(text in "\\PC{0,40}") {
            if let Ok(repository) = text.parse::<Repository>() {
                prop_assert!(repository.as_str().split('/').all(|part| part != ".." && !part.is_empty()));
            }
        }
    }
}
