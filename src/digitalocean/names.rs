//! The two vocabularies: what OCI calls `host/repository`, DigitalOcean calls server, registry, repository.
//!
//! The only place that converts between them.

use std::fmt;

use crate::oci;

/// A registry in DigitalOcean's sense, as in `keepkey`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryName(String);

/// A repository in DigitalOcean's sense, as in `support-email`; it may hold slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(String);

/// An OCI repository in DigitalOcean's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigitalOceanNames {
    /// The registry.
    pub registry: RegistryName,
    /// The repository in it.
    pub repository: RepositoryName,
}

impl DigitalOceanNames {
    /// Splits `keepkey/support-email`; `None` where there is only one part.
    pub fn of(repository: &oci::Repository) -> Option<Self> {
        let (registry, repository) = repository.as_str().split_once('/')?;
        Some(Self {
            registry: RegistryName(registry.to_owned()),
            repository: RepositoryName(repository.to_owned()),
        })
    }
}

impl fmt::Display for RegistryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_is_the_registry() {
        let of = |text: &str| {
            DigitalOceanNames::of(&text.parse().unwrap())
                .map(|names| (names.registry.to_string(), names.repository.to_string()))
        };
        assert_eq!(of("keepkey/support-email"), Some(("keepkey".into(), "support-email".into())));
        assert_eq!(of("keepkey/team/mail"), Some(("keepkey".into(), "team/mail".into())));
        assert_eq!(of("keepkey"), None);
    }
}
